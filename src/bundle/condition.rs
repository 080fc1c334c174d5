//! Conditions: a mapping of facts to matchers, all of which must hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings};
use crate::model::names::nearest;
use crate::model::value::{Type, Value};

use super::checked::{Comparison, Condition, FactIx, KindIx, ListIx, TableIx, Test};
use super::draft::Draft;
use super::expression;
use super::reader::{boolean, entries, list, text, unknown, wrong_form};
use super::values::value;
use super::yaml::{Content, Node, Style};

/// Reads a condition for rules of these kinds. What is wrong is reported; what is right is kept.
pub fn read(node: &Node, kinds: &[KindIx], draft: &mut Draft, findings: &mut Findings) -> Option<Condition> {
    let parts = entries(node, "a condition", findings);
    let mut all = Vec::with_capacity(parts.len());
    for (key, body) in parts {
        all.extend(part(key, body, kinds, draft, findings));
    }
    Some(if all.len() == 1 { all.pop()? } else { Condition::All(all) })
}

fn part(key: &Node, body: &Node, kinds: &[KindIx], draft: &mut Draft, findings: &mut Findings) -> Option<Condition> {
    match key.text()? {
        "any-of" => {
            let parts =
                nonempty_list(body, findings).iter().filter_map(|item| read(item, kinds, draft, findings)).collect();
            Some(Condition::Any(parts))
        }
        "all-of" => {
            let parts = list(body, findings).iter().filter_map(|item| read(item, kinds, draft, findings)).collect();
            Some(Condition::All(parts))
        }
        "not" => read(body, kinds, draft, findings).map(|inner| Condition::Not(Box::new(inner))),
        "script" => {
            let predicate = expression::predicate(body, kinds, draft, findings)?;
            Some(Condition::Script(Arc::new(predicate), body.place.clone()))
        }
        path => match path.strip_prefix("settings.") {
            Some(name) => setting(key, name, body, draft, findings),
            None => {
                let fact = draft.fact_of(key, kinds, findings)?;
                let test = read_test(body, fact, &draft.type_of(fact), kinds, draft, findings)?;
                Some(Condition::Fact(fact, test, body.place.clone()))
            }
        },
    }
}

/// A test of a setting.
fn setting(key: &Node, name: &str, body: &Node, draft: &mut Draft, findings: &mut Findings) -> Option<Condition> {
    let Some(setting) = draft.settings.get(name) else {
        let known = draft.settings.keys().map(|name| &**name);
        let finding = Finding::new(Code::UnknownSetting, &key.place, format!("the bundle has no setting `{name}`"));
        let near = nearest(name, known);
        let finding = finding.nearest(near.map(|near| format!("settings.{near}")).as_deref());
        draft.ledger.report("setting", name, near, finding, findings);
        return None;
    };
    let type_ = setting.type_.clone();
    draft.ledger.mark("setting", name);
    let wanted = one_of(body, &type_, draft, findings)?;
    Some(Condition::Setting(name.into(), wanted, body.place.clone()))
}

