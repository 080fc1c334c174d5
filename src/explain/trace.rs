//! The steps of a condition, and where values come from. Data without a language.

use std::sync::Arc;

use crate::bundle::checked::Comparison;
use crate::model::clause::ClauseRef;
use crate::model::finding::Place;
use crate::model::time::Timestamp;
use crate::model::value::Value;

/// Whether something holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It depends on these facts, sorted.
    Undetermined(Vec<Arc<str>>),
    /// It could not be evaluated.
    Failed(String),
}

/// A condition or a part of one, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whether it holds.
    pub holds: Holds,
    /// What it is.
    pub what: What,
    /// Where the bundle says so; `None` for `all`, `any` and `not`.
    pub place: Option<Place>,
}

/// What a condition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// All must hold; the empty one always does.
    All(Vec<Step>),
    /// One must hold.
    Any(Vec<Step>),
    /// It must not hold.
    Not(Box<Step>),
    /// A test of a fact.
    Fact {
        /// The fact.
        path: Arc<str>,
        /// Its state.
        is: FactState,
        /// What is wanted of it.
        wanted: Wanted,
        /// The list entries that bear the value.
        entries: Vec<EntryUsed>,
        /// The table rows that were looked up.
        rows: Vec<RowUsed>,
    },
    /// A test of a setting.
    Setting {
        /// The setting.
        name: Arc<str>,
        /// Its value.
        is: Value,
        /// The values of which it must have one.
        wanted: Vec<Value>,
    },
    /// A script.
    Script {
        /// Its text.
        text: Arc<str>,
        /// What it reads.
        inputs: Vec<Input>,
    },
}

/// What a test wants of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// One of these values.
    OneOf(Vec<Value>),
    /// An entry of this list.
    InList(Arc<str>),
    /// To compare so with this value.
    Compare(Comparison, Value),
    /// To compare so with the cell of a table.
    CompareTable {
        /// How.
        comparison: Comparison,
        /// `table.column`.
        cell: Arc<str>,
        /// The value of the cell; `None` when no row applies or it is not known which.
        limit: Option<Value>,
    },
    /// To have one of these members.
    AnyOf(Vec<Value>),
    /// To have all of these members.
    AllOf(Vec<Value>),
    /// To have none of these members.
    NoneOf(Vec<Value>),
    /// To be given (or not).
    Present(bool),
    /// To be given and known to the registry (or not).
    Known(bool),
    /// To be there and otherwise.
    Not(Box<Wanted>),
    /// All of these.
    All(Vec<Wanted>),
}

/// The state of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactState {
    /// It has this value.
    Known(Value),
    /// It has a value, which is private.
    Private,
    /// It is not there, and that is known.
    Absent,
    /// It exists but was not given; these facts would tell, sorted.
    Missing(Vec<Arc<str>>),
    /// It was given in words that no registry knows.
    Unrecognised {
        /// As written.
        written: Arc<str>,
        /// The entries it may mean, when it may mean several.
        candidates: Vec<Arc<str>>,
    },
    /// It could not be computed.
    Failed(String),
}

/// Where the value of a fact or result comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The request states it.
    Stated,
    /// The request states it, in words that no registry knows and that therefore count as nothing.
    Ignored(Arc<str>),
    /// The request does not state it.
    Unstated,
    /// The request does not state it, and the vocabulary says what holds then.
    Default,
    /// The request does not state it, and it is taken from this fact.
    TakenFrom(Arc<str>),
    /// It is written in the bundle.
    Constant,
    /// It is computed.
    Computed {
        /// The script.
        text: Arc<str>,
        /// What it reads.
        inputs: Vec<Input>,
    },
}

/// What a script reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The dotted path: a fact, `table.column`, or `settings.name`.
    pub path: Arc<str>,
    /// Its state.
    pub is: FactState,
    /// For a cell: the rows of the table that were looked up.
    pub rows: Vec<RowUsed>,
}

/// A period in which something is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodExplained {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The first instant after it.
    pub until: Option<Timestamp>,
    /// The fact by which it is read.
    pub dated_by: Arc<str>,
    /// The state of that fact.
    pub is: FactState,
    /// Whether it is in force.
    pub holds: Holds,
}

/// An entry of a list that bears the value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryUsed {
    /// The list.
    pub list: Arc<str>,
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// When it is in force; `None` for always.
    pub period: Option<PeriodExplained>,
    /// On what it rests, with its certainty.
    pub evidence: Option<String>,
}

/// A row of a table whose tests pass, or may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowUsed {
    /// The table.
    pub table: Arc<str>,
    /// Where it stands.
    pub place: Place,
    /// What it gives, by column.
    pub values: Vec<(Arc<str>, Value)>,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// When it is in force; `None` for always.
    pub period: Option<PeriodExplained>,
    /// On what it rests, with its certainty.
    pub evidence: Option<String>,
    /// Whether it applies.
    pub holds: Holds,
}

impl Step {
    /// The step itself and everything below it.
    pub fn each<'s>(&'s self, visit: &mut impl FnMut(&'s Self)) {
        visit(self);
        match &self.what {
            What::All(parts) | What::Any(parts) => parts.iter().for_each(|part| part.each(visit)),
            What::Not(inner) => inner.each(visit),
            What::Fact { .. } | What::Setting { .. } | What::Script { .. } => {}
        }
    }

    /// The tests to which it is due that this holds, or does not, or is not known; with whether each stands under `not`.
    #[must_use]
    pub fn telling(&self) -> Vec<(&Self, bool)> {
        let mut out = Vec::new();
        self.collect_telling(false, &mut out);
        out
    }

    fn collect_telling<'s>(&'s self, negated: bool, out: &mut Vec<(&'s Self, bool)>) {
        match &self.what {
            What::All(parts) | What::Any(parts) => {
                let same = parts
                    .iter()
                    .filter(|part| std::mem::discriminant(&part.holds) == std::mem::discriminant(&self.holds));
                same.for_each(|part| part.collect_telling(negated, out));
            }
            What::Not(inner) => inner.collect_telling(!negated, out),
            What::Fact { .. } | What::Setting { .. } | What::Script { .. } => out.push((self, negated)),
        }
    }
}
