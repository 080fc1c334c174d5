//! Every change that is suggested leads to a permit, and none touches what the caller cannot change.

use clausal::decide::parts::{Label, PartOf};
use clausal::explain::ChangedFact;
use clausal::{Engine, Explanation, Outcome, Timestamp, Value};
use serde_json::{Value as Json, json};

use crate::common;

/// The value that the part that is explained states for a fact.
fn stated(request: &Json, part: &[PartOf], path: &str) -> Json {
    let order = part.iter().find(|element| &*element.list == "orders").and_then(|element| {
        let Label::Text(id) = &element.label else { return None };
        request["orders"].as_array().unwrap().iter().find(|order| order["id"] == **id)
    });
    match (order, path.strip_prefix("order.")) {
        (Some(order), Some(below)) => order[below].clone(),
        _ => path.split('.').fold(request.clone(), |json, key| json[key].clone()),
    }
}

/// The request with a fact changed, where the part that is explained states it.
fn changed(request: &Json, part: &[PartOf], fact: &ChangedFact) -> Json {
    let mut out = request.clone();
    let value = match &fact.to.same_as {
        Some(other) => stated(request, part, other),
        None => fact.to.value.to_json(),
    };
    for element in part {
        // An order stands for the facts below `order`.
        let Some(below) = fact.path.strip_prefix("order.").filter(|_| &*element.list == "orders") else { continue };
        let named = |order: &&mut Json| match &element.label {
            Label::Text(id) => order["id"] == **id,
            Label::Number(_) => false,
        };
        let order = out["orders"].as_array_mut().unwrap().iter_mut().find(named).unwrap();
        order[below] = value;
        return out;
    }
    let mut slot = &mut out;
    for key in fact.path.split('.') {
        if slot.is_null() {
            *slot = json!({});
        }
        slot = &mut slot[key];
    }
    *slot = value;
    out
}

fn outcome_of(engine: &Engine, request: &Json, part: &[PartOf]) -> Outcome {
    let answer = engine.decide(request).unwrap_or_else(|error| panic!("{error}: {request}"));
    answer.decisions().iter().find(|decision| decision.part() == part).unwrap().outcome()
}

fn check(engine: &Engine, request: &Json, explanation: &Explanation) -> usize {
    let Some(found) = &explanation.changes else {
        assert_eq!(explanation.outcome, Outcome::Permit);
        return 0;
    };
    assert_ne!(explanation.outcome, Outcome::Permit);
    let all = found.to_permit.iter().map(|change| (change, Outcome::Permit));
    let all = all.chain(found.onward.iter().map(|one| (&one.change, Outcome::NeedsInformation)));
    for (change, wanted) in all {
        assert!((1..=2).contains(&change.facts.len()));
        for fact in &change.facts {
            let fixed = engine.checked().facts.iter().find(|known| known.path == fact.path).unwrap().fixed;
            assert!(!fixed || later(fact, request), "{} cannot be changed: {request}", fact.path);
        }
        let request =
            change.facts.iter().fold(request.clone(), |request, fact| changed(&request, &explanation.part, fact));
        assert_eq!(outcome_of(engine, &request, &explanation.part), wanted, "{change:?}\n{request}");
    }
    found.to_permit.len()
}

/// Time moves on: the decision time may be later.
fn later(fact: &ChangedFact, request: &Json) -> bool {
    let now = Timestamp::parse(request["at"].as_str().unwrap()).unwrap();
    &*fact.path == "at" && matches!(fact.to.value, Value::Timestamp(then) if then.is_after(now))
}

#[test]
fn every_change_that_is_suggested_leads_to_a_permit() {
    let engine = Engine::embedded().unwrap();
    let mut suggested = 0;
    for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
        let request = &common::yaml(&path)["request"];
        let Ok(explanations) = engine.explain(request) else { continue };
        suggested += explanations.iter().map(|one| check(&engine, request, one)).sum::<usize>();
    }
    assert!(suggested > 70, "only {suggested} changes");
}

#[test]
fn where_nothing_helps_the_rules_in_the_way_are_told() {
    let engine = Engine::embedded().unwrap();
    for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
        let request = &common::yaml(&path)["request"];
        for one in engine.explain(request).into_iter().flatten() {
            let Some(found) = &one.changes else { continue };
            let told = !found.to_permit.is_empty() || !found.onward.is_empty() || !found.supply.is_empty();
            let denying = one.reasons.iter().filter(|reason| reason.rule.is_some()).count();
            assert!(told || found.obstacles.len() == denying, "{}: {found:#?}", path.display());
        }
    }
}

#[test]
fn a_closed_window_tells_its_last_day() {
    let engine = Engine::embedded().unwrap();
    let path = common::root().join("fixtures/decide/cancellation/day-31-is-outside.yaml");
    let one = engine.explain(&common::yaml(&path)["request"]).unwrap().remove(0);
    let found = one.changes.unwrap();
    assert!(found.to_permit.is_empty());
    assert_eq!(found.obstacles[0].last_day.map(|day| day.to_string()).as_deref(), Some("2021-07-10"));
    assert_eq!(one.results["cancel_by"].to_string(), "2021-07-10");
}

#[test]
fn many_parts_share_the_effort() {
    let engine = Engine::embedded().unwrap();
    let orders: Vec<Json> = (0..400).map(|n| json!({ "id": format!("O{n}"), "status": "completed" })).collect();
    let request = json!({
        "kind": "cancellation", "at": "2021-06-20", "orders": orders,
        "actor": { "side": "partner", "roles": ["Sales agent"], "portal": "azure-portal" }
    });
    let explanations = engine.explain(&request).unwrap();
    assert_eq!(explanations.len(), 400);
    let trials: usize = explanations.iter().filter_map(|one| one.changes.as_ref()).map(|found| found.trials).sum();
    assert!(trials <= 400 * 25, "{trials} trials");
}
