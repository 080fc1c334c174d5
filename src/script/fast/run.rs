//! Runs a script that was made for one bundle.

use rust_decimal::{Decimal, RoundingStrategy};
use smallvec::SmallVec;

use super::super::ops::{self, BinaryOp};
use super::datum::{Datum, Scratch};
use super::{Builtin, Expr, FastScript, GiveUp};

/// Local variables that are kept without allocating.
const LOCALS: usize = 6;

impl FastScript {
    /// Runs it on values in the order of the script's reads.
    ///
    /// # Errors
    /// When the script fails.
    pub fn run<'a>(&'a self, reads: &[Datum<'a>], scratch: &mut Scratch<'a>) -> Result<Datum<'a>, GiveUp> {
        let mut run = Run { reads, locals: SmallVec::from_elem(Datum::Absent, self.locals), scratch };
        match run.eval(&self.expr)? {
            Datum::Absent if !self.optional => Err(GiveUp),
            Datum::Integer(i) if self.to_decimal => scratch.keep(Decimal::from(i)),
            Datum::Text(code) if self.to_symbol => Ok(Datum::Symbol(code)),
            Datum::Span(..) if self.to_symbol => Err(GiveUp),
            other => Ok(other),
        }
    }
}

struct Run<'r, 'a> {
    reads: &'r [Datum<'a>],
    locals: SmallVec<[Datum<'a>; LOCALS]>,
    scratch: &'r mut Scratch<'a>,
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
                    if !value.is_absent() {
                        return Ok(value);
                    }
                }
                Ok(Datum::Absent)
            }
            Expr::Not(one) => Ok(Datum::Boolean(!self.holds(one)?)),
            Expr::Binary(op, sides) => {
                let (left, right) = (self.eval(&sides.0)?, self.eval(&sides.1)?);
                self.binary(*op, left, right)
            }
            Expr::IsAbsent(value, negated) => Ok(Datum::Boolean(self.eval(value)?.is_absent() != *negated)),
            Expr::AnyOf(list, item) => {
                let item = self.eval(item)?;
                let mut found = false;
                for one in list {
                    let one = self.eval(one)?;
                    found |= self.scratch.equal(one, item)?;
                }
                Ok(Datum::Boolean(found))
            }
            Expr::Call(function, args) => {
                let mut values = [Datum::Absent; 2];
                for (value, arg) in values.iter_mut().zip(args) {
                    *value = self.eval(arg)?;
                }
                self.call(*function, values)
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

    fn binary(&mut self, op: BinaryOp, left: Datum<'a>, right: Datum<'a>) -> Result<Datum<'a>, GiveUp> {
        if op.is_equality() {
            return Ok(Datum::Boolean(self.scratch.equal(left, right)? == (op == BinaryOp::Equal)));
        }
        if let (Datum::Integer(a), Datum::Integer(b)) = (left, right) {
            return integer(op, a, b);
        }
        if op.is_arithmetic() {
            let (a, b) = (self.scratch.decimal(left)?, self.scratch.decimal(right)?);
            let result = match op {
                BinaryOp::Add => a.checked_add(b),
                BinaryOp::Subtract => a.checked_sub(b),
                BinaryOp::Multiply => a.checked_mul(b),
                BinaryOp::Divide => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            return self.scratch.keep(ops::without_negative_zero(result.ok_or(GiveUp)?));
        }
        if let (Datum::Timestamp(a), Datum::Timestamp(b)) = (left, right) {
            return Ok(Datum::Boolean(match op {
                BinaryOp::Less => b.is_after(a),
                BinaryOp::LessOrEqual => !a.is_after(b),
                BinaryOp::Greater => a.is_after(b),
                _ => !b.is_after(a),
            }));
        }
        let order = self.order(left, right)?;
        Ok(Datum::Boolean(match op {
            BinaryOp::Less => order.is_lt(),
            BinaryOp::LessOrEqual => order.is_le(),
            BinaryOp::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
    }

    fn order(&self, left: Datum<'_>, right: Datum<'_>) -> Result<std::cmp::Ordering, GiveUp> {
        match (left, right) {
            (Datum::Integer(a), Datum::Integer(b)) => Ok(a.cmp(&b)),
            (Datum::Date(a), Datum::Date(b)) => Ok(a.cmp(&b)),
            (Datum::Duration(a), Datum::Duration(b)) => Ok(a.cmp(b)),
            _ => Ok(self.scratch.decimal(left)?.cmp(&self.scratch.decimal(right)?)),
        }
    }

    fn call(&mut self, function: Builtin, [first, second]: [Datum<'a>; 2]) -> Result<Datum<'a>, GiveUp> {
        let result = match (function, first, second) {
            (Builtin::Date, Datum::Timestamp(at), _) => Some(Datum::Date(at.date())),
            (Builtin::LocalDate, Datum::Timestamp(at), zone) => at.date_in(self.scratch.text(zone)?).map(Datum::Date),
            (Builtin::AddSeconds, Datum::Timestamp(at), Datum::Integer(n)) => at.plus_seconds(n).map(Datum::Timestamp),
            (Builtin::DaysBetween, Datum::Date(from), Datum::Date(to)) => Some(Datum::Integer(from.days_until(to))),
            (Builtin::AddDays, Datum::Date(date), Datum::Integer(n)) => date.plus_days(n).map(Datum::Date),
            (Builtin::AddDuration, Datum::Date(date), Datum::Duration(long)) => date.plus(*long).map(Datum::Date),
            (Builtin::IsAfter, Datum::Timestamp(a), Datum::Timestamp(b)) => Some(Datum::Boolean(a.is_after(b))),
            (Builtin::SecondsBetween, Datum::Timestamp(a), Datum::Timestamp(b)) => {
                Some(Datum::Integer(a.seconds_until(b)))
            }
            (Builtin::Round(strategy), amount, Datum::Integer(digits)) => {
                let rounded = round(strategy, self.scratch.decimal(amount)?, digits)?;
                return self.scratch.keep(rounded);
            }
            (Builtin::MinorUnits, code, _) => {
                let currency = iso_currency::Currency::from_code(self.scratch.text(code)?);
                currency.and_then(iso_currency::Currency::exponent).map(|units| Datum::Integer(units.into()))
            }
            (Builtin::Least | Builtin::Greatest, a, b) => {
                let greater = matches!(function, Builtin::Greatest);
                let chosen = if self.order(a, b)?.is_gt() == greater { a } else { b };
                let is_decimal = |one| matches!(one, Datum::Decimal(_) | Datum::Computed(_));
                match chosen {
                    Datum::Integer(i) if is_decimal(a) || is_decimal(b) => return self.scratch.keep(Decimal::from(i)),
                    other => Some(other),
                }
            }
            (Builtin::Decimal, amount, _) => {
                let decimal = self.scratch.decimal(amount)?;
                return self.scratch.keep(decimal);
            }
            _ => None,
        };
        result.ok_or(GiveUp)
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

fn round(strategy: RoundingStrategy, amount: Decimal, digits: i64) -> Result<Decimal, GiveUp> {
    let scale = u32::try_from(digits).ok().filter(|digits| *digits <= Decimal::MAX_SCALE).ok_or(GiveUp)?;
    let mut rounded = amount.round_dp_with_strategy(scale, strategy);
    rounded.rescale(scale);
    if rounded.scale() == scale { Ok(ops::without_negative_zero(rounded)) } else { Err(GiveUp) }
}
