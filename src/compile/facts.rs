//! The facts of a kind, numbered: those that a request states first, derived ones after them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::checked::{Absence, Bundle, FactIx, Kind, KindFact, Unrecognised};
use crate::model::value::{Type, Value};

use super::names::{CodeBook, Codes};
use crate::script::{Datum, Kept};

/// Numbers for facts, and the codes of those that have some.
#[derive(Debug)]
pub struct FactTable {
    numbers: BTreeMap<FactIx, usize>,
    codes_of: Vec<Option<usize>>,
    /// How many are stated.
    pub stated: usize,
    /// The codes of each registry that the kind uses.
    pub codes: Vec<Arc<Codes>>,
    /// What a request that states nothing has.
    pub initial: Vec<Datum>,
    /// What that refers to.
    pub kept: Kept,
    /// Facts that take their value from another one, in order.
    pub taken: Vec<Taken>,
    /// The values of derived facts that have the same for every request.
    constants: BTreeMap<usize, Value>,
    /// Derived facts whose value is another fact's.
    copies: BTreeSet<usize>,
    /// The decision time, which every request has.
    decided_at: Option<usize>,
}

/// A fact that takes its value from another one where a request does not state its own.
#[derive(Debug)]
pub struct Taken {
    /// The fact.
    pub local: usize,
    /// The other one; `None` when the kind does not state it.
    source: Option<usize>,
    /// The other one takes its own value later.
    source_is_later: bool,
}

/// The facts that a request states: those first whose values are looked at while it is decided, so that they lie together;
/// of codes only the classes are, mostly, and of texts not even those.
fn stated(bundle: &Bundle, kind: &Kind) -> Option<Vec<FactIx>> {
    let place = |ix: &FactIx| {
        Some(match &bundle.fact(*ix)?.type_ {
            Type::Text => 1,
            Type::Symbol(_) | Type::Set(_) => 2,
            _ => 0,
        })
    };
    let stated = kind.facts.keys().filter(|ix| !kind.derived.contains(ix));
    let mut all: Vec<(i32, FactIx)> = stated.map(|ix| Some((place(ix)?, *ix))).collect::<Option<_>>()?;
    all.sort_unstable();
    Some(all.into_iter().map(|(_, ix)| ix).collect())
}

/// Beyond the bits there are, nothing is told.
fn bit(at: usize) -> u64 {
    u32::try_from(at).ok().and_then(|at| 1_u64.checked_shl(at)).unwrap_or(0)
}

impl Taken {
    /// The value that is taken.
    pub fn value(&self, facts: &[Datum]) -> Datum {
        match self.source.and_then(|source| facts.get(source)) {
            None => Datum::ABSENT,
            Some(&Datum::MISSING) if self.source_is_later => Datum::ABSENT,
            Some(slot) => *slot,
        }
    }
}

impl FactTable {
    /// The facts of a kind; `None` when a default has no slot.
    pub fn new(bundle: &Bundle, kind: &Kind, book: &mut CodeBook) -> Option<Self> {
        let stated = stated(bundle, kind)?;
        let all = stated.iter().chain(&kind.derived);
        let numbers = all.clone().enumerate().map(|(at, ix)| (*ix, at)).collect();
        let mut table = Self {
            numbers,
            codes_of: Vec::new(),
            stated: stated.len(),
            codes: Vec::new(),
            initial: Vec::new(),
            kept: Kept::default(),
            taken: Vec::new(),
            constants: BTreeMap::new(),
            copies: BTreeSet::new(),
            decided_at: stated.iter().position(|ix| bundle.fact(*ix).is_some_and(|fact| &*fact.path == "at")),
        };
        let mut known: BTreeMap<(String, bool), usize> = BTreeMap::new();
        for ix in all {
            let fact = bundle.fact(*ix)?;
            let inner = if let Type::Set(inner) = &fact.type_ { inner } else { &fact.type_ };
            let codes = match inner {
                Type::Symbol(name) => {
                    let domain = bundle.domains.get(name)?;
                    Some(*known.entry((name.to_string(), fact.by_region)).or_insert_with(|| {
                        table.codes.push(book.codes(name, domain, fact.by_region));
                        table.codes.len().saturating_sub(1)
                    }))
                }
                _ => None,
            };
            table.codes_of.push(codes);
        }
        for (at, ix) in stated.iter().enumerate() {
            let slot = match &kind.facts.get(ix)?.absence {
                Absence::Ask => Datum::MISSING,
                Absence::Optional => Datum::ABSENT,
                Absence::Default(value) => table.datum(at, value)?,
                Absence::From(source) => {
                    let from = kind.facts.get(source).map(|other| &other.absence);
                    let source_is_later = matches!(from, Some(Absence::From(_))) && *source >= *ix;
                    let source = table.local(*source).filter(|source| *source < table.stated);
                    table.taken.push(Taken { local: at, source, source_is_later });
                    Datum::MISSING
                }
            };
            table.initial.push(slot);
        }
        Some(table)
    }

