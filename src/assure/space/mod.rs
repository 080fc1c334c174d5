//! The space of requests of one kind: its facts as variables, the classes of values that rules tell apart as their
//! values, and the policies as decision diagrams over them. Exact for the declarative part; what a script computes is a
//! variable of its own, and which of its values go together is found by trying requests.
//!
//! One space may hold several bundles (*sides*), so that they can be compared.

pub mod atoms;
mod collect;
mod conditions;
pub mod cover;
mod identity;
pub mod mdd;
pub mod points;
pub mod sample;
mod seek;
pub mod solve;
mod table;
mod variables;
mod vary;
pub mod witness;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use crate::bundle::checked::{Absence, Bundle, Condition, Expression, FactIx, Kind, Operand, TableIx};
use crate::engine::Engine;
use crate::model::names::nearest;
use crate::model::value::{Type, Value};
use crate::script::Outline;

use atoms::Var;
use mdd::{Id, Mdd};

/// How much an analysis may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Nodes of all diagrams of one space.
    pub nodes: usize,
    /// Requests that are tried for what scripts compute.
    pub samples: usize,
    /// When to stop.
    pub until: Option<Instant>,
}

impl Default for Bounds {
    /// Four million nodes (about 400 MB), 6 000 requests, no end.
    fn default() -> Self {
        Self { nodes: 4_000_000, samples: 6_000, until: None }
    }
}

/// Why there is no exact answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// The rules of a kind are too entangled.
    #[error(
        "the rules of `{kind}` are too entangled: their analysis takes more than {nodes} nodes; split the kind, or test fewer facts in one rule"
    )]
    TooEntangled {
        /// The kind.
        kind: String,
        /// The bound.
        nodes: usize,
    },
    /// The time is over.
    #[error("not decided within the time limit (`{kind}`)")]
    OutOfTime {
        /// The kind.
        kind: String,
    },
    /// There is no such kind.
    #[error("the bundle has no kind of request `{kind}`{near}")]
    NoKind {
        /// The name that was given.
        kind: String,
        /// A suggestion.
        near: String,
    },
}

fn no_kind(bundle: &Bundle, kind: &str) -> SpaceError {
    let near = nearest(kind, bundle.kinds.iter().map(|known| &*known.name));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    SpaceError::NoKind { kind: kind.to_owned(), near }
}

/// One bundle of a space.
#[derive(Clone, Copy)]
pub struct Side<'e> {
    /// Decides its requests.
    pub engine: &'e Engine,
    /// The bundle.
    pub bundle: &'e Bundle,
    /// The kind of request.
    pub kind: &'e Kind,
}

/// What a rule gives as a result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// Always this.
    Constant(Value),
    /// What the script with this identity computes.
    Computed(Arc<str>),
}

/// How a derived fact comes about, as far as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Always this.
    Constant(Option<Value>),
    /// The value of this fact.
    Alias(FactIx),
    /// A variable of its own.
    Own(Arc<str>),
}

/// How the derived facts of each side come about.
pub(super) type Plans = BTreeMap<(usize, FactIx), Plan>;

/// How the truth of a script comes about, as far as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truths {
    /// Always this.
    Constant(bool),
    /// Comparisons of these reads with constants.
    Comparisons(Vec<usize>),
    /// A variable of its own.
    Own(Arc<str>),
}

/// The space of the requests of one kind, on one or several sides.
pub struct Space<'e> {
    /// The sides.
    pub sides: Vec<Side<'e>>,
    /// Its diagrams.
    pub mdd: Mdd,
    /// Its variables.
    pub vars: Vec<Var>,
    by_name: BTreeMap<Arc<str>, usize>,
    members: BTreeMap<(Arc<str>, Value), usize>,
    clusters: Vec<sample::Cluster>,
    read_by_results: vary::Reads,
    plans: Arc<Plans>,
    cells: BTreeMap<(usize, TableIx), Id>,
    /// Requests that make sense and that some request was found for.
    pub sampled: Id,
    bounds: Bounds,
    kind_name: Arc<str>,
}

