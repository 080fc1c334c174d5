//! What the rules of a kind read: facts, lists, tables and settings, directly or through what is computed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bundle::checked::{
    Absence, Bundle, Condition, Effect, Effective, Expression, FactIx, Kind, ListIx, Operand, Retired, Rule, TableIx,
    Test,
};

/// What is read.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Facts, those that others are taken or computed from too.
    pub facts: BTreeSet<FactIx>,
    /// Of these, what scripts read and what other facts are taken from.
    pub computed_from: BTreeSet<FactIx>,
    /// Facts that are tested for being given, or known.
    pub asked_for: BTreeSet<FactIx>,
    /// Lists.
    pub lists: BTreeSet<ListIx>,
    /// Tables.
    pub tables: BTreeSet<TableIx>,
    /// Settings.
    pub settings: BTreeSet<Arc<str>>,
}

/// What the rules of a kind read, and what makes its requests contradict themselves.
#[must_use]
pub fn of_kind(bundle: &Bundle, kind: &Kind) -> Reach {
    let mut reader = Reader { bundle, kind, out: Reach::default() };
    bundle.rules_of(kind).for_each(|rule| reader.rule(rule));
    kind.contradictions.iter().for_each(|one| reader.condition(&one.when));
    for fan_out in &kind.fan_out {
        let facts = fan_out.unique_by.iter().chain(&fan_out.label).chain(&fan_out.only).chain(&fan_out.when_stated);
        for fact in facts {
            reader.out.computed_from.insert(*fact);
            reader.fact(*fact);
        }
    }
    reader.out
}

/// What one condition reads, for requests of a kind.
#[must_use]
pub fn of_condition(bundle: &Bundle, kind: &Kind, condition: &Condition) -> Reach {
    let mut reader = Reader { bundle, kind, out: Reach::default() };
    reader.condition(condition);
    reader.out
}

struct Reader<'b> {
    bundle: &'b Bundle,
    kind: &'b Kind,
    out: Reach,
}

impl Reader<'_> {
    fn rule(&mut self, rule: &Rule) {
        self.periods(&rule.effective, &rule.retired);
        self.condition(&rule.when);
        if let Effect::Ask(needed, _) = &rule.effect {
            self.condition(needed);
        }
        for expression in rule.results.values() {
            self.expression(expression);
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.condition(part)),
            Condition::Not(inner) => self.condition(inner),
            Condition::Fact(fact, test, _) => self.test(*fact, test),
            Condition::Setting(name, ..) => self.setting(name),
            Condition::Script(expression, _) => self.expression(expression),
        }
    }

    fn expression(&mut self, expression: &Expression) {
        if let Expression::Script { reads, .. } = expression {
            reads.iter().for_each(|operand| self.operand(operand));
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Fact(fact) => {
                self.out.computed_from.insert(*fact);
                self.fact(*fact);
            }
            Operand::Cell(table, _) => self.table(*table),
            Operand::Setting(name) => self.setting(name),
        }
    }

    fn setting(&mut self, name: &Arc<str>) {
        if !self.out.settings.insert(Arc::clone(name)) {
            return;
        }
        let bundle = self.bundle;
        for (_, period) in bundle.settings.get(name).map(|setting| setting.dated.as_slice()).unwrap_or_default() {
            self.fact(period.dated_by);
        }
    }

    fn fact(&mut self, ix: FactIx) {
        if !self.out.facts.insert(ix) {
            return;
        }
        if let Some(Absence::From(source)) = self.kind.facts.get(&ix).map(|meaning| &meaning.absence) {
            self.out.computed_from.insert(*source);
            self.fact(*source);
        }
        let bundle = self.bundle;
        if let Some(derived) = bundle.fact(ix).and_then(|fact| fact.derived.as_ref()) {
            derived.reads.iter().for_each(|operand| self.operand(operand));
        }
    }

    fn test(&mut self, fact: FactIx, test: &Test) {
        self.fact(fact);
        match test {
            Test::Present(_) | Test::Known(_) => {
                self.out.asked_for.insert(fact);
            }
            Test::InList(list) => self.list(*list),
            Test::CompareTable(_, table, _) => self.table(*table),
            Test::Not(inner) => self.test(fact, inner),
            Test::All(tests) => tests.iter().for_each(|test| self.test(fact, test)),
            _ => {}
        }
    }

    fn list(&mut self, ix: ListIx) {
        if !self.out.lists.insert(ix) {
            return;
        }
        let bundle = self.bundle;
        for entry in bundle.lists.get(ix.0).map(|list| list.entries.as_slice()).unwrap_or_default() {
            self.periods(entry.effective.as_slice(), &entry.retired);
        }
    }

    fn table(&mut self, ix: TableIx) {
        if !self.out.tables.insert(ix) {
            return;
        }
        let bundle = self.bundle;
        for row in bundle.tables.get(ix.0).map(|table| table.rows.as_slice()).unwrap_or_default() {
            row.tests.iter().for_each(|(fact, test)| self.test(*fact, test));
            self.periods(row.effective.as_slice(), &row.retired);
        }
    }

    fn periods(&mut self, periods: &[Effective], retired: &[Retired]) {
        let all = periods.iter().chain(retired.iter().filter_map(|retired| retired.effective.as_ref()));
        all.for_each(|period| self.fact(period.dated_by));
    }
}
