//! A batch decides each row as the request that it stands for.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use clausal::{Answer, Batch, BatchError, Engine, Outcome};
use serde_json::{Value as Json, json};

/// The facts of a request by path; `None` for one that fans out, or whose form is itself a mistake.
fn flat(value: &Json, path: &str, out: &mut BTreeMap<String, Json>) -> Option<()> {
    let Json::Object(map) = value else { return None };
    for (key, below) in map {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match below {
            Json::Object(_) => flat(below, &path, out)?,
            Json::Array(items) if items.iter().any(Json::is_object) => return None,
            _ => {
                out.insert(path, below.clone());
            }
        }
    }
    Some(())
}

/// Requests of each kind, as rows.
fn rows() -> BTreeMap<String, Vec<BTreeMap<String, Json>>> {
    let mut kinds: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
        let mut facts = BTreeMap::new();
        if flat(&common::yaml(&path)["request"], "", &mut facts).is_some() {
            facts.remove("id");
            if let Some(Json::String(kind)) = facts.remove("kind") {
                // The same with something spoiled, so that rows of all sorts stand in one batch.
                let (mut odd, mut escaped, mut timeless) = (facts.clone(), facts.clone(), facts.clone());
                odd.insert("product.kind".into(), "Widgets".into());
                escaped.insert("customer.tenant_id".into(), "a \"quoted\" name".into());
                timeless.remove("at");
                kinds.entry(kind).or_default().extend([facts, odd, escaped, timeless]);
            }
        }
    }
    kinds
}

/// A dictionary and its rows for each path.
fn columns(rows: &[BTreeMap<String, Json>]) -> BTreeMap<String, (Vec<Json>, Vec<u32>)> {
    let mut columns: BTreeMap<String, (Vec<Json>, Vec<u32>)> = BTreeMap::new();
    for path in rows.iter().flat_map(BTreeMap::keys) {
        columns.entry(path.clone()).or_default();
    }
    for row in rows {
        for (path, (values, numbers)) in &mut columns {
            numbers.push(row.get(path).map_or(Batch::NOT_GIVEN, |value| {
                let at = values.iter().position(|known| known == value).unwrap_or(values.len());
                if at == values.len() {
                    values.push(value.clone());
                }
                u32::try_from(at).unwrap()
            }));
        }
    }
    columns
}

fn nested(kind: &str, row: &BTreeMap<String, Json>) -> Json {
    let mut request = json!({ "kind": kind });
    for (path, value) in row {
        let mut below = &mut request;
        for key in path.split('.') {
            below = &mut below[key];
        }
        *below = value.clone();
    }
    request
}

#[test]
fn rows_are_decided_like_requests() {
    let engine = Engine::embedded().unwrap();
    let (mut compared, mut refused) = (0, 0);
    for (kind, rows) in rows() {
        let stated: Vec<_> = columns(&rows).into_iter().collect();
        // A column that the kind does not have is refused for the whole batch, so those are left out of all rows.
        let known: Vec<_> = stated
            .into_iter()
            .filter(|(path, _)| engine.decide_batch(&Batch::new(&kind, 0).column(path, &[], &[])).is_ok())
            .collect();
        let batch = Batch::new(&kind, rows.len());
        let batch = known.iter().fold(batch, |batch, (path, (values, rows))| batch.column(path, values, rows));
        let decided = engine.decide_batch(&batch).unwrap();
        assert_eq!(decided.len(), rows.len());
        for (at, row) in rows.iter().enumerate() {
            let row = row.iter().filter(|(path, _)| known.iter().any(|(known, _)| known == *path));
            let row: BTreeMap<String, Json> = row.map(|(path, value)| (path.clone(), value.clone())).collect();
            match engine.decide(&nested(&kind, &row)) {
                Ok(Answer::One(alone)) => {
                    assert_eq!(decided.outcome(at).unwrap(), alone.outcome(), "{row:?}");
                    assert_eq!(decided.reason_codes(at), alone.reason_codes().collect::<Vec<_>>(), "{row:?}");
                    assert_eq!(&decided.results(at), alone.results(), "{row:?}");
                    compared += 1;
                }
                Ok(Answer::Parts(_)) => panic!("no row fans out"),
                Err(error) => {
                    assert_eq!(decided.outcome(at), Err(BatchError::Request { row: at, error }));
                    refused += 1;
                }
            }
        }
    }
    assert!(compared > 500 && refused > 100, "{compared} compared, {refused} refused");
}

#[test]
fn many_rows_keep_their_order() {
    let engine = Engine::embedded().unwrap();
    let (at, side, roles, portal) =
        ([json!("2021-07-01")], [json!("partner")], [json!(["admin-agent"])], [json!("api")]);
    let (kind, market) = ([json!("azure-reservation")], [json!("DE"), json!("Greenland"), json!("Nowhere")]);
    let (same, markets) = (vec![0; 5_000], (0..5_000).map(|row| row % 3).collect::<Vec<u32>>());
    let batch = Batch::new("purchase", 5_000)
        .column("at", &at, &same)
        .column("actor.side", &side, &same)
        .column("actor.roles", &roles, &same)
        .column("actor.portal", &portal, &same)
        .column("product.kind", &kind, &same)
        .column("customer.market", &market, &markets);
    let decided = engine.decide_batch(&batch).unwrap();
    let wanted = [Outcome::Permit, Outcome::Deny, Outcome::NeedsInformation];
    for (row, market) in markets.iter().enumerate() {
        assert_eq!(decided.outcome(row).unwrap(), wanted[usize::try_from(*market).unwrap()], "row {row}");
    }
    let answer = decided.answer(1).unwrap();
    assert!(answer.decisions()[0].reasons("en")[0].message.contains("Greenland"), "{}", answer.to_json("en"));
}

#[test]
fn what_is_wrong_with_a_batch_is_said() {
    let engine = Engine::embedded().unwrap();
    let values = [json!("DE")];
    let wrong = |batch: Batch<'_>| engine.decide_batch(&batch).unwrap_err().to_string();
    assert_eq!(wrong(Batch::new("purchas", 1)), "the bundle has no kind `purchas`; did you mean `purchase`?");
    assert_eq!(
        wrong(Batch::new("purchase", 1).column("customer.markt", &values, &[0])),
        "a request of kind `purchase` states no fact `customer.markt`; did you mean `customer.market`?"
    );
    assert_eq!(
        wrong(Batch::new("purchase", 1).column("price.market", &values, &[0])),
        "a request of kind `purchase` states no fact `price.market`; did you mean `partner.market`?",
        "a derived fact is not stated"
    );
    let twice = Batch::new("purchase", 1).column("at", &values, &[0]).column("at", &values, &[0]);
    assert_eq!(wrong(twice), "`at` has two columns");
    assert_eq!(wrong(Batch::new("purchase", 2).column("at", &values, &[0])), "`at` has 1 rows, the batch has 2");
    let beyond = Batch::new("purchase", 2).column("at", &values, &[Batch::NOT_GIVEN, 1]);
    assert_eq!(wrong(beyond), "row 1 of `at` is not among its 1 values");
    let decided = engine.decide_batch(&Batch::new("purchase", 1)).unwrap();
    assert_eq!(decided.outcome(1).unwrap_err().to_string(), "there is no row 1; the batch has 1, counted from 0");
    assert!(decided.outcome(0).unwrap_err().to_string().starts_with("row 0: `at`: "), "a row without a time");
    assert!(decided.reason_codes(0).is_empty() && decided.results(0).is_empty());
}
