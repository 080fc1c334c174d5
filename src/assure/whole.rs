//! The effective whole of a bundle: every rule, row, entry and setting, with where it comes from and when it holds.

use serde::Serialize;

use crate::bundle::checked::{Bundle, Effect, Effective, Evidence, Retired};

/// One thing of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// `rule`, `row`, `entry`, `setting`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// What it says, in short.
    pub says: String,
    /// The clauses it rests on.
    pub clauses: Vec<String>,
    /// When it holds; empty for always.
    pub effective: Vec<String>,
    /// When and why it no longer applies.
    pub retired: Vec<String>,
    /// `high` or `medium`, for what is dated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certainty: Option<String>,
    /// On what it rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// `file:line:col`.
    pub source: String,
}

/// Everything that decides, in the order of the bundle.
#[must_use]
pub fn items(bundle: &Bundle) -> Vec<Item> {
    settings(bundle).into_iter().chain(lists(bundle)).chain(tables(bundle)).chain(rules(bundle)).collect()
}

fn settings(bundle: &Bundle) -> Vec<Item> {
    let one = |(name, setting): (&std::sync::Arc<str>, &crate::bundle::checked::Setting)| Item {
        what: "setting",
        name: name.to_string(),
        says: setting.value.to_string(),
        clauses: setting.clauses.iter().map(ToString::to_string).collect(),
        effective: setting.dated.iter().map(|(value, at)| format!("{value} {}", period(bundle, at))).collect(),
        retired: Vec::new(),
        certainty: None,
        evidence: None,
        source: setting.place.to_string(),
    };
    bundle.settings.iter().map(one).collect()
}

fn lists(bundle: &Bundle) -> Vec<Item> {
    let entries = bundle.lists.iter().flat_map(|list| list.entries.iter().map(move |entry| (list, entry)));
    let one = |(list, entry): (&crate::bundle::checked::List, &crate::bundle::checked::ListEntry)| Item {
        what: "entry",
        name: format!("{}/{}", list.name, entry.value),
        says: format!("`{}` is in the list `{}`", entry.value, list.name),
        clauses: entry.clauses.iter().map(ToString::to_string).collect(),
        effective: entry.effective.iter().map(|at| period(bundle, at)).collect(),
        retired: retired(bundle, &entry.retired),
        certainty: certainty(&entry.evidence),
        evidence: evidence(&entry.evidence),
        source: entry.place.to_string(),
    };
    entries.map(one).collect()
}

fn tables(bundle: &Bundle) -> Vec<Item> {
    let mut out = Vec::new();
    for table in &bundle.tables {
        for (at, row) in table.rows.iter().enumerate() {
            let cells = table.gives.iter().zip(&row.values).map(|((name, _), value)| format!("{name} {value}"));
            let id = row.id.as_deref().map_or_else(|| at.to_string(), str::to_owned);
            out.push(Item {
                what: "row",
                name: format!("{}/{id}", table.name),
                says: cells.collect::<Vec<_>>().join(", "),
                clauses: row.clauses.iter().map(ToString::to_string).collect(),
                effective: row.effective.iter().map(|at| period(bundle, at)).collect(),
                retired: retired(bundle, &row.retired),
                certainty: certainty(&row.evidence),
                evidence: evidence(&row.evidence),
                source: row.place.to_string(),
            });
        }
    }
    out
}

fn rules(bundle: &Bundle) -> Vec<Item> {
    let one = |rule: &crate::bundle::checked::Rule| {
        let kinds = rule.kinds.iter().filter_map(|k| bundle.kinds.get(k.0)).map(|k| k.name.to_string());
        Item {
            what: "rule",
            name: rule.name.to_string(),
            says: format!("{} ({})", effect(&rule.effect), kinds.collect::<Vec<_>>().join(", ")),
            clauses: rule.clauses.iter().map(ToString::to_string).collect(),
            effective: rule.effective.iter().map(|at| period(bundle, at)).collect(),
            retired: retired(bundle, &rule.retired),
            certainty: certainty(&rule.evidence),
            evidence: evidence(&rule.evidence),
            source: rule.place.to_string(),
        }
    };
    bundle.rules.iter().map(one).collect()
}

/// An effect in the words of the policy language.
#[must_use]
pub fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Permit(code) => format!("permit {code}"),
        Effect::Deny(code) => format!("deny {code}"),
        Effect::Refer(code) => format!("refer {code}"),
        Effect::Ask(_, code) => format!("ask {code}"),
        Effect::Attach(outcome) => format!("adds to {outcome}"),
    }
}

/// A period in words: `from 2021-06-01 until 2022-07-11 by order.purchased_at`.
#[must_use]
pub fn period(bundle: &Bundle, period: &Effective) -> String {
    let mut words = Vec::new();
    words.extend(period.from.map(|from| format!("from {from}")));
    words.extend(period.until.map(|until| format!("until {until}")));
    words.push(format!("by {}", bundle.path(period.dated_by)));
    words.join(" ")
}

fn retired(bundle: &Bundle, retired: &[Retired]) -> Vec<String> {
    let one = |retired: &Retired| {
        let when = retired.effective.as_ref().map_or_else(|| "always".to_owned(), |at| period(bundle, at));
        format!("{when}: {} ({})", retired.reason, retired.place)
    };
    retired.iter().map(one).collect()
}

fn certainty(evidence: &Evidence) -> Option<String> {
    evidence.certainty.as_ref().map(ToString::to_string)
}

fn evidence(evidence: &Evidence) -> Option<String> {
    evidence.evidence.as_ref().map(ToString::to_string)
}
