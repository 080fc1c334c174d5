//! Entries from a log, from NDJSON or from Parquet, one after the other, none of it trusted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bundles::BUNDLE_BYTES;
use super::entry::ENTRY_BYTES;
use super::error::RecordError;
use super::store::Store;

/// The most bytes of a line: a bundle with all its files.
const LINE_BYTES: usize = BUNDLE_BYTES;

/// An entry as it was read.
#[derive(Debug)]
pub struct Item {
    /// Its canonical JSON.
    pub payload: Vec<u8>,
    /// What opens its commitments, as JSON.
    pub openings: Option<Vec<u8>>,
}

/// Where entries come from.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    form: Form,
    /// The files of bundles by digest, where the source brings them along.
    bundles: Mutex<BTreeMap<String, Vec<u8>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Store,
    #[cfg(feature = "parquet")]
    Parquet,
    Lines,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    entry: Option<&'a RawValue>,
    #[serde(rename = "hash")]
    _hash: Option<&'a str>,
    #[serde(borrow)]
    private: Option<&'a RawValue>,
    bundle: Option<String>,
    #[serde(borrow)]
    files: Option<&'a RawValue>,
}

impl Source {
    /// Opens a log or an export; which of them it is, its first bytes say.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        if !path.is_file() {
            return Err(RecordError::NotFound { path: path.display().to_string() });
        }
        let mut first = Vec::new();
        open(path)?.take(16).read_to_end(&mut first).map_err(|error| unreadable(path, &error.to_string()))?;
        let form = match first.as_slice() {
            [b'S', b'Q', b'L', b'i', b't', b'e', ..] => Form::Store,
            #[cfg(feature = "parquet")]
            [b'P', b'A', b'R', b'1', ..] => Form::Parquet,
            _ => Form::Lines,
        };
        Ok(Self { path: path.to_owned(), form, bundles: Mutex::default() })
    }

    /// How many entries there are, where that is known without reading them.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match self.form {
            Form::Store => Store::open_read_only(&self.path).and_then(|store| store.head()).ok().map(|head| head.count),
            #[cfg(feature = "parquet")]
            // In a thread of its own, because what reads Parquet may panic on a file that lies.
            Form::Parquet => std::thread::scope(|scope| {
                let count = || open(&self.path).and_then(super::columns::Columns::open).map(|columns| columns.count());
                scope.spawn(count).join().ok().and_then(Result::ok)
            }),
            Form::Lines => None,
        }
    }

    /// Gives every entry to `one`, in order. Pruned entries are passed over.
    ///
    /// # Errors
    /// When something does not read, or `one` fails.
    pub fn each(&self, mut one: impl FnMut(Item) -> Result<(), RecordError>) -> Result<(), RecordError> {
        match self.form {
            Form::Store => {
                let store = Store::open_read_only(&self.path)?;
                store.hold()?;
                store.scan(1, u64::MAX, |row| {
                    if let Some(payload) = row.payload {
                        one(Item { payload, openings: row.openings })?;
                    }
                    Ok(true)
                })
            }
            #[cfg(feature = "parquet")]
            Form::Parquet => {
                let columns = super::columns::Columns::open(open(&self.path)?)?;
                for (digest, files) in columns.bundles() {
                    self.keep(digest.to_owned(), files.as_bytes().to_vec())?;
                }
                columns.each(|payload, openings| one(Item { payload, openings }))
            }
            Form::Lines => self.lines(one),
        }
    }

    fn lines(&self, mut one: impl FnMut(Item) -> Result<(), RecordError>) -> Result<(), RecordError> {
        let mut reader = BufReader::with_capacity(1 << 20, open(&self.path)?);
        let (mut line, mut number) = (Vec::new(), 0_u64);
        loop {
            line.clear();
            number = number.saturating_add(1);
            let bound = u64::try_from(LINE_BYTES).unwrap_or(u64::MAX);
            let read = reader.by_ref().take(bound).read_until(b'\n', &mut line);
            if read.map_err(|error| unreadable(&self.path, &error.to_string()))? == 0 {
                return Ok(());
            }
            if line.len() >= LINE_BYTES {
                return Err(RecordError::TooLarge { found: line.len(), most: LINE_BYTES });
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let wrong = || unreadable(&self.path, &format!("line {number} is no line of an export"));
            let Line { entry, private, bundle, files, .. } = serde_json::from_slice(&line).map_err(|_| wrong())?;
            match (entry, bundle, files) {
                (Some(entry), None, None) => {
                    let payload = entry.get().as_bytes().to_vec();
                    one(Item { payload, openings: private.map(|raw| raw.get().as_bytes().to_vec()) })?;
                }
                (None, Some(digest), Some(files)) => self.keep(digest, files.get().as_bytes().to_vec())?,
                _ => return Err(wrong()),
            }
        }
    }

    fn keep(&self, digest: String, files: Vec<u8>) -> Result<(), RecordError> {
        let mut bundles = self.bundles.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: usize = bundles.values().map(Vec::len).sum::<usize>().saturating_add(files.len());
        if bytes > BUNDLE_BYTES {
            return Err(RecordError::TooLarge { found: bytes, most: BUNDLE_BYTES });
        }
        bundles.insert(digest, files);
        Ok(())
    }

    /// The files of a bundle, if the source has it.
    ///
    /// # Errors
    /// When the log is damaged.
    pub fn bundle(&self, digest: &str) -> Result<Option<Vec<u8>>, RecordError> {
        match self.form {
            Form::Store => Store::open_read_only(&self.path)?.bundle_files(digest),
            _ => Ok(self.bundles.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()),
        }
    }
}

/// The bound on an entry holds wherever it comes from.
pub(super) fn bounded(item: &Item) -> Result<(), RecordError> {
    if item.payload.len() > ENTRY_BYTES {
        return Err(RecordError::TooLarge { found: item.payload.len(), most: ENTRY_BYTES });
    }
    Ok(())
}

fn open(path: &Path) -> Result<File, RecordError> {
    File::open(path).map_err(|error| unreadable(path, &error.to_string()))
}

fn unreadable(path: &Path, why: &str) -> RecordError {
    RecordError::Unreadable { what: format!("`{}`", path.display()), why: why.to_lowercase() }
}
