//! An engine whose decisions are recorded: no answer without a record.

use std::cell::RefCell;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::decision::{Answer, Decision};
use crate::engine::Engine;
use crate::model::error::{RequestError, RequestErrorKind};
use crate::model::time::Timestamp;

use super::entry::{Body, canonical};
use super::error::RecordError;
use super::line::Lines;
use super::mask::{Scratch, mask, mask_whole};
use super::queue::{LogFile, Ticket};
use super::store::{Draft, Receipt};

/// An engine and the log that its decisions go to. Cheap to clone, shared between threads.
#[derive(Clone, Debug)]
pub struct Recorder {
    engine: Engine,
    log: LogFile,
    /// How each entry begins: with the name of the bundle.
    begin: Arc<[u8]>,
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
        Recorder { engine: self.clone(), log: log.clone(), begin: Body::begin(self.bundle()).into() }
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
        let draft = self.put_together(&answer, b"", received)?;
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
        let draft = self.put_together(&answer, bytes, received)?;
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
        request: &[u8],
        received: Timestamp,
    ) -> Result<Draft, RecordError> {
        HAND.with_borrow_mut(|Hand { lines, masking }| {
            // Most entries are shorter.
            let mut bytes = Vec::with_capacity(self.begin.len().saturating_add(request.len()).saturating_add(2_048));
            bytes.extend_from_slice(&self.begin);
            match answer {
                Ok(answer) => lines.answer(&self.engine, answer, &mut bytes)?,
                Err(error) => bytes.append(&mut canonical(&error_json(error))?),
            }
            Body::go_on(&mut bytes, received);
            let openings = match answer {
                Ok(answer) => {
                    let kind = answer.decisions().first().map(Decision::kind);
                    mask(self.engine.checked(), self.engine.shapes(), kind, request, masking, &mut bytes)?
                }
                Err(_) => mask_whole(request, masking, &mut bytes)?,
            };
            Ok(Draft { body: Body::end(bytes)?, openings, bundle: self.engine.shared_bundle() })
        })
    }
}

/// What a thread that puts entries together keeps from one to the next.
#[derive(Default)]
struct Hand {
    lines: Lines,
    masking: Scratch,
}

thread_local! {
    static HAND: RefCell<Hand> = RefCell::default();
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
