//! Scripts: the one place that names `rhai`.
//!
//! A script is one expression, or a block of `let` and one expression. It is parsed by Rhai and then checked here: what
//! follows is accepted, everything else is refused when the bundle is loaded.
//!
//! | construct | notes |
//! |---|---|
//! | `true`, `12`, `1.50`, `"text"`, `()` | decimals are exact; `()` is an absent value |
//! | `order.age_days` | a fact, a setting or a result, by its dotted path |
//! | `let x = …;` and `const x = …;` | typed by what is assigned; never reassigned, never hiding another name |
//! | `if … { … } else { … }` | both branches give the same type; `else` is needed |
//! | `{ let …; … }` | a block gives its last expression |
//! | `-a`, `!a`, `+ - * / %` | integers and decimals; an integer meeting a decimal becomes one; `+` joins texts |
//! | `== != < <= > >=` | one type on both sides (integer and decimal mix); timestamps compare as `is_after` does |
//! | `a && b`, `a \|\| b` | booleans, the right side only when needed |
//! | `a ?? b` | `b` when `a` is absent |
//! | `a in [b, c]`, `a in set`, `a !in set` | |
//! | `f(a, b)` | the functions of [`host_functions`] and of the bundle's `scripts/*.rhai` |
//!
//! A text literal is read as a code where it meets a symbol or a currency. A value that may be absent cannot be used
//! before a test: `x == ()`, `x != ()` (also within `&&`, `||`, `!` and `if`) or `??`. There are no loops, no recursion
//! and no assignments, so every script ends, and its greatest number of operations is known when it is loaded.

mod check;
mod check_call;
mod check_ops;
mod convert;
mod error;
mod fast;
mod host;
mod ir;
mod library;
mod looks;
mod lower;
mod narrow;
mod native;
mod ops;
mod outline;
mod program;
mod refusal;
mod sandbox;
mod scan;
mod syntax;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::model::Type;

pub use error::ScriptError;
pub(crate) use fast::{Bounds, Builtin, Op, Small, arithmetic, quotient, round, small_quotient};
pub use fast::{Datum, GiveUp, Given, Graph, Inputs, Kept, LONGEST_TEXT, Made, NodeIx, Scratch, Tag, Unmade};
pub use host::host_functions;
pub use library::Library;
pub(crate) use ops::BinaryOp;
pub use outline::Outline;
pub use program::Script;
pub use refusal::{Refusal, RefusalCode, Spot};

/// What a script may read where it stands.
pub trait Names {
    /// The type of a dotted path (`order.age_days`, `at`, `window.days`), or `None` when no such path exists.
    fn lookup(&self, path: &str) -> Option<Known>;
    /// Whether some known path begins with `prefix.`.
    fn is_prefix(&self, prefix: &str) -> bool;
    /// All paths, for suggestions.
    fn paths(&self) -> Vec<String>;
    /// The codes of the symbol type `type_name`; empty when there is no such type.
    fn symbols(&self, type_name: &str) -> Vec<Arc<str>>;
}

/// What is known of a path before any request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its type.
    pub type_: Type,
    /// Whether it may be absent, so that a script reads `()`.
    pub optional: bool,
}
