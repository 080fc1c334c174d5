//! Has anyone touched the log? Reads all of it once, and says the first bad entry.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::bundle::load::digest_of;
use crate::model::time::Timestamp;

use super::checkpoint::{Checkpoint, PublicKey};
use super::entry::{Entry, Hash, has_number};
use super::error::RecordError;
use super::mask::{Openings, at_path, committed, opens};
use super::merkle::{self, Frontier};
use super::store::{Row, Store};

/// Something that is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The entry from which on the log is not to be believed; `None` when it is not about entries.
    pub entry: Option<u64>,
    /// The stable code.
    pub code: &'static str,
    /// One lower-case sentence.
    pub message: String,
}

/// What verifying gave.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Entries read.
    pub entries: u64,
    /// Entries whose payload was pruned.
    pub pruned: u64,
    /// Checkpoints that were checked and agree.
    pub checkpoints: u64,
    /// The entries that the last good checkpoint covers.
    pub covered: u64,
    /// The hash of the last entry.
    pub head: Option<Hash>,
    /// What is wrong; the first bad entry first.
    pub faults: Vec<Fault>,
    /// What is odd and can be innocent: entries whose time is before that of the entry before.
    pub clock_back: Vec<u64>,
}

impl Verified {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, entry: Option<u64>, code: &'static str, message: impl Into<String>) {
        // One fault of entries is enough: after the first bad one nothing is to be believed.
        if entry.is_none() || !self.faults.iter().any(|fault| fault.entry.is_some()) {
            self.faults.push(Fault { entry, code, message: message.into() });
        }
    }
}

/// Entries whose clock went back that are told by number.
const TOLD: usize = 20;

/// Verifies a log: the file, the chain, the private values that are kept, the bundles, and the checkpoints (those in the
/// log and those kept elsewhere). With trusted keys, checkpoints must be signed by one of them.
///
/// # Errors
/// When the log cannot be read at all.
pub fn verify(store: &Store, elsewhere: &[Checkpoint], trusted: &[PublicKey]) -> Result<Verified, RecordError> {
    store.hold()?;
    let name = store.name()?;
    let mut found = Verified::default();
    let mut checkpoints = Vec::new();
    for checkpoint in store.checkpoints()? {
        match checkpoint {
            Ok(checkpoint) => checkpoints.push(("in the log", checkpoint)),
            Err(error) => found.fault(None, "checkpoint-unreadable", error.to_string()),
        }
    }
    checkpoints.extend(elsewhere.iter().map(|checkpoint| ("kept elsewhere", checkpoint.clone())));
    believe(&mut checkpoints, name, trusted, &mut found);
    checkpoints.sort_by_key(|(_, checkpoint)| checkpoint.count);

    let mut walk =
        Walk { previous: name, tree: Frontier::default(), last_time: None, checkpoints: &checkpoints, next: 0 };
    walk.compare(&mut found);
    let scanned = store.scan_all(|row| {
        walk.entry(row, &mut found);
        Ok(!found.faults.iter().any(|fault| fault.entry.is_some()))
    });
    if let Err(error) = scanned {
        let next = found.entries.saturating_add(1);
        found.fault(Some(next), "damaged", format!("entries from {next} on cannot be read: {error}"));
    }
    found.head = Some(walk.previous);
    walk.finish(store, &mut found)?;
    bundles(store, &mut found)?;
    for line in store.integrity().unwrap_or_else(|error| vec![error.to_string()]) {
        found.fault(None, "damaged", format!("the file is damaged: {}", line.replace('\n', " ")));
    }
    found.faults.sort_by_key(|fault| fault.entry.is_none());
    Ok(found)
}

/// Drops the checkpoints that are not to be believed, and says so.
fn believe(checkpoints: &mut Vec<(&str, Checkpoint)>, name: Hash, trusted: &[PublicKey], found: &mut Verified) {
    checkpoints.retain(|(place, checkpoint)| {
        let what = format!("the checkpoint of {} entries {place}", checkpoint.count);
        if let Err(why) = checkpoint.check(trusted) {
            found.fault(None, "checkpoint-forged", format!("{what} is not to be believed: {why}"));
            return false;
        }
        if checkpoint.log != name.to_string() {
            found.fault(None, "other-log", format!("{what} is of another log"));
            return false;
        }
        true
    });
}

/// The state while entries are read in order.
struct Walk<'c> {
    previous: Hash,
    tree: Frontier,
    last_time: Option<Timestamp>,
    checkpoints: &'c [(&'c str, Checkpoint)],
    next: usize,
}

