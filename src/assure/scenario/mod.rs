//! Scenarios: requests with the verdict a person expects, written as data.
//!
//! A scenario is one YAML file; `fixtures/README.md` describes the format. The verdict (outcome, codes, results) is
//! written by hand and never by a program. The whole decision and its words are *pinned* beside it, in
//! `snapshots/NAME.snap`, in the file format of the `insta` crate: accepting a snapshot cannot flip a verdict.

pub mod bundles;
pub mod compare;
pub mod each;
pub mod folder;
pub mod pinned;
pub mod read;
pub mod run;
pub mod snapshot;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::bundle::yaml::Node;
use crate::engine::Engine;
use crate::model::clause::ClauseRef;
use crate::model::finding::Place;

/// One scenario file, checked against the bundle that it speaks of.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its path below the folder of scenarios, without the ending: `purchase/aland-with-its-ring`.
    pub name: String,
    /// Its file, as findings show it.
    pub file: Arc<str>,
    /// Where the file lies.
    pub path: PathBuf,
    /// What it shows, in one line.
    pub title: Arc<str>,
    /// Why the verdict is right.
    pub why: Option<Arc<str>>,
    /// The clauses it is about.
    pub clauses: Vec<ClauseRef>,
    /// The readings it asks for, where they are not the bundle's.
    pub settings: BTreeMap<String, String>,
    /// The engine that decides it.
    pub engine: Engine,
    /// The request as written.
    pub request: Node,
    /// What is decided: one case, or one for each value of `each`.
    pub cases: Vec<Case>,
    /// Whether the cases come from `each`.
    pub each: bool,
}

/// One request and its verdict.
#[derive(Clone, Debug)]
pub struct Case {
    /// The values that set it apart from the other cases; empty when it is the only one.
    pub label: String,
    /// The request.
    pub request: Json,
    /// The verdict.
    pub expected: Arc<Expected>,
}

/// Something written in a scenario, and where.
#[derive(Clone, Debug)]
pub struct Written<T> {
    /// What.
    pub value: T,
    /// Where.
    pub place: Place,
}

/// What a person expects of the answer.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Of one decision.
    One(Box<Expect>),
    /// Of each part of a request that fans out.
    Parts(Vec<Expect>, Place),
}

/// What a person expects of one decision. More reasons, obligations, results and missing facts than these may be given.
#[derive(Clone, Debug)]
pub struct Expect {
    /// The outcome, or `invalid` for a request that cannot be decided.
    pub outcome: Written<Arc<str>>,
    /// The path that an invalid request is blamed for.
    pub path: Option<Written<Arc<str>>>,
    /// The name of the part.
    pub part: Option<Written<Json>>,
    /// Codes of reasons, in this order.
    pub reasons: Vec<Written<Arc<str>>>,
    /// Codes of obligations and advice.
    pub obligations: Vec<Written<Arc<str>>>,
    /// Paths of facts that can still matter.
    pub missing: Vec<Written<Arc<str>>>,
    /// Results; numbers compare as numbers.
    pub results: Vec<(Arc<str>, Written<Json>)>,
}

/// The outcome of a request that cannot be decided.
pub const INVALID: &str = "invalid";
