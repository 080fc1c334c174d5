//! `clausal test` as a policy author meets it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::string_slice, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;
use tempfile::TempDir;

struct Done {
    code: i32,
    out: String,
    err: String,
}

fn clausal(folder: &Path, args: &[&str]) -> Done {
    let done = Command::new(env!("CARGO_BIN_EXE_clausal")).args(args).current_dir(folder).output().unwrap();
    Done {
        code: done.status.code().unwrap(),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

fn scenario(title: &str, market: &str, outcome: &str, more: &str) -> String {
    format!(
        "title: {title}\nwhy: Because.\nclauses: [111]\n{more}request:\n  kind: purchase\n  at: \"2021-07-01T12:00:00Z\"\n  \
         actor: {{ side: partner, roles: [Admin agent], portal: partner-center }}\n  customer: {{ market: {market} }}\n  \
         product: {{ kind: azure-reservation }}\nexpect:\n  outcome: {outcome}\n"
    )
}

/// A working directory with two scenarios that agree and are pinned.
fn pinned() -> TempDir {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("scenarios/purchase");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("germany.yaml"), scenario("Germany", "DE", "permit", "")).unwrap();
    fs::write(folder.join("greenland.yaml"), scenario("Greenland", "GL", "deny", "")).unwrap();
    let done = clausal(home.path(), &["test", "--accept"]);
    assert_eq!(done.code, 0, "{}", done.out);
    assert!(done.out.contains("2 snapshots pinned"), "{}", done.out);
    home
}

/// Writes a scenario and says what `clausal test` says of it.
fn told(text: &str) -> String {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("scenarios")).unwrap();
    fs::write(home.path().join("scenarios/one.yaml"), text).unwrap();
    let done = clausal(home.path(), &["test"]);
    assert_eq!(done.code, 1, "{}", done.out);
    done.out
}

#[test]
fn scenarios_that_agree_end_with_0() {
    let home = pinned();
    let done = clausal(home.path(), &["test"]);
    assert_eq!((done.code, done.out.as_str()), (0, "2 scenarios agree, 2 requests decided\n"));
}

#[test]
fn a_verdict_that_differs_is_told_with_its_place_and_never_accepted() {
    let home = pinned();
    let file = home.path().join("scenarios/purchase/germany.yaml");
    let snapshot = home.path().join("scenarios/purchase/snapshots/germany.snap");
    let (text, before) = (scenario("Germany", "GL", "permit", ""), fs::read(&snapshot).unwrap());
    fs::write(&file, &text).unwrap();
    for args in [&["test"][..], &["test", "--accept"]] {
        let done = clausal(home.path(), args);
        assert_eq!(done.code, 1);
        let wanted = "scenarios/purchase/germany.yaml:11:12: the outcome is deny (market-unavailable), expected permit";
        assert!(done.out.contains(wanted), "{}", done.out);
        assert_eq!(fs::read_to_string(&file).unwrap(), text, "a verdict was changed");
        assert_eq!(fs::read(&snapshot).unwrap(), before, "a snapshot of a wrong verdict was pinned");
    }
}

#[test]
fn changed_words_are_shown_line_by_line_and_can_be_accepted() {
    let home = pinned();
    let snapshot = home.path().join("scenarios/purchase/snapshots/greenland.snap");
    let before = fs::read_to_string(&snapshot).unwrap();
    fs::write(&snapshot, before.replace("not available in Greenland", "not on sale in Greenland")).unwrap();
    let done = clausal(home.path(), &["test"]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("- ") && done.out.contains("Azure reservations are not on sale in Greenland."));
    assert!(done.out.contains("    +     Azure reservations are not available in Greenland."), "{}", done.out);
    assert!(!done.out.contains("csp-2021-06#111  "), "unchanged lines far away are shown: {}", done.out);
    assert_eq!(clausal(home.path(), &["test", "--accept"]).code, 0);
    assert_eq!(fs::read_to_string(&snapshot).unwrap(), before);
}

