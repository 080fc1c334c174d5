//! The meaning of a decision, read from `docs/semantics.md` and from nothing else: a second, independent evaluator that
//! works on the small language of `words`.

use std::collections::{BTreeMap, BTreeSet};

use super::words::*;

type Facts = BTreeSet<Fact>;

/// The state of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Known(Val),
    Absent,
    /// Would be known if these were stated.
    Missing(Facts),
    /// Stated in a word that the vocabulary does not have, to be asked again.
    Odd,
    /// The same, as a value of its own.
    Other,
    Broken,
}

/// What can be said of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Truth {
    Yes,
    No,
    Open(Facts),
    Broken,
}

use Truth::{Broken, No, Open, Yes};

fn yes(holds: bool) -> Truth {
    if holds { Yes } else { No }
}

fn not(truth: Truth) -> Truth {
    match truth {
        Yes => No,
        No => Yes,
        other => other,
    }
}

/// One that does not hold settles it; then what is open keeps it open; then what is broken breaks it.
fn all(parts: Vec<Truth>) -> Truth {
    if parts.contains(&No) {
        return No;
    }
    let open: Facts =
        parts.iter().flat_map(|part| if let Open(by) = part { by.clone() } else { Facts::new() }).collect();
    match (open.is_empty(), parts.contains(&Broken)) {
        (false, _) => Open(open),
        (true, true) => Broken,
        (true, false) => Yes,
    }
}

fn any(parts: Vec<Truth>) -> Truth {
    not(all(parts.into_iter().map(not).collect()))
}

/// What a table gives.
enum Cell {
    Value(i64),
    NoRow,
    Open(Facts),
    Broken,
}

/// What the oracle says of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub outcome: &'static str,
    /// Rule (none for the kind's own reason) and code.
    pub reasons: BTreeSet<(String, &'static str)>,
    pub missing: BTreeSet<&'static str>,
    pub results: BTreeMap<&'static str, i64>,
    pub duties: BTreeSet<&'static str>,
}

struct World<'b> {
    bundle: &'b Bundle,
    states: BTreeMap<Fact, State>,
    stated: BTreeSet<Fact>,
}

pub fn decide(bundle: &Bundle, request: &Request) -> Said {
    let world = World::new(bundle, request);
    let found: Vec<Found> = bundle.rules().map(|(file, rule)| world.rule(file, rule)).collect();
    combine(&found)
}

impl<'b> World<'b> {
    fn new(bundle: &'b Bundle, request: &Request) -> Self {
        let at = State::Known(Val::Day(request.at));
        let stated = request.said.keys().copied().collect();
        let mut world = Self { bundle, states: BTreeMap::from([(Fact::At, at)]), stated };
        for fact in STATED {
            let state = world.stated(fact, request);
            world.states.insert(fact, state);
        }
        for (fact, _) in DERIVED {
            let state = world.derived(fact);
            world.states.insert(fact, state);
        }
        world
    }

    fn stated(&self, fact: Fact, request: &Request) -> State {
        let absence = &self.bundle.absences[&fact];
        let odd = |mode| match (mode, absence) {
            (Unrecognised::Ask, _) => State::Odd,
            (Unrecognised::Other, _) => State::Other,
            (Unrecognised::Ignore, Absence::Default(value)) => State::Known(value.clone()),
            (Unrecognised::Ignore, _) => State::Absent,
        };
        match (request.said.get(&fact), absence) {
            (Some(super::words::Said::Value(value)), _) => State::Known(value.clone()),
            (Some(super::words::Said::Odd), _) => odd(self.bundle.unrecognised[&fact]),
            (Some(super::words::Said::OddAmong(tags)), _) => match self.bundle.unrecognised[&fact] {
                Unrecognised::Ask => State::Odd,
                _ => State::Known(Val::Tags(tags.clone())),
            },
            (None, Absence::Ask) => State::Missing(Facts::from([fact])),
            (None, Absence::Optional) => State::Absent,
            (None, Absence::Default(value)) => State::Known(value.clone()),
            (None, Absence::From(source)) => self.states[source].clone(),
        }
    }

