//! The schemas are draft-07, fit the shipped files and scenarios, and agree with the loader.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clausal::bundle::files::Files;
use clausal::bundle::grammar::FileKind;
use clausal::bundle::load::load;
use clausal::bundle::yaml::to_json;
use clausal::schema::{file_name, schemas, text};
use clausal::{Limits, Severity};
use jsonschema::Validator;
use serde_json::Value as Json;

/// The bundles whose schemas are shipped.
const SHIPPED: [&str; 2] = ["csp", "csp-timeline"];

fn csp() -> PathBuf {
    folder("csp")
}

fn folder(bundle: &str) -> PathBuf {
    common::root().join("policies").join(bundle)
}

fn written() -> BTreeMap<FileKind, Json> {
    written_of("csp")
}

fn written_of(bundle: &str) -> BTreeMap<FileKind, Json> {
    schemas(&Files::Folder(folder(bundle)), bundle, &Limits::default()).unwrap()
}

fn validator(kind: FileKind) -> Validator {
    jsonschema::draft7::new(&written()[&kind]).unwrap()
}

fn instance(text: &str) -> Json {
    to_json("file", text, 8 << 20).unwrap()
}

fn kind_of(bundle: &str, path: &str) -> FileKind {
    match path {
        "bundle.yaml" => FileKind::Bundle,
        "vocabulary.yaml" => FileKind::Vocabulary,
        "invariants.yaml" => FileKind::Invariants,
        "markets.yaml" | "roles.yaml" | "products.yaml" if bundle == "csp" => FileKind::Registry,
        _ if path.starts_with("sources/") => FileKind::Source,
        _ => FileKind::Policy,
    }
}

fn mistakes(validator: &Validator, instance: &Json) -> Vec<String> {
    validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn schemas_are_draft_07() {
    for (kind, schema) in SHIPPED.into_iter().flat_map(written_of) {
        jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
    }
}

/// Editors refuse an empty `enum`, which the draft only advises against.
#[test]
fn no_bundle_is_too_small() {
    let texts = [
        ("bundle.yaml", "bundle: b\nversion: '1'\nlanguages: [en]\nvocabulary: v.yaml\nmessages: { en: en.ftl }\n"),
        ("v.yaml", "stages: [one]\nreasons: { information-missing: one, rule-failed: one }\n"),
        ("en.ftl", "reason-information-missing = Missing.\nreason-rule-failed = Failed.\n"),
    ];
    let files = texts.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))).collect();
    for (kind, schema) in schemas(&Files::Memory(files, String::new()), "b", &Limits::default()).unwrap() {
        jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert!(!schema.to_string().contains("\"enum\":[]"), "{kind:?}: {schema}");
        jsonschema::draft7::new(&schema).unwrap();
    }
}

#[test]
fn committed_schemas_are_up_to_date() {
    for bundle in SHIPPED {
        for (kind, schema) in written_of(bundle) {
            let path = common::root().join("policies/schema").join(bundle).join(file_name(kind));
            let committed = fs::read_to_string(&path).unwrap_or_default();
            let remedy = format!("`cargo run -- schema --bundle policies/{bundle} --out policies/schema/{bundle}`");
            assert!(committed == text(&schema), "{} is out of date; write it anew: {remedy}", path.display());
        }
    }
}

#[test]
fn shipped_files_fit() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for bundle in SHIPPED {
        let written = written_of(bundle);
        for path in common::files(&folder(bundle), ".yaml") {
            let name = path.strip_prefix(folder(bundle)).unwrap().to_string_lossy().into_owned();
            count += 1;
            let validator = jsonschema::draft7::new(&written[&kind_of(bundle, &name)]).unwrap();
            let found = mistakes(&validator, &instance(&fs::read_to_string(&path).unwrap()));
            wrong.extend(found.into_iter().map(|mistake| format!("{bundle}/{name} {mistake}")));
        }
    }
    assert!(count > 22, "only {count} files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn shipped_scenarios_fit() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (bundle, scenarios) in [("csp", "fixtures/decide"), ("csp-timeline", "fixtures/timeline")] {
        let validator = jsonschema::draft7::new(&written_of(bundle)[&FileKind::Scenario]).unwrap();
        for path in common::files(&common::root().join(scenarios), ".yaml") {
            count += 1;
            let found = mistakes(&validator, &instance(&fs::read_to_string(&path).unwrap()));
            wrong.extend(found.into_iter().map(|mistake| format!("{} {mistake}", path.display())));
        }
    }
    assert!(count > 280, "only {count} scenarios");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bundle with one more policy; whether the loader has an error in it.
