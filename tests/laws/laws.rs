//! The laws.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use clausal::{Answer, Engine, Limits};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::completions;
use super::request::*;
use super::verdict::Verdict;
use super::words::*;
use super::{generate, oracle};

type Checked = Result<(), TestCaseError>;

/// Holds a law against so many generated inputs.
fn hold<S: Strategy>(cases: u32, strategy: &S, law: impl Fn(S::Value) -> Checked)
where
    S::Value: Debug,
{
    run(TestRunner::new(config(cases)), strategy, law);
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() }
}

fn run<S: Strategy>(mut runner: TestRunner, strategy: &S, law: impl Fn(S::Value) -> Checked)
where
    S::Value: Debug,
{
    if let Err(error) = runner.run(strategy, law) {
        panic!("{error}");
    }
}

pub fn load(bundle: &Bundle) -> Result<Engine, TestCaseError> {
    Engine::from_texts(bundle.texts(), Limits::default())
        .map_err(|error| TestCaseError::fail(format!("the bundle does not load: {error}")))
}

fn answer(engine: &Engine, request: &Request) -> Result<Answer, TestCaseError> {
    engine
        .decide_json(request.json().to_string().as_bytes())
        .map_err(|error| TestCaseError::fail(format!("the request is refused: {error}")))
}

/// A decision without its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub outcome: String,
    /// Rule and code.
    pub reasons: BTreeSet<(String, String)>,
    pub missing: BTreeSet<String>,
    pub results: BTreeMap<String, String>,
    pub duties: BTreeSet<String>,
}

pub fn told(engine: &Engine, request: &Request) -> Result<Told, TestCaseError> {
    let answer = answer(engine, request)?;
    let decision = &answer.decisions()[0];
    let duties = decision.obligations("en").into_iter().chain(decision.advice("en"));
    Ok(Told {
        outcome: decision.outcome().to_string(),
        reasons: decision.reasons("en").iter().map(|r| (r.rule.to_string(), r.code.to_string())).collect(),
        missing: decision.missing().iter().map(ToString::to_string).collect(),
        results: decision.results().iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        duties: duties.map(|duty| duty.code.to_string()).collect(),
    })
}

fn expected(said: &Verdict) -> Told {
    Told {
        outcome: said.outcome.into(),
        reasons: said.reasons.iter().map(|(rule, code)| (rule.clone(), (*code).into())).collect(),
        missing: said.missing.iter().map(|path| (*path).into()).collect(),
        results: said.results.iter().map(|(name, value)| ((*name).into(), value.to_string())).collect(),
        duties: said.duties.iter().map(|code| (*code).into()).collect(),
    }
}

/// The bundle with one more file of one rule.
fn with_rule(bundle: &Bundle, rule: Rule) -> Bundle {
    let mut more = bundle.clone();
    more.files.push(File { name: "more".into(), period: None, dated_by: Fact::At, rules: vec![rule] });
    more
}

/// Outcome, reasons, missing facts, results and obligations are those of the independent reading.
pub fn the_engine_agrees_with_the_oracle(cases: u32) {
    hold(cases, &generate::case(4), |case| {
        let engine = load(&case.bundle)?;
        for request in &case.requests {
            let wanted = expected(&oracle::decide(&case.bundle, request));
            prop_assert_eq!(told(&engine, request)?, wanted, "{}", request.json());
        }
        Ok(())
    });
}

