//! What every engine in the comparison does, and how two answers are compared.

use crate::policy::Extra;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Permit,
    Deny,
    NeedsInformation,
    NotCovered,
}

/// What an engine says of one request; `None` is what it cannot say.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// `Err` is a bare yes or no.
    pub outcome: Result<Outcome, bool>,
    /// The strongest reason.
    pub reason: Option<&'a str>,
    /// The credit, where there is one.
    pub credit: Option<Option<i64>>,
}

impl<'a> Said<'a> {
    /// For languages whose expressions give one text: in this policy the reason says the outcome.
    pub fn reason(reason: &'a str, credit: Option<i64>) -> Self {
        let outcome = match reason {
            "sale-permitted" | "key-access-permitted" | "inside-window" => Outcome::Permit,
            "acknowledgement-missing" => Outcome::NeedsInformation,
            "nothing-permits" => Outcome::NotCovered,
            _ => Outcome::Deny,
        };
        Self { outcome: Ok(outcome), reason: Some(reason), credit: Some(credit) }
    }
}

/// The right answer, to compare with.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Expected {
    pub outcome: Outcome,
    pub reason: String,
    pub credit: Option<i64>,
}

impl Expected {
    pub fn of(said: Said<'_>) -> Self {
        Self { outcome: said.outcome.unwrap(), reason: said.reason.unwrap().to_owned(), credit: said.credit.unwrap() }
    }

    /// Whether all that was said is right.
    pub fn agrees(&self, said: Said<'_>) -> bool {
        let outcome = match said.outcome {
            Ok(outcome) => outcome == self.outcome,
            Err(yes) => yes == (self.outcome == Outcome::Permit),
        };
        outcome
            && said.reason.is_none_or(|reason| reason == self.reason)
            && said.credit.is_none_or(|credit| credit == self.credit)
    }
}

pub trait Peer: Sized {
    /// Its name and version.
    const NAME: &'static str;
    /// What of the policy, or of what Clausal says about it, it cannot express.
    const CANNOT: &'static str;
    /// A request in the engine's own form.
    type Input;

    /// Compiles the policy with the extra rules.
    fn load(extras: &[Extra]) -> Result<Self, String>;
    fn prepare(&self, line: &str) -> Self::Input;
    fn decide<R>(&mut self, input: &Self::Input, see: impl FnOnce(Said<'_>) -> R) -> R;
    /// From the text of the request.
    fn decide_json<R>(&mut self, line: &str, see: impl FnOnce(Said<'_>) -> R) -> R {
        let input = self.prepare(line);
        self.decide(&input, see)
    }
}
