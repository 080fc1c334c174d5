//! Overlays that only tighten (`mode: restrict`): every form that could turn a refusal into a permit is refused. The forms
//! are judged by what they are, not by what they would do, so a harmless one may be refused too.

use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings, Place};

use super::checked::Effect;
use super::draft::Draft;
use super::manifest::Manifest;
use super::yaml::{Content, Node};

fn refuse(place: &Place, what: &str, findings: &mut Findings) {
    findings.push(
        Finding::new(
            Code::CouldWiden,
            place,
            format!("{what} could turn a refusal into a permit, and the overlay only restricts"),
        )
        .help("move it to an overlay without `mode: restrict`, or deny with rules of its own"),
    );
}

/// What a manifest may not name.
pub fn manifest(manifest: &Manifest, settings: Option<&Node>, findings: &mut Findings) {
    for registry in &manifest.registries {
        refuse(&registry.place, "a registry", findings);
    }
    if let Some(settings) = settings {
        refuse(&settings.place, "a setting", findings);
    }
}

/// A vocabulary may add reasons and stages.
pub fn vocabulary(node: &Node, findings: &mut Findings) {
    for (key, _) in entries(node) {
        if !matches!(key.text(), Some("reasons" | "stages")) {
            refuse(&key.place, &format!("`{}` of a vocabulary", key.text().unwrap_or_default()), findings);
        }
    }
}

/// A policy may add rules that do not permit, lists and tables of its own, and retire permits.
pub fn policy(node: &Node, findings: &mut Findings) {
    for (key, body) in entries(node) {
        match (key.text(), &body.content) {
            (Some("add-rows"), _) => refuse(&key.place, "a row for a table", findings),
            (Some("add-entries"), _) => refuse(&key.place, "an entry for a list", findings),
            (Some("retire"), Content::Sequence(items)) => {
                for (key, _) in items.iter().flat_map(entries) {
                    if matches!(key.text(), Some("row" | "list" | "entry")) {
                        refuse(&key.place, "retiring a row or an entry", findings);
                    }
                }
            }
            (Some("rules"), Content::Sequence(items)) => {
                for (key, _) in items.iter().flat_map(entries) {
                    if key.text() == Some("permit") {
                        refuse(&key.place, "a rule that permits", findings);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Only rules that permit may be retired.
pub fn retirement(rule: &Arc<str>, place: &Place, draft: &Draft, findings: &mut Findings) {
    let permits = |effect: &Effect| matches!(effect, Effect::Permit(_));
    if draft.rules.iter().any(|known| known.name == *rule && !permits(&known.effect)) {
        refuse(place, "retiring a rule that does not permit", findings);
    }
}

fn entries(node: &Node) -> &[(Node, Node)] {
    match &node.content {
        Content::Mapping(entries) => entries,
        _ => &[],
    }
}
