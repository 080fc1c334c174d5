//! What the vocabulary calls private is in no decision, explanation or error, and on no output of the command.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use clausal::bundle::checked::{Bundle, Privacy};
use clausal::model::value::Type;
use clausal::{Engine, Limits};
use common::command::clausal;
use serde_json::{Value as Json, json};

/// Stands in the place of every private value.
const CANARY: &str = "Qx7Canary";

/// Gives every private fact of the request's kind a value of its own; how many there are.
fn fill(bundle: &Bundle, request: &mut Json) -> usize {
    let kind = request["kind"].as_str().unwrap();
    let kind = bundle.kinds.iter().find(|known| &*known.name == kind).unwrap();
    let facts = kind.facts.keys().filter_map(|ix| bundle.fact(*ix));
    let private: Vec<_> = facts.filter(|fact| fact.privacy != Privacy::Public).collect();
    for (n, fact) in private.iter().enumerate() {
        let text = format!("{CANARY}{n}");
        let value = if fact.type_ == Type::Text { json!(text) } else { json!([text]) };
        put(request, &fact.path, value);
    }
    private.len()
}

fn put(request: &mut Json, path: &str, value: Json) {
    let (into, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at = request;
    for step in into.split('.').filter(|step| !step.is_empty()) {
        if at[step].is_null() {
            at[step] = json!({});
        }
        at = &mut at[step];
    }
    at[key] = value;
}

/// Everything that a library user can get out of a request, in every language.
fn told(engine: &Engine, request: &[u8]) -> String {
    let mut out = String::new();
    for language in ["en", "ru"] {
        match engine.decide_json(request) {
            Ok(answer) => out.push_str(&answer.to_json(language).to_string()),
            Err(error) => out.push_str(&format!("{error} {}", error.to_json())),
        }
        for one in engine.explain_json(request).into_iter().flatten() {
            out.push_str(&one.to_text(language));
            out.push_str(&one.to_json(language).to_string());
            out.push_str(&format!("{:?}", (&one.facts, &one.rules, &one.results, &one.changes)));
        }
    }
    out
}

/// Not even the debug form of an explanation, which holds the facts for its words.
#[test]
fn the_debug_form_of_an_explanation_shows_nothing_private() {
    let request = json!({
        "kind": "key-access", "operation": "get-key", "at": "2021-06-01",
        "actor": { "id": CANARY, "side": "partner", "roles": ["Admin agent"], "portal": "partner-center" },
        "customer": { "name": CANARY }
    });
    let explained = Engine::embedded().unwrap().explain(&request).unwrap();
    assert!(!explained.is_empty() && !format!("{explained:?}").contains(CANARY));
}

#[test]
fn no_decision_explanation_or_error_of_any_scenario_shows_what_is_private() {
    let engine = Engine::embedded().unwrap();
    let (mut given, mut explained, mut shown) = (0, 0, Vec::new());
    for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
        let scenario = common::yaml(&path);
        let Some(mut request) = scenario.get("request").filter(|request| request["kind"].is_string()).cloned() else {
            continue;
        };
        given += fill(engine.checked(), &mut request);
        let told = told(&engine, &serde_json::to_vec(&request).unwrap());
        explained += usize::from(told.contains("\"private\""));
        if told.contains(CANARY) {
            shown.push(path);
        }
        // As a mistake: a value in the wrong form beside private ones, and one that is too long.
        request["at"] = json!("yesterday");
        assert!(!self::told(&engine, &serde_json::to_vec(&request).unwrap()).contains(CANARY));
    }
    assert!(shown.is_empty(), "{shown:?}");
    assert!(given > 500 && explained > 50, "{given} private values, {explained} explanations that tell of one");
}

const FACTS: &str = r#"
  card.number: { type: text, private: true, absent: optional, gist: The card shown. }
  card.spelt: { type: text, script: "if card.number == () { \"\" } else { card.number }", gist: As it is read out. }
  order.card: { type: text, private: true, absent: optional, gist: The card of the order. }
  order.nickname: { type: text, absent: optional, gist: A name for the order. }
  order.friends: { type: set of text, private: erasable, absent: optional, gist: Who may come too. }
kinds:
  return:
    facts: [order.*, card.*]
    otherwise: nothing-permits
"#;

const RULES: &str = r#"
policy: returns
request: return
source: terms
lists:
  lost:
    type: text
    entries: [Qx7Canary0]
