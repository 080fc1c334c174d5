//! Which values of scripts go together: found by trying requests. Deterministic; what was not found is not claimed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::checked::FactIx;
use crate::decide::evaluate::{Truth, evaluate_script};
use crate::decide::facts::{Facts, State, Stated};
use crate::model::time::{Duration, Timestamp};
use crate::model::value::{Type, Value};

use super::atoms::{Atom, What, step};
use super::collect::{Collected, Opaque, UNHEARD_OF};
use super::mdd::{Id, NO, Op, YES};
use super::{Side, Space};

/// What a request says of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A value.
    Value(Value),
    /// Words that no registry knows.
    Unrecognised,
    /// Nothing.
    Nothing,
}

/// One request that was tried: what it says of the facts of a cluster.
pub type Sample = BTreeMap<Arc<str>, Said>;

/// Variables that scripts tie together.
#[derive(Debug)]
pub(super) struct Cluster {
    /// The variables, in order.
    pub(super) vars: Vec<usize>,
    /// For each combination of classes that was found, a request.
    pub(super) found: BTreeMap<Vec<u32>, Sample>,
}

impl Space<'_> {
    /// Tries requests for each cluster.
    pub(super) fn sample(&mut self, collected: &Collected) {
        let mut regions = Vec::new();
        for (paths, opaque) in groups(collected) {
            let cluster = self.sample_cluster(&paths, &opaque, collected);
            let rows: Vec<&[u32]> = cluster.found.keys().map(Vec::as_slice).collect();
            let region = self.region(&cluster.vars, &rows, 0);
            regions.push(region);
            self.clusters.push(cluster);
        }
        self.sampled = self.mdd.fold(Op::And, regions, YES);
    }

    /// Combinations of classes as a region.
    fn region(&mut self, vars: &[usize], rows: &[&[u32]], at: usize) -> Id {
        let (Some(var), false) = (vars.get(at), rows.is_empty()) else {
            return if rows.is_empty() { NO } else { YES };
        };
        let (mut runs, mut rest, mut next) = (Vec::new(), rows, 0_u32);
        while let Some(class) = rest.first().and_then(|row| row.get(at)).copied() {
            let same = rest.iter().take_while(|row| row.get(at) == Some(&class)).count();
            let (here, after) = rest.split_at_checked(same).unwrap_or((rest, &[]));
            let below = self.region(vars, here, at.saturating_add(1));
            if class > next {
                runs.push((class, NO));
            }
            next = class.saturating_add(1);
            runs.push((next, below));
            rest = after;
        }
        let classes = self.vars.get(*var).map_or(0, |var| u32::try_from(var.classes.len()).unwrap_or(u32::MAX));
        if next < classes {
            runs.push((classes, NO));
        }
        self.mdd.make(u32::try_from(*var).unwrap_or(u32::MAX), runs)
    }

    fn sample_cluster(
        &self,
        paths: &BTreeSet<Arc<str>>,
        opaque: &[(Arc<str>, &Opaque)],
        collected: &Collected,
    ) -> Cluster {
        let mut vars: BTreeSet<usize> = opaque.iter().filter_map(|(name, _)| self.var(name)).collect();
        for path in paths {
            vars.extend(self.var(path));
            vars.extend(self.members.iter().filter(|((own, _), _)| own == path).map(|(_, at)| *at));
        }
        let vars: Vec<usize> = vars.into_iter().collect();
        let points = Points::new(self, paths, opaque, collected);
        let mut found = BTreeMap::new();
        for n in 0..self.bounds.samples {
            if n & 255 == 255 && self.check().is_err() {
                break;
            }
            let sample = points.sample(n);
            if let Some(classes) = self.classes(&vars, opaque, &sample) {
                found.entry(classes).or_insert(sample);
            }
        }
        Cluster { vars, found }
    }

    /// The classes that a request falls into; none where the sides disagree on what a script gives.
    fn classes(&self, vars: &[usize], opaque: &[(Arc<str>, &Opaque)], sample: &Sample) -> Option<Vec<u32>> {
        let facts: Vec<Facts> = self.sides.iter().map(|side| facts_of(side, sample)).collect();
        let mut out = Vec::with_capacity(vars.len());
        for at in vars {
            let var = self.vars.get(*at)?;
            let class = match &var.what {
                What::Member(member) => match sample.get(&var.name) {
                    Some(Said::Value(Value::Set(items))) => usize::from(items.contains(member)),
                    _ => 0,
                },
                What::Set | What::Fact => match sample.get(&var.name).unwrap_or(&Said::Nothing) {
                    Said::Value(Value::Set(_)) => var.class_with(&Atom::Rest)?,
                    Said::Value(value) => var.class_of(value)?,
                    Said::Unrecognised => var.class_with(&Atom::Unrecognised)?,
                    Said::Nothing => var.class_with(&Atom::Nothing)?,
                },
                What::Derived | What::Script => {
                    let (_, one) = opaque.iter().find(|(name, _)| self.var(name) == Some(*at))?;
                    self.computed(*at, one, &facts)?
                }
            };
            out.push(u32::try_from(class).ok()?);
        }
        Some(out)
    }

    /// The class of what a script gives. Where what it reads is not known the class does not matter: the first.
    fn computed(&self, at: usize, opaque: &Opaque, facts: &[Facts]) -> Option<usize> {
        let var = self.vars.get(at)?;
        let mut classes = BTreeSet::new();
        for (side, ix) in &opaque.derived {
            match facts.get(*side)?.state(*ix) {
                State::Known(value) => classes.extend(var.class_of(value)),
                State::Absent => classes.extend(var.class_with(&Atom::Absent)),
                State::Failed(_) => classes.extend(var.class_with(&Atom::Failed)),
                State::Missing(_) | State::Unrecognised(..) | State::Other(_) => {}
            }
        }
        for (side, expression) in &opaque.scripts {
            match evaluate_script(self.sides.get(*side)?.bundle, facts.get(*side)?, expression) {
                Truth::True => classes.extend(var.class_with(&Atom::Truth(true))),
                Truth::False => classes.extend(var.class_with(&Atom::Truth(false))),
                Truth::Failed(_) => classes.extend(var.class_with(&Atom::Failed)),
                Truth::Unknown(_) => {}
            }
        }
        match classes.len() {
            0 => Some(0),
            1 => classes.first().copied(),
            _ => None,
        }
    }
}

