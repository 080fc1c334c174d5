//! The tests of a rule in ZEN's language, for its expressions and for its tables.

use crate::policy::{self, Rule, Test};

fn quoted(texts: &[String]) -> String {
    format!("['{}']", texts.join("', '"))
}

fn test(test: &Test) -> String {
    match test {
        Test::Is(fact, text) => format!("{fact} == '{text}'"),
        Test::Not(fact, text) => format!("{fact} != '{text}'"),
        Test::In(fact, texts) => format!("{fact} in {}", quoted(texts)),
        Test::NotIn(fact, texts) => format!("{fact} not in {}", quoted(texts)),
        Test::Unavailable => format!("market in {}", quoted(&policy::unavailable())),
        Test::More(fact, least) => format!("{fact} > {least}"),
        Test::False(fact) => format!("{fact} == false"),
    }
}

pub fn tests(rule: &Rule) -> String {
    rule.tests.iter().map(test).collect::<Vec<_>>().join(" and ")
}
