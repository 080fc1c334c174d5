//! Settings: readings of what the sources leave open, declared in a manifest, set by overlays and with the load.

use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::names::nearest;
use crate::model::time::zone;
use crate::model::value::{Type, Value};

use super::checked::{Effective, FactIx, Setting};
use super::draft::Draft;
use super::policy::source;
use super::reader::{Mapping, entries, list, name};
use super::tables::{dated_by, effective};
use super::values::value;
use super::vocabulary::{gist, type_named};
use super::yaml::{Content, Node};

/// The settings of a manifest: declared with a type in the bundle that introduces them, set to a value in overlays.
pub fn read_settings(node: &Node, draft: &mut Draft, findings: &mut Findings) {
    for (key, body) in entries(node, "`settings`", findings) {
        let Some(setting) = name(key, findings) else { continue };
        if let Some(known) = draft.settings.get(&setting) {
            let Some(value) = value(body, &known.type_, draft, findings) else { continue };
            if !is_taken(&value, &setting, known, &body.place, findings) {
                continue;
            }
            if let Some(known) = draft.settings.get_mut(&setting) {
                known.value = value;
                draft.dated_settings.remove(&setting);
            }
            continue;
        }
        declare_setting(setting, key, body, draft, findings);
    }
}

/// Whether a setting takes a value: one of its choices, or a time zone, where it says so.
fn is_taken(value: &Value, name: &str, setting: &Setting, place: &Place, findings: &mut Findings) -> bool {
    let words = |values: &[Value]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
    if !setting.choices.is_empty() && !setting.choices.contains(value) {
        let finding = Finding::new(Code::UnknownValue, place, format!("`{value}` is not a choice of `{name}`"));
        let all = words(&setting.choices).join("`, `");
        findings.push(finding.help(format!("it takes `{all}`")).related(&setting.place, "the setting"));
        return false;
    }
    let Some(others) = &setting.time_zone_or else { return true };
    let written = value.to_string();
    if others.contains(value) || zone::is_known(&written) {
        return true;
    }
    let others = words(others);
    let mut known: Vec<&str> = zone::names().collect();
    known.extend(others.iter().map(String::as_str));
    let near = nearest(&written, known);
    let message = format!("`{written}` is no time zone, which `{name}` takes");
    let besides =
        if others.is_empty() { String::new() } else { format!("; besides it takes `{}`", others.join("`, `")) };
    let finding = Finding::new(Code::UnknownValue, place, message);
    let finding = finding.help(format!("write the name of an IANA time zone, for example `Europe/Oslo`{besides}"));
    findings.push(finding.nearest(near).related(&setting.place, "the setting"));
    false
}

/// The values of settings that hold for a time, once the facts that date them are known.
pub fn read_dated_settings(draft: &mut Draft, findings: &mut Findings) {
    for (name, (values, clock_node)) in std::mem::take(&mut draft.dated_settings) {
        let Some(setting) = draft.settings.get(&name) else { continue };
        let clock = dated_by(clock_node.as_ref(), FactIx(0), draft, findings);
        if let (Some(node), true) = (&clock_node, draft.facts.get(clock.0).is_some_and(|fact| fact.derived.is_some())) {
            findings.push(
                Finding::new(Code::TypeMismatch, &node.place, "a setting cannot be dated by a derived fact")
                    .help("name a fact that requests give: derived facts may read settings"),
            );
        }
        let dated = dated_values(&values, &name, setting, clock, draft, findings);
        if let Some(setting) = draft.settings.get_mut(&name) {
            setting.dated = dated;
        }
    }
}

/// Values of a setting that hold for a time.
fn dated_values(
    node: &Node,
    name: &str,
    setting: &Setting,
    clock: FactIx,
    draft: &Draft,
    findings: &mut Findings,
) -> Vec<(Value, Effective)> {
    let mut out = Vec::new();
    for item in list(node, findings) {
        let Some(mut map) = Mapping::open(item, "a dated value", findings) else { continue };
        let node = map.need("value");
        let value = node.and_then(|node| Some((value(node, &setting.type_, draft, findings)?, &node.place)));
        let value = value.filter(|(value, place)| is_taken(value, name, setting, place, findings));
        let period = effective(map.need("effective"), clock, findings);
        map.finish(findings);
        out.extend(value.map(|(value, _)| value).zip(period));
    }
    out
}

/// Settings that are given with the load: values only.
pub fn read_given_settings(node: &Node, draft: &mut Draft, findings: &mut Findings) {
    for (key, _) in entries(node, "the settings given", findings) {
        let known = draft.settings.keys().map(|name| &**name);
        if key.text().is_some_and(|name| !draft.settings.contains_key(name)) {
            draft.unknown("setting", Code::UnknownSetting, key, "the bundle has no setting", known, findings);
        }
    }
    read_settings(node, draft, findings);
}

fn declare_setting(setting: Arc<str>, key: &Node, body: &Node, draft: &mut Draft, findings: &mut Findings) {
    let Content::Mapping(_) = body.content else {
        let known = draft.settings.keys().map(|name| &**name);
        draft.unknown("setting", Code::UnknownSetting, key, "the bundle has no setting", known, findings);
        return;
    };
    match read_setting(key, body, draft, findings) {
        Some(new) => {
            draft.settings.insert(setting, new);
        }
        None => draft.ledger.mark_broken("setting", &setting),
    }
}

fn read_setting(key: &Node, body: &Node, draft: &mut Draft, findings: &mut Findings) -> Option<Setting> {
    let mut map = Mapping::open(body, "a setting", findings)?;
    let type_ = map.need("type").and_then(|node| type_named(node, draft, findings));
    let default = map.need("default");
    let choices = map.take("choices").map(|node| list(node, findings)).unwrap_or_default();
    let zone_or = map.take("time-zone-or");
    let source = map.take("source").and_then(|node| source(node, draft, findings));
    let clauses = draft.clauses(map.take("clauses"), source.as_ref(), findings);
    let gist = map.take("gist").map(|node| gist(node, draft, findings)).unwrap_or_default();
    let (dated, clock) = (map.take("dated"), map.take("dated-by"));
    map.finish(findings);
    let (type_, default_node) = (type_?.type_, default?);
    if let (Some(dated), Some(name)) = (dated, key.text()) {
        draft.dated_settings.insert(name.into(), (dated.clone(), clock.cloned()));
    }
    let default = value(default_node, &type_, draft, findings)?;
    let choices = choices.iter().filter_map(|item| value(item, &type_, draft, findings)).collect();
    let time_zone_or = zone_or.and_then(|node| time_zone_or(node, &type_, draft, findings));
    let place = key.place.clone();
    let setting = Setting { type_, value: default, dated: Vec::new(), choices, time_zone_or, clauses, gist, place };
    if setting.time_zone_or.is_some() {
        let name = key.text().unwrap_or_default();
        is_taken(&setting.value, name, &setting, &default_node.place, findings).then_some(())?;
    }
    Some(setting)
}

/// What a setting takes besides the names of time zones.
fn time_zone_or(node: &Node, type_: &Type, draft: &Draft, findings: &mut Findings) -> Option<Vec<Value>> {
    if *type_ != Type::Text {
        let finding = Finding::new(Code::TypeMismatch, &node.place, format!("a time zone is a `text`, no `{type_}`"));
        findings.push(finding.help("give the setting the type `text`"));
        return None;
    }
    Some(list(node, findings).iter().filter_map(|item| value(item, type_, draft, findings)).collect())
}
