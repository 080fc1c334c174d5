//! What was asked of each fact → the variables of the space, with the classes of values and the states these give.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bundle::checked::Unrecognised;
use crate::decide::facts::{State, Stated, state_of};
use crate::decide::failure::RuleFailure;
use crate::model::value::{Type, Value};

use super::atoms::{Atom, Class, Var, Wanted, What};
use super::collect::{Collected, Item, UNHEARD_OF};
use super::{Side, Space};

impl Space<'_> {
    /// Makes the variables.
    pub(super) fn make_vars(&mut self, collected: &Collected) {
        // What is computed comes after what it is computed from.
        let (opaque, plain): (Vec<&Arc<str>>, Vec<&Arc<str>>) = collected
            .order
            .iter()
            .partition(|name| collected.items.get(*name).is_some_and(|item| item.opaque.is_some()));
        let is_read = |name: &Arc<str>| {
            opaque.iter().any(|o| {
                let reads = collected.items.get(*o).and_then(|item| item.opaque.as_ref());
                reads.is_some_and(|o| o.reads.contains(name))
            })
        };
        let (read, free): (Vec<&Arc<str>>, Vec<&Arc<str>>) = plain.into_iter().partition(|name| is_read(name));
        for name in free.into_iter().chain(read) {
            if let Some(item) = collected.items.get(name) {
                self.make_fact(name, &item.wanted);
            }
        }
        for name in opaque {
            if let Some(item) = collected.items.get(name) {
                self.make_opaque(name, item);
            }
        }
    }

    fn add(&mut self, key: &Arc<str>, var: Var) {
        self.by_name.insert(Arc::clone(key), self.vars.len());
        self.vars.push(var);
    }

    fn make_fact(&mut self, path: &Arc<str>, wanted: &Wanted) {
        let is_set = matches!(wanted.type_, Type::Set(_));
        let (domain, least) = (self.domain(path, &wanted.type_), self.least(path));
        let mut classes: Vec<Class> = Vec::new();
        if is_set {
            let empty = Value::Set(BTreeSet::new());
            classes.push(Class {
                atom: Atom::Rest,
                states: self.states(path, Some(&Stated::Value(empty.clone()))),
                value: Some(empty),
            });
        }
        for (atom, value) in wanted.classes(&domain, least.as_ref()) {
            classes.push(Class {
                states: self.states(path, Some(&Stated::Value(value.clone()))),
                value: Some(value),
                atom,
            });
        }
        if self.may_be_unrecognised(path) {
            let stated = Stated::Unrecognised(UNHEARD_OF.into(), Vec::new());
            classes.push(Class { atom: Atom::Unrecognised, value: None, states: self.states(path, Some(&stated)) });
        }
        if &**path != "at" {
            classes.push(Class { atom: Atom::Nothing, value: None, states: self.states(path, None) });
        }
        let what = if is_set { What::Set } else { What::Fact };
        self.add(path, Var::new(Arc::clone(path), what, classes));
        for member in &wanted.members {
            let truth = |is| Class { atom: Atom::Truth(is), value: Some(Value::Boolean(is)), states: Vec::new() };
            self.members.insert((Arc::clone(path), member.clone()), self.vars.len());
            let classes = vec![truth(false), truth(true)];
            self.vars.push(Var::new(Arc::clone(path), What::Member(member.clone()), classes));
        }
    }

    fn make_opaque(&mut self, key: &Arc<str>, item: &Item) {
        let Some(opaque) = &item.opaque else { return };
        let is_derived = !opaque.derived.is_empty();
        let sides = self.sides.len();
        let class = |atom, state: State, value| Class { atom, value, states: vec![Some(state); sides] };
        let domain = opaque.derived.values().next().map(|_| self.domain_of(&item.wanted.type_)).unwrap_or_default();
        let mut classes: Vec<Class> = Vec::new();
        for (atom, value) in item.wanted.classes(&domain, None) {
            classes.push(class(atom, State::Known(value.clone()), Some(value)));
        }
        if opaque.may_be_absent {
            classes.push(class(Atom::Absent, State::Absent, None));
        }
        classes.push(class(Atom::Failed, State::Failed(failure()), None));
        let what = if is_derived { What::Derived } else { What::Script };
        self.add(key, Var::new(Arc::clone(&opaque.shown), what, classes));
    }

    /// The values that a fact of a symbol type can take, on any side.
    fn domain(&self, path: &str, type_: &Type) -> Vec<Value> {
        let narrowed = self.sides.iter().map(|side| {
            let ix = side.bundle.fact_at(path)?;
            side.kind.facts.get(&ix)?.values.clone()
        });
        let narrowed: Option<Vec<BTreeSet<Value>>> = narrowed.collect();
        if let Some(sets) = narrowed {
            return sets.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect();
        }
        let mut domain = self.domain_of(type_);
        let by_region = |side: &Side<'_>| {
            side.bundle.fact_at(path).and_then(|ix| side.bundle.fact(ix)).is_some_and(|fact| fact.by_region)
        };
        if self.sides.iter().any(by_region) {
            // Only what has a region can be named by one.
            let Type::Symbol(name) = type_ else { return domain };
            let has_region = |value: &Value| {
                let Value::Symbol(code) = value else { return false };
                let mut entries = self.sides.iter().filter_map(|side| side.bundle.domains.get(name)?.entry(code));
                entries.any(|entry| !entry.regions.is_empty())
            };
            domain.retain(has_region);
        }
        domain
    }

    fn domain_of(&self, type_: &Type) -> Vec<Value> {
        let Type::Symbol(name) = type_ else { return Vec::new() };
        let codes = self.sides.iter().filter_map(|side| side.bundle.domains.get(name));
        let codes = codes.flat_map(|domain| domain.codes().map(|code| Value::Symbol(Arc::clone(code))));
        codes.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn least(&self, path: &str) -> Option<Value> {
        let least = |side: &Side<'_>| side.bundle.fact(side.bundle.fact_at(path)?)?.minimum.clone();
        self.sides.iter().filter_map(least).max()
    }

    fn may_be_unrecognised(&self, path: &str) -> bool {
        self.sides.iter().any(|side| {
            let Some(ix) = side.bundle.fact_at(path) else { return false };
            let symbols = match side.bundle.fact(ix).map(|fact| &fact.type_) {
                Some(Type::Symbol(_)) => true,
                // Elements that are ignored leave the set as if they were not there.
                Some(Type::Set(inner)) => {
                    matches!(**inner, Type::Symbol(_))
                        && side.kind.facts.get(&ix).is_some_and(|fact| fact.unrecognised == Unrecognised::Ask)
                }
                _ => false,
            };
            symbols && side.kind.facts.get(&ix).is_some_and(|fact| fact.unrecognised != Unrecognised::Error)
        })
    }

    /// The state that a statement gives a fact, on each side.
    fn states(&self, path: &str, stated: Option<&Stated>) -> Vec<Option<State>> {
        self.sides.iter().map(|side| state_on(side, path, stated)).collect()
    }
}

/// The state that a statement gives a fact on one side; absent where the kind does not have the fact.
fn state_on(side: &Side<'_>, path: &str, stated: Option<&Stated>) -> Option<State> {
    let Some(ix) = side.bundle.fact_at(path) else { return Some(State::Absent) };
    let Some(meaning) = side.kind.facts.get(&ix) else { return Some(State::Absent) };
    let known = |value: &Value| match (value, side.bundle.fact(ix).map(|fact| &fact.type_)) {
        (Value::Symbol(code), Some(Type::Symbol(name))) => {
            side.bundle.domains.get(name).is_some_and(|domain| domain.entry(code).is_some())
        }
        _ => true,
    };
    let stated = match stated {
        Some(Stated::Value(value)) if !known(value) => Some(Stated::Unrecognised(value.to_string().into(), Vec::new())),
        other => other.cloned(),
    };
    state_of(ix, meaning, stated)
}

/// Stands for any failure: what failed changes no outcome.
pub(super) fn failure() -> RuleFailure {
    RuleFailure::TwoRows { table: "".into() }
}
