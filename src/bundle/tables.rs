//! Named lists, tables and periods of effect.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::time::Timestamp;
use crate::model::value::{Type, Value};

use super::checked::{Effective, Evidence, FactIx, List, ListEntry, ListIx, Row, Table, TableIx};
use super::condition;
use super::draft::Draft;
use super::overlay;
use super::reader::{Mapping, entries, list, name, text, unknown};
use super::values::value;
use super::vocabulary::type_named;
use super::window;
use super::yaml::{Content, Node};

/// `effective: { from, until }` of something dated by `dated_by`.
pub fn effective(node: Option<&Node>, dated_by: FactIx, findings: &mut Findings) -> Option<Effective> {
    let node = node?;
    let mut map = Mapping::open(node, "`effective`", findings)?;
    let mut instant = |key| map.take(key).and_then(|node: &Node| timestamp(node, findings));
    let (from, until) = (instant("from"), instant("until"));
    map.finish(findings);
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        findings.push(
            Finding::new(
                Code::EffectiveReversed,
                &node.place,
                format!("the period from `{from}` until `{until}` holds at no time"),
            )
            .help("`until` is the first day on which it no longer holds"),
        );
    }
    Some(Effective { from, until, dated_by })
}

fn timestamp(node: &Node, findings: &mut Findings) -> Option<Timestamp> {
    let written = text(node, findings)?;
    let found = Timestamp::parse(written);
    if found.is_none() {
        findings.push(
            Finding::new(Code::TypeMismatch, &node.place, format!("`{written}` is not a date or timestamp"))
                .help("write a date that exists as `YYYY-MM-DD`, or an instant as `2021-06-01T00:00:00Z`"),
        );
    }
    found
}

/// The fact named by `dated-by`; `at` when silent. It must be a date or a timestamp.
pub fn dated_by(node: Option<&Node>, default: FactIx, draft: &Draft, findings: &mut Findings) -> FactIx {
    let Some(node) = node else { return default };
    let Some(ix) = draft.fact(node, findings) else { return default };
    let type_ = draft.type_of(ix);
    if !matches!(type_, Type::Date | Type::Timestamp) {
        let message = format!("a period cannot be read by a fact of type `{type_}`");
        findings.push(Finding::new(Code::TypeMismatch, &node.place, message).help("name a date or a timestamp"));
    }
    ix
}

/// The lists of a policy file.
pub fn read_lists(node: &Node, source: Option<&Arc<str>>, draft: &mut Draft, findings: &mut Findings) {
    for (key, body) in entries(node, "`lists`", findings) {
        let Some(name) = name(key, findings) else { continue };
        let Some(list) = read_list(Arc::clone(&name), key, body, source, draft, findings) else {
            draft.ledger.mark_broken("list", &name);
            continue;
        };
        if let Some(first) = draft.list(&name).and_then(|ix| draft.lists.get(ix.0)) {
            findings.push(duplicate("list", key, &first.place));
            continue;
        }
        draft.list_index.insert(name, ListIx(draft.lists.len()));
        draft.lists.push(list);
    }
}

/// Scripts read `order.days`; it must be clear whether that is a fact or a column.
fn taken_by_facts(table: &Arc<str>, key: &Node, draft: &Draft, findings: &mut Findings) {
    if let Some(fact) = draft.fact_below(table).and_then(|ix| draft.facts.get(ix.0)) {
        let message = format!("the table `{table}` has the name of a branch of facts");
        findings.push(
            Finding::new(Code::Duplicate, &key.place, message)
                .help("give the table a name of its own")
                .related(&fact.place, "one of the facts"),
        );
    }
}

fn duplicate(what: &str, key: &Node, first: &Place) -> Finding {
    let name = key.text().unwrap_or_default();
    Finding::new(Code::Duplicate, &key.place, format!("the {what} `{name}` is defined twice"))
        .related(first, "first here")
}

