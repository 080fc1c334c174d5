//! How a request splits into parts that are decided one by one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bundle::checked::{Bundle, FanOut, Kind};
use crate::model::error::{RequestError, RequestErrorKind as Kindof};
use crate::model::value::Value;

use super::facts::Stated;
use super::read::Statement;

/// The name of a part: the list it comes from, and its label there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartOf {
    /// The last segment of the list's path: `items`, `orders`, `lines`.
    pub list: Arc<str>,
    /// The element's own name, or its position in the list.
    pub label: Label,
}

/// The label of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// A number of its own, or its position counted from 0.
    Number(i64),
    /// A text of its own.
    Text(Arc<str>),
}

/// One part: what it states, and its name when the request fans out.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it states; what it does not state it inherits.
    pub statement: Statement,
    /// Its name; empty for a request that does not fan out.
    pub name: Vec<PartOf>,
}

/// Splits a request.
pub fn split(bundle: &Bundle, kind: &Kind, whole: Statement, most: usize) -> Result<Vec<Part>, RequestError> {
    let mut parts = vec![Part { statement: whole, name: Vec::new() }];
    for (at, fan_out) in kind.fan_out.iter().enumerate() {
        let mut next = Vec::with_capacity(parts.len());
        for part in parts {
            split_one(bundle, fan_out, at, part, &mut next)?;
            if next.len() > most {
                let message = format!("the request has more than {most} parts");
                return Err(RequestError::new(Kindof::TooLarge, &*fan_out.over, message));
            }
        }
        parts = next;
    }
    Ok(parts)
}

fn split_one(
    bundle: &Bundle,
    fan_out: &FanOut,
    at: usize,
    mut part: Part,
    out: &mut Vec<Part>,
) -> Result<(), RequestError> {
    let Some(elements) = part.statement.lists.remove(&at) else {
        out.push(part);
        return Ok(());
    };
    let labels: Vec<Label> = elements.iter().enumerate().map(|(n, element)| label(fan_out, n, element)).collect();
    let chosen = chosen(bundle, fan_out, &part.statement, &elements, &labels)?;
    let several = chosen.iter().filter(|is| **is).count() > 1;
    let selected = || elements.iter().zip(&labels).zip(&chosen).filter(|(_, is)| **is).map(|(pair, _)| pair);
    if fan_out.pick || !splits(fan_out, selected().map(|(element, _)| element)) {
        let named = fan_out.only.is_some_and(|only| part.statement.facts.contains_key(&only));
        if named {
            if let (Some((element, _)), false) = (selected().next(), several) {
                overlay(fan_out, &mut part.statement, element, elements.len() > 1);
            } else {
                part.statement.facts.retain(|fact, _| !fan_out.never_inherit.contains(fact));
            }
        }
        out.push(part);
        return Ok(());
    }
    let mut seen: Vec<Vec<Option<&Stated>>> = Vec::new();
    for (element, label) in selected() {
        let key: Vec<_> = fan_out.unique_by.iter().map(|fact| element.facts.get(fact)).collect();
        if key.iter().any(Option::is_some) {
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
        }
        let mut own = part.clone();
        overlay(fan_out, &mut own.statement, element, elements.len() > 1);
        own.name.push(PartOf { list: Arc::clone(&fan_out.part), label: label.clone() });
        out.push(own);
    }
    Ok(())
}

fn splits<'s>(fan_out: &FanOut, mut elements: impl Iterator<Item = &'s Statement>) -> bool {
    fan_out.when_stated.is_empty()
        || elements.any(|element| fan_out.when_stated.iter().any(|fact| element.facts.contains_key(fact)))
}

/// What the element states goes before what the whole states; amounts of a whole that has several elements are not its.
fn overlay(fan_out: &FanOut, statement: &mut Statement, element: &Statement, of_several: bool) {
    if of_several {
        statement.facts.retain(|fact, _| !fan_out.never_inherit.contains(fact));
    }
    for (fact, stated) in &element.facts {
        statement.facts.insert(*fact, stated.clone());
    }
    for (at, list) in &element.lists {
        statement.lists.insert(*at, list.clone());
    }
}

fn label(fan_out: &FanOut, position: usize, element: &Statement) -> Label {
    match fan_out.label.and_then(|fact| element.facts.get(&fact)) {
        Some(Stated::Value(Value::Integer(number))) => Label::Number(*number),
        Some(Stated::Value(value)) => Label::Text(value.to_string().into()),
        Some(Stated::Unrecognised(..)) | None => Label::Number(i64::try_from(position).unwrap_or(i64::MAX)),
    }
}

/// Which elements the request is about: all, or those that `only` names.
fn chosen(
    bundle: &Bundle,
    fan_out: &FanOut,
    whole: &Statement,
    elements: &[Statement],
    labels: &[Label],
) -> Result<Vec<bool>, RequestError> {
    let Some((only, Stated::Value(wanted))) = fan_out.only.and_then(|only| whole.facts.get_key_value(&only)) else {
        return Ok(vec![true; elements.len()]);
    };
    let wanted = match wanted {
        Value::Set(items) if items.is_empty() => return Ok(vec![true; elements.len()]),
        Value::Set(items) => items.clone(),
        one => BTreeSet::from([one.clone()]),
    };
    let as_value = |label: &Label| match label {
        Label::Number(number) => Value::Integer(*number),
        Label::Text(text) => Value::Text(Arc::clone(text)),
    };
    for value in &wanted {
        let named = labels.iter().filter(|label| as_value(label) == *value).count();
        if named != 1 {
            let how = if named == 0 { "no" } else { "more than one" };
            let message = format!("`{}` has {how} element `{value}`", fan_out.over);
            return Err(RequestError::new(Kindof::Contradiction, &*bundle.path(*only), message));
        }
    }
    Ok(labels.iter().map(|label| wanted.contains(&as_value(label))).collect())
}
