//! A script for one bundle: settings are constants, calls are inlined, values are copied and nothing is allocated.
//! What it cannot do it gives up on, and the caller asks [`Script::evaluate_values`] instead; so it never fails.

mod datum;
mod run;
mod unmade;

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use rust_decimal::RoundingStrategy;

use super::host::find;
use super::ir::Node;
use super::ops::{self, BinaryOp};
use super::program::Script;
use crate::model::{Type, Value};

pub use datum::{Datum, Kept, Scratch, Tag};
pub use unmade::Unmade;

/// It failed, or it is beyond what is done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GiveUp;

/// What is known of a read when a script is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Nothing: it comes with each request.
    Later,
    /// It is absent.
    Absent,
    /// Its value.
    Value(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Builtin {
    Date,
    LocalDate,
    AddSeconds,
    DaysBetween,
    AddDays,
    AddDuration,
    IsAfter,
    SecondsBetween,
    Round(RoundingStrategy),
    MinorUnits,
    Least,
    Greatest,
    Decimal,
}

fn builtin(name: &str) -> Option<Builtin> {
    Some(match name {
        "date" => Builtin::Date,
        "local_date" => Builtin::LocalDate,
        "add_seconds" => Builtin::AddSeconds,
        "days_between" => Builtin::DaysBetween,
        "add_days" => Builtin::AddDays,
        "add_duration" => Builtin::AddDuration,
        "is_after" => Builtin::IsAfter,
        "seconds_between" => Builtin::SecondsBetween,
        "truncate" => Builtin::Round(RoundingStrategy::ToZero),
        "round_half_up" => Builtin::Round(RoundingStrategy::MidpointAwayFromZero),
        "round_half_even" => Builtin::Round(RoundingStrategy::MidpointNearestEven),
        "minor_units" => Builtin::MinorUnits,
        "min" => Builtin::Least,
        "max" => Builtin::Greatest,
        "decimal" => Builtin::Decimal,
        _ => return None,
    })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expr {
    Constant(Value),
    /// A constant that needs no scratch; made last.
    Plain(Datum),
    Absent,
    Read(usize),
    Local(usize),
    Block(Vec<(usize, Expr)>, Box<Expr>),
    If(Box<(Expr, Expr, Expr)>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    First(Vec<Expr>),
    Not(Box<Expr>),
    Binary(BinaryOp, Box<(Expr, Expr)>),
    IsAbsent(Box<Expr>, bool),
    AnyOf(Vec<Expr>, Box<Expr>),
    Call(Builtin, Vec<Expr>),
}

/// A script that was made for one bundle.
#[derive(Debug, PartialEq, Eq)]
pub struct FastScript {
    expr: Expr,
    constant: Option<Value>,
    to_decimal: bool,
    to_symbol: bool,
    optional: bool,
    used: BTreeSet<usize>,
    locals: usize,
}

/// By what it reads: equal scripts have equal hashes.
impl Hash for FastScript {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.used, self.locals).hash(state);
    }
}

impl Script {
    /// The script with what is known of its reads, in their order; `None` when it uses what is not done here.
    #[must_use]
    pub fn fast(&self, given: &[Given]) -> Option<FastScript> {
        let mut maker = Maker { given, next: 0, used: BTreeSet::new() };
        let expr = maker.make(&self.body().node, &mut Vec::new())?;
        if matches!(self.type_(), Type::Set(_)) {
            return None;
        }
        let constant = match &expr {
            Expr::Constant(value @ (Value::Decimal(_) | Value::Symbol(_))) => Some(value.clone()),
            Expr::Constant(value) if !matches!(self.type_(), Type::Decimal | Type::Symbol(_)) => Some(value.clone()),
            _ => None,
        };
        let (to_decimal, to_symbol) = (*self.type_() == Type::Decimal, matches!(self.type_(), Type::Symbol(_)));
        Some(FastScript {
            expr: settled(expr),
            constant,
            to_decimal,
            to_symbol,
            optional: self.is_optional(),
            used: maker.used,
            locals: maker.next,
        })
    }
}

impl FastScript {
    /// Whether what is left of the script reads this one.
    #[must_use]
    pub fn uses(&self, read: usize) -> bool {
        self.used.contains(&read)
    }

    /// The read whose value it has, as it is.
    #[must_use]
    pub fn copies(&self) -> Option<usize> {
        match &self.expr {
            Expr::Read(read) if self.optional => Some(*read),
            _ => None,
        }
    }

    /// The value that it has whatever it reads.
    #[must_use]
    pub fn constant(&self) -> Option<&Value> {
        self.constant.as_ref()
    }
}

struct Maker<'g> {
    given: &'g [Given],
    next: usize,
    used: BTreeSet<usize>,
}

