//! What scripts compute of whole numbers, dates, instants and truths, as closures: each knows the sorts of what it takes,
//! and where that is, so that nothing is looked up while a request is decided. Everything else the graph computes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::model::time::Instant;
use crate::script::{Builtin, Datum, GiveUp, Graph, Inputs, NodeIx, Op, Tag};

use super::sources::Scripts;
use super::view::View;

type Made<T> = Box<dyn for<'r> Fn(&mut View<'r>) -> Result<T, GiveUp> + Send + Sync>;

/// What computes a script.
pub enum Native {
    /// A truth.
    Truth(Made<bool>),
    /// A whole number.
    Whole(Made<i64>),
    /// A date, by its number.
    Day(Made<i64>),
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Truth(_) => "Truth",
            Self::Whole(_) => "Whole",
            Self::Day(_) => "Day",
        })
    }
}

impl Native {
    /// The closure of a script whose nodes were given their places; `None` for what the graph computes as well.
    pub fn new(graph: &Graph, stated: usize, root: NodeIx) -> Option<Self> {
        let lower = Lower { graph, stated, kept: RefCell::default() };
        let at = graph.place(root);
        match lower.op_within(at)? {
            op if is_truth(op) => Some(Self::Truth(lower.truth(at))),
            op if lower.is_whole(op, at) => Some(Self::Whole(lower.whole(at))),
            Op::Call(Builtin::Date | Builtin::AddDays, ..) => Some(Self::Day(lower.day(at))),
            Op::If(_, then, _) if lower.is_day(*then) && graph.is_present(at) => Some(Self::Day(lower.day(at))),
            _ => None,
        }
    }

    /// What the script gives.
    ///
    /// # Errors
    /// When it fails, or the interpreter is needed.
    #[inline]
    pub fn datum(&self, view: &mut View<'_>) -> Result<Datum, GiveUp> {
        match self {
            Self::Truth(truth) => truth(view).map(Datum::boolean),
            Self::Whole(whole) => whole(view).and_then(|number| Datum::integer(number).ok_or(GiveUp)),
            Self::Day(day) => day(view).and_then(|number| Datum::date(number).ok_or(GiveUp)),
        }
    }
}

fn is_truth(op: &Op) -> bool {
    match op {
        Op::All(_) | Op::Any(_) | Op::Not(_) | Op::IsAbsent(..) | Op::Call(Builtin::IsAfter, ..) => true,
        Op::Integers(op, ..) => !op.is_arithmetic(),
        _ => false,
    }
}

struct Lower<'g> {
    graph: &'g Graph,
    /// Facts up to here are stated.
    stated: usize,
    /// What is kept in each place, made once: a node that is used twice by one that is used twice, and so on, would be made
    /// more often than there is room for.
    kept: RefCell<HashMap<usize, Arc<Made<i64>>>>,
}

