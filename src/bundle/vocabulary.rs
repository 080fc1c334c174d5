//! `vocabulary.yaml`: types, reasons, results and facts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::decision::ENGINE_REASONS;
use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::value::Type;

use super::absence;
use super::cascade::{Part, is_whole};
use super::checked::{Absence, Fact, FactIx, Privacy, ReasonDef, ResultDef, Unrecognised};
use super::domain::{Domain, Entry};
use super::draft::{Draft, TypeDef};
use super::expression;
use super::kinds;
use super::reader::{Mapping, boolean, by_language, entries, list, name, text, unknown};
use super::values::value;
use super::yaml::{Content, Node};

/// Reads what facts are made of: types, stages, reasons and results. The registries are read before, settings after.
pub fn read_types(node: &Node, draft: &mut Draft, findings: &mut Findings) {
    if !is_whole(node, &["types", "reasons", "results", "facts", "kinds"], &["stages"], &[]) {
        draft.gaps.insert(Part::Vocabulary);
    }
    let Some(mut map) = Mapping::open(node, "a vocabulary", findings) else { return };
    for (key, body) in section(&mut map, "types", findings) {
        let before = findings.len();
        read_type(key, body, draft, findings);
        if findings.len() > before {
            draft.ledger.mark_mentioned(body);
        }
    }
    for item in map.take("stages").map(|node| list(node, findings)).unwrap_or_default() {
        draft.stages.extend(name(item, findings));
    }
    for (key, stage) in section(&mut map, "reasons", findings) {
        read_reason(key, stage, draft, findings);
    }
    for (key, body) in section(&mut map, "results", findings) {
        read_result(key, body, draft, findings);
    }
    for key in ["facts", "kinds"] {
        map.take(key);
    }
    map.finish(findings);
}

/// The engine gives reasons of its own, which need a stage.
pub fn engine_reasons(place: &Place, draft: &Draft, findings: &mut Findings) {
    for code in ENGINE_REASONS.iter().filter(|code| !draft.reasons.contains_key(**code)) {
        if !draft.ledger.is_broken("reason", code) {
            let message = format!("`reasons` needs `{code}`, which the engine gives");
            findings.push(Finding::new(Code::MissingKey, place, message).help(format!("add `{code}:` with its stage")));
        }
    }
}

/// Reads facts and kinds of request.
pub fn read_facts(node: &Node, draft: &mut Draft, findings: &mut Findings) {
    let mut quiet = Findings::default();
    let Some(mut map) = Mapping::open(node, "a vocabulary", &mut quiet) else { return };
    let facts = section(&mut map, "facts", findings);
    draft.announced.extend(facts.iter().filter_map(|(key, _)| key.text()).map(Arc::from));
    for (key, body) in facts {
        let before = findings.len();
        read_fact(key, body, draft, findings);
        if findings.len() > before {
            draft.ledger.mark_mentioned(body);
        }
    }
    for (key, body) in section(&mut map, "kinds", findings) {
        let before = findings.len();
        kinds::read_kind(key, body, draft, findings);
        if findings.len() > before {
            draft.ledger.mark_mentioned(body);
        }
    }
}

/// What the names of facts may not be: the beginning of another's, a word of conditions, unreadable to scripts.
pub fn check_paths(draft: &Draft, findings: &mut Findings) {
    for (path, ix) in &draft.fact_index {
        let Some(fact) = draft.facts.get(ix.0) else { continue };
        if let Some(longer) = draft.fact_below(path).and_then(|ix| draft.facts.get(ix.0)) {
            let message = format!("`{path}` is a fact, and the branch of `{}`", longer.path);
            let finding = Finding::new(Code::FactIsBranch, &fact.place, message).help("rename one of them");
            findings.push(finding.related(&longer.place, "the longer one"));
        }
        let first = path.split('.').next().unwrap_or_default();
        if CONDITION_WORDS.contains(&&**path) || first == "settings" {
            let message = format!("`{path}` is a word of conditions");
            findings.push(Finding::new(Code::Duplicate, &fact.place, message).help("give the fact another name"));
        } else if path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
            && !draft.library.can_read(path)
        {
            let message = format!("scripts cannot read the fact `{path}`");
            findings.push(
                Finding::new(Code::UnreadableName, &fact.place, message)
                    .help("use letters, digits and `_`, and no reserved word, between the points"),
            );
        }
    }
}

