//! A fact as rules see it: small enough to be copied in two registers.

use crate::script::{Datum, GiveUp, Scratch};

use super::slots::{Slot, Span};

/// What is known of a fact.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'r> {
    /// It was not given.
    Missing,
    /// See [`Slot::Unrecognised`].
    Unrecognised(Span),
    /// See [`Slot::Other`].
    Other(Span),
    /// A code, by its position.
    Symbol(u32),
    /// Codes, one bit each.
    Set(u64),
    /// Any other value, or that there is none.
    Value(Datum<'r>),
}

impl<'r> Fact<'r> {
    /// What a slot says.
    pub fn of(slot: &'r Slot) -> Self {
        Self::Value(match slot {
            Slot::Missing => return Self::Missing,
            Slot::Unrecognised(span) => return Self::Unrecognised(*span),
            Slot::Other(span) => return Self::Other(*span),
            Slot::Symbol(code) => return Self::Symbol(*code),
            Slot::Set(bits) => return Self::Set(*bits),
            Slot::Absent => Datum::Absent,
            Slot::Boolean(b) => Datum::Boolean(*b),
            Slot::Integer(i) => Datum::Integer(*i),
            Slot::Decimal(d) => Datum::Decimal(d),
            Slot::Text((from, until)) => Datum::Span(*from, *until),
            Slot::Date(d) => Datum::Date(*d),
            Slot::Timestamp(t) => Datum::Timestamp(*t),
            Slot::Duration(d) => Datum::Duration(d),
        })
    }

    /// The slot that says the same; text that is not the request's has none.
    ///
    /// # Errors
    /// When there is none.
    pub fn slot(self, scratch: &Scratch<'_>) -> Result<Slot, GiveUp> {
        Ok(match self {
            Self::Missing => Slot::Missing,
            Self::Unrecognised(span) => Slot::Unrecognised(span),
            Self::Other(span) => Slot::Other(span),
            Self::Symbol(code) => Slot::Symbol(code),
            Self::Set(bits) => Slot::Set(bits),
            Self::Value(datum) => plain(datum, scratch)?,
        })
    }

    /// Whether it has a value.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Symbol(_) | Self::Set(_)) || matches!(self, Self::Value(datum) if !datum.is_absent())
    }

    /// Whether it is known that it has none.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Value(Datum::Absent))
    }

    /// Whether it is not known.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Missing | Self::Unrecognised(_) | Self::Other(_))
    }
}

/// The slot of a datum; symbols and text that is not the request's have none.
///
/// # Errors
/// When there is none.
pub fn plain(datum: Datum<'_>, scratch: &Scratch<'_>) -> Result<Slot, GiveUp> {
    Ok(match datum {
        Datum::Absent => Slot::Absent,
        Datum::Boolean(b) => Slot::Boolean(b),
        Datum::Integer(i) => Slot::Integer(i),
        Datum::Decimal(_) | Datum::Computed(_) => Slot::Decimal(scratch.decimal(datum)?),
        Datum::Span(from, until) => Slot::Text((from, until)),
        Datum::Date(d) => Slot::Date(d),
        Datum::Timestamp(t) => Slot::Timestamp(t),
        Datum::Duration(d) => Slot::Duration(*d),
        Datum::Text(_) | Datum::Symbol(_) => return Err(GiveUp),
    })
}

#[cfg(test)]
mod tests {
    use super::{Datum, Fact};

    #[test]
    fn facts_fit_two_registers() {
        assert_eq!(std::mem::size_of::<Datum<'_>>(), 16);
        assert_eq!(std::mem::size_of::<Fact<'_>>(), 16);
    }
}
