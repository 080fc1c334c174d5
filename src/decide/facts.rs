//! The facts of one part of a request, in their states: known, absent or unknown.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::failure::RuleFailure;
use crate::bundle::checked::{Absence, Bundle, FactIx, Kind, KindFact, Operand, Unrecognised};
use crate::model::value::Value;

use super::evaluate::{Cell, Truth, lookup, setting_value};

/// What a request states for a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stated {
    /// A value.
    Value(Value),
    /// Text that no registry knows, with the entries it may mean.
    Unrecognised(Arc<str>, Vec<Arc<str>>),
}

/// The state of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It has this value.
    Known(Value),
    /// It has none, and that is known.
    Absent,
    /// Its value exists but was not given; these base facts would tell.
    Missing(BTreeSet<FactIx>),
    /// It was given in words that no registry knows; asked for again.
    Unrecognised(Arc<str>, Vec<Arc<str>>),
    /// It was given in words that no registry knows, which is a value of its own.
    Other(Arc<str>),
    /// It could not be computed.
    Failed(RuleFailure),
}

/// All facts of a part, by the index of the vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    states: Vec<State>,
    /// Facts whose value was taken from another fact.
    taken_from: Vec<(FactIx, FactIx)>,
}

impl Facts {
    /// The states of all facts of a kind, from what the request states.
    pub fn new(bundle: &Bundle, kind: &Kind, stated: impl Fn(FactIx) -> Option<Stated>) -> Self {
        Self::some(bundle, kind, stated, |_| true)
    }

    /// The states of some facts of a kind, among them all that these are derived or taken from. Any other is absent.
    pub fn some(
        bundle: &Bundle,
        kind: &Kind,
        stated: impl Fn(FactIx) -> Option<Stated>,
        wanted: impl Fn(FactIx) -> bool,
    ) -> Self {
        let mut facts = Self { states: vec![State::Absent; bundle.facts.len()], taken_from: Vec::new() };
        let derived: BTreeSet<FactIx> = kind.derived.iter().copied().collect();
        let mut later = Vec::new();
        for (ix, meaning) in kind.facts.iter().filter(|(ix, _)| wanted(**ix) && !derived.contains(ix)) {
            match (state_of(*ix, meaning, stated(*ix)), &meaning.absence) {
                (Some(state), _) => facts.set(*ix, state),
                (None, Absence::From(source)) => later.push((*ix, *source)),
                (None, _) => {}
            }
        }
        for (ix, source) in later {
            let state = facts.state(source).clone();
            facts.set(ix, state);
            facts.taken_from.push((ix, source));
        }
        for ix in kind.derived.iter().filter(|ix| wanted(**ix)) {
            let state = derive(bundle, &facts, *ix);
            facts.set(*ix, state);
        }
        facts
    }

    fn set(&mut self, ix: FactIx, state: State) {
        if let Some(slot) = self.states.get_mut(ix.0) {
            *slot = state;
        }
    }

    /// The state of a fact.
    pub fn state(&self, ix: FactIx) -> &State {
        self.states.get(ix.0).unwrap_or(&State::Absent)
    }

    /// The fact that this one's value was taken from, when the request does not state its own.
    pub fn taken_from(&self, ix: FactIx) -> Option<FactIx> {
        self.taken_from.iter().find(|(taken, _)| *taken == ix).map(|(_, source)| *source)
    }

    /// The facts of the request that a fact comes from: itself, or what it was taken or derived from.
    pub fn bases(&self, bundle: &Bundle, ix: FactIx) -> BTreeSet<FactIx> {
        if let State::Missing(bases) = self.state(ix) {
            return bases.clone();
        }
        if let Some(source) = self.taken_from(ix) {
            return BTreeSet::from([source]);
        }
        match bundle.fact(ix).and_then(|fact| fact.derived.as_ref()) {
            None => BTreeSet::from([ix]),
            Some(derived) => derived
                .reads
                .iter()
                .filter_map(|operand| if let Operand::Fact(read) = operand { Some(*read) } else { None })
                .flat_map(|read| self.bases(bundle, read))
                .collect(),
        }
    }
}

