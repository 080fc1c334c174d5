//! Decimals, rounded to digits after the point.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::ops;
use super::GiveUp;

/// A quotient with so many digits after the point: what dividing first and then rounding gives.
///
/// # Errors
/// When there is no quotient, or it cannot have so many digits.
pub fn quotient(strategy: RoundingStrategy, of: Decimal, by: Decimal, digits: i64) -> Result<Decimal, GiveUp> {
    match small_quotient(strategy, of, by, digits) {
        Some(quotient) => Ok(quotient),
        None => round(strategy, ops::without_negative_zero(of.checked_div(by).ok_or(GiveUp)?), digits),
    }
}

/// More digits are divided and rounded in two steps.
const DIGITS: i64 = 8;

/// A quotient of small numbers, rounded: exact at once, where a division to 28 digits after the point and a rounding after it
/// are each near enough. What lies between two digits, or between a digit and the middle of two, is at least half a divisor's
/// part from either, which is more than 5e-20 of a digit for divisors of 63 bits; the division is wrong by less than 5e-21
/// of one, as long as it has 20 digits more than are wanted. So both come to the same.
fn small_quotient(strategy: RoundingStrategy, of: Decimal, by: Decimal, digits: i64) -> Option<Decimal> {
    if digits > DIGITS {
        return None;
    }
    let exponent = digits.checked_add(by.scale().into())?.checked_sub(of.scale().into())?;
    let power = 10_i64.checked_pow(u32::try_from(exponent.unsigned_abs()).ok()?)?;
    let (of, by) = (i64::try_from(of.mantissa()).ok()?, i64::try_from(by.mantissa()).ok()?);
    let (of, by) = if exponent < 0 { (of, by.checked_mul(power)?) } else { (of.checked_mul(power)?, by) };
    let (quotient, left) = (of.checked_div(by)?, of.checked_rem(by)?);
    let twice = left.unsigned_abs().checked_mul(2)?.cmp(&by.unsigned_abs());
    let away = match strategy {
        RoundingStrategy::MidpointAwayFromZero => twice.is_ge(),
        RoundingStrategy::MidpointNearestEven => twice.is_gt() || (twice.is_eq() && quotient % 2 != 0),
        _ => false,
    };
    let step = if !away { 0 } else { of.signum().checked_mul(by.signum())? };
    Decimal::try_from_i128_with_scale(quotient.checked_add(step)?.into(), u32::try_from(digits).ok()?).ok()
}

/// A decimal with so many digits after the point.
///
/// # Errors
/// When it cannot have them.
pub fn round(strategy: RoundingStrategy, amount: Decimal, digits: i64) -> Result<Decimal, GiveUp> {
    let scale = u32::try_from(digits).ok().filter(|digits| *digits <= Decimal::MAX_SCALE).ok_or(GiveUp)?;
    let mut rounded = amount.round_dp_with_strategy(scale, strategy);
    rounded.rescale(scale);
    if rounded.scale() == scale { Ok(ops::without_negative_zero(rounded)) } else { Err(GiveUp) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn small_quotients_are_those_of_two_steps(
            of in prop_oneof![-10_000_i64..10_000, any::<i64>()],
            by in prop_oneof![-40_i64..40, -100_000_i64..100_000, any::<i64>()],
            scales in (0_u32..19, 0_u32..8),
            digits in 0_i64..28,
            near in 0_i64..3,
        ) {
            // Also what is near the middle of two digits.
            let of = if of % 2 == 0 { of } else { (by / 2).saturating_add(near).saturating_sub(1) };
            let (of, by) = (Decimal::new(of, scales.0), Decimal::new(by, scales.1));
            let strategies =
                [RoundingStrategy::ToZero, RoundingStrategy::MidpointAwayFromZero, RoundingStrategy::MidpointNearestEven];
            for strategy in strategies {
                let slow = of.checked_div(by).map(|quotient| round(strategy, ops::without_negative_zero(quotient), digits));
                let Some(quick) = small_quotient(strategy, of, by, digits) else { continue };
                prop_assert_eq!(slow.and_then(Result::ok).map(|slow| slow.to_string()), Some(quick.to_string()));
            }
        }
    }
}
