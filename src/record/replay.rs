//! Decides every recorded request again: the same bundle must give the same bytes, another one shows what would change.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::engine::Engine;
use crate::model::limits::Limits;

use super::again::{Decider, Scratch};
use super::bundles;
use super::error::RecordError;
use super::source::{Piece, Reader, Source};
use super::tally::Tally;

/// Pieces that wait to be decided.
const AHEAD: usize = 4;

/// Decides everything that a source holds again: with one bundle, or each entry with the bundle that decided it.
/// `progress` is told how many entries are done.
///
/// # Errors
/// When the source does not read, or a bundle cannot be had.
pub fn replay(source: &Source, with: Option<&Engine>, mut progress: impl FnMut(u64)) -> Result<Tally, RecordError> {
    let deciders = Deciders { source, with: with.cloned().map(Decider::new).map(Arc::new), known: RwLock::default() };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut whole = Tally::default();
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel::<Piece>(AHEAD);
        let (tell, told) = channel::<Result<Tally, RecordError>>();
        let pieces = Arc::new(Mutex::new(receive));
        let reader = scope.spawn(move || source.pieces(|piece| give(&send, piece)));
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let (pieces, tell, deciders) = (Arc::clone(&pieces), tell.clone(), &deciders);
                scope.spawn(move || work(deciders, &pieces, &tell))
            })
            .collect();
        // When all workers are gone nobody takes pieces any more, and the reader stops.
        drop((pieces, tell));
        let mut failed = None;
        for tally in told {
            match tally {
                Ok(tally) => {
                    whole = std::mem::take(&mut whole).and(tally);
                    progress(whole.entries);
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        // What reads Parquet may panic on a file that lies.
        let gave_up = || RecordError::Unreadable { what: "the file".into(), why: "what reads it gave up on it".into() };
        let panicked = workers.into_iter().filter_map(|worker| worker.join().err()).count() > 0;
        let read = reader.join().unwrap_or_else(|_| Err(gave_up()));
        match (failed, panicked, read) {
            (Some(error), ..) => Err(error),
            (None, true, _) => Err(gave_up()),
            (None, false, read) => read,
        }
    })?;
    Ok(whole)
}

fn give(send: &SyncSender<Piece>, piece: Piece) -> Result<(), RecordError> {
    send.send(piece).map_err(|_| RecordError::Closed)
}

/// Decides pieces until there are none, or one fails.
fn work(deciders: &Deciders<'_>, pieces: &Mutex<Receiver<Piece>>, tell: &Sender<Result<Tally, RecordError>>) {
    let (mut reader, mut scratch) = (Reader::default(), Scratch::default());
    // The bundle that decided the entry before: most often it decided this one too.
    let mut last: Option<Arc<Decider>> = None;
    loop {
        let piece = pieces.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(piece) = piece else { return };
        let mut tally = Tally::default();
        let done = deciders.source.each(&piece, &mut reader, |payload, openings| {
            let decider = match (&deciders.with, &last) {
                (Some(decider), _) => decider,
                (None, Some(decider)) if decider.decided(payload) => decider,
                (None, _) => last.insert(deciders.of(payload)?),
            };
            decider.entry(payload, openings, &mut scratch, &mut tally)
        });
        let failed = done.is_err();
        if tell.send(done.map(|()| tally)).is_err() || failed {
            return;
        }
    }
}

/// The bundles that decide, loaded when they are first needed.
struct Deciders<'s> {
    source: &'s Source,
    with: Option<Arc<Decider>>,
    known: RwLock<BTreeMap<String, Arc<Decider>>>,
}

impl Deciders<'_> {
    /// The bundle that decided an entry.
    fn of(&self, payload: &[u8]) -> Result<Arc<Decider>, RecordError> {
        self.by_digest(&super::entry::Entry::parse(payload)?.bundle.digest)
    }

    fn by_digest(&self, digest: &str) -> Result<Arc<Decider>, RecordError> {
        if let Some(decider) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(digest) {
            return Ok(Arc::clone(decider));
        }
        // One thread loads; the others wait for it instead of doing the same.
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(decider) = known.get(digest) {
            return Ok(Arc::clone(decider));
        }
        let engine = match self.source.bundle(digest)? {
            Some(files) => bundles::engine(digest, &files, &Limits::default())?,
            None => shipped(digest)?,
        };
        let decider = Arc::new(Decider::new(engine));
        known.insert(digest.to_owned(), Arc::clone(&decider));
        Ok(decider)
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
