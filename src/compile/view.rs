//! What is known while one request is decided: facts, derived ones as they are needed, and rows of tables.

use smallvec::SmallVec;

use crate::bundle::checked::{Comparison, Effective};
use crate::script::{Datum, GiveUp, Inputs, Scratch, Tag};

use super::check::{Check, Periods, Tri, by_state, compare, in_force, passes, same, within};
use super::fact;
use super::native::applies;
use super::program::{KindProgram, TableRow};
use super::slots::{Request, Slot};
use super::sources::{Dated, Gate, Scripts, Source};

/// Derived facts of a kind.
pub const DERIVED: usize = 16;
/// Numbers of scripts that are kept as they are.
pub const KEPT_NUMBERS: usize = 16;

/// Where a number of scripts is kept as it is.
#[derive(Clone, Copy, Debug)]
pub struct NumberPlace {
    at: u8,
    bit: u32,
}

impl NumberPlace {
    /// `None` for one beyond [`KEPT_NUMBERS`].
    pub fn new(place: usize) -> Option<Self> {
        let at = u8::try_from(place).ok().filter(|_| place < KEPT_NUMBERS)?;
        Some(Self { at, bit: 1_u32.checked_shl(at.into())? })
    }

    /// Below [`KEPT_NUMBERS`], which asks for no bounds to be looked at.
    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self.at) % KEPT_NUMBERS
    }
}

/// Tables whose row is kept while a request is decided.
const ROWS: usize = 8;

/// The row of a table that applies.
#[derive(Clone, Copy, Debug)]
pub enum Row {
    /// No row applies.
    None,
    /// It depends on what is not known.
    Open,
    /// By its position.
    Found(u32),
}

impl Row {
    /// The position of the row that applies.
    pub fn found(self) -> Option<usize> {
        if let Self::Found(at) = self { Some(index(at)) } else { None }
    }
}

fn index(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
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
    facts: &'r [Datum],
    /// Computed so far, by their positions among derived facts.
    derived: SmallVec<[(usize, Datum); DERIVED]>,
    /// Found so far, of the tables whose rows need to be looked at.
    rows: SmallVec<[(usize, Row); ROWS]>,
    /// Numbers that scripts computed, and a bit for each place that has one.
    numbers: [i64; KEPT_NUMBERS],
    has_number: u32,
}

impl<'r> View<'r> {
    /// Nothing computed yet.
    pub fn new(kind: &'r KindProgram, request: &'r Request) -> Self {
        let scratch = Scratch::new(&request.text, &request.kept);
        Self {
            kind,
            request,
            scratch,
            facts: &request.facts,
            derived: SmallVec::new(),
            rows: SmallVec::new(),
            numbers: [0; KEPT_NUMBERS],
            has_number: 0,
        }
    }

    /// What the request says of a fact.
    #[inline]
    pub fn stated(&self, local: usize) -> Datum {
        self.facts.get(local).copied().unwrap_or(Datum::ABSENT)
    }

    /// Whether one of the facts is open that scripts wait for, by their bits.
    #[inline]
    pub fn waits(&self, facts: u64) -> bool {
        self.request.open & facts != 0
    }

    /// The number that was computed for a place.
    #[inline(always)]
    pub fn number(&self, place: NumberPlace) -> Option<i64> {
        if self.has_number & place.bit == 0 { None } else { self.numbers.get(place.index()).copied() }
    }

    /// Keeps what was computed for a place.
    #[inline(always)]
    pub fn keep_number(&mut self, place: NumberPlace, number: i64) {
        if let Some(kept) = self.numbers.get_mut(place.index()) {
            *kept = number;
            self.has_number |= place.bit;
        }
    }

    /// The slot of a fact, stated or derived.
    pub fn slot(&mut self, local: usize) -> Result<Slot, GiveUp> {
        let fact = self.fact(local)?;
        fact::slot(fact, &self.scratch)
    }

    /// A fact, stated or derived.
    #[inline]
    pub fn fact(&mut self, local: usize) -> Result<Datum, GiveUp> {
        match self.facts.get(local) {
            Some(stated) => Ok(*stated),
            None => self.fact_derived(local),
        }
    }

