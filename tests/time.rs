//! Histories, the effective whole, and overlays that only tighten.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::process::Command;

use clausal::assure::history::{history, svg};
use clausal::{Code, Engine, LoadError};
use serde_json::{Value as Json, json};

fn timeline() -> Engine {
    Engine::builder().embedded("csp-timeline").build().unwrap()
}

fn run(args: &[&str]) -> (i32, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_clausal")).args(args).current_dir(common::root()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

fn reservation_in(market: &str) -> Json {
    json!({"kind": "purchase", "at": "2021-07-01T00:00:00Z", "customer": {"market": market},
        "product": {"kind": "azure-reservation"},
        "actor": {"side": "partner", "roles": ["Admin agent"], "portal": "partner-center"}})
}

/// Outcomes with the day on which each begins.
fn outcomes(market: &str) -> Vec<(String, &'static str)> {
    let spans = history(&timeline(), &reservation_in(market)).unwrap();
    let mut out: Vec<(String, &'static str)> = Vec::new();
    for span in spans {
        if out.last().is_none_or(|(_, outcome)| *outcome != span.outcome) {
            out.push((span.from.unwrap_or_default().chars().take(10).collect(), span.outcome));
        }
    }
    out
}

#[test]
fn market_lists_came_and_went() {
    let day = |day: &str, outcome| (day.to_owned(), outcome);
    assert_eq!(outcomes("AR"), [day("", "deny"), day("2019-12-18", "permit")]);
    assert_eq!(outcomes("UA"), [day("", "deny"), day("2019-03-20", "permit")]);
    assert_eq!(outcomes("JE"), [day("", "permit"), day("2019-07-22", "deny")]);
    assert_eq!(outcomes("GL"), [day("", "permit"), day("2019-12-18", "deny")]);
    assert_eq!(outcomes("CN"), [day("", "deny")]);
    assert_eq!(outcomes("AZ"), [day("", "deny"), day("2019-03-20", "permit"), day("2019-12-18", "deny")]);
}

#[test]
fn a_bundle_without_dates_has_one_answer_for_ever() {
    let spans = history(&Engine::embedded().unwrap(), &reservation_in("AR")).unwrap();
    assert_eq!(spans.len(), 1, "{spans:?}");
    assert_eq!((spans[0].outcome, &spans[0].from, &spans[0].until), ("permit", &None, &None));
}

#[test]
fn the_picture_is_well_formed_and_names_each_span() {
    let spans = history(&timeline(), &reservation_in("AR")).unwrap();
    let picture = svg("<reservations> in AR & elsewhere", &spans);
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(picture.contains("&lt;reservations&gt; in AR &amp; elsewhere"));
    assert_eq!(picture.matches("list-of-").count(), 3);
}

#[test]
fn the_command_shows_rows_with_what_they_rest_on() {
    let (code, out, _) = run(&["history", "--bundle", "csp-timeline", "--rule", "window/seven-days-subscription"]);
    assert_eq!(code, 0);
    assert!(out.contains("holds from 2022-07-11 by order.window_start") && out.contains("certainty medium"), "{out}");
    let (code, _, err) = run(&["history", "--rule", "cancellation-windows/inside-windw"]);
    assert_eq!(code, 64);
    assert!(err.contains("did you mean `cancellation-windows/inside-window`?"), "{err}");
}

#[test]
fn the_command_takes_facts_for_a_request() {
    let args = ["history", "--bundle", "csp-timeline", "--kind", "purchase", "--fact", "customer.market=AR"];
    let (code, out, err) = run(&[&args[..], &["--fact", "product.kind=azure-reservation", "--json"]].concat());
    assert_eq!(code, 0, "{err}");
    let spans: Json = serde_json::from_str(&out).unwrap();
    assert_eq!(spans[0]["outcome"], "deny");
    let (code, _, err) = run(&["history", "--kind", "purchase", "--fact", "customer.markt=AR"]);
    assert_eq!(code, 64);
    assert!(err.contains("`customer.market`"), "{err}");
}

#[test]
fn the_effective_whole_says_where_each_thing_comes_from() {
    let (code, out, _) = run(&["show", "--bundle", "csp-timeline"]);
    assert_eq!(code, 0);
    assert!(out.contains("(../csp/purchase.yaml:") && out.contains("(windows.yaml:"), "{out}");
    assert!(out.contains("retired always: The length of the window changed"), "{out}");
    let (code, out, _) = run(&["show", "--settings", "--json"]);
    let settings: Json = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0);
    for setting in settings.as_array().unwrap() {
        assert!(setting["gist"]["en"].is_string() && setting["gist"]["ru"].is_string(), "{setting}");
        assert!(!setting["clauses"].as_array().unwrap().is_empty(), "{setting}");
    }
}

/// An overlay over a folder beside the shipped bundle.
fn overlay(manifest: &str, policy: &str) -> Result<Engine, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let root = common::root().join("policies");
    for path in common::files(&root.join("csp"), "") {
        let to = folder.path().join(path.strip_prefix(&root).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&path, to).unwrap();
    }
    let own = folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("bundle.yaml"), format!("bundle: own\nversion: \"1\"\nextends: ../csp\n{manifest}"))
        .unwrap();
    std::fs::write(own.join("own.yaml"), format!("policy: own\nrequest: purchase\nsource: csp-2021-06\n{policy}"))
        .unwrap();
    Engine::load(own)
}

