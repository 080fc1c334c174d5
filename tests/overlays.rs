//! The example overlays load without findings and decide their scenarios.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clausal::Engine;
use serde_json::Value as Json;

fn overlays() -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(common::root().join("examples/overlays"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    out.sort();
    out
}

fn load(folder: &PathBuf) -> Engine {
    let engine = Engine::load(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let warnings: Vec<String> = engine.warnings().iter().map(ToString::to_string).collect();
    assert!(warnings.is_empty(), "{}", warnings.join("\n"));
    engine
}

#[test]
fn scenarios_agree() {
    assert_eq!(overlays().len(), 3);
    for folder in overlays() {
        let engine = load(&folder);
        let scenarios = common::files(&folder.join("scenarios"), ".yaml");
        assert!(scenarios.len() >= 5, "{}", folder.display());
        for path in scenarios {
            let scenario = common::yaml(&path);
            let answer = common::answer(&engine, scenario["request"].to_string().as_bytes());
            let differences = common::differences(&answer, &scenario["expect"]);
            assert!(differences.is_empty(), "{}: {differences:?}", path.display());
            cites_what_it_says(&path, &answer, &scenario);
        }
        assert!(std::fs::read_to_string(folder.join("README.md")).unwrap().lines().count() <= 6);
    }
}

/// A refusal names the clauses the scenario names, of whichever document.
fn cites_what_it_says(path: &std::path::Path, answer: &Json, scenario: &Json) {
    let reasons = answer["reasons"].as_array().unwrap();
    let cited: Vec<&Json> = reasons.iter().flat_map(|reason| reason["clauses"].as_array().unwrap()).collect();
    for clause in scenario["clauses"].as_array().unwrap() {
        assert!(answer["outcome"] == "permit" || cited.contains(&clause), "{}: {clause} {cited:?}", path.display());
    }
}

/// What `csp` does not permit, an overlay that only restricts does not permit.
#[test]
fn restricting_overlays_permit_nothing_more() {
    let csp = common::engine("csp", &[]);
    let rank = |answer: &Json| -> Vec<bool> {
        let decisions = answer.as_array().cloned().unwrap_or_else(|| vec![answer.clone()]);
        decisions.iter().map(|decision| decision["outcome"] == "permit").collect()
    };
    for name in ["distributor", "indirect-reseller"] {
        let engine = load(&common::root().join("examples/overlays").join(name));
        for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
            let request = common::yaml(&path)["request"].to_string();
            let [before, after] = [&csp, &engine].map(|engine| rank(&common::answer(engine, request.as_bytes())));
            assert_eq!(before.len(), after.len());
            let widened = before.iter().zip(&after).any(|(before, after)| *after && !before);
            assert!(!widened, "{name} permits {}", path.display());
        }
    }
}

/// 110 names: the 109 with Brazil and Russia and without Azerbaijan; BQ stands for three names and SJ for two.
#[test]
fn the_list_of_the_api_documents_has_110_names() {
    let entries = |engine: &Engine| -> BTreeSet<String> {
        let list = engine.checked().lists.iter().find(|list| &*list.name == "unavailable").unwrap();
        list.entries.iter().filter(|e| e.retired.is_empty()).map(|e| e.value.to_string()).collect()
    };
    let api = entries(&load(&common::root().join("examples/overlays/api-markets")));
    let page = entries(&common::engine("csp", &[]));
    assert_eq!((page.len() + 3, api.len() + 3), (109, 110));
    let list = |codes: &[&str]| codes.iter().map(ToString::to_string).collect::<Vec<String>>();
    assert_eq!(api.difference(&page).cloned().collect::<Vec<_>>(), list(&["BR", "RU"]));
    assert_eq!(page.difference(&api).cloned().collect::<Vec<_>>(), list(&["AZ"]));
}
