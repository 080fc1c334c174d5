//! Many requests of one kind at once, as columns.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use serde_json::{Map, Value as Json};

use super::Engine;
use crate::compile::{Brief, Columns, Request};
use crate::decision::{Answer, brief_codes};
use crate::model::decision::Outcome;
use crate::model::error::{BatchError, RequestError};
use crate::model::names::nearest;
use crate::model::value::Value;

/// Rows that a thread takes at least.
const SHARE: usize = 1_024;

/// Requests of one kind: for each fact a dictionary of its distinct values, and for each row a number in it.
///
/// Each distinct value is read once, so a batch costs what deciding costs. Lists over which a request fans out have no
/// column; such requests are decided one by one.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    kind: &'a str,
    rows: usize,
    columns: Vec<Column<'a>>,
}

#[derive(Clone, Debug)]
struct Column<'a> {
    path: &'a str,
    values: &'a [Json],
    rows: &'a [u32],
}

impl<'a> Batch<'a> {
    /// The number of a value that is not given.
    pub const NOT_GIVEN: u32 = u32::MAX;

    /// So many rows that state nothing yet.
    #[must_use]
    pub fn new(kind: &'a str, rows: usize) -> Self {
        Self { kind, rows, columns: Vec::new() }
    }

    /// Adds the values of a fact, by its path as in a request (`order.paid`): what each row gives, by the position in
    /// `values`, or [`Batch::NOT_GIVEN`].
    #[must_use]
    pub fn column(mut self, path: &'a str, values: &'a [Json], rows: &'a [u32]) -> Self {
        self.columns.push(Column { path, values, rows });
        self
    }

    fn row(&self, row: usize) -> impl Iterator<Item = Option<usize>> + '_ {
        let number =
            move |column: &Column<'_>| column.rows.get(row).copied().filter(|number| *number != Self::NOT_GIVEN);
        self.columns.iter().map(move |column| number(column).and_then(|number| usize::try_from(number).ok()))
    }

    /// A row as a request of its own.
    fn json(&self, row: usize) -> Json {
        let mut request = Map::new();
        request.insert("kind".to_owned(), self.kind.into());
        for (column, number) in self.columns.iter().zip(self.row(row)) {
            if let Some(value) = number.and_then(|number| column.values.get(number)) {
                insert(&mut request, column.path, value.clone());
            }
        }
        Json::Object(request)
    }
}

fn insert(object: &mut Map<String, Json>, path: &str, value: Json) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let below = object.entry(first).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(below) = below {
                insert(below, rest, value);
            }
        }
    }
}

/// What was decided of each row of a [`Batch`].
#[derive(Debug)]
pub struct BatchAnswer<'a> {
    engine: Engine,
    batch: Batch<'a>,
    /// What the results of rows refer to.
    shared: Option<Request>,
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    Brief(Brief),
    Interpreted(Box<Result<Answer, RequestError>>),
}

impl Engine {
    /// Decides many requests of one kind, on all processors: each row as [`Engine::decide`] would.
    ///
    /// # Errors
    /// When the bundle has no such kind, when a column is of no fact that such a request states, or is there twice, has
    /// another number of rows, or a row a number beyond its values. A row that cannot be decided is an error of its own.
    ///
    /// ```
    /// use clausal::{Batch, Engine, Outcome};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::embedded()?;
    /// let (at, side, roles, portal) = (["2021-07-01".into()], ["partner".into()], [["admin-agent"].into()], ["api".into()]);
    /// let (kind, market) = (["azure-reservation".into()], ["DE".into(), "Greenland".into()]);
    /// let batch = Batch::new("purchase", 2)
    ///     .column("at", &at, &[0, 0])
    ///     .column("actor.side", &side, &[0, 0])
    ///     .column("actor.roles", &roles, &[0, 0])
    ///     .column("actor.portal", &portal, &[0, 0])
    ///     .column("product.kind", &kind, &[0, 0])
    ///     .column("customer.market", &market, &[0, 1]);
    /// let decided = engine.decide_batch(&batch)?;
    /// assert_eq!(decided.outcome(0)?, Outcome::Permit);
    /// assert_eq!(decided.outcome(1)?, Outcome::Deny);
    /// assert_eq!(decided.reason_codes(1), ["market-unavailable"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn decide_batch<'a>(&self, batch: &Batch<'a>) -> Result<BatchAnswer<'a>, BatchError> {
        let kind = self.validate(batch)?;
        let read: Vec<_> = batch.columns.iter().map(|column| (column.path, column.values)).collect();
        let columns = self.inner.ready.compiled.columns(kind, &read);
        let shared = columns.as_ref().map(Columns::blank);
        let threads =
            thread::available_parallelism().map_or(1, NonZeroUsize::get).min(batch.rows.div_ceil(SHARE)).max(1);
        let share = batch.rows.div_ceil(threads).max(1);
        let rows = thread::scope(|scope| {
            let part = |from: usize| from..from.saturating_add(share).min(batch.rows);
            let parts = (0..batch.rows).step_by(share).map(part);
            let columns = columns.as_ref();
            let running: Vec<_> = parts.map(|rows| scope.spawn(move || self.rows(batch, columns, rows))).collect();
            let mut all = Vec::with_capacity(batch.rows);
            for part in running {
                // A thread that panics is a fault of ours; it is passed on as one.
                all.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            all
        });
        Ok(BatchAnswer { engine: self.clone(), batch: batch.clone(), shared, rows })
    }

