//! Two bundles compared exactly: which requests are decided otherwise, in few regions, each with a request that shows
//! it. What no request shows is not claimed; what only scripts could tell apart is counted.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value as Json;

use crate::engine::Engine;

use super::space::solve::{RuleTruth, Solved};
use super::space::{Bounds, Space, SpaceError};

mod pair;
pub mod witness;

use pair::Pair;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sum {
    /// Every request is decided alike.
    #[default]
    Equivalent,
    /// Requests that change are decided less favourably.
    Stricter,
    /// Requests that change are decided more favourably.
    Wider,
    /// Both, or only what comes with outcomes that stay: reasons, results, obligations.
    Mixed,
    /// No request was found that is decided otherwise, and it is not proved that there is none.
    Open,
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
            Self::Open => "open",
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
    /// The outcome before; `invalid` for a request that contradicts itself.
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
#[derive(Clone, Debug, Default, Serialize)]
pub struct Comparison {
    /// What it comes to.
    pub verdict: Sum,
    /// Whether everything that changes is among the regions, and nothing is left that only scripts could tell.
    pub complete: bool,
    /// Ways in which decisions may change too, as far as is known: no request was found, and none is excluded.
    pub not_excluded: BTreeSet<Direction>,
    /// What changes.
    pub regions: Vec<Region>,
    /// Kinds of request that only the old bundle has.
    pub kinds_removed: Vec<String>,
    /// Kinds of request that only the new bundle has.
    pub kinds_added: Vec<String>,
    /// Regions in which no request was found: scripts would have to give what they were not seen to give.
    pub unreached: usize,
}

impl Comparison {
    /// Whether some request is decided otherwise in this way; none where it is neither shown nor excluded.
    #[must_use]
    pub fn goes(&self, direction: Direction) -> Option<bool> {
        let kinds = !self.kinds_added.is_empty() || !self.kinds_removed.is_empty();
        let shown =
            self.regions.iter().any(|region| region.direction == direction) || (direction == Direction::Other && kinds);
        (shown || !self.not_excluded.contains(&direction)).then_some(shown)
    }

    /// What it comes to, by what was found.
    fn sum(&self) -> Sum {
        let shown = |direction| self.goes(direction) == Some(true);
        match (shown(Direction::Wider), shown(Direction::Narrower), shown(Direction::Other)) {
            (true, false, _) => Sum::Wider,
            (false, true, _) => Sum::Stricter,
            (false, false, false) if self.complete && self.not_excluded.is_empty() => Sum::Equivalent,
            (false, false, false) => Sum::Open,
            _ => Sum::Mixed,
        }
    }
}

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
        complete: true,
        kinds_removed: before.difference(&after).cloned().collect(),
        kinds_added: after.difference(&before).cloned().collect(),
        ..Comparison::default()
    };
    for kind in before.intersection(&after) {
        let mut space = Space::new(&[old, new], kind, &[], bounds)?;
        let (a, b) = (space.solve(0)?, space.solve(1)?);
        Pair { space: &mut space, engines: [old, new], side: 1, before: &a, after: &b, out: &mut out, first: false }
            .compare()?;
    }
    out.regions.sort_by(|a, b| {
        let key = |one: &Region| (one.incomplete, one.direction, one.kind.clone(), one.changes != "outcome");
        key(a).cmp(&key(b))
    });
    out.verdict = out.sum();
    Ok(out)
}

/// One difference of two bundles in a kind that both have, if there is any: quicker than all of them, and not put into words.
///
/// # Errors
/// When the kind is not known, or the bounds are met.
pub fn first_difference(old: &Engine, new: &Engine, kind: &str, bounds: Bounds) -> Result<Comparison, SpaceError> {
    let mut out = Comparison { complete: true, ..Comparison::default() };
    let mut space = Space::new(&[old, new], kind, &[], bounds)?;
    let (a, b) = (space.solve(0)?, space.solve(1)?);
    Pair { space: &mut space, engines: [old, new], side: 1, before: &a, after: &b, out: &mut out, first: true }
        .compare()?;
    out.verdict = out.sum();
    Ok(out)
}

/// One difference that another truth of one rule makes, in a space that holds what the other truth asks for. `changed`
/// decides with it.
///
/// # Errors
/// When the bounds are met.
pub fn difference_by_rule(
    space: &mut Space<'_>,
    solved: &Solved,
    truth: RuleTruth,
    changed: &Engine,
) -> Result<Comparison, SpaceError> {
    let Some(engine) = space.sides.first().map(|side| side.engine) else { return Ok(Comparison::default()) };
    let rules = solved.rules.iter().map(|one| if one.rule == truth.rule { truth } else { *one }).collect();
    let after = space.combine(0, rules)?;
    let mut out = Comparison { complete: true, ..Comparison::default() };
    let engines = [engine, changed];
    Pair { space, engines, side: 0, before: solved, after: &after, out: &mut out, first: true }.compare()?;
    out.verdict = out.sum();
    Ok(out)
}

/// What an overlay lets through that its base does not.
///
/// # Errors
/// When the bounds are met.
pub fn widened(base: &Engine, overlay: &Engine, bounds: Bounds) -> Result<Widened, SpaceError> {
    let found = diff(base, overlay, bounds)?;
    let certain = !found.not_excluded.contains(&Direction::Wider);
    let regions = found.regions.into_iter().filter(|region| region.direction == Direction::Wider).collect();
    Ok(Widened { regions, certain })
}

/// What an overlay lets through: nothing for sure, if there is no region and it is certain.
#[derive(Clone, Debug)]
pub struct Widened {
    /// What goes further than by the base.
    pub regions: Vec<Region>,
    /// Whether it is certain that nothing else does.
    pub certain: bool,
}
