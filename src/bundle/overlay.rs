//! What an overlay does to what it extends: adds rows and entries, retires by name with a reason, never shadows.

use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::names::nearest;

use super::checked::{Evidence, FactIx, Retired};
use super::draft::Draft;
use super::reader::{Mapping, entries, list, text, unknown};
use super::tables::{dated_by, effective, list_entry, mark_broken, read_row};
use super::yaml::Node;

/// What a `retire` names.
#[derive(Clone, Debug)]
pub enum Target {
    /// `policy/id`.
    Rule(Arc<str>),
    /// `table/id`.
    Row(Arc<str>),
    /// A whole list.
    List(Arc<str>),
    /// `list/value`.
    Entry(Arc<str>),
}

type MakeTarget = fn(Arc<str>) -> Target;

/// A `retire` that waits until all rules are read.
#[derive(Clone, Debug)]
pub struct Retirement {
    target: Target,
    retired: Retired,
    name_place: Place,
    /// Whether the overlay only tightens.
    restricts: bool,
}

/// `retire:` of a policy file.
pub fn read_retirements(node: &Node, default_date: FactIx, draft: &mut Draft, findings: &mut Findings) {
    for item in list(node, findings) {
        let retirement = read_retirement(item, default_date, draft, findings);
        draft.retirements.extend(retirement);
    }
}

fn read_retirement(node: &Node, default_date: FactIx, draft: &Draft, findings: &mut Findings) -> Option<Retirement> {
    let mut map = Mapping::open(node, "a retirement", findings)?;
    let mut named = Vec::new();
    let kinds: [(&str, MakeTarget); 4] =
        [("rule", Target::Rule), ("row", Target::Row), ("list", Target::List), ("entry", Target::Entry)];
    for (key, target) in kinds {
        if let Some(node) = map.take(key) {
            named.extend(text(node, findings).map(|name| (target(name.into()), node.place.clone())));
        }
    }
    let reason = map.need_text("reason", findings);
    let dated = dated_by(map.take("dated-by"), default_date, draft, findings);
    let period = effective(map.take("effective"), dated, findings);
    map.finish(findings);
    let place = node.place.clone();
    match named.len() {
        1 => {
            let (target, name_place) = named.pop()?;
            let retired = Retired { effective: period, reason: reason?, place };
            Some(Retirement { target, retired, name_place, restricts: draft.restricts })
        }
        _ => {
            findings.push(
                Finding::new(Code::WrongForm, &place, "a retirement names one thing")
                    .help("give one of `rule: policy/id`, `row: table/id`, `list: name`, `entry: list/value`"),
            );
            None
        }
    }
}

/// Applies the retirements when all rules, rows and lists are read.
pub fn apply_retirements(draft: &mut Draft, findings: &mut Findings) {
    for retirement in std::mem::take(&mut draft.retirements) {
        let Retirement { target, retired, name_place, restricts } = retirement;
        if let (Target::Rule(name), true) = (&target, restricts) {
            super::restrict::retirement(name, &name_place, draft, findings);
        }
        let (found, name, code, known) = match &target {
            Target::Rule(name) => retire_rule(draft, name, &retired),
            Target::Row(name) => retire_row(draft, name, &retired),
            Target::List(name) => retire_entries(draft, name, None, &retired),
            Target::Entry(name) => match name.split_once('/') {
                Some((list, value)) => retire_entries(draft, list, Some(value), &retired),
                None => (false, Arc::clone(name), Code::UnknownList, Vec::new()),
            },
        };
        if !found && !is_broken(&target, draft) {
            let near = nearest(&name, known.iter().map(|name| &**name));
            let message = format!("there is no `{name}` to retire");
            findings.push(Finding::new(code, &name_place, message).nearest(near));
        }
    }
}

/// Whether what is to be retired is there, with a mistake of its own.
fn is_broken(target: &Target, draft: &Draft) -> bool {
    let broken = |kind, name: &str| draft.ledger.is_broken(kind, name);
    match target {
        Target::Rule(name) => broken("rule", name),
        Target::Row(name) => broken("row", name) || broken("table", name.split('/').next().unwrap_or_default()),
        Target::List(name) | Target::Entry(name) => broken("list", name.split('/').next().unwrap_or_default()),
    }
}

