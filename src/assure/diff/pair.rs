//! Two solved sides of one space → the regions in which they differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::assure::space::cover::Box;
use crate::assure::space::mdd::{Id, NO, Op};
use crate::assure::space::sample::{Dice, Sample};
use crate::assure::space::solve::{OUTCOMES, Solved, number};
use crate::assure::space::{Space, SpaceError};
use crate::engine::Engine;
use crate::model::decision::Outcome;

use super::witness::{codes, leaves, outcome_of, rules, without};
use super::{Comparison, Direction, Region, Where};

/// Regions shown of one kind of change.
const MOST: usize = 60;

/// Regions shown where the outcome stays.
const MOST_DETAILS: usize = 4;

/// Regions shown of one kind of change to requests that leave something open; such changes follow from the others.
const MOST_INCOMPLETE: usize = 1;

/// What a request comes to; none for one that contradicts itself.
type Comes = Option<Outcome>;

/// How far an outcome lets a request go.
fn grade(outcome: Comes) -> u8 {
    match outcome {
        None | Some(Outcome::Deny | Outcome::NotCovered) => 0,
        Some(Outcome::NeedsInformation) => 1,
        Some(Outcome::Refer) => 2,
        Some(Outcome::Permit) => 3,
    }
}

fn word(outcome: Comes) -> &'static str {
    outcome.map_or("invalid", Outcome::as_str)
}

/// What changes, from what to what.
#[derive(Clone, Copy)]
struct Changes {
    what: &'static str,
    before: Comes,
    after: Comes,
}

/// Which way a change goes.
fn direction(changes: Changes) -> Direction {
    match grade(changes.after).cmp(&grade(changes.before)) {
        std::cmp::Ordering::Greater => Direction::Wider,
        std::cmp::Ordering::Less => Direction::Narrower,
        std::cmp::Ordering::Equal => Direction::Other,
    }
}

/// Two sides, and what is found.
pub(super) struct Pair<'p, 'e> {
    pub(super) space: &'p mut Space<'e>,
    /// Who decides before and after.
    pub(super) engines: [&'p Engine; 2],
    /// The side by which the request after is written.
    pub(super) side: usize,
    pub(super) before: &'p Solved,
    pub(super) after: &'p Solved,
    pub(super) out: &'p mut Comparison,
    /// Whether one region is enough.
    pub(super) first: bool,
}

impl Pair<'_, '_> {
    /// Finds the regions.
    pub(super) fn compare(&mut self) -> Result<(), SpaceError> {
        let valid = self.space.mdd.apply(Op::And, self.before.valid, self.after.valid);
        let differ = self.space.mdd.apply(Op::Differ, self.before.outcome, self.after.outcome);
        let differ = self.space.mdd.apply(Op::And, differ, valid);
        for before in OUTCOMES {
            let here = self.space.mdd.is(self.before.outcome, number(before));
            let here = self.space.mdd.apply(Op::And, here, differ);
            for after in OUTCOMES.into_iter().filter(|after| *after != before) {
                let there = self.space.mdd.is(self.after.outcome, number(after));
                let region = self.space.mdd.apply(Op::And, here, there);
                self.regions(region, valid, Changes { what: "outcome", before: Some(before), after: Some(after) })?;
            }
        }
        self.contradictions()?;
        let same = self.space.mdd.choose(differ, NO, valid);
        for (what, region) in self.details() {
            let region = self.space.mdd.apply(Op::And, region, same);
            for outcome in OUTCOMES {
                let here = self.space.mdd.is(self.before.outcome, number(outcome));
                let region = self.space.mdd.apply(Op::And, region, here);
                self.regions(region, valid, Changes { what, before: Some(outcome), after: Some(outcome) })?;
            }
        }
        self.doubts(valid)?;
        self.space.check()
    }