impl<'e> Space<'e> {
    /// The space of a kind on these sides. `also` are conditions, by side, whose tests are to be told apart too.
    ///
    /// # Errors
    /// When a side does not have the kind, or the bounds are met.
    pub fn new(
        engines: &[&'e Engine],
        kind: &str,
        also: &[(usize, &Condition)],
        bounds: Bounds,
    ) -> Result<Self, SpaceError> {
        let mut sides = Vec::new();
        for engine in engines {
            let bundle = engine.checked();
            let found = bundle.kind(kind).ok_or_else(|| no_kind(bundle, kind))?;
            sides.push(Side { engine, bundle, kind: found });
        }
        let of_side = |(at, side): (usize, &Side<'e>)| -> Vec<((usize, FactIx), Plan)> {
            side.kind.derived.iter().filter_map(|ix| Some(((at, *ix), side.plan(*ix)?))).collect()
        };
        let plans: Arc<Plans> = Arc::new(sides.iter().enumerate().flat_map(of_side).collect());
        let collected = collect::collect(&sides, also, &plans);
        let read_by_results = vary::read_by_results(&sides);
        let mut space = Self {
            sides,
            mdd: Mdd::new(bounds.nodes),
            vars: Vec::new(),
            by_name: BTreeMap::new(),
            members: BTreeMap::new(),
            clusters: Vec::new(),
            read_by_results,
            plans,
            cells: BTreeMap::new(),
            sampled: mdd::YES,
            bounds,
            kind_name: kind.into(),
        };
        space.make_vars(&collected);
        space.sample(&collected);
        space.check()?;
        Ok(space)
    }

    /// The kind of request.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind_name
    }

    /// The variable with this name.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Whether the bounds still hold.
    ///
    /// # Errors
    /// When they do not.
    pub fn check(&self) -> Result<(), SpaceError> {
        if self.mdd.exceeded() {
            return Err(SpaceError::TooEntangled { kind: self.kind_name.to_string(), nodes: self.bounds.nodes });
        }
        if self.bounds.until.is_some_and(|until| Instant::now() >= until) {
            return Err(SpaceError::OutOfTime { kind: self.kind_name.to_string() });
        }
        Ok(())
    }

    /// The scripts whose values are not understood, only tried.
    #[must_use]
    pub fn opaque(&self) -> Vec<Arc<str>> {
        let opaque = |var: &&Var| matches!(var.what, atoms::What::Script | atoms::What::Derived);
        self.vars.iter().filter(opaque).map(|var| Arc::clone(&var.name)).collect()
    }
}

