//! The checked, typed form of a script: names are slots, functions are shared, nothing is left to look up.

use std::sync::Arc;

use super::host::HostFunction;
use super::ops::BinaryOp;
use crate::model::{Type, Value};

/// The static type of an expression. `type_` is `None` for `()` itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) type_: Option<Type>,
    pub(super) optional: bool,
}

impl Shape {
    pub(super) const ABSENT: Self = Self { type_: None, optional: true };

    pub(super) fn of(type_: Type) -> Self {
        Self { type_: Some(type_), optional: false }
    }
}

/// One expression. A missing value is `()`.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(Value),
    Absent,
    /// The value of the path with this number.
    Read(usize),
    Local(usize),
    Block {
        lets: Vec<(usize, Node)>,
        result: Box<Node>,
    },
    If {
        condition: Box<Node>,
        then: Box<Node>,
        otherwise: Box<Node>,
    },
    And(Vec<Node>),
    Or(Vec<Node>),
    Coalesce(Vec<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(BinaryOp, Box<Node>, Box<Node>),
    IsAbsent {
        value: Box<Node>,
        negated: bool,
    },
    /// `item in [list]`; the list is evaluated first, all of it.
    AnyOf {
        list: Vec<Node>,
        item: Box<Node>,
    },
    Host(&'static HostFunction, Vec<Node>),
    Call(Arc<Body>, Vec<Node>),
}

/// A function of the library for one list of argument types, or a whole script (no parameters).
#[derive(Debug)]
pub(super) struct Body {
    pub(super) node: Node,
    pub(super) shape: Shape,
    /// Local variables, parameters first.
    pub(super) locals: usize,
    /// The greatest number of operations of one run.
    pub(super) cost: u64,
}

impl Body {
    pub(super) fn new(node: Node, shape: Shape, locals: usize) -> Self {
        let cost = node.cost();
        Self { node, shape, locals, cost }
    }
}

impl Node {
    /// The greatest number of nodes that one evaluation visits.
    fn cost(&self) -> u64 {
        let sum = |nodes: &[Self]| nodes.iter().fold(0_u64, |total, n| total.saturating_add(n.cost()));
        let below = match self {
            Self::Constant(_) | Self::Absent | Self::Read(_) | Self::Local(_) => 0,
            Self::Block { lets, result } => {
                lets.iter().fold(result.cost(), |total, (_, n)| total.saturating_add(n.cost()))
            }
            Self::If { condition, then, otherwise } => {
                condition.cost().saturating_add(then.cost().max(otherwise.cost()))
            }
            Self::And(items) | Self::Or(items) | Self::Coalesce(items) | Self::Host(_, items) => sum(items),
            Self::Not(one) | Self::Negate(one) | Self::IsAbsent { value: one, .. } => one.cost(),
            Self::Binary(_, left, right) => left.cost().saturating_add(right.cost()),
            Self::AnyOf { list, item } => sum(list).saturating_add(item.cost()),
            Self::Call(body, args) => sum(args).saturating_add(body.cost),
        };
        below.saturating_add(1)
    }
}
