//! The type checker: from the syntax tree to the typed form.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use super::Names;
use super::host::is_currency;
use super::ir::{Body, Node, Shape};
use super::library::Library;
use super::narrow::{Present, present_when};
use super::refusal::{Refusal, RefusalCode, Spot};
use super::syntax::{Kind, Let, Tree};
use crate::model::{Type, Value, nearest};

/// A checked expression.
pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) shape: Shape,
}

/// What is known of the type where an expression stands.
#[derive(Clone, Copy)]
pub(super) enum Want<'t> {
    Any,
    /// Text literals are read as this type.
    Hint(&'t Type),
    /// The result must be of this type; an integer may stand for a decimal.
    Result(&'t Type),
}

impl<'t> Want<'t> {
    pub(super) fn hint(type_: Option<&'t Type>) -> Self {
        type_.map_or(Self::Any, Self::Hint)
    }
}

struct Local {
    name: String,
    shape: Shape,
    slot: usize,
}

/// The names of a script or of one function body.
#[derive(Default)]
struct Frame {
    locals: Vec<Local>,
    /// Slots given out.
    slots: usize,
    present: Present,
    in_function: bool,
}

/// A function and the types of its arguments.
type Instance = (usize, Vec<Shape>);

pub(super) struct Checker<'a> {
    names: &'a dyn Names,
    pub(super) library: &'a Library,
    reads: &'a [String],
    pub(super) refusals: Vec<Refusal>,
    /// Bodies that are checked, by function and argument types; a refusal is kept with its file.
    pub(super) bodies: HashMap<Instance, Result<Arc<Body>, Refusal>>,
    frame: Frame,
}

impl<'a> Checker<'a> {
    pub(super) fn new(names: &'a dyn Names, library: &'a Library, reads: &'a [String]) -> Self {
        Self { names, library, reads, refusals: Vec::new(), bodies: HashMap::new(), frame: Frame::default() }
    }

    /// Checks a whole script.
    pub(super) fn script(&mut self, tree: &Tree, wanted: Option<&Type>) -> Option<Body> {
        let typed = self.check(tree, wanted.map_or(Want::Any, Want::Result))?;
        self.refusals.is_empty().then(|| Body::new(typed.node, typed.shape, self.frame.slots))
    }

    /// Checks a function body for one list of argument types; refusals are left in `self.refusals`.
    pub(super) fn function(&mut self, params: &[String], shapes: &[Shape], tree: &Tree) -> Option<Body> {
        let outer = mem::replace(&mut self.frame, Frame { in_function: true, ..Frame::default() });
        for (name, shape) in params.iter().zip(shapes) {
            self.define(name, shape.clone());
        }
        let body = self.check(tree, Want::Any);
        let frame = mem::replace(&mut self.frame, outer);
        body.map(|typed| Body::new(typed.node, typed.shape, frame.slots))
    }

    pub(super) fn refuse<T>(&mut self, refusal: Refusal) -> Option<T> {
        self.refusals.push(refusal);
        None
    }

    pub(super) fn check(&mut self, tree: &Tree, want: Want<'_>) -> Option<Typed> {
        match &tree.kind {
            Kind::Block { lets, result } => self.block(lets, result, want),
            Kind::If { condition, then, otherwise } => self.choice(condition, [then, otherwise], tree.spot, want),
            _ => match want {
                Want::Any => self.plain(tree, None),
                Want::Hint(type_) => self.plain(tree, Some(type_)),
                Want::Result(type_) => {
                    let typed = self.plain(tree, Some(type_))?;
                    self.fit(typed, type_, tree.spot)
                }
            },
        }
    }

    /// Whether a result is of the wanted type.
    fn fit(&mut self, typed: Typed, wanted: &Type, spot: Spot) -> Option<Typed> {
        let fits = match &typed.shape.type_ {
            None => true,
            Some(Type::Integer) => matches!(wanted, Type::Integer | Type::Decimal),
            Some(found) => found == wanted,
        };
        if !fits {
            let message = format!("expected {wanted}, found {}", describe(&typed.shape));
            return self.refuse(Refusal::mismatch(spot, message));
        }
        let type_ = typed.shape.type_.map(|_| wanted.clone());
        Some(Typed { node: typed.node, shape: Shape { type_, ..typed.shape } })
    }

