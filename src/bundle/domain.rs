//! Enumerations and registries: the codes a symbol may have and the names people write for them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use compact_str::CompactString;
use smallvec::{SmallVec, smallvec};

use crate::model::clause::ClauseRef;
use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::names::normal_name;

/// What a written name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// The code of one entry.
    Code(Arc<str>),
    /// Several entries; the caller must say which.
    Ambiguous(Vec<Arc<str>>),
    /// No entry.
    Unknown,
}

/// One entry of a registry, or one value of an enumeration.
#[derive(Debug)]
pub struct Entry {
    /// The code.
    pub code: Arc<str>,
    /// The display name by language.
    pub names: BTreeMap<Arc<str>, Arc<str>>,
    /// Other names, as written.
    pub aliases: Vec<Arc<str>>,
    /// Codes of regions that stand for the entry.
    pub regions: Vec<Arc<str>>,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// Where it stands.
    pub place: Place,
}

impl Entry {
    /// All that people may write for it.
    fn written(&self) -> impl Iterator<Item = &Arc<str>> {
        self.names.values().chain(&self.aliases).chain(&self.regions).chain([&self.code])
    }

    /// What is written first of all that is one name.
    fn first_written(&self) -> HashMap<CompactString, &Arc<str>> {
        let mut all = HashMap::new();
        for written in self.written() {
            all.entry(normal_name(written)).or_insert(written);
        }
        all
    }
}

/// An enumeration or a registry.
#[derive(Debug, Default)]
pub struct Domain {
    /// Its name.
    pub name: Arc<str>,
    /// Whether names are resolved; an enumeration takes its codes only.
    pub is_registry: bool,
    /// Entries in the order of the file.
    pub entries: Vec<Entry>,
    by_code: HashMap<Arc<str>, usize>,
    by_name: HashMap<CompactString, SmallVec<[usize; 1]>>,
    by_region: HashMap<CompactString, usize>,
}

impl Domain {
    /// Builds the indexes; two entries with one name are findings.
    pub fn new(
        name: Arc<str>,
        is_registry: bool,
        entries: Vec<Entry>,
        ambiguous: &[(String, Vec<Arc<str>>)],
        locate: Locate<'_>,
        findings: &mut Findings,
    ) -> Self {
        let mut domain = Self { name, is_registry, entries, ..Self::default() };
        for (at, entry) in domain.entries.iter().enumerate() {
            if let Some(first) = domain.by_code.insert(Arc::clone(&entry.code), at) {
                report_clash(
                    Code::Duplicate,
                    &domain.entries,
                    (&entry.code, &entry.code),
                    (first, at),
                    locate,
                    findings,
                );
            }
        }
        if domain.is_registry {
            domain.index_names(ambiguous, locate, findings);
        }
        domain
    }

    fn index_names(&mut self, ambiguous: &[(String, Vec<Arc<str>>)], locate: Locate<'_>, findings: &mut Findings) {
        let allowed: HashSet<CompactString> = ambiguous.iter().map(|(written, _)| normal_name(written)).collect();
        // Of entries that clash with others: the first that is written for each name.
        let mut clashing: HashMap<usize, HashMap<CompactString, &Arc<str>>> = HashMap::new();
        self.by_name.reserve(self.entries.iter().map(|entry| entry.written().count()).sum());
        for (at, entry) in self.entries.iter().enumerate() {
            for region in &entry.regions {
                self.by_region.insert(normal_name(region), at);
            }
            for written in entry.written() {
                let key = normal_name(written);
                match self.by_name.get(&key).and_then(|all| all.first()) {
                    // Two entries of one code are told as that.
                    Some(first)
                        if *first != at && self.by_code.get(&entry.code) == Some(&at) && !allowed.contains(&key) =>
                    {
                        let own = self.entries.get(*first);
                        let names =
                            clashing.entry(*first).or_insert_with(|| own.map(Entry::first_written).unwrap_or_default());
                        let before = names.get(&key).copied().unwrap_or(written);
                        let entries = (*first, at);
                        report_clash(Code::AliasClash, &self.entries, (before, written), entries, locate, findings);
                    }
                    Some(_) => {}
                    None => {
                        self.by_name.insert(key, smallvec![at]);
                    }
                }
            }
        }
        for (written, codes) in ambiguous {
            let candidates = codes.iter().filter_map(|code| self.by_code.get(code).copied()).collect();
            self.by_name.insert(normal_name(written), candidates);
        }
    }

    /// The entry with this code.
    #[must_use]
    pub fn entry(&self, code: &str) -> Option<&Entry> {
        self.by_code.get(code).and_then(|at| self.entries.get(*at))
    }

    /// The codes, in the order of the file.
    pub fn codes(&self) -> impl Iterator<Item = &Arc<str>> + Clone {
        self.entries.iter().map(|entry| &entry.code)
    }

    /// Resolves what was written: the code of an enumeration, or any name of a registry's entry.
    #[must_use]
    pub fn resolve(&self, written: &str) -> Resolved {
        if let Some(entry) = self.entry(written) {
            return Resolved::Code(Arc::clone(&entry.code));
        }
        if !self.is_registry {
            return Resolved::Unknown;
        }
        match self.by_name.get(&normal_name(written)).map(SmallVec::as_slice) {
            Some([one]) => self.code_of(*one),
            Some(several) => Resolved::Ambiguous(
                several.iter().filter_map(|at| Some(Arc::clone(&self.entries.get(*at)?.code))).collect(),
            ),
            None => Resolved::Unknown,
        }
    }

    /// Resolves the code of a region to the entry it stands for.
    #[must_use]
    pub fn resolve_region(&self, written: &str) -> Resolved {
        self.by_region.get(&normal_name(written)).map_or(Resolved::Unknown, |at| self.code_of(*at))
    }

    fn code_of(&self, at: usize) -> Resolved {
        self.entries.get(at).map_or(Resolved::Unknown, |entry| Resolved::Code(Arc::clone(&entry.code)))
    }
}

/// Where a name of the entry at a position stands.
pub type Locate<'l> = &'l dyn Fn(usize, &str) -> Option<Place>;

/// Two entries have one name; `names` is how each writes it.
fn report_clash(
    code: Code,
    entries: &[Entry],
    names: (&str, &str),
    (first_at, second_at): (usize, usize),
    locate: Locate<'_>,
    findings: &mut Findings,
) {
    let (Some(first), Some(second)) = (entries.get(first_at), entries.get(second_at)) else { return };
    let first_place = locate(first_at, names.0).unwrap_or_else(|| first.place.clone());
    let place = locate(second_at, names.1).unwrap_or_else(|| second.place.clone());
    let (message, help) = match code {
        Code::Duplicate => (format!("the code `{}` is given to two entries", second.code), "keep one of them"),
        _ => (
            format!("`{}` stands for both `{}` and `{}`", names.1, first.code, second.code),
            "keep the name at one entry, or list it under `ambiguous`",
        ),
    };
    findings.push(Finding::new(code, &place, message).help(help).related(&first_place, "the other entry"));
}
