//! Decision → words in a language, and the explanation of how a decision came about.
//!
//! `gather` builds an [`Explanation`] (data, no language) from a decided part, `changes` searches what would have to
//! change, [`Explanation::to_text`] and [`Explanation::to_json`] write it. Nothing here runs unless it is asked for.

mod candidates;
pub mod changes;
pub mod cited;
mod depends;
pub mod explanation;
mod gather;
mod json;
mod phrases;
mod steps;
mod text;
pub mod trace;
mod wording;
pub mod words;

pub use changes::{Change, ChangedFact, Changes, NewValue, Obstacle, Onward};
pub use explanation::{
    EffectKind, Explanation, FactExplained, ReasonExplained, ResultExplained, RuleExplained, SettingExplained, Standing,
};
pub use trace::{EntryUsed, FactState, Given, Holds, Input, PeriodExplained, RowUsed, Step, Wanted, What};

pub(crate) use gather::{Asked, explain};
