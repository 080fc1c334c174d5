//! What is computed while a request is decided, as closures: the truth of predicates, derived facts, results. Each closure
//! knows the sorts of what it takes, and where that is, so that nothing is looked up.

mod data;
mod decimals;
mod gates;
mod numbers;
mod ranges;
mod results;
mod rows;
mod truths;

pub use results::{Computed, Passes, Taking, rows_of};
pub use rows::{ByClass, applies};

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use crate::script::{Builtin, Datum, GiveUp, Graph, NodeIx, Op};

use super::check::Tri;
use super::program::{KindProgram, RuleProgram};
use super::view::View;
use numbers::Whole;

type Run<T> = dyn for<'r> Fn(&mut View<'r>) -> Result<T, GiveUp> + Send + Sync;

/// Something that is computed for a request of one kind.
pub struct Made<T>(Box<Run<T>>);

impl<T> std::fmt::Debug for Made<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Made")
    }
}

impl<T> Made<T> {
    fn new(run: impl for<'r> Fn(&mut View<'r>) -> Result<T, GiveUp> + Send + Sync + 'static) -> Self {
        Self(Box::new(run))
    }

    /// What it comes to.
    ///
    /// # Errors
    /// When it fails, or the interpreter is needed.
    #[inline]
    pub fn of(&self, view: &mut View<'_>) -> Result<T, GiveUp> {
        (self.0)(view)
    }
}

impl<T: Copy + Send + Sync + 'static> Made<T> {
    fn constant(value: T) -> Self {
        Self::new(move |_| Ok(value))
    }
}

/// All that a kind computes.
#[derive(Debug, Default)]
pub struct Closures {
    /// For each predicate.
    asks: Vec<Made<Tri>>,
    /// For each measure, the group of its fact.
    measures: Vec<Made<u16>>,
    /// For each derived fact, in order; `None` for one that only the interpreter finds.
    derived: Vec<Option<Made<Datum>>>,
    /// The results of all rules, one after the other.
    results: Vec<Computed>,
    /// For each rule, where its results begin.
    begins: Vec<u32>,
    /// For each table; `None` for one whose rows need to be looked at.
    rows: Vec<Option<ByClass>>,
    /// The facts that scripts wait for, a bit for each.
    awaited: u64,
}

impl Closures {
    /// Those of a kind whose scripts were given their places.
    pub fn new(kind: &KindProgram) -> Self {
        let lower = Lower {
            kind,
            graph: &kind.scripts.graph,
            stated: kind.table.stated,
            numbers: RefCell::default(),
            data: RefCell::default(),
            awaited: Cell::default(),
        };
        let derived = |(at, derived): (usize, &Option<_>)| {
            derived.as_ref().map(|derived| lower.derived(kind.table.stated.saturating_add(at), derived))
        };
        let begin = |next: &mut u32, rule: &RuleProgram| {
            let own = *next;
            *next = next.saturating_add(u32::try_from(rule.results.len()).unwrap_or(u32::MAX));
            Some(own)
        };
        let begins = kind.rules().scan(0, begin).collect();
        Self {
            asks: (0_u32..).zip(&kind.predicates).map(|(at, predicate)| lower.ask(at, predicate)).collect(),
            measures: kind.measures.iter().map(|measure| lower.measure(measure)).collect(),
            derived: kind.derived.iter().enumerate().map(derived).collect(),
            results: kind.rules().flat_map(|rule| &rule.results).map(|result| lower.result(&result.value)).collect(),
            begins,
            rows: kind.tables.iter().map(|rows| rows::by_class(&kind.table, rows.as_deref()?)).collect(),
            awaited: lower.awaited.get(),
        }
    }

    /// Those of the facts that scripts wait for which are open, a bit for each.
    #[inline]
    pub fn open(&self, facts: &[Datum]) -> u64 {
        let (mut left, mut open) = (self.awaited, 0);
        while left != 0 {
            let at = left.trailing_zeros();
            let is_open = usize::try_from(at).ok().and_then(|at| facts.get(at)).is_some_and(|fact| fact.is_open());
            open |= u64::from(is_open).wrapping_shl(at);
            left &= left.wrapping_sub(1);
        }
        open
    }

