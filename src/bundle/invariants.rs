//! `invariants.yaml`: what must hold of every decision. Invariants decide nothing; they are proved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::clause::ClauseRef;
use crate::model::decision::Outcome;
use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::names::nearest;

use super::checked::{Condition, FactIx, KindIx, Test};
use super::condition;
use super::draft::Draft;
use super::reader::{Mapping, by_language, entries, list, list_or_one, name, text, unknown, wrong_form};
use super::yaml::{Content, Node};

/// What must hold of every decision of some kinds.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// Its name.
    pub id: Arc<str>,
    /// The kinds of request it speaks of.
    pub kinds: Vec<KindIx>,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// What it says, by language.
    pub words: BTreeMap<Arc<str>, Arc<str>>,
    /// What must hold.
    pub law: Law,
    /// Where it stands.
    pub place: Place,
}

/// The form of an invariant.
#[derive(Clone, Debug)]
pub enum Law {
    /// This never holds.
    Never(Statement),
    /// This always holds.
    Always(Statement),
    /// Where the first holds, the second does.
    Implies(Statement, Statement),
    /// Having one more of these never turns a permit into something else.
    Monotone(FactIx),
    /// This result is never more than this fact.
    AtMost(Arc<str>, FactIx),
}

/// Whether one, all or none of a set must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// One of them.
    Any,
    /// All of them.
    All,
    /// None of them.
    None,
}

/// Something said of a request and its decision.
#[derive(Clone, Debug)]
pub enum Statement {
    /// All of these.
    All(Vec<Statement>),
    /// One of these.
    Any(Vec<Statement>),
    /// Not this.
    Not(Box<Statement>),
    /// The condition holds of the request.
    Request(Condition),
    /// The outcome is one of these.
    Outcome(BTreeSet<Outcome>),
    /// Reasons that are given.
    Reasons(Among, BTreeSet<Arc<str>>),
    /// Obligations and advice that are given.
    Obligations(Among, BTreeSet<Arc<str>>),
    /// A result passes a test.
    Result(Arc<str>, Test),
}

/// Reads a file of invariants.
pub(super) fn read(node: &Node, draft: &mut Draft, out: &mut Vec<Invariant>, findings: &mut Findings) {
    let Some(mut map) = Mapping::open(node, "a file of invariants", findings) else { return };
    let source = map.take("source").and_then(|node| text(node, findings)).map(Arc::from);
    let items = map.need("invariants").map(|node| list(node, findings)).unwrap_or_default();
    map.finish(findings);
    for item in items {
        let Some(found) = invariant(item, source.as_ref(), draft, findings) else { continue };
        if let Some(first) = out.iter().find(|known: &&Invariant| known.id == found.id) {
            let message = format!("the invariant `{}` is stated twice", found.id);
            findings.push(Finding::new(Code::Duplicate, &found.place, message).related(&first.place, "first here"));
            continue;
        }
        out.push(found);
    }
}

const LAWS: [&str; 5] = ["never", "always", "if", "monotone", "at-most"];

const LAWS_ARE: &str = "write `never:`, `always:`, `if:` with `then:`, `monotone:` or `at-most:`";

