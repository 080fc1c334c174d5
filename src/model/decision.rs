//! Outcomes, and the reasons that the engine itself gives.

use std::fmt;

/// What a decision says. Every outcome but `permit` means: do not proceed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Go ahead, and carry out the obligations.
    Permit,
    /// No.
    Deny,
    /// The caller can supply what is missing, then ask again.
    NeedsInformation,
    /// Hand over to a person.
    Refer,
    /// No policy speaks to this.
    #[default]
    NotCovered,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [Self::Permit, Self::Deny, Self::NeedsInformation, Self::Refer, Self::NotCovered];

    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
            Self::NeedsInformation => "needs-information",
            Self::Refer => "refer",
            Self::NotCovered => "not-covered",
        }
    }

    /// The exit code of `clausal decide`.
    ///
    /// ```
    /// assert_eq!(clausal::Outcome::NeedsInformation.exit_code(), 3);
    /// ```
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Permit => 0,
            Self::Deny => 2,
            Self::NeedsInformation => 3,
            Self::Refer => 4,
            Self::NotCovered => 5,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A rule could not be evaluated; it counts against the requester.
pub const RULE_FAILED: &str = "rule-failed";

/// A rule cannot tell without the facts that `missing` lists.
pub const INFORMATION_MISSING: &str = "information-missing";

/// Reasons that the engine gives; every vocabulary ranks them and every language has a message for them.
pub const ENGINE_REASONS: [&str; 2] = [INFORMATION_MISSING, RULE_FAILED];

/// Whether a reason code is one of the engine's own.
#[must_use]
pub fn is_engine_reason(code: &str) -> bool {
    ENGINE_REASONS.contains(&code)
}
