//! Invariants, findings and comparisons: what is claimed is shown by the engine, and nothing is claimed that is not so.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod common;
mod generate;

use std::collections::BTreeSet;

use clausal::assure::diff::{Direction, Sum, diff, widened};
use clausal::assure::findings::{Asked, findings, shown};
use clausal::assure::prove::{Verdict, prove};
use clausal::assure::space::sample::facts_of;
use clausal::assure::space::{Bounds, Space, SpaceError};
use clausal::decide::evaluate::{Truth, evaluate};
use clausal::{Code, Engine, Finding, Outcome, Severity};
use generate::{Dice, assignment, bundle};
use serde_json::{Value as Json, json};

const BOUNDS: Bounds = Bounds { nodes: 1_000_000, samples: 1_000, until: None };

fn embedded(name: &str) -> Engine {
    Engine::builder().embedded(name).build().unwrap()
}

fn over_csp(policy: &str, invariants: &str) -> Engine {
    over_csp_as("invariants: [i.yaml]\n", policy, invariants)
}

fn over_csp_as(says: &str, policy: &str, invariants: &str) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let base = common::root().join("policies");
    for path in common::files(&base.join("csp"), "") {
        let to = folder.path().join(path.strip_prefix(&base).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&path, to).unwrap();
    }
    let own = folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    let manifest = format!("bundle: own\nversion: \"1\"\nextends: ../csp\npolicies: [p.yaml]\n{says}");
    std::fs::write(own.join("bundle.yaml"), manifest).unwrap();
    std::fs::write(own.join("p.yaml"), policy).unwrap();
    std::fs::write(own.join("i.yaml"), invariants).unwrap();
    Engine::load(&own).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_shipped_invariants_hold() {
    let engine = embedded("csp");
    let proofs = prove(&engine, Bounds::default(), &mut |_| {});
    assert_eq!(proofs.len(), engine.checked().invariants.len());
    for proof in &proofs {
        let fine = matches!(proof.verdict, Verdict::Proved)
            || (&*proof.id == "credit-is-at-most-the-price"
                && matches!(proof.verdict, Verdict::Tested { requests } if requests > 500));
        assert!(fine, "{}: {:?}", proof.id, proof.verdict);
    }
}

#[test]
fn every_section_that_binds_has_an_invariant() {
    let engine = embedded("csp");
    let bundle = engine.checked();
    let source = bundle.sources.values().next().unwrap();
    let binding: BTreeSet<&str> =
        source.clauses.values().filter(|clause| clause.normative).map(|clause| &*clause.section).collect();
    let stated =
        bundle.invariants.iter().flat_map(|one| &one.clauses).map(|clause| &*source.clauses[&clause.number].section);
    let missing: Vec<&str> = binding.difference(&stated.collect()).copied().collect();
    assert!(missing.is_empty(), "{missing:?}");
    for invariant in &bundle.invariants {
        assert!(["en", "ru"].iter().all(|language| invariant.words.contains_key(*language)), "{}", invariant.id);
    }
}

#[test]
fn a_broken_invariant_comes_with_a_request() {
    let policy = "policy: own\nrequest: cancellation\nsource: csp-2021-06\nretire:\n  - { rule: role-permissions/cancel-needs-admin-agent, reason: a test }\n";
    let invariants = r#"
source: csp-2021-06
invariants:
  - id: only-admin-agents
    request: cancellation
    clauses: [270]
    if: { outcome: permit }
    then: { actor.roles: { any: [admin-agent] } }
    words: { en: Only admin agents cancel. }
  - id: less-than-half
    request: cancellation
    clauses: [303]
    never: { results.credit_percent: { more-than: "50" } }
    words: { en: Nobody gets more than half. }
  - id: still-no-linux
    request: cancellation
    clauses: [266]
    never: { outcome: permit, product.vendor: suse }
    words: { en: No Linux. }
"#;
    let engine = over_csp(policy, invariants);
    let proofs = prove(&engine, Bounds::default(), &mut |_| {});
    let words: Vec<&str> = proofs.iter().map(|proof| proof.verdict.as_str()).collect();
    assert_eq!(words, ["refuted", "refuted", "proved"]);
    let Verdict::Refuted { request, decision } = &proofs[0].verdict else { panic!() };
    let again = engine.decide_json(request.to_string().as_bytes()).unwrap();
    assert_eq!(again.to_json("en"), *decision);
    assert_eq!(again.outcome(), Outcome::Permit);
    let roles = request["actor"]["roles"].as_array().cloned().unwrap_or_default();
    assert!(!roles.contains(&json!("admin-agent")), "{request}");
}

