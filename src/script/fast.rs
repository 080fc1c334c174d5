//! A script for one bundle: settings are constants, calls are inlined, values are copied and nothing is allocated.
//! What it cannot do it gives up on, and the caller asks [`Script::evaluate_values`] instead; so it never fails.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use rust_decimal::{Decimal, RoundingStrategy};
use smallvec::SmallVec;

use super::host::find;
use super::ir::Node;
use super::ops::{self, BinaryOp};
use super::program::Script;
use crate::model::{Date, Duration, Timestamp, Type, Value};

/// Local variables that are kept without allocating.
const LOCALS: usize = 6;

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

/// A value that is copied, not owned. Sets are not among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Datum<'a> {
    /// `()`
    Absent,
    /// See [`Value::Boolean`].
    Boolean(bool),
    /// See [`Value::Integer`].
    Integer(i64),
    /// See [`Value::Decimal`].
    Decimal(Decimal),
    /// See [`Value::Text`].
    Text(&'a str),
    /// See [`Value::Symbol`].
    Symbol(&'a str),
    /// See [`Value::Date`].
    Date(Date),
    /// See [`Value::Timestamp`].
    Timestamp(Timestamp),
    /// See [`Value::Duration`].
    Duration(Duration),
}

impl<'a> Datum<'a> {
    /// The same value; `None` for a set.
    #[must_use]
    pub fn of(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Boolean(b) => Self::Boolean(*b),
            Value::Integer(i) => Self::Integer(*i),
            Value::Decimal(d) => Self::Decimal(*d),
            Value::Text(t) => Self::Text(t),
            Value::Symbol(code) => Self::Symbol(code),
            Value::Date(d) => Self::Date(*d),
            Value::Timestamp(t) => Self::Timestamp(*t),
            Value::Duration(d) => Self::Duration(*d),
            Value::Set(_) => return None,
        })
    }

    fn decimal(self) -> Result<Decimal, GiveUp> {
        match self {
            Self::Integer(i) => Ok(Decimal::from(i)),
            Self::Decimal(d) => Ok(d),
            _ => Err(GiveUp),
        }
    }
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
        let (to_decimal, to_symbol) = (*self.type_() == Type::Decimal, matches!(self.type_(), Type::Symbol(_)));
        Some(FastScript {
            expr,
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
        match &self.expr {
            Expr::Constant(value @ (Value::Decimal(_) | Value::Symbol(_))) => Some(value),
            Expr::Constant(value) if !self.to_decimal && !self.to_symbol => Some(value),
            _ => None,
        }
    }

    /// Runs it on values in the order of the script's reads.
    ///
    /// # Errors
    /// When the script fails.
    pub fn run<'a>(&'a self, reads: &[Datum<'a>]) -> Result<Datum<'a>, GiveUp> {
        let mut run = Run { reads, locals: SmallVec::from_elem(Datum::Absent, self.locals) };
        match run.eval(&self.expr)? {
            Datum::Absent if !self.optional => Err(GiveUp),
            Datum::Integer(i) if self.to_decimal => Ok(Datum::Decimal(Decimal::from(i))),
            Datum::Text(code) if self.to_symbol => Ok(Datum::Symbol(code)),
            other => Ok(other),
        }
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

struct Run<'r, 'a> {
    reads: &'r [Datum<'a>],
    locals: SmallVec<[Datum<'a>; LOCALS]>,
}

impl<'a> Run<'_, 'a> {
    fn eval(&mut self, expr: &'a Expr) -> Result<Datum<'a>, GiveUp> {
        match expr {
            Expr::Constant(value) => Datum::of(value).ok_or(GiveUp),
            Expr::Absent => Ok(Datum::Absent),
            Expr::Read(ix) => self.reads.get(*ix).copied().ok_or(GiveUp),
            Expr::Local(slot) => self.locals.get(*slot).copied().ok_or(GiveUp),
            Expr::Block(lets, result) => {
                for (slot, value) in lets {
                    let value = self.eval(value)?;
                    *self.locals.get_mut(*slot).ok_or(GiveUp)? = value;
                }
                self.eval(result)
            }
            Expr::If(parts) => {
                let (condition, then, otherwise) = &**parts;
                if self.holds(condition)? { self.eval(then) } else { self.eval(otherwise) }
            }
            Expr::All(items) => self.until(items, false),
            Expr::Any(items) => self.until(items, true),
            Expr::First(items) => {
                for item in items {
                    let value = self.eval(item)?;
                    if value != Datum::Absent {
                        return Ok(value);
                    }
                }
                Ok(Datum::Absent)
            }
            Expr::Not(one) => Ok(Datum::Boolean(!self.holds(one)?)),
            Expr::Binary(op, sides) => {
                let (left, right) = (self.eval(&sides.0)?, self.eval(&sides.1)?);
                binary(*op, left, right)
            }
            Expr::IsAbsent(value, negated) => Ok(Datum::Boolean((self.eval(value)? == Datum::Absent) != *negated)),
            Expr::AnyOf(list, item) => {
                let item = self.eval(item)?;
                let mut found = false;
                for one in list {
                    let one = self.eval(one)?;
                    found |= equal(one, item)?;
                }
                Ok(Datum::Boolean(found))
            }
            Expr::Call(function, args) => {
                let mut values = [Datum::Absent; 2];
                for (value, arg) in values.iter_mut().zip(args) {
                    *value = self.eval(arg)?;
                }
                call(*function, values)
            }
        }
    }

    fn holds(&mut self, expr: &'a Expr) -> Result<bool, GiveUp> {
        if let Datum::Boolean(b) = self.eval(expr)? { Ok(b) } else { Err(GiveUp) }
    }

    fn until(&mut self, items: &'a [Expr], stop: bool) -> Result<Datum<'a>, GiveUp> {
        for item in items {
            if self.holds(item)? == stop {
                return Ok(Datum::Boolean(stop));
            }
        }
        Ok(Datum::Boolean(!stop))
    }
}

fn equal(left: Datum<'_>, right: Datum<'_>) -> Result<bool, GiveUp> {
    match (left, right) {
        (Datum::Absent, _) | (_, Datum::Absent) => Err(GiveUp),
        (Datum::Integer(_), Datum::Decimal(_)) | (Datum::Decimal(_), Datum::Integer(_)) => {
            Ok(left.decimal()? == right.decimal()?)
        }
        _ => Ok(left == right),
    }
}

fn binary<'a>(op: BinaryOp, left: Datum<'a>, right: Datum<'a>) -> Result<Datum<'a>, GiveUp> {
    if op.is_equality() {
        return Ok(Datum::Boolean(equal(left, right)? == (op == BinaryOp::Equal)));
    }
    if let (Datum::Integer(a), Datum::Integer(b)) = (left, right) {
        return integer(op, a, b);
    }
    if op.is_arithmetic() {
        let (a, b) = (left.decimal()?, right.decimal()?);
        let result = match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Subtract => a.checked_sub(b),
            BinaryOp::Multiply => a.checked_mul(b),
            BinaryOp::Divide => a.checked_div(b),
            _ => a.checked_rem(b),
        };
        return result.map(|result| Datum::Decimal(ops::without_negative_zero(result))).ok_or(GiveUp);
    }
    if let (Datum::Timestamp(a), Datum::Timestamp(b)) = (left, right) {
        return Ok(Datum::Boolean(match op {
            BinaryOp::Less => b.is_after(a),
            BinaryOp::LessOrEqual => !a.is_after(b),
            BinaryOp::Greater => a.is_after(b),
            _ => !b.is_after(a),
        }));
    }
    let order = order(left, right)?;
    Ok(Datum::Boolean(match op {
        BinaryOp::Less => order.is_lt(),
        BinaryOp::LessOrEqual => order.is_le(),
        BinaryOp::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn order(left: Datum<'_>, right: Datum<'_>) -> Result<std::cmp::Ordering, GiveUp> {
    match (left, right) {
        (Datum::Integer(a), Datum::Integer(b)) => Ok(a.cmp(&b)),
        (Datum::Date(a), Datum::Date(b)) => Ok(a.cmp(&b)),
        (Datum::Duration(a), Datum::Duration(b)) => Ok(a.cmp(&b)),
        _ => Ok(left.decimal()?.cmp(&right.decimal()?)),
    }
}

fn integer<'a>(op: BinaryOp, a: i64, b: i64) -> Result<Datum<'a>, GiveUp> {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Remainder => a.checked_rem(b),
        BinaryOp::Less => return Ok(Datum::Boolean(a < b)),
        BinaryOp::LessOrEqual => return Ok(Datum::Boolean(a <= b)),
        BinaryOp::Greater => return Ok(Datum::Boolean(a > b)),
        _ => return Ok(Datum::Boolean(a >= b)),
    };
    result.map(Datum::Integer).ok_or(GiveUp)
}

fn call(function: Builtin, [first, second]: [Datum<'_>; 2]) -> Result<Datum<'_>, GiveUp> {
    let result = match (function, first, second) {
        (Builtin::Date, Datum::Timestamp(at), _) => Some(Datum::Date(at.date())),
        (Builtin::LocalDate, Datum::Timestamp(at), Datum::Text(zone)) => at.date_in(zone).map(Datum::Date),
        (Builtin::AddSeconds, Datum::Timestamp(at), Datum::Integer(n)) => at.plus_seconds(n).map(Datum::Timestamp),
        (Builtin::DaysBetween, Datum::Date(from), Datum::Date(to)) => Some(Datum::Integer(from.days_until(to))),
        (Builtin::AddDays, Datum::Date(date), Datum::Integer(n)) => date.plus_days(n).map(Datum::Date),
        (Builtin::AddDuration, Datum::Date(date), Datum::Duration(long)) => date.plus(long).map(Datum::Date),
        (Builtin::IsAfter, Datum::Timestamp(a), Datum::Timestamp(b)) => Some(Datum::Boolean(a.is_after(b))),
        (Builtin::SecondsBetween, Datum::Timestamp(a), Datum::Timestamp(b)) => Some(Datum::Integer(a.seconds_until(b))),
        (Builtin::Round(strategy), amount, Datum::Integer(digits)) => {
            return round(strategy, amount.decimal()?, digits);
        }
        (Builtin::MinorUnits, Datum::Text(code), _) => {
            let units = iso_currency::Currency::from_code(code).and_then(iso_currency::Currency::exponent);
            units.map(|units| Datum::Integer(units.into()))
        }
        (Builtin::Least | Builtin::Greatest, a, b) => {
            let greater = matches!(function, Builtin::Greatest);
            let chosen = if order(a, b)?.is_gt() == greater { a } else { b };
            let mixed = matches!((a, b), (Datum::Decimal(_), _) | (_, Datum::Decimal(_)));
            Some(if mixed { Datum::Decimal(chosen.decimal()?) } else { chosen })
        }
        (Builtin::Decimal, amount, _) => Some(Datum::Decimal(amount.decimal()?)),
        _ => None,
    };
    result.ok_or(GiveUp)
}

fn round<'a>(strategy: RoundingStrategy, amount: Decimal, digits: i64) -> Result<Datum<'a>, GiveUp> {
    let scale = u32::try_from(digits).ok().filter(|digits| *digits <= Decimal::MAX_SCALE).ok_or(GiveUp)?;
    let mut rounded = amount.round_dp_with_strategy(scale, strategy);
    rounded.rescale(scale);
    if rounded.scale() == scale { Ok(Datum::Decimal(ops::without_negative_zero(rounded))) } else { Err(GiveUp) }
}
