//! `vocabulary.yaml`: kinds of request, the facts that each has, and what makes a request contradict itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings};

use super::absence;
use super::checked::{Absence, Contradiction, FactIx, FanOut, Kind, KindFact, KindIx, Unrecognised};
use super::condition;
use super::draft::{Draft, TypeDef};
use super::reader::{Mapping, boolean, entries, list, name, text, unknown};
use super::values::value;
use super::vocabulary::{gist, read_behaviour};
use super::yaml::{Content, Node};

/// Reads a kind of request.
pub fn read_kind(key: &Node, body: &Node, draft: &mut Draft, findings: &mut Findings) {
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
