//! Decisions as JSON of the contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Answer, Decision, Obligation, Reason};
use crate::bundle::checked::Identity;
use crate::decide::parts::{Label, PartOf};
use crate::model::clause::ClauseRef;
use crate::model::value::Value;

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(decision) => decision.serialize(serializer),
            Self::Parts(decisions) => decisions.serialize(serializer),
        }
    }
}

/// A decision with its words in one language. Serializes as JSON of the contract.
#[derive(Clone, Copy, Debug)]
pub struct InLanguage<'d> {
    pub(super) decision: &'d Decision,
    pub(super) language: &'d str,
    pub(super) stable: bool,
}

impl InLanguage<'_> {
    /// Without what changes while the decision stays the same: the bundle's version and digest, and the lines of the
    /// rules. For pinned snapshots.
    #[must_use]
    pub fn stable(self) -> Self {
        Self { stable: true, ..self }
    }

    fn reasons(&self) -> Vec<Reason> {
        let mut reasons = self.decision.reasons(self.language);
        for reason in reasons.iter_mut().filter(|_| self.stable) {
            reason.source = reason.source.split(':').next().unwrap_or_default().to_owned();
        }
        reasons
    }
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.in_language(self.default_language()).serialize(serializer)
    }
}

impl Serialize for InLanguage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let decision = self.decision;
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = decision.id() {
            map.serialize_entry("id", id)?;
        }
        map.serialize_entry("kind", decision.kind())?;
        map.serialize_entry("at", decision.at())?;
        if !decision.part().is_empty() {
            map.serialize_entry("part", &PartName(decision.part()))?;
        }
        map.serialize_entry("outcome", decision.outcome().as_str())?;
        map.serialize_entry("reasons", &self.reasons())?;
        map.serialize_entry("results", &Results(decision.results()))?;
        let mut duties = decision.obligations(self.language);
        duties.extend(decision.advice(self.language));
        map.serialize_entry("obligations", &duties)?;
        map.serialize_entry("missing", &decision.missing().iter().map(|path| &**path).collect::<Vec<_>>())?;
        if self.stable {
            map.serialize_entry("bundle", &*decision.bundle().name)?;
        } else {
            map.serialize_entry("bundle", decision.bundle())?;
        }
        map.end()
    }
}

/// The part of a request, as `{"items": 0}`.
pub(super) struct PartName<'p>(pub &'p [PartOf]);

impl Serialize for PartName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for part in self.0 {
            match &part.label {
                Label::Number(number) => map.serialize_entry(&*part.list, number)?,
                Label::Text(text) => map.serialize_entry(&*part.list, &**text)?,
            }
        }
        map.end()
    }
}

struct Results<'r>(&'r BTreeMap<Arc<str>, Value>);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (&**name, value.to_json())))
    }
}

fn written(clauses: &[ClauseRef]) -> Vec<String> {
    clauses.iter().map(ToString::to_string).collect()
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &*self.code)?;
        map.serialize_entry("rule", &*self.rule)?;
        map.serialize_entry("clauses", &written(&self.clauses))?;
        map.serialize_entry("source", &self.source)?;
        if !self.evidence.is_empty() {
            map.serialize_entry("evidence", &self.evidence)?;
        }
        if !self.candidates.is_empty() {
            map.serialize_entry("candidates", &self.candidates.iter().map(|code| &**code).collect::<Vec<_>>())?;
        }
        map.serialize_entry("message", &self.message)?;
        map.end()
    }
}

impl Serialize for Obligation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &*self.code)?;
        map.serialize_entry("on", &*self.on)?;
        if self.advice {
            map.serialize_entry("advice", &true)?;
        }
        map.serialize_entry("clauses", &written(&self.clauses))?;
        map.serialize_entry("message", &self.message)?;
        map.end()
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("name", &*self.name)?;
        map.serialize_entry("version", &*self.version)?;
        map.serialize_entry("digest", &*self.digest)?;
        map.end()
    }
}
