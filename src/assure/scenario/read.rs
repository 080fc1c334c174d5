//! One scenario file → a checked scenario. Everything that is wrong is a finding with its place.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::bundle::reader::{Mapping, entries, integer, list, name, text, unknown, wrong_form};
use crate::bundle::yaml::{Content, Node, json, parse_whole};
use crate::decide::shape::Shape;
use crate::engine::Engine;
use crate::model::clause::ClauseRef;
use crate::model::decision::Outcome;
use crate::model::finding::{Code, Finding, Findings};
use crate::model::limits::BundleLimits;
use crate::model::names::nearest;

use super::bundles::Bundles;
use super::each::{Variation, cases, variations};
use super::{Expect, Expected, INVALID, Scenario, Written};

/// What is known of a scenario before its text is read.
pub struct File {
    /// Its path below the folder of scenarios, without the ending.
    pub name: String,
    /// As findings show it.
    pub shown: Arc<str>,
    /// Where it lies.
    pub path: PathBuf,
}

/// Reads one scenario. `None` when something is wrong with it, which the findings tell.
pub fn read(file: File, source: &str, bundles: &mut Bundles, findings: &mut Findings) -> Option<Scenario> {
    let mut own = Findings::default();
    let scenario = parse_whole(&file.shown, source, &BundleLimits::default(), &mut own)
        .and_then(|node| scenario(file, &node, bundles, &mut own));
    let failed = own.has_errors();
    own.into_sorted().into_iter().for_each(|finding| findings.push(finding));
    scenario.filter(|_| !failed)
}

fn scenario(file: File, node: &Node, bundles: &mut Bundles, findings: &mut Findings) -> Option<Scenario> {
    let mut map = Mapping::open(node, "a scenario", findings)?;
    let title = map.need_text("title", findings);
    let why = map.take("why").and_then(|node| text(node, findings)).map(Arc::from);
    let named = map.take("bundle");
    let settings = map.take("settings").map(|node| settings(node, findings)).unwrap_or_default();
    let engine = engine(named, &settings, node, bundles, findings);
    let clauses = map.take("clauses");
    let request = map.need("request");
    let expect = map.need("expect");
    let each = map.take("each");
    map.finish(findings);
    let (engine, request) = (engine?, request?);
    let context = Context { engine: &engine };
    let clauses = clauses.map(|node| context.clauses(node, findings)).unwrap_or_default();
    let expected = expect.and_then(|node| context.expected(node, findings));
    let shape = context.shape(request, findings);
    let variations = match (each, shape) {
        (Some(node), Some(shape)) => variations(&context, node, shape, findings),
        _ => vec![Variation::default()],
    };
    let invalid_wanted = matches!(&expected, Some(Expected::One(one)) if &*one.outcome.value == INVALID);
    if let (Some(shape), false) = (shape, invalid_wanted) {
        check_keys(request, shape, "", findings);
    }
    let expected = Arc::new(expected?);
    let cases = cases(&json(request), &expected, variations, request, findings);
    let File { name, shown, path } = file;
    let (each, request) = (each.is_some(), request.clone());
    Some(Scenario { name, file: shown, path, title: title?, why, clauses, settings, engine, request, cases, each })
}

/// Readings by name, as text.
fn settings(node: &Node, findings: &mut Findings) -> BTreeMap<String, String> {
    let pairs = entries(node, "`settings`", findings).iter();
    pairs.filter_map(|(key, value)| Some((key.text()?.to_owned(), text(value, findings)?.to_owned()))).collect()
}

