//! What is known while one request is decided: facts, derived ones as they are needed, and rows of tables.

use smallvec::SmallVec;

use crate::bundle::checked::{Comparison, Effective};
use crate::script::{Datum, GiveUp};

use super::check::{Check, Periods, Tri, by_state, compare, in_force, passes, same};
use super::program::{Copied, KindProgram, TableRow};
use super::slots::{Request, Slot};
use super::sources::{Compute, Dated, READS, Source};

/// Derived facts of a kind.
pub const DERIVED: usize = 16;
/// Tables whose row is kept while a request is decided.
const ROWS: usize = 8;

/// The row of a table that applies.
#[derive(Clone, Copy, Debug)]
pub enum Row {
    /// Nobody asked yet.
    Unread,
    /// No row applies.
    None,
    /// It depends on what is not known.
    Open,
    /// By its position.
    Found(usize),
}

/// What a script gives.
#[derive(Debug)]
pub enum Computed<'r> {
    /// A value, or that there is none.
    Value(Datum<'r>),
    /// It reads a table of which no row applies.
    NoRow,
    /// It depends on what is not known.
    Open,
}

/// A request as the rules of its kind see it.
#[derive(Debug)]
pub struct View<'r> {
    /// The kind.
    pub kind: &'r KindProgram,
    /// The request.
    pub request: &'r Request,
    derived: [Option<Slot>; DERIVED],
    rows: [Row; ROWS],
}

impl<'r> View<'r> {
    /// Nothing computed yet.
    pub fn new(kind: &'r KindProgram, request: &'r Request) -> Self {
        Self { kind, request, derived: [None; DERIVED], rows: [Row::Unread; ROWS] }
    }

    /// A fact that the request states.
    pub fn stated(&self, local: usize) -> Slot {
        self.request.slots.get(local).copied().unwrap_or(Slot::Absent)
    }

    /// A fact, stated or derived.
    pub fn slot(&mut self, local: usize) -> Result<Slot, GiveUp> {
        let Some(at) = local.checked_sub(self.kind.table.stated) else { return Ok(self.stated(local)) };
        if let Some(slot) = self.derived.get(at).copied().flatten() {
            return Ok(slot);
        }
        let derived = self.kind.derived.get(at).and_then(Option::as_ref).ok_or(GiveUp)?;
        let slot = match &derived.copy_of {
            Some(copied) => self.copy(copied)?,
            None => match self.compute(&derived.compute)? {
                Computed::Value(value) => self.settle(local, value)?,
                Computed::NoRow => Slot::Absent,
                Computed::Open => Slot::Missing,
            },
        };
        *self.derived.get_mut(at).ok_or(GiveUp)? = Some(slot);
        Ok(slot)
    }

    /// The value of another fact, if nothing that is read is open.
    fn copy(&mut self, copied: &Copied) -> Result<Slot, GiveUp> {
        for local in copied.reads.iter().chain([&copied.fact]) {
            if matches!(self.slot(*local)?, Slot::Missing | Slot::Unrecognised(_) | Slot::Other(_)) {
                return Ok(Slot::Missing);
            }
        }
        self.slot(copied.fact)
    }

    fn settle(&self, local: usize, value: Datum<'r>) -> Result<Slot, GiveUp> {
        match value {
            Datum::Symbol(code) => {
                let codes = self.kind.table.codes_of(local).and_then(|at| self.kind.table.codes.get(at));
                codes.and_then(|codes| codes.position(code)).map(Slot::Symbol).ok_or(GiveUp)
            }
            other => Slot::plain(other).ok_or(GiveUp),
        }
    }

    /// A test of a fact.
    pub fn check(&mut self, check: &'r Check, slot: &Slot) -> Result<Tri, GiveUp> {
        match check {
            Check::All(tests) => {
                let mut all = Tri::True;
                for test in tests {
                    all = all.and(self.check(test, slot)?);
                }
                Ok(all)
            }
            Check::Table(comparison, table, column) => self.check_table(*comparison, *table, *column, slot),
            _ if !slot.is_known() => Ok(by_state(check, slot)),
            Check::Present(wanted) | Check::Known(wanted) => Ok(Tri::of(*wanted)),
            Check::Not(inner) => self.check(inner, slot).map(Tri::not),
            Check::Listed(entries) => {
                let mut any = Tri::False;
                for (value, code, periods) in entries {
                    let same = match (code, slot) {
                        (Some(code), Slot::Symbol(own)) => code == own,
                        _ => same(slot, value, &self.request.text),
                    };
                    if same {
                        any = any.not().and(self.applies(periods)?.not()).not();
                    }
                }
                Ok(any)
            }
            _ => Ok(passes(check, slot, &self.request.text)),
        }
    }

    fn check_table(&mut self, comparison: Comparison, table: usize, column: usize, slot: &Slot) -> Result<Tri, GiveUp> {
        if matches!(slot, Slot::Absent | Slot::Other(_)) {
            return Ok(Tri::False);
        }
        Ok(match self.row(table)? {
            Row::Found(at) if slot.is_known() => {
                let rows = self.program_rows(table)?;
                let cell = rows.get(at).and_then(|row| row.values.get(column)).ok_or(GiveUp)?;
                Tri::of(compare(comparison, slot, cell))
            }
            Row::None => Tri::False,
            _ => Tri::Open,
        })
    }

