//! A place in a JSON text: what stands there, as far as it is plain.

use crate::model::limits::RequestLimits;

use super::slots::{Span, part};

/// A place in a text.
pub struct Cursor<'t> {
    text: &'t str,
    /// See [`is_plain`].
    is_plain: bool,
    /// The place.
    pub at: usize,
    limits: &'t RequestLimits,
}

impl<'t> Cursor<'t> {
    /// The beginning.
    pub fn new(text: &'t str, limits: &'t RequestLimits) -> Self {
        Self { text, is_plain: is_plain(text), at: 0, limits }
    }

    /// The kind that a request names, wherever it stands; the cursor stays where it is.
    pub fn kind(&self) -> Option<Span> {
        let Self { text, is_plain, at, limits } = *self;
        let mut cursor = Self { text, is_plain, at, limits };
        cursor.blank();
        cursor.expect(b'{')?;
        loop {
            cursor.blank();
            cursor.expect(b'"')?;
            let key = cursor.string()?;
            cursor.blank();
            cursor.expect(b':')?;
            cursor.blank();
            if part(text, key) == "kind" {
                cursor.expect(b'"')?;
                return cursor.string();
            }
            cursor.skip(0)?;
            cursor.blank();
            cursor.expect(b',')?;
        }
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// One byte further.
    pub fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Over a byte that has to be there.
    pub fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.step())
    }

    /// Over a word that has to be there.
    pub fn word(&mut self, word: &str) -> Option<()> {
        let until = self.at.checked_add(word.len())?;
        (self.text.as_bytes().get(self.at..until)? == word.as_bytes()).then(|| self.at = until)
    }

    /// Over white space.
    pub fn blank(&mut self) {
        while let Some(byte) = self.peek()
            && byte <= b' '
            && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
        {
            self.step();
        }
    }

    /// A string without escapes and control characters, its opening quote being read.
    #[inline]
    pub fn string(&mut self) -> Option<Span> {
        let from = self.at;
        let at = if self.is_plain { self.quote()? } else { self.careful_quote()? };
        if at.checked_sub(from)? > self.limits.text_bytes {
            return None;
        }
        self.at = at.wrapping_add(1);
        Some((u32::try_from(from).ok()?, u32::try_from(at).ok()?))
    }

    /// Where the next quote is, in a plain text.
    fn quote(&self) -> Option<usize> {
        let (bytes, mut at) = (self.text.as_bytes(), self.at);
        // Eight bytes at a time.
        while let Some(eight) = bytes.get(at..)?.first_chunk::<8>() {
            match zeros(u64::from_le_bytes(*eight) ^ ONES.wrapping_mul(0x22)) & HIGH {
                0 => at = at.wrapping_add(8),
                first => return at.checked_add(usize::try_from(first.trailing_zeros() >> 3).ok()?),
            }
        }
        at.checked_add(bytes.get(at..)?.iter().position(|byte| *byte == b'"')?)
    }

    /// Where the next quote is; `None` where an escape or a control character comes before it.
    #[inline(never)]
    fn careful_quote(&self) -> Option<usize> {
        let from = self.at;
        let bytes = self.text.as_bytes();
        let (mut at, mut plain) = (from, true);
        loop {
            // Eight bytes at a time, while none of them matters.
            while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
                match matters(u64::from_le_bytes(*eight)) {
                    0 => at = at.wrapping_add(8),
                    first => {
                        at = at.wrapping_add(usize::try_from(first.trailing_zeros() >> 3).unwrap_or_default());
                        break;
                    }
                }
            }
            match bytes.get(at)? {
                b'"' => break,
                b'\\' | 0..=0x1f => return None,
                0x7f..=0xff => plain = false,
                _ => {}
            }
            at = at.wrapping_add(1);
        }
        (plain || !self.text.get(from..at)?.chars().any(char::is_control)).then_some(at)
    }

    /// A whole number.
    pub fn integer(&mut self) -> Option<i64> {
        let negative = self.expect(b'-').is_some();
        let from = self.at;
        let mut value = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.checked_mul(10)?.checked_add(i64::from(digit.checked_sub(b'0')?))?;
            self.step();
        }
        let digits = self.at.checked_sub(from)?;
        let leads = digits > 1 && self.text.as_bytes().get(from) == Some(&b'0');
        if digits == 0 || leads || (negative && value == 0) || matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        if negative { value.checked_neg() } else { Some(value) }
    }

    /// Over any value.
    pub fn skip(&mut self, depth: usize) -> Option<()> {
        if depth > 16 {
            return None;
        }
        match self.peek()? {
            b'"' => {
                self.step();
                self.string().map(drop)
            }
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'{' | b'[' => self.skip_inside(depth),
            _ => self.integer().map(drop),
        }
    }

    fn skip_inside(&mut self, depth: usize) -> Option<()> {
        let (open, close) = if self.peek()? == b'{' { (b'{', b'}') } else { (b'[', b']') };
        self.step();
        self.blank();
        if self.expect(close).is_some() {
            return Some(());
        }
        loop {
            self.blank();
            if open == b'{' {
                self.expect(b'"')?;
                self.string()?;
                self.blank();
                self.expect(b':')?;
                self.blank();
            }
            self.skip(depth.saturating_add(1))?;
            self.blank();
            if self.expect(b',').is_none() {
                return self.expect(close);
            }
        }
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Whether a text is printable ASCII without backslashes, so that a string in it ends at the next quote.
fn is_plain(text: &str) -> bool {
    // Without an early end, so that the compiler looks at many bytes at once.
    text.as_bytes().iter().fold(true, |plain, byte| plain & matches!(byte, 0x20..=0x5b | 0x5d..=0x7e))
}

/// The highest bit of each byte that is zero, right up to the first of them.
fn zeros(bytes: u64) -> u64 {
    bytes.wrapping_sub(ONES) & !bytes
}

/// The highest bit of each byte of a text that ends a string or is not printable ASCII; right up to the first of them.
fn matters(eight: u64) -> u64 {
    let control = eight.wrapping_sub(ONES.wrapping_mul(0x20)) & !eight;
    let quote = zeros(eight ^ ONES.wrapping_mul(0x22));
    let backslash = zeros(eight ^ ONES.wrapping_mul(0x5c));
    // From 0x7f on one more has the highest bit; a carry only reaches bytes after one that matters.
    let above = eight.wrapping_add(ONES) | eight;
    (control | quote | backslash | above) & HIGH
}
