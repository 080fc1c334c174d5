//! Where the files of a bundle come from: a folder, or the copy compiled into the library.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::model::finding::{Code, Finding, Place};

/// Files by their path relative to some root, read once and bounded.
#[derive(Clone, Debug)]
pub enum Files {
    /// A folder on disk.
    Folder(PathBuf),
    /// Files in memory by path, and the folder among them that holds the bundle (`""` for the root).
    Memory(BTreeMap<String, Arc<str>>, String),
    /// Memory first (an editor's unsaved text, by path relative to the bundle), then the folder.
    Over(BTreeMap<String, Arc<str>>, PathBuf),
}

impl Files {
    /// Reads `path` (relative to the bundle, `/`-separated, `..` allowed where a bundle extends a neighbour). The `place` is blamed
    /// when that fails.
    pub fn read(&self, path: &str, max_bytes: usize, place: &Place) -> Result<Arc<str>, Box<Finding>> {
        let missing = |why: String| {
            Box::new(
                Finding::new(Code::FileMissing, place, format!("the file `{path}` cannot be read: {why}"))
                    .help("check the name, or remove it from the bundle"),
            )
        };
        let from_memory = match self {
            Self::Memory(files, root) => join(root, path).and_then(|path| files.get(&path).map(Arc::clone)),
            Self::Over(files, _) => files.get(path).map(Arc::clone),
            Self::Folder(_) => None,
        };
        if let Some(text) = from_memory {
            return Ok(text);
        }
        let (Self::Folder(root) | Self::Over(_, root)) = self else {
            return Err(missing("there is no such file".into()));
        };
        let bytes = read_bounded(&root.join(path), max_bytes).map_err(|why| match why {
            Unread::Io(error) => missing(io_reason(&error)),
            Unread::TooLarge => Box::new(
                Finding::new(Code::LimitExceeded, place, format!("the file `{path}` is larger than {max_bytes} bytes"))
                    .help("split it into several files"),
            ),
        })?;
        let text = String::from_utf8(bytes).map_err(|_| missing("it is not UTF-8 text".into()))?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).into())
    }
}

enum Unread {
    Io(std::io::Error),
    TooLarge,
}

fn read_bounded(path: &Path, max_bytes: usize) -> Result<Vec<u8>, Unread> {
    let file = fs::File::open(path).map_err(Unread::Io)?;
    if file.metadata().map_err(Unread::Io)?.is_dir() {
        return Err(Unread::Io(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
    }
    let mut bytes = Vec::new();
    let bound = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    file.take(bound).read_to_end(&mut bytes).map_err(Unread::Io)?;
    if bytes.len() > max_bytes { Err(Unread::TooLarge) } else { Ok(bytes) }
}

/// The reason in words that do not differ between systems.
fn io_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => "there is no such file".into(),
        Kind::PermissionDenied => "it may not be read".into(),
        Kind::IsADirectory => "it is a folder".into(),
        Kind::NotADirectory => "part of its path is not a folder".into(),
        _ => error.to_string().to_lowercase(),
    }
}

/// Joins a folder and a path inside a bundle, and resolves `.` and `..`; `None` for an absolute path.
pub fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => match parts.last() {
                Some(&"..") | None => parts.push(".."),
                Some(_) => {
                    parts.pop();
                }
            },
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}
