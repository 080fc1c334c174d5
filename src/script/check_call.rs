//! The checker on calls.

use std::mem;
use std::sync::Arc;

use super::check::{Checker, Typed, Want, describe};
use super::host::{self, HostFunction};
use super::ir::{Body, Node, Shape};
use super::library::Function;
use super::refusal::{Refusal, Spot};
use super::syntax::{Kind, Tree};
use crate::model::Type;

impl Checker<'_> {
    pub(super) fn call(&mut self, name: &str, args: &[Tree], spot: Spot) -> Option<Typed> {
        if let ("contains", [list, item]) = (name, args)
            && let Kind::List(list) = &list.kind
        {
            return self.any_of(list, item, spot);
        }
        if let Some(function) = host::find(name) {
            if args.len() != function.params.len() {
                let refusal = wrong_count(name, function.params.len(), args.len(), spot);
                return self.refuse(refusal.help(format!("it is `{}`", function.signature)));
            }
            return self.host_call(function, args);
        }
        let library = self.library;
        match library.find(name) {
            Some((index, function)) if function.params.len() == args.len() => {
                self.library_call(index, function, args, spot)
            }
            Some((_, function)) => {
                let refusal = wrong_count(name, function.params.len(), args.len(), spot);
                self.refuse(refusal.help(format!("it is `{name}({})`", function.params.join(", "))))
            }
            None => {
                let refusal = library.unknown_function(name, spot);
                self.refuse(refusal)
            }
        }
    }

    fn host_call(&mut self, function: &'static HostFunction, args: &[Tree]) -> Option<Typed> {
        let mut nodes = Vec::with_capacity(args.len());
        let mut types: Vec<Type> = Vec::with_capacity(args.len());
        for (param, arg) in function.params.iter().zip(args) {
            let hint = param.hint(types.first());
            let typed = self.present(arg, Want::hint(hint.as_ref()))?;
            let type_ = typed.shape.type_?;
            if !param.accepts(&type_, types.first()) {
                let refusal = Refusal::mismatch(arg.spot, format!("`{}` does not take {type_} here", function.name));
                return self.refuse(refusal.help(format!("it is `{}`", function.signature)));
            }
            nodes.push(typed.node);
            types.push(type_);
        }
        let shape = Shape::of(function.result(&types));
        Some(Typed { node: Node::Host(function, nodes), shape })
    }

    fn library_call(&mut self, index: usize, function: &Function, args: &[Tree], spot: Spot) -> Option<Typed> {
        let typed: Vec<Option<Typed>> = args.iter().map(|arg| self.check(arg, Want::Any)).collect();
        let typed: Option<Vec<Typed>> = typed.into_iter().collect();
        let (nodes, shapes): (Vec<Node>, Vec<Shape>) = typed?.into_iter().map(|t| (t.node, t.shape)).unzip();
        match self.instance(index, function, &shapes) {
            Ok(body) => {
                let shape = body.shape.clone();
                Some(Typed { node: Node::Call(body, nodes), shape })
            }
            Err(inside) => self.refuse(Refusal { spot: Some(spot), ..inside }),
        }
    }

    /// The body of a function for these argument types, checked once.
    fn instance(&mut self, index: usize, function: &Function, shapes: &[Shape]) -> Result<Arc<Body>, Refusal> {
        let key = (index, shapes.to_vec());
        if let Some(known) = self.bodies.get(&key) {
            return known.clone();
        }
        let outer = mem::take(&mut self.refusals);
        let body = self.function(&function.params, shapes, &function.body);
        let inside = mem::replace(&mut self.refusals, outer);
        let checked = match (body, inside.into_iter().next()) {
            (Some(body), None) => Ok(Arc::new(body)),
            (_, Some(refusal)) => Err(at_call(refusal, function, shapes)),
            (None, None) => Err(Refusal::mismatch(function.spot, "the function gives no value")),
        };
        self.bodies.insert(key, checked.clone());
        checked
    }
}

fn wrong_count(name: &str, takes: usize, given: usize, spot: Spot) -> Refusal {
    let plural = if takes == 1 { "" } else { "s" };
    Refusal::mismatch(spot, format!("`{name}` takes {takes} argument{plural}, {given} given"))
}

/// A refusal inside a function, told at its call.
fn at_call(refusal: Refusal, function: &Function, shapes: &[Shape]) -> Refusal {
    let given: Vec<String> = shapes.iter().map(describe_argument).collect();
    let line = refusal.spot.map_or(function.line, |spot| spot.line);
    let (name, file, reason) = (&function.name, &function.file, &refusal.message);
    // A refusal that comes from a function further down names its own place already.
    let message = format!("`{name}({})` is refused at {file}:{line}: {reason}", given.join(", "));
    Refusal { message, ..refusal }
}

fn describe_argument(shape: &Shape) -> String {
    let absent = if shape.optional && shape.type_.is_some() { " or absent" } else { "" };
    format!("{}{absent}", describe(shape).trim_matches('`'))
}
