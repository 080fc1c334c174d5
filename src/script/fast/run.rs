//! Runs the scripts of a [`Graph`] on a request.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::ops::{self, BinaryOp};
use super::datum::{Datum, Scratch, Tag};
use super::graph::{Graph, NodeIx, Op, Sort};
use super::rounding::{quotient, round};
use super::{Builtin, GiveUp};
use crate::model::currency::minor_units;
use crate::model::time::{Instant, day_after};

/// Where scripts read from.
pub trait Inputs<'a> {
    /// What is read, by the number of the input.
    ///
    /// # Errors
    /// When the interpreter is needed.
    fn input(&mut self, number: u32) -> Result<Datum, GiveUp>;

    /// What was computed so far.
    fn scratch(&mut self) -> &mut Scratch<'a>;
}

impl Graph {
    /// The value of a script.
    ///
    /// # Errors
    /// When the script fails.
    pub fn run<'a>(&'a self, root: NodeIx, inputs: &mut impl Inputs<'a>) -> Result<Datum, GiveUp> {
        self.value(self.place(root), inputs)
    }

    /// The value of a node.
    pub(crate) fn value<'a>(&'a self, at: NodeIx, inputs: &mut impl Inputs<'a>) -> Result<Datum, GiveUp> {
        Run { graph: self, inputs }.eval(at)
    }
}

struct Run<'r, 'a, I> {
    graph: &'a Graph,
    inputs: &'r mut I,
}

impl<'a, I: Inputs<'a>> Run<'_, 'a, I> {
    /// Small, so that its frame is: what takes more than a few steps is done elsewhere.
    fn eval(&mut self, at: NodeIx) -> Result<Datum, GiveUp> {
        match self.graph.op(at).ok_or(GiveUp)? {
            Op::Plain(datum) => Ok(*datum),
            Op::Input(number) => self.inputs.input(*number),
            Op::Memo(place, node) => match self.inputs.scratch().recall(*place) {
                Some(known) => Ok(known),
                None => self.eval_first(*place, *node),
            },
            Op::If(condition, then, otherwise) => {
                let branch = if self.holds(*condition)? { then } else { otherwise };
                self.eval(*branch)
            }
            Op::Required(node) => match self.eval(*node)? {
                Datum::ABSENT => Err(GiveUp),
                present => Ok(present),
            },
            Op::All(_) | Op::Any(_) | Op::Not(_) | Op::IsAbsent(..) | Op::Call(Builtin::IsAfter, ..) => {
                self.holds(at).map(Datum::boolean)
            }
            Op::Integers(op, ..) => {
                if op.is_arithmetic() {
                    self.whole(at)
                } else {
                    self.holds(at).map(Datum::boolean)
                }
            }
            Op::Call(Builtin::DaysBetween | Builtin::SecondsBetween, ..) => self.whole(at),
            Op::Call(Builtin::Date, ..) => Datum::date(self.day(at)?).ok_or(GiveUp),
            Op::Call(Builtin::Least | Builtin::Greatest, ..) if self.graph.sort(at) == Sort::Integer => self.whole(at),
            op => self.eval_rarely(op),
        }
    }

    #[inline(never)]
    fn eval_rarely(&mut self, op: &'a Op) -> Result<Datum, GiveUp> {
        match op {
            Op::Constant(value, _) => self.inputs.scratch().value(value),
            Op::Binary(op, left, right) if op.is_arithmetic() => {
                let decimal = arithmetic(*op, self.decimal(*left)?, self.decimal(*right)?)?;
                Ok(self.inputs.scratch().keep(decimal))
            }
            Op::Binary(op, left, right) => {
                let (left, right) = (self.eval(*left)?, self.eval(*right)?);
                self.inputs.scratch().compare(*op, left, right).map(Datum::boolean)
            }
            Op::Call(function, first, second) => self.call(*function, *first, *second),
            Op::Then(before, last) => {
                for node in before {
                    self.eval(*node)?;
                }
                self.eval(*last)
            }
            Op::First(items) => self.first(items),
            Op::AnyOf(list, item) => self.any_of(list, *item),
            Op::ToDecimal(node) => {
                let result = self.eval(*node)?;
                match result.tag() {
                    Tag::Integer => Ok(self.inputs.scratch().keep(Decimal::from(result.word()))),
                    _ => Ok(result),
                }
            }
            Op::ToSymbol(node) => self.symbol(*node),
            // Whatever else there is, [`Run::eval`] does itself.
            _ => Err(GiveUp),
        }
    }

    #[inline(never)]
    fn eval_first(&mut self, place: usize, node: NodeIx) -> Result<Datum, GiveUp> {
        let datum = self.eval(node)?;
        self.inputs.scratch().remember(place, self.graph.places, datum);
        Ok(datum)
    }