#[test]
fn snapshots_hold_no_digest_and_no_place_that_moves() {
    let home = pinned();
    let text = fs::read_to_string(home.path().join("scenarios/purchase/snapshots/greenland.snap")).unwrap();
    assert!(text.starts_with("---\ndescription: \"Greenland\"\n---\nGreenland\nBecause.\n"), "{text}");
    assert!(text.contains("Резервирования Azure недоступны на этом рынке: Гренландия."), "{text}");
    assert!(text.contains("\"source\": \"unavailable-markets.yaml\""), "{text}");
    assert!(!text.contains("sha256") && !text.contains(&home.path().display().to_string()), "{text}");
}

#[test]
fn a_snapshot_without_its_scenario_is_reported() {
    let home = pinned();
    fs::remove_file(home.path().join("scenarios/purchase/germany.yaml")).unwrap();
    let done = clausal(home.path(), &["test"]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("unreferenced  scenarios/purchase/snapshots/germany.snap"), "{}", done.out);
    assert!(done.out.contains("1 snapshot unreferenced; 1 scenario, 1 request"), "{}", done.out);
}

#[test]
fn a_scenario_that_is_not_pinned_where_others_are_is_reported() {
    let home = pinned();
    fs::write(home.path().join("scenarios/purchase/new.yaml"), scenario("New", "DE", "permit", "")).unwrap();
    let done = clausal(home.path(), &["test"]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("differs  purchase/new  New"), "{}", done.out);
    // Where nothing is pinned nothing is missed.
    fs::create_dir(home.path().join("scenarios/loose")).unwrap();
    let (from, to) = ("scenarios/purchase/new.yaml", "scenarios/loose/new.yaml");
    fs::rename(home.path().join(from), home.path().join(to)).unwrap();
    assert_eq!(clausal(home.path(), &["test"]).code, 0);
}

#[test]
fn a_filter_picks_by_name_and_finds_something() {
    let home = pinned();
    let done = clausal(home.path(), &["test", "--filter", "green"]);
    assert_eq!((done.code, done.out.as_str()), (0, "1 scenario agrees, 1 request decided\n"));
    let done = clausal(home.path(), &["test", "--filter", "atlantis"]);
    assert_eq!((done.code, done.out.as_str()), (1, "no scenarios whose name contains `atlantis`\n"));
}

#[test]
fn unknown_names_are_told_with_place_and_nearest_name() {
    let text = scenario("One", "DE", "permitt", "bundel: csp\n").replace("market:", "markt:").replace("111", "99");
    let out = told(&format!(
        "{text}  reasons: [sale-permited]\n  missing: [product.knd]\n  results: {{ tax_treatmnt: x }}\n"
    ));
    for wanted in [
        "scenarios/one.yaml:3:11: error[unknown-clause]: `csp-2021-06` has no clause 99",
        "scenarios/one.yaml:4:1: error[unknown-key]: a scenario has no key `bundel`\n  help: did you mean `bundle`?",
        "one.yaml:9:15: error[unknown-fact]: the request has no fact `customer.markt`\n  help: did you mean `market`?",
        "error[unknown-value]: there is no outcome `permitt`\n  help: did you mean `permit`?",
        "error[unknown-reason]: the bundle has no reason `sale-permited`\n  help: did you mean `sale-permitted`?",
        "error[unknown-fact]: the bundle has no fact `product.knd`\n  help: did you mean `product.kind`?",
        "error[unknown-result]: the bundle has no result `tax_treatmnt`\n  help: did you mean `tax_treatment`?",
        "1 cannot be read; 1 scenario, 0 requests",
    ] {
        assert!(out.contains(wanted), "no {wanted:?} in:\n{out}");
    }
}

#[test]
fn files_that_are_no_scenario_are_told() {
    assert!(told("title: [").contains("error[syntax]: this is not YAML"));
    assert!(told("").contains("error[syntax]: the file is empty"));
    assert!(told("- 1\n").contains("a scenario is a mapping"));
    assert!(told("title: One\n").contains("a scenario needs `request`"));
    assert!(
        told("title: One\nrequest: {}\nexpect: { outcome: permit }\n").contains("the request does not say its kind")
    );
    let out = told(&scenario("One", "DE", "permit", "").replace("kind: purchase", "kind: purchas"));
    assert!(out.contains("error[unknown-kind]") && out.contains("did you mean `purchase`?"), "{out}");
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("scenarios")).unwrap();
    fs::write(home.path().join("scenarios/one.yaml"), [0xFF, 0xFE, 0x00]).unwrap();
    let done = clausal(home.path(), &["test"]);
    assert!(done.code == 1 && done.out.contains("it is UTF-16 text, by its byte order mark"), "{}", done.out);
}

