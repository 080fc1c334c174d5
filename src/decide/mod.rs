//! Bundle + request → decision: read, split, evaluate, combine. Pure: no clock, no files, no randomness.

pub mod combine;
pub mod evaluate;
pub mod facts;
pub mod failure;
pub mod parts;
pub mod read;
pub mod reads;
pub mod shape;
pub mod tree;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::checked::{Bundle, Kind};
use crate::model::error::{RequestError, RequestErrorKind as Kindof};
use crate::model::limits::RequestLimits;
use crate::model::names::nearest;

use combine::Verdict;
use evaluate::{Evaluated, Truth};
use facts::Facts;
use parts::{Part, PartOf};
use read::{Reader, Statement};
use shape::Shape;
use tree::Tree;

/// One part, decided.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// The facts it was decided on.
    pub facts: Arc<Facts>,
    /// What every rule of the kind gave.
    pub evaluated: Vec<Evaluated>,
    /// The verdict.
    pub verdict: Verdict,
    /// Its name; empty for a request that does not fan out.
    pub part: Vec<PartOf>,
}

/// A request, decided part by part.
#[derive(Clone, Debug)]
pub struct DecidedRequest {
    /// The request's id.
    pub id: Option<Arc<str>>,
    /// The kind's name.
    pub kind: Arc<str>,
    /// The decision time as it was written.
    pub at: Arc<str>,
    /// The parts, in request order.
    pub parts: Vec<Decided>,
}

/// A contradiction that the bundle's policies describe, for the caller to put into words.
pub enum Failure {
    /// The request cannot be read.
    Request(RequestError),
    /// The request contradicts itself: the path to blame and the message, with the facts it may name.
    Contradiction(Arc<str>, Arc<str>, Arc<Facts>),
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

/// The shapes of all kinds of a bundle, by name.
pub type Shapes = BTreeMap<Arc<str>, BTreeMap<String, Shape>>;

/// The shapes of all kinds of a bundle.
pub fn shapes(bundle: &Bundle) -> Shapes {
    bundle.kinds.iter().map(|kind| (Arc::clone(&kind.name), shape::of_kind(&bundle.facts, kind))).collect()
}

/// A request, read and split into parts, not decided yet.
pub struct ReadRequest<'b> {
    /// Its kind.
    pub kind: &'b Kind,
    /// The request's id.
    pub id: Option<Arc<str>>,
    /// The decision time as it was written.
    pub at: Arc<str>,
    /// The parts, in request order.
    pub parts: Vec<Part>,
}

/// Reads a request and splits it into parts.
pub fn read_request<'b>(
    bundle: &'b Bundle,
    shapes: &'b Shapes,
    tree: &Tree,
    limits: &RequestLimits,
) -> Result<ReadRequest<'b>, RequestError> {
    let (kind, shape) = kind_of(bundle, shapes, tree)?;
    let statement = Reader { bundle, kind, limits }.request(tree, shape)?;
    let (id, at) = (statement.id.clone(), Arc::clone(&statement.at));
    let parts = parts::split(bundle, kind, statement, limits.parts)?;
    Ok(ReadRequest { kind, id, at, parts })
}

/// Decides a request.
pub fn decide(
    bundle: &Bundle,
    shapes: &Shapes,
    tree: &Tree,
    limits: &RequestLimits,
) -> Result<DecidedRequest, Failure> {
    let ReadRequest { kind, id, at, parts } = read_request(bundle, shapes, tree, limits)?;
    let mut decided = Vec::with_capacity(parts.len());
    for part in parts {
        decided.push(decide_part(bundle, kind, &part.statement, part.name)?);
    }
    Ok(DecidedRequest { id, kind: Arc::clone(&kind.name), at, parts: decided })
}

fn kind_of<'b>(
    bundle: &'b Bundle,
    shapes: &'b Shapes,
    tree: &Tree,
) -> Result<(&'b Kind, &'b BTreeMap<String, Shape>), RequestError> {
    let Tree::Object(_) = tree else {
        let message = format!("a request is a JSON object, this is {}", tree.form());
        return Err(RequestError::new(Kindof::Malformed, "", message));
    };
    let known = || bundle.kinds.iter().map(|kind| &*kind.name);
    let written = match read::top(tree, "kind") {
        Some(Tree::Text(written)) => written,
        Some(other) => {
            let message = format!("the kind of request must be a string, this is {}", other.form());
            return Err(RequestError::new(Kindof::WrongType, "kind", message));
        }
        None => {
            let all = known().collect::<Vec<_>>().join("`, `");
            let message = format!("the kind of request is required: one of `{all}`");
            return Err(RequestError::new(Kindof::Missing, "kind", message));
        }
    };
    match (bundle.kind(written), shapes.get(written.as_str())) {
        (Some(kind), Some(shape)) => Ok((kind, shape)),
        _ => {
            let near = nearest(written, known()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("there is no kind of request `{}`{near}", written.escape_debug());
            Err(RequestError::new(Kindof::UnknownValue, "kind", message))
        }
    }
}

/// Decides one part on what it states.
pub fn decide_part(bundle: &Bundle, kind: &Kind, statement: &Statement, part: Vec<PartOf>) -> Result<Decided, Failure> {
    let facts = Arc::new(Facts::new(bundle, kind, |ix| statement.facts.get(&ix).cloned()));
    for contradiction in &kind.contradictions {
        if evaluate::evaluate_condition(bundle, &facts, &contradiction.when) == Truth::True {
            let (path, message) = (Arc::clone(&contradiction.path), Arc::clone(&contradiction.message));
            return Err(Failure::Contradiction(path, message, facts));
        }
    }
    let evaluated = evaluate::evaluate(bundle, kind, &facts);
    let verdict = combine::combine(bundle, kind, &evaluated);
    Ok(Decided { facts, evaluated, verdict, part })
}
