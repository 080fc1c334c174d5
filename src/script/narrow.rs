//! What a condition tells about absent values: after `x != ()`, `x` is present.

use std::collections::BTreeSet;

use super::ops::BinaryOp;
use super::syntax::{Kind, Tree};

/// Names known to be present. Locals and paths never share a name, so a name is enough.
pub(super) type Present = BTreeSet<String>;

/// The names that are present when the condition holds (`true`) or does not (`false`).
pub(super) fn present_when(condition: &Tree, holds: bool) -> Present {
    match (&condition.kind, holds) {
        (Kind::Binary(BinaryOp::NotEqual, left, right), true) | (Kind::Binary(BinaryOp::Equal, left, right), false) => {
            tested(left, right)
        }
        (Kind::Not(inner), _) => present_when(inner, !holds),
        (Kind::And(items), true) | (Kind::Or(items), false) => {
            items.iter().flat_map(|item| present_when(item, holds)).collect()
        }
        _ => Present::new(),
    }
}

fn tested(left: &Tree, right: &Tree) -> Present {
    let name = match (&left.kind, &right.kind) {
        (Kind::Name(name), Kind::Absent) | (Kind::Absent, Kind::Name(name)) => Some(name.clone()),
        _ => None,
    };
    name.into_iter().collect()
}
