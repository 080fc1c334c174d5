//! Values to and from Rhai. Symbols are texts there; the static type gives them back.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{Dynamic, ImmutableString};
use rust_decimal::Decimal;

use super::error::ScriptError;
use super::ops::as_decimal;
use crate::model::{Date, Duration, Timestamp, Type, Value};

/// A set as Rhai carries it, its symbols as texts.
#[derive(Clone, Debug)]
pub(super) struct SetOf(pub(super) Arc<BTreeSet<Value>>);

pub(super) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Boolean(b) => Dynamic::from_bool(*b),
        Value::Integer(i) => Dynamic::from_int(*i),
        Value::Decimal(d) => Dynamic::from_decimal(*d),
        Value::Text(t) | Value::Symbol(t) => Dynamic::from(ImmutableString::from(&**t)),
        Value::Date(d) => Dynamic::from(*d),
        Value::Timestamp(t) => Dynamic::from(*t),
        Value::Duration(d) => Dynamic::from(*d),
        Value::Set(items) => Dynamic::from(SetOf(Arc::new(items.iter().map(as_text).collect()))),
    }
}

fn as_text(value: &Value) -> Value {
    match value {
        Value::Symbol(code) => Value::Text(Arc::clone(code)),
        other => other.clone(),
    }
}

/// The value, or `None` for `()`.
pub(super) fn from_dynamic(value: Dynamic) -> Result<Option<Value>, ScriptError> {
    if value.is_unit() {
        return Ok(None);
    }
    let known = value
        .clone()
        .try_cast::<bool>()
        .map(Value::Boolean)
        .or_else(|| value.as_int().ok().map(Value::Integer))
        .or_else(|| value.clone().try_cast::<Decimal>().map(Value::Decimal))
        .or_else(|| value.clone().try_cast::<ImmutableString>().map(|t| Value::Text(t.as_str().into())))
        .or_else(|| value.clone().try_cast::<Date>().map(Value::Date))
        .or_else(|| value.clone().try_cast::<Timestamp>().map(Value::Timestamp))
        .or_else(|| value.clone().try_cast::<Duration>().map(Value::Duration))
        .or_else(|| value.clone().try_cast::<SetOf>().map(|s| Value::Set((*s.0).clone())));
    known.map(Some).ok_or_else(|| ScriptError::internal(format!("a value of type `{}`", value.type_name())))
}

/// Gives a result the exact form of its static type: a text that is a code becomes a symbol, an integer a decimal.
pub(super) fn settle(value: Value, type_: &Type) -> Value {
    match (value, type_) {
        (Value::Text(code), Type::Symbol(_)) => Value::Symbol(code),
        (Value::Integer(i), Type::Decimal) => as_decimal(&Value::Integer(i)).map_or(Value::Integer(i), Value::Decimal),
        (Value::Set(items), Type::Set(inner)) if matches!(**inner, Type::Symbol(_)) => {
            Value::Set(items.into_iter().map(|item| settle(item, inner)).collect())
        }
        (other, _) => other,
    }
}

/// Whether a value is of a type, as far as it can be told without looking into sets.
pub(super) fn is_of(value: &Value, type_: &Type) -> bool {
    matches!(
        (value, type_),
        (Value::Boolean(_), Type::Boolean)
            | (Value::Integer(_), Type::Integer)
            | (Value::Decimal(_), Type::Decimal)
            | (Value::Text(_), Type::Text | Type::Currency)
            | (Value::Date(_), Type::Date)
            | (Value::Timestamp(_), Type::Timestamp)
            | (Value::Duration(_), Type::Duration)
            | (Value::Symbol(_), Type::Symbol(_))
            | (Value::Set(_), Type::Set(_))
    )
}
