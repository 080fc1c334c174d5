//! What an answer and a verdict differ in.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::decision::{Answer, Decision};
use crate::model::error::RequestError;
use crate::model::finding::Place;

use super::{Expect, Expected, INVALID, Written};

/// One difference, and the words of the scenario that it contradicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where the expectation stands.
    pub place: Place,
    /// What is, and what was expected.
    pub message: String,
}

/// What an answer and a verdict differ in; nothing when they agree.
#[must_use]
pub fn differences(answer: &Result<Answer, RequestError>, expected: &Expected) -> Vec<Difference> {
    match (answer, expected) {
        (Err(error), Expected::One(expect)) => invalid(error, expect),
        (Err(error), Expected::Parts(_, place)) => {
            vec![difference(place, format!("the request is invalid: {error}"))]
        }
        (Ok(Answer::One(decision)), Expected::One(expect)) => one(decision, expect),
        (Ok(Answer::Parts(decisions)), Expected::Parts(parts, place)) => {
            if decisions.len() != parts.len() {
                let message = format!("the answer has {} parts, expected {}", decisions.len(), parts.len());
                return vec![difference(place, message)];
            }
            decisions.iter().zip(parts).flat_map(|(decision, expect)| one(decision, expect)).collect()
        }
        (Ok(Answer::Parts(_)), Expected::One(expect)) => {
            vec![difference(&expect.outcome.place, "the answer is a list, expected one decision".to_owned())]
        }
        (Ok(Answer::One(_)), Expected::Parts(_, place)) => {
            vec![difference(place, "the answer is one decision, expected a list".to_owned())]
        }
    }
}

fn difference(place: &Place, message: String) -> Difference {
    Difference { place: place.clone(), message }
}

fn invalid(error: &RequestError, expect: &Expect) -> Vec<Difference> {
    if &*expect.outcome.value != INVALID {
        let message = format!("the request is invalid: {error}; expected {}", expect.outcome.value);
        return vec![difference(&expect.outcome.place, message)];
    }
    match &expect.path {
        Some(path) if *path.value != *error.path => {
            vec![difference(&path.place, format!("`{}` is to blame, expected `{}`", error.path, path.value))]
        }
        _ => Vec::new(),
    }
}

fn one(decision: &Decision, expect: &Expect) -> Vec<Difference> {
    let mut out = Vec::new();
    if decision.outcome().as_str() != &*expect.outcome.value {
        let why = decision.reason_codes().collect::<Vec<_>>().join(", ");
        let message = format!("the outcome is {} ({why}), expected {}", decision.outcome(), expect.outcome.value);
        out.push(difference(&expect.outcome.place, message));
    }
    reasons(decision, expect, &mut out);
    absent(&expect.obligations, &decision.obligation_codes().collect::<Vec<_>>(), "obligation", &mut out);
    let missing = decision.missing();
    absent(&expect.missing, &missing.iter().map(|path| &**path).collect::<Vec<_>>(), "missing fact", &mut out);
    for (name, wanted) in &expect.results {
        match decision.results().get(name).map(|value| value.to_json()) {
            Some(given) if same(&given, &wanted.value) => {}
            Some(given) => {
                out.push(difference(&wanted.place, format!("{name} is {given}, expected {}", wanted.value)));
            }
            None if wanted.value.is_null() => {}
            None => out.push(difference(&wanted.place, format!("there is no {name}, expected {}", wanted.value))),
        }
    }
    if let Some(part) = &expect.part {
        let given = decision.part_json();
        if given != part.value {
            out.push(difference(&part.place, format!("the part is {given}, expected {}", part.value)));
        }
    }
    out
}

/// Reasons are listed in the order expected, perhaps with others between them.
fn reasons(decision: &Decision, expect: &Expect, out: &mut Vec<Difference>) {
    let given: Vec<&str> = decision.reason_codes().collect();
    let mut from = 0;
    for wanted in &expect.reasons {
        match given.iter().position(|code| *code == &*wanted.value) {
            Some(at) if at >= from => from = at,
            Some(_) => {
                let message = format!("the reason {} comes earlier than expected: {}", wanted.value, given.join(", "));
                out.push(difference(&wanted.place, message));
            }
            None => out.push(none_among(wanted, "reason", &given)),
        }
    }
}

fn absent(wanted: &[Written<Arc<str>>], given: &[&str], what: &str, out: &mut Vec<Difference>) {
    for one in wanted.iter().filter(|one| !given.contains(&&*one.value)) {
        out.push(none_among(one, what, given));
    }
}

fn none_among(wanted: &Written<Arc<str>>, what: &str, given: &[&str]) -> Difference {
    let among = if given.is_empty() { "there is none".to_owned() } else { format!("given: {}", given.join(", ")) };
    difference(&wanted.place, format!("no {what} {}; {among}", wanted.value))
}

/// Numbers compare as numbers, however they are written.
fn same(given: &Json, wanted: &Json) -> bool {
    let number = |json: &Json| match json {
        Json::String(text) => text.parse::<Decimal>().ok(),
        Json::Number(number) => number.to_string().parse().ok(),
        _ => None,
    };
    given == wanted || number(given).is_some_and(|given| number(wanted) == Some(given))
}
