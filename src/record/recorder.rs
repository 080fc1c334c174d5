//! An engine whose decisions are recorded: no answer without a record.

use serde_json::Value as Json;

use crate::decide::tree::parse;
use crate::decision::Answer;
use crate::engine::Engine;
use crate::model::error::{RequestError, RequestErrorKind};
use crate::model::time::Timestamp;

use super::entry::Body;
use super::error::RecordError;
use super::mask::{Masked, mask, mask_whole};
use super::queue::{LogFile, Ticket};
use super::store::{Draft, Receipt};

/// An engine and the log that its decisions go to. Cheap to clone, shared between threads.
#[derive(Clone, Debug)]
pub struct Recorder {
    engine: Engine,
    log: LogFile,
}

/// A decision that is recorded.
#[derive(Debug)]
pub struct Recorded {
    /// The answer, or why the request could not be decided, which is recorded too.
    pub answer: Result<Answer, RequestError>,
    /// Where it is in the log.
    pub receipt: Receipt,
}

/// A decision that is on its way to the log. The answer is given when it is durable.
#[derive(Debug)]
pub struct Pending {
    answer: Result<Answer, RequestError>,
    ticket: Ticket,
}

impl Pending {
    /// Waits until the entry is durable.
    ///
    /// # Errors
    /// When it was not recorded: then there is no answer either.
    pub fn wait(self) -> Result<Recorded, RecordError> {
        let receipt = self.ticket.wait()?;
        Ok(Recorded { answer: self.answer, receipt })
    }
}

impl Engine {
    /// This engine, its decisions recorded in a log.
    #[must_use]
    pub fn with_record(&self, log: &LogFile) -> Recorder {
        Recorder { engine: self.clone(), log: log.clone() }
    }
}

impl Recorder {
    /// The engine that decides.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Decides one JSON request, and waits until that is durable. `received` is when it came in, by the caller's clock.
    ///
    /// # Errors
    /// When it was not recorded.
    pub fn decide_json(&self, bytes: &[u8], received: Timestamp) -> Result<Recorded, RecordError> {
        self.submit_json(bytes, received)?.wait()
    }

    /// Decides one JSON request and hands it to the log.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn submit_json(&self, bytes: &[u8], received: Timestamp) -> Result<Pending, RecordError> {
        let (answer, draft) = self.draft(bytes, received)?;
        self.submit(answer, draft, received)
    }

    /// Records that a request did not even become JSON.
    ///
    /// # Errors
    /// When the log does not take it.
    pub fn submit_error(&self, error: RequestError, received: Timestamp) -> Result<Pending, RecordError> {
        let answer = Err(error);
        let draft = self.put_together(&answer, mask_whole(b"")?, received)?;
        self.submit(answer, draft, received)
    }

    /// Decides one JSON request and puts the entry together, without recording it: for callers with a [`super::Store`] of
    /// their own.
    ///
    /// # Errors
    /// When the entry is too large, or the system gives no random numbers.
    pub fn draft(
        &self,
        bytes: &[u8],
        received: Timestamp,
    ) -> Result<(Result<Answer, RequestError>, Draft), RecordError> {
        let tree = parse(bytes, &self.engine.limits().request);
        let answer = tree.as_ref().map_err(Clone::clone).and_then(|tree| self.engine.decide_tree(tree));
        let masked = match (&tree, &answer) {
            (Ok(tree), Ok(_)) => mask(self.engine.checked(), self.engine.shapes(), tree)?,
            _ => mask_whole(bytes)?,
        };
        let draft = self.put_together(&answer, masked, received)?;
        Ok((answer, draft))
    }

    fn submit(
        &self,
        answer: Result<Answer, RequestError>,
        draft: Draft,
        received: Timestamp,
    ) -> Result<Pending, RecordError> {
        let ticket = self.log.append(draft, received)?;
        Ok(Pending { answer, ticket })
    }

    fn put_together(
        &self,
        answer: &Result<Answer, RequestError>,
        masked: Masked,
        received: Timestamp,
    ) -> Result<Draft, RecordError> {
        let decision = match answer {
            Ok(answer) => serde_json::to_value(answer).map_err(|error| RecordError::Failed(error.to_string()))?,
            Err(error) => error_json(error),
        };
        let body = Body::new(self.engine.bundle(), decision, received, masked.request)?;
        Ok(Draft { body, openings: masked.openings, bundle: self.engine.shared_bundle() })
    }
}

/// Why a request could not be decided, without what it said: its message may quote a part of it.
fn error_json(error: &RequestError) -> Json {
    let why = match error.kind {
        RequestErrorKind::Malformed => "malformed",
        RequestErrorKind::TooLarge => "too-large",
        RequestErrorKind::UnknownKey => "unknown-key",
        RequestErrorKind::Missing => "missing",
        RequestErrorKind::WrongType => "wrong-type",
        RequestErrorKind::UnknownValue => "unknown-value",
        RequestErrorKind::Contradiction => "contradiction",
    };
    serde_json::json!({ "error": { "code": error.code(), "why": why } })
}
