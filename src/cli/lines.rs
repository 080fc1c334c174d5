//! One request per line, decided on several threads: answers in the order of the requests, and none held back while the
//! next request is waited for.
//!
//! Each thread takes what can be read, decides it, and gives it: it is written when all before it were. A thread that is
//! early leaves its answers and goes on, but not far ahead, so that what is held is bounded whatever the input does.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::scope;

use indicatif::{ProgressBar, ProgressStyle};

use crate::engine::{Engine, JsonLines};
use crate::model::error::RequestError;

use super::decide::Worst;
use super::input::{Chunk, Lines};
use super::{Failure, output, stdout_failed};

/// Answers that may wait for those before them, for each thread.
const AHEAD: usize = 2;

/// Decides all requests on so many threads and writes a line for each.
pub fn run(engine: &Engine, language: &str, requests: Lines, threads: usize) -> Result<u8, Failure> {
    let bar = bar(requests.size());
    let turns = Turns {
        source: Mutex::new(Source { requests, taken: 0, end: None }),
        sink: Mutex::new(Sink {
            given: 0,
            early: BTreeMap::new(),
            spare: Vec::new(),
            worst: Worst::default(),
            end: None,
            bar,
        }),
        given: Condvar::new(),
        ahead: threads.saturating_mul(AHEAD),
    };
    scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| turns.work(engine.json_lines(language)));
        }
    });
    let (source, sink) = (whole(turns.source.into_inner()), whole(turns.sink.into_inner()));
    sink.bar.finish_and_clear();
    match (sink.end, source.end) {
        (Some(End::Failed(failure)), _) | (_, Some(End::Failed(failure))) => Err(failure),
        _ => Ok(sink.worst.exit_code()),
    }
}

/// How far it is, on a terminal whose output goes elsewhere.
fn bar(size: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() || std::io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match size {
        Some(size) => (ProgressBar::new(size), "{bar:40} {bytes}/{total_bytes} of requests, {eta} left"),
        None => (ProgressBar::no_length(), "{bytes} of requests, {bytes_per_sec}"),
    };
    // A template that cannot be read would be ours; the plain bar does as well.
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A thread that panics is a fault of ours, and passed on as one: what it held is not looked at then.
fn whole<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

/// Why no more is taken or given.
enum End {
    Reached,
    Failed(Failure),
}

struct Source {
    requests: Lines,
    taken: u64,
    end: Option<End>,
}

struct Sink {
    /// So many chunks were given and written.
    given: u64,
    /// Given before their turn.
    early: BTreeMap<u64, Answers>,
    /// What answers may be written in.
    spare: Vec<Answers>,
    worst: Worst,
    end: Option<End>,
    bar: ProgressBar,
}

struct Turns {
    source: Mutex<Source>,
    sink: Mutex<Sink>,
    given: Condvar,
    /// So many answers may be early.
    ahead: usize,
}

/// Answers of a chunk, a line each.
#[derive(Default)]
struct Answers {
    /// How long their requests are.
    read: u64,
    text: String,
    errors: Vec<(u64, RequestError)>,
    worst: Worst,
}

impl Answers {
    fn decide(&mut self, lines: &mut JsonLines, chunk: &Chunk) {
        self.read = chunk.size();
        self.text.clear();
        self.errors.clear();
        for (number, line) in chunk.lines() {
            let outcome = lines.decide(line, &mut self.text);
            self.worst.add_outcome(outcome.as_ref().ok().copied());
            if let Err(error) = outcome {
                self.text.push_str(&error.to_json().to_string());
                self.errors.push((number, error));
            }
            self.text.push('\n');
        }
    }
}

impl Turns {
    fn work(&self, mut lines: JsonLines) {
        let mut chunk = Chunk::default();
        while let Some(turn) = self.take(&mut chunk) {
            let mut answers = self.sink().spare.pop().unwrap_or_default();
            answers.decide(&mut lines, &chunk);
            turn.give(answers);
        }
    }

    /// The next chunk, and the turn in which its answers are given.
    fn take(&self, chunk: &mut Chunk) -> Option<Turn<'_>> {
        let mut source = whole(self.source.lock());
        if source.end.is_some() || self.sink().end.is_some() {
            return None;
        }
        match source.requests.next_chunk(chunk) {
            Ok(true) => {
                let turn = Turn { turns: self, number: source.taken };
                source.taken = source.taken.saturating_add(1);
                return Some(turn);
            }
            Ok(false) => source.end = Some(End::Reached),
            Err(failure) => source.end = Some(End::Failed(failure)),
        }
        None
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        whole(self.sink.lock())
    }
}

impl Sink {
    /// Writes what was left for this turn and those that follow it.
    fn write(&mut self) {
        while let Some(answers) = self.early.remove(&self.given) {
            if self.end.is_none() {
                let tell = || answers.errors.iter().for_each(|(line, error)| output::request_error(error, Some(*line)));
                if !answers.errors.is_empty() {
                    self.bar.suspend(tell);
                }
                let mut out = std::io::stdout().lock();
                if let Err(error) = out.write_all(answers.text.as_bytes()).and_then(|()| out.flush()) {
                    self.end = Some(End::Failed(stdout_failed(error)));
                }
            }
            self.bar.inc(answers.read);
            self.worst.merge(&answers.worst);
            self.spare.push(answers);
            self.given = self.given.saturating_add(1);
        }
    }
}

/// The turn of a chunk: it passes, whatever becomes of the chunk.
struct Turn<'t> {
    turns: &'t Turns,
    number: u64,
}

impl Turn<'_> {
    /// Leaves answers, to be written after those before them.
    fn give(&self, answers: Answers) {
        let Turns { given, ahead, .. } = self.turns;
        let is_far = |sink: &mut Sink| sink.early.len() >= *ahead && sink.given != self.number;
        let mut sink = whole(given.wait_while(self.turns.sink(), is_far));
        sink.early.insert(self.number, answers);
        sink.write();
        drop(sink);
        given.notify_all();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.give(Answers::default());
        }
    }
}
