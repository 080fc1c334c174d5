//! A bundle out of an archive, read into memory: nothing is unpacked, everything is bounded.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Component, Path};
use std::sync::Arc;

/// Entries of an archive, those that are skipped too.
const ENTRIES: usize = 10_000;
/// Bytes of one file, unpacked.
const FILE_BYTES: u64 = 8 << 20;
/// Bytes of all entries together, unpacked, with what an archive puts around them.
const ALL_BYTES: u64 = 256 << 20;
/// Endings of the files that bundles are made of.
const ENDINGS: [&str; 3] = [".yaml", ".rhai", ".ftl"];

/// Why an archive gives no bundle.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no archive, or it is damaged.
    #[error("the archive `{archive}` cannot be read: {why}")]
    Unreadable {
        /// The archive.
        archive: String,
        /// Why.
        why: String,
    },
    /// An entry names a place outside.
    #[error("the archive `{archive}` names `{entry}`, which leads out of it")]
    Outside {
        /// The archive.
        archive: String,
        /// The path as written.
        entry: String,
    },
    /// An entry is there twice: which one counts depends on who unpacks it.
    #[error("the archive `{archive}` holds `{entry}` twice")]
    Twice {
        /// The archive.
        archive: String,
        /// The path.
        entry: String,
    },
    /// A bound is met.
    #[error("the archive `{archive}` has more than {most} {what}")]
    TooLarge {
        /// The archive.
        archive: String,
        /// The bound.
        most: u64,
        /// Of what.
        what: &'static str,
    },
    /// There is no bundle, or there are several.
    #[error("the archive `{archive}` holds {found}; name one as `{archive}:FOLDER`")]
    WhichBundle {
        /// The archive.
        archive: String,
        /// What it holds.
        found: String,
    },
}

/// How an archive is written.
#[derive(Clone, Copy)]
enum Form {
    Tar,
    TarGz,
    Zip,
}

fn form_of(name: &str) -> Option<Form> {
    let ends = |ending: &str| name.to_ascii_lowercase().ends_with(ending);
    match () {
        () if ends(".tar") => Some(Form::Tar),
        () if ends(".tar.gz") || ends(".tgz") => Some(Form::TarGz),
        () if ends(".zip") => Some(Form::Zip),
        () => None,
    }
}

/// The archive and the folder inside that are meant by `ARCHIVE` or `ARCHIVE:FOLDER`; none for anything else.
pub fn named(written: &str) -> Option<(&str, Option<&str>)> {
    let is = |name: &str| form_of(name).is_some() && Path::new(name).is_file();
    if is(written) {
        return Some((written, None));
    }
    let (archive, folder) = written.rsplit_once(':')?;
    is(archive).then_some((archive, Some(folder)))
}

/// The texts of an archive, and the folder among them that holds the bundle.
pub struct Unpacked {
    /// Texts by path.
    pub texts: Vec<(String, Arc<str>)>,
    /// The folder.
    pub folder: String,
}

/// Reads an archive.
///
/// # Errors
/// When it is damaged, leads outside, is too large, or does not hold one bundle.
pub fn read(archive: &str, folder: Option<&str>) -> Result<Unpacked, ArchiveError> {
    let mut reading = Reading { archive, entries: 0, bytes: 0, texts: Vec::new() };
    let file = File::open(archive).map_err(|error| reading.unreadable(&error))?;
    match form_of(archive) {
        Some(Form::Zip) => reading.zip(file)?,
        Some(Form::TarGz) => reading.tar(flate2::read::MultiGzDecoder::new(BufReader::new(file)))?,
        _ => reading.tar(BufReader::new(file))?,
    }
    let folder = match folder {
        Some(folder) => folder.trim_end_matches('/').to_owned(),
        None => reading.only_bundle()?,
    };
    Ok(Unpacked { texts: reading.texts, folder })
}

struct Reading<'a> {
    archive: &'a str,
    entries: usize,
    bytes: u64,
    texts: Vec<(String, Arc<str>)>,
}

