//! Looks for a request where sampling found none: facts are given the classes that the region wants, and what is drawn is
//! moved towards the classes that it wants of scripts. What is found is kept.

use std::collections::BTreeMap;

use super::Space;
use super::mdd::{Id, NO, Op};
use super::sample::{Dice, Sample};

/// Ways into the region that are tried.
const WAYS: u64 = 12;

/// Requests that are tried for each way.
const TRIES: usize = 120;

impl Space<'_> {
    /// A request in a region: one that was found already, or one that is looked for now.
    pub fn seek(&mut self, region: Id) -> Option<Sample> {
        if let Some(known) = self.request_in(region) {
            return Some(known);
        }
        if region == NO {
            return None;
        }
        for n in 0..WAYS {
            if self.check().is_err() {
                return None;
            }
            let mut dice = Dice(n);
            let way = if n == 0 { self.mdd.pick(region) } else { self.mdd.pick_among(region, &mut dice) }?;
            let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
            let way: BTreeMap<usize, u32> = way.into_iter().map(|(var, class)| (index(var), class)).collect();
            let mut reached = true;
            for at in 0..self.clusters.len() {
                reached = reached && self.reach(at, &way, &mut dice);
            }
            if reached && let Some(found) = self.request_in(region) {
                return Some(found);
            }
        }
        None
    }

    /// Finds a request for what one cluster is to give.
    fn reach(&mut self, at: usize, way: &BTreeMap<usize, u32>, dice: &mut Dice) -> bool {
        let Some(cluster) = self.clusters.get(at) else { return false };
        let wanted: BTreeMap<usize, u32> = cluster.vars.iter().filter_map(|var| Some((*var, *way.get(var)?))).collect();
        let missed = |classes: &[u32]| {
            let pairs = cluster.vars.iter().zip(classes);
            pairs.filter(|(var, class)| wanted.get(var).is_some_and(|wanted| wanted != *class)).count()
        };
        if cluster.found.keys().any(|classes| missed(classes) == 0) {
            return true;
        }
        let mut best: Option<(usize, Sample)> = None;
        let mut hit = None;
        for _ in 0..TRIES {
            let sample = match &best {
                Some((_, near)) if dice.up_to(3) != 0 => cluster.points.nudge(near, &wanted, dice),
                _ => cluster.points.among(&wanted, dice),
            };
            let Some(classes) = self.classes(&cluster.vars, &cluster.opaque, &sample) else { continue };
            let missed = missed(&classes);
            if missed == 0 {
                hit = Some((classes, sample));
                break;
            }
            if best.as_ref().is_none_or(|(least, _)| missed <= *least) {
                best = Some((missed, sample));
            }
        }
        let Some((classes, sample)) = hit else { return false };
        let vars = cluster.vars.clone();
        let row = self.region(&vars, &[classes.as_slice()], 0);
        if let Some(cluster) = self.clusters.get_mut(at) {
            cluster.region = self.mdd.apply(Op::Or, cluster.region, row);
            cluster.found.insert(classes, sample);
        }
        self.sum_up();
        true
    }
}