    fn whole(&mut self, at: NodeIx) -> Result<Datum, GiveUp> {
        self.integer(at).and_then(|number| Datum::integer(number).ok_or(GiveUp))
    }

    /// A whole number.
    fn integer(&mut self, at: NodeIx) -> Result<i64, GiveUp> {
        match self.graph.op(at).ok_or(GiveUp)? {
            Op::Integers(op, left, right) if op.is_arithmetic() => {
                let (a, b) = (self.integer(*left)?, self.integer(*right)?);
                op.of_integers(a, b).ok_or(GiveUp)
            }
            Op::Call(Builtin::DaysBetween, first, second) => {
                let (first, second) = (self.day(*first)?, self.day(*second)?);
                second.checked_sub(first).ok_or(GiveUp)
            }
            Op::Call(Builtin::SecondsBetween, first, second) => {
                let (first, second) = (self.instant(*first)?, self.instant(*second)?);
                Ok(first.seconds_until(second))
            }
            Op::Plain(datum) if datum.tag() == Tag::Integer => Ok(datum.word()),
            Op::Call(function @ (Builtin::Least | Builtin::Greatest), first, second)
                if self.graph.sort(at) == Sort::Integer =>
            {
                let (a, b) = (self.integer(*first)?, self.integer(*second)?);
                Ok(if *function == Builtin::Least { a.min(b) } else { a.max(b) })
            }
            _ => {
                let datum = self.eval(at)?;
                if datum.tag() == Tag::Integer { Ok(datum.word()) } else { Err(GiveUp) }
            }
        }
    }

    /// A date, by its number.
    fn day(&mut self, at: NodeIx) -> Result<i64, GiveUp> {
        if let Some(Op::Call(Builtin::Date, instant, _)) = self.graph.op(at) {
            return Ok(self.instant(*instant)?.date_number());
        }
        let datum = self.eval(at)?;
        if datum.tag() == Tag::Date { Ok(datum.word()) } else { Err(GiveUp) }
    }

    fn instant(&mut self, at: NodeIx) -> Result<Instant, GiveUp> {
        let datum = self.eval(at)?;
        if datum.tag() == Tag::Timestamp { Ok(datum.as_instant()) } else { Err(GiveUp) }
    }

    fn decimal(&mut self, at: NodeIx) -> Result<Decimal, GiveUp> {
        match self.graph.op(at).ok_or(GiveUp)? {
            Op::Binary(op, left, right) if op.is_arithmetic() => {
                arithmetic(*op, self.decimal(*left)?, self.decimal(*right)?)
            }
            Op::Call(Builtin::Decimal, one, _) => self.decimal(*one),
            Op::Integers(..) => self.integer(at).map(Decimal::from),
            _ => {
                let datum = self.eval(at)?;
                self.inputs.scratch().decimal(datum)
            }
        }
    }

    #[inline(never)]
    fn first(&mut self, items: &'a [NodeIx]) -> Result<Datum, GiveUp> {
        for item in items {
            let value = self.eval(*item)?;
            if !value.is_absent() {
                return Ok(value);
            }
        }
        Ok(Datum::ABSENT)
    }

    fn any_of(&mut self, list: &'a [NodeIx], item: NodeIx) -> Result<Datum, GiveUp> {
        let item = self.eval(item)?;
        let mut found = false;
        for one in list {
            let one = self.eval(*one)?;
            found |= self.inputs.scratch().equal(one, item)?;
        }
        Ok(Datum::boolean(found))
    }

    fn holds(&mut self, at: NodeIx) -> Result<bool, GiveUp> {
        match self.graph.op(at).ok_or(GiveUp)? {
            Op::All(items) => self.until(items, false),
            Op::Any(items) => self.until(items, true),
            Op::Not(one) => Ok(!self.holds(*one)?),
            Op::IsAbsent(value, negated) => Ok(self.eval(*value)?.is_absent() != *negated),
            Op::Call(Builtin::IsAfter, first, second) => {
                let (first, second) = (self.instant(*first)?, self.instant(*second)?);
                Ok(first.is_after(second))
            }
            Op::Integers(op, left, right) if !op.is_arithmetic() => {
                let (a, b) = (self.integer(*left)?, self.integer(*right)?);
                Ok(op.orders(a.cmp(&b)))
            }
            _ => {
                let value = self.eval(at)?;
                if value.tag() == Tag::Boolean { Ok(value.word() != 0) } else { Err(GiveUp) }
            }
        }
    }

    fn until(&mut self, items: &'a [NodeIx], stop: bool) -> Result<bool, GiveUp> {
        for item in items {
            if self.holds(*item)? == stop {
                return Ok(stop);
            }
        }
        Ok(!stop)
    }