/// The facts of one side, from what a request says.
pub fn facts_of(side: &Side<'_>, sample: &Sample) -> Facts {
    Facts::new(side.bundle, side.kind, |ix| stated(side, ix, sample.get(&side.bundle.path(ix))?))
}

/// What is stated on one side; a code that only the other side knows is not recognised.
fn stated(side: &Side<'_>, ix: FactIx, said: &Said) -> Option<Stated> {
    let unheard = |text: &str| Some(Stated::Unrecognised(text.into(), Vec::new()));
    match said {
        Said::Nothing => None,
        Said::Unrecognised => unheard(UNHEARD_OF),
        Said::Value(value) => match (value, side.bundle.fact(ix).map(|fact| &fact.type_)) {
            (Value::Symbol(code), Some(Type::Symbol(name)))
                if side.bundle.domains.get(name).is_none_or(|domain| domain.entry(code).is_none()) =>
            {
                unheard(code)
            }
            _ => Some(Stated::Value(value.clone())),
        },
    }
}

/// A group of facts and the scripts that read them.
type Group<'c> = (BTreeSet<Arc<str>>, Vec<(Arc<str>, &'c Opaque)>);

/// Scripts that read a fact in common belong together, with all they read.
fn groups(collected: &Collected) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for name in &collected.order {
        let Some(opaque) = collected.items.get(name).and_then(|item| item.opaque.as_ref()) else { continue };
        let (mut paths, mut members) = (opaque.reads.clone(), vec![(Arc::clone(name), opaque)]);
        let (touching, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(other, _)| other.intersection(&paths).next().is_some());
        for (other, opaque) in touching {
            paths.extend(other);
            members.extend(opaque);
        }
        groups = apart;
        groups.push((paths, members));
    }
    groups
}

/// The values that are tried for each fact of a cluster.
struct Points {
    /// Path, values, and the type of those that are dates.
    facts: Vec<(Arc<str>, Vec<Said>, Option<Type>)>,
    /// Distances between dates that may matter, in seconds.
    distances: Vec<i64>,
}