impl Lower<'_> {
    /// A node, or the one whose value it keeps.
    fn op_within(&self, at: NodeIx) -> Option<&Op> {
        match self.graph.op(at)? {
            Op::Memo(_, node) => self.graph.op(*node),
            op => Some(op),
        }
    }

    fn is_whole(&self, op: &Op, at: NodeIx) -> bool {
        match op {
            Op::Integers(op, ..) => op.is_arithmetic(),
            Op::Call(Builtin::DaysBetween | Builtin::SecondsBetween, ..) => true,
            Op::Call(Builtin::Least | Builtin::Greatest, ..) => self.graph.is_integer(at),
            _ => false,
        }
    }

    fn is_day(&self, at: NodeIx) -> bool {
        match self.op_within(at) {
            Some(Op::Plain(datum)) => datum.tag() == Tag::Date,
            Some(Op::Call(Builtin::Date | Builtin::AddDays, ..)) => true,
            _ => false,
        }
    }

    /// A stated fact.
    fn fact(&self, at: NodeIx) -> Option<usize> {
        let Some(Op::Input(input)) = self.graph.op(at) else { return None };
        Scripts::fact(*input).filter(|fact| *fact < self.stated)
    }

    /// What only the graph computes.
    fn datum(&self, at: NodeIx) -> Made<Datum> {
        if let Some(fact) = self.fact(at) {
            return Box::new(move |view| match view.stated(fact) {
                code if matches!(code.tag(), Tag::Code | Tag::Codes) => view.kind.scripts.graph.value(at, view),
                fact => Ok(fact),
            });
        }
        Box::new(move |view| view.kind.scripts.graph.value(at, view))
    }

    fn truth(&self, at: NodeIx) -> Made<bool> {
        match self.graph.op(at) {
            Some(Op::All(items)) => self.until(items, false),
            Some(Op::Any(items)) => self.until(items, true),
            Some(Op::Not(one)) => {
                let one = self.truth(*one);
                Box::new(move |view| one(view).map(|holds| !holds))
            }
            Some(Op::IsAbsent(of, negated)) => {
                let (of, negated) = (self.datum(*of), *negated);
                Box::new(move |view| Ok(of(view)?.is_absent() != negated))
            }
            Some(Op::Call(Builtin::IsAfter, first, second)) => {
                let (first, second) = (self.instant(*first), self.instant(*second));
                Box::new(move |view| Ok(first(view)?.is_after(second(view)?)))
            }
            Some(Op::Integers(op, left, right)) if !op.is_arithmetic() => {
                let (op, left, right) = (*op, self.whole(*left), self.whole(*right));
                Box::new(move |view| Ok(op.orders(left(view)?.cmp(&right(view)?))))
            }
            _ => {
                let datum = self.datum(at);
                Box::new(move |view| match datum(view)? {
                    truth if truth.tag() == Tag::Boolean => Ok(truth.word() != 0),
                    _ => Err(GiveUp),
                })
            }
        }
    }

    fn until(&self, items: &[NodeIx], stop: bool) -> Made<bool> {
        let items: Box<[Made<bool>]> = items.iter().map(|item| self.truth(*item)).collect();
        Box::new(move |view| {
            for item in &items {
                if item(view)? == stop {
                    return Ok(stop);
                }
            }
            Ok(!stop)
        })
    }

    fn whole(&self, at: NodeIx) -> Made<i64> {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Integer => {
                let number = datum.word();
                Box::new(move |_| Ok(number))
            }
            Some(Op::Memo(place, node)) => self.kept(*place, Tag::Integer, Datum::integer, || self.whole(*node)),
            Some(Op::Integers(op, left, right)) if op.is_arithmetic() => {
                let (op, left, right) = (*op, self.whole(*left), self.whole(*right));
                Box::new(move |view| op.of_integers(left(view)?, right(view)?).ok_or(GiveUp))
            }
            Some(Op::Call(Builtin::DaysBetween, first, second)) => {
                let (first, second) = (self.day(*first), self.day(*second));
                Box::new(move |view| {
                    let first = first(view)?;
                    second(view)?.checked_sub(first).ok_or(GiveUp)
                })
            }
            Some(Op::Call(Builtin::SecondsBetween, first, second)) => {
                let (first, second) = (self.instant(*first), self.instant(*second));
                Box::new(move |view| Ok(first(view)?.seconds_until(second(view)?)))
            }
            Some(Op::Call(function @ (Builtin::Least | Builtin::Greatest), first, second))
                if self.graph.is_integer(at) =>
            {
                let (is_least, first, second) = (*function == Builtin::Least, self.whole(*first), self.whole(*second));
                Box::new(move |view| {
                    let (a, b) = (first(view)?, second(view)?);
                    Ok(if is_least { a.min(b) } else { a.max(b) })
                })
            }
            _ => word(self.datum(at), Tag::Integer),
        }
    }

    /// A date, by its number.
    fn day(&self, at: NodeIx) -> Made<i64> {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Date => {
                let number = datum.word();
                Box::new(move |_| Ok(number))
            }
            Some(Op::Memo(place, node)) if self.is_day(*node) => {
                self.kept(*place, Tag::Date, Datum::date, || self.day(*node))
            }
            Some(Op::Call(Builtin::Date, instant, _)) => {
                let instant = self.instant(*instant);
                Box::new(move |view| Ok(instant(view)?.date_number()))
            }
            Some(Op::Call(Builtin::AddDays, from, days)) => {
                let (from, days) = (self.day(*from), self.whole(*days));
                Box::new(move |view| {
                    let later = from(view)?.checked_add(days(view)?).ok_or(GiveUp)?;
                    Datum::day(later).map(|day| day.word()).ok_or(GiveUp)
                })
            }
            Some(Op::If(condition, then, otherwise)) => {
                let (condition, then, otherwise) = (self.truth(*condition), self.day(*then), self.day(*otherwise));
                Box::new(move |view| if condition(view)? { then(view) } else { otherwise(view) })
            }
            _ => word(self.datum(at), Tag::Date),
        }
    }

    fn instant(&self, at: NodeIx) -> Made<Instant> {
        if let Some(fact) = self.fact(at) {
            return Box::new(move |view| instant(view.stated(fact)));
        }
        let datum = self.datum(at);
        Box::new(move |view| instant(datum(view)?))
    }

    /// Computed once per request.
    fn kept(
        &self,
        place: usize,
        tag: Tag,
        of: fn(i64) -> Option<Datum>,
        make: impl FnOnce() -> Made<i64>,
    ) -> Made<i64> {
        let known = self.kept.borrow().get(&place).cloned();
        let made = known.unwrap_or_else(|| {
            let made = Arc::new(keeping(place, self.graph.places(), tag, of, make()));
            self.kept.borrow_mut().insert(place, Arc::clone(&made));
            made
        });
        Box::new(move |view| made(view))
    }
}

fn keeping(place: usize, places: usize, tag: Tag, of: fn(i64) -> Option<Datum>, node: Made<i64>) -> Made<i64> {
    Box::new(move |view| {
        if let Some(known) = view.scratch().recall(place) {
            return if known.tag() == tag { Ok(known.word()) } else { Err(GiveUp) };
        }
        let number = node(view)?;
        view.scratch().remember(place, places, of(number).ok_or(GiveUp)?);
        Ok(number)
    })
}

fn instant(datum: Datum) -> Result<Instant, GiveUp> {
    if datum.tag() == Tag::Timestamp { Ok(datum.as_instant()) } else { Err(GiveUp) }
}

fn word(datum: Made<Datum>, tag: Tag) -> Made<i64> {
    Box::new(move |view| match datum(view)? {
        found if found.tag() == tag => Ok(found.word()),
        _ => Err(GiveUp),
    })
}
