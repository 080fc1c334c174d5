//! The checker on operators.

use super::check::{Checker, Typed, Want, describe, unify, with_number_help};
use super::host::is_number;
use super::ir::{Node, Shape};
use super::ops::BinaryOp;
use super::refusal::{Refusal, Spot};
use super::syntax::{Kind, Tree};
use crate::model::{Type, Value};

impl Checker<'_> {
    pub(super) fn negate(&mut self, one: &Tree, spot: Spot) -> Option<Typed> {
        let typed = self.present(one, Want::Any)?;
        if !typed.shape.type_.as_ref().is_some_and(is_number) {
            let message = format!("`-` takes a number, this is {}", describe(&typed.shape));
            return self.refuse(Refusal::mismatch(spot, message));
        }
        Some(Typed { node: Node::Negate(Box::new(typed.node)), shape: typed.shape })
    }

    /// `a ?? b`
    pub(super) fn coalesce(&mut self, items: &[Tree], hint: Option<&Type>, spot: Spot) -> Option<Typed> {
        let mut nodes = Vec::with_capacity(items.len());
        let mut whole: Option<Shape> = None;
        for item in items {
            let hint = whole.as_ref().and_then(|w| w.type_.clone()).or_else(|| hint.cloned());
            let typed = self.check(item, Want::hint(hint.as_ref()))?;
            let before = whole.unwrap_or(Shape::ABSENT);
            let Some(shape) = unify(&before, &typed.shape) else {
                let (a, b) = (describe(&before), describe(&typed.shape));
                let refusal = Refusal::mismatch(spot, format!("`??` chooses between {a} and {b}"));
                return self.refuse(with_number_help(refusal, &before, &typed.shape));
            };
            whole = Some(Shape { optional: before.optional && typed.shape.optional, ..shape });
            nodes.push(typed.node);
        }
        Some(Typed { node: Node::Coalesce(nodes), shape: whole? })
    }

    pub(super) fn binary(&mut self, op: BinaryOp, left: &Tree, right: &Tree, spot: Spot) -> Option<Typed> {
        if op.is_equality() && (left.is_absent() || right.is_absent()) {
            let tested = if right.is_absent() { left } else { right };
            let value = Box::new(self.check(tested, Want::Any)?.node);
            let node = Node::IsAbsent { value, negated: op == BinaryOp::NotEqual };
            return Some(Typed { node, shape: Shape::of(Type::Boolean) });
        }
        let (left, right) = self.pair(left, right);
        let (left, right) = (left?, right?);
        match (&left.shape.type_, &right.shape.type_) {
            (Some(a), Some(b)) => match result(op, a, b) {
                Some(type_) => {
                    let node = Node::Binary(op, Box::new(left.node), Box::new(right.node));
                    Some(Typed { node, shape: Shape::of(type_) })
                }
                None => self.refuse(refusal(op, a, b, spot)),
            },
            _ => None,
        }
    }

    /// Both operands, a text literal read as the type of the other.
    fn pair(&mut self, left: &Tree, right: &Tree) -> (Option<Typed>, Option<Typed>) {
        if left.is_text() && !right.is_text() {
            let second = self.present(right, Want::Any);
            let hint = second.as_ref().and_then(|t| t.shape.type_.clone());
            return (self.present(left, Want::hint(hint.as_ref())), second);
        }
        let first = self.present(left, Want::Any);
        let hint = first.as_ref().and_then(|t| t.shape.type_.clone());
        let second = self.present(right, Want::hint(hint.as_ref()));
        (first, second)
    }

    /// `item in [a, b]`
    pub(super) fn any_of(&mut self, list: &[Tree], item: &Tree, spot: Spot) -> Option<Typed> {
        let item = self.present(item, Want::Any)?;
        let type_ = item.shape.type_?;
        let mut nodes = Vec::with_capacity(list.len());
        for element in list {
            let Some(typed) = self.present(element, Want::Hint(&type_)) else { continue };
            let Some(found) = typed.shape.type_ else { continue };
            if result(BinaryOp::Equal, &type_, &found).is_none() {
                let at = if matches!(element.kind, Kind::Name(_)) { element.spot } else { spot };
                self.refuse::<()>(refusal(BinaryOp::Equal, &type_, &found, at));
            }
            nodes.push(typed.node);
        }
        if list.is_empty() {
            let node = Node::Constant(Value::Boolean(false));
            return Some(Typed { node, shape: Shape::of(Type::Boolean) });
        }
        let node = Node::AnyOf { list: nodes, item: Box::new(item.node) };
        Some(Typed { node, shape: Shape::of(Type::Boolean) })
    }
}

/// The type of a result, or `None` when the operands do not go together.
fn result(op: BinaryOp, a: &Type, b: &Type) -> Option<Type> {
    let numbers = is_number(a) && is_number(b);
    if op.is_arithmetic() {
        return match (a, b) {
            (Type::Integer, Type::Integer) => Some(Type::Integer),
            _ if numbers => Some(Type::Decimal),
            (Type::Text, Type::Text) if op == BinaryOp::Add => Some(Type::Text),
            _ => None,
        };
    }
    let comparable = if op.is_equality() { !matches!(a, Type::Set(_)) } else { a.is_ordered() };
    (numbers || (a == b && comparable)).then_some(Type::Boolean)
}

fn refusal(op: BinaryOp, a: &Type, b: &Type, spot: Spot) -> Refusal {
    let symbol = op.symbol();
    if a == b {
        let refusal = Refusal::mismatch(spot, format!("`{symbol}` does not apply to {a}"));
        return match a {
            Type::Date if op == BinaryOp::Subtract => refusal.help("write `days_between(from, to)`"),
            Type::Timestamp if op == BinaryOp::Subtract => refusal.help("write `seconds_between(from, to)`"),
            Type::Set(_) => refusal.help("use `in`, `contains` or `len`"),
            _ => refusal,
        };
    }
    let verb = if op.is_arithmetic() { "combine" } else { "compare" };
    let refusal = Refusal::mismatch(spot, format!("`{symbol}` cannot {verb} {a} with {b}"));
    match (a, b) {
        (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => {
            refusal.help("write `date(…)` of the timestamp")
        }
        (Type::Date, Type::Integer) if op.is_arithmetic() => refusal.help("write `add_days(date, days)`"),
        (Type::Date, Type::Duration) if op.is_arithmetic() => refusal.help("write `add_duration(date, duration)`"),
        (Type::Symbol(_), Type::Text) | (Type::Text, Type::Symbol(_)) => {
            refusal.help("compare a symbol with one of its codes, written as a literal")
        }
        _ => refusal,
    }
}
