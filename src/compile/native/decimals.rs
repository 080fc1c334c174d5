//! Decimals.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::value::Value;
use crate::script::{BinaryOp, Builtin, GiveUp, Inputs, NodeIx, Number, Op, arithmetic, quotient, round};

use super::super::view::View;
use super::numbers::Whole;
use super::{Lower, Made};

impl Lower<'_> {
    pub(super) fn decimal(&self, at: NodeIx) -> Made<Decimal> {
        match self.graph.op(at) {
            Some(Op::Constant(value, _)) if matches!(**value, Value::Decimal(_)) => match **value {
                Value::Decimal(decimal) => Made::constant(decimal),
                _ => Made::new(|_| Err(GiveUp)),
            },
            Some(Op::Binary(op, left, right)) if op.is_arithmetic() => {
                let (op, left, right) = (*op, self.decimal(*left), self.decimal(*right));
                Made::new(move |view| arithmetic(op, left.of(view)?, right.of(view)?))
            }
            Some(Op::Call(Builtin::Decimal, one, _) | Op::ToDecimal(one) | Op::Required(one)) => self.decimal(*one),
            Some(Op::Call(Builtin::Truncate, amount, digits)) => {
                self.rounded(RoundingStrategy::ToZero, *amount, *digits)
            }
            Some(Op::Call(Builtin::RoundHalfUp, amount, digits)) => {
                self.rounded(RoundingStrategy::MidpointAwayFromZero, *amount, *digits)
            }
            Some(Op::Call(Builtin::RoundHalfEven, amount, digits)) => {
                self.rounded(RoundingStrategy::MidpointNearestEven, *amount, *digits)
            }
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

    fn rounded(&self, strategy: RoundingStrategy, amount: NodeIx, digits: NodeIx) -> Made<Decimal> {
        let digits = self.whole(digits);
        if let Some(Op::Binary(BinaryOp::Divide, of, by)) = self.graph.op(amount) {
            let (of, by) = (self.product(*of), self.product(*by));
            return Made::new(move |view| quotient(strategy, of.of(view)?, by.of(view)?, digits.of(view)?));
        }
        let amount = self.decimal(amount);
        Made::new(move |view| round(strategy, amount.of(view)?, digits.of(view)?))
    }

    /// Factors from the left to the right, multiplied.
    fn product(&self, mut at: NodeIx) -> Product {
        let mut rest = Vec::new();
        while let Some(Op::Binary(BinaryOp::Multiply, left, right)) = self.graph.op(at) {
            rest.push(self.factor(*right));
            at = *left;
        }
        rest.reverse();
        Product { first: self.factor(at), rest: rest.into() }
    }

    fn factor(&self, at: NodeIx) -> Factor {
        match self.graph.op(at) {
            Some(Op::Call(Builtin::Decimal, one, _) | Op::ToDecimal(one)) => self.factor(*one),
            _ if self.is_whole(at) => Factor::Whole(self.whole(at)),
            _ => match self.fact(at) {
                Some(fact) => Factor::Stated(fact),
                None => Factor::Decimal(self.decimal(at)),
            },
        }
    }
}

/// Factors.
struct Product {
    first: Factor,
    rest: Box<[Factor]>,
}

enum Factor {
    Whole(Whole),
    Stated(usize),
    Decimal(Made<Decimal>),
}

impl Product {
    #[inline(always)]
    fn of(&self, view: &mut View<'_>) -> Result<Number, GiveUp> {
        let mut product = self.first.of(view)?;
        for factor in &self.rest {
            product = product.times(factor.of(view)?)?;
        }
        Ok(product)
    }
}

impl Factor {
    #[inline(always)]
    fn of(&self, view: &mut View<'_>) -> Result<Number, GiveUp> {
        match self {
            Self::Whole(whole) => whole.of(view).map(Number::from),
            Self::Stated(fact) => view.scratch.decimal(view.stated(*fact)).map(Number::from),
            Self::Decimal(decimal) => decimal.of(view).map(Number::from),
        }
    }
}
