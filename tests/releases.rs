//! Two time axes: what held in the world, and what we knew when.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use clausal::{Engine, LoadError, Outcome, Timestamp};

fn known_on(day: &str) -> Result<Engine, LoadError> {
    Engine::builder().as_known_on(Timestamp::parse(day).unwrap(), None).build()
}

/// The digests in the shipped index are those of the shipped releases. `UPDATE_DOCS=1` writes them.
#[test]
fn digests_are_up_to_date() {
    let path = common::root().join("policies/releases.yaml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    let index = common::yaml(&path);
    let mut wrong = Vec::new();
    for release in index["releases"].as_array().unwrap() {
        let folder = common::root().join("policies").join(release["folder"].as_str().unwrap());
        let engine = Engine::load(folder).unwrap();
        let (given, found) = (release["digest"].as_str().unwrap(), &*engine.bundle().digest);
        if given != found {
            let line =
                text.lines().find(|line| line.contains(&format!("folder: {},", release["folder"].as_str().unwrap())));
            let line = line.unwrap().to_owned();
            text = text.replace(&line, &line.replace(given, found));
            wrong.push(release["version"].to_string());
        }
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
    } else {
        assert!(wrong.is_empty(), "digests of {wrong:?} are out of date");
    }
}

#[test]
fn the_release_of_the_day_decides() {
    let request = r#"{"kind":"cancellation","at":"2021-06-20","actor":{"side":"partner","roles":["Admin agent"],"portal":"api"},
        "customer":{"name":"Contoso"},"product":{"kind":"perpetual-software","name":"SQL"},"acknowledged":true,
        "order":{"id":"A","status":"completed","purchased_at":"2021-05-01","paid":"10","currency":"USD"}}"#;
    let outcome = |day: &str| known_on(day).unwrap().decide_json(request.as_bytes()).unwrap().outcome();
    assert_eq!(outcome("2021-05-01"), Outcome::Permit, "60 days were known");
    assert_eq!(outcome("2021-06-01"), Outcome::Permit, "the day before the page said 30");
    assert_eq!(outcome("2021-06-02"), Outcome::Deny);
    assert_eq!(known_on("2021-02-01").unwrap().bundle().version.as_ref(), "2021.1");
}

#[test]
fn before_the_first_release_nothing_was_known() {
    let error = known_on("2020-01-01").unwrap_err();
    assert_eq!(error.to_string(), "no release was known on `2020-01-01`; the first was published on `2021-01-30`");
}

#[test]
fn a_release_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("releases.yaml");
    let csp = common::root().join("policies/csp");
    for path in common::files(&csp, "") {
        let to = folder.path().join("csp").join(path.strip_prefix(&csp).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&path, to).unwrap();
    }
    let digest = Engine::load(&csp).unwrap().bundle().digest.to_string();
    let text =
        format!("releases:\n  - {{ version: a, published: \"2021-06-02\", folder: csp, digest: \"{digest}\" }}\n");
    std::fs::write(&index, text).unwrap();
    let day = Timestamp::parse("2021-07-01").unwrap();
    let build = || Engine::builder().as_known_on(day, Some(&index)).build();
    assert!(build().is_ok());
    let policy = folder.path().join("csp/purchase.yaml");
    let changed = std::fs::read_to_string(&policy).unwrap() + "# changed\n";
    std::fs::write(policy, changed).unwrap();
    assert!(matches!(build().unwrap_err(), LoadError::WrongDigest { .. }));
}
