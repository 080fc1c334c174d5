//! The program and the interpreter give the same bytes and the same errors, for generated bundles and requests.
//!
//! The everyday run takes seconds; `cargo test --release --test differential -- --ignored` compares a million pairs. A
//! failure shrinks, and prints the bundle and the request.
#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unreachable,
    clippy::print_stdout,
    reason = "tests; the generators of other tests are used in part"
)]

#[path = "../laws/generate.rs"]
mod generate;
#[path = "../time_laws/history.rs"]
mod history;
#[path = "../time_laws/overlays.rs"]
mod overlays;
#[path = "../laws/print.rs"]
mod print;
#[path = "../laws/request.rs"]
mod request;
mod wide;
#[path = "../laws/words.rs"]
mod words;

use std::cell::Cell;
use std::fmt::Debug;

use clausal::{Answer, Engine, LoadError, RequestError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// How many pairs were compared, and how many of them the program decided itself.
#[derive(Default)]
struct Pairs {
    all: Cell<u32>,
    compiled: Cell<u32>,
    refused: Cell<u32>,
}

/// Everything that an answer says, or the error.
fn told(engine: &Engine, answer: &Result<Answer, RequestError>) -> String {
    match answer {
        Ok(answer) => {
            // A line is written of words made ready, the tree of what every method of a decision tells.
            let both = |language| (answer.to_json_line(language), answer.to_json(language).to_string());
            let lines: Vec<_> = engine.languages().map(both).collect();
            let typed = answer.decisions().iter().map(|one| {
                let codes: Vec<&str> = one.reason_codes().collect();
                format!(
                    "{:?} {codes:?} {:?} {:?} {} {:?}",
                    one.outcome(),
                    one.results(),
                    one.id(),
                    one.kind(),
                    one.at()
                )
            });
            format!("{lines:#?} {:?}", typed.collect::<Vec<_>>())
        }
        Err(error) => format!("{error:?}"),
    }
}

impl Pairs {
    fn compare(&self, engine: &Engine, request: &str) -> Result<(), TestCaseError> {
        let (fast, slow) = (engine.decide_json(request.as_bytes()), engine.interpret_json(request.as_bytes()));
        prop_assert_eq!(told(engine, &fast), told(engine, &slow), "{}", request);
        let prepared = engine.prepare(request.as_bytes()).filter(|prepared| prepared.is_compiled());
        if let Some(prepared) = &prepared {
            prop_assert_eq!(told(engine, &prepared.decide(engine)), told(engine, &slow), "prepared: {}", request);
        }
        self.all.set(self.all.get() + 1);
        self.compiled.set(self.compiled.get() + u32::from(prepared.is_some()));
        self.refused.set(self.refused.get() + u32::from(slow.is_err()));
        Ok(())
    }

    /// At least so many of a hundred were decided by the program, and some were refused by both.
    fn assert_floor(&self, floor: u32) {
        let (all, compiled, refused) = (self.all.get(), self.compiled.get(), self.refused.get());
        println!("{all} pairs, {compiled} decided by the program, {refused} errors");
        assert!(
            u64::from(compiled) * 100 >= u64::from(all) * u64::from(floor),
            "the program decided {compiled} of {all}"
        );
    }
}

fn hold<S: Strategy>(cases: u32, strategy: &S, law: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: Debug,
{
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 3_000, ..Config::default() };
    if let Err(error) = TestRunner::new(config).run(strategy, law) {
        panic!("{error}");
    }
}

fn load(texts: Vec<(String, String)>) -> Result<Engine, TestCaseError> {
    Engine::builder().texts(texts).build().map_err(|error| {
        let LoadError::Findings { findings } = &error else { return TestCaseError::fail(error.to_string()) };
        let errors = findings.iter().filter(|finding| finding.severity() == clausal::Severity::Error);
        let messages = errors.map(|finding| format!("{}: {}", finding.code, finding.message));
        TestCaseError::fail(format!("the bundle does not load: {:#?}", messages.collect::<Vec<_>>()))
    })
}

/// Every form of matcher and effect, tables, lists, dates, absences, scripts that fail, parts, errors.
fn wide(cases: u32, requests: usize) {
    let pairs = Pairs::default();
    hold(cases, &wide::case(requests), |case| {
        let engine = load(case.texts())?;
        case.requests.iter().try_for_each(|(request, extra)| pairs.compare(&engine, &wide::written(request, extra)))
    });
    pairs.assert_floor(30);
    assert!(pairs.refused.get() > 0, "no request was refused");
}

/// The small language of the laws, where the program has the least to leave alone.
fn small(cases: u32, requests: usize) {
    let pairs = Pairs::default();
    hold(cases, &generate::case(requests), |case| {
        let engine = load(case.bundle.texts())?;
        case.requests.iter().try_for_each(|request| pairs.compare(&engine, &request.json().to_string()))
    });
    pairs.assert_floor(50);
}

/// Settings, rows, entries and rules that hold for a time, below one overlay or two.
fn dated(cases: u32, requests: usize) {
    let pairs = Pairs::default();
    let questions = prop::collection::vec(history::question(), requests);
    let bundles = (history::history(), overlays::overlay(), overlays::overlay());
    hold(cases, &(bundles, questions), |((history, first, second), questions)| {
        // An overlay that contradicts what it extends is refused; the other tests say which are.
        let layers = [overlays::in_steps(&history, &first, &second), history.texts("")];
        for engine in layers.into_iter().filter_map(|texts| load(texts).ok()) {
            questions.iter().try_for_each(|question| pairs.compare(&engine, &question.json(&history)))?;
        }
        Ok(())
    });
    // Instants finer than microseconds are left to the interpreter.
    pairs.assert_floor(50);
}

#[test]
fn wide_bundles_are_decided_alike() {
    wide(112, 20);
}

#[test]
fn small_bundles_are_decided_alike() {
    small(64, 20);
}

#[test]
fn dated_bundles_and_overlays_are_decided_alike() {
    dated(48, 10);
}

#[test]
#[ignore = "minutes: 500 000 pairs"]
fn many_wide_bundles_are_decided_alike() {
    wide(20_000, 25);
}

#[test]
#[ignore = "minutes: 300 000 pairs"]
fn many_small_bundles_are_decided_alike() {
    small(12_000, 25);
}

#[test]
#[ignore = "minutes: 200 000 pairs"]
fn many_dated_bundles_are_decided_alike() {
    dated(6_000, 20);
}
