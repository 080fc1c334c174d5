//! Values in one machine word, and where those that do not fit are kept.
//!
//! A request is mostly read where it was not read before, so its size is what deciding it costs first; and an enum with
//! larger payloads would be returned and copied through memory, piece by piece. So a datum is a tag of four bits and a
//! number of sixty, both made and read here alone. What needs more bits is left to the interpreter.

use std::ops::Range;

use rust_decimal::Decimal;
use smallvec::SmallVec;

use crate::model::time::{Instant, is_day};
use crate::model::{Date, Duration, Timestamp, Value};

use super::GiveUp;

/// What a datum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// No value, and that is known.
    Absent,
    /// A fact that was not given.
    Missing,
    /// A fact in words that no registry knows; asked for again. The word is a span of the request's text.
    Unrecognised,
    /// A fact in words that no registry knows, a value of its own. The word is a span of the request's text.
    Other,
    /// See [`Value::Boolean`].
    Boolean,
    /// See [`Value::Integer`].
    Integer,
    /// See [`Value::Decimal`]; the word is its place in the scratch.
    Decimal,
    /// See [`Value::Text`]; the word is its place in the scratch.
    Text,
    /// Text of the request; the word is its span.
    Span,
    /// See [`Value::Symbol`]; the word is its place in the scratch.
    Symbol,
    /// A code by its position among those of its fact.
    Code,
    /// Codes, one bit each.
    Codes,
    /// See [`Value::Date`]; the word is its number.
    Date,
    /// See [`Value::Timestamp`].
    Timestamp,
    /// See [`Value::Duration`]; the word is its place in the scratch.
    Duration,
    /// No datum has it: so that four bits are a tag, whatever they are.
    Unused,
}

/// The bits of a tag.
const TAG_BITS: u32 = 4;
const TAG_MASK: i64 = 15;
/// The bits of each end of a span.
const SPAN_BITS: u32 = 29;
/// The longest text whose spans are told; more is left to the interpreter.
pub const LONGEST_TEXT: usize = (1 << SPAN_BITS) - 1;

/// A value, or what is known of a fact, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Datum(i64);

impl std::fmt::Debug for Datum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.tag(), self.word())
    }
}

impl Datum {
    /// No value, and that is known.
    pub const ABSENT: Self = Self::of(Tag::Absent);
    /// A fact that was not given.
    pub const MISSING: Self = Self::of(Tag::Missing);

    /// A tag with no number.
    #[must_use]
    pub const fn of(tag: Tag) -> Self {
        Self(tag as i64)
    }

    /// A tag with a number; `None` for one of more than 60 bits.
    fn pack(tag: Tag, word: i64) -> Option<Self> {
        let own = word << TAG_BITS;
        (own >> TAG_BITS == word).then_some(Self(own | tag as i64))
    }

    /// A small number, or one that is bounded by what it is.
    fn small(tag: Tag, word: u32) -> Self {
        Self((i64::from(word) << TAG_BITS) | tag as i64)
    }

    /// What it is.
    #[must_use]
    #[inline]
    pub fn tag(self) -> Tag {
        match self.0 & TAG_MASK {
            0 => Tag::Absent,
            1 => Tag::Missing,
            2 => Tag::Unrecognised,
            3 => Tag::Other,
            4 => Tag::Boolean,
            5 => Tag::Integer,
            6 => Tag::Decimal,
            7 => Tag::Text,
            8 => Tag::Span,
            9 => Tag::Symbol,
            10 => Tag::Code,
            11 => Tag::Codes,
            12 => Tag::Date,
            13 => Tag::Timestamp,
            14 => Tag::Duration,
            _ => Tag::Unused,
        }
    }

    /// The number, truth, code or bits, as the tag says.
    #[must_use]
    #[inline]
    pub fn word(self) -> i64 {
        self.0 >> TAG_BITS
    }

    /// A truth value.
    #[must_use]
    pub fn boolean(is: bool) -> Self {
        Self::small(Tag::Boolean, is.into())
    }

    /// A whole number; `None` for one of more than 60 bits.
    #[must_use]
    pub fn integer(number: i64) -> Option<Self> {
        Self::pack(Tag::Integer, number)
    }

