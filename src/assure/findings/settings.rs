//! Settings that decide nothing: under each of their values every request is decided alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::assure::diff::first_difference;
use crate::assure::reach::of_kind;
use crate::assure::space::mdd::Op;
use crate::assure::space::sample::Dice;
use crate::assure::space::solve::{OUTCOMES, Solved, number};
use crate::assure::space::{Bounds, Space, SpaceError};
use crate::bundle::checked::Setting;
use crate::engine::Engine;
use crate::model::decision::Outcome;
use crate::model::finding::{Code, Finding};
use crate::model::value::{Type, Value};

use super::{Shown, decided};

/// Outcome, reasons, results and obligations.
type Substance = (Outcome, BTreeSet<Arc<str>>, BTreeMap<Arc<str>, Value>, BTreeSet<Arc<str>>);

/// Requests that are tried for what scripts compute, when two readings are compared.
const SAMPLES: usize = 500;

/// Requests of each outcome that are tried first; most settings show themselves by one of them.
const TRIED: u64 = 24;

/// Requests of a kind, of every outcome.
pub(super) fn requests(space: &mut Space<'_>, solved: &Solved, out: &mut Vec<Json>) {
    for outcome in OUTCOMES {
        let region = space.mdd.is(solved.outcome, number(outcome));
        let region = space.mdd.apply(Op::And, region, solved.valid);
        for n in 0..TRIED {
            let Some(request) = space.request_among(region, &mut Dice(n)) else { break };
            let json = space.to_json(0, &request);
            if !out.contains(&json) {
                out.push(json);
            }
        }
    }
}

/// Settings whose every value decides alike. Those whose values are not enumerated are left alone.
///
/// # Errors
/// When the bounds are met.
pub(super) fn without_influence(engine: &Engine, requests: &[Json], bounds: Bounds) -> Result<Vec<Shown>, SpaceError> {
    let bundle = engine.checked();
    let mut out = Vec::new();
    for (name, setting) in &bundle.settings {
        let others = others(setting);
        if others.is_empty() {
            continue;
        }
        let mut decides = false;
        for other in others {
            let mut changed = bundle.clone();
            if let Some(setting) = changed.settings.get_mut(name) {
                setting.value = other;
            }
            let changed = Engine::with_bundle(changed, engine.limits().clone());
            if is_told(engine, &changed, name, requests) || is_decided(engine, &changed, name, bounds)? {
                decides = true;
                break;
            }
        }
        if !decides {
            let message = format!(
                "under each value of the setting `{name}` every request is decided alike, as long as the others stay"
            );
            let finding = Finding::new(Code::SettingDecidesNothing, &setting.place, message)
                .help("let a rule test it where it matters, or remove it");
            out.push(Shown { finding, witness: None });
        }
    }
    Ok(out)
}

fn others(setting: &Setting) -> Vec<Value> {
    match &setting.type_ {
        Type::Boolean if setting.choices.is_empty() => {
            [true, false].map(Value::Boolean).into_iter().filter(|value| *value != setting.value).collect()
        }
        _ => setting.choices.iter().filter(|choice| **choice != setting.value).cloned().collect(),
    }
}

/// Whether one of the requests is decided otherwise.
fn is_told(engine: &Engine, changed: &Engine, name: &Arc<str>, requests: &[Json]) -> bool {
    let bundle = engine.checked();
    let kinds: Vec<&str> = bundle
        .kinds
        .iter()
        .filter(|kind| of_kind(bundle, kind).settings.contains(name))
        .map(|kind| &*kind.name)
        .collect();
    let of_kind =
        |request: &&Json| request.get("kind").and_then(Json::as_str).is_some_and(|kind| kinds.contains(&kind));
    requests.iter().filter(of_kind).any(|request| substance(engine, request) != substance(changed, request))
}

/// What of a decision is compared: which rule gives it does not matter.
fn substance(engine: &Engine, request: &Json) -> Option<Substance> {
    let verdict = decided(engine, request)?.verdict;
    let codes = verdict.because.into_iter().map(|because| because.code).collect();
    let duties = verdict.obligations.into_iter().map(|(code, _)| code).collect();
    Some((verdict.outcome, codes, verdict.results, duties))
}

/// Whether any request is, by the exact comparison; what scripts leave open counts as decided.
fn is_decided(engine: &Engine, changed: &Engine, name: &Arc<str>, bounds: Bounds) -> Result<bool, SpaceError> {
    let bundle = engine.checked();
    for kind in bundle.kinds.iter().filter(|kind| of_kind(bundle, kind).settings.contains(name)) {
        // What fewer requests leave open counts as decided: nothing is claimed that more of them would take back.
        let bounds = Bounds { samples: bounds.samples.min(SAMPLES), ..bounds };
        let found = first_difference(engine, changed, &kind.name, bounds)?;
        if !found.regions.is_empty() || !found.complete {
            return Ok(true);
        }
    }
    Ok(false)
}
