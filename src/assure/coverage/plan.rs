//! What there is to cover in a bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::checked::{Bundle, Condition, Effect, Effective, FactIx, ListIx, Retired, Rule, TableIx, Test};
use crate::bundle::window::states_bound;
use crate::model::clause::ClauseRef;
use crate::model::decision::ENGINE_REASONS;
use crate::model::finding::Place;
use crate::model::value::Value;

use super::reach::{Reach, of, of_test};
use super::tables::tables_of;
use super::{Dated, End, Key, Metric, Position, Unit, describe};

/// Where a matcher stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// In the condition of a rule.
    Rule(usize),
    /// In what an `ask` asks for: not knowing it is not meeting it.
    Ask(usize),
    /// In a row of a table.
    Row(usize, usize),
    /// Among the contradictions of a kind.
    Kind(usize),
}

/// A matcher or a script.
#[derive(Debug)]
pub struct Leaf<'b> {
    /// Where it stands.
    pub owner: Owner,
    /// What is evaluated.
    pub what: What<'b>,
}

/// What a leaf evaluates.
#[derive(Debug)]
pub enum What<'b> {
    /// A test of a fact.
    Test(FactIx, &'b Test),
    /// A script.
    Script(&'b Condition),
}

/// A test without its negations.
pub fn bare(test: &Test) -> &Test {
    match test {
        Test::Not(inner) => bare(inner),
        other => other,
    }
}

/// The values of a test of several.
pub fn values(test: &Test) -> Option<&BTreeSet<Value>> {
    match bare(test) {
        Test::OneOf(values) | Test::AnyOf(values) | Test::AllOf(values) | Test::NoneOf(values) if values.len() > 1 => {
            Some(values)
        }
        _ => None,
    }
}

/// What there is to cover.
pub struct Planned<'b> {
    /// Matchers and scripts.
    pub leaves: Vec<Leaf<'b>>,
    /// Everything that is counted.
    pub units: BTreeMap<Key, Unit>,
    /// Rules that the readings of the bundle switch off.
    pub off: Vec<Arc<str>>,
    /// The tables that each kind looks into.
    pub tables: Vec<BTreeSet<TableIx>>,
}

/// The leaves and units of a bundle.
pub fn plan(bundle: &Bundle) -> Planned<'_> {
    let mut plan = Plan { bundle, leaves: Vec::new(), units: BTreeMap::new() };
    let mut off = Vec::new();
    for (at, rule) in bundle.rules.iter().enumerate() {
        if !plan.rule(at, rule) {
            off.push(Arc::clone(&rule.name));
        }
    }
    for (at, kind) in bundle.kinds.iter().enumerate() {
        for contradiction in &kind.contradictions {
            plan.condition(&contradiction.when, Owner::Kind(at), &kind.name);
            plan.message(&format!("contradiction-{}", contradiction.message));
        }
        plan.message(&format!("reason-{}", kind.otherwise));
    }
    for code in ENGINE_REASONS {
        plan.message(&format!("reason-{code}"));
    }
    let tables: Vec<BTreeSet<TableIx>> = bundle.kinds.iter().map(|kind| tables_of(bundle, kind)).collect();
    for table in tables.iter().flatten().collect::<BTreeSet<_>>() {
        plan.table(*table);
    }
    plan.registries();
    Planned { leaves: plan.leaves, units: plan.units, off, tables }
}

struct Plan<'b> {
    bundle: &'b Bundle,
    leaves: Vec<Leaf<'b>>,
    units: BTreeMap<Key, Unit>,
}

impl<'b> Plan<'b> {
    fn add(&mut self, key: Key, metric: Metric, owner: &Arc<str>, what: String, place: &Place, is_branch: bool) {
        let (owner, place) = (Arc::clone(owner), place.clone());
        self.units.entry(key).or_insert(Unit { metric, owner, what, place, is_branch, hits: 0, by: None });
    }