impl Maker<'_> {
    fn all(&mut self, nodes: &[Node], locals: &mut Vec<Expr>) -> Option<Vec<Expr>> {
        nodes.iter().map(|node| self.make(node, locals)).collect()
    }

    /// `locals` maps the variables of the body to what stands for them here.
    fn make(&mut self, node: &Node, locals: &mut Vec<Expr>) -> Option<Expr> {
        Some(match node {
            Node::Constant(Value::Set(_)) => return None,
            Node::Constant(value) => Expr::Constant(value.clone()),
            Node::Absent => Expr::Absent,
            Node::Read(ix) => match self.given.get(*ix)? {
                Given::Value(Value::Set(_)) => return None,
                Given::Value(value) => Expr::Constant(value.clone()),
                Given::Absent => Expr::Absent,
                Given::Later => {
                    self.used.insert(*ix);
                    Expr::Read(*ix)
                }
            },
            Node::Local(slot) => locals.get(*slot).cloned().unwrap_or(Expr::Absent),
            Node::Block { lets, result } => {
                let mut kept = Vec::new();
                for (slot, value) in lets {
                    let value = self.make(value, locals)?;
                    let stands = self.bind(value, &mut kept);
                    if locals.len() <= *slot {
                        locals.resize(slot.checked_add(1)?, Expr::Absent);
                    }
                    *locals.get_mut(*slot)? = stands;
                }
                block(kept, self.make(result, locals)?)
            }
            Node::If { condition, then, otherwise } => match self.make(condition, locals)? {
                Expr::Constant(Value::Boolean(true)) => self.make(then, locals)?,
                Expr::Constant(Value::Boolean(false)) => self.make(otherwise, locals)?,
                condition => {
                    let then = self.make(then, &mut locals.clone())?;
                    let otherwise = self.make(otherwise, &mut locals.clone())?;
                    Expr::If(Box::new((condition, then, otherwise)))
                }
            },
            Node::And(items) => connect(self.all(items, locals)?, true),
            Node::Or(items) => connect(self.all(items, locals)?, false),
            Node::Coalesce(items) => first(self.all(items, locals)?),
            Node::Not(one) => match self.make(one, locals)? {
                Expr::Constant(Value::Boolean(b)) => Expr::Constant(Value::Boolean(!b)),
                other => Expr::Not(Box::new(other)),
            },
            Node::Negate(_) => return None,
            Node::Binary(op, left, right) => {
                let (left, right) = (self.make(left, locals)?, self.make(right, locals)?);
                match (&left, &right) {
                    (Expr::Constant(a), Expr::Constant(b)) => Expr::Constant(ops::binary(*op, a, b, 0).ok()?),
                    (_, Expr::Constant(Value::Integer(0)))
                        if matches!(op, BinaryOp::Add | BinaryOp::Subtract) && is_integer(&left) =>
                    {
                        left
                    }
                    _ => Expr::Binary(*op, Box::new((left, right))),
                }
            }
            Node::IsAbsent { value, negated } => match self.make(value, locals)? {
                Expr::Absent => Expr::Constant(Value::Boolean(!negated)),
                Expr::Constant(_) => Expr::Constant(Value::Boolean(*negated)),
                other => Expr::IsAbsent(Box::new(other), *negated),
            },
            Node::AnyOf { list, item } => {
                let list = self.all(list, locals)?;
                Expr::AnyOf(list, Box::new(self.make(item, locals)?))
            }
            Node::Host(function, args) => host(function.name, self.all(args, locals)?)?,
            Node::Call(body, args) => {
                let mut kept = Vec::new();
                let mut own = Vec::with_capacity(args.len());
                for arg in args {
                    let value = self.make(arg, locals)?;
                    own.push(self.bind(value, &mut kept));
                }
                block(kept, self.make(&body.node, &mut own)?)
            }
        })
    }

    /// What is plain stands for itself, everything else is computed once into a variable.
    fn bind(&mut self, value: Expr, kept: &mut Vec<(usize, Expr)>) -> Expr {
        if matches!(value, Expr::Constant(_) | Expr::Absent | Expr::Read(_) | Expr::Local(_)) {
            return value;
        }
        let slot = self.next;
        self.next = slot.saturating_add(1);
        kept.push((slot, value));
        Expr::Local(slot)
    }
}

