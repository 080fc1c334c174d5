//! Registries and source documents.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::names::nearest;

use super::cascade::{Part, is_whole};
use super::checked::{Clause, Source};
use super::domain::{Domain, Entry};
use super::draft::Draft;
use super::reader::{Mapping, boolean, by_language, entries, integer, list, name, text, texts, unknown};
use super::yaml::{Content, Node};

/// What an entry says of its names; looked through only where two entries have one name.
type Named<'n> = [Option<&'n Node>; 4];

/// Entries of one registry while its files are read; an overlay adds to them.
#[derive(Default)]
pub struct RegistryParts<'n> {
    entries: Vec<Entry>,
    names: Vec<Named<'n>>,
    ambiguous: Vec<(String, Vec<Arc<str>>, Place)>,
}

/// Reads a registry file: one or several registries. The clauses of entries count as cited.
pub fn read<'n>(
    node: &'n Node,
    draft: &mut Draft,
    parts: &mut BTreeMap<Arc<str>, RegistryParts<'n>>,
    findings: &mut Findings,
) {
    if !is_whole(node, &["registries"], &[], &["source"]) {
        draft.gaps.insert(Part::Registries);
    }
    let Some(mut map) = Mapping::open(node, "a registry file", findings) else { return };
    let source = map.take("source").and_then(|node| super::policy::source(node, draft, findings));
    if let Some(registries) = map.need("registries") {
        for (key, body) in entries(registries, "`registries`", findings) {
            let Some(registry) = name(key, findings) else { continue };
            draft.registry_places.entry(Arc::clone(&registry)).or_insert_with(|| key.place.clone());
            let part = parts.entry(Arc::clone(&registry)).or_default();
            if !read_one(body, source.as_ref(), draft, part, findings) {
                draft.ledger.mark_broken("entries of registry", &registry);
            }
        }
    }
    map.finish(findings);
}

/// Whether all of its entries could be read.
fn read_one<'n>(
    node: &'n Node,
    source: Option<&Arc<str>>,
    draft: &mut Draft,
    part: &mut RegistryParts<'n>,
    findings: &mut Findings,
) -> bool {
    let Some(mut map) = Mapping::open(node, "a registry", findings) else { return false };
    let items = map.need("entries");
    let mut whole = items.is_some_and(|node| matches!(node.content, Content::Sequence(_)));
    for item in items.map(|node| list(node, findings)).unwrap_or_default() {
        match entry(item, source, draft, findings) {
            Some((entry, names)) => {
                part.entries.push(entry);
                part.names.push(names);
            }
            None => whole = false,
        }
    }
    if let Some(items) = map.take("ambiguous") {
        for item in list(items, findings) {
            let Some(mut map) = Mapping::open(item, "an ambiguous name", findings) else { continue };
            let written = map.need_text("name", findings);
            let candidates = texts(map.need("candidates"), findings);
            map.finish(findings);
            if let Some(written) = written {
                part.ambiguous.push((written.to_string(), candidates, item.place.clone()));
            }
        }
    }
    map.finish(findings);
    whole
}

/// An entry, and what it says of its names.
fn entry<'n>(
    node: &'n Node,
    source: Option<&Arc<str>>,
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<(Entry, Named<'n>)> {
    let mut map = Mapping::open(node, "an entry", findings)?;
    let code_node = map.need("code");
    let code = code_node.and_then(|node| name(node, findings));
    let names_node = map.take("names");
    let names = names_node.map(|node| by_language(node, &draft.languages, findings)).unwrap_or_default();
    let (alias_node, region_node) = (map.take("aliases"), map.take("regions"));
    let aliases = texts(alias_node, findings);
    let regions = texts(region_node, findings);
    let clauses = draft.clauses(map.take("clauses"), source, findings);
    map.finish(findings);
    Some((
        Entry { code: code?, names, aliases, regions, clauses, place: node.place.clone() },
        [code_node, names_node, alias_node, region_node],
    ))
}

/// Where each text of a node stands, the first of those that are alike.
fn places_of<'n>(node: &'n Node, into: &mut HashMap<&'n str, &'n Place>) {
    match &node.content {
        Content::Scalar(text, _) => {
            into.entry(text).or_insert(&node.place);
        }
        Content::Sequence(items) => items.iter().for_each(|item| places_of(item, into)),
        Content::Mapping(entries) => entries.iter().for_each(|(_, value)| places_of(value, into)),
    }
}