    /// Plans a rule; `false` when it can never matter.
    fn rule(&mut self, at: usize, rule: &'b Rule) -> bool {
        let bundle = self.bundle;
        let dated = !rule.effective.is_empty() || rule.retired.iter().any(|retired| retired.effective.is_some());
        let mut reach = of(bundle, &rule.when);
        if let Effect::Ask(needed, _) = &rule.effect {
            let needed = of(bundle, needed);
            reach = Reach::all([reach, Reach { can_hold: needed.can_fail, can_fail: needed.can_hold }].into_iter());
        }
        if !reach.can_hold || rule.retired.iter().any(|retired| retired.effective.is_none()) {
            return false;
        }
        let [yes, no] = match rule.effect {
            Effect::Ask(..) => ["asks", "does not ask"],
            _ => ["matches", "does not match"],
        };
        self.add(Key::Rule(at, true), Metric::Rules, &rule.name, yes.to_owned(), &rule.place, false);
        if reach.can_fail || dated {
            self.add(Key::Rule(at, false), Metric::Rules, &rule.name, no.to_owned(), &rule.place, true);
        }
        self.periods(Dated::Rule(at), &rule.effective, &rule.retired, &rule.name, &rule.place);
        self.condition(&rule.when, Owner::Rule(at), &rule.name);
        match &rule.effect {
            Effect::Ask(needed, code) => {
                self.condition(needed, Owner::Ask(at), &rule.name);
                self.message(&format!("reason-{code}"));
            }
            Effect::Permit(code) | Effect::Deny(code) | Effect::Refer(code) => self.message(&format!("reason-{code}")),
            Effect::Attach(_) => {}
        }
        self.clauses(&rule.clauses);
        for code in &rule.obligations {
            let Some(duty) = bundle.obligations.get(code) else { continue };
            self.clauses(&duty.clauses);
            self.message(&format!("{}-{code}", if duty.advice { "advice" } else { "obligation" }));
        }
        true
    }