    fn symbol(&mut self, at: NodeIx) -> Result<Datum, GiveUp> {
        let result = self.eval(at)?;
        match result.tag() {
            Tag::Text => {
                let scratch = self.inputs.scratch();
                let code = scratch.text(result)?;
                Ok(scratch.keep_text(Tag::Symbol, code))
            }
            Tag::Span => Err(GiveUp),
            _ => Ok(result),
        }
    }

    #[inline(never)]
    fn call(&mut self, function: Builtin, first: NodeIx, second: NodeIx) -> Result<Datum, GiveUp> {
        Ok(match function {
            Builtin::LocalDate => {
                let at = self.instant(first)?.timestamp().ok_or(GiveUp)?;
                let zone = self.eval(second)?;
                let date = at.date_in(self.inputs.scratch().text(zone)?).ok_or(GiveUp)?;
                Datum::date(date.number()).ok_or(GiveUp)?
            }
            Builtin::AddSeconds => {
                let (from, seconds) = (self.instant(first)?, self.integer(second)?);
                from.plus_seconds(seconds).and_then(Datum::instant).ok_or(GiveUp)?
            }
            Builtin::AddDays => {
                let later = self.day(first)?.checked_add(self.integer(second)?);
                later.and_then(Datum::day).ok_or(GiveUp)?
            }
            Builtin::AddDuration => {
                let from = self.day(first)?;
                let duration = self.eval(second)?;
                let later = day_after(from, self.inputs.scratch().duration(duration)?);
                later.and_then(Datum::date).ok_or(GiveUp)?
            }
            Builtin::Truncate => self.rounded(RoundingStrategy::ToZero, first, second)?,
            Builtin::RoundHalfUp => self.rounded(RoundingStrategy::MidpointAwayFromZero, first, second)?,
            Builtin::RoundHalfEven => self.rounded(RoundingStrategy::MidpointNearestEven, first, second)?,
            Builtin::MinorUnits => {
                let currency = self.eval(first)?;
                let units = minor_units(self.inputs.scratch().text(currency)?.as_bytes());
                units.and_then(|units| Datum::integer(units.into())).ok_or(GiveUp)?
            }
            Builtin::Least | Builtin::Greatest => self.choose(function == Builtin::Greatest, first, second)?,
            Builtin::Decimal => {
                let decimal = self.decimal(first)?;
                self.inputs.scratch().keep(decimal)
            }
            // [`Run::eval`] does these itself.
            Builtin::Date | Builtin::DaysBetween | Builtin::SecondsBetween | Builtin::IsAfter => return Err(GiveUp),
        })
    }

    fn rounded(&mut self, strategy: RoundingStrategy, amount: NodeIx, digits: NodeIx) -> Result<Datum, GiveUp> {
        if let Some(Op::Binary(BinaryOp::Divide, of, by)) = self.graph.op(amount) {
            let (of, by, digits) = (self.decimal(*of)?, self.decimal(*by)?, self.integer(digits)?);
            return Ok(self.inputs.scratch().keep(quotient(strategy, of, by, digits)?));
        }
        let rounded = round(strategy, self.decimal(amount)?, self.integer(digits)?)?;
        Ok(self.inputs.scratch().keep(rounded))
    }

    fn choose(&mut self, greater: bool, first: NodeIx, second: NodeIx) -> Result<Datum, GiveUp> {
        let (first, second) = (self.eval(first)?, self.eval(second)?);
        let scratch = self.inputs.scratch();
        let chosen = if scratch.order(first, second)?.is_gt() == greater { first } else { second };
        let mixed = first.tag() == Tag::Decimal || second.tag() == Tag::Decimal;
        if mixed && chosen.tag() == Tag::Integer { Ok(scratch.keep(Decimal::from(chosen.word()))) } else { Ok(chosen) }
    }
}

/// Two decimals, computed with.
///
/// # Errors
/// When there is no result.
#[inline(never)]
pub fn arithmetic(op: BinaryOp, a: Decimal, b: Decimal) -> Result<Decimal, GiveUp> {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    Ok(ops::without_negative_zero(result.ok_or(GiveUp)?))
}

impl Scratch<'_> {
    /// Any comparison that is not of two whole numbers by their sort; here they may turn out to be.
    ///
    /// # Errors
    /// When they cannot be compared.
    pub(crate) fn compare(&self, op: BinaryOp, left: Datum, right: Datum) -> Result<bool, GiveUp> {
        if op.is_equality() {
            return Ok(self.equal(left, right)? == (op == BinaryOp::Equal));
        }
        if let (Tag::Timestamp, Tag::Timestamp) = (left.tag(), right.tag()) {
            let (a, b) = (left.as_instant(), right.as_instant());
            return Ok(match op {
                BinaryOp::Less => b.is_after(a),
                BinaryOp::LessOrEqual => !a.is_after(b),
                BinaryOp::Greater => a.is_after(b),
                _ => !b.is_after(a),
            });
        }
        Ok(op.orders(self.order(left, right)?))
    }
}
