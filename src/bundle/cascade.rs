//! One mistake, one finding: what is used, what is defined but could not be read, and which findings only follow from
//! others.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings};

use super::yaml::{Content, Node};

/// Names by what they name: `fact`, `list`, `table`, …
type Names = BTreeMap<&'static str, BTreeSet<Arc<str>>>;

/// Names that something uses, and names whose definition has a mistake of its own, so that nothing else is to be said
/// about who uses them.
#[derive(Debug, Default)]
pub struct Ledger {
    used: RefCell<Names>,
    broken: RefCell<Names>,
}

impl Ledger {
    /// Notes a use.
    pub fn mark(&self, kind: &'static str, name: &str) {
        note(&self.used, kind, name);
    }

    /// Notes every word of a node as used, for parts that could not be read in full.
    pub fn mark_mentioned(&self, node: &Node) {
        match &node.content {
            Content::Sequence(items) => items.iter().for_each(|item| self.mark_mentioned(item)),
            Content::Mapping(entries) => {
                for (key, value) in entries {
                    self.mark_mentioned(key);
                    self.mark_mentioned(value);
                }
            }
            Content::Scalar(text, _) => {
                let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'));
                // A hyphen may belong to a name, or be a minus.
                for word in words.flat_map(|word| word.split('-').chain([word])).filter(|word| !word.is_empty()) {
                    for kind in KINDS {
                        self.mark(kind, word);
                    }
                }
            }
        }
    }

    /// Whether something uses the name, or meant to.
    pub fn is_used(&self, kind: &str, name: &str) -> bool {
        self.used.borrow().get(kind).is_some_and(|names| names.contains(name))
    }

    /// Notes a definition with a mistake of its own.
    pub fn mark_broken(&self, kind: &'static str, name: &str) {
        note(&self.broken, kind, name);
    }

    /// Whether the name is defined, with a mistake of its own.
    pub fn is_broken(&self, kind: &str, name: &str) -> bool {
        self.broken.borrow().get(kind).is_some_and(|names| names.contains(name))
    }

    /// The names of a kind that are defined, each with a mistake of its own.
    pub fn broken(&self, kind: &str) -> Vec<Arc<str>> {
        self.broken.borrow().get(kind).into_iter().flatten().cloned().collect()
    }

    /// Whether any definition of a kind has a mistake of its own.
    pub fn any_broken(&self, kind: &str) -> bool {
        self.broken.borrow().contains_key(kind)
    }

    /// Whether no definition has a mistake of its own; rules and rows, which nothing is said in terms of, do not count.
    pub fn is_clean(&self) -> bool {
        self.broken.borrow().keys().all(|kind| ["rule", "row"].contains(kind))
    }

    /// Reports a name that is not known, unless its definition is broken. The name that was meant counts as used.
    pub fn report(
        &self,
        kind: &'static str,
        name: &str,
        meant: Option<&str>,
        finding: Finding,
        findings: &mut Findings,
    ) {
        if self.is_broken(kind, name) {
            return;
        }
        if let Some(meant) = meant {
            self.mark(kind, meant);
        }
        findings.push(finding);
    }
}

/// What may be unused.
const KINDS: [&str; 8] = ["list", "table", "reason", "obligation", "result", "setting", "function", "registry"];

fn note(names: &RefCell<Names>, kind: &'static str, name: &str) {
    let mut names = names.borrow_mut();
    let names = names.entry(kind).or_default();
    if !names.contains(name) {
        names.insert(name.into());
    }
}

/// A part of a bundle that could not be read as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What the bundle extends.
    Base,
    /// Types, facts, kinds, reasons, results.
    Vocabulary,
    /// Registries.
    Registries,
    /// Source documents.
    Sources,
    /// Lists, tables, obligations.
    Policies,
    /// Functions.
    Scripts,
    /// Messages.
    Messages,
}

