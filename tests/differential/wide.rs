//! What the small language of the laws does not have: decimals, instants, texts, spans of time, settings that change with
//! the date, contradictions, requests that fan out, scripts that fail, a second language.

use std::fmt::{self, Write};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use super::generate;
use super::request::Request;
use super::words::{Bundle, DAYS};

/// Tests of the wide facts and of settings.
const TESTS: [&str; 19] = [
    "price: { more-than: \"1.50\" }",
    "price: { at-most: \"1.50\", not: \"0.00\" }",
    "price: [\"1.5\", \"2.00\"]",
    "bought: { at-least: \"2021-04-01\" }",
    "bought: { less-than: \"2021-07-01T10:00:00Z\" }",
    "bought: { present: false }",
    "note: hello",
    "note: { not: [hello, bye] }",
    "term: P1M",
    "term: { more-than: P20D }",
    "settings.mode: x",
    "settings.mode: [x, \"z\"]",
    "thing.color: { not: $warm }",
    "any-of: [{ price: { less-than: \"1.00\" } }, { note: { present: true } }, { \"n\": 2, m: { at-most: 1 } }]",
    "not: { bought: { more-than: \"2021-01-01\" }, flag: true }",
    "\"n\": { at-least: $limits.max }",
    "double: { more-than: 3 }",
    "cents: { less-than: \"0.35\" }",
    "parts: { at-least: 3 }",
];

/// Scripts that decide; some fail for some requests.
const SCRIPTS: [&str; 23] = [
    "(n ?? 0) + 9223372036854775806 > 0",
    "-9223372036854775807 - (n ?? 0) < 0",
    "(n ?? 0) * 4611686018427387904 >= 0",
    "12 % (n ?? 1) == 0",
    "(price ?? 1.0) / (n ?? 1) > 0.5",
    "(price ?? 1.0) * 7922816251426433759354395033.5 * 10 > 0",
    "truncate((price ?? 1.005) / 3, n ?? 2) > 0.4",
    "thing.tags != () && \"x\" in thing.tags",
    "thing.color != () && thing.color in [\"red\", \"green\"]",
    "bought != () && is_after(bought, at)",
    "bought == () || days_between(date(bought), date(at)) > 30",
    "add_days(day ?? date(at), n ?? 0) > date(at)",
    "day == () || term == () || add_duration(day, term) < date(at)",
    "note != () && note == \"hello\"",
    "settings.mode == \"x\" && !(flag ?? false)",
    "settings.rate > (price ?? 0.2)",
    "if (n ?? 0) > 1 { (m ?? 0) > 1 } else { flag ?? true }",
    "{ let k = (n ?? 0) - (m ?? 0); k * k > 1 }",
    "abs((n ?? 0) - 2) < -(m ?? 1)",
    "limits.max * (n ?? 1) > 2 && settings.mode != \"y\"",
    "n != () && parts > 3",
    "(flag ?? false) || parts > 3",
    "if settings.mode == \"x\" { parts > 3 } else { note != () && (price ?? 1.0) > 0.5 }",
];

/// Amounts; some fail for some requests.
const AMOUNTS: [&str; 11] = [
    "(price ?? 1.005) * 3",
    "round_half_up((price ?? 1.005) / 2, 2)",
    "round_half_even((price ?? 1.005) / 2, 2)",
    "truncate((price ?? 1.005) * settings.rate, n ?? 2)",
    "(price ?? 1.0) / (n ?? 0)",
    "min(price ?? 2.50, n ?? 3)",
    "max(n ?? 1, settings.rate)",
    "(price ?? 0.00) - (price ?? 0.00)",
    "if flag ?? true { price } else { n }",
    "if flag ?? true { decimal(m ?? 1) } else { decimal(parts) }",
    "limits.max",
];

/// Derived facts: one of another, one that may be absent, one that rounds, one that may fail.
const DERIVED: &str = r#"  often: { type: integer, script: 'if settings.mode == "x" { () } else { m }' }
  double: { type: integer, script: "(n ?? 1) * (often ?? 2)" }
  cents: { type: decimal, script: "truncate((price ?? 1.0) / 3, 2)" }
  parts: { type: integer, script: "if n == () || m == () { 2 } else { 12 / (n - m) }" }
"#;

const SPOILS: [&str; 8] = ["{}", "\"x\"", "[]", "1.25", "null", "true", "\"\"", "\"1e3\""];

/// Finer than microseconds, so left to the interpreter.
const FINE: &str = "\"2021-06-20T10:00:00.123456789Z\"";

/// A rule by its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct WideRule {
    test: Option<&'static str>,
    script: Option<&'static str>,
    effect: &'static str,
    amount: Option<&'static str>,
    label: bool,
    duty: bool,
}

/// The wide part of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wide {
    absent: [&'static str; 4],
    mode: &'static str,
    dated: [bool; 2],
    contradicts: bool,
    rules: Vec<WideRule>,
}

