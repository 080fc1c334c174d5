//! One graph for each kind of request, and in it one table: the first row that holds gives the reason, and the credit.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use serde_json::{Value, json};
use zen_engine::model::GraphContent;
use zen_engine::{Decision, Variable, ZEN_CONFIG};

use crate::peer::{Peer, Said};
use crate::policy::{self, Extra, Rule};
use crate::request::Kind;
use crate::zen_text::tests;

const CREDIT: &str = "product == 'perpetual-software' ? paid : floor(paid * (term - age) / term)";

pub struct Zen(Vec<Decision>);

/// One cell with the whole condition: a column for each fact takes longer, because the head of a column that has an index
/// is parsed again for each request.
fn row(rule: &Rule) -> Value {
    let mut cells = json!({ "when": tests(rule), "reason": format!("'{}'", rule.reason) });
    if rule.reason == policy::INSIDE {
        cells["credit"] = json!(CREDIT);
    }
    cells
}

/// Cells that say only `'MX'` go into the index of their column.
fn extra_row(extra: &Extra) -> Value {
    json!({
        "market": format!("'{}'", extra.market),
        "item": format!("'item-{}'", extra.item),
        "amount": format!("> {}", extra.most),
        "reason": format!("'{}'", policy::TOO_MUCH),
    })
}

/// What denies, the extra rules, what permits, and the row for all else.
fn rows(kind: Kind, extras: &[Extra]) -> Vec<Value> {
    let (weak, strong): (Vec<Rule>, Vec<Rule>) =
        policy::chain(kind).into_iter().partition(|rule| policy::is_weak(rule.reason));
    let extras = extras.iter().filter(|extra| extra.kind == kind).map(extra_row);
    let nothing = json!({ "reason": format!("'{}'", policy::NOTHING) });
    strong.iter().map(row).chain(extras).chain(weak.iter().map(row)).chain([nothing]).collect()
}

fn table(kind: Kind, extras: &[Extra]) -> Value {
    let mut inputs = vec![json!({ "id": "when" })];
    if !extras.is_empty() {
        inputs.extend(["market", "item", "amount"].map(|fact| json!({ "id": fact, "field": fact })));
    }
    let outputs = ["reason", "credit"].map(|field| json!({ "id": field, "field": field }));
    json!({ "hitPolicy": "first", "inputs": inputs, "outputs": outputs, "rules": rows(kind, extras) })
}

/// A node for the output may be left out, and then costs nothing.
fn graph(kind: Kind, extras: &[Extra]) -> Value {
    json!({
        "nodes": [
            { "id": "request", "name": "request", "type": "inputNode" },
            { "id": "rules", "name": "rules", "type": "decisionTableNode", "content": table(kind, extras) },
        ],
        "edges": [{ "id": "edge", "sourceId": "request", "targetId": "rules" }],
    })
}

fn decision(kind: Kind, extras: &[Extra]) -> Result<Decision, String> {
    let graph: GraphContent = serde_json::from_value(graph(kind, extras)).map_err(|error| error.to_string())?;
    let mut decision = Decision::from(graph);
    decision.validate().map_err(|error| error.to_string())?;
    decision.compile();
    Ok(decision)
}

/// A table waits for nothing, so its first poll has the answer, and no runtime is measured.
fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the table waits"),
    }
}

impl Peer for Zen {
    const NAME: &'static str = "zen-engine 2.1.6";
    const CANNOT: &'static str = "tell a missing fact from a null, or stop at an error in a row: the row then does not hold, even \
                                  if it denies (schemas and the analysis for editors find such errors apart)";
    type Input = (Kind, Variable);

    fn load(extras: &[Extra]) -> Result<Self, String> {
        // No rule asks what another node said, so it need not be kept.
        ZEN_CONFIG.nodes_in_context.store(false, Ordering::Relaxed);
        Kind::ALL.into_iter().map(|kind| decision(kind, extras)).collect::<Result<_, _>>().map(Self)
    }

    fn prepare(&self, line: &str) -> Self::Input {
        let request: Variable = serde_json::from_str(line).unwrap();
        (Kind::of(request.dot("kind").unwrap().as_str().unwrap()), request)
    }

    fn decide<R>(&mut self, (kind, request): &Self::Input, see: impl FnOnce(Said<'_>) -> R) -> R {
        // The clone is of a pointer.
        let answer = now(self.0[*kind as usize].evaluate(request.clone())).unwrap().result;
        let reason = answer.dot("reason").unwrap();
        let credit = answer.dot("credit").map(|credit| i64::try_from(credit.as_number().unwrap()).unwrap());
        see(Said::reason(reason.as_str().unwrap(), credit))
    }
}
