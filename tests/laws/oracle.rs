//! The meaning of a decision, read from `docs/semantics.md` and from nothing else: a second, independent evaluator that
//! works on the small language of `words`.

use std::collections::{BTreeMap, BTreeSet};

use super::request::*;
use super::verdict::{Found, combine};
use super::words::*;

pub type Facts = BTreeSet<Fact>;

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
pub enum Truth {
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

pub fn any(parts: Vec<Truth>) -> Truth {
    not(all(parts.into_iter().map(not).collect()))
}

/// What a table gives.
pub enum Cell {
    Value(i64),
    NoRow,
    Open(Facts),
    Broken,
}

pub struct World<'b> {
    bundle: &'b Bundle,
    states: BTreeMap<Fact, State>,
    stated: BTreeSet<Fact>,
}

pub fn decide(bundle: &Bundle, request: &Request) -> super::verdict::Verdict {
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
            (Some(Said::Value(value)), _) => State::Known(value.clone()),
            (Some(Said::Odd), _) => odd(self.bundle.unrecognised[&fact]),
            (Some(Said::OddAmong(tags)), _) => match self.bundle.unrecognised[&fact] {
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
    pub fn base(&self, fact: Fact) -> Facts {
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

    pub fn cell(&self) -> Cell {
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
    pub fn besides(&self, matcher: &Matcher) -> Facts {
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

    pub fn test(&self, fact: Fact, matcher: &Matcher) -> Truth {
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

    pub fn script(&self, script: &Script) -> Truth {
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

    /// The cell of the table for a script that reads these facts as well. Without a row nothing follows, whatever they are.
    fn max_for(&self, also: &[Fact]) -> Result<i64, Truth> {
        if matches!(self.cell(), Cell::NoRow) {
            return Err(No);
        }
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
            Cell::NoRow => Err(No),
        }
    }

    pub fn condition(&self, cond: &Cond) -> Truth {
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
