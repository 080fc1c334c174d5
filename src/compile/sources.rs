//! What scripts read, and scripts made for the bundle: settings and facts that are constant are part of them.

use std::collections::BTreeSet;

use crate::bundle::checked::{Bundle, Effective, Expression, Operand, Setting, TableIx};
use crate::model::value::Value;
use crate::script::{FastScript, Given, Script};

use super::facts::FactTable;

/// What a script reads.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A fact.
    Fact(usize),
    /// A cell.
    Cell(usize, usize),
    /// The row of a table, whose cells the script knows already.
    Row(usize),
    /// A setting that changes with the date.
    Setting(Dated<Value>),
    /// Nothing: the script knows it already, or has no use for it.
    Fixed,
}

/// Something that holds for a time: the first whose period is in force goes before, by the fact that dates it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Dated<T> {
    /// In order.
    pub periods: Vec<(usize, Effective, T)>,
    /// Where none is in force.
    pub otherwise: T,
}

impl<T> Dated<T> {
    /// What each value of a setting comes to.
    pub fn new(table: &FactTable, setting: &Setting, of: impl Fn(&Value) -> T) -> Option<Self> {
        let one =
            |(value, period): &(Value, Effective)| Some((table.local(period.dated_by)?, period.clone(), of(value)));
        Some(Self { periods: setting.dated.iter().map(one).collect::<Option<_>>()?, otherwise: of(&setting.value) })
    }
}

/// A script with what it reads.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Compute {
    /// The script.
    pub script: FastScript,
    /// In the order of its reads.
    pub reads: Vec<Source>,
}

/// Reads of a script that are kept without allocating.
pub const READS: usize = 12;

/// A script that is made for the bundle; `None` when it needs the interpreter.
pub fn compute(bundle: &Bundle, table: &FactTable, expression: &Expression) -> Option<Compute> {
    let Expression::Script { script, reads, .. } = expression else { return None };
    compute_script(bundle, table, script, reads)
}

/// As [`compute`].
pub fn compute_script(bundle: &Bundle, table: &FactTable, script: &Script, reads: &[Operand]) -> Option<Compute> {
    let (mut given, mut sources) = (Vec::new(), Vec::new());
    for operand in reads {
        let (value, source) = read(bundle, table, operand)?;
        given.push(value);
        sources.push(source);
    }
    let script = script.fast(&given)?;
    for (at, source) in sources.iter_mut().enumerate() {
        // What is never open is read only by who uses it.
        if matches!(source, Source::Fact(local) if !script.uses(at) && table.is_never_open(*local)) {
            *source = Source::Fixed;
        }
    }
    let mut rows = BTreeSet::new();
    for source in &mut sources {
        if matches!(source, Source::Row(table) if !rows.insert(*table)) {
            *source = Source::Fixed;
        }
    }
    while matches!(sources.last(), Some(Source::Fixed)) {
        sources.pop();
    }
    Some(Compute { script, reads: sources })
}

fn read(bundle: &Bundle, table: &FactTable, operand: &Operand) -> Option<(Given, Source)> {
    Some(match operand {
        Operand::Fact(ix) => match table.local(*ix) {
            // A fact that the kind does not have is absent.
            None => (Given::Absent, Source::Fixed),
            Some(local) => match table.constant(local) {
                Some(value) => (Given::Value(value.clone()), Source::Fixed),
                None => (Given::Later, Source::Fact(local)),
            },
        },
        Operand::Cell(at, column) => match same_in_all(bundle, *at, *column) {
            Some(value) => (Given::Value(value.clone()), Source::Row(at.0)),
            None => (Given::Later, Source::Cell(at.0, *column)),
        },
        Operand::Setting(name) => match bundle.settings.get(name) {
            None => (Given::Absent, Source::Fixed),
            Some(setting) if setting.dated.is_empty() => (Given::Value(setting.value.clone()), Source::Fixed),
            Some(setting) => (Given::Later, Source::Setting(Dated::new(table, setting, Clone::clone)?)),
        },
    })
}

/// The value that a column has in every row.
fn same_in_all(bundle: &Bundle, table: TableIx, column: usize) -> Option<&Value> {
    let mut values = bundle.tables.get(table.0)?.rows.iter().map(|row| row.values.get(column));
    let first = values.next()??;
    (!matches!(first, Value::Set(_)) && values.all(|value| value.is_some_and(|value| identical(value, first))))
        .then_some(first)
}

/// Decimals are equal whatever their scale, but not written alike.
fn identical(a: &Value, b: &Value) -> bool {
    a == b && a.to_string() == b.to_string()
}

impl Compute {
    /// The facts that are read; `None` when anything else is.
    pub fn facts(&self) -> Option<Vec<usize>> {
        let one = |source: &Source| match source {
            Source::Fact(local) => Some(Some(*local)),
            Source::Fixed => Some(None),
            _ => None,
        };
        Some(self.reads.iter().map(one).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// The read whose value is the script's value as it is.
    pub fn copies(&self) -> Option<usize> {
        match self.reads.get(self.script.copies()?)? {
            Source::Fact(local) => Some(*local),
            _ => None,
        }
    }

    /// The value that it has for every request; `None` when it depends on something.
    pub fn constant(&self) -> Option<&Value> {
        self.script.constant().filter(|_| self.reads.is_empty())
    }
}
