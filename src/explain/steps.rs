//! A condition and the facts → the steps by which it holds or not.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bundle::checked::{
    Bundle, Condition, Effective, Expression, FactIx, List, ListIx, Operand, Row, TableIx, Test,
};
use crate::decide::evaluate::{
    Cell, Truth, applies, evaluate_condition, evaluate_test, in_force, lookup, setting_value,
};
use crate::decide::facts::{Facts, State};
use crate::model::value::Value;

use super::trace::{EntryUsed, FactState, Given, Holds, Input, PeriodExplained, RowUsed, Step, Wanted, What};

/// A bundle and the facts of one part.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub bundle: &'a Bundle,
    pub facts: &'a Facts,
}

impl Case<'_> {
    /// The steps of a condition.
    pub fn step(self, condition: &Condition) -> Step {
        let holds = self.holds(&evaluate_condition(self.bundle, self.facts, condition));
        let (what, place) = match condition {
            Condition::All(parts) => (What::All(parts.iter().map(|part| self.step(part)).collect()), None),
            Condition::Any(parts) => (What::Any(parts.iter().map(|part| self.step(part)).collect()), None),
            Condition::Not(inner) => (What::Not(Box::new(self.step(inner))), None),
            Condition::Fact(fact, test, place) => (self.fact_step(*fact, test), Some(place.clone())),
            Condition::Setting(name, wanted, place) => {
                let wanted = wanted.iter().cloned().collect();
                (What::Setting { name: Arc::clone(name), is: self.setting(name), wanted }, Some(place.clone()))
            }
            Condition::Script(expression, place) => (self.script_step(expression), Some(place.clone())),
        };
        Step { holds, what, place }
    }

    /// The value of a setting; the one without dates where it depends on what is not known.
    fn setting(self, name: &str) -> Value {
        let undated = || self.bundle.settings.get(name).map(|setting| &setting.value);
        let value = setting_value(self.bundle, self.facts, name).unwrap_or_else(|_| undated());
        value.cloned().unwrap_or(Value::Boolean(false))
    }

    fn fact_step(self, fact: FactIx, test: &Test) -> What {
        let (mut entries, mut rows) = (Vec::new(), Vec::new());
        self.used(fact, test, &mut entries, &mut rows);
        What::Fact { path: self.bundle.path(fact), is: self.state(fact), wanted: self.wanted(test), entries, rows }
    }

    fn script_step(self, expression: &Expression) -> What {
        match self.computed(expression) {
            Given::Computed { text, inputs } => What::Script { text, inputs },
            _ => What::Script { text: "".into(), inputs: Vec::new() },
        }
    }

    /// Whether something holds, with paths for facts.
    pub fn holds(self, truth: &Truth) -> Holds {
        match truth {
            Truth::True => Holds::Yes,
            Truth::False => Holds::No,
            Truth::Unknown(facts) => Holds::Undetermined(self.paths(facts)),
            Truth::Failed(error) => Holds::Failed(error.to_string()),
        }
    }

    /// Paths, sorted.
    pub fn paths(self, facts: &BTreeSet<FactIx>) -> Vec<Arc<str>> {
        let mut paths: Vec<Arc<str>> = facts.iter().map(|ix| self.bundle.path(*ix)).collect();
        paths.sort();
        paths
    }

    /// The state of a fact.
    pub fn state(self, ix: FactIx) -> FactState {
        match self.facts.state(ix) {
            State::Known(_) | State::Unrecognised(..) | State::Other(_) if self.bundle.is_private(ix) => {
                FactState::Private
            }
            State::Known(value) => FactState::Known(value.clone()),
            State::Absent => FactState::Absent,
            State::Missing(bases) => FactState::Missing(self.paths(bases)),
            State::Unrecognised(written, candidates) => {
                FactState::Unrecognised { written: Arc::clone(written), candidates: candidates.clone() }
            }
            State::Other(written) => FactState::Unrecognised { written: Arc::clone(written), candidates: Vec::new() },
            State::Failed(error) => FactState::Failed(error.to_string()),
        }
    }

    fn wanted(self, test: &Test) -> Wanted {
        let all = |values: &BTreeSet<Value>| values.iter().cloned().collect();
        match test {
            Test::OneOf(values) => Wanted::OneOf(all(values)),
            Test::InList(list) => Wanted::InList(self.list(*list).map_or_else(|| "".into(), |l| Arc::clone(&l.name))),
            Test::Compare(comparison, limit) => Wanted::Compare(*comparison, limit.clone()),
            Test::CompareTable(comparison, table, column) => {
                let limit = match lookup(self.bundle, self.facts, *table) {
                    Cell::Row(row) => row.values.get(*column).cloned(),
                    Cell::None | Cell::Unknown(_) | Cell::Failed(_) => None,
                };
                Wanted::CompareTable { comparison: *comparison, cell: self.cell_name(*table, *column), limit }
            }
            Test::AnyOf(values) => Wanted::AnyOf(all(values)),
            Test::AllOf(values) => Wanted::AllOf(all(values)),
            Test::NoneOf(values) => Wanted::NoneOf(all(values)),
            Test::Present(wanted) => Wanted::Present(*wanted),
            Test::Known(wanted) => Wanted::Known(*wanted),
            Test::Not(inner) => Wanted::Not(Box::new(self.wanted(inner))),
            Test::All(tests) => Wanted::All(tests.iter().map(|test| self.wanted(test)).collect()),
        }
    }

    fn list(&self, list: ListIx) -> Option<&List> {
        self.bundle.lists.get(list.0)
    }

    fn cell_name(self, table: TableIx, column: usize) -> Arc<str> {
        let table = self.bundle.tables.get(table.0);
        let column = table.and_then(|table| table.gives.get(column));
        match (table, column) {
            (Some(table), Some((column, _))) => format!("{}.{column}", table.name).into(),
            _ => "".into(),
        }
    }

    /// The entries and rows that a test looks up.
    fn used(self, fact: FactIx, test: &Test, entries: &mut Vec<EntryUsed>, rows: &mut Vec<RowUsed>) {
        match test {
            Test::All(tests) => tests.iter().for_each(|test| self.used(fact, test, entries, rows)),
            Test::Not(inner) => self.used(fact, inner, entries, rows),
            Test::CompareTable(_, table, _) => rows.extend(self.rows(*table)),
            // An entry would tell the value.
            Test::InList(_) if self.bundle.is_private(fact) => {}
            Test::InList(list) => {
                if let (Some(list), State::Known(value)) = (self.list(*list), self.facts.state(fact)) {
                    let same = list.entries.iter().filter(|entry| {
                        entry.value == *value && applies(self.facts, &[], &entry.retired) != Truth::False
                    });
                    entries.extend(same.map(|entry| EntryUsed {
                        list: Arc::clone(&list.name),
                        value: entry.value.clone(),
                        place: entry.place.clone(),
                        clauses: entry.clauses.clone(),
                        period: entry.effective.as_ref().map(|period| self.period(period)),
                        evidence: entry.evidence.line(),
                    }));
                }
            }
            _ => {}
        }
    }

    /// The rows whose tests do not fail; a row that is not in force is told only when none applies.
    pub fn rows(self, table: TableIx) -> Vec<RowUsed> {
        let Some(table) = self.bundle.tables.get(table.0) else { return Vec::new() };
        let tests = |row: &Row| {
            Truth::all(row.tests.iter().map(|(fact, test)| evaluate_test(self.bundle, self.facts, *fact, test)))
        };
        let one = |row: &Row| {
            let tested = tests(row);
            let whole = Truth::all([applies(self.facts, row.effective.as_slice(), &row.retired), tested.clone()]);
            (tested != Truth::False).then(|| RowUsed {
                table: Arc::clone(&table.name),
                place: row.place.clone(),
                values: table.gives.iter().map(|(name, _)| Arc::clone(name)).zip(row.values.iter().cloned()).collect(),
                clauses: row.clauses.clone(),
                period: row.effective.as_ref().map(|period| self.period(period)),
                evidence: row.evidence.line(),
                holds: self.holds(&whole),
            })
        };
        let mut rows: Vec<RowUsed> = table.rows.iter().filter_map(one).collect();
        if rows.iter().any(|row| row.holds != Holds::No) {
            rows.retain(|row| row.holds != Holds::No);
        }
        rows
    }

    /// A period and whether it is in force.
    pub fn period(self, period: &Effective) -> PeriodExplained {
        PeriodExplained {
            from: period.from,
            until: period.until,
            dated_by: self.bundle.path(period.dated_by),
            is: self.state(period.dated_by),
            holds: self.holds(&in_force(self.facts, period)),
        }
    }

    /// How an expression comes about.
    pub fn computed(self, expression: &Expression) -> Given {
        match expression {
            Expression::Constant(_) => Given::Constant,
            Expression::Script { script, reads, .. } => {
                Given::Computed { text: script.text().into(), inputs: self.inputs(script.reads(), reads) }
            }
        }
    }

    /// What a script reads, by path.
    pub fn inputs(self, paths: &[String], reads: &[Operand]) -> Vec<Input> {
        let one = |(path, operand): (&String, &Operand)| {
            let (is, rows) = match operand {
                Operand::Fact(ix) => (self.state(*ix), Vec::new()),
                Operand::Setting(name) => (FactState::Known(self.setting(name)), Vec::new()),
                Operand::Cell(table, column) => (self.cell(*table, *column), self.rows(*table)),
            };
            Input { path: path.as_str().into(), is, rows }
        };
        paths.iter().zip(reads).map(one).collect()
    }

    fn cell(self, table: TableIx, column: usize) -> FactState {
        match lookup(self.bundle, self.facts, table) {
            Cell::Row(row) => row.values.get(column).map_or(FactState::Absent, |v| FactState::Known(v.clone())),
            Cell::None => FactState::Absent,
            Cell::Unknown(bases) => FactState::Missing(self.paths(&bases)),
            Cell::Failed(error) => FactState::Failed(error.to_string()),
        }
    }
}
