//! Decimals.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::value::Value;
use crate::script::{BinaryOp, Builtin, GiveUp, Inputs, NodeIx, Op, arithmetic, quotient, round};

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
            let (of, by) = (self.decimal(*of), self.decimal(*by));
            return Made::new(move |view| quotient(strategy, of.of(view)?, by.of(view)?, digits.of(view)?));
        }
        let amount = self.decimal(amount);
        Made::new(move |view| round(strategy, amount.of(view)?, digits.of(view)?))
    }
}