const CONDITION_WORDS: [&str; 4] = ["any-of", "all-of", "not", "script"];

/// The fact that every request has: when it is decided.
pub fn built_in_facts(draft: &mut Draft) {
    let place = Place::start_of("vocabulary.yaml");
    draft.fact_index.insert("at".into(), FactIx(0));
    draft.fact_defaults.push((Absence::Ask, Unrecognised::Error));
    draft.facts.push(Fact {
        path: "at".into(),
        type_: Type::Timestamp,
        derived: None,
        by_region: false,
        gist: BTreeMap::new(),
        minimum: None,
        fixed: true,
        privacy: Privacy::Public,
        hidden: false,
        place,
    });
}

fn section<'n>(map: &mut Mapping<'n>, key: &'static str, findings: &mut Findings) -> &'n [(Node, Node)] {
    map.take(key).map(|node| entries(node, "this part of a vocabulary", findings)).unwrap_or_default()
}

fn read_type(key: &Node, body: &Node, draft: &mut Draft, findings: &mut Findings) {
    let (Some(name), Some(mut map)) = (name(key, findings), Mapping::open(body, "a type", findings)) else {
        draft.ledger.mark_broken("type", key.text().unwrap_or_default());
        return;
    };
    let def = if let Some(values) = map.take("values") {
        let entries = list(values, findings).iter().filter_map(|item| enumerated(item, findings)).collect();
        let domain = Domain::new(Arc::clone(&name), false, entries, &[], &|_, _| None, findings);
        draft.domains.insert(Arc::clone(&name), Arc::new(domain));
        Some(TypeDef { type_: Type::Symbol(Arc::clone(&name)), by_region: false, unrecognised: Unrecognised::Error })
    } else if map.mistyped("values") {
        None
    } else {
        map.need("registry").and_then(|node| registry_type(node, draft, findings))
    };
    let by_region = map.take("by").and_then(|node| choice(node, &[("regions", true)], findings)).unwrap_or(false);
    let unrecognised = map.take("unrecognised").and_then(|node| read_unrecognised(node, findings));
    map.finish(findings);
    match def {
        Some(def) => {
            let unrecognised = unrecognised.unwrap_or(def.unrecognised);
            declare(&mut draft.types, name, TypeDef { by_region, unrecognised, ..def }, &key.place, findings);
        }
        None => draft.ledger.mark_broken("type", &name),
    }
}

fn enumerated(node: &Node, findings: &mut Findings) -> Option<Entry> {
    let code = name(node, findings)?;
    let place = node.place.clone();
    Some(Entry { code, names: BTreeMap::new(), aliases: Vec::new(), regions: Vec::new(), clauses: Vec::new(), place })
}

fn registry_type(node: &Node, draft: &mut Draft, findings: &mut Findings) -> Option<TypeDef> {
    let registry = name(node, findings)?;
    let Some(domain) = draft.registries.get(&registry).cloned() else {
        let known = draft.registries.keys().map(|name| &**name);
        draft.unknown("registry", Code::UnknownRegistry, node, "the bundle has no registry", known, findings);
        return None;
    };
    draft.ledger.mark("registry", &registry);
    draft.domains.insert(Arc::clone(&registry), domain);
    Some(TypeDef { type_: Type::Symbol(registry), by_region: false, unrecognised: Unrecognised::Ask })
}

fn read_unrecognised(node: &Node, findings: &mut Findings) -> Option<Unrecognised> {
    let choices = [
        ("ask", Unrecognised::Ask),
        ("ignore", Unrecognised::Ignore),
        ("other", Unrecognised::Other),
        ("error", Unrecognised::Error),
    ];
    choice(node, &choices, findings)
}

/// One of a few words.
fn choice<T: Copy>(node: &Node, choices: &[(&str, T)], findings: &mut Findings) -> Option<T> {
    let written = text(node, findings)?;
    let found = choices.iter().find(|(word, _)| *word == written).map(|(_, value)| *value);
    if found.is_none() {
        let words = choices.iter().map(|(word, _)| *word);
        let all = words.clone().collect::<Vec<_>>().join("`, `");
        findings.push(unknown(Code::UnknownValue, node, &format!("`{all}` is wanted here, not"), words));
    }
    found
}

