//! What a script comes to once some of what it reads is fixed: a constant, one of its reads, a combination of
//! comparisons with constants, or something that only running it tells.

use std::collections::{BTreeMap, BTreeSet};

use super::convert::settle;
use super::ir::{Body, Node};
use super::native::Run;
use super::ops::BinaryOp;
use super::program::Script;
use crate::model::Value;

/// What a script comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outline {
    /// Always this.
    Constant(Option<Value>),
    /// The value of this read, by its position in [`Script::reads`].
    Read(usize),
    /// A truth made of comparisons of single reads with these constants, and of tests of absence. It cannot fail.
    Comparisons(BTreeMap<usize, BTreeSet<Value>>),
    /// Only running it tells.
    Opaque,
}

impl Script {
    /// What the script comes to. `known` gives the value of each read that is fixed (`Some(None)` for one that is
    /// absent), by its position in [`Script::reads`].
    #[must_use]
    pub fn outline(&self, known: &[Option<Option<Value>>]) -> Outline {
        let fold = Fold { known };
        fold.body(self.body(), Vec::new())
    }

    /// What the script gives whatever else it reads, if that is known: `Some(None)` for nothing.
    #[must_use]
    pub fn constant(&self, known: &[Option<Option<Value>>]) -> Option<Option<Value>> {
        match self.outline(known) {
            Outline::Constant(value) => Some(value.map(|value| settle(value, self.type_()))),
            _ => None,
        }
    }
}

impl Script {
    /// Whether the script gives a value whenever these reads, by their positions in [`Script::reads`], are not absent. What is
    /// not seen to be so is taken not to be.
    #[must_use]
    pub fn is_given_with(&self, present: &dyn Fn(usize) -> bool) -> bool {
        is_given(&self.body().node, present)
    }

    /// The constants that stand in the script and in the functions it calls: where its value is likely to change.
    #[must_use]
    pub fn constants(&self) -> BTreeSet<Value> {
        let (mut out, mut open) = (BTreeSet::new(), vec![&self.body().node]);
        while let Some(node) = open.pop() {
            match node {
                Node::Constant(value) => {
                    out.insert(value.clone());
                }
                Node::Absent | Node::Read(_) | Node::Local(_) => {}
                Node::Block { lets, result } => {
                    open.extend(lets.iter().map(|(_, node)| node));
                    open.push(result);
                }
                Node::If { condition, then, otherwise } => open.extend([&**condition, &**then, &**otherwise]),
                Node::And(all) | Node::Or(all) | Node::Coalesce(all) | Node::Host(_, all) => open.extend(all),
                Node::Not(one) | Node::Negate(one) | Node::IsAbsent { value: one, .. } => open.push(one),
                Node::Binary(_, left, right) => open.extend([&**left, &**right]),
                Node::AnyOf { list, item } => {
                    open.extend(list);
                    open.push(item);
                }
                Node::Call(body, args) => {
                    open.push(&body.node);
                    open.extend(args);
                }
            }
        }
        out
    }
}

/// Whether a node gives a value.
fn is_given(node: &Node, present: &dyn Fn(usize) -> bool) -> bool {
    match node {
        Node::Absent | Node::Local(_) => false,
        Node::Read(slot) => present(*slot),
        Node::Block { result, .. } => is_given(result, present),
        Node::If { condition, then, otherwise } => {
            is_given(otherwise, present) && (never_holds(condition, present) || is_given(then, present))
        }
        Node::Coalesce(items) => items.iter().any(|item| is_given(item, present)),
        Node::Call(body, _) => !body.shape.optional,
        Node::Constant(_)
        | Node::And(_)
        | Node::Or(_)
        | Node::Not(_)
        | Node::Negate(_)
        | Node::Binary(..)
        | Node::IsAbsent { .. }
        | Node::AnyOf { .. }
        | Node::Host(..) => true,
    }
}

/// Whether a condition asks only for the absence of what is there.
fn never_holds(node: &Node, present: &dyn Fn(usize) -> bool) -> bool {
    match node {
        Node::IsAbsent { value, negated: false } => is_given(value, present),
        Node::Or(items) => items.iter().all(|item| never_holds(item, present)),
        Node::And(items) => items.iter().any(|item| never_holds(item, present)),
        _ => false,
    }
}