    /// The fact that a caller would state to make this one known.
    fn base(&self, fact: Fact) -> Facts {
        match (&self.states[&fact], fact, self.bundle.absences.get(&fact)) {
            (State::Missing(by), ..) => by.clone(),
            (_, Fact::Total, _) => Facts::from([Fact::N, Fact::M]).iter().flat_map(|f| self.base(*f)).collect(),
            (_, Fact::Share | Fact::High, _) => self.base(Fact::N),
            (_, _, Some(Absence::From(source))) if !self.stated.contains(&fact) => Facts::from([*source]),
            _ => Facts::from([fact]),
        }
    }

    /// What a script reads: the values, or why there are none.
    fn read(&self, facts: &[Fact]) -> Result<Vec<Option<Val>>, Truth> {
        let states: Vec<&State> = facts.iter().map(|fact| &self.states[fact]).collect();
        if states.contains(&&State::Broken) {
            return Err(Broken);
        }
        let open = |fact: &&Fact| matches!(self.states[fact], State::Missing(_) | State::Odd | State::Other);
        let open: Facts = facts.iter().filter(open).flat_map(|fact| self.base(*fact)).collect();
        if !open.is_empty() {
            return Err(Open(open));
        }
        Ok(states.into_iter().map(|s| if let State::Known(v) = s { Some(v.clone()) } else { None }).collect())
    }

    fn int(&self, fact: Fact, otherwise: i64) -> Result<i64, Truth> {
        Ok(match self.read(&[fact])?.pop().flatten() {
            Some(Val::Int(i)) => i,
            _ => otherwise,
        })
    }

    fn derived(&self, fact: Fact) -> State {
        let value = match fact {
            Fact::Total => {
                self.read(&[Fact::N, Fact::M]).and_then(|_| Ok(Some(self.int(Fact::N, 0)? + self.int(Fact::M, 0)?)))
            }
            Fact::Share => self.int(Fact::N, 1).and_then(|n| 12_i64.checked_div(n).ok_or(Broken)).map(Some),
            _ => self.int(Fact::N, 0).map(|n| (n > 1).then_some(n)),
        };
        match value {
            Ok(Some(i)) => State::Known(Val::Int(i)),
            Ok(None) => State::Absent,
            Err(Open(by)) => State::Missing(by),
            Err(_) => State::Broken,
        }
    }

    fn period(&self, period: Option<Period>, dated_by: Fact) -> Truth {
        let Some(period) = period else { return Yes };
        match &self.states[&dated_by] {
            State::Known(Val::Day(day)) => {
                yes(period.from.is_none_or(|from| *day >= from) && period.until.is_none_or(|until| *day < until))
            }
            State::Missing(by) => Open(by.clone()),
            _ => No,
        }
    }

    fn cell(&self) -> Cell {
        let rows: Vec<(Truth, i64)> = self
            .bundle
            .rows
            .iter()
            .map(|row| {
                let mut parts: Vec<Truth> = row.tests.iter().map(|(fact, m)| self.test(*fact, m)).collect();
                parts.push(self.period(row.period, self.bundle.table_dated_by));
                (all(parts), row.max)
            })
            .collect();
        let sure: Vec<i64> = rows.iter().filter(|(truth, _)| *truth == Yes).map(|(_, max)| *max).collect();
        let open: Facts =
            rows.iter().flat_map(|(t, _)| if let Open(by) = t { by.clone() } else { Facts::new() }).collect();
        match sure.as_slice() {
            [_, _, ..] => Cell::Broken,
            _ if rows.iter().any(|(truth, _)| *truth == Broken) => Cell::Broken,
            _ if !open.is_empty() => Cell::Open(open),
            [one] => Cell::Value(*one),
            [] => Cell::NoRow,
        }
    }

