//! Requests and decisions as JSON: what is compared of them, and a request without one of its facts.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

/// The outcome of a decision; `invalid` where there is none.
#[must_use]
pub fn outcome_of(decision: &Json) -> &str {
    decision.get("outcome").and_then(Json::as_str).unwrap_or("invalid")
}

/// What is compared of a part of a decision: its codes, or the results with their values.
#[must_use]
pub fn codes(decision: &Json, part: &str) -> Vec<String> {
    match decision.get(part) {
        Some(Json::Array(all)) => all
            .iter()
            .filter_map(|one| one.get("code")?.as_str().map(str::to_owned))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        Some(other) => vec![other.to_string()],
        None => Vec::new(),
    }
}

/// The rules that one decision names and the other does not; all of them where both name the same.
#[must_use]
pub fn rules(before: &Json, after: &Json) -> Vec<String> {
    let named = |decision: &Json| -> BTreeSet<(String, String)> {
        let reasons = decision.get("reasons").and_then(Json::as_array).into_iter().flatten();
        reasons
            .filter_map(|reason| {
                Some((reason.get("rule")?.as_str()?.to_owned(), reason.get("source")?.as_str()?.to_owned()))
            })
            .collect()
    };
    let (before, after) = (named(before), named(after));
    let names =
        |all: &BTreeSet<(String, String)>| -> BTreeSet<String> { all.iter().map(|(name, _)| name.clone()).collect() };
    let (old, new) = (names(&before), names(&after));
    let only = |(name, _): &&(String, String)| !(old.contains(name) && new.contains(name));
    let differing: Vec<String> =
        before.iter().chain(&after).filter(only).map(|(name, place)| format!("{name} at {place}")).collect();
    if differing.is_empty() {
        return after.iter().map(|(name, place)| format!("{name} at {place}")).collect();
    }
    differing
}

/// The paths of everything that a request states, but for its kind and time.
#[must_use]
pub fn leaves(request: &Json) -> Vec<String> {
    fn walk(json: &Json, path: &str, out: &mut Vec<String>) {
        match json {
            Json::Object(object) => {
                for (key, value) in object {
                    walk(value, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, out);
                }
            }
            _ => out.push(path.to_owned()),
        }
    }
    let mut out = Vec::new();
    walk(request, "", &mut out);
    out.retain(|path| path != "kind" && path != "at");
    out
}

/// A request without what it states at a path; objects that are left empty go too.
#[must_use]
pub fn without(request: &Json, path: &str) -> Json {
    fn below(object: &Map<String, Json>, path: &str) -> Map<String, Json> {
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let mut out = Map::new();
        for (key, value) in object {
            match (key == head, rest, value) {
                (true, Some(rest), Json::Object(inner)) => {
                    let inner = below(inner, rest);
                    if !inner.is_empty() {
                        out.insert(key.clone(), Json::Object(inner));
                    }
                }
                (true, None, _) => {}
                _ => {
                    out.insert(key.clone(), value.clone());
                }
            }
        }
        out
    }
    match request {
        Json::Object(object) => Json::Object(below(object, path)),
        other => other.clone(),
    }
}