    /// Results of two scripts that may differ, so that the request is denied: whether they do is told by deciding it.
    fn doubts(&mut self, valid: Id) -> Result<(), SpaceError> {
        let doubts = |solved: &Solved| solved.doubts.iter().map(|(_, _, _, region)| *region).collect();
        let (a, b) = (doubts(self.before), doubts(self.after));
        let (a, b) = (self.space.mdd.fold(Op::Or, a, NO), self.space.mdd.fold(Op::Or, b, NO));
        for (one, other, way) in [(a, b, Direction::Wider), (b, a, Direction::Narrower)] {
            let only = self.space.mdd.choose(other, NO, one);
            let only = self.space.mdd.apply(Op::And, only, valid);
            if only == NO || self.is_enough() {
                continue;
            }
            for before in OUTCOMES {
                for after in OUTCOMES.into_iter().filter(|after| *after != before) {
                    let changes = Changes { what: "outcome", before: Some(before), after: Some(after) };
                    let known = |region: &Region| self.is_known(region, changes);
                    if before != Outcome::Deny && after != Outcome::Deny || self.out.regions.iter().any(known) {
                        continue;
                    }
                    if let Some((request, decisions)) = self.shown(only, changes) {
                        let (request, decisions) = self.least(request, decisions, changes, &BTreeSet::new());
                        let region = self.told(Vec::new(), request, decisions, true, changes);
                        self.out.regions.push(region);
                    }
                }
            }
            self.out.complete = false;
            self.out.not_excluded.extend([way, Direction::Other]);
            self.space.check()?;
        }
        Ok(())
    }

    fn is_known(&self, one: &Region, changes: Changes) -> bool {
        one.kind == self.space.kind() && one.before == word(changes.before) && one.after == word(changes.after)
    }

    /// Requests that contradict themselves on one side only.
    fn contradictions(&mut self) -> Result<(), SpaceError> {
        let (old, new) = (self.before.valid, self.after.valid);
        let (gone, come) = (self.space.mdd.choose(new, NO, old), self.space.mdd.choose(old, NO, new));
        for outcome in OUTCOMES {
            let here = self.space.mdd.is(self.before.outcome, number(outcome));
            let region = self.space.mdd.apply(Op::And, gone, here);
            self.regions(region, old, Changes { what: "outcome", before: Some(outcome), after: None })?;
            let here = self.space.mdd.is(self.after.outcome, number(outcome));
            let region = self.space.mdd.apply(Op::And, come, here);
            self.regions(region, new, Changes { what: "outcome", before: None, after: Some(outcome) })?;
        }
        Ok(())
    }

    /// Where reasons, results and obligations differ.
    fn details(&mut self) -> Vec<(&'static str, Id)> {
        let (a, b) = (self.before, self.after);
        let reasons = self.differ(a.reasons.iter(), b.reasons.iter());
        let results = self.differ(a.results.iter(), b.results.iter());
        let obligations = self.differ(a.obligations.iter(), b.obligations.iter());
        let left = self.space.mdd.choose(reasons, NO, results);
        let both = self.space.mdd.apply(Op::Or, reasons, results);
        let last = self.space.mdd.choose(both, NO, obligations);
        vec![("reasons", reasons), ("results", left), ("obligations", last)]
    }

    fn differ<'m, K: Ord + 'm>(
        &mut self,
        a: impl Iterator<Item = (&'m K, &'m Id)>,
        b: impl Iterator<Item = (&'m K, &'m Id)>,
    ) -> Id {
        let a: BTreeMap<&K, &Id> = a.collect();
        let b: BTreeMap<&K, &Id> = b.collect();
        let keys: BTreeSet<&&K> = a.keys().chain(b.keys()).collect();
        let mut all = Vec::new();
        for key in keys {
            let (left, right) = (a.get(*key).map_or(NO, |id| **id), b.get(*key).map_or(NO, |id| **id));
            all.push(self.space.mdd.apply(Op::Differ, left, right));
        }
        self.space.mdd.fold(Op::Or, all, NO)
    }

    fn regions(&mut self, region: Id, valid: Id, changes: Changes) -> Result<(), SpaceError> {
        if region == NO || self.is_enough() {
            return Ok(());
        }
        let matters = self.told_from(valid, changes);
        let complete = self.space.complete();
        let whole = self.space.mdd.apply(Op::And, region, complete);
        let told = self.space.mdd.apply(Op::And, matters, complete);
        let most = if changes.what == "outcome" { MOST } else { MOST_DETAILS };
        self.shown_regions(whole, told, most, changes)?;
        let known = |one: &Region| match changes.what {
            "outcome" => self.is_known(one, changes),
            // Other reasons for asking come with other outcomes of what is asked for.
            _ => one.kind == self.space.kind(),
        };
        if self.is_enough() || (!self.first && self.out.regions.iter().any(known)) {
            // What changes for a request that leaves something open follows from the regions above.
            return Ok(());
        }
        let open = self.space.mdd.choose(complete, NO, region);
        self.shown_regions(open, matters, MOST_INCOMPLETE, changes)
    }

