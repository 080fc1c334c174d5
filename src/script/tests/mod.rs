//! Scripts from the outside: the vocabulary and the inputs that the other tests share.

mod agreement;
mod fast;
mod generated;
mod hostile;
mod library;
mod limits;
mod refused;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Known, Library, Names, Refusal, Script, ScriptError};
use crate::model::limits::ScriptLimits;
use crate::model::{Date, Duration, Timestamp, Type, Value};

/// Paths and types of a small shop.
pub(super) struct Shop;

pub(super) fn kind() -> Type {
    Type::Symbol("product-kind".into())
}

const PATHS: [&str; 23] = [
    "at",
    "order.age_days",
    "order.count",
    "order.total",
    "order.paid",
    "order.rate",
    "order.currency",
    "order.market",
    "order.title",
    "order.open",
    "order.placed_on",
    "order.cancelled_on",
    "order.note",
    "order.fee",
    "order.discount",
    "order.received_at",
    "order.tags",
    "product.kind",
    "product.kinds",
    "window",
    "window.days",
    "x",
    "y",
];

impl Names for Shop {
    fn lookup(&self, path: &str) -> Option<Known> {
        let (type_, optional) = match path {
            "at" | "order.received_at" => (Type::Timestamp, false),
            "order.age_days" | "order.count" | "window.days" | "x" | "y" => (Type::Integer, false),
            "order.total" | "order.paid" | "order.rate" => (Type::Decimal, false),
            "order.currency" => (Type::Currency, false),
            "order.market" => (Type::Symbol("market".into()), false),
            "order.title" => (Type::Text, false),
            "order.open" => (Type::Boolean, false),
            "order.placed_on" => (Type::Date, false),
            "order.cancelled_on" => (Type::Date, true),
            "order.note" => (Type::Text, true),
            "order.fee" => (Type::Decimal, true),
            "order.discount" => (Type::Integer, true),
            "order.tags" => (Type::Set(Box::new(Type::Text)), false),
            "product.kind" => (kind(), false),
            "product.kinds" => (Type::Set(Box::new(kind())), false),
            "term" => (Type::Duration, false),
            _ => return None,
        };
        Some(Known { type_, optional })
    }

    fn is_prefix(&self, prefix: &str) -> bool {
        PATHS.iter().any(|path| path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')))
    }

    fn paths(&self) -> Vec<String> {
        PATHS.iter().map(ToString::to_string).collect()
    }

    fn symbols(&self, type_name: &str) -> Vec<Arc<str>> {
        match type_name {
            "market" => ["NO", "DE", "XK"].map(Arc::from).to_vec(),
            "product-kind" => ["perpetual-software", "server-subscription"].map(Arc::from).to_vec(),
            _ => Vec::new(),
        }
    }
}

pub(super) type Facts = BTreeMap<&'static str, Value>;

pub(super) fn decimal(text: &str) -> Value {
    Value::parse_decimal(text).unwrap_or(Value::Boolean(false))
}

pub(super) fn date(text: &str) -> Value {
    Date::parse(text).map_or(Value::Boolean(false), Value::Date)
}

pub(super) fn at(text: &str) -> Value {
    Timestamp::parse(text).map_or(Value::Boolean(false), Value::Timestamp)
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

pub(super) fn symbol(code: &str) -> Value {
    Value::Symbol(code.into())
}

/// An ordinary order, everything optional absent.
pub(super) fn facts() -> Facts {
    BTreeMap::from([
        ("at", at("2021-06-10T12:00:00Z")),
        ("order.received_at", at("2021-06-10")),
        ("order.age_days", Value::Integer(12)),
        ("order.count", Value::Integer(3)),
        ("order.total", decimal("1000.00")),
        ("order.paid", decimal("333.33")),
        ("order.rate", decimal("0.25")),
        ("order.currency", text("NOK")),
        ("order.market", symbol("NO")),
        ("order.title", text("Blåbær")),
        ("order.open", Value::Boolean(true)),
        ("order.placed_on", date("2021-01-31")),
        ("order.tags", Value::Set([text("new"), text("gift")].into())),
        ("product.kind", symbol("perpetual-software")),
        ("product.kinds", Value::Set([symbol("perpetual-software")].into())),
        ("term", Duration::parse("P1M").map_or(Value::Boolean(false), Value::Duration)),
        ("window.days", Value::Integer(30)),
        ("x", Value::Integer(7)),
        ("y", Value::Integer(2)),
    ])
}

pub(super) fn with(changes: &[(&'static str, Value)]) -> Facts {
    let mut facts = facts();
    facts.extend(changes.iter().cloned());
    facts
}

pub(super) fn library(text: &str) -> Result<Library, Vec<(String, Refusal)>> {
    Library::compile(&[("scripts/test.rhai".to_owned(), text.to_owned())], &ScriptLimits::default())
}

pub(super) fn compile(text: &str, wanted: Option<&Type>) -> Result<Script, Vec<Refusal>> {
    Script::compile(text, wanted, &Shop, &Library::empty(&ScriptLimits::default()))
}

/// Runs both evaluators, twice, and fails unless all agree.
pub(super) fn run(script: &Script, facts: &Facts) -> Result<Option<Value>, ScriptError> {
    let value = |path: &str| facts.get(path).cloned();
    let rhai = script.evaluate(&value);
    let native = script.evaluate_native(&value);
    assert_eq!(rhai, native, "Rhai and native disagree on `{}`", script.text());
    assert_eq!(rhai.as_ref().map(show), native.as_ref().map(show), "decimals of `{}`", script.text());
    assert_eq!(script.evaluate(&value), rhai, "two runs of `{}` differ", script.text());
    assert_eq!(script.evaluate_native(&value), native, "two runs of `{}` differ", script.text());
    native
}

/// The value as text: decimals with their scale, which equality does not see; errors by what they say.
pub(super) fn show(value: &Option<Value>) -> String {
    value.as_ref().map_or_else(|| "()".to_owned(), ToString::to_string)
}

/// Compiles and runs, the result or the error or the first refusal as text.
pub(super) fn outcome(text: &str, facts: &Facts) -> String {
    match compile(text, None) {
        Ok(script) => match run(&script, facts) {
            Ok(value) => show(&value),
            Err(error) => format!("error: {error}"),
        },
        Err(refusals) => format!("refused: {}", messages(&refusals)),
    }
}

pub(super) fn messages(refusals: &[Refusal]) -> String {
    refusals.iter().map(|r| r.message.as_str()).collect::<Vec<_>>().join("; ")
}
