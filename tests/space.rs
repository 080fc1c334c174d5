//! The space of requests says of every request what the engine decides: on the shipped bundles, and on thousands of
//! requests of generated ones.
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

use std::collections::{BTreeMap, BTreeSet};

use clausal::Engine;
use clausal::assure::space::mdd::YES;
use clausal::assure::space::solve::{OUTCOMES, Solved, number};
use clausal::assure::space::{Bounds, Given, Space};
use generate::{Dice, assignment, bundle};

/// Compares one request; says whether the engine took it.
fn compare(engine: &Engine, space: &Space<'_>, solved: &Solved, assigned: &BTreeMap<usize, u32>) -> bool {
    let request = space.request_of(assigned).unwrap();
    let json = space.to_json(0, &request);
    let class = |var: u32| assigned[&(var as usize)];
    let at = |id| space.mdd.evaluate(id, &class);
    let answer = match engine.decide_json(json.to_string().as_bytes()) {
        Ok(answer) => answer,
        Err(error) => {
            assert_eq!(at(solved.valid), 0, "{json}: {error}");
            return false;
        }
    };
    assert_eq!(at(solved.valid), 1, "{json} is valid");
    let decision = &answer.decisions()[0];
    let reasons: BTreeSet<&str> = decision.reason_codes().collect();
    let failed = reasons.contains("rule-failed");
    let doubtful = solved.doubts.iter().any(|(_, _, _, region)| at(*region) != 0);
    if failed && (doubtful || at(solved.reasons["rule-failed"]) == 0) {
        // A result that does not compute, or two scripts that differ: said to be taken for granted.
        return true;
    }
    let wanted = OUTCOMES.into_iter().find(|outcome| number(*outcome).number() == Some(at(solved.outcome))).unwrap();
    assert_eq!(decision.outcome(), wanted, "{json}\n{}", answer.to_json("en"));
    let said: BTreeSet<&str> =
        solved.reasons.iter().filter(|(_, region)| at(**region) != 0).map(|(code, _)| &**code).collect();
    assert_eq!(reasons, said, "{json}\n{}", answer.to_json("en"));
    let given: BTreeSet<String> =
        decision.obligations("en").into_iter().chain(decision.advice("en")).map(|one| one.code.to_string()).collect();
    let said: BTreeSet<String> =
        solved.obligations.iter().filter(|(_, region)| at(**region) != 0).map(|(code, _)| code.to_string()).collect();
    assert_eq!(given, said, "{json}");
    for name in engine.checked().results.keys() {
        let mut told = solved.results.iter().filter(|((own, _), region)| own == name && at(**region) != 0);
        let given = decision.results().get(name);
        match told.next() {
            None => assert_eq!(given, None, "{name}: {json}"),
            // What a script computes may be nothing.
            Some(((_, Given::Computed(_)), _)) => {}
            Some(((_, Given::Constant(value)), _)) if told.next().is_none() => {
                assert_eq!(given, Some(value), "{name}: {json}");
            }
            Some(_) => {}
        }
    }
    true
}

fn judge(engine: &Engine, kind: &str, requests: usize, dice: &mut Dice) -> usize {
    let mut space = Space::new(&[engine], kind, &[], Bounds { samples: 2_000, ..Bounds::default() }).unwrap();
    let solved = space.solve(0).unwrap();
    let mut taken = 0;
    for _ in 0..requests {
        let assigned = assignment(&space, dice);
        taken += usize::from(compare(engine, &space, &solved, &assigned));
    }
    taken
}

#[test]
fn the_shipped_bundles_are_understood() {
    let mut dice = Dice(1);
    for name in ["csp", "csp-timeline"] {
        let engine = Engine::builder().embedded(name).build().unwrap();
        for kind in &engine.checked().kinds {
            let taken = judge(&engine, &kind.name, 1_000, &mut dice);
            assert!(taken > 100, "{name}, {}: only {taken} requests were taken", kind.name);
        }
    }
}

#[test]
fn generated_bundles_are_understood() {
    let (mut taken, bundles) = (0, std::env::var("BUNDLES").map_or(300, |n| n.parse().unwrap()));
    for seed in 0..bundles {
        let texts = bundle(seed);
        let engine = match Engine::builder().texts(texts.clone()).build() {
            Ok(engine) => engine,
            Err(error) => panic!("seed {seed}: {error}\n{texts:#?}"),
        };
        taken += judge(&engine, "sale", 60, &mut Dice(seed));
    }
    assert!(taken > bundles as usize * 20, "{taken}");
}

/// Where the space has no script, every class was found: the whole of it, one request for each combination.
#[test]
fn small_bundles_are_understood_whole() {
    let mut whole = 0;
    for seed in 0..150 {
        let engine = Engine::builder().texts(generate::bundle_with(seed, 2, false)).build().unwrap();
        let mut space = Space::new(&[&engine], "sale", &[], Bounds::default()).unwrap();
        let solved = space.solve(0).unwrap();
        assert_eq!(space.sampled, YES);
        let sizes: Vec<usize> = space.vars.iter().map(|var| var.classes.len()).collect();
        let all: usize = sizes.iter().product();
        if all > 6_000 {
            continue;
        }
        whole += 1;
        for n in 0..all {
            let mut left = n;
            let mut assigned = BTreeMap::new();
            for (at, size) in sizes.iter().enumerate() {
                assigned.insert(at, (left % size) as u32);
                left /= size;
            }
            compare(&engine, &space, &solved, &assigned);
        }
    }
    assert!(whole >= 10, "{whole}");
}
