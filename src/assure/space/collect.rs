//! What the rules of a kind ask of each fact, on all sides together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::checked::Absence;
use crate::bundle::checked::{
    Condition, Effect, Effective, Expression, FactIx, ListIx, Operand, Retired, TableIx, Test,
};
use crate::model::value::{Type, Value};
use crate::script::Outline;

use super::atoms::Wanted;
use super::{Plan, Plans, Side, Truths, fit};

/// Text that no registry knows.
pub(super) const UNHEARD_OF: &str = "something unheard of";

/// A variable to come: a fact of the request, a derived fact, or a script.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) wanted: Wanted,
    pub(super) opaque: Option<Opaque>,
}

/// A script whose values are not understood: where it is found on each side.
#[derive(Clone, Debug)]
pub(super) struct Opaque {
    /// The text to show.
    pub(super) shown: Arc<str>,
    /// For a derived fact: its index by side.
    pub(super) derived: BTreeMap<usize, FactIx>,
    /// For a condition: the expression by side.
    pub(super) scripts: BTreeMap<usize, Arc<Expression>>,
    /// The paths it reads, directly.
    pub(super) reads: BTreeSet<Arc<str>>,
    pub(super) may_be_absent: bool,
}

/// What was asked, in the order in which it was asked first.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) items: BTreeMap<Arc<str>, Item>,
    pub(super) order: Vec<Arc<str>>,
    tables: BTreeSet<(usize, TableIx)>,
    lists: BTreeSet<(usize, ListIx, FactIx)>,
    plans: Arc<Plans>,
}