/// The engine of the bundle that the scenario names (the one that is tested when silent), under its readings.
fn engine(
    named: Option<&Node>,
    settings: &BTreeMap<String, String>,
    scenario: &Node,
    bundles: &mut Bundles,
    findings: &mut Findings,
) -> Option<Engine> {
    let written = match named {
        Some(node) => Some(name(node, findings)?),
        None => None,
    };
    let place = named.map_or(&scenario.place, |node| &node.place);
    // A name, not a path: scenarios cannot reach beyond the neighbours of the bundle.
    if let Some(written) = written.as_ref().filter(|name| name.starts_with('.') || name.contains(['/', '\\'])) {
        let message = format!("`{written}` is not the name of a bundle");
        findings.push(Finding::new(Code::WrongForm, place, message).help("write the name of its folder"));
        return None;
    }
    match bundles.engine(written.as_deref(), settings) {
        Ok(engine) => Some(engine),
        Err(error) => {
            let message = format!("the bundle that the scenario asks for cannot be loaded: {error}");
            findings.push(
                Finding::new(Code::FileMissing, place, message)
                    .help("name the bundle that is tested or one in the folder next to it, and settings that it has"),
            );
            None
        }
    }
}

/// The bundle that the names of a scenario are looked up in.
pub struct Context<'e> {
    engine: &'e Engine,
}

impl<'e> Context<'e> {
    /// The keys that a request of the kind may have.
    fn shape(&self, request: &Node, findings: &mut Findings) -> Option<&'e BTreeMap<String, Shape>> {
        let entries = entries(request, "a request", findings);
        let kind = entries.iter().find(|(key, _)| key.text() == Some("kind")).map(|(_, kind)| kind);
        let Some(written) = kind.and_then(Node::text) else {
            if matches!(request.content, Content::Mapping(_)) {
                let known = self.engine.shapes().keys().map(|kind| &**kind).collect::<Vec<_>>().join("`, `");
                findings.push(
                    Finding::new(Code::MissingKey, &request.place, "the request does not say its kind")
                        .help(format!("add `kind:`, one of `{known}`")),
                );
            }
            return None;
        };
        let shape = self.engine.shapes().get(written);
        if let (None, Some(node)) = (shape, kind) {
            let known = self.engine.shapes().keys().map(|kind| &**kind);
            findings.push(unknown(Code::UnknownKind, node, "the bundle has no kind of request", known));
        }
        shape
    }

    /// Clause numbers, of the bundle's only source or written `source#number`.
    fn clauses(&self, node: &Node, findings: &mut Findings) -> Vec<ClauseRef> {
        let sources = &self.engine.checked().sources;
        let mut out = Vec::new();
        for item in list(node, findings) {
            let (source, number) = match (item.text().and_then(|t| t.split_once('#')), sources.keys().next()) {
                (Some((source, number)), _) => (Arc::from(source), number.parse().ok()),
                (None, Some(only)) if sources.len() == 1 => {
                    (Arc::clone(only), integer(item, findings).and_then(|n| u32::try_from(n).ok()))
                }
                _ => (Arc::from(""), None),
            };
            let Some(number) = number else {
                let message = format!("`{}` names no clause", item.text().unwrap_or_default());
                findings.push(Finding::new(Code::UnknownClause, &item.place, message).help("write `source#number`"));
                continue;
            };
            match sources.get(&source) {
                Some(known) if known.clauses.contains_key(&number) => out.push(ClauseRef { source, number }),
                Some(_) => {
                    let message = format!("`{source}` has no clause {number}");
                    findings.push(Finding::new(Code::UnknownClause, &item.place, message));
                }
                None => {
                    let near = nearest(&source, sources.keys().map(|id| &**id));
                    let message = format!("the bundle has no source `{source}`");
                    findings.push(Finding::new(Code::UnknownSource, &item.place, message).nearest(near));
                }
            }
        }
        out
    }

    /// One expectation, or a list with one for each part.
    pub fn expected(&self, node: &Node, findings: &mut Findings) -> Option<Expected> {
        match &node.content {
            Content::Sequence(items) => {
                let parts: Vec<Expect> = items.iter().filter_map(|item| self.expect(item, findings)).collect();
                (parts.len() == items.len()).then(|| Expected::Parts(parts, node.place.clone()))
            }
            _ => self.expect(node, findings).map(|one| Expected::One(Box::new(one))),
        }
    }

    fn expect(&self, node: &Node, findings: &mut Findings) -> Option<Expect> {
        let bundle = self.engine.checked();
        let mut map = Mapping::open(node, "an expectation", findings)?;
        let outcome = map.need("outcome");
        let part = map.take("part").map(|node| Written { value: json(node), place: node.place.clone() });
        let path = map.take("path").and_then(|node| written(node, findings));
        let reasons = map.take("reasons").map(|node| {
            let known = bundle.reasons.keys().map(|code| &**code);
            names(node, Code::UnknownReason, "the bundle has no reason", known, findings)
        });
        let obligations = map.take("obligations").map(|node| {
            let known = bundle.obligations.keys().map(|code| &**code);
            names(node, Code::UnknownObligation, "the bundle has no obligation", known, findings)
        });
        let missing = map.take("missing").map(|node| {
            let known = bundle.facts.iter().map(|fact| &*fact.path);
            names(node, Code::UnknownFact, "the bundle has no fact", known, findings)
        });
        let results = map.take("results").map(|node| self.results(node, findings)).unwrap_or_default();
        map.finish(findings);
        let known = Outcome::ALL.iter().map(|outcome| outcome.as_str()).chain([INVALID]);
        let outcome = outcome.and_then(|node| one_of(node, Code::UnknownValue, "there is no outcome", known, findings));
        let reasons = reasons.unwrap_or_default();
        let (obligations, missing) = (obligations.unwrap_or_default(), missing.unwrap_or_default());
        Some(Expect { outcome: outcome?, path, part, reasons, obligations, missing, results })
    }

    fn results(&self, node: &Node, findings: &mut Findings) -> Vec<(Arc<str>, Written<serde_json::Value>)> {
        let known = &self.engine.checked().results;
        let mut out = Vec::new();
        for (key, value) in entries(node, "`results`", findings) {
            match key.text().and_then(|written| known.get_key_value(written)) {
                Some((name, _)) => {
                    out.push((Arc::clone(name), Written { value: json(value), place: value.place.clone() }));
                }
                None => {
                    let names = known.keys().map(|name| &**name);
                    findings.push(unknown(Code::UnknownResult, key, "the bundle has no result", names));
                }
            }
        }
        out
    }
}

