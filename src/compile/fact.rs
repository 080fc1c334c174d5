//! Data, which are copied while a request is decided, as slots, which are kept.

use crate::script::{Datum, GiveUp, Scratch, Tag};

use super::slots::Slot;

/// The slot that says the same. Symbols, and text that is not the request's, have none.
///
/// # Errors
/// When there is none.
pub fn slot(datum: Datum, scratch: &Scratch<'_>) -> Result<Slot, GiveUp> {
    Ok(match datum.tag() {
        Tag::Missing => Slot::Missing,
        Tag::Absent => Slot::Absent,
        Tag::Unrecognised => Slot::Unrecognised(datum.as_span()),
        Tag::Other => Slot::Other(datum.as_span()),
        Tag::Span => Slot::Text(datum.as_span()),
        Tag::Code => Slot::Symbol(u32::try_from(datum.word()).map_err(|_| GiveUp)?),
        Tag::Codes => Slot::Set(datum.word().cast_unsigned()),
        Tag::Boolean => Slot::Boolean(datum.word() != 0),
        Tag::Integer => Slot::Integer(datum.word()),
        Tag::Date => Slot::Date(datum.word()),
        Tag::Timestamp => Slot::Timestamp(datum.as_timestamp()?),
        Tag::Decimal => Slot::Decimal(scratch.decimal(datum)?),
        Tag::Duration => Slot::Duration(scratch.duration(datum)?),
        Tag::Text | Tag::Symbol | Tag::Unused => return Err(GiveUp),
    })
}
