#![doc = include_str!("../README.md")]
//!
//! # Code map
//!
//! Each floor uses only the floors below it; `tests/layering.rs` reads the `use` edges and holds them to that.
//!
//! | floor | module | what it does |
//! |---|---|---|
//! | 11 | `cli` | the `clausal` command: one verb per file, argument types, exit codes |
//! | 11 | `lsp` | the language server: an editor’s unsaved texts → findings, completion, hover, definitions |
//! | 10 | [`assure`] | what can be said of a bundle beyond single decisions: its whole, its history, scenarios, coverage |
//! | 9 | `record` | the log of decisions: chain and checkpoints, replay, activity (feature `record`) |
//! | 8 | [`engine`], [`decision`] | load, decide, explain; the answer and its JSON; hot swap is a new [`Engine`] |
//! | 7 | [`render`] | a decision of the program as JSON of the contract, in words made ready beforehand |
//! | 6 | [`schema`] | JSON Schemas of bundle files, with the names that a bundle declares |
//! | 6 | [`explain`] | a decision in words; how it came about and what would have to change |
//! | 5 | [`compile`] | bundle → program, and deciding plain requests with it nearly as fast as code written by hand |
//! | 4 | [`decide`] | bundle + request → verdict: read, split into parts, evaluate, combine; pure |
//! | 3 | [`bundle`] | YAML → checked bundle: yaml, reader, vocabulary, policies, tables, messages, load |
//! | 2 | [`script`] | the only place that names `rhai`: sandbox, checks, host functions |
//! | 1 | [`model`] | the words: values, time, outcome, clause, finding, error, limits |
//!
//! Deliberately absent: a clock, a network, randomness, global state, and any market, product or role by name. Those
//! live in the bundle (`policies/`). The library never prints.

pub mod assure;
pub mod bundle;
#[cfg(feature = "cli")]
pub mod cli;
pub mod compile;
pub mod decide;
pub mod decision;
mod embedded;
pub mod engine;
pub mod explain;
#[cfg(feature = "lsp")]
pub mod lsp;
pub mod model;
#[cfg(feature = "record")]
pub mod record;
pub mod render;
pub mod schema;
pub mod script;

pub use bundle::checked::Identity;
pub use decision::{Answer, Decision, Obligation, Reason};
pub use engine::{Batch, BatchAnswer, Engine, EngineBuilder, JsonLines};
pub use explain::Explanation;
pub use model::clause::ClauseRef;
pub use model::decision::Outcome;
pub use model::error::{BatchError, LoadError, RequestError, RequestErrorKind};
pub use model::finding::{Code, Finding, Place, Severity};
pub use model::limits::{BundleLimits, Limits, RequestLimits, ScriptLimits};
pub use model::names::normalize_name;
pub use model::time::{Date, Duration, Timestamp};
pub use model::value::{Type, Value};
