//! What the test files share: scenarios as data, and how an answer is compared with what a person expects.
#![allow(dead_code, missing_docs, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::arithmetic_side_effects, clippy::string_slice, reason = "tests")]

pub mod client;
#[cfg(feature = "cli")]
pub mod command;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files with an ending below a folder, sorted.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            out.push(path);
        }
    }
    out.sort();
    out
}

pub fn yaml(path: &Path) -> Json {
    let text = fs::read_to_string(path).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What differs between an answer and an expectation; empty when they agree.
pub fn differences(answer: &Json, expect: &Json) -> Vec<String> {
    match (answer, expect) {
        (Json::Array(parts), Json::Array(wanted)) if parts.len() == wanted.len() => {
            parts.iter().zip(wanted).flat_map(|(part, want)| one(part, want)).collect()
        }
        (Json::Array(parts), Json::Array(wanted)) => {
            vec![format!("{} parts, expected {}", parts.len(), wanted.len())]
        }
        (Json::Array(_), _) => vec!["the answer is a list, expected one decision".into()],
        (_, Json::Array(_)) => vec!["the answer is one decision, expected a list".into()],
        _ => one(answer, expect),
    }
}

fn one(decision: &Json, expect: &Json) -> Vec<String> {
    let mut out = Vec::new();
    if decision.get("error").is_some() {
        if expect["outcome"] != "invalid" {
            out.push(format!("invalid: {}", decision["error"]));
        }
        if let Some(path) = expect.get("path")
            && decision["error"]["path"] != *path
        {
            out.push(format!("path {}, expected {path}", decision["error"]["path"]));
        }
        return out;
    }
    if decision["outcome"] != expect["outcome"] {
        out.push(format!("outcome {}, expected {}", decision["outcome"], expect["outcome"]));
    }
    for (list, key) in [("reasons", "code"), ("obligations", "code")] {
        let given: Vec<&Json> = decision[list].as_array().into_iter().flatten().map(|item| &item[key]).collect();
        let mut at = 0;
        for code in expect.get(list).and_then(Json::as_array).into_iter().flatten() {
            match given.iter().position(|known| *known == code) {
                Some(found) if list == "obligations" || found >= at => at = found,
                Some(_) => out.push(format!("{list}: {code} comes too early")),
                None => out.push(format!("{list}: no {code} among {given:?}")),
            }
        }
    }
    for path in expect.get("missing").and_then(Json::as_array).into_iter().flatten() {
        if !decision["missing"].as_array().unwrap().contains(path) {
            out.push(format!("missing: no {path} among {}", decision["missing"]));
        }
    }
    for (name, value) in expect.get("results").and_then(Json::as_object).into_iter().flatten() {
        if !same(&decision["results"][name], value) {
            out.push(format!("result {name} is {}, expected {value}", decision["results"][name]));
        }
    }
    if let Some(part) = expect.get("part")
        && decision["part"] != *part
    {
        out.push(format!("part {}, expected {part}", decision["part"]));
    }
    out
}

/// Numbers compare as numbers, however they are written.
fn same(given: &Json, wanted: &Json) -> bool {
    let number = |json: &Json| match json {
        Json::String(text) => text.parse::<rust_decimal::Decimal>().ok(),
        Json::Number(number) => number.to_string().parse().ok(),
        _ => None,
    };
    given == wanted || number(given).is_some_and(|given| number(wanted) == Some(given))
}

pub fn answer(engine: &clausal::Engine, request: &[u8]) -> Json {
    match engine.decide_json(request) {
        Ok(answer) => answer.to_json("en"),
        Err(error) => error.to_json(),
    }
}

/// Bundles in memory, on top of `fixtures/reject/base`.
pub mod bundles {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use clausal::Limits;
    use clausal::bundle::files::Files;
    use clausal::bundle::load::{Loaded, load};

    /// Checks `fixtures/reject/example` with some of its files replaced; a file given as `../base/…` replaces one of
    /// the base.
    pub fn check(changes: BTreeMap<String, String>, limits: &Limits) -> Loaded {
        load(&files(changes), None, limits)
    }

    pub fn files(changes: BTreeMap<String, String>) -> Files {
        let mut files: BTreeMap<String, Arc<str>> = BTreeMap::new();
        for folder in ["base", "example"] {
            for path in super::files(&super::root().join("fixtures/reject").join(folder), "") {
                let text = super::fs::read_to_string(&path).unwrap();
                files.insert(format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap()), text.into());
            }
        }
        for (path, text) in changes {
            let path = path.strip_prefix("../").map_or_else(|| format!("example/{path}"), str::to_owned);
            files.insert(path, text.into());
        }
        Files::Memory(files, "example".into())
    }
}