impl Reading<'_> {
    fn unreadable(&self, why: &dyn std::fmt::Display) -> ArchiveError {
        ArchiveError::Unreadable { archive: self.archive.to_owned(), why: why.to_string() }
    }

    fn too_large(&self, most: u64, what: &'static str) -> ArchiveError {
        ArchiveError::TooLarge { archive: self.archive.to_owned(), most, what }
    }

    fn tar(&mut self, stream: impl Read) -> Result<(), ArchiveError> {
        // What is skipped is unpacked too: the stream ends at the bound, whatever it claims to be.
        let mut tar = tar::Archive::new(stream.take(ALL_BYTES));
        let entries = tar.entries().map_err(|error| self.unreadable(&error))?;
        for entry in entries {
            self.count()?;
            let entry = entry.map_err(|error| self.unreadable(&error))?;
            let is_file = entry.header().entry_type().is_file();
            let path = entry.path_bytes().into_owned();
            let path = String::from_utf8(path).map_err(|_| self.unreadable(&"a path is not UTF-8"))?;
            // Links and devices are nothing that a bundle is made of.
            if is_file {
                self.file(&path, entry)?;
            }
        }
        Ok(())
    }

    fn zip(&mut self, file: File) -> Result<(), ArchiveError> {
        let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| self.unreadable(&error))?;
        for at in 0..zip.len() {
            self.count()?;
            let entry = zip.by_index(at).map_err(|error| self.unreadable(&error))?;
            let path = entry.name().to_owned();
            if entry.is_file() {
                self.file(&path, entry)?;
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), ArchiveError> {
        self.entries = self.entries.saturating_add(1);
        if self.entries > ENTRIES {
            return Err(self.too_large(ENTRIES as u64, "entries"));
        }
        Ok(())
    }

    fn file(&mut self, path: &str, content: impl Read) -> Result<(), ArchiveError> {
        let entry = || path.to_owned();
        let inside = |part: Component<'_>| match part {
            Component::Normal(part) => {
                part.to_str().filter(|part| !part.contains('\\')).map(|part| Some(part.to_owned()))
            }
            Component::CurDir => Some(None),
            _ => None,
        };
        let parts: Option<Vec<Option<String>>> = Path::new(path).components().map(inside).collect();
        let Some(parts) = parts else {
            return Err(ArchiveError::Outside { archive: self.archive.to_owned(), entry: entry() });
        };
        let inner = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
        if !ENDINGS.iter().any(|ending| inner.ends_with(ending)) {
            return Ok(());
        }
        if self.texts.iter().any(|(known, _)| *known == inner) {
            return Err(ArchiveError::Twice { archive: self.archive.to_owned(), entry: entry() });
        }
        let mut bytes = Vec::new();
        content.take(FILE_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| self.unreadable(&error))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        if length > FILE_BYTES {
            return Err(self.too_large(FILE_BYTES, "bytes in a file"));
        }
        if self.bytes > ALL_BYTES {
            return Err(self.too_large(ALL_BYTES, "bytes"));
        }
        let text = String::from_utf8(bytes).map_err(|_| self.unreadable(&format!("`{inner}` is not UTF-8 text")))?;
        self.texts.push((inner, text.into()));
        Ok(())
    }

    /// The folder of the manifest that is nearest to the top, if there is one such.
    fn only_bundle(&self) -> Result<String, ArchiveError> {
        let folder = |path: &str| match path.strip_suffix("bundle.yaml")? {
            "" => Some(String::new()),
            folder => folder.strip_suffix('/').map(str::to_owned),
        };
        let folders: Vec<String> = self.texts.iter().filter_map(|(path, _)| folder(path)).collect();
        let depth = |folder: &String| folder.split('/').filter(|part| !part.is_empty()).count();
        let least = folders.iter().map(depth).min().unwrap_or(0);
        let mut top: Vec<&String> = folders.iter().filter(|folder| depth(folder) == least).collect();
        top.sort();
        match top.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(self.which("no `bundle.yaml`".to_owned())),
            several => {
                let names: Vec<String> = several.iter().take(8).map(|folder| format!("`{folder}`")).collect();
                Err(self.which(format!("several bundles ({})", names.join(", "))))
            }
        }
    }

    fn which(&self, found: String) -> ArchiveError {
        ArchiveError::WhichBundle { archive: self.archive.to_owned(), found }
    }
}
