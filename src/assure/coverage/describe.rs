//! Matchers in a few words, as the policy file writes them.

use std::collections::BTreeSet;

use crate::bundle::checked::{Bundle, Comparison, FactIx, Test};
use crate::model::value::Value;

/// A test of a fact.
pub fn test(bundle: &Bundle, fact: FactIx, test: &Test) -> String {
    format!("{}: {}", bundle.path(fact), matcher(bundle, test))
}

fn matcher(bundle: &Bundle, test: &Test) -> String {
    match test {
        Test::OneOf(values) => match values.first() {
            Some(only) if values.len() == 1 => only.to_string(),
            _ => list(values),
        },
        Test::InList(ix) => bundle.lists.get(ix.0).map(|list| format!("${}", list.name)).unwrap_or_default(),
        Test::Compare(comparison, limit) => format!("{} {limit}", word(*comparison)),
        Test::CompareTable(comparison, ix, column) => {
            let table = bundle.tables.get(ix.0);
            let column = table.and_then(|table| Some((&table.name, &table.gives.get(*column)?.0)));
            let cell = column.map(|(table, column)| format!("${table}.{column}")).unwrap_or_default();
            format!("{} {cell}", word(*comparison))
        }
        Test::AnyOf(values) => format!("any {}", list(values)),
        Test::AllOf(values) => format!("all {}", list(values)),
        Test::NoneOf(values) => format!("none {}", list(values)),
        Test::Present(wanted) => format!("present {wanted}"),
        Test::Known(wanted) => format!("known {wanted}"),
        Test::Not(inner) => format!("not {}", matcher(bundle, inner)),
        Test::All(tests) => tests.iter().map(|test| matcher(bundle, test)).collect::<Vec<_>>().join(" and "),
    }
}

/// At most five values; the others are counted.
fn list(values: &BTreeSet<Value>) -> String {
    let shown: Vec<String> = values.iter().take(5).map(ToString::to_string).collect();
    match values.len().saturating_sub(shown.len()) {
        0 => format!("[{}]", shown.join(", ")),
        more => format!("[{}, and {more} more]", shown.join(", ")),
    }
}

fn word(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::AtLeast => "at-least",
        Comparison::AtMost => "at-most",
        Comparison::MoreThan => "more-than",
        Comparison::LessThan => "less-than",
        Comparison::Equal => "is",
    }
}