    fn rows(&self, batch: &Batch<'_>, columns: Option<&Columns<'_>>, rows: std::ops::Range<usize>) -> Vec<Row> {
        let mut request = columns.map(Columns::blank);
        let one = |row| {
            let brief = columns.zip(request.as_mut()).and_then(|(columns, own)| columns.brief(own, batch.row(row)));
            brief.map_or_else(|| Row::Interpreted(Box::new(self.decide(&batch.json(row)))), Row::Brief)
        };
        rows.map(one).collect()
    }

    /// The position of the kind.
    fn validate(&self, batch: &Batch<'_>) -> Result<usize, BatchError> {
        let bundle = self.checked();
        let names = bundle.kinds.iter().map(|kind| &*kind.name);
        let Some(at) = bundle.kinds.iter().position(|kind| &*kind.name == batch.kind) else {
            let like = nearest(batch.kind, names).map(str::to_owned);
            return Err(BatchError::UnknownKind { kind: batch.kind.to_owned(), like });
        };
        let kind = bundle.kinds.get(at);
        let stated = kind.into_iter().flat_map(|kind| kind.facts.keys().filter(|ix| !kind.derived.contains(ix)));
        let paths: BTreeSet<&str> = stated.filter_map(|ix| bundle.fact(*ix)).map(|fact| &*fact.path).collect();
        let mut seen = BTreeSet::new();
        for column in &batch.columns {
            let path = || column.path.to_owned();
            if !paths.contains(column.path) {
                let like = nearest(column.path, paths.iter().copied()).map(str::to_owned);
                return Err(BatchError::UnknownFact { path: path(), kind: batch.kind.to_owned(), like });
            }
            if !seen.insert(column.path) {
                return Err(BatchError::Twice { path: path() });
            }
            if column.rows.len() != batch.rows {
                return Err(BatchError::Length { path: path(), rows: column.rows.len(), wanted: batch.rows });
            }
            let beyond = |number: &u32| {
                *number != Batch::NOT_GIVEN && usize::try_from(*number).map_or(true, |at| at >= column.values.len())
            };
            if let Some(row) = column.rows.iter().position(beyond) {
                return Err(BatchError::NoValue { path: path(), row, values: column.values.len() });
            }
        }
        Ok(at)
    }
}

impl BatchAnswer<'_> {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The outcome of a row.
    ///
    /// # Errors
    /// When the row cannot be decided, as [`Engine::decide`], and for a row that is not there.
    pub fn outcome(&self, row: usize) -> Result<Outcome, BatchError> {
        match self.row(row)? {
            Row::Brief(brief) => Ok(brief.outcome),
            Row::Interpreted(answer) => match &**answer {
                Ok(answer) => Ok(answer.outcome()),
                Err(error) => Err(BatchError::Request { row, error: error.clone() }),
            },
        }
    }

    /// The codes of a row's reasons, in order; none for a row that cannot be decided.
    #[must_use]
    pub fn reason_codes(&self, row: usize) -> Vec<&str> {
        match self.row(row) {
            Ok(Row::Brief(brief)) => {
                let (compiled, shared) = (&self.engine.inner.ready.compiled, self.shared.as_ref());
                shared.map(|shared| brief_codes(compiled, shared, brief)).unwrap_or_default()
            }
            Ok(Row::Interpreted(answer)) => {
                let decisions = answer.as_ref().as_ref().map(Answer::decisions).unwrap_or_default();
                decisions.iter().flat_map(crate::Decision::reason_codes).collect()
            }
            Err(_) => Vec::new(),
        }
    }

    /// A row's results by name; none for a row that cannot be decided.
    #[must_use]
    pub fn results(&self, row: usize) -> BTreeMap<Arc<str>, Value> {
        match (self.row(row), &self.shared) {
            (Ok(Row::Brief(brief)), Some(shared)) => self.engine.inner.ready.compiled.results(shared, brief),
            (Ok(Row::Interpreted(answer)), _) => match answer.as_ref() {
                Ok(Answer::One(decision)) => decision.results().clone(),
                _ => BTreeMap::new(),
            },
            _ => BTreeMap::new(),
        }
    }

    /// The whole answer on a row, with words, places and clauses; it is decided again.
    ///
    /// # Errors
    /// As [`BatchAnswer::outcome`].
    pub fn answer(&self, row: usize) -> Result<Answer, BatchError> {
        self.row(row)?;
        self.engine.decide(&self.batch.json(row)).map_err(|error| BatchError::Request { row, error })
    }

    fn row(&self, row: usize) -> Result<&Row, BatchError> {
        self.rows.get(row).ok_or(BatchError::NoRow { row, rows: self.rows.len() })
    }
}
