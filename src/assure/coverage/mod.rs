//! What of a bundle the scenarios exercise: rules that match and do not, rows, entries, both sides of every matcher,
//! every threshold at its value and just beside it, clauses that decide, messages that are read.
//!
//! Only what can happen is counted: a rule that the readings of the bundle (its settings) switch off has nothing to
//! cover, nor has an alternative that they close. Scripts count by what they answer; bounds inside them are not seen.

mod describe;
pub mod html;
pub mod lcov;
mod observe;
mod plan;
mod reach;
pub mod report;
mod tables;
mod threshold;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::bundle::checked::{Bundle, TableIx};
use crate::engine::Engine;
use crate::model::clause::ClauseRef;
use crate::model::finding::Place;
use crate::model::value::Value;

use super::scenario::Scenario;
use plan::{Leaf, Planned};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Rules that match (or ask), and rules that do not.
    Rules,
    /// Rows of tables that apply.
    Rows,
    /// Entries of named lists, and values of lists written in a matcher, that a request names.
    Entries,
    /// Matchers and scripts that hold, and that do not.
    Matchers,
    /// Thresholds and ends of periods met exactly, just below and just above.
    Boundaries,
    /// Clauses cited by what decided.
    Clauses,
    /// Messages that an answer shows.
    Messages,
}

impl Metric {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 7] =
        [Self::Rules, Self::Rows, Self::Entries, Self::Matchers, Self::Boundaries, Self::Clauses, Self::Messages];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Rows => "rows",
            Self::Entries => "entries",
            Self::Matchers => "matchers",
            Self::Boundaries => "boundaries",
            Self::Clauses => "clauses",
            Self::Messages => "messages",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a value stands to a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// One step below.
    Below,
    /// On it.
    At,
    /// One step above.
    Above,
}

/// What has a period of effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dated {
    /// A rule.
    Rule(usize),
    /// A row of a table.
    Row(usize, usize),
    /// An entry of a list.
    Entry(usize, usize),
}

/// The first or the last instant of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// `from`
    From,
    /// `until`
    Until,
}

/// What makes a unit different from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// A rule, and whether it matches.
    Rule(usize, bool),
    /// A row of a table.
    Row(usize, usize),
    /// An entry of a list.
    Entry(usize, usize),
    /// A value of a list written in a matcher.
    Value(usize, Value),
    /// A matcher or script, and whether it holds.
    Matcher(usize, bool),
    /// A threshold of a matcher; of one row, where it compares with a table.
    Threshold(usize, Option<usize>, Position),
    /// An end of the n-th period of something.
    Period(Dated, usize, End, Position),
    /// A clause.
    Clause(ClauseRef),
    /// A message, by language and id.
    Message(Arc<str>, String),
}

/// Something to be covered.
#[derive(Clone, Debug)]
pub struct Unit {
    /// What kind of thing.
    pub metric: Metric,
    /// What it belongs to: a rule, table, list, source or language.
    pub owner: Arc<str>,
    /// What it is, in words.
    pub what: String,
    /// Where it stands.
    pub place: Place,
    /// Whether it is one side of something that stands on a line, rather than the line itself.
    pub is_branch: bool,
    /// How often it was met.
    pub hits: u64,
    /// The first scenario that met it.
    pub by: Option<String>,
}

/// What scenarios exercise of one bundle.
#[derive(Debug)]
pub struct Coverage<'b> {
    engine: &'b Engine,
    bundle: &'b Bundle,
    leaves: Vec<Leaf<'b>>,
    units: BTreeMap<Key, Unit>,
    /// Rules that the readings of the bundle switch off.
    off: Vec<Arc<str>>,
    /// The tables that each kind looks into.
    tables: Vec<BTreeSet<TableIx>>,
    requests: usize,
}

/// How much of one metric is covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Units that were met.
    pub covered: usize,
    /// Units.
    pub total: usize,
}

impl Share {
    /// Tenths of a percent, rounded down, so that 1000 means all.
    #[must_use]
    pub fn permille(self) -> usize {
        self.covered.saturating_mul(1000).checked_div(self.total).unwrap_or(1000)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permille = self.permille();
        let (whole, tenth) = (permille.checked_div(10), permille.checked_rem(10));
        write!(f, "{}.{} %", whole.unwrap_or_default(), tenth.unwrap_or_default())
    }
}

impl<'b> Coverage<'b> {
    /// Nothing is covered yet.
    #[must_use]
    pub fn new(engine: &'b Engine) -> Self {
        let bundle = engine.checked();
        let Planned { leaves, units, off, tables } = plan::plan(bundle);
        Self { engine, bundle, leaves, units, off, tables, requests: 0 }
    }

    /// Decides the requests of a scenario and notes what they meet. Scenarios of other bundles and other readings are
    /// not counted.
    pub fn add(&mut self, scenario: &Scenario) {
        if scenario.engine.bundle() != self.engine.bundle() {
            return;
        }
        for case in &scenario.cases {
            let name = if case.label.is_empty() {
                scenario.name.clone()
            } else {
                format!("{} ({})", scenario.name, case.label)
            };
            self.requests = self.requests.saturating_add(1);
            self.observe(&name, &case.request);
        }
    }

    /// How many requests were decided.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// Rules that the readings of the bundle switch off; they are not counted.
    #[must_use]
    pub fn off(&self) -> &[Arc<str>] {
        &self.off
    }

    /// Everything that is counted, by metric and place.
    #[must_use]
    pub fn units(&self) -> Vec<&Unit> {
        let mut units: Vec<&Unit> = self.units.values().collect();
        units.sort_by(|a, b| (a.metric, &a.place, &a.owner, &a.what).cmp(&(b.metric, &b.place, &b.owner, &b.what)));
        units
    }

    /// How much of a metric is covered.
    #[must_use]
    pub fn share(&self, metric: Metric) -> Share {
        self.count(|unit| unit.metric == metric)
    }

    /// How much of everything is covered.
    #[must_use]
    pub fn total(&self) -> Share {
        self.count(|_| true)
    }

    fn count(&self, wanted: impl Fn(&Unit) -> bool) -> Share {
        self.units.values().filter(|unit| wanted(unit)).fold(Share::default(), |share, unit| Share {
            covered: share.covered.saturating_add(usize::from(unit.hits > 0)),
            total: share.total.saturating_add(1),
        })
    }

    /// Units by file and line.
    fn by_line(&self) -> BTreeMap<&str, BTreeMap<usize, Vec<&Unit>>> {
        let mut files: BTreeMap<&str, BTreeMap<usize, Vec<&Unit>>> = BTreeMap::new();
        for unit in self.units() {
            files.entry(&unit.place.file).or_default().entry(unit.place.line).or_default().push(unit);
        }
        files
    }

    fn hit(&mut self, key: &Key, by: &str) {
        if let Some(unit) = self.units.get_mut(key) {
            unit.hits = unit.hits.saturating_add(1);
            unit.by.get_or_insert_with(|| by.to_owned());
        }
    }
}
