//! Failures of a script while it runs.

/// Why a script that was accepted gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The result is outside the range of its type.
    #[error("`{operation}` gives a result outside the range of its type")]
    Overflow {
        /// The operator or function.
        operation: &'static str,
    },
    /// Division by zero, or the remainder of it.
    #[error("`{operation}` divides by zero")]
    DivisionByZero {
        /// `/` or `%`.
        operation: &'static str,
    },
    /// A path that is never absent has no value.
    #[error("`{path}` has no value")]
    AbsentValue {
        /// The path.
        path: String,
    },
    /// A path has a value of another type than it was checked with.
    #[error("`{path}` has a value of another type than {expected}")]
    WrongValue {
        /// The path.
        path: String,
        /// The type it was checked with.
        expected: String,
    },
    /// A date outside the years 0001 to 9999.
    #[error("`{operation}` gives a date outside the years 0001 to 9999")]
    DateOutOfRange {
        /// The function.
        operation: &'static str,
    },
    /// A number of decimal digits outside 0 to 28.
    #[error("`{operation}` takes 0 to 28 digits, not {digits}")]
    Digits {
        /// The function.
        operation: &'static str,
        /// The digits asked for.
        digits: i64,
    },
    /// A currency code that is unknown or has no minor unit. The message, which ends up in decisions, leaves the code out:
    /// it may come from a private fact.
    #[error("`minor_units` was given a text that is not a currency with minor units")]
    NoMinorUnit {
        /// The code.
        code: String,
    },
    /// A name that is no time zone. The message leaves it out, as above.
    #[error("a text was taken for a time zone and is not one")]
    NoZone {
        /// The name.
        zone: String,
    },
    /// A text longer than the limit.
    #[error("the script made a text of more than {limit} bytes")]
    TextTooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// Another bound of one run.
    #[error("the script exceeded its limit of {what}")]
    Limit {
        /// What is bounded.
        what: &'static str,
    },
    /// A defect of the engine: the check and the run do not agree.
    #[error("the script failed inside the engine: {reason}")]
    Internal {
        /// What happened.
        reason: String,
    },
}

impl ScriptError {
    pub(super) fn internal(reason: impl Into<String>) -> Self {
        Self::Internal { reason: reason.into() }
    }
}
