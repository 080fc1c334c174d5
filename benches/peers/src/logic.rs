//! JSONLogic: one rule per kind, the extra rules in one flat `or` inside it.

use datalogic_rs::bumpalo::Bump;
use datalogic_rs::{DataValue, Engine, Logic, ParsedData};
use serde_json::{Value, json};

use crate::peer::{Peer, Said};
use crate::policy::{self, Extra, Rule, Test};
use crate::request::Kind;

pub struct JsonLogic {
    engine: Engine,
    arena: Bump,
    reasons: Vec<Logic>,
    credit: Logic,
}

fn var(name: &str) -> Value {
    json!({ "var": name })
}

fn test(test: &Test) -> Value {
    match test {
        Test::Is(fact, text) => json!({ "===": [var(fact), text] }),
        Test::Not(fact, text) => json!({ "!==": [var(fact), text] }),
        Test::In(fact, texts) => json!({ "in": [var(fact), texts] }),
        Test::NotIn(fact, texts) => json!({ "!": [{ "in": [var(fact), texts] }] }),
        Test::Unavailable => json!({ "in": [var("market"), policy::unavailable()] }),
        Test::More(fact, least) => json!({ ">": [var(fact), least] }),
        Test::False(fact) => json!({ "!": [var(fact)] }),
    }
}

fn tests(rule: &Rule) -> Value {
    json!({ "and": rule.tests.iter().map(test).collect::<Vec<_>>() })
}

fn chain(kind: Kind, extras: &[Extra]) -> Value {
    let limits: Vec<Value> = policy::extra_rules(extras, kind).iter().map(tests).collect();
    let rules = policy::chain(kind);
    let (weak, strong): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(|rule| policy::is_weak(rule.reason));
    let mut steps: Vec<Value> = strong.iter().flat_map(|rule| [tests(rule), json!(rule.reason)]).collect();
    if !limits.is_empty() {
        steps.extend([json!({ "or": limits }), json!(policy::TOO_MUCH)]);
    }
    steps.extend(weak.iter().flat_map(|rule| [tests(rule), json!(rule.reason)]));
    steps.push(json!(policy::NOTHING));
    json!({ "if": steps })
}

/// There is no rounding among the operators, but a remainder.
fn credit() -> Value {
    let share = json!({ "*": [var("paid"), { "-": [var("term"), var("age")] }] });
    let whole = json!({ "-": [share, { "%": [share, var("term")] }] });
    json!({ "if": [test(&Test::Is("product", "perpetual-software".to_owned())), var("paid"), { "/": [whole, var("term")] }] })
}

impl JsonLogic {
    fn answer<R>(&self, data: &DataValue<'_>, see: impl FnOnce(Said<'_>) -> R) -> R {
        let kind = Kind::of(data.get("kind").and_then(DataValue::as_str).unwrap());
        let reason = self.engine.evaluate(&self.reasons[kind as usize], data, &self.arena).unwrap().as_str().unwrap();
        let credit = (reason == policy::INSIDE).then(|| {
            let credit = self.engine.evaluate(&self.credit, data, &self.arena).unwrap();
            credit.as_i64().unwrap()
        });
        see(Said::reason(reason, credit))
    }
}

impl Peer for JsonLogic {
    const NAME: &'static str = "JSONLogic (datalogic-rs 5.4.0)";
    const CANNOT: &'static str = "tell a missing fact from an empty one, round, or compute with decimals";
    type Input = ParsedData;

    fn load(extras: &[Extra]) -> Result<Self, String> {
        let engine = Engine::new();
        let compile = |rule: Value| engine.compile(&rule.to_string()).map_err(|error| error.to_string());
        let reasons = Kind::ALL.into_iter().map(|kind| compile(chain(kind, extras))).collect::<Result<_, _>>()?;
        let credit = compile(credit())?;
        Ok(Self { engine, arena: Bump::new(), reasons, credit })
    }

    fn prepare(&self, line: &str) -> ParsedData {
        ParsedData::from_json(line).unwrap()
    }

    fn decide<R>(&mut self, input: &ParsedData, see: impl FnOnce(Said<'_>) -> R) -> R {
        self.arena.reset();
        self.answer(input.value(), see)
    }

    fn decide_json<R>(&mut self, line: &str, see: impl FnOnce(Said<'_>) -> R) -> R {
        self.arena.reset();
        let data = self.arena.alloc(DataValue::from_str(line, &self.arena).unwrap());
        self.answer(data, see)
    }
}