#[test]
fn folders_that_are_not_there_are_told() {
    let home = TempDir::new().unwrap();
    let done = clausal(home.path(), &["test", "nowhere"]);
    assert_eq!((done.code, done.err.as_str()), (64, "clausal: there is no folder of scenarios `nowhere`\n"));
    let done = clausal(home.path(), &["test"]);
    assert_eq!(done.code, 64);
    assert!(done.err.contains("none is at `fixtures/decide`, `scenarios`"), "{}", done.err);
    fs::create_dir(home.path().join("scenarios")).unwrap();
    let done = clausal(home.path(), &["test"]);
    assert_eq!((done.code, done.out.as_str()), (1, "no scenarios\n"));
    let done = clausal(home.path(), &["test", "--bundle", "nowhere"]);
    assert_eq!(done.code, 65, "{}", done.err);
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_ends() {
    let home = pinned();
    std::os::unix::fs::symlink(home.path().join("scenarios"), home.path().join("scenarios/loop")).unwrap();
    assert_eq!(clausal(home.path(), &["test"]).code, 0);
}

#[test]
fn each_decides_every_combination_and_own_verdicts() {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("scenarios")).unwrap();
    let facts = "each:\n  customer.market: [GL, Grönland]\n  actor.roles: [[Admin agent], [Sales agent]]\n";
    let own = "each:\n  - { customer.market: GL }\n  - { customer.market: DE, expect: { outcome: permit } }\n";
    fs::write(home.path().join("scenarios/facts.yaml"), scenario("F", "DE", "deny", facts)).unwrap();
    fs::write(home.path().join("scenarios/own.yaml"), scenario("O", "DE", "deny", own)).unwrap();
    let done = clausal(home.path(), &["test", "--format", "json"]);
    let report: Json = serde_json::from_str(&done.out).unwrap();
    assert_eq!(report["scenarios"][0]["cases"], 4);
    assert_eq!(report["scenarios"][1]["agrees"], true, "{report:#}");
    // No registry knows the German name, which is asked for.
    let differences = report["scenarios"][0]["differences"].as_array().unwrap();
    let cases: Vec<&str> = differences.iter().map(|d| d["case"].as_str().unwrap()).collect();
    assert_eq!(cases, ["Grönland, [\"Admin agent\"]"], "{report:#}");
    let out = told(&scenario("E", "DE", "deny", "each:\n  customer.markt: [GL]\n"));
    assert!(out.contains("error[unknown-fact]: the request has no fact `customer.markt`"), "{out}");
    assert!(out.contains("did you mean `customer.market`?"), "{out}");
    assert!(told(&scenario("E", "DE", "deny", "each: []\n")).contains("`each` lists no value"));
}

