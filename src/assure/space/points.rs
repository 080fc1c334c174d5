//! The values that are tried for the facts that scripts read: one of every class, what lies next to the thresholds of rules and
//! scripts, and dates at the distances that are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::checked::{Expression, FactIx, Operand};
use crate::model::time::{Duration, Timestamp};
use crate::model::value::{Type, Value};

use super::atoms::{Atom, Var, What, step};
use super::collect::{Collected, Opaque};
use super::sample::{Dice, Said, Sample};
use super::{Side, Space};

const DAY: i64 = 86_400;

/// Most values of one class of symbols that are tried.
const MOST_OF_A_CLASS: usize = 8;

/// What is tried for one fact.
#[derive(Debug)]
struct Tried {
    path: Arc<str>,
    var: usize,
    said: Vec<Said>,
    /// The same by class, with what lies next to the ends of each.
    by_class: BTreeMap<u32, Vec<Said>>,
    /// Members of a set, with their variables.
    members: Vec<(usize, Value)>,
    /// The type of a date or an instant.
    time: Option<Type>,
}

/// The values that are tried for each fact of a cluster.
#[derive(Debug)]
pub(super) struct Points {
    facts: Vec<Tried>,
    /// Distances between dates that may matter, in seconds.
    distances: Vec<i64>,
}

impl Points {
    pub(super) fn new(
        space: &Space<'_>,
        paths: &BTreeSet<Arc<str>>,
        opaque: &[(Arc<str>, Opaque)],
        collected: &Collected,
    ) -> Self {
        let constants = constants(space, opaque);
        let tried = |path: &Arc<str>| {
            let at = space.var(path)?;
            let var = space.vars.get(at)?;
            let type_ = collected.items.get(path).map(|item| &item.wanted.type_);
            Some(Tried::new(space, (at, var), type_, &constants))
        };
        let facts = paths.iter().filter_map(tried).collect();
        Self { facts, distances: distances(opaque, collected, &constants) }
    }

    /// The `n`th request. The first ones go through every value of every fact.
    pub(super) fn sample(&self, n: usize) -> Sample {
        let mut dice = Dice(u64::try_from(n).unwrap_or(0));
        let mut out = self.among(&BTreeMap::new(), &mut dice);
        self.walk(n, &mut out);
        out
    }

    /// A request whose facts have the classes that are wanted.
    pub(super) fn among(&self, wanted: &BTreeMap<usize, u32>, dice: &mut Dice) -> Sample {
        let times: Vec<&Tried> = self.facts.iter().filter(|fact| fact.time.is_some()).collect();
        let pivot = dice.of(&times).copied();
        let pivot_said = pivot.and_then(|fact| dice.of(fact.of(wanted))).cloned();
        let mut out = Sample::new();
        for fact in &self.facts {
            let mut choice = fact.choice(wanted, dice);
            if pivot.is_some_and(|pivot| pivot.var == fact.var) {
                choice = pivot_said.clone().unwrap_or(choice);
            } else if let (Some(type_), Some(Said::Value(pivot)), true) = (&fact.time, &pivot_said, dice.up_to(4) != 0)
            {
                choice = self.apart(pivot, type_, dice).unwrap_or(choice);
            }
            out.insert(Arc::clone(&fact.path), choice);
        }
        out
    }

    /// The same request with another choice for one or two of its facts.
    pub(super) fn nudge(&self, sample: &Sample, wanted: &BTreeMap<usize, u32>, dice: &mut Dice) -> Sample {
        let (mut out, fresh) = (sample.clone(), self.among(wanted, dice));
        for _ in 0..=dice.up_to(2) {
            let Some(fact) = dice.of(&self.facts) else { break };
            if let Some(said) = fresh.get(&fact.path) {
                out.insert(Arc::clone(&fact.path), said.clone());
            }
        }
        out
    }

    /// Goes through every value of every fact, one after the other.
    fn walk(&self, n: usize, out: &mut Sample) {
        let mut left = n;
        for fact in &self.facts {
            match fact.said.get(left) {
                Some(one) => {
                    out.insert(Arc::clone(&fact.path), one.clone());
                    return;
                }
                None => left = left.saturating_sub(fact.said.len()),
            }
        }
    }