impl Points {
    fn new(
        space: &Space<'_>,
        paths: &BTreeSet<Arc<str>>,
        opaque: &[(Arc<str>, &Opaque)],
        collected: &Collected,
    ) -> Self {
        let mut facts = Vec::new();
        for path in paths {
            let Some(var) = space.var(path).and_then(|at| space.vars.get(at)) else { continue };
            let mut said: Vec<Said> = Vec::new();
            for class in var.classes.iter() {
                match (&class.atom, &class.value) {
                    (Atom::Nothing, _) => said.push(Said::Nothing),
                    (Atom::Unrecognised, _) => said.push(Said::Unrecognised),
                    (_, Some(value)) => said.push(Said::Value(value.clone())),
                    _ => {}
                }
            }
            let type_ = collected.items.get(path).map(|item| &item.wanted.type_);
            let least =
                said.iter().filter_map(|one| if let Said::Value(v) = one { Some(v) } else { None }).min().cloned();
            for value in type_.map(more).unwrap_or_default() {
                let allowed = least.as_ref().is_none_or(|least| *least <= value);
                if allowed && !said.contains(&Said::Value(value.clone())) {
                    said.push(Said::Value(value));
                }
            }
            let members = space.members.keys().filter(|(own, _)| own == path).map(|(_, member)| member.clone());
            let members: Vec<Value> = members.collect();
            said.extend(members.iter().map(|member| Said::Value(Value::Set(BTreeSet::from([member.clone()])))));
            if !members.is_empty() {
                said.push(Said::Value(Value::Set(members.into_iter().collect())));
            }
            let time = type_.filter(|type_| matches!(type_, Type::Date | Type::Timestamp)).cloned();
            facts.push((Arc::clone(path), said, time));
        }
        Self { facts, distances: distances(opaque, collected) }
    }

    /// The `n`th request. The first ones go through every value of every fact.
    fn sample(&self, n: usize) -> Sample {
        let mut dice = Dice(u64::try_from(n).unwrap_or(0));
        let times: Vec<usize> =
            self.facts.iter().enumerate().filter(|(_, fact)| fact.2.is_some()).map(|(at, _)| at).collect();
        let pivot = dice.of(&times).copied();
        let pivot_said = pivot.and_then(|at| self.facts.get(at)).and_then(|fact| dice.of(&fact.1)).cloned();
        let mut out = Sample::new();
        for (at, (path, said, type_)) in self.facts.iter().enumerate() {
            let mut choice = dice.of(said).cloned().unwrap_or(Said::Nothing);
            if Some(at) == pivot {
                choice = pivot_said.clone().unwrap_or(choice);
            } else if let (Some(type_), Some(Said::Value(pivot)), true) = (type_, &pivot_said, dice.up_to(4) != 0) {
                choice = self.apart(pivot, type_, &mut dice).unwrap_or(choice);
            }
            out.insert(Arc::clone(path), choice);
        }
        self.walk(n, &mut out);
        out
    }

    /// Goes through every value of every fact, one after the other.
    fn walk(&self, n: usize, out: &mut Sample) {
        let mut left = n;
        for (path, said, _) in &self.facts {
            match said.get(left) {
                Some(one) => {
                    out.insert(Arc::clone(path), one.clone());
                    return;
                }
                None => left = left.saturating_sub(said.len()),
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

/// Days and seconds at which computed numbers are compared, as distances between dates.
fn distances(opaque: &[(Arc<str>, &Opaque)], collected: &Collected) -> Vec<i64> {
    const DAY: i64 = 86_400;
    let mut out: BTreeSet<i64> =
        [0, 1, 13, 29, 31, 400].into_iter().map(|days: i64| days.saturating_mul(DAY)).collect();
    for (name, _) in opaque {
        let cuts = collected.items.get(name).map(|item| &item.wanted.cuts).into_iter().flatten();
        for cut in cuts {
            let Value::Integer(cut) = cut else { continue };
            for near in [cut.saturating_sub(1), *cut, cut.saturating_add(1)] {
                if near.abs() <= 4_000 {
                    out.insert(near.saturating_mul(DAY));
                }
                if near.abs() <= 400_i64.saturating_mul(DAY) {
                    out.insert(near);
                }
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
            ["P1M", "P1Y", "P3Y"].iter().filter_map(|d| Duration::parse(d)).map(Value::Duration).collect()
        }
        Type::Timestamp => {
            let noon = Timestamp::parse("2021-07-01T12:00:00Z").map(Value::Timestamp);
            let day = Timestamp::parse("2021-07-01").map(Value::Timestamp);
            noon.iter().cloned().chain(noon.as_ref().and_then(|noon| step(noon, 1))).chain(day).collect()
        }
        _ => Vec::new(),
    }
}

/// Numbers that look like chance and are always the same.
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below a bound.
    pub fn up_to(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// One of these.
    pub fn of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        let at = self.up_to(u64::try_from(all.len()).unwrap_or(u64::MAX));
        all.get(usize::try_from(at).ok()?)
    }
}