#[test]
fn a_bound_is_an_honest_answer() {
    let engine = embedded("csp");
    let tight = Bounds { nodes: 50, ..Bounds::default() };
    let error = Space::new(&[&engine], "cancellation", &[], tight).and_then(|mut s| s.solve(0)).err().unwrap();
    assert!(matches!(error, SpaceError::TooEntangled { nodes: 50, .. }), "{error}");
    assert!(error.to_string().contains("split the kind, or test fewer facts in one rule"), "{error}");
    assert!(matches!(diff(&engine, &engine, tight), Err(SpaceError::TooEntangled { .. })));
    let over = Bounds { until: Some(std::time::Instant::now()), ..Bounds::default() };
    let proofs = prove(&engine, over, &mut |_| {});
    assert!(proofs.iter().all(|proof| matches!(proof.verdict, Verdict::NotDecided { .. })));
}

/// A bundle's texts without one rule.
fn without(texts: &[(String, String)], rule: &str) -> Vec<(String, String)> {
    let mut texts = texts.to_vec();
    let policy = &mut texts[2].1;
    let start = policy.find(&format!("  - id: {rule}\n")).unwrap();
    let after = policy.split_at(start + 1).1;
    let end = after.find("  - id: ").map_or(policy.len(), |at| start + 1 + at);
    policy.replace_range(start..end, "");
    texts
}

fn decided(engine: &Engine, request: &Json) -> Option<Json> {
    let answer = engine.decide_json(request.to_string().as_bytes()).ok()?;
    Some(common::sum(&answer.decisions()[0]))
}

/// Every finding of generated bundles is judged by requests; gives how many of which kind there were.
fn judge_findings(seeds: std::ops::Range<u64>) -> [usize; 4] {
    let (mut never, mut redundant, mut shown_by_request, mut idle) = (0, 0, 0, 0);
    for seed in seeds {
        let texts = bundle(seed);
        let engine = Engine::builder().texts(texts.clone()).build().unwrap();
        let mut dice = Dice(seed);
        let space = Space::new(&[&engine], "sale", &[], BOUNDS).unwrap();
        let requests: Vec<_> = (0..150).map(|_| space.request_of(&assignment(&space, &mut dice)).unwrap()).collect();
        for found in shown(&engine, Asked::Pedantic, BOUNDS).unwrap() {
            let place = &found.finding.place;
            let rule = engine.checked().rules.iter().position(|rule| rule.place == *place);
            match found.finding.code {
                Code::RuleNeverMatches => {
                    never += 1;
                    for request in &requests {
                        let side = &space.sides[0];
                        let all = evaluate(side.bundle, side.kind, &facts_of(side, request));
                        let one = all.iter().find(|one| Some(one.rule.0) == rule).unwrap();
                        let valid = decided(&engine, &space.to_json(0, request)).is_some();
                        assert!(!valid || one.truth == Truth::False, "seed {seed}: {}", found.finding);
                    }
                }
                Code::Redundant => {
                    redundant += 1;
                    let name = engine.checked().rules[rule.unwrap()].name.rsplit('/').next().unwrap().to_owned();
                    let Ok(other) = Engine::builder().texts(without(&texts, &name)).build() else { continue };
                    for request in &requests {
                        let json = space.to_json(0, request);
                        assert_eq!(decided(&engine, &json), decided(&other, &json), "seed {seed}, {name}: {json}");
                    }
                }
                Code::TwoValues => {
                    shown_by_request += 1;
                    let answer = decided(&engine, &found.witness.unwrap()).unwrap();
                    assert!(answer[1].to_string().contains("rule-failed"), "seed {seed}: {answer}");
                }
                Code::FactDecidesNothing => {
                    idle += 1;
                    let path = found.finding.message.split('`').nth(1).unwrap().to_owned();
                    for request in &requests {
                        let json = space.to_json(0, request);
                        let fewer = clausal::assure::diff::witness::without(&json, &path);
                        assert_eq!(decided(&engine, &json), decided(&engine, &fewer), "seed {seed}, {path}: {json}");
                    }
                }
                Code::SettingDecidesNothing => {
                    idle += 1;
                    let name = found.finding.message.split('`').nth(1).unwrap().to_owned();
                    for choice in &engine.checked().settings[&*name].choices {
                        let other = Engine::builder().texts(texts.clone()).setting(&name, choice.to_string());
                        let other = other.build().unwrap();
                        for request in &requests {
                            let json = space.to_json(0, request);
                            assert_eq!(decided(&engine, &json), decided(&other, &json), "seed {seed}, {name}: {json}");
                        }
                    }
                }
                Code::UnknownPermitted => {
                    shown_by_request += 1;
                    assert_eq!(decided(&engine, &found.witness.unwrap()).unwrap()[0], "permit", "seed {seed}");
                }
                Code::OverlappingRows | Code::HoleInTime | Code::Overridden => {
                    shown_by_request += 1;
                    assert!(decided(&engine, &found.witness.unwrap()).is_some());
                }
                _ => {}
            }
        }
    }
    [never, redundant, shown_by_request, idle]
}

#[test]
fn findings_are_never_false_alarms() {
    let found = judge_findings(0..24);
    assert!(found.iter().all(|count| *count > 0), "{found:?}");
}

