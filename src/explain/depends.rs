//! The facts of the request that rules depend on, whether they are known or not.

use std::collections::BTreeSet;

use crate::bundle::checked::{Bundle, FactIx, Rule};
use crate::decide::facts::Facts;
use crate::decide::reads::{named_by, named_by_reads};

/// The facts of the request that a fact comes from, whether they are known or not; a fact of the request is its own.
pub fn bases(bundle: &Bundle, facts: &Facts, ix: FactIx) -> BTreeSet<FactIx> {
    if let Some(source) = facts.taken_from(ix) {
        return BTreeSet::from([source]);
    }
    match bundle.fact(ix).and_then(|fact| fact.derived.as_ref()) {
        None => BTreeSet::from([ix]),
        Some(derived) => {
            let read = named_by_reads(bundle, &derived.reads);
            read.into_iter().flat_map(|read| bases(bundle, facts, read)).collect()
        }
    }
}

/// Everything these rules read, and what it comes from.
pub fn of_rules<'b>(bundle: &Bundle, facts: &Facts, rules: impl Iterator<Item = &'b Rule>) -> BTreeSet<FactIx> {
    let mut named: BTreeSet<FactIx> = rules.flat_map(|rule| named_by(bundle, rule, true)).collect();
    let bases: Vec<FactIx> = named.iter().flat_map(|ix| bases(bundle, facts, *ix)).collect();
    named.extend(bases);
    named
}
