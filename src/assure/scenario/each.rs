//! `each`: one scenario decided for many values.
//!
//! A mapping of facts to lists of values gives every combination; a list of mappings gives one case each, which may
//! carry a verdict of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::bundle::reader::{entries, list};
use crate::bundle::yaml::{Content, Node, json};
use crate::decide::shape::Shape;
use crate::model::finding::{Code, Finding, Findings};
use crate::model::names::nearest;

use super::read::Context;
use super::{Case, Expected};

/// The most cases that one scenario may have.
pub const MOST_CASES: usize = 10_000;

/// What sets one case apart.
#[derive(Clone, Debug, Default)]
pub struct Variation {
    /// Fact paths and the values they take.
    values: Vec<(String, Json)>,
    /// The verdict, when it is not the scenario's.
    expected: Option<Arc<Expected>>,
}

/// Reads `each`.
pub fn variations(
    context: &Context<'_>,
    node: &Node,
    shape: &BTreeMap<String, Shape>,
    findings: &mut Findings,
) -> Vec<Variation> {
    let mut paths = Vec::new();
    collect(shape, "", &mut paths);
    let out = match &node.content {
        Content::Mapping(facts) => combinations(facts, &paths, findings),
        _ => list(node, findings)
            .iter()
            .filter_map(|item| one(context, item, &paths, findings))
            .take(MOST_CASES)
            .collect(),
    };
    if out.is_empty() && !findings.has_errors() {
        findings.push(
            Finding::new(Code::WrongForm, &node.place, "`each` lists no value")
                .help("write `each: { fact: [value, …] }` or a list of `{ fact: value }`"),
        );
    }
    if out.len() >= MOST_CASES {
        let message = format!("`each` gives {MOST_CASES} cases or more");
        findings.push(Finding::new(Code::LimitExceeded, &node.place, message).help("split the scenario"));
    }
    out
}

/// Every path of a request that may be set: facts, objects and lists.
fn collect(shape: &BTreeMap<String, Shape>, at: &str, out: &mut Vec<String>) {
    for (key, below) in shape.iter().filter(|(key, _)| *key != "kind") {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        if let Shape::Object(below) = below {
            collect(below, &path, out);
        }
        out.push(path);
    }
}

fn known(key: &Node, paths: &[String], findings: &mut Findings) -> Option<String> {
    let written = key.text()?;
    if paths.iter().any(|path| path == written) {
        return Some(written.to_owned());
    }
    let near = nearest(written, paths.iter().map(String::as_str));
    let message = format!("the request has no fact `{written}`");
    findings.push(Finding::new(Code::UnknownFact, &key.place, message).nearest(near));
    None
}

fn combinations(facts: &[(Node, Node)], paths: &[String], findings: &mut Findings) -> Vec<Variation> {
    let mut out = vec![Variation::default()];
    for (key, values) in facts {
        let Some(path) = known(key, paths, findings) else { continue };
        let mut next = Vec::new();
        for before in &out {
            for value in list(values, findings) {
                let mut variation = before.clone();
                variation.values.push((path.clone(), json(value)));
                next.push(variation);
            }
        }
        next.truncate(MOST_CASES);
        out = next;
    }
    out.retain(|variation| !variation.values.is_empty());
    out
}

fn one(context: &Context<'_>, node: &Node, paths: &[String], findings: &mut Findings) -> Option<Variation> {
    let mut out = Variation::default();
    for (key, value) in entries(node, "a case of `each`", findings) {
        if key.text() == Some("expect") {
            out.expected = context.expected(value, findings).map(Arc::new);
        } else {
            out.values.extend(known(key, paths, findings).map(|path| (path, json(value))));
        }
    }
    (!out.values.is_empty()).then_some(out)
}

/// The cases of a scenario.
pub fn cases(
    request: &Json,
    expected: &Arc<Expected>,
    variations: Vec<Variation>,
    node: &Node,
    findings: &mut Findings,
) -> Vec<Case> {
    let mut out = Vec::with_capacity(variations.len());
    for variation in variations {
        let mut own = request.clone();
        for (path, value) in &variation.values {
            if set(&mut own, path, value.clone()).is_none() {
                let message = format!("`{path}` cannot be set: what stands above it is no mapping");
                findings.push(Finding::new(Code::WrongForm, &node.place, message));
            }
        }
        let label = variation.values.iter().map(|(_, value)| shown(value)).collect::<Vec<_>>().join(", ");
        let expected = variation.expected.unwrap_or_else(|| Arc::clone(expected));
        out.push(Case { label, request: own, expected });
    }
    out
}

/// A value as a person writes it.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => "(nothing)".to_owned(),
        other => other.to_string(),
    }
}

fn set(request: &mut Json, path: &str, value: Json) -> Option<()> {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    if request.is_null() {
        *request = Json::Object(serde_json::Map::new());
    }
    let slot = request.as_object_mut()?.entry(head).or_insert(Json::Null);
    match rest {
        Some(rest) => set(slot, rest, value),
        None => {
            *slot = value;
            Some(())
        }
    }
}
