//! What the rules gave → the outcome. Deny overrides, then needs-information, then refer, then permit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::failure::RuleFailure;
use crate::bundle::checked::{Bundle, Effect, FactIx, Kind, Rule, RuleIx};
use crate::model::decision::{INFORMATION_MISSING, Outcome, RULE_FAILED};
use crate::model::value::Value;

use super::evaluate::{Evaluated, Truth};

/// Why a rule is among the reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// The rule; `None` for the reason that nothing permits.
    pub rule: Option<RuleIx>,
    /// The reason code.
    pub code: Arc<str>,
    /// The facts it waits for.
    pub missing: BTreeSet<FactIx>,
    /// What failed.
    pub error: Option<RuleFailure>,
}

/// The outcome and everything that carries it, in the order of reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// The rules that decided.
    pub because: Vec<Because>,
    /// Results.
    pub results: BTreeMap<Arc<str>, Value>,
    /// Codes of obligations and advice, in the order of the bundle's rules.
    pub obligations: Vec<(Arc<str>, RuleIx)>,
    /// The facts that can still matter.
    pub missing: BTreeSet<FactIx>,
}

/// The rules of a request, sorted by what they mean for it.
#[derive(Default)]
struct Sorted {
    failed: Vec<(RuleIx, RuleFailure)>,
    failed_permits: Vec<(RuleIx, RuleFailure)>,
    denies: Vec<(RuleIx, Arc<str>)>,
    permits: Vec<(RuleIx, Arc<str>)>,
    refers: Vec<(RuleIx, Arc<str>)>,
    unmet: Vec<(RuleIx, Arc<str>, BTreeSet<FactIx>)>,
    open_denies: Vec<(RuleIx, BTreeSet<FactIx>)>,
    open_permits: Vec<(RuleIx, BTreeSet<FactIx>)>,
    open_refers: Vec<(RuleIx, BTreeSet<FactIx>)>,
    open_obligations: Vec<(RuleIx, BTreeSet<FactIx>)>,
}

/// Combines. The order of `evaluated` changes nothing but, within one rank, the order of reasons.
pub fn combine(bundle: &Bundle, kind: &Kind, evaluated: &[Evaluated]) -> Verdict {
    let sorted = sort(bundle, evaluated, &BTreeMap::new());
    let outcome = outcome(&sorted);
    let settled = settled(&sorted, outcome);
    let (_, _, conflicts) = collect(bundle, evaluated, settled);
    if !conflicts.is_empty() && settled != Outcome::NeedsInformation {
        // Two rules give one result two values: neither can be trusted, so they count as failed.
        let sorted = sort(bundle, evaluated, &conflicts);
        return verdict(bundle, kind, &sorted, Outcome::Deny, BTreeMap::new(), Vec::new());
    }
    // What asks for information leaves such a result out and stays what it is: what is supplied may settle it.
    let (results, obligations, _) = collect(bundle, evaluated, outcome);
    verdict(bundle, kind, &sorted, outcome, results, obligations)
}

/// The verdict with a known outcome, from the rules that are among its reasons.
pub fn verdict_of(
    bundle: &Bundle,
    kind: &Kind,
    reasons: &[Evaluated],
    outcome: Outcome,
    results: BTreeMap<Arc<str>, Value>,
    obligations: Vec<(Arc<str>, RuleIx)>,
) -> Verdict {
    verdict(bundle, kind, &sort(bundle, reasons, &BTreeMap::new()), outcome, results, obligations)
}

/// The outcome unless a rule that is still open denies or adds obligations: rules that carry it and contradict one another
/// deny whatever becomes of those.
fn settled(sorted: &Sorted, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::NeedsInformation if !sorted.unmet.is_empty() => outcome,
        Outcome::NeedsInformation if !sorted.refers.is_empty() => Outcome::Refer,
        Outcome::NeedsInformation if !sorted.permits.is_empty() && sorted.open_refers.is_empty() => Outcome::Permit,
        _ => outcome,
    }
}