/// Whether it is known to be a whole number.
fn is_integer(expr: &Expr) -> bool {
    match expr {
        Expr::Constant(Value::Integer(_)) => true,
        Expr::Call(Builtin::DaysBetween | Builtin::SecondsBetween | Builtin::MinorUnits, _) => true,
        Expr::Binary(op, sides) => op.is_arithmetic() && is_integer(&sides.0) && is_integer(&sides.1),
        _ => false,
    }
}

fn block(kept: Vec<(usize, Expr)>, result: Expr) -> Expr {
    if kept.is_empty() { result } else { Expr::Block(kept, Box::new(result)) }
}

fn connect(items: Vec<Expr>, all: bool) -> Expr {
    let mut kept = Vec::new();
    for item in items {
        match item {
            Expr::Constant(Value::Boolean(b)) if b == all => {}
            Expr::Constant(Value::Boolean(b)) if kept.is_empty() => return Expr::Constant(Value::Boolean(b)),
            other => kept.push(other),
        }
    }
    match kept.pop() {
        None => Expr::Constant(Value::Boolean(all)),
        Some(only) if kept.is_empty() => only,
        Some(last) => {
            kept.push(last);
            if all { Expr::All(kept) } else { Expr::Any(kept) }
        }
    }
}

/// The first that is not absent, without those that are known to be absent and those after one that is known.
fn first(items: Vec<Expr>) -> Expr {
    let mut kept = Vec::new();
    for item in items.into_iter().filter(|item| !matches!(item, Expr::Absent)) {
        let is_last = matches!(item, Expr::Constant(_));
        kept.push(item);
        if is_last {
            break;
        }
    }
    match kept.pop() {
        None => Expr::Absent,
        Some(only) if kept.is_empty() => only,
        Some(last) => {
            kept.push(last);
            Expr::First(kept)
        }
    }
}

fn host(name: &str, args: Vec<Expr>) -> Option<Expr> {
    let constants: Option<Vec<&Value>> =
        args.iter().map(|arg| if let Expr::Constant(value) = arg { Some(value) } else { None }).collect();
    if let Some(constants) = constants {
        return find(name)?.call(&constants).ok().map(Expr::Constant);
    }
    match (name, args.as_slice()) {
        ("local_date", [at, Expr::Constant(Value::Text(zone))]) if &**zone == "UTC" => {
            Some(Expr::Call(Builtin::Date, vec![at.clone()]))
        }
        ("add_seconds", [at, Expr::Constant(Value::Integer(0))]) => Some(at.clone()),
        _ => Some(Expr::Call(builtin(name)?, args)),
    }
}

/// The last step: constants that need no scratch become data.
fn settled(expr: Expr) -> Expr {
    let all = |items: Vec<Expr>| items.into_iter().map(settled).collect();
    match expr {
        Expr::Constant(value) => Datum::plain(&value).map_or(Expr::Constant(value), Expr::Plain),
        Expr::Absent => Expr::Plain(Datum::ABSENT),
        Expr::Block(lets, result) => {
            let lets = lets.into_iter().map(|(slot, value)| (slot, settled(value))).collect();
            Expr::Block(lets, Box::new(settled(*result)))
        }
        Expr::If(parts) => Expr::If(Box::new((settled(parts.0), settled(parts.1), settled(parts.2)))),
        Expr::All(items) => Expr::All(all(items)),
        Expr::Any(items) => Expr::Any(all(items)),
        Expr::First(items) => Expr::First(all(items)),
        Expr::Not(one) => Expr::Not(Box::new(settled(*one))),
        Expr::Binary(op, sides) => Expr::Binary(op, Box::new((settled(sides.0), settled(sides.1)))),
        Expr::IsAbsent(one, negated) => Expr::IsAbsent(Box::new(settled(*one)), negated),
        Expr::AnyOf(list, item) => Expr::AnyOf(all(list), Box::new(settled(*item))),
        Expr::Call(function, args) => Expr::Call(function, all(args)),
        Expr::Read(_) | Expr::Local(_) | Expr::Plain(_) => expr,
    }
}