    /// A fact after those that are stated.
    #[inline(never)]
    fn fact_derived(&mut self, local: usize) -> Result<Datum, GiveUp> {
        let at = local.checked_sub(self.kind.table.stated).ok_or(GiveUp)?;
        if let Some((_, known)) = self.derived.iter().find(|(known, _)| *known == at) {
            return Ok(*known);
        }
        let fact = self.kind.closures.derived(at).ok_or(GiveUp)?.of(self)?;
        self.derived.push((at, fact));
        Ok(fact)
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
            Check::AnyRow(..) if matches!(fact.tag(), Tag::Absent | Tag::Other) => Ok(Tri::False),
            Check::AnyRow(comparison, table, cell) => Ok(match self.row(*table)? {
                Row::Found(_) if fact.is_known() => Tri::of(within(*comparison, fact, cell, &self.scratch)),
                Row::None => Tri::False,
                _ => Tri::Open,
            }),
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
        if matches!(fact.tag(), Tag::Absent | Tag::Other) {
            return Ok(Tri::False);
        }
        Ok(match self.row(table)? {
            Row::Found(at) if fact.is_known() => {
                let rows = self.program_rows(table)?;
                let cell = rows.get(index(at)).and_then(|row| row.values.get(column)).ok_or(GiveUp)?;
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
    #[inline(always)]
    pub fn row(&mut self, table: usize) -> Result<Row, GiveUp> {
        match self.kind.closures.rows(table) {
            Some(rows) => rows.of(self.fact(rows.fact)?),
            None => self.find_row(table),
        }
    }

    #[inline(never)]
    fn find_row(&mut self, table: usize) -> Result<Row, GiveUp> {
        if let Some((_, known)) = self.rows.iter().find(|(known, _)| *known == table) {
            return Ok(*known);
        }
        let row = self.row_by_tests(table)?;
        self.rows.push((table, row));
        Ok(row)
    }

    fn row_by_tests(&mut self, table: usize) -> Result<Row, GiveUp> {
        let mut truths: SmallVec<[Tri; 32]> = SmallVec::new();
        for row in self.program_rows(table)? {
            let mut truth = self.applies(&row.periods)?;
            for (local, check) in &row.tests {
                let fact = self.fact(*local)?;
                truth = truth.and(self.check(check, fact)?);
            }
            truths.push(truth);
        }
        applies(&truths).ok_or(GiveUp)
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

    /// Whether all is known that a script needs; false when it reads a table of which no row applies.
    #[inline]
    pub fn pass(&mut self, gate: &Gate) -> Result<Tri, GiveUp> {
        let mut open = false;
        for fact in &gate.facts {
            open |= self.fact(*fact)?.is_open();
        }
        if gate.needs_facts_only {
            return Ok(if open { Tri::Open } else { Tri::True });
        }
        self.pass_others(gate, open)
    }

    #[inline(never)]
    fn pass_others(&mut self, gate: &Gate, mut open: bool) -> Result<Tri, GiveUp> {
        let mut no_row = false;
        for table in &gate.rows {
            match self.row(*table)? {
                Row::Found(_) => {}
                Row::None => no_row = true,
                Row::Open => open = true,
            }
        }
        for input in &gate.settings {
            let Source::Setting(dated) = self.kind.scripts.other(*input).ok_or(GiveUp)? else { return Err(GiveUp) };
            open |= self.dated(dated)?.is_none();
        }
        Ok(match (no_row, open) {
            (true, _) => Tri::False,
            (false, true) => Tri::Open,
            (false, false) => Tri::True,
        })
    }

    /// A stated fact as a script reads it.
    pub fn operand_of(&mut self, local: usize) -> Result<Datum, GiveUp> {
        let fact = self.stated(local);
        self.operand(local, fact)
    }

    /// A fact as a script reads it.
    fn operand(&mut self, local: usize, fact: Datum) -> Result<Datum, GiveUp> {
        match fact.tag() {
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

    #[inline(never)]
    fn input_rarely(&mut self, number: u32) -> Result<Datum, GiveUp> {
        if let Some(local) = Scripts::fact(number) {
            let fact = self.fact(local)?;
            return self.operand(local, fact);
        }
        match self.kind.scripts.other(number).ok_or(GiveUp)? {
            Source::Cell(table, column) => {
                let Row::Found(at) = self.row(*table)? else { return Err(GiveUp) };
                let cell = self.program_rows(*table)?.get(index(at)).and_then(|row| row.values.get(*column));
                self.scratch.value(cell.ok_or(GiveUp)?)
            }
            Source::Setting(dated) => {
                let setting = self.dated(dated)?.ok_or(GiveUp)?;
                self.scratch.value(setting)
            }
        }
    }
}

impl<'r> Inputs<'r> for View<'r> {
    #[inline]
    fn input(&mut self, number: u32) -> Result<Datum, GiveUp> {
        let stated = usize::try_from(number).ok().and_then(|number| self.facts.get(number));
        match stated {
            Some(fact) if !matches!(fact.tag(), Tag::Codes | Tag::Code) => Ok(*fact),
            _ => self.input_rarely(number),
        }
    }

    fn scratch(&mut self) -> &mut Scratch<'r> {
        &mut self.scratch
    }
}
