//! Between slots, which are kept, and data, which are copied.

use crate::script::{Datum, GiveUp, Scratch, Tag};

use super::slots::Slot;

/// What a slot says.
///
/// # Errors
/// When a timestamp is finer than a datum.
pub fn datum(slot: &Slot, scratch: &mut Scratch<'_>) -> Result<Datum, GiveUp> {
    Ok(match slot {
        Slot::Missing => Datum::MISSING,
        Slot::Absent => Datum::ABSENT,
        Slot::Unrecognised(span) => Datum::span(Tag::Unrecognised, *span),
        Slot::Other(span) => Datum::span(Tag::Other, *span),
        Slot::Text(span) => Datum::span(Tag::Span, *span),
        Slot::Symbol(code) => Datum::code(*code),
        Slot::Set(bits) => Datum::codes(*bits),
        Slot::Boolean(b) => Datum::boolean(*b),
        Slot::Integer(i) => Datum::integer(*i),
        Slot::Date(d) => Datum::date(d.number()),
        Slot::Timestamp(t) => Datum::timestamp(*t)?,
        Slot::Decimal(d) => scratch.keep(*d),
        Slot::Duration(d) => scratch.keep_duration(*d),
    })
}

/// The slot that says the same. Symbols, and text that is not the request's, have none.
///
/// # Errors
/// When there is none.
pub fn slot(datum: Datum, scratch: &Scratch<'_>) -> Result<Slot, GiveUp> {
    Ok(match datum.tag {
        Tag::Missing => Slot::Missing,
        Tag::Absent => Slot::Absent,
        Tag::Unrecognised => Slot::Unrecognised(datum.as_span()),
        Tag::Other => Slot::Other(datum.as_span()),
        Tag::Span => Slot::Text(datum.as_span()),
        Tag::Code => Slot::Symbol(u32::try_from(datum.word()).map_err(|_| GiveUp)?),
        Tag::Codes => Slot::Set(datum.word().cast_unsigned()),
        Tag::Boolean => Slot::Boolean(datum.word() != 0),
        Tag::Integer => Slot::Integer(datum.word()),
        Tag::Date => Slot::Date(datum.as_date()?),
        Tag::Timestamp => Slot::Timestamp(datum.as_timestamp()?),
        Tag::Decimal => Slot::Decimal(scratch.decimal(datum)?),
        Tag::Duration => Slot::Duration(scratch.duration(datum)?),
        Tag::Text | Tag::Symbol => return Err(GiveUp),
    })
}
