//! Places: a mistake inside a script, however the script is written in YAML, is told at its line, column and bytes; the
//! edits that findings suggest mend them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod common;

use std::collections::BTreeMap;

use clausal::bundle::load::Loaded;
use clausal::{Code, Finding, Limits, Place};
use common::bundles;

fn check(files: &[(&str, &str)]) -> Loaded {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    bundles::check(files, &Limits::default())
}

/// The one finding, and the text at its place; lines, columns and bytes must say the same.
fn one(file: &str, text: &str) -> (Finding, String) {
    let loaded = check(&[(file, text)]);
    assert_eq!(loaded.findings.len(), 1, "{text}\n{:#?}", loaded.findings);
    let finding = loaded.findings.into_iter().next().unwrap();
    assert_eq!(&*finding.place.file, file);
    let at = agreed(&finding.place, &loaded.files[file]);
    (finding, at)
}

/// The text at a place by its lines and columns, which must be the text at its bytes.
fn agreed(place: &Place, text: &str) -> String {
    let byte = |line: usize, column: usize| {
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        start + text[start..].chars().take(column - 1).map(char::len_utf8).sum::<usize>()
    };
    let by_position = &text[byte(place.line, place.column)..byte(place.end_line, place.end_column)];
    let by_bytes = &text[place.bytes.0..place.bytes.1];
    assert_eq!(by_position, by_bytes, "{place:?}");
    by_bytes.to_owned()
}

fn rule(when: &str) -> String {
    format!(
        "policy: example\nrequest: cancellation\nrules:\n  - id: late\n    when:\n{when}\n    deny: window-passed\n"
    )
}

#[test]
fn scripts_are_told_where_they_stand_in_every_kind_of_scalar() {
    let cases = [
        // In one line: plain, with each kind of quotes, after wide characters.
        ("      script: order.age_dayz > 30", (6, 15)),
        ("      script: 'order.age_dayz > 30'", (6, 16)),
        ("      script: \"order.age_dayz > 30\"", (6, 16)),
        ("      script: 'order.id == \"жжж😀\" && order.age_dayz > 30'", (6, 38)),
        ("      { script: order.age_dayz > 30 }", (6, 17)),
        // Over lines: plain, quoted, folded, literal, with and without an indicator, with empty lines and tabs.
        ("      script: order.quantity > 1 &&\n        order.age_dayz > 30", (7, 9)),
        ("      script: \"order.quantity > 1 &&\n\n        order.age_dayz > 30\"", (8, 9)),
        ("      script: >\n        order.quantity > 1 &&\n        order.age_dayz > 30", (8, 9)),
        ("      script: |\n        order.age_dayz > 30", (7, 9)),
        ("      script: |  # with a comment\n        order.quantity > 1\n        && order.age_dayz > 30", (8, 12)),
        ("      script: |\n        order.quantity > 1\n          && order.age_dayz > 30", (8, 14)),
        ("      script: |-\n\n        order.quantity > 1 && // жж\n\n        order.age_dayz > 30", (10, 9)),
        ("      script: |2\n          order.quantity > 1\n        && order.age_dayz > 30", (8, 12)),
        ("      script: |+\n        order.quantity > 1 &&\torder.age_dayz > 30\n", (7, 31)),
        ("      script: |\n            // a comment: | > ' \"\n            order.age_dayz > 30", (8, 13)),
    ];
    for (when, at) in cases {
        for text in [rule(when), rule(when).replace('\n', "\r\n"), format!("\u{feff}{}", rule(when))] {
            let (finding, found) = one("policy.yaml", &text);
            assert_eq!((finding.code, found.as_str()), (Code::UnknownName, "order.age_dayz"), "{text}");
            assert_eq!((finding.place.line, finding.place.column), at, "{text:?}");
        }
    }
}

#[test]
fn the_end_of_a_script_is_a_place_too() {
    for when in [
        "      script: order.age_days >",
        "      script: |\n        order.age_days >",
        "      script: 'order.age_days >'",
    ] {
        let (finding, _) = one("policy.yaml", &rule(when));
        assert_eq!(finding.code, Code::ScriptSyntax);
        let end = rule(when).lines().nth(finding.place.line - 1).unwrap().rfind('>').unwrap() + 2;
        assert_eq!(finding.place.column, end, "{when}: {:?}", finding.place);
    }
}

#[test]
fn escapes_blame_the_whole_scalar_and_offer_no_edit() {
    for when in [
        "      script: \"order.id == \\\"a\\\" && order.age_dayz > 30\"",
        "      script: 'order.id == \"it''s\" && order.age_dayz > 30'",
    ] {
        let (finding, found) = one("policy.yaml", &rule(when));
        assert_eq!(finding.code, Code::UnknownName);
        assert!(when.ends_with(&found), "{found}");
        assert_eq!(finding.edit, None);
        assert_eq!(finding.help.as_deref(), Some("did you mean `order.age_days`?"));
    }
}

/// Where the findings of a bundle with this file stand, and the text there.
fn found_in(file: &str, text: &str) -> Vec<(String, Code, String)> {
    let loaded = check(&[(file, text)]);
    let one = |f: &Finding| (f.place.to_string(), f.code, agreed(&f.place, &loaded.files[&*f.place.file]));
    loaded.findings.iter().map(one).collect()
}

#[test]
fn script_files_have_places_of_their_own() {
    let text = "// Жук.\nfn half(amount) {\n    let x = shar(amount, 50);\n    x + amout\n}\n";
    let found = found_in("functions.rhai", text);
    let wanted = [
        ("functions.rhai:3:13".to_owned(), Code::UnknownFunction, "shar".to_owned()),
        ("functions.rhai:4:9".to_owned(), Code::UnknownName, "amout".to_owned()),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn messages_have_places_of_their_own() {
    let text = "# Жук.\nreason-window-passed = Ж { $order_age_day }\n    и { -nam } и { NUMBER($order_age_days) }.\n-name = Ж\n";
    let found = found_in("en.ftl", text);
    let wanted = [
        ("en.ftl:2:29".to_owned(), Code::MessageVariable, "order_age_day".to_owned()),
        ("en.ftl:3:9".to_owned(), Code::UnknownMessage, "-nam".to_owned()),
        ("en.ftl:3:20".to_owned(), Code::UnknownFunction, "NUMBER".to_owned()),
    ];
    assert_eq!(found, wanted);
}

/// The text of a file after an edit.
fn edited(text: &str, place: &Place, by: &str) -> String {
    format!("{}{by}{}", &text[..place.bytes.0], &text[place.bytes.1..])
}

#[test]
fn suggested_edits_mend_their_finding() {
    let mut count = 0;
    for code in Code::ALL {
        let bad = common::examples::read(code.page(), "bad");
        let loaded = bundles::check(bad.files.clone(), &Limits::default());
        for finding in &loaded.findings {
            for place in [&finding.place].into_iter().chain(finding.related.iter().map(|related| &related.place)) {
                if let Some(text) = loaded.files.get(&place.file) {
                    agreed(place, text);
                }
            }
            let Some(edit) = &finding.edit else { continue };
            count += 1;
            let mut files = bad.files.clone();
            let text = edited(&loaded.files[&edit.place.file], &edit.place, &edit.text);
            files.insert(edit.place.file.to_string(), text.clone());
            let after = bundles::check(files, &Limits::default());
            let again = after.findings.iter().any(|f| f.code == finding.code && f.message == finding.message);
            assert!(!again, "{code}: the edit mends nothing:\n{text}");
        }
    }
    assert!(count > 20, "only {count} edits");
}
