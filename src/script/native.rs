//! Runs the checked form of a script, without Rhai.

use std::borrow::Cow;

use super::error::ScriptError;
use super::host::HostFunction;
use super::ir::{Body, Node};
use super::ops::{self, BinaryOp, equal};
use crate::model::Value;

/// A value, borrowed where it can be; `None` is `()`.
type Given<'a> = Option<Cow<'a, Value>>;
type Outcome<'a> = Result<Given<'a>, ScriptError>;

/// One run: the values of the paths, and the bound on texts.
pub(super) struct Run<'a> {
    pub(super) reads: &'a [Option<Value>],
    pub(super) text_limit: usize,
}

impl<'a> Run<'a> {
    /// Runs a script, or a function with its arguments.
    pub(super) fn body(&self, body: &'a Body, args: Vec<Given<'a>>) -> Outcome<'a> {
        let mut locals = args;
        locals.resize(body.locals.max(locals.len()), None);
        self.node(&body.node, &mut locals)
    }

    fn node(&self, node: &'a Node, locals: &mut Vec<Given<'a>>) -> Outcome<'a> {
        match node {
            Node::Constant(value) => Ok(Some(Cow::Borrowed(value))),
            Node::Absent => Ok(None),
            Node::Read(slot) => Ok(self.reads.get(*slot).and_then(Option::as_ref).map(Cow::Borrowed)),
            Node::Local(slot) => Ok(locals.get(*slot).cloned().flatten()),
            Node::Block { lets, result } => {
                for (slot, value) in lets {
                    let value = self.node(value, locals)?;
                    *locals.get_mut(*slot).ok_or_else(|| ScriptError::internal("a missing variable"))? = value;
                }
                self.node(result, locals)
            }
            Node::If { condition, then, otherwise } => {
                let branch = if self.boolean(condition, locals)? { then } else { otherwise };
                self.node(branch, locals)
            }
            Node::And(items) => self.short_circuit(items, false, locals),
            Node::Or(items) => self.short_circuit(items, true, locals),
            Node::Coalesce(items) => self.first_present(items, locals),
            Node::Not(one) => Ok(truth(!self.boolean(one, locals)?)),
            Node::Negate(one) => ops::negate(&*self.present(one, locals)?).map(owned),
            Node::Binary(op, left, right) => self.binary(*op, left, right, locals),
            Node::IsAbsent { value, negated } => Ok(truth(self.node(value, locals)?.is_none() != *negated)),
            Node::AnyOf { list, item } => self.any_of(list, item, locals),
            Node::Host(function, args) => self.host(function, args, locals),
            Node::Call(body, args) => self.call(body, args, locals),
        }
    }

    fn present(&self, node: &'a Node, locals: &mut Vec<Given<'a>>) -> Result<Cow<'a, Value>, ScriptError> {
        self.node(node, locals)?.ok_or_else(|| ScriptError::internal("an absent value was used"))
    }

    fn boolean(&self, node: &'a Node, locals: &mut Vec<Given<'a>>) -> Result<bool, ScriptError> {
        match *self.present(node, locals)? {
            Value::Boolean(b) => Ok(b),
            _ => Err(ops::misplaced("if")),
        }
    }

    /// `&&` stops at the first `false`, `||` at the first `true`.
    fn short_circuit(&self, items: &'a [Node], stop: bool, locals: &mut Vec<Given<'a>>) -> Outcome<'a> {
        for item in items {
            if self.boolean(item, locals)? == stop {
                return Ok(truth(stop));
            }
        }
        Ok(truth(!stop))
    }

    fn first_present(&self, items: &'a [Node], locals: &mut Vec<Given<'a>>) -> Outcome<'a> {
        for item in items {
            let value = self.node(item, locals)?;
            if value.is_some() {
                return Ok(value);
            }
        }
        Ok(None)
    }

    fn binary(&self, op: BinaryOp, left: &'a Node, right: &'a Node, locals: &mut Vec<Given<'a>>) -> Outcome<'a> {
        let left = self.present(left, locals)?;
        let right = self.present(right, locals)?;
        ops::binary(op, &left, &right, self.text_limit).map(owned)
    }

    fn any_of(&self, list: &'a [Node], item: &'a Node, locals: &mut Vec<Given<'a>>) -> Outcome<'a> {
        let mut elements = Vec::with_capacity(list.len());
        for element in list {
            elements.push(self.present(element, locals)?);
        }
        let item = self.present(item, locals)?;
        Ok(truth(elements.iter().any(|element| equal(element, &item))))
    }

    fn host(&self, function: &HostFunction, args: &'a [Node], locals: &mut Vec<Given<'a>>) -> Outcome<'a> {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            values.push(self.present(arg, locals)?);
        }
        let values: Vec<&Value> = values.iter().map(|v| &**v).collect();
        function.call(&values).map(owned)
    }

    fn call(&self, body: &'a Body, args: &'a [Node], locals: &mut Vec<Given<'a>>) -> Outcome<'a> {
        let mut values = Vec::with_capacity(body.locals);
        for arg in args {
            values.push(self.node(arg, locals)?);
        }
        self.body(body, values)
    }
}

fn owned<'a>(value: Value) -> Given<'a> {
    Some(Cow::Owned(value))
}

fn truth<'a>(value: bool) -> Given<'a> {
    owned(Value::Boolean(value))
}