#[test]
fn a_scenario_names_its_bundle_and_its_readings() {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("scenarios")).unwrap();
    let file = |name: &str, text: String| fs::write(home.path().join("scenarios").join(name), text).unwrap();
    file("plain.yaml", scenario("P", "Atlantis", "needs-information", ""));
    file("strict.yaml", scenario("S", "Atlantis", "deny", "settings: { unknown_market: deny }\n"));
    file("timeline.yaml", scenario("T", "DE", "permit", "bundle: csp-timeline\n"));
    let done = clausal(home.path(), &["test", "--accept"]);
    assert_eq!(done.code, 0, "{}", done.out);
    let strict = fs::read_to_string(home.path().join("scenarios/snapshots/strict.snap")).unwrap();
    assert!(strict.contains("Readings\n  unknown_market: deny\n"), "{strict}");
    let timeline = fs::read_to_string(home.path().join("scenarios/snapshots/timeline.snap")).unwrap();
    assert!(timeline.contains("\"bundle\": \"csp-timeline\""), "{timeline}");
    // The same with the bundle in a folder, whose neighbour is the other one.
    let policies = common::root().join("policies/csp");
    let done = clausal(home.path(), &["test", "--bundle", policies.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{}", done.out);
    assert!(told(&scenario("X", "DE", "permit", "bundle: nowhere\n")).contains("error[file-missing]"));
    assert!(told(&scenario("X", "DE", "permit", "bundle: ../csp\n")).contains("error["));
    assert!(told(&scenario("X", "DE", "permit", "settings: { unknown_markt: deny }\n")).contains("unknown_market"));
}

#[test]
fn json_tells_everything() {
    let home = pinned();
    let file = home.path().join("scenarios/purchase/germany.yaml");
    fs::write(&file, scenario("Germany", "GL", "permit", "")).unwrap();
    fs::write(home.path().join("scenarios/purchase/bad.yaml"), "title: [").unwrap();
    let done = clausal(home.path(), &["test", "--format", "json"]);
    assert_eq!(done.code, 1);
    let report: Json = serde_json::from_str(&done.out).unwrap();
    assert_eq!(report["agrees"], false);
    assert_eq!((&report["files"], &report["agree"], &report["differ"]), (&3.into(), &1.into(), &1.into()));
    let difference = &report["scenarios"][0]["differences"][0];
    assert_eq!((&difference["line"], &difference["column"]), (&11.into(), &12.into()));
    assert_eq!(report["findings"][0]["code"], "syntax");
}

#[test]
fn junit_is_xml_that_counts_right() {
    let home = pinned();
    let hostile = scenario("\"<&> ' \\x07 \\\" ]]>\"", "GL", "permit", "");
    fs::write(home.path().join("scenarios/purchase/hostile.yaml"), hostile).unwrap();
    fs::write(home.path().join("scenarios/purchase/bad.yaml"), "title: [").unwrap();
    let snapshot = home.path().join("scenarios/purchase/snapshots/greenland.snap");
    let text = fs::read_to_string(&snapshot).unwrap();
    fs::write(&snapshot, text.replace("Greenland", "<Grönland>")).unwrap();
    let done = clausal(home.path(), &["test", "--format", "junit"]);
    assert_eq!(done.code, 1);
    let xml = roxmltree::Document::parse(&done.out).unwrap();
    let root = xml.root_element();
    assert!(root.has_tag_name("testsuites"));
    let tests = xml.descendants().filter(|node| node.has_tag_name("testcase")).count();
    let failures: Vec<_> = xml.descendants().filter(|node| node.has_tag_name("failure")).collect();
    assert_eq!((root.attribute("tests"), root.attribute("failures")), (Some("4"), Some("3")));
    assert_eq!((tests, failures.len()), (4, 3));
    let sum = |name: &str| -> usize {
        let suites = xml.descendants().filter(|node| node.has_tag_name("testsuite"));
        suites.map(|suite| suite.attribute(name).unwrap().parse::<usize>().unwrap()).sum()
    };
    assert_eq!((sum("tests"), sum("failures")), (4, 3));
    for case in xml.descendants().filter(|node| node.has_tag_name("testcase")) {
        assert!(case.attribute("classname").is_some() && case.attribute("time").unwrap().parse::<f64>().is_ok());
    }
    let hostile = xml.descendants().find(|n| n.attribute("name").is_some_and(|name| name.starts_with("hostile")));
    assert_eq!(hostile.unwrap().attribute("name"), Some("hostile: <&> ' \u{FFFD} \" ]]>"));
    assert!(failures.iter().any(|failure| failure.text().unwrap().contains("<Grönland>")));
}

#[test]
fn one_file_is_a_folder_of_one() {
    let home = pinned();
    let done = clausal(home.path(), &["test", "scenarios/purchase/germany.yaml"]);
    assert_eq!((done.code, done.out.as_str()), (0, "1 scenario agrees, 1 request decided\n"));
}

#[test]
fn a_run_gives_the_same_bytes_again() {
    let first = clausal(&common::root(), &["test", "--format", "json", "fixtures/decide/activity-log"]);
    let second = clausal(&common::root(), &["test", "--format", "json", "fixtures/decide/activity-log"]);
    assert_eq!(first.out, second.out);
    assert_eq!(first.code, 0, "{}", first.out);
}
