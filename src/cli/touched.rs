//! What a change of a bundle touches: scenarios, and decisions that were recorded.

use std::path::Path;

#[cfg(feature = "record")]
use serde_json::json;
use serde_json::{Map, Value as Json};

use crate::assure::scenario::bundles::Bundles;
use crate::engine::Engine;
#[cfg(feature = "record")]
use crate::record::{replay::replay, source::Source, tally::Tally};

use super::Failure;

/// What is touched, as far as it was asked for.
#[derive(Debug, Default)]
pub struct Touched {
    /// Scenarios.
    pub scenarios: Option<Scenarios>,
    /// Recorded decisions.
    #[cfg(feature = "record")]
    pub recorded: Option<Recorded>,
}

/// Scenarios that were decided by both.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scenarios {
    all: usize,
    changed: usize,
}

/// Decisions of a log, decided again by both.
#[cfg(feature = "record")]
#[derive(Debug)]
pub struct Recorded {
    old: Tally,
    new: Tally,
}

impl Touched {
    /// In words, a line for each.
    pub fn lines(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(Scenarios { all, changed }) = self.scenarios {
            out.push(format!("{changed} of {all} scenarios change"));
        }
        #[cfg(feature = "record")]
        if let Some(Recorded { old, new }) = &self.recorded {
            let decided = new.entries.saturating_sub(new.invalid);
            let mut line = format!("{} of {decided} recorded decisions change", new.changed);
            if old.changed > 0 {
                // The log was not made by the old bundle, or not by it alone.
                line.push_str(&format!(", {} by the old bundle already", old.changed));
            }
            if new.undecided > 0 {
                line.push_str(&format!("; {} cannot be decided again", new.undecided));
            }
            out.push(line);
            for (currency, money) in &new.money {
                let by = money.after.saturating_sub(money.before);
                let sign = if by.is_sign_negative() { "" } else { "+" };
                out.push(format!("credit in {currency}: {} -> {} ({sign}{by})", money.before, money.after));
            }
        }
        out
    }

    /// For programs: the keys that are added to the comparison.
    pub fn to_json(&self) -> Map<String, Json> {
        let mut out = Map::new();
        if let Some(Scenarios { all, changed }) = self.scenarios {
            out.insert("scenarios".into(), all.into());
            out.insert("scenarios_changed".into(), changed.into());
        }
        #[cfg(feature = "record")]
        if let Some(Recorded { old, new }) = &self.recorded {
            let money = new.money.iter().map(|(currency, money)| {
                let by = money.after.saturating_sub(money.before).to_string();
                let (before, after) = (money.before.to_string(), money.after.to_string());
                json!({ "currency": currency, "before": before, "after": after, "by": by })
            });
            out.insert(
                "recorded".into(),
                json!({
                    "decisions": new.entries.saturating_sub(new.invalid),
                    "changed": new.changed,
                    "changed_by_old": old.changed,
                    "undecided": new.undecided,
                    "money": money.collect::<Vec<_>>(),
                }),
            );
        }
        out
    }
}

/// Decides what a log holds again, by both.
#[cfg(feature = "record")]
pub fn recorded(old: &Engine, new: &Engine, log: &Path) -> Result<Recorded, Failure> {
    let again = |engine: &Engine| -> Result<Tally, Failure> {
        let source = Source::open(log)?;
        Ok(replay(&source, Some(engine), |_| {})?)
    };
    Ok(Recorded { old: again(old)?, new: again(new)? })
}

/// How many requests of the scenarios below a folder are decided otherwise. Scenarios of other readings or bundles speak of
/// neither of the two and are left out.
pub fn scenarios(old: &Engine, new: &Engine, folder: &Path) -> Result<Scenarios, Failure> {
    let mut bundles = Bundles::of(new.clone());
    let mut out = Scenarios::default();
    let found = super::scenarios::read(folder, "", &mut bundles)?;
    let own = found.scenarios.iter().filter(|one| one.settings.is_empty() && one.engine.bundle() == new.bundle());
    for case in own.flat_map(|scenario| &scenario.cases) {
        out.all = out.all.saturating_add(1);
        let answer = |engine: &Engine| match engine.decide(&case.request) {
            Ok(answer) => {
                let mut json = answer.to_json("");
                strip(&mut json);
                json
            }
            Err(error) => error.to_json(),
        };
        out.changed = out.changed.saturating_add(usize::from(answer(old) != answer(new)));
    }
    Ok(out)
}

/// What is the same decision in two bundles: without the bundle, the words and the places.
fn strip(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Array(all) => all.iter_mut().for_each(strip),
        serde_json::Value::Object(object) => {
            for key in ["bundle", "message", "source", "rule", "clauses"] {
                object.remove(key);
            }
            object.values_mut().for_each(strip);
        }
        _ => {}
    }
}
