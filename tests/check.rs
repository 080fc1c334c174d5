//! `clausal check`: formats and exit codes.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;

fn check(args: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clausal")).arg("check").args(args).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The base bundle of the examples, with one of its files changed.
fn bundle(changes: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let base = common::root().join("fixtures/reject/base");
    fs::create_dir(folder.path().join("shop")).unwrap();
    for path in common::files(&base, "") {
        let mut text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        for (_, from, to) in changes.iter().filter(|(file, ..)| *file == name) {
            assert!(text.contains(from), "{name} has no {from:?}");
            text = text.replacen(from, to, 1);
        }
        fs::write(folder.path().join("shop").join(name), text).unwrap();
    }
    folder
}

const TWO_MISTAKES: &[(&str, &str, &str)] = &[
    ("policy.yaml", "customer.market: $closed", "customer.markt: $closed"),
    ("policy.yaml", "    entries: [GL]", "    entries: [GL, NO]"),
];

#[test]
fn shipped_bundles_are_clean() {
    let root = common::root();
    for args in [&["--deny", "warnings"][..], &["policies/csp", "--deny", "warnings"], &["--bundle", "policies/csp"]] {
        let output = check(args, &root);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stdout));
        assert!(text(&output.stdout).contains("no findings"), "{}", text(&output.stdout));
    }
}

