//! The shipped bundle: its registries, its clauses, and that two YAML readers read its files alike.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use clausal::bundle::checked::Test;
use clausal::bundle::domain::Resolved;
use clausal::bundle::yaml::{Content, Node, Style};
use clausal::{BundleLimits, Engine};
use serde_json::Value as Json;

fn engine() -> Engine {
    Engine::embedded().unwrap()
}

#[test]
fn the_shipped_bundle_has_no_findings() {
    let warnings: Vec<String> = engine().warnings().iter().map(ToString::to_string).collect();
    assert!(warnings.is_empty(), "{}", warnings.join("\n"));
}

#[test]
fn a_folder_and_the_embedded_copy_are_the_same_bundle() {
    let folder = Engine::load(common::root().join("policies/csp")).unwrap();
    assert_eq!(folder.bundle(), engine().bundle());
}

#[test]
fn every_iso_market_and_kosovo_is_registered_once() {
    let engine = engine();
    let markets = &engine.checked().domains["markets"];
    let codes: BTreeSet<String> = markets.codes().map(|code| code.to_string()).collect();
    let iso: BTreeSet<String> = rust_iso3166::ALL.iter().map(|country| country.alpha2.to_owned()).collect();
    let ours: BTreeSet<String> = codes.iter().filter(|code| *code != "XK").cloned().collect();
    assert_eq!(ours, iso);
    for country in rust_iso3166::ALL {
        for written in [country.alpha2, country.alpha3, &country.alpha3.to_lowercase()] {
            assert_eq!(markets.resolve(written), Resolved::Code(country.alpha2.into()), "{written}");
        }
    }
    for entry in &markets.entries {
        for language in ["en", "ru"] {
            let name = entry.names.get(language).unwrap_or_else(|| panic!("{} has no name in {language}", entry.code));
            assert_eq!(markets.resolve(name), Resolved::Code(Arc::clone(&entry.code)), "{name}");
        }
    }
}

#[test]
fn exactly_the_listed_markets_are_unavailable() {
    let engine = engine();
    let list = engine.checked().lists.iter().find(|list| &*list.name == "unavailable").unwrap();
    assert_eq!(list.entries.len(), 106);
    let cited: BTreeSet<u32> = list.entries.iter().flat_map(|e| e.clauses.iter().map(|c| c.number)).collect();
    assert_eq!(cited, (116..=224).collect(), "every one of the 109 names is cited by its market");
}

#[test]
fn every_normative_clause_is_cited_and_every_source_clause_registered() {
    let engine = engine();
    let source = &engine.checked().sources["csp-2021-06"];
    assert_eq!(source.clauses.len(), 218);
    assert_eq!(source.clauses.keys().copied().collect::<Vec<_>>(), (103..=320).collect::<Vec<_>>());
    assert!(source.clauses.values().filter(|clause| clause.normative).count() > 150);
    // That each is cited is a finding of loading (`clause-without-rule`), and the bundle has no findings.
}

#[test]
fn every_requirement_is_carried_by_a_cited_clause() {
    let engine = engine();
    let source = &engine.checked().sources["csp-2021-06"];
    let carried: BTreeSet<&str> = source.clauses.values().flat_map(|c| c.requirements.iter().map(|r| &**r)).collect();
    for number in 1..=58 {
        let requirement = format!("R-{number:02}");
        assert!(carried.contains(requirement.as_str()), "{requirement} is carried by no clause");
    }
}

#[test]
fn two_yaml_readers_read_every_shipped_file_alike() {
    let mut count = 0;
    for path in common::files(&common::root().join("policies"), ".yaml") {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut findings = clausal::model::finding::Findings::default();
        let ours = clausal::bundle::yaml::parse("file", &text, &BundleLimits::default(), &mut findings).unwrap();
        let theirs: Json = serde_yaml::from_str(&text).unwrap();
        assert!(findings.is_empty(), "{}", path.display());
        assert_same(&ours, &theirs, &path.display().to_string());
        count += 1;
    }
    assert!(count > 15, "{count} files");
}

/// Ours keeps scalars as text; theirs types plain ones.
fn assert_same(ours: &Node, theirs: &Json, at: &str) {
    match (&ours.content, theirs) {
        (Content::Sequence(items), Json::Array(others)) => {
            assert_eq!(items.len(), others.len(), "{at}");
            items.iter().zip(others).for_each(|(item, other)| assert_same(item, other, at));
        }
        (Content::Mapping(entries), Json::Object(others)) => {
            assert_eq!(entries.len(), others.len(), "{at}");
            for (key, value) in entries {
                let key = key.text().unwrap();
                assert_same(value, others.get(key).unwrap_or_else(|| panic!("{at}: {key}")), &format!("{at}/{key}"));
            }
        }
        (Content::Scalar(text, _), Json::String(other)) => assert_eq!(text, other, "{at}"),
        (Content::Scalar(text, Style::Plain), Json::Bool(other)) => assert_eq!(*text, other.to_string(), "{at}"),
        (Content::Scalar(text, Style::Plain), Json::Number(other)) => assert_eq!(*text, other.to_string(), "{at}"),
        (_, other) => panic!("{at}: {other} is something else to us"),
    }
}

/// The engine is used from many threads and moved between them.
#[test]
fn engine_and_answers_are_send_and_sync() {
    fn check<T: Send + Sync + Clone>() {}
    check::<Engine>();
    check::<clausal::Answer>();
    check::<clausal::Decision>();
}

#[test]
fn a_struct_decides_like_its_json() {
    #[derive(serde::Serialize)]
    struct Request<'a> {
        kind: &'a str,
        at: &'a str,
        license: License<'a>,
    }
    #[derive(serde::Serialize)]
    struct License<'a> {
        product: &'a str,
        edition: &'a str,
        software_assurance: bool,
    }
    let license = License { product: "Windows Server", edition: "Datacenter", software_assurance: true };
    let request = Request { kind: "hybrid-benefit", at: "2021-07-01", license };
    let engine = engine();
    let from_struct = engine.decide(&request).unwrap();
    let from_json = engine.decide_json(serde_json::to_string(&request).unwrap().as_bytes()).unwrap();
    assert_eq!(from_struct.outcome(), clausal::Outcome::Permit);
    assert_eq!(from_struct.to_json_line("en"), from_json.to_json_line("en"));
}

#[test]
fn lists_are_tested_where_they_are_used() {
    let engine = engine();
    let used = engine.checked().rules.iter().any(|rule| {
        let mut found = false;
        clausal::explain::cited::tests(&rule.when, &mut |_, test| found |= matches!(test, Test::InList(_)));
        found
    });
    assert!(used);
}
