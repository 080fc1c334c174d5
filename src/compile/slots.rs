//! A request as the program reads it: a typed slot for each fact of its kind.

use crate::model::time::{Date, Duration, Timestamp};
use crate::model::value::Value;
use rust_decimal::Decimal;

/// A part of the request's text: from, until.
pub type Span = (u32, u32);

/// What is known of a fact. Texts stay in the request's text, codes are positions in their registry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    /// It has no value, and that is known.
    Absent,
    /// It was not given.
    Missing,
    /// It was given in words that no registry knows; asked for again.
    Unrecognised(Span),
    /// It was given in words that no registry knows, a value of its own.
    Other(Span),
    /// `true`, `false`
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// An exact decimal.
    Decimal(Decimal),
    /// Text, and currency codes.
    Text(Span),
    /// A date.
    Date(Date),
    /// An instant.
    Timestamp(Timestamp),
    /// A duration.
    Duration(Duration),
    /// A code, by its position.
    Symbol(u32),
    /// Codes, one bit each.
    Set(u64),
}

/// A request that was read once.
#[derive(Debug)]
pub struct Request {
    /// Its JSON.
    pub text: Box<str>,
    /// The kind, by position.
    pub kind: usize,
    /// A slot for each fact of the kind that is not derived.
    pub slots: Vec<Slot>,
    /// The request's id.
    pub id: Option<Span>,
    /// The decision time as written.
    pub at: Span,
}

impl Request {
    /// A part of the text.
    pub fn part(&self, span: Span) -> &str {
        part(&self.text, span)
    }
}

/// A part of a text; nothing where the span is none of its own.
pub fn part(text: &str, (from, until): Span) -> &str {
    let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    text.get(index(from)..index(until)).unwrap_or_default()
}

impl Slot {
    /// The class of a value by which columns are looked up: four states, then codes (or booleans, or one for all).
    pub fn atom(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Missing => 1,
            Self::Unrecognised(_) => 2,
            Self::Other(_) => 3,
            Self::Symbol(code) => usize::try_from(*code).unwrap_or(usize::MAX).saturating_add(4),
            Self::Boolean(true) => 5,
            _ => 4,
        }
    }

    /// The slot of a value; `None` for what has no slot without its text.
    pub fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Boolean(b) => Self::Boolean(*b),
            Value::Integer(i) => Self::Integer(*i),
            Value::Decimal(d) => Self::Decimal(*d),
            Value::Date(d) => Self::Date(*d),
            Value::Timestamp(t) => Self::Timestamp(*t),
            Value::Duration(d) => Self::Duration(*d),
            Value::Text(_) | Value::Symbol(_) | Value::Set(_) => return None,
        })
    }
}
