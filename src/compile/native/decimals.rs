//! Decimals.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::value::Value;
use crate::script::{
    BinaryOp, Builtin, GiveUp, Inputs, NodeIx, Op, Small, arithmetic, quotient, round, small_quotient,
};

use super::super::slots::Slot;
use super::super::view::View;
use super::numbers::Whole;
use super::results::Taking;
use super::{Lower, Made};

impl Lower<'_> {
    pub(super) fn decimal(&self, at: NodeIx) -> Made<Decimal> {
        match self.graph.op(at) {
            Some(op @ Op::Call(Builtin::Truncate | Builtin::RoundHalfUp | Builtin::RoundHalfEven, ..)) => {
                self.rounded(op)
            }
            Some(Op::Constant(value, _)) if matches!(**value, Value::Decimal(_)) => match **value {
                Value::Decimal(decimal) => Made::constant(decimal),
                _ => Made::new(|_| Err(GiveUp)),
            },
            Some(Op::Binary(op, left, right)) if op.is_arithmetic() => {
                let (op, left, right) = (*op, self.decimal(*left), self.decimal(*right));
                Made::new(move |view| arithmetic(op, left.of(view)?, right.of(view)?))
            }
            Some(Op::Call(Builtin::Decimal, one, _) | Op::ToDecimal(one) | Op::Required(one)) => self.decimal(*one),
            Some(Op::If(condition, then, otherwise)) if self.is_decimal(at) => {
                self.either(*condition, self.decimal(*then), self.decimal(*otherwise))
            }
            Some(Op::Then(before, last)) => self.after(before, self.decimal(*last)),
            Some(_) if self.is_whole(at) => {
                let whole = self.whole(at);
                Made::new(move |view| whole.of(view).map(Decimal::from))
            }
            _ => self.any_decimal(at),
        }
    }

    fn any_decimal(&self, at: NodeIx) -> Made<Decimal> {
        if let Some(fact) = self.fact(at) {
            return Made::new(move |view| view.scratch.decimal(view.stated(fact)));
        }
        let datum = self.unsorted(at);
        Made::new(move |view| {
            let datum = datum.of(view)?;
            view.scratch().decimal(datum)
        })
    }

    fn rounded(&self, op: &Op) -> Made<Decimal> {
        if let Some(ratio) = self.ratio(op) {
            return Made::new(move |view| ratio.of(view));
        }
        let Op::Call(function, amount, digits) = op else { return Made::new(|_| Err(GiveUp)) };
        let (function, digits) = (*function, self.whole(*digits));
        if let Some(Op::Binary(BinaryOp::Divide, of, by)) = self.graph.op(*amount) {
            let (of, by) = (self.decimal(*of), self.decimal(*by));
            return Made::new(move |view| {
                let strategy = strategy(function).ok_or(GiveUp)?;
                quotient(strategy, of.of(view)?, by.of(view)?, digits.of(view)?)
            });
        }
        let amount = self.decimal(*amount);
        Made::new(move |view| {
            let strategy = strategy(function).ok_or(GiveUp)?;
            round(strategy, amount.of(view)?, digits.of(view)?)
        })
    }

    /// A quotient of factors that are at hand, rounded at once; `None` for anything else.
    pub(super) fn ratio(&self, op: &Op) -> Option<Ratio> {
        let Op::Call(function, amount, digits) = op else { return None };
        let Some(Op::Binary(BinaryOp::Divide, of, by)) = self.graph.op(*amount) else { return None };
        let strategy = strategy(*function)?;
        Some(Ratio { strategy, of: self.product(*of)?, by: self.product(*by)?, digits: self.whole(*digits) })
    }

    /// Factors from the left to the right, multiplied; `None` where one is not at hand.
    fn product(&self, mut at: NodeIx) -> Option<Product> {
        let mut rest = Vec::new();
        while let Some(Op::Binary(BinaryOp::Multiply, left, right)) = self.graph.op(at) {
            rest.push(self.factor(*right)?);
            at = *left;
        }
        rest.reverse();
        Some(Product { first: self.factor(at)?, rest: rest.into() })
    }

    fn factor(&self, at: NodeIx) -> Option<Factor> {
        match self.graph.op(at) {
            Some(Op::Call(Builtin::Decimal, one, _) | Op::ToDecimal(one)) => self.factor(*one),
            _ if self.is_whole(at) => self.is_at_hand(at).then(|| Factor::Whole(self.whole(at))),
            _ => self.fact(at).map(Factor::Stated),
        }
    }
}