fn declare<T>(into: &mut BTreeMap<Arc<str>, T>, name: Arc<str>, def: T, place: &Place, findings: &mut Findings) {
    if into.contains_key(&name) {
        findings
            .push(Finding::new(Code::Duplicate, place, format!("`{name}` is declared twice")).help("keep one of them"));
        return;
    }
    into.insert(name, def);
}

/// The type a node names: `integer`, `market`, `set of role`.
pub fn type_named(node: &Node, draft: &Draft, findings: &mut Findings) -> Option<TypeDef> {
    let written = text(node, findings)?;
    let plain = |type_| TypeDef { type_, by_region: false, unrecognised: Unrecognised::Error };
    let (is_set, word) = written.strip_prefix("set of ").map_or((false, written), |inner| (true, inner));
    let def = match word {
        "boolean" => plain(Type::Boolean),
        "integer" => plain(Type::Integer),
        "decimal" => plain(Type::Decimal),
        "text" => plain(Type::Text),
        "currency" => plain(Type::Currency),
        "date" => plain(Type::Date),
        "timestamp" => plain(Type::Timestamp),
        "duration" => plain(Type::Duration),
        _ => match draft.types.get(word) {
            Some(def) => {
                draft.ledger.mark("type", word);
                def.clone()
            }
            None => {
                const BUILT_IN: [&str; 8] =
                    ["boolean", "integer", "decimal", "text", "currency", "date", "timestamp", "duration"];
                let known = draft.types.keys().map(|name| &**name).chain(BUILT_IN);
                let finding = unknown(Code::UnknownType, node, "the vocabulary has no type", known);
                let finding = match &finding.edit {
                    Some(edit) if is_set => {
                        let whole = format!("set of {}", edit.text);
                        finding.nearest(Some(&whole))
                    }
                    _ => finding,
                };
                draft.ledger.report("type", word, None, finding, findings);
                return None;
            }
        },
    };
    Some(if is_set { TypeDef { type_: Type::Set(Box::new(def.type_)), ..def } } else { def })
}

fn read_reason(key: &Node, stage: &Node, draft: &mut Draft, findings: &mut Findings) {
    let (Some(code), Some(written)) = (name(key, findings), text(stage, findings)) else {
        draft.ledger.mark_broken("reason", key.text().unwrap_or_default());
        return;
    };
    let Some(rank) = draft.stages.iter().position(|s| &**s == written) else {
        draft.ledger.mark_broken("reason", &code);
        findings.push(unknown(Code::UnknownValue, stage, "`stages` does not list", draft.stages.iter().map(|s| &**s)));
        return;
    };
    declare(&mut draft.reasons, code, ReasonDef { rank, place: key.place.clone() }, &key.place, findings);
}

fn read_result(key: &Node, body: &Node, draft: &mut Draft, findings: &mut Findings) {
    let (Some(name), Some(mut map)) = (name(key, findings), Mapping::open(body, "a result", findings)) else {
        draft.ledger.mark_broken("result", key.text().unwrap_or_default());
        return;
    };
    let type_ = map.need("type").and_then(|node| type_named(node, draft, findings));
    let gist = map.take("gist").map(|node| gist(node, draft, findings)).unwrap_or_default();
    map.finish(findings);
    match type_ {
        Some(def) => {
            let def = ResultDef { type_: def.type_, gist, place: key.place.clone() };
            declare(&mut draft.results, name, def, &key.place, findings);
        }
        None => draft.ledger.mark_broken("result", &name),
    }
}

/// A text by language, or one text in the default language.
pub fn gist(node: &Node, draft: &Draft, findings: &mut Findings) -> BTreeMap<Arc<str>, Arc<str>> {
    match (&node.content, draft.languages.first()) {
        (Content::Scalar(text, _), Some(language)) => {
            BTreeMap::from([(Arc::clone(language), Arc::from(text.as_str()))])
        }
        // Which languages there are is not known, which is told where they are missing.
        (Content::Scalar(..), None) => BTreeMap::new(),
        _ => by_language(node, &draft.languages, findings),
    }
}

