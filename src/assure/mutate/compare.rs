//! What no scenario notices, compared exactly: a change of nothing, or a request that tells it.
//!
//! Changes of the condition of one rule are compared in one space for each kind of request, which holds the conditions of
//! all of them; every other change has a space of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::assure::diff::witness::{codes, outcome_of};
use crate::assure::diff::{Comparison, difference_by_rule, first_difference};
use crate::assure::space::{Bounds, Space, SpaceError};
use crate::bundle::checked::{Condition, Effect, Rule, RuleIx};
use crate::engine::Engine;

use super::change::{Change, changed};
use super::{Fate, Mutant, Survivor};

/// Compares what is left of the changes of a bundle.
pub(super) struct Comparer<'e> {
    engine: &'e Engine,
    bounds: Bounds,
    /// Requests that are missing: one may tell several changes.
    found: Vec<Json>,
}

/// A change, and what is known of it so far.
struct Pending {
    number: usize,
    change: Change,
    /// The changed rule, where only its condition is changed.
    rule: Option<(RuleIx, Rule)>,
    open: Option<String>,
    fate: Option<Fate>,
}

impl<'e> Comparer<'e> {
    pub(super) fn new(engine: &'e Engine, bounds: Bounds) -> Self {
        Self { engine, bounds, found: Vec::new() }
    }

    /// Compares them all. `done` is told how many fates are known.
    pub(super) fn all(mut self, left: Vec<(usize, Change)>, out: &mut Vec<Mutant>, done: &mut dyn FnMut(usize)) {
        let bundle = self.engine.checked();
        let mut left: Vec<Pending> = left
            .into_iter()
            .map(|(number, change)| {
                let alone = ["condition", "value", "bound", "rule"].contains(&change.operator);
                let rule = change.rule.filter(|_| alone).and_then(|ix| {
                    let rule = changed(bundle, number).rules.into_iter().nth(ix.0)?;
                    Some((ix, rule))
                });
                Pending { number, change, rule, open: None, fate: None }
            })
            .collect();
        let mut known = out.len();
        for kind in &bundle.kinds {
            self.by_rule(&kind.name, &mut left);
            known = known.saturating_add(left.iter().filter(|one| one.fate.is_some()).count());
            out.extend(left.extract_if(.., |one| one.fate.is_some()).map(Pending::into_mutant));
            done(known);
        }
        for mut one in left {
            if one.rule.is_none() {
                self.alone(&mut one);
            }
            out.push(one.into_mutant());
            done(out.len());
        }
    }

    /// Changes of conditions, as far as requests of one kind tell them.
    fn by_rule(&mut self, kind: &Arc<str>, left: &mut [Pending]) {
        let bundle = self.engine.checked();
        let mut also: Vec<(usize, &Condition)> = Vec::new();
        let rules: BTreeMap<usize, Rule> = left
            .iter()
            .filter(|one| one.change.kinds.contains(kind))
            .filter_map(|one| Some((one.number, one.rule.as_ref()?.1.clone())))
            .collect();
        for rule in rules.values() {
            also.push((0, &rule.when));
            if let Effect::Ask(needed, _) = &rule.effect {
                also.push((0, needed));
            }
        }
        if rules.is_empty() {
            return;
        }
        let made = Space::new(&[self.engine], kind, &also, self.bounds).and_then(|mut space| {
            let solved = space.solve(0)?;
            Ok((space, solved))
        });
        let (mut space, solved) = match made {
            Ok(made) => made,
            Err(error) => {
                let felt = left.iter_mut().filter(|one| rules.contains_key(&one.number));
                felt.for_each(|one| one.open = Some(error.to_string()));
                return;
            }
        };
        for one in left.iter_mut().filter(|one| rules.contains_key(&one.number)) {
            let Some((ix, rule)) = &one.rule else { continue };
            let truth = space.rule(0, *ix, rule);
            if solved
                .rules
                .iter()
                .any(|known| known.rule == *ix && known.truth == truth.truth && known.met == truth.met)
            {
                continue;
            }
            let mutant = Engine::with_bundle(changed(bundle, one.number), self.engine.limits().clone());
            one.fate = self.told_before(&mutant, &one.change);
            if one.fate.is_none() {
                let found = difference_by_rule(&mut space, &solved, truth, &mutant);
                self.note(one, found);
            }
        }
    }

    /// A change of anything else, as far as any kind of request tells it.
    fn alone(&mut self, one: &mut Pending) {
        let mutant = Engine::with_bundle(changed(self.engine.checked(), one.number), self.engine.limits().clone());
        one.fate = self.told_before(&mutant, &one.change);
        for kind in one.change.kinds.clone() {
            if one.fate.is_none() {
                let found = first_difference(self.engine, &mutant, &kind, self.bounds);
                self.note(one, found);
            }
        }
    }

    fn note(&mut self, one: &mut Pending, found: Result<Comparison, SpaceError>) {
        match found {
            Ok(found) => {
                let complete = found.complete;
                if let Some(region) = found.regions.into_iter().next() {
                    self.found.push(region.request.clone());
                    one.fate = Some(Fate::Survived(Box::new(Survivor {
                        request: region.request,
                        decision: region.decision_before,
                        changed: region.decision_after,
                    })));
                } else if !complete {
                    let why = "only scripts could tell it, and no request was found for which they do";
                    one.open = Some(why.into());
                }
            }
            Err(error) => one.open = Some(error.to_string()),
        }
    }

    /// A request that is missing already and that tells this change too: one scenario for both.
    fn told_before(&self, mutant: &Engine, change: &Change) -> Option<Fate> {
        let of_kind = |request: &&Json| {
            let kind = request.get("kind").and_then(Json::as_str);
            kind.is_some_and(|kind| change.kinds.iter().any(|one| **one == *kind))
        };
        self.found.iter().filter(of_kind).find_map(|request| {
            let (before, after) = (decided(self.engine, request), decided(mutant, request));
            let parts = ["reasons", "results", "obligations"];
            let differ = outcome_of(&before) != outcome_of(&after)
                || parts.iter().any(|part| codes(&before, part) != codes(&after, part));
            differ.then(|| {
                Fate::Survived(Box::new(Survivor { request: request.clone(), decision: before, changed: after }))
            })
        })
    }
}

impl Pending {
    fn into_mutant(self) -> Mutant {
        let fate = self.fate.unwrap_or_else(|| self.open.map_or(Fate::Equivalent, |why| Fate::Open { why }));
        Mutant { number: self.number, change: self.change, fate }
    }
}

fn decided(engine: &Engine, request: &Json) -> Json {
    match engine.decide_json(request.to_string().as_bytes()) {
        Ok(answer) => answer.to_json(engine.languages().next().unwrap_or("en")),
        Err(error) => error.to_json(),
    }
}
