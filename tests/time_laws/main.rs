//! Laws of time and overlays, over generated histories: what holds on a day decides that day and nothing else does.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;
mod history;
mod overlays;

use clausal::{Code, Engine, LoadError};
use history::{COLOURS, DAY, Dated, History, Period, Question, SPAN, question};
use proptest::prelude::*;
use serde_json::Value as Json;

fn load(texts: Vec<(String, String)>) -> Result<Engine, Vec<Code>> {
    match Engine::builder().texts(texts).build() {
        Ok(engine) => Ok(engine),
        Err(LoadError::Findings { findings }) => {
            let codes = findings.iter().filter(|f| f.severity() == clausal::Severity::Error).map(|f| f.code);
            Err(codes.collect())
        }
        Err(other) => panic!("{other}"),
    }
}

fn engine(history: &History) -> Engine {
    load(history.texts("")).unwrap_or_else(|codes| panic!("{codes:?}: {history:#?}"))
}

/// An answer without what an overlay or another place in a file may change: the bundle's identity and places.
fn apart_from_places(mut answer: Json) -> String {
    fn strip(json: &mut Json) {
        match json {
            Json::Array(items) => items.iter_mut().for_each(strip),
            Json::Object(map) => {
                map.remove("source");
                map.remove("bundle");
                map.values_mut().for_each(strip);
            }
            _ => {}
        }
    }
    strip(&mut answer);
    answer.to_string()
}

fn bytes(engine: &Engine, request: &str) -> String {
    apart_from_places(common::answer(engine, request.as_bytes()))
}

/// Something of another time, with another value: it must not matter.
fn others<T: Clone>(dated: &[Dated<T>], second: i64, keep: bool, other: impl Fn(&T) -> T) -> Vec<Dated<T>> {
    let holds = |one: &&Dated<T>| one.period.holds(second);
    if !keep && dated.iter().any(|one| one.period.holds(second)) {
        return dated.iter().filter(holds).cloned().collect();
    }
    let change = |one: &Dated<T>| {
        let value = if one.period.holds(second) { one.value.clone() } else { other(&one.value) };
        Dated { value, period: one.period }
    };
    dated.iter().map(change).collect()
}

