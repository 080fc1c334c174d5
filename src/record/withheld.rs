//! Which private facts a bundle looks into, so that a request which holds only their commitments cannot be decided again.
//!
//! A text stands for a value that is not kept, equal for equal values. Whether a fact is given, and whether two of them
//! are equal, a replay therefore finds as it was. What a test against a constant, a list or a table, or a function of
//! texts, would have found it cannot know, and it says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::bundle::checked::{
    Bundle, Condition, Effect, Expression, FactIx, Kind, Operand, Privacy, Rule, TableIx, Test,
};
use crate::explain::cited;

use super::mask::{Place, committed};

/// For each kind of request, the private facts that something of it looks into. Kinds without any are left out.
#[must_use]
pub fn looked_into(bundle: &Bundle) -> BTreeMap<Arc<str>, BTreeSet<FactIx>> {
    let of = |kind: &Kind| (Arc::clone(&kind.name), of_kind(bundle, kind));
    bundle.kinds.iter().map(of).filter(|(_, facts)| !facts.is_empty()).collect()
}

fn of_kind(bundle: &Bundle, kind: &Kind) -> BTreeSet<FactIx> {
    let mut looks = Looks { bundle, found: BTreeSet::new() };
    for rule in bundle.rules_of(kind) {
        looks.rule(rule);
    }
    for contradiction in &kind.contradictions {
        looks.condition(&contradiction.when);
    }
    for derived in kind.derived.iter().filter_map(|ix| bundle.fact(*ix)?.derived.as_ref()) {
        looks.script(&derived.script, &derived.reads);
    }
    // The elements of a list are picked by what names them, and a kind may take some values only.
    let picked = kind.fan_out.iter().filter_map(|fan_out| fan_out.only);
    let limited = kind.facts.iter().filter(|(_, fact)| fact.values.is_some()).map(|(ix, _)| *ix);
    for ix in picked.chain(limited) {
        looks.fact(ix);
    }
    looks.found
}

struct Looks<'b> {
    bundle: &'b Bundle,
    found: BTreeSet<FactIx>,
}

impl Looks<'_> {
    fn private(&self, ix: FactIx) -> bool {
        self.bundle.fact(ix).is_some_and(|fact| fact.privacy != Privacy::Public)
    }

    fn fact(&mut self, ix: FactIx) {
        if self.private(ix) {
            self.found.insert(ix);
        }
    }

    fn rule(&mut self, rule: &Rule) {
        self.condition(&rule.when);
        if let Effect::Ask(needed, _) = &rule.effect {
            self.condition(needed);
        }
        rule.results.values().for_each(|expression| self.expression(expression));
    }

    fn condition(&mut self, condition: &Condition) {
        let (mut tests, mut scripts) = (Vec::new(), Vec::new());
        cited::tests(condition, &mut |fact, test| match test {
            Test::Present(_) | Test::Known(_) => {}
            Test::CompareTable(_, table, _) => tests.push((fact, Some(*table))),
            _ => tests.push((fact, None)),
        });
        cited::scripts(condition, &mut |expression| {
            if let Expression::Script { script, reads, .. } = expression {
                scripts.push((script.looks_into(&self.slots(reads)), reads.clone()));
            }
        });
        for (fact, table) in tests {
            self.fact(fact);
            table.into_iter().for_each(|table| self.table(table));
        }
        for (looks, reads) in scripts {
            self.operands(looks, &reads);
        }
    }

    fn expression(&mut self, expression: &Expression) {
        if let Expression::Script { script, reads, .. } = expression {
            self.script(script, reads);
        }
    }

    fn script(&mut self, script: &crate::script::Script, reads: &[Operand]) {
        self.operands(script.looks_into(&self.slots(reads)), reads);
    }

    /// The private facts among what a script reads.
    fn slots(&self, reads: &[Operand]) -> BTreeSet<usize> {
        let private = |operand: &Operand| matches!(operand, Operand::Fact(ix) if self.private(*ix));
        reads.iter().enumerate().filter(|(_, operand)| private(operand)).map(|(slot, _)| slot).collect()
    }

    fn operands(&mut self, looks: bool, reads: &[Operand]) {
        for operand in reads {
            match operand {
                Operand::Fact(ix) if looks => self.fact(*ix),
                // A row is chosen by what the facts are.
                Operand::Cell(table, _) => self.table(*table),
                Operand::Fact(_) | Operand::Setting(_) => {}
            }
        }
    }

    fn table(&mut self, table: TableIx) {
        let by = self.bundle.tables.get(table.0).map(|table| table.by.clone()).unwrap_or_default();
        by.into_iter().for_each(|ix| self.fact(ix));
    }
}

/// The facts of a request in whose place a commitment stands that nothing opens. `known` tells those that are kept.
pub(super) fn withheld(request: &Json, place: Place<'_>, known: &dyn Fn(&str) -> bool, out: &mut BTreeSet<FactIx>) {
    if let Some(committed) = committed(request) {
        match place {
            Place::Fact(ix) if !known(committed) => out.extend([ix]),
            _ => {}
        }
        return;
    }
    match request {
        Json::Object(map) => map.iter().for_each(|(key, value)| withheld(value, place.key(key), known, out)),
        Json::Array(items) => items.iter().for_each(|item| withheld(item, place.element(), known, out)),
        _ => {}
    }
}
