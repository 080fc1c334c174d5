//! Which values of scripts go together: found by trying requests. Deterministic; what was not found is not claimed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::checked::FactIx;
use crate::decide::evaluate::{Truth, evaluate_script};
use crate::decide::facts::{Facts, State, Stated};
use crate::model::value::{Type, Value};

use super::atoms::{Atom, What};
use super::collect::{Collected, Opaque, UNHEARD_OF};
use super::mdd::{Id, NO, Op, YES};
use super::points::{Points, class_of};
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
    /// The same as a region.
    pub(super) region: Id,
    /// The scripts.
    pub(super) opaque: Vec<(Arc<str>, Opaque)>,
    /// What is tried.
    pub(super) points: Points,
}

impl Space<'_> {
    /// Tries requests for each cluster.
    pub(super) fn sample(&mut self, collected: &Collected) {
        for (paths, opaque) in groups(collected) {
            let mut cluster = self.sample_cluster(&paths, opaque, collected);
            let rows: Vec<&[u32]> = cluster.found.keys().map(Vec::as_slice).collect();
            cluster.region = self.region(&cluster.vars, &rows, 0);
            self.clusters.push(cluster);
        }
        self.sum_up();
    }

    /// What was found in all clusters together.
    pub(super) fn sum_up(&mut self) {
        let regions = self.clusters.iter().map(|cluster| cluster.region).collect();
        self.sampled = self.mdd.fold(Op::And, regions, YES);
    }

    /// Combinations of classes as a region.
    pub(super) fn region(&mut self, vars: &[usize], rows: &[&[u32]], at: usize) -> Id {
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
        opaque: Vec<(Arc<str>, Opaque)>,
        collected: &Collected,
    ) -> Cluster {
        let mut vars: BTreeSet<usize> = opaque.iter().filter_map(|(name, _)| self.var(name)).collect();
        for path in paths {
            vars.extend(self.var(path));
            vars.extend(self.members.iter().filter(|((own, _), _)| own == path).map(|(_, at)| *at));
        }
        let vars: Vec<usize> = vars.into_iter().collect();
        let points = Points::new(self, paths, &opaque, collected);
        let mut found = BTreeMap::new();
        for n in 0..self.bounds.samples {
            if n & 255 == 255 && self.check().is_err() {
                break;
            }
            let sample = points.sample(n);
            if let Some(classes) = self.classes(&vars, &opaque, &sample) {
                found.entry(classes).or_insert(sample);
            }
        }
        Cluster { vars, found, region: NO, opaque, points }
    }

    /// The classes that a request falls into; none where the sides disagree on what a script gives.
    pub(super) fn classes(&self, vars: &[usize], opaque: &[(Arc<str>, Opaque)], sample: &Sample) -> Option<Vec<u32>> {
        let facts: Vec<Facts> = self.sides.iter().map(|side| facts_of(side, sample)).collect();
        let mut out = Vec::with_capacity(vars.len());
        for at in vars {
            let var = self.vars.get(*at)?;
            let class = match &var.what {
                What::Member(_) | What::Set | What::Fact => {
                    class_of(var, sample.get(&var.name).unwrap_or(&Said::Nothing))?
                }
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
type Group = (BTreeSet<Arc<str>>, Vec<(Arc<str>, Opaque)>);

/// Scripts that read a fact in common belong together, with all they read.
fn groups(collected: &Collected) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for name in &collected.order {
        let Some(opaque) = collected.items.get(name).and_then(|item| item.opaque.as_ref()) else { continue };
        let (mut paths, mut members) = (opaque.reads.clone(), vec![(Arc::clone(name), opaque.clone())]);
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