/// What the history says of a question, without any engine: outcome, the row's number, the setting.
fn model(history: &History, question: Question) -> (&'static str, Option<i64>, i64) {
    let [row_time, entry_time, rule_time, value_time] = history.by_day.map(|by_day| question.second(by_day));
    let row = history.rows.iter().find(|row| row.colour == question.colour && row.period.holds(row_time));
    let most = if history.rows.is_empty() { Some(3) } else { row.map(|row| row.most) };
    let listed = history.entries.iter().any(|e| e.value == question.colour && e.period.holds(entry_time));
    let refused = history.rules.iter().any(|r| r.value == question.number && r.period.holds(rule_time));
    let reading = history.values.iter().find(|v| v.period.holds(value_time)).map_or(99, |v| v.value);
    let outcome = match most {
        _ if listed || refused => "deny",
        Some(most) if question.number > most => "deny",
        Some(_) => "permit",
        None => "not-covered",
    };
    (outcome, most, reading)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// An engine says what the history says.
    #[test]
    fn the_history_decides(history in history::history(), questions in prop::collection::vec(question(), 12)) {
        let engine = engine(&history);
        for question in questions {
            let answer = common::answer(&engine, question.json(&history).as_bytes());
            let (outcome, most, reading) = model(&history, question);
            prop_assert_eq!(&answer["outcome"], outcome, "{}", answer);
            let bounded = question.number > most.unwrap_or(i64::MAX) || (outcome == "permit" && !history.rows.is_empty());
            if bounded {
                prop_assert_eq!(&answer["results"]["most"], &Json::from(most), "{}", answer);
            }
            if outcome == "permit" {
                prop_assert_eq!(&answer["results"]["reading"], &Json::from(reading), "{}", answer);
            }
        }
    }

    /// An answer for a day depends only on what is in force that day: everything else may change or go.
    #[test]
    fn only_what_is_in_force_matters(history in history::history(), question in question(), keep: bool) {
        let [row_time, entry_time, rule_time, value_time] = history.by_day.map(|by_day| question.second(by_day));
        let mut other = history.clone();
        for row in other.rows.iter_mut().filter(|row| !row.period.holds(row_time)) {
            row.most += 1;
        }
        if !keep && other.rows.iter().any(|row| row.period.holds(row_time)) {
            other.rows.retain(|row| row.period.holds(row_time));
        }
        other.entries = others(&history.entries, entry_time, keep, |colour| (colour + 1) % COLOURS.len());
        other.values = others(&history.values, value_time, keep, |value| value + 1);
        // A rule keeps its id by its position, so rules change and stay.
        other.rules = others(&history.rules, rule_time, true, |number| number + 1);
        let request = question.json(&history);
        prop_assert_eq!(bytes(&engine(&history), &request), bytes(&engine(&other), &request));
    }

    /// Splitting a row, an entry or a value at an instant changes nothing.
    #[test]
    fn splitting_changes_nothing(
        history in history::history(),
        cut in prop_oneof![(0..SPAN).prop_map(|day| day * DAY), 0..SPAN * DAY],
        questions in prop::collection::vec(question(), 6),
    ) {
        fn split<T: Clone>(dated: &[Dated<T>], cut: i64) -> Vec<Dated<T>> {
            let halves = |one: &Dated<T>| -> Vec<Dated<T>> {
                one.period.split(cut).into_iter().map(|period| Dated { value: one.value.clone(), period }).collect()
            };
            dated.iter().flat_map(halves).collect()
        }
        let mut other = history.clone();
        other.values = split(&history.values, cut);
        // Evidence goes with a row, so that it is the same for both halves; entries are numbered anew, so theirs is not compared.
        let mut rows = Vec::new();
        for row in &history.rows {
            rows.extend(row.period.split(cut).into_iter().map(|period| history::Row { period, ..row.clone() }));
        }
        let (before, after) = (engine(&history), load(unnamed_rows(&History { rows: rows.clone(), ..other.clone() })).unwrap());
        for question in &questions {
            let request = question.json(&history);
            prop_assert_eq!(bytes(&before, &request), bytes(&after, &request));
        }
        let entries = split(&history.entries, cut);
        let rules = split(&history.rules, cut);
        let (before, after) = (engine(&history), engine(&History { entries, rules, ..history.clone() }));
        for question in &questions {
            let [a, b] = [&before, &after].map(|engine| common::substance(&common::answer(engine, question.json(&history).as_bytes())));
            prop_assert_eq!(a, b);
        }
    }

    /// An empty overlay changes nothing, not even the bytes, but the bundle's identity and where its files lie.
    #[test]
    fn an_empty_overlay_changes_nothing(history in history::history(), questions in prop::collection::vec(question(), 6)) {
        let mut texts = history.texts("../base/");
        texts.push(("bundle.yaml".into(), "bundle: empty\nversion: \"1\"\nextends: ../base\n".into()));
        let (plain, overlaid) = (engine(&history), load(texts).unwrap());
        prop_assert_ne!(&plain.bundle().digest, &overlaid.bundle().digest);
        for question in questions {
            let request = question.json(&history);
            prop_assert_eq!(bytes(&plain, &request), bytes(&overlaid, &request));
        }
    }

    /// Applying overlays in steps equals applying the composed one: the same errors, or the same answers.
    #[test]
    fn overlays_in_steps_equal_the_composed_one(
        history in history::history(),
        first in overlays::overlay(),
        second in overlays::overlay(),
        questions in prop::collection::vec(question(), 8),
    ) {
        let steps = load(overlays::in_steps(&history, &first, &second));
        let composed = load(overlays::composed(&history, &first, &second));
        match (steps, composed) {
            (Ok(steps), Ok(composed)) => {
                for question in questions {
                    let request = question.json(&history);
                    prop_assert_eq!(bytes(&steps, &request), bytes(&composed, &request));
                }
            }
            (steps, composed) => {
                prop_assert_eq!(steps.map(|_| ()).unwrap_err(), composed.map(|_| ()).unwrap_err());
            }
        }
    }
}