fn strategy(function: Builtin) -> Option<RoundingStrategy> {
    Some(match function {
        Builtin::Truncate => RoundingStrategy::ToZero,
        Builtin::RoundHalfUp => RoundingStrategy::MidpointAwayFromZero,
        Builtin::RoundHalfEven => RoundingStrategy::MidpointNearestEven,
        _ => return None,
    })
}

/// A quotient, rounded.
pub struct Ratio {
    strategy: RoundingStrategy,
    of: Product,
    by: Product,
    digits: Whole,
}

impl Ratio {
    fn of(&self, view: &mut View<'_>) -> Result<Decimal, GiveUp> {
        match self.small(view)? {
            Some(small) => Ok(small.into()),
            None => self.large(view),
        }
    }

    /// Tells it.
    #[inline(always)]
    pub(super) fn to(&self, view: &mut View<'_>, out: &mut Taking<'_>) -> Result<(), GiveUp> {
        match self.small(view)? {
            Some(small) => out.push(Slot::Small(small)),
            None => out.push(Slot::Decimal(self.large(view)?)),
        }
        Ok(())
    }

    /// Where words have all digits on the way to it, else `None`.
    #[inline(always)]
    fn small(&self, view: &mut View<'_>) -> Result<Option<Small>, GiveUp> {
        let (Some(of), Some(by)) = (self.of.small(view)?, self.by.small(view)?) else { return Ok(None) };
        Ok(small_quotient(self.strategy, of, by, self.digits.of(view)?))
    }

    #[cold]
    fn large(&self, view: &mut View<'_>) -> Result<Decimal, GiveUp> {
        quotient(self.strategy, self.of.large(view)?, self.by.large(view)?, self.digits.of(view)?)
    }
}

/// Factors.
struct Product {
    first: Factor,
    rest: Box<[Factor]>,
}

/// A factor that costs little to find again.
#[repr(u8)]
enum Factor {
    Whole(Whole),
    Stated(usize),
}

impl Product {
    /// The product where a word has all digits, else `None`.
    #[inline(always)]
    fn small(&self, view: &mut View<'_>) -> Result<Option<Small>, GiveUp> {
        let Some(mut product) = self.first.small(view)? else { return Ok(None) };
        for factor in &self.rest {
            let Some(times) = factor.small(view)?.and_then(|factor| product.times(factor)) else { return Ok(None) };
            product = times;
        }
        Ok(Some(product))
    }

    #[inline(never)]
    fn large(&self, view: &mut View<'_>) -> Result<Decimal, GiveUp> {
        let mut product = self.first.large(view)?;
        for factor in &self.rest {
            product = arithmetic(BinaryOp::Multiply, product, factor.large(view)?)?;
        }
        Ok(product)
    }
}

impl Factor {
    #[inline(always)]
    fn small(&self, view: &mut View<'_>) -> Result<Option<Small>, GiveUp> {
        match self {
            Self::Whole(whole) => whole.of(view).map(|number| Some(number.into())),
            Self::Stated(fact) => view.scratch.decimal(view.stated(*fact)).map(Small::of),
        }
    }

    fn large(&self, view: &mut View<'_>) -> Result<Decimal, GiveUp> {
        match self {
            Self::Whole(whole) => whole.of(view).map(Decimal::from),
            Self::Stated(fact) => view.scratch.decimal(view.stated(*fact)),
        }
    }
}
