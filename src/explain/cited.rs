//! Which tests and scripts a condition is made of.

use crate::bundle::checked::{Condition, Expression, FactIx, Test};

/// Visits every test of a condition.
pub fn tests(condition: &Condition, visit: &mut impl FnMut(FactIx, &Test)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| tests(part, visit)),
        Condition::Not(inner) => tests(inner, visit),
        Condition::Fact(fact, test, _) => each(*fact, test, visit),
        Condition::Setting(..) | Condition::Script(..) => {}
    }
}

/// Visits every script of a condition.
pub fn scripts(condition: &Condition, visit: &mut impl FnMut(&Expression)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| scripts(part, visit)),
        Condition::Not(inner) => scripts(inner, visit),
        Condition::Script(expression, _) => visit(expression),
        Condition::Setting(..) | Condition::Fact(..) => {}
    }
}

fn each(fact: FactIx, test: &Test, visit: &mut impl FnMut(FactIx, &Test)) {
    match test {
        Test::All(inner) => inner.iter().for_each(|test| each(fact, test, visit)),
        Test::Not(inner) => each(fact, inner, visit),
        other => visit(fact, other),
    }
}
