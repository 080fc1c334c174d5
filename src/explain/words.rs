//! Messages with the values that mattered, in a language of the bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluent_bundle::{FluentArgs, FluentValue};

use crate::bundle::checked::{Bundle, FactIx, TableIx};
use crate::bundle::lint::variable;
use crate::decide::evaluate::{Cell, lookup};
use crate::decide::facts::{Facts, State};
use crate::model::value::{Type, Value};

/// What a message may speak of.
pub struct Subject<'a> {
    /// The bundle.
    pub bundle: &'a Bundle,
    /// The facts of the part.
    pub facts: &'a Facts,
    /// The results of the decision.
    pub results: &'a BTreeMap<Arc<str>, Value>,
    /// The facts waited for.
    pub missing: &'a BTreeSet<FactIx>,
    /// The rule that speaks.
    pub rule: &'a str,
    /// What failed, in words.
    pub error: &'a str,
}

/// The text of a message.
pub fn message(subject: &Subject<'_>, language: &str, id: &str) -> String {
    let Some(message) = subject.bundle.messages.get(language, id) else { return id.to_owned() };
    let mut args = FluentArgs::new();
    for name in &message.variables {
        args.set(name.to_string(), argument(subject, language, name));
    }
    subject.bundle.messages.render(language, id, &args)
}

fn argument<'v>(subject: &Subject<'_>, language: &str, name: &str) -> FluentValue<'v> {
    match name {
        "missing" => paths(subject.bundle, subject.missing).into(),
        "rule" => subject.rule.to_owned().into(),
        "error" => subject.error.to_owned().into(),
        "candidates" => candidates(subject, language).into(),
        _ => {
            let (base, wants_state) = name.strip_suffix("_state").map_or((name, false), |base| (base, true));
            let fact =
                |name: &str| subject.bundle.facts.iter().position(|fact| variable(&fact.path) == name).map(FactIx);
            match (fact(name), fact(base)) {
                (None, Some(ix)) if wants_state => state_name(subject.facts.state(ix)).into(),
                (Some(ix), _) => fact_argument(subject, language, ix),
                _ => result_or_cell(subject, language, name),
            }
        }
    }
}

fn state_name(state: &State) -> &'static str {
    match state {
        State::Known(Value::Set(items)) if items.is_empty() => "empty",
        State::Known(_) => "known",
        State::Absent => "absent",
        State::Missing(_) => "missing",
        State::Unrecognised(_, candidates) if !candidates.is_empty() => "ambiguous",
        State::Unrecognised(..) | State::Other(_) => "unrecognised",
        State::Failed(_) => "failed",
    }
}

fn fact_argument<'v>(subject: &Subject<'_>, language: &str, ix: FactIx) -> FluentValue<'v> {
    match subject.facts.state(ix) {
        State::Known(value) => {
            let type_ = subject.bundle.fact(ix).map_or(Type::Text, |fact| fact.type_.clone());
            value_argument(subject.bundle, language, &type_, value)
        }
        State::Unrecognised(written, _) | State::Other(written) => written.to_string().into(),
        State::Absent | State::Missing(_) | State::Failed(_) => "?".into(),
    }
}

fn result_or_cell<'v>(subject: &Subject<'_>, language: &str, name: &str) -> FluentValue<'v> {
    for (result, value) in subject.results {
        if let (true, Some(def)) = (variable(result) == name, subject.bundle.results.get(result)) {
            return value_argument(subject.bundle, language, &def.type_, value);
        }
    }
    for (at, table) in subject.bundle.tables.iter().enumerate() {
        for (column, (given, type_)) in table.gives.iter().enumerate() {
            if variable(&format!("{}.{given}", table.name)) != name {
                continue;
            }
            if let Cell::Row(row) = lookup(subject.bundle, subject.facts, TableIx(at))
                && let Some(value) = row.values.get(column)
            {
                return value_argument(subject.bundle, language, type_, value);
            }
        }
    }
    "?".into()
}

fn value_argument<'v>(bundle: &Bundle, language: &str, type_: &Type, value: &Value) -> FluentValue<'v> {
    match value {
        Value::Integer(number) => FluentValue::from(*number),
        other => display(bundle, language, type_, other).into(),
    }
}

/// A value in words: the names of codes in the language, everything else as the contract writes it.
pub fn display(bundle: &Bundle, language: &str, type_: &Type, value: &Value) -> String {
    match (type_, value) {
        (Type::Symbol(domain), Value::Symbol(code)) => display_name(bundle, language, domain, code),
        (Type::Set(inner), Value::Set(items)) => {
            items.iter().map(|item| display(bundle, language, inner, item)).collect::<Vec<_>>().join(", ")
        }
        _ => value.to_string(),
    }
}

fn display_name(bundle: &Bundle, language: &str, domain: &str, code: &str) -> String {
    let entry = bundle.domains.get(domain).and_then(|domain| domain.entry(code));
    entry.and_then(|entry| entry.names.get(language)).map_or_else(|| code.to_owned(), |name| name.to_string())
}

fn paths(bundle: &Bundle, facts: &BTreeSet<FactIx>) -> String {
    let mut paths: Vec<Arc<str>> = facts.iter().map(|ix| bundle.path(*ix)).collect();
    paths.sort();
    paths.join(", ")
}

/// What ambiguous names among the facts waited for may mean.
fn candidates(subject: &Subject<'_>, language: &str) -> String {
    let mut names = Vec::new();
    for ix in subject.missing {
        let Some(fact) = subject.bundle.fact(*ix) else { continue };
        if let (State::Unrecognised(_, codes), Type::Symbol(domain)) = (subject.facts.state(*ix), &fact.type_) {
            names.extend(
                codes.iter().map(|code| format!("{} ({code})", display_name(subject.bundle, language, domain, code))),
            );
        }
    }
    names.join(", ")
}
