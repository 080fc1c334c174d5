//! The facts of a kind, numbered: those that a request states first, derived ones after them.

use std::collections::BTreeMap;

use crate::bundle::checked::{Absence, Bundle, FactIx, Kind, KindFact};
use crate::model::value::{Type, Value};

use super::names::Codes;
use super::slots::Slot;

/// Numbers for facts, and the codes of those that have some.
#[derive(Debug)]
pub struct FactTable {
    numbers: BTreeMap<FactIx, usize>,
    codes_of: Vec<Option<usize>>,
    /// How many are stated.
    pub stated: usize,
    /// The codes of each registry that the kind uses.
    pub codes: Vec<Codes>,
    /// What a request that states nothing has.
    pub initial: Vec<Slot>,
    /// Facts that take their value from another one.
    pub taken: Vec<(usize, usize)>,
}

impl FactTable {
    /// The facts of a kind; `None` when a default has no slot.
    pub fn new(bundle: &Bundle, kind: &Kind) -> Option<Self> {
        let stated: Vec<FactIx> = kind.facts.keys().filter(|ix| !kind.derived.contains(ix)).copied().collect();
        let all = stated.iter().chain(&kind.derived);
        let numbers = all.clone().enumerate().map(|(at, ix)| (*ix, at)).collect();
        let mut table = Self {
            numbers,
            codes_of: Vec::new(),
            stated: stated.len(),
            codes: Vec::new(),
            initial: Vec::new(),
            taken: Vec::new(),
        };
        let mut known: BTreeMap<(String, bool), usize> = BTreeMap::new();
        for ix in all {
            let fact = bundle.fact(*ix)?;
            let inner = if let Type::Set(inner) = &fact.type_ { inner } else { &fact.type_ };
            let codes = match inner {
                Type::Symbol(name) => {
                    let domain = bundle.domains.get(name)?;
                    Some(*known.entry((name.to_string(), fact.by_region)).or_insert_with(|| {
                        table.codes.push(Codes::new(domain, fact.by_region));
                        table.codes.len().saturating_sub(1)
                    }))
                }
                _ => None,
            };
            table.codes_of.push(codes);
        }
        for (at, ix) in stated.iter().enumerate() {
            let slot = match &kind.facts.get(ix)?.absence {
                Absence::Ask => Slot::Missing,
                Absence::Optional => Slot::Absent,
                Absence::Default(value) => table.slot(at, value)?,
                Absence::From(source) => {
                    table.taken.push((at, table.local(*source)?));
                    Slot::Missing
                }
            };
            table.initial.push(slot);
        }
        // A value that is taken from one that is itself taken would depend on the order; no bundle has that here.
        let chained = table.taken.iter().any(|(_, source)| table.taken.iter().any(|(at, _)| at == source));
        (!chained).then_some(table)
    }

    /// The number of a fact of the kind.
    pub fn local(&self, ix: FactIx) -> Option<usize> {
        self.numbers.get(&ix).copied()
    }

    /// The codes of a fact.
    pub fn codes_of(&self, local: usize) -> Option<usize> {
        self.codes_of.get(local).copied().flatten()
    }

    /// What an ignored value leaves.
    pub fn ignored(&self, meaning: &KindFact) -> Option<Slot> {
        match &meaning.absence {
            Absence::Default(value) => {
                Slot::of(value)
                    .or(Some(Slot::Absent)
                        .filter(|_| meaning.unrecognised != crate::bundle::checked::Unrecognised::Ignore))
            }
            _ => Some(Slot::Absent),
        }
    }

    /// The slot of a value of a fact.
    pub fn slot(&self, local: usize, value: &Value) -> Option<Slot> {
        match value {
            Value::Symbol(code) => self.codes.get(self.codes_of(local)?)?.position(code).map(Slot::Symbol),
            other => Slot::of(other),
        }
    }
}
