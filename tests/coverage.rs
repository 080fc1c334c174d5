//! The scenarios reach everything that the shipped bundle can do, and the reports say so rightly.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::string_slice, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use clausal::Engine;
use clausal::assure::coverage::{Coverage, Metric, html, lcov, report};
use clausal::assure::scenario::Scenario;
use clausal::assure::scenario::bundles::Bundles;
use clausal::assure::scenario::folder::read_folder;

fn scenarios() -> (Engine, Vec<Scenario>) {
    let mut bundles = Bundles::embedded().unwrap();
    let folder = read_folder(&common::root().join("fixtures/decide"), "", &mut bundles).unwrap();
    (bundles.main().clone(), folder.scenarios)
}

/// Coverage by the scenarios whose name passes a test.
fn covered<'e>(engine: &'e Engine, scenarios: &[Scenario], wanted: impl Fn(&str) -> bool) -> Coverage<'e> {
    let mut coverage = Coverage::new(engine);
    scenarios.iter().filter(|scenario| wanted(&scenario.name)).for_each(|scenario| coverage.add(scenario));
    coverage
}

fn open(coverage: &Coverage<'_>) -> BTreeSet<String> {
    let units = coverage.units().into_iter().filter(|unit| unit.hits == 0);
    units.map(|unit| format!("{} {}: {}", unit.metric, unit.owner, unit.what)).collect()
}

#[test]
fn the_shipped_scenarios_cover_the_shipped_bundle() {
    let (engine, scenarios) = scenarios();
    let coverage = covered(&engine, &scenarios, |_| true);
    for metric in Metric::ALL {
        let share = coverage.share(metric);
        assert_eq!(share.covered, share.total, "{}", report::human(&coverage));
        assert!(share.total > 0, "no {metric} are counted");
    }
    assert!(coverage.share(Metric::Rules).total > 100, "{}", report::human(&coverage));
    assert!(coverage.share(Metric::Entries).total > 110, "{}", report::human(&coverage));
}

/// What each scenario alone contributes is missed when it is taken away.
#[test]
fn what_is_not_exercised_is_named() {
    let (engine, scenarios) = scenarios();
    let nothing = open(&covered(&engine, &scenarios, |_| false));
    assert!(nothing.len() > 700 && nothing.contains("rows window: row thirty-days"), "{}", nothing.len());
    let without = |part: &str| open(&covered(&engine, &scenarios, |name| !name.contains(part)));
    assert_eq!(
        without("key-access/order-by-its-other-id"),
        BTreeSet::from(["matchers key-access/order-not-named: order.alternate_id: present true: holds".to_owned()])
    );
    let missed = without("day-29");
    let wanted = "cancellation-windows/inside-window: order.age_days: at-most $window.calendar_days: just below 30";
    assert!(missed.contains(&format!("boundaries {wanted}")), "{missed:#?}");
    let missed = without("each-listed-name");
    assert!(missed.contains("entries unavailable: the entry TV"), "{missed:#?}");
    assert!(missed.contains("clauses csp-2021-06: clause 120"), "{missed:#?}");
    assert!(!missed.contains("entries unavailable: the entry GL"), "{missed:#?}");
    let failing = |name: &str| name.contains("amount-too-large") || name.contains("term-beyond-the-calendar");
    let missed = open(&covered(&engine, &scenarios, |name| !failing(name)));
    assert!(missed.contains("messages ru: reason-rule-failed"));
}

#[test]
fn readings_open_and_close_what_is_counted() {
    let (engine, _) = scenarios();
    let coverage = Coverage::new(&engine);
    assert!(coverage.off().iter().any(|name| &**name == "activity-log/retention"));
    assert!(!open(&coverage).iter().any(|unit| unit.contains("activity-log/retention")));
    let other = Engine::builder().setting("log_retention_days", "90").build().unwrap();
    let coverage = Coverage::new(&other);
    assert!(!coverage.off().iter().any(|name| &**name == "activity-log/retention"));
    assert!(open(&coverage).contains("rules activity-log/retention: matches"));
    assert!(open(&coverage).contains("messages en: reason-outside-retention"));
}

