//! A bundle of another trade, for what the shipped one does not have: settings, periods, failures, dates that help.

use clausal::explain::{FactState, Holds, Standing, What};
use clausal::{Engine, Explanation, Limits};
use serde_json::{Value as Json, json};

const BUNDLE: &str = r#"
bundle: lending
version: "1"
languages: [en]
vocabulary: vocabulary.yaml
sources: [rules-of-the-house.yaml]
policies: [lending.yaml]
messages: { en: messages.ftl }
settings:
  strict: { type: boolean, default: true, gist: Whether late readers wait. }
  reserve: { type: integer, default: 2, choices: [1, 2], clauses: [3], source: house }
"#;

const VOCABULARY: &str = r#"
types:
  grade: { values: [gold, plain] }
stages: [input, reader]
reasons:
  information-missing: input
  rule-failed: input
  lent: reader
  too-many: reader
  late: reader
  reserved: reader
  odd: reader
  nothing-permits: reader
results:
  due: { type: date }
facts:
  grade: { type: grade, fixed: true, gist: The grade of the reader. }
  books: { type: integer, at-least: 0, gist: How many books are asked for. }
  stock: { type: integer, fixed: true, gist: How many are there. }
  late: { type: boolean, default: false, fixed: true, gist: Whether books are overdue. }
  code: { type: text, absent: optional, gist: The code on the card. }
  joined: { type: date, fixed: true, gist: When the reader joined. }
  member_days:
    type: integer
    script: days_between(joined, date(at))
    gist: For how long the reader is a member.
kinds:
  loan:
    facts: [grade, books, stock, late, code, joined]
    otherwise: nothing-permits
"#;

const SOURCE: &str = r#"
source: house
title: { en: Rules of the house }
sections: [{ id: all, title: { en: All } }]
clauses:
  - { clause: 1, section: all, normative: true, gist: { en: Books are lent to members } }
  - { clause: 2, section: all, normative: true, gist: { en: A reader has so many books } }
  - { clause: 3, section: all, normative: true, gist: { en: Some books stay } }
"#;

const POLICY: &str = r#"
policy: lending
request: loan
source: house
lists:
  blocked:
    type: text
    dated-by: joined
    entries:
      - { value: X1, clauses: [1], effective: { until: "2020-01-01" } }
tables:
  allowance:
    by: [grade]
    gives: { books: integer }
    dated-by: joined
    rows:
      - { grade: gold, books: 9, clauses: [2] }
      - { grade: plain, books: 3, clauses: [2], effective: { from: "2019-01-01" } }
rules:
  - id: lend
    clauses: [1]
    when: { member_days: { at-least: 30 } }
    permit: lent
    results: { due: "add_days(date(at), 14)" }
  - id: old-way
    clauses: [1]
    effective: { until: "2020-01-01" }
    permit: lent
  - id: too-many
    clauses: [2]
    when: { books: { more-than: $allowance.books } }
    deny: too-many
  - id: late-readers-wait
    clauses: [1]
    when: { settings.strict: true, late: true }
    deny: late
  - id: reserve
    clauses: [3]
    when: { script: "stock - books < settings.reserve" }
    deny: reserved
  - id: odd-number
    clauses: [3]
    when: { script: "100 / (books - 5) > 1000" }
    deny: odd
  - id: blocked
    clauses: [1]
    when: { code: $blocked }
    deny: odd
"#;

const MESSAGES: &str = "
reason-information-missing = Waits for { $missing }.
reason-rule-failed = { $rule } failed: { $error }.
reason-lent = Lent.
reason-too-many = { $books } are more than { $allowance_books }.
reason-late = Books are overdue.
reason-reserved = Some have to stay.
reason-odd = Not so.
reason-nothing-permits = Nothing permits this.
";

fn engine() -> Engine {
    let texts = [
        ("bundle.yaml", BUNDLE),
        ("vocabulary.yaml", VOCABULARY),
        ("rules-of-the-house.yaml", SOURCE),
        ("lending.yaml", POLICY),
        ("messages.ftl", MESSAGES),
    ];
    Engine::from_texts(texts, Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn explain(change: &Json) -> Explanation {
    let mut request = json!({
        "kind": "loan", "at": "2021-07-01T10:00:00Z", "grade": "plain", "books": 2, "stock": 10, "joined": "2020-05-01"
    });
    for (key, value) in change.as_object().unwrap() {
        request[key] = value.clone();
    }
    engine().explain(&request).unwrap().remove(0)
}

fn rule<'e>(explanation: &'e Explanation, id: &str) -> &'e clausal::explain::RuleExplained {
    explanation.rules.iter().find(|rule| rule.name.ends_with(&format!("/{id}"))).unwrap()
}

