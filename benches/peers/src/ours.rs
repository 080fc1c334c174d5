//! Clausal itself: a bundle of YAML in memory.

use std::fmt::Write;

use clausal::engine::Prepared;
use clausal::{Answer, Engine, Outcome as Ours, Value};

use crate::markets::{ALL, UNAVAILABLE};
use crate::peer::{Outcome, Peer, Said};
use crate::policy::{Extra, ITEMS};
use crate::request::Kind;

pub struct Clausal(Engine);

fn quoted<'a>(codes: impl IntoIterator<Item = &'a str>) -> String {
    codes.into_iter().map(|code| format!("\"{code}\"")).collect::<Vec<_>>().join(", ")
}

fn vocabulary() -> String {
    let items: Vec<String> = (0..ITEMS).map(|item| format!("item-{item}")).collect();
    include_str!("../bundle/vocabulary.yaml")
        .replace("MARKETS", &quoted(ALL.split_whitespace()))
        .replace("ITEMS", &quoted(items.iter().map(String::as_str)))
}

fn policy(kind: Kind, extras: &[Extra]) -> String {
    let entry = |code| format!("      - {{ value: \"{code}\", clauses: [1] }}");
    let entries: Vec<String> = UNAVAILABLE.split_whitespace().map(entry).collect();
    let mut text = match kind {
        Kind::Purchase => include_str!("../bundle/purchase.yaml").replace("UNAVAILABLE", &entries.join("\n")),
        Kind::KeyAccess => include_str!("../bundle/key-access.yaml").to_owned(),
        Kind::Cancellation => include_str!("../bundle/cancellation.yaml").to_owned(),
    };
    for (at, Extra { market, item, most, .. }) in extras.iter().enumerate().filter(|(_, extra)| extra.kind == kind) {
        let when = format!("{{ market: \"{market}\", item: item-{item}, amount: {{ more-than: {most} }} }}");
        writeln!(text, "  - {{ id: extra-{at}, clauses: [1], when: {when}, deny: too-much }}").unwrap();
    }
    text
}

fn messages() -> String {
    let vocabulary = include_str!("../bundle/vocabulary.yaml");
    let reasons = vocabulary.split("\nreasons:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let codes = reasons.lines().filter_map(|line| line.trim().split(':').next());
    codes.map(|code| format!("reason-{code} = {code}{}\n", variables(code))).collect()
}

fn variables(code: &str) -> &'static str {
    match code {
        "information-missing" => " { $missing }",
        "rule-failed" => " { $rule } { $error }",
        _ => "",
    }
}

fn see<R>(answer: &Answer, see: impl FnOnce(Said<'_>) -> R) -> R {
    let decision = &answer.decisions()[0];
    let outcome = match decision.outcome() {
        Ours::Permit => Outcome::Permit,
        Ours::Deny => Outcome::Deny,
        Ours::NeedsInformation => Outcome::NeedsInformation,
        Ours::NotCovered => Outcome::NotCovered,
        other => panic!("nothing in this policy gives {other:?}"),
    };
    let reason = decision.reason_codes().next();
    let credit = match reason {
        Some("inside-window") => match decision.results().get("credit") {
            Some(Value::Integer(credit)) => Some(*credit),
            other => panic!("no credit: {other:?}"),
        },
        _ => None,
    };
    see(Said { outcome: Ok(outcome), reason, credit: Some(credit) })
}

impl Peer for Clausal {
    const NAME: &'static str = "**clausal**";
    const CANNOT: &'static str =
        "nothing of it; also gives all reasons with clause and line, messages, what is missing";
    type Input = Prepared;

    fn load(extras: &[Extra]) -> Result<Self, String> {
        let texts = [
            ("bundle.yaml", include_str!("../bundle/bundle.yaml").to_owned()),
            ("law.yaml", include_str!("../bundle/law.yaml").to_owned()),
            ("vocabulary.yaml", vocabulary()),
            ("purchase.yaml", policy(Kind::Purchase, extras)),
            ("key-access.yaml", policy(Kind::KeyAccess, extras)),
            ("cancellation.yaml", policy(Kind::Cancellation, extras)),
            ("en.ftl", messages()),
        ];
        Engine::builder().texts(texts).build().map(Self).map_err(|error| error.to_string())
    }

    fn prepare(&self, line: &str) -> Prepared {
        self.0.prepare(line.as_bytes()).unwrap()
    }

    fn decide<R>(&mut self, input: &Prepared, then: impl FnOnce(Said<'_>) -> R) -> R {
        see(&input.decide(&self.0).unwrap(), then)
    }

    fn decide_json<R>(&mut self, line: &str, then: impl FnOnce(Said<'_>) -> R) -> R {
        see(&self.0.decide_json(line.as_bytes()).unwrap(), then)
    }
}
