//! Every scenario of `fixtures/decide` is decided as a person wrote it down, in the words that are pinned beside it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use clausal::Engine;
use clausal::assure::scenario::bundles::Bundles;
use clausal::assure::scenario::folder::{Folder, read_folder};
use clausal::assure::scenario::snapshot;

fn fixtures() -> Folder {
    let mut bundles = Bundles::embedded().unwrap();
    read_folder(&common::root().join("fixtures/decide"), "", &mut bundles).unwrap()
}

#[test]
fn scenarios_can_be_read_and_nothing_is_left_over() {
    let folder = fixtures();
    let findings: Vec<String> = folder.findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(folder.unreferenced.is_empty(), "snapshots without a scenario: {:?}", folder.unreferenced);
    assert!(folder.files > 300, "only {} scenarios", folder.files);
}

#[test]
fn verdicts_agree() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for scenario in fixtures().scenarios {
        let ran = scenario.run();
        count += ran.cases;
        wrong.extend(ran.differences.into_iter().map(|(case, d)| format!("{}: {case} {}", scenario.name, d.message)));
    }
    assert!(count > 800, "only {count} requests");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The comparison of `clausal test`, judged by another reader of YAML and another comparison.
#[test]
fn verdicts_agree_by_another_reader() {
    let mut wrong = Vec::new();
    for scenario in fixtures().scenarios {
        let written = common::yaml(&scenario.path);
        if !scenario.each {
            assert_eq!(scenario.cases[0].request, written["request"], "{} is read in two ways", scenario.name);
        }
        for case in &scenario.cases {
            let answer = common::answer(&scenario.engine, case.request.to_string().as_bytes());
            let differences = common::differences(&answer, &written["expect"]);
            // A case of `each` may bring a verdict of its own.
            let own = written["each"].as_array().is_some_and(|each| each.iter().any(|one| one.get("expect").is_some()));
            wrong.extend(
                differences.into_iter().filter(|_| !own).map(|d| format!("{} {}: {d}", scenario.name, case.label)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same files that `clausal test` reads. `clausal test --accept` pins, `cargo insta` may too.
#[test]
fn words_are_pinned() {
    for scenario in fixtures().scenarios {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(snapshot::path_of(&scenario.path).parent().unwrap());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description(&*scenario.title);
        let name = scenario.name.rsplit('/').next().unwrap().to_owned();
        settings.bind(|| insta::assert_snapshot!(name, scenario.run().text));
    }
}

#[test]
fn shared_examples_agree() {
    let path = common::root().join("../shared/examples/cases.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        return;
    };
    let (csp, timeline) = (Engine::embedded().unwrap(), Engine::builder().embedded("csp-timeline").build().unwrap());
    let mut wrong = Vec::new();
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let engine = if case["bundle"] == "csp" { &csp } else { &timeline };
        let answer = common::answer(engine, case["request"].to_string().as_bytes());
        for difference in common::differences(&answer, &case["expect"]) {
            wrong.push(format!("{} {}: {difference}", case["id"], case["title"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
