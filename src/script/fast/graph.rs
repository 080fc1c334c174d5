//! The scripts of one kind of request as one graph: equal expressions are one node.

use std::collections::{BTreeSet, HashMap};

use rustc_hash::FxBuildHasher;

use super::super::ops::BinaryOp;
use super::Builtin;
use super::datum::{Datum, Tag};
use crate::model::Value;

/// A node of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIx(u32);

impl NodeIx {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What a node computes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Op {
    /// A constant that needs no scratch, or nothing.
    Plain(Datum),
    /// Any other constant, and the scale of a decimal: decimals are equal whatever that is, but not written alike.
    Constant(Box<Value>, u32),
    /// What is read, by the number of the input.
    Input(u32),
    /// The last, if those before it do not fail.
    Then(Box<[NodeIx]>, NodeIx),
    If(NodeIx, NodeIx, NodeIx),
    All(Box<[NodeIx]>),
    Any(Box<[NodeIx]>),
    First(Box<[NodeIx]>),
    Not(NodeIx),
    IsAbsent(NodeIx, bool),
    AnyOf(Box<[NodeIx]>, NodeIx),
    Binary(BinaryOp, NodeIx, NodeIx),
    /// Both sides are whole numbers.
    Integers(BinaryOp, NodeIx, NodeIx),
    Call(Builtin, NodeIx, NodeIx),
    /// As a decimal.
    ToDecimal(NodeIx),
    /// As a code.
    ToSymbol(NodeIx),
    /// Never absent.
    Required(NodeIx),
    /// Computed once per request, and kept in a place of its own.
    Memo(usize, NodeIx),
}

/// What is known of a node's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Integer,
    Other,
}

/// Expressions, each once; those that it is made of come before it.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Op>,
    sorts: Vec<Sort>,
    /// Whether computing a node never fails.
    safe: Vec<bool>,
    /// How many values are kept.
    pub(super) places: usize,
    numbers: HashMap<Op, NodeIx, FxBuildHasher>,
    /// For each node, once all are made: where its value is kept, or itself.
    kept: Vec<NodeIx>,
}

impl Graph {
    /// The node that computes this.
    pub(super) fn add(&mut self, op: Op, sort: Sort) -> Option<NodeIx> {
        if let Some(known) = self.numbers.get(&op) {
            return Some(*known);
        }
        let at = NodeIx(u32::try_from(self.nodes.len()).ok()?);
        let safe = match &op {
            Op::Plain(_) | Op::Constant(..) | Op::Input(_) => true,
            Op::IsAbsent(..) | Op::First(_) => op.operands().all(|below| self.is_safe(below)),
            _ => false,
        };
        self.safe.push(safe);
        self.nodes.push(op.clone());
        self.sorts.push(sort);
        self.numbers.insert(op, at);
        Some(at)
    }

    pub(super) fn op(&self, at: NodeIx) -> Option<&Op> {
        self.nodes.get(at.index())
    }

    pub(super) fn sort(&self, at: NodeIx) -> Sort {
        self.sorts.get(at.index()).copied().unwrap_or(Sort::Other)
    }

    /// The node where the value of a node is kept, or itself.
    pub(super) fn place(&self, at: NodeIx) -> NodeIx {
        self.kept.get(at.index()).copied().unwrap_or(at)
    }

    /// Gives a place to whatever more than one node needs, so that nothing is computed twice: no more nodes are added after
    /// this.
    pub fn settle(&mut self, roots: impl IntoIterator<Item = NodeIx>) {
        let mut uses = vec![0_usize; self.nodes.len()];
        let mut open: Vec<NodeIx> = roots.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        while let Some(at) = open.pop() {
            let Some(uses) = uses.get_mut(at.index()) else { continue };
            *uses = uses.saturating_add(1);
            if *uses == 1 {
                open.extend(self.op(at).into_iter().flat_map(Op::operands));
            }
        }
        let own = (0_u32..).map(NodeIx).take(self.nodes.len());
        let mut kept: Vec<NodeIx> = own.clone().collect();
        for ((at, uses), kept) in own.zip(uses).zip(&mut kept) {
            let at_hand = matches!(self.op(at), None | Some(Op::Plain(_) | Op::Constant(..) | Op::Input(_)));
            if uses < 2 || at_hand {
                continue;
            }
            let Some(memo) = self.add(Op::Memo(self.places, at), self.sort(at)) else { continue };
            self.places = self.places.saturating_add(1);
            *kept = memo;
        }
        for op in self.nodes.iter_mut().take(kept.len()) {
            op.each_mut(&mut |at| {
                if let Some(to) = kept.get(at.index()) {
                    *at = *to;
                }
            });
        }
        self.kept = kept;
        self.numbers = HashMap::default();
    }

