//! Why a script is not made for a bundle, or gives up whenever it runs.

use std::fmt;

use super::super::ir::Node;
use super::super::ops::BinaryOp;
use super::super::program::Script;
use super::builtin;
use crate::model::{Type, Value};

/// What of a script only the interpreter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmade {
    /// It uses a set.
    Set,
    /// It negates a number with `-`.
    Negation,
    /// It joins texts with `+`.
    Join,
    /// It calls a function that has no lowered form.
    Function(&'static str),
    /// Its steps build on one another, more of them than may.
    Deep,
    /// What it makes of constants fails.
    Constant,
}

impl fmt::Display for Unmade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set => f.write_str("it uses a set"),
            Self::Negation => f.write_str("it negates a number with `-`"),
            Self::Join => f.write_str("it joins texts"),
            Self::Function(name) => write!(f, "it calls `{name}`"),
            Self::Deep => f.write_str("too many of its steps build on one another"),
            Self::Constant => f.write_str("what it makes of constants fails"),
        }
    }
}

impl Script {
    /// The first form in it that only the interpreter does, whatever its settings are.
    #[must_use]
    pub fn unmade(&self) -> Option<Unmade> {
        if matches!(self.type_(), Type::Set(_)) {
            return Some(Unmade::Set);
        }
        self.unmade_node(&self.body().node)
    }

    fn unmade_node(&self, node: &Node) -> Option<Unmade> {
        let first = |nodes: &[Node]| nodes.iter().find_map(|node| self.unmade_node(node));
        match node {
            Node::Constant(Value::Set(_)) => Some(Unmade::Set),
            Node::Read(ix) if matches!(self.type_of_read(*ix), Some(Type::Set(_))) => Some(Unmade::Set),
            Node::Constant(_) | Node::Read(_) | Node::Absent | Node::Local(_) => None,
            Node::Negate(_) => Some(Unmade::Negation),
            Node::Binary(BinaryOp::Add, left, right) if self.is_text(left) || self.is_text(right) => Some(Unmade::Join),
            Node::Binary(_, left, right) => self.unmade_node(left).or_else(|| self.unmade_node(right)),
            Node::Host(function, args) => {
                let own = builtin(function.name).is_none().then_some(Unmade::Function(function.name));
                first(args).or(own)
            }
            Node::Block { lets, result } => {
                lets.iter().find_map(|(_, value)| self.unmade_node(value)).or_else(|| self.unmade_node(result))
            }
            Node::If { condition, then, otherwise } => {
                let branches = || self.unmade_node(then).or_else(|| self.unmade_node(otherwise));
                self.unmade_node(condition).or_else(branches)
            }
            Node::And(items) | Node::Or(items) | Node::Coalesce(items) => first(items),
            Node::Not(one) | Node::IsAbsent { value: one, .. } => self.unmade_node(one),
            Node::AnyOf { list, item } => first(list).or_else(|| self.unmade_node(item)),
            Node::Call(body, args) => first(args).or_else(|| self.unmade_node(&body.node)),
        }
    }

    fn is_text(&self, node: &Node) -> bool {
        match node {
            Node::Constant(value) => matches!(value, Value::Text(_)),
            Node::Read(ix) => matches!(self.type_of_read(*ix), Some(Type::Text)),
            Node::Coalesce(items) => items.iter().any(|item| self.is_text(item)),
            Node::Binary(BinaryOp::Add, left, right) => self.is_text(left) || self.is_text(right),
            _ => false,
        }
    }
}
