//! What is known while one request is decided: facts, derived ones as they are needed, and rows of tables.

use smallvec::SmallVec;

use crate::bundle::checked::{Comparison, Effective};
use crate::script::{Datum, GiveUp, Scratch, Tag};

use super::check::{Check, Periods, Tri, by_state, compare, in_force, passes, same};
use super::fact;
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
#[derive(Clone, Copy, Debug)]
pub enum Computed {
    /// A value, or that there is none.
    Value(Datum),
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
    /// What was computed.
    pub scratch: Scratch<'r>,
    derived: [Option<Datum>; DERIVED],
    rows: [Row; ROWS],
}

impl<'r> View<'r> {
    /// Nothing computed yet.
    pub fn new(kind: &'r KindProgram, request: &'r Request) -> Self {
        let scratch = Scratch::new(&request.text, &request.kept);
        Self { kind, request, scratch, derived: [None; DERIVED], rows: [Row::Unread; ROWS] }
    }

    /// What the request says of a fact.
    pub fn stated(&self, local: usize) -> Datum {
        self.request.facts.get(local).copied().unwrap_or(Datum::ABSENT)
    }

    /// The slot of a fact, stated or derived.
    pub fn slot(&mut self, local: usize) -> Result<Slot, GiveUp> {
        let fact = self.fact(local)?;
        fact::slot(fact, &self.scratch)
    }

    /// A fact, stated or derived.
    pub fn fact(&mut self, local: usize) -> Result<Datum, GiveUp> {
        match local.checked_sub(self.kind.table.stated) {
            None => Ok(self.stated(local)),
            Some(at) => match self.derived.get(at).copied().flatten() {
                Some(known) => Ok(known),
                None => self.derive(local, at),
            },
        }
    }

    fn derive(&mut self, local: usize, at: usize) -> Result<Datum, GiveUp> {
        let derived = self.kind.derived.get(at).and_then(Option::as_ref).ok_or(GiveUp)?;
        let fact = match &derived.copy_of {
            Some(copied) => self.copy(copied)?,
            None => match self.compute(&derived.compute)? {
                Computed::Value(value) if value.tag == Tag::Symbol => {
                    let codes = self.kind.table.codes_of(local).and_then(|at| self.kind.table.codes.get(at));
                    let at = codes.ok_or(GiveUp)?.position(self.scratch.text(value)?);
                    Datum::code(at.ok_or(GiveUp)?)
                }
                Computed::Value(value) => value,
                Computed::NoRow => Datum::ABSENT,
                Computed::Open => Datum::MISSING,
            },
        };
        *self.derived.get_mut(at).ok_or(GiveUp)? = Some(fact);
        Ok(fact)
    }

    /// The value of another fact, if nothing that is read is open.
    fn copy(&mut self, copied: &Copied) -> Result<Datum, GiveUp> {
        for local in &copied.reads {
            if self.fact(*local)?.is_open() {
                return Ok(Datum::MISSING);
            }
        }
        self.fact(copied.fact)
    }

    /// A test of a fact.
    pub fn check(&mut self, check: &'r Check, fact: Datum) -> Result<Tri, GiveUp> {
        match check {
            Check::All(tests) => {
                let mut all = Tri::True;
                for test in tests {
                    all = all.and(self.check(test, fact)?);
                }
                Ok(all)
            }
            Check::Table(comparison, table, column) => self.check_table(*comparison, *table, *column, fact),
            _ if !fact.is_known() => Ok(by_state(check, fact)),
            Check::Present(wanted) | Check::Known(wanted) => Ok(Tri::of(*wanted)),
            Check::Not(inner) => self.check(inner, fact).map(Tri::not),
            Check::Listed(entries) => {
                let mut any = Tri::False;
                for (value, code, periods) in entries {
                    let same = match code {
                        Some(code) => Datum::code(*code) == fact,
                        None => same(fact, value, &self.scratch),
                    };
                    if same {
                        any = any.not().and(self.applies(periods)?.not()).not();
                    }
                }
                Ok(any)
            }
            _ => Ok(passes(check, fact, &self.scratch)),
        }
    }

    fn check_table(&mut self, comparison: Comparison, table: usize, column: usize, fact: Datum) -> Result<Tri, GiveUp> {
        if matches!(fact.tag, Tag::Absent | Tag::Other) {
            return Ok(Tri::False);
        }
        Ok(match self.row(table)? {
            Row::Found(at) if fact.is_known() => {
                let rows = self.program_rows(table)?;
                let cell = rows.get(at).and_then(|row| row.values.get(column)).ok_or(GiveUp)?;
                Tri::of(compare(comparison, fact, cell, &self.scratch))
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
                let fact = self.fact(*local)?;
                truth = truth.and(self.check(check, fact)?);
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
        in_force(self.fact(dated_by)?, period)
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
    pub fn compute(&mut self, compute: &'r Compute) -> Result<Computed, GiveUp> {
        let mut values: SmallVec<[Datum; READS]> = SmallVec::new();
        let (mut open, mut no_row) = (false, false);
        for source in &compute.reads {
            let row = match source {
                Source::Fixed => {
                    values.push(Datum::ABSENT);
                    continue;
                }
                Source::Fact(local) => {
                    let fact = self.fact(*local)?;
                    open |= fact.is_open();
                    values.push(self.operand(*local, fact)?);
                    continue;
                }
                Source::Setting(dated) => {
                    match self.dated(dated)? {
                        Some(setting) => values.push(self.scratch.value(setting)?),
                        None => open = true,
                    }
                    continue;
                }
                Source::Row(table) | Source::Cell(table, _) => self.row(*table)?,
            };
            match (row, source) {
                (Row::Found(at), Source::Cell(table, column)) => {
                    let rows = self.program_rows(*table)?;
                    let cell = rows.get(at).and_then(|row| row.values.get(*column)).ok_or(GiveUp)?;
                    values.push(self.scratch.value(cell)?);
                }
                (Row::Found(_), _) => values.push(Datum::ABSENT),
                (Row::None, _) => no_row = true,
                (Row::Open | Row::Unread, _) => open = true,
            }
        }
        if no_row {
            return Ok(Computed::NoRow);
        }
        if open {
            return Ok(Computed::Open);
        }
        compute.script.run(&values, &mut self.scratch).map(Computed::Value)
    }

    /// A fact as a script reads it.
    fn operand(&mut self, local: usize, fact: Datum) -> Result<Datum, GiveUp> {
        match fact.tag {
            Tag::Codes => Err(GiveUp),
            Tag::Code => {
                let table = &self.kind.table;
                let codes = table.codes_of(local).and_then(|at| table.codes.get(at)).ok_or(GiveUp)?;
                let code = codes.code(u32::try_from(fact.word()).map_err(|_| GiveUp)?);
                Ok(self.scratch.keep_text(Tag::Symbol, code))
            }
            _ => Ok(fact),
        }
    }
}
