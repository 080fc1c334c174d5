//! Makes a script for one bundle: what is known of its reads is worked out beforehand.

use super::super::host::find;
use super::super::ir::Node;
use super::super::ops::{self, BinaryOp};
use super::super::program::Script;
use super::datum::{Datum, Tag};
use super::graph::{Graph, NodeIx, Op, Sort};
use super::{Builtin, Given, builtin};
use crate::model::{Type, Value};

/// A script that was made for one bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The node of the graph that gives its result.
    pub root: NodeIx,
    /// The value that it has whatever it reads.
    pub constant: Option<Value>,
    /// The input whose value it has, as it is.
    pub copies: Option<u32>,
}

impl Script {
    /// Adds the script to a graph, with what is known of its reads, in their order; `None` when it uses what is not done
    /// there.
    #[must_use]
    pub fn fast(&self, given: &[Given], graph: &mut Graph) -> Option<Made> {
        let sorts = (0..given.len()).map(|read| match self.type_of_read(read) {
            Some(Type::Integer) => Sort::Integer,
            Some(Type::Decimal) => Sort::Decimal,
            Some(Type::Date) => Sort::Date,
            _ => Sort::Other,
        });
        let mut maker = Maker { given, sorts: sorts.collect(), graph };
        let own = maker.make(&self.body().node, &mut Vec::new())?;
        // What it reads may fail, and then it fails, whether it comes to use it or not.
        let read = given.iter().filter_map(|given| if let Given::Node(node) = given { Some(*node) } else { None });
        let own = maker.then(read.collect(), own)?;
        if matches!(self.type_(), Type::Set(_)) {
            return None;
        }
        let constant = match graph.constant(own) {
            Some(value @ (Value::Decimal(_) | Value::Symbol(_))) => Some(value),
            Some(value) if !matches!(self.type_(), Type::Decimal | Type::Symbol(_)) => Some(value),
            _ => None,
        };
        let copies = match graph.op(own)? {
            Op::Input(input) if self.is_optional() || graph.is_present(own) => Some(*input),
            _ => None,
        };
        let mut root = own;
        if matches!(self.type_(), Type::Symbol(_)) {
            root = graph.add(Op::ToSymbol(root))?;
        }
        if *self.type_() == Type::Decimal && graph.sort(root) != Sort::Decimal {
            root = graph.add(Op::ToDecimal(root))?;
        }
        if !self.is_optional() && !graph.is_present(root) {
            root = graph.add(Op::Required(root))?;
        }
        Some(Made { root, constant, copies })
    }
}

struct Maker<'g> {
    given: &'g [Given],
    sorts: Vec<Sort>,
    graph: &'g mut Graph,
}

