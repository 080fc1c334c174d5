//! What identifies a script wherever it stands: two scripts with one identity give one value for one request.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::bundle::checked::{Absence, Effective, FactIx, Operand, Retired, TableIx, Test};
use crate::script::Script;

use super::Side;

/// The identity of a script that reads this.
pub(super) fn of(side: &Side<'_>, script: &Script, reads: &[Operand]) -> Arc<str> {
    let mut writer = Writer { side, text: String::new(), told: BTreeSet::new() };
    writer.script(script, reads);
    let digest = Sha256::digest(writer.text.as_bytes());
    digest
        .iter()
        .fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
        .into()
}

/// Writes a script with everything that its value depends on besides the request: settings, tables, lists, derived
/// facts. Each is written where it is met first.
struct Writer<'s> {
    side: &'s Side<'s>,
    text: String,
    told: BTreeSet<String>,
}

impl Writer<'_> {
    fn put(&mut self, args: std::fmt::Arguments<'_>) {
        // Writing to a text does not fail.
        let _ = self.text.write_fmt(args);
        self.text.push('\u{1}');
    }

    /// Whether this is told for the first time; its name stands in any case.
    fn first(&mut self, sort: &str, name: &str) -> bool {
        self.put(format_args!("{sort} {name}"));
        self.told.insert(format!("{sort} {name}"))
    }

    fn script(&mut self, script: &Script, reads: &[Operand]) {
        self.put(format_args!("{}", script.form()));
        for operand in reads {
            match operand {
                Operand::Fact(ix) => self.fact(*ix),
                Operand::Cell(table, column) => {
                    self.put(format_args!("column {column}"));
                    self.table(*table);
                }
                Operand::Setting(name) => self.setting(name),
            }
        }
    }

    fn fact(&mut self, ix: FactIx) {
        let side = self.side;
        let path = side.bundle.path(ix);
        if !self.first("fact", &path) {
            return;
        }
        let Some(fact) = side.bundle.fact(ix) else { return };
        self.put(format_args!("{:?}", fact.type_));
        match (side.kind.facts.get(&ix), fact.derived.as_ref().filter(|_| side.kind.derived.contains(&ix))) {
            (_, Some(derived)) => self.script(&derived.script, &derived.reads),
            (Some(meaning), None) => {
                self.put(format_args!("{:?}", meaning.unrecognised));
                match &meaning.absence {
                    Absence::From(source) => self.fact(*source),
                    other => self.put(format_args!("{other:?}")),
                }
            }
            (None, None) => self.put(format_args!("none")),
        }
    }

    fn setting(&mut self, name: &str) {
        let side = self.side;
        let Some(setting) = side.bundle.settings.get(name).filter(|_| self.first("setting", name)) else { return };
        self.put(format_args!("{:?}", setting.value));
        for (value, period) in &setting.dated {
            self.put(format_args!("{value:?}"));
            self.periods(std::slice::from_ref(period), &[]);
        }
    }

    fn periods(&mut self, periods: &[Effective], retired: &[Retired]) {
        for period in periods {
            self.period(period);
        }
        for retired in retired {
            self.put(format_args!("retired"));
            retired.effective.iter().for_each(|period| self.period(period));
        }
    }

    fn period(&mut self, period: &Effective) {
        self.put(format_args!("{:?} {:?}", period.from, period.until));
        self.fact(period.dated_by);
    }

    fn table(&mut self, ix: TableIx) {
        let side = self.side;
        let Some(table) = side.bundle.tables.get(ix.0) else { return };
        if !self.first("table", &table.name) {
            return;
        }
        for row in &table.rows {
            for (fact, test) in &row.tests {
                self.fact(*fact);
                self.test(test);
            }
            self.put(format_args!("{:?}", row.values));
            self.periods(row.effective.as_slice(), &row.retired);
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::InList(list) => {
                let side = self.side;
                let Some(list) = side.bundle.lists.get(list.0) else { return };
                if !self.first("list", &list.name) {
                    return;
                }
                for entry in &list.entries {
                    self.put(format_args!("{:?}", entry.value));
                    self.periods(entry.effective.as_slice(), &entry.retired);
                }
            }
            Test::CompareTable(comparison, table, column) => {
                self.put(format_args!("{comparison:?} column {column}"));
                self.table(*table);
            }
            Test::Not(inner) => {
                self.put(format_args!("not"));
                self.test(inner);
            }
            Test::All(tests) => {
                self.put(format_args!("all {}", tests.len()));
                tests.iter().for_each(|test| self.test(test));
            }
            other => self.put(format_args!("{other:?}")),
        }
    }
}
