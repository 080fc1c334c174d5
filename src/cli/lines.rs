//! One request per line, decided on several threads: answers in the order of the requests, and none held back while the
//! next request is waited for.

use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{ScopedJoinHandle, scope};

use crate::engine::Engine;
use crate::model::error::RequestError;

use super::decide::Worst;
use super::input::{Request, Requests};
use super::{Failure, output, stdout_failed};

/// Requests that a thread takes at once.
const BATCH: usize = 256;
/// Batches that may wait for a thread, so that memory is bounded whatever the input does.
const WAITING: usize = 4;
/// Bytes that most answers fit in.
const ANSWER: usize = 1_536;

/// Requests for one thread.
struct Batch {
    requests: Vec<Request>,
    /// The next request may have to be waited for, so that these answers are to be seen first.
    flush: bool,
}

/// Answers of a batch, a line each.
struct Answers {
    text: String,
    errors: Vec<RequestError>,
    worst: Worst,
    flush: bool,
}

/// Decides all requests on so many threads and writes a line for each.
pub fn run(engine: &Engine, language: &str, requests: &mut Requests, threads: usize) -> Result<u8, Failure> {
    scope(|scope| {
        let (mut senders, mut receivers) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (to_thread, batches) = sync_channel::<Batch>(WAITING);
            let (answered, from_thread) = sync_channel::<Answers>(WAITING);
            scope.spawn(move || decide(engine, language, &batches, &answered));
            senders.push(to_thread);
            receivers.push(from_thread);
        }
        let writer = scope.spawn(move || write(&receivers));
        let read = deal(requests, &senders);
        drop(senders);
        let worst = joined(writer)?;
        read.map(|()| worst.exit_code())
    })
}

/// A writer that panics is a fault of ours; it is passed on as one.
fn joined(writer: ScopedJoinHandle<'_, std::io::Result<Worst>>) -> Result<Worst, Failure> {
    match writer.join() {
        Ok(written) => written.map_err(stdout_failed),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Deals batches to the threads in turn, until there are no more or nobody takes them.
fn deal(requests: &mut Requests, threads: &[SyncSender<Batch>]) -> Result<(), Failure> {
    for thread in threads.iter().cycle() {
        let mut batch = Batch { requests: Vec::with_capacity(BATCH), flush: false };
        while batch.requests.len() < BATCH && !batch.flush {
            match requests.next_request() {
                Ok(Some(request)) => batch.requests.push(request),
                Ok(None) => {
                    let _ = thread.send(batch);
                    return Ok(());
                }
                Err(error) => {
                    // What was read is answered all the same.
                    let _ = thread.send(batch);
                    return Err(error);
                }
            }
            batch.flush = requests.may_wait();
        }
        if thread.send(batch).is_err() {
            break;
        }
    }
    Ok(())
}

fn decide(engine: &Engine, language: &str, batches: &Receiver<Batch>, answered: &SyncSender<Answers>) {
    for batch in batches {
        let text = String::with_capacity(batch.requests.len().saturating_mul(ANSWER));
        let mut answers = Answers { text, errors: Vec::new(), worst: Worst::default(), flush: batch.flush };
        for request in batch.requests {
            let answer = request.and_then(|text| engine.decide_json(&text));
            answers.worst.add(&answer);
            match answer {
                Ok(answer) => answer.write_json_line(language, &mut answers.text),
                Err(error) => {
                    answers.text.push_str(&error.to_json().to_string());
                    answers.errors.push(error);
                }
            }
            answers.text.push('\n');
        }
        if answered.send(answers).is_err() {
            return;
        }
    }
}

/// Takes from the threads in the turn in which they were dealt to.
fn write(threads: &[Receiver<Answers>]) -> std::io::Result<Worst> {
    let mut out = std::io::stdout().lock();
    let mut worst = Worst::default();
    for thread in threads.iter().cycle() {
        let Ok(answers) = thread.recv() else { break };
        answers.errors.iter().for_each(output::request_error);
        out.write_all(answers.text.as_bytes())?;
        if answers.flush {
            out.flush()?;
        }
        worst.merge(&answers.worst);
    }
    out.flush()?;
    Ok(worst)
}