impl Part {
    /// Findings that follow when the part is not whole.
    fn consequences(self) -> &'static [Code] {
        match self {
            Self::Base => &[
                Code::UnknownLanguage,
                Code::UnknownSetting,
                Code::UnknownFact,
                Code::UnknownType,
                Code::UnknownKind,
                Code::UnknownReason,
                Code::UnknownResult,
                Code::UnknownName,
                Code::UnknownRegistry,
                Code::UnknownValue,
                Code::UnknownSource,
                Code::UnknownClause,
                Code::UnknownList,
                Code::UnknownTable,
                Code::UnknownColumn,
                Code::UnknownObligation,
                Code::UnknownRule,
                Code::UnknownRow,
                Code::UnknownFunction,
                Code::UnknownMessage,
                Code::MissingMessage,
                Code::MessageVariable,
            ],
            Self::Vocabulary => &[
                Code::UnknownFact,
                Code::UnknownType,
                Code::UnknownKind,
                Code::UnknownReason,
                Code::UnknownResult,
                Code::UnknownName,
                Code::MessageVariable,
            ],
            Self::Registries => &[Code::UnknownRegistry, Code::UnknownValue],
            Self::Sources => &[Code::UnknownSource, Code::UnknownClause],
            Self::Policies => &[
                Code::UnknownList,
                Code::UnknownTable,
                Code::UnknownColumn,
                Code::UnknownObligation,
                Code::UnknownRule,
                Code::UnknownRow,
                Code::UnknownName,
                Code::MessageVariable,
            ],
            Self::Scripts => &[Code::UnknownFunction],
            Self::Messages => &[Code::UnknownMessage, Code::MissingMessage],
        }
    }
}

/// Takes out the findings that only follow from others.
pub fn without_consequences(findings: &mut Findings, gaps: &BTreeSet<Part>) {
    let silent: BTreeSet<Code> = gaps.iter().flat_map(|part| part.consequences()).copied().collect();
    let mut gravest: HashMap<(Arc<str>, (usize, usize)), usize> = HashMap::new();
    let mut stops: HashSet<(Arc<str>, usize)> = HashSet::new();
    for finding in findings.iter() {
        let place = &finding.place;
        let weight = gravest.entry((Arc::clone(&place.file), place.bytes)).or_default();
        *weight = gravity(finding).max(*weight);
        if matches!(finding.code, Code::Syntax | Code::LimitExceeded) {
            stops.insert((Arc::clone(&place.file), place.bytes.1));
        }
    }
    let meant = |f: &Finding| f.edit.as_ref().is_some_and(|e| f.code == Code::UnknownKey && e.text == "source");
    let without_source: HashSet<Arc<str>> =
        findings.iter().filter(|f| meant(f)).map(|f| Arc::clone(&f.place.file)).collect();
    let mut misread: HashSet<(Arc<str>, (usize, usize))> = HashSet::new();
    findings.retain(|finding| {
        let place = &finding.place;
        let at = (Arc::clone(&place.file), place.bytes);
        // What ends where its file stops being readable may well have gone on otherwise.
        let of_form = matches!(finding.code, Code::MissingKey | Code::WrongForm | Code::TypeMismatch);
        let cut = of_form && stops.contains(&(Arc::clone(&place.file), place.bytes.1));
        let told = gravest.get(&at).is_some_and(|gravest| *gravest > gravity(finding));
        let again = finding.code == Code::MisreadScalar && !misread.insert(at);
        let no_source = finding.code == Code::UnknownSource && without_source.contains(&place.file);
        !silent.contains(&finding.code) && !cut && !told && !again && !no_source
    });
}

/// Of several findings about one place, the one that explains the others.
fn gravity(finding: &Finding) -> usize {
    match finding.code {
        Code::AnchorOrTag => 2,
        Code::MisreadScalar => 0,
        _ => 1,
    }
}

/// Whether a file has only the keys that are known, and its sections their form, so that it defines what it meant to.
pub fn is_whole(node: &Node, sections: &[&str], lists: &[&str], other: &[&str]) -> bool {
    let Content::Mapping(entries) = &node.content else { return false };
    let mut seen = BTreeSet::new();
    entries.iter().all(|(key, body)| {
        let key = key.text().unwrap_or_default();
        if !seen.insert(key) {
            return false;
        }
        match body.content {
            Content::Mapping(_) => sections.contains(&key) || other.contains(&key),
            Content::Sequence(_) => lists.contains(&key) || other.contains(&key),
            Content::Scalar(..) => other.contains(&key),
        }
    })
}
