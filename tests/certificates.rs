//! `clausal check --certificates`: what is compiled and what is left to the interpreter.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::process::Command;

use clausal::Engine;
use clausal::compile::Part;

const VOCABULARY: &str = r#"
types: { tag: { values: [a, b] } }
stages: [only]
reasons: { information-missing: only, rule-failed: only, fine: only, bad: only, nothing: only }
results: { amount: { type: decimal } }
facts:
  level: { type: integer, absent: optional }
  price: { type: decimal }
  note: { type: text, absent: optional }
  tags: { type: set of tag }
  double: { type: integer, script: "(level ?? 0) * settings.factor" }
kinds:
  plain: { facts: [level, price, note, tags], otherwise: nothing }
  asking: { facts: [level, price], otherwise: nothing }
"#;

const PLAIN: &str = r#"
policy: plain
request: plain
rules:
  - { id: sums, when: { script: "double > 2 && price > 1" }, permit: fine, results: { amount: "price * 2" } }
  - { id: member, when: { script: '"a" in tags' }, deny: bad }
  - { id: negates, when: { script: "-(level ?? 1) < 0" }, deny: bad }
  - { id: calls, when: { script: "abs(level ?? 1) > 3" }, deny: bad }
  - { id: joins, when: { script: 'note != () && note + "!" == "x!"' }, deny: bad }
"#;

const ASKING: &str = r#"
policy: asking
request: asking
rules:
  - { id: asks, ask: { level: { present: true } }, else: bad, results: { amount: "1.00" } }
"#;

fn engine() -> Engine {
    let manifest = "bundle: small\nversion: \"1\"\nlanguages: [en]\nvocabulary: v.yaml\npolicies: [p.yaml, a.yaml]\nmessages: { \
                    en: en.ftl }\nsettings: { factor: { type: integer, default: 2 } }\n";
    let messages: String = ["information-missing", "rule-failed", "fine", "bad", "nothing"]
        .map(|code| format!("reason-{code} = {code}\n"))
        .concat();
    let files = [
        ("bundle.yaml", manifest),
        ("v.yaml", VOCABULARY),
        ("p.yaml", PLAIN),
        ("a.yaml", ASKING),
        ("en.ftl", &messages),
    ];
    Engine::builder().texts(files.map(|(path, text)| (path, text.to_owned()))).build().unwrap()
}

#[test]
fn every_script_has_a_certificate() {
    let all = engine().certificates();
    let plain = &all.iter().find(|kind| kind.kind == "plain").unwrap();
    assert_eq!(plain.interpreted, None);
    let why = |name: &str| {
        let script = plain.scripts.iter().find(|script| script.name == name).unwrap();
        assert!(script.operations > 0 && script.line > 0, "{script:?}");
        script.interpreted.clone().unwrap_or_default()
    };
    assert_eq!(why("double"), "");
    assert_eq!(why("plain/sums"), "");
    assert_eq!(why("plain/sums amount"), "");
    assert_eq!(why("plain/member"), "it uses a set");
    assert_eq!(why("plain/negates"), "it negates a number with `-`");
    assert_eq!(why("plain/calls"), "it calls `abs`");
    assert_eq!(why("plain/joins"), "it joins texts");
    let double = plain.scripts.iter().find(|script| script.part == Part::Derived).unwrap();
    assert_eq!(
        (double.facts.as_slice(), double.settings.as_slice()),
        (&["level".into()][..], &["settings.factor".into()][..])
    );
    let rules: Vec<&str> = plain.rules.iter().map(|rule| rule.rule.as_str()).collect();
    assert_eq!(rules, ["plain/member", "plain/negates", "plain/calls"]);
}

#[test]
fn a_kind_that_is_not_compiled_says_why() {
    let all = engine().certificates();
    let asking = all.iter().find(|kind| kind.kind == "asking").unwrap();
    assert_eq!(asking.interpreted.as_deref(), Some("the rule `asking/asks` asks and gives results"));
}

#[test]
fn certificates_are_told_to_people_and_programs() {
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_clausal")).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let human = run(&["check", "--certificates"]);
    assert!(human.contains("purchase: compiled\n") && human.contains("scripts are lowered"), "{human}");
    let json: serde_json::Value = serde_json::from_str(&run(&["check", "--certificates", "--format", "json"])).unwrap();
    let kinds: Vec<&str> = json.as_array().unwrap().iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"cancellation"), "{kinds:?}");
    assert!(json.as_array().unwrap().iter().all(|kind| kind["interpreted"].is_null()), "{json:#}");
}
