//! Why a rule could not be evaluated.

use std::sync::Arc;

use crate::script::ScriptError;

/// Why a rule could not be evaluated. It never widens access: a failed permit does not permit, every other failed rule
/// counts against the requester.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleFailure {
    /// A script failed.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// Two rows of a table apply together.
    #[error("two rows of the table `{table}` apply together")]
    TwoRows {
        /// The table.
        table: Arc<str>,
    },
    /// Two rules give one result two values.
    #[error("two rules give the result `{result}` different values")]
    TwoValues {
        /// The result.
        result: Arc<str>,
    },
}
