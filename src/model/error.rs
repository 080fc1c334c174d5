//! Errors of the public API.

use crate::model::finding::Finding;

/// Why a request cannot be decided. Its code is always `invalid-request`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", place(path))]
pub struct RequestError {
    /// What kind of mistake.
    pub kind: RequestErrorKind,
    /// The path in the request that is to blame; empty for the request as a whole.
    pub path: String,
    /// One lower-case sentence, with the remedy where there is one.
    pub message: String,
}

/// Kinds of request errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestErrorKind {
    /// Not one JSON (or YAML) object.
    Malformed,
    /// Larger than the limits allow.
    TooLarge,
    /// A key that the kind of request does not have.
    UnknownKey,
    /// A key that must be given is not.
    Missing,
    /// A value of the wrong type or form.
    WrongType,
    /// A value outside what the contract enumerates.
    UnknownValue,
    /// The request contradicts itself.
    Contradiction,
}

fn place(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("`{path}`: ") }
}

impl RequestError {
    /// An error at a path.
    pub(crate) fn new(kind: RequestErrorKind, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, path: path.into(), message: message.into() }
    }

    /// The code of the contract.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "invalid-request"
    }

    /// The error as JSON of the contract.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": { "code": self.code(), "path": self.path, "message": self.message } })
    }
}

/// Why a bundle does not load.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no bundle at this place.
    #[error("`{place}` holds no bundle: {message}")]
    NotFound {
        /// The folder.
        place: String,
        /// Why not.
        message: String,
    },
    /// No release was known on that day.
    #[error("no release was known on `{day}`; the first was published on `{first}`")]
    NotKnownYet {
        /// The day asked for.
        day: String,
        /// When the first release was published.
        first: String,
    },
    /// A release is not what its index says.
    #[error("the release `{version}` has the digest `{found}`, its index says `{wanted}`")]
    WrongDigest {
        /// The release.
        version: String,
        /// The digest of what is there.
        found: String,
        /// The digest that the index gives.
        wanted: String,
    },
    /// The bundle has mistakes.
    #[error("the bundle has {} {}; the first: {}", errors(findings), if errors(findings) == 1 { "error" } else { "errors" }, first(findings))]
    Findings {
        /// All findings, sorted.
        findings: Vec<Finding>,
    },
}

fn errors(findings: &[Finding]) -> usize {
    findings.iter().filter(|f| f.severity() == crate::model::finding::Severity::Error).count()
}

fn first(findings: &[Finding]) -> String {
    let first = findings.iter().find(|f| f.severity() == crate::model::finding::Severity::Error);
    first.map(ToString::to_string).unwrap_or_default()
}

/// Why a batch, or a row of it, is not decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The bundle has no such kind of request.
    #[error("the bundle has no kind `{kind}`{}", meant(like.as_deref()))]
    UnknownKind {
        /// The kind asked for.
        kind: String,
        /// The kind that was perhaps meant.
        like: Option<String>,
    },
    /// A column is of no fact that a request of the kind states.
    #[error("a request of kind `{kind}` states no fact `{path}`{}", meant(like.as_deref()))]
    UnknownFact {
        /// The column.
        path: String,
        /// The kind.
        kind: String,
        /// The fact that was perhaps meant.
        like: Option<String>,
    },
    /// A fact has two columns.
    #[error("`{path}` has two columns")]
    Twice {
        /// The fact.
        path: String,
    },
    /// A column has another number of rows than the batch.
    #[error("`{path}` has {rows} rows, the batch has {wanted}")]
    Length {
        /// The column.
        path: String,
        /// Its rows.
        rows: usize,
        /// The rows of the batch.
        wanted: usize,
    },
    /// A row names a value that the column does not have.
    #[error("row {row} of `{path}` is not among its {values} values")]
    NoValue {
        /// The column.
        path: String,
        /// The row, from 0.
        row: usize,
        /// How many values the column has.
        values: usize,
    },
    /// There is no such row.
    #[error("there is no row {row}; the batch has {rows}, counted from 0")]
    NoRow {
        /// The row asked for.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// A row cannot be decided.
    #[error("row {row}: {error}")]
    Request {
        /// The row, from 0.
        row: usize,
        /// Why.
        error: RequestError,
    },
}

fn meant(like: Option<&str>) -> String {
    like.map(|like| format!("; did you mean `{like}`?")).unwrap_or_default()
}
