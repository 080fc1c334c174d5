//! Operators over values: checked arithmetic and comparison. Both evaluators use them.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::error::ScriptError;
use crate::model::Value;

/// An operator with two operands, both always evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl BinaryOp {
    /// Those whose operands are numbers (or texts, for `+`).
    pub(super) const ARITHMETIC: [Self; 5] = [Self::Add, Self::Subtract, Self::Multiply, Self::Divide, Self::Remainder];

    pub(super) const COMPARISONS: [Self; 6] =
        [Self::Equal, Self::NotEqual, Self::Less, Self::LessOrEqual, Self::Greater, Self::GreaterOrEqual];

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    pub(super) fn of_symbol(symbol: &str) -> Option<Self> {
        Self::ARITHMETIC.into_iter().chain(Self::COMPARISONS).find(|op| op.symbol() == symbol)
    }

    /// Arithmetic of whole numbers; `None` where there is no result of 64 bits.
    pub(crate) fn of_integers(self, a: i64, b: i64) -> Option<i64> {
        match self {
            Self::Add => a.checked_add(b),
            Self::Subtract => a.checked_sub(b),
            Self::Multiply => a.checked_mul(b),
            Self::Divide => a.checked_div(b),
            _ => a.checked_rem(b),
        }
    }

    /// Whether a comparison holds for an order.
    pub(crate) fn orders(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            _ => order.is_ge(),
        }
    }

    pub(crate) fn is_arithmetic(self) -> bool {
        Self::ARITHMETIC.contains(&self)
    }

    pub(super) fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// Applies an operator; `text_limit` bounds the bytes of a joined text.
pub(super) fn binary(op: BinaryOp, left: &Value, right: &Value, text_limit: usize) -> Result<Value, ScriptError> {
    if op.is_equality() {
        return Ok(Value::Boolean(equal(left, right) == (op == BinaryOp::Equal)));
    }
    if !op.is_arithmetic() {
        return ordered(op, left, right).map(Value::Boolean);
    }
    match (left, right) {
        (Value::Integer(a), Value::Integer(b)) => integer(op, *a, *b).map(Value::Integer),
        (Value::Text(a), Value::Text(b)) if op == BinaryOp::Add => join(a, b, text_limit),
        _ => match (as_decimal(left), as_decimal(right)) {
            (Some(a), Some(b)) => decimal(op, a, b).map(Value::Decimal),
            _ => Err(misplaced(op.symbol())),
        },
    }
}

/// The value as a decimal, when it is a number.
pub(super) fn as_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(i) => Some(Decimal::from(*i)),
        Value::Decimal(d) => Some(*d),
        _ => None,
    }
}

pub(super) fn misplaced(operation: &str) -> ScriptError {
    ScriptError::internal(format!("`{operation}` met a value that its check does not allow"))
}

fn integer(op: BinaryOp, a: i64, b: i64) -> Result<i64, ScriptError> {
    let operation = op.symbol();
    if b == 0 && matches!(op, BinaryOp::Divide | BinaryOp::Remainder) {
        return Err(ScriptError::DivisionByZero { operation });
    }
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Remainder => a.checked_rem(b),
        _ => return Err(misplaced(operation)),
    };
    result.ok_or(ScriptError::Overflow { operation })
}

fn decimal(op: BinaryOp, a: Decimal, b: Decimal) -> Result<Decimal, ScriptError> {
    let operation = op.symbol();
    if b.is_zero() && matches!(op, BinaryOp::Divide | BinaryOp::Remainder) {
        return Err(ScriptError::DivisionByZero { operation });
    }
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Remainder => a.checked_rem(b),
        _ => return Err(misplaced(operation)),
    };
    result.map(without_negative_zero).ok_or(ScriptError::Overflow { operation })
}

fn join(a: &str, b: &str, limit: usize) -> Result<Value, ScriptError> {
    if a.len().saturating_add(b.len()) > limit {
        return Err(ScriptError::TextTooLong { limit });
    }
    Ok(Value::Text([a, b].concat().into()))
}

/// Whether two values are equal; an integer equals a decimal of the same amount.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Integer(a), Value::Integer(b)) => a == b,
        _ => match (as_decimal(left), as_decimal(right)) {
            (Some(a), Some(b)) => a == b,
            _ => left == right,
        },
    }
}

fn ordered(op: BinaryOp, left: &Value, right: &Value) -> Result<bool, ScriptError> {
    if let (Value::Timestamp(a), Value::Timestamp(b)) = (left, right) {
        return Ok(match op {
            BinaryOp::Less => b.is_after(*a),
            BinaryOp::LessOrEqual => !a.is_after(*b),
            BinaryOp::Greater => a.is_after(*b),
            _ => !b.is_after(*a),
        });
    }
    let order = compare(left, right).ok_or_else(|| misplaced(op.symbol()))?;
    Ok(match op {
        BinaryOp::Less => order.is_lt(),
        BinaryOp::LessOrEqual => order.is_le(),
        BinaryOp::Greater => order.is_gt(),
        _ => order.is_ge(),
    })
}

/// The order of two numbers, dates or durations.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        _ => Some(as_decimal(left)?.cmp(&as_decimal(right)?)),
    }
}

/// `-value`
pub(super) fn negate(value: &Value) -> Result<Value, ScriptError> {
    match value {
        Value::Integer(i) => i.checked_neg().map(Value::Integer).ok_or(ScriptError::Overflow { operation: "-" }),
        Value::Decimal(d) => Ok(Value::Decimal(negative(*d))),
        _ => Err(misplaced("-")),
    }
}

fn negative(mut number: Decimal) -> Decimal {
    number.set_sign_positive(!number.is_sign_positive());
    without_negative_zero(number)
}

/// A zero has no sign: `-0.00` is written `0.00`.
pub(super) fn without_negative_zero(number: Decimal) -> Decimal {
    if number.is_zero() { number.abs() } else { number }
}