    /// What else than the fact itself a matcher waits for.
    fn besides(&self, matcher: &Matcher) -> Facts {
        match matcher {
            Matcher::InList => {
                let periods =
                    self.bundle.list.iter().map(|(_, period)| self.period(*period, self.bundle.list_dated_by));
                periods.flat_map(|truth| if let Open(by) = truth { by } else { Facts::new() }).collect()
            }
            Matcher::Table(_) => match self.cell() {
                Cell::Open(by) => by,
                _ => Facts::new(),
            },
            Matcher::Not(inner) => self.besides(inner),
            Matcher::Both(parts) => parts.iter().flat_map(|part| self.besides(part)).collect(),
            _ => Facts::new(),
        }
    }

    fn test(&self, fact: Fact, matcher: &Matcher) -> Truth {
        if let Matcher::Both(parts) = matcher {
            return all(parts.iter().map(|part| self.test(fact, part)).collect());
        }
        let state = &self.states[&fact];
        match (state, matcher) {
            (_, Matcher::Table(_)) if matches!(self.cell(), Cell::NoRow) => No,
            (State::Broken, Matcher::Table(_)) if !self.besides(matcher).is_empty() => Open(self.besides(matcher)),
            (State::Broken, _) => Broken,
            (State::Absent, Matcher::Present(wanted)) => yes(!wanted),
            (State::Absent, _) => No,
            (State::Missing(by), _) => Open(by.union(&self.besides(matcher)).copied().collect()),
            (State::Odd | State::Other, Matcher::Known(wanted)) => yes(!wanted),
            (State::Odd | State::Other | State::Known(_), Matcher::Present(wanted)) => yes(*wanted),
            (State::Known(_), Matcher::Known(wanted)) => yes(*wanted),
            (_, Matcher::Not(inner)) => not(self.test(fact, inner)),
            (State::Odd, _) => Open(self.base(fact).union(&self.besides(matcher)).copied().collect()),
            (State::Other, _) => No,
            (State::Known(value), _) => self.matches(value, matcher),
        }
    }

    fn matches(&self, value: &Val, matcher: &Matcher) -> Truth {
        let has = |tag: &&&str| matches!(value, Val::Tags(tags) if tags.contains(**tag));
        match matcher {
            Matcher::OneOf(values) => yes(values.contains(value)),
            Matcher::InList => {
                let same = self.bundle.list.iter().filter(|(color, _)| *value == Val::Color(color));
                any(same.map(|(_, period)| self.period(*period, self.bundle.list_dated_by)).collect())
            }
            Matcher::Compare(order, limit) => yes(holds(*order, value, limit)),
            Matcher::Table(order) => match self.cell() {
                Cell::Value(max) => {
                    let max = Val::Int(max);
                    yes(order.map_or(*value == max, |order| holds(order, value, &max)))
                }
                Cell::NoRow => No,
                Cell::Open(by) => Open(by),
                Cell::Broken => Broken,
            },
            Matcher::Any(tags) => yes(tags.iter().any(|tag| has(&tag))),
            Matcher::All(tags) => yes(tags.iter().all(|tag| has(&tag))),
            Matcher::None(tags) => yes(!tags.iter().any(|tag| has(&tag))),
            Matcher::Present(_) | Matcher::Known(_) | Matcher::Not(_) | Matcher::Both(_) => {
                unreachable!("told apart by state")
            }
        }
    }

    fn script(&self, script: &Script) -> Truth {
        let value = || -> Result<bool, Truth> {
            Ok(match script {
                Script::Ratio(k) => 12_i64.checked_div(self.int(Fact::N, 1)?).ok_or(Broken)? > *k,
                Script::Sum(k) => {
                    self.read(&[Fact::N, Fact::M])?;
                    self.int(Fact::N, 0)? + self.int(Fact::M, 0)? >= *k
                }
                Script::Cell => self.max_for(&[Fact::N])? >= self.int(Fact::N, 0)?,
                Script::Derived(fact, k) => self.int(*fact, 0)? > *k,
                Script::Broken => return Err(Broken),
                Script::Flag => self.read(&[Fact::Flag])?.pop().flatten() == Some(Val::Flag(true)),
            })
        };
        value().map_or_else(|truth| truth, yes)
    }

