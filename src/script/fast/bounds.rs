//! Between which numbers a value lies, whatever a script is given.

use super::super::ops::BinaryOp;

/// The least and the greatest number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The least.
    pub least: i64,
    /// The greatest.
    pub greatest: i64,
}

impl Bounds {
    /// Nothing is known.
    pub const ANY: Self = Self { least: i64::MIN, greatest: i64::MAX };

    /// A number that is known.
    pub const fn only(number: i64) -> Self {
        Self { least: number, greatest: number }
    }

    /// From minus a number to it.
    pub const fn around_zero(most: i64) -> Self {
        Self { least: most.wrapping_neg(), greatest: most }
    }

    /// Of one or the other.
    pub fn or(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), greatest: self.greatest.max(other.greatest) }
    }

    /// Of the lesser of two.
    pub fn least(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), greatest: self.greatest.min(other.greatest) }
    }

    /// Of the greater of two.
    pub fn greatest(self, other: Self) -> Self {
        Self { least: self.least.max(other.least), greatest: self.greatest.max(other.greatest) }
    }

    /// Of a sum, a difference or a product; `None` where it may overflow, and for a quotient, which may be by zero.
    pub fn of(op: BinaryOp, one: Self, other: Self) -> Option<Self> {
        let corners = match op {
            BinaryOp::Add => [(one.least, other.least), (one.greatest, other.greatest)],
            BinaryOp::Subtract => [(one.least, other.greatest), (one.greatest, other.least)],
            BinaryOp::Multiply => {
                let by_least = Self::over([(one.least, other.least), (one.greatest, other.least)], op)?;
                return Some(
                    by_least.or(Self::over([(one.least, other.greatest), (one.greatest, other.greatest)], op)?),
                );
            }
            _ => return None,
        };
        Self::over(corners, op)
    }

    fn over([one, other]: [(i64, i64); 2], op: BinaryOp) -> Option<Self> {
        Some(Self::only(op.of_integers(one.0, one.1)?).or(Self::only(op.of_integers(other.0, other.1)?)))
    }

    /// Whether all numbers within are in a range, or none of them; `None` where some are.
    pub fn are_in(self, range: &std::ops::RangeInclusive<i64>) -> Option<bool> {
        if range.contains(&self.least) && range.contains(&self.greatest) {
            Some(true)
        } else if self.greatest < *range.start() || self.least > *range.end() {
            Some(false)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bounds() -> impl Strategy<Value = (Bounds, i64)> {
        let number = || prop_oneof![-9_i64..9, any::<i64>(), Just(i64::MIN), Just(i64::MAX)];
        [number(), number(), number()].prop_map(|mut three| {
            three.sort_unstable();
            let [least, number, greatest] = three;
            (Bounds { least, greatest }, number)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_computed_lies_within((one, a) in bounds(), (other, b) in bounds(), from in any::<i64>()) {
            let holds = |within: Bounds, number: i64| within.least <= number && number <= within.greatest;
            for op in BinaryOp::ARITHMETIC {
                if let Some(within) = Bounds::of(op, one, other) {
                    let number = op.of_integers(a, b);
                    prop_assert!(number.is_some_and(|number| holds(within, number)), "{op:?} {a} {b}: {number:?}");
                }
            }
            prop_assert!(holds(one.or(other), a) && holds(one.or(other), b));
            prop_assert!(holds(one.least(other), a.min(b)) && holds(one.greatest(other), a.max(b)));
            let range = from.min(b)..=from.max(b);
            prop_assert!(one.are_in(&range).is_none_or(|are| are == range.contains(&a)));
        }
    }

    #[test]
    fn what_may_overflow_has_no_bounds() {
        let most = Bounds { least: 0, greatest: i64::MAX };
        assert_eq!(Bounds::of(BinaryOp::Add, most, Bounds::only(1)), None);
        assert_eq!(Bounds::of(BinaryOp::Subtract, Bounds::ANY, Bounds::only(1)), None);
        assert_eq!(Bounds::of(BinaryOp::Multiply, Bounds::only(i64::MIN), Bounds::only(-1)), None);
        assert_eq!(Bounds::of(BinaryOp::Divide, Bounds::only(1), Bounds::only(1)), None, "a divisor may be zero");
        assert_eq!(Bounds::of(BinaryOp::Add, most, Bounds::only(0)), Some(most));
    }
}
