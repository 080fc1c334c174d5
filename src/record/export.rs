//! The log as one JSON object per line: bundles when they are first needed, then entries in order.

use std::collections::BTreeSet;
use std::io::Write;

use serde::Serialize;
use serde_json::value::RawValue;

use super::entry::{Entry, Hash};
use super::error::RecordError;
use super::store::{Row, Store};

/// What is exported.
#[derive(Clone, Copy, Debug, Default)]
pub struct What {
    /// With what opens private values.
    pub private: bool,
    /// Stop before what cannot be read, instead of failing.
    pub salvage: bool,
}

/// What was exported.
#[derive(Debug, Default)]
pub struct Done {
    /// Entries, pruned ones not counted.
    pub entries: u64,
    /// The number of the last entry, pruned or not, that was looked at.
    pub seen: u64,
    /// Why the rest was not, when it was to be salvaged.
    pub unreadable: Option<RecordError>,
}

/// A line with an entry: its canonical JSON, its hash, and what opens its commitments.
#[derive(Serialize)]
struct Line<'a> {
    entry: &'a RawValue,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    private: Option<&'a RawValue>,
}

/// Writes a log as NDJSON.
///
/// # Errors
/// When the log cannot be read or the output not written.
pub fn ndjson(store: &Store, what: What, out: &mut impl Write) -> Result<Done, RecordError> {
    let mut bundles = BTreeSet::new();
    let done = each(store, what, |row, payload| {
        let entry = Entry::parse(payload)?;
        let digest = entry.bundle.digest;
        if !bundles.contains(&digest) {
            if let Some(files) = store.bundle_files(&digest)? {
                out.write_all(b"{\"bundle\":").map_err(failed)?;
                serde_json::to_writer(&mut *out, &digest).map_err(|error| failed(error.into()))?;
                out.write_all(b",\"files\":").and_then(|()| out.write_all(&files)).map_err(failed)?;
                out.write_all(b"}\n").map_err(failed)?;
            }
            bundles.insert(digest);
        }
        let raw = |bytes| serde_json::from_slice::<&RawValue>(bytes).map_err(|error| failed(error.into()));
        let private = row.openings.as_deref().filter(|_| what.private).map(raw).transpose()?;
        let line = Line { entry: raw(payload)?, hash: row.hash.to_string(), private };
        serde_json::to_writer(&mut *out, &line).map_err(|error| failed(error.into()))?;
        out.write_all(b"\n").map_err(failed)
    })?;
    out.flush().map_err(failed)?;
    Ok(done)
}

fn failed(error: std::io::Error) -> RecordError {
    let gone = error.kind() == std::io::ErrorKind::BrokenPipe;
    RecordError::Output { why: error.to_string().to_lowercase(), gone }
}

/// Gives every entry that has a payload to `one`, in order.
pub(super) fn each(
    store: &Store,
    what: What,
    mut one: impl FnMut(&Row, &[u8]) -> Result<(), RecordError>,
) -> Result<Done, RecordError> {
    let mut done = Done::default();
    store.hold()?;
    let mut chain = store.name()?;
    let scanned = store.scan(1, u64::MAX, |row| {
        // What does not fit the chain is not believed, and so is nothing after it.
        if what.salvage {
            let said = row.payload.as_deref().map(Hash::of_payload).or(row.digest);
            chain = Hash::chained(&chain, &said.unwrap_or(Hash([0; 32])));
            if chain != row.hash || row.seq != done.seen.saturating_add(1) {
                let why = format!("entry {} does not fit its hash, or the entry before it", row.seq);
                return Err(RecordError::Damaged { what: why });
            }
        }
        done.seen = row.seq;
        if let Some(payload) = &row.payload {
            one(&row, payload)?;
            done.entries = done.entries.saturating_add(1);
        }
        Ok(true)
    });
    match scanned {
        Ok(()) => Ok(done),
        Err(error @ (RecordError::Damaged { .. } | RecordError::Unreadable { .. })) if what.salvage => {
            Ok(Done { unreadable: Some(error), ..done })
        }
        Err(error) => Err(error),
    }
}