    /// A date at an interesting distance from another.
    fn apart(&self, pivot: &Value, like: &Type, dice: &mut Dice) -> Option<Said> {
        const NUDGES: [i64; 6] = [0, 0, 1, -1, 43_200, -43_200];
        let distance = *dice.of(&self.distances)?;
        let distance = distance.checked_add(*dice.of(&NUDGES)?)?;
        let distance = if dice.up_to(2) == 0 { distance } else { distance.checked_neg()? };
        let instant = match pivot {
            Value::Timestamp(instant) => *instant,
            Value::Date(date) => date.start(),
            _ => return None,
        };
        let instant = if instant.is_whole_day() { instant.date().start() } else { instant };
        let moved = instant.plus_seconds(distance)?;
        Some(Said::Value(match like {
            Type::Date => Value::Date(moved.date()),
            _ if dice.up_to(8) == 0 => Value::Timestamp(Timestamp::parse(&moved.date().to_string())?),
            _ => Value::Timestamp(moved),
        }))
    }
}

impl Tried {
    fn new(space: &Space<'_>, (at, var): (usize, &Var), type_: Option<&Type>, constants: &BTreeSet<Value>) -> Self {
        let path = Arc::clone(&var.name);
        let mut said: Vec<Said> = Vec::new();
        for class in var.classes.iter() {
            match (&class.atom, &class.value) {
                (Atom::Nothing, _) => said.push(Said::Nothing),
                (Atom::Unrecognised, _) => said.push(Said::Unrecognised),
                (_, Some(value)) => said.push(Said::Value(value.clone())),
                _ => {}
            }
        }
        let least = said.iter().filter_map(|one| if let Said::Value(v) = one { Some(v) } else { None }).min().cloned();
        let mut more = type_.map(more).unwrap_or_default();
        more.extend(type_.map(|type_| like(type_, constants)).unwrap_or_default());
        more.extend(var.classes.iter().flat_map(|class| members_of_class(&class.atom)));
        for value in more {
            let allowed = least.as_ref().is_none_or(|least| *least <= value) && var.class_of(&value).is_some();
            if allowed && !said.contains(&Said::Value(value.clone())) {
                said.push(Said::Value(value));
            }
        }
        let members: Vec<(usize, Value)> = space.members_of(&path);
        said.extend(members.iter().map(|(_, member)| Said::Value(Value::Set(BTreeSet::from([member.clone()])))));
        if !members.is_empty() {
            said.push(Said::Value(Value::Set(members.iter().map(|(_, member)| member.clone()).collect())));
        }
        let mut by_class: BTreeMap<u32, Vec<Said>> = BTreeMap::new();
        let ends = var.classes.iter().flat_map(|class| ends(&class.atom)).map(Said::Value);
        for one in said.iter().cloned().chain(ends) {
            let Some(class) = class_of(var, &one).and_then(|class| u32::try_from(class).ok()) else { continue };
            let all = by_class.entry(class).or_default();
            if !all.contains(&one) {
                all.push(one);
            }
        }
        let time = type_.filter(|type_| matches!(type_, Type::Date | Type::Timestamp)).cloned();
        Self { path, var: at, said, by_class, members, time }
    }

    /// What may be said for the class that is wanted.
    fn of(&self, wanted: &BTreeMap<usize, u32>) -> &[Said] {
        match wanted.get(&self.var) {
            Some(class) => self.by_class.get(class).map(Vec::as_slice).unwrap_or_default(),
            None => &self.said,
        }
    }

    fn choice(&self, wanted: &BTreeMap<usize, u32>, dice: &mut Dice) -> Said {
        let choice = dice.of(self.of(wanted)).cloned().unwrap_or(Said::Nothing);
        let Said::Value(Value::Set(mut members)) = choice else { return choice };
        for (var, member) in &self.members {
            match wanted.get(var) {
                Some(0) => members.remove(member),
                Some(_) => members.insert(member.clone()),
                None => false,
            };
        }
        Said::Value(Value::Set(members))
    }
}

/// The class that a statement falls into.
pub(super) fn class_of(var: &Var, said: &Said) -> Option<usize> {
    match (&var.what, said) {
        (What::Member(member), Said::Value(Value::Set(items))) => Some(usize::from(items.contains(member))),
        (What::Member(_), _) => Some(0),
        (_, Said::Value(Value::Set(_))) => var.class_with(&Atom::Rest),
        (_, Said::Value(value)) => var.class_of(value),
        (_, Said::Unrecognised) => var.class_with(&Atom::Unrecognised),
        (_, Said::Nothing) => var.class_with(&Atom::Nothing),
    }
}

/// Values of a class besides the one that stands for it: a script may tell apart what no rule does.
fn members_of_class(atom: &Atom) -> Vec<Value> {
    match atom {
        Atom::Values(values) => values.iter().take(MOST_OF_A_CLASS).cloned().collect(),
        _ => Vec::new(),
    }
}