    /// A date, by its number; `None` for what is none.
    #[must_use]
    pub fn date(number: i64) -> Option<Self> {
        Self::pack(Tag::Date, number)
    }

    /// A date, by its number; `None` outside the years 0001 to 9999.
    pub(crate) fn day(number: i64) -> Option<Self> {
        Some(number).filter(|number| is_day(*number)).and_then(Self::date)
    }

    /// An instant; `None` for one that no timestamp is.
    #[must_use]
    pub(crate) fn instant(instant: Instant) -> Option<Self> {
        Self::pack(Tag::Timestamp, instant.bits())
    }

    /// A code, by its position.
    #[must_use]
    pub fn code(at: u32) -> Self {
        Self::small(Tag::Code, at)
    }

    /// Codes, one bit each; `None` for more than 59 of them.
    #[must_use]
    pub fn codes(bits: u64) -> Option<Self> {
        i64::try_from(bits).ok().and_then(|bits| Self::pack(Tag::Codes, bits))
    }

    /// A span of the request's text, as what `tag` says; `None` beyond [`LONGEST_TEXT`].
    #[must_use]
    pub fn span(tag: Tag, (from, until): (u32, u32)) -> Option<Self> {
        let fits = from >> SPAN_BITS == 0 && until >> SPAN_BITS == 0;
        let word = (i64::from(from) << SPAN_BITS) | i64::from(until);
        if fits { Self::pack(tag, word) } else { None }
    }

    /// A value that needs no scratch; `None` for any other.
    #[must_use]
    pub fn plain(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Boolean(b) => Self::boolean(*b),
            Value::Integer(i) => Self::integer(*i)?,
            Value::Date(d) => Self::date(d.number())?,
            Value::Timestamp(t) => Self::timestamp(*t).ok()?,
            Value::Decimal(_) | Value::Text(_) | Value::Symbol(_) | Value::Duration(_) | Value::Set(_) => return None,
        })
    }

    /// An instant.
    ///
    /// # Errors
    /// When it is finer than microseconds.
    pub fn timestamp(timestamp: Timestamp) -> Result<Self, GiveUp> {
        Instant::of(timestamp).and_then(Self::instant).ok_or(GiveUp)
    }

    /// The date in the word.
    ///
    /// # Errors
    /// When it is none.
    pub fn as_date(self) -> Result<Date, GiveUp> {
        Date::from_number(self.word()).ok_or(GiveUp)
    }

    /// The timestamp in the word.
    ///
    /// # Errors
    /// When it is none.
    pub fn as_timestamp(self) -> Result<Timestamp, GiveUp> {
        self.as_instant().timestamp().ok_or(GiveUp)
    }

    /// The instant in the word of a timestamp.
    #[must_use]
    pub(crate) fn as_instant(self) -> Instant {
        Instant::from_bits(self.word())
    }

    /// The span in the word.
    #[must_use]
    pub fn as_span(self) -> (u32, u32) {
        let part = |bits: i64| u32::try_from(bits & ((1 << SPAN_BITS) - 1)).unwrap_or(u32::MAX);
        (part(self.word() >> SPAN_BITS), part(self.word()))
    }

    /// Whether it is absent.
    #[must_use]
    pub fn is_absent(self) -> bool {
        self == Self::ABSENT
    }

    /// Whether it is a fact that is not known.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self.tag(), Tag::Missing | Tag::Unrecognised | Tag::Other)
    }

    /// Whether it has a value.
    #[must_use]
    pub fn is_known(self) -> bool {
        !matches!(self.tag(), Tag::Missing | Tag::Unrecognised | Tag::Other | Tag::Absent)
    }

    fn place(self) -> usize {
        usize::try_from(self.word()).unwrap_or(usize::MAX)
    }
}

/// What the data of a request refer to.
#[derive(Debug, Default)]
pub struct Kept {
    decimals: SmallVec<[Decimal; 3]>,
    durations: SmallVec<[Duration; 1]>,
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self { decimals: self.decimals.clone(), durations: self.durations.clone() }
    }

    /// Without giving back what was allocated.
    fn clone_from(&mut self, other: &Self) {
        self.decimals.clear();
        self.durations.clear();
        // Nearly always there is nothing.
        if !other.decimals.is_empty() || !other.durations.is_empty() {
            self.decimals.extend_from_slice(&other.decimals);
            self.durations.extend_from_slice(&other.durations);
        }
    }
}