    /// The cell of the table for a script that reads these facts as well; no row is a failure.
    fn max_for(&self, also: &[Fact]) -> Result<i64, Truth> {
        let facts = match self.read(also) {
            Err(Broken) => return Err(Broken),
            Err(Open(by)) => by,
            _ => Facts::new(),
        };
        match self.cell() {
            Cell::Broken => Err(Broken),
            Cell::Open(by) => Err(Open(by.union(&facts).copied().collect())),
            _ if !facts.is_empty() => Err(Open(facts)),
            Cell::Value(max) => Ok(max),
            Cell::NoRow => Err(Broken),
        }
    }

    fn condition(&self, cond: &Cond) -> Truth {
        all(self.parts(cond))
    }

    fn parts(&self, cond: &Cond) -> Vec<Truth> {
        let mut parts: Vec<Truth> = cond.tests.iter().map(|(fact, matcher)| self.test(*fact, matcher)).collect();
        if !cond.any_of.is_empty() {
            parts.push(any(cond.any_of.iter().map(|one| self.condition(one)).collect()));
        }
        parts.extend(cond.not.iter().map(|inner| not(self.condition(inner))));
        parts.extend(cond.script.iter().map(|script| self.script(script)));
        parts
    }

    /// The facts that a caller may look at again to meet what is asked for: those of every part that does not hold.
    fn wanting(&self, cond: &Cond) -> Facts {
        if self.condition(cond) == Yes {
            return Facts::new();
        }
        let mut out = Facts::new();
        for (fact, matcher) in &cond.tests {
            if self.test(*fact, matcher) != Yes {
                out.extend(self.about_test(*fact, matcher));
            }
        }
        if any(cond.any_of.iter().map(|one| self.condition(one)).collect()) != Yes {
            out.extend(cond.any_of.iter().flat_map(|one| self.wanting(one)));
        }
        if let Some(inner) = &cond.not
            && self.condition(inner) != No
        {
            out.extend(self.about(inner));
        }
        if let Some(script) = &cond.script
            && self.script(script) != Yes
        {
            out.extend(self.about_script(script));
        }
        out
    }

    /// Every fact that a condition speaks of.
    fn about(&self, cond: &Cond) -> Facts {
        let tests = cond.tests.iter().flat_map(|(fact, matcher)| self.about_test(*fact, matcher));
        let any_of = cond.any_of.iter().flat_map(|one| self.about(one));
        let not = cond.not.iter().flat_map(|inner| self.about(inner));
        tests.chain(any_of).chain(not).chain(cond.script.iter().flat_map(|s| self.about_script(s))).collect()
    }

    fn about_test(&self, fact: Fact, matcher: &Matcher) -> Facts {
        self.base(fact).union(&self.besides(matcher)).copied().collect()
    }

    fn about_script(&self, script: &Script) -> Facts {
        let (facts, cell): (&[Fact], bool) = match script {
            Script::Ratio(_) => (&[Fact::N], false),
            Script::Sum(_) => (&[Fact::N, Fact::M], false),
            Script::Cell => (&[Fact::N], true),
            Script::Derived(fact, _) => (&[*fact], false),
            Script::Flag => (&[Fact::Flag], false),
            Script::Broken => (&[Fact::At], false),
        };
        let mut out: Facts = facts.iter().flat_map(|fact| self.base(*fact)).collect();
        if cell {
            out.extend(self.besides(&Matcher::Table(None)));
        }
        out
    }

    fn rule(&self, file: &File, rule: &Rule) -> Found {
        let mut parts = vec![self.period(file.period, file.dated_by), self.period(rule.period, file.dated_by)];
        parts.extend(rule.when.iter().map(|when| self.condition(when)));
        let mut found = Found {
            name: format!("{}/{}", file.name, rule.id),
            effect: rule.effect.clone(),
            truth: Yes,
            matched: false,
            asks_for: Facts::new(),
            results: BTreeMap::new(),
            duties: rule.duties.clone(),
        };
        if let Effect::Require(needed, _) = &rule.effect {
            parts.push(not(self.condition(needed)));
        }
        let when = all(parts.clone());
        if let Effect::Ask(needed, _) = &rule.effect {
            parts.push(not(self.condition(needed)));
            found.asks_for = self.wanting(needed);
            if let Open(by) = &when {
                found.asks_for.extend(by);
            }
        }
        found.truth = all(parts);
        found.matched = when == Yes;
        if found.matched {
            self.results(rule, &mut found);
        }
        found
    }

