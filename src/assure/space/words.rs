//! Classes of a variable in words.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::model::value::Value;

use super::atoms::{Atom, Var, What};

/// A set of classes in words: `one of AX, AS`, `at least 31`, `not given`.
#[must_use]
pub fn describe(var: &Var, chosen: &BTreeSet<usize>) -> String {
    if let What::Member(value) = &var.what {
        let has = var.classes.iter().enumerate().any(|(at, c)| chosen.contains(&at) && c.atom == Atom::Truth(true));
        return if has { format!("has {value}") } else { format!("lacks {value}") };
    }
    let picked = |atom: &dyn Fn(&Atom) -> bool| {
        var.classes.iter().enumerate().filter(|(_, class)| atom(&class.atom)).all(|(at, _)| chosen.contains(&at))
    };
    let is_value = |atom: &Atom| {
        matches!(atom, Atom::Value(_) | Atom::Between(..) | Atom::Values(_) | Atom::Rest | Atom::Truth(_))
    };
    let values = var.classes.iter().filter(|class| is_value(&class.atom)).count();
    let mut words = Vec::new();
    if values > 0 && var.what != What::Set && picked(&is_value) {
        // Of a fact this says that it is stated at all.
        words.push(if var.what == What::Fact { "given" } else { "any value" }.to_owned());
    } else {
        words.extend(ordered(var, chosen));
        words.extend(listed(var, chosen));
    }
    for (at, class) in var.classes.iter().enumerate().filter(|(at, _)| chosen.contains(at)) {
        let _ = at;
        match class.atom {
            Atom::Nothing => words.push("not given".into()),
            Atom::Unrecognised => words.push("not recognised".into()),
            Atom::Failed => words.push("cannot be computed".into()),
            Atom::Absent => words.push("absent".into()),
            _ => {}
        }
    }
    words.join(" or ")
}

/// Runs of an order.
fn ordered(var: &Var, chosen: &BTreeSet<usize>) -> Vec<String> {
    type Bound = Option<(Value, bool)>;
    let mut runs: Vec<(Bound, Bound)> = Vec::new();
    let mut last = None;
    for (at, class) in var.classes.iter().enumerate() {
        let (from, until) = match &class.atom {
            Atom::Value(value) => (Some((value.clone(), true)), Some((value.clone(), true))),
            Atom::Between(from, until) => {
                (from.clone().map(|value| (value, false)), until.clone().map(|value| (value, false)))
            }
            _ => continue,
        };
        if !chosen.contains(&at) {
            continue;
        }
        match runs.last_mut() {
            Some(run) if last.is_some_and(|last: usize| last.checked_add(1) == Some(at)) => run.1 = until,
            _ => runs.push((from, until)),
        }
        last = Some(at);
    }
    runs.into_iter()
        .map(|run| match run {
            (Some((a, true)), Some((b, true))) if a == b => a.to_string(),
            (from, until) => {
                let mut text = String::new();
                if let Some((value, included)) = from {
                    let _ = write!(text, "{} {value}", if included { "at least" } else { "more than" });
                }
                if let Some((value, included)) = until {
                    let and = if text.is_empty() { "" } else { " and " };
                    let _ = write!(text, "{and}{} {value}", if included { "at most" } else { "less than" });
                }
                text
            }
        })
        .collect()
}

/// Named values; where most are chosen, those that are not.
fn listed(var: &Var, chosen: &BTreeSet<usize>) -> Option<String> {
    const SHOWN: usize = 12;
    let (mut inside, mut outside, mut rest, mut all_of) = (Vec::new(), Vec::new(), false, Vec::new());
    for (at, class) in var.classes.iter().enumerate() {
        let is = chosen.contains(&at);
        match &class.atom {
            Atom::Values(values) => {
                let texts = values.iter().map(ToString::to_string);
                if is { inside.extend(texts) } else { outside.extend(texts) }
            }
            Atom::Rest if is => rest = true,
            Atom::Truth(truth) if is => all_of.push(truth.to_string()),
            _ => {}
        }
    }
    if var.what == What::Set
        && var.classes.iter().enumerate().any(|(at, c)| c.atom == Atom::Rest && chosen.contains(&at))
    {
        return Some("given".into());
    }
    inside.sort();
    outside.sort();
    let shorten = |mut all: Vec<String>| {
        let more = all.len().saturating_sub(SHOWN);
        all.truncate(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", all.join(", "))
    };
    let text = match (inside.is_empty(), rest, outside.is_empty()) {
        (true, false, _) => return (!all_of.is_empty()).then(|| all_of.join(" or ")),
        (_, true, true) => "any value".to_owned(),
        (_, true, false) => format!("other than {}", shorten(outside)),
        (false, false, _) if !outside.is_empty() && outside.len().saturating_mul(2) < inside.len() => {
            format!("other than {}", shorten(outside))
        }
        _ => shorten(inside),
    };
    Some(text)
}
