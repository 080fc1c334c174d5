//! Every scenario of `fixtures/decide` is decided as a person wrote it down.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use clausal::Engine;

#[test]
fn scenarios_agree() {
    let engine = Engine::embedded().unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
        let scenario = common::yaml(&path);
        let answer = common::answer(&engine, scenario["request"].to_string().as_bytes());
        count += 1;
        for difference in common::differences(&answer, &scenario["expect"]) {
            wrong.push(format!("{}: {difference}", path.strip_prefix(common::root()).unwrap().display()));
        }
    }
    assert!(count > 250, "only {count} scenarios");
    assert!(wrong.is_empty(), "{} of {count} scenarios:\n{}", wrong.len(), wrong.join("\n"));
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