    /// The facts that a request states, by their numbers.
    pub fn in_order(&self) -> Vec<FactIx> {
        let mut all: Vec<_> = self.numbers.iter().filter(|(_, local)| **local < self.stated).collect();
        all.sort_unstable_by_key(|(_, local)| **local);
        all.into_iter().map(|(ix, _)| *ix).collect()
    }

    /// The number of a fact of the kind.
    pub fn local(&self, ix: FactIx) -> Option<usize> {
        self.numbers.get(&ix).copied()
    }

    /// The value that a derived fact has for every request.
    pub fn constant(&self, local: usize) -> Option<&Value> {
        self.constants.get(&local)
    }

    /// Notes a derived fact that has one value for every request.
    pub fn set_constant(&mut self, local: usize, value: Value) {
        self.constants.insert(local, value);
    }

    /// The decision time.
    pub fn decided_at(&self) -> Option<usize> {
        self.decided_at
    }

    /// Gives facts that a request does not state the value of those that they take theirs from, and tells which, a bit for
    /// each of them in order.
    pub fn take(&self, facts: &mut [Datum]) -> u64 {
        let mut took = 0;
        for (at, taken) in self.taken.iter().enumerate() {
            let from = taken.value(facts);
            if let Some(fact @ &mut Datum::MISSING) = facts.get_mut(taken.local) {
                *fact = from;
                took |= bit(at);
            }
        }
        took
    }

    /// Whether there is a bit for each fact that takes its value from another.
    pub fn tells_all_taken(&self) -> bool {
        self.taken.len() <= 64
    }

    /// Whether a fact took its value from another, by what [`FactTable::take`] told; `None` for one that never does.
    pub fn took(&self, local: usize, took: u64) -> Option<bool> {
        self.taken.iter().position(|taken| taken.local == local).map(|at| took & bit(at) != 0)
    }

    /// Notes a derived fact whose value is another fact's.
    pub fn set_copy(&mut self, local: usize) {
        self.copies.insert(local);
    }

    /// Whether a fact is known without a script: it is stated, or a copy of one that is.
    pub fn is_at_hand(&self, local: usize) -> bool {
        local < self.stated || self.copies.contains(&local)
    }

    /// Whether a stated fact has a value, or none, for every request that is read.
    pub fn is_never_open(&self, local: usize) -> bool {
        let given = self.initial.get(local).is_some_and(|slot| *slot != Datum::MISSING);
        (given || self.decided_at == Some(local)) && self.codes_of(local).is_none()
    }

    /// Whether a stated fact has a value wherever it is not open.
    pub fn is_never_absent(&self, local: usize) -> bool {
        let taken = self.taken.iter().any(|taken| taken.local == local);
        let unstated = self.initial.get(local).is_some_and(|slot| !slot.is_absent());
        unstated && !taken && self.codes_of(local).is_none()
    }

    /// Whether a fact has its values from another one just as they are: both are of one type.
    pub fn has_same_values(&self, bundle: &Bundle, ix: FactIx, from: usize) -> bool {
        let other = self.numbers.iter().find(|(_, local)| **local == from).and_then(|(other, _)| bundle.fact(*other));
        let codes = self.local(ix).map(|local| self.codes_of(local));
        bundle.fact(ix).zip(other).is_some_and(|(fact, other)| fact.type_ == other.type_)
            && codes == Some(self.codes_of(from))
    }

    /// The codes of a fact.
    pub fn codes_of(&self, local: usize) -> Option<usize> {
        self.codes_of.get(local).copied().flatten()
    }

    /// What an ignored value leaves; `None` for a default that is not plain.
    pub fn ignored(&self, meaning: &KindFact, local: usize) -> Option<Datum> {
        match (&meaning.absence, meaning.unrecognised) {
            (Absence::Default(Value::Symbol(code)), Unrecognised::Ignore) => {
                self.codes.get(self.codes_of(local)?)?.position(code).map(Datum::code)
            }
            (Absence::Default(value), Unrecognised::Ignore) => Datum::plain(value),
            _ => Some(Datum::ABSENT),
        }
    }

    fn datum(&mut self, local: usize, value: &Value) -> Option<Datum> {
        match value {
            Value::Symbol(code) => self.codes.get(self.codes_of(local)?)?.position(code).map(Datum::code),
            other => self.kept.value(other),
        }
    }
}