#[test]
fn periods_have_both_ends_to_cover() {
    let timeline = Engine::builder().embedded("csp-timeline").build().unwrap();
    let all = open(&Coverage::new(&timeline));
    for side in ["at", "just before"] {
        let wanted = format!("boundaries window: {side} order.window_start 2021-06-01 (until)");
        assert!(all.contains(&wanted), "no {wanted} in {all:#?}");
    }
    // The row of the base that the overlay retires for good is not counted.
    assert!(!all.contains("rows window: row thirty-days"), "{all:#?}");
}

#[test]
fn lcov_names_lines_that_are_there() {
    let (engine, scenarios) = scenarios();
    let text = lcov::lcov(&covered(&engine, &scenarios, |name| name.starts_with("purchase/")), "policies/csp");
    let (mut lines, mut records) = (0, 0);
    let (mut found, mut hit, mut total) = (0, 0, 0);
    for line in text.lines() {
        if let Some(file) = line.strip_prefix("SF:") {
            lines = std::fs::read_to_string(common::root().join(file)).unwrap().lines().count();
            (found, hit) = (0, 0);
        } else if let Some((at, hits)) = line.strip_prefix("DA:").and_then(|rest| rest.split_once(',')) {
            assert!((1..=lines).contains(&at.parse().unwrap()), "{line}");
            found += 1;
            hit += usize::from(hits.parse::<u64>().unwrap() > 0);
        } else if let Some(count) = line.strip_prefix("LF:") {
            assert_eq!(count.parse::<usize>().unwrap(), found);
        } else if let Some(count) = line.strip_prefix("LH:") {
            assert_eq!(count.parse::<usize>().unwrap(), hit);
        } else if line == "end_of_record" {
            records += 1;
            total += hit;
        } else {
            let known = ["TN:", "FN:", "FNDA:", "FNF:", "FNH:", "BRDA:", "BRF:", "BRH:"];
            assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
        }
    }
    assert!(records > 10 && total > 100, "{records} files, {total} lines hit");
    assert!(
        text.contains("SF:policies/csp/unavailable-markets.yaml\n") && text.contains("BRDA:") && text.contains(",-\n")
    );
    assert!(text.contains("FNDA:0,cancellation/linux-plans\n"), "{text}");
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let (engine, scenarios) = scenarios();
    let page = html::html(&covered(&engine, &scenarios, |name| name.starts_with("purchase/")));
    for forbidden in ["<script", "http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(forbidden), "the page has {forbidden}");
    }
    let links: Vec<&str> = page.split("href=\"#").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).collect();
    assert!(links.len() > 50);
    for link in links {
        assert!(page.contains(&format!("id=\"{link}\"")), "nothing is at {link}");
    }
    for class in ["full", "part", "none"] {
        assert!(page.contains(&format!("class=\"{class}\"")), "no line is {class}");
    }
    let opened = ["<span", "<details", "<pre", "<table", "<i>"].map(|tag| page.matches(tag).count());
    let closed = ["</span>", "</details>", "</pre>", "</table>", "</i>"].map(|tag| page.matches(tag).count());
    assert_eq!(opened, closed);
    assert!(page.contains("Cocos (Keeling) Islands") && !page.contains("<clause"));
}

#[test]
fn the_command_fails_under_what_is_asked_for() {
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clausal"));
        let done = command.arg("coverage").args(args).current_dir(common::root()).output().unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    let (code, out, err) = run(&["--fail-under", "100"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("boundaries  ") && out.contains("100.0 %"), "{out}");
    let (code, _, err) = run(&["--fail-under", "99.99", "fixtures/decide/purchase"]);
    assert!(code == 1 && err.contains("boundaries are covered by 0.0 %, less than 99.99 %"), "{err}");
    assert_eq!(run(&["--fail-under", "0", "fixtures/decide/purchase"]).0, 0);
    assert_eq!(run(&["--fail-under", "101"]).0, 64);
    let (code, out, _) = run(&["--format", "json", "fixtures/decide/purchase"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["metrics"]["rows"]["covered"]), (0, &0.into()));
    assert_eq!(json["units"].as_array().unwrap().len(), json["total"]["total"]);
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("lcov.info");
    let (code, out, _) = run(&["--format", "lcov", "--bundle", "policies/csp", "-o", file.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(std::fs::read_to_string(file).unwrap().contains("SF:policies/csp/messages/ru.ftl\n"));
}
