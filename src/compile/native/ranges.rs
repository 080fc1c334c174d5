//! Comparisons of numbers that steps make of another, each of which keeps the order of numbers or turns it round: what is
//! compared is the other, with limits of its own, so that no step is computed.

use std::ops::RangeInclusive;

use crate::script::{BinaryOp, Builtin, GiveUp, NodeIx, Op, Tag};

use super::super::view::View;
use super::Lower;
use super::numbers::Whole;

/// What is made of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A sum with another.
    Plus(i64),
    /// What it lacks to another.
    From(i64),
    /// The greater of it and another.
    AtLeast(i64),
    /// The lesser of it and another.
    AtMost(i64),
}

impl Step {
    /// The numbers of which it makes those of a range; `None` where there are none. What would overflow does not come.
    fn before(self, range: &RangeInclusive<i64>) -> Option<RangeInclusive<i64>> {
        let (low, high) = (*range.start(), *range.end());
        let (low, high) = match self {
            Self::Plus(other) => (minus(low, other), minus(high, other)),
            Self::From(other) => (minus(other, high), minus(other, low)),
            Self::AtLeast(least) if least > high => return None,
            Self::AtLeast(least) => (if low > least { low } else { i64::MIN }.into(), high.into()),
            Self::AtMost(most) if most < low => return None,
            Self::AtMost(most) => (low.into(), if high < most { high } else { i64::MAX }.into()),
        };
        let within = |number: i128| i64::try_from(number.clamp(i64::MIN.into(), i64::MAX.into())).ok();
        let is_any = low <= high && high >= i64::MIN.into() && low <= i64::MAX.into();
        is_any.then(|| Some(within(low)?..=within(high)?)).flatten()
    }
}

fn minus(one: i64, other: i64) -> i128 {
    i128::from(one).wrapping_sub(other.into())
}

/// A number, and what is made of it, the last step first.
pub struct Source {
    steps: Vec<Step>,
    /// The number.
    pub number: Whole,
}

impl Source {
    /// The numbers of which those of a range are made.
    fn before(&self, range: RangeInclusive<i64>) -> Option<RangeInclusive<i64>> {
        self.steps.iter().try_fold(range, |range, step| step.before(&range))
    }

    /// The intervals between cuts, as those of the number: where each begins, in order, and which of the others it is.
    pub fn intervals(&self, cuts: &[i64]) -> Vec<(i64, usize)> {
        let ends = cuts.iter().map(|cut| cut.saturating_sub(1)).chain([i64::MAX]);
        let own = intervals(cuts).into_iter().zip(ends);
        let begins = |((begin, at), end)| Some((*self.before(begin..=end)?.start(), at));
        let mut all: Vec<(i64, usize)> = own.filter_map(begins).collect();
        all.sort_unstable();
        all
    }

    /// Whether a number made of it is in a range, or is not.
    pub fn within(self, range: Option<RangeInclusive<i64>>, wanted: bool) -> Within {
        let range = range.and_then(|range| self.before(range)).map(RangeInclusive::into_inner);
        // Nothing is between these two where there is none.
        let (low, high) = range.unwrap_or((i64::MAX, i64::MIN));
        Within { number: self.number, low, high, wanted }
    }
}

/// The intervals between cuts: where each begins, and which it is.
pub fn intervals(cuts: &[i64]) -> Vec<(i64, usize)> {
    std::iter::once(i64::MIN).chain(cuts.iter().copied()).zip(0..).collect()
}

/// Whether a number is in a range.
pub struct Within {
    number: Whole,
    low: i64,
    high: i64,
    wanted: bool,
}

impl Within {
    #[inline(always)]
    fn takes(&self, number: i64) -> bool {
        (self.low <= number && number <= self.high) == self.wanted
    }

    /// Whether it is, or is not, as wanted.
    #[inline(always)]
    pub fn of(&self, view: &mut View<'_>) -> Result<bool, GiveUp> {
        self.number.of(view).map(|number| self.takes(number))
    }
}

