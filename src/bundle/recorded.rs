//! What the files say that are compiled in, as the build wrote it down (see `build.rs`): they need not be taken apart again.
//!
//! For each event a byte (its kind, the style of a scalar, whether its text stands in the file as it is), then where it
//! begins, from where the one before it begins, and where it ends, from there; then the length and the bytes of a text that
//! does not stand in the file as it is. Numbers are of seven bits a byte, the lowest first; those that may be negative are
//! doubled, less one if they are.

use std::borrow::Cow;

include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// What was written down of a text; `None` for one that is not compiled in.
pub fn of(text: &str) -> Option<Recorded<'_>> {
    let shipped = SHIPPED.iter().find(|(_, own, events)| own.len() == text.len() && !events.is_empty() && *own == text);
    shipped.map(|(_, _, events)| Recorded { file: text, bytes: events, last: Spot::default() })
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// A `|` block: its lines stand in the file as they are.
    Literal,
    /// A `>` block.
    Folded,
}

/// Something that a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says<'t> {
    /// A sequence begins.
    Sequence,
    /// A mapping begins.
    Mapping,
    /// The innermost sequence or mapping ends.
    End,
    /// A scalar.
    Scalar(Cow<'t, str>, Style),
}

/// A position in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// From 0, in bytes.
    pub byte: usize,
    /// From 1.
    pub line: usize,
    /// From 0, in characters.
    pub column: usize,
}

/// From where to where.
pub type Spots = (Spot, Spot);

const KIND_BITS: u8 = 2;
const STYLE_BITS: u8 = 2;
/// The text of a scalar stands in the file as it is.
const AS_IT_IS: u8 = 1 << (KIND_BITS + STYLE_BITS);

/// Reads what was written down of a file.
#[derive(Debug)]
pub struct Recorded<'t> {
    file: &'t str,
    bytes: &'t [u8],
    last: Spot,
}

impl<'t> Recorded<'t> {
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0_u32);
        loop {
            let (first, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(*first & 127).checked_shl(shift)?;
            if *first < 128 {
                return Some(number);
            }
            shift = shift.checked_add(7)?;
        }
    }

    fn far(&mut self, from: usize) -> Option<usize> {
        let zigzag = self.number()?;
        let by = usize::try_from(zigzag.div_ceil(2)).ok()?;
        if zigzag % 2 == 0 { from.checked_add(by) } else { from.checked_sub(by) }
    }

    fn spot(&mut self, from: Spot) -> Option<Spot> {
        let (byte, line) = (self.far(from.byte)?, self.far(from.line)?);
        Some(Spot { byte, line, column: usize::try_from(self.number()?).ok()? })
    }

    fn rest(&mut self, head: u8) -> Option<(Says<'t>, Spots)> {
        let from = self.spot(self.last)?;
        let until = self.spot(from)?;
        self.last = from;
        let style = match head >> KIND_BITS & 3 {
            0 => Style::Plain,
            1 => Style::Quoted,
            2 => Style::Literal,
            _ => Style::Folded,
        };
        let says = match head & 3 {
            0 => Says::End,
            1 => Says::Sequence,
            2 => Says::Mapping,
            _ if head & AS_IT_IS != 0 => Says::Scalar(self.file.get(from.byte..until.byte)?.into(), style),
            _ => {
                let length = usize::try_from(self.number()?).ok()?;
                let (text, rest) = self.bytes.split_at_checked(length)?;
                self.bytes = rest;
                Says::Scalar(std::str::from_utf8(text).ok()?.into(), style)
            }
        };
        Some((says, (from, until)))
    }
}

impl<'t> Iterator for Recorded<'t> {
    type Item = (Says<'t>, Spots);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        self.rest(*head)
    }
}
