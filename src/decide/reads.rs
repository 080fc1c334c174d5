//! The facts that a rule looks at, whatever the request says.

use std::collections::BTreeSet;

use crate::bundle::checked::{
    Absence, Bundle, Condition, Effect, Effective, Expression, FactIx, Kind, Operand, Retired, Rule, TableIx, Test,
};

/// The facts that the match of a rule names; with those of its results when these are wanted too.
#[must_use]
pub fn named_by(bundle: &Bundle, rule: &Rule, results_too: bool) -> BTreeSet<FactIx> {
    let mut named = Named { bundle, facts: BTreeSet::new() };
    named.periods(&rule.effective, &rule.retired);
    named.condition(&rule.when);
    if let Effect::Ask(needed, _) = &rule.effect {
        named.condition(needed);
    }
    if results_too {
        rule.results.values().for_each(|result| named.expression(result));
    }
    named.facts
}

/// The facts that reading these needs.
#[must_use]
pub fn named_by_reads(bundle: &Bundle, reads: &[Operand]) -> BTreeSet<FactIx> {
    let mut named = Named { bundle, facts: BTreeSet::new() };
    named.operands(reads);
    named.facts
}

/// The facts of a kind that the truth of a rule, and what it waits for, can depend on: what it names, and what that is
/// derived or taken from.
#[must_use]
pub fn reads_of(bundle: &Bundle, kind: &Kind, rule: &Rule) -> BTreeSet<FactIx> {
    let mut all = BTreeSet::new();
    let mut open: Vec<FactIx> = named_by(bundle, rule, true).into_iter().collect();
    while let Some(ix) = open.pop() {
        if !all.insert(ix) {
            continue;
        }
        if let Some(Absence::From(source)) = kind.facts.get(&ix).map(|meaning| &meaning.absence) {
            open.push(*source);
        }
        if let Some(derived) = bundle.fact(ix).and_then(|fact| fact.derived.as_ref()) {
            open.extend(named_by_reads(bundle, &derived.reads));
        }
    }
    all
}

struct Named<'b> {
    bundle: &'b Bundle,
    facts: BTreeSet<FactIx>,
}

impl Named<'_> {
    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.condition(part)),
            Condition::Not(inner) => self.condition(inner),
            Condition::Setting(name, ..) => self.setting(name),
            Condition::Fact(fact, test, _) => {
                self.facts.insert(*fact);
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
                Operand::Fact(ix) => {
                    self.facts.insert(*ix);
                }
                Operand::Cell(table, _) => self.table(*table),
                Operand::Setting(name) => self.setting(name),
            }
        }
    }

    fn table(&mut self, table: TableIx) {
        for row in self.bundle.tables.get(table.0).map(|table| table.rows.as_slice()).unwrap_or_default() {
            for (fact, test) in &row.tests {
                self.facts.insert(*fact);
                self.test(test);
            }
            self.periods(row.effective.as_slice(), &row.retired);
        }
    }

    fn setting(&mut self, name: &str) {
        let dated = self.bundle.settings.get(name).map(|setting| setting.dated.as_slice()).unwrap_or_default();
        self.facts.extend(dated.iter().map(|(_, period)| period.dated_by));
    }

    fn periods(&mut self, effective: &[Effective], retired: &[Retired]) {
        let retired = retired.iter().filter_map(|retired| retired.effective.as_ref());
        self.facts.extend(effective.iter().chain(retired).map(|period| period.dated_by));
    }
}
