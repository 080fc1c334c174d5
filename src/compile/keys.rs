//! The keys of an object of a request, found by one hash of how they begin.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::decide::shape::Shape;

use super::facts::FactTable;

/// What stands at a key.
#[derive(Debug)]
pub enum Place {
    /// Another object.
    Object(Keys),
    /// A fact.
    Fact(usize),
    /// The request's id.
    Id,
    /// The kind of the request.
    Kind,
    /// The decision time.
    At(usize),
    /// Something that makes a request fan out.
    Never,
}

#[derive(Debug)]
struct Key {
    name: Box<str>,
    head: u64,
    place: Place,
    /// The key that followed last, by its position; requests of one caller have their keys in one order.
    next: AtomicU8,
}

impl Key {
    /// The end of this key, where it begins at a place of a text and its quote ends it.
    fn ends(&self, text: &str, from: usize) -> Option<usize> {
        let eight = u64::from_le_bytes(*text.as_bytes().get(from..)?.first_chunk::<8>()?);
        let length = self.name.len();
        let end = from.checked_add(length)?;
        let same = if length < 8 {
            eight & low_bytes(length) == self.head
        } else {
            eight == self.head && text.get(from..end) == Some(&*self.name)
        };
        (same && text.as_bytes().get(end) == Some(&b'"')).then_some(end)
    }
}

/// So many bytes, up to eight.
fn low_bytes(count: usize) -> u64 {
    let bits = u32::try_from(count.min(8)).unwrap_or(8).saturating_mul(8);
    u64::MAX.checked_shr(64_u32.saturating_sub(bits)).unwrap_or(0)
}

/// Twice as many as there can be keys, so that a search ends soon.
const SLOTS: usize = 128;

/// The keys of an object, at most 64.
#[derive(Debug)]
pub struct Keys {
    keys: Vec<Key>,
    /// Positions in `keys`, found from the hash of the head on; 255 for none.
    slots: [u8; SLOTS],
    /// The key that came first last.
    first: AtomicU8,
}

impl Keys {
    /// The keys of a kind; `None` when there are too many.
    pub fn of_kind(shape: &BTreeMap<String, Shape>, table: &FactTable) -> Option<Self> {
        Self::new(shape, table, true)
    }

    fn new(shape: &BTreeMap<String, Shape>, table: &FactTable, is_top: bool) -> Option<Self> {
        if shape.len() > 64 {
            return None;
        }
        let mut keys = Self { keys: Vec::new(), slots: [u8::MAX; SLOTS], first: AtomicU8::default() };
        for (name, below) in shape {
            let place = match below {
                Shape::Object(below) => Place::Object(Self::new(below, table, false)?),
                Shape::Fact(ix) if is_top && name == "at" => Place::At(table.local(*ix)?),
                Shape::Fact(ix) => Place::Fact(table.local(*ix)?),
                Shape::List(..) => Place::Never,
                Shape::Text if name == "id" => Place::Id,
                Shape::Text => Place::Kind,
            };
            let head = head(name.as_bytes(), 0, name.len());
            let free = slots_of(head).find(|slot| keys.slots.get(*slot) == Some(&u8::MAX))?;
            *keys.slots.get_mut(free)? = u8::try_from(keys.keys.len()).ok()?;
            keys.keys.push(Key { name: name.as_str().into(), head, place, next: AtomicU8::default() });
        }
        Some(keys)
    }

    fn after(&self, last: Option<usize>) -> &AtomicU8 {
        last.and_then(|last| self.keys.get(last)).map_or(&self.first, |last| &last.next)
    }

    /// The key that followed another one last, if it begins at a place of a text as well: its position, what stands there,
    /// and its end. Most keys are found so.
    #[inline]
    pub fn expected(&self, text: &str, from: usize, last: Option<usize>) -> Option<(usize, &Place, usize)> {
        let at = usize::from(self.after(last).load(Ordering::Relaxed));
        let key = self.keys.get(at)?;
        Some((at, &key.place, key.ends(text, from)?))
    }

    /// Remembers which key followed another one. A stale word of another thread costs a search and nothing else.
    pub fn expect(&self, last: Option<usize>, next: usize) {
        if let Ok(next) = u8::try_from(next) {
            self.after(last).store(next, Ordering::Relaxed);
        }
    }

    /// The position of a key that is a part of a text, and what stands there; `None` for no key of these.
    pub fn find(&self, text: &str, from: usize, until: usize) -> Option<(usize, &Place)> {
        let length = until.checked_sub(from)?;
        let wanted = head(text.as_bytes(), from, length);
        for slot in slots_of(wanted) {
            let at = usize::from(*self.slots.get(slot)?);
            // Past the last key that has this hash.
            let key = self.keys.get(at)?;
            if key.head == wanted
                && key.name.len() == length
                && (length <= 8 || Some(&*key.name) == text.get(from..until))
            {
                return Some((at, &key.place));
            }
        }
        None
    }
}

/// Where a key with this head is, or would be.
fn slots_of(head: u64) -> impl Iterator<Item = usize> {
    let first = usize::try_from(head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57).unwrap_or_default();
    (0..SLOTS).map(move |step| first.wrapping_add(step) % SLOTS)
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