/// Collects.
pub(super) fn collect(sides: &[Side<'_>], also: &[(usize, &Condition)], plans: &Arc<Plans>) -> Collected {
    let mut out = Collected { plans: Arc::clone(plans), ..Collected::default() };
    for (at, side) in sides.iter().enumerate() {
        for rule in side.bundle.rules_of(side.kind) {
            out.periods(sides, at, &rule.effective, &rule.retired);
            out.condition(sides, at, &rule.when);
            if let Effect::Ask(needed, _) = &rule.effect {
                out.condition(sides, at, needed);
            }
            for expression in rule.results.values() {
                if let Expression::Script { reads, .. } = expression {
                    reads.iter().for_each(|operand| out.operand(sides, at, operand));
                }
            }
        }
        for contradiction in &side.kind.contradictions {
            out.condition(sides, at, &contradiction.when);
        }
    }
    for (at, condition) in also {
        out.condition(sides, *at, condition);
    }
    out.share(sides);
    out
}

impl Collected {
    /// What is asked of a fact is asked of the one it is taken from.
    fn share(&mut self, sides: &[Side<'_>]) {
        for side in sides.iter().chain(sides) {
            for (ix, meaning) in &side.kind.facts {
                let Absence::From(source) = &meaning.absence else { continue };
                let Some(own) = self.items.get(&side.bundle.path(*ix)).map(|item| item.wanted.clone()) else {
                    continue;
                };
                if let Some(item) = self.items.get_mut(&side.bundle.path(*source)) {
                    item.wanted.sets.extend(own.sets);
                    item.wanted.cuts.extend(own.cuts);
                    item.wanted.members.extend(own.members);
                }
            }
        }
    }

    fn periods(&mut self, sides: &[Side<'_>], at: usize, periods: &[Effective], retired: &[Retired]) {
        for period in periods.iter().chain(retired.iter().filter_map(|retired| retired.effective.as_ref())) {
            for instant in period.from.iter().chain(&period.until) {
                let Some(side) = sides.get(at) else { continue };
                let is_date = side.bundle.fact(period.dated_by).is_some_and(|fact| fact.type_ == Type::Date);
                let value = if is_date { Value::Date(instant.date()) } else { Value::Timestamp(*instant) };
                if let Some(wanted) = self.fact(sides, at, period.dated_by) {
                    wanted.cut(&value);
                }
            }
            self.fact(sides, at, period.dated_by);
        }
    }

    fn condition(&mut self, sides: &[Side<'_>], at: usize, condition: &Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.condition(sides, at, part));
            }
            Condition::Not(inner) => self.condition(sides, at, inner),
            Condition::Fact(fact, test, _) => self.test(sides, at, *fact, test),
            Condition::Setting(name, ..) => self.setting(sides, at, name),
            Condition::Script(expression, _) => self.script(sides, at, expression),
        }
    }

    fn setting(&mut self, sides: &[Side<'_>], at: usize, name: &str) {
        let Some(setting) = sides.get(at).and_then(|side| side.bundle.settings.get(name)) else { return };
        for (_, period) in &setting.dated {
            self.periods(sides, at, std::slice::from_ref(period), &[]);
        }
    }

    fn test(&mut self, sides: &[Side<'_>], at: usize, fact: FactIx, test: &Test) {
        match test {
            Test::Not(inner) => return self.test(sides, at, fact, inner),
            Test::All(tests) => return tests.iter().for_each(|test| self.test(sides, at, fact, test)),
            Test::InList(list) => return self.list(sides, at, fact, *list),
            Test::CompareTable(_, table, column) => {
                let Some(side) = sides.get(at) else { return };
                let rows = side.bundle.tables.get(table.0).map(|table| table.rows.as_slice()).unwrap_or_default();
                if let Some(wanted) = self.fact(sides, at, fact) {
                    rows.iter().filter_map(|row| row.values.get(*column)).for_each(|value| wanted.cut(value));
                }
                return self.table(sides, at, *table);
            }
            _ => {}
        }
        let Some(wanted) = self.fact(sides, at, fact) else { return };
        match test {
            Test::OneOf(values) | Test::AnyOf(values) | Test::AllOf(values) | Test::NoneOf(values) => {
                wanted.set(values);
            }
            Test::Compare(_, limit) => wanted.cut(limit),
            _ => {}
        }
    }

    fn list(&mut self, sides: &[Side<'_>], at: usize, fact: FactIx, list: ListIx) {
        if !self.lists.insert((at, list, fact)) {
            return;
        }
        let Some(list) = sides.get(at).and_then(|side| side.bundle.lists.get(list.0)) else { return };
        // Entries that hold at the same times are one set.
        let mut sets: BTreeMap<String, BTreeSet<Value>> = BTreeMap::new();
        for entry in &list.entries {
            self.periods(sides, at, entry.effective.as_slice(), &entry.retired);
            let times =
                format!("{:?}{:?}", entry.effective, entry.retired.iter().map(|r| &r.effective).collect::<Vec<_>>());
            sets.entry(times).or_default().insert(entry.value.clone());
        }
        if let Some(wanted) = self.fact(sides, at, fact) {
            sets.values().for_each(|values| wanted.set(values));
        }
    }

    fn table(&mut self, sides: &[Side<'_>], at: usize, table: TableIx) {
        if !self.tables.insert((at, table)) {
            return;
        }
        let Some(table) = sides.get(at).and_then(|side| side.bundle.tables.get(table.0)) else { return };
        for row in &table.rows {
            row.tests.iter().for_each(|(fact, test)| self.test(sides, at, *fact, test));
            self.periods(sides, at, row.effective.as_slice(), &row.retired);
        }
    }

    fn operand(&mut self, sides: &[Side<'_>], at: usize, operand: &Operand) {
        match operand {
            Operand::Fact(fact) => {
                self.fact(sides, at, *fact);
            }
            Operand::Cell(table, _) => self.table(sides, at, *table),
            Operand::Setting(name) => self.setting(sides, at, name),
        }
    }

    fn script(&mut self, sides: &[Side<'_>], at: usize, expression: &Arc<Expression>) {
        let Expression::Script { script, reads, .. } = &**expression else { return };
        let Some(side) = sides.get(at) else { return };
        reads.iter().for_each(|operand| self.operand(sides, at, operand));
        match side.truths(expression) {
            Truths::Constant(_) => {}
            Truths::Comparisons(_) => {
                let Outline::Comparisons(slots) = script.outline(&side.fixed(reads)) else { return };
                for (slot, values) in slots {
                    let Some(Operand::Fact(ix)) = reads.get(slot) else { continue };
                    let type_ = side.bundle.fact(*ix).map(|fact| fact.type_.clone());
                    let Some(wanted) = self.fact(sides, at, *ix) else { continue };
                    for value in values.iter().filter_map(|value| fit(value, type_.as_ref()?)) {
                        wanted.set(&BTreeSet::from([value]));
                    }
                }
            }
            Truths::Own(name) => {
                let item = self.own(name, &Type::Boolean, script.text());
                if let Some(opaque) = &mut item.opaque {
                    opaque.scripts.insert(at, Arc::clone(expression));
                    opaque.reads.extend(paths(side, reads));
                }
            }
        }
    }

    fn own(&mut self, name: Arc<str>, type_: &Type, shown: &str) -> &mut Item {
        if !self.items.contains_key(&name) {
            self.order.push(Arc::clone(&name));
        }
        self.items.entry(name).or_insert_with(|| Item {
            wanted: Wanted::new(type_),
            opaque: Some(Opaque {
                shown: shown.split_whitespace().collect::<Vec<_>>().join(" ").into(),
                derived: BTreeMap::new(),
                scripts: BTreeMap::new(),
                reads: BTreeSet::new(),
                may_be_absent: false,
            }),
        })
    }

    /// What is asked of a fact, or of the fact it stands for.
    fn fact(&mut self, sides: &[Side<'_>], at: usize, ix: FactIx) -> Option<&mut Wanted> {
        let side = sides.get(at)?;
        let fact = side.bundle.fact(ix)?;
        match self.plans.get(&(at, ix)).cloned() {
            Some(plan) => {
                let derived = fact.derived.as_ref()?;
                derived.reads.iter().for_each(|operand| self.operand(sides, at, operand));
                match plan {
                    Plan::Constant(_) => None,
                    Plan::Alias(read) => self.fact(sides, at, read),
                    Plan::Own(name) => {
                        let item = self.own(name, &fact.type_, &fact.path);
                        if let Some(opaque) = &mut item.opaque {
                            opaque.derived.insert(at, ix);
                            opaque.reads.extend(paths(side, &derived.reads));
                            opaque.may_be_absent |= side.may_be_absent(ix);
                        }
                        Some(&mut item.wanted)
                    }
                }
            }
            None => {
                if let Some(Absence::From(source)) = side.kind.facts.get(&ix).map(|fact| &fact.absence) {
                    self.fact(sides, at, *source);
                }
                Some(self.base(&fact.path, &fact.type_))
            }
        }
    }

    fn base(&mut self, path: &Arc<str>, type_: &Type) -> &mut Wanted {
        if !self.items.contains_key(path) {
            self.order.push(Arc::clone(path));
        }
        let new = || Item { wanted: Wanted::new(type_), opaque: None };
        &mut self.items.entry(Arc::clone(path)).or_insert_with(new).wanted
    }
}

/// The facts that a script reads, by their paths; for derived ones what they read.
fn paths(side: &Side<'_>, reads: &[Operand]) -> BTreeSet<Arc<str>> {
    let mut out = BTreeSet::new();
    let mut open: Vec<Operand> = reads.to_vec();
    let mut seen = BTreeSet::new();
    while let Some(operand) = open.pop() {
        match operand {
            Operand::Fact(ix) if seen.insert(ix) => {
                let Some(fact) = side.bundle.fact(ix) else { continue };
                match fact.derived.as_ref().filter(|_| side.kind.derived.contains(&ix)) {
                    Some(derived) => open.extend(derived.reads.iter().cloned()),
                    None => {
                        out.insert(Arc::clone(&fact.path));
                    }
                }
            }
            Operand::Cell(table, _) => {
                let Some(table) = side.bundle.tables.get(table.0) else { continue };
                for row in &table.rows {
                    row.tests.iter().for_each(|(fact, test)| tested(side, *fact, test, &mut open));
                    dated(row.effective.as_slice(), &row.retired, &mut open);
                }
            }
            Operand::Setting(name) => {
                let dated_by = side.bundle.settings.get(&name).map(|setting| setting.dated.as_slice());
                open.extend(dated_by.unwrap_or_default().iter().map(|(_, period)| Operand::Fact(period.dated_by)));
            }
            Operand::Fact(_) => {}
        }
    }
    out
}

/// What a test of a table's row reads.
fn tested(side: &Side<'_>, fact: FactIx, test: &Test, out: &mut Vec<Operand>) {
    out.push(Operand::Fact(fact));
    match test {
        Test::InList(list) => {
            for entry in side.bundle.lists.get(list.0).map(|list| list.entries.as_slice()).unwrap_or_default() {
                dated(entry.effective.as_slice(), &entry.retired, out);
            }
        }
        Test::CompareTable(_, table, column) => out.push(Operand::Cell(*table, *column)),
        Test::Not(inner) => tested(side, fact, inner, out),
        Test::All(tests) => tests.iter().for_each(|test| tested(side, fact, test, out)),
        _ => {}
    }
}

/// The facts that periods are read by.
fn dated(periods: &[Effective], retired: &[Retired], out: &mut Vec<Operand>) {
    let all = periods.iter().chain(retired.iter().filter_map(|retired| retired.effective.as_ref()));
    out.extend(all.map(|period| Operand::Fact(period.dated_by)));
}