/// The texts of a history whose rows have no ids of their own, for halves of one row.
fn unnamed_rows(history: &History) -> Vec<(String, String)> {
    let unnamed = |line: &str| match line.split_once("id: row-") {
        Some((before, named)) => format!("{before}{}\n", named.split_once(", ").unwrap().1),
        None => format!("{line}\n"),
    };
    let mut texts = history.texts("");
    for (_, text) in texts.iter_mut().filter(|(path, _)| path == "policy.yaml") {
        *text = text.lines().map(unnamed).collect();
    }
    texts
}

/// The generator reaches what the laws are about: histories that overlays still load over, and each outcome.
#[test]
fn generated_histories_are_not_trivial() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut outcomes, mut loaded) = (std::collections::BTreeMap::<String, usize>::new(), 0);
    for _ in 0..200 {
        let mut draw = || {
            let history = history::history().new_tree(&mut runner).unwrap().current();
            let question = question().new_tree(&mut runner).unwrap().current();
            let overlays = (overlays::overlay(), overlays::overlay()).new_tree(&mut runner).unwrap().current();
            (history, question, overlays)
        };
        let (history, question, (first, second)) = draw();
        *outcomes.entry(model(&history, question).0.to_owned()).or_default() += 1;
        loaded += usize::from(load(overlays::composed(&history, &first, &second)).is_ok());
    }
    assert!(
        ["permit", "deny", "not-covered"].iter().all(|outcome| outcomes.get(*outcome).is_some_and(|n| *n > 15)),
        "{outcomes:?}"
    );
    assert!(loaded > 60, "{loaded} of 200 pairs of overlays load");
    assert!(Period::ALWAYS.split(DAY).len() == 2);
}

/// Derived facts may read settings, so they cannot date them.
#[test]
fn a_setting_is_not_dated_by_a_derived_fact() {
    let values = vec![Dated { value: 1, period: Period { from: Some(DAY), until: None } }];
    let (rows, entries, rules) = (Vec::new(), Vec::new(), Vec::new());
    let history = History { base: "2020-02-20", by_day: [true; 4], rows, entries, rules, values };
    let derived = "  later: { type: timestamp, script: 'add_seconds(day, settings.reading)', gist: derived }\nkinds:\n";
    let with = |clock: &str| {
        let change = |(path, text): (String, String)| {
            (path, text.replace("kinds:\n", derived).replace("dated-by: day", &format!("dated-by: {clock}")))
        };
        load(history.texts("").into_iter().map(change).collect()).map(|_| ()).err()
    };
    assert_eq!(with("day"), None);
    assert_eq!(with("later"), Some(vec![Code::TypeMismatch]));
}

/// The same over the shipped bundles and every scenario.
#[test]
fn an_empty_overlay_over_the_shipped_bundles_changes_nothing() {
    let policies = common::root().join("policies");
    for name in ["csp", "csp-timeline"] {
        let mut texts: Vec<(String, String)> = Vec::new();
        for folder in ["csp", "csp-timeline"] {
            for path in common::files(&policies.join(folder), "") {
                let below = path.strip_prefix(&policies).unwrap().to_string_lossy().replace('\\', "/");
                texts.push((format!("../{below}"), std::fs::read_to_string(&path).unwrap()));
            }
        }
        texts.push(("bundle.yaml".into(), format!("bundle: empty\nversion: \"1\"\nextends: ../{name}\n")));
        let (plain, overlaid) = (common::engine(name, &[]), load(texts).unwrap());
        assert!(overlaid.warnings().is_empty());
        for folder in ["fixtures/decide", "fixtures/timeline"] {
            for path in common::files(&common::root().join(folder), ".yaml") {
                let request = common::yaml(&path)["request"].to_string();
                assert_eq!(bytes(&plain, &request), bytes(&overlaid, &request), "{name}: {}", path.display());
            }
        }
    }
}