    fn program_rows(&self, table: usize) -> Result<&'r [TableRow], GiveUp> {
        self.kind.tables.get(table).and_then(Option::as_deref).ok_or(GiveUp)
    }

    /// The row of a table that applies. Two that do are left to the interpreter.
    pub fn row(&mut self, table: usize) -> Result<Row, GiveUp> {
        if let Some(known @ (Row::None | Row::Open | Row::Found(_))) = self.rows.get(table) {
            return Ok(*known);
        }
        let (mut found, mut open) = (Row::None, false);
        for (at, row) in self.program_rows(table)?.iter().enumerate() {
            let mut truth = Tri::True;
            for (local, check) in &row.tests {
                let slot = self.slot(*local)?;
                truth = truth.and(self.check(check, &slot)?);
            }
            match (truth.and(self.applies(&row.periods)?), found) {
                (Tri::True, Row::None) => found = Row::Found(at),
                (Tri::True, _) => return Err(GiveUp),
                (Tri::False, _) => {}
                (Tri::Open, _) => open = true,
            }
        }
        let row = if open { Row::Open } else { found };
        if let Some(kept) = self.rows.get_mut(table) {
            *kept = row;
        }
        Ok(row)
    }

    /// Whether a period holds.
    pub fn in_force(&mut self, dated_by: usize, period: &Effective) -> Result<Tri, GiveUp> {
        Ok(in_force(&self.slot(dated_by)?, period))
    }

    /// Whether something with these periods applies.
    pub fn applies(&mut self, periods: &Periods) -> Result<Tri, GiveUp> {
        let mut truth = Tri::of(!periods.never);
        for (local, period) in &periods.hold {
            truth = truth.and(self.in_force(*local, period)?);
        }
        for (local, period) in &periods.fail {
            truth = truth.and(self.in_force(*local, period)?.not());
        }
        Ok(truth)
    }

    /// What is in force; `None` when that depends on what is not known.
    pub fn dated<T>(&mut self, dated: &'r Dated<T>) -> Result<Option<&'r T>, GiveUp> {
        for (local, period, value) in &dated.periods {
            match self.in_force(*local, period)? {
                Tri::True => return Ok(Some(value)),
                Tri::False => {}
                Tri::Open => return Ok(None),
            }
        }
        Ok(Some(&dated.otherwise))
    }

    /// Runs a script.
    pub fn compute(&mut self, compute: &'r Compute) -> Result<Computed<'r>, GiveUp> {
        let mut values: SmallVec<[Datum<'r>; READS]> = SmallVec::new();
        let (mut open, mut no_row) = (false, false);
        for source in &compute.reads {
            let value = match source {
                Source::Fixed => Datum::Absent,
                Source::Fact(local) => match self.slot(*local)? {
                    Slot::Missing | Slot::Unrecognised(_) | Slot::Other(_) => {
                        open = true;
                        Datum::Absent
                    }
                    slot => self.datum(*local, slot)?,
                },
                Source::Row(table) => {
                    match self.row(*table)? {
                        Row::Found(_) => {}
                        Row::None => no_row = true,
                        Row::Open | Row::Unread => open = true,
                    }
                    Datum::Absent
                }
                Source::Setting(dated) => match self.dated(dated)? {
                    Some(setting) => Datum::of(setting).ok_or(GiveUp)?,
                    None => {
                        open = true;
                        Datum::Absent
                    }
                },
                Source::Cell(table, column) => match self.row(*table)? {
                    Row::Found(at) => {
                        let rows = self.program_rows(*table)?;
                        let cell = rows.get(at).and_then(|row| row.values.get(*column)).ok_or(GiveUp)?;
                        Datum::of(cell).ok_or(GiveUp)?
                    }
                    Row::None => {
                        no_row = true;
                        Datum::Absent
                    }
                    Row::Open | Row::Unread => {
                        open = true;
                        Datum::Absent
                    }
                },
            };
            values.push(value);
        }
        if no_row {
            return Ok(Computed::NoRow);
        }
        if open {
            return Ok(Computed::Open);
        }
        compute.script.run(&values).map(Computed::Value)
    }

    fn datum(&self, local: usize, slot: Slot) -> Result<Datum<'r>, GiveUp> {
        Ok(match slot {
            Slot::Absent => Datum::Absent,
            Slot::Boolean(b) => Datum::Boolean(b),
            Slot::Integer(i) => Datum::Integer(i),
            Slot::Decimal(d) => Datum::Decimal(d),
            Slot::Text(span) => Datum::Text(self.request.part(span)),
            Slot::Date(d) => Datum::Date(d),
            Slot::Timestamp(t) => Datum::Timestamp(t),
            Slot::Duration(d) => Datum::Duration(d),
            Slot::Symbol(code) => {
                let table = &self.kind.table;
                let codes = table.codes_of(local).and_then(|at| table.codes.get(at)).ok_or(GiveUp)?;
                Datum::Symbol(codes.code(code))
            }
            Slot::Missing | Slot::Unrecognised(_) | Slot::Other(_) | Slot::Set(_) => return Err(GiveUp),
        })
    }
}