fn written(node: &Node, findings: &mut Findings) -> Option<Written<Arc<str>>> {
    text(node, findings).map(|value| Written { value: value.into(), place: node.place.clone() })
}

fn one_of<'k>(
    node: &Node,
    code: Code,
    what: &str,
    known: impl Iterator<Item = &'k str> + Clone,
    findings: &mut Findings,
) -> Option<Written<Arc<str>>> {
    let found = written(node, findings)?;
    if known.clone().any(|name| name == &*found.value) {
        return Some(found);
    }
    findings.push(unknown(code, node, what, known));
    None
}

fn names<'k>(
    node: &Node,
    code: Code,
    what: &str,
    known: impl Iterator<Item = &'k str> + Clone,
    findings: &mut Findings,
) -> Vec<Written<Arc<str>>> {
    list(node, findings).iter().filter_map(|item| one_of(item, code, what, known.clone(), findings)).collect()
}

/// Every key of the request must be one that the kind has; the engine would refuse the request with a path, the author
/// is told the line.
fn check_keys(node: &Node, shape: &BTreeMap<String, Shape>, at: &str, findings: &mut Findings) {
    if node.is_null() {
        return;
    }
    let Content::Mapping(entries) = &node.content else {
        wrong_form(node, &format!("`{}` is a mapping", if at.is_empty() { "request" } else { at }), findings);
        return;
    };
    for (key, value) in entries {
        let Some(written) = key.text() else { continue };
        let path = if at.is_empty() { written.to_owned() } else { format!("{at}.{written}") };
        match shape.get(written) {
            None => {
                let message = format!("the request has no fact `{path}`");
                let near = nearest(written, shape.keys().map(String::as_str));
                findings.push(Finding::new(Code::UnknownFact, &key.place, message).nearest(near));
            }
            Some(Shape::Object(below)) => check_keys(value, below, &path, findings),
            Some(Shape::List(_, element)) => {
                if !value.is_null() {
                    list(value, findings).iter().for_each(|item| check_keys(item, element, &path, findings));
                }
            }
            Some(Shape::Fact(_) | Shape::Text) => {}
        }
    }
}
