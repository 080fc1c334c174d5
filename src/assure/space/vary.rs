//! Other values for what the scripts of results read: no rule tells them apart, but what is computed differs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::checked::{Expression, FactIx, Operand};
use crate::model::value::Value;

use super::points::{like, more};
use super::sample::{Dice, Said, Sample};
use super::{Side, Space};

/// The facts that scripts of results read, with values to try.
pub(super) type Reads = Vec<(Arc<str>, Vec<Value>)>;

/// What the scripts of results read on any side.
pub(super) fn read_by_results(sides: &[Side<'_>]) -> Reads {
    let mut out: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for side in sides {
        let (mut open, mut constants) = (Vec::new(), BTreeSet::new());
        for expression in side.bundle.rules_of(side.kind).flat_map(|rule| rule.results.values()) {
            match expression {
                Expression::Constant(value) => {
                    constants.insert(value.clone());
                }
                Expression::Script { script, reads, .. } => {
                    constants.extend(script.constants());
                    open.extend(facts(reads));
                }
            }
        }
        let mut seen = BTreeSet::new();
        while let Some(ix) = open.pop() {
            let Some(fact) = side.bundle.fact(ix).filter(|_| seen.insert(ix)) else { continue };
            if let Some(derived) = fact.derived.as_ref() {
                constants.extend(derived.script.constants());
                open.extend(facts(&derived.reads));
            }
        }
        for fact in seen.into_iter().filter(|ix| side.kind.facts.contains_key(ix)).filter_map(|ix| side.bundle.fact(ix))
        {
            let mut values = more(&fact.type_);
            values.extend(like(&fact.type_, &constants));
            values.retain(|value| fact.minimum.as_ref().is_none_or(|least| value >= least));
            let all = out.entry(Arc::clone(&fact.path)).or_default();
            values.retain(|value| !all.contains(value));
            all.extend(values);
        }
    }
    out.into_iter().filter(|(_, values)| !values.is_empty()).collect()
}

fn facts(reads: &[Operand]) -> Vec<FactIx> {
    reads.iter().filter_map(|operand| if let Operand::Fact(ix) = operand { Some(*ix) } else { None }).collect()
}

impl Space<'_> {
    /// Gives what the scripts of results read other values of the same class; facts that no rule tests any value.
    pub fn vary(&self, request: &mut Sample, dice: &mut Dice) {
        for (path, values) in &self.read_by_results {
            let Some(value) = dice.of(values) else { continue };
            let said = request.get(path).unwrap_or(&Said::Nothing);
            let may = match (self.var(path).and_then(|at| self.vars.get(at)), said) {
                (None, _) => true,
                (Some(var), Said::Value(old)) => var.class_of(old) == var.class_of(value),
                (Some(_), _) => false,
            };
            if may {
                request.insert(Arc::clone(path), Said::Value(value.clone()));
            }
        }
    }
}