fn sort(bundle: &Bundle, evaluated: &[Evaluated], conflicts: &BTreeMap<RuleIx, RuleFailure>) -> Sorted {
    let mut sorted = Sorted::default();
    for one in evaluated {
        let Some(rule) = bundle.rules.get(one.rule.0) else { continue };
        if let Some(error) = conflicts.get(&one.rule) {
            sorted.failed.push((one.rule, error.clone()));
            continue;
        }
        sorted.add(rule, one);
    }
    sorted
}

impl Sorted {
    fn add(&mut self, rule: &Rule, one: &Evaluated) {
        let ix = one.rule;
        match (&rule.effect, &one.truth) {
            (_, Truth::False) => {}
            (Effect::Ask(..), _) if one.is_met() => {}
            (Effect::Permit(_), Truth::Failed(error)) => self.failed_permits.push((ix, error.clone())),
            (Effect::Attach(on), Truth::Failed(_)) if *on != Outcome::Permit => {}
            (_, Truth::Failed(error)) => self.failed.push((ix, error.clone())),
            (Effect::Deny(code), Truth::True) => self.denies.push((ix, Arc::clone(code))),
            (Effect::Deny(_), Truth::Unknown(facts)) => self.open_denies.push((ix, facts.clone())),
            (Effect::Permit(code), Truth::True) => self.permits.push((ix, Arc::clone(code))),
            (Effect::Permit(_), Truth::Unknown(facts)) => self.open_permits.push((ix, facts.clone())),
            (Effect::Refer(code), Truth::True) => self.refers.push((ix, Arc::clone(code))),
            (Effect::Refer(_), Truth::Unknown(facts)) => self.open_refers.push((ix, facts.clone())),
            (Effect::Ask(_, code), truth) => {
                let mut facts = one.ask.as_ref().map(|(_, unmet)| unmet.clone()).unwrap_or_default();
                if let Truth::Unknown(more) = truth {
                    facts.extend(more);
                }
                self.unmet.push((ix, Arc::clone(code), facts));
            }
            (Effect::Attach(Outcome::Permit), Truth::Unknown(facts)) if !rule.obligations.is_empty() => {
                self.open_obligations.push((ix, facts.clone()));
            }
            (Effect::Attach(_), _) => {}
        }
    }
}

fn outcome(sorted: &Sorted) -> Outcome {
    if !sorted.denies.is_empty() || !sorted.failed.is_empty() {
        return Outcome::Deny;
    }
    let (permitted, referred) = (!sorted.permits.is_empty(), !sorted.refers.is_empty());
    let possible = permitted || referred || !sorted.open_permits.is_empty() || !sorted.open_refers.is_empty();
    let open = !sorted.open_denies.is_empty()
        || !sorted.unmet.is_empty()
        || !(permitted || referred)
        || (!referred && (!sorted.open_refers.is_empty() || !sorted.open_obligations.is_empty()));
    match (possible, open) {
        (true, true) => Outcome::NeedsInformation,
        _ if referred => Outcome::Refer,
        _ if permitted => Outcome::Permit,
        _ => Outcome::NotCovered,
    }
}

type Collected = (BTreeMap<Arc<str>, Value>, Vec<(Arc<str>, RuleIx)>, BTreeMap<RuleIx, RuleFailure>);

/// Results and obligations of the rules that carry the outcome, and all rules that contradict one another.
fn collect(bundle: &Bundle, evaluated: &[Evaluated], outcome: Outcome) -> Collected {
    let mut given: BTreeMap<&Arc<str>, Vec<(&Value, RuleIx)>> = BTreeMap::new();
    let mut obligations = Vec::<(Arc<str>, RuleIx)>::new();
    for one in evaluated.iter().filter(|one| one.truth == Truth::True && !one.is_met()) {
        let Some(rule) = bundle.rules.get(one.rule.0).filter(|rule| carries(&rule.effect, outcome)) else { continue };
        for (name, value) in &one.results {
            given.entry(name).or_default().push((value, one.rule));
        }
        for code in &rule.obligations {
            if !obligations.iter().any(|(known, _)| known == code) {
                obligations.push((Arc::clone(code), one.rule));
            }
        }
    }
    let (mut results, mut conflicts) = (BTreeMap::new(), BTreeMap::new());
    for (name, values) in given {
        match values.split_first() {
            Some(((first, _), others)) if others.iter().all(|(other, _)| other == first) => {
                results.insert(Arc::clone(name), (*first).clone());
            }
            _ => conflicts
                .extend(values.iter().map(|(_, rule)| (*rule, RuleFailure::TwoValues { result: Arc::clone(name) }))),
        }
    }
    (results, obligations, conflicts)
}