impl Side<'_> {
    /// The values of what a script reads that no request changes.
    fn fixed(&self, reads: &[Operand]) -> Vec<Option<Option<Value>>> {
        let one = |operand: &Operand| match operand {
            Operand::Setting(name) => {
                let setting = self.bundle.settings.get(name).filter(|setting| setting.dated.is_empty())?;
                Some(Some(setting.value.clone()))
            }
            _ => None,
        };
        reads.iter().map(one).collect()
    }

    /// What a result is: a constant, or a script by its identity; none for a script that gives nothing.
    #[must_use]
    pub fn given(&self, expression: &Expression) -> Option<Given> {
        match expression {
            Expression::Constant(value) => Some(Given::Constant(value.clone())),
            Expression::Script { script, reads, .. } => match script.constant(&self.fixed(reads)) {
                Some(value) => value.map(Given::Constant),
                None => Some(Given::Computed(identity::of(self, script, reads))),
            },
        }
    }

    /// How a derived fact comes about.
    fn plan(&self, ix: FactIx) -> Option<Plan> {
        let derived = self.bundle.fact(ix)?.derived.as_ref()?;
        if !self.kind.derived.contains(&ix) {
            return None;
        }
        let outline = derived.script.outline(&self.fixed(&derived.reads));
        Some(match outline {
            Outline::Constant(value) => Plan::Constant(value),
            Outline::Read(slot) => match derived.reads.get(slot) {
                Some(Operand::Fact(read)) if !self.is_set(*read) => Plan::Alias(*read),
                _ => Plan::Own(identity::of(self, &derived.script, &derived.reads)),
            },
            _ => Plan::Own(identity::of(self, &derived.script, &derived.reads)),
        })
    }

    /// Whether a fact can be computed, or stated, and have no value.
    pub(super) fn may_be_absent(&self, ix: FactIx) -> bool {
        let Some(fact) = self.bundle.fact(ix) else { return true };
        match (fact.derived.as_ref().filter(|_| self.kind.derived.contains(&ix)), self.kind.facts.get(&ix)) {
            (Some(derived), _) => {
                let fixed = self.fixed(&derived.reads);
                match self.plan(ix) {
                    Some(Plan::Constant(value)) => return value.is_none(),
                    Some(Plan::Alias(read)) => return self.may_be_absent(read),
                    _ => {}
                }
                let present = |slot: usize| match (fixed.get(slot), derived.reads.get(slot)) {
                    (Some(Some(value)), _) => value.is_some(),
                    (_, Some(Operand::Fact(read))) => !self.may_be_absent(*read),
                    _ => false,
                };
                derived.script.is_optional() && !derived.script.is_given_with(&present)
            }
            // What is asked for, or has a default, is known or missing.
            (None, Some(meaning)) => !matches!(meaning.absence, Absence::Ask | Absence::Default(_)),
            (None, None) => true,
        }
    }

    /// How the truth of a script comes about.
    pub(super) fn truths(&self, expression: &Expression) -> Truths {
        let Expression::Script { script, reads, .. } = expression else { return Truths::Constant(false) };
        match script.outline(&self.fixed(reads)) {
            Outline::Constant(value) => Truths::Constant(value == Some(Value::Boolean(true))),
            Outline::Comparisons(slots) => {
                let plain = slots.iter().all(|(slot, values)| self.is_plain(reads.get(*slot), values));
                if plain && slots.len() <= 3 {
                    Truths::Comparisons(slots.into_keys().collect())
                } else {
                    Truths::Own(identity::of(self, script, reads))
                }
            }
            _ => Truths::Own(identity::of(self, script, reads)),
        }
    }

    /// Whether comparing this operand with these values tells classes of a fact apart.
    fn is_plain(&self, operand: Option<&Operand>, values: &BTreeSet<Value>) -> bool {
        let Some(Operand::Fact(ix)) = operand else { return false };
        let Some(fact) = self.bundle.fact(*ix) else { return false };
        !self.is_set(*ix) && values.iter().all(|value| fit(value, &fact.type_).is_some())
    }

    fn is_set(&self, ix: FactIx) -> bool {
        self.bundle.fact(ix).is_some_and(|fact| matches!(fact.type_, Type::Set(_)))
    }
}

/// A constant of a script as a value of a fact's type.
fn fit(value: &Value, type_: &Type) -> Option<Value> {
    match (value, type_) {
        (Value::Text(text), Type::Symbol(_)) => Some(Value::Symbol(Arc::clone(text))),
        (Value::Symbol(_), Type::Symbol(_))
        | (Value::Text(_), Type::Text | Type::Currency)
        | (Value::Boolean(_), Type::Boolean)
        | (Value::Integer(_), Type::Integer)
        | (Value::Decimal(_), Type::Decimal)
        | (Value::Date(_), Type::Date)
        | (Value::Timestamp(_), Type::Timestamp)
        | (Value::Duration(_), Type::Duration) => Some(value.clone()),
        (Value::Integer(n), Type::Decimal) => Some(Value::Decimal((*n).into())),
        _ => None,
    }
}