fn invariant(node: &Node, source: Option<&Arc<str>>, draft: &mut Draft, findings: &mut Findings) -> Option<Invariant> {
    let mut map = Mapping::open(node, "an invariant", findings)?;
    let id = map.need("id").and_then(|node| name(node, findings));
    let kinds = map.need("request").map(|node| kinds(node, draft, findings));
    let clauses = draft.clauses(map.take("clauses"), source, findings);
    let languages = draft.languages.clone();
    let words = map.need("words").map(|node| by_language(node, &languages, findings)).unwrap_or_default();
    let given: Vec<(&str, &Node)> = LAWS.into_iter().filter_map(|key| map.take(key).map(|node| (key, node))).collect();
    let then = map.take("then");
    let place = map.place().clone();
    let whole = map.finish(findings);
    let kinds = kinds?;
    let law = match (given.as_slice(), then) {
        ([("never", body)], None) => Law::Never(statement(body, &kinds, draft, findings)?),
        ([("always", body)], None) => Law::Always(statement(body, &kinds, draft, findings)?),
        ([("if", body)], Some(then)) => {
            Law::Implies(statement(body, &kinds, draft, findings)?, statement(then, &kinds, draft, findings)?)
        }
        ([("monotone", body)], None) => Law::Monotone(draft.fact_of(body, &kinds, findings)?),
        ([("at-most", body)], None) => at_most(body, &kinds, draft, findings)?,
        _ => {
            // Of a law that is mistyped, that is told.
            if whole {
                let finding = Finding::new(Code::WrongForm, &place, "an invariant states one law");
                findings.push(finding.help(LAWS_ARE));
            }
            return None;
        }
    };
    Some(Invariant { id: id?, kinds, clauses, words, law, place })
}

fn kinds(node: &Node, draft: &Draft, findings: &mut Findings) -> Vec<KindIx> {
    let mut out = Vec::new();
    for item in list_or_one(node) {
        let Some(written) = text(item, findings) else { continue };
        match draft.kinds.iter().position(|kind| &*kind.name == written) {
            Some(at) => out.push(KindIx(at)),
            None => {
                let known = draft.kinds.iter().map(|kind| &*kind.name);
                draft.unknown("kind", Code::UnknownKind, item, "there is no kind of request", known, findings);
            }
        }
    }
    out
}

/// `at-most: { result: credit_amount, fact: order.paid }`.
fn at_most(node: &Node, kinds: &[KindIx], draft: &Draft, findings: &mut Findings) -> Option<Law> {
    let mut map = Mapping::open(node, "`at-most`", findings)?;
    let result = map.need("result");
    let fact = map.need("fact").and_then(|node| draft.fact_of(node, kinds, findings));
    map.finish(findings);
    let name = result_named(result?, result?.text()?, draft, findings)?;
    let (of_result, of_fact) = (draft.results.get(&name).map(|def| def.type_.clone()), draft.type_of(fact?));
    if of_result.as_ref() != Some(&of_fact) || !of_fact.is_ordered() {
        let message = format!("the result `{name}` and the fact do not compare");
        findings.push(Finding::new(Code::TypeMismatch, &node.place, message).help("name two of one ordered type"));
        return None;
    }
    Some(Law::AtMost(name, fact?))
}

fn result_named(node: &Node, written: &str, draft: &Draft, findings: &mut Findings) -> Option<Arc<str>> {
    if let Some((name, _)) = draft.results.get_key_value(written) {
        return Some(Arc::clone(name));
    }
    let near = nearest(written, draft.results.keys().map(|name| &**name));
    let message = format!("the vocabulary has no result `{written}`");
    let finding = Finding::new(Code::UnknownResult, &node.place, message).nearest(near);
    draft.ledger.report("result", written, None, finding, findings);
    None
}