fn carries(effect: &Effect, outcome: Outcome) -> bool {
    match effect {
        Effect::Permit(_) => outcome == Outcome::Permit,
        Effect::Deny(_) => outcome == Outcome::Deny,
        Effect::Refer(_) => outcome == Outcome::Refer,
        Effect::Ask(..) => outcome == Outcome::NeedsInformation,
        Effect::Attach(on) => *on == outcome,
    }
}

fn verdict(
    bundle: &Bundle,
    kind: &Kind,
    sorted: &Sorted,
    outcome: Outcome,
    results: BTreeMap<Arc<str>, Value>,
    obligations: Vec<(Arc<str>, RuleIx)>,
) -> Verdict {
    let mut because = match outcome {
        Outcome::Deny => [matched(&sorted.denies), failed(&sorted.failed)].concat(),
        Outcome::NeedsInformation => waiting(sorted),
        Outcome::Refer => matched(&sorted.refers),
        Outcome::Permit => matched(&sorted.permits),
        Outcome::NotCovered => vec![plain(None, &kind.otherwise)],
    };
    if outcome != Outcome::Permit {
        because.extend(failed(&sorted.failed_permits));
    }
    let rank = |code: &str| bundle.reasons.get(code).map_or(usize::MAX, |def| def.rank);
    because.sort_by(|a, b| (rank(&a.code), a.rule, &a.code).cmp(&(rank(&b.code), b.rule, &b.code)));
    let missing = match outcome {
        Outcome::NeedsInformation => because.iter().flat_map(|one| one.missing.iter().copied()).collect(),
        _ => BTreeSet::new(),
    };
    Verdict { outcome, because, results, obligations, missing }
}

fn plain(rule: Option<RuleIx>, code: &Arc<str>) -> Because {
    Because { rule, code: Arc::clone(code), missing: BTreeSet::new(), error: None }
}

fn matched(rules: &[(RuleIx, Arc<str>)]) -> Vec<Because> {
    rules.iter().map(|(rule, code)| plain(Some(*rule), code)).collect()
}

fn failed(rules: &[(RuleIx, RuleFailure)]) -> Vec<Because> {
    let one = |(rule, error): &(RuleIx, RuleFailure)| Because {
        error: Some(error.clone()),
        ..plain(Some(*rule), &RULE_FAILED.into())
    };
    rules.iter().map(one).collect()
}

/// The rules that wait for facts: a permit that is still possible matters only while nothing permits yet.
fn waiting(sorted: &Sorted) -> Vec<Because> {
    let unmet =
        sorted.unmet.iter().map(|(rule, code, facts)| Because { missing: facts.clone(), ..plain(Some(*rule), code) });
    let settled = !sorted.permits.is_empty() || !sorted.refers.is_empty();
    let referred = !sorted.refers.is_empty();
    let none: &[(RuleIx, BTreeSet<FactIx>)] = &[];
    let open = sorted.open_denies.iter();
    let open = open.chain(if referred { none } else { &sorted.open_refers });
    let open = open.chain(if settled { none } else { &sorted.open_permits });
    let open = open.chain(if referred { none } else { &sorted.open_obligations });
    let code: Arc<str> = INFORMATION_MISSING.into();
    let open = open.map(|(rule, facts)| Because { missing: facts.clone(), ..plain(Some(*rule), &code) });
    unmet.chain(open).collect()
}
