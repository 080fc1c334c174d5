//! Decides every recorded request again: the same bundle must give the same bytes, another one shows what would change.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, PoisonError, RwLock};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde_json::Value as Json;

use crate::engine::Engine;
use crate::model::limits::Limits;

use super::bundles;
use super::entry::{Entry, canonical, exact};
use super::error::RecordError;
use super::mask::{Openings, is_whole, reveal};
use super::source::{Item, Source, bounded};
use super::tally::{Difference, Tally, first_difference};

/// Entries that are decided together.
const BATCH: usize = 1_024;
/// Batches that wait to be decided.
const AHEAD: usize = 4;
/// Bytes after which a batch is full.
const BATCH_BYTES: usize = 32 << 20;

/// Decides everything that a source holds again: with one bundle, or each entry with the bundle that decided it.
/// `progress` is told how many entries are done.
///
/// # Errors
/// When the source does not read, or a bundle cannot be had.
pub fn replay(source: &Source, with: Option<&Engine>, mut progress: impl FnMut(u64)) -> Result<Tally, RecordError> {
    let engines = Engines { source, with, known: RwLock::default() };
    let mut whole = Tally::default();
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel::<Vec<Item>>(AHEAD);
        let reader = scope.spawn(move || read(source, &send));
        for batch in receive {
            let tally = batch.par_iter().map(|item| engines.one(item)).try_reduce(Tally::default, |a, b| Ok(a.and(b)));
            // Dropping the receiver stops the reader.
            whole = std::mem::take(&mut whole).and(tally?);
            progress(whole.entries);
        }
        reader.join().unwrap_or_else(|_| {
            Err(RecordError::Unreadable { what: "the file".into(), why: "what reads it gave up on it".into() })
        })
    })?;
    Ok(whole)
}

fn read(source: &Source, send: &std::sync::mpsc::SyncSender<Vec<Item>>) -> Result<(), RecordError> {
    let (mut batch, mut bytes) = (Vec::with_capacity(BATCH), 0_usize);
    source.each(|item| {
        bounded(&item)?;
        bytes = bytes.saturating_add(item.payload.len());
        batch.push(item);
        if batch.len() >= BATCH || bytes >= BATCH_BYTES {
            bytes = 0;
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            send.send(full).map_err(|_| RecordError::Closed)?;
        }
        Ok(())
    })?;
    send.send(batch).map_err(|_| RecordError::Closed)
}

/// The bundles that decide, loaded when they are first needed.
struct Engines<'s> {
    source: &'s Source,
    with: Option<&'s Engine>,
    known: RwLock<BTreeMap<String, Arc<Engine>>>,
}

impl Engines<'_> {
    fn of(&self, digest: &str) -> Result<Arc<Engine>, RecordError> {
        if let Some(engine) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(digest) {
            return Ok(Arc::clone(engine));
        }
        let engine = match self.source.bundle(digest)? {
            Some(files) => bundles::engine(digest, &files, &Limits::default())?,
            None => shipped(digest)?,
        };
        let engine = Arc::new(engine);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(digest.to_owned(), Arc::clone(&engine));
        Ok(engine)
    }

    fn one(&self, item: &Item) -> Result<Tally, RecordError> {
        let entry = Entry::parse(&item.payload)?;
        let request: Json = serde_json::from_str(entry.request.get()).unwrap_or_default();
        let mut tally = Tally { entries: 1, ..Tally::default() };
        if is_whole(&request) {
            tally.invalid = 1;
            return Ok(tally);
        }
        let openings: Openings =
            item.openings.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let own = match self.with {
            Some(_) => None,
            None => Some(self.of(&entry.bundle.digest)?),
        };
        let Some(engine) = self.with.or(own.as_deref()) else { return Ok(tally) };
        let answer = engine.decide_json(reveal(&request, &openings).to_string().as_bytes());
        let same_bundle = *engine.bundle().digest == *entry.bundle.digest;
        let new = match &answer {
            Ok(answer) => exact(serde_json::to_value(answer).unwrap_or_default()),
            Err(error) => error.to_json(),
        };
        let identical = canonical(&new)? == entry.decision.get().as_bytes();
        if same_bundle {
            tally.same_bundle = 1;
            if !identical {
                tally.different = 1;
                tally.first = Some(Box::new(difference(&entry, &new, &openings)?));
            }
        }
        if !identical {
            tally.compare(&entry, &new)?;
        }
        Ok(tally)
    }
}

/// A bundle that is compiled in, when it has the digest.
fn shipped(digest: &str) -> Result<Engine, RecordError> {
    let engine = Engine::embedded().map_err(|error| RecordError::Failed(error.to_string()))?;
    if &*engine.bundle().digest == digest {
        return Ok(engine);
    }
    let why = "neither the file nor this command has it; say with `--bundle` which bundle is to decide".into();
    Err(RecordError::Bundle { digest: digest.to_owned(), why })
}

fn difference(entry: &Entry<'_>, new: &Json, openings: &Openings) -> Result<Difference, RecordError> {
    let old = old(entry)?;
    let (path, before, after) = first_difference(&old, new);
    let why = if entry.engine != env!("CARGO_PKG_VERSION") {
        format!("engine {} decided, this is engine {}", entry.engine, env!("CARGO_PKG_VERSION"))
    } else if openings.values().any(|opening| opening.value.is_none()) || entry.request.get().contains("\"$private\"") {
        "the entry was altered, or the decision depends on a private value that is not kept; `clausal log verify` tells which".into()
    } else {
        "the entry was altered; `clausal log verify` tells".into()
    };
    Ok(Difference { seq: entry.seq, path, before, after, why })
}

fn old(entry: &Entry<'_>) -> Result<Json, RecordError> {
    serde_json::from_str(entry.decision.get()).map_err(|error| RecordError::Unreadable {
        what: format!("the decision of entry {}", entry.seq),
        why: format!("{:?} error", error.classify()).to_lowercase(),
    })
}