#[test]
#[ignore = "takes minutes"]
fn findings_are_never_false_alarms_in_thousands() {
    let found = judge_findings(24..2_500);
    assert!(found.iter().all(|count| *count > 50), "{found:?}");
}

/// Generated bundles with and without a rule, compared, and judged by requests; gives how many changed, and how many pairs
/// were alike.
fn judge_comparisons(seeds: std::ops::Range<u64>) -> (usize, usize) {
    let (mut changed, mut alike) = (0, 0);
    for seed in seeds {
        let texts = bundle(seed);
        let old = Engine::builder().texts(texts.clone()).build().unwrap();
        let Ok(new) = Engine::builder().texts(without(&texts, "rule-1")).build() else { continue };
        let found = diff(&old, &new, BOUNDS).unwrap();
        for region in &found.regions {
            let (before, after) = (decided(&old, &region.request), decided(&new, &region.request));
            assert_ne!(before, after, "seed {seed}: {}", region.request);
            assert_eq!(
                (region.before, region.after),
                (before.unwrap()[0].as_str().unwrap(), after.unwrap()[0].as_str().unwrap())
            );
        }
        let space = Space::new(&[&old, &new], "sale", &[], BOUNDS).unwrap();
        let mut dice = Dice(seed);
        for _ in 0..150 {
            let json = space.to_json(0, &space.request_of(&assignment(&space, &mut dice)).unwrap());
            let (before, after) = (decided(&old, &json), decided(&new, &json));
            if before == after {
                continue;
            }
            if before.iter().chain(&after).any(|one| one[1].to_string().contains("rule-failed")) {
                // Two scripts that give one result two values: not compared, and said so.
                continue;
            }
            changed += 1;
            assert_ne!(found.verdict, Sum::Equivalent, "seed {seed}: {json}");
            let (before, after) = (before.unwrap()[0].clone(), after.unwrap()[0].clone());
            // What is not shown is at least not excluded.
            if before == "permit" && after != "permit" {
                assert_ne!(found.goes(Direction::Narrower), Some(false), "seed {seed}: {json}");
            }
            if before != "permit" && after == "permit" {
                assert_ne!(found.goes(Direction::Wider), Some(false), "seed {seed}: {json}");
            }
        }
        alike += usize::from(found.verdict == Sum::Equivalent);
    }
    (changed, alike)
}

#[test]
fn comparisons_see_every_change() {
    let (changed, alike) = judge_comparisons(0..16);
    assert!(changed > 30 && alike > 0, "{changed} {alike}");
}

#[test]
#[ignore = "takes minutes"]
fn comparisons_see_every_change_in_thousands() {
    let (changed, alike) = judge_comparisons(16..2_000);
    assert!(changed > 1_500 && alike > 10, "{changed} {alike}");
}

#[test]
fn a_bundle_is_equivalent_to_itself() {
    for name in ["csp", "csp-timeline"] {
        let found = diff(&embedded(name), &embedded(name), Bounds::default()).unwrap();
        assert_eq!((found.verdict, found.regions.len(), found.complete), (Sum::Equivalent, 0, true), "{name}");
    }
}

#[test]
fn an_overlay_that_only_denies_widens_nothing() {
    let invariants = "source: csp-2021-06\ninvariants: []\n";
    let denies = "policy: own\nrequest: purchase\nsource: csp-2021-06\nrules:\n  - id: no-fiji\n    clauses: [111]\n    when: { customer.market: FJ }\n    deny: market-unavailable\n";
    let (base, stricter) = (embedded("csp"), over_csp(denies, invariants));
    let kept = widened(&base, &stricter, Bounds::default()).unwrap();
    assert!(kept.regions.is_empty() && kept.certain);
    let found = diff(&base, &stricter, Bounds::default()).unwrap();
    assert_eq!(found.verdict, Sum::Stricter);
    let denied = found.regions.iter().find(|one| one.before == "permit" && one.after == "deny").unwrap();
    let words: Vec<String> = denied.words.iter().map(|one| format!("{} {}", one.fact, one.is)).collect();
    assert_eq!(words, ["customer.market FJ"]);
    assert!(!widened(&stricter, &base, Bounds::default()).unwrap().regions.is_empty());
}

/// The base states invariants of its own, which are not among the files of an overlay.
#[test]
fn an_overlay_that_says_it_restricts_and_refers_is_found_out() {
    let refers = "policy: own\nrequest: hybrid-benefit\nsource: csp-2021-06\nrules:\n  - id: ask-somebody\n    clauses: [111]\n    when: { license.software_assurance: false }\n    refer: more-information-required\n";
    let engine = over_csp_as("mode: restrict\n", refers, "");
    let found = findings(&engine, Asked::Faults, Bounds::default()).unwrap();
    let widens: Vec<&Finding> = found.iter().filter(|one| one.code == Code::Widens).collect();
    assert!(!widens.is_empty() && widens.iter().all(|one| one.severity() == Severity::Error), "{found:#?}");
    assert!(widens.iter().any(|one| one.message.contains("turns `not-covered` into `refer` for `hybrid-benefit`")));
}
