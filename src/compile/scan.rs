//! JSON text → facts, in one pass. It reads plain requests only: anything else (escapes, unknown or repeated keys, other
//! types, lists that fan out) is left to `decide::read`, which also words every error.

use std::sync::Arc;

use crate::bundle::checked::{Bundle, FactIx, Kind, Unrecognised};
use crate::model::currency::is_code;
use crate::model::limits::RequestLimits;
use crate::model::time::{Date, Duration, Instant, Timestamp};
use crate::model::value::{Type, Value};
use crate::script::{Datum, Kept, Tag};

use super::facts::FactTable;
use super::keys::{Keys, Place};
use super::names::{Codes, Spelled};
use super::slots::{Span, part, range};

/// How the text of a fact becomes a slot.
#[derive(Debug)]
pub struct Reading {
    type_: Type,
    codes: Option<usize>,
    unrecognised: Unrecognised,
    ignored: Datum,
    allowed: Option<Vec<bool>>,
    minimum: Option<Value>,
}

impl Reading {
    /// How a fact of a kind is read; `None` when its slot cannot hold it.
    pub fn new(bundle: &Bundle, kind: &Kind, ix: FactIx, table: &FactTable) -> Option<Self> {
        let fact = bundle.fact(ix)?;
        let meaning = kind.facts.get(&ix)?;
        let codes = table.codes_of(table.local(ix)?);
        let ignored = table.ignored(meaning, table.local(ix)?)?;
        let allowed = match (&meaning.values, codes) {
            (Some(values), Some(at)) => {
                let known = table.codes.get(at)?;
                Some(
                    (0..known.count())
                        .map(|n| u32::try_from(n).is_ok_and(|n| values.contains(&Value::Symbol(known.code(n).clone()))))
                        .collect(),
                )
            }
            _ => None,
        };
        let (type_, minimum) = (fact.type_.clone(), fact.minimum.clone());
        Some(Self { type_, codes, unrecognised: meaning.unrecognised, ignored, allowed, minimum })
    }
}

/// One reading of a text.
pub struct Scan<'t> {
    text: &'t str,
    /// See [`is_plain`].
    plain: bool,
    at: usize,
    limits: &'t RequestLimits,
    codes: &'t [Arc<Codes>],
    readings: &'t [Reading],
    /// The request's id.
    pub id: Option<Span>,
    /// The decision time as written.
    pub decided_at: Option<Span>,
    /// What the data refer to.
    kept: &'t mut Kept,
}

/// The kind that a request names, wherever it stands.
pub fn kind_of(text: &str, limits: &RequestLimits) -> Option<Span> {
    let mut kept = Kept::default();
    // It stands near the beginning; the whole text is looked at when it is read.
    let mut scan = Scan { plain: false, ..Scan::new("", limits, &[], &[], &mut kept) };
    scan.text = text;
    scan.blank();
    scan.expect(b'{')?;
    loop {
        scan.blank();
        scan.expect(b'"')?;
        let key = scan.string()?;
        scan.blank();
        scan.expect(b':')?;
        scan.blank();
        if part(text, key) == "kind" {
            scan.expect(b'"')?;
            return scan.string();
        }
        scan.skip(0)?;
        scan.blank();
        scan.expect(b',')?;
    }
}

impl<'t> Scan<'t> {
    /// Starts at the beginning.
    pub fn new(
        text: &'t str,
        limits: &'t RequestLimits,
        codes: &'t [Arc<Codes>],
        readings: &'t [Reading],
        kept: &'t mut Kept,
    ) -> Self {
        Self { text, plain: is_plain(text), at: 0, limits, codes, readings, id: None, decided_at: None, kept }
    }

    /// Reads the whole request.
    pub fn request(&mut self, keys: &Keys, facts: &mut [Datum]) -> Option<()> {
        self.blank();
        self.expect(b'{')?;
        self.object(keys, facts)?;
        self.blank();
        (self.at == self.text.len()).then_some(())
    }

