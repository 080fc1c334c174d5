//! Runs scenarios: decides every case, compares it with the verdict, and the words with the pinned snapshot.

use crate::decision::Answer;
use crate::model::error::{RequestError, RequestErrorKind};

use super::compare::{Difference, differences};
use super::pinned;
use super::snapshot;
use super::{Case, Scenario};

/// How a scenario ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What contradicts the hand-written verdict; each with the label of its case.
    pub differences: Vec<(String, Difference)>,
    /// How many requests were decided.
    pub cases: usize,
    /// The pinned snapshot.
    pub pinned: Pinned,
    /// The text as it is now.
    pub text: String,
}

/// How the pinned snapshot and the text of now compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pinned {
    /// They are the same.
    Same,
    /// They differ; this is pinned.
    Differs(String),
    /// There is no snapshot, though others of the folder have one.
    Missing,
    /// Nothing is pinned in this folder.
    Unused,
    /// The snapshot cannot be read.
    Unreadable(String),
}

impl Ran {
    /// Whether the verdict agrees and nothing pinned differs.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.differences.is_empty() && matches!(self.pinned, Pinned::Same | Pinned::Unused)
    }

    /// Whether accepting would write a snapshot: only for a verdict that agrees.
    #[must_use]
    pub fn can_accept(&self) -> bool {
        self.differences.is_empty() && self.pinned != Pinned::Same
    }
}

impl Scenario {
    /// Decides every case and compares.
    #[must_use]
    pub fn run(&self) -> Ran {
        let answers: Vec<_> = self.cases.iter().map(|case| self.decide(case)).collect();
        let compared = self.cases.iter().zip(&answers);
        let differences = compared
            .flat_map(|(case, answer)| {
                differences(answer, &case.expected).into_iter().map(|one| (case.label.clone(), one))
            })
            .collect();
        let text = pinned::text(self, &answers);
        Ran { differences, cases: self.cases.len(), pinned: self.pinned(&text), text }
    }

    fn decide(&self, case: &Case) -> Result<Answer, RequestError> {
        let bytes = serde_json::to_vec(&case.request)
            .map_err(|error| RequestError::new(RequestErrorKind::Malformed, "", error.to_string()))?;
        self.engine.decide_json(&bytes)
    }

    fn pinned(&self, text: &str) -> Pinned {
        let path = snapshot::path_of(&self.path);
        match snapshot::read(&path) {
            Ok(Some(pinned)) if snapshot::same(&pinned, text) => Pinned::Same,
            Ok(Some(pinned)) => Pinned::Differs(pinned),
            Ok(None) if path.parent().is_some_and(std::path::Path::is_dir) => Pinned::Missing,
            Ok(None) => Pinned::Unused,
            Err(error) => Pinned::Unreadable(error.to_string()),
        }
    }

    /// Pins the text of a run. Never touches the scenario itself.
    ///
    /// # Errors
    /// When the snapshot cannot be written.
    pub fn accept(&self, ran: &Ran) -> std::io::Result<()> {
        snapshot::write(&snapshot::path_of(&self.path), &self.title, &ran.text)
    }
}