impl Kept {
    /// A value of the request; `None` for a set, a text, a symbol, and a timestamp finer than microseconds.
    pub fn value(&mut self, value: &Value) -> Option<Datum> {
        match value {
            Value::Decimal(d) => {
                self.decimals.push(*d);
                Some(at_place(Tag::Decimal, self.decimals.len().saturating_sub(1)))
            }
            Value::Duration(d) => {
                self.durations.push(*d);
                Some(at_place(Tag::Duration, self.durations.len().saturating_sub(1)))
            }
            other => Datum::plain(other),
        }
    }
}

/// What data refer to while a request is decided: what the request keeps, and after it what was computed.
#[derive(Debug)]
pub struct Scratch<'a> {
    text: &'a str,
    request: &'a Kept,
    decimals: SmallVec<[Decimal; 4]>,
    texts: SmallVec<[&'a str; 4]>,
    durations: SmallVec<[Duration; 1]>,
    memo: [Datum; MEMO],
    more: Vec<Datum>,
}

/// Values of nodes that are kept without allocating.
const MEMO: usize = 8;

impl<'a> Scratch<'a> {
    /// Nothing kept yet.
    #[must_use]
    pub fn new(text: &'a str, request: &'a Kept) -> Self {
        let (decimals, texts, durations) = (SmallVec::new(), SmallVec::new(), SmallVec::new());
        Self { text, request, decimals, texts, durations, memo: [Datum::MISSING; MEMO], more: Vec::new() }
    }

    /// What was computed for a place.
    #[inline]
    pub(crate) fn recall(&self, place: usize) -> Option<Datum> {
        let kept = self.memo.get(place).or_else(|| self.more.get(place.wrapping_sub(MEMO)));
        // No script gives a fact that is missing.
        kept.copied().filter(|datum| datum.tag() != Tag::Missing)
    }

    /// Keeps what was computed for one of so many places.
    #[inline]
    pub(crate) fn remember(&mut self, place: usize, places: usize, datum: Datum) {
        match self.memo.get_mut(place) {
            Some(kept) => *kept = datum,
            None => self.remember_more(place.wrapping_sub(MEMO), places, datum),
        }
    }

    #[cold]
    fn remember_more(&mut self, place: usize, places: usize, datum: Datum) {
        self.more.resize(places.saturating_sub(MEMO), Datum::MISSING);
        if let Some(kept) = self.more.get_mut(place) {
            *kept = datum;
        }
    }

    /// Keeps a decimal.
    pub fn keep(&mut self, decimal: Decimal) -> Datum {
        let at = self.request.decimals.len().saturating_add(self.decimals.len());
        self.decimals.push(decimal);
        at_place(Tag::Decimal, at)
    }

    /// Keeps a duration.
    pub fn keep_duration(&mut self, duration: Duration) -> Datum {
        let at = self.request.durations.len().saturating_add(self.durations.len());
        self.durations.push(duration);
        at_place(Tag::Duration, at)
    }

    /// Keeps a text or symbol, as the tag says.
    pub fn keep_text(&mut self, tag: Tag, text: &'a str) -> Datum {
        let at = self.texts.len();
        self.texts.push(text);
        at_place(tag, at)
    }

    /// A value of the bundle.
    ///
    /// # Errors
    /// When it has no datum: sets, and timestamps finer than microseconds.
    pub fn value(&mut self, value: &'a Value) -> Result<Datum, GiveUp> {
        match value {
            Value::Decimal(d) => Ok(self.keep(*d)),
            Value::Text(text) => Ok(self.keep_text(Tag::Text, text)),
            Value::Symbol(code) => Ok(self.keep_text(Tag::Symbol, code)),
            Value::Duration(d) => Ok(self.keep_duration(*d)),
            other => Datum::plain(other).ok_or(GiveUp),
        }
    }

