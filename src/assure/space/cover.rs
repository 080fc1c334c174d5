//! A region → few boxes that a person reads: for each variable the classes it may have.

use std::collections::{BTreeMap, BTreeSet};

use crate::decide::facts::State;

use super::Space;
use super::atoms::{Atom, Var};
use super::mdd::{Id, NO, Op, YES};
use super::words::describe;

/// A box: the classes that each variable may have; a variable that is not named may have any.
pub type Box = BTreeMap<usize, BTreeSet<usize>>;

impl Space<'_> {
    /// Boxes that together are the region, at most so many; and whether they are all of it. Where `matters` is not, a
    /// box may be greater than the region.
    pub fn cover(&mut self, region: Id, matters: Id, most: usize) -> (Vec<(Box, Id)>, bool) {
        let mut rest = self.mdd.apply(Op::And, region, matters);
        let outside = self.mdd.not(region);
        let outside = self.mdd.apply(Op::And, outside, matters);
        let mut out = Vec::new();
        while rest != NO && !self.mdd.exceeded() {
            if out.len() >= most || self.check().is_err() {
                return (out, false);
            }
            let Some(path) = self.mdd.pick(rest) else { break };
            let widest = self.widest(&path, outside);
            let inside = self.of_box(&widest);
            let found = self.mdd.apply(Op::And, inside, rest);
            rest = self.mdd.choose(inside, NO, rest);
            let told = self.tightened(&widest, region);
            out.push((told, found));
        }
        (out, !self.mdd.exceeded())
    }

    /// The same box without values at which nothing of it is in the region; of an order without such ends, so that what
    /// lies between is left in. A change of one market is told of one market, whatever was denied before.
    fn tightened(&mut self, one: &Box, region: Id) -> Box {
        const MOST: usize = 256;
        let of_box = self.of_box(one);
        let inside = self.mdd.apply(Op::And, of_box, region);
        let mut out = one.clone();
        for (at, classes) in &mut out {
            let Some(var) = self.vars.get(*at) else { continue };
            let ordered = var.classes.iter().any(|class| matches!(class.atom, Atom::Between(..)));
            if classes.len() > MOST {
                continue;
            }
            let number = u32::try_from(*at).unwrap_or(u32::MAX);
            let var = Var::clone(var);
            let hit = |class: &usize| {
                let class = u32::try_from(*class).unwrap_or(u32::MAX);
                self.mdd.restrict(inside, number, class) != NO
            };
            if !ordered {
                let kept: BTreeSet<usize> = classes.iter().copied().filter(hit).collect();
                if !kept.is_empty() {
                    *classes = kept;
                }
                continue;
            }
            let pieces =
                var.classes.iter().take_while(|class| matches!(class.atom, Atom::Value(_) | Atom::Between(..)));
            let pieces = pieces.count();
            let kept: Vec<usize> = classes.range(..pieces).copied().filter(hit).collect();
            if let (Some(first), Some(last)) = (kept.first(), kept.last()) {
                classes.retain(|class| *class >= pieces || (first <= class && class <= last));
            }
        }
        out
    }

    /// The greatest box around a path that does not reach outside.
    fn widest(&mut self, path: &[(u32, u32)], outside: Id) -> Box {
        let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let mut found: Box = path.iter().map(|(var, class)| (index(*var), BTreeSet::from([index(*class)]))).collect();
        // What is computed is let go first, what stands in the request last.
        for (var, _) in path.iter().rev() {
            let at = index(*var);
            let mut others = found.clone();
            others.remove(&at);
            let without = self.of_box(&others);
            let hit = self.mdd.apply(Op::And, without, outside);
            if hit == NO {
                found = others;
                continue;
            }
            let classes = self.vars.get(at).map_or(0, |var| var.classes.len());
            let good: BTreeSet<usize> = (0..classes)
                .filter(|class| {
                    let class = u32::try_from(*class).unwrap_or(u32::MAX);
                    self.mdd.restrict(hit, *var, class) == NO
                })
                .collect();
            found.insert(at, good);
        }
        found
    }

    /// A box as a region.
    pub fn of_box(&mut self, one: &Box) -> Id {
        let mut out = YES;
        for (at, classes) in one.iter().rev() {
            let count = self.vars.get(*at).map_or(0, |var| var.classes.len());
            let below: Vec<Id> = (0..count).map(|class| if classes.contains(&class) { out } else { NO }).collect();
            out = self.mdd.leaves(u32::try_from(*at).unwrap_or(u32::MAX), below);
        }
        out
    }

    /// A box in words, one entry for each fact: its path, and what it may be. `told` leaves out what goes without saying:
    /// facts that are not given or not recognised, and scripts that fail.
    #[must_use]
    pub fn words(&self, one: &Box, told: bool) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> = Vec::new();
        for (at, classes) in one {
            let Some(var) = self.vars.get(*at) else { continue };
            let mut classes = classes.clone();
            if told
                && !classes.iter().all(|class| var.classes.get(*class).is_some_and(|class| class.atom == Atom::Failed))
            {
                let open = |state: &Option<State>| {
                    matches!(state, Some(State::Missing(_) | State::Unrecognised(..) | State::Failed(_)))
                };
                let said = |class: &usize| !var.classes.get(*class).is_some_and(|class| class.states.iter().any(open));
                classes.retain(said);
                if (0..var.classes.len()).filter(said).all(|class| classes.contains(&class)) {
                    continue;
                }
            }
            let text = describe(var, &classes);
            match out.iter_mut().find(|(name, _)| *name == *var.name) {
                Some((_, words)) if words == "given" => *words = text,
                Some((_, words)) => {
                    words.push_str(", ");
                    words.push_str(&text);
                }
                None => out.push((var.name.to_string(), text)),
            }
        }
        out
    }
}
