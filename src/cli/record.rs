//! What the commands that write or read a log share: the clock, and `clausal decide --record`.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::decision::Answer;
use crate::engine::Engine;
use crate::model::error::RequestError;
use crate::model::time::Timestamp;
use crate::record::{LogFile, Options, Pending, Recorder, SecretKey};

use super::Failure;
use super::input::Request;

/// Answers that may wait for the disk together.
const WINDOW: usize = 4_096;

/// Where decisions are recorded.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Record every decision in this log; an answer is given when its entry is durable
    #[arg(long, value_name = "LOG")]
    record: Option<PathBuf>,
    /// Sign checkpoints of the log with this key
    #[arg(long, value_name = "KEY", requires = "record")]
    checkpoint_key: Option<PathBuf>,
    /// Sign a checkpoint each time so many entries were added
    #[arg(long, value_name = "N", requires = "checkpoint_key", default_value_t = 10_000,
          value_parser = clap::value_parser!(u64).range(1..))]
    checkpoint_every: u64,
}

impl RecordArgs {
    /// Whether there is to be a log.
    pub fn is_given(&self) -> bool {
        self.record.is_some()
    }

    /// Opens the log, if there is to be one.
    pub fn open(&self, engine: &Engine) -> Result<Option<Recording>, Failure> {
        let Some(path) = &self.record else { return Ok(None) };
        let key = self.checkpoint_key.as_deref().map(SecretKey::read).transpose()?;
        let checkpoints = key.map(|key| (self.checkpoint_every, key));
        let log = LogFile::open(path, Options { checkpoints, ..Options::default() })?;
        Ok(Some(Recording { recorder: engine.with_record(&log), pending: VecDeque::new() }))
    }
}

/// Decisions on their way to the log, in order.
pub struct Recording {
    recorder: Recorder,
    pending: VecDeque<Pending>,
}

impl Recording {
    /// Decides a request and hands it to the log.
    pub fn submit(&mut self, request: Request) -> Result<(), Failure> {
        let now = now()?;
        let pending = match request {
            Ok(text) => self.recorder.submit_json(&text, now),
            Err(error) => self.recorder.submit_error(error, now),
        };
        self.pending.push_back(pending?);
        Ok(())
    }

    /// The next answer that is durable; none while fewer than the window wait, unless all are wanted.
    pub fn next(&mut self, all: bool) -> Result<Option<Result<Answer, RequestError>>, Failure> {
        if !all && self.pending.len() < WINDOW {
            return Ok(None);
        }
        let Some(pending) = self.pending.pop_front() else { return Ok(None) };
        Ok(Some(pending.wait()?.answer))
    }
}

/// The time by the clock of this machine.
pub fn now() -> Result<Timestamp, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let now = since.and_then(|since| Timestamp::from_unix(i64::try_from(since.as_secs()).ok()?, since.subsec_nanos()));
    now.ok_or_else(|| Failure::Usage("the clock of this machine is before 1970 or after 9999; set it".into()))
}
