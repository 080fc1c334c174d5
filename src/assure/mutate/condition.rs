//! Small changes of conditions and tests.

use std::collections::BTreeSet;

use crate::bundle::checked::{Comparison, Condition, FactIx, Test};
use crate::model::finding::Place;
use crate::model::value::{Type, Value};

use super::change::Walk;
use super::values::{edge, other, word};

/// Where a condition stands: at its first test.
fn place_of(condition: &Condition) -> Option<&Place> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(place_of),
        Condition::Not(inner) => place_of(inner),
        Condition::Fact(_, _, place) | Condition::Setting(_, _, place) | Condition::Script(_, place) => Some(place),
    }
}

impl Walk<'_> {
    /// Changes of a condition.
    pub(super) fn condition(&mut self, condition: &mut Condition) {
        match condition {
            Condition::All(parts) => self.parts(parts, 0),
            Condition::Any(parts) => self.parts(parts, 1),
            Condition::Not(inner) => self.condition(inner),
            Condition::Fact(fact, test, place) => {
                let place = place.clone();
                self.test(*fact, test, &place);
            }
            Condition::Setting(..) | Condition::Script(..) => {}
        }
    }

    /// A part is dropped, if at least so many are left.
    fn parts(&mut self, parts: &mut Vec<Condition>, least: usize) {
        if parts.len() > least {
            for at in 0..parts.len() {
                let Some(part) = parts.get(at) else { continue };
                let Some(place) = place_of(part).cloned() else { continue };
                let what = self.named(part);
                if self.comes_to("condition", &place, || format!("{what} is dropped")) {
                    parts.remove(at);
                    return;
                }
            }
        }
        for part in parts {
            self.condition(part);
        }
    }

    fn named(&self, condition: &Condition) -> String {
        match condition {
            Condition::All(parts) if parts.len() == 1 => parts.first().map(|one| self.named(one)).unwrap_or_default(),
            Condition::All(_) => "an `all-of`".into(),
            Condition::Any(_) => "an `any-of`".into(),
            Condition::Not(_) => "a `not`".into(),
            Condition::Fact(fact, ..) => format!("the test of `{}`", self.near.path(*fact)),
            Condition::Setting(name, ..) => format!("the test of the setting `{name}`"),
            Condition::Script(..) => "a script".into(),
        }
    }

    /// Changes of a test.
    pub(super) fn test(&mut self, fact: FactIx, test: &mut Test, place: &Place) {
        let path = self.near.path(fact).to_owned();
        match test {
            Test::OneOf(values) | Test::NoneOf(values) => self.values(fact, values, place),
            Test::AnyOf(values) | Test::AllOf(values) => {
                self.values(fact, values, place);
                self.any_or_all(test, &path, place);
            }
            Test::Compare(comparison, limit) => self.compare(fact, comparison, limit, place),
            Test::CompareTable(comparison, ..) => {
                if let Some(edge) = other(*comparison)
                    && self.comes_to("bound", place, || {
                        format!("`{path}`: `{}` becomes `{}`", word(*comparison), word(edge))
                    })
                {
                    *comparison = edge;
                }
            }
            Test::Present(is) => {
                if self
                    .comes_to("condition", place, || format!("`{path}`: `present: {is}` becomes `present: {}`", !*is))
                {
                    *is = !*is;
                }
            }
            Test::Known(is) => {
                if self.comes_to("condition", place, || format!("`{path}`: `known: {is}` becomes `known: {}`", !*is)) {
                    *is = !*is;
                }
            }
            Test::Not(inner) => {
                if self.comes_to("condition", place, || format!("`{path}`: a `not` is dropped")) {
                    *test = (**inner).clone();
                    return;
                }
                self.test(fact, inner, place);
            }
            Test::All(tests) => tests.iter_mut().for_each(|test| self.test(fact, test, place)),
            Test::InList(_) => {}
        }
    }

    fn any_or_all(&mut self, test: &mut Test, path: &str, place: &Place) {
        let (swapped, from, to) = match test {
            Test::AnyOf(values) if values.len() > 1 => (Test::AllOf(values.clone()), "any", "all"),
            Test::AllOf(values) if values.len() > 1 => (Test::AnyOf(values.clone()), "all", "any"),
            _ => return,
        };
        if self.comes_to("condition", place, || format!("`{path}`: `{from}` becomes `{to}`")) {
            *test = swapped;
        }
    }

    fn values(&mut self, fact: FactIx, values: &mut BTreeSet<Value>, place: &Place) {
        let path = self.near.path(fact).to_owned();
        let outside = self.near.type_of(fact).and_then(|type_| self.near.outside(type_, values));
        let before = values.clone();
        if let ([only], Some(outside)) = (before.iter().collect::<Vec<_>>().as_slice(), &outside) {
            if self.comes_to("value", place, || format!("`{path}`: `{only}` becomes `{outside}`")) {
                *values = BTreeSet::from([outside.clone()]);
            }
        } else if before.len() > 1 {
            for value in &before {
                if self.comes_to("value", place, || format!("`{path}`: `{value}` is dropped")) {
                    values.remove(value);
                }
            }
        }
        if let Some(outside) = outside
            && self.comes_to("value", place, || format!("`{path}`: `{outside}` is added"))
        {
            values.insert(outside);
        }
    }

    fn compare(&mut self, fact: FactIx, comparison: &mut Comparison, limit: &mut Value, place: &Place) {
        let path = self.near.path(fact).to_owned();
        let type_ = self.near.type_of(fact).cloned();
        let before = limit.clone();
        let others = self.near.others(type_.as_ref().unwrap_or(&Type::Integer), &before);
        let says = word(*comparison);
        for other in others {
            if self.comes_to("bound", place, || format!("`{path}`: `{says} {before}` becomes `{says} {other}`")) {
                *limit = other;
            }
        }
        if let Some(edge) = edge(*comparison, type_.as_ref())
            && self
                .comes_to("bound", place, || format!("`{path}`: `{says} {before}` becomes `{} {before}`", word(edge)))
        {
            *comparison = edge;
        }
    }
}