    fn results(&self, rule: &Rule, found: &mut Found) {
        for (name, expr) in &rule.results {
            let value = match expr {
                Expr::Constant(i) => Ok(*i),
                Expr::Next => self.int(Fact::N, 0).map(|n| n + 1),
                Expr::Ratio => self.int(Fact::N, 1).and_then(|n| 12_i64.checked_div(n).ok_or(Broken)),
                Expr::Cell => self.max_for(&[]),
            };
            match value {
                Ok(value) => {
                    found.results.insert(name, value);
                }
                // What asks for information is no permit; it has nothing to lose by a result that cannot be computed.
                Err(Broken) if !matches!(rule.effect, Effect::Ask(..)) => {
                    (found.truth, found.matched) = (Broken, false);
                }
                Err(_) => {}
            }
        }
    }
}

fn holds(order: Order, value: &Val, limit: &Val) -> bool {
    match order {
        Order::AtLeast => value >= limit,
        Order::AtMost => value <= limit,
        Order::MoreThan => value > limit,
        Order::LessThan => value < limit,
    }
}

/// What a rule gave.
struct Found {
    name: String,
    effect: Effect,
    /// Whether it does what it says; for an `ask`, whether it applies and is not met.
    truth: Truth,
    /// Whether its condition holds.
    matched: bool,
    /// For an `ask`: the facts it asks for.
    asks_for: Facts,
    results: BTreeMap<&'static str, i64>,
    duties: Vec<&'static str>,
}

impl Found {
    fn attached_to(&self, outcome: &str) -> bool {
        matches!(self.effect, Effect::Attach(on) if on == outcome)
    }

    fn denies(&self) -> bool {
        matches!(self.effect, Effect::Deny(_) | Effect::Require(..))
    }

    /// What the rule would do, had it matched.
    fn word(&self) -> &'static str {
        match self.effect {
            Effect::Permit(_) => "permit",
            Effect::Deny(_) | Effect::Require(..) => "deny",
            Effect::Refer(_) => "refer",
            Effect::Ask(..) => "needs-information",
            Effect::Attach(outcome) => outcome,
        }
    }

    fn code(&self) -> &'static str {
        match self.effect {
            Effect::Permit(code)
            | Effect::Deny(code)
            | Effect::Refer(code)
            | Effect::Require(_, code)
            | Effect::Ask(_, code) => code,
            Effect::Attach(_) => "",
        }
    }

    fn decides(&self) -> bool {
        !matches!(self.effect, Effect::Attach(_))
    }

    /// Whether its failure counts as a denial.
    fn fails_safe(&self) -> bool {
        self.truth == Broken
            && match self.effect {
                Effect::Permit(_) => false,
                Effect::Attach(outcome) => outcome == "permit",
                _ => true,
            }
    }

    fn is(&self, word: &str, truth: &Truth) -> bool {
        self.decides() && self.word() == word && self.truth == *truth
    }

    fn open(&self) -> Option<&Facts> {
        if let Open(by) = &self.truth { Some(by) } else { None }
    }
}

