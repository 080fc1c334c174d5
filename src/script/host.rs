//! Functions that scripts may call. All are pure: no clock, no environment, no randomness.

use iso_currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy};

use super::error::ScriptError;
use super::ops::{as_decimal, compare, misplaced, without_negative_zero};
use crate::model::{Type, Value};

/// One function with its parameters, its result and its implementation.
pub(super) struct HostFunction {
    pub(super) name: &'static str,
    pub(super) signature: &'static str,
    about: &'static str,
    pub(super) params: &'static [Param],
    gives: Gives,
    run: fn(&[&Value]) -> Result<Value, ScriptError>,
}

impl std::fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.signature)
    }
}

/// What a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Param {
    Date,
    Timestamp,
    Duration,
    Integer,
    /// A decimal, or an integer that becomes one.
    Decimal,
    Currency,
    Text,
    /// A number or a date; both parameters of a function alike.
    Ordered,
    /// A text or a set.
    Counted,
    Set,
    /// An element of the set before it.
    Element,
}

#[derive(Clone, Copy)]
enum Gives {
    Boolean,
    Integer,
    Decimal,
    Date,
    Timestamp,
    /// The type of the arguments; an integer and a decimal give a decimal.
    Same,
}

/// The functions that scripts may call, as signature and description.
pub fn host_functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    FUNCTIONS.iter().map(|f| (f.signature, f.about))
}

pub(super) fn find(name: &str) -> Option<&'static HostFunction> {
    FUNCTIONS.iter().find(|f| f.name == name)
}

pub(super) fn all() -> &'static [HostFunction] {
    FUNCTIONS
}

impl HostFunction {
    pub(super) fn call(&self, args: &[&Value]) -> Result<Value, ScriptError> {
        (self.run)(args)
    }

    /// The type of the result for arguments that were accepted.
    pub(super) fn result(&self, args: &[Type]) -> Type {
        match self.gives {
            Gives::Boolean => Type::Boolean,
            Gives::Integer => Type::Integer,
            Gives::Decimal => Type::Decimal,
            Gives::Date => Type::Date,
            Gives::Timestamp => Type::Timestamp,
            Gives::Same if args.contains(&Type::Decimal) => Type::Decimal,
            Gives::Same => args.first().cloned().unwrap_or(Type::Integer),
        }
    }
}

impl Param {
    /// Whether an argument of this type is accepted after `before`.
    pub(super) fn accepts(self, type_: &Type, before: Option<&Type>) -> bool {
        match self {
            Self::Date => *type_ == Type::Date,
            Self::Timestamp => *type_ == Type::Timestamp,
            Self::Duration => *type_ == Type::Duration,
            Self::Integer => *type_ == Type::Integer,
            Self::Decimal => is_number(type_),
            Self::Currency => *type_ == Type::Currency,
            Self::Text => *type_ == Type::Text,
            Self::Ordered => match before {
                Some(first) => first == type_ || (is_number(first) && is_number(type_)),
                None => is_number(type_) || *type_ == Type::Date,
            },
            Self::Counted => matches!(type_, Type::Text | Type::Set(_)),
            Self::Set => matches!(type_, Type::Set(_)),
            Self::Element => matches!(before, Some(Type::Set(inner)) if **inner == *type_),
        }
    }

    /// The type as which a text literal is read here.
    pub(super) fn hint(self, before: Option<&Type>) -> Option<Type> {
        match (self, before) {
            (Self::Currency, _) => Some(Type::Currency),
            (Self::Element, Some(Type::Set(inner))) => Some((**inner).clone()),
            _ => None,
        }
    }
}

/// Whether `type_` is an integer or a decimal.
pub(super) fn is_number(type_: &Type) -> bool {
    matches!(type_, Type::Integer | Type::Decimal)
}

/// Whether `code` is a currency of ISO 4217.
pub(super) fn is_currency(code: &str) -> bool {
    Currency::from_code(code).is_some()
}

const fn function(
    name: &'static str,
    (signature, about): (&'static str, &'static str),
    params: &'static [Param],
    gives: Gives,
    run: fn(&[&Value]) -> Result<Value, ScriptError>,
) -> HostFunction {
    HostFunction { name, signature, about, params, gives, run }
}

