//! Runs a script that was made for one bundle.

use rust_decimal::{Decimal, RoundingStrategy};
use smallvec::SmallVec;

use super::super::ops::{self, BinaryOp};
use super::datum::{Datum, Scratch, Tag};
use super::{Builtin, Expr, FastScript, GiveUp};
use crate::model::Date;
use crate::model::time::is_day;

/// Local variables that are kept without allocating.
const LOCALS: usize = 6;

impl FastScript {
    /// Runs it on values in the order of the script's reads.
    ///
    /// # Errors
    /// When the script fails.
    pub fn run<'a>(&'a self, reads: &[Datum], scratch: &mut Scratch<'a>) -> Result<Datum, GiveUp> {
        let mut locals: SmallVec<[Datum; LOCALS]> = SmallVec::new();
        if self.locals > 0 {
            locals.resize(self.locals, Datum::ABSENT);
        }
        let result = Run { reads, locals, scratch }.eval(&self.expr)?;
        match result.tag {
            Tag::Absent if !self.optional => Err(GiveUp),
            Tag::Integer if self.to_decimal => Ok(scratch.keep(Decimal::from(result.word()))),
            Tag::Text if self.to_symbol => {
                let code = scratch.text(result)?;
                Ok(scratch.keep_text(Tag::Symbol, code))
            }
            Tag::Span if self.to_symbol => Err(GiveUp),
            _ => Ok(result),
        }
    }
}

struct Run<'r, 'a> {
    reads: &'r [Datum],
    locals: SmallVec<[Datum; LOCALS]>,
    scratch: &'r mut Scratch<'a>,
}