fn read_list(
    name: Arc<str>,
    key: &Node,
    body: &Node,
    source: Option<&Arc<str>>,
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<List> {
    let mut map = Mapping::open(body, "a list", findings)?;
    let type_ = map.need("type").and_then(|node| type_named(node, draft, findings));
    let dated = dated_by(map.take("dated-by"), FactIx(0), draft, findings);
    let items = map.need("entries").map(|node| condition::nonempty_list(node, findings));
    map.finish(findings);
    let (type_, items) = (type_?.type_, items?);
    let mut out: Vec<ListEntry> = Vec::with_capacity(items.len());
    let mut index: HashMap<Value, Vec<usize>> = HashMap::new();
    for item in items {
        let Some(entry) = list_entry(item, &type_, dated, source, draft, findings) else { continue };
        let before = index.entry(entry.value.clone()).or_default();
        let mut same = before.iter().filter_map(|at| out.get(*at));
        if let Some(first) = same.find(|e| e.effective.is_none() || entry.effective.is_none()) {
            let message = format!("`{}` is listed twice", entry.value);
            findings.push(Finding::new(Code::Duplicate, &item.place, message).related(&first.place, "first here"));
            continue;
        }
        before.push(out.len());
        out.push(entry);
    }
    Some(List { name, type_, entries: out, place: key.place.clone() })
}

/// A value, or `{ value, clauses, effective }`.
pub fn list_entry(
    node: &Node,
    type_: &Type,
    dated: FactIx,
    source: Option<&Arc<str>>,
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<ListEntry> {
    let place = node.place.clone();
    if !matches!(node.content, Content::Mapping(_)) {
        let value = value(node, type_, draft, findings)?;
        let (clauses, retired) = (Vec::new(), Vec::new());
        return Some(ListEntry { value, clauses, effective: None, retired, evidence: Evidence::default(), place });
    }
    let mut map = Mapping::open(node, "a list entry", findings)?;
    let entry_value = map.need("value").and_then(|node| value(node, type_, draft, findings));
    let clauses = draft.clauses(map.take("clauses"), source, findings);
    let effective = effective(map.take("effective"), dated, findings);
    let evidence = overlay::evidence(&mut map, findings);
    map.finish(findings);
    Some(ListEntry { value: entry_value?, clauses, effective, retired: Vec::new(), evidence, place })
}

/// The tables of a policy file.
pub fn read_tables(node: &Node, source: Option<&Arc<str>>, draft: &mut Draft, findings: &mut Findings) {
    for (key, body) in entries(node, "`tables`", findings) {
        let Some(name) = name(key, findings) else { continue };
        let Some(table) = read_table(Arc::clone(&name), key, body, source, draft, findings) else {
            draft.ledger.mark_broken("table", &name);
            continue;
        };
        if let Some(first) = draft.table(&name).and_then(|ix| draft.tables.get(ix.0)) {
            findings.push(duplicate("table", key, &first.place));
            continue;
        }
        taken_by_facts(&name, key, draft, findings);
        draft.table_index.insert(name, TableIx(draft.tables.len()));
        draft.tables.push(table);
    }
}

fn read_table(
    name: Arc<str>,
    key: &Node,
    body: &Node,
    source: Option<&Arc<str>>,
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<Table> {
    let mut map = Mapping::open(body, "a table", findings)?;
    let by_node = map.need("by");
    let by = by_node.map(|node| list(node, findings)).unwrap_or_default();
    let by: Vec<FactIx> = by.iter().filter_map(|item| lookup_fact(&name, item, draft, findings)).collect();
    if by_node.is_none_or(|node| !matches!(node.content, Content::Sequence(_))) {
        draft.ledger.mark_broken("columns of table", &name);
    }
    let gives_node = map.need("gives");
    let is_window = gives_node.and_then(Node::text) == Some("window");
    let gives = match gives_node {
        Some(_) if is_window => window::columns(),
        Some(node) => columns(&name, node, draft, findings),
        None => Vec::new(),
    };
    if gives_node.is_none_or(|node| !is_window && !matches!(node.content, Content::Mapping(_))) {
        draft.ledger.mark_broken("columns of table", &name);
    }
    let dated_by = dated_by(map.take("dated-by"), FactIx(0), draft, findings);
    let items = map.need("rows").map(|node| condition::nonempty_list(node, findings)).unwrap_or_default();
    map.finish(findings);
    if draft.ledger.is_broken("columns of table", &name) {
        draft.ledger.mark_broken("table", &name);
        return None;
    }
    let mut table = Table { name, by, gives, rows: Vec::new(), dated_by, is_window, place: key.place.clone() };
    for item in items {
        let row = read_row(item, &table, source, draft, findings);
        if row.is_none() {
            mark_broken(item, &table.name, draft);
        }
        table.rows.extend(row);
    }
    Some(table)
}

/// A fact by which a table is looked up; the column of one that is not known is not told again in each row.
fn lookup_fact(table: &str, node: &Node, draft: &Draft, findings: &mut Findings) -> Option<FactIx> {
    let found = draft.fact(node, findings);
    if found.is_none() {
        draft.ledger.mark_broken("column", &format!("{table}.{}", node.text().unwrap_or_default()));
    }
    found
}

fn columns(table: &str, node: &Node, draft: &Draft, findings: &mut Findings) -> Vec<(Arc<str>, Type)> {
    let mut out = Vec::new();
    for (column, type_) in entries(node, "`gives`", findings) {
        let Some(column) = name(column, findings) else { continue };
        match type_named(type_, draft, findings) {
            Some(def) => out.push((column, def.type_)),
            None => draft.ledger.mark_broken("column", &format!("{table}.{column}")),
        }
    }
    out
}

/// A row with a mistake of its own is there all the same for what names it.
pub fn mark_broken(row: &Node, table: &str, draft: &Draft) {
    if let Some(id) = row.entry("id").and_then(Node::text) {
        draft.ledger.mark_broken("row", &format!("{table}/{id}"));
    }
}

/// Reads one row of a table; `table` need not have its rows.
pub fn read_row(
    node: &Node,
    table: &Table,
    source: Option<&Arc<str>>,
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<Row> {
    let before = findings.len();
    let mut row = Row {
        id: None,
        tests: Vec::new(),
        values: Vec::new(),
        clauses: Vec::new(),
        effective: None,
        retired: Vec::new(),
        evidence: Evidence::default(),
        place: node.place.clone(),
    };
    let mut values: Vec<Option<Value>> =
        if table.is_window { window::values(node, findings)? } else { vec![None; table.gives.len()] };
    for (key, body) in entries(node, "a row", findings) {
        let Some(written) = key.text() else { continue };
        let column = table.gives.iter().position(|(name, _)| &**name == written).filter(|_| !table.is_window);
        if let Some((slot, (_, type_))) = column.and_then(|at| values.get_mut(at).zip(table.gives.get(at))) {
            *slot = value(body, type_, draft, findings);
        } else if !(table.is_window && window::KEYS.contains(&written)) {
            row_key(key, written, body, table, source, &mut row, draft, findings);
        }
    }
    // A column that is mistyped is missing too, which is the same mistake.
    let mistyped = findings.iter().skip(before).any(|finding| finding.code == Code::UnknownColumn);
    for ((column, _), value) in table.gives.iter().zip(&values) {
        if value.is_none() && node.entry(column).is_none() && node.entry("<<").is_none() && !mistyped {
            let message = format!("the row gives no `{column}`");
            findings.push(Finding::new(Code::MissingKey, &node.place, message).help(format!("add `{column}:`")));
        }
    }
    row.values = values.into_iter().collect::<Option<Vec<_>>>()?;
    Some(row)
}

#[expect(clippy::too_many_arguments, reason = "one key of a row may be anything a row has")]
fn row_key(
    key: &Node,
    written: &str,
    body: &Node,
    table: &Table,
    source: Option<&Arc<str>>,
    row: &mut Row,
    draft: &mut Draft,
    findings: &mut Findings,
) {
    let fact = table.by.iter().find(|ix| draft.facts.get(ix.0).is_some_and(|fact| &*fact.path == written)).copied();
    match (fact, written) {
        (Some(fact), _) => {
            let type_ = draft.type_of(fact);
            let test = condition::read_test(body, fact, &type_, &[], draft, findings);
            row.tests.extend(test.map(|test| (fact, test)));
        }
        (None, "id") => row.id = name(body, findings),
        (None, "clauses") => row.clauses = draft.clauses(Some(body), source, findings),
        (None, "effective") => row.effective = effective(Some(body), table.dated_by, findings),
        (None, "certainty") => row.evidence.certainty = overlay::certainty_word(body, findings),
        (None, "evidence") => row.evidence.evidence = text(body, findings).map(Arc::from),
        (None, _) => {
            let facts = table.by.iter().filter_map(|ix| draft.facts.get(ix.0)).map(|fact| &*fact.path);
            let columns = table.gives.iter().map(|(name, _)| &**name).filter(|_| !table.is_window);
            let window = window::KEYS.iter().copied().filter(|_| table.is_window);
            let own = ["id", "clauses", "effective", "certainty", "evidence"];
            let known = facts.chain(columns).chain(window).chain(own);
            let finding = unknown(Code::UnknownColumn, key, "the table has no column", known);
            let whole = format!("{}.{written}", table.name);
            draft.ledger.report("column", &whole, None, finding.related(&table.place, "the table"), findings);
        }
    }
}