    fn plain(&mut self, tree: &Tree, hint: Option<&Type>) -> Option<Typed> {
        let spot = tree.spot;
        match &tree.kind {
            Kind::Boolean(b) => constant(Value::Boolean(*b), Type::Boolean),
            Kind::Integer(i) => constant(Value::Integer(*i), Type::Integer),
            Kind::Decimal(d) => constant(Value::Decimal(*d), Type::Decimal),
            Kind::Text(text) => self.text(text, hint, spot),
            Kind::Absent => Some(Typed { node: Node::Absent, shape: Shape::ABSENT }),
            Kind::Name(name) => self.name(name, spot),
            Kind::And(items) => self.logic(items, true),
            Kind::Or(items) => self.logic(items, false),
            Kind::Coalesce(items) => self.coalesce(items, hint, spot),
            Kind::Not(one) => {
                let node = Box::new(self.boolean(one, "!")?);
                Some(Typed { node: Node::Not(node), shape: Shape::of(Type::Boolean) })
            }
            Kind::Negate(one) => self.negate(one, spot),
            Kind::Binary(op, left, right) => self.binary(*op, left, right, spot),
            Kind::List(_) => {
                let refusal = Refusal::forbidden(spot, "an array may stand only on the right of `in`");
                self.refuse(refusal.help("write `x in [a, b]`"))
            }
            Kind::Call { name, args } => self.call(name, args, spot),
            Kind::Block { .. } | Kind::If { .. } => self.check(tree, Want::hint(hint)),
        }
    }

    fn text(&mut self, text: &str, hint: Option<&Type>, spot: Spot) -> Option<Typed> {
        match hint {
            Some(Type::Symbol(type_name)) => {
                let codes = self.names.symbols(type_name);
                if let Some(code) = codes.iter().find(|code| &***code == text) {
                    return constant(Value::Symbol(Arc::clone(code)), Type::Symbol(Arc::clone(type_name)));
                }
                let refusal = Refusal::mismatch(spot, format!("`{text}` is not a code of `{type_name}`"));
                let near = nearest(text, codes.iter().map(|code| &**code));
                let instead = near.map(|code| format!("\"{code}\""));
                self.refuse(Refusal { instead, ..refusal.suggest(near) })
            }
            Some(Type::Currency) if is_currency(text) => constant(Value::Text(text.into()), Type::Currency),
            Some(Type::Currency) => {
                let refusal = Refusal::mismatch(spot, format!("`{text}` is not a currency code"));
                self.refuse(refusal.help("write a code of ISO 4217, such as `EUR`"))
            }
            _ => constant(Value::Text(text.into()), Type::Text),
        }
    }

    fn name(&mut self, name: &str, spot: Spot) -> Option<Typed> {
        let local = self.frame.locals.iter().rev().find(|l| l.name == name);
        let found = local.map(|l| (Node::Local(l.slot), l.shape.clone())).or_else(|| self.path(name));
        let Some((node, mut shape)) = found else { return self.unknown(name, spot) };
        if self.frame.present.contains(name) {
            shape.optional = false;
        }
        Some(Typed { node, shape })
    }

    fn path(&self, path: &str) -> Option<(Node, Shape)> {
        if self.frame.in_function {
            return None;
        }
        let known = self.names.lookup(path)?;
        let slot = self.reads.binary_search_by(|read| read.as_str().cmp(path)).ok()?;
        Some((Node::Read(slot), Shape { type_: Some(known.type_), optional: known.optional }))
    }

    fn unknown<T>(&mut self, name: &str, spot: Spot) -> Option<T> {
        let unknown = |message| Refusal::new(RefusalCode::UnknownName, spot, message);
        let root = name.split('.').next().unwrap_or(name);
        if root != name && self.frame.locals.iter().any(|l| l.name == root) {
            return self.refuse(unknown(format!("`{root}` has no part, so `{name}` is unknown")));
        }
        if self.frame.in_function {
            let known: Vec<&str> = self.frame.locals.iter().map(|l| l.name.as_str()).collect();
            let refusal = unknown(format!("`{name}` is unknown in this function")).suggest(nearest(name, known));
            return self.refuse(refusal);
        }
        let paths = self.names.paths();
        if self.names.is_prefix(name) {
            let start = format!("{name}.");
            let below = paths.iter().find(|path| path.starts_with(&start));
            let refusal = unknown(format!("`{name}` is a group of facts, not a value"));
            let example = below.map(|path| format!("name one of its facts, such as `{path}`"));
            return self.refuse(Refusal { help: example, ..refusal });
        }
        let locals = self.frame.locals.iter().map(|l| l.name.as_str());
        let refusal = unknown(format!("`{name}` is unknown"));
        let refusal = refusal.suggest(nearest(name, paths.iter().map(String::as_str).chain(locals)));
        self.refuse(refusal)
    }

    fn define(&mut self, name: &str, shape: Shape) -> usize {
        let slot = self.frame.slots;
        self.frame.slots = slot.saturating_add(1);
        self.frame.locals.push(Local { name: name.to_owned(), shape, slot });
        slot
    }

    fn block(&mut self, lets: &[Let], result: &Tree, want: Want<'_>) -> Option<Typed> {
        let depth = self.frame.locals.len();
        let mut bound = Vec::new();
        let mut complete = true;
        for one in lets {
            match self.binding(one) {
                Some(binding) => bound.push(binding),
                None => complete = false,
            }
        }
        // After a refused `let` its name is unknown, so that checking on would only report consequences.
        let result = if complete { self.check(result, want) } else { None };
        self.frame.locals.truncate(depth);
        let Typed { node, shape } = result?;
        Some(Typed { node: Node::Block { lets: bound, result: Box::new(node) }, shape })
    }

