//! Whole numbers, and dates and instants, which are numbers too.

use crate::model::currency::minor_units;
use crate::model::time::{Date, Instant};
use crate::script::{Builtin, Datum, GiveUp, Inputs, NodeIx, Op, Tag};

use super::super::view::NUMBERS;
use super::{Lower, Made, shared};

impl Lower<'_> {
    pub(super) fn whole(&self, at: NodeIx) -> Made<i64> {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Integer => Made::constant(datum.word()),
            Some(Op::Memo(place, node)) if self.is_whole(at) => self.kept(*place, Datum::integer, || self.whole(*node)),
            Some(Op::If(condition, then, otherwise)) => {
                self.either(*condition, self.whole(*then), self.whole(*otherwise))
            }
            Some(Op::Then(before, last)) => self.after(before, self.whole(*last)),
            Some(Op::Integers(op, left, right)) if op.is_arithmetic() => {
                let op = *op;
                self.of_wholes(*left, *right, move |left, right| op.of_integers(left, right).ok_or(GiveUp))
            }
            Some(Op::Call(Builtin::DaysBetween, first, second)) => self.days_between(*first, *second),
            Some(Op::Call(Builtin::SecondsBetween, first, second)) => {
                self.of_instants(*first, *second, Instant::seconds_until)
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
                let is_least = *function == Builtin::Least;
                self.of_wholes(*first, *second, move |a, b| Ok(if is_least { a.min(b) } else { a.max(b) }))
            }
            _ => self.word(at, Tag::Integer),
        }
    }

    /// A date, by its number.
    pub(super) fn day(&self, at: NodeIx) -> Made<i64> {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Date => Made::constant(datum.word()),
            Some(Op::Memo(place, node)) if self.is_day(at) => self.kept(*place, Datum::date, || self.day(*node)),
            Some(Op::Then(before, last)) => self.after(before, self.day(*last)),
            Some(Op::Call(Builtin::Date, of, _)) => {
                if let Some(fact) = self.fact(*of) {
                    return Made::new(move |view| Ok(instant(view.stated(fact))?.date_number()));
                }
                let instant = self.instant(*of);
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
            Some(Op::If(condition, then, otherwise)) => self.either(*condition, self.day(*then), self.day(*otherwise)),
            _ => self.word(at, Tag::Date),
        }
    }

    pub(super) fn instant(&self, at: NodeIx) -> Made<Instant> {
        if let Some(fact) = self.fact(at) {
            return Made::new(move |view| instant(view.stated(fact)));
        }
        let datum = self.datum(at);
        Made::new(move |view| instant(datum.of(view)?))
    }

    /// Something of two whole numbers; the second is often a constant.
    pub(super) fn of_wholes<T: 'static>(
        &self,
        first: NodeIx,
        second: NodeIx,
        then: impl Fn(i64, i64) -> Result<T, GiveUp> + Send + Sync + 'static,
    ) -> Made<T> {
        let left = self.whole(first);
        match self.graph.op(second) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Integer => {
                let right = datum.word();
                Made::new(move |view| then(left.of(view)?, right))
            }
            _ => {
                let right = self.whole(second);
                Made::new(move |view| then(left.of(view)?, right.of(view)?))
            }
        }
    }

    /// Something of two instants; both are often stated.
    pub(super) fn of_instants<T: 'static>(
        &self,
        first: NodeIx,
        second: NodeIx,
        then: impl Fn(Instant, Instant) -> T + Send + Sync + 'static,
    ) -> Made<T> {
        if let (Some(first), Some(second)) = (self.fact(first), self.fact(second)) {
            return Made::new(move |view| Ok(then(instant(view.stated(first))?, instant(view.stated(second))?)));
        }
        let (first, second) = (self.instant(first), self.instant(second));
        Made::new(move |view| Ok(then(first.of(view)?, second.of(view)?)))
    }

    fn days_between(&self, first: NodeIx, second: NodeIx) -> Made<i64> {
        let stated = |at| match self.graph.op(at) {
            Some(Op::Call(Builtin::Date, of, _)) => self.fact(*of),
            _ => None,
        };
        if let (Some(first), Some(second)) = (stated(first), stated(second)) {
            return Made::new(move |view| {
                let day = |fact| instant(view.stated(fact)).map(Instant::date_number);
                let from = day(first)?;
                day(second)?.checked_sub(from).ok_or(GiveUp)
            });
        }
        let (first, second) = (self.day(first), self.day(second));
        Made::new(move |view| {
            let first = first.of(view)?;
            second.of(view)?.checked_sub(first).ok_or(GiveUp)
        })
    }

    /// The word of a fact or of any other value, which is of this sort.
    fn word(&self, at: NodeIx, tag: Tag) -> Made<i64> {
        if let Some(fact) = self.fact(at) {
            return Made::new(move |view| word(view.stated(fact), tag));
        }
        let datum = self.unsorted(at);
        Made::new(move |view| word(datum.of(view)?, tag))
    }

    /// Computed once per request.
    fn kept(&self, place: usize, of: fn(i64) -> Option<Datum>, make: impl FnOnce() -> Made<i64>) -> Made<i64> {
        let (node, places) = (shared(&self.numbers, place, make), self.graph.places());
        if place >= NUMBERS {
            return Made::new(move |view| {
                if let Some(known) = view.scratch().recall(place) {
                    return Ok(known.word());
                }
                let number = node.of(view)?;
                view.scratch().remember(place, places, of(number).ok_or(GiveUp)?);
                Ok(number)
            });
        }
        Made::new(move |view| {
            if let Some(known) = view.number(place) {
                return Ok(known);
            }
            let number = node.of(view)?;
            view.keep_number(place, number);
            Ok(number)
        })
    }
}

fn instant(datum: Datum) -> Result<Instant, GiveUp> {
    if datum.tag() == Tag::Timestamp { Ok(datum.as_instant()) } else { Err(GiveUp) }
}

fn word(datum: Datum, tag: Tag) -> Result<i64, GiveUp> {
    if datum.tag() == tag { Ok(datum.word()) } else { Err(GiveUp) }
}
