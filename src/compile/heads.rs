//! Short texts, found by one hash of how they begin: they stand in the text of a request, eight bytes are read at once.

use std::ops::Range;

#[derive(Debug)]
struct Known {
    /// The first eight bytes.
    head: u64,
    /// The last eight bytes of a longer text.
    tail: u64,
    text: Box<str>,
}

impl Known {
    fn new(text: &str) -> Self {
        let (bytes, length) = (text.as_bytes(), text.len());
        Self { head: head(bytes, 0, length), tail: tail(bytes, length), text: text.into() }
    }

    /// Whether a part of a text that has the head of this one is this one, being as long.
    fn is(&self, text: &str, part: Range<usize>) -> bool {
        match self.text.len() {
            ..=8 => true,
            9..=16 => tail(text.as_bytes(), part.end) == self.tail,
            _ => text.as_bytes().get(part) == Some(self.text.as_bytes()),
        }
    }
}

/// Texts by their positions.
#[derive(Debug)]
pub struct Heads {
    texts: Vec<Known>,
    /// Positions in `texts`, from the hash of the head on; twice as many as there are texts, so that a search ends soon.
    slots: Box<[u32]>,
}

/// No position.
const FREE: u32 = u32::MAX;

impl Heads {
    /// Texts, each once.
    pub fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let texts: Vec<Known> = texts.into_iter().map(Known::new).collect();
        let mut slots = vec![FREE; texts.len().saturating_mul(2).next_power_of_two().max(2)].into_boxed_slice();
        for (at, known) in (0_u32..).zip(&texts) {
            let free = slots_of(known.head, slots.len()).find(|slot| slots.get(*slot) == Some(&FREE));
            if let Some(slot) = free.and_then(|slot| slots.get_mut(slot)) {
                *slot = at;
            }
        }
        Self { texts, slots }
    }

    /// The position of the text that a part of a longer one is.
    #[inline]
    pub fn find(&self, text: &str, part: Range<usize>) -> Option<usize> {
        let length = part.end.checked_sub(part.start)?;
        let wanted = head(text.as_bytes(), part.start, length);
        for slot in slots_of(wanted, self.slots.len()) {
            let at = usize::try_from(*self.slots.get(slot)?).ok()?;
            // Past the last text that has this hash.
            let known = self.texts.get(at)?;
            if known.head == wanted && known.text.len() == length && known.is(text, part.clone()) {
                return Some(at);
            }
        }
        None
    }

    /// The end of a text where it stands at a place of a longer one, up to a quote.
    #[inline]
    pub fn ends(&self, at: usize, text: &str, from: usize) -> Option<usize> {
        let known = self.texts.get(at)?;
        let eight = u64::from_le_bytes(*text.as_bytes().get(from..)?.first_chunk::<8>()?);
        let end = from.checked_add(known.text.len())?;
        let same = eight & low_bytes(known.text.len()) == known.head && known.is(text, from..end);
        (same && text.as_bytes().get(end) == Some(&b'"')).then_some(end)
    }
}

/// Where a text with this head is, or would be, in a power of two of slots.
fn slots_of(head: u64, slots: usize) -> impl Iterator<Item = usize> {
    let first = usize::try_from(head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap_or_default();
    (0..slots).map(move |step| first.wrapping_add(step) & slots.wrapping_sub(1))
}

/// So many bytes, up to eight.
fn low_bytes(count: usize) -> u64 {
    let bits = u32::try_from(count.min(8)).unwrap_or(8).saturating_mul(8);
    u64::MAX.checked_shr(64_u32.saturating_sub(bits)).unwrap_or(0)
}

/// The first eight bytes of a part of a text as a number; of a shorter one, zeros after it.
fn head(text: &[u8], from: usize, length: usize) -> u64 {
    if let Some(eight) = text.get(from..).and_then(<[u8]>::first_chunk::<8>) {
        return u64::from_le_bytes(*eight) & low_bytes(length);
    }
    let mut bytes = [0; 8];
    for (to, byte) in bytes.iter_mut().zip(text.iter().skip(from).take(length)) {
        *to = *byte;
    }
    u64::from_le_bytes(bytes)
}

/// The last eight bytes of a text up to an end, as a number; zero where there are fewer.
fn tail(text: &[u8], end: usize) -> u64 {
    let eight = text.get(end.wrapping_sub(8)..end).and_then(<[u8]>::first_chunk::<8>);
    eight.map_or(0, |eight| u64::from_le_bytes(*eight))
}

#[cfg(test)]
mod tests {
    use super::Heads;

    #[test]
    fn texts_are_found_among_those_that_begin_alike() {
        let all = [
            "",
            "a",
            "ab",
            "abcdefgh",
            "abcdefghi",
            "abcdefghij",
            "abcdefghijabcdefghij",
            "abcdefghijxbcdefghij",
            "b",
            "\u{e9}t\u{e9}",
        ];
        let heads = Heads::new(all);
        for (at, text) in all.into_iter().enumerate() {
            let longer = format!("x{text}\"and more than eight bytes");
            assert_eq!(heads.find(&longer, 1..1 + text.len()), Some(at), "{text}");
            assert_eq!(heads.find(text, 0..text.len()), Some(at), "{text}, which ends the text");
            assert_eq!(heads.ends(at, &longer, 1), Some(1 + text.len()), "{text}");
        }
        for other in
            ["c", "abc", "abcdefghx", "xbcdefghi", "abcdefghijk", "abcdefghijabcdefghi", "abcdefghijybcdefghij", "B"]
        {
            assert_eq!(heads.find(&format!("{other}\" and more than eight bytes"), 0..other.len()), None, "{other}");
        }
        assert_eq!(heads.ends(1, "ab\"       ", 0), None);
    }
}
