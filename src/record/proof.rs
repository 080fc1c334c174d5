//! Proofs that an entry is in a log, which verify without the log; and of what a private value was.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::checkpoint::{Checkpoint, Distrust, PublicKey};
use super::entry::{Entry, Hash, has_number};
use super::error::RecordError;
use super::mask::{Opening, Openings, at_path, committed, opens};
use super::merkle::{self, Frontier, path_ranges};
use super::store::Store;

/// The most bytes that a proof is read from.
pub const PROOF_BYTES: usize = 64 << 20;

/// A proof that an entry is in a log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The canonical JSON of the entry.
    pub entry: Box<RawValue>,
    /// The hash of the entry before.
    pub previous: String,
    /// The hashes on the way to the Merkle root, from the leaf up.
    pub path: Vec<String>,
    /// The checkpoint that signs the root.
    pub checkpoint: Checkpoint,
    /// What a private value of the request was, where that is to be proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Disclosure>,
}

/// What a private value was.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// Its path in the request.
    pub path: String,
    /// The value.
    pub value: String,
    /// The salt of its commitment.
    pub salt: String,
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refuted {
    /// The checkpoint is not to be believed.
    #[error("its checkpoint is not to be believed: {0}")]
    Checkpoint(#[from] Distrust),
    /// The entry is not the one in the log.
    #[error("the entry does not lead to the root that the checkpoint signs: it, its place or the path was changed")]
    Root,
    /// A part does not read.
    #[error("{0} does not read")]
    Unreadable(&'static str),
    /// The value is not the one.
    #[error("the value is not the one in the entry")]
    Value,
}

/// Proves that an entry is in a log, by the oldest checkpoint that covers it or by one that is given.
///
/// # Errors
/// When the entry is not there, was pruned, or no checkpoint covers it.
pub fn prove(store: &Store, seq: u64, checkpoint: Option<&Checkpoint>) -> Result<Proof, RecordError> {
    let absent = |what: String| RecordError::Absent(what);
    let row = store.row(seq)?.ok_or_else(|| absent(format!("the log has no entry {seq}")))?;
    let payload =
        row.payload.ok_or_else(|| absent(format!("entry {seq} was pruned: its hash is left, not what it said")))?;
    let checkpoint = match checkpoint {
        Some(given) => given.clone(),
        None => store.checkpoints()?.into_iter().flatten().find(|kept| kept.count >= seq).ok_or_else(|| {
            absent(format!("no checkpoint covers entry {seq}; make one with `clausal log checkpoint`"))
        })?,
    };
    let previous = match seq.checked_sub(1).filter(|before| *before > 0) {
        None => store.name()?,
        Some(before) => store.row(before)?.ok_or_else(|| absent(format!("the log has no entry {before}")))?.hash,
    };
    let mut path = Vec::new();
    for (from, size) in path_ranges(seq.saturating_sub(1), checkpoint.count) {
        path.push(root_of(store, from, size)?.to_string());
    }
    let text = String::from_utf8(payload).map_err(|_| absent(format!("entry {seq} is no text")))?;
    let entry = RawValue::from_string(text).map_err(|error| RecordError::Failed(error.to_string()))?;
    Ok(Proof { entry, previous: previous.to_string(), path, checkpoint, value: None })
}

/// The root over `size` entries from position `from` (from 0).
fn root_of(store: &Store, from: u64, size: u64) -> Result<Hash, RecordError> {
    let mut tree = Frontier::default();
    store.scan_hashes(from.saturating_add(1), from.saturating_add(size), |hash| tree.push(merkle::leaf(&hash)))?;
    if tree.count() != size {
        return Err(RecordError::Damaged { what: format!("entries are missing after entry {from}") });
    }
    Ok(tree.root())
}

/// Discloses a private value: the one that is kept, or the one the caller says it was.
///
/// # Errors
/// When there is none at that path, its salt was erased, or it was another.
pub fn disclose(store: &Store, proof: &mut Proof, path: &str, value: Option<&str>) -> Result<(), RecordError> {
    let entry = Entry::parse(proof.entry.get().as_bytes())?;
    let row = store.row(entry.seq)?;
    let openings: Openings =
        row.and_then(|row| row.openings).and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let Some(opening) = openings.get(path) else {
        let message = format!("entry {} has no private value at `{path}`, or it was erased", entry.seq);
        return Err(RecordError::Absent(message));
    };
    let Some(value) = value.or(opening.value.as_deref()) else {
        let message = format!("the value at `{path}` is not kept; whoever knows it gives it with `--value`");
        return Err(RecordError::Absent(message));
    };
    let value = Disclosure { path: path.to_owned(), value: value.to_owned(), salt: opening.salt.clone() };
    if !is_value(&entry, &value) {
        return Err(RecordError::Absent(format!("the value at `{path}` of entry {} was another", entry.seq)));
    }
    proof.value = Some(value);
    Ok(())
}

fn is_value(entry: &Entry<'_>, disclosed: &Disclosure) -> bool {
    let request: serde_json::Value = serde_json::from_str(entry.request.get()).unwrap_or_default();
    let opening = Opening { salt: disclosed.salt.clone(), value: None };
    at_path(&request, &disclosed.path).and_then(committed).is_some_and(|known| opens(&opening, &disclosed.value, known))
}

impl Proof {
    /// Checks a proof without the log. Gives the number of the entry.
    ///
    /// # Errors
    /// Why it proves nothing.
    pub fn check(&self, trusted: &[PublicKey]) -> Result<u64, Refuted> {
        self.checkpoint.check(trusted)?;
        let payload = self.entry.get().as_bytes();
        let entry = Entry::parse(payload).map_err(|_| Refuted::Unreadable("the entry"))?;
        if !has_number(payload, entry.seq) {
            return Err(Refuted::Unreadable("the number of the entry"));
        }
        let previous = Hash::parse(&self.previous).ok_or(Refuted::Unreadable("the hash before"))?;
        let path: Option<Vec<Hash>> = self.path.iter().map(|hash| Hash::parse(hash)).collect();
        let path = path.ok_or(Refuted::Unreadable("the path"))?;
        let hash = Hash::chained(&previous, &Hash::of_payload(payload));
        let at = entry.seq.checked_sub(1).ok_or(Refuted::Unreadable("the number of the entry"))?;
        let root = merkle::root_of_path(&hash, at, self.checkpoint.count, &path).ok_or(Refuted::Root)?;
        if root.to_string() != self.checkpoint.root {
            return Err(Refuted::Root);
        }
        match &self.value {
            Some(value) if !is_value(&entry, value) => Err(Refuted::Value),
            _ => Ok(entry.seq),
        }
    }
}
