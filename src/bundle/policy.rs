//! Policy files: lists, tables, obligations and rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::decision::Outcome;
use crate::model::finding::{Code, Finding, Findings, Place};

use super::cascade::{Part, is_whole};
use super::checked::{Condition, Effect, Effective, Expression, FactIx, KindIx, ObligationDef, Policy, Rule, RuleIx};
use super::condition;
use super::draft::Draft;
use super::expression;
use super::overlay;
use super::reader::{Mapping, entries, list, list_or_one, name, text, unknown};
use super::satisfy;
use super::tables::{dated_by, effective, read_lists, read_tables};
use super::yaml::Node;

/// What a policy file says once, for all its rules.
pub struct Header {
    policy: usize,
    kinds: Vec<KindIx>,
    says_kinds: bool,
    source: Option<Arc<str>>,
    effective: Option<Effective>,
    dated_by: FactIx,
}

/// The keys of a policy file that hold mappings.
const SECTIONS: [&str; 6] = ["lists", "tables", "obligations", "advice", "add-rows", "add-entries"];
/// The keys that hold lists.
const LISTS: [&str; 2] = ["rules", "retire"];
/// The keys whose form does not matter to others.
const OTHER: [&str; 6] = ["policy", "request", "source", "gist", "dated-by", "effective"];

/// Reads everything of a policy file but its rules, which may name what other files define.
pub fn read_header<'n>(
    file: &str,
    node: &'n Node,
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<(Header, Option<&'n Node>)> {
    let whole = is_whole(node, &SECTIONS, &LISTS, &OTHER);
    let mut map = Mapping::open(node, "a policy", findings)?;
    if !whole {
        draft.gaps.insert(Part::Policies);
    }
    let policy_name = map.need("policy").and_then(|node| name(node, findings));
    let request = map.take("request");
    let kinds = request.map(|node| kinds(node, draft, findings)).unwrap_or_default();
    let source = map.take("source").and_then(|node| source(node, draft, findings));
    map.take("gist").map(|node| super::vocabulary::gist(node, draft, findings));
    let dated_by = dated_by(map.take("dated-by"), FactIx(0), draft, findings);
    let effective = effective(map.take("effective"), dated_by, findings);
    if let Some(node) = map.take("lists") {
        read_lists(node, source.as_ref(), draft, findings);
    }
    if let Some(node) = map.take("tables") {
        read_tables(node, source.as_ref(), draft, findings);
    }
    for (key, advice) in [("obligations", false), ("advice", true)] {
        for (code, body) in map.take(key).map(|n| entries(n, "this part of a policy", findings)).unwrap_or_default() {
            read_obligation(code, body, advice, source.as_ref(), draft, findings);
        }
    }
    if let Some(node) = map.take("add-rows") {
        overlay::add_rows(node, source.as_ref(), draft, findings);
    }
    if let Some(node) = map.take("add-entries") {
        overlay::add_entries(node, dated_by, source.as_ref(), draft, findings);
    }
    if let Some(node) = map.take("retire") {
        overlay::read_retirements(node, dated_by, draft, findings);
    }
    let rules = map.take("rules");
    let mistyped = map.mistyped("request");
    map.finish(findings);
    // The rules of a policy without a name of its own are still checked; the bundle does not load.
    let policy_name = policy_name.unwrap_or_else(|| file.into());
    if let Some(first) = draft.policies.iter().find(|p| p.name == policy_name) {
        let message = format!("the policy `{policy_name}` is defined twice");
        findings.push(
            Finding::new(Code::Duplicate, &node.place, message)
                .help("policies have names of their own")
                .related(&Place::start_of(&first.file), "the other policy"),
        );
    }
    let policy = draft.policies.len();
    draft.policies.push(Policy { name: policy_name, file: file.into() });
    let says_kinds = request.is_some() || mistyped;
    Some((Header { policy, kinds, says_kinds, source, effective, dated_by }, rules))
}

