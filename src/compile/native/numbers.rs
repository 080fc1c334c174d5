//! Whole numbers, and dates and instants, which are numbers too.

use crate::model::currency::minor_units;
use crate::model::time::{Date, Instant};
use crate::script::{Builtin, Datum, GiveUp, Inputs, NodeIx, Op, Tag};

use super::{Lower, Made, is_day, shared};

impl Lower<'_> {
    pub(super) fn whole(&self, at: NodeIx) -> Made<i64> {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Integer => Made::constant(datum.word()),
            Some(Op::Memo(place, node)) => self.kept(*place, Tag::Integer, Datum::integer, || self.whole(*node)),
            Some(Op::Integers(op, left, right)) if op.is_arithmetic() => {
                let (op, left, right) = (*op, self.whole(*left), self.whole(*right));
                Made::new(move |view| op.of_integers(left.of(view)?, right.of(view)?).ok_or(GiveUp))
            }
            Some(Op::Call(Builtin::DaysBetween, first, second)) => {
                let (first, second) = (self.day(*first), self.day(*second));
                Made::new(move |view| {
                    let first = first.of(view)?;
                    second.of(view)?.checked_sub(first).ok_or(GiveUp)
                })
            }
            Some(Op::Call(Builtin::SecondsBetween, first, second)) => {
                let (first, second) = (self.instant(*first), self.instant(*second));
                Made::new(move |view| Ok(first.of(view)?.seconds_until(second.of(view)?)))
            }
            Some(Op::Call(Builtin::MinorUnits, currency, _)) => {
                let currency = self.datum(*currency);
                Made::new(move |view| {
                    let currency = currency.of(view)?;
                    minor_units(view.scratch().text(currency)?).map(i64::from).ok_or(GiveUp)
                })
            }
            Some(Op::Call(function @ (Builtin::Least | Builtin::Greatest), first, second))
                if self.graph.is_integer(at) =>
            {
                let (is_least, first, second) = (*function == Builtin::Least, self.whole(*first), self.whole(*second));
                Made::new(move |view| {
                    let (a, b) = (first.of(view)?, second.of(view)?);
                    Ok(if is_least { a.min(b) } else { a.max(b) })
                })
            }
            _ => word(self.datum(at), Tag::Integer),
        }
    }

    /// A date, by its number.
    pub(super) fn day(&self, at: NodeIx) -> Made<i64> {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Date => Made::constant(datum.word()),
            Some(Op::Memo(place, node)) if self.graph.op(*node).is_some_and(is_day) => {
                self.kept(*place, Tag::Date, Datum::date, || self.day(*node))
            }
            Some(Op::Call(Builtin::Date, instant, _)) => {
                let instant = self.instant(*instant);
                Made::new(move |view| Ok(instant.of(view)?.date_number()))
            }
            Some(Op::Call(Builtin::AddDays, from, days)) => {
                let (from, days) = (self.day(*from), self.whole(*days));
                Made::new(move |view| {
                    let later = from.of(view)?.checked_add(days.of(view)?).ok_or(GiveUp)?;
                    Datum::day(later).map(|day| day.word()).ok_or(GiveUp)
                })
            }
            Some(Op::Call(Builtin::AddDuration, from, duration)) => {
                let (from, duration) = (self.day(*from), self.datum(*duration));
                Made::new(move |view| {
                    let from = Date::from_number(from.of(view)?).ok_or(GiveUp)?;
                    let duration = duration.of(view)?;
                    let later = from.plus(view.scratch().duration(duration)?).ok_or(GiveUp)?;
                    Ok(later.number())
                })
            }
            Some(Op::If(condition, then, otherwise)) => {
                let (condition, then, otherwise) = (self.truth(*condition), self.day(*then), self.day(*otherwise));
                Made::new(move |view| if condition.of(view)? { then.of(view) } else { otherwise.of(view) })
            }
            _ => word(self.datum(at), Tag::Date),
        }
    }

    pub(super) fn instant(&self, at: NodeIx) -> Made<Instant> {
        if let Some(fact) = self.fact(at) {
            return Made::new(move |view| instant(view.stated(fact)));
        }
        let datum = self.datum(at);
        Made::new(move |view| instant(datum.of(view)?))
    }

    /// Computed once per request.
    fn kept(
        &self,
        place: usize,
        tag: Tag,
        of: fn(i64) -> Option<Datum>,
        make: impl FnOnce() -> Made<i64>,
    ) -> Made<i64> {
        let (node, places) = (shared(&self.whole, place, make), self.graph.places());
        Made::new(move |view| {
            if let Some(known) = view.scratch().recall(place) {
                return if known.tag() == tag { Ok(known.word()) } else { Err(GiveUp) };
            }
            let number = node.of(view)?;
            view.scratch().remember(place, places, of(number).ok_or(GiveUp)?);
            Ok(number)
        })
    }
}

fn instant(datum: Datum) -> Result<Instant, GiveUp> {
    if datum.tag() == Tag::Timestamp { Ok(datum.as_instant()) } else { Err(GiveUp) }
}

fn word(datum: Made<Datum>, tag: Tag) -> Made<i64> {
    Made::new(move |view| match datum.of(view)? {
        found if found.tag() == tag => Ok(found.word()),
        _ => Err(GiveUp),
    })
}
