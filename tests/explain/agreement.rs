//! An explanation never disagrees with the decision it explains.

use std::collections::BTreeSet;

use clausal::explain::{Holds, Standing};
use clausal::{Engine, Explanation};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::common;

/// Everything an explanation says of the decision is what `decide` says.
fn agrees(engine: &Engine, request: &Json) {
    let bytes = request.to_string().into_bytes();
    let (decided, explained) = (engine.decide_json(&bytes), engine.explain_json(&bytes));
    let (answer, explained) = match (decided, explained) {
        (Ok(answer), Ok(explained)) => (answer, explained),
        (decided, explained) => {
            assert_eq!(decided.err(), explained.err(), "{request}");
            return;
        }
    };
    assert_eq!(answer.decisions().len(), explained.len(), "{request}");
    for (decision, explanation) in answer.decisions().iter().zip(&explained) {
        assert_eq!(decision.outcome(), explanation.outcome, "{request}");
        for language in ["en", "ru"] {
            let decision = serde_json::to_value(decision.in_language(language)).unwrap();
            let explanation = explanation.to_json(language);
            for key in ["kind", "at", "id", "part", "results", "missing", "bundle"] {
                assert_eq!(decision.get(key), explanation.get(key), "{key} of {request}");
            }
            same(&decision["reasons"], &explanation["reasons"], &["code", "message", "rule"], request);
            same(&decision["obligations"], &explanation["obligations"], &["code", "message"], request);
        }
        consistent(engine, explanation, request);
    }
}

/// The order of obligations is the rules' here, and advice comes last there.
fn same(decided: &Json, explained: &Json, keys: &[&str], request: &Json) {
    let listed = |json: &Json| -> BTreeSet<String> {
        // The reason that nothing permits is of no rule; the decision names the vocabulary in its place.
        let own = |item: &Json, key: &str| key != "rule" || item["code"] != "nothing-permits";
        let one = |item: &Json| {
            let values: Vec<_> = keys.iter().filter(|key| own(item, key)).map(|key| item.get(key)).collect();
            format!("{values:?}")
        };
        json.as_array().unwrap().iter().map(one).collect()
    };
    assert_eq!(listed(decided), listed(explained), "{request}");
}

/// Every rule of the kind is there once, the deciding ones are the reasons', and each stands as its steps say.
fn consistent(engine: &Engine, explanation: &Explanation, request: &Json) {
    let bundle = engine.checked();
    let kind = bundle.kind(&explanation.kind).unwrap();
    let mut names: Vec<_> = explanation.rules.iter().map(|rule| rule.name.clone()).collect();
    names.sort();
    let mut expected: Vec<_> = bundle.rules_of(kind).map(|rule| rule.name.clone()).collect();
    expected.sort();
    assert_eq!(names, expected);
    let decided: BTreeSet<_> = explanation.rules_that(None).map(|rule| rule.name.clone()).collect();
    let reasons: BTreeSet<_> = explanation.reasons.iter().filter_map(|reason| reason.rule.clone()).collect();
    assert_eq!(decided, reasons, "{request}");
    for rule in &explanation.rules {
        let when = &rule.condition.holds;
        let asked = rule.asks.as_ref().map(|asks| &asks.holds);
        let fits = match rule.standing {
            Standing::Matched => *when == Holds::Yes && asked.is_none(),
            Standing::NotMatched => *when == Holds::No,
            Standing::Met => *when != Holds::No && asked == Some(&Holds::Yes),
            Standing::Undetermined => match asked {
                Some(asked) => *when != Holds::No && *asked != Holds::Yes,
                None => matches!(when, Holds::Undetermined(_)),
            },
            Standing::Failed => rule.failure.is_some(),
            Standing::NotInForce => rule.periods.iter().any(|period| period.holds == Holds::No),
        };
        assert!(fits, "{} is {:?}: {rule:#?}\n{request}", rule.name, rule.standing);
        assert_eq!(rule.waits_for.is_empty(), rule.standing != Standing::Undetermined, "{} {request}", rule.name);
        if rule.standing == Standing::NotMatched {
            assert!(!rule.condition.telling().is_empty(), "{} says nothing", rule.name);
        }
    }
}

#[test]
fn on_every_scenario() {
    let engine = Engine::embedded().unwrap();
    for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
        agrees(&engine, &common::yaml(&path)["request"]);
    }
}

/// The dotted paths of everything below an object.
fn paths(json: &Json, at: &str, out: &mut Vec<String>) {
    for (key, value) in json.as_object().into_iter().flatten() {
        let path = format!("{at}/{key}");
        paths(value, &path, out);
        out.push(path);
    }
}

fn scenarios() -> Vec<Json> {
    let files = common::files(&common::root().join("fixtures/decide"), ".yaml");
    files.iter().map(|path| common::yaml(path)["request"].clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Facts left out, and facts taken from other scenarios: unknown, contradictory and malformed requests among them.
    #[test]
    fn on_scenarios_that_are_changed(
        base in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        dropped in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        taken in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let engine = Engine::embedded().unwrap();
        let all = scenarios();
        let (mut request, donor) = (base.get(&all).clone(), other.get(&all));
        let mut there = Vec::new();
        paths(donor, "", &mut there);
        for path in taken.iter().map(|ix| ix.get(&there)) {
            let value = donor.pointer(path).unwrap().clone();
            if let Some(slot) = request.pointer_mut(path) {
                *slot = value;
            }
        }
        let mut there = Vec::new();
        paths(&request, "", &mut there);
        for path in dropped.iter().map(|ix| ix.get(&there)) {
            if let Some(slot) = request.pointer_mut(path).filter(|_| path != "/kind" && path != "/at") {
                *slot = json!(null);
            }
        }
        agrees(&engine, &request);
    }
}