rules:
  - { id: same-card, clauses: [4], when: { script: "card.number != () && order.card != () && card.number == order.card" }, permit: inside-window }
  - { id: spelt, clauses: [4], when: { script: "order.nickname != () && card.spelt == order.nickname" }, permit: inside-window }
  - { id: friend, clauses: [4], when: { order.friends: { any: [Ann] } }, permit: inside-window }
  - { id: zone, clauses: [4], when: { order.nickname: zone, script: "is_after(at, start_of(date(at), card.number ?? \"UTC\"))" }, permit: inside-window }
  - { id: lost, clauses: [4], when: { card.number: $lost, order.nickname: lost }, deny: window-passed }
"#;

/// A shop that knows customers by a card, compares it, and keeps a list of lost ones.
fn shop() -> Engine {
    let base = common::root().join("fixtures/reject/base");
    let mut files: BTreeMap<String, String> = common::files(&base, "")
        .iter()
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    let mut change = |file: &str, from: &str, to: &str| {
        let text = files.get_mut(file).unwrap();
        assert!(text.contains(from), "{file}");
        *text = text.replacen(from, to, 1);
    };
    change("vocabulary.yaml", "\nkinds:\n", FACTS);
    change("bundle.yaml", "[policy.yaml]", "[policy.yaml, returns.yaml]");
    files.insert("returns.yaml".into(), RULES.into());
    Engine::from_texts(files, Limits::default()).unwrap_or_else(|error| panic!("{error:#?}"))
}

#[test]
fn what_would_have_to_change_is_told_without_the_private_value_it_would_have_to_be() {
    let engine = shop();
    let mut request = json!({ "kind": "return", "at": "2021-06-20", "card": { "number": "Other" },
        "order": { "id": "1", "status": "completed", "purchased_at": "2021-06-01", "quantity": 1, "paid": "1",
                   "card": format!("{CANARY}1"), "friends": [format!("{CANARY}2")] } });
    let explained = engine.explain_json(&serde_json::to_vec(&request).unwrap()).unwrap();
    let json = explained[0].to_json("en");
    let changes = json["changes"]["to_permit"].to_string();
    assert!(changes.contains("\"same_as\":\"order.card\""), "{json:#}");
    assert!(explained[0].to_text("en").contains("the value of order.card"), "{}", explained[0].to_text("en"));
    let words = told(&engine, &serde_json::to_vec(&request).unwrap());
    assert!(!words.contains(CANARY) && !words.contains("Other"), "{words}");
    // A script that fails over it.
    let mut failing = request.clone();
    failing["order"]["nickname"] = json!("zone");
    let words = told(&engine, &serde_json::to_vec(&failing).unwrap());
    assert!(words.contains("rule-failed") && !words.contains("Other"), "{words}");
    // A list entry that bears the value, and a derived text.
    request["card"]["number"] = json!(format!("{CANARY}0"));
    request["order"]["nickname"] = json!("lost");
    let words = told(&engine, &serde_json::to_vec(&request).unwrap());
    assert!(words.contains("window-passed") && !words.contains(CANARY), "{words}");
}

/// What the command says; with arguments that it takes, or it would say nothing of the request.
fn command(args: &[&str], input: &str) -> String {
    let done = clausal(&common::root(), args, input);
    assert!(done.code < 64, "{}", done.err);
    done.out + &*done.err
}

#[test]
fn the_command_shows_nothing_private_either() {
    let engine = Engine::embedded().unwrap();
    let folder = common::root().join("fixtures/decide/support-request");
    let scenario = common::yaml(&common::files(&folder, ".yaml")[0]);
    let mut request = scenario["request"].clone();
    assert!(fill(engine.checked(), &mut request) > 4);
    let text = request.to_string();
    let dir = tempfile::tempdir().unwrap();
    // An expectation that does not come true, so that the test has something to tell.
    let wrong = json!({ "title": "t", "why": "w", "clauses": [313], "request": request, "expect": { "outcome": "permit", "results": { "none": 1 } } });
    std::fs::write(dir.path().join("a.yaml"), wrong.to_string()).unwrap();
    let scenarios = dir.path().to_str().unwrap();
    let mut told = Vec::new();
    for args in [vec!["decide"], vec!["decide", "--text"], vec!["explain", "-"], vec!["explain", "--text", "-"]] {
        told.push(command(&args, &text));
        // One brace too few, and a key that is not there.
        told.push(command(&args, text.strip_suffix('}').unwrap()));
        told.push(command(&args, &text.replace("\"phone\"", "\"telephone\"")));
    }
    for format in ["human", "json", "junit"] {
        told.push(command(&["test", scenarios, "--format", format], ""));
    }
    told.push(command(&["coverage", scenarios], ""));
    for one in &told {
        assert!(one.len() > 20 && !one.contains(CANARY), "{one}");
    }
}
