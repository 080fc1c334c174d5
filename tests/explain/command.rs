//! `clausal explain`, and the worked example of its page.

use serde_json::Value as Json;

use crate::common;
use crate::common::command::Done;

fn clausal(args: &[&str], input: &str) -> Done {
    common::command::clausal(&common::root(), args, input)
}

const SCENARIO: &str = "fixtures/decide/purchase/sales-agent-does-not-buy.yaml";

#[test]
fn a_scenario_is_explained_in_either_form_and_language() {
    let english = clausal(&["explain", "--text", SCENARIO], "");
    assert_eq!(english.code, 0);
    assert!(english.out.starts_with("DENY · purchase"));
    let russian = clausal(&["explain", "--text", "--lang", "ru", SCENARIO], "");
    assert!(russian.out.starts_with("ОТКАЗАНО · purchase"));
    let json: Json = serde_json::from_str(&clausal(&["explain", SCENARIO], "").out).unwrap();
    assert_eq!(json["outcome"], "deny");
    assert_eq!(json["changes"]["to_permit"][0]["facts"][0]["fact"], "actor.roles");
}

#[test]
fn one_rule_by_either_name() {
    for name in ["purchase/sale", "sale"] {
        let out = clausal(&["explain", "--json", "--rule", name, SCENARIO], "");
        let json: Json = serde_json::from_str(&out.out).unwrap();
        assert_eq!(json["rules"].as_array().unwrap().len(), 1);
        assert_eq!(json["rules"][0]["rule"], "purchase/sale");
        assert_eq!(json["rules"][0]["standing"], "matched");
        let facts: Vec<&str> = json["facts"].as_array().unwrap().iter().filter_map(|f| f["fact"].as_str()).collect();
        assert_eq!(facts, ["product.kind"]);
        assert!(json.get("changes").is_none());
    }
}

#[test]
fn a_rule_that_is_not_there_is_wrong_usage() {
    let out = clausal(&["explain", "--rule", "sael", SCENARIO], "");
    assert_eq!(out.code, 64);
    assert!(out.err.contains("the bundle has no rule `sael`; did you mean `sale`?"), "{}", out.err);
    let out = clausal(&["explain", "--rule", "after-window", SCENARIO], "");
    assert_eq!(out.code, 64);
    assert!(out.err.contains("does not speak to this kind"), "{}", out.err);
}

#[test]
fn several_requests_and_parts() {
    let two = "{\"kind\":\"activity-log\",\"at\":\"2021-07-01\"}\n{\"kind\":\"activity-log\",\"at\":\"2021-07-02\"}\n";
    let out = clausal(&["explain", "-"], two);
    let lines: Vec<Json> = out.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines.iter().map(|line| line["at"].as_str()).collect::<Vec<_>>(),
        [Some("2021-07-01"), Some("2021-07-02")]
    );
    let out = clausal(&["explain", "fixtures/decide/cancellation/two-orders-two-answers.yaml"], "");
    let parts: Json = serde_json::from_str(&out.out).unwrap();
    assert_eq!(parts[1]["part"], serde_json::json!({ "orders": "B" }));
    let out = clausal(&["explain", "--text", "fixtures/decide/cancellation/two-orders-two-answers.yaml"], "");
    assert_eq!(out.out.matches("\n---\n").count(), 1);
}

#[test]
fn what_cannot_be_explained() {
    let out = clausal(&["explain", "--json", "-"], "{\"kind\":\"purchase\"}");
    assert_eq!(out.code, 1);
    assert!(out.out.contains("\"invalid-request\""));
    assert!(out.err.contains("invalid request"));
    assert_eq!(clausal(&["explain", "--lang", "de", SCENARIO], "").code, 64);
    assert_eq!(clausal(&["explain", "--bundle", "fixtures", SCENARIO], "").code, 65);
    assert_eq!(clausal(&["explain", "no-such-file.json"], "").code, 74);
}

/// The fenced blocks of the page, by what stands after the fence.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        out.push((kind.to_owned(), body.join("\n") + "\n"));
    }
    out
}

#[test]
fn the_worked_example_of_the_page() {
    let path = common::root().join("docs/explain.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let blocks = blocks(&page);
    let of = |kind: &str| blocks.iter().filter(|(k, _)| k == kind).map(|(_, body)| body.as_str()).collect::<Vec<_>>();
    let request = of("json")[0];
    let engine = clausal::Engine::embedded().unwrap();
    let whole = clausal(&["explain", "--text", "-"], request).out.replace(&*engine.bundle().digest, "sha256:…");
    let rule = clausal(&["explain", "--text", "--rule", "azure-reservation-market", "-"], request).out;
    let rule = rule.replace(&*engine.bundle().digest, "sha256:…");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let page = page.replacen(of("text")[0], &whole, 1).replacen(of("text")[1], &rule, 1);
        std::fs::write(&path, page).unwrap();
        return;
    }
    assert_eq!(of("text")[0], whole, "the page shows another sheet");
    assert_eq!(of("text")[1], rule, "the page shows another rule");
}
