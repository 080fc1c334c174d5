//! Where the files of a bundle come from: a folder, or the copy compiled into the library.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::model::finding::{Code, Finding, Place};
use crate::model::names::nearest;

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
            let message = format!("the file `{path}` cannot be read: {why}");
            let finding =
                Finding::new(Code::FileMissing, place, message).help("check the name, or remove it from the bundle");
            let mut finding = finding.nearest(self.nearest(path).as_deref());
            // The path is not as the author wrote it where an overlay's folder goes before it.
            finding.edit = finding
                .edit
                .filter(|edit| !edit.text.contains("..") && !path.ends_with("bundle.yaml") && place.bytes.1 > 0);
            Box::new(finding)
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
        let text = String::from_utf8(bytes).map_err(|error| not_utf_8(path, error.as_bytes(), place))?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).into())
    }
}

/// Entries of a folder that are looked at for a file with a name like the one that is missing.
const MOST_NEIGHBOURS: usize = 1_000;

impl Files {
    /// What is the same for two paths of the bundle that are one file, by whatever way they lead to it.
    pub fn identity(&self, path: &str) -> String {
        match self {
            Self::Memory(_, root) => join(root, path).unwrap_or_else(|| path.to_owned()),
            Self::Folder(root) | Self::Over(_, root) => {
                fs::canonicalize(root.join(path)).map_or_else(|_| path.to_owned(), |p| p.to_string_lossy().into_owned())
            }
        }
    }

    /// The file of the same ending and folder whose name is nearest to that of one that is not there.
    fn nearest(&self, path: &str) -> Option<String> {
        let (stem, ending) = path.rsplit_once('.')?;
        let neighbours = self.neighbours(path);
        let stems = neighbours.iter().filter_map(|name| name.rsplit_once('.').filter(|(_, e)| *e == ending));
        let stems: Vec<&str> = stems.map(|(stem, _)| stem).collect();
        // A file that is there cannot be read for another reason.
        let found = nearest(stem, stems.iter().copied()).filter(|found| *found != stem)?;
        Some(format!("{found}.{ending}"))
    }

    /// Files in the same folder, by their paths as the bundle would name them.
    fn neighbours(&self, path: &str) -> Vec<String> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let below = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        match self {
            Self::Memory(files, root) => {
                let prefix = join(root, folder).filter(|prefix| !prefix.is_empty()).map_or(String::new(), |p| p + "/");
                let inside =
                    |file: &String| file.strip_prefix(prefix.as_str()).filter(|rest| !rest.contains('/')).map(below);
                files.keys().filter_map(inside).take(MOST_NEIGHBOURS).collect()
            }
            Self::Folder(root) | Self::Over(_, root) => {
                let Ok(entries) = fs::read_dir(root.join(folder)) else { return Vec::new() };
                let names =
                    entries.take(MOST_NEIGHBOURS).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                let mut names: Vec<String> = names.map(|name| below(&name)).collect();
                names.sort();
                names
            }
        }
    }
}

fn not_utf_8(path: &str, bytes: &[u8], place: &Place) -> Box<Finding> {
    let wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let why = if wide { "it is UTF-16 text, by its byte order mark" } else { "it is not UTF-8 text" };
    let message = format!("the file `{path}` cannot be read: {why}");
    Box::new(Finding::new(Code::FileMissing, place, message).help("save it as UTF-8"))
}

enum Unread {
    Io(std::io::Error),
    TooLarge,
}

fn read_bounded(path: &Path, max_bytes: usize) -> Result<Vec<u8>, Unread> {
    // Looked at before it is opened: opening a pipe waits for a writer.
    let about = fs::metadata(path).map_err(Unread::Io)?;
    if about.is_dir() {
        return Err(Unread::Io(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
    }
    if !about.is_file() {
        return Err(Unread::Io(std::io::Error::other("it is not a file")));
    }
    let bound = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    if about.len() >= bound {
        return Err(Unread::TooLarge);
    }
    let file = fs::File::open(path).map_err(Unread::Io)?;
    let mut bytes = Vec::new();
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
        // Without the number that the system gives it.
        _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
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
