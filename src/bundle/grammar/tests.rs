//! The grammar and the readers know the same keys.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::ptr;
use std::sync::Arc;

use super::{
    BUILT_IN_TYPES, CONDITION_KEYS, FileKind, Form, MATCHERS, Need, RESULT_SCRIPT, ROW_KEYS, Shape, WINDOW_ROW_KEYS,
};
use crate::bundle::condition;
use crate::bundle::files::Files;
use crate::bundle::load::load;
use crate::bundle::reader::asked;
use crate::embedded;
use crate::model::limits::Limits;

/// Every mapping that files may hold; those that belong to scenarios are read elsewhere.
fn shapes() -> Vec<&'static Shape> {
    let mut out: Vec<&'static Shape> = Vec::new();
    let bundle_files = FileKind::ALL.into_iter().filter(|kind| *kind != FileKind::Scenario);
    for kind in bundle_files {
        collect(kind.shape(), &mut out);
    }
    out
}

fn collect(shape: &'static Shape, out: &mut Vec<&'static Shape>) {
    if out.iter().any(|known| ptr::eq(*known, shape)) {
        return;
    }
    out.push(shape);
    for key in shape.keys {
        collect_form(&key.form, out);
    }
}

fn collect_form(form: &'static Form, out: &mut Vec<&'static Shape>) {
    match form {
        Form::Shape(shape) => collect(shape, out),
        Form::List(inner) | Form::ListOrOne(inner) | Form::Map(_, inner) => collect_form(inner, out),
        Form::Either(one, other) => {
            collect_form(one, out);
            collect_form(other, out);
        }
        Form::Row => {
            ROW_KEYS.iter().chain(&WINDOW_ROW_KEYS).for_each(|(_, form, _)| collect_form(form, out));
        }
        Form::Scalar(_) | Form::Condition | Form::Statement | Form::Results | Form::Request => {}
    }
}

/// A bundle that uses what the shipped ones do not.
const REST: &[(&str, &str)] = &[
    (
        "bundle.yaml",
        "bundle: rest\nversion: '1'\nlanguages: [en]\nvocabulary: v.yaml\npolicies: [p.yaml]\n\
         settings: { strict: { type: boolean, default: true, choices: [true], gist: Whether., dated: [{ value: true, effective: { from: 2021-01-01 } }] } }\n",
    ),
    (
        "v.yaml",
        "stages: [one]\nreasons: { information-missing: one, rule-failed: one, no: one }\n\
         facts: { age: { type: integer } }\nkinds: { ask: { facts: [age], otherwise: no } }\n",
    ),
    (
        "p.yaml",
        "policy: p\nrequest: ask\neffective: { from: 2021-01-01, until: 2022-01-01 }\ntables:\n  \
         w: { by: [age], gives: window, rows: [{ age: 1, refundOptions: [{ sequenceId: 0, type: Full, expiresAfter: P1D }] }] }\nlists:\n  \
         l: { type: integer, dated-by: at, entries: [{ value: 1, effective: { from: 2021-01-01 } }] }\nrules:\n  \
         - { id: r, request: ask, dated-by: at, effective: { from: 2021-01-01 }, when: { age: $l }, deny: no }\n",
    ),
];

fn asked_while_loading() -> BTreeMap<(String, &'static str), bool> {
    asked::take();
    let rest = REST.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))).collect();
    for files in [embedded::files("csp"), embedded::files("csp-timeline"), Files::Memory(rest, String::new())] {
        load(&files, None, &Limits::default());
    }
    let plain = |what: &str| what.trim_start_matches("a ").trim_start_matches("an ").replace('`', "");
    asked::take().into_iter().map(|((what, key), needed)| ((plain(what), key), needed)).collect()
}

#[test]
fn readers_and_grammar_know_the_same_keys() {
    let asked: BTreeSet<(String, &str)> = asked_while_loading().into_keys().collect();
    let known: BTreeSet<(String, &str)> =
        shapes().into_iter().flat_map(|shape| shape.keys.iter().map(|key| (shape.what.to_owned(), key.name))).collect();
    let only_read: Vec<_> = asked.difference(&known).collect();
    let never_read: Vec<_> = known.difference(&asked).collect();
    assert!(only_read.is_empty(), "readers ask for keys that the grammar does not have: {only_read:?}");
    assert!(never_read.is_empty(), "the grammar has keys that no reader asks for: {never_read:?}");
}