impl Maker<'_> {
    fn all(&mut self, nodes: &[Node], locals: &mut Vec<NodeIx>) -> Option<Vec<NodeIx>> {
        nodes.iter().map(|node| self.make(node, locals)).collect()
    }

    fn absent(&mut self) -> Option<NodeIx> {
        self.graph.add(Op::Plain(Datum::ABSENT))
    }

    fn boolean(&mut self, is: bool) -> Option<NodeIx> {
        self.graph.add(Op::Plain(Datum::boolean(is)))
    }

    fn value(&mut self, value: &Value) -> Option<NodeIx> {
        let op = match value {
            Value::Set(_) => return None,
            other => match Datum::plain(other) {
                Some(datum) => Op::Plain(datum),
                None => {
                    Op::Constant(Box::new(other.clone()), if let Value::Decimal(d) = other { d.scale() } else { 0 })
                }
            },
        };
        self.graph.add(op)
    }

    /// The truth that a node is, where it is one that is known.
    fn truth(&self, at: NodeIx) -> Option<bool> {
        match self.graph.op(at) {
            Some(Op::Plain(datum)) if datum.tag() == Tag::Boolean => Some(datum.word() != 0),
            _ => None,
        }
    }

    /// The truth that a node is once some others were computed, none of which failed, where it is one that is known.
    fn known_after(&self, at: NodeIx) -> Option<(Vec<NodeIx>, bool)> {
        match self.graph.op(at) {
            Some(Op::Then(before, last)) => Some((before.to_vec(), self.truth(*last)?)),
            _ => Some((Vec::new(), self.truth(at)?)),
        }
    }

    fn is_absent(&self, at: NodeIx) -> bool {
        matches!(self.graph.op(at), Some(Op::Plain(datum)) if datum.is_absent())
    }

    /// `locals` maps the variables of the body to what stands for them here.
    fn make(&mut self, node: &Node, locals: &mut Vec<NodeIx>) -> Option<NodeIx> {
        match node {
            Node::Constant(value) => self.value(value),
            Node::Absent => self.absent(),
            Node::Read(ix) => self.read(*ix),
            Node::Local(slot) => locals.get(*slot).copied().map_or_else(|| self.absent(), Some),
            Node::Block { lets, result } => self.block(lets, result, locals),
            Node::If { condition, then, otherwise } => {
                let condition = self.make(condition, locals)?;
                match self.known_after(condition) {
                    Some((before, is)) => {
                        let branch = self.make(if is { then } else { otherwise }, locals)?;
                        self.then(before, branch)
                    }
                    None => {
                        let then = self.make(then, &mut locals.clone())?;
                        let otherwise = self.make(otherwise, &mut locals.clone())?;
                        self.graph.add(Op::If(condition, then, otherwise))
                    }
                }
            }
            Node::And(items) => {
                let items = self.all(items, locals)?;
                self.connect(items, true)
            }
            Node::Or(items) => {
                let items = self.all(items, locals)?;
                self.connect(items, false)
            }
            Node::Coalesce(items) => {
                let items = self.all(items, locals)?;
                self.first(items)
            }
            Node::Not(one) => {
                let one = self.make(one, locals)?;
                match self.truth(one) {
                    Some(is) => self.boolean(!is),
                    None => self.graph.add(Op::Not(one)),
                }
            }
            Node::Negate(_) => None,
            Node::Binary(op, left, right) => {
                let (left, right) = (self.make(left, locals)?, self.make(right, locals)?);
                self.binary(*op, left, right)
            }
            Node::IsAbsent { value, negated } => {
                let value = self.make(value, locals)?;
                if self.is_absent(value) {
                    self.boolean(!negated)
                } else if self.graph.is_present(value) {
                    let is = self.boolean(*negated)?;
                    self.then(vec![value], is)
                } else {
                    self.graph.add(Op::IsAbsent(value, *negated))
                }
            }
            Node::AnyOf { list, item } => {
                let list = self.all(list, locals)?;
                let item = self.make(item, locals)?;
                self.graph.add(Op::AnyOf(list.into(), item))
            }
            Node::Host(function, args) => {
                let args = self.all(args, locals)?;
                self.host(function.name, &args)
            }
            Node::Call(body, args) => {
                let mut own = self.all(args, locals)?;
                let args = own.clone();
                let result = self.make(&body.node, &mut own)?;
                self.then(args, result)
            }
        }
    }

    fn read(&mut self, ix: usize) -> Option<NodeIx> {
        match self.given.get(ix)?.clone() {
            Given::Value(value) => self.value(&value),
            Given::Absent => self.absent(),
            Given::Later { input, present } => self.graph.add_input(input, self.sorts.get(ix).copied()?, present),
            Given::Node(node) => Some(node),
        }
    }

    fn block(&mut self, lets: &[(usize, Node)], result: &Node, locals: &mut Vec<NodeIx>) -> Option<NodeIx> {
        let mut values = Vec::new();
        for (slot, value) in lets {
            let value = self.make(value, locals)?;
            values.push(value);
            while locals.len() <= *slot {
                let absent = self.absent()?;
                locals.push(absent);
            }
            *locals.get_mut(*slot)? = value;
        }
        let result = self.make(result, locals)?;
        self.then(values, result)
    }

    /// A variable is computed even where nothing uses it, for it may fail.
    fn then(&mut self, mut values: Vec<NodeIx>, result: NodeIx) -> Option<NodeIx> {
        values.retain(|value| !self.graph.is_safe(*value) && !self.graph.needs(result, *value));
        values.dedup();
        if values.is_empty() { Some(result) } else { self.graph.add(Op::Then(values.into(), result)) }
    }

    fn is_computed_by(&self, at: NodeIx, next: Option<&NodeIx>) -> bool {
        next.is_some_and(|next| self.graph.needs(*next, at))
    }

    fn binary(&mut self, op: BinaryOp, left: NodeIx, right: NodeIx) -> Option<NodeIx> {
        if let (Some(a), Some(b)) = (self.graph.constant(left), self.graph.constant(right)) {
            return self.value(&ops::binary(op, &a, &b, 0).ok()?);
        }
        if op.is_equality() && left == right && self.graph.is_safe(left) && self.graph.is_present(left) {
            return self.boolean(op == BinaryOp::Equal);
        }
        let integers = self.graph.is_integer(left) && self.graph.is_integer(right);
        let is_unknown = |at| matches!(self.graph.sort(at), Sort::Other | Sort::Nothing);
        let adds_nothing = matches!(op, BinaryOp::Add | BinaryOp::Subtract)
            && matches!(self.graph.op(right), Some(Op::Plain(datum)) if Datum::integer(0) == Some(*datum));
        match integers {
            true if adds_nothing && self.graph.is_present(left) => Some(left),
            true => self.graph.add(Op::Integers(op, left, right)),
            // Whole numbers are not divided as decimals are. What is joined is text: whoever comes to it gives up.
            false if op.is_arithmetic() && op != BinaryOp::Add && (is_unknown(left) || is_unknown(right)) => None,
            false => self.graph.add(Op::Binary(op, left, right)),
        }
    }

    fn connect(&mut self, items: Vec<NodeIx>, all: bool) -> Option<NodeIx> {
        let mut kept = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let next = at.checked_add(1).and_then(|next| items.get(next));
            match self.known_after(*item) {
                // What only has to be computed is, by the next.
                Some((before, is)) if is == all && before.iter().all(|one| self.is_computed_by(*one, next)) => {}
                Some((before, is)) if is != all && before.is_empty() && kept.is_empty() => return self.boolean(is),
                _ => kept.push(*item),
            }
        }
        match kept.as_slice() {
            [] => self.boolean(all),
            [only] => Some(*only),
            _ if all => self.graph.add(Op::All(kept.into())),
            _ => self.graph.add(Op::Any(kept.into())),
        }
    }

    /// The first that is not absent, without those that are known to be absent and those after one that is known.
    fn first(&mut self, items: Vec<NodeIx>) -> Option<NodeIx> {
        let mut kept: Vec<NodeIx> = Vec::new();
        for item in items {
            if self.is_absent(item) || kept.last() == Some(&item) {
                continue;
            }
            kept.push(item);
            if self.graph.is_present(item) {
                break;
            }
        }
        match kept.as_slice() {
            [] => self.absent(),
            [only] => Some(*only),
            _ => self.graph.add(Op::First(kept.into())),
        }
    }

    fn host(&mut self, name: &str, args: &[NodeIx]) -> Option<NodeIx> {
        let constants: Option<Vec<Value>> = args.iter().map(|arg| self.graph.constant(*arg)).collect();
        if let Some(constants) = constants {
            let value = find(name)?.call(&constants.iter().collect::<Vec<_>>()).ok()?;
            return self.value(&value);
        }
        let second = args.get(1).and_then(|arg| self.graph.constant(*arg));
        let (function, args) = match (name, args, second) {
            ("local_date", [at, _], Some(Value::Text(zone))) if &*zone == "UTC" => (Builtin::Date, vec![*at]),
            ("add_seconds", [at, _], Some(Value::Integer(0))) => return Some(*at),
            _ => (builtin(name)?, args.to_vec()),
        };
        let absent = self.absent()?;
        let mut args = args.into_iter();
        let (one, other) = (args.next().unwrap_or(absent), args.next().unwrap_or(absent));
        self.graph.add(Op::Call(function, one, other))
    }
}
