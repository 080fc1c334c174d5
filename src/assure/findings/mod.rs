//! What can be said of the rules as they work together: exact for the declarative part, never a false alarm. Each
//! finding that some request can show comes with it.

mod inputs;
mod restrict;
mod rules;
mod settings;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::bundle::checked::RuleIx;
use crate::decide::Decided;
use crate::decide::tree::parse;
use crate::engine::Engine;
use crate::model::finding::Finding;

use super::diff::witness::{leaves, without};
use super::space::mdd::Id;
use super::space::sample::Dice;
use super::space::{Bounds, Space, SpaceError};
use inputs::Inputs;
use rules::OfRule;

/// A finding, and a request that shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The finding.
    pub finding: Finding,
    /// A request that shows it.
    pub witness: Option<Json>,
}

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// What is hardly ever meant.
    #[default]
    Faults,
    /// Besides, what may well be meant: what decides nothing, and permits for want of a fact.
    Pedantic,
}

/// What there is to say of the rules of a bundle, sorted by place; each finding with the request that shows it.
///
/// # Errors
/// When the bounds are met.
pub fn findings(engine: &Engine, asked: Asked, bounds: Bounds) -> Result<Vec<Finding>, SpaceError> {
    let with_request = |one: Shown| match one.witness {
        Some(request) => one.finding.shown_by(request.to_string()),
        None => one.finding,
    };
    Ok(shown(engine, asked, bounds)?.into_iter().map(with_request).collect())
}

/// The same, each with a request that shows it.
///
/// # Errors
/// When the bounds are met.
pub fn shown(engine: &Engine, asked: Asked, bounds: Bounds) -> Result<Vec<Shown>, SpaceError> {
    let bundle = engine.checked();
    let mut of_rules: BTreeMap<RuleIx, OfRule> = BTreeMap::new();
    let mut out: Vec<Shown> = Vec::new();
    let mut of_rows = BTreeSet::new();
    let mut inputs = Inputs::new(bundle);
    let mut requests: Vec<Json> = Vec::new();
    for kind in &bundle.kinds {
        let mut space = Space::new(&[engine], &kind.name, &[], bounds)?;
        let solved = space.solve(0)?;
        for one in &solved.rules {
            rules::of_rule(&mut space, &solved, one, of_rules.entry(one.rule).or_default())?;
        }
        out.extend(rules::two_values(&mut space, &solved));
        out.extend(rules::gap(&mut space, &solved));
        let of_tables = tables::rows(&mut space, &solved);
        for found in of_tables.into_iter().chain(tables::holes_in_time(&mut space, &solved)) {
            let Finding { place, related, message, .. } = &found.finding;
            if of_rows.insert((place.clone(), related.clone(), message.clone())) {
                out.push(found);
            }
        }
        if asked == Asked::Pedantic {
            inputs.of_kind(&space, &solved);
            out.extend(inputs::unknown_permitted(&mut space, &solved));
            settings::requests(&mut space, &solved, &mut requests);
        }
        space.check()?;
    }
    for (ix, of) in of_rules {
        let Some(rule) = bundle.rules.get(ix.0) else { continue };
        out.extend(rules::about(&rule.name, &rule.place, of));
    }
    out.extend(restrict::widens(engine, bounds)?);
    if asked == Asked::Pedantic {
        out.extend(inputs.without_influence());
        out.extend(inputs::entries(bundle));
        out.extend(settings::without_influence(engine, &requests, bounds)?);
    }
    out.sort_by(|a, b| {
        let key = |one: &Shown| (one.finding.place.clone(), one.finding.code, one.finding.message.clone());
        key(a).cmp(&key(b))
    });
    Ok(out)
}

/// A request of a region that the engine decides as told, without what it does not need for that.
fn witness(space: &mut Space<'_>, region: Id, is: impl Fn(&Decided) -> bool) -> Option<Json> {
    const TRIES: u64 = 12;
    let engine = space.sides.first()?.engine;
    let shows = |json: &Json| decided(engine, json).is_some_and(|decided| is(&decided));
    let first = space.seek(region)?;
    let mut json = space.to_json(0, &first);
    if !shows(&json) {
        let other = |n| {
            let mut dice = Dice(n);
            let mut request = space.request_among(region, &mut dice)?;
            space.vary(&mut request, &mut dice);
            Some(space.to_json(0, &request)).filter(|json| shows(json))
        };
        json = (0..TRIES).find_map(other)?;
    }
    for path in leaves(&json) {
        let fewer = without(&json, &path);
        if shows(&fewer) {
            json = fewer;
        }
    }
    Some(json)
}

/// The decision on a request that does not fan out, with what every rule gave.
fn decided(engine: &Engine, request: &Json) -> Option<Decided> {
    let tree = parse(request.to_string().as_bytes(), &engine.limits().request).ok()?;
    engine.decided(&tree).ok()?.parts.into_iter().next()
}
