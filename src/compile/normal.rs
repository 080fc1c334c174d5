//! Conditions in their normal form: alternatives of single tests.

use std::collections::HashMap;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use crate::bundle::checked::{Bundle, Condition};
use crate::model::value::Value;

use super::check::{Check, Periods, Predicate, check};
use super::facts::FactTable;
use super::sources::{Compute, Dated, Scripts, compute};

/// A condition as alternatives of literals, each a predicate and whether it must hold.
pub type Alternatives = Vec<Vec<(u32, bool)>>;

/// Collects the predicates of a kind and brings conditions into their normal form.
pub struct Normal<'a> {
    /// The bundle.
    pub bundle: &'a Bundle,
    /// The facts of the kind.
    pub table: &'a FactTable,
    /// What scripts compute.
    pub scripts: &'a mut Scripts,
    /// What was collected.
    pub predicates: Vec<Predicate>,
    known: HashMap<u64, Vec<u32>, FxBuildHasher>,
    /// Whether only what is sure matters: what is open says no more than what fails.
    pub only_sure: bool,
}

/// Alternatives of one condition; a condition with more is left to the interpreter.
const ALTERNATIVES: usize = 32;

impl<'a> Normal<'a> {
    /// Nothing collected yet.
    pub fn new(bundle: &'a Bundle, table: &'a FactTable, scripts: &'a mut Scripts) -> Self {
        Self { bundle, table, scripts, predicates: Vec::new(), known: HashMap::default(), only_sure: false }
    }

    /// The same predicate is kept once, so that it is looked at once.
    fn literal(&mut self, predicate: Predicate, holds: bool) -> Option<Alternatives> {
        let next = u32::try_from(self.predicates.len()).ok()?;
        let alike = self.known.entry(FxBuildHasher.hash_one(&predicate)).or_default();
        let same = alike.iter().find(|at| {
            let at = usize::try_from(**at).ok();
            predicate != Predicate::Beyond && at.and_then(|at| self.predicates.get(at)) == Some(&predicate)
        });
        let at = same.copied().unwrap_or(next);
        if at == next {
            alike.push(next);
            self.predicates.push(predicate);
        }
        Some(vec![vec![(at, holds)]])
    }

    /// The normal form. Strong Kleene logic distributes, so it has the truth of the condition for every request.
    pub fn condition(&mut self, condition: &Condition, holds: bool) -> Option<Alternatives> {
        match condition {
            Condition::All(parts) => self.join(parts, holds, holds),
            Condition::Any(parts) => self.join(parts, !holds, holds),
            Condition::Not(inner) => self.condition(inner, !holds),
            Condition::Setting(name, wanted, _) => {
                let is = |value: &Value| wanted.contains(value);
                match self.bundle.settings.get(name) {
                    Some(setting) if !setting.dated.is_empty() => {
                        let dated = Dated::new(self.table, setting, is).map(Predicate::Setting);
                        self.literal(dated.unwrap_or(Predicate::Beyond), holds)
                    }
                    setting => Some(constant(setting.is_some_and(|setting| is(&setting.value)) == holds)),
                }
            }
            Condition::Fact(ix, test, _) => {
                let local = self.table.local(*ix);
                let made =
                    local.and_then(|local| Some(Predicate::Fact(local, check(self.bundle, self.table, local, test)?)));
                self.literal(made.unwrap_or(Predicate::Beyond), holds)
            }
            Condition::Script(expression, _) => {
                let made = compute(self.bundle, self.table, self.scripts, expression);
                if let Some(guarded) = made.as_ref().filter(|_| holds).and_then(|made| self.guarded(made)) {
                    return Some(guarded);
                }
                self.literal(made.map_or(Predicate::Beyond, Predicate::Script), holds)
            }
        }
    }

    /// A script that asks whether facts are there before it uses them, as tests of those facts and the rest; `None` for any
    /// other, and where it may wait for something and that matters: then it waits whether they are there or not.
    fn guarded(&mut self, made: &Compute) -> Option<Alternatives> {
        let waits = !made.gate.facts.is_empty() || !made.gate.needs_facts_only;
        if waits && !self.only_sure {
            return None;
        }
        let (inputs, root) = self.scripts.graph.guards(made.root)?;
        let facts: Vec<usize> = inputs.into_iter().map(Scripts::fact).collect::<Option<_>>()?;
        if !facts.iter().all(|fact| self.table.is_never_open(*fact)) {
            return None;
        }
        let gate = made.gate.clone();
        let mut all = self.literal(Predicate::Script(Compute { root, gate, constant: None, copies: None }), true)?;
        for fact in facts {
            all = both(&self.literal(Predicate::Fact(fact, Check::Present(true)), true)?, &all)?;
        }
        Some(all)
    }

    fn join(&mut self, parts: &[Condition], all: bool, holds: bool) -> Option<Alternatives> {
        let mut out = constant(all);
        for part in parts {
            let next = self.condition(part, holds)?;
            out = if all { both(&out, &next)? } else { [out, next].concat() };
        }
        (out.len() <= ALTERNATIVES).then_some(out)
    }

    /// When something applies.
    pub fn applies(&mut self, periods: &Periods) -> Option<Alternatives> {
        let mut out = constant(!periods.never);
        let hold = periods.hold.iter().map(|period| (period, true));
        for ((local, period), holds) in hold.chain(periods.fail.iter().map(|period| (period, false))) {
            let next = self.literal(Predicate::InForce(*local, period.clone()), holds)?;
            out = both(&out, &next)?;
        }
        Some(out)
    }

    /// What is left to the interpreter.
    pub fn beyond(&mut self) -> Alternatives {
        self.literal(Predicate::Beyond, true).unwrap_or_default()
    }
}

fn constant(holds: bool) -> Alternatives {
    if holds { vec![Vec::new()] } else { Vec::new() }
}

/// Both conditions: every alternative of one with every alternative of the other.
pub fn both(a: &Alternatives, b: &Alternatives) -> Option<Alternatives> {
    if a.len().checked_mul(b.len())? > ALTERNATIVES {
        return None;
    }
    Some(a.iter().flat_map(|one| b.iter().map(|other| [one.as_slice(), other].concat())).collect())
}
