//! Small changes of a bundle, and whether the scenarios notice: what no scenario notices is not tested.
//!
//! A change that changes no decision at all is no fault of the scenarios. That is decided by the exact comparison of
//! [`super::diff`], which else gives a request that tells the change: the scenario that is missing.

pub mod change;
mod compare;
mod condition;
pub mod kill;
pub mod missing;
mod values;

use serde_json::Value as Json;

use crate::engine::Engine;

use super::scenario::Scenario;
use super::space::Bounds;
use change::{Change, changed, changes};
use compare::Comparer;
use kill::Suite;

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// A scenario notices it.
    Killed {
        /// Its name.
        scenario: String,
    },
    /// It changes no decision.
    Equivalent,
    /// Nothing notices it.
    Survived(Box<Survivor>),
    /// Only what scripts compute could tell it, or the bounds were met first.
    Open {
        /// Why.
        why: String,
    },
}

impl Fate {
    /// The fate in one word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Killed { .. } => "killed",
            Self::Equivalent => "equivalent",
            Self::Survived(_) => "survived",
            Self::Open { .. } => "open",
        }
    }
}

/// A request that tells a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Survivor {
    /// The request.
    pub request: Json,
    /// Its decision by the bundle as it is.
    pub decision: Json,
    /// Its decision by the changed bundle.
    pub changed: Json,
}

/// A change and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutant {
    /// Its position among all changes of the bundle.
    pub number: usize,
    /// The change.
    pub change: Change,
    /// What became of it.
    pub fate: Fate,
}

/// Which changes are tried.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only changes in files, of rules or with words that contain this text; empty for all.
    pub filter: String,
    /// Whether to compare exactly what no scenario notices; else it counts as open.
    pub compare: bool,
}

/// Makes every small change of a bundle, one at a time, and runs the scenarios against each. `done` is told how many of
/// how many are done.
pub fn mutate(
    engine: &Engine,
    scenarios: &[Scenario],
    wanted: &Wanted,
    bounds: Bounds,
    done: &mut dyn FnMut(usize, usize),
) -> Vec<Mutant> {
    let suite = Suite::new(engine, scenarios);
    let bundle = engine.checked();
    let all: Vec<(usize, Change)> =
        changes(bundle).into_iter().enumerate().filter(|(_, change)| is_wanted(change, &wanted.filter)).collect();
    let total = all.len();
    let (mut out, mut left): (Vec<Mutant>, Vec<(usize, Change)>) = (Vec::with_capacity(total), Vec::new());
    for (number, change) in all {
        let mutant = Engine::with_bundle(changed(bundle, number), engine.limits().clone());
        match suite.kills(number, &change, &mutant) {
            Some(scenario) => {
                let fate = Fate::Killed { scenario: scenario.to_owned() };
                out.push(Mutant { number, change, fate });
            }
            None => left.push((number, change)),
        }
        done(out.len(), total);
    }
    if wanted.compare {
        Comparer::new(engine, bounds).all(left, &mut out, &mut |compared| done(compared, total));
    } else {
        let why = || "it was not compared".to_owned();
        out.extend(left.into_iter().map(|(number, change)| Mutant { number, change, fate: Fate::Open { why: why() } }));
    }
    out.sort_by_key(|one| one.number);
    out
}

fn is_wanted(change: &Change, filter: &str) -> bool {
    change.place.file.contains(filter) || change.what.contains(filter) || change.operator == filter
}
