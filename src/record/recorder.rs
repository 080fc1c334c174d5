//! An engine whose decisions are recorded: no answer without a record.

use serde_json::Value as Json;

use crate::decision::{Answer, Decision};
use crate::engine::Engine;
use crate::model::error::{RequestError, RequestErrorKind};
use crate::model::time::Timestamp;

use super::canonical::Writer;
use super::entry::{Body, canonical};
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
        let answer = self.engine.decide_json(bytes);
        let masked = match &answer {
            Ok(answer) => {
                let kind = answer.decisions().first().map(Decision::kind);
                mask(self.engine.checked(), self.engine.shapes(), kind, bytes)?
            }
            Err(_) => mask_whole(bytes)?,
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
        let mut bytes = Body::begin(self.engine.bundle());
        match answer {
            Ok(answer) => decision(&self.engine, answer, &mut Writer::default(), &mut bytes)?,
            Err(error) => bytes.append(&mut canonical(&error_json(error))?),
        }
        Body::go_on(&mut bytes, received);
        bytes.extend_from_slice(&masked.request);
        let openings = match masked.openings.is_empty() {
            true => Vec::new(),
            false => serde_json::to_vec(&masked.openings).map_err(|error| RecordError::Failed(error.to_string()))?,
        };
        Ok(Draft { body: Body::end(bytes)?, openings, bundle: self.engine.shared_bundle() })
    }
}

/// Writes an answer as entries hold it: in the default language of the bundle, in canonical form.
///
/// # Errors
/// None for an answer of the engine.
pub fn decision(engine: &Engine, answer: &Answer, writer: &mut Writer, out: &mut Vec<u8>) -> Result<(), RecordError> {
    let line = answer.to_json_line(engine.languages().next().unwrap_or("en"));
    writer.write(line.as_bytes(), (), &mut (), out)
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
