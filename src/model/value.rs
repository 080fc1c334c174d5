//! Types and values of facts, table cells and results.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::time::{Date, Duration, Timestamp};

/// The type of a fact, a table column, a result or a script expression.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `true` or `false`.
    Boolean,
    /// A whole number, 64 bits signed.
    Integer,
    /// An exact decimal number, written as a string in requests (money, percentages).
    Decimal,
    /// Free text.
    Text,
    /// An ISO 4217 currency code.
    Currency,
    /// A civil date.
    Date,
    /// An instant.
    Timestamp,
    /// An ISO 8601 duration.
    Duration,
    /// A code of a registry or of an enumeration, by the name of that type in the vocabulary.
    Symbol(Arc<str>),
    /// A set of values of one type.
    Set(Box<Type>),
}

impl Type {
    /// The types that every vocabulary has.
    pub const BUILT_IN: [Self; 8] = [
        Self::Boolean,
        Self::Integer,
        Self::Decimal,
        Self::Text,
        Self::Currency,
        Self::Date,
        Self::Timestamp,
        Self::Duration,
    ];

    /// Whether values of the type are ordered, so that bounds (`at-least`, `less-than`) make sense.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Date | Self::Timestamp | Self::Duration)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("boolean"),
            Self::Integer => f.write_str("integer"),
            Self::Decimal => f.write_str("decimal"),
            Self::Text => f.write_str("text"),
            Self::Currency => f.write_str("currency"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::Symbol(name) => f.write_str(name),
            Self::Set(inner) => write!(f, "set of {inner}"),
        }
    }
}

/// One typed value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// See [`Type::Boolean`].
    Boolean(bool),
    /// See [`Type::Integer`].
    Integer(i64),
    /// See [`Type::Decimal`].
    Decimal(Decimal),
    /// See [`Type::Text`] and [`Type::Currency`].
    Text(Arc<str>),
    /// See [`Type::Date`].
    Date(Date),
    /// See [`Type::Timestamp`].
    Timestamp(Timestamp),
    /// See [`Type::Duration`].
    Duration(Duration),
    /// The code of an entry of a registry or an enumeration.
    Symbol(Arc<str>),
    /// See [`Type::Set`].
    Set(BTreeSet<Value>),
}

impl Value {
    /// Reads an exact decimal: digits, at most one point, an optional leading minus; no exponent, no separators, at
    /// most 28 digits.
    ///
    /// ```
    /// use clausal::Value;
    /// assert_eq!(Value::parse_decimal("1000.00").map(|v| v.to_string()).as_deref(), Some("1000.00"));
    /// assert_eq!(Value::parse_decimal("1e3"), None);
    /// ```
    #[must_use]
    pub fn parse_decimal(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || whole.len().saturating_add(fraction.len()) > 28 {
            return None;
        }
        Decimal::from_str_exact(text).ok().map(Self::Decimal)
    }

    /// The value as JSON of the contract: money and decimals as strings, dates and codes as strings.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Boolean(b) => (*b).into(),
            Self::Integer(i) => (*i).into(),
            Self::Set(items) => items.iter().map(Self::to_json).collect(),
            other => other.to_string().into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(b) => b.fmt(f),
            Self::Integer(i) => i.fmt(f),
            Self::Decimal(d) => d.fmt(f),
            Self::Text(t) | Self::Symbol(t) => f.write_str(t),
            Self::Date(d) => d.fmt(f),
            Self::Timestamp(t) => t.fmt(f),
            Self::Duration(d) => d.fmt(f),
            Self::Set(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
        }
    }
}
