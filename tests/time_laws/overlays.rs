//! Generated overlays, applied one after the other or composed into one.

use std::fmt::Write;

use proptest::prelude::*;

use super::history::{COLOURS, DAY, History, Period, Row, SPAN};

#[derive(Clone, Debug)]
pub enum Change {
    AddRule { number: i64, period: Period },
    AddRow { colour: usize, most: i64, period: Period },
    AddEntry { colour: usize, period: Period },
    RetireRule { at: usize, period: Period },
    RetireRow { at: usize, period: Period },
    RetireList { period: Period },
    Set { value: i64 },
}

fn period() -> impl Strategy<Value = Period> {
    let end = || prop::option::of((0..SPAN).prop_map(|day| day * DAY));
    (end(), end()).prop_map(|(from, until)| match (from, until) {
        (Some(from), Some(until)) if until <= from => Period { from: Some(from), until: None },
        (from, until) => Period { from, until },
    })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0..6_i64, period()).prop_map(|(number, period)| Change::AddRule { number, period }),
        1 => (0..COLOURS.len(), 0..6_i64, period()).prop_map(|(colour, most, period)| Change::AddRow { colour, most, period }),
        2 => (0..COLOURS.len(), period()).prop_map(|(colour, period)| Change::AddEntry { colour, period }),
        3 => (0..4_usize, period()).prop_map(|(at, period)| Change::RetireRule { at, period }),
        2 => (0..3_usize, period()).prop_map(|(at, period)| Change::RetireRow { at, period }),
        1 => period().prop_map(|period| Change::RetireList { period }),
        2 => (0..6_i64).prop_map(|value| Change::Set { value }),
    ]
}

pub fn overlay() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 0..4)
}

const BASE_RULES: [&str; 4] = ["p/inside", "p/outside", "p/listed", "p/refused"];

/// The policy file of an overlay.
fn policy(name: &str, history: &History, changes: &[Change]) -> String {
    let [mut rules, mut rows, mut entries, mut retire] = [const { String::new() }; 4];
    for (n, change) in (0..).zip(changes) {
        match change {
            Change::AddRule { number, period } => {
                let dating = history.dating(*period, n);
                writeln!(rules, "  - {{ id: rule-{n}, when: {{ number: {number} }}, deny: refused{dating} }}").unwrap();
            }
            Change::AddRow { colour, most, period } => {
                let row =
                    Row { id: n + if name == "a" { 100 } else { 200 }, colour: *colour, most: *most, period: *period };
                rows.push_str(&history.row(&row, 4));
            }
            Change::AddEntry { colour, period } => {
                writeln!(entries, "    - {{ value: {}{} }}", COLOURS[*colour], history.dating(*period, n)).unwrap();
            }
            Change::RetireRule { at, period } => {
                writeln!(retire, "  - {{ rule: {}, reason: no more{} }}", BASE_RULES[*at], when(history, *period))
                    .unwrap();
            }
            Change::RetireRow { at, period } if *at < history.rows.len() => {
                writeln!(retire, "  - {{ row: limit/row-{at}, reason: no more{} }}", when(history, *period)).unwrap();
            }
            Change::RetireList { period } => {
                writeln!(retire, "  - {{ list: listed, reason: no more{} }}", when(history, *period)).unwrap();
            }
            Change::RetireRow { .. } | Change::Set { .. } => {}
        }
    }
    let mut out = format!("policy: {name}\nrequest: question\n");
    let has = |part: &str, kept: bool| !part.is_empty() && kept;
    if has(&rows, !history.rows.is_empty()) {
        write!(out, "add-rows:\n  limit:\n{rows}").unwrap();
    }
    if has(&entries, !history.entries.is_empty()) {
        write!(out, "add-entries:\n  listed:\n{entries}").unwrap();
    }
    if has(&retire, !retire.contains("listed, reason") || !history.entries.is_empty()) {
        write!(out, "retire:\n{retire}").unwrap();
    }
    if !rules.is_empty() {
        write!(out, "rules:\n{rules}").unwrap();
    }
    out
}

fn when(history: &History, period: Period) -> String {
    history.effective(period).map(|effective| format!(", effective: {effective}")).unwrap_or_default()
}

fn manifest(extends: &str, policies: &str, changes: &[Change]) -> String {
    let mut out = format!("bundle: over\nversion: \"2\"\nextends: {extends}\npolicies: [{policies}]\n");
    let set =
        changes.iter().rev().find_map(|change| if let Change::Set { value } = change { Some(value) } else { None });
    if let Some(value) = set {
        writeln!(out, "settings: {{ reading: {value} }}").unwrap();
    }
    out
}

pub fn in_steps(history: &History, first: &[Change], second: &[Change]) -> Vec<(String, String)> {
    let mut texts = history.texts("../base/");
    let files = [
        ("../mid/bundle.yaml", manifest("../base", "a.yaml", first)),
        ("../mid/a.yaml", policy("a", history, first)),
        ("bundle.yaml", manifest("../mid", "b.yaml", second)),
        ("b.yaml", policy("b", history, second)),
    ];
    texts.extend(files.map(|(path, text)| (path.to_owned(), text)));
    texts
}

pub fn composed(history: &History, first: &[Change], second: &[Change]) -> Vec<(String, String)> {
    let mut texts = history.texts("../base/");
    let both: Vec<Change> = first.iter().chain(second).cloned().collect();
    let files = [
        ("bundle.yaml", manifest("../base", "a.yaml, b.yaml", &both)),
        ("a.yaml", policy("a", history, first)),
        ("b.yaml", policy("b", history, second)),
    ];
    texts.extend(files.map(|(path, text)| (path.to_owned(), text)));
    texts
}