type Found = (bool, Arc<str>, Code, Vec<Arc<str>>);

fn retire_rule(draft: &mut Draft, name: &Arc<str>, retired: &Retired) -> Found {
    let rule = draft.rules.iter_mut().find(|rule| rule.name == *name);
    let found = rule.is_some();
    if let Some(rule) = rule {
        rule.retired.push(retired.clone());
    }
    (found, Arc::clone(name), Code::UnknownRule, draft.rules.iter().map(|rule| Arc::clone(&rule.name)).collect())
}

fn retire_row(draft: &mut Draft, name: &Arc<str>, retired: &Retired) -> Found {
    let (mut found, mut known) = (false, Vec::new());
    for table in &mut draft.tables {
        for row in &mut table.rows {
            let Some(id) = &row.id else { continue };
            let full: Arc<str> = format!("{}/{id}", table.name).into();
            if full == *name {
                row.retired.push(retired.clone());
                found = true;
            }
            known.push(full);
        }
    }
    (found, Arc::clone(name), Code::UnknownRow, known)
}

fn retire_entries(draft: &mut Draft, list: &str, value: Option<&str>, retired: &Retired) -> Found {
    let (mut found, mut known) = (false, Vec::new());
    for known_list in &mut draft.lists {
        known.push(Arc::clone(&known_list.name));
        if &*known_list.name != list {
            continue;
        }
        for entry in known_list.entries.iter_mut().filter(|e| value.is_none_or(|v| e.value.to_string() == v)) {
            entry.retired.push(retired.clone());
            found = true;
        }
    }
    let name = value.map_or_else(|| list.to_owned(), |value| format!("{list}/{value}"));
    (found, name.into(), Code::UnknownList, known)
}

/// `add-rows:`: rows for tables that are defined elsewhere.
pub fn add_rows(node: &Node, source: Option<&Arc<str>>, draft: &mut Draft, findings: &mut Findings) {
    for (key, rows) in entries(node, "`add-rows`", findings) {
        let name = key.text().unwrap_or_default();
        let Some(ix) = draft.table(name) else {
            let known = draft.tables.iter().map(|table| &*table.name);
            draft.unknown("table", Code::UnknownTable, key, "there is no table", known, findings);
            continue;
        };
        let Some(table) = draft.tables.get(ix.0) else { continue };
        let shape = table.without_rows();
        for node in list(rows, findings) {
            let row = read_row(node, &shape, source, draft, findings);
            if row.is_none() {
                mark_broken(node, name, draft);
            }
            if let Some(table) = draft.tables.get_mut(ix.0) {
                table.rows.extend(row);
            }
        }
    }
}

/// `add-entries:`: entries for lists that are defined elsewhere.
pub fn add_entries(node: &Node, dated: FactIx, source: Option<&Arc<str>>, draft: &mut Draft, findings: &mut Findings) {
    for (key, items) in entries(node, "`add-entries`", findings) {
        let name = key.text().unwrap_or_default();
        let Some(ix) = draft.list(name) else {
            let known = draft.lists.iter().map(|list| &*list.name);
            draft.unknown("list", Code::UnknownList, key, "there is no list", known, findings);
            continue;
        };
        let Some(type_) = draft.lists.get(ix.0).map(|list| list.type_.clone()) else { continue };
        for item in list(items, findings) {
            let entry = list_entry(item, &type_, dated, source, draft, findings);
            if let Some(list) = draft.lists.get_mut(ix.0) {
                list.entries.extend(entry);
            }
        }
    }
}

/// `certainty` and `evidence` of something dated.
pub fn evidence(map: &mut Mapping<'_>, findings: &mut Findings) -> Evidence {
    let certainty = map.take("certainty");
    let evidence = map.take("evidence").and_then(|node| text(node, findings)).map(Arc::from);
    Evidence { certainty: certainty.and_then(|node| certainty_word(node, findings)), evidence }
}

/// `high` or `medium`.
pub fn certainty_word(node: &Node, findings: &mut Findings) -> Option<Arc<str>> {
    let written = text(node, findings)?;
    if !["high", "medium"].contains(&written) {
        findings.push(unknown(Code::UnknownValue, node, "a certainty is `high` or `medium`, not", ["high", "medium"]));
        return None;
    }
    Some(written.into())
}