static FUNCTIONS: &[HostFunction] = &[
    function("date", ("date(timestamp) -> date", "the UTC date of an instant"), &[Param::Timestamp], Gives::Date, date),
    function(
        "local_date",
        ("local_date(timestamp, zone: text) -> date", "the date of an instant in a named time zone"),
        &[Param::Timestamp, Param::Text],
        Gives::Date,
        local_date,
    ),
    function(
        "start_of",
        (
            "start_of(date, zone: text) -> timestamp",
            "the first instant of a date in a named time zone, also where its clocks leave out midnight",
        ),
        &[Param::Date, Param::Text],
        Gives::Timestamp,
        start_of,
    ),
    function(
        "add_seconds",
        ("add_seconds(timestamp, seconds: integer) -> timestamp", "the instant so many seconds later"),
        &[Param::Timestamp, Param::Integer],
        Gives::Timestamp,
        add_seconds,
    ),
    function(
        "days_between",
        ("days_between(from: date, to: date) -> integer", "days from one date to another, negative backwards"),
        &[Param::Date, Param::Date],
        Gives::Integer,
        days_between,
    ),
    function(
        "add_days",
        ("add_days(date, days: integer) -> date", "the date so many days later, or earlier when negative"),
        &[Param::Date, Param::Integer],
        Gives::Date,
        add_days,
    ),
    function(
        "add_duration",
        (
            "add_duration(date, duration) -> date",
            "months first, clamped to the month's last day, then days; hours count as whole days only",
        ),
        &[Param::Date, Param::Duration],
        Gives::Date,
        add_duration,
    ),
    function(
        "is_after",
        ("is_after(timestamp, timestamp) -> boolean", "whether the first is certainly later than the second"),
        &[Param::Timestamp, Param::Timestamp],
        Gives::Boolean,
        is_after,
    ),
    function(
        "seconds_between",
        ("seconds_between(from: timestamp, to: timestamp) -> integer", "whole seconds, rounded down"),
        &[Param::Timestamp, Param::Timestamp],
        Gives::Integer,
        seconds_between,
    ),
    function(
        "truncate",
        ("truncate(decimal, digits: integer) -> decimal", "cut toward zero to exactly so many decimal digits"),
        &[Param::Decimal, Param::Integer],
        Gives::Decimal,
        |args| round("truncate", RoundingStrategy::ToZero, args),
    ),
    function(
        "round_half_up",
        ("round_half_up(decimal, digits: integer) -> decimal", "to the nearest, halves away from zero"),
        &[Param::Decimal, Param::Integer],
        Gives::Decimal,
        |args| round("round_half_up", RoundingStrategy::MidpointAwayFromZero, args),
    ),
    function(
        "round_half_even",
        ("round_half_even(decimal, digits: integer) -> decimal", "to the nearest, halves to the even digit"),
        &[Param::Decimal, Param::Integer],
        Gives::Decimal,
        |args| round("round_half_even", RoundingStrategy::MidpointNearestEven, args),
    ),
    function(
        "minor_units",
        ("minor_units(currency) -> integer", "decimal digits of a currency by ISO 4217"),
        &[Param::Currency],
        Gives::Integer,
        minor_units,
    ),
    function(
        "min",
        ("min(a, b) -> the same type", "the smaller of two numbers, the earlier of two dates"),
        &[Param::Ordered, Param::Ordered],
        Gives::Same,
        |args| choose("min", false, args),
    ),
    function(
        "max",
        ("max(a, b) -> the same type", "the greater of two numbers, the later of two dates"),
        &[Param::Ordered, Param::Ordered],
        Gives::Same,
        |args| choose("max", true, args),
    ),
    function(
        "abs",
        ("abs(number) -> the same type", "the amount without its sign"),
        &[Param::Decimal],
        Gives::Same,
        abs,
    ),
    function(
        "decimal",
        ("decimal(integer) -> decimal", "the integer as a decimal"),
        &[Param::Integer],
        Gives::Decimal,
        |args| args.first().and_then(|v| as_decimal(v)).map(Value::Decimal).ok_or_else(|| misplaced("decimal")),
    ),
    function(
        "len",
        ("len(text or set) -> integer", "characters of a text, elements of a set"),
        &[Param::Counted],
        Gives::Integer,
        len,
    ),
    function(
        "contains",
        ("contains(set, element) -> boolean", "the same as `element in set`"),
        &[Param::Set, Param::Element],
        Gives::Boolean,
        contains,
    ),
];

fn date(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Timestamp(t)] => Ok(Value::Date(t.date())),
        _ => Err(misplaced("date")),
    }
}

fn local_date(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Timestamp(t), Value::Text(zone)] => {
            t.date_in(zone).map(Value::Date).ok_or_else(|| ScriptError::NoZone { zone: zone.to_string() })
        }
        _ => Err(misplaced("local_date")),
    }
}

