//! Who may do what: the requests of a kind that are permitted or handed over, as rows that a reviewer reads.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::engine::Engine;
use crate::model::decision::Outcome;
use crate::model::names::nearest;

use super::space::atoms::{Atom, What};
use super::space::mdd::{NO, Op, YES};
use super::space::solve::number;
use super::space::words::describe;
use super::space::{Bounds, Space, SpaceError};

/// Why there is no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhoError {
    /// The analysis has no answer.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// What was asked for does not decide anything.
    #[error("no rule of the kind tests `{name}`{near}")]
    NotTested {
        /// The path that was given.
        name: String,
        /// A suggestion.
        near: String,
    },
    /// The value cannot be one of the fact's.
    #[error("`{value}` is no value of `{name}`{near}")]
    NoValue {
        /// The path that was given.
        name: String,
        /// The value that was given.
        value: String,
        /// A suggestion.
        near: String,
    },
}

/// One row: an outcome, and what the request must be for it. A fact that is not named may be anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The values of the facts by which rows are grouped, in the order in which they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group: Vec<String>,
    /// `permit` or `refer`.
    pub outcome: &'static str,
    /// What each fact must be.
    #[serde(rename = "where")]
    pub facts: BTreeMap<String, String>,
}

/// The rows of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The facts by which they are grouped.
    pub group_by: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Rows that are left out, because no request was found for which scripts give what they need.
    pub unreached: usize,
    /// Whether there are more rows than are shown.
    pub is_cut: bool,
}

/// The most rows for one outcome and group.
const MOST: usize = 200;

/// The most groups.
const MOST_GROUPS: usize = 2_000;

/// The rows of a kind. `when` fixes facts (path and value as written), `group_by` splits by the values of facts. Requests
/// that leave something open are left out: they are asked for more.
///
/// # Errors
/// When the kind, a fact or a value is not known, or the bounds are met.
pub fn who(
    engine: &Engine,
    kind: &str,
    when: &[(String, String)],
    group_by: &[String],
    bounds: Bounds,
) -> Result<Table, WhoError> {
    let mut space = Space::new(&[engine], kind, &[], bounds)?;
    let solved = space.solve(0)?;
    let mut matters = space.complete();
    matters = space.mdd.apply(Op::And, matters, solved.valid);
    for (name, value) in when {
        let fixed = fixed(&mut space, name, value)?;
        matters = space.mdd.apply(Op::And, matters, fixed);
    }
    let mut out = Table { group_by: group_by.to_vec(), ..Table::default() };
    for (group, region) in all_groups(&mut space, group_by, matters, &mut out.is_cut)? {
        let matters = space.mdd.apply(Op::And, matters, region);
        for outcome in [Outcome::Permit, Outcome::Refer] {
            let here = space.mdd.is(solved.outcome, number(outcome));
            let here = space.mdd.apply(Op::And, here, matters);
            let (boxes, all) = space.cover(here, matters, MOST);
            out.is_cut |= !all;
            for (one, found) in boxes {
                if space.seek(found).is_none() {
                    out.unreached = out.unreached.saturating_add(1);
                    continue;
                }
                let facts = space.words(&one, true).into_iter().collect();
                out.rows.push(Row { group: group.clone(), outcome: outcome.as_str(), facts });
            }
        }
    }
    space.check()?;
    Ok(out)
}

fn variable(space: &Space<'_>, name: &str) -> Result<usize, WhoError> {
    space.var(name).ok_or_else(|| {
        let known = space.vars.iter().filter(|var| var.what != What::Script).map(|var| &*var.name);
        let near = nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        WhoError::NotTested { name: name.to_owned(), near }
    })
}