/// Values next to the ends of what lies between two thresholds.
fn ends(atom: &Atom) -> Vec<Value> {
    let Atom::Between(from, until) = atom else { return Vec::new() };
    let steps = |end: &Option<Value>, sign: i64| -> Vec<Value> {
        let Some(end) = end else { return Vec::new() };
        [1, 2, 10, DAY, DAY.saturating_mul(31)].iter().filter_map(|by| step(end, by.saturating_mul(sign))).collect()
    };
    let mut out = steps(from, 1);
    out.extend(steps(until, -1));
    out
}

/// The constants of scripts, and of those that the facts they read are computed by.
fn constants(space: &Space<'_>, opaque: &[(Arc<str>, Opaque)]) -> BTreeSet<Value> {
    let mut out = BTreeSet::new();
    for (_, one) in opaque {
        let mut open: Vec<(usize, FactIx)> = one.derived.iter().map(|(side, ix)| (*side, *ix)).collect();
        let mut seen: BTreeSet<(usize, FactIx)> = BTreeSet::new();
        for (side, expression) in &one.scripts {
            let Expression::Script { script, reads, .. } = &**expression else { continue };
            out.extend(script.constants());
            open.extend(facts(reads).map(|ix| (*side, ix)));
        }
        while let Some((at, ix)) = open.pop() {
            if !seen.insert((at, ix)) {
                continue;
            }
            let side: Option<&Side<'_>> = space.sides.get(at);
            let Some(derived) = side.and_then(|side| side.bundle.fact(ix)?.derived.as_ref()) else { continue };
            out.extend(derived.script.constants());
            open.extend(facts(&derived.reads).map(|ix| (at, ix)));
        }
    }
    out
}

fn facts(reads: &[Operand]) -> impl Iterator<Item = FactIx> + '_ {
    reads.iter().filter_map(|operand| if let Operand::Fact(ix) = operand { Some(*ix) } else { None })
}

/// Constants as values of a type, each with its neighbours.
pub(super) fn like(type_: &Type, constants: &BTreeSet<Value>) -> Vec<Value> {
    const MOST: usize = 60;
    let mut out = Vec::new();
    for constant in constants {
        let Some(value) = super::fit(constant, type_) else { continue };
        out.extend([-1, 1].iter().filter_map(|by| step(&value, *by)));
        out.push(value);
    }
    out.truncate(MOST);
    out
}

/// Days and seconds at which computed numbers are compared, as distances between dates.
fn distances(opaque: &[(Arc<str>, Opaque)], collected: &Collected, constants: &BTreeSet<Value>) -> Vec<i64> {
    let mut out: BTreeSet<i64> =
        [0, 1, 13, 29, 31, 400].into_iter().map(|days: i64| days.saturating_mul(DAY)).collect();
    let cuts = opaque.iter().filter_map(|(name, _)| collected.items.get(name)).flat_map(|item| &item.wanted.cuts);
    for cut in cuts.chain(constants) {
        let Value::Integer(cut) = cut else { continue };
        for near in [cut.saturating_sub(1), *cut, cut.saturating_add(1)] {
            if near.saturating_abs() <= 4_000 {
                out.insert(near.saturating_mul(DAY));
            }
            if near.saturating_abs() <= DAY.saturating_mul(400) {
                out.insert(near);
            }
        }
    }
    out.into_iter().collect()
}

/// Values that scripts may tell apart though no matcher does.
#[must_use]
pub fn more(type_: &Type) -> Vec<Value> {
    let text = |all: &[&str]| all.iter().map(|one| Value::Text((*one).into())).collect();
    match type_ {
        Type::Integer => (0..4).map(Value::Integer).collect(),
        Type::Decimal => ["0", "0.01", "99.99", "1000000.00"].iter().filter_map(|d| Value::parse_decimal(d)).collect(),
        Type::Text => text(&["x", "y"]),
        Type::Currency => text(&["USD", "JPY"]),
        Type::Duration => {
            ["P1M", "P1Y", "P3Y", "P9999Y"].iter().filter_map(|d| Duration::parse(d)).map(Value::Duration).collect()
        }
        Type::Timestamp => {
            let noon = Timestamp::parse("2021-07-01T12:00:00Z").map(Value::Timestamp);
            let day = Timestamp::parse("2021-07-01").map(Value::Timestamp);
            noon.iter().cloned().chain(noon.as_ref().and_then(|noon| step(noon, 1))).chain(day).collect()
        }
        _ => Vec::new(),
    }
}
