//! Truths.

use crate::script::{BinaryOp, Builtin, Datum, GiveUp, Inputs, NodeIx, Op, Tag};

use super::super::view::View;
use super::{Lower, Made, is_truth};

/// Whether two stated facts are equal; often both are texts of the request.
#[inline(always)]
pub(super) fn facts_equal(view: &mut View<'_>, (left, right): (usize, usize)) -> Result<bool, GiveUp> {
    let (one, other) = (view.stated(left), view.stated(right));
    if one.tag() == Tag::Span && other.tag() == Tag::Span {
        return view.scratch.same_spans(one, other);
    }
    let (one, other) = (view.operand_of(left)?, view.operand_of(right)?);
    view.scratch.equal(one, other)
}

impl Lower<'_> {
    /// Whether a whole script holds: what is absent does not.
    pub(super) fn script_truth(&self, at: NodeIx) -> Made<bool> {
        if self.graph.op(at).is_some_and(is_truth) {
            return self.truth(at);
        }
        let datum = self.datum(at);
        Made::new(move |view| Ok(datum.of(view)? == Datum::boolean(true)))
    }

    pub(super) fn truth(&self, at: NodeIx) -> Made<bool> {
        match self.graph.op(at) {
            Some(Op::All(items)) => self.until(items, false),
            Some(Op::Any(items)) => self.until(items, true),
            Some(Op::Not(one)) => {
                let one = self.truth(*one);
                Made::new(move |view| one.of(view).map(|holds| !holds))
            }
            Some(Op::Then(before, last)) => self.after(before, self.truth(*last)),
            Some(Op::IsAbsent(of, negated)) => self.is_absent(*of, *negated),
            Some(Op::Call(Builtin::IsAfter, first, second)) => {
                self.of_instants(*first, *second, |first, second| first.is_after(second))
            }
            Some(Op::Integers(op, left, right)) if !op.is_arithmetic() => {
                if let Some(within) = self.within(*op, *left, *right) {
                    return Made::new(move |view| within.of(view));
                }
                let op = *op;
                self.of_wholes(*left, *right, move |left, right| Ok(op.orders(left.cmp(&right))))
            }
            Some(Op::Binary(op @ (BinaryOp::Equal | BinaryOp::NotEqual), left, right)) => {
                self.equal(*left, *right, *op == BinaryOp::Equal)
            }
            Some(Op::Binary(op, left, right)) if !op.is_arithmetic() => {
                let (op, left, right) = (*op, self.datum(*left), self.datum(*right));
                Made::new(move |view| {
                    let (left, right) = (left.of(view)?, right.of(view)?);
                    view.scratch().compare(op, left, right)
                })
            }
            _ => {
                let datum = self.datum(at);
                Made::new(move |view| match datum.of(view)? {
                    truth if truth.tag() == Tag::Boolean => Ok(truth.word() != 0),
                    _ => Err(GiveUp),
                })
            }
        }
    }

    /// Whether two values are equal, or are not.
    fn equal(&self, left: NodeIx, right: NodeIx, wanted: bool) -> Made<bool> {
        if let Some(facts) = self.fact(left).zip(self.fact(right)) {
            return Made::new(move |view| Ok(facts_equal(view, facts)? == wanted));
        }
        let (left, right) = (self.datum(left), self.datum(right));
        Made::new(move |view| {
            let (left, right) = (left.of(view)?, right.of(view)?);
            Ok(view.scratch().equal(left, right)? == wanted)
        })
    }

    fn is_absent(&self, of: NodeIx, negated: bool) -> Made<bool> {
        if let Some(fact) = self.fact(of) {
            return Made::new(move |view| Ok(view.stated(fact).is_absent() != negated));
        }
        let of = self.datum(of);
        Made::new(move |view| Ok(of.of(view)?.is_absent() != negated))
    }

    fn until(&self, items: &[NodeIx], stop: bool) -> Made<bool> {
        let items: Box<[Made<bool>]> = items.iter().map(|item| self.truth(*item)).collect();
        Made::new(move |view| {
            for item in &items {
                if item.of(view)? == stop {
                    return Ok(stop);
                }
            }
            Ok(!stop)
        })
    }
}