    /// A number as a decimal.
    ///
    /// # Errors
    /// When it is no number.
    pub fn decimal(&self, datum: Datum) -> Result<Decimal, GiveUp> {
        match datum.tag() {
            Tag::Integer => Ok(Decimal::from(datum.word())),
            Tag::Decimal => {
                let kept = &self.request.decimals;
                let computed = datum.place().checked_sub(kept.len());
                computed.map_or(kept.get(datum.place()), |at| self.decimals.get(at)).copied().ok_or(GiveUp)
            }
            _ => Err(GiveUp),
        }
    }

    /// A duration.
    ///
    /// # Errors
    /// When it is none.
    pub fn duration(&self, datum: Datum) -> Result<Duration, GiveUp> {
        let kept = &self.request.durations;
        let computed = datum.place().checked_sub(kept.len());
        let duration = computed.map_or(kept.get(datum.place()), |at| self.durations.get(at)).copied();
        duration.filter(|_| datum.tag() == Tag::Duration).ok_or(GiveUp)
    }

    /// A text or symbol.
    ///
    /// # Errors
    /// When it is none.
    pub fn text(&self, datum: Datum) -> Result<&'a str, GiveUp> {
        match datum.tag() {
            Tag::Text | Tag::Symbol => self.texts.get(datum.place()).copied().ok_or(GiveUp),
            Tag::Span => self.text.get(ends(datum)).ok_or(GiveUp),
            _ => Err(GiveUp),
        }
    }

    /// The bytes of a span.
    ///
    /// # Errors
    /// When it ends beyond the text.
    #[inline]
    pub fn span(&self, span: Datum) -> Result<&'a [u8], GiveUp> {
        self.text.as_bytes().get(ends(span)).ok_or(GiveUp)
    }

    /// Whether two spans are the same text.
    ///
    /// # Errors
    /// When one ends beyond the text.
    #[inline]
    pub fn same_spans(&self, left: Datum, right: Datum) -> Result<bool, GiveUp> {
        let (left, right) = (self.span(left)?, self.span(right)?);
        // Most are of eight bytes to sixteen, which are two words: a call that compares them takes longer.
        let ends = |text: &[u8]| {
            let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
            text.first_chunk().zip(text.last_chunk()).map(|(first, last)| (word(first), word(last)))
        };
        match (left.len() == right.len() && left.len() <= 16, ends(left), ends(right)) {
            (true, Some(left), Some(right)) => Ok(left == right),
            _ => Ok(left == right),
        }
    }

    /// Whether two values are equal.
    ///
    /// # Errors
    /// When one is absent: nothing is equal to that, the script has to ask for it. When they are of different types.
    pub fn equal(&self, left: Datum, right: Datum) -> Result<bool, GiveUp> {
        match (left.tag(), right.tag()) {
            (Tag::Integer, Tag::Integer)
            | (Tag::Boolean, Tag::Boolean)
            | (Tag::Date, Tag::Date)
            | (Tag::Timestamp, Tag::Timestamp) => Ok(left.word() == right.word()),
            (Tag::Span, Tag::Span) => self.same_spans(left, right),
            (Tag::Symbol, Tag::Symbol) | (Tag::Text | Tag::Span, Tag::Text | Tag::Span) => {
                Ok(self.text(left)? == self.text(right)?)
            }
            (Tag::Duration, Tag::Duration) => Ok(self.duration(left)? == self.duration(right)?),
            _ => Ok(self.decimal(left)? == self.decimal(right)?),
        }
    }

    /// The order of two values of one type.
    ///
    /// # Errors
    /// When they have none.
    pub fn order(&self, left: Datum, right: Datum) -> Result<std::cmp::Ordering, GiveUp> {
        match (left.tag(), right.tag()) {
            (Tag::Integer, Tag::Integer) | (Tag::Date, Tag::Date) => Ok(left.word().cmp(&right.word())),
            (Tag::Duration, Tag::Duration) => Ok(self.duration(left)?.cmp(&self.duration(right)?)),
            _ => Ok(self.decimal(left)?.cmp(&self.decimal(right)?)),
        }
    }
}

/// Where a span is in the request's text.
fn ends(span: Datum) -> Range<usize> {
    let (from, until) = span.as_span();
    let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    index(from)..index(until)
}

fn at_place(tag: Tag, at: usize) -> Datum {
    // Far fewer are kept than have numbers; one that was not kept is found nowhere.
    Datum::small(tag, u32::try_from(at).unwrap_or(u32::MAX))
}
