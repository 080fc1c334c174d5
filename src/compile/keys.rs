//! The keys of an object of a request: most are found where they were expected, all others by how they begin.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::decide::shape::Shape;

use super::facts::FactTable;
use super::heads::Heads;

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
    place: Place,
    /// A key that follows, by its position: requests of one caller have their keys in one order, though not all of them
    /// in each request.
    next: AtomicU8,
}

/// So many keys are tried before one is searched.
const SKIPPED: usize = 8;

/// The keys of an object, at most 64.
#[derive(Debug)]
pub struct Keys {
    names: Heads,
    keys: Vec<Key>,
    /// A key that comes first.
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
        let names = Heads::new(shape.keys().map(String::as_str));
        let mut keys = Self { names, keys: Vec::new(), first: AtomicU8::new(u8::MAX) };
        for (name, below) in shape {
            let place = match below {
                Shape::Object(below) => Place::Object(Self::new(below, table, false)?),
                Shape::Fact(ix) if is_top && name == "at" => Place::At(table.local(*ix)?),
                Shape::Fact(ix) => Place::Fact(table.local(*ix)?),
                Shape::List(..) => Place::Never,
                Shape::Text if name == "id" => Place::Id,
                Shape::Text => Place::Kind,
            };
            keys.keys.push(Key { place, next: AtomicU8::new(u8::MAX) });
        }
        Some(keys)
    }

    fn after(&self, last: Option<usize>) -> &AtomicU8 {
        last.and_then(|last| self.keys.get(last)).map_or(&self.first, |last| &last.next)
    }

    /// A key that follows another one, or would if those between them were there, where it begins at a place of a text: its
    /// position, what stands there, and its end. Most keys are found so.
    #[inline]
    pub fn expected(&self, text: &str, from: usize, last: Option<usize>) -> Option<(usize, &Place, usize)> {
        let mut before = last;
        for _ in 0..SKIPPED {
            let at = usize::from(self.after(before).load(Ordering::Relaxed));
            let key = self.keys.get(at)?;
            if let Some(end) = self.names.ends(at, text, from) {
                return Some((at, &key.place, end));
            }
            before = Some(at);
        }
        None
    }

    /// Remembers which key follows another one, where no key was expected that is there. A stale word of another thread costs a search and nothing else.
    pub fn expect(&self, last: Option<usize>, next: usize) {
        if let Ok(next) = u8::try_from(next) {
            self.after(last).store(next, Ordering::Relaxed);
        }
    }

    /// The position of a key that is a part of a text, and what stands there; `None` for no key of these.
    pub fn find(&self, text: &str, from: usize, until: usize) -> Option<(usize, &Place)> {
        let at = self.names.find(text, from..until)?;
        Some((at, &self.keys.get(at)?.place))
    }
}