/// Where no rule permits, nothing is permitted; where none permits or refers, it is `deny` or `not-covered`; where there
/// is no rule, it is `not-covered` with the kind's own reason.
pub fn the_default_is_never_permit(cases: u32) {
    hold(cases, &generate::case(2), |case| {
        let without = |keep: fn(&Effect) -> bool| {
            let mut bundle = case.bundle.clone();
            for file in &mut bundle.files {
                file.rules.retain(|rule| keep(&rule.effect));
            }
            load(&bundle)
        };
        let no_permit = without(|effect| !matches!(effect, Effect::Permit(_)))?;
        let neither = without(|effect| !matches!(effect, Effect::Permit(_) | Effect::Refer(_)))?;
        let empty = without(|_| false)?;
        for request in &case.requests {
            prop_assert_ne!(told(&no_permit, request)?.outcome, "permit");
            let outcome = told(&neither, request)?.outcome;
            prop_assert!(outcome == "deny" || outcome == "not-covered", "{}", outcome);
            let nothing = told(&empty, request)?;
            prop_assert_eq!(nothing.outcome, "not-covered");
            let own = ("vocabulary/ask".to_owned(), "nothing-permits".to_owned());
            prop_assert_eq!(nothing.reasons, BTreeSet::from([own]));
        }
        Ok(())
    });
}

/// One rule that denies, whatever else there is, and the outcome is `deny`, with that rule among the reasons.
pub fn a_deny_overrides(cases: u32) {
    hold(cases, &generate::case(2), |case| {
        let engine = load(&with_rule(&case.bundle, Rule::new("never", None, Effect::Deny("bad"))))?;
        for request in &case.requests {
            let given = told(&engine, request)?;
            prop_assert_eq!(given.outcome, "deny");
            prop_assert!(given.reasons.contains(&("more/never".into(), "bad".into())), "{:?}", given.reasons);
        }
        Ok(())
    });
}

/// Rules, files, list entries and rows in another order give the same outcome, reasons, missing facts, results and
/// obligations.
pub fn order_changes_nothing(cases: u32) {
    let shuffled = generate::case(2).prop_flat_map(|case| {
        let files = case.bundle.files.iter().map(|file| {
            let rules = Just(file.rules.clone()).prop_shuffle();
            (Just(file.clone()), rules).prop_map(|(file, rules)| File { rules, ..file })
        });
        let files = files.collect::<Vec<_>>().prop_flat_map(|files| Just(files).prop_shuffle());
        let list = Just(case.bundle.list.clone()).prop_shuffle();
        let rows = Just(case.bundle.rows.clone()).prop_shuffle();
        (Just(case), files, list, rows).prop_map(|(case, files, list, rows)| {
            let other = Bundle { files, list, rows, ..case.bundle.clone() };
            (case, other)
        })
    });
    hold(cases, &shuffled, |(case, other)| {
        let (one, other) = (load(&case.bundle)?, load(&other)?);
        for request in &case.requests {
            prop_assert_eq!(told(&one, request)?, told(&other, request)?, "{}", request.json());
        }
        Ok(())
    });
}

/// One more rule that denies (or requires) never makes a permit of anything else, and never anything else of a deny.
pub fn one_more_deny_never_widens(cases: u32) {
    hold(cases, &(generate::case(3), generate::denial()), |(case, (when, effect))| {
        let more = with_rule(&case.bundle, Rule::new("added", when, effect));
        let (before, after) = (load(&case.bundle)?, load(&more)?);
        for request in &case.requests {
            let (before, after) = (told(&before, request)?.outcome, told(&after, request)?.outcome);
            prop_assert!(after != "permit" || before == "permit", "{} became {}: {}", before, after, request.json());
            prop_assert!(after == "deny" || before != "deny", "{} became {}: {}", before, after, request.json());
        }
        Ok(())
    });
}

