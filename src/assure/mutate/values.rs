//! Values next to a value: what a small slip would have written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::assure::space::atoms::step;
use crate::bundle::checked::{Bundle, Comparison, FactIx};
use crate::bundle::domain::Domain;
use crate::model::time::Timestamp;
use crate::model::value::{Type, Value};

/// What is needed of a bundle to find neighbours, apart from what is changed.
pub struct Neighbours {
    domains: BTreeMap<Arc<str>, Arc<Domain>>,
    facts: Vec<(Arc<str>, Type)>,
}

impl Neighbours {
    /// Of a bundle.
    pub fn of(bundle: &Bundle) -> Self {
        let facts = bundle.facts.iter().map(|fact| (Arc::clone(&fact.path), fact.type_.clone())).collect();
        Self { domains: bundle.domains.clone(), facts }
    }

    /// The path of a fact.
    pub fn path(&self, ix: FactIx) -> &str {
        self.facts.get(ix.0).map_or("", |(path, _)| path)
    }

    /// The type of a fact; of a set the type of its members.
    pub fn type_of(&self, ix: FactIx) -> Option<&Type> {
        match self.facts.get(ix.0).map(|(_, type_)| type_) {
            Some(Type::Set(inner)) => Some(inner),
            other => other,
        }
    }

    /// A value of the type that is not among these.
    pub fn outside(&self, type_: &Type, values: &BTreeSet<Value>) -> Option<Value> {
        match type_ {
            Type::Symbol(name) => {
                let codes = self.domains.get(name)?.codes().map(|code| Value::Symbol(Arc::clone(code)));
                codes.filter(|code| !values.contains(code)).min()
            }
            Type::Boolean => [true, false].map(Value::Boolean).into_iter().find(|value| !values.contains(value)),
            type_ if type_.is_ordered() => {
                let after = step(values.last()?, 1)?;
                (!values.contains(&after)).then_some(after)
            }
            _ => None,
        }
    }

    /// Other values that a constant could have been.
    pub fn others(&self, type_: &Type, value: &Value) -> Vec<Value> {
        match value {
            Value::Symbol(_) | Value::Boolean(_) => {
                self.outside(type_, &BTreeSet::from([value.clone()])).into_iter().collect()
            }
            Value::Set(members) => members
                .iter()
                .map(|member| {
                    let mut fewer = members.clone();
                    fewer.remove(member);
                    Value::Set(fewer)
                })
                .collect(),
            Value::Timestamp(instant) => {
                [1, -1].iter().filter_map(|by| day(*instant, *by)).map(Value::Timestamp).collect()
            }
            other => [1, -1].iter().filter_map(|by| step(other, *by)).collect(),
        }
    }
}

/// An instant a day later or earlier; a whole day stays one.
pub fn day(instant: Timestamp, by: i64) -> Option<Timestamp> {
    if instant.is_whole_day() {
        return Timestamp::parse(&instant.date().plus_days(by)?.to_string());
    }
    instant.plus_seconds(by.checked_mul(86_400)?)
}

/// The comparison that treats the boundary otherwise; none where moving the bound by one does the same.
pub fn edge(comparison: Comparison, type_: Option<&Type>) -> Option<Comparison> {
    if matches!(type_, Some(Type::Integer | Type::Date)) {
        return None;
    }
    other(comparison)
}

/// The comparison that treats the boundary otherwise.
pub fn other(comparison: Comparison) -> Option<Comparison> {
    match comparison {
        Comparison::AtLeast => Some(Comparison::MoreThan),
        Comparison::MoreThan => Some(Comparison::AtLeast),
        Comparison::AtMost => Some(Comparison::LessThan),
        Comparison::LessThan => Some(Comparison::AtMost),
        Comparison::Equal => None,
    }
}

/// A comparison as a policy says it.
pub fn word(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::AtLeast => "at-least",
        Comparison::AtMost => "at-most",
        Comparison::MoreThan => "more-than",
        Comparison::LessThan => "less-than",
        Comparison::Equal => "exactly",
    }
}
