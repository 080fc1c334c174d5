//! A reference to a numbered sentence of a source document.

use std::fmt;
use std::sync::Arc;

/// `source#number`, for example `csp-2021-06#260`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClauseRef {
    /// The source document.
    pub source: Arc<str>,
    /// The number of the sentence.
    pub number: u32,
}

impl fmt::Display for ClauseRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.source, self.number)
    }
}