#[test]
fn people_see_the_line_the_caret_and_the_remedy() {
    let folder = bundle(TWO_MISTAKES);
    let output = check(&["./shop/"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn json_has_every_field() {
    let folder = bundle(TWO_MISTAKES);
    let output = check(&["shop", "--format", "json"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stdout));
    let clean = check(&["--format", "json"], folder.path());
    assert_eq!((clean.status.code(), text(&clean.stdout).as_str()), (Some(0), "[]\n"));
}

#[test]
fn github_escapes_what_its_commands_are_made_of() {
    let odd = &[("policy.yaml", "sale-permitted", "\"a,b:%\"")];
    let folder = bundle(odd);
    let output = check(&["shop", "--format", "github"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn sarif_is_what_its_schema_says() {
    let schema = common::root().join("tests/schemas/sarif-2.1.0-rtm.5.json");
    let mut schema: Json = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    // The published schema has a pattern with a bracket too many, which is no regular expression; ours writes no language.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    let judge = jsonschema::draft4::new(&schema).unwrap();
    let folder = bundle(TWO_MISTAKES);
    for args in [&["shop", "--format", "sarif"][..], &["--format", "sarif"], &["nowhere", "--format", "sarif"]] {
        let log: Json = serde_json::from_slice(&check(args, folder.path()).stdout).unwrap();
        let wrong: Vec<String> = judge.iter_errors(&log).map(|e| format!("{} at {}", e, e.instance_path())).collect();
        assert!(wrong.is_empty(), "{args:?}: {wrong:#?}");
    }
    let log: Json = serde_json::from_slice(&check(&["shop", "--format", "sarif"], folder.path()).stdout).unwrap();
    let results = &log["runs"][0]["results"];
    assert_eq!(results.as_array().unwrap().len(), 2);
    insta::assert_yaml_snapshot!(results);
    let mut broken = log.clone();
    broken["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!judge.is_valid(&broken), "the schema judges nothing");
}

#[test]
fn warnings_fail_only_when_denied() {
    let folder = bundle(&[("policy.yaml", "    entries: [GL]", "    entries: [GL, NO]")]);
    assert_eq!(check(&["shop"], folder.path()).status.code(), Some(0));
    assert_eq!(check(&["shop", "--deny", "warnings"], folder.path()).status.code(), Some(1));
}

#[test]
fn what_cannot_be_loaded_at_all_is_65() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for name in ["nowhere", "empty"] {
        let output = check(&[name], folder.path());
        assert_eq!(output.status.code(), Some(65), "{name}");
        assert!(text(&output.stderr).contains(&format!("`{name}` holds no bundle")), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_code_is_explained_and_a_mistyped_one_suggested() {
    let root = common::root();
    let output = check(&["--explain", "unknown-fact"], &root);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), fs::read_to_string(root.join("docs/findings/unknown-fact.md")).unwrap());
    let output = check(&["--explain", "unknown-facts"], &root);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("did you mean `unknown-fact`?"), "{}", text(&output.stderr));
}

/// The request that findings show, and what is decided on it.
fn shown_request<'t>(folder: &Path, told: &'t str) -> (&'t str, Json) {
    let request = told.lines().find_map(|line| line.strip_prefix("request: ")).unwrap_or_else(|| panic!("{told}"));
    fs::write(folder.join("request.json"), request).unwrap();
    let decided = Command::new(env!("CARGO_BIN_EXE_clausal"))
        .args(["decide", "--bundle", "shop", "request.json"])
        .current_dir(folder)
        .output()
        .unwrap();
    (request, serde_json::from_slice(&decided.stdout).unwrap_or_else(|_| panic!("{decided:?}")))
}

/// A hole in time is told as it loads; exactly, it comes once, with a request of that time.
#[test]
fn a_hole_in_time_comes_with_a_request_of_that_time() {
    let fees = r"tables:
  fee:
    by: [order.status]
    gives: { percent: integer }
    dated-by: order.purchased_at
    rows:
      - { order.status: pending, percent: 5, clauses: [4], effective: { from: 2020-01-01, until: 2021-01-01 } }
      - { order.status: pending, percent: 7, clauses: [4], effective: { from: 2021-07-01, until: 2022-01-01 } }
";
    let reads = r"rules:
  - id: fee
    request: cancellation
    clauses: [4]
    when: { order.quantity: { more-than: $fee.percent } }
    deny: window-passed
";
    let folder = bundle(&[("policy.yaml", "tables:\n", fees), ("policy.yaml", "rules:\n", reads)]);
    let plain = text(&check(&["shop"], folder.path()).stdout);
    assert!(plain.contains("warning[hole-in-time]") && !plain.contains("request: {"), "{plain}");
    let told = text(&check(&["shop", "--exact"], folder.path()).stdout);
    assert_eq!(told.matches("hole-in-time").count(), plain.matches("hole-in-time").count(), "{told}");
    let (request, decision) = shown_request(folder.path(), &told);
    assert!(decision["outcome"].is_string(), "{decision}");
    let request: Json = serde_json::from_str(request).unwrap();
    assert_eq!(request["order"]["status"], "pending", "{request}");
    let bought = request["order"]["purchased_at"].as_str().unwrap();
    assert!(("2021-01-01".."2021-07-01").contains(&bought), "{bought}");
}

/// What only the rules together say, with both places and a request that `clausal decide` takes.
#[test]
fn exact_findings_have_both_places_and_a_request() {
    let more = "    permit: sale-permitted\n  - { id: greenland, request: purchase, clauses: [3], when: { customer.market: GL }, permit: sale-permitted }\n";
    let folder = bundle(&[("policy.yaml", "    permit: sale-permitted\n", more)]);
    assert_eq!(check(&["shop", "--deny", "warnings"], folder.path()).status.code(), Some(0), "not without the flag");
    let exact = ["shop", "--exact", "--deny", "warnings"];
    let output = check(&exact, folder.path());
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert!(told.contains("warning[overridden]: the rule `shop/greenland` is outvoted wherever it matches"), "{told}");
    assert!(told.contains("what outvotes it: `shop/closed-market`"), "{told}");
    let (request, decision) = shown_request(folder.path(), &told);
    assert_eq!(decision["outcome"], "deny", "{decision}");
    let output = check(&["shop", "--exact", "--format", "json"], folder.path());
    let all: Json = serde_json::from_slice(&output.stdout).unwrap();
    let found = all.as_array().unwrap().iter().find(|one| one["code"] == "overridden").unwrap();
    assert_eq!(found["request"].to_string(), request);
    assert!(!found["related"].as_array().unwrap().is_empty());
    assert_eq!(check(&["shop", "--pedantic"], folder.path()).status.code(), Some(64));
}

#[test]
fn shipped_bundles_are_clean_exactly() {
    for bundle in ["csp", "csp-timeline"] {
        let output = check(&["--exact", "--bundle", bundle, "--deny", "warnings"], &common::root().join("policies"));
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    }
}

/// `clausal check DIR | head` in a build that looks at the exit code of all commands.
#[test]
fn a_reader_that_goes_away_hides_no_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bundle.yaml"), "bundle: [\n").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_clausal"));
    command.arg("check").arg(folder.path()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