/// Builds the registries when all files are read.
pub fn finish(parts: BTreeMap<Arc<str>, RegistryParts<'_>>, draft: &mut Draft, findings: &mut Findings) {
    for (registry, part) in parts {
        let codes: HashSet<&Arc<str>> = part.entries.iter().map(|entry| &entry.code).collect();
        for (written, candidates, place) in &part.ambiguous {
            for code in candidates.iter().filter(|code| !codes.contains(code)) {
                let message = format!("`{written}` may not mean `{code}`: the registry `{registry}` has no such entry");
                let near = nearest(code, codes.iter().map(|code| &***code));
                let mut finding = Finding::new(Code::UnknownValue, place, message).nearest(near);
                finding.edit = None;
                findings.push(finding);
            }
        }
        let ambiguous: Vec<_> = part.ambiguous.into_iter().map(|(written, codes, _)| (written, codes)).collect();
        let places = part.names;
        let known: RefCell<HashMap<usize, HashMap<&str, &Place>>> = RefCell::default();
        let locate = |at: usize, name: &str| {
            let mut known = known.borrow_mut();
            let own = known.entry(at).or_insert_with(|| {
                let mut own = HashMap::new();
                places.get(at).into_iter().flatten().flatten().for_each(|node| places_of(node, &mut own));
                own
            });
            own.get(name).map(|place| (*place).clone())
        };
        let domain = Domain::new(Arc::clone(&registry), true, part.entries, &ambiguous, &locate, findings);
        draft.registries.insert(registry, Arc::new(domain));
    }
}

/// Reads a source document.
pub fn read_source(node: &Node, draft: &mut Draft, findings: &mut Findings) {
    if !is_whole(node, &[], &["sections", "clauses"], &["source", "title", "published"]) {
        draft.gaps.insert(Part::Sources);
    }
    let Some(mut map) = Mapping::open(node, "a source", findings) else { return };
    let id = map.need("source").and_then(|node| name(node, findings));
    let title = map.take("title").map(|node| by_language(node, &draft.languages, findings)).unwrap_or_default();
    map.take("published");
    let mut sections = BTreeMap::new();
    for item in map.take("sections").map(|node| list(node, findings)).unwrap_or_default() {
        let Some(mut map) = Mapping::open(item, "a section", findings) else { continue };
        let id = map.need("id").and_then(|node| name(node, findings));
        let title = map.take("title").map(|node| by_language(node, &draft.languages, findings)).unwrap_or_default();
        map.finish(findings);
        sections.extend(id.map(|id| (id, title)));
    }
    let (mut clauses, mut whole) = (BTreeMap::new(), true);
    for item in map.need("clauses").map(|node| list(node, findings)).unwrap_or_default() {
        let read = clause(item, &sections, draft, findings);
        whole &= read.is_some();
        if let Some((number, clause)) = read {
            if let Some(first) = clauses.get(&number).map(|c: &Clause| c.place.clone()) {
                findings.push(
                    Finding::new(Code::Duplicate, &item.place, format!("clause {number} is registered twice"))
                        .related(&first, "first here"),
                );
            }
            clauses.insert(number, clause);
        }
    }
    map.finish(findings);
    let Some(id) = id else {
        draft.gaps.insert(Part::Sources);
        return;
    };
    if !whole {
        draft.ledger.mark_broken("clauses of source", &id);
    }
    draft.sources.insert(Arc::clone(&id), Source { id, title, sections, clauses });
}

fn clause(
    node: &Node,
    sections: &BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<str>>>,
    draft: &Draft,
    findings: &mut Findings,
) -> Option<(u32, Clause)> {
    let mut map = Mapping::open(node, "a clause", findings)?;
    let number = map.need("clause").and_then(|n| integer(n, findings)).and_then(|n| u32::try_from(n).ok());
    let section = map.need("section").and_then(|section| {
        let id = text(section, findings)?;
        if !sections.contains_key(id) {
            findings.push(unknown(
                Code::UnknownValue,
                section,
                "the source has no section",
                sections.keys().map(|s| &**s),
            ));
        }
        Some(Arc::from(id))
    });
    let normative = map.take("normative").and_then(|node| boolean(node, findings)).unwrap_or(false);
    let requirements = texts(map.take("requirements"), findings);
    let gist = map.need("gist").map(|node| by_language(node, &draft.languages, findings)).unwrap_or_default();
    map.finish(findings);
    Some((number?, Clause { section: section?, normative, requirements, gist, place: node.place.clone() }))
}
