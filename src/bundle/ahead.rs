//! Reads the files of a bundle ahead, on other processors, while the bundle is built of those that were read.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::model::finding::Findings;
use crate::model::limits::BundleLimits;

use super::files::Files;
use super::manifest::Named;
use super::scalars::scalars;
use super::yaml::{Node, parse};

/// Fewer files are not worth a thread.
const FILES: usize = 8;
/// More threads than this find nothing to do.
const THREADS: usize = 8;

/// A file as it was read.
#[derive(Debug)]
pub struct Parsed {
    /// Its text, without a byte order mark.
    pub text: Arc<str>,
    /// What it says; `None` when it says nothing.
    pub node: Option<Node>,
    /// What is wrong with it.
    pub findings: Findings,
}

/// How far a file is.
#[derive(Debug)]
enum Stage {
    /// Somebody reads it.
    Reading,
    /// It was read, or it cannot be.
    Read(Option<Box<Parsed>>),
    /// It was taken.
    Taken,
}

/// Files that are read ahead, in the order in which they will be asked for.
#[derive(Debug)]
pub struct Ahead<'f> {
    files: &'f Files,
    limits: &'f BundleLimits,
    named: Vec<&'f Named>,
    next: AtomicUsize,
    stages: Mutex<HashMap<&'f str, Stage>>,
    moved: Condvar,
}

impl<'f> Ahead<'f> {
    /// Files of which none is read yet; none at all where there are few, or only one processor.
    pub fn new(files: &'f Files, named: Vec<&'f Named>, limits: &'f BundleLimits) -> Self {
        let worth = named.len() >= FILES && named.len() <= limits.files && threads() > 1;
        let named = if worth { named } else { Vec::new() };
        Self { files, limits, named, next: AtomicUsize::new(0), stages: Mutex::default(), moved: Condvar::new() }
    }

    /// Reads them on other threads while something else is done here.
    pub fn while_building<T>(&self, build: impl FnOnce() -> T) -> T {
        if self.named.is_empty() {
            return build();
        }
        thread::scope(|scope| {
            for _ in 1..threads() {
                // A thread that does not start leaves its work to the others.
                drop(thread::Builder::new().spawn_scoped(scope, || while self.read_next() {}));
            }
            build()
        })
    }

    fn stages(&self) -> MutexGuard<'_, HashMap<&'f str, Stage>> {
        // Each change is whole.
        self.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a file that nobody reads; false when there is none.
    fn read_next(&self) -> bool {
        let Some(named) = self.named.get(self.next.fetch_add(1, Ordering::Relaxed)) else { return false };
        let path = named.path.as_str();
        let mut stages = self.stages();
        // Named twice, or taken unread.
        let known = stages.contains_key(path);
        if !known {
            stages.insert(path, Stage::Reading);
        }
        drop(stages);
        if !known {
            let mut done = Done { ahead: self, path, parsed: None };
            done.parsed = one(self.files, named, self.limits).map(Box::new);
        }
        true
    }

    /// A file that was read ahead; `None` for one that was not, or cannot be read: it is not read any more.
    pub fn take(&self, path: &str) -> Option<Parsed> {
        let path = self.named.iter().find(|named| named.path == path)?.path.as_str();
        let mut stages = self.stages();
        loop {
            match stages.insert(path, Stage::Taken) {
                Some(Stage::Read(parsed)) => return parsed.map(|parsed| *parsed),
                Some(Stage::Reading) => {
                    stages.insert(path, Stage::Reading);
                    drop(stages);
                    let found = self.read_next();
                    stages = self.stages();
                    while !found && matches!(stages.get(path), Some(Stage::Reading)) {
                        stages = self.moved.wait(stages).unwrap_or_else(PoisonError::into_inner);
                    }
                }
                None | Some(Stage::Taken) => return None,
            }
        }
    }
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS)
}

/// Tells that a file is no longer being read, come what may: others wait for it.
struct Done<'a, 'f> {
    ahead: &'a Ahead<'f>,
    path: &'f str,
    parsed: Option<Box<Parsed>>,
}

impl Drop for Done<'_, '_> {
    fn drop(&mut self) {
        self.ahead.stages().insert(self.path, Stage::Read(self.parsed.take()));
        self.ahead.moved.notify_all();
    }
}

fn one(files: &Files, named: &Named, limits: &BundleLimits) -> Option<Parsed> {
    let text = files.read(&named.path, limits.file_bytes, &named.place).ok()?;
    let text = without_mark(&text);
    let mut findings = Findings::default();
    let node = parsed(named, &text, limits, &mut findings);
    Some(Parsed { text, node, findings })
}

/// Places are counted without a byte order mark.
pub fn without_mark(text: &Arc<str>) -> Arc<str> {
    text.strip_prefix('\u{feff}').map_or(Arc::clone(text), Arc::from)
}

/// What a file says, and all that is wrong with how it is written.
pub fn parsed(named: &Named, text: &str, limits: &BundleLimits, findings: &mut Findings) -> Option<Node> {
    let node = parse(&named.path, text, limits, findings)?;
    scalars(&node, findings);
    Some(node)
}
