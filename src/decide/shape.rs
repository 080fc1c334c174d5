//! The shape of a request of one kind: which keys may stand where, and what they are.

use std::collections::BTreeMap;

use crate::bundle::checked::{Fact, FactIx, Kind};

/// What may stand at a place of a request.
#[derive(Debug)]
pub enum Shape {
    /// An object with these keys.
    Object(BTreeMap<String, Shape>),
    /// The value of a fact.
    Fact(FactIx),
    /// A list that fans out, by its position in the kind; each element is an object.
    List(usize, BTreeMap<String, Shape>),
    /// `id` and `kind`, which are not facts.
    Text,
}

/// The shape of a kind, with the facts of its vocabulary.
pub fn of_kind(facts: &[Fact], kind: &Kind) -> BTreeMap<String, Shape> {
    let mut root = BTreeMap::from([("id".to_owned(), Shape::Text), ("kind".to_owned(), Shape::Text)]);
    for ix in kind.facts.keys().filter(|ix| !kind.derived.contains(ix)) {
        if let Some(fact) = facts.get(ix.0) {
            insert(&mut root, &fact.path, Shape::Fact(*ix));
        }
    }
    for at in 0..kind.fan_out.len() {
        if let Some((over, shape)) = list(kind, at) {
            insert(&mut root, &over, shape);
        }
    }
    root
}

/// The shape of a list's elements; lists inside the branch that an element stands for are lists inside the element.
fn list(kind: &Kind, at: usize) -> Option<(String, Shape)> {
    let fan_out = kind.fan_out.get(at)?;
    let mut element = BTreeMap::new();
    for (path, fact) in &fan_out.facts {
        if kind.facts.contains_key(fact) && !kind.derived.contains(fact) {
            insert(&mut element, path, Shape::Fact(*fact));
        }
    }
    if let Some(branch) = &fan_out.branch {
        for (other, inner) in kind.fan_out.iter().enumerate().filter(|(other, _)| *other != at) {
            let below = inner.over.strip_prefix(&**branch).and_then(|rest| rest.strip_prefix('.'));
            if let (Some(below), Some((_, shape))) = (below, list(kind, other)) {
                insert(&mut element, below, shape);
            }
        }
    }
    Some((fan_out.over.to_string(), Shape::List(at, element)))
}

fn insert(into: &mut BTreeMap<String, Shape>, path: &str, shape: Shape) {
    match path.split_once('.') {
        None => {
            into.insert(path.to_owned(), shape);
        }
        Some((head, rest)) => {
            let below = into.entry(head.to_owned()).or_insert_with(|| Shape::Object(BTreeMap::new()));
            if let Shape::Object(below) = below {
                insert(below, rest, shape);
            }
        }
    }
}