fn suggested(explanation: &Explanation) -> Vec<String> {
    let json = explanation.to_json("en");
    json["changes"]["to_permit"].as_array().unwrap().iter().map(|c| c["words"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_rule_that_is_no_longer_in_force_says_since_when() {
    let explanation = explain(&json!({}));
    let old = rule(&explanation, "old-way");
    assert_eq!(old.standing, Standing::NotInForce);
    assert!(explanation.to_text("en").contains("✗ in force until before 2020-01-01, read by at: 2021-07-01T10:00:00Z"));
}

#[test]
fn settings_that_a_rule_reads_are_told_with_their_value() {
    let explanation = explain(&json!({ "late": true }));
    let names: Vec<&str> = explanation.settings.iter().map(|setting| &*setting.name).collect();
    assert_eq!(names, ["reserve", "strict"]);
    let text = explanation.to_text("en");
    assert!(text.contains("✓ settings.strict: true — wanted: true · lending.yaml:"), "{text}");
    assert!(text.contains("settings.reserve: 2, of 1, 2 · bundle.yaml:"), "{text}");
    assert!(text.contains("settings.strict: true · Whether late readers wait. · bundle.yaml:"), "{text}");
    assert_eq!(explanation.only("late-readers-wait").unwrap().settings.len(), 1);
}

#[test]
fn a_fixed_fact_in_the_way_leaves_nothing_to_change() {
    let found = explain(&json!({ "late": true })).changes.unwrap();
    assert!(found.to_permit.is_empty() && found.complete);
    let fixed: Vec<&str> = found.obstacles[0].fixed.iter().map(|path| &**path).collect();
    assert_eq!((fixed, found.obstacles[0].changeable.len()), (vec!["late"], 0));
}

#[test]
fn a_bound_of_a_table_gives_the_nearest_values() {
    let explanation = explain(&json!({ "books": 4 }));
    let row = rule(&explanation, "too-many").condition.clone();
    let What::Fact { rows, .. } = &row.what else { panic!("{row:?}") };
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].period.as_ref().map(|period| &period.holds), Some(&Holds::Yes));
    assert!(suggested(&explanation).contains(&"books is 3 instead of 4".to_owned()), "{:?}", suggested(&explanation));
}

#[test]
fn a_row_that_was_not_in_force_is_told() {
    let explanation = explain(&json!({ "books": 4, "joined": "2018-05-01" }));
    let text = explanation.to_text("en");
    assert!(
        text.contains("not in force then: books 3; in force from 2019-01-01, read by joined: 2018-05-01"),
        "{text}"
    );
}

#[test]
fn an_entry_that_was_not_in_force_is_told_and_not_cited() {
    let explanation = explain(&json!({ "code": "X1" }));
    let blocked = rule(&explanation, "blocked");
    assert_eq!(blocked.standing, Standing::NotMatched);
    let What::Fact { entries, .. } = &blocked.condition.what else { panic!("{blocked:?}") };
    assert_eq!(entries[0].period.as_ref().map(|period| &period.holds), Some(&Holds::No));
    let text = explanation.to_text("en");
    assert!(text.contains("list blocked, entry at lending.yaml:"), "{text}");
}

#[test]
fn a_script_that_fails_counts_against_and_says_why() {
    let explanation = explain(&json!({ "books": 5, "grade": "gold" }));
    let odd = rule(&explanation, "odd-number");
    assert_eq!((odd.standing, odd.decided), (Standing::Failed, true));
    assert!(odd.failure.is_some() && matches!(odd.condition.holds, Holds::Failed(_)));
    assert!(explanation.to_text("en").contains("! 100 / (books - 5) > 1000, with books: 5"));
    assert!(!suggested(&explanation).is_empty());
}

#[test]
fn waiting_helps_where_time_is_all_that_is_missing() {
    let explanation = explain(&json!({ "joined": "2021-06-20" }));
    assert_eq!(explanation.outcome.as_str(), "not-covered");
    assert_eq!(suggested(&explanation), ["the request is made at 2021-07-20T00:00:00Z or later"]);
}

#[test]
fn a_value_that_depends_on_another_names_its_inputs() {
    let explanation = explain(&json!({ "joined": null }));
    let days = explanation.facts.iter().find(|fact| &*fact.path == "member_days").unwrap();
    assert_eq!(days.is, FactState::Missing(vec!["joined".into()]));
    assert!(
        explanation
            .to_text("en")
            .contains("member_days: not known without joined · from days_between(joined, date(at))")
    );
    let explanation = explain(&json!({}));
    let result = &rule(&explanation, "lend").results[0];
    assert!(result.carried);
    assert_eq!(result.value.as_ref().map(ToString::to_string).as_deref(), Some("2021-07-15"));
}

#[test]
fn a_search_that_is_cut_short_says_so() {
    // Many facts that can be changed, none of which helps: the limit holds, and is told.
    let facts: Vec<String> = (0..60).map(|n| format!("f{n:02}")).collect();
    let declared: String = facts.iter().map(|f| format!("  {f}: {{ type: boolean, gist: One. }}\n")).collect();
    let vocabulary = VOCABULARY.replace("  late: {", &format!("{declared}  late: {{"));
    let vocabulary = vocabulary.replace("facts: [grade,", &format!("facts: [{}, grade,", facts.join(", ")));
    let all: Vec<String> = facts.iter().map(|f| format!("{f}: true")).collect();
    let policy =
        format!("{POLICY}  - id: all\n    clauses: [1]\n    require: {{ {} }}\n    else: odd\n", all.join(", "));
    let texts = [
        ("bundle.yaml", BUNDLE),
        ("vocabulary.yaml", &vocabulary),
        ("rules-of-the-house.yaml", SOURCE),
        ("lending.yaml", &policy),
        ("messages.ftl", MESSAGES),
    ];
    let engine = Engine::from_texts(texts, Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    let mut request = json!({ "kind": "loan", "at": "2021-07-01", "grade": "plain", "books": 2, "stock": 10, "joined": "2020-05-01" });
    facts.iter().for_each(|fact| request[fact] = json!(false));
    let explanation = engine.explain(&request).unwrap().remove(0);
    let found = explanation.changes.as_ref().unwrap();
    assert!(!found.complete && found.to_permit.is_empty());
    assert_eq!(found.trials, clausal::explain::changes::MOST_TRIALS);
    assert!(explanation.to_text("en").contains("The search stopped after 2000 trials."));
    assert!(explanation.to_text("ru").contains("Поиск остановлен после 2000 попыток."));
}