/// A rule that fails gives nothing that the bundle without it does not give: a failed permit changes no outcome, every
/// other failed rule denies, and one that would only add to a denial or a referral is left out.
pub fn a_failed_rule_never_widens(cases: u32) {
    let effects = prop_oneof![
        Just(Effect::Permit("fine")),
        Just(Effect::Deny("bad")),
        Just(Effect::Refer("call")),
        generate::condition(generate::Knowledge::Never).prop_map(|needed| Effect::Require(needed, "wrong")),
        Just(Effect::Attach("permit")),
        Just(Effect::Attach("deny")),
        Just(Effect::Attach("refer")),
    ];
    hold(cases, &(generate::case(3), effects), |(case, effect)| {
        // Whatever `n` is, `12 / 0` fails; `n` is stated, so the failure is not behind anything unknown.
        let fails = Cond { script: Some(Script::Broken), ..Cond::default() };
        let mut rule = Rule::new("broken", Some(fails), effect);
        rule.duties.push("duty-a");
        let (before, after) = (load(&case.bundle)?, load(&with_rule(&case.bundle, rule.clone()))?);
        for request in &case.requests {
            let (before, after) = (told(&before, request)?, told(&after, request)?);
            match rule.effect {
                Effect::Permit(_) | Effect::Attach("deny" | "refer") => {
                    prop_assert_eq!(&after.outcome, &before.outcome);
                    prop_assert_eq!(&after.duties, &before.duties);
                }
                Effect::Require(..) if !after.reasons.contains(&("more/broken".into(), "rule-failed".into())) => {
                    // What is required and met leaves nothing to fail; what waits, asks.
                    prop_assert!(after.outcome != "permit" || before.outcome == "permit");
                }
                _ => prop_assert_eq!(&after.outcome, "deny"),
            }
        }
        Ok(())
    });
}

/// The same request gives the same bytes: again, from other threads, and from the same bundle loaded anew.
pub fn the_same_input_gives_the_same_bytes(cases: u32) {
    hold(cases, &generate::case(2), |case| {
        let (engine, again) = (load(&case.bundle)?, load(&case.bundle)?);
        for request in &case.requests {
            let text = request.json().to_string();
            let line = |engine: &Engine| engine.decide_json(text.as_bytes()).unwrap().to_json_line("en");
            let first = line(&engine);
            let threads = std::thread::scope(|scope| {
                let one = scope.spawn(|| line(&engine));
                let other = scope.spawn(|| line(&engine.clone()));
                [one.join().unwrap(), other.join().unwrap()]
            });
            prop_assert_eq!(&line(&engine), &first);
            prop_assert_eq!(&line(&again), &first);
            prop_assert_eq!(&threads, &[first.clone(), first.clone()]);
        }
        Ok(())
    });
}

/// The law of completions: what is permitted (denied) on partial knowledge is permitted (denied) whatever the missing
/// facts turn out to be.
pub fn a_permit_and_a_deny_hold_for_every_completion(cases: u32) {
    hold(cases, &generate::case(3), |case| completions_keep(&case.bundle.without_results(), &case.requests));
}

/// The one exception, told in `docs/semantics.md`: results are not waited for, so a permit may be lost to a rule that
/// fails over its results.
pub fn a_permit_is_lost_to_results_only(cases: u32) {
    hold(cases, &generate::case(3), |case| completions_keep(&case.bundle, &case.requests));
}

fn completions_keep(bundle: &Bundle, requests: &[Request]) -> Checked {
    let engine = load(bundle)?;
    for request in requests {
        let request = completions::small(bundle, request);
        let now = told(&engine, &request)?.outcome;
        if now != "permit" && now != "deny" {
            continue;
        }
        for completion in completions::all(bundle, &request) {
            let then = told(&engine, &completion)?;
            let kept = then.outcome == now || (now == "permit" && completions::lost_to_a_result(bundle, &then));
            prop_assert!(kept, "{} became {}:\n{}\n{}", now, then.outcome, request.json(), completion.json());
        }
    }
    Ok(())
}

/// Where a missing fact can make a difference to the outcome, `missing` names it: two completions that differ in that
/// fact only and in their outcome show that it matters.
pub fn missing_names_every_fact_that_matters(cases: u32) {
    hold(cases, &generate::case(3), |case| {
        let bundle = case.bundle.without_results();
        let engine = load(&bundle)?;
        for request in &case.requests {
            let request = completions::small(&bundle, request);
            let now = told(&engine, &request)?;
            if now.outcome != "needs-information" {
                continue;
            }
            let outcomes = completions::outcomes(&engine, &completions::all(&bundle, &request))?;
            for fact in completions::differing(&bundle, &request, &outcomes, |one, other| one.0 == other.0) {
                let named = now.missing.contains(fact.path());
                prop_assert!(named, "{} matters and is not named:\n{}\n{:?}", fact.path(), request.json(), now);
            }
        }
        Ok(())
    });
}

