//! Results that are computed, and what has to be known before.

use rust_decimal::Decimal;

use crate::script::{Datum, GiveUp, Scratch, Small, Tag};

use super::super::check::Tri;
use super::super::fact;
use super::super::slots::Slot;
use super::super::sources::Gate;
use super::super::view::{Row, View};
use super::decimals::Ratio;
use super::gates::Failures;
use super::numbers::Whole;

/// What has to be known before a result is computed; where it is not, there is none.
#[derive(Debug)]
pub enum Passes {
    /// None of these facts is open, a bit for each, and a row of these tables applies.
    Known(u64, Box<[usize]>),
    /// Settings that change with the date, derived facts, or facts beyond those that have a bit.
    Asked(Gate),
}

type Run = dyn for<'r> Fn(&mut View<'r>, &mut Taking<'_>) -> Result<(), GiveUp> + Send + Sync;

/// Takes values that are told.
#[derive(Debug)]
pub struct Taking<'v> {
    /// In order.
    pub values: &'v mut Vec<Slot>,
    /// Whether what is told is kept.
    pub keeps: bool,
}

impl Taking<'_> {
    #[inline(always)]
    pub(super) fn push(&mut self, slot: Slot) {
        if self.keeps {
            self.values.push(slot);
        }
    }

    /// What is most often told is pushed by itself: a slot that may be anything is copied in parts.
    #[inline(always)]
    pub(super) fn datum(&mut self, datum: Datum, scratch: &Scratch<'_>) -> Result<(), GiveUp> {
        match datum.tag() {
            Tag::Span => self.push(Slot::Text(datum.as_span())),
            Tag::Decimal => self.decimal(scratch.decimal(datum)?),
            _ => self.push(fact::slot(datum, scratch)?),
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn decimal(&mut self, decimal: Decimal) {
        match Small::of(decimal) {
            Some(small) => self.push(Slot::Small(small)),
            None => self.push(Slot::Decimal(decimal)),
        }
    }
}

/// Puts a value to others: [`Slot::Absent`] where there is none. A slot is large, and would be copied more often if it were
/// returned.
#[repr(u8)]
pub enum Tells {
    /// The value of a stated fact.
    Stated(usize),
    /// A whole number.
    Whole(Whole),
    /// A date, by its number.
    Day(Whole),
    /// A quotient, rounded.
    Ratio(Ratio),
    /// Anything else.
    Other(Box<Run>),
}

impl std::fmt::Debug for Tells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tells")
    }
}

impl Tells {
    /// What tells a value.
    pub fn new(
        run: impl for<'r> Fn(&mut View<'r>, &mut Taking<'_>) -> Result<(), GiveUp> + Send + Sync + 'static,
    ) -> Self {
        Self::Other(Box::new(run))
    }

    /// Tells it.
    ///
    /// # Errors
    /// When it fails, or the interpreter is needed.
    #[inline(always)]
    pub fn to(&self, view: &mut View<'_>, out: &mut Taking<'_>) -> Result<(), GiveUp> {
        match self {
            Self::Stated(fact) => {
                let fact = Some(view.stated(*fact)).filter(|fact| fact.is_known());
                out.datum(fact.unwrap_or(Datum::ABSENT), &view.scratch)?;
            }
            Self::Whole(whole) => {
                let number = whole.of(view)?;
                out.push(Slot::Integer(number));
            }
            Self::Day(day) => {
                let number = day.of(view)?;
                out.push(Slot::Date(number));
            }
            Self::Ratio(ratio) => ratio.to(view, out)?,
            Self::Other(tell) => tell(view, out)?,
        }
        Ok(())
    }
}

/// A result that is computed.
#[derive(Debug)]
pub struct Computed {
    /// What has to be known.
    pub passes: Passes,
    /// What may fail where that is not known.
    pub failures: Failures,
    /// Its value.
    pub value: Tells,
}

impl Computed {
    /// One that needs nothing to be known.
    pub fn open(value: Tells) -> Self {
        Self { passes: Passes::Known(0, Box::default()), failures: Failures::default(), value }
    }

    /// Tells its value, where what it needs is known.
    ///
    /// # Errors
    /// When it fails, or the interpreter is needed.
    pub fn to(&self, view: &mut View<'_>, out: &mut Taking<'_>) -> Result<(), GiveUp> {
        let passes = match &self.passes {
            Passes::Known(facts, rows) => match rows_of(rows, view)? {
                Tri::True if view.waits(*facts) => Tri::Open,
                rows => rows,
            },
            Passes::Asked(gate) => view.pass(gate)?,
        };
        if passes == Tri::True {
            return self.value.to(view, out);
        }
        if passes == Tri::Open {
            self.failures.none(view)?;
        }
        out.push(Slot::Absent);
        Ok(())
    }
}

/// Whether a row of each of these tables applies.
///
/// # Errors
/// When the interpreter is needed.
#[inline]
pub fn rows_of(tables: &[usize], view: &mut View<'_>) -> Result<Tri, GiveUp> {
    let mut all = Tri::True;
    for table in tables {
        all = all.and(match view.row(*table)? {
            Row::Found(_) => Tri::True,
            Row::None => Tri::False,
            Row::Open => Tri::Open,
        });
    }
    Ok(all)
}
