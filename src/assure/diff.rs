//! Two bundles compared exactly: which requests are decided otherwise, in few regions, each with a request that shows
//! it. What no request shows is not claimed; what only scripts could tell apart is counted.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value as Json;

use crate::engine::Engine;
use crate::model::decision::Outcome;

use super::space::cover::Box;
use super::space::mdd::{Id, NO, Op};
use super::space::sample::{Dice, Sample};
use super::space::solve::{OUTCOMES, Solved, number};
use super::space::{Bounds, Space, SpaceError};

/// Which way a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// More may go ahead.
    Wider,
    /// Less may go ahead.
    Narrower,
    /// The outcome stays, or neither is more than the other.
    Other,
}

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sum {
    /// Every request is decided alike.
    Equivalent,
    /// Requests that change are decided less favourably.
    Stricter,
    /// Requests that change are decided more favourably.
    Wider,
    /// Both, or only what comes with outcomes that stay: reasons, results, obligations.
    Mixed,
}

impl Sum {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equivalent => "equivalent",
            Self::Stricter => "stricter",
            Self::Wider => "wider",
            Self::Mixed => "mixed",
        }
    }
}

/// What a fact may be in a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Where {
    /// The path of the fact, or a script.
    pub fact: String,
    /// What it may be.
    pub is: String,
}

/// Requests that are decided otherwise, and one of them.
#[derive(Clone, Debug, Serialize)]
pub struct Region {
    /// The kind of request.
    pub kind: String,
    /// What changes: `outcome`, `reasons`, `results` or `obligations`.
    pub changes: &'static str,
    /// Which way.
    pub direction: Direction,
    /// The outcome before.
    pub before: &'static str,
    /// The outcome after.
    pub after: &'static str,
    /// Whether the requests leave something open that they were to say.
    pub incomplete: bool,
    /// Which requests, among those that one of the bundles decides as the better of the two outcomes.
    #[serde(rename = "where")]
    pub words: Vec<Where>,
    /// Rules that speak on one side only, with their places.
    pub rules: Vec<String>,
    /// One of the requests.
    pub request: Json,
    /// Its decision before.
    pub decision_before: Json,
    /// Its decision after.
    pub decision_after: Json,
}

/// A comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// What it comes to.
    pub verdict: Sum,
    /// Whether nothing is left that only scripts could tell.
    pub complete: bool,
    /// What changes.
    pub regions: Vec<Region>,
    /// Kinds of request that only the old bundle has.
    pub kinds_removed: Vec<String>,
    /// Kinds of request that only the new bundle has.
    pub kinds_added: Vec<String>,
    /// Regions in which no request was found: scripts would have to give what they were not seen to give.
    pub unreached: usize,
}

/// Regions shown of one kind of change.
const MOST: usize = 60;

/// Regions shown where the outcome stays.
const MOST_DETAILS: usize = 4;

/// Regions shown of one kind of change to requests that leave something open; such changes follow from the others.
const MOST_INCOMPLETE: usize = 1;

/// Compares two bundles.
///
/// # Errors
/// When the bounds are met.
pub fn diff(old: &Engine, new: &Engine, bounds: Bounds) -> Result<Comparison, SpaceError> {
    let names = |engine: &Engine| -> BTreeSet<String> {
        engine.checked().kinds.iter().map(|kind| kind.name.to_string()).collect()
    };
    let (before, after) = (names(old), names(new));
    let mut out = Comparison {
        verdict: Sum::Equivalent,
        complete: true,
        regions: Vec::new(),
        kinds_removed: before.difference(&after).cloned().collect(),
        kinds_added: after.difference(&before).cloned().collect(),
        unreached: 0,
    };
    for kind in before.intersection(&after) {
        let mut space = Space::new(&[old, new], kind, &[], bounds)?;
        let (a, b) = (space.solve(0)?, space.solve(1)?);
        Pair { space: &mut space, before: &a, after: &b, out: &mut out }.compare()?;
    }
    out.regions.sort_by(|a, b| {
        let key = |one: &Region| (one.incomplete, one.direction, one.kind.clone(), one.changes != "outcome");
        key(a).cmp(&key(b))
    });
    out.verdict = sum(&out);
    Ok(out)
}

/// What an overlay that only restricts lets through that its base does not: nothing, if it keeps its word.
///
/// # Errors
/// When the bounds are met.
pub fn widened(base: &Engine, overlay: &Engine, bounds: Bounds) -> Result<Vec<Region>, SpaceError> {
    let mut found = diff(base, overlay, bounds)?.regions;
    found.retain(|region| region.direction == Direction::Wider);
    Ok(found)
}

