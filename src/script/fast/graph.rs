//! The scripts of one kind of request as one graph: equal expressions are one node.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::super::ops::BinaryOp;
use super::Builtin;
use super::bounds::Bounds;
use super::datum::{Datum, Tag};
use crate::model::Value;
use crate::model::time::LAST_DAY;

/// A node of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIx(u32);

impl NodeIx {
    /// Its position.
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What a node computes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
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

/// What is known of a node's values, where it has any: it may be absent as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Integer,
    Decimal,
    Date,
    /// It has none.
    Nothing,
    /// Any other, one for each node.
    Other,
}

impl Sort {
    /// Of a value that is one of two.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, sort) | (sort, Self::Nothing) => sort,
            (one, other) if one == other => one,
            _ => Self::Other,
        }
    }
}

/// Nodes below one another: computing one computes those below it, each on the stack. Deeper scripts are left to the
/// interpreter.
const DEPTH: u16 = 256;

/// Expressions, each once; those that it is made of come before it.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Op>,
    sorts: Vec<Sort>,
    /// Between which numbers the value of each lies, where it is a whole number or a date.
    bounds: Vec<Bounds>,
    /// Whether computing a node never fails.
    safe: Vec<bool>,
    /// Whether a node always has a value.
    present: Vec<bool>,
    /// How many nodes are below each, one below the other.
    depths: Vec<u16>,
    /// Whether something was left out that is deeper than it may be.
    is_cut: bool,
    /// How many values are kept.
    pub(super) places: usize,
    numbers: HashMap<Op, NodeIx, FxBuildHasher>,
    /// For each node, once all are made: where its value is kept, or itself.
    kept: Vec<NodeIx>,
}

impl Graph {
    /// The node that computes this.
    pub(super) fn add(&mut self, op: Op) -> Option<NodeIx> {
        let present = match &op {
            Op::Plain(datum) => !datum.is_absent(),
            Op::Input(_) => false,
            Op::If(_, a, b) => self.is_present(*a) && self.is_present(*b),
            Op::First(items) => items.iter().any(|item| self.is_present(*item)),
            Op::Then(_, one) | Op::ToDecimal(one) | Op::ToSymbol(one) | Op::Memo(_, one) => self.is_present(*one),
            _ => true,
        };
        let sort = self.sort_of(&op);
        self.add_known(op, sort, present)
    }

    fn sort_of(&self, op: &Op) -> Sort {
        match op {
            Op::Plain(datum) => match datum.tag() {
                Tag::Absent => Sort::Nothing,
                Tag::Integer => Sort::Integer,
                Tag::Date => Sort::Date,
                _ => Sort::Other,
            },
            Op::Constant(value, _) => match **value {
                Value::Integer(_) => Sort::Integer,
                Value::Decimal(_) => Sort::Decimal,
                _ => Sort::Other,
            },
            Op::Then(_, one) | Op::Required(one) | Op::Memo(_, one) => self.sort(*one),
            Op::If(_, a, b) => self.sort(*a).or(self.sort(*b)),
            Op::First(items) => items.iter().fold(Sort::Nothing, |sort, item| sort.or(self.sort(*item))),
            Op::Integers(op, ..) if op.is_arithmetic() => Sort::Integer,
            Op::Binary(op, ..) if op.is_arithmetic() => Sort::Decimal,
            Op::ToDecimal(_) => Sort::Decimal,
            Op::Call(function, one, other) => match function {
                Builtin::DaysBetween | Builtin::SecondsBetween | Builtin::MinorUnits => Sort::Integer,
                Builtin::Truncate | Builtin::RoundHalfUp | Builtin::RoundHalfEven | Builtin::Decimal => Sort::Decimal,
                Builtin::Date | Builtin::LocalDate | Builtin::AddDays | Builtin::AddDuration => Sort::Date,
                Builtin::Least | Builtin::Greatest => match (self.sort(*one), self.sort(*other)) {
                    (Sort::Decimal, Sort::Integer) | (Sort::Integer, Sort::Decimal) => Sort::Decimal,
                    (one, other) => one.or(other),
                },
                Builtin::AddSeconds | Builtin::IsAfter => Sort::Other,
            },
            _ => Sort::Other,
        }
    }