struct Fold<'k> {
    known: &'k [Option<Option<Value>>],
}

impl Fold<'_> {
    fn body(&self, body: &Body, mut locals: Vec<Outline>) -> Outline {
        locals.resize(body.locals.max(locals.len()), Outline::Opaque);
        self.node(&body.node, &mut locals)
    }

    fn node(&self, node: &Node, locals: &mut Vec<Outline>) -> Outline {
        match node {
            Node::Constant(value) => Outline::Constant(Some(value.clone())),
            Node::Absent => Outline::Constant(None),
            Node::Read(slot) => match self.known.get(*slot) {
                Some(Some(value)) => Outline::Constant(value.clone()),
                _ => Outline::Read(*slot),
            },
            Node::Local(slot) => locals.get(*slot).cloned().unwrap_or(Outline::Opaque),
            Node::Block { lets, result } => {
                for (slot, value) in lets {
                    let value = self.node(value, locals);
                    if value == Outline::Opaque {
                        // It may fail, whether its value is used or not.
                        return Outline::Opaque;
                    }
                    if let Some(local) = locals.get_mut(*slot) {
                        *local = value;
                    }
                }
                self.node(result, locals)
            }
            Node::If { condition, then, otherwise } => self.branch(condition, then, otherwise, locals),
            Node::And(items) => self.connect(items, false, locals),
            Node::Or(items) => self.connect(items, true, locals),
            Node::Coalesce(items) => self.coalesce(items, locals),
            Node::Not(one) => match truth(self.node(one, locals)) {
                Outline::Constant(Some(Value::Boolean(is))) => Outline::Constant(Some(Value::Boolean(!is))),
                other => other,
            },
            Node::Negate(one) => match self.node(one, locals) {
                Outline::Constant(Some(value)) => run(&Node::Negate(Box::new(Node::Constant(value)))),
                _ => Outline::Opaque,
            },
            Node::Binary(op, left, right) => self.binary(*op, left, right, locals),
            Node::IsAbsent { value, negated } => match self.node(value, locals) {
                Outline::Constant(value) => Outline::Constant(Some(Value::Boolean(value.is_none() != *negated))),
                Outline::Read(slot) => Outline::Comparisons(BTreeMap::from([(slot, BTreeSet::new())])),
                _ => Outline::Opaque,
            },
            Node::AnyOf { list, item } => self.any_of(list, item, locals),
            Node::Host(function, args) => {
                let args: Option<Vec<Node>> = args.iter().map(|arg| constant(self.node(arg, locals))).collect();
                args.map_or(Outline::Opaque, |args| run(&Node::Host(function, args)))
            }
            Node::Call(body, args) => {
                let args: Vec<Outline> = args.iter().map(|arg| self.node(arg, locals)).collect();
                if args.contains(&Outline::Opaque) { Outline::Opaque } else { self.body(body, args) }
            }
        }
    }

    fn branch(&self, condition: &Node, then: &Node, otherwise: &Node, locals: &mut Vec<Outline>) -> Outline {
        match truth(self.node(condition, locals)) {
            Outline::Constant(Some(Value::Boolean(true))) => self.node(then, locals),
            Outline::Constant(Some(Value::Boolean(false))) => self.node(otherwise, locals),
            Outline::Comparisons(all) => {
                let (then, otherwise) = (truth(self.node(then, locals)), truth(self.node(otherwise, locals)));
                join(Outline::Comparisons(all), join(then, otherwise))
            }
            _ => Outline::Opaque,
        }
    }

    /// `&&` (decided by `false`) or `||` (decided by `true`).
    fn connect(&self, items: &[Node], decisive: bool, locals: &mut Vec<Outline>) -> Outline {
        let mut left = None;
        for item in items {
            match truth(self.node(item, locals)) {
                Outline::Constant(Some(Value::Boolean(is))) if is == decisive => {
                    // What stands before cannot fail, so it does not matter.
                    return Outline::Constant(Some(Value::Boolean(decisive)));
                }
                Outline::Constant(Some(Value::Boolean(_))) => {}
                Outline::Opaque => return Outline::Opaque,
                other => left = Some(left.map_or(other.clone(), |left| join(left, other))),
            }
        }
        left.unwrap_or(Outline::Constant(Some(Value::Boolean(!decisive))))
    }

    fn coalesce(&self, items: &[Node], locals: &mut Vec<Outline>) -> Outline {
        for item in items {
            match self.node(item, locals) {
                Outline::Constant(None) => {}
                found @ Outline::Constant(_) => return found,
                _ => return Outline::Opaque,
            }
        }
        Outline::Constant(None)
    }

    fn binary(&self, op: BinaryOp, left: &Node, right: &Node, locals: &mut Vec<Outline>) -> Outline {
        let sides = (self.node(left, locals), self.node(right, locals));
        let compares = BinaryOp::COMPARISONS.contains(&op);
        match sides {
            (Outline::Constant(Some(left)), Outline::Constant(Some(right))) => {
                run(&Node::Binary(op, Box::new(Node::Constant(left)), Box::new(Node::Constant(right))))
            }
            (Outline::Read(slot), Outline::Constant(Some(value)))
            | (Outline::Constant(Some(value)), Outline::Read(slot))
                if compares =>
            {
                Outline::Comparisons(BTreeMap::from([(slot, BTreeSet::from([value]))]))
            }
            _ => Outline::Opaque,
        }
    }

    fn any_of(&self, list: &[Node], item: &Node, locals: &mut Vec<Outline>) -> Outline {
        let list: Option<Vec<Node>> = list.iter().map(|one| constant(self.node(one, locals))).collect();
        match (list, self.node(item, locals)) {
            (Some(list), Outline::Read(slot)) => {
                let values =
                    list.into_iter().filter_map(|one| if let Node::Constant(v) = one { Some(v) } else { None });
                Outline::Comparisons(BTreeMap::from([(slot, values.collect())]))
            }
            (Some(list), Outline::Constant(Some(item))) => {
                run(&Node::AnyOf { list, item: Box::new(Node::Constant(item)) })
            }
            _ => Outline::Opaque,
        }
    }
}