    /// Plans the parts of a condition that requests decide about.
    fn condition(&mut self, condition: &'b Condition, owner: Owner, name: &Arc<str>) {
        if !of(self.bundle, condition).varies() {
            return;
        }
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.condition(part, owner, name));
            }
            Condition::Not(inner) => self.condition(inner, owner, name),
            Condition::Setting(..) => {}
            Condition::Fact(fact, test, place) => self.test(*fact, test, owner, name, place),
            Condition::Script(_, place) => {
                self.leaf(Leaf { owner, what: What::Script(condition) }, "script", name, place);
            }
        }
    }

    fn leaf(&mut self, leaf: Leaf<'b>, what: &str, name: &Arc<str>, place: &Place) -> usize {
        let at = self.leaves.len();
        self.leaves.push(leaf);
        for (holds, word) in [(true, "holds"), (false, "does not hold")] {
            self.add(Key::Matcher(at, holds), Metric::Matchers, name, format!("{what}: {word}"), place, true);
        }
        at
    }

    fn test(&mut self, fact: FactIx, test: &'b Test, owner: Owner, name: &Arc<str>, place: &Place) {
        if let Test::All(tests) = test {
            tests.iter().for_each(|test| self.test(fact, test, owner, name, place));
            return;
        }
        if !of_test(self.bundle, test).varies() {
            return;
        }
        let what = describe::test(self.bundle, fact, test);
        let at = self.leaf(Leaf { owner, what: What::Test(fact, test) }, &what, name, place);
        for value in values(test).into_iter().flatten() {
            let text = format!("{what}: the value {value}");
            self.add(Key::Value(at, value.clone()), Metric::Entries, name, text, place, true);
        }
        match bare(test) {
            Test::InList(list) => self.list(*list),
            Test::Compare(_, limit) => self.threshold(at, None, fact, limit, &what, name, place),
            Test::CompareTable(_, table, column) => {
                let Some(table) = self.bundle.tables.get(table.0) else { return };
                let Some((named, _)) = table.gives.get(*column) else { return };
                for (n, row) in table.rows.iter().enumerate() {
                    let stated = |cell: &&Value| !table.is_window || states_bound(named, cell);
                    if let Some(limit) = row.values.get(*column).filter(stated) {
                        self.threshold(at, Some(n), fact, limit, &what, name, place);
                    }
                }
            }
            _ => {}
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a threshold is told by all of these")]
    fn threshold(
        &mut self,
        leaf: usize,
        row: Option<usize>,
        fact: FactIx,
        limit: &Value,
        what: &str,
        name: &Arc<str>,
        place: &Place,
    ) {
        let least = self.bundle.fact(fact).and_then(|fact| fact.minimum.as_ref());
        for (position, word) in [(Position::Below, "just below"), (Position::At, "at"), (Position::Above, "just above")]
        {
            // A request cannot give less than the least value.
            if position == Position::Below && least == Some(limit) {
                continue;
            }
            let text = format!("{what}: {word} {limit}");
            self.add(Key::Threshold(leaf, row, position), Metric::Boundaries, name, text, place, true);
        }
    }

    /// The ends of periods: the first instant, and the last before it.
    fn periods(&mut self, dated: Dated, effective: &[Effective], retired: &[Retired], name: &Arc<str>, place: &Place) {
        let periods = effective.iter().chain(retired.iter().filter_map(|retired| retired.effective.as_ref()));
        for (n, period) in periods.enumerate() {
            for (end, instant) in [(End::From, period.from), (End::Until, period.until)] {
                let Some(instant) = instant else { continue };
                let word = if end == End::From { "from" } else { "until" };
                for (position, side) in [(Position::Below, "just before"), (Position::At, "at")] {
                    let text = format!("{side} {} {instant} ({word})", self.bundle.path(period.dated_by));
                    self.add(Key::Period(dated, n, end, position), Metric::Boundaries, name, text, place, true);
                }
            }
        }
    }

    fn list(&mut self, ix: ListIx) {
        let Some(list) = self.bundle.lists.get(ix.0) else { return };
        for (n, entry) in list.entries.iter().enumerate() {
            if entry.retired.iter().any(|retired| retired.effective.is_none()) {
                continue;
            }
            let what = format!("the entry {}", entry.value);
            self.add(Key::Entry(ix.0, n), Metric::Entries, &list.name, what, &entry.place, false);
            self.periods(Dated::Entry(ix.0, n), entry.effective.as_slice(), &entry.retired, &list.name, &entry.place);
            self.clauses(&entry.clauses);
        }
    }

    fn table(&mut self, ix: TableIx) {
        let Some(table) = self.bundle.tables.get(ix.0) else { return };
        for (n, row) in table.rows.iter().enumerate() {
            if row.retired.iter().any(|retired| retired.effective.is_none()) {
                continue;
            }
            let what = row.id.as_ref().map_or_else(|| format!("row {}", n.saturating_add(1)), |id| format!("row {id}"));
            self.add(Key::Row(ix.0, n), Metric::Rows, &table.name, what, &row.place, false);
            self.periods(Dated::Row(ix.0, n), row.effective.as_slice(), &row.retired, &table.name, &row.place);
            for (fact, test) in &row.tests {
                self.test(*fact, test, Owner::Row(ix.0, n), &table.name, &row.place);
            }
            self.clauses(&row.clauses);
        }
    }

    /// Clauses that nothing but an entry of a registry cites.
    fn registries(&mut self) {
        for entry in self.bundle.domains.values().flat_map(|domain| &domain.entries) {
            for clause in &entry.clauses {
                let known = self.bundle.sources.get(&clause.source).and_then(|s| s.clauses.get(&clause.number));
                if known.is_some_and(|known| known.normative) {
                    self.clauses(std::slice::from_ref(clause));
                }
            }
        }
    }

    fn clauses(&mut self, clauses: &[ClauseRef]) {
        for clause in clauses {
            let known = self.bundle.sources.get(&clause.source).and_then(|s| s.clauses.get(&clause.number));
            let Some(known) = known else { continue };
            let key = Key::Clause(clause.clone());
            let what = format!("clause {}", clause.number);
            self.add(key, Metric::Clauses, &clause.source, what, &known.place, false);
        }
    }

    fn message(&mut self, id: &str) {
        for language in &self.bundle.languages {
            let Some(message) = self.bundle.messages.get(language, id) else { continue };
            let key = Key::Message(Arc::clone(language), id.to_owned());
            self.add(key, Metric::Messages, language, id.to_owned(), &message.place, false);
        }
    }
}