    /// Whether computing it never fails.
    pub(super) fn is_safe(&self, at: NodeIx) -> bool {
        self.safe.get(at.index()).copied().unwrap_or(false)
    }

    /// Whether computing the one computes the other in any case.
    pub(super) fn needs(&self, at: NodeIx, wanted: NodeIx) -> bool {
        let (mut open, mut seen) = (vec![at], BTreeSet::new());
        while let Some(at) = open.pop() {
            if at == wanted {
                return true;
            }
            // What a node is made of comes before it.
            if at < wanted || !seen.insert(at) {
                continue;
            }
            match self.op(at) {
                Some(Op::If(one, ..)) => open.push(*one),
                Some(Op::All(items) | Op::Any(items) | Op::First(items)) => open.extend(items.first()),
                Some(op) => open.extend(op.operands()),
                None => {}
            }
        }
        false
    }

    /// The constant that a node is.
    pub(super) fn constant(&self, at: NodeIx) -> Option<Value> {
        match self.op(at)? {
            Op::Constant(value, _) => Some((**value).clone()),
            Op::Plain(datum) => match datum.tag {
                Tag::Boolean => Some(Value::Boolean(datum.word() != 0)),
                Tag::Integer => Some(Value::Integer(datum.word())),
                Tag::Date => datum.as_date().ok().map(Value::Date),
                Tag::Timestamp => datum.as_timestamp().ok().map(Value::Timestamp),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Op {
    /// The nodes that it is made of.
    fn operands(&self) -> impl Iterator<Item = NodeIx> + '_ {
        let (items, others): (&[NodeIx], [Option<NodeIx>; 3]) = match self {
            Self::Plain(_) | Self::Constant(..) | Self::Input(_) => (&[], [None; 3]),
            Self::Then(items, last) | Self::AnyOf(items, last) => (items, [Some(*last), None, None]),
            Self::All(items) | Self::Any(items) | Self::First(items) => (items, [None; 3]),
            Self::If(a, b, c) => (&[], [Some(*a), Some(*b), Some(*c)]),
            Self::Binary(_, a, b) | Self::Integers(_, a, b) | Self::Call(_, a, b) => (&[], [Some(*a), Some(*b), None]),
            Self::Not(one)
            | Self::IsAbsent(one, _)
            | Self::ToDecimal(one)
            | Self::ToSymbol(one)
            | Self::Required(one)
            | Self::Memo(_, one) => (&[], [Some(*one), None, None]),
        };
        items.iter().copied().chain(others.into_iter().flatten())
    }

    fn each_mut(&mut self, visit: &mut impl FnMut(&mut NodeIx)) {
        match self {
            Self::Plain(_) | Self::Constant(..) | Self::Input(_) => {}
            Self::Then(items, last) | Self::AnyOf(items, last) => {
                items.iter_mut().for_each(&mut *visit);
                visit(last);
            }
            Self::All(items) | Self::Any(items) | Self::First(items) => items.iter_mut().for_each(visit),
            Self::If(a, b, c) => [a, b, c].into_iter().for_each(visit),
            Self::Binary(_, a, b) | Self::Integers(_, a, b) | Self::Call(_, a, b) => [a, b].into_iter().for_each(visit),
            Self::Not(one)
            | Self::IsAbsent(one, _)
            | Self::ToDecimal(one)
            | Self::ToSymbol(one)
            | Self::Required(one)
            | Self::Memo(_, one) => visit(one),
        }
    }
}
