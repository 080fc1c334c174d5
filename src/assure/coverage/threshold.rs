//! Where a value stands to a threshold: on it, or one step beside it.

use rust_decimal::Decimal;

use crate::model::time::{Duration, Timestamp};
use crate::model::value::Value;

use super::Position;

/// The position of a value that is on a threshold or one step from it. A step is 1 for integers, a day for dates and
/// durations, a second for instants (a day where only dates are written), and one in the last digit written for
/// decimals.
pub fn position(value: &Value, limit: &Value) -> Option<Position> {
    let beside = match (value, limit) {
        _ if value == limit => return Some(Position::At),
        (Value::Integer(a), Value::Integer(b)) => a.abs_diff(*b) == 1,
        (Value::Date(a), Value::Date(b)) => a.days_until(*b).unsigned_abs() == 1,
        (Value::Decimal(a), Value::Decimal(b)) => {
            let step = Decimal::new(1, a.scale().max(b.scale()));
            a.checked_sub(*b).is_some_and(|difference| difference.abs() <= step)
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => near(*a, *b),
        (Value::Timestamp(a), Value::Date(b)) => near(*a, b.start()),
        (Value::Duration(a), Value::Duration(b)) => length(*a).abs_diff(length(*b)) <= DAY.unsigned_abs(),
        _ => false,
    };
    beside.then_some(if value < limit { Position::Below } else { Position::Above })
}

const DAY: i64 = 86_400;

fn near(a: Timestamp, b: Timestamp) -> bool {
    let step = if a.is_whole_day() { DAY } else { 1 };
    (step.saturating_neg()..=step).contains(&a.seconds_until(b))
}

/// Seconds; months count as 30 days, which is enough to tell neighbours.
fn length(duration: Duration) -> i64 {
    let days = i64::from(duration.months).saturating_mul(30).saturating_add(duration.days);
    days.saturating_mul(DAY).saturating_add(duration.seconds)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::model::time::Date;

    fn at(text: &str) -> Value {
        Value::Timestamp(Timestamp::parse(text).unwrap())
    }

    #[test]
    fn one_step_is_beside_and_two_are_not() {
        let integer = |a, b| position(&Value::Integer(a), &Value::Integer(b));
        assert_eq!(integer(29, 30), Some(Position::Below));
        assert_eq!(integer(30, 30), Some(Position::At));
        assert_eq!(integer(31, 30), Some(Position::Above));
        assert_eq!(integer(28, 30), None);
        assert_eq!(integer(i64::MIN, i64::MAX), None);
    }

    #[test]
    fn decimals_step_in_the_last_digit() {
        let decimal = |a: &str, b: &str| position(&Value::parse_decimal(a).unwrap(), &Value::parse_decimal(b).unwrap());
        assert_eq!(decimal("99.99", "100"), Some(Position::Below));
        assert_eq!(decimal("101", "100"), Some(Position::Above));
        assert_eq!(decimal("100.00", "100"), Some(Position::At));
        assert_eq!(decimal("99.90", "100"), None);
    }

    #[test]
    fn instants_step_by_a_second_and_whole_days_by_a_day() {
        let limit = at("2021-06-01T00:00:00Z");
        assert_eq!(position(&at("2021-05-31T23:59:59Z"), &limit), Some(Position::Below));
        assert_eq!(position(&at("2021-05-31T23:59:00Z"), &limit), None);
        assert_eq!(position(&at("2021-05-31"), &at("2021-06-01")), Some(Position::Below));
        let date = |text| Value::Date(Date::parse(text).unwrap());
        assert_eq!(position(&date("2021-06-02"), &date("2021-06-01")), Some(Position::Above));
        assert_eq!(position(&date("2021-06-03"), &date("2021-06-01")), None);
    }
}