fn sum(comparison: &Comparison) -> Sum {
    let has = |direction| comparison.regions.iter().any(|region| region.direction == direction);
    let other = has(Direction::Other) || !comparison.kinds_added.is_empty() || !comparison.kinds_removed.is_empty();
    match (has(Direction::Wider), has(Direction::Narrower)) {
        (true, false) => Sum::Wider,
        (false, true) => Sum::Stricter,
        (false, false) if !other => Sum::Equivalent,
        _ => Sum::Mixed,
    }
}

/// How far an outcome lets a request go.
fn grade(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Deny | Outcome::NotCovered => 0,
        Outcome::NeedsInformation => 1,
        Outcome::Refer => 2,
        Outcome::Permit => 3,
    }
}

struct Pair<'p, 'e> {
    space: &'p mut Space<'e>,
    before: &'p Solved,
    after: &'p Solved,
    out: &'p mut Comparison,
}

impl Pair<'_, '_> {
    fn compare(&mut self) -> Result<(), SpaceError> {
        let valid = self.space.mdd.apply(Op::And, self.before.valid, self.after.valid);
        let differ = self.space.mdd.apply(Op::Differ, self.before.outcome, self.after.outcome);
        let differ = self.space.mdd.apply(Op::And, differ, valid);
        for before in OUTCOMES {
            let here = self.space.mdd.is(self.before.outcome, number(before));
            let here = self.space.mdd.apply(Op::And, here, differ);
            for after in OUTCOMES.into_iter().filter(|after| *after != before) {
                let there = self.space.mdd.is(self.after.outcome, number(after));
                let region = self.space.mdd.apply(Op::And, here, there);
                self.regions(region, valid, "outcome", before, after)?;
            }
        }
        let same = self.space.mdd.choose(differ, NO, valid);
        for (changes, region) in self.details() {
            let region = self.space.mdd.apply(Op::And, region, same);
            for outcome in OUTCOMES {
                let here = self.space.mdd.is(self.before.outcome, number(outcome));
                let region = self.space.mdd.apply(Op::And, region, here);
                self.regions(region, valid, changes, outcome, outcome)?;
            }
        }
        // Results of two scripts that may differ, so that the request is denied: told only when it is decided.
        let doubts = |solved: &Solved| solved.doubts.iter().map(|(_, _, _, region)| *region).collect();
        let (a, b) = (doubts(self.before), doubts(self.after));
        let (a, b) = (self.space.mdd.fold(Op::Or, a, NO), self.space.mdd.fold(Op::Or, b, NO));
        let differ = self.space.mdd.apply(Op::Differ, a, b);
        self.out.complete &= self.space.mdd.apply(Op::And, differ, valid) == NO;
        self.space.check()
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
        let a: std::collections::BTreeMap<&K, &Id> = a.collect();
        let b: std::collections::BTreeMap<&K, &Id> = b.collect();
        let keys: BTreeSet<&&K> = a.keys().chain(b.keys()).collect();
        let mut all = Vec::new();
        for key in keys {
            let (left, right) = (a.get(*key).map_or(NO, |id| **id), b.get(*key).map_or(NO, |id| **id));
            all.push(self.space.mdd.apply(Op::Differ, left, right));
        }
        self.space.mdd.fold(Op::Or, all, NO)
    }

    fn regions(
        &mut self,
        region: Id,
        valid: Id,
        changes: &'static str,
        before: Outcome,
        after: Outcome,
    ) -> Result<(), SpaceError> {
        if region == NO {
            return Ok(());
        }
        // What a region is told from: requests that one of the bundles decides as the better of the two outcomes.
        let better = if grade(after) > grade(before) { after } else { before };
        let (a, b) = (self.before.outcome, self.after.outcome);
        let (a, b) = (self.space.mdd.is(a, number(better)), self.space.mdd.is(b, number(better)));
        let either = self.space.mdd.apply(Op::Or, a, b);
        let matters = self.space.mdd.apply(Op::And, valid, either);
        let complete = self.space.complete();
        let whole = self.space.mdd.apply(Op::And, region, complete);
        let told = self.space.mdd.apply(Op::And, matters, complete);
        let most = if changes == "outcome" { MOST } else { MOST_DETAILS };
        self.shown_regions(whole, told, most, (changes, before, after))?;
        let known = |one: &Region| {
            one.kind == self.space.kind() && one.before == before.as_str() && one.after == after.as_str()
        };
        if before == after || self.out.regions.iter().any(known) {
            // What changes for a request that leaves something open follows from the regions above.
            return Ok(());
        }
        let open = self.space.mdd.choose(complete, NO, region);
        self.shown_regions(open, matters, MOST_INCOMPLETE, (changes, before, after))
    }

