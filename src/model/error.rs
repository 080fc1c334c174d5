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