/// As far as each rule by itself can tell, `missing` names no other: where no rule speaks of a fact twice, every fact
/// that is named can change what some waiting rule says.
pub fn missing_names_no_other(cases: u32) {
    hold(cases, &generate::simple_case(3), |case| {
        let engine = load(&case.bundle)?;
        for request in &case.requests {
            let request = completions::small(&case.bundle, request);
            let now = told(&engine, &request)?;
            if now.outcome != "needs-information" {
                continue;
            }
            let answered = completions::of_facts(&case.bundle, &request, &now.missing);
            if answered.is_empty() {
                continue;
            }
            let mut able = BTreeSet::new();
            for (rule, _) in &now.reasons {
                let alone = completions::alone(&case.bundle, rule);
                let outcomes = completions::outcomes(&load(&alone)?, &answered)?;
                able.extend(
                    completions::differing(&alone, &request, &outcomes, |one, other| one == other)
                        .iter()
                        .map(|f| f.path()),
                );
            }
            for path in &now.missing {
                prop_assert!(able.contains(path.as_str()), "{} cannot matter:\n{}\n{:?}", path, request.json(), now);
            }
        }
        Ok(())
    });
}

/// Stating everything missing that `missing` names is enough: then no rule waits for a fact any more.
pub fn nobody_is_asked_twice(cases: u32) {
    hold(cases, &generate::case(3), |case| {
        let engine = load(&case.bundle)?;
        for request in &case.requests {
            let request = completions::small(&case.bundle, request);
            let now = told(&engine, &request)?;
            if now.outcome != "needs-information" {
                continue;
            }
            for answered in completions::of_missing(&case.bundle, &request, &now.missing) {
                let then = told(&engine, &answered)?;
                let waits = then.reasons.iter().any(|(_, code)| code == "information-missing");
                prop_assert!(!waits, "asked again:\n{}\n{}\n{:?}", request.json(), answered.json(), then);
            }
        }
        Ok(())
    });
}

/// The generator reaches every outcome and every form of reason, so that no law holds for want of cases. The cases are always
/// the same: what is rare is not among any few.
pub fn the_generator_reaches_everything(cases: u32) {
    let seen = std::cell::RefCell::new(BTreeMap::<String, u32>::new());
    let always_the_same = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    run(TestRunner::new_with_rng(config(cases), always_the_same), &generate::case(4), |case| {
        let engine = load(&case.bundle)?;
        for request in &case.requests {
            let given = told(&engine, request)?;
            let mut seen = seen.borrow_mut();
            let mut count = |what: String| *seen.entry(what).or_default() += 1;
            count(given.outcome.clone());
            given.reasons.iter().for_each(|(_, code)| count(format!("{} {code}", given.outcome)));
            given.missing.iter().for_each(|path| count(format!("missing {path}")));
            if !given.results.is_empty() {
                count(format!("{} with results", given.outcome));
            }
            if !given.duties.is_empty() {
                count(format!("{} with duties", given.outcome));
            }
        }
        Ok(())
    });
    let seen = seen.into_inner();
    let wanted = [
        "permit",
        "permit fine",
        "permit with results",
        "permit with duties",
        "deny bad",
        "deny rule-failed",
        "deny with results",
        "deny with duties",
        "needs-information information-missing",
        "needs-information wanted",
        "needs-information rule-failed",
        "refer call",
        "not-covered nothing-permits",
    ];
    let unseen: Vec<_> = wanted.into_iter().filter(|what| !seen.contains_key(*what)).collect();
    assert!(unseen.is_empty(), "never seen: {unseen:?} among {seen:#?}");
    for fact in STATED {
        assert!(seen.contains_key(&format!("missing {}", fact.path())), "{} is never missing: {seen:#?}", fact.path());
    }
}
