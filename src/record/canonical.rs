//! Canonical JSON (RFC 8785) in one pass over a text of JSON, and private texts replaced on the way.
//!
//! The text comes from serde or was read by the engine before; what is not JSON all the same is an error.

use memchr::memchr2;

use super::entry::{EXACT, INTEGER};
use super::error::RecordError;

/// The deepest nesting that is followed.
const DEPTH: usize = 128;

/// Goes along with the writing, knows what stands where, and may write something else for a text.
pub trait Along {
    /// What is known of a place.
    type Place: Copy;
    /// The value of a key.
    fn key(&mut self, place: Self::Place, key: &str) -> Self::Place;
    /// The element of a list.
    fn element(&mut self, place: Self::Place, number: usize) -> Self::Place;
    /// The value of a key, or an element, is written.
    fn leave(&mut self);
    /// Writes something else for a text, and says so.
    ///
    /// # Errors
    /// When it cannot.
    fn text(&mut self, place: Self::Place, text: &str, out: &mut Vec<u8>) -> Result<bool, RecordError>;
}

/// Nobody goes along.
impl Along for () {
    type Place = ();

    fn key(&mut self, (): (), _key: &str) {}
    fn element(&mut self, (): (), _number: usize) {}
    fn leave(&mut self) {}
    fn text(&mut self, (): (), _text: &str, _out: &mut Vec<u8>) -> Result<bool, RecordError> {
        Ok(false)
    }
}

/// A member of an object in what is written: where it begins, where its key ends, where it ends.
#[derive(Clone, Copy, Debug)]
struct Member {
    begin: usize,
    key: usize,
    end: usize,
    /// Whether the key is ASCII without escapes.
    plain: bool,
}

/// What the writing needs beside, kept from one text to the next.
#[derive(Debug, Default)]
pub struct Writer {
    members: Vec<Member>,
    sorted: Vec<u8>,
}

impl Writer {
    /// Writes a text of JSON in canonical form. Integers that RFC 8785 would round become `{"$integer": "…"}`.
    ///
    /// # Errors
    /// When it is no JSON, has a key twice or nests too deeply, or what goes along fails.
    pub fn write<A: Along>(
        &mut self,
        text: &[u8],
        place: A::Place,
        along: &mut A,
        out: &mut Vec<u8>,
    ) -> Result<(), RecordError> {
        self.members.clear();
        let text = std::str::from_utf8(text).map_err(|_| wrong("it is not UTF-8"))?;
        let mut run = Run { text, at: 0, writer: self, along };
        run.value(place, out, 0)?;
        match run.peek() {
            None => Ok(()),
            Some(_) => Err(wrong("something follows it")),
        }
    }
}

fn wrong(why: &str) -> RecordError {
    RecordError::Unreadable { what: "a text of JSON".into(), why: why.into() }
}

struct Run<'t, 'w, A> {
    text: &'t str,
    at: usize,
    writer: &'w mut Writer,
    along: &'w mut A,
}