/// Where a fact has a value, or a set has a member.
fn fixed(space: &mut Space<'_>, name: &str, value: &str) -> Result<super::space::mdd::Id, WhoError> {
    let at = variable(space, name)?;
    let members = space.members_of(name);
    let mut known: Vec<String> = members.iter().map(|(_, member)| member.to_string()).collect();
    if let Some((at, _)) = members.iter().find(|(_, member)| member.to_string() == value) {
        let at = *at;
        let has = space.mdd.leaves(u32::try_from(at).unwrap_or(u32::MAX), [NO, YES]);
        return Ok(space.given(name, has));
    }
    let Some(var) = space.vars.get(at).filter(|var| var.what != What::Set) else {
        return Err(no_value(name, value, &known));
    };
    let holds = |atom: &Atom, stands: Option<&crate::Value>| match atom {
        Atom::Values(values) => values.iter().any(|one| one.to_string() == value),
        Atom::Value(one) => one.to_string() == value,
        Atom::Truth(is) => is.to_string() == value,
        Atom::Between(..) => stands.and_then(|like| parsed(like, value)).is_some_and(|value| {
            var.class_of(&value).is_some_and(|class| var.classes.get(class).is_some_and(|c| c.atom == *atom))
        }),
        _ => false,
    };
    let mut classes: Vec<bool> = var.classes.iter().map(|class| holds(&class.atom, class.value.as_ref())).collect();
    if !classes.contains(&true) {
        // A text that no rule names.
        for (is, class) in classes.iter_mut().zip(var.classes.iter()) {
            *is = class.atom == Atom::Rest;
        }
    }
    if !classes.contains(&true) {
        known.extend(var.classes.iter().flat_map(|class| words(&class.atom)));
        return Err(no_value(name, value, &known));
    }
    let below = classes.into_iter().map(|is| if is { YES } else { NO });
    Ok(space.mdd.leaves(u32::try_from(at).unwrap_or(u32::MAX), below))
}

fn no_value(name: &str, value: &str, known: &[String]) -> WhoError {
    let near = nearest(value, known.iter().map(String::as_str));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    WhoError::NoValue { name: name.to_owned(), value: value.to_owned(), near }
}

/// The single values of a class, as they are written.
fn words(atom: &Atom) -> Vec<String> {
    match atom {
        Atom::Values(values) => values.iter().map(ToString::to_string).collect(),
        Atom::Value(one) => vec![one.to_string()],
        Atom::Truth(is) => vec![is.to_string()],
        _ => Vec::new(),
    }
}

/// A value as written, of the type of another.
fn parsed(like: &crate::Value, text: &str) -> Option<crate::Value> {
    use crate::Value;
    match like {
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Decimal(_) => Value::parse_decimal(text),
        Value::Date(_) => crate::Date::parse(text).map(Value::Date),
        Value::Timestamp(_) => crate::Timestamp::parse(text).map(Value::Timestamp),
        Value::Duration(_) => crate::Duration::parse(text).map(Value::Duration),
        _ => None,
    }
}

/// Values of facts, each with its region.
type Groups<T> = Vec<(T, super::space::mdd::Id)>;

/// Every combination of the values of facts that some request has.
fn all_groups(
    space: &mut Space<'_>,
    group_by: &[String],
    matters: super::space::mdd::Id,
    is_cut: &mut bool,
) -> Result<Groups<Vec<String>>, WhoError> {
    let mut out: Groups<Vec<String>> = vec![(Vec::new(), YES)];
    for name in group_by {
        let values = groups(space, name)?;
        let mut finer = Vec::new();
        for (group, region) in out {
            for (value, of_value) in &values {
                let both = space.mdd.apply(Op::And, region, *of_value);
                if space.mdd.apply(Op::And, both, matters) != NO {
                    finer.push(([group.as_slice(), std::slice::from_ref(value)].concat(), both));
                }
            }
        }
        *is_cut |= finer.len() > MOST_GROUPS;
        finer.truncate(MOST_GROUPS);
        out = finer;
    }
    Ok(out)
}

/// The values of a fact, each as a region.
fn groups(space: &mut Space<'_>, name: &str) -> Result<Groups<String>, WhoError> {
    let at = variable(space, name)?;
    let members = space.members_of(name);
    if !members.is_empty() {
        let mut out = Vec::new();
        for (at, member) in members {
            let has = space.mdd.leaves(u32::try_from(at).unwrap_or(u32::MAX), [NO, YES]);
            out.push((member.to_string(), space.given(name, has)));
        }
        return Ok(out);
    }
    let Some(var) = space.vars.get(at).cloned() else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for class in 0..var.classes.len() {
        let below = (0..var.classes.len()).map(|one| if one == class { YES } else { NO });
        let region = space.mdd.leaves(u32::try_from(at).unwrap_or(u32::MAX), below);
        out.push((describe(&var, &BTreeSet::from([class])), region));
    }
    Ok(out)
}