fn kinds(node: &Node, draft: &Draft, findings: &mut Findings) -> Vec<KindIx> {
    let mut out = Vec::new();
    for item in list_or_one(node) {
        let Some(written) = text(item, findings) else { continue };
        match draft.kinds.iter().position(|kind| &*kind.name == written) {
            Some(at) => out.push(KindIx(at)),
            None => {
                let known = draft.kinds.iter().map(|kind| &*kind.name);
                let what = "the vocabulary has no kind of request";
                draft.unknown("kind", Code::UnknownKind, item, what, known, findings);
            }
        }
    }
    out
}

/// The source that a file names.
pub fn source(node: &Node, draft: &Draft, findings: &mut Findings) -> Option<Arc<str>> {
    let id = text(node, findings)?;
    if !draft.sources.contains_key(id) {
        let known = draft.sources.keys().map(|s| &**s);
        draft.unknown("source", Code::UnknownSource, node, "the bundle has no source", known, findings);
        draft.ledger.mark_broken("source of file", &node.place.file);
        return None;
    }
    Some(id.into())
}

fn read_obligation(
    key: &Node,
    body: &Node,
    advice: bool,
    source: Option<&Arc<str>>,
    draft: &mut Draft,
    findings: &mut Findings,
) {
    let (Some(code), Some(mut map)) = (name(key, findings), Mapping::open(body, "an obligation", findings)) else {
        draft.ledger.mark_broken("obligation", key.text().unwrap_or_default());
        return;
    };
    let on = map.need("by").and_then(|node| name(node, findings));
    let clauses = draft.clauses(map.take("clauses"), source, findings);
    map.finish(findings);
    let Some(on) = on else {
        draft.ledger.mark_broken("obligation", &code);
        return;
    };
    let place = key.place.clone();
    let def = ObligationDef { code: Arc::clone(&code), on, advice, clauses, place };
    if let Some(first) = draft.obligations.insert(code, def) {
        let message = format!("`{}` is defined twice", first.code);
        findings.push(Finding::new(Code::Duplicate, &key.place, message).related(&first.place, "first here"));
    }
}

/// Reads the rules of a policy file.
pub fn read_rules(header: &Header, node: &Node, draft: &mut Draft, findings: &mut Findings) {
    for item in list(node, findings) {
        let before = findings.len();
        let rule = read_rule(header, item, draft, findings);
        if findings.len() > before {
            draft.ledger.mark_mentioned(item);
        }
        let Some(rule) = rule else {
            mark_broken(header, item, draft);
            continue;
        };
        let first = draft.rule_index.get(&rule.name).and_then(|at| draft.rules.get(*at));
        if let Some(first) = first {
            let message = format!("the rule `{}` is defined twice", rule.name);
            findings.push(
                Finding::new(Code::Duplicate, &rule.place, message)
                    .help("give each rule of a policy an id of its own")
                    .related(&first.place, "first here"),
            );
            continue;
        }
        let ix = RuleIx(draft.rules.len());
        for kind in &rule.kinds {
            if let Some(kind) = draft.kinds.get_mut(kind.0) {
                kind.rules.push(ix);
            }
        }
        draft.rule_index.insert(Arc::clone(&rule.name), draft.rules.len());
        draft.rules.push(rule);
    }
}

/// A rule with a mistake of its own is there all the same for what names it.
fn mark_broken(header: &Header, rule: &Node, draft: &Draft) {
    let id = rule.entry("id").and_then(Node::text);
    if let Some((policy, id)) = draft.policies.get(header.policy).zip(id) {
        draft.ledger.mark_broken("rule", &format!("{}/{id}", policy.name));
    }
}