/// The examples of `docs/findings`.
pub mod examples {
    use std::collections::{BTreeMap, BTreeSet};

    /// The files of one example, and what its fences say besides.
    #[derive(Default)]
    pub struct Example {
        pub files: BTreeMap<String, String>,
        pub most: Option<usize>,
        pub also: BTreeSet<String>,
    }

    /// The examples of a page: fences like ```` ```yaml bad=policy.yaml ````, optionally with `findings=N` (room for N
    /// findings) and `also=CODE` (another finding that the example gives).
    pub fn read(page: &str, word: &str) -> Example {
        let mut out = Example::default();
        let mut open: Option<String> = None;
        for line in page.lines() {
            if let Some(info) = line.strip_prefix("```") {
                open = None;
                for (key, value) in info.split(' ').filter_map(|part| part.split_once('=')) {
                    match key {
                        "bad" | "good" if key == word => open = Some(value.to_owned()),
                        "findings" if open.is_some() => out.most = Some(value.parse().unwrap()),
                        "also" if open.is_some() => out.also.extend([value.to_owned()]),
                        _ => {}
                    }
                }
            } else if let Some(file) = &open {
                let text = out.files.entry(file.clone()).or_default();
                text.push_str(line);
                text.push('\n');
            }
        }
        out
    }
}

/// The settings of a scenario as the builder takes them.
pub fn settings(scenario: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), String::from);
    scenario
        .get("settings")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .map(|(k, v)| (k.clone(), text(v)))
        .collect()
}

/// A shipped bundle, read from its folder, under these readings.
pub fn engine(bundle: &str, settings: &[(String, String)]) -> clausal::Engine {
    let builder = clausal::Engine::builder().folder(root().join("policies").join(bundle));
    let builder = settings.iter().fold(builder, |builder, (name, value)| builder.setting(name, value));
    builder.build().unwrap_or_else(|e| panic!("{bundle} with {settings:?}: {e}"))
}

/// The bundle a scenario is for.
pub fn bundle(scenario: &Json) -> &str {
    scenario.get("bundle").and_then(Json::as_str).unwrap_or("csp")
}

/// What a caller acts on: an answer without the bundle's identity, places and words.
pub fn substance(answer: &Json) -> Json {
    match answer {
        Json::Array(parts) => parts.iter().map(substance).collect(),
        Json::Object(decision) => {
            let codes = |list: &str| -> Json {
                decision
                    .get(list)
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                    .map(|item| item["code"].clone())
                    .collect()
            };
            serde_json::json!({
                "error": decision.get("error"), "part": decision.get("part"), "outcome": decision.get("outcome"),
                "reasons": codes("reasons"), "obligations": codes("obligations"),
                "results": decision.get("results"), "missing": decision.get("missing"),
            })
        }
        other => other.clone(),
    }
}

/// What two decisions are compared by: outcome, reasons, obligations and results, without words and places.
pub fn sum(decision: &clausal::Decision) -> Json {
    let codes: BTreeSet<&str> = decision.reason_codes().collect();
    let mut duties: BTreeSet<&str> = BTreeSet::new();
    duties.extend(decision.obligation_codes());
    let results: BTreeMap<String, String> =
        decision.results().iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    serde_json::json!([decision.outcome().as_str(), codes, duties, results])
}
