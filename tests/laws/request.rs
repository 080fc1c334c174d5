//! Requests of the small language, and what a failure prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value as Json, json};

use super::words::*;

/// What a request says of a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    Value(Val),
    /// A color that the vocabulary does not have.
    Odd,
    /// A set of which one element is not in the vocabulary.
    OddAmong(BTreeSet<&'static str>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub at: usize,
    pub said: BTreeMap<Fact, Said>,
}

impl Request {
    pub fn json(&self) -> Json {
        let mut out = json!({ "kind": "ask", "at": format!("{}T12:00:00Z", DAYS[self.at]) });
        for (fact, said) in &self.said {
            let value = match said {
                Said::Value(value) => value.json(),
                Said::Odd => json!("mauve"),
                Said::OddAmong(tags) => tags.iter().copied().chain(["odd"]).collect(),
            };
            match fact.path().split_once('.') {
                Some((branch, leaf)) => out[branch][leaf] = value,
                None => out[fact.path()] = value,
            }
        }
        out
    }
}

/// A bundle and requests; what a failure prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Case {
    pub bundle: Bundle,
    pub requests: Vec<Request>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in self.bundle.texts().iter().filter(|(name, _)| name != "en.ftl" && name != "bundle.yaml") {
            writeln!(f, "\n--- {name}\n{text}")?;
        }
        for request in &self.requests {
            writeln!(f, "--- request\n{}", request.json())?;
        }
        Ok(())
    }
}