fn codes(result: Result<Engine, LoadError>) -> Vec<Code> {
    match result {
        Ok(_) => Vec::new(),
        Err(LoadError::Findings { findings }) => findings.iter().map(|finding| finding.code).collect(),
        Err(other) => panic!("{other}"),
    }
}

const RESTRICT: &str = "mode: restrict\npolicies: [own.yaml]\n";

#[test]
fn a_restricting_overlay_may_deny_ask_and_retire_permits() {
    let policy = "retire:\n  - { rule: purchase/sale, reason: not sold here }\nrules:\n  - { id: tightens, when: { customer.market: BR }, deny: market-unavailable }\n";
    assert_eq!(codes(overlay(RESTRICT, policy)), []);
}

#[test]
fn a_restricting_overlay_is_refused_every_form_that_could_widen() {
    let cases = [
        "rules:\n  - { id: widens, permit: sale-permitted }\n",
        "retire:\n  - { rule: purchase/commercial-customers-only, reason: x }\n",
        "retire:\n  - { entry: unavailable/GL, reason: x }\n",
        "retire:\n  - { list: unavailable, reason: x }\n",
        "retire:\n  - { row: window/thirty-days, reason: x }\n",
        "add-entries:\n  unavailable: [BR]\n",
        "add-rows:\n  window:\n    - { product.kind: azure-reservation, within: P5D }\n",
    ];
    for policy in cases {
        assert_eq!(codes(overlay(RESTRICT, policy)), [Code::CouldWiden], "{policy}");
    }
    let settings = format!("{RESTRICT}settings: {{ unknown_market: deny }}\n");
    assert_eq!(codes(overlay(&settings, "rules: []\n")), [Code::CouldWiden]);
}

#[test]
fn retiring_needs_something_to_retire_and_a_reason() {
    let with = |retire: &str| codes(overlay("policies: [own.yaml]\n", &format!("retire:\n  - {retire}\n")));
    assert_eq!(with("{ rule: purchase/sal, reason: x }"), [Code::UnknownRule]);
    assert_eq!(with("{ row: window/sixty, reason: x }"), [Code::UnknownRow]);
    assert_eq!(with("{ rule: purchase/sale }"), [Code::MissingKey]);
    assert_eq!(with("{ reason: x }"), [Code::WrongForm]);
}

#[test]
fn rows_in_force_together_and_holes_are_found() {
    let rows = |a: &str, b: &str| {
        let retire = "retire:\n  - { row: window/thirty-days, reason: x }\n";
        let row = |effective: &str| {
            format!("    - {{ product.kind: perpetual-software, within: P5D, effective: {effective} }}\n")
        };
        let policy = format!("{retire}add-rows:\n  window:\n{}{}", row(a), row(b));
        match overlay("policies: [own.yaml]\n", &policy) {
            Ok(engine) => engine.warnings().iter().map(|finding| finding.code).collect(),
            other => codes(other),
        }
    };
    assert_eq!(rows("{ until: 2020-01-01 }", "{ from: 2020-01-01 }"), []);
    assert_eq!(rows("{ until: 2020-01-02 }", "{ from: 2020-01-01 }"), [Code::OverlappingRows]);
    assert_eq!(rows("{ until: 2020-01-01 }", "{ from: 2020-01-02 }"), [Code::HoleInTime]);
    assert_eq!(rows("{ from: 2020-01-01, until: 2019-01-01 }", "{ from: 2020-01-01 }")[0], Code::EffectiveReversed);
}

#[test]
fn a_rule_that_no_date_reaches_is_found() {
    let policy = "effective: { until: 2020-01-01 }\nrules:\n  - { id: a, effective: { from: 2020-01-01 }, deny: market-unavailable }\n";
    assert_eq!(codes(overlay("policies: [own.yaml]\n", policy)), [Code::NeverInForce]);
}

#[test]
fn dated_settings_hold_for_their_time() {
    let manifest = "policies: [own.yaml]\nsettings:\n  own:\n    type: text\n    default: a\n    choices: [a, b]\n    dated: [{ value: b, effective: { from: 2021-07-01 } }]\n";
    let engine =
        overlay(manifest, "rules:\n  - { id: b, when: { settings.own: b }, deny: market-unavailable }\n").unwrap();
    let outcome = |at: &str| {
        let mut request = reservation_in("DE");
        request["at"] = at.into();
        engine.decide(&request).unwrap().outcome().as_str()
    };
    assert_eq!((outcome("2021-06-30T23:59:59Z"), outcome("2021-07-01T00:00:00Z")), ("permit", "deny"));
}