fn read_fact(key: &Node, body: &Node, draft: &mut Draft, findings: &mut Findings) {
    let (Some(path), Some(mut map)) = (name(key, findings), Mapping::open(body, "a fact", findings)) else {
        draft.ledger.mark_broken("fact", key.text().unwrap_or_default());
        return;
    };
    if let Some(first) = draft.fact_index.get(&path).and_then(|ix| draft.facts.get(ix.0)) {
        let message = format!("the fact `{path}` is declared twice");
        findings.push(
            Finding::new(Code::Duplicate, &key.place, message)
                .help("keep one of them")
                .related(&first.place, "first here"),
        );
        return;
    }
    let def = map.need("type").and_then(|node| type_named(node, draft, findings));
    let gist = map.take("gist").map(|node| gist(node, draft, findings)).unwrap_or_default();
    let fixed = map.take("fixed").and_then(|node| boolean(node, findings)).unwrap_or(false);
    let script = map.take("script");
    let private = map.take("private");
    let minimum = map.take("at-least");
    let Some(def) = def else {
        draft.ledger.mark_broken("fact", &path);
        for key in ["absent", "default", "unrecognised"] {
            map.take(key);
        }
        map.finish(findings);
        return;
    };
    let (absence, unrecognised) = read_behaviour(&mut map, &def, (Absence::Ask, def.unrecognised), draft, findings);
    map.finish(findings);
    let minimum = minimum.and_then(|node| value(node, &def.type_, draft, findings));
    let derived = script.and_then(|node| expression::derived(node, &def.type_, draft, findings)).map(Arc::new);
    if script.is_some() && derived.is_none() {
        draft.ledger.mark_broken("fact", &path);
        return;
    }
    draft.fact_index.insert(Arc::clone(&path), FactIx(draft.facts.len()));
    draft.fact_defaults.push((absence, unrecognised));
    let place = key.place.clone();
    let privacy = private.map(|node| read_privacy(node, &def.type_, derived.is_some(), findings)).unwrap_or_default();
    // Derived facts read only what is declared before them, so what they read is marked already.
    let hidden = privacy != Privacy::Public
        || derived.as_ref().is_some_and(|derived| super::privacy::any_private(&derived.reads, draft));
    let by_region = def.by_region;
    draft.facts.push(Fact { path, type_: def.type_, derived, by_region, gist, minimum, fixed, privacy, hidden, place });
}

/// Only free text can be private: a decision on a past request must not need any other value than the one recorded.
fn read_privacy(node: &Node, type_: &Type, derived: bool, findings: &mut Findings) -> Privacy {
    let choices = [("true", Privacy::Private), ("false", Privacy::Public), ("erasable", Privacy::Erasable)];
    let privacy = choice(node, &choices, findings).unwrap_or_default();
    let text = *type_ == Type::Text || *type_ == Type::Set(Box::new(Type::Text));
    if privacy != Privacy::Public && (derived || !text) {
        let message = "only a text that the request gives can be private";
        findings.push(Finding::new(Code::WrongForm, &node.place, message).help("remove `private`"));
    }
    privacy
}

/// `absent`, `default` and `unrecognised` of a fact, or of a kind's change to it.
pub fn read_behaviour(
    map: &mut Mapping<'_>,
    def: &TypeDef,
    (mut found, mut unrecognised): (Absence, Unrecognised),
    draft: &Draft,
    findings: &mut Findings,
) -> (Absence, Unrecognised) {
    if let Some(node) = map.take("absent") {
        if let Content::Mapping(_) = node.content {
            found = absence::from(node, &def.type_, draft, findings).unwrap_or(found);
        } else if let Some(optional) = choice(node, &[("ask", false), ("optional", true)], findings) {
            found = if optional { Absence::Optional } else { Absence::Ask };
        }
    }
    if let Some(node) = map.take("default") {
        found = value(node, &def.type_, draft, findings).map_or(found, Absence::Default);
    }
    if let Some(node) = map.take("unrecognised") {
        unrecognised = read_unrecognised(node, findings).unwrap_or(unrecognised);
    }
    (found, unrecognised)
}