    fn shown_regions(
        &mut self,
        region: Id,
        matters: Id,
        most: usize,
        (changes, before, after): (&'static str, Outcome, Outcome),
    ) -> Result<(), SpaceError> {
        if region == NO {
            return Ok(());
        }
        let incomplete = most == MOST_INCOMPLETE;
        let (boxes, all) = if incomplete {
            // One of them shows the change, wherever in the region it is.
            (vec![(Box::new(), region)], true)
        } else {
            self.space.cover(region, matters, most)
        };
        self.out.complete &= all || incomplete;
        for (one, found) in boxes {
            let words = self.space.words(&one, !incomplete).into_iter().map(|(fact, is)| Where { fact, is }).collect();
            let Some((request, decisions)) = self.shown(found, changes, before, after) else {
                if incomplete {
                    continue;
                }
                self.out.unreached = self.out.unreached.saturating_add(1);
                self.out.complete = false;
                continue;
            };
            let direction = match grade(after).cmp(&grade(before)) {
                std::cmp::Ordering::Greater => Direction::Wider,
                std::cmp::Ordering::Less => Direction::Narrower,
                std::cmp::Ordering::Equal => Direction::Other,
            };
            let [decision_before, decision_after] = decisions;
            self.out.regions.push(Region {
                kind: self.space.kind().to_owned(),
                changes,
                direction,
                before: before.as_str(),
                after: after.as_str(),
                incomplete,
                words,
                rules: rules(&decision_before, &decision_after),
                request,
                decision_before,
                decision_after,
            });
        }
        self.space.check()
    }

    /// A request of a region that both engines decide as told.
    fn shown(&mut self, region: Id, changes: &str, before: Outcome, after: Outcome) -> Option<(Json, [Json; 2])> {
        const TRIES: u64 = 24;
        let first = self.space.request_in(region)?;
        if let Some(shown) = self.decided(&first, changes, before, after) {
            return Some(shown);
        }
        for n in 0..TRIES {
            let request = self.space.request_among(region, &mut Dice(n))?;
            if let Some(shown) = self.decided(&request, changes, before, after) {
                return Some(shown);
            }
        }
        None
    }

    fn decided(&self, request: &Sample, changes: &str, before: Outcome, after: Outcome) -> Option<(Json, [Json; 2])> {
        let mut decisions = Vec::new();
        for (at, side) in self.space.sides.iter().enumerate() {
            let json = self.space.to_json(at, request);
            let answer = side.engine.decide_json(json.to_string().as_bytes()).ok()?;
            decisions.push(answer.to_json(side.engine.languages().next().unwrap_or("en")));
        }
        let (after_json, before_json) = (decisions.pop()?, decisions.pop()?);
        let outcome = |json: &Json, is: Outcome| json.get("outcome").and_then(Json::as_str) == Some(is.as_str());
        let told = outcome(&before_json, before) && outcome(&after_json, after);
        let shows = changes == "outcome" || codes(&before_json, changes) != codes(&after_json, changes);
        (told && shows).then(|| (self.space.to_json(1, request), [before_json, after_json]))
    }
}

/// What is compared of a part of a decision: its codes, or the results with their values.
fn codes(decision: &Json, part: &str) -> Vec<String> {
    match decision.get(part) {
        Some(Json::Array(all)) => all
            .iter()
            .filter_map(|one| one.get("code")?.as_str().map(str::to_owned))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        Some(other) => vec![other.to_string()],
        None => Vec::new(),
    }
}

/// The rules that one decision names and the other does not; all of them where both name the same.
fn rules(before: &Json, after: &Json) -> Vec<String> {
    let named = |decision: &Json| -> BTreeSet<(String, String)> {
        let reasons = decision.get("reasons").and_then(Json::as_array).into_iter().flatten();
        reasons
            .filter_map(|reason| {
                Some((reason.get("rule")?.as_str()?.to_owned(), reason.get("source")?.as_str()?.to_owned()))
            })
            .collect()
    };
    let (before, after) = (named(before), named(after));
    let names =
        |all: &BTreeSet<(String, String)>| -> BTreeSet<String> { all.iter().map(|(name, _)| name.clone()).collect() };
    let (old, new) = (names(&before), names(&after));
    let only = |(name, _): &&(String, String)| !(old.contains(name) && new.contains(name));
    let differing: Vec<String> =
        before.iter().chain(&after).filter(only).map(|(name, place)| format!("{name} at {place}")).collect();
    if differing.is_empty() {
        return after.iter().map(|(name, place)| format!("{name} at {place}")).collect();
    }
    differing
}