impl<'a> Run<'_, 'a> {
    fn eval(&mut self, expr: &'a Expr) -> Result<Datum, GiveUp> {
        match expr {
            Expr::Plain(datum) => Ok(*datum),
            Expr::Read(ix) => self.reads.get(*ix).copied().ok_or(GiveUp),
            Expr::Local(slot) => self.locals.get(*slot).copied().ok_or(GiveUp),
            Expr::Constant(value) => self.scratch.value(value),
            Expr::Absent => Ok(Datum::ABSENT),
            Expr::Binary(op, sides) => {
                let left = self.eval(&sides.0)?;
                let right = self.eval(&sides.1)?;
                self.binary(*op, left, right)
            }
            Expr::IsAbsent(value, negated) => Ok(Datum::boolean(self.eval(value)?.is_absent() != *negated)),
            Expr::If(parts) => {
                let (condition, then, otherwise) = &**parts;
                if self.holds(condition)? { self.eval(then) } else { self.eval(otherwise) }
            }
            Expr::Call(function, args) => self.function(*function, args),
            Expr::Block(lets, result) => {
                for (slot, value) in lets {
                    let value = self.eval(value)?;
                    *self.locals.get_mut(*slot).ok_or(GiveUp)? = value;
                }
                self.eval(result)
            }
            Expr::All(items) => self.until(items, false),
            Expr::Any(items) => self.until(items, true),
            Expr::First(items) => self.first(items),
            Expr::Not(one) => Ok(Datum::boolean(!self.holds(one)?)),
            Expr::AnyOf(list, item) => self.any_of(list, item),
        }
    }

    fn first(&mut self, items: &'a [Expr]) -> Result<Datum, GiveUp> {
        for item in items {
            let value = self.eval(item)?;
            if !value.is_absent() {
                return Ok(value);
            }
        }
        Ok(Datum::ABSENT)
    }

    fn any_of(&mut self, list: &'a [Expr], item: &'a Expr) -> Result<Datum, GiveUp> {
        let item = self.eval(item)?;
        let mut found = false;
        for one in list {
            let one = self.eval(one)?;
            found |= self.scratch.equal(one, item)?;
        }
        Ok(Datum::boolean(found))
    }

    fn holds(&mut self, expr: &'a Expr) -> Result<bool, GiveUp> {
        let value = self.eval(expr)?;
        if value.tag == Tag::Boolean { Ok(value.word() != 0) } else { Err(GiveUp) }
    }

    fn until(&mut self, items: &'a [Expr], stop: bool) -> Result<Datum, GiveUp> {
        for item in items {
            if self.holds(item)? == stop {
                return Ok(Datum::boolean(stop));
            }
        }
        Ok(Datum::boolean(!stop))
    }

    fn binary(&mut self, op: BinaryOp, left: Datum, right: Datum) -> Result<Datum, GiveUp> {
        if op.is_equality() {
            return Ok(Datum::boolean(self.scratch.equal(left, right)? == (op == BinaryOp::Equal)));
        }
        match (left.tag, right.tag) {
            (Tag::Integer, Tag::Integer) => integer(op, left.word(), right.word()),
            (Tag::Timestamp, Tag::Timestamp) if !op.is_arithmetic() => {
                let (a, b) = (left.as_instant(), right.as_instant());
                Ok(Datum::boolean(match op {
                    BinaryOp::Less => b.is_after(a),
                    BinaryOp::LessOrEqual => !a.is_after(b),
                    BinaryOp::Greater => a.is_after(b),
                    _ => !b.is_after(a),
                }))
            }
            _ if op.is_arithmetic() => self.decimal(op, left, right),
            _ => {
                let order = self.scratch.order(left, right)?;
                Ok(Datum::boolean(match op {
                    BinaryOp::Less => order.is_lt(),
                    BinaryOp::LessOrEqual => order.is_le(),
                    BinaryOp::Greater => order.is_gt(),
                    _ => order.is_ge(),
                }))
            }
        }
    }

    fn decimal(&mut self, op: BinaryOp, left: Datum, right: Datum) -> Result<Datum, GiveUp> {
        let (a, b) = (self.scratch.decimal(left)?, self.scratch.decimal(right)?);
        let result = match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Subtract => a.checked_sub(b),
            BinaryOp::Multiply => a.checked_mul(b),
            BinaryOp::Divide => a.checked_div(b),
            _ => a.checked_rem(b),
        };
        Ok(self.scratch.keep(ops::without_negative_zero(result.ok_or(GiveUp)?)))
    }

    fn function(&mut self, function: Builtin, args: &'a [Expr]) -> Result<Datum, GiveUp> {
        let mut args = args.iter();
        let first = args.next().map_or(Ok(Datum::ABSENT), |arg| self.eval(arg))?;
        let second = args.next().map_or(Ok(Datum::ABSENT), |arg| self.eval(arg))?;
        self.call(function, first, second)
    }

    fn call(&mut self, function: Builtin, first: Datum, second: Datum) -> Result<Datum, GiveUp> {
        let instant = || if first.tag == Tag::Timestamp { Ok(first.as_instant()) } else { Err(GiveUp) };
        let other_instant = || if second.tag == Tag::Timestamp { Ok(second.as_instant()) } else { Err(GiveUp) };
        let date = |datum: Datum| if datum.tag == Tag::Date { Ok(datum.word()) } else { Err(GiveUp) };
        let number = || if second.tag == Tag::Integer { Ok(second.word()) } else { Err(GiveUp) };
        Ok(match function {
            Builtin::Date => Datum::date(instant()?.date_number()),
            Builtin::LocalDate => {
                let at = instant()?.timestamp().ok_or(GiveUp)?;
                Datum::date(at.date_in(self.scratch.text(second)?).ok_or(GiveUp)?.number())
            }
            Builtin::AddSeconds => Datum::instant(instant()?.plus_seconds(number()?).ok_or(GiveUp)?),
            Builtin::DaysBetween => Datum::integer(date(second)?.checked_sub(date(first)?).ok_or(GiveUp)?),
            Builtin::AddDays => {
                let later = date(first)?.checked_add(number()?).filter(|later| is_day(*later));
                Datum::date(later.ok_or(GiveUp)?)
            }
            Builtin::AddDuration => {
                let from = Date::from_number(date(first)?).ok_or(GiveUp)?;
                Datum::date(from.plus(self.scratch.duration(second)?).ok_or(GiveUp)?.number())
            }
            Builtin::IsAfter => Datum::boolean(instant()?.is_after(other_instant()?)),
            Builtin::SecondsBetween => Datum::integer(instant()?.seconds_until(other_instant()?)),
            Builtin::Round(strategy) => {
                let rounded = round(strategy, self.scratch.decimal(first)?, number()?)?;
                self.scratch.keep(rounded)
            }
            Builtin::MinorUnits => {
                let currency = iso_currency::Currency::from_code(self.scratch.text(first)?).ok_or(GiveUp)?;
                Datum::integer(currency.exponent().ok_or(GiveUp)?.into())
            }
            Builtin::Least | Builtin::Greatest => {
                let greater = matches!(function, Builtin::Greatest);
                let chosen = if self.scratch.order(first, second)?.is_gt() == greater { first } else { second };
                let mixed = first.tag == Tag::Decimal || second.tag == Tag::Decimal;
                if mixed && chosen.tag == Tag::Integer {
                    self.scratch.keep(Decimal::from(chosen.word()))
                } else {
                    chosen
                }
            }
            Builtin::Decimal => {
                let decimal = self.scratch.decimal(first)?;
                self.scratch.keep(decimal)
            }
        })
    }
}

fn integer(op: BinaryOp, a: i64, b: i64) -> Result<Datum, GiveUp> {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Remainder => a.checked_rem(b),
        BinaryOp::Less => return Ok(Datum::boolean(a < b)),
        BinaryOp::LessOrEqual => return Ok(Datum::boolean(a <= b)),
        BinaryOp::Greater => return Ok(Datum::boolean(a > b)),
        _ => return Ok(Datum::boolean(a >= b)),
    };
    result.map(Datum::integer).ok_or(GiveUp)
}

fn round(strategy: RoundingStrategy, amount: Decimal, digits: i64) -> Result<Decimal, GiveUp> {
    let scale = u32::try_from(digits).ok().filter(|digits| *digits <= Decimal::MAX_SCALE).ok_or(GiveUp)?;
    let mut rounded = amount.round_dp_with_strategy(scale, strategy);
    rounded.rescale(scale);
    if rounded.scale() == scale { Ok(ops::without_negative_zero(rounded)) } else { Err(GiveUp) }
}
