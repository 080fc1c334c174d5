//! Why a script is not accepted, and where.

use std::fmt;

/// A place inside script text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Characters of the offending token, 1 when not known.
    pub length: usize,
}

impl Spot {
    pub(super) fn at(position: rhai::Position, length: usize) -> Self {
        Self {
            line: position.line().unwrap_or(1),
            column: position.position().unwrap_or(1).max(1),
            length: length.max(1),
        }
    }
}

/// The kind of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RefusalCode {
    /// The text cannot be parsed.
    ScriptSyntax,
    /// No fact, setting or variable has this name.
    UnknownName,
    /// No function has this name.
    UnknownFunction,
    /// A value of another type is needed here.
    TypeMismatch,
    /// A construct that scripts may not use.
    ForbiddenConstruct,
    /// The script exceeds a limit.
    ScriptTooLarge,
}

impl RefusalCode {
    /// The code of the finding.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ScriptSyntax => "script-syntax",
            Self::UnknownName => "unknown-name",
            Self::UnknownFunction => "unknown-function",
            Self::TypeMismatch => "type-mismatch",
            Self::ForbiddenConstruct => "forbidden-construct",
            Self::ScriptTooLarge => "script-too-large",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a script is not accepted when it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind.
    pub code: RefusalCode,
    /// Where, if it has a place.
    pub spot: Option<Spot>,
    /// One lower-case sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The name that was probably meant, which would go in the place of what stands at the spot.
    pub instead: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: RefusalCode, spot: Spot, message: impl Into<String>) -> Self {
        Self { code, spot: Some(spot), message: message.into(), help: None, instead: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn suggest(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(name) => Self { instead: Some(name.to_owned()), ..self.help(format!("did you mean `{name}`?")) },
            None => self,
        }
    }

    pub(super) fn mismatch(spot: Spot, message: impl Into<String>) -> Self {
        Self::new(RefusalCode::TypeMismatch, spot, message)
    }

    pub(super) fn forbidden(spot: Spot, message: impl Into<String>) -> Self {
        Self::new(RefusalCode::ForbiddenConstruct, spot, message)
    }

    pub(super) fn too_large(spot: Spot, message: impl Into<String>) -> Self {
        Self::new(RefusalCode::ScriptTooLarge, spot, message)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
