//! Registries and source documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings, Place};

use super::checked::{Clause, Source};
use super::domain::{Domain, Entry};
use super::draft::Draft;
use super::reader::{Mapping, boolean, by_language, entries, integer, list, name, text, texts, unknown};
use super::yaml::Node;

/// Entries of one registry while its files are read; an overlay adds to them.
#[derive(Default)]
pub struct RegistryParts {
    entries: Vec<Entry>,
    ambiguous: Vec<(String, Vec<Arc<str>>, Place)>,
}

/// Reads a registry file: one or several registries. The clauses of entries count as cited.
pub fn read(node: &Node, draft: &mut Draft, parts: &mut BTreeMap<Arc<str>, RegistryParts>, findings: &mut Findings) {
    let Some(mut map) = Mapping::open(node, "a registry file", findings) else { return };
    let source = map.take("source").and_then(|node| text(node, findings)).map(Arc::from);
    if let Some(registries) = map.need("registries", findings) {
        for (key, body) in entries(registries, "`registries`", findings) {
            let Some(registry) = name(key, findings) else { continue };
            read_one(body, source.as_ref(), draft, parts.entry(registry).or_default(), findings);
        }
    }
    map.finish(findings);
}

fn read_one(
    node: &Node,
    source: Option<&Arc<str>>,
    draft: &mut Draft,
    part: &mut RegistryParts,
    findings: &mut Findings,
) {
    let Some(mut map) = Mapping::open(node, "a registry", findings) else { return };
    if let Some(items) = map.need("entries", findings) {
        part.entries.extend(list(items, findings).iter().filter_map(|item| entry(item, source, draft, findings)));
    }
    if let Some(items) = map.take("ambiguous") {
        for item in list(items, findings) {
            let Some(mut map) = Mapping::open(item, "an ambiguous name", findings) else { continue };
            let written = map.need_text("name", findings);
            let candidates = texts(map.need("candidates", findings), findings);
            map.finish(findings);
            if let Some(written) = written {
                part.ambiguous.push((written.to_string(), candidates, item.place.clone()));
            }
        }
    }
    map.finish(findings);
}

fn entry(node: &Node, source: Option<&Arc<str>>, draft: &mut Draft, findings: &mut Findings) -> Option<Entry> {
    let mut map = Mapping::open(node, "an entry", findings)?;
    let code = map.need("code", findings).and_then(|node| name(node, findings));
    let names = map.take("names").map(|node| by_language(node, &draft.languages, findings)).unwrap_or_default();
    let aliases = texts(map.take("aliases"), findings);
    let regions = texts(map.take("regions"), findings);
    let clauses = draft.clauses(map.take("clauses"), source, findings);
    map.finish(findings);
    Some(Entry { code: code?, names, aliases, regions, clauses, place: node.place.clone() })
}

/// Builds the registries when all files are read.
pub fn finish(parts: BTreeMap<Arc<str>, RegistryParts>, draft: &mut Draft, findings: &mut Findings) {
    for (registry, part) in parts {
        for (written, candidates, place) in &part.ambiguous {
            for code in candidates.iter().filter(|code| !part.entries.iter().any(|entry| entry.code == **code)) {
                let message = format!("`{written}` may not mean `{code}`: the registry `{registry}` has no such entry");
                findings.push(Finding::new(Code::UnknownValue, place, message));
            }
        }
        let ambiguous: Vec<_> = part.ambiguous.into_iter().map(|(written, codes, _)| (written, codes)).collect();
        let domain = Domain::new(Arc::clone(&registry), true, part.entries, &ambiguous, findings);
        draft.registries.insert(registry, Arc::new(domain));
    }
}

/// Reads a source document.
pub fn read_source(node: &Node, draft: &mut Draft, findings: &mut Findings) {
    let Some(mut map) = Mapping::open(node, "a source", findings) else { return };
    let id = map.need("source", findings).and_then(|node| name(node, findings));
    let title = map.take("title").map(|node| by_language(node, &draft.languages, findings)).unwrap_or_default();
    map.take("published");
    let mut sections = BTreeMap::new();
    for item in map.take("sections").map(|node| list(node, findings)).unwrap_or_default() {
        let Some(mut map) = Mapping::open(item, "a section", findings) else { continue };
        let id = map.need("id", findings).and_then(|node| name(node, findings));
        let title = map.take("title").map(|node| by_language(node, &draft.languages, findings)).unwrap_or_default();
        map.finish(findings);
        sections.extend(id.map(|id| (id, title)));
    }
    let mut clauses = BTreeMap::new();
    for item in map.need("clauses", findings).map(|node| list(node, findings)).unwrap_or_default() {
        if let Some((number, clause)) = clause(item, &sections, draft, findings) {
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
    let Some(id) = id else { return };
    draft.sources.insert(Arc::clone(&id), Source { id, title, sections, clauses });
}

fn clause(
    node: &Node,
    sections: &BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<str>>>,
    draft: &Draft,
    findings: &mut Findings,
) -> Option<(u32, Clause)> {
    let mut map = Mapping::open(node, "a clause", findings)?;
    let number = map.need("clause", findings).and_then(|n| integer(n, findings)).and_then(|n| u32::try_from(n).ok());
    let section = map.need("section", findings).and_then(|section| {
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
    let gist = map.need("gist", findings).map(|node| by_language(node, &draft.languages, findings)).unwrap_or_default();
    map.finish(findings);
    Some((number?, Clause { section: section?, normative, requirements, gist, place: node.place.clone() }))
}
