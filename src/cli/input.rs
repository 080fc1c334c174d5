//! Requests from a file or the standard input: one object, an array, or one per line, streamed.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::model::error::{RequestError, RequestErrorKind};

use super::Failure;

/// The text of a request, or why there is none.
pub type Request = Result<Vec<u8>, RequestError>;

/// Requests, one after the other; each is the text of one JSON object (or whatever stands in its place).
pub enum Requests {
    /// All of them, read at once: one object or an array.
    Whole(std::vec::IntoIter<Request>, bool),
    /// One per line.
    Lines(Lines),
}

/// Lines of a stream, each bounded.
pub struct Lines {
    reader: Source,
    what: String,
    most: usize,
    read_ahead: VecDeque<Vec<u8>>,
}

type Source = BufReader<Box<dyn Read>>;

impl Lines {
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(line) = self.read_ahead.pop_front() {
            return Ok(Some(line));
        }
        next_nonempty(&mut self.reader, self.most, &self.what)
    }
}

fn next_nonempty(reader: &mut Source, most: usize, what: &str) -> Result<Option<Vec<u8>>, Failure> {
    loop {
        match read_line(reader, most, what)? {
            Some(line) if line.iter().all(u8::is_ascii_whitespace) => {}
            other => return Ok(other),
        }
    }
}

impl Requests {
    /// Whether the input was an array, so that the output is one too.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Whole(_, true))
    }

    /// Whether requests come one per line.
    pub fn is_lines(&self) -> bool {
        matches!(self, Self::Lines(_))
    }

    /// Whether the next request may have to be waited for, so that what was answered is to be seen first.
    pub fn may_wait(&self) -> bool {
        matches!(self, Self::Lines(lines) if lines.reader.buffer().is_empty())
    }

    /// The next request.
    pub fn next_request(&mut self) -> Result<Option<Request>, Failure> {
        match self {
            Self::Whole(all, _) => Ok(all.next()),
            Self::Lines(lines) => Ok(lines.next_line()?.map(Ok)),
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
        let reader: Box<dyn Read> = match file.filter(|_| !stdin) {
            None => Box::new(std::io::stdin()),
            Some(path) => Box::new(open(path, &what)?),
        };
        let reader = BufReader::with_capacity(1 << 18, reader);
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
fn read_line(reader: &mut Source, most: usize, what: &str) -> Result<Option<Vec<u8>>, Failure> {
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

fn skip_line(reader: &mut Source) -> std::io::Result<()> {
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
/// latter when the first line is a whole JSON value, or broken in a way that no further line can mend.
fn sniff(mut reader: Source, most: usize, what: String) -> Result<Requests, Failure> {
    let Some(first) = next_nonempty(&mut reader, most, &what)? else {
        return Ok(Requests::Whole(vec![Ok(Vec::new())].into_iter(), false));
    };
    let is_array = first.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
    let lines =
        |reader, what, ahead: Vec<Vec<u8>>| Ok(Requests::Lines(Lines { reader, what, most, read_ahead: ahead.into() }));
    if !is_array && !could_continue(&first) {
        return lines(reader, what, vec![first]);
    }
    let mut first = first;
    if !is_array && let Some(second) = next_nonempty(&mut reader, most, &what)? {
        // A first line that stops halfway before one that is whole: the first of many requests is broken.
        if serde_json::from_slice::<serde::de::IgnoredAny>(&second).is_ok() && second.trim_ascii().starts_with(b"{") {
            return lines(reader, what, vec![first, second]);
        }
        first.push(b'\n');
        first.extend(second);
    }
    let mut text = first;
    text.push(b'\n');
    // An array may hold many requests, each of which is bounded again when it is decided.
    let bound = if is_array { most.saturating_mul(64) } else { most };
    let left = u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(left).read_to_end(&mut text).map_err(|error| Failure::Io { what: what.clone(), error })?;
    if !is_array || text.len() > bound {
        return Ok(Requests::Whole(vec![Ok(text)].into_iter(), false));
    }
    match serde_json::from_slice::<Vec<&serde_json::value::RawValue>>(&text) {
        Ok(items) => {
            let items: Vec<Request> = items.iter().map(|item| Ok(item.get().as_bytes().to_vec())).collect();
            Ok(Requests::Whole(items.into_iter(), true))
        }
        Err(_) => Ok(Requests::Whole(vec![Ok(text)].into_iter(), false)),
    }
}

/// Whether a first line that is no JSON value by itself may be the beginning of one that goes on.
fn could_continue(line: &[u8]) -> bool {
    let error = serde_json::from_slice::<serde::de::IgnoredAny>(line).err();
    error.is_some_and(|error| error.is_eof())
}

/// YAML is ours to write and small; it is read whole and turned into JSON.
fn whole_yaml(reader: Source, most: usize, what: &str) -> Result<Requests, Failure> {
    let mut text = String::new();
    let left = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let fail = |error| Failure::Io { what: what.to_owned(), error };
    reader.take(left).read_to_string(&mut text).map_err(fail)?;
    let items = match crate::bundle::yaml::to_json("request", &text, most) {
        Ok(serde_json::Value::Array(items)) => {
            let items: Vec<Request> = items.iter().map(|item| Ok(item.to_string().into_bytes())).collect();
            return Ok(Requests::Whole(items.into_iter(), true));
        }
        Ok(one) => Ok(one.to_string().into_bytes()),
        Err(finding) => {
            let message = format!("{} (line {}, column {})", finding.message, finding.place.line, finding.place.column);
            Err(RequestError::new(RequestErrorKind::Malformed, "", message))
        }
    };
    Ok(Requests::Whole(vec![items].into_iter(), false))
}