    fn bounds_of(&self, op: &Op, sort: Sort) -> Bounds {
        let of = |at: &NodeIx| self.bounds(*at);
        match op {
            Op::Plain(datum) if matches!(datum.tag(), Tag::Integer | Tag::Date) => Bounds::only(datum.word()),
            Op::Then(_, one) | Op::Required(one) | Op::Memo(_, one) => of(one),
            Op::If(_, a, b) => of(a).or(of(b)),
            Op::Integers(op, a, b) if op.is_arithmetic() => Bounds::of(*op, of(a), of(b)).unwrap_or(Bounds::ANY),
            Op::Call(Builtin::Least, a, b) if sort == Sort::Integer => of(a).least(of(b)),
            Op::Call(Builtin::Greatest, a, b) if sort == Sort::Integer => of(a).greatest(of(b)),
            Op::Call(Builtin::DaysBetween, ..) => Bounds::around_zero(LAST_DAY),
            Op::Call(Builtin::SecondsBetween, ..) => Bounds::around_zero(LAST_DAY.wrapping_mul(86_400)),
            _ => Bounds::ANY,
        }
    }

    /// The node of an input.
    pub(super) fn add_input(&mut self, number: u32, sort: Sort, present: bool) -> Option<NodeIx> {
        self.add_known(Op::Input(number), sort, present)
    }

    fn add_known(&mut self, op: Op, sort: Sort, present: bool) -> Option<NodeIx> {
        if let Some(known) = self.numbers.get(&op) {
            return Some(*known);
        }
        let at = NodeIx(u32::try_from(self.nodes.len()).ok()?);
        // What these take is of their types, as the script was checked, so all that can be wrong is that it is absent.
        let takes_present = || op.operands().all(|below| self.is_safe(below) && self.is_present(below));
        let safe = match &op {
            Op::Plain(_) | Op::Constant(..) | Op::Input(_) => true,
            Op::IsAbsent(..) | Op::First(_) | Op::Memo(..) => op.operands().all(|below| self.is_safe(below)),
            Op::Call(Builtin::Date, at, _) => self.is_safe(*at) && self.is_present(*at),
            Op::Call(Builtin::DaysBetween | Builtin::SecondsBetween | Builtin::IsAfter, ..) => takes_present(),
            Op::Call(Builtin::Least | Builtin::Greatest, ..) if sort == Sort::Integer => takes_present(),
            Op::Integers(op, a, b) if op.is_arithmetic() => {
                takes_present() && Bounds::of(*op, self.bounds(*a), self.bounds(*b)).is_some()
            }
            _ => false,
        };
        let below = op.operands().map(|below| self.depths.get(below.index()).copied().unwrap_or_default()).max();
        let depth = below.map_or(0, |below| below.saturating_add(1));
        // What is kept lies between others, and is never left out: it is computed once however many ways lead to it.
        if depth > DEPTH && !matches!(op, Op::Memo(..)) {
            self.is_cut = true;
            return None;
        }
        self.depths.push(depth);
        let bounds = self.bounds_of(&op, sort);
        self.bounds.push(bounds);
        self.safe.push(safe);
        self.present.push(present);
        self.nodes.push(op.clone());
        self.sorts.push(sort);
        self.numbers.insert(op, at);
        Some(at)
    }

    /// Whether something was left out that builds on more steps, one on another, than it may.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether it always has a value.
    pub(crate) fn is_present(&self, at: NodeIx) -> bool {
        self.present.get(at.index()).copied().unwrap_or(false)
    }

    pub(crate) fn op(&self, at: NodeIx) -> Option<&Op> {
        self.nodes.get(at.index())
    }

    /// Whether its value, where it has one, is a whole number.
    pub(crate) fn is_integer(&self, at: NodeIx) -> bool {
        self.sort(at) == Sort::Integer
    }

    /// Between which numbers its value lies, where it is a whole number or a date.
    pub(crate) fn bounds(&self, at: NodeIx) -> Bounds {
        self.bounds.get(at.index()).copied().unwrap_or(Bounds::ANY)
    }

    /// Whether its value, where it has one, is a decimal.
    pub(crate) fn is_decimal(&self, at: NodeIx) -> bool {
        self.sort(at) == Sort::Decimal
    }

    /// Whether its value, where it has one, is a date.
    pub(crate) fn is_date(&self, at: NodeIx) -> bool {
        self.sort(at) == Sort::Date
    }

