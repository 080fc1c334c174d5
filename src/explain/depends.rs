//! Which facts a rule depends on.

use std::collections::BTreeSet;

use crate::bundle::checked::{Bundle, Condition, Effect, Effective, Expression, FactIx, Operand, Rule, TableIx, Test};
use crate::decide::facts::Facts;

use super::cited;

/// The facts that a rule's match depends on, as it names them; with those of its results when these are wanted too.
pub fn of_rule(bundle: &Bundle, rule: &Rule, results_too: bool) -> BTreeSet<FactIx> {
    let mut out = Collector { bundle, facts: BTreeSet::new() };
    out.periods(&rule.effective);
    out.condition(&rule.when);
    if let Effect::Ask(needed, _) = &rule.effect {
        out.condition(needed);
    }
    if results_too {
        rule.results.values().for_each(|expression| out.expression(expression));
    }
    out.facts
}

/// The facts of the request that a fact comes from, whether they are known or not; a fact of the request is its own.
pub fn bases(bundle: &Bundle, facts: &Facts, ix: FactIx) -> BTreeSet<FactIx> {
    if let Some(source) = facts.taken_from(ix) {
        return BTreeSet::from([source]);
    }
    match bundle.fact(ix).and_then(|fact| fact.derived.as_ref()) {
        None => BTreeSet::from([ix]),
        Some(derived) => {
            let mut out = Collector { bundle, facts: BTreeSet::new() };
            out.operands(&derived.reads);
            out.facts.into_iter().flat_map(|read| bases(bundle, facts, read)).collect()
        }
    }
}

/// Everything these rules read, and what it comes from.
pub fn of_rules<'b>(bundle: &Bundle, facts: &Facts, rules: impl Iterator<Item = &'b Rule>) -> BTreeSet<FactIx> {
    let mut named = BTreeSet::new();
    for rule in rules {
        named.extend(of_rule(bundle, rule, true));
    }
    let bases: Vec<FactIx> = named.iter().flat_map(|ix| bases(bundle, facts, *ix)).collect();
    named.extend(bases);
    named
}

struct Collector<'b> {
    bundle: &'b Bundle,
    facts: BTreeSet<FactIx>,
}

impl Collector<'_> {
    fn periods<'p>(&mut self, periods: impl IntoIterator<Item = &'p Effective>) {
        self.facts.extend(periods.into_iter().map(|period| period.dated_by));
    }

    fn condition(&mut self, condition: &Condition) {
        cited::tests(condition, &mut |fact, test| self.test(fact, test));
        cited::scripts(condition, &mut |expression| self.expression(expression));
    }

    fn test(&mut self, fact: FactIx, test: &Test) {
        self.facts.insert(fact);
        match test {
            Test::InList(list) => {
                let entries = self.bundle.lists.get(list.0).map(|list| list.entries.as_slice()).unwrap_or_default();
                self.periods(entries.iter().filter_map(|entry| entry.effective.as_ref()));
            }
            Test::CompareTable(_, table, _) => self.table(*table),
            _ => {}
        }
    }

    fn table(&mut self, table: TableIx) {
        let Some(table) = self.bundle.tables.get(table.0) else { return };
        self.facts.extend(&table.by);
        self.periods(table.rows.iter().filter_map(|row| row.effective.as_ref()));
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
                Operand::Setting(_) => {}
            }
        }
    }
}
