//! Values that are copied in two registers, and where computed decimals are kept.

use std::sync::Arc;

use rust_decimal::Decimal;
use smallvec::SmallVec;

use crate::model::{Date, Duration, Timestamp, Value};

use super::GiveUp;

/// A value that is copied, not owned. Sets are not among them. Larger values would be copied through memory, which was
/// most of the time that a script took.
#[derive(Clone, Copy, Debug)]
pub enum Datum<'a> {
    /// `()`
    Absent,
    /// See [`Value::Boolean`].
    Boolean(bool),
    /// See [`Value::Integer`].
    Integer(i64),
    /// See [`Value::Decimal`].
    Decimal(&'a Decimal),
    /// A decimal that was computed, by its place in the scratch.
    Computed(u32),
    /// See [`Value::Text`].
    Text(&'a Arc<str>),
    /// Text of the request: from, until.
    Span(u32, u32),
    /// See [`Value::Symbol`].
    Symbol(&'a Arc<str>),
    /// See [`Value::Date`].
    Date(Date),
    /// See [`Value::Timestamp`].
    Timestamp(Timestamp),
    /// See [`Value::Duration`].
    Duration(&'a Duration),
}

impl<'a> Datum<'a> {
    /// The same value; `None` for a set.
    #[must_use]
    pub fn of(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Boolean(b) => Self::Boolean(*b),
            Value::Integer(i) => Self::Integer(*i),
            Value::Decimal(d) => Self::Decimal(d),
            Value::Text(t) => Self::Text(t),
            Value::Symbol(code) => Self::Symbol(code),
            Value::Date(d) => Self::Date(*d),
            Value::Timestamp(t) => Self::Timestamp(*t),
            Value::Duration(d) => Self::Duration(d),
            Value::Set(_) => return None,
        })
    }

    /// Whether it is absent.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// What data refer to while a request is decided: its text, and decimals that were computed.
#[derive(Debug)]
pub struct Scratch<'a> {
    text: &'a str,
    decimals: SmallVec<[Decimal; 4]>,
}

impl<'a> Scratch<'a> {
    /// Nothing computed yet.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, decimals: SmallVec::new() }
    }

    /// Keeps a decimal.
    ///
    /// # Errors
    /// When more are kept than can be counted.
    pub fn keep<'b>(&mut self, decimal: Decimal) -> Result<Datum<'b>, GiveUp> {
        let at = u32::try_from(self.decimals.len()).map_err(|_| GiveUp)?;
        self.decimals.push(decimal);
        Ok(Datum::Computed(at))
    }

    /// A number as a decimal.
    ///
    /// # Errors
    /// When it is no number.
    pub fn decimal(&self, datum: Datum<'_>) -> Result<Decimal, GiveUp> {
        match datum {
            Datum::Integer(i) => Ok(Decimal::from(i)),
            Datum::Decimal(d) => Ok(*d),
            Datum::Computed(at) => usize::try_from(at).ok().and_then(|at| self.decimals.get(at)).copied().ok_or(GiveUp),
            _ => Err(GiveUp),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// When it is none.
    pub fn text<'t>(&self, datum: Datum<'t>) -> Result<&'t str, GiveUp>
    where
        'a: 't,
    {
        match datum {
            Datum::Text(text) => Ok(text),
            Datum::Span(from, until) => {
                let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
                self.text.get(index(from)..index(until)).ok_or(GiveUp)
            }
            _ => Err(GiveUp),
        }
    }

    /// Whether two values are equal.
    ///
    /// # Errors
    /// When one is absent: nothing is equal to that, the script has to ask for it.
    pub fn equal(&self, left: Datum<'_>, right: Datum<'_>) -> Result<bool, GiveUp> {
        Ok(match (left, right) {
            (Datum::Absent, _) | (_, Datum::Absent) => return Err(GiveUp),
            (Datum::Integer(a), Datum::Integer(b)) => a == b,
            (Datum::Boolean(a), Datum::Boolean(b)) => a == b,
            (Datum::Symbol(a), Datum::Symbol(b)) => a == b,
            (Datum::Date(a), Datum::Date(b)) => a == b,
            (Datum::Timestamp(a), Datum::Timestamp(b)) => a == b,
            (Datum::Duration(a), Datum::Duration(b)) => a == b,
            (Datum::Text(_) | Datum::Span(..), Datum::Text(_) | Datum::Span(..)) => {
                self.text(left)? == self.text(right)?
            }
            _ => self.decimal(left)? == self.decimal(right)?,
        })
    }
}
