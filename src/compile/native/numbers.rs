//! Whole numbers, and dates and instants, which are numbers too.

use std::sync::Arc;

use crate::model::currency::minor_units;
use crate::model::time::{Instant, day_after};
use crate::script::{BinaryOp, Builtin, Datum, GiveUp, Inputs, NodeIx, Op, Tag};

use super::super::view::{NumberPlace, View};
use super::{Lower, Made, shared};

/// A whole number, or a date by its number, and how it is found: what is at hand is not called for.
#[repr(u8)]
pub enum Whole {
    Constant(i64),
    /// A stated fact of this sort.
    Stated(usize, Tag),
    /// The date of a stated instant.
    DateOf(usize),
    /// Days from the date of one stated instant to that of another.
    Days(usize, usize),
    /// Seconds from one stated instant to another.
    Seconds(usize, usize),
    /// Computed once per request, and kept.
    Kept(NumberPlace, Arc<Self>),
    Made(Made<i64>),
}

impl Whole {
    #[inline(always)]
    pub(super) fn of(&self, view: &mut View<'_>) -> Result<i64, GiveUp> {
        match self {
            Self::Constant(number) => Ok(*number),
            Self::Stated(fact, tag) => word(view.stated(*fact), *tag),
            Self::DateOf(fact) => Ok(instant(view.stated(*fact))?.date_number()),
            Self::Days(first, second) => {
                let (first, second) = (instant(view.stated(*first))?, instant(view.stated(*second))?);
                second.date_number().checked_sub(first.date_number()).ok_or(GiveUp)
            }
            Self::Seconds(first, second) => {
                Ok(instant(view.stated(*first))?.seconds_until(instant(view.stated(*second))?))
            }
            Self::Kept(place, node) => match view.number(*place) {
                Some(known) => Ok(known),
                None => keep(*place, node, view),
            },
            Self::Made(made) => made.of(view),
        }
    }

    /// As [`Whole::of`], where it is mostly not kept yet.
    #[inline(always)]
    pub(super) fn first(&self, view: &mut View<'_>) -> Result<i64, GiveUp> {
        match self {
            Self::Kept(place, node) => match view.number(*place) {
                Some(known) => Ok(known),
                None => first(*place, node, view),
            },
            other => other.of(view),
        }
    }

    /// Whether it costs little to find it again.
    pub(super) fn is_at_hand(&self) -> bool {
        !matches!(self, Self::Kept(..) | Self::Made(_))
    }

    fn made(self) -> Made<i64> {
        match self {
            Self::Made(made) => made,
            other => Made::new(move |view| other.of(view)),
        }
    }
}

/// What goes on from a whole number with another.
#[derive(Clone, Copy)]
enum Link {
    Add,
    Subtract,
    Multiply,
    Least,
    Greatest,
}

impl Link {
    #[inline(always)]
    fn to(self, number: i64, other: i64) -> Option<i64> {
        match self {
            Self::Add => BinaryOp::Add.of_integers(number, other),
            Self::Subtract => BinaryOp::Subtract.of_integers(number, other),
            Self::Multiply => BinaryOp::Multiply.of_integers(number, other),
            Self::Least => Some(number.min(other)),
            Self::Greatest => Some(number.max(other)),
        }
    }
}

/// Computes a number and keeps it.
#[inline(always)]
fn first(place: NumberPlace, node: &Whole, view: &mut View<'_>) -> Result<i64, GiveUp> {
    let number = match node {
        Whole::Made(made) => made.of(view)?,
        other => other.of(view)?,
    };
    view.keep_number(place, number);
    Ok(number)
}

/// As [`first`], for the many places where a number was mostly computed before.
#[inline(never)]
fn keep(place: NumberPlace, node: &Whole, view: &mut View<'_>) -> Result<i64, GiveUp> {
    first(place, node, view)
}

