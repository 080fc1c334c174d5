//! One decided request → the units it meets.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bundle::checked::{Bundle, Effect, Effective, FactIx, Kind, Retired, RuleIx, TableIx, Test};
use crate::decide::evaluate::{Cell, Evaluated, Truth, evaluate_condition, evaluate_test, lookup};
use crate::decide::facts::{Facts, State};
use crate::decide::tree::parse;
use crate::decide::{Decided, Failure};
use crate::model::clause::ClauseRef;
use crate::model::value::{Type, Value};

use super::plan::{Leaf, Owner, What, bare, values};
use super::threshold::position;
use super::{Coverage, Dated, End, Key, Position};

impl Coverage<'_> {
    /// Decides a request and notes what it meets.
    pub(super) fn observe(&mut self, by: &str, request: &serde_json::Value) {
        let bytes = request.to_string();
        let Ok(tree) = parse(bytes.as_bytes(), &self.engine.limits().request) else { return };
        let name = request.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default();
        let Some((at, kind)) = self.bundle.kinds.iter().enumerate().find(|(_, kind)| &*kind.name == name) else {
            return;
        };
        let Some(tables) = self.tables.get(at) else { return };
        let mut met = BTreeSet::new();
        match self.engine.decided(&tree) {
            Ok(decided) => {
                for part in &decided.parts {
                    let seen = Seen { bundle: self.bundle, kind_at: at, kind, tables, facts: &part.facts };
                    seen.facts(&self.leaves, true, &mut met);
                    seen.rules(part, &self.leaves, &mut met);
                }
            }
            Err(Failure::Contradiction(_, id, facts)) => {
                Seen { bundle: self.bundle, kind_at: at, kind, tables, facts: &facts }.facts(
                    &self.leaves,
                    false,
                    &mut met,
                );
                message(self.bundle, &format!("contradiction-{id}"), &mut met);
            }
            Err(Failure::Request(_)) => {}
        }
        for key in &met {
            self.hit(key, by);
        }
    }
}

fn message(bundle: &Bundle, id: &str, met: &mut BTreeSet<Key>) {
    met.extend(bundle.languages.iter().map(|language| Key::Message(Arc::clone(language), id.to_owned())));
}

/// One part of a request of one kind.
struct Seen<'s> {
    bundle: &'s Bundle,
    kind_at: usize,
    kind: &'s Kind,
    /// The tables that the kind looks into.
    tables: &'s BTreeSet<TableIx>,
    facts: &'s Facts,
}