/// Reads the test of a fact of this type.
pub fn read_test(
    node: &Node,
    fact: FactIx,
    type_: &Type,
    kinds: &[KindIx],
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<Test> {
    match &node.content {
        Content::Mapping(parts) if parts.is_empty() => {
            findings.push(
                Finding::new(Code::WrongForm, &node.place, "the test says nothing about the fact")
                    .help("write a value, a list of values, or a matcher such as `{ present: true }`"),
            );
            None
        }
        Content::Mapping(parts) => {
            let tests: Vec<Test> =
                parts.iter().filter_map(|(key, body)| keyed(key, body, fact, type_, kinds, draft, findings)).collect();
            one_or_all(tests)
        }
        Content::Scalar(written, Style::Plain) if written.starts_with('$') => {
            reference(node, written, Comparison::Equal, type_, kinds, draft, findings)
        }
        _ if matches!(type_, Type::Set(_)) => {
            findings.push(
                Finding::new(
                    Code::WrongForm,
                    &node.place,
                    "the fact is a set, so one value or a list does not say what is meant",
                )
                .help("write `{ any: […] }`, `{ all: […] }` or `{ none: […] }`"),
            );
            None
        }
        _ => one_of(node, type_, draft, findings).map(Test::OneOf),
    }
}

fn one_or_all(mut tests: Vec<Test>) -> Option<Test> {
    if tests.len() == 1 { tests.pop() } else { (!tests.is_empty()).then_some(Test::All(tests)) }
}

/// A value, or a list of values.
fn one_of(node: &Node, type_: &Type, draft: &Draft, findings: &mut Findings) -> Option<BTreeSet<Value>> {
    let items = super::reader::list_or_one(node);
    if items.is_empty() {
        findings.push(
            Finding::new(Code::WrongForm, &node.place, "an empty list matches nothing")
                .help("list the values, or remove the rule"),
        );
    }
    let mut out = BTreeSet::new();
    for item in items {
        if let Some(one) = value(item, type_, draft, findings)
            && !out.insert(one)
        {
            let written = item.text().unwrap_or_default();
            findings.push(Finding::new(Code::Duplicate, &item.place, format!("`{written}` is listed twice")));
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The matchers of a test.
pub const MATCHERS: [&str; 11] =
    ["any", "all", "none", "at-least", "at-most", "more-than", "less-than", "is", "present", "known", "not"];

fn keyed(
    key: &Node,
    body: &Node,
    fact: FactIx,
    type_: &Type,
    kinds: &[KindIx],
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<Test> {
    match key.text()? {
        "any" => set_values(key, body, type_, draft, findings).map(Test::AnyOf),
        "all" => set_values(key, body, type_, draft, findings).map(Test::AllOf),
        "none" => set_values(key, body, type_, draft, findings).map(Test::NoneOf),
        "at-least" => bound(key, body, Comparison::AtLeast, type_, kinds, draft, findings),
        "at-most" => bound(key, body, Comparison::AtMost, type_, kinds, draft, findings),
        "more-than" => bound(key, body, Comparison::MoreThan, type_, kinds, draft, findings),
        "less-than" => bound(key, body, Comparison::LessThan, type_, kinds, draft, findings),
        "is" => read_test(body, fact, type_, kinds, draft, findings),
        "present" => boolean(body, findings).map(Test::Present),
        "known" => boolean(body, findings).map(Test::Known),
        "not" => read_test(body, fact, type_, kinds, draft, findings).map(|inner| Test::Not(Box::new(inner))),
        _ => {
            findings.push(unknown(Code::UnknownKey, key, "there is no matcher", MATCHERS));
            None
        }
    }
}

fn set_values(
    key: &Node,
    body: &Node,
    type_: &Type,
    draft: &Draft,
    findings: &mut Findings,
) -> Option<BTreeSet<Value>> {
    let Type::Set(inner) = type_ else {
        findings.push(
            Finding::new(
                Code::TypeMismatch,
                &key.place,
                format!("`{}` tests a set, the fact is of type `{type_}`", key.text()?),
            )
            .help("write the value, or a list of values"),
        );
        return None;
    };
    one_of(body, inner, draft, findings)
}

fn bound(
    key: &Node,
    body: &Node,
    comparison: Comparison,
    type_: &Type,
    kinds: &[KindIx],
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<Test> {
    if !type_.is_ordered() {
        let message = format!("`{}` compares, the fact is of type `{type_}`, which has no order", key.text()?);
        findings
            .push(Finding::new(Code::TypeMismatch, &key.place, message).help("write the value, or a list of values"));
        return None;
    }
    let written = text(body, findings)?;
    if written.starts_with('$') {
        return reference(body, written, comparison, type_, kinds, draft, findings);
    }
    value(body, type_, draft, findings).map(|limit| Test::Compare(comparison, limit))
}

/// `$list` or `$table.column`.
fn reference(
    node: &Node,
    written: &str,
    comparison: Comparison,
    type_: &Type,
    kinds: &[KindIx],
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<Test> {
    let name = written.strip_prefix('$')?;
    let Some((table, column)) = name.split_once('.') else {
        return in_list(node, name, type_, draft, findings).map(Test::InList);
    };
    let Some(ix) = draft.table(table) else {
        let near = nearest(table, draft.tables.iter().map(|t| &*t.name));
        let finding = Finding::new(Code::UnknownTable, &node.place, format!("there is no table `{table}`"))
            .nearest(near.map(|near| format!("${near}.{column}")).as_deref());
        draft.ledger.report("table", table, near, finding, findings);
        return None;
    };
    draft.ledger.mark("table", table);
    let (at, given) = column_of(node, ix, column, draft, findings)?;
    if given != *type_ {
        let message = format!("`{written}` is of type `{given}`, the fact is of type `{type_}`");
        findings.push(Finding::new(Code::TypeMismatch, &node.place, message));
        return None;
    }
    check_table_facts(node, ix, kinds, draft, findings)?;
    Some(Test::CompareTable(comparison, ix, at))
}

fn column_of(node: &Node, ix: TableIx, column: &str, draft: &Draft, findings: &mut Findings) -> Option<(usize, Type)> {
    let table = draft.tables.get(ix.0)?;
    let found = table.gives.iter().position(|(name, _)| &**name == column);
    match found {
        Some(at) => table.gives.get(at).map(|(_, type_)| (at, type_.clone())),
        None => {
            let known = table.gives.iter().map(|(name, _)| &**name);
            let near = nearest(column, known).map(|near| format!("${}.{near}", table.name));
            let message = format!("the table `{}` gives no `{column}`", table.name);
            let finding = Finding::new(Code::UnknownColumn, &node.place, message).nearest(near.as_deref());
            let whole = format!("{}.{column}", table.name);
            draft.ledger.report("column", &whole, None, finding.related(&table.place, "the table"), findings);
            None
        }
    }
}

/// The kinds of the rule must have the facts by which the table is looked up.
pub fn check_table_facts(
    node: &Node,
    ix: TableIx,
    kinds: &[KindIx],
    draft: &Draft,
    findings: &mut Findings,
) -> Option<()> {
    let table = draft.tables.get(ix.0)?;
    for kind in kinds.iter().filter_map(|k| draft.kinds.get(k.0)) {
        let Some(fact) = table.by.iter().find(|fact| !kind.facts.contains_key(fact)) else { continue };
        let path = draft.facts.get(fact.0).map_or("", |f| &*f.path);
        let message =
            format!("the table `{}` is looked up by `{path}`, which `{}` does not have", table.name, kind.name);
        findings.push(Finding::new(Code::UnknownFact, &node.place, message).related(&table.place, "the table"));
        return None;
    }
    Some(())
}

fn in_list(node: &Node, name: &str, type_: &Type, draft: &mut Draft, findings: &mut Findings) -> Option<ListIx> {
    let Some(ix) = draft.list(name) else {
        let near = nearest(name, draft.lists.iter().map(|l| &*l.name));
        let finding = Finding::new(Code::UnknownList, &node.place, format!("there is no list `{name}`"))
            .nearest(near.map(|near| format!("${near}")).as_deref());
        draft.ledger.report("list", name, near, finding, findings);
        return None;
    };
    draft.ledger.mark("list", name);
    let list = draft.lists.get(ix.0)?;
    if list.type_ != *type_ {
        let message = format!("the list `{name}` holds `{}`, the fact is of type `{type_}`", list.type_);
        findings.push(Finding::new(Code::TypeMismatch, &node.place, message).related(&list.place, "the list"));
        return None;
    }
    Some(ix)
}

/// Whether a test of knowledge stands where not knowing would decide: `known: true` anywhere but in an `ask`, any
/// `known` under a negation, and any `known` in a rule that permits.
pub fn check_knowledge(condition: &Condition, permits: bool, node: &Node, findings: &mut Findings) {
    let misused = match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                check_knowledge(part, permits, node, findings);
            }
            false
        }
        Condition::Not(inner) => mentions_known(inner),
        Condition::Fact(_, test, _) => match test {
            Test::Known(known) => permits || *known,
            Test::All(tests) => tests.iter().any(|t| matches!(t, Test::Known(known) if permits || *known)),
            Test::Not(inner) => test_mentions_known(inner),
            _ => false,
        },
        Condition::Setting(..) | Condition::Script(..) => false,
    };
    if misused {
        findings.push(decides_by_knowledge(node));
    }
}

/// What a rule requires is denied where it is not met, so it may not test knowledge at all.
pub fn check_required_knowledge(required: &Condition, node: &Node, findings: &mut Findings) {
    if mentions_known(required) {
        findings.push(decides_by_knowledge(node));
    }
}

fn decides_by_knowledge(node: &Node) -> Finding {
    Finding::new(Code::TestOfKnowledge, &node.place, "the rule would decide by whether a fact is known")
        .help("use `known: false` only in rules that deny or refer, and `known` freely under `ask`")
}

fn mentions_known(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(mentions_known),
        Condition::Not(inner) => mentions_known(inner),
        Condition::Fact(_, test, _) => test_mentions_known(test),
        Condition::Setting(..) | Condition::Script(..) => false,
    }
}

fn test_mentions_known(test: &Test) -> bool {
    match test {
        Test::Known(_) => true,
        Test::Not(inner) => test_mentions_known(inner),
        Test::All(tests) => tests.iter().any(test_mentions_known),
        _ => false,
    }
}

/// A list is wanted where a scalar may not stand.
pub fn nonempty_list<'n>(node: &'n Node, findings: &mut Findings) -> &'n [Node] {
    let items = list(node, findings);
    if items.is_empty() && matches!(node.content, Content::Sequence(_)) {
        wrong_form(node, "at least one item is wanted here", findings);
    }
    items
}