impl Lower<'_> {
    /// Whether it costs little to find a number again.
    pub(super) fn is_at_hand(&self, at: NodeIx) -> bool {
        match self.graph.op(at) {
            Some(Op::Plain(_)) => true,
            Some(Op::Input(_)) => self.fact(at).is_some(),
            Some(Op::Memo(place, _)) => NumberPlace::new(*place).is_some(),
            _ => false,
        }
    }

    pub(super) fn whole(&self, at: NodeIx) -> Whole {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Integer => Whole::Constant(datum.word()),
            Some(Op::Memo(place, node)) if self.is_whole(at) => self.kept(*place, Datum::integer, || self.whole(*node)),
            Some(Op::If(condition, then, otherwise)) => {
                Whole::Made(self.one_of(*condition, self.whole(*then), self.whole(*otherwise)))
            }
            Some(Op::Then(before, last)) => Whole::Made(self.after(before, self.whole(*last).made())),
            Some(op) if self.link(at, op).is_some() => Whole::Made(self.chain(at)),
            Some(Op::Integers(op, left, right)) if op.is_arithmetic() => {
                let op = *op;
                Whole::Made(self.of_wholes(*left, *right, move |a, b| op.of_integers(a, b).ok_or(GiveUp)))
            }
            Some(Op::Call(Builtin::DaysBetween, first, second)) => self.days_between(*first, *second),
            Some(Op::Call(Builtin::SecondsBetween, first, second)) => match (self.fact(*first), self.fact(*second)) {
                (Some(first), Some(second)) => Whole::Seconds(first, second),
                _ => Whole::Made(self.of_instants(*first, *second, Instant::seconds_until)),
            },
            Some(Op::Call(Builtin::MinorUnits, currency, _)) => {
                let (stated, currency) = (self.fact(*currency), self.datum(*currency));
                Whole::Made(Made::new(move |view| {
                    let digits = match stated.map(|fact| view.stated(fact)).filter(|fact| fact.tag() == Tag::Span) {
                        Some(span) => minor_units(view.scratch.span(span)?),
                        None => {
                            let currency = currency.of(view)?;
                            minor_units(view.scratch().text(currency)?.as_bytes())
                        }
                    };
                    digits.map(i64::from).ok_or(GiveUp)
                }))
            }
            _ => self.word(at, Tag::Integer),
        }
    }

    /// A date, by its number.
    pub(super) fn day(&self, at: NodeIx) -> Whole {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Date => Whole::Constant(datum.word()),
            Some(Op::Memo(place, node)) if self.is_day(at) => self.kept(*place, Datum::date, || self.day(*node)),
            Some(Op::Then(before, last)) => Whole::Made(self.after(before, self.day(*last).made())),
            Some(Op::Call(Builtin::Date, of, _)) => match self.fact(*of) {
                Some(fact) => Whole::DateOf(fact),
                None => {
                    let instant = self.instant(*of);
                    Whole::Made(Made::new(move |view| Ok(instant.of(view)?.date_number())))
                }
            },
            Some(Op::Call(Builtin::AddDays, from, days)) => {
                let (from, days) = (self.day(*from), self.whole(*days));
                Whole::Made(Made::new(move |view| {
                    let later = from.of(view)?.checked_add(days.of(view)?).ok_or(GiveUp)?;
                    Datum::day(later).map(|day| day.word()).ok_or(GiveUp)
                }))
            }
            Some(Op::Call(Builtin::AddDuration, from, duration)) => {
                Whole::Made(self.day_after(*from, *duration, |_, later| later))
            }
            Some(Op::If(condition, then, otherwise)) => {
                Whole::Made(self.one_of(*condition, self.day(*then), self.day(*otherwise)))
            }
            _ => self.word(at, Tag::Date),
        }
    }

    /// As [`Lower::either`], of numbers; a comparison with a known number is made where it is asked for.
    fn one_of(&self, condition: NodeIx, then: Whole, otherwise: Whole) -> Made<i64> {
        if let Some(Op::Integers(op, left, right)) = self.graph.op(condition)
            && let Some(within) = self.within(*op, *left, *right)
        {
            return Made::new(move |view| if within.of(view)? { then.of(view) } else { otherwise.of(view) });
        }
        let condition = self.truth(condition);
        Made::new(move |view| if condition.of(view)? { then.of(view) } else { otherwise.of(view) })
    }

    /// What is told of a date and of the date that lies a duration after it.
    fn day_after(
        &self,
        from: NodeIx,
        duration: NodeIx,
        tell: impl Fn(i64, i64) -> i64 + Send + Sync + 'static,
    ) -> Made<i64> {
        let from = self.day(from);
        if let Some(fact) = self.fact(duration) {
            return Made::new(move |view| {
                let duration = view.scratch.duration(view.stated(fact))?;
                let from = from.of(view)?;
                day_after(from, duration).map(|later| tell(from, later)).ok_or(GiveUp)
            });
        }
        let duration = self.datum(duration);
        Made::new(move |view| {
            let from = from.of(view)?;
            let duration = duration.of(view)?;
            let later = day_after(from, view.scratch().duration(duration)?);
            later.map(|later| tell(from, later)).ok_or(GiveUp)
        })
    }

    pub(super) fn instant(&self, at: NodeIx) -> Made<Instant> {
        if let Some(fact) = self.fact(at) {
            return Made::new(move |view| instant(view.stated(fact)));
        }
        let datum = self.datum(at);
        Made::new(move |view| instant(datum.of(view)?))
    }

    /// A node of whole numbers that goes on from its first.
    fn link(&self, at: NodeIx, op: &Op) -> Option<(Link, NodeIx, NodeIx)> {
        let link = match op {
            Op::Integers(BinaryOp::Add, ..) => Link::Add,
            Op::Integers(BinaryOp::Subtract, ..) => Link::Subtract,
            Op::Integers(BinaryOp::Multiply, ..) => Link::Multiply,
            Op::Call(Builtin::Least, ..) if self.graph.is_integer(at) => Link::Least,
            Op::Call(Builtin::Greatest, ..) if self.graph.is_integer(at) => Link::Greatest,
            _ => return None,
        };
        match op {
            Op::Integers(_, first, second) | Op::Call(_, first, second) => Some((link, *first, *second)),
            _ => None,
        }
    }

    /// Sums, products and the like, each of which goes on from the one before: in a row, where nobody calls for anything.
    fn chain(&self, mut at: NodeIx) -> Made<i64> {
        let mut links = Vec::new();
        while let Some((link, first, second)) = self.graph.op(at).and_then(|op| self.link(at, op)) {
            links.push((link, self.whole(second)));
            at = first;
        }
        let first = self.whole(at);
        if links.len() == 1
            && let Some((link, second)) = links.pop()
        {
            return match (first, second) {
                (first, Whole::Constant(number)) => {
                    Made::new(move |view| link.to(first.of(view)?, number).ok_or(GiveUp))
                }
                (Whole::Constant(number), second) => {
                    Made::new(move |view| link.to(number, second.of(view)?).ok_or(GiveUp))
                }
                (first, second) => Made::new(move |view| link.to(first.of(view)?, second.of(view)?).ok_or(GiveUp)),
            };
        }
        let mut links = match <[(Link, Whole); 3]>::try_from(links) {
            // What is left of a number, between limits.
            Ok([(Link::Least, most), (Link::Greatest, Whole::Constant(least)), (Link::Subtract, other)]) => {
                return Made::new(move |view| {
                    let left = first.of(view)?.checked_sub(other.of(view)?).ok_or(GiveUp)?;
                    Ok(left.max(least).min(most.of(view)?))
                });
            }
            Ok(links) => Vec::from(links),
            Err(links) => links,
        };
        links.reverse();
        let links: Box<[(Link, Whole)]> = links.into();
        Made::new(move |view| {
            let mut number = first.of(view)?;
            for (link, whole) in &links {
                number = link.to(number, whole.of(view)?).ok_or(GiveUp)?;
            }
            Ok(number)
        })
    }

    /// Something of two whole numbers.
    pub(super) fn of_wholes<T: 'static>(
        &self,
        first: NodeIx,
        second: NodeIx,
        then: impl Fn(i64, i64) -> Result<T, GiveUp> + Send + Sync + 'static,
    ) -> Made<T> {
        let (left, right) = (self.whole(first), self.whole(second));
        Made::new(move |view| then(left.of(view)?, right.of(view)?))
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

    fn days_between(&self, first: NodeIx, second: NodeIx) -> Whole {
        // How many days a term has.
        if let Some(Op::Call(Builtin::AddDuration, from, duration)) = self.graph.op(second)
            && *from == first
        {
            return Whole::Made(self.day_after(first, *duration, |from, later| later.wrapping_sub(from)));
        }
        match (self.day(first), self.day(second)) {
            (Whole::DateOf(first), Whole::DateOf(second)) => Whole::Days(first, second),
            (first, second) => Whole::Made(Made::new(move |view| {
                let first = first.of(view)?;
                second.of(view)?.checked_sub(first).ok_or(GiveUp)
            })),
        }
    }

    /// The word of a fact or of any other value, which is of this sort.
    fn word(&self, at: NodeIx, tag: Tag) -> Whole {
        if let Some(fact) = self.fact(at) {
            return Whole::Stated(fact, tag);
        }
        let datum = self.unsorted(at);
        Whole::Made(Made::new(move |view| word(datum.of(view)?, tag)))
    }

    /// Computed once per request.
    fn kept(&self, place: usize, of: fn(i64) -> Option<Datum>, make: impl FnOnce() -> Whole) -> Whole {
        let (node, places) = (shared(&self.numbers, place, make), self.graph.places());
        if let Some(place) = NumberPlace::new(place) {
            return Whole::Kept(place, node);
        }
        Whole::Made(Made::new(move |view| {
            if let Some(known) = view.scratch().recall(place) {
                return Ok(known.word());
            }
            let number = node.of(view)?;
            view.scratch().remember(place, places, of(number).ok_or(GiveUp)?);
            Ok(number)
        }))
    }
}

pub(super) fn instant(datum: Datum) -> Result<Instant, GiveUp> {
    if datum.tag() == Tag::Timestamp { Ok(datum.as_instant()) } else { Err(GiveUp) }
}

fn word(datum: Datum, tag: Tag) -> Result<i64, GiveUp> {
    if datum.tag() == tag { Ok(datum.word()) } else { Err(GiveUp) }
}
