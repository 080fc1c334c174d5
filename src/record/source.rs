//! Entries from a log, from NDJSON or from Parquet, one after the other, none of it trusted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bundles::BUNDLE_BYTES;
use super::error::RecordError;
use super::store::Store;

/// The most bytes of a line: a bundle with all its files.
const LINE_BYTES: usize = BUNDLE_BYTES;

/// An entry out of a log.
#[derive(Debug)]
pub struct Item {
    /// Its canonical JSON.
    pub payload: Vec<u8>,
    /// What opens its commitments, as JSON.
    pub openings: Option<Vec<u8>>,
}

/// A piece of a source, which is read and decided by itself.
#[derive(Debug)]
pub enum Piece {
    /// Entries.
    Items(Vec<Item>),
    /// Whole lines of an export, with the number of the first.
    Lines(Vec<u8>, u64),
    /// A group of rows of a Parquet file.
    #[cfg(feature = "parquet")]
    Rows(usize),
}

/// Entries of a log that make a piece.
const ITEMS: usize = 1_024;
/// Bytes after which a piece is full.
const PIECE_BYTES: usize = 1 << 20;

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

    /// Cuts the source into pieces, in order. Pruned entries are passed over. The bundles that a source brings along are
    /// kept before the pieces that need them are given away.
    ///
    /// # Errors
    /// When something does not read, or `give` fails.
    pub fn pieces(&self, mut give: impl FnMut(Piece) -> Result<(), RecordError>) -> Result<(), RecordError> {
        match self.form {
            Form::Store => self.items(give),
            #[cfg(feature = "parquet")]
            Form::Parquet => {
                let columns = super::columns::Columns::open(open(&self.path)?)?;
                for (digest, files) in columns.bundles() {
                    self.keep(digest.to_owned(), files.as_bytes().to_vec())?;
                }
                (0..columns.groups()).try_for_each(|group| give(Piece::Rows(group)))
            }
            Form::Lines => self.lines(give),
        }
    }

    fn items(&self, mut give: impl FnMut(Piece) -> Result<(), RecordError>) -> Result<(), RecordError> {
        let store = Store::open_read_only(&self.path)?;
        store.hold()?;
        let (mut items, mut bytes) = (Vec::with_capacity(ITEMS), 0_usize);
        store.scan(1, u64::MAX, |row| {
            if let Some(payload) = row.payload {
                bytes = bytes.saturating_add(payload.len());
                items.push(Item { payload, openings: row.openings });
            }
            if items.len() >= ITEMS || bytes >= PIECE_BYTES {
                bytes = 0;
                give(Piece::Items(std::mem::replace(&mut items, Vec::with_capacity(ITEMS))))?;
            }
            Ok(true)
        })?;
        give(Piece::Items(items))
    }

    fn lines(&self, mut give: impl FnMut(Piece) -> Result<(), RecordError>) -> Result<(), RecordError> {
        let mut file = open(&self.path)?;
        let (mut buffer, mut number) = (Vec::new(), 1_u64);
        loop {
            let block = u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX);
            buffer.reserve(PIECE_BYTES.saturating_add(1));
            let read = file.by_ref().take(block).read_to_end(&mut buffer);
            let ended = read.map_err(|error| unreadable(&self.path, &error.to_string()))? == 0;
            let whole = match memchr::memrchr(b'\n', &buffer) {
                _ if ended => buffer.len(),
                Some(last) => last.saturating_add(1),
                None if buffer.len() < LINE_BYTES => continue,
                None => return Err(RecordError::TooLarge { found: buffer.len(), most: LINE_BYTES }),
            };
            let rest = buffer.split_off(whole);
            let lines = std::mem::replace(&mut buffer, rest);
            let first = number;
            for line in each_line(&lines) {
                if !line.starts_with(ENTRY) {
                    self.keep_bundle(line, number)?;
                }
                number = number.saturating_add(1);
            }
            give(Piece::Lines(lines, first))?;
            if ended {
                return Ok(());
            }
        }
    }

    /// Keeps the bundle of a line, if that is what it is.
    fn keep_bundle(&self, line: &[u8], number: u64) -> Result<(), RecordError> {
        match self.line(line, number)? {
            Some(Line { bundle: Some(digest), files: Some(files), .. }) => {
                self.keep(digest, files.get().as_bytes().to_vec())
            }
            _ => Ok(()),
        }
    }

    fn line<'l>(&self, line: &'l [u8], number: u64) -> Result<Option<Line<'l>>, RecordError> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let wrong = || unreadable(&self.path, &format!("line {number} is no line of an export"));
        let line: Line<'_> = serde_json::from_slice(line).map_err(|_| wrong())?;
        match (line.entry, &line.bundle, line.files) {
            (Some(_), None, None) | (None, Some(_), Some(_)) => Ok(Some(line)),
            _ => Err(wrong()),
        }
    }

    /// Gives every entry of a piece to `one`, in order: its canonical JSON, and what opens its commitments.
    ///
    /// # Errors
    /// When something does not read, or `one` fails.
    pub fn each(
        &self,
        piece: &Piece,
        reader: &mut Reader,
        mut one: impl FnMut(&[u8], Option<&[u8]>) -> Result<(), RecordError>,
    ) -> Result<(), RecordError> {
        match piece {
            Piece::Items(items) => items.iter().try_for_each(|item| one(&item.payload, item.openings.as_deref())),
            Piece::Lines(lines, first) => {
                for (line, number) in each_line(lines).zip(*first..) {
                    if let Some((entry, private)) = cut(line) {
                        one(entry, private)?;
                    } else if let Some(Line { entry: Some(entry), private, .. }) = self.line(line, number)? {
                        one(entry.get().as_bytes(), private.map(|raw| raw.get().as_bytes()))?;
                    }
                }
                Ok(())
            }
            #[cfg(feature = "parquet")]
            Piece::Rows(group) => {
                let columns = match &mut reader.columns {
                    Some(columns) => columns,
                    none => none.insert(super::columns::Columns::open(open(&self.path)?)?),
                };
                columns.each(*group, one)
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

/// What a thread that reads pieces keeps from one to the next.
#[derive(Default)]
pub struct Reader {
    #[cfg(feature = "parquet")]
    columns: Option<super::columns::Columns>,
}

/// Lines with their ends; the last may have none.
fn each_line(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(b'\n', lines).map(|at| at.saturating_add(1));
    let last = (lines.last().is_some_and(|byte| *byte != b'\n')).then_some(lines.len());
    ends.chain(last).scan(0_usize, |from, to| lines.get(std::mem::replace(from, to)..to))
}

/// How the line of an entry begins, as exports write it.
const ENTRY: &[u8] = b"{\"entry\":";

/// The entry of a line as exports write it, and what opens its commitments. What is cut out is read as JSON later, so
/// that it may be nonsense here.
fn cut(line: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    const HASH: &[u8] = b",\"hash\":\"";
    let line = line.strip_prefix(ENTRY)?;
    let line = line.strip_suffix(b"\n").unwrap_or(line).strip_suffix(b"}")?;
    // Inside a text the quotes would be escaped, so that the last one is that of the line.
    let at = memchr::memmem::rfind(line, HASH)?;
    let (entry, rest) = line.split_at_checked(at)?;
    let (hash, rest) = rest.strip_prefix(HASH)?.split_at_checked(64)?;
    let private = match rest.strip_prefix(b"\"")? {
        b"" => None,
        private => Some(private.strip_prefix(b",\"private\":")?),
    };
    hash.iter().all(u8::is_ascii_hexdigit).then_some((entry, private))
}

fn open(path: &Path) -> Result<File, RecordError> {
    File::open(path).map_err(|error| unreadable(path, &error.to_string()))
}

fn unreadable(path: &Path, why: &str) -> RecordError {
    RecordError::Unreadable { what: format!("`{}`", path.display()), why: why.to_lowercase() }
}