/// A read where a truth is wanted is a comparison with `true`.
fn truth(outline: Outline) -> Outline {
    match outline {
        Outline::Read(slot) => Outline::Comparisons(BTreeMap::from([(slot, BTreeSet::from([Value::Boolean(true)]))])),
        Outline::Constant(Some(Value::Boolean(_))) | Outline::Comparisons(_) => outline,
        Outline::Constant(_) | Outline::Opaque => Outline::Opaque,
    }
}

fn join(a: Outline, b: Outline) -> Outline {
    match (a, b) {
        (Outline::Comparisons(mut all), Outline::Comparisons(more)) => {
            for (slot, values) in more {
                all.entry(slot).or_default().extend(values);
            }
            Outline::Comparisons(all)
        }
        (Outline::Comparisons(all), Outline::Constant(Some(Value::Boolean(_))))
        | (Outline::Constant(Some(Value::Boolean(_))), Outline::Comparisons(all)) => Outline::Comparisons(all),
        (Outline::Constant(a), Outline::Constant(b)) if a == b => Outline::Constant(a),
        (Outline::Constant(Some(Value::Boolean(_))), Outline::Constant(Some(Value::Boolean(_)))) => {
            Outline::Comparisons(BTreeMap::new())
        }
        _ => Outline::Opaque,
    }
}

fn constant(outline: Outline) -> Option<Node> {
    match outline {
        Outline::Constant(Some(value)) => Some(Node::Constant(value)),
        Outline::Constant(None) => Some(Node::Absent),
        _ => None,
    }
}

/// Runs what is made of constants; what fails is left to the script itself.
fn run(node: &Node) -> Outline {
    let run = Run { reads: &[], text_limit: usize::MAX };
    let shape = super::ir::Shape::ABSENT;
    let body = Body::new(node.clone(), shape, 0);
    let done = run.body(&body, Vec::new()).map(|value| value.map(std::borrow::Cow::into_owned));
    done.map_or(Outline::Opaque, Outline::Constant)
}
