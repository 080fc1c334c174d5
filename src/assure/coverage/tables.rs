//! Which tables a kind of request looks into.

use std::collections::BTreeSet;

use crate::bundle::checked::{Bundle, Condition, Effect, Expression, FactIx, Kind, Operand, TableIx, Test};
use crate::explain::cited::tests;

/// The tables that the rules and derived facts of a kind look into.
pub fn tables_of(bundle: &Bundle, kind: &Kind) -> BTreeSet<TableIx> {
    let mut out = BTreeSet::new();
    let derived = kind.derived.iter().filter_map(|fact| bundle.fact(*fact)?.derived.as_ref());
    derived.for_each(|derived| cells(&derived.reads, &mut out));
    for rule in bundle.rules_of(kind) {
        for result in rule.results.values() {
            if let Expression::Script { reads, .. } = result {
                cells(reads, &mut out);
            }
        }
        condition(&rule.when, &mut out);
        if let Effect::Ask(needed, _) = &rule.effect {
            condition(needed, &mut out);
        }
    }
    out
}

fn condition(condition: &Condition, out: &mut BTreeSet<TableIx>) {
    scripts(condition, out);
    tests(condition, &mut |_: FactIx, test: &Test| {
        if let Test::CompareTable(_, table, _) = test {
            out.insert(*table);
        }
    });
}

fn scripts(condition: &Condition, out: &mut BTreeSet<TableIx>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| scripts(part, out)),
        Condition::Not(inner) => scripts(inner, out),
        Condition::Script(expression, _) => {
            if let Expression::Script { reads, .. } = &**expression {
                cells(reads, out);
            }
        }
        Condition::Fact(..) | Condition::Setting(..) => {}
    }
}

fn cells(reads: &[Operand], out: &mut BTreeSet<TableIx>) {
    out.extend(reads.iter().filter_map(|one| if let Operand::Cell(table, _) = one { Some(*table) } else { None }));
}
