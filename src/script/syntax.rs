//! The syntax tree of the accepted subset: what is left of Rhai's tree after [`super::lower`].

use rust_decimal::Decimal;

use super::ops::BinaryOp;
use super::refusal::Spot;

/// One expression.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) kind: Kind,
    pub(super) spot: Spot,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    Text(String),
    Absent,
    /// A local variable, or a dotted path.
    Name(String),
    Block {
        lets: Vec<Let>,
        result: Box<Tree>,
    },
    If {
        condition: Box<Tree>,
        then: Box<Tree>,
        otherwise: Box<Tree>,
    },
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Coalesce(Vec<Tree>),
    Not(Box<Tree>),
    Negate(Box<Tree>),
    Binary(BinaryOp, Box<Tree>, Box<Tree>),
    /// `[a, b]`, only on the right of `in`.
    List(Vec<Tree>),
    Call {
        name: String,
        args: Vec<Tree>,
    },
}

/// `let name = value;`
#[derive(Clone, Debug)]
pub(super) struct Let {
    pub(super) name: String,
    pub(super) spot: Spot,
    pub(super) value: Tree,
}

impl Tree {
    pub(super) fn new(kind: Kind, spot: Spot) -> Self {
        Self { kind, spot }
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self.kind, Kind::Absent)
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text(_))
    }

    /// The trees directly below, in the order they are evaluated.
    pub(super) fn children(&self) -> Vec<&Tree> {
        match &self.kind {
            Kind::Block { lets, result } => lets.iter().map(|l| &l.value).chain([&**result]).collect(),
            Kind::If { condition, then, otherwise } => vec![condition, then, otherwise],
            Kind::And(items) | Kind::Or(items) | Kind::Coalesce(items) | Kind::List(items) => items.iter().collect(),
            Kind::Not(one) | Kind::Negate(one) => vec![one],
            Kind::Binary(_, left, right) => vec![left, right],
            Kind::Call { args, .. } => args.iter().collect(),
            Kind::Boolean(_) | Kind::Integer(_) | Kind::Decimal(_) | Kind::Text(_) | Kind::Absent | Kind::Name(_) => {
                Vec::new()
            }
        }
    }
}