fn read_rule(header: &Header, node: &Node, draft: &mut Draft, findings: &mut Findings) -> Option<Rule> {
    let before = findings.len();
    let mut map = Mapping::open(node, "a rule", findings)?;
    let id = map.need("id").and_then(|node| name(node, findings));
    let request = map.take("request");
    let kinds = match request {
        Some(node) => kinds(node, draft, findings),
        None => header.kinds.clone(),
    };
    let clauses = draft.clauses(map.take("clauses"), header.source.as_ref(), findings);
    let gist = map.take("gist").map(|node| super::vocabulary::gist(node, draft, findings)).unwrap_or_default();
    let dated = dated_by(map.take("dated-by"), header.dated_by, draft, findings);
    let period = effective(map.take("effective"), dated, findings);
    let effect = read_effect(&mut map, &kinds, draft, findings);
    let results = map.take("results").map(|node| read_results(node, &kinds, draft, findings)).unwrap_or_default();
    let obligations = map.take("obligations").map(|n| obligations(n, draft, findings)).unwrap_or_default();
    let evidence = overlay::evidence(&mut map, findings);
    let place = map.place().clone();
    check_said(map, header, &effect, findings);
    let (when, effect) = effect?;
    // What could not be read is missing from the condition.
    if findings.len() == before && draft.ledger.is_clean() && draft.gaps.is_empty() {
        satisfy::check(&when, &effect, &kinds, draft, findings);
    }
    let policy = draft.policies.get(header.policy)?;
    let name = format!("{}/{}", policy.name, id?).into();
    let effective = header.effective.clone().into_iter().chain(period).collect();
    let retired = Vec::new();
    let policy = header.policy;
    Some(Rule {
        name,
        policy,
        place,
        kinds,
        clauses,
        gist,
        effective,
        retired,
        evidence,
        when,
        effect,
        results,
        obligations,
    })
}

/// Whether a rule, all of whose keys were asked for, says to what it speaks and what follows.
fn check_said(mut map: Mapping<'_>, header: &Header, effect: &Option<(Condition, Effect)>, findings: &mut Findings) {
    let place = map.place();
    if map.take("request").is_none() && !header.says_kinds && !map.mistyped("request") {
        let finding = Finding::new(Code::MissingKey, place, "the rule speaks to no kind of request");
        findings.push(finding.help("add `request:` to the rule or to the policy"));
    }
    let adds = map.take("results").is_some() || map.take("obligations").is_some();
    if map.finish(findings) && matches!(effect, Some((_, Effect::Attach(_)))) && !adds {
        let help =
            "add `permit:`, `deny:`, `refer:`, `require:` or `ask:`, or the `results:` or `obligations:` it adds";
        findings.push(Finding::new(Code::MissingKey, place, "the rule has no effect").help(help));
    }
}

const EFFECTS: [&str; 5] = ["permit", "deny", "refer", "require", "ask"];