#[test]
fn readers_and_grammar_need_the_same_keys() {
    let asked = asked_while_loading();
    for shape in shapes() {
        for key in shape.keys {
            let needed = asked.get(&(shape.what.to_owned(), key.name)).copied().unwrap_or_default();
            let agree = match key.need {
                Need::Must => needed,
                Need::May => !needed,
                Need::Depends => true,
            };
            assert!(
                agree,
                "`{}` of a {}: the grammar says {:?}, needed by the reader: {needed}",
                key.name, shape.what, key.need
            );
        }
    }
}

#[test]
fn no_two_mappings_have_one_name() {
    let names: Vec<&str> = shapes().into_iter().map(|shape| shape.what).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), unique.len(), "{names:?}");
}

#[test]
fn matchers_are_the_readers() {
    assert_eq!(MATCHERS.map(|(name, ..)| name), condition::MATCHERS);
}

/// What readers match by hand and do not ask for: each must load, and its neighbour by one letter must not.
#[test]
fn other_keys_are_the_readers() {
    let errors = |rule: &str, row: &str, type_: &str| {
        let bundle =
            "bundle: b\nversion: '1'\nlanguages: [en]\nvocabulary: v.yaml\npolicies: [p.yaml]\nsources: [s.yaml]\n";
        let vocabulary = format!(
            "stages: [one]\nreasons: {{ information-missing: one, rule-failed: one, no: one }}\nresults: {{ r: {{ type: text }} }}\n\
             facts: {{ age: {{ type: integer }}, other: {{ type: {type_} }} }}\nkinds: {{ ask: {{ facts: [age], otherwise: no }} }}\n"
        );
        let policy = format!(
            "policy: p\nrequest: ask\nsource: s\ntables:\n  t: {{ by: [age], gives: {{ n: integer }}, rows: [{{ n: 1, {row} }}] }}\nrules:\n  - {{ id: r, {rule} }}\n"
        );
        let source = "source: s\nsections: [{ id: a }]\nclauses: [{ clause: 1, section: a, gist: { en: One. } }]\n";
        let texts = [("bundle.yaml", bundle), ("v.yaml", &vocabulary), ("p.yaml", &policy), ("s.yaml", source)];
        let files = texts.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))).collect();
        let found = load(&Files::Memory(files, String::new()), None, &Limits::default()).findings;
        let structural = |code: &str| {
            matches!(code, "unknown-key" | "unknown-fact" | "unknown-column" | "unknown-type" | "wrong-form")
        };
        found.into_iter().filter(|finding| structural(finding.code.as_str())).map(|f| f.to_string()).collect::<Vec<_>>()
    };
    let body = |key: &str| match key {
        "any-of" | "all-of" => "[{ age: 1 }]",
        "id" => "some",
        "certainty" => "high",
        "evidence" => "a page",
        "not" => "{ age: 1 }",
        "clauses" => "[1]",
        "effective" => "{ from: 2021-01-01 }",
        _ => "age > 1",
    };
    for (key, _) in CONDITION_KEYS {
        let rule = |key: &str| format!("when: {{ {key}: {} }}, deny: no", body(key.trim_end_matches('x')));
        assert_eq!(errors(&rule(key), "age: 1", "text"), Vec::<String>::new());
        assert!(!errors(&rule(&format!("{key}x")), "age: 1", "text").is_empty(), "{key}x");
    }
    for (key, ..) in ROW_KEYS {
        let row = |key: &str| format!("{key}: {}", body(key.trim_end_matches('x')));
        assert_eq!(errors("deny: no", &row(key), "text"), Vec::<String>::new());
        assert!(!errors("deny: no", &row(&format!("{key}x")), "text").is_empty(), "{key}x");
    }
    for (type_, _) in BUILT_IN_TYPES {
        assert_eq!(errors("deny: no", "age: 1", type_), Vec::<String>::new());
        assert!(!errors("deny: no", "age: 1", &format!("{type_}x")).is_empty(), "{type_}x");
    }
    let result = |key: &str| format!("permit: no, results: {{ r: {{ {key}: '\"text\"' }} }}");
    assert_eq!(errors(&result(RESULT_SCRIPT), "age: 1", "text"), Vec::<String>::new());
    assert!(!errors(&result("scriptx"), "age: 1", "text").is_empty());
}
