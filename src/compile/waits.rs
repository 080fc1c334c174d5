//! What each reason of a decision waits for that asks for information. It is found by evaluating the rule again, and
//! remembered for requests that are alike where the classes of the facts that the rule looks at tell it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::bundle::checked::{Bundle, Condition, Effect, FactIx, Rule};
use crate::decide::evaluate::{Evaluated, Truth};
use crate::decide::reads::reads_of;

use super::Compiled;
use super::blocks::classes;
use super::brief::Brief;
use super::check::{by_class, check};
use super::combine::Why;
use super::facts::FactTable;
use super::program::KindProgram;
use super::slots::{Request, class};

/// So many answers are remembered for a kind; then each is found again.
const REMEMBERED: usize = 4096;

/// The facts that a reason waits for.
pub type Waits = Arc<BTreeSet<FactIx>>;

/// A rule, and for each fact that it looks at its class, and whether it took its value from another.
type Key = (u32, SmallVec<[u32; 16]>);

/// What a rule looks at, gathered when it is first among the reasons of an answer that asks for information.
#[derive(Debug)]
struct LooksAt {
    /// The facts.
    facts: BTreeSet<FactIx>,
    /// Those whose classes tell what it waits for; `None` where they do not.
    classed: Option<Box<[usize]>>,
}

/// What rules wait for, as it was found. Only whole answers are added, so what another thread left in a panic is as good as
/// any.
#[derive(Debug, Default)]
pub struct Remembered {
    rules: Mutex<HashMap<u32, Arc<LooksAt>, FxBuildHasher>>,
    waits: Mutex<HashMap<Key, Waits, FxBuildHasher>>,
}

impl Remembered {
    fn get(&self, key: &Key) -> Option<Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn insert(&self, key: Key, waits: &Waits) {
        let mut known = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < REMEMBERED {
            known.insert(key, Arc::clone(waits));
        }
    }
}

impl Compiled {
    /// What each reason of a decision that asks for information waits for; `None` for what the request has to be read again
    /// for.
    pub(crate) fn waits(&self, request: &Request, brief: &Brief) -> Option<Vec<Waits>> {
        let program = self.kind(request.kind)?;
        let reasons = brief.because(Some(program));
        let keys: Vec<Option<Key>> = reasons.iter().map(|why| self.key(program, request, why)).collect();
        let known = |key: &Option<Key>| key.as_ref().and_then(|key| program.waits.get(key));
        if let Some(known) = keys.iter().map(known).collect() {
            return Some(known);
        }
        let found = self.find_waits(program, request, reasons)?;
        for (key, waits) in keys.into_iter().zip(&found) {
            if let Some(key) = key {
                program.waits.insert(key, waits);
            }
        }
        Some(found)
    }

    fn find_waits(&self, program: &KindProgram, request: &Request, reasons: &[Why]) -> Option<Vec<Waits>> {
        let looks_at = |why: &Why| self.looks_at(request.kind, program, why.rule?);
        let wanted: Vec<Arc<LooksAt>> = reasons.iter().map(looks_at).collect::<Option<_>>()?;
        let facts = self.facts(request, |ix| wanted.iter().any(|rule| rule.facts.contains(&ix)))?;
        reasons.iter().map(|why| self.evaluated(program, &facts, why).map(waits_for).map(Arc::new)).collect()
    }

    /// What tells what a reason waits for; `None` where the classes of facts do not.
    fn key(&self, program: &KindProgram, request: &Request, why: &Why) -> Option<Key> {
        let rule = why.rule?;
        let looks_at = self.looks_at(request.kind, program, rule)?;
        let state = |local: &usize| {
            let took = program.table.took(*local, request.took) == Some(true);
            u32::try_from(class(*request.facts.get(*local)?)).ok()?.checked_mul(2)?.checked_add(took.into())
        };
        Some((rule, looks_at.classed.as_ref()?.iter().map(state).collect::<Option<_>>()?))
    }

    /// What a rule looks at, by its position in the kind.
    fn looks_at(&self, kind: usize, program: &KindProgram, at: u32) -> Option<Arc<LooksAt>> {
        let mut known = program.waits.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&at) {
            return Some(Arc::clone(known));
        }
        let rule = program.rule(at)?.bundle_rule(&self.bundle)?;
        let facts = reads_of(&self.bundle, self.bundle.kinds.get(kind)?, rule);
        let classed = facts_by_class(&self.bundle, &program.table, rule);
        let found = Arc::new(LooksAt { facts, classed });
        known.insert(at, Arc::clone(&found));
        Some(found)
    }
}

/// The facts that a rule waits for.
fn waits_for(evaluated: Evaluated) -> BTreeSet<FactIx> {
    let mut all = evaluated.ask.map(|(_, unmet)| unmet).unwrap_or_default();
    if let Truth::Unknown(facts) = evaluated.truth {
        all.extend(facts);
    }
    all
}

/// The facts that a rule looks at, where their classes tell its truth; `None` for any other rule.
fn facts_by_class(bundle: &Bundle, table: &FactTable, rule: &Rule) -> Option<Box<[usize]>> {
    if !rule.effective.is_empty() || !rule.retired.is_empty() {
        return None;
    }
    let mut facts = BTreeSet::new();
    gather(bundle, table, &rule.when, &mut facts)?;
    if let Effect::Ask(needed, _) = &rule.effect {
        gather(bundle, table, needed, &mut facts)?;
    }
    Some(facts.into_iter().collect())
}

fn gather(bundle: &Bundle, table: &FactTable, condition: &Condition, facts: &mut BTreeSet<usize>) -> Option<()> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().try_for_each(|part| gather(bundle, table, part, facts))
        }
        Condition::Not(inner) => gather(bundle, table, inner, facts),
        Condition::Setting(name, ..) => {
            bundle.settings.get(name).is_none_or(|setting| setting.dated.is_empty()).then_some(())
        }
        Condition::Script(..) => None,
        Condition::Fact(ix, test, _) => {
            // A fact that the kind does not have is absent.
            let Some(local) = table.local(*ix) else { return Some(()) };
            let check = check(bundle, table, local, test).filter(|_| local < table.stated)?;
            facts.insert(local);
            classes(table, local).iter().all(|class| by_class(&check, *class).is_some()).then_some(())
        }
    }
}
