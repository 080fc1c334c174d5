//! `vocabulary.yaml`: types, reasons, results, facts and kinds of request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::decision::ENGINE_REASONS;
use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::value::Type;

use super::absence;
use super::cascade::{Part, is_whole};
use super::checked::{
    Absence, Contradiction, Fact, FactIx, FanOut, Kind, KindFact, KindIx, Privacy, ReasonDef, ResultDef, Unrecognised,
};
use super::condition;
use super::domain::{Domain, Entry};
use super::draft::{Draft, TypeDef};
use super::expression;
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
        read_kind(key, body, draft, findings);
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
fn read_behaviour(
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

fn read_kind(key: &Node, body: &Node, draft: &mut Draft, findings: &mut Findings) {
    let (Some(name), Some(mut map)) = (name(key, findings), Mapping::open(body, "a kind", findings)) else {
        draft.ledger.mark_broken("kind", key.text().unwrap_or_default());
        return;
    };
    let gist = map.take("gist").map(|node| gist(node, draft, findings)).unwrap_or_default();
    let mut facts = BTreeMap::new();
    add_fact(FactIx(0), draft, &mut facts);
    let selected = map.need("facts");
    if selected.is_none_or(|node| !matches!(node.content, Content::Sequence(_))) {
        draft.ledger.mark_broken("facts of kind", &name);
    }
    for item in selected.map(|node| list(node, findings)).unwrap_or_default() {
        if !select_facts(item, draft, &mut facts, findings) {
            draft.ledger.mark_broken("facts of kind", &name);
        }
    }
    let changes = map.take("changes").map(|n| entries(n, "`changes`", findings)).unwrap_or_default();
    for (path, change) in changes {
        change_fact(path, change, draft, &mut facts, findings);
    }
    absence::check_order(&facts, changes, &key.place, draft, findings);
    let derived = add_derived(draft, &mut facts);
    let complete = map.take("complete").and_then(|node| boolean(node, findings)).unwrap_or(false);
    let otherwise = map.need("otherwise").and_then(|node| draft.reason(node, findings));
    let fan_out = map.take("fan-out").map(|node| list(node, findings)).unwrap_or_default();
    let fan_out = fan_out.iter().filter_map(|item| read_fan_out(item, draft, findings)).collect();
    let contradictions = map.take("contradictions").map(|node| list(node, findings)).unwrap_or_default();
    map.finish(findings);
    if let Some(first) = draft.kinds.iter().find(|kind| kind.name == name) {
        let message = format!("the kind `{name}` is declared twice");
        findings.push(
            Finding::new(Code::Duplicate, &key.place, message)
                .help("keep one of them")
                .related(&first.place, "first here"),
        );
        return;
    }
    let ix = KindIx(draft.kinds.len());
    draft.kinds.push(Kind {
        name,
        facts,
        gist,
        derived,
        fan_out,
        contradictions: Vec::new(),
        rules: Vec::new(),
        complete,
        otherwise: otherwise.unwrap_or_else(|| "nothing-permits".into()),
        place: key.place.clone(),
    });
    let found: Vec<_> = contradictions.iter().filter_map(|item| contradiction(item, ix, draft, findings)).collect();
    if let Some(kind) = draft.kinds.get_mut(ix.0) {
        kind.contradictions = found;
    }
}

fn add_fact(ix: FactIx, draft: &Draft, facts: &mut BTreeMap<FactIx, KindFact>) {
    if let Some((absence, unrecognised)) = draft.fact_defaults.get(ix.0) {
        facts.insert(ix, KindFact { absence: absence.clone(), unrecognised: *unrecognised, values: None });
    }
}

/// `order.id`, or `order.*` for all that begin so.
fn select_facts(node: &Node, draft: &Draft, facts: &mut BTreeMap<FactIx, KindFact>, findings: &mut Findings) -> bool {
    let Some(written) = text(node, findings) else { return false };
    let Some(prefix) = written.strip_suffix('*') else {
        let found = draft.fact(node, findings);
        if let Some(ix) = found {
            add_fact(ix, draft, facts);
        }
        return found.is_some();
    };
    let mut any = false;
    for (path, ix) in draft.fact_index.iter().filter(|(path, _)| path.starts_with(prefix)) {
        any = true;
        if draft.facts.get(ix.0).is_some_and(|fact| fact.derived.is_none()) && !path.is_empty() {
            add_fact(*ix, draft, facts);
        }
    }
    if !any && !draft.ledger.any_broken("fact") {
        let branches: BTreeSet<String> = draft
            .fact_index
            .keys()
            .filter_map(|path| path.rsplit_once('.'))
            .map(|(branch, _)| format!("{branch}.*"))
            .collect();
        let known = branches.iter().map(String::as_str);
        findings.push(unknown(Code::UnknownFact, node, "no fact begins like", known));
    }
    any
}

fn change_fact(
    path: &Node,
    change: &Node,
    draft: &Draft,
    facts: &mut BTreeMap<FactIx, KindFact>,
    findings: &mut Findings,
) {
    let (Some(ix), Some(mut map)) = (draft.fact(path, findings), Mapping::open(change, "a change", findings)) else {
        return;
    };
    let Some(old) = facts.get(&ix).cloned() else {
        findings.push(Finding::new(Code::UnknownFact, &path.place, "this kind does not have the fact that it changes"));
        return;
    };
    let def = TypeDef { type_: draft.type_of(ix), by_region: false, unrecognised: old.unrecognised };
    let (absence, unrecognised) = read_behaviour(&mut map, &def, (old.absence, old.unrecognised), draft, findings);
    let values = map
        .take("values")
        .map(|node| list(node, findings))
        .map(|items| items.iter().map(|item| value(item, &def.type_, draft, findings)).collect::<Vec<_>>());
    map.finish(findings);
    // With a value that is mistyped, it is not known which there are.
    let values = values.and_then(|items| items.into_iter().collect::<Option<BTreeSet<_>>>());
    facts.insert(ix, KindFact { absence, unrecognised, values: values.or(old.values) });
}

/// Derived facts belong to every kind that has all they read. They read only what is declared before them, so the
/// order of the vocabulary is an order of evaluation.
fn add_derived(draft: &Draft, facts: &mut BTreeMap<FactIx, KindFact>) -> Vec<FactIx> {
    let mut out = Vec::new();
    for (at, fact) in draft.facts.iter().enumerate() {
        let Some(derived) = &fact.derived else { continue };
        let reads_known = derived.reads.iter().all(|operand| match operand {
            super::checked::Operand::Fact(ix) => facts.contains_key(ix),
            _ => true,
        });
        if reads_known {
            facts.insert(
                FactIx(at),
                KindFact { absence: Absence::Ask, unrecognised: Unrecognised::Error, values: None },
            );
            out.push(FactIx(at));
        }
    }
    out
}

fn read_fan_out(node: &Node, draft: &Draft, findings: &mut Findings) -> Option<FanOut> {
    let mut map = Mapping::open(node, "a fan-out", findings)?;
    let over = map.need_text("over", findings);
    let branch = map.take("as").and_then(|node| text(node, findings)).map(Arc::from);
    let facts = fan_out_facts(&mut map, branch.as_deref(), draft, findings);
    let mut fact = |key| map.take(key).and_then(|node: &Node| draft.fact(node, findings));
    let label = fact("label");
    let only = fact("only");
    let mut set = |key| -> Vec<FactIx> {
        let items = map.take(key).map(|node| list(node, findings)).unwrap_or_default();
        items.iter().filter_map(|item| draft.fact(item, findings)).collect()
    };
    let unique_by = set("unique-by");
    let when_stated: BTreeSet<FactIx> = set("when-stated").into_iter().collect();
    let never_inherit: BTreeSet<FactIx> = set("never-inherit").into_iter().collect();
    let pick = map.take("pick").and_then(|node| boolean(node, findings)).unwrap_or(false);
    map.finish(findings);
    let over = over?;
    let part = over.rsplit('.').next().map(Arc::from)?;
    Some(FanOut { over, part, branch, facts, label, unique_by, only, when_stated, never_inherit, pick })
}

/// `as: order` takes every fact below `order`; `facts:` maps an element's keys to facts, whole branches with `*`.
fn fan_out_facts(
    map: &mut Mapping<'_>,
    whole: Option<&str>,
    draft: &Draft,
    findings: &mut Findings,
) -> BTreeMap<Arc<str>, FactIx> {
    let mut out = BTreeMap::new();
    let mut branch = |from: &str, to: &str| {
        let below =
            draft.fact_index.iter().filter(|(_, ix)| draft.facts.get(ix.0).is_some_and(|f| f.derived.is_none()));
        for (path, ix) in below {
            if let Some(rest) = path.strip_prefix(to).and_then(|rest| rest.strip_prefix('.')) {
                out.insert(Arc::from(format!("{from}{rest}")), *ix);
            }
        }
    };
    if let Some(whole) = whole {
        branch("", whole);
    }
    let mut single = Vec::new();
    for (key, target) in map.take("facts").map(|n| entries(n, "`facts`", findings)).unwrap_or_default() {
        let (Some(key), Some(path)) = (key.text(), text(target, findings)) else { continue };
        match path.strip_suffix(".*") {
            Some(prefix) => branch(&format!("{key}."), prefix),
            None => single.extend(draft.fact(target, findings).map(|ix| (Arc::from(key), ix))),
        }
    }
    out.extend(single);
    out
}

fn contradiction(node: &Node, kind: KindIx, draft: &mut Draft, findings: &mut Findings) -> Option<Contradiction> {
    let mut map = Mapping::open(node, "a contradiction", findings)?;
    let when = map.need("when");
    let path = map.need_text("path", findings);
    let message_node = map.need("message");
    let message = message_node.and_then(|node| name(node, findings));
    map.finish(findings);
    if let (Some(node), Some(message)) = (message_node, &message) {
        draft.contradiction_messages.entry(Arc::clone(message)).or_insert_with(|| node.place.clone());
    }
    let when = condition::read(when?, &[kind], draft, findings)?;
    let message = message?;
    Some(Contradiction { when, path: path?, message })
}
