//! Rows of tables that are told apart by the codes of one fact: found by its class, however many they are.

use crate::script::{Datum, GiveUp};

use super::super::blocks::classes;
use super::super::check::{Tri, by_class as of_class};
use super::super::facts::FactTable;
use super::super::program::TableRow;
use super::super::slots::class;
use super::super::view::Row;

/// Rows and codes of larger tables are not asked for each other.
const ASKED: usize = 1 << 16;

/// The rows of a table by the class of one fact.
#[derive(Debug)]
pub struct ByClass {
    /// The fact.
    pub fact: usize,
    /// For each class; `None` where two rows apply.
    found: Box<[Option<Row>]>,
}

impl ByClass {
    /// The row that applies.
    ///
    /// # Errors
    /// When the interpreter is needed.
    #[inline(always)]
    pub fn of(&self, fact: Datum) -> Result<Row, GiveUp> {
        self.found.get(class(fact)).copied().flatten().ok_or(GiveUp)
    }
}

/// The row that applies; `None` for a table whose rows need to be looked at.
pub fn by_class(table: &FactTable, rows: &[TableRow]) -> Option<ByClass> {
    let (fact, _) = rows.first()?.tests.first()?;
    let fact = *fact;
    // Each row is asked for each class.
    let codes = table.codes_of(fact).and_then(|at| table.codes.get(at))?;
    if codes.count().saturating_mul(rows.len()) > ASKED {
        return None;
    }
    let alike = |row: &TableRow| row.periods.are_always() && row.tests.iter().all(|(own, _)| *own == fact);
    if !rows.iter().all(alike) {
        return None;
    }
    let mut found: Vec<Option<Row>> = Vec::new();
    for class in classes(table, fact) {
        let truth = |row: &TableRow| {
            row.tests.iter().try_fold(Tri::True, |all, (_, check)| of_class(check, class).map(|one| all.and(one)))
        };
        let truths = rows.iter().map(truth).collect::<Option<Vec<_>>>()?;
        found.push(applies(&truths));
    }
    Some(ByClass { fact, found: found.into() })
}

/// The row that applies; `None` where two do.
pub fn applies(truths: &[Tri]) -> Option<Row> {
    let mut all = (0_u32..).zip(truths).filter(|(_, truth)| **truth == Tri::True);
    let found = all.next().map_or(Row::None, |(at, _)| Row::Found(at));
    match (all.next(), truths.contains(&Tri::Open)) {
        (Some(_), _) => None,
        (None, true) => Some(Row::Open),
        (None, false) => Some(found),
    }
}
