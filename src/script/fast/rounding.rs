//! Decimals, rounded to digits after the point.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::ops::{self, BinaryOp};
use super::GiveUp;
use super::run::arithmetic;

/// A decimal all of whose digits a word has, and how many of them are after the point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Small {
    mantissa: i64,
    digits: u32,
}

impl From<i64> for Small {
    fn from(mantissa: i64) -> Self {
        Self { mantissa, digits: 0 }
    }
}

impl From<Small> for Decimal {
    fn from(small: Small) -> Self {
        let digits = small.mantissa.unsigned_abs();
        let [low, middle] =
            [digits, digits >> 32].map(|word| u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default());
        Self::from_parts(low, middle, 0, small.mantissa < 0, small.digits)
    }
}

/// As [`Decimal`] is written.
impl fmt::Display for Small {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(self.mantissa.unsigned_abs());
        let after = usize::try_from(self.digits).unwrap_or(usize::MAX);
        let (whole, part) = digits.split_at_checked(digits.len().saturating_sub(after)).unwrap_or_default();
        f.write_str(if self.mantissa < 0 { "-" } else { "" })?;
        f.write_str(if whole.is_empty() { "0" } else { whole })?;
        if after == 0 { Ok(()) } else { write!(f, ".{part:0>after$}") }
    }
}

impl Small {
    /// A decimal; `None` for one with more digits.
    #[inline]
    pub fn of(decimal: Decimal) -> Option<Self> {
        let parts = decimal.unpack();
        let word = u64::from(parts.mid) << 32 | u64::from(parts.lo);
        let mantissa = if parts.negative { 0_i64.checked_sub_unsigned(word) } else { i64::try_from(word).ok() };
        mantissa.filter(|_| parts.hi == 0).map(|mantissa| Self { mantissa, digits: parts.scale })
    }

    /// A product; `None` for one with more digits.
    #[inline]
    pub fn times(self, by: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(by.mantissa)?;
        let digits = self.digits.checked_add(by.digits).filter(|digits| *digits <= Decimal::MAX_SCALE)?;
        Some(Self { mantissa, digits })
    }
}

/// A quotient with so many digits after the point: what dividing first and then rounding gives.
///
/// # Errors
/// When there is no quotient, or it cannot have so many digits.
pub fn quotient(strategy: RoundingStrategy, of: Decimal, by: Decimal, digits: i64) -> Result<Decimal, GiveUp> {
    if let (Some(of), Some(by)) = (Small::of(of), Small::of(by))
        && let Some(quotient) = small_quotient(strategy, of, by, digits)
    {
        return Ok(quotient.into());
    }
    round(strategy, arithmetic(BinaryOp::Divide, of, by)?, digits)
}

/// More digits are divided and rounded in two steps.
const DIGITS: i64 = 8;

/// The powers of ten that a word has room for.
const POWERS: [i64; 19] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
    1_000_000_000_000,
    10_000_000_000_000,
    100_000_000_000_000,
    1_000_000_000_000_000,
    10_000_000_000_000_000,
    100_000_000_000_000_000,
    1_000_000_000_000_000_000,
];

/// A quotient of small numbers, rounded: exact at once, where a division to 28 digits after the point and a rounding after it
/// are each near enough. What lies between two digits, or between a digit and the middle of two, is at least half a divisor's
/// part from either, which is more than 5e-20 of a digit for divisors of 63 bits; the division is wrong by less than 5e-21
/// of one, as long as it has 20 digits more than are wanted. So both come to the same.
#[inline]
pub fn small_quotient(strategy: RoundingStrategy, of: Small, by: Small, digits: i64) -> Option<Small> {
    if digits > DIGITS {
        return None;
    }
    let exponent = digits.checked_add(by.digits.into())?.checked_sub(of.digits.into())?;
    let power = *POWERS.get(usize::try_from(exponent.unsigned_abs()).ok()?)?;
    let (of, by) = (of.mantissa, by.mantissa);
    let (of, by) = if exponent < 0 { (of, by.checked_mul(power)?) } else { (of.checked_mul(power)?, by) };
    let quotient = of.checked_div(by)?;
    let step = match strategy {
        RoundingStrategy::ToZero => 0,
        _ => step(strategy, of, by, quotient)?,
    };
    Some(Small { mantissa: quotient.checked_add(step)?, digits: u32::try_from(digits).ok()? })
}

/// What is added to a quotient of whole numbers when it is rounded.
fn step(strategy: RoundingStrategy, of: i64, by: i64, quotient: i64) -> Option<i64> {
    let left = of.checked_rem(by)?;
    let twice = left.unsigned_abs().checked_mul(2)?.cmp(&by.unsigned_abs());
    let away = match strategy {
        RoundingStrategy::MidpointAwayFromZero => twice.is_ge(),
        RoundingStrategy::MidpointNearestEven => twice.is_gt() || (twice.is_eq() && quotient % 2 != 0),
        _ => false,
    };
    if away { of.signum().checked_mul(by.signum()) } else { Some(0) }
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
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn products_are_those_of_decimals(
            a in any::<i64>(), b in prop_oneof![-100_i64..100, any::<i64>()], scales in (0_u32..29, 0_u32..29)
        ) {
            let fits = a.checked_mul(b).is_some() && scales.0.saturating_add(scales.1) <= Decimal::MAX_SCALE;
            let (a, b) = (Decimal::new(a, scales.0), Decimal::new(b, scales.1));
            let quick = Small::of(a).zip(Small::of(b)).and_then(|(a, b)| a.times(b));
            let quick = quick.map(|product| Decimal::new(product.mantissa, product.digits));
            prop_assert_eq!(quick.is_some(), fits);
            prop_assert!(!fits || quick == arithmetic(BinaryOp::Multiply, a, b).ok());
        }

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
            let (of, by) = (Small { mantissa: of, digits: scales.0 }, Small { mantissa: by, digits: scales.1 });
            let strategies =
                [RoundingStrategy::ToZero, RoundingStrategy::MidpointAwayFromZero, RoundingStrategy::MidpointNearestEven];
            for strategy in strategies {
                let quotient = Decimal::new(of.mantissa, of.digits).checked_div(Decimal::new(by.mantissa, by.digits));
                let slow = quotient.map(|quotient| round(strategy, ops::without_negative_zero(quotient), digits));
                let Some(quick) = small_quotient(strategy, of, by, digits) else { continue };
                prop_assert_eq!(slow.and_then(Result::ok).map(|slow| slow.to_string()), Some(Decimal::from(quick).to_string()));
                prop_assert_eq!(quick.to_string(), Decimal::from(quick).to_string());
            }
        }
    }
}
