//! Which scenario notices a change: first what the rules would give on the facts that are known already, then the scenario
//! itself, with its verdict and its snapshot, as `clausal test` runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::assure::scenario::Scenario;
use crate::bundle::checked::{Bundle, Kind, RuleIx};
use crate::decide::combine::combine;
use crate::decide::evaluate::{Evaluated, evaluate};
use crate::decide::tree::{Tree, parse};
use crate::decide::{Decided, Failure};
use crate::engine::Engine;

use super::change::{Change, changed};

/// The scenarios of a bundle, those that ask for other readings too, ready to be tried again and again.
pub struct Suite<'s> {
    groups: Vec<Group<'s>>,
}

/// Scenarios that are decided by one engine.
struct Group<'s> {
    engine: &'s Engine,
    /// Settings that its scenarios give; a change of one of them is not felt.
    given: BTreeSet<&'s str>,
    cases: Vec<Case<'s>>,
}

/// A request of a scenario, and how it is decided without any change.
struct Case<'s> {
    scenario: &'s Scenario,
    kind: Arc<str>,
    tree: Tree,
    before: Option<Vec<Decided>>,
}

impl<'s> Suite<'s> {
    /// The scenarios that speak of a bundle. Those of others are left out, and so are those that do not agree.
    #[must_use]
    pub fn new(engine: &Engine, scenarios: &'s [Scenario]) -> Self {
        let mut groups: BTreeMap<Vec<(&str, &str)>, Group<'s>> = BTreeMap::new();
        let own = scenarios.iter().filter(|one| one.engine.bundle().name == engine.bundle().name);
        for scenario in own.filter(|one| one.run().agrees()) {
            let key: Vec<(&str, &str)> = scenario.settings.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let given = scenario.settings.keys().map(String::as_str).collect();
            let group =
                groups.entry(key).or_insert_with(|| Group { engine: &scenario.engine, given, cases: Vec::new() });
            group.cases.extend(scenario.cases.iter().filter_map(|case| Case::new(scenario, &case.request)));
        }
        Self { groups: groups.into_values().collect() }
    }

    /// How many requests there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.iter().map(|group| group.cases.len()).sum()
    }

    /// Whether there is no request.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.iter().all(|group| group.cases.is_empty())
    }

    /// The name of a scenario that notices the change; `mutant` is the changed bundle.
    #[must_use]
    pub fn kills(&self, nth: usize, change: &Change, mutant: &Engine) -> Option<&'s str> {
        // The scenarios of the bundle's own readings come first: their key is the least.
        self.groups.iter().find_map(|group| group.kills(nth, change, mutant))
    }
}

impl<'s> Case<'s> {
    fn new(scenario: &'s Scenario, request: &serde_json::Value) -> Option<Self> {
        let engine = &scenario.engine;
        let kind = request.get("kind")?.as_str()?.into();
        let tree = parse(request.to_string().as_bytes(), &engine.limits().request).ok()?;
        let before = engine.decided(&tree).ok().map(|decided| decided.parts);
        Some(Self { scenario, kind, tree, before })
    }
}

impl<'s> Group<'s> {
    fn kills(&self, nth: usize, change: &Change, mutant: &Engine) -> Option<&'s str> {
        if !self.cases.iter().any(|case| change.kinds.contains(&case.kind)) {
            return None;
        }
        let own;
        let mutant = if self.given.is_empty() {
            mutant
        } else if change.operator == "setting"
            && self.given.iter().any(|name| change.what.contains(&format!("`{name}`")))
        {
            return None;
        } else {
            own = Engine::with_bundle(changed(self.engine.checked(), nth), self.engine.limits().clone());
            &own
        };
        let mut tried: BTreeSet<&str> = BTreeSet::new();
        for case in self.cases.iter().filter(|case| change.kinds.contains(&case.kind)) {
            let feels = match change.rule {
                Some(rule) => case.feels_rule(rule, mutant.checked()),
                None => case.feels(mutant),
            };
            if feels && tried.insert(&case.scenario.name) && !case.scenario.by(mutant).run().agrees() {
                return Some(&case.scenario.name);
            }
        }
        None
    }
}

impl Case<'_> {
    /// Whether a change of one rule changes the verdict: only this rule is evaluated, on the facts as they were.
    fn feels_rule(&self, rule: RuleIx, mutant: &Bundle) -> bool {
        let (Some(parts), Some(kind)) = (&self.before, mutant.kind(&self.kind)) else { return false };
        let alone = Kind { rules: vec![rule], ..kind.clone() };
        parts.iter().any(|part| {
            let Some(now) = evaluate(mutant, &alone, &part.facts).into_iter().next() else { return false };
            let all: Vec<Evaluated> =
                part.evaluated.iter().map(|one| if one.rule == rule { now.clone() } else { one.clone() }).collect();
            combine(mutant, kind, &all) != part.verdict
        })
    }

    /// Whether a change of anything else changes a verdict.
    fn feels(&self, mutant: &Engine) -> bool {
        let now = match mutant.decided(&self.tree) {
            Ok(decided) => decided.parts,
            Err(Failure::Request(_) | Failure::Contradiction(..)) => return self.before.is_some(),
        };
        let Some(before) = &self.before else { return true };
        now.len() != before.len() || now.iter().zip(before).any(|(now, before)| now.verdict != before.verdict)
    }
}

impl Scenario {
    /// The same scenario, decided by another engine.
    #[must_use]
    pub fn by(&self, engine: &Engine) -> Self {
        Self { engine: engine.clone(), ..self.clone() }
    }
}