fn read_effect(
    map: &mut Mapping<'_>,
    kinds: &[KindIx],
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<(Condition, Effect)> {
    let when_node = map.take("when");
    let when = when_node.and_then(|node| condition::read(node, kinds, draft, findings));
    if when_node.is_some() && when.is_none() {
        return None;
    }
    let when = when.unwrap_or(Condition::All(Vec::new()));
    let given: Vec<(&str, &Node)> =
        EFFECTS.into_iter().filter_map(|key| map.take(key).map(|node| (key, node))).collect();
    let (otherwise, on) = (map.take("else"), map.take("outcome"));
    let (key, body) = match given.as_slice() {
        [] => {
            let outcome = on.and_then(|node| outcome(node, findings)).unwrap_or(Outcome::Permit);
            return Some((when, Effect::Attach(outcome)));
        }
        [one] => *one,
        [(first, first_body), others @ ..] => {
            two_effects(first, first_body, others, draft, findings);
            return None;
        }
    };
    let reason = |node: Option<&Node>, draft: &mut Draft, findings: &mut Findings| {
        node.and_then(|node| draft.reason(node, findings))
    };
    if let Some(node) = on.filter(|_| !given.is_empty()) {
        findings.push(
            Finding::new(Code::UnknownKey, &node.place, "`outcome` belongs to rules without an effect of their own")
                .help("remove it: what a rule adds goes with its effect"),
        );
    }
    let permits = key == "permit";
    let checked = when_node.unwrap_or(body);
    if key != "ask" {
        condition::check_knowledge(&when, permits, checked, findings);
    }
    Some(match key {
        "permit" => (when, Effect::Permit(reason(Some(body), draft, findings)?)),
        "deny" => (when, Effect::Deny(reason(Some(body), draft, findings)?)),
        "refer" => (when, Effect::Refer(reason(Some(body), draft, findings)?)),
        "require" => {
            let required = condition::read(body, kinds, draft, findings)?;
            condition::check_required_knowledge(&required, body, findings);
            let unmet = Condition::Not(Box::new(required));
            let code = need_else(map, otherwise, draft, findings)?;
            (Condition::All(vec![when, unmet]), Effect::Deny(code))
        }
        _ => {
            let needed = condition::read(body, kinds, draft, findings)?;
            let code = need_else(map, otherwise, draft, findings)?;
            (when, Effect::Ask(needed, code))
        }
    })
}

/// A rule with several effects is none of them; what they name counts as used.
fn two_effects(first: &str, first_body: &Node, others: &[(&str, &Node)], draft: &mut Draft, findings: &mut Findings) {
    let mut names = Findings::default();
    for body in [first_body].into_iter().chain(others.iter().map(|(_, body)| *body)) {
        if body.text().is_some() {
            draft.reason(body, &mut names);
        }
    }
    for (second, body) in others {
        let message = format!("the rule has a second effect, `{second}`");
        findings.push(
            Finding::new(Code::TwoEffects, &body.place, message)
                .help("split it into two rules")
                .related(&first_body.place, format!("the first, `{first}`")),
        );
    }
}

fn need_else(
    map: &mut Mapping<'_>,
    node: Option<&Node>,
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<Arc<str>> {
    match node {
        Some(node) => draft.reason(node, findings),
        None => {
            map.need("else");
            None
        }
    }
}

fn outcome(node: &Node, findings: &mut Findings) -> Option<Outcome> {
    let written = text(node, findings)?;
    let found = [Outcome::Permit, Outcome::Deny, Outcome::Refer].into_iter().find(|o| o.as_str() == written);
    if found.is_none() {
        findings.push(unknown(
            Code::UnknownValue,
            node,
            "results are added to no outcome",
            ["permit", "deny", "refer"],
        ));
    }
    found
}

fn read_results(
    node: &Node,
    kinds: &[KindIx],
    draft: &mut Draft,
    findings: &mut Findings,
) -> BTreeMap<Arc<str>, Expression> {
    let mut out = BTreeMap::new();
    for (key, body) in entries(node, "`results`", findings) {
        let Some(written) = key.text() else { continue };
        let Some((result, type_)) =
            draft.results.get_key_value(written).map(|(k, def)| (Arc::clone(k), def.type_.clone()))
        else {
            let known = draft.results.keys().map(|name| &**name);
            draft.unknown("result", Code::UnknownResult, key, "the vocabulary has no result", known, findings);
            continue;
        };
        draft.ledger.mark("result", &result);
        if let Some(expression) = expression::result(body, &type_, kinds, draft, findings) {
            out.insert(result, expression);
        }
    }
    out
}

fn obligations(node: &Node, draft: &mut Draft, findings: &mut Findings) -> Vec<Arc<str>> {
    let mut out = Vec::new();
    for item in list(node, findings) {
        let Some(written) = text(item, findings) else { continue };
        match draft.obligations.get_key_value(written).map(|(code, _)| Arc::clone(code)) {
            Some(code) => {
                draft.ledger.mark("obligation", &code);
                out.push(code);
            }
            None => {
                let known = draft.obligations.keys().map(|code| &**code);
                let what = "no policy defines the obligation";
                draft.unknown("obligation", Code::UnknownObligation, item, what, known, findings);
            }
        }
    }
    out
}
