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
    /// Lines that were read to see what the input is, with their numbers.
    read_ahead: VecDeque<(u64, Vec<u8>)>,
    /// The number of the line that was taken last, from 1.
    line: u64,
    /// The beginning of a line whose end was not read yet.
    begun: Vec<u8>,
    /// How long the file is, in bytes; `None` for what is no file.
    size: Option<u64>,
    /// The end was reached.
    is_read: bool,
}

type Source = BufReader<Box<dyn Read + Send>>;

/// Whole lines, as many as could be read without waiting.
#[derive(Default)]
pub struct Chunk {
    text: Vec<u8>,
    first: u64,
    /// It is the beginning of one line that is too long.
    is_cut: bool,
}

impl Chunk {
    /// How many bytes it holds.
    pub fn size(&self) -> u64 {
        u64::try_from(self.text.len()).unwrap_or(u64::MAX)
    }

    /// Lines that are not blank, with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let ends = memchr::memchr_iter(b'\n', &self.text).chain([self.text.len()]);
        let mut from = 0;
        let lines = ends.map(move |end| self.text.get(std::mem::replace(&mut from, end.saturating_add(1))..end));
        (self.first..).zip(lines.flatten()).filter(|(_, line)| self.is_cut || !line.iter().all(u8::is_ascii_whitespace))
    }
}

impl Lines {
    fn new(reader: Source, what: String, most: usize, read_ahead: Vec<(u64, Vec<u8>)>) -> Self {
        let line = read_ahead.last().map_or(0, |(line, _)| *line);
        Self { reader, what, most, read_ahead: read_ahead.into(), line, begun: Vec::new(), size: None, is_read: false }
    }

    /// How long the input is, in bytes, where it is a file.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    fn next_line(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        if let Some((line, text)) = self.read_ahead.pop_front() {
            self.line = line;
            return Ok(Some(text));
        }
        next_nonempty(&mut self.reader, self.most, &self.what, &mut self.line)
    }

    /// Reads lines in place of those that a chunk holds: whatever is there, or waits for more; false at the end.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, Failure> {
        chunk.text.clear();
        chunk.is_cut = false;
        if self.is_read {
            return Ok(false);
        }
        if let Some((line, text)) = self.read_ahead.pop_front() {
            (chunk.first, chunk.text) = (line, text);
            return Ok(true);
        }
        chunk.first = self.line.saturating_add(1);
        std::mem::swap(&mut chunk.text, &mut self.begun);
        loop {
            let buffer = filled(&mut self.reader).map_err(|error| Failure::Io { what: self.what.clone(), error })?;
            let (whole, begun) = match memchr::memrchr(b'\n', buffer) {
                Some(at) => buffer.split_at(at.saturating_add(1)),
                None => (buffer, [].as_slice()),
            };
            chunk.text.extend_from_slice(whole);
            self.begun.extend_from_slice(begun);
            let (is_end, has_line, read) = (buffer.is_empty(), whole.ends_with(b"\n"), buffer.len());
            self.reader.consume(read);
            // At a terminal what comes after the end would be waited for.
            self.is_read = is_end;
            if !is_end && !has_line && chunk.text.len() <= self.most {
                continue;
            }
            if !is_end && !has_line {
                // A line longer than a request may be is cut there, so that it is refused and not stored.
                chunk.text.truncate(self.most.saturating_add(1));
                chunk.is_cut = true;
                skip_line(&mut self.reader).map_err(|error| Failure::Io { what: self.what.clone(), error })?;
            }
            let ends = memchr::memchr_iter(b'\n', &chunk.text).count();
            let lines = ends.saturating_add(usize::from(!has_line));
            self.line = self.line.saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
            return Ok(!chunk.text.is_empty());
        }
    }
}

/// What there is to read; nothing at the end.
fn filled(reader: &mut Source) -> std::io::Result<&[u8]> {
    while let Err(error) = reader.fill_buf() {
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(reader.buffer())
}

fn next_nonempty(reader: &mut Source, most: usize, what: &str, line: &mut u64) -> Result<Option<Vec<u8>>, Failure> {
    loop {
        *line = line.saturating_add(1);
        match read_line(reader, most, what)? {
            Some(text) if text.len() <= most && text.iter().all(u8::is_ascii_whitespace) => {}
            other => return Ok(other),
        }
    }
}

/// A byte order mark tells how a file is written and is no part of what it says; editors put it there.
fn without_mark(mut reader: Box<dyn Read + Send>) -> std::io::Result<Box<dyn Read + Send>> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let mut head = Vec::new();
    reader.by_ref().take(3).read_to_end(&mut head)?;
    if head == MARK {
        head.clear();
    }
    Ok(Box::new(std::io::Cursor::new(head).chain(reader)))
}

impl Requests {
    /// Whether the input was an array, so that the output is one too.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Whole(_, true))
    }

    /// The number of the line that the last request stood in, where requests come one per line.
    pub fn line(&self) -> Option<u64> {
        if let Self::Lines(lines) = self { Some(lines.line) } else { None }
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
        let size = file.filter(|_| !stdin).and_then(|path| path.metadata().ok()).map(|about| about.len());
        let reader: Box<dyn Read + Send> = match file.filter(|_| !stdin) {
            None => Box::new(std::io::stdin()),
            Some(path) => Box::new(open(path, &what)?),
        };
        let reader = without_mark(reader).map_err(|error| Failure::Io { what: what.clone(), error })?;
        let reader = BufReader::with_capacity(1 << 16, reader);
        let is_yaml = file.and_then(Path::extension).is_some_and(|end| end == "yaml" || end == "yml");
        if is_yaml {
            return yaml::whole(reader, most, &what);
        }
        let mut requests = sniff(reader, most, what)?;
        if let Self::Lines(lines) = &mut requests {
            lines.size = size;
        }
        Ok(requests)
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

/// An array begins with `[`, YAML with a key or a comment. Anything else is one object over several lines, or one request
/// per line: it is the latter when the first line is a whole JSON value, or broken in a way that no further line can mend.
fn sniff(mut reader: Source, most: usize, what: String) -> Result<Requests, Failure> {
    let mut line = 0;
    let Some(first) = next_nonempty(&mut reader, most, &what, &mut line)? else {
        return Ok(Requests::Whole(vec![Ok(Vec::new())].into_iter(), false));
    };
    if yaml::begins(&first) {
        // With the lines that were read, so that places are told as they are.
        let blank = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
        let before = [vec![b'\n'; blank], first, vec![b'\n']].concat();
        return yaml::whole(std::io::Cursor::new(before).chain(reader), most, &what);
    }
    let is_array = first.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
    if !is_array && !could_continue(&first) {
        return Ok(Requests::Lines(Lines::new(reader, what, most, vec![(line, first)])));
    }
    let (mut first, first_line) = (first, line);
    if !is_array && let Some(second) = next_nonempty(&mut reader, most, &what, &mut line)? {
        // A first line that stops halfway before one that is whole: the first of many requests is broken.
        if serde_json::from_slice::<serde::de::IgnoredAny>(&second).is_ok() && second.trim_ascii().starts_with(b"{") {
            return Ok(Requests::Lines(Lines::new(reader, what, most, vec![(first_line, first), (line, second)])));
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