    /// Reads the value of a fact that stands at a place of the text, up to the end of its line; `None` for what is not plain.
    pub fn value_at(&mut self, from: usize, local: usize, unstated: Datum) -> Option<Datum> {
        self.at = from;
        if self.peek()? == b'n' {
            return self.word("null").map(|()| unstated);
        }
        let fact = self.fact(self.readings.get(local)?, unstated)?;
        (self.peek()? == b'\n').then_some(fact)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.step())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let until = self.at.checked_add(word.len())?;
        (self.text.as_bytes().get(self.at..until)? == word.as_bytes()).then(|| self.at = until)
    }

    fn blank(&mut self) {
        while let Some(byte) = self.peek()
            && byte <= b' '
            && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
        {
            self.step();
        }
    }

    /// A string without escapes and control characters, its opening quote being read.
    #[inline]
    fn string(&mut self) -> Option<Span> {
        let from = self.at;
        let at = if self.plain { self.quote()? } else { self.careful_quote()? };
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

    fn integer(&mut self) -> Option<i64> {
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

    fn skip(&mut self, depth: usize) -> Option<()> {
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

    /// An object, its opening brace being read.
    fn object(&mut self, keys: &Keys, facts: &mut [Datum]) -> Option<()> {
        let (mut seen, mut last) = (0_u64, None);
        self.blank();
        if self.expect(b'}').is_some() {
            return Some(());
        }
        loop {
            self.blank();
            self.expect(b'"')?;
            let (at, place) = self.key(keys, last)?;
            last = Some(at);
            let bit = 1_u64.checked_shl(u32::try_from(at).ok()?)?;
            if seen & bit != 0 {
                return None;
            }
            seen |= bit;
            self.blank();
            self.expect(b':')?;
            self.blank();
            self.value(place, facts)?;
            self.blank();
            if self.expect(b',').is_none() {
                return self.expect(b'}');
            }
        }
    }

    /// A key, its opening quote being read.
    fn key<'k>(&mut self, keys: &'k Keys, last: Option<usize>) -> Option<(usize, &'k Place)> {
        let from = self.at;
        if let Some((at, place, end)) = keys.expected(self.text, from, last) {
            self.at = end.wrapping_add(1);
            return Some((at, place));
        }
        self.string()?;
        let (at, place) = keys.find(self.text, from, self.at.checked_sub(1)?)?;
        keys.expect(last, at);
        Some((at, place))
    }

    fn value(&mut self, place: &Place, facts: &mut [Datum]) -> Option<()> {
        if self.peek()? == b'n' {
            return self.word("null");
        }
        let local = match place {
            Place::Object(keys) => {
                self.expect(b'{')?;
                return self.object(keys, facts);
            }
            Place::Never => return None,
            Place::Kind => {
                self.expect(b'"')?;
                return self.string().map(drop);
            }
            Place::Id => {
                self.expect(b'"')?;
                self.id = Some(self.string()?);
                return Some(());
            }
            Place::At(local) => {
                let from = u32::try_from(self.at.checked_add(1)?).ok()?;
                // White space is no time; that is for the interpreter to refuse.
                let fact = self.fact(self.readings.get(*local)?, Datum::MISSING).filter(|fact| fact.is_known())?;
                let until = u32::try_from(self.at.checked_sub(1)?).ok()?;
                self.decided_at = Some((from, until));
                *facts.get_mut(*local)? = fact;
                return Some(());
            }
            Place::Fact(local) => *local,
        };
        let unstated = *facts.get(local)?;
        let fact = self.fact(self.readings.get(local)?, unstated)?;
        *facts.get_mut(local)? = fact;
        Some(())
    }

    /// What is written; what stands there already for white space alone.
    fn fact(&mut self, reading: &Reading, unstated: Datum) -> Option<Datum> {
        let fact = match &reading.type_ {
            Type::Boolean if self.peek()? == b't' => self.word("true").map(|()| Datum::boolean(true))?,
            Type::Boolean => self.word("false").map(|()| Datum::boolean(false))?,
            Type::Integer => Datum::integer(self.integer()?)?,
            Type::Set(_) => return self.set(reading),
            type_ => {
                self.expect(b'"')?;
                let span = self.string()?;
                let text = part(self.text, span);
                let begins = text.as_bytes().first().is_some_and(u8::is_ascii_graphic);
                if !begins && text.trim().is_empty() {
                    return Some(unstated);
                }
                if matches!(type_, Type::Symbol(_)) {
                    return self.symbol(reading, span);
                }
                self.scalar(type_, text, span, reading.minimum.as_ref())?
            }
        };
        match (&reading.minimum, fact.tag()) {
            (Some(Value::Integer(least)), Tag::Integer) if fact.word() < *least => None,
            _ => Some(fact),
        }
    }

    fn symbol(&self, reading: &Reading, span: Span) -> Option<Datum> {
        match self.codes.get(reading.codes?)?.spelled(self.text, range(span)) {
            Spelled::Code(code) => {
                let allowed = reading.allowed.as_ref();
                let fine = allowed.is_none_or(|all| usize::try_from(code).is_ok_and(|at| all.get(at) == Some(&true)));
                fine.then_some(Datum::code(code))
            }
            Spelled::Unrecognised => match reading.unrecognised {
                Unrecognised::Error => None,
                Unrecognised::Other => Datum::span(Tag::Other, span),
                Unrecognised::Ask => Datum::span(Tag::Unrecognised, span),
                Unrecognised::Ignore => Some(reading.ignored),
            },
        }
    }

    fn set(&mut self, reading: &Reading) -> Option<Datum> {
        let codes = self.codes.get(reading.codes?)?;
        if codes.count() > 64 || reading.allowed.is_some() {
            return None;
        }
        self.expect(b'[')?;
        let (mut bits, mut count) = (0_u64, 0_usize);
        self.blank();
        if self.expect(b']').is_some() {
            return Datum::codes(0);
        }
        loop {
            self.blank();
            self.expect(b'"')?;
            let span = self.string()?;
            match codes.spelled(self.text, range(span)) {
                Spelled::Code(code) => bits |= 1_u64.checked_shl(code)?,
                Spelled::Unrecognised
                    if reading.unrecognised == Unrecognised::Ask || reading.unrecognised == Unrecognised::Error =>
                {
                    return None;
                }
                Spelled::Unrecognised => {}
            }
            count = count.saturating_add(1);
            self.blank();
            if self.expect(b',').is_none() {
                self.expect(b']')?;
                return Datum::codes(bits).filter(|_| count <= self.limits.elements);
            }
        }
    }

    fn scalar(&mut self, type_: &Type, text: &str, span: Span, minimum: Option<&Value>) -> Option<Datum> {
        match type_ {
            Type::Text => Datum::span(Tag::Span, span),
            // A currency is written by its code; any other spelling is left alone.
            Type::Currency => is_code(text).then(|| Datum::span(Tag::Span, span)).flatten(),
            Type::Decimal => {
                let value = Value::parse_decimal(text)?;
                match minimum {
                    Some(least) if value < *least => None,
                    _ => self.kept.value(&value),
                }
            }
            Type::Date => Date::parse(text).and_then(|date| Datum::date(date.number())),
            Type::Timestamp => match Instant::parse_plain(text) {
                Some(instant) => Datum::instant(instant),
                None => Datum::timestamp(Timestamp::parse(text)?).ok(),
            },
            Type::Duration => self.kept.value(&Value::Duration(Duration::parse(text)?)),
            Type::Boolean | Type::Integer | Type::Symbol(_) | Type::Set(_) => None,
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