impl Seen<'_> {
    /// Notes matchers, tables and lists. Only contradictions are looked at when one has ended the request.
    fn facts(&self, leaves: &[Leaf<'_>], decided: bool, met: &mut BTreeSet<Key>) {
        for (at, leaf) in leaves.iter().enumerate() {
            let speaks = match leaf.owner {
                Owner::Rule(rule) | Owner::Ask(rule) => decided && self.kind.rules.contains(&RuleIx(rule)),
                Owner::Row(table, _) => decided && self.tables.contains(&TableIx(table)),
                Owner::Kind(kind) => kind == self.kind_at,
            };
            if speaks {
                self.leaf(at, leaf, met);
            }
        }
        if decided {
            self.tables(met);
        }
    }

    fn leaf(&self, at: usize, leaf: &Leaf<'_>, met: &mut BTreeSet<Key>) {
        let truth = match leaf.what {
            What::Test(fact, test) => evaluate_test(self.bundle, self.facts, fact, test),
            What::Script(condition) => evaluate_condition(self.bundle, self.facts, condition),
        };
        match truth {
            Truth::True => met.insert(Key::Matcher(at, true)),
            Truth::False => met.insert(Key::Matcher(at, false)),
            Truth::Unknown(_) if matches!(leaf.owner, Owner::Ask(_)) => met.insert(Key::Matcher(at, false)),
            Truth::Unknown(_) | Truth::Failed(_) => false,
        };
        if let What::Test(fact, test) = leaf.what {
            self.values(at, fact, test, met);
        }
    }

    fn values(&self, at: usize, fact: FactIx, test: &Test, met: &mut BTreeSet<Key>) {
        let State::Known(value) = self.facts.state(fact) else { return };
        for one in values(test).into_iter().flatten() {
            let named = match value {
                Value::Set(items) => items.contains(one),
                single => single == one,
            };
            if named {
                met.insert(Key::Value(at, one.clone()));
            }
        }
        match bare(test) {
            Test::InList(list) => {
                let entries = self.bundle.lists.get(list.0).map(|list| list.entries.as_slice()).unwrap_or_default();
                for (n, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.value == *value) {
                    met.insert(Key::Entry(list.0, n));
                    self.periods(Dated::Entry(list.0, n), entry.effective.as_slice(), &entry.retired, met);
                }
            }
            Test::Compare(_, limit) => {
                met.extend(position(value, limit).map(|position| Key::Threshold(at, None, position)));
            }
            Test::CompareTable(_, table, column) => {
                if let Some((n, limit)) = self.row(*table).and_then(|(n, row)| Some((n, row.values.get(*column)?))) {
                    met.extend(position(value, limit).map(|position| Key::Threshold(at, Some(n), position)));
                }
            }
            _ => {}
        }
    }

    /// The row that applies, and its position.
    fn row(&self, table: TableIx) -> Option<(usize, &crate::bundle::checked::Row)> {
        let Cell::Row(row) = lookup(self.bundle, self.facts, table) else { return None };
        let rows = &self.bundle.tables.get(table.0)?.rows;
        rows.iter().position(|one| std::ptr::eq(one, row)).map(|n| (n, row))
    }

    fn tables(&self, met: &mut BTreeSet<Key>) {
        for ix in self.tables {
            let Some(table) = self.bundle.tables.get(ix.0) else { continue };
            let at = ix.0;
            met.extend(self.row(*ix).map(|(n, _)| Key::Row(at, n)));
            for (n, row) in table.rows.iter().enumerate() {
                let tests = row.tests.iter().map(|(fact, test)| evaluate_test(self.bundle, self.facts, *fact, test));
                if Truth::all(tests) == Truth::True {
                    self.periods(Dated::Row(at, n), row.effective.as_slice(), &row.retired, met);
                }
            }
        }
    }

    fn periods(&self, dated: Dated, effective: &[Effective], retired: &[Retired], met: &mut BTreeSet<Key>) {
        let periods = effective.iter().chain(retired.iter().filter_map(|retired| retired.effective.as_ref()));
        for (n, period) in periods.enumerate() {
            let State::Known(value) = self.facts.state(period.dated_by) else { continue };
            for (end, instant) in [(End::From, period.from), (End::Until, period.until)] {
                let found = instant.and_then(|instant| {
                    let limit = match value {
                        Value::Date(_) => Value::Date(instant.date()),
                        _ => Value::Timestamp(instant),
                    };
                    position(value, &limit)
                });
                // The first instant inside counts as the end itself: nobody writes nanoseconds.
                let side = match found {
                    Some(Position::Below) => Position::Below,
                    Some(Position::At | Position::Above) => Position::At,
                    None => continue,
                };
                met.insert(Key::Period(dated, n, end, side));
            }
        }
    }

    /// Notes what the rules gave: which matched, which decided, and on which clauses they rest.
    fn rules(&self, part: &Decided, leaves: &[Leaf<'_>], met: &mut BTreeSet<Key>) {
        for one in &part.evaluated {
            let Some(rule) = self.bundle.rules.get(one.rule.0) else { continue };
            met.extend(matched(&rule.effect, one).map(|yes| Key::Rule(one.rule.0, yes)));
            self.periods(Dated::Rule(one.rule.0), &rule.effective, &rule.retired, met);
        }
        let outcome = part.verdict.outcome;
        let attached = part.evaluated.iter().filter(|one| one.truth == Truth::True).map(|one| one.rule);
        let attached = attached.filter(|ix| {
            self.bundle.rules.get(ix.0).is_some_and(|r| matches!(r.effect, Effect::Attach(on) if on == outcome))
        });
        let decided: BTreeSet<RuleIx> =
            part.verdict.because.iter().filter_map(|because| because.rule).chain(attached).collect();
        for rule in &decided {
            self.cite(*rule, leaves, met);
        }
        for because in &part.verdict.because {
            message(self.bundle, &format!("reason-{}", because.code), met);
        }
        for (code, _) in &part.verdict.obligations {
            let Some(duty) = self.bundle.obligations.get(code) else { continue };
            clauses(&duty.clauses, met);
            message(self.bundle, &format!("{}-{code}", if duty.advice { "advice" } else { "obligation" }), met);
        }
        self.registries(met);
    }

    /// The clauses of a rule that decided, and of the entries and rows that it rests on.
    fn cite(&self, ix: RuleIx, leaves: &[Leaf<'_>], met: &mut BTreeSet<Key>) {
        let Some(rule) = self.bundle.rules.get(ix.0) else { return };
        clauses(&rule.clauses, met);
        for leaf in leaves.iter().filter(|leaf| matches!(leaf.owner, Owner::Rule(r) | Owner::Ask(r) if r == ix.0)) {
            let What::Test(fact, test) = leaf.what else { continue };
            match (bare(test), self.facts.state(fact)) {
                (Test::InList(list), State::Known(value)) => {
                    let list = self.bundle.lists.get(list.0);
                    for entry in list.into_iter().flat_map(|list| &list.entries).filter(|e| e.value == *value) {
                        clauses(&entry.clauses, met);
                    }
                }
                (Test::CompareTable(_, table, _), _) => {
                    if let Some((_, row)) = self.row(*table) {
                        clauses(&row.clauses, met);
                    }
                }
                _ => {}
            }
        }
    }

    /// The clauses of the entries of registries that the request names.
    fn registries(&self, met: &mut BTreeSet<Key>) {
        for ix in self.kind.facts.keys() {
            let (State::Known(value), Some(fact)) = (self.facts.state(*ix), self.bundle.fact(*ix)) else { continue };
            let (name, codes) = match (&fact.type_, value) {
                (Type::Symbol(name), one) => (name, vec![one]),
                (Type::Set(inner), Value::Set(items)) => match &**inner {
                    Type::Symbol(name) => (name, items.iter().collect()),
                    _ => continue,
                },
                _ => continue,
            };
            let Some(domain) = self.bundle.domains.get(name) else { continue };
            for code in codes {
                if let Value::Symbol(code) = code {
                    clauses(domain.entry(code).map(|entry| entry.clauses.as_slice()).unwrap_or_default(), met);
                }
            }
        }
    }
}

fn clauses(clauses: &[ClauseRef], met: &mut BTreeSet<Key>) {
    met.extend(clauses.iter().cloned().map(Key::Clause));
}

/// Whether a rule matched (or asked); nothing when that is open.
fn matched(effect: &Effect, one: &Evaluated) -> Option<bool> {
    match (effect, &one.truth, &one.ask) {
        (_, Truth::False, _) => Some(false),
        (Effect::Ask(..), Truth::True, Some((met, _))) => Some(*met != Truth::True),
        (Effect::Ask(..), Truth::Unknown(_), Some((Truth::True, _))) => Some(false),
        (_, Truth::True, _) => Some(true),
        (_, Truth::Unknown(_) | Truth::Failed(_), _) => None,
    }
}
