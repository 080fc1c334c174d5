//! Which tests a condition is made of.

use crate::bundle::checked::{Condition, FactIx, Test};

/// Visits every test of a condition.
pub fn tests(condition: &Condition, visit: &mut impl FnMut(FactIx, &Test)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| tests(part, visit)),
        Condition::Not(inner) => tests(inner, visit),
        Condition::Fact(fact, test, _) => each(*fact, test, visit),
        Condition::Setting(..) | Condition::Script(..) => {}
    }
}

fn each(fact: FactIx, test: &Test, visit: &mut impl FnMut(FactIx, &Test)) {
    match test {
        Test::All(inner) => inner.iter().for_each(|test| each(fact, test, visit)),
        Test::Not(inner) => each(fact, inner, visit),
        other => visit(fact, other),
    }
}