/// The wide part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    said: Vec<(&'static str, &'static str)>,
    lines: Option<Vec<(Option<i64>, Option<&'static str>)>>,
    spoiled: Option<(&'static str, &'static str)>,
}

/// A bundle and requests; what a failure prints.
#[derive(Clone, PartialEq, Eq)]
pub struct WideCase {
    pub bundle: Bundle,
    pub wide: Wide,
    pub requests: Vec<(Request, Extra)>,
}

fn rule() -> impl Strategy<Value = WideRule> {
    let effects = [
        "permit: fine",
        "permit: good",
        "deny: bad",
        "deny: wrong",
        "refer: call",
        "ask: { price: { known: true } }\n    else: wanted",
        "require: { note: { present: true } }\n    else: bad",
        "outcome: permit",
        "outcome: deny",
    ];
    let parts =
        (prop::option::of(select(&TESTS[..])), prop::option::of(select(&SCRIPTS[..])), select(effects.to_vec()));
    (parts, prop::option::of(select(&AMOUNTS[..])), any::<bool>(), prop::bool::weighted(0.3)).prop_map(
        |((test, script, effect), amount, label, duty)| {
            let adds = effect.starts_with("outcome");
            let decides = !effect.starts_with("ask") && (adds || duty);
            WideRule { test, script, effect, amount: amount.filter(|_| decides), label: label && decides, duty }
        },
    )
}

fn wide() -> impl Strategy<Value = Wide> {
    let absent = ["", ", absent: optional", ", absent: optional", ""];
    let absences = [(); 4].map(|()| select(absent.to_vec()));
    let rules = prop::collection::vec(rule(), 0..5);
    (absences, select(vec!["x", "y", "z"]), any::<[bool; 2]>(), any::<bool>(), rules)
        .prop_map(|(absent, mode, dated, contradicts, rules)| Wide { absent, mode, dated, contradicts, rules })
}

fn extra() -> impl Strategy<Value = Extra> {
    let one = |path: &'static str, values: &'static [&'static str]| {
        prop::option::weighted(0.7, select(values)).prop_map(move |value| value.map(|value| (path, value)))
    };
    let said = (
        one("price", &["\"0.00\"", "\"1.5\"", "\"1.50\"", "\"-0.005\"", "\"1000.00\"", "\"2.345\""]),
        one(
            "bought",
            &[
                "\"2021-03-31\"",
                "\"2021-07-01T12:00:00+02:00\"",
                "\"2020-06-20T10:00:00.125Z\"",
                "\"2021-10-01\"",
                FINE,
            ],
        ),
        one(
            "note",
            &[
                "\"hello\"",
                "\"hello\"",
                "\"bye\"",
                "\"bye\"",
                "\"\"",
                "\"a \\\"b\\\" \\u00e9\"",
                "\"caf\u{e9} \u{2028}\"",
            ],
        ),
        one("term", &["\"P1M\"", "\"P30D\"", "\"P1M15DT36H\""]),
    );
    let line = (prop::option::of(0..4_i64), prop::option::of(select(vec!["red", "blue", "mauve"])));
    let lines = prop::option::weighted(0.12, prop::collection::vec(line, 0..4));
    let path = select(vec!["price", "bought", "note", "term", "n", "lines", "flag", "at", "kind", "surplus"]);
    let spoiled = prop::option::weighted(0.06, (path, select(&SPOILS[..])));
    (said, lines, spoiled).prop_map(|((a, b, c, d), lines, spoiled)| Extra {
        said: [a, b, c, d].into_iter().flatten().collect(),
        lines,
        spoiled,
    })
}

/// A bundle and so many requests.
pub fn case(requests: usize) -> impl Strategy<Value = WideCase> {
    let requests = prop::collection::vec((generate::request(), extra()), requests / 2..=requests);
    (generate::bundle(), wide(), requests).prop_map(|(bundle, wide, requests)| WideCase { bundle, wide, requests })
}

/// A request as it is written.
pub fn written(request: &Request, extra: &Extra) -> String {
    let mut out = request.json();
    for (path, value) in extra.said.iter().chain(&extra.spoiled) {
        out[*path] = serde_json::from_str(value).unwrap();
    }
    if let Some(lines) = &extra.lines {
        let line = |(count, color): &(Option<i64>, Option<&str>)| {
            let mut line = json!({});
            if let Some(count) = count {
                line["count"] = json!(count);
            }
            if let Some(color) = color {
                line["color"] = json!(color);
            }
            line
        };
        out["lines"] = lines.iter().map(line).collect::<Json>();
    }
    out.to_string()
}