fn start_of(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Date(date), Value::Text(zone)] if date.start().date_in(zone).is_none() => {
            Err(ScriptError::NoZone { zone: zone.to_string() })
        }
        [Value::Date(date), Value::Text(zone)] => {
            date.start_in(zone).map(Value::Timestamp).ok_or(ScriptError::DateOutOfRange { operation: "start_of" })
        }
        _ => Err(misplaced("start_of")),
    }
}

fn add_seconds(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Timestamp(t), Value::Integer(seconds)] => t
            .plus_seconds(*seconds)
            .map(Value::Timestamp)
            .ok_or(ScriptError::DateOutOfRange { operation: "add_seconds" }),
        _ => Err(misplaced("add_seconds")),
    }
}

fn days_between(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Date(from), Value::Date(to)] => Ok(Value::Integer(from.days_until(*to))),
        _ => Err(misplaced("days_between")),
    }
}

fn add_days(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Date(date), Value::Integer(days)] => {
            date.plus_days(*days).map(Value::Date).ok_or(ScriptError::DateOutOfRange { operation: "add_days" })
        }
        _ => Err(misplaced("add_days")),
    }
}

fn add_duration(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Date(date), Value::Duration(duration)] => {
            date.plus(*duration).map(Value::Date).ok_or(ScriptError::DateOutOfRange { operation: "add_duration" })
        }
        _ => Err(misplaced("add_duration")),
    }
}

fn is_after(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Timestamp(a), Value::Timestamp(b)] => Ok(Value::Boolean(a.is_after(*b))),
        _ => Err(misplaced("is_after")),
    }
}

fn seconds_between(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Timestamp(from), Value::Timestamp(to)] => Ok(Value::Integer(from.seconds_until(*to))),
        _ => Err(misplaced("seconds_between")),
    }
}

fn round(operation: &'static str, strategy: RoundingStrategy, args: &[&Value]) -> Result<Value, ScriptError> {
    let [amount, Value::Integer(digits)] = args else { return Err(misplaced(operation)) };
    let amount = as_decimal(amount).ok_or_else(|| misplaced(operation))?;
    let scale = u32::try_from(*digits).ok().filter(|d| *d <= Decimal::MAX_SCALE);
    let scale = scale.ok_or(ScriptError::Digits { operation, digits: *digits })?;
    let mut rounded = amount.round_dp_with_strategy(scale, strategy);
    rounded.rescale(scale);
    if rounded.scale() == scale {
        Ok(Value::Decimal(without_negative_zero(rounded)))
    } else {
        Err(ScriptError::Overflow { operation })
    }
}

fn minor_units(args: &[&Value]) -> Result<Value, ScriptError> {
    let [Value::Text(code)] = args else { return Err(misplaced("minor_units")) };
    let units = Currency::from_code(code).and_then(Currency::exponent);
    units.map(|u| Value::Integer(u.into())).ok_or_else(|| ScriptError::NoMinorUnit { code: code.to_string() })
}

fn choose(operation: &'static str, greater: bool, args: &[&Value]) -> Result<Value, ScriptError> {
    let [a, b] = args else { return Err(misplaced(operation)) };
    let order = compare(a, b).ok_or_else(|| misplaced(operation))?;
    let chosen = if order.is_gt() == greater { *a } else { *b };
    let mixed = matches!((a, b), (Value::Decimal(_), _) | (_, Value::Decimal(_)));
    Ok(as_decimal(chosen).filter(|_| mixed).map_or_else(|| chosen.clone(), Value::Decimal))
}

fn abs(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Integer(i)] => i.checked_abs().map(Value::Integer).ok_or(ScriptError::Overflow { operation: "abs" }),
        [Value::Decimal(d)] => Ok(Value::Decimal(d.abs())),
        _ => Err(misplaced("abs")),
    }
}

fn len(args: &[&Value]) -> Result<Value, ScriptError> {
    let count = match args {
        [Value::Text(text)] => text.chars().count(),
        [Value::Set(items)] => items.len(),
        _ => return Err(misplaced("len")),
    };
    i64::try_from(count).map(Value::Integer).map_err(|_| ScriptError::Overflow { operation: "len" })
}

fn contains(args: &[&Value]) -> Result<Value, ScriptError> {
    match args {
        [Value::Set(items), item] => Ok(Value::Boolean(items.contains(item))),
        _ => Err(misplaced("contains")),
    }
}