impl Lower<'_> {
    /// What a number is made of, where that is at hand; else the number itself.
    pub(super) fn source(&self, at: NodeIx) -> Source {
        // What may fail has to be computed.
        let made = if self.graph.is_safe(at) { self.steps(at) } else { None };
        made.unwrap_or_else(|| Source {
            steps: Vec::new(),
            number: if self.is_day(at) { self.day(at) } else { self.whole(at) },
        })
    }

    fn steps(&self, mut at: NodeIx) -> Option<Source> {
        let mut steps = Vec::new();
        loop {
            let (step, below) = match self.graph.op(at)? {
                Op::Memo(_, below) => (None, *below),
                Op::Integers(op, left, right) if op.is_arithmetic() => {
                    match (op, self.number_of(*left), self.number_of(*right)) {
                        (BinaryOp::Add, None, Some(other)) => (Some(Step::Plus(other)), *left),
                        (BinaryOp::Add, Some(other), None) => (Some(Step::Plus(other)), *right),
                        (BinaryOp::Subtract, None, Some(other)) => (Some(Step::Plus(other.checked_neg()?)), *left),
                        (BinaryOp::Subtract, Some(other), None) => (Some(Step::From(other)), *right),
                        _ => return None,
                    }
                }
                Op::Call(function @ (Builtin::Least | Builtin::Greatest), left, right) => {
                    let (other, below) = match (self.number_of(*left), self.number_of(*right)) {
                        (None, Some(other)) => (other, *left),
                        (Some(other), None) => (other, *right),
                        _ => return None,
                    };
                    let is_least = *function == Builtin::Least;
                    (Some(if is_least { Step::AtMost(other) } else { Step::AtLeast(other) }), below)
                }
                Op::Call(Builtin::DaysBetween, from, to) => match (self.number_of(*from), self.number_of(*to)) {
                    (None, Some(other)) => (Some(Step::From(other)), *from),
                    (Some(other), None) => (Some(Step::Plus(other.checked_neg()?)), *to),
                    _ => break,
                },
                _ => break,
            };
            steps.extend(step);
            at = below;
        }
        let number = if self.is_day(at) { self.day(at) } else { self.whole(at) };
        number.is_at_hand().then_some(Source { steps, number })
    }

    /// A whole number or a date that is known.
    fn number_of(&self, at: NodeIx) -> Option<i64> {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if matches!(datum.tag(), Tag::Integer | Tag::Date) => Some(datum.word()),
            _ => None,
        }
    }

    /// A comparison with a number that is known.
    pub(super) fn within(&self, op: BinaryOp, left: NodeIx, right: NodeIx) -> Option<Within> {
        let (op, made, limit) = match (self.number_of(left), self.number_of(right)) {
            (None, Some(limit)) => (op, left, limit),
            (Some(limit), None) => (turned(op), right, limit),
            _ => return None,
        };
        let (range, wanted) = match op {
            BinaryOp::Less => (limit.checked_sub(1).map(|limit| i64::MIN..=limit), true),
            BinaryOp::LessOrEqual => (Some(i64::MIN..=limit), true),
            BinaryOp::Greater => (Some(i64::MIN..=limit), false),
            BinaryOp::GreaterOrEqual => (limit.checked_sub(1).map(|limit| i64::MIN..=limit), false),
            BinaryOp::Equal => (Some(limit..=limit), true),
            BinaryOp::NotEqual => (Some(limit..=limit), false),
            _ => return None,
        };
        Some(self.source(made).within(range, wanted))
    }
}

/// What a comparison is with its sides exchanged.
fn turned(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a step makes of a number; `None` where it overflows.
    fn made(step: Step, number: i64) -> Option<i64> {
        match step {
            Step::Plus(other) => number.checked_add(other),
            Step::From(other) => other.checked_sub(number),
            Step::AtLeast(least) => Some(number.max(least)),
            Step::AtMost(most) => Some(number.min(most)),
        }
    }

    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![-9_i64..9, any::<i64>(), Just(i64::MIN), Just(i64::MAX)]
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = (0..4, number()).prop_map(|(kind, other)| match kind {
            0 => Step::Plus(other),
            1 => Step::From(other),
            2 => Step::AtLeast(other),
            _ => Step::AtMost(other),
        });
        prop::collection::vec(step, 0..4)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 8_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn numbers_are_compared_before_what_is_made_of_them(
            steps in steps(), number in number(), low in number(), high in number(), cuts in prop::collection::btree_set(number(), 0..5)
        ) {
            let Some(last) = steps.iter().rev().try_fold(number, |number, step| made(*step, number)) else { return Ok(()) };
            let source = || Source { steps: steps.clone(), number: Whole::Constant(number) };
            for (range, wanted) in [(low..=high, true), (low..=high, false)] {
                let is = range.contains(&last) == wanted;
                let within = source().within((low <= high).then_some(range), wanted);
                prop_assert_eq!(within.takes(number), is, "{:?} {}", steps, last);
            }
            let cuts: Vec<i64> = cuts.into_iter().filter(|cut| *cut > i64::MIN).collect();
            let found = source().intervals(&cuts).into_iter().rev().find(|(begin, _)| *begin <= number).map(|(_, at)| at);
            prop_assert_eq!(found, Some(cuts.partition_point(|cut| *cut <= last)), "{:?} {} {:?}", steps, last, cuts);
        }
    }

    #[test]
    fn comparisons_turn_with_their_sides() {
        let all = [
            BinaryOp::Equal,
            BinaryOp::NotEqual,
            BinaryOp::Less,
            BinaryOp::LessOrEqual,
            BinaryOp::Greater,
            BinaryOp::GreaterOrEqual,
        ];
        for op in all {
            for (one, other) in [(1_i64, 2), (2, 2), (2, 1)] {
                assert_eq!(op.orders(one.cmp(&other)), turned(op).orders(other.cmp(&one)), "{op:?}");
            }
        }
    }
}
