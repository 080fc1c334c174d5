//! Requests from a file or the standard input: one object, an array, YAML, or one per line, streamed.

mod yaml;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::model::error::RequestError;

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
    Ok(skip_blank(reader, most, what)?.map(|(_, line)| line))
}

/// The next line that is not blank, and how many blank ones stand before it.
fn skip_blank(reader: &mut Source, most: usize, what: &str) -> Result<Option<(usize, Vec<u8>)>, Failure> {
    let mut blank: usize = 0;
    loop {
        match read_line(reader, most, what)? {
            Some(line) if line.iter().all(u8::is_ascii_whitespace) => blank = blank.saturating_add(1),
            other => return Ok(other.map(|line| (blank, line))),
        }
    }
}

/// A byte order mark tells how a file is written and is no part of what it says; editors put it there.
fn without_mark(reader: &mut Source) -> std::io::Result<()> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if reader.fill_buf()?.starts_with(MARK) {
        reader.consume(MARK.len());
    }
    Ok(())
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
        let mut reader = BufReader::with_capacity(1 << 18, reader);
        without_mark(&mut reader).map_err(|error| Failure::Io { what: what.clone(), error })?;
        let is_yaml = file.and_then(Path::extension).is_some_and(|end| end == "yaml" || end == "yml");
        if is_yaml { yaml::whole(reader, most, &what) } else { sniff(reader, most, what) }
    }
}

fn open(path: &Path, what: &str) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| Failure::Io { what: what.to_owned(), error })?;
    super::hints::bundle_instead_of("a request", path)?;
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

/// An array begins with `[`, YAML with a key or a comment. Anything else is one object over several lines, or one request per line: it is the
/// latter when the first line is a whole JSON value, or broken in a way that no further line can mend.
fn sniff(mut reader: Source, most: usize, what: String) -> Result<Requests, Failure> {
    let Some((blank, first)) = skip_blank(&mut reader, most, &what)? else {
        return Ok(Requests::Whole(vec![Ok(Vec::new())].into_iter(), false));
    };
    if yaml::begins(&first) {
        // With the lines that were read, so that places are told as they are.
        let before = [vec![b'\n'; blank], first, vec![b'\n']].concat();
        return yaml::whole(std::io::Cursor::new(before).chain(reader), most, &what);
    }
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
    Ok(elements(text))
}

/// The elements of an array; what is none is refused as a whole.
fn elements(text: Vec<u8>) -> Requests {
    match serde_json::from_slice::<Vec<&serde_json::value::RawValue>>(&text) {
        Ok(items) => {
            let items: Vec<Request> = items.iter().map(|item| Ok(item.get().as_bytes().to_vec())).collect();
            Requests::Whole(items.into_iter(), true)
        }
        Err(_) => Requests::Whole(vec![Ok(text)].into_iter(), false),
    }
}

/// Whether a first line that is no JSON value by itself may be the beginning of one that goes on.
fn could_continue(line: &[u8]) -> bool {
    let error = serde_json::from_slice::<serde::de::IgnoredAny>(line).err();
    error.is_some_and(|error| error.is_eof())
}
