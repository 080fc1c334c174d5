//! A request as the program reads it: what it says of each fact of its kind.

use std::ops::Range;

use crate::model::time::{Duration, Timestamp};
use crate::script::{Datum, Kept, Small, Tag};
use rust_decimal::Decimal;
use smallvec::SmallVec;

/// A part of the request's text: from, until.
pub type Span = (u32, u32);

/// What is known of a fact. Texts stay in the request's text, codes are positions in their registry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slot {
    /// It has no value, and that is known.
    Absent,
    /// It was not given.
    Missing,
    /// It was given in words that no registry knows; asked for again.
    Unrecognised(Span),
    /// It was given in words that no registry knows, a value of its own.
    Other(Span),
    /// `true`, `false`
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// An exact decimal.
    Decimal(Decimal),
    /// An exact decimal of few digits, in words: a larger value is written in parts and then copied, and the processor waits
    /// for the parts.
    Small(Small),
    /// Text, and currency codes.
    Text(Span),
    /// A date, by its number.
    Date(i64),
    /// An instant.
    Timestamp(Timestamp),
    /// A duration.
    Duration(Duration),
    /// A code, by its position.
    Symbol(u32),
    /// Codes, one bit each.
    Set(u64),
}

/// Facts that are kept beside the request, not behind it.
const FACTS: usize = 48;

/// Numbers of facts that are kept beside the request.
pub const NUMBERS: usize = 16;

/// A request that was read once. What is looked at while it is decided comes first, and lies together: most requests are
/// not where they are read fastest.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Request {
    /// The kind, by position.
    pub kind: usize,
    /// Facts that scripts wait for and that are open, a bit for each.
    pub open: u64,
    /// The numbers of its facts, in the order of the steps that look at them.
    pub numbers: SmallVec<[u8; NUMBERS]>,
    /// What it says of each fact of the kind that is not derived.
    pub facts: SmallVec<[Datum; FACTS]>,
    /// What those refer to.
    pub kept: Kept,
    /// Its JSON.
    pub text: String,
    /// Which facts took their value from another, a bit for each that may.
    pub took: u64,
    /// The request's id.
    pub id: Option<Span>,
    /// The decision time as written.
    pub at: Span,
}

impl Request {
    /// A part of the text.
    pub fn part(&self, span: Span) -> &str {
        part(&self.text, span)
    }
}

/// A part of a text; nothing where the span is none of its own.
pub fn part(text: &str, span: Span) -> &str {
    text.get(range(span)).unwrap_or_default()
}

/// The bytes of a part of a text.
pub fn range((from, until): Span) -> Range<usize> {
    let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    index(from)..index(until)
}

/// The class of a fact by which columns are looked up: four states, then codes (or truth values, or one for all others).
pub fn class(fact: Datum) -> usize {
    match fact.tag() {
        tag @ (Tag::Absent | Tag::Missing | Tag::Unrecognised | Tag::Other) => tag as usize,
        Tag::Code | Tag::Boolean => usize::try_from(fact.word()).unwrap_or(usize::MAX).saturating_add(4),
        _ => 4,
    }
}