/// The state of a fact of a kind from what is stated for it alone; none where it is taken from another fact.
pub fn state_of(ix: FactIx, meaning: &KindFact, stated: Option<Stated>) -> Option<State> {
    Some(match (stated, &meaning.absence) {
        (Some(stated), _) => from_stated(stated, meaning.unrecognised, &meaning.absence),
        (None, Absence::Ask) => State::Missing(BTreeSet::from([ix])),
        (None, Absence::Optional) => State::Absent,
        (None, Absence::Default(value)) => State::Known(value.clone()),
        (None, Absence::From(_)) => return None,
    })
}

fn from_stated(stated: Stated, unrecognised: Unrecognised, absence: &Absence) -> State {
    match (stated, unrecognised) {
        (Stated::Value(value), _) => State::Known(value),
        (Stated::Unrecognised(written, _), Unrecognised::Other) => State::Other(written),
        (Stated::Unrecognised(..), Unrecognised::Ignore) => match absence {
            Absence::Default(value) => State::Known(value.clone()),
            _ => State::Absent,
        },
        (Stated::Unrecognised(written, candidates), _) => State::Unrecognised(written, candidates),
    }
}

fn derive(bundle: &Bundle, facts: &Facts, ix: FactIx) -> State {
    let Some(derived) = bundle.fact(ix).and_then(|fact| fact.derived.as_ref()) else { return State::Absent };
    match operands(bundle, facts, &derived.reads) {
        Operands::NoRow => State::Absent,
        Operands::Known(values) => match derived.script.evaluate_values(&values) {
            Ok(Some(value)) => State::Known(value),
            Ok(None) => State::Absent,
            Err(error) => State::Failed(error.into()),
        },
        Operands::Unknown(bases) => State::Missing(bases),
        Operands::Failed(error) => State::Failed(error),
    }
}

/// What a script reads, when everything is known.
pub enum Operands {
    /// Values, in the order of the script's reads; `None` for what is absent.
    Known(Vec<Option<Value>>),
    /// Not known for want of these facts.
    Unknown(BTreeSet<FactIx>),
    /// It reads a table of which no row applies: as with a matcher, nothing follows.
    NoRow,
    /// One of them could not be computed.
    Failed(RuleFailure),
}

/// Gathers what a script reads.
pub fn operands(bundle: &Bundle, facts: &Facts, reads: &[Operand]) -> Operands {
    let (mut values, mut unknown, mut failed, mut no_row) =
        (Vec::with_capacity(reads.len()), BTreeSet::new(), None, false);
    for operand in reads {
        let value = match operand {
            Operand::Setting(name) => match setting_value(bundle, facts, name) {
                Ok(value) => value.cloned(),
                Err(Truth::Failed(error)) => {
                    failed = failed.or(Some(error));
                    None
                }
                Err(Truth::Unknown(bases)) => {
                    unknown.extend(bases);
                    None
                }
                Err(Truth::True | Truth::False) => None,
            },
            Operand::Fact(ix) => match facts.state(*ix) {
                State::Known(value) => Some(value.clone()),
                State::Absent => None,
                State::Failed(error) => {
                    failed = failed.or_else(|| Some(error.clone()));
                    None
                }
                State::Missing(_) | State::Unrecognised(..) | State::Other(_) => {
                    unknown.extend(facts.bases(bundle, *ix));
                    None
                }
            },
            Operand::Cell(table, column) => match lookup(bundle, facts, *table) {
                Cell::Row(row) => row.values.get(*column).cloned(),
                Cell::None => {
                    no_row = true;
                    None
                }
                Cell::Unknown(bases) => {
                    unknown.extend(bases);
                    None
                }
                Cell::Failed(error) => {
                    failed = failed.or(Some(error));
                    None
                }
            },
        };
        values.push(value);
    }
    match failed {
        _ if no_row => Operands::NoRow,
        Some(error) => Operands::Failed(error),
        None if unknown.is_empty() => Operands::Known(values),
        None => Operands::Unknown(unknown),
    }
}