impl<'t, A: Along> Run<'t, '_, A> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at).copied() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at = self.at.saturating_add(1),
                other => return other,
            }
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at = self.at.saturating_add(usize::from(here));
        here
    }

    fn value(&mut self, place: A::Place, out: &mut Vec<u8>, depth: usize) -> Result<(), RecordError> {
        match self.peek() {
            Some(b'{') if depth < DEPTH => self.object(place, out, depth.saturating_add(1)),
            Some(b'[') if depth < DEPTH => self.list(place, out, depth.saturating_add(1)),
            Some(b'{' | b'[') => Err(wrong("it nests too deeply")),
            Some(b'"') => {
                let token = self.string()?;
                let begin = out.len();
                let text = token.text()?;
                if !self.along.text(place, &text, out)? {
                    out.truncate(begin);
                    token.write(&text, out)?;
                }
                Ok(())
            }
            _ => self.bare(out),
        }
    }

    fn object(&mut self, place: A::Place, out: &mut Vec<u8>, depth: usize) -> Result<(), RecordError> {
        self.at = self.at.saturating_add(1);
        out.push(b'{');
        let first = self.writer.members.len();
        let (begin, mut in_order) = (out.len(), true);
        while !self.take(b'}') {
            if self.writer.members.len() > first {
                if !self.take(b',') {
                    return Err(wrong("a comma is missing"));
                }
                out.push(b',');
            }
            let mut member = Member { begin: out.len(), key: 0, end: 0, plain: false };
            if self.peek() != Some(b'"') {
                return Err(wrong("a key is missing"));
            }
            let token = self.string()?;
            let key = token.text()?;
            token.write(&key, out)?;
            member.key = out.len();
            member.plain = !token.escaped && key.is_ascii();
            if let Some(before) = self.writer.members.get(first..).and_then(<[_]>::last) {
                in_order &= order(out, before, &member).is_lt();
            }
            if !self.take(b':') {
                return Err(wrong("a colon is missing"));
            }
            out.push(b':');
            let place = self.along.key(place, &key);
            self.value(place, out, depth)?;
            self.along.leave();
            member.end = out.len();
            self.writer.members.push(member);
        }
        if !in_order {
            self.sort(first, begin, out)?;
        }
        self.writer.members.truncate(first);
        out.push(b'}');
        Ok(())
    }

    /// Puts the members of an object in the order of their keys.
    fn sort(&mut self, first: usize, begin: usize, out: &mut Vec<u8>) -> Result<(), RecordError> {
        let Writer { members, sorted } = &mut *self.writer;
        let members = members.get_mut(first..).unwrap_or_default();
        members.sort_by(|a, b| order(out, a, b));
        let twice = |pair: &[Member]| matches!(pair, [a, b] if key_of(out, a) == key_of(out, b));
        if members.windows(2).any(twice) {
            return Err(wrong("a key is there twice"));
        }
        sorted.clear();
        for (n, member) in members.iter().enumerate() {
            if n > 0 {
                sorted.push(b',');
            }
            sorted.extend_from_slice(out.get(member.begin..member.end).unwrap_or_default());
        }
        out.truncate(begin);
        out.extend_from_slice(sorted);
        Ok(())
    }

    fn list(&mut self, place: A::Place, out: &mut Vec<u8>, depth: usize) -> Result<(), RecordError> {
        self.at = self.at.saturating_add(1);
        out.push(b'[');
        let mut number = 0_usize;
        while !self.take(b']') {
            if number > 0 {
                if !self.take(b',') {
                    return Err(wrong("a comma is missing"));
                }
                out.push(b',');
            }
            let place = self.along.element(place, number);
            self.value(place, out, depth)?;
            self.along.leave();
            number = number.saturating_add(1);
        }
        out.push(b']');
        Ok(())
    }

    /// A string, from its opening quote on.
    fn string(&mut self) -> Result<Token<'t>, RecordError> {
        let (start, mut end, mut escaped) = (self.at, self.at.saturating_add(1), false);
        loop {
            let rest = self.text.as_bytes().get(end..).unwrap_or_default();
            let found = memchr2(b'"', b'\\', rest).ok_or_else(|| wrong("a text does not end"))?;
            let at = end.saturating_add(found);
            if self.text.as_bytes().get(at) == Some(&b'"') {
                self.at = at.saturating_add(1);
                let raw = self.text.get(start..self.at).unwrap_or_default();
                return Ok(Token { raw, escaped });
            }
            escaped = true;
            end = at.saturating_add(2);
        }
    }

    /// A number, `true`, `false` or `null`.
    fn bare(&mut self, out: &mut Vec<u8>) -> Result<(), RecordError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
        let word = rest.get(..rest.iter().position(ends).unwrap_or(rest.len())).unwrap_or_default();
        self.at = self.at.saturating_add(word.len());
        let short =
            word.len() <= 15 && word.iter().all(u8::is_ascii_digit) && (word.len() == 1 || word.first() != Some(&b'0'));
        if matches!(word, b"true" | b"false" | b"null") || short && !word.is_empty() {
            out.extend_from_slice(word);
            return Ok(());
        }
        let number: serde_json::Number = serde_json::from_slice(word).map_err(|_| wrong("a value is missing"))?;
        if number.as_i64().is_some_and(|n| n.unsigned_abs() > EXACT) {
            out.extend_from_slice(format!("{{\"{INTEGER}\":\"{number}\"}}").as_bytes());
            return Ok(());
        }
        let bytes = serde_json_canonicalizer::to_vec(&number).map_err(|error| wrong(&error.to_string()))?;
        out.extend_from_slice(&bytes);
        Ok(())
    }
}

/// A string as it is written, with its quotes.
#[derive(Clone, Copy)]
struct Token<'t> {
    raw: &'t str,
    escaped: bool,
}

impl<'t> Token<'t> {
    fn text(&self) -> Result<std::borrow::Cow<'t, str>, RecordError> {
        if self.escaped {
            let text: String = serde_json::from_str(self.raw).map_err(|_| wrong("a text is not one"))?;
            return Ok(text.into());
        }
        let inner = self.raw.get(1..self.raw.len().saturating_sub(1)).unwrap_or_default();
        Ok(inner.into())
    }

    /// What needs no escape is as it should be.
    fn write(&self, text: &str, out: &mut Vec<u8>) -> Result<(), RecordError> {
        if self.escaped {
            return serde_json::to_writer(out, text).map_err(|error| wrong(&error.to_string()));
        }
        out.extend_from_slice(self.raw.as_bytes());
        Ok(())
    }
}

fn key_of<'o>(out: &'o [u8], member: &Member) -> &'o [u8] {
    out.get(member.begin..member.key).unwrap_or_default()
}

/// The order of keys: by the UTF-16 units of what they say. Between ASCII texts without escapes that is the order of
/// their bytes.
fn order(out: &[u8], a: &Member, b: &Member) -> std::cmp::Ordering {
    let (key_a, key_b) = (key_of(out, a), key_of(out, b));
    if a.plain && b.plain {
        let inner = |key: &'_ [u8]| key.len().saturating_sub(1);
        return key_a.get(..inner(key_a)).cmp(&key_b.get(..inner(key_b)));
    }
    // What was written as a key is a string of JSON.
    let units =
        |key: &[u8]| serde_json::from_slice::<String>(key).unwrap_or_default().encode_utf16().collect::<Vec<_>>();
    units(key_a).cmp(&units(key_b))
}