impl WideCase {
    /// The files of the bundle.
    pub fn texts(&self) -> Vec<(String, String)> {
        let mut texts = self.bundle.texts();
        let mut russian = String::new();
        for (path, text) in &mut texts {
            match path.as_str() {
                "bundle.yaml" => *text = self.manifest(text),
                "vocabulary.yaml" => *text = self.vocabulary(text),
                "en.ftl" => {
                    text.push_str("contradiction-odd = odd\n");
                    russian = text.replace(" = ", " = да ");
                    text.push_str("reason-costly = costs { $price }, { $bought }, { $note }\n");
                    russian.push_str("reason-costly = { $price } { $bought } { $note }\n");
                }
                _ => {}
            }
        }
        texts.push(("ru.ftl".into(), russian));
        texts.push(("wide.yaml".into(), self.policy()));
        texts
    }

    fn manifest(&self, text: &str) -> String {
        let mut out = text.replace("[en]", "[en, ru]").replace("en: en.ftl", "en: en.ftl, ru: ru.ftl");
        out = out.replace("policies: [defs.yaml, ", "policies: [defs.yaml, wide.yaml, ").replace(", ]", "]");
        let dated = |on: bool, values: [&str; 2]| {
            let [a, b] = values;
            let (first, second, third) = (DAYS[1], DAYS[2], DAYS[4]);
            if on {
                format!(
                    "    dated-by: bought\n    dated:\n      - {{ value: {a}, effective: {{ until: {first} }} }}\n      \
                     - {{ value: {b}, effective: {{ from: {second}, until: {third} }} }}\n"
                )
            } else {
                String::new()
            }
        };
        let (mode, wide) = (self.wide.mode, &self.wide);
        write!(
            out,
            "settings:\n  mode:\n    type: text\n    default: \"{mode}\"\n    choices: [x, \"y\", z]\n{}  rate:\n    type: \
             decimal\n    default: \"0.25\"\n{}",
            dated(wide.dated[0], ["x", "\"y\""]),
            dated(wide.dated[1], ["\"1.5\"", "\"0.10\""]),
        )
        .unwrap();
        out
    }

    fn vocabulary(&self, text: &str) -> String {
        let [price, bought, note, term] = self.wide.absent;
        let facts = format!(
            "facts:\n  price: {{ type: decimal{price} }}\n  bought: {{ type: timestamp{bought} }}\n  note: {{ type: \
             text{note} }}\n  term: {{ type: duration{term} }}\n"
        );
        let contradiction = if self.wide.contradicts {
            "    contradictions:\n      - { when: { \"n\": 3, flag: true, price: \"1.5\" }, path: \"n\", message: odd }\n"
        } else {
            "    contradictions:\n      - { when: { \"n\": 3, m: 3, thing.color: red, thing.shade: red }, path: \"n\", message: odd }\n"
        };
        text.replace("\nfacts:\n", &format!("\n{facts}"))
            .replace("kinds:\n", &format!("{DERIVED}kinds:\n"))
            .replace("[thing.*, n, m, day, flag]\n", &format!(
                "[thing.*, n, m, day, flag, price, bought, note, term]\n    fan-out:\n      - {{ over: lines, facts: {{ \
                 count: \"n\", color: thing.color }} }}\n{contradiction}"
            ))
            .replace("reasons:\n", "reasons:\n  costly: only\n")
            .replace("results:\n", "results:\n  amount: { type: decimal }\n  label: { type: text }\n")
    }

    fn policy(&self) -> String {
        let mut out =
            "policy: wide\nrequest: ask\nrules:\n  - id: costly\n    when: { price: { more-than: \"1.99\" }, note: \
                       hello }\n    deny: costly\n"
                .to_owned();
        for (at, rule) in self.wide.rules.iter().enumerate() {
            write!(out, "  - id: wide-{at}\n    when:\n").unwrap();
            if rule.test.is_none() && rule.script.is_none() {
                out.push_str("      flag: true\n");
            }
            if let Some(test) = rule.test {
                writeln!(out, "      {test}").unwrap();
            }
            if let Some(script) = rule.script {
                writeln!(out, "      script: '{script}'").unwrap();
            }
            writeln!(out, "    {}", rule.effect).unwrap();
            let amount = rule.amount.map(|amount| format!("amount: '{amount}'"));
            let label = rule.label.then(|| "label: { script: 'note ?? \"none\"' }".to_owned());
            let results: Vec<String> = amount.into_iter().chain(label).collect();
            let adds_nothing = results.is_empty() && rule.effect.starts_with("outcome");
            if !results.is_empty() {
                writeln!(out, "    results: {{ {} }}", results.join(", ")).unwrap();
            }
            if rule.duty || adds_nothing {
                out.push_str("    obligations: [duty-b]\n");
            }
        }
        out
    }
}

impl fmt::Debug for WideCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in self.texts().iter().filter(|(name, _)| !name.ends_with(".ftl")) {
            writeln!(f, "\n--- {name}\n{text}")?;
        }
        for (request, extra) in &self.requests {
            writeln!(f, "--- request\n{}", written(request, extra))?;
        }
        Ok(())
    }
}