    /// The truth of a predicate.
    #[inline]
    pub fn ask(&self, at: u32) -> Option<&Made<Tri>> {
        self.asks.get(usize::try_from(at).ok()?)
    }

    /// The group of a fact that is measured.
    #[inline]
    pub fn measure(&self, at: u32) -> Option<&Made<u16>> {
        self.measures.get(usize::try_from(at).ok()?)
    }

    /// A derived fact, by its position among them.
    #[inline]
    pub fn derived(&self, at: usize) -> Option<&Made<Datum>> {
        self.derived.get(at)?.as_ref()
    }

    /// The rows of a table that are told apart by one fact; `None` for one whose rows need to be looked at.
    #[inline(always)]
    pub fn rows(&self, table: usize) -> Option<&ByClass> {
        self.rows.get(table)?.as_ref()
    }

    /// The number of a result of a rule.
    pub fn number(&self, rule: u32, number: u32) -> Option<usize> {
        let begin = self.begins.get(usize::try_from(rule).ok()?)?;
        usize::try_from(begin.checked_add(number)?).ok()
    }

    /// A result that is not constant, by its number.
    #[inline]
    pub fn result(&self, number: usize) -> Option<&Computed> {
        self.results.get(number)
    }
}

/// What is computed for each place that keeps something.
type Shared<T> = RefCell<HashMap<usize, Arc<T>>>;

fn shared<T>(all: &Shared<T>, place: usize, make: impl FnOnce() -> T) -> Arc<T> {
    let known = all.borrow().get(&place).cloned();
    known.unwrap_or_else(|| {
        let made = Arc::new(make());
        all.borrow_mut().insert(place, Arc::clone(&made));
        made
    })
}

/// Makes closures of the nodes of a graph.
struct Lower<'k> {
    kind: &'k KindProgram,
    graph: &'k Graph,
    /// Facts up to here are stated.
    stated: usize,
    /// What computes what is kept in each place, made once: a node that is used twice by one that is used twice, and so on,
    /// would be made more often than there is room for. Whole numbers, and dates by theirs.
    numbers: Shared<Whole>,
    /// Anything else.
    data: Shared<Made<Datum>>,
    /// See [`Closures::awaited`].
    awaited: Cell<u64>,
}

fn is_truth(op: &Op) -> bool {
    match op {
        Op::All(_) | Op::Any(_) | Op::Not(_) | Op::IsAbsent(..) | Op::Call(Builtin::IsAfter, ..) => true,
        Op::Integers(op, ..) | Op::Binary(op, ..) => !op.is_arithmetic(),
        _ => false,
    }
}

impl Lower<'_> {
    fn is_whole(&self, at: NodeIx) -> bool {
        self.graph.is_integer(at) && self.graph.is_present(at)
    }

    fn is_day(&self, at: NodeIx) -> bool {
        self.graph.is_date(at) && self.graph.is_present(at)
    }

    fn is_decimal(&self, at: NodeIx) -> bool {
        self.graph.is_decimal(at) && self.graph.is_present(at)
    }

    /// One of two, by a truth.
    fn either<T: 'static>(&self, condition: NodeIx, then: Made<T>, otherwise: Made<T>) -> Made<T> {
        let condition = self.truth(condition);
        Made::new(move |view| if condition.of(view)? { then.of(view) } else { otherwise.of(view) })
    }

    /// Something after others that may fail.
    fn after<T: 'static>(&self, before: &[NodeIx], then: Made<T>) -> Made<T> {
        let before: Box<[Made<Datum>]> = before.iter().map(|one| self.datum(*one)).collect();
        Made::new(move |view| {
            for one in &before {
                one.of(view)?;
            }
            then.of(view)
        })
    }
}