    /// How many values are kept.
    pub(crate) fn places(&self) -> usize {
        self.places
    }

    pub(super) fn sort(&self, at: NodeIx) -> Sort {
        self.sorts.get(at.index()).copied().unwrap_or(Sort::Other)
    }

    /// The node where the value of a node is kept, or itself.
    pub(crate) fn place(&self, at: NodeIx) -> NodeIx {
        self.kept.get(at.index()).copied().unwrap_or(at)
    }

    /// Gives a place to whatever more than one node needs, so that nothing is computed twice: no more nodes are added after
    /// this.
    pub fn settle(&mut self, roots: impl IntoIterator<Item = NodeIx>) {
        let mut uses = vec![0_usize; self.nodes.len()];
        let mut open: Vec<NodeIx> = roots.into_iter().collect();
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
            if uses < 2 || self.is_at_hand(at) {
                continue;
            }
            let Some(memo) = self.add(Op::Memo(self.places, at)) else { continue };
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

    /// Whether computing it again costs no more than keeping it.
    fn is_at_hand(&self, at: NodeIx) -> bool {
        let is_input = |at: NodeIx| matches!(self.op(at), Some(Op::Input(_)));
        let is_date_of_input =
            |at: NodeIx| matches!(self.op(at), Some(Op::Call(Builtin::Date, of, _)) if is_input(*of));
        match self.op(at) {
            None | Some(Op::Plain(_) | Op::Constant(..) | Op::Input(_)) => true,
            Some(Op::IsAbsent(of, _) | Op::Call(Builtin::Date, of, _)) => is_input(*of),
            Some(Op::Call(Builtin::SecondsBetween, from, to)) => is_input(*from) && is_input(*to),
            Some(Op::Call(Builtin::DaysBetween, from, to)) => is_date_of_input(*from) && is_date_of_input(*to),
            Some(_) => false,
        }
    }

    /// A script that holds where inputs are there and something else holds: those inputs, and the rest; `None` for any
    /// other. What the rest computes is computed only where they are there.
    pub(crate) fn guards(&mut self, at: NodeIx) -> Option<(Vec<u32>, NodeIx)> {
        let Some(Op::All(items)) = self.op(at).cloned() else { return None };
        let guard = |item: &NodeIx| match self.op(*item) {
            Some(Op::IsAbsent(of, true)) => match self.op(*of) {
                Some(Op::Input(input)) => Some(*input),
                _ => None,
            },
            _ => None,
        };
        let inputs: Vec<u32> = items.iter().map_while(guard).collect();
        match items.get(inputs.len()..)? {
            [] => None,
            _ if inputs.is_empty() => None,
            // What is absent fails as an operand, and as a script is false.
            [only] if !self.is_present(*only) => None,
            [only] => Some((inputs, *only)),
            rest => Some((inputs, self.add(Op::All(rest.into()))?)),
        }
    }

    /// Whether computing it never fails.
    pub(crate) fn is_safe(&self, at: NodeIx) -> bool {
        self.safe.get(at.index()).copied().unwrap_or(false)
    }

    /// Whether computing the one computes the other in any case.
    pub(super) fn needs(&self, at: NodeIx, wanted: NodeIx) -> bool {
        self.needs_below(at, wanted, &mut HashMap::default())
    }

    fn needs_below(&self, at: NodeIx, wanted: NodeIx, known: &mut HashMap<NodeIx, bool, FxBuildHasher>) -> bool {
        // What a node is made of comes before it.
        if at <= wanted {
            return at == wanted;
        }
        if let Some(known) = known.get(&at) {
            return *known;
        }
        let mut needs = |at: NodeIx| self.needs_below(at, wanted, known);
        let is = match self.op(at) {
            Some(Op::If(condition, a, b)) => needs(*condition) || (needs(*a) && needs(*b)),
            Some(Op::All(items) | Op::Any(items) | Op::First(items)) => items.first().is_some_and(|one| needs(*one)),
            Some(op) => op.operands().any(needs),
            None => false,
        };
        known.insert(at, is);
        is
    }

    /// The constant that a node is.
    pub(super) fn constant(&self, at: NodeIx) -> Option<Value> {
        match self.op(at)? {
            Op::Constant(value, _) => Some((**value).clone()),
            Op::Plain(datum) => match datum.tag() {
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
