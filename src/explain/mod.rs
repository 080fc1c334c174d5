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
mod wording;
pub mod words;

pub use changes::{Change, ChangedFact, Changes, NewValue, Obstacle, Onward};
pub use explanation::{
    EffectKind, EntryUsed, Explanation, FactExplained, FactState, Given, Holds, Input, PeriodExplained,
    ReasonExplained, ResultExplained, RowUsed, RuleExplained, SettingExplained, Standing, Step, Wanted, What,
};
pub(crate) use gather::explain;
