//! A region → a concrete request in it, as JSON that `clausal decide` takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::decide::facts::State;
use crate::model::value::Value;

use super::Space;
use super::atoms::{Atom, What};
use super::collect::UNHEARD_OF;
use super::mdd::{Id, NO, Op, YES};
use super::sample::{Dice, Said, Sample};

/// The decision time where it does not matter.
const ANY_TIME: &str = "2021-07-01T12:00:00Z";

impl Space<'_> {
    /// A request in a region, by what it says of each fact; none where no request was found for it.
    pub fn request_in(&mut self, region: Id) -> Option<Sample> {
        let found = self.mdd.apply(Op::And, region, self.sampled);
        let path = self.mdd.pick(found)?;
        self.request_on(path)
    }

    fn request_on(&self, path: Vec<(u32, u32)>) -> Option<Sample> {
        let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        self.request_of(&path.into_iter().map(|(var, class)| (index(var), class)).collect())
    }

    /// Some request in a region, for a search: chosen by chance, what scripts tie together where that is possible.
    pub fn request_among(&mut self, region: Id, dice: &mut Dice) -> Option<Sample> {
        let mut region = region;
        for at in 0..self.clusters.len() {
            for _ in 0..4 {
                let Some(cluster) = self.clusters.get(at) else { break };
                let all: Vec<&Vec<u32>> = cluster.found.keys().collect();
                let Some(row) = dice.of(&all) else { break };
                let row: Vec<(usize, u32)> = cluster.vars.iter().copied().zip(row.iter().copied()).collect();
                let one = row
                    .iter()
                    .map(|(var, class)| (*var, BTreeSet::from([usize::try_from(*class).unwrap_or(usize::MAX)])));
                let one = self.of_box(&one.collect());
                let found = self.mdd.apply(Op::And, region, one);
                if found != NO {
                    region = found;
                    break;
                }
            }
        }
        let found = self.mdd.apply(Op::And, region, self.sampled);
        let mut path = self.mdd.pick_among(found, dice)?;
        // What the region does not look at may still matter to what scripts compute.
        let mut is_fixed = vec![false; self.vars.len()];
        let clustered = self.clusters.iter().flat_map(|cluster| &cluster.vars).copied();
        let on_path = path.iter().map(|(var, _)| usize::try_from(*var).unwrap_or(usize::MAX));
        for at in clustered.chain(on_path) {
            if let Some(fixed) = is_fixed.get_mut(at) {
                *fixed = true;
            }
        }
        for (at, var) in self.vars.iter().enumerate().filter(|(at, _)| is_fixed.get(*at) == Some(&false)) {
            if dice.up_to(2) == 0 {
                let class = dice.up_to(u64::try_from(var.classes.len()).unwrap_or(1));
                path.push((u32::try_from(at).ok()?, u32::try_from(class).ok()?));
            }
        }
        self.request_on(path)
    }

    /// The variables of the members of a set.
    #[must_use]
    pub fn members_of(&self, path: &str) -> Vec<(usize, Value)> {
        let own = self.members.iter().filter(|((of, _), _)| **of == *path);
        own.map(|((_, member), at)| (*at, member.clone())).collect()
    }

    /// Requests that leave nothing open: every fact is given and recognised, or may be absent.
    pub fn complete(&mut self) -> Id {
        let mut out = YES;
        for at in (0..self.vars.len()).rev() {
            let Some(var) = self.vars.get(at).filter(|var| matches!(var.what, What::Fact | What::Set)) else {
                continue;
            };
            let open = |state: &Option<State>| matches!(state, Some(State::Missing(_) | State::Unrecognised(..)));
            let closed: Vec<bool> = var.classes.iter().map(|class| !class.states.iter().any(open)).collect();
            let below = closed.into_iter().map(|is| if is { YES } else { NO });
            let here = self.mdd.leaves(u32::try_from(at).unwrap_or(u32::MAX), below);
            out = self.mdd.apply(Op::And, here, out);
        }
        out
    }

    /// A region where a set is given.
    pub fn given(&mut self, path: &str, region: Id) -> Id {
        let Some(at) = self.var(path) else { return region };
        let atoms: Vec<bool> =
            self.vars.get(at).map(|var| var.classes.iter().map(|c| c.atom == Atom::Rest).collect()).unwrap_or_default();
        let given = self
            .mdd
            .leaves(u32::try_from(at).unwrap_or(u32::MAX), atoms.into_iter().map(|is| if is { YES } else { NO }));
        self.mdd.apply(Op::And, region, given)
    }

    /// Groups of variables that scripts tie together, each with the combinations of classes that were found.
    #[must_use]
    pub fn tied(&self) -> Vec<(&[usize], Vec<&[u32]>)> {
        self.clusters
            .iter()
            .map(|cluster| (cluster.vars.as_slice(), cluster.found.keys().map(Vec::as_slice).collect()))
            .collect()
    }

    /// A request with these classes; none where no request was found for what scripts give.
    #[must_use]
    pub fn request_of(&self, path: &BTreeMap<usize, u32>) -> Option<Sample> {
        let mut out = Sample::new();
        let mut clustered: BTreeSet<usize> = BTreeSet::new();
        for cluster in &self.clusters {
            clustered.extend(cluster.vars.iter().copied());
            if !cluster.vars.iter().any(|var| path.contains_key(var)) {
                continue;
            }
            let fits = |classes: &[u32]| {
                cluster.vars.iter().zip(classes).all(|(var, class)| path.get(var).is_none_or(|wanted| wanted == class))
            };
            let (_, sample) = cluster.found.iter().find(|(classes, _)| fits(classes))?;
            out.extend(sample.iter().map(|(path, said)| (Arc::clone(path), said.clone())));
        }
        let mut sets: BTreeMap<Arc<str>, BTreeSet<Value>> = BTreeMap::new();
        for (at, class) in path.iter().filter(|(at, _)| !clustered.contains(at)) {
            let var = self.vars.get(*at)?;
            let class = var.classes.get(usize::try_from(*class).ok()?)?;
            match (&var.what, &class.atom, &class.value) {
                (What::Member(member), Atom::Truth(true), _) => {
                    sets.entry(Arc::clone(&var.name)).or_default().insert(member.clone());
                }
                (What::Member(_), ..) => {
                    sets.entry(Arc::clone(&var.name)).or_default();
                }
                (_, Atom::Nothing, _) => {
                    out.insert(Arc::clone(&var.name), Said::Nothing);
                }
                (_, Atom::Unrecognised, _) => {
                    out.insert(Arc::clone(&var.name), Said::Unrecognised);
                }
                (_, _, Some(value)) => {
                    out.insert(Arc::clone(&var.name), Said::Value(value.clone()));
                }
                _ => {}
            }
        }
        for (path, members) in sets {
            if let Some(Said::Value(value @ Value::Set(_))) = out.get_mut(&path) {
                *value = Value::Set(members);
            }
        }
        Some(out)
    }

    /// A request as JSON for one side; facts that the side does not have are left out.
    #[must_use]
    pub fn to_json(&self, side: usize, request: &Sample) -> Json {
        let mut json = Map::new();
        json.insert("kind".into(), self.kind().into());
        json.insert("at".into(), ANY_TIME.into());
        let mut json = Json::Object(json);
        let Some(on) = self.sides.get(side) else { return json };
        for (path, said) in request {
            let ix = on.bundle.fact_at(path).filter(|ix| on.kind.facts.contains_key(ix));
            let Some(fact) = ix.and_then(|ix| on.bundle.fact(ix)) else { continue };
            let value = match said {
                Said::Nothing => continue,
                Said::Unrecognised if matches!(fact.type_, crate::model::value::Type::Set(_)) => {
                    Json::Array(vec![UNHEARD_OF.into()])
                }
                Said::Unrecognised => UNHEARD_OF.into(),
                Said::Value(Value::Symbol(code)) if fact.by_region => region_of(on.bundle, &fact.type_, code),
                Said::Value(value) => value.to_json(),
            };
            put(&mut json, path, value);
        }
        json
    }
}

/// A value that a request names by a region.
fn region_of(bundle: &crate::bundle::checked::Bundle, type_: &crate::model::value::Type, code: &str) -> Json {
    let crate::model::value::Type::Symbol(name) = type_ else { return code.into() };
    let entry = bundle.domains.get(name).and_then(|domain| domain.entry(code));
    entry.and_then(|entry| entry.regions.first()).map_or_else(|| code.into(), |region| region.to_string().into())
}

/// Puts a value at a dotted path.
fn put(json: &mut Json, path: &str, value: Json) {
    let Json::Object(object) = json else { return };
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((head, rest)) => put(object.entry(head).or_insert_with(|| Json::Object(Map::new())), rest, value),
    }
}