impl Walk<'_> {
    fn entry(&mut self, row: Row, found: &mut Verified) {
        let wanted = found.entries.saturating_add(1);
        if row.seq != wanted {
            let message = match row.seq > wanted {
                true => format!("entry {wanted} is missing: the next that is there is {}", row.seq),
                false => format!("an entry stands before the first, as number {}", row.seq),
            };
            return found.fault(Some(wanted), "missing", message);
        }
        let digest = match (&row.payload, row.digest) {
            (Some(payload), None) => {
                if !has_number(payload, row.seq) {
                    let message = format!("entry {wanted} says that it has another number: entries were exchanged");
                    return found.fault(Some(wanted), "reordered", message);
                }
                Hash::of_payload(payload)
            }
            (None, Some(digest)) => {
                found.pruned = found.pruned.saturating_add(1);
                digest
            }
            _ => return found.fault(Some(wanted), "edited", format!("entry {wanted} is neither whole nor pruned")),
        };
        let hash = Hash::chained(&self.previous, &digest);
        if hash != row.hash {
            let message = format!("entry {wanted} was edited: its hash does not fit what it says");
            return found.fault(Some(wanted), "edited", message);
        }
        if let Some(payload) = &row.payload {
            self.content(payload, row.openings.as_deref(), wanted, found);
        }
        self.previous = hash;
        self.tree.push(merkle::leaf(&hash));
        found.entries = wanted;
        self.compare(found);
    }

    /// What the entry says about time, and whether the private values that are kept are those it was made with.
    fn content(&mut self, payload: &[u8], openings: Option<&[u8]>, seq: u64, found: &mut Verified) {
        let entry = match Entry::parse(payload) {
            Ok(entry) => entry,
            Err(error) => return found.fault(Some(seq), "unreadable", format!("entry {seq}: {error}")),
        };
        let time = Timestamp::parse(&entry.received);
        if let (Some(time), Some(last)) = (time, self.last_time)
            && last.is_after(time)
            && found.clock_back.len() < TOLD
        {
            found.clock_back.push(seq);
        }
        self.last_time = time.or(self.last_time);
        let Some(openings) = openings else { return };
        let good = serde_json::from_slice::<Openings>(openings).is_ok_and(|openings| {
            let request: Json = serde_json::from_str(entry.request.get()).unwrap_or_default();
            let good =
                |path: &str, value: Option<&str>, opening| match (at_path(&request, path).and_then(committed), value) {
                    (Some(committed), Some(value)) => opens(opening, value, committed),
                    (Some(_), None) => true,
                    (None, _) => false,
                };
            openings.iter().all(|(path, opening)| good(path, opening.value.as_deref(), opening))
        });
        if !good {
            let message = format!("a private value kept aside for entry {seq} is not the one it was made with");
            found.fault(None, "private-changed", message);
        }
    }

    /// Compares with the checkpoints of as many entries as were read.
    fn compare(&mut self, found: &mut Verified) {
        while let Some((place, checkpoint)) = self.checkpoints.get(self.next).filter(|(_, c)| c.count == found.entries)
        {
            let known = found.entries == 0 || checkpoint.head == self.previous.to_string();
            if known && checkpoint.root == self.tree.root().to_string() {
                found.checkpoints = found.checkpoints.saturating_add(1);
                found.covered = checkpoint.count;
            } else {
                let first = found.covered.saturating_add(1);
                let message = format!(
                    "the log was rewritten: it does not agree with the checkpoint of {} entries {place}, and did until entry {}",
                    checkpoint.count, found.covered
                );
                found.fault(Some(first), "rewritten", message);
            }
            self.next = self.next.saturating_add(1);
        }
    }

    fn finish(&self, store: &Store, found: &mut Verified) -> Result<(), RecordError> {
        let read_all = !found.faults.iter().any(|fault| fault.entry.is_some());
        if let Some((place, checkpoint)) = self.checkpoints.last().filter(|(_, c)| read_all && c.count > found.entries)
        {
            let first = found.entries.saturating_add(1);
            let message = format!(
                "entries {first} to {} are gone: the checkpoint of {} entries {place} saw them",
                checkpoint.count, checkpoint.count
            );
            found.fault(Some(first), "truncated", message);
            return Ok(());
        }
        let head = store.head()?;
        if read_all && (head.count, head.hash) != (found.entries, self.previous) {
            let first = found.entries.saturating_add(1);
            let message = format!("the head counts {} entries, {} are there", head.count, found.entries);
            found.fault(Some(first), "truncated", message);
        } else if read_all && head.tree != self.tree {
            found.fault(None, "head-changed", "the head does not fit the entries");
        }
        Ok(())
    }
}

fn bundles(store: &Store, found: &mut Verified) -> Result<(), RecordError> {
    for digest in store.bundles()? {
        let files = store.bundle_files(&digest)?.unwrap_or_default();
        let files: Option<BTreeMap<String, String>> = serde_json::from_slice(&files).ok();
        let files =
            files.map(|files| files.iter().map(|(path, text)| (path.as_str().into(), text.as_str().into())).collect());
        if files.is_none_or(|files| *digest_of(&files) != *digest) {
            found.fault(
                None,
                "bundle-changed",
                format!("the bundle stored as `{digest}` is not the one of that digest"),
            );
        }
    }
    Ok(())
}
