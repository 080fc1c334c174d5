//! The laws.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use clausal::{Answer, Engine, Limits};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::words::*;
use super::{generate, oracle};

/// Holds a law against so many generated inputs.
fn hold<S: Strategy>(cases: u32, strategy: &S, law: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: Debug,
{
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    if let Err(error) = TestRunner::new(config).run(strategy, law) {
        panic!("{error}");
    }
}

fn load(bundle: &Bundle) -> Result<Engine, TestCaseError> {
    Engine::from_texts(bundle.texts(), Limits::default())
        .map_err(|error| TestCaseError::fail(format!("the bundle does not load: {error}")))
}

fn answer(engine: &Engine, request: &Request) -> Result<Answer, TestCaseError> {
    engine
        .decide_json(request.json().to_string().as_bytes())
        .map_err(|error| TestCaseError::fail(format!("the request is refused: {error}")))
}

/// A decision without its words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    outcome: String,
    reasons: BTreeSet<(String, String)>,
    missing: BTreeSet<String>,
    results: BTreeMap<String, String>,
    duties: BTreeSet<String>,
}

fn told(answer: &Answer) -> Told {
    let decision = &answer.decisions()[0];
    let duties = decision.obligations("en").into_iter().chain(decision.advice("en"));
    Told {
        outcome: decision.outcome().to_string(),
        reasons: decision.reasons("en").iter().map(|r| (r.rule.to_string(), r.code.to_string())).collect(),
        missing: decision.missing().iter().map(ToString::to_string).collect(),
        results: decision.results().iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        duties: duties.map(|duty| duty.code.to_string()).collect(),
    }
}

fn decide(bundle: &Bundle, request: &Request) -> Result<Told, TestCaseError> {
    Ok(told(&answer(&load(bundle)?, request)?))
}

fn expected(said: &oracle::Said) -> Told {
    Told {
        outcome: said.outcome.into(),
        reasons: said.reasons.iter().map(|(rule, code)| (rule.clone(), (*code).into())).collect(),
        missing: said.missing.iter().map(|path| (*path).into()).collect(),
        results: said.results.iter().map(|(name, value)| ((*name).into(), value.to_string())).collect(),
        duties: said.duties.iter().map(|code| (*code).into()).collect(),
    }
}

/// Outcome, reasons, missing facts, results and obligations are those of the independent reading.
pub fn the_engine_agrees_with_the_oracle(cases: u32) {
    hold(cases, &generate::case(4), |case| {
        let engine = load(&case.bundle)?;
        for request in &case.requests {
            let given = told(&answer(&engine, request)?);
            let wanted = expected(&oracle::decide(&case.bundle, request));
            prop_assert_eq!(given, wanted, "{}", request.json());
        }
        Ok(())
    });
}
