//! Codes of a registry by every exact spelling that its files have; other spellings are left to the registry.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxBuildHasher;

use crate::bundle::domain::{Domain, Entry, Resolved};
use crate::model::value::Value;

use super::heads::Heads;

/// What a spelling stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelled {
    /// The code at this position.
    Code(u32),
    /// No code, or several.
    Unrecognised,
}

/// The codes that the kinds of a bundle share.
#[derive(Debug, Default)]
pub struct CodeBook(HashMap<(Arc<str>, bool), Arc<Codes>>);

impl CodeBook {
    /// The codes of a domain, made once.
    pub fn codes(&mut self, name: &Arc<str>, domain: &Arc<Domain>, by_region: bool) -> Arc<Codes> {
        let codes = self.0.entry((Arc::clone(name), by_region));
        Arc::clone(codes.or_insert_with(|| Arc::new(Codes::new(domain, by_region))))
    }
}

/// The codes of one enumeration or registry.
#[derive(Debug)]
pub struct Codes {
    domain: Arc<Domain>,
    by_region: bool,
    codes: Vec<Arc<str>>,
    positions: Heads,
    /// Every exact spelling; made when the first name is looked up that is no code.
    spelled: OnceLock<HashMap<Box<str>, Spelled, FxBuildHasher>>,
}

impl Codes {
    /// The codes of a domain; only names of regions count `by_region`.
    pub fn new(domain: &Arc<Domain>, by_region: bool) -> Self {
        let codes: Vec<Arc<str>> = domain.codes().cloned().collect();
        let positions = Heads::new(codes.iter().map(|code| &**code));
        Self { domain: Arc::clone(domain), by_region, codes, positions, spelled: OnceLock::new() }
    }

    fn spellings(&self) -> HashMap<Box<str>, Spelled, FxBuildHasher> {
        let names = |entry: &Entry| {
            let names = entry.names.values().chain(&entry.aliases).chain(&entry.regions).chain([&entry.code]);
            names.map(|name| (Box::from(&**name), self.resolve(name))).collect::<Vec<_>>()
        };
        self.domain.entries.iter().flat_map(names).collect()
    }

    /// How many codes there are.
    pub fn count(&self) -> usize {
        self.codes.len()
    }

    /// The code at a position.
    pub fn code(&self, at: u32) -> &Arc<str> {
        static NONE: std::sync::LazyLock<Arc<str>> = std::sync::LazyLock::new(|| Arc::from(""));
        usize::try_from(at).ok().and_then(|at| self.codes.get(at)).unwrap_or(&NONE)
    }

    /// The position of a code.
    pub fn position(&self, code: &str) -> Option<u32> {
        self.positions.find(code, 0..code.len()).and_then(|at| u32::try_from(at).ok())
    }

    /// The positions of values; `None` when one of them is no code.
    pub fn positions<'v>(&self, values: impl IntoIterator<Item = &'v Value>) -> Option<Vec<u32>> {
        let one = |value: &Value| if let Value::Symbol(code) = value { self.position(code) } else { None };
        values.into_iter().map(one).collect()
    }

    /// What was written in a part of a text, resolved.
    pub fn spelled(&self, text: &str, part: Range<usize>) -> Spelled {
        // A code stands for itself; only regions go by other names first.
        if let (false, Some(at)) = (self.by_region, self.positions.find(text, part.clone())) {
            return u32::try_from(at).map_or(Spelled::Unrecognised, Spelled::Code);
        }
        let written = text.get(part).unwrap_or_default();
        let spelled = self.spelled.get_or_init(|| self.spellings());
        spelled.get(written).copied().unwrap_or_else(|| self.resolve(written))
    }

    fn resolve(&self, written: &str) -> Spelled {
        let resolved = if self.by_region { self.domain.resolve_region(written) } else { self.domain.resolve(written) };
        match resolved {
            Resolved::Code(code) => self.position(&code).map_or(Spelled::Unrecognised, Spelled::Code),
            Resolved::Ambiguous(_) | Resolved::Unknown => Spelled::Unrecognised,
        }
    }
}