    /// What a region is told from: requests that one of the bundles decides as the better of the two outcomes.
    fn told_from(&mut self, valid: Id, changes: Changes) -> Id {
        let better = if grade(changes.after) > grade(changes.before) { changes.after } else { changes.before };
        let Some(better) = better else { return valid };
        let (a, b) = (self.before.outcome, self.after.outcome);
        let (a, b) = (self.space.mdd.is(a, number(better)), self.space.mdd.is(b, number(better)));
        let either = self.space.mdd.apply(Op::Or, a, b);
        self.space.mdd.apply(Op::And, valid, either)
    }

    fn is_enough(&self) -> bool {
        self.first && !self.out.regions.is_empty()
    }

    fn shown_regions(&mut self, region: Id, matters: Id, most: usize, changes: Changes) -> Result<(), SpaceError> {
        if region == NO {
            return Ok(());
        }
        let incomplete = most == MOST_INCOMPLETE;
        let (boxes, all) = if incomplete || self.first {
            // One of them shows the change, wherever in the region it is.
            (vec![(Box::new(), region)], true)
        } else {
            self.space.cover(region, matters, most)
        };
        if !all && !incomplete {
            self.out.complete = false;
            self.out.not_excluded.insert(direction(changes));
        }
        for (one, found) in boxes {
            let words: Vec<(String, String)> = self.space.words(&one, !incomplete);
            let Some((request, decisions)) = self.shown(found, changes) else {
                self.out.unreached = self.out.unreached.saturating_add(1);
                self.out.complete = false;
                self.out.not_excluded.insert(direction(changes));
                continue;
            };
            let named: BTreeSet<&str> = words.iter().map(|(fact, _)| fact.as_str()).collect();
            let (request, decisions) = self.least(request, decisions, changes, &named);
            let region = self.told(words, request, decisions, incomplete, changes);
            self.out.regions.push(region);
        }
        self.space.check()
    }

    fn told(
        &self,
        words: Vec<(String, String)>,
        request: Json,
        [decision_before, decision_after]: [Json; 2],
        incomplete: bool,
        changes: Changes,
    ) -> Region {
        Region {
            kind: self.space.kind().to_owned(),
            changes: changes.what,
            direction: direction(changes),
            before: word(changes.before),
            after: word(changes.after),
            incomplete,
            words: words.into_iter().map(|(fact, is)| Where { fact, is }).collect(),
            rules: rules(&decision_before, &decision_after),
            request,
            decision_before,
            decision_after,
        }
    }

    /// A request of a region that both engines decide as told.
    fn shown(&mut self, region: Id, changes: Changes) -> Option<(Json, [Json; 2])> {
        const TRIES: u64 = 48;
        let first = self.space.seek(region)?;
        if let Some(shown) = self.sample(&first, changes) {
            return Some(shown);
        }
        for n in 0..TRIES {
            let mut dice = Dice(n);
            let mut request = self.space.request_among(region, &mut dice)?;
            self.space.vary(&mut request, &mut dice);
            if let Some(shown) = self.sample(&request, changes) {
                return Some(shown);
            }
        }
        None
    }

    fn sample(&self, request: &Sample, changes: Changes) -> Option<(Json, [Json; 2])> {
        let json = [self.space.to_json(0, request), self.space.to_json(self.side, request)];
        let decisions = self.decided(&json, changes)?;
        let [_, json] = json;
        Some((json, decisions))
    }

    /// The two decisions, if they are as told.
    fn decided(&self, requests: &[Json; 2], changes: Changes) -> Option<[Json; 2]> {
        let mut decisions = Vec::new();
        for (engine, json) in self.engines.iter().zip(requests) {
            decisions.push(match engine.decide_json(json.to_string().as_bytes()) {
                Ok(answer) => answer.to_json(engine.languages().next().unwrap_or("en")),
                Err(error) => error.to_json(),
            });
        }
        let (after, before) = (decisions.pop()?, decisions.pop()?);
        let told = outcome_of(&before) == word(changes.before) && outcome_of(&after) == word(changes.after);
        let shows = changes.what == "outcome" || codes(&before, changes.what) != codes(&after, changes.what);
        (told && shows).then_some([before, after])
    }

    /// The request without what is not needed to show the change. What the region names stays.
    fn least(
        &self,
        request: Json,
        decisions: [Json; 2],
        changes: Changes,
        named: &BTreeSet<&str>,
    ) -> (Json, [Json; 2]) {
        let (mut request, mut decisions) = (request, decisions);
        for path in leaves(&request) {
            if named.contains(path.as_str()) {
                continue;
            }
            let fewer = without(&request, &path);
            if let Some(same) = self.decided(&[fewer.clone(), fewer.clone()], changes) {
                (request, decisions) = (fewer, same);
            }
        }
        (request, decisions)
    }
}
