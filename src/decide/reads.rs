//! The facts that a rule looks at, whatever the request says.

use std::collections::BTreeSet;

use crate::bundle::checked::{
    Absence, Bundle, Condition, Effect, Effective, Expression, FactIx, Kind, Operand, Retired, Rule, TableIx, Test,
};

/// The facts of a kind that the truth of a rule, and what it waits for, can depend on: also those that they are derived
/// or taken from.
#[must_use]
pub fn reads_of(bundle: &Bundle, kind: &Kind, rule: &Rule) -> BTreeSet<FactIx> {
    let mut reads = Reads { bundle, kind, all: BTreeSet::new() };
    reads.periods(&rule.effective, &rule.retired);
    reads.condition(&rule.when);
    if let Effect::Ask(needed, _) = &rule.effect {
        reads.condition(needed);
    }
    rule.results.values().for_each(|result| reads.expression(result));
    reads.all
}

struct Reads<'b> {
    bundle: &'b Bundle,
    kind: &'b Kind,
    all: BTreeSet<FactIx>,
}

impl Reads<'_> {
    fn fact(&mut self, ix: FactIx) {
        if !self.all.insert(ix) {
            return;
        }
        if let Some(Absence::From(source)) = self.kind.facts.get(&ix).map(|meaning| &meaning.absence) {
            self.fact(*source);
        }
        if let Some(derived) = self.bundle.fact(ix).and_then(|fact| fact.derived.as_ref()) {
            self.operands(&derived.reads);
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.condition(part)),
            Condition::Not(inner) => self.condition(inner),
            Condition::Setting(name, ..) => self.setting(name),
            Condition::Fact(fact, test, _) => {
                self.fact(*fact);
                self.test(test);
            }
            Condition::Script(expression, _) => self.expression(expression),
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::InList(list) => {
                let entries = self.bundle.lists.get(list.0).map(|list| list.entries.as_slice()).unwrap_or_default();
                entries.iter().for_each(|entry| self.periods(entry.effective.as_slice(), &entry.retired));
            }
            Test::CompareTable(_, table, _) => self.table(*table),
            Test::Not(inner) => self.test(inner),
            Test::All(tests) => tests.iter().for_each(|test| self.test(test)),
            Test::OneOf(_)
            | Test::Compare(..)
            | Test::AnyOf(_)
            | Test::AllOf(_)
            | Test::NoneOf(_)
            | Test::Present(_)
            | Test::Known(_) => {}
        }
    }

    fn expression(&mut self, expression: &Expression) {
        if let Expression::Script { reads, .. } = expression {
            self.operands(reads);
        }
    }

    fn operands(&mut self, reads: &[Operand]) {
        for operand in reads {
            match operand {
                Operand::Fact(ix) => self.fact(*ix),
                Operand::Cell(table, _) => self.table(*table),
                Operand::Setting(name) => self.setting(name),
            }
        }
    }

    fn table(&mut self, table: TableIx) {
        for row in self.bundle.tables.get(table.0).map(|table| table.rows.as_slice()).unwrap_or_default() {
            for (fact, test) in &row.tests {
                self.fact(*fact);
                self.test(test);
            }
            self.periods(row.effective.as_slice(), &row.retired);
        }
    }

    fn setting(&mut self, name: &str) {
        let dated = self.bundle.settings.get(name).map(|setting| setting.dated.as_slice()).unwrap_or_default();
        dated.iter().for_each(|(_, period)| self.fact(period.dated_by));
    }

    fn periods(&mut self, effective: &[Effective], retired: &[Retired]) {
        let retired = retired.iter().filter_map(|retired| retired.effective.as_ref());
        effective.iter().chain(retired).for_each(|period| self.fact(period.dated_by));
    }
}
