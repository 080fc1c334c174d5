//! Reads the files of a bundle ahead, on all processors: parsing YAML is most of what loading takes.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

/// Files that were read ahead, by their paths. Those that cannot be read are not among them.
pub type Ahead = HashMap<String, Parsed>;

/// Reads files; none where there are few, or only one processor.
pub fn read(files: &Files, named: &[&Named], limits: &BundleLimits) -> Ahead {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS);
    if named.len() < FILES || named.len() > limits.files || threads < 2 {
        return Ahead::new();
    }
    // The longest first, so that none is left at the end that all others wait for.
    let mut named = named.to_vec();
    named.sort_by_cached_key(|named| std::cmp::Reverse(files.size(&named.path)));
    let (next, read) = (AtomicUsize::new(0), Mutex::new(Ahead::new()));
    let work = || {
        while let Some(named) = named.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(parsed) = one(files, named, limits) {
                // Files are only added, each whole.
                read.lock().unwrap_or_else(PoisonError::into_inner).insert(named.path.clone(), parsed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that does not start leaves its work to the others.
            drop(thread::Builder::new().spawn_scoped(scope, work));
        }
        work();
    });
    read.into_inner().unwrap_or_else(PoisonError::into_inner)
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