fn combine(found: &[Found]) -> Said {
    let matched = |word: &str| found.iter().any(|one| one.is(word, &Yes));
    let open = |word: &str| found.iter().any(|one| one.decides() && one.word() == word && one.open().is_some());
    let asks = |one: &&Found| matches!((&one.effect, &one.truth), (Effect::Ask(..), Yes | Open(_)));
    let duties_open = |one: &&Found| one.attached_to("permit") && one.open().is_some() && !one.duties.is_empty();
    let (permitted, referred) = (matched("permit"), matched("refer"));
    let outcome = if matched("deny") || found.iter().any(Found::fails_safe) {
        "deny"
    } else if !(permitted || referred || open("permit") || open("refer")) {
        "not-covered"
    } else if open("deny") || found.iter().any(|one| asks(&one)) || !(permitted || referred) {
        "needs-information"
    } else if referred {
        "refer"
    } else if open("refer") || found.iter().any(|one| duties_open(&one)) {
        "needs-information"
    } else {
        "permit"
    };
    let carrying = |one: &&Found| match outcome {
        "needs-information" => asks(one) && one.matched,
        _ => one.matched && one.word() == outcome,
    };
    let asked = outcome == "needs-information" && found.iter().any(|one| asks(&one));
    // What could still come in between, a denial or an obligation, does not save rules that contradict one another.
    let settled = match outcome {
        "needs-information" if asked => outcome,
        "needs-information" if referred => "refer",
        "needs-information" if permitted && !open("refer") => "permit",
        _ => outcome,
    };
    let contradicted = clashes(found.iter().filter(|one| one.matched && one.word() == settled));
    if !contradicted.is_empty() && settled != "needs-information" {
        return clashed(found, settled, &contradicted);
    }
    let clash = clashes(found.iter().filter(carrying));
    let waits = |one: &&Found| {
        outcome == "needs-information"
            && match one.word() {
                "deny" => one.denies() && one.open().is_some(),
                "refer" => one.decides() && one.open().is_some() && !referred,
                "permit" if one.decides() => one.open().is_some() && !permitted && !referred,
                "permit" => duties_open(one) && !referred,
                _ => false,
            }
    };
    let mut said = Said {
        outcome,
        reasons: BTreeSet::new(),
        missing: BTreeSet::new(),
        results: BTreeMap::new(),
        duties: BTreeSet::new(),
    };
    let mut missing = Facts::new();
    for one in found {
        if outcome == "needs-information" && asks(&one) {
            said.reasons.insert((one.name.clone(), one.code()));
            missing.extend(&one.asks_for);
        } else if waits(&one) {
            said.reasons.insert((one.name.clone(), "information-missing"));
            missing.extend(one.open().into_iter().flatten());
        } else if one.is(outcome, &Yes) {
            said.reasons.insert((one.name.clone(), one.code()));
        }
        if one.fails_safe() || (one.is("permit", &Broken) && outcome != "permit") {
            said.reasons.insert((one.name.clone(), "rule-failed"));
        }
        if carrying(&one) {
            said.duties.extend(&one.duties);
            said.results.extend(one.results.iter().filter(|(name, _)| !clash.contains(*name)));
        }
    }
    if outcome == "not-covered" {
        said.reasons.insert(("vocabulary/ask".into(), "nothing-permits"));
    }
    said.missing = missing.into_iter().map(Fact::path).collect();
    said
}

/// The results that are given two values.
fn clashes<'f>(carrying: impl Iterator<Item = &'f Found>) -> BTreeSet<&'static str> {
    let mut values: BTreeMap<&'static str, BTreeSet<i64>> = BTreeMap::new();
    for (name, value) in carrying.flat_map(|one| &one.results) {
        values.entry(name).or_default().insert(*value);
    }
    values.into_iter().filter(|(_, values)| values.len() > 1).map(|(name, _)| name).collect()
}

/// Rules that contradict one another count as failed, all of them; nothing they give is trusted.
fn clashed(found: &[Found], outcome: &str, clash: &BTreeSet<&'static str>) -> Said {
    let mut reasons = BTreeSet::new();
    for one in found {
        let gives = one.matched && one.word() == outcome && one.results.keys().any(|name| clash.contains(name));
        if gives || one.fails_safe() || one.is("permit", &Broken) {
            reasons.insert((one.name.clone(), "rule-failed"));
        } else if one.is("deny", &Yes) {
            reasons.insert((one.name.clone(), one.code()));
        }
    }
    Said { outcome: "deny", reasons, missing: BTreeSet::new(), results: BTreeMap::new(), duties: BTreeSet::new() }
}
