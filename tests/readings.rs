//! Every reading that the source leaves open has scenarios: one for each choice, and an alternative changes the answer.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clausal::{Engine, Type, Value};
use serde_json::Value as Json;

fn scenarios() -> Vec<(PathBuf, Json)> {
    let root = common::root().join("fixtures/readings");
    let read = |path: PathBuf| {
        let scenario = common::yaml(&path);
        (path.strip_prefix(common::root()).unwrap().to_owned(), scenario)
    };
    common::files(&root, ".yaml").into_iter().map(read).collect()
}

/// Engines by bundle and settings, each loaded once.
#[derive(Default)]
struct Engines(BTreeMap<(String, Vec<(String, String)>), Engine>);

impl Engines {
    fn answer(&mut self, bundle: &str, settings: &[(String, String)], request: &Json) -> Json {
        let key = (bundle.to_owned(), settings.to_vec());
        let engine = self.0.entry(key).or_insert_with(|| common::engine(bundle, settings));
        common::answer(engine, request.to_string().as_bytes())
    }
}

fn written(value: &Value) -> String {
    value.to_json().as_str().map_or_else(|| value.to_json().to_string(), String::from)
}

#[test]
fn scenarios_agree_and_alternatives_change_the_answer() {
    let (mut engines, mut wrong) = (Engines::default(), Vec::new());
    let known = common::engine("csp-timeline", &[]);
    for (path, scenario) in scenarios() {
        let (bundle, settings) = (common::bundle(&scenario), common::settings(&scenario));
        let answer = engines.answer(bundle, &settings, &scenario["request"]);
        for difference in common::differences(&answer, &scenario["expect"]) {
            wrong.push(format!("{}: {difference}", path.display()));
        }
        let plain = engines.answer(bundle, &[], &scenario["request"]);
        let same = common::substance(&answer) == common::substance(&plain);
        let default =
            settings.iter().all(|(name, value)| written(&known.checked().settings[name.as_str()].value) == *value);
        match (default, same) {
            (true, false) => wrong.push(format!("{}: the default, given, changes the answer", path.display())),
            (false, true) => wrong.push(format!("{}: the alternative does not change the answer", path.display())),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_choice_of_every_setting_has_a_scenario() {
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, scenario) in scenarios() {
        let folder = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let settings = common::settings(&scenario);
        assert!(settings.iter().any(|(name, _)| *name == folder), "{} is not about {folder}", path.display());
        for (name, value) in settings.into_iter().filter(|(name, _)| *name == folder) {
            shown.entry(name).or_default().insert(value);
        }
    }
    let engine = common::engine("csp-timeline", &[]);
    let mut wanting = Vec::new();
    for (name, setting) in &engine.checked().settings {
        let shown = shown.remove(&**name).unwrap_or_default();
        let mut wanted: BTreeSet<String> = setting.choices.iter().map(written).collect();
        wanted.insert(written(&setting.value));
        if setting.type_ == Type::Boolean {
            wanted.extend(["true".to_owned(), "false".to_owned()]);
        }
        wanting.extend(wanted.difference(&shown).map(|value| format!("{name}: {value}")));
        if shown.len() < 2 {
            wanting.push(format!("{name}: an alternative"));
        }
    }
    assert!(wanting.is_empty(), "no scenario for\n{}", wanting.join("\n"));
    assert!(shown.is_empty(), "scenarios for settings that there are not: {shown:?}");
}