/// A statement: the keys of a condition, and `outcome`, `reasons`, `obligations`, `results.…`.
fn statement(node: &Node, kinds: &[KindIx], draft: &mut Draft, findings: &mut Findings) -> Option<Statement> {
    let mut parts = Vec::new();
    let mut plain = Vec::new();
    for (key, body) in entries(node, "a statement", findings) {
        match key.text()? {
            "outcome" => parts.push(Statement::Outcome(outcomes(body, findings)?)),
            "reasons" => {
                let what = ("reason", Code::UnknownReason, "the vocabulary has no reason");
                let (among, codes) = codes(body, what, &draft.reasons, draft, findings)?;
                parts.push(Statement::Reasons(among, codes));
            }
            "obligations" => {
                let what = ("obligation", Code::UnknownObligation, "no policy defines");
                let (among, codes) = codes(body, what, &draft.obligations, draft, findings)?;
                parts.push(Statement::Obligations(among, codes));
            }
            "any-of" | "all-of" => {
                let inner = list(body, findings).iter().map(|item| statement(item, kinds, draft, findings));
                let inner = inner.collect::<Option<Vec<_>>>()?;
                let any = key.text() == Some("any-of");
                parts.push(if any { Statement::Any(inner) } else { Statement::All(inner) });
            }
            "not" => parts.push(Statement::Not(Box::new(statement(body, kinds, draft, findings)?))),
            other => match other.strip_prefix("results.") {
                Some(written) => {
                    let name = result_named(key, written, draft, findings)?;
                    let type_ = draft.results.get(&name).map(|def| def.type_.clone())?;
                    let test = condition::read_test(body, FactIx(0), &type_, kinds, draft, findings)?;
                    parts.push(Statement::Result(name, test));
                }
                None => plain.push((key.clone(), body.clone())),
            },
        }
    }
    if !plain.is_empty() {
        let rest = Node { content: Content::Mapping(plain), place: node.place.clone() };
        parts.push(Statement::Request(condition::read(&rest, kinds, draft, findings)?));
    }
    Some(Statement::All(parts))
}

/// Codes among those that are known, of what is given or not; `what` names what they are.
fn codes<T>(
    node: &Node,
    (kind, code, what): (&'static str, Code, &str),
    known: &BTreeMap<Arc<str>, T>,
    draft: &Draft,
    findings: &mut Findings,
) -> Option<(Among, BTreeSet<Arc<str>>)> {
    let (among, written) = among(node, findings)?;
    for (_, node) in written.iter().filter(|(name, _)| !known.contains_key(name)) {
        draft.unknown(kind, code, node, what, known.keys().map(|name| &**name), findings);
    }
    Some((among, written.into_iter().map(|(name, _)| name).collect()))
}

fn outcomes(node: &Node, findings: &mut Findings) -> Option<BTreeSet<Outcome>> {
    const ALL: [Outcome; 5] =
        [Outcome::Permit, Outcome::Deny, Outcome::NeedsInformation, Outcome::Refer, Outcome::NotCovered];
    let mut out = BTreeSet::new();
    for item in list_or_one(node) {
        let written = text(item, findings)?;
        match ALL.into_iter().find(|outcome| outcome.as_str() == written) {
            Some(outcome) => {
                out.insert(outcome);
            }
            None => {
                let known = ALL.iter().map(|outcome| outcome.as_str());
                findings.push(unknown(Code::UnknownValue, item, "there is no outcome", known));
            }
        }
    }
    (!out.is_empty()).then_some(out)
}

type Codes<'n> = Vec<(Arc<str>, &'n Node)>;

/// A code, a list (all of them), or `{ any | all | none: […] }`.
fn among<'n>(node: &'n Node, findings: &mut Findings) -> Option<(Among, Codes<'n>)> {
    let codes = |node: &'n Node, findings: &mut Findings| -> Codes<'n> {
        list_or_one(node).iter().filter_map(|item| Some((Arc::from(text(item, findings)?), item))).collect()
    };
    let Content::Mapping(keyed) = &node.content else { return Some((Among::All, codes(node, findings))) };
    match keyed.as_slice() {
        [(key, body)] => {
            let among = match key.text() {
                Some("any") => Among::Any,
                Some("all") => Among::All,
                Some("none") => Among::None,
                _ => {
                    findings.push(unknown(Code::UnknownKey, key, "there is no matcher", ["any", "all", "none"]));
                    return None;
                }
            };
            Some((among, codes(body, findings)))
        }
        _ => {
            wrong_form(node, "one of `any`, `all`, `none` is wanted here", findings);
            None
        }
    }
}

impl Statement {
    /// Visits every condition on the request.
    pub fn conditions<'s>(&'s self, visit: &mut impl FnMut(&'s Condition)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.conditions(visit)),
            Self::Not(inner) => inner.conditions(visit),
            Self::Request(condition) => visit(condition),
            _ => {}
        }
    }
}
