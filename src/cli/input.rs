//! Requests from a file or the standard input: one object, an array, or one per line, streamed.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::Failure;

/// Requests, one after the other; each is the text of one JSON object (or whatever stands in its place).
pub enum Requests {
    /// All of them, read at once: one object or an array.
    Whole(std::vec::IntoIter<Vec<u8>>, bool),
    /// One per line.
    Lines(Lines),
}

/// Lines of a stream, each bounded.
pub struct Lines {
    reader: Box<dyn BufRead>,
    what: String,
    most: usize,
    first: Option<Vec<u8>>,
}

impl Lines {
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        loop {
            match read_line(&mut self.reader, self.most, &self.what)? {
                Some(line) if line.iter().all(u8::is_ascii_whitespace) => {}
                other => return Ok(other),
            }
        }
    }
}

impl Requests {
    /// Whether the input was an array, so that the output is one too.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Whole(_, true))
    }

    /// Whether answers are written one per line as they come.
    pub fn is_lines(&self) -> bool {
        matches!(self, Self::Lines(_))
    }

    /// The next request.
    pub fn next_request(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Whole(all, _) => Ok(all.next()),
            Self::Lines(lines) => lines.next_line(),
        }
    }

    /// Opens a file, or the standard input for `-` and nothing.
    pub fn open(file: Option<&Path>, most: usize) -> Result<Self, Failure> {
        let stdin = file.is_none_or(|path| path.as_os_str() == "-");
        let what = if stdin {
            "the standard input".to_owned()
        } else {
            format!("`{}`", file.unwrap_or(Path::new("")).display())
        };
        let reader: Box<dyn BufRead> = match file.filter(|_| !stdin) {
            None => Box::new(BufReader::new(std::io::stdin())),
            Some(path) => Box::new(BufReader::with_capacity(1 << 16, open(path, &what)?)),
        };
        let yaml = file.and_then(Path::extension).is_some_and(|end| end == "yaml" || end == "yml");
        if yaml { whole_yaml(reader, most, &what) } else { sniff(reader, most, what) }
    }
}

fn open(path: &Path, what: &str) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| Failure::Io { what: what.to_owned(), error })?;
    let is_dir = file.metadata().is_ok_and(|meta| meta.is_dir());
    if is_dir {
        return Err(Failure::Io { what: what.to_owned(), error: std::io::ErrorKind::IsADirectory.into() });
    }
    Ok(file)
}

/// One line is not longer than a request may be; a longer one is cut there, so that it is refused and not stored.
fn read_line(reader: &mut Box<dyn BufRead>, most: usize, what: &str) -> Result<Option<Vec<u8>>, Failure> {
    let fail = |error| Failure::Io { what: what.to_owned(), error };
    let mut line = Vec::new();
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(2);
    let read = reader.by_ref().take(bound).read_until(b'\n', &mut line).map_err(fail)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > most {
        skip_line(reader).map_err(fail)?;
    }
    Ok(Some(line))
}

fn skip_line(reader: &mut Box<dyn BufRead>) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|b| *b == b'\n');
        let used = end.map_or(buffer.len(), |at| at.saturating_add(1));
        reader.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// An array begins with `[`. Anything else is one object over several lines, or one request per line: it is the
/// latter when the first line is a whole JSON value and another line follows.
fn sniff(mut reader: Box<dyn BufRead>, most: usize, what: String) -> Result<Requests, Failure> {
    let first = loop {
        match read_line(&mut reader, most, &what)? {
            Some(line) if line.iter().all(u8::is_ascii_whitespace) => {}
            other => break other,
        }
    };
    let Some(first) = first else {
        return Ok(Requests::Whole(vec![Vec::new()].into_iter(), false));
    };
    let is_array = first.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
    let complete = serde_json::from_slice::<serde::de::IgnoredAny>(&first).is_ok();
    if !is_array && (complete || !could_continue(&first)) {
        return Ok(Requests::Lines(Lines { reader, what, most, first: Some(first) }));
    }
    let mut text = first;
    text.push(b'\n');
    // An array may hold many requests, each of which is bounded again when it is decided.
    let bound = if is_array { most.saturating_mul(64) } else { most };
    let left = u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(left).read_to_end(&mut text).map_err(|error| Failure::Io { what: what.clone(), error })?;
    if !is_array || text.len() > bound {
        return Ok(Requests::Whole(vec![text].into_iter(), false));
    }
    match serde_json::from_slice::<Vec<&serde_json::value::RawValue>>(&text) {
        Ok(items) => {
            let items: Vec<Vec<u8>> = items.iter().map(|item| item.get().as_bytes().to_vec()).collect();
            Ok(Requests::Whole(items.into_iter(), true))
        }
        Err(_) => Ok(Requests::Whole(vec![text].into_iter(), false)),
    }
}

/// Whether a first line that is no JSON value by itself may be the beginning of one that goes on.
fn could_continue(line: &[u8]) -> bool {
    let error = serde_json::from_slice::<serde::de::IgnoredAny>(line).err();
    error.is_some_and(|error| error.is_eof())
}

/// YAML is ours to write and small; it is read whole and turned into JSON.
fn whole_yaml(reader: Box<dyn BufRead>, most: usize, what: &str) -> Result<Requests, Failure> {
    let mut text = String::new();
    let left = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let fail = |error| Failure::Io { what: what.to_owned(), error };
    reader.take(left).read_to_string(&mut text).map_err(fail)?;
    let json = crate::bundle::yaml::to_json(what, &text, most)
        .map_err(|finding| Failure::Io { what: what.to_owned(), error: std::io::Error::other(finding.to_string()) })?;
    match json {
        serde_json::Value::Array(items) => {
            let items: Vec<Vec<u8>> = items.iter().map(|item| item.to_string().into_bytes()).collect();
            Ok(Requests::Whole(items.into_iter(), true))
        }
        one => Ok(Requests::Whole(vec![one.to_string().into_bytes()].into_iter(), false)),
    }
}
