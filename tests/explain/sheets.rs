//! Snapshots that a person reads: every outcome, in both languages, as text and as JSON.

use clausal::Engine;
use serde_json::Value as Json;

use crate::common;

const FIXTURES: [&str; 13] = [
    "activity-log/range-not-given",
    "cancellation/acknowledgement-not-ticked",
    "cancellation/day-31-is-outside",
    "cancellation/exchange-of-perpetual-software-is-not-covered",
    "cancellation/more-information-goes-to-support",
    "cancellation/subscription-credit-is-prorated",
    "cancellation/two-orders-two-answers",
    "hybrid-benefit/essentials-is-not-eligible",
    "key-access/cancelled-item-is-still-listed",
    "key-access/wrong-role-and-wrong-portal-both-said",
    "purchase/greenland-has-no-reservations",
    "purchase/sales-agent-does-not-buy",
    "purchase/virgin-islands-alone-is-ambiguous",
];

/// In Russian, JSON differs in its words only; two are enough to see that.
const RUSSIAN_JSON: [&str; 2] = ["cancellation/day-31-is-outside", "purchase/sales-agent-does-not-buy"];

fn explanations(engine: &Engine, fixture: &str) -> Vec<clausal::Explanation> {
    let scenario = common::yaml(&common::root().join(format!("fixtures/decide/{fixture}.yaml")));
    engine.explain(&scenario["request"]).unwrap_or_else(|error| panic!("{fixture}: {error}"))
}

/// The digest changes with every edit of the bundle and says nothing here.
fn without_digest(engine: &Engine, text: &str) -> String {
    text.replace(&*engine.bundle().digest, "sha256:…")
}

/// One rule, fact and change a line.
fn lines(json: &Json) -> String {
    let mut out = String::new();
    for (key, value) in json.as_object().unwrap() {
        match value.as_array().filter(|items| items.len() > 1 || key == "rules") {
            Some(items) => {
                out.push_str(&format!("{key}:\n"));
                items.iter().for_each(|item| out.push_str(&format!("  {item}\n")));
            }
            None => out.push_str(&format!("{key}: {value}\n")),
        }
    }
    out
}

fn settings(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("snapshots/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn text_reads_as_a_sheet() {
    let engine = Engine::embedded().unwrap();
    for language in ["en", "ru"] {
        settings(language).bind(|| {
            for fixture in FIXTURES {
                let sheets: Vec<String> =
                    explanations(&engine, fixture).iter().map(|one| one.to_text(language)).collect();
                insta::assert_snapshot!(fixture.replace('/', "-"), without_digest(&engine, &sheets.join("\n---\n\n")));
            }
        });
    }
}

#[test]
fn json_holds_the_same() {
    let engine = Engine::embedded().unwrap();
    for (language, fixtures) in [("en", FIXTURES.as_slice()), ("ru", RUSSIAN_JSON.as_slice())] {
        settings(&format!("{language}-json")).bind(|| {
            for fixture in fixtures {
                let parts: Vec<String> =
                    explanations(&engine, fixture).iter().map(|one| lines(&one.to_json(language))).collect();
                insta::assert_snapshot!(fixture.replace('/', "-"), without_digest(&engine, &parts.join("---\n")));
            }
        });
    }
}

#[test]
fn the_sheets_cover_every_outcome() {
    let engine = Engine::embedded().unwrap();
    let outcomes: std::collections::BTreeSet<_> =
        FIXTURES.iter().flat_map(|fixture| explanations(&engine, fixture)).map(|one| one.outcome).collect();
    assert_eq!(outcomes.len(), clausal::Outcome::ALL.len());
}

#[test]
fn no_phrase_is_left_unsaid() {
    // A phrase or message that does not exist is shown by its id, and one without its value by `{$…}`.
    let engine = Engine::embedded().unwrap();
    for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
        let Ok(all) = engine.explain(&common::yaml(&path)["request"]) else { continue };
        for text in all.iter().flat_map(|one| ["en", "ru"].map(|language| one.to_text(language))) {
            assert!(!text.contains("{$") && !text.contains(": ?"), "{}: a value is missing in\n{text}", path.display());
            for id in ["head-", "wanted-", "state-", "given-", "reason-", "changes-", "obstacle-", "rule-", "step-"] {
                let unsaid = text.split_whitespace().find(|word| word.starts_with(id) && *word != "rule-failed:");
                assert!(unsaid.is_none(), "{}: {unsaid:?} in\n{text}", path.display());
            }
        }
    }
}