    fn binding(&mut self, one: &Let) -> Option<(usize, Node)> {
        let name = one.name.as_str();
        let visible = !self.frame.in_function;
        let is_fact = visible && (self.names.lookup(name).is_some() || self.names.is_prefix(name));
        if is_fact || self.frame.locals.iter().any(|l| l.name == name) {
            let refusal = Refusal::forbidden(one.spot, format!("`{name}` is already defined"));
            return self.refuse(refusal.help("choose another name"));
        }
        let Typed { node, shape } = self.check(&one.value, Want::Any)?;
        let limit = self.library.limits().variables;
        if self.frame.slots >= limit {
            return self.refuse(Refusal::too_large(one.spot, format!("there are more than {limit} variables")));
        }
        Some((self.define(name, shape), node))
    }

    /// Runs `check` while these names are known to be present.
    fn knowing<T>(&mut self, names: Present, check: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.frame.present.clone();
        self.frame.present.extend(names);
        let result = check(self);
        self.frame.present = before;
        result
    }

    fn choice(&mut self, condition: &Tree, branches: [&Tree; 2], spot: Spot, want: Want<'_>) -> Option<Typed> {
        let [then, otherwise] = branches;
        let test = self.boolean(condition, "if");
        let then = self.knowing(present_when(condition, true), |c| c.check(then, want));
        let otherwise = self.knowing(present_when(condition, false), |c| c.check(otherwise, want));
        let (test, then, otherwise) = (test?, then?, otherwise?);
        let Some(shape) = unify(&then.shape, &otherwise.shape) else {
            let (a, b) = (describe(&then.shape), describe(&otherwise.shape));
            let refusal = Refusal::mismatch(spot, format!("the branches of this `if` give {a} and {b}"));
            return self.refuse(with_number_help(refusal, &then.shape, &otherwise.shape));
        };
        let (condition, then, otherwise) = (Box::new(test), Box::new(then.node), Box::new(otherwise.node));
        Some(Typed { node: Node::If { condition, then, otherwise }, shape })
    }

    /// `&&` and `||`: what the items before tell holds in the items after.
    fn logic(&mut self, items: &[Tree], and: bool) -> Option<Typed> {
        let before = self.frame.present.clone();
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            nodes.push(self.boolean(item, if and { "&&" } else { "||" }));
            self.frame.present.extend(present_when(item, and));
        }
        self.frame.present = before;
        let nodes: Option<Vec<Node>> = nodes.into_iter().collect();
        let node = if and { Node::And(nodes?) } else { Node::Or(nodes?) };
        Some(Typed { node, shape: Shape::of(Type::Boolean) })
    }

    fn boolean(&mut self, tree: &Tree, operator: &str) -> Option<Node> {
        let typed = self.present(tree, Want::Any)?;
        match typed.shape.type_ {
            Some(Type::Boolean) => Some(typed.node),
            _ => {
                let message = format!("`{operator}` takes booleans, this is {}", describe(&typed.shape));
                self.refuse(Refusal::mismatch(tree.spot, message))
            }
        }
    }

    /// Checks an expression whose value must be present.
    pub(super) fn present(&mut self, tree: &Tree, want: Want<'_>) -> Option<Typed> {
        let typed = self.check(tree, want)?;
        if !typed.shape.optional {
            return Some(typed);
        }
        let refusal = match &tree.kind {
            Kind::Name(name) => Refusal::mismatch(tree.spot, format!("`{name}` may be absent"))
                .help(format!("test it first with `{name} != ()`, or give another value with `{name} ?? …`")),
            Kind::Absent => Refusal::mismatch(tree.spot, "`()` is no value")
                .help("compare with `== ()` or `!= ()` to test for an absent value"),
            _ => Refusal::mismatch(tree.spot, "this value may be absent").help("give another value with `… ?? …`"),
        };
        self.refuse(refusal)
    }
}

fn constant(value: Value, type_: Type) -> Option<Typed> {
    Some(Typed { node: Node::Constant(value), shape: Shape::of(type_) })
}

/// The type of an expression that gives the one or the other.
pub(super) fn unify(a: &Shape, b: &Shape) -> Option<Shape> {
    let type_ = match (&a.type_, &b.type_) {
        (Some(x), Some(y)) if x != y => return None,
        (Some(x), _) | (None, Some(x)) => Some(x.clone()),
        (None, None) => None,
    };
    Some(Shape { type_, optional: a.optional || b.optional })
}

pub(super) fn describe(shape: &Shape) -> String {
    shape.type_.as_ref().map_or_else(|| "`()`".to_owned(), |type_| format!("{type_}"))
}

/// Says how to make an integer a decimal, when that is what is missing.
pub(super) fn with_number_help(refusal: Refusal, a: &Shape, b: &Shape) -> Refusal {
    match (&a.type_, &b.type_) {
        (Some(Type::Integer), Some(Type::Decimal)) | (Some(Type::Decimal), Some(Type::Integer)) => {
            refusal.help("write the integer with a decimal point, or as `decimal(…)`")
        }
        _ => refusal,
    }
}