fn loader_refuses(policy: &str) -> bool {
    let mut texts: BTreeMap<String, Arc<str>> = BTreeMap::new();
    texts.insert("extra.yaml".into(), policy.into());
    let manifest = fs::read_to_string(csp().join("bundle.yaml")).unwrap();
    texts.insert("bundle.yaml".into(), manifest.replace("policies:\n", "policies:\n  - extra.yaml\n").into());
    let loaded = load(&Files::Over(texts, csp()), None, &Limits::default());
    loaded.findings.iter().any(|f| f.severity() == Severity::Error && &*f.place.file == "extra.yaml")
}

/// For facts of every type, every form of a test: the loader and the schema refuse the same.
#[test]
fn schema_and_loader_refuse_the_same_tests() {
    let facts = [
        "acknowledged",
        "order.age_days",
        "order.paid",
        "order.id",
        "order.currency",
        "order.purchased_at",
        "order.term",
        "customer.market",
        "customer.segment",
        "actor.roles",
        "lines",
    ];
    let values = [
        "true",
        "\"true\"",
        "5",
        "1.50",
        "\"1.50\"",
        "words and more",
        "USD",
        "2021-06-01",
        "P30D",
        "AX",
        "commercial",
        "admin-agent",
    ];
    let tests = values.iter().flat_map(|value| {
        let keyed = [
            "any",
            "all",
            "none",
            "at-least",
            "at-most",
            "more-than",
            "less-than",
            "is",
            "present",
            "known",
            "not",
            "nothing",
        ]
        .map(|key| format!("{{ {key}: {value} }}"));
        let double = format!("{{ at-least: {value}, less-than: {value} }}");
        [
            value.to_string(),
            format!("[{value}]"),
            format!("{{ any: [{value}] }}"),
            format!("{{ not: {{ any: [{value}] }} }}"),
            double,
        ]
        .into_iter()
        .chain(keyed)
    });
    let references = [
        "$never-cancellable",
        "$window.days",
        "{ at-most: $window.days }",
        "{ at-most: $never-cancellable }",
        "[]",
        "{}",
    ];
    let tests: Vec<String> = tests.chain(references.map(String::from)).collect();
    let validator = validator(FileKind::Policy);
    let (mut wrong, mut refused, mut accepted) = (Vec::new(), 0, 0);
    // All tests of one fact go into one policy, one rule each: the loader says which rules it blames.
    for fact in facts {
        let rule = |at: usize, test: &str| {
            format!("  - id: r{at}\n    clauses: [260]\n    ask: {{ {fact}: {test} }}\n    else: order-not-named\n")
        };
        let head = "policy: extra\nrequest: cancellation\nsource: csp-2021-06\nrules:\n";
        let rules: String = tests.iter().enumerate().map(|(at, test)| rule(at, test)).collect();
        let blamed = blamed_lines(&format!("{head}{rules}"));
        for (at, test) in tests.iter().enumerate() {
            let line = 4 + at * 4 + 3;
            let loader = blamed.contains(&line);
            let schema = !validator.is_valid(&instance(&format!("{head}{}", rule(at, test))));
            if loader {
                refused += 1
            } else {
                accepted += 1
            }
            if loader != schema && !known_difference(fact, test) {
                wrong.push(format!("{fact}: {test} — loader refuses: {loader}, schema refuses: {schema}"));
            }
        }
    }
    assert!(refused > 500 && accepted > 100, "{refused} refused, {accepted} accepted");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn blamed_lines(policy: &str) -> Vec<usize> {
    let mut texts: BTreeMap<String, Arc<str>> = BTreeMap::new();
    texts.insert("extra.yaml".into(), policy.into());
    let manifest = fs::read_to_string(csp().join("bundle.yaml")).unwrap();
    texts.insert("bundle.yaml".into(), manifest.replace("policies:\n", "policies:\n  - extra.yaml\n").into());
    let mut limits = Limits::default();
    limits.bundle.findings = 100_000;
    let loaded = load(&Files::Over(texts, csp()), None, &limits);
    let errors = loaded.findings.iter().filter(|f| f.severity() == Severity::Error && &*f.place.file == "extra.yaml");
    errors.map(|f| f.place.line).collect()
}

/// JSON does not tell whether text was quoted, so to the schema `$name` is a text like any other.
fn known_difference(fact: &str, test: &str) -> bool {
    fact == "order.id" && test.starts_with('$')
}

#[test]
fn schema_and_loader_refuse_the_same_policies() {
    let head = "policy: extra\nrequest: cancellation\nsource: csp-2021-06\n";
    let rule = "rules:\n  - id: r\n    clauses: [260]\n";
    let good = [
        format!("{head}{rule}    deny: window-passed\n"),
        format!(
            "{head}{rule}    when: {{ any-of: [{{ order.status: pending }}, {{ not: {{ script: \"true\" }} }}] }}\n    deny: window-passed\n"
        ),
        format!("{head}{rule}    require: {{ order.status: pending }}\n    else: window-passed\n"),
        format!(
            "{head}{rule}    results: {{ days_remaining: window.days, credit_currency: {{ script: order.currency }}, credit_percent: 12 }}\n"
        ),
        format!(
            "{head}lists:\n  l: {{ type: market, entries: [AX, {{ value: AS, clauses: [119] }}] }}\n{rule}    when: {{ customer.market: $l }}\n    deny: window-passed\n"
        ),
        format!(
            "{head}tables:\n  t: {{ by: [order.status], gives: {{ n: integer }}, rows: [{{ order.status: pending, n: 3, clauses: [260], effective: {{ from: 2021-01-01 }} }}] }}\n{rule}    when: {{ order.age_days: {{ at-most: $t.n }} }}\n    deny: window-passed\n"
        ),
    ];
    let bad = [
        format!("{head}{rule}    deny: window-past\n"),
        format!("{head}{rule}    deny: window-passed\n    permit: inside-window\n"),
        format!("{head}{rule}    denies: window-passed\n"),
        format!("{head}{rule}    require: {{ order.status: pending }}\n"),
        format!("{head}{rule}"),
        format!("{head}{rule}    when: {{ order.stat: pending }}\n    deny: window-passed\n"),
        format!("{head}{rule}    when: {{ order.status: pendin }}\n    deny: window-passed\n"),
        format!("{head}{rule}    when: [order.status]\n    deny: window-passed\n"),
        format!("{head}{rule}    outcome: maybe\n    results: {{ days_remaining: 1 }}\n"),
        format!("{head}{rule}    results: {{ days_left: 1 }}\n"),
        format!("{head}{rule}    results: {{ tax_treatment: half }}\n"),
        format!("{head}{rule}    deny: window-passed\n    clauses: [26000]\n").replace("    clauses: [260]\n", ""),
        format!("{head}{rule}    deny: window-passed\n").replace("request: cancellation", "request: cancel"),
        format!("{head}{rule}    deny: window-passed\n").replace("source: csp-2021-06", "source: csp-2021"),
        format!("{head}{rule}    deny: window-passed\n    effective: {{ from: 1 June }}\n"),
        format!("{head}{rule}    deny: window-passed\n    dated-by: order.purchased\n"),
        format!("{head}{rule}    deny: window-passed\n").replace("  - id: r\n    ", "  - "),
        format!("{head}lists:\n  l: {{ type: market, entries: [Aland] }}\n"),
        format!("{head}lists:\n  l: {{ type: markt, entries: [AX] }}\n"),
        format!("{head}lists:\n  l: {{ type: market, entries: [AX], sorted: true }}\n"),
        format!("{head}lists:\n  l: {{ type: market, entries: [{{ value: AX, clause: 119 }}] }}\n"),
        format!("{head}tables:\n  t: {{ by: [order.state], gives: {{ n: integer }}, rows: [{{ n: 3 }}] }}\n"),
        format!("{head}tables:\n  t: {{ by: [order.status], gives: {{ n: number }}, rows: [{{ n: 3 }}] }}\n"),
        format!("{head}obligations:\n  new-one: {{ on: partner }}\n"),
        "policies: extra\n".to_owned(),
    ];
    let validator = validator(FileKind::Policy);
    for policy in &good {
        let found = mistakes(&validator, &instance(policy));
        assert!(found.is_empty(), "the schema refuses\n{policy}\n{}", found.join("\n"));
        assert!(!loader_refuses(policy), "the loader refuses\n{policy}");
    }
    for policy in &bad {
        assert!(loader_refuses(policy), "the loader accepts\n{policy}");
        assert!(!mistakes(&validator, &instance(policy)).is_empty(), "the schema accepts\n{policy}");
    }
}

#[test]
fn broken_files_of_other_kinds_do_not_fit() {
    let cases = [
        (FileKind::Bundle, "bundle.yaml", "version:", "versions:"),
        (FileKind::Bundle, "bundle.yaml", "languages: [en, ru]", "language: en"),
        (FileKind::Vocabulary, "vocabulary.yaml", "stages:", "stage:"),
        (FileKind::Vocabulary, "vocabulary.yaml", "fixed: true", "fixed: yes please"),
        (FileKind::Vocabulary, "vocabulary.yaml", "absent: optional", "absent: maybe"),
        (FileKind::Vocabulary, "vocabulary.yaml", "{ registry: markets }", "{ registers: markets }"),
        (FileKind::Vocabulary, "vocabulary.yaml", "default: false", "default: 3"),
        (FileKind::Registry, "roles.yaml", "code: admin-agent", "kode: admin-agent"),
        (FileKind::Registry, "roles.yaml", "clauses: [104,", "clauses: [10400,"),
        (FileKind::Invariants, "invariants.yaml", "outcome: permit", "outcome: permitted"),
        (FileKind::Invariants, "invariants.yaml", "monotone:", "monotonic:"),
        (FileKind::Source, "sources/csp-2021-06.yaml", "normative: false", "normative: perhaps"),
        (FileKind::Source, "sources/csp-2021-06.yaml", "  - clause: 103", "  - number: 103"),
    ];
    for (kind, file, from, to) in cases {
        let text = fs::read_to_string(csp().join(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        let found = mistakes(&validator(kind), &instance(&text.replacen(from, to, 1)));
        assert!(!found.is_empty(), "{file} with {to} fits");
    }
    let scenario =
        fs::read_to_string(common::root().join("fixtures/decide/cancellation/chosen-line-in-part.yaml")).unwrap();
    let changes = [
        ("outcome: deny", "outcome: denied"),
        ("partial-not-accepted", "partial-not-acceptable"),
        ("side: partner", "sides: partner"),
        ("paid: \"1000.00\"", "paid: 1000.00"),
        ("kind: cancellation", "kind: cancel"),
        ("  at: \"2021-06-20T12:00:00Z\"\n", ""),
        ("        quantity: 10", "        amount: 10"),
    ];
    for (from, to) in changes {
        assert!(scenario.contains(from), "the scenario has no {from}");
        let found = mistakes(&validator(FileKind::Scenario), &instance(&scenario.replacen(from, to, 1)));
        assert!(!found.is_empty(), "the scenario with `{to}` fits");
    }
}

fn clausal(args: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_clausal")).arg("schema").args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_prints_and_writes() {
    let (code, one, _) = clausal(&["policy"]);
    assert_eq!((code, one.as_str()), (Some(0), text(&written()[&FileKind::Policy]).as_str()));
    let (code, all, _) = clausal(&["--bundle", "policies/csp"]);
    let all: BTreeMap<String, Json> = serde_json::from_str(&all).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(
        all.keys().collect::<Vec<_>>(),
        ["bundle", "invariants", "policy", "registry", "scenario", "source", "vocabulary"]
    );

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b");
    assert_eq!(clausal(&["--out", out.to_str().unwrap()]).0, Some(0));
    for (kind, schema) in written() {
        assert_eq!(fs::read_to_string(out.join(file_name(kind))).unwrap(), text(&schema));
    }
    // A file stands where the folder should be.
    fs::write(folder.path().join("file"), "").unwrap();
    assert_eq!(clausal(&["--out", folder.path().join("file").to_str().unwrap()]).0, Some(74));
}

#[test]
fn the_command_refuses_what_does_not_load() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let (code, out, told) = clausal(&["--bundle", place]);
    assert_eq!((code, out.as_str()), (Some(65), ""));
    assert!(told.contains("holds no bundle"), "{told}");
    fs::write(folder.path().join("bundle.yaml"), "bundle: b\nversions: 1\n").unwrap();
    let (code, out, told) = clausal(&["--bundle", place]);
    assert_eq!((code, out.as_str()), (Some(65), ""));
    assert!(told.contains("the bundle has 3 errors"), "{told}");
    assert_eq!(clausal(&["polices"]).0, Some(64));
}

#[test]
fn shipped_files_name_their_schemas() {
    for (bundle, path) in
        SHIPPED.iter().flat_map(|one| common::files(&folder(one), ".yaml").into_iter().map(move |path| (one, path)))
    {
        let name = path.strip_prefix(folder(bundle)).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let line = text.lines().next().unwrap();
        let schema = line.strip_prefix("# yaml-language-server: $schema=").unwrap_or_else(|| panic!("{name}: {line}"));
        let named = path.parent().unwrap().join(schema).canonicalize().unwrap();
        let wanted = common::root().join("policies/schema").join(bundle).join(file_name(kind_of(bundle, &name)));
        assert_eq!(named, wanted.canonicalize().unwrap(), "{name}");
    }
}
