//! The rules of a side → regions: where which outcome, reason, result and obligation is. What
//! [`crate::decide::combine`] does for one request, for all at once.
//!
//! Results that scripts compute are told apart by their text, and are taken to compute: a request for which one fails is
//! judged when it is decided, not here.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::checked::{Effect, Expression, Rule, RuleIx};
use crate::model::decision::{INFORMATION_MISSING, Outcome, RULE_FAILED};

use super::conditions::status;
use super::mdd::truth::{FAILED, TRUE, UNKNOWN};
use super::mdd::{Id, NO, Op, YES};
use super::{Given, Space, SpaceError};

/// A rule and its truth.
#[derive(Clone, Copy, Debug)]
pub struct RuleTruth {
    /// The rule.
    pub rule: RuleIx,
    /// The truth of its condition.
    pub truth: Id,
    /// For an `ask`: where what it asks for is met.
    pub met: Option<Id>,
}

/// The decisions of a side.
#[derive(Clone, Debug)]
pub struct Solved {
    /// Requests that do not contradict themselves.
    pub valid: Id,
    /// The outcome, as numbers of [`number`].
    pub outcome: Id,
    /// The rules.
    pub rules: Vec<RuleTruth>,
    /// Where each reason is given.
    pub reasons: BTreeMap<Arc<str>, Id>,
    /// Where each result has which value, or is computed by which script.
    pub results: BTreeMap<(Arc<str>, Given), Id>,
    /// Where each obligation is given.
    pub obligations: BTreeMap<Arc<str>, Id>,
    /// Where two rules give one result two constants.
    pub conflicts: Vec<(Arc<str>, RuleIx, RuleIx, Id)>,
    /// Where two rules give one result by different scripts, so that the values may differ.
    pub doubts: Vec<(Arc<str>, RuleIx, RuleIx, Id)>,
}

/// The number of an outcome.
#[must_use]
pub fn number(outcome: Outcome) -> Id {
    Id::leaf(match outcome {
        Outcome::Deny => 0,
        Outcome::NeedsInformation => 1,
        Outcome::Refer => 2,
        Outcome::Permit => 3,
        Outcome::NotCovered => 4,
    })
}

/// All outcomes.
pub const OUTCOMES: [Outcome; 5] =
    [Outcome::Deny, Outcome::NeedsInformation, Outcome::Refer, Outcome::Permit, Outcome::NotCovered];

/// Regions of rules, gathered by what they mean.
#[derive(Default)]
struct Sorted {
    denies: Vec<(Arc<str>, Id)>,
    /// The rules of `denies`.
    denying: Vec<RuleIx>,
    failed: Vec<Id>,
    failed_permits: Vec<Id>,
    permits: Vec<(Arc<str>, Id)>,
    refers: Vec<(Arc<str>, Id)>,
    unmet: Vec<(Arc<str>, Id)>,
    open_denies: Vec<Id>,
    open_permits: Vec<Id>,
    open_refers: Vec<Id>,
    open_obligations: Vec<Id>,
}

/// A rule that gives a result: what, with which outcome, and where.
struct Giving {
    rule: RuleIx,
    carries: Outcome,
    value: Given,
    region: Id,
}

/// Where rules give one result two values.
#[derive(Default)]
struct Conflicts {
    /// Constants: the request is denied.
    sure: Vec<(Arc<str>, RuleIx, RuleIx, Id)>,
    /// Scripts: the values may differ.
    perhaps: Vec<(Arc<str>, RuleIx, RuleIx, Id)>,
    /// Constants of what asks for information, which leaves the result out.
    left_out: Vec<(Arc<str>, Id)>,
}

impl Space<'_> {
    /// The decisions of a side.
    ///
    /// # Errors
    /// When the bounds are met.
    pub fn solve(&mut self, side: usize) -> Result<Solved, SpaceError> {
        self.solve_without(side, None)
    }

    /// The decisions of a side, as if one rule were not there.
    ///
    /// # Errors
    /// When the bounds are met.
    pub fn solve_without(&mut self, side: usize, without: Option<RuleIx>) -> Result<Solved, SpaceError> {
        let rules = self.truths(side, without)?;
        self.combine(side, rules)
    }

    /// The truths of the rules of a side.
    ///
    /// # Errors
    /// When the bounds are met.
    pub fn truths(&mut self, side: usize, without: Option<RuleIx>) -> Result<Vec<RuleTruth>, SpaceError> {
        let Some(on) = self.sides.get(side).copied() else { return Ok(Vec::new()) };
        let mut rules = Vec::with_capacity(on.kind.rules.len());
        for ix in on.kind.rules.iter().filter(|ix| Some(**ix) != without) {
            let Some(rule) = on.bundle.rules.get(ix.0) else { continue };
            rules.push(self.rule(side, *ix, rule));
            self.check()?;
        }
        Ok(rules)
    }

    /// The truth of a rule, as it stands in the bundle or changed.
    pub fn rule(&mut self, side: usize, ix: RuleIx, rule: &Rule) -> RuleTruth {
        let applies = self.applies(side, &rule.effective, &rule.retired);
        let when = self.condition(side, &rule.when);
        let mut truth = self.mdd.apply(Op::All, applies, when);
        let mut met = None;
        if let Effect::Ask(needed, _) = &rule.effect {
            let needed = self.condition(side, needed);
            let unmet = self.mdd.negate(needed);
            let asks = self.mdd.apply(Op::All, truth, unmet);
            let (fails, open) = (self.mdd.is(asks, FAILED), self.mdd.is(asks, UNKNOWN));
            let failed = self.mdd.is(truth, FAILED);
            let opened = self.mdd.apply(Op::And, failed, open);
            truth = self.mdd.choose(opened, UNKNOWN, truth);
            truth = self.mdd.choose(fails, FAILED, truth);
            met = Some(self.mdd.is(needed, TRUE));
        }
        RuleTruth { rule: ix, truth: self.with_results(side, rule, truth), met }
    }

    /// A rule fails where a result of it reads what cannot be computed; an `ask` has nothing to lose by that.
    fn with_results(&mut self, side: usize, rule: &Rule, truth: Id) -> Id {
        if matches!(rule.effect, Effect::Ask(..)) {
            return truth;
        }
        let mut out = truth;
        for expression in rule.results.values() {
            let Expression::Script { reads, .. } = expression else { continue };
            let status = self.status(side, reads);
            let failed = self.mdd.is(status, status::FAILED);
            let holds = self.mdd.is(truth, TRUE);
            let fails = self.mdd.apply(Op::And, holds, failed);
            out = self.mdd.choose(fails, FAILED, out);
        }
        out
    }

    /// Where a result is given, when its rule holds: what it reads is known.
    fn is_given(&mut self, side: usize, expression: &Expression) -> Id {
        match expression {
            Expression::Constant(_) => YES,
            Expression::Script { reads, .. } => {
                let status = self.status(side, reads);
                self.mdd.is(status, status::KNOWN)
            }
        }
    }

    /// The region of requests that do not contradict themselves.
    fn valid(&mut self, side: usize) -> Id {
        let Some(on) = self.sides.get(side).copied() else { return NO };
        let mut out = YES;
        for contradiction in &on.kind.contradictions {
            let truth = self.condition(side, &contradiction.when);
            let holds = self.mdd.is(truth, TRUE);
            out = self.mdd.choose(holds, NO, out);
        }
        out
    }

    /// Combines the truths of rules into decisions.
    ///
    /// # Errors
    /// When the bounds are met.
    pub fn combine(&mut self, side: usize, rules: Vec<RuleTruth>) -> Result<Solved, SpaceError> {
        let valid = self.valid(side);
        let mut sorted = self.sort(side, &rules);
        self.check()?;
        let denied = sorted.denies.iter().map(|(_, id)| *id).chain(sorted.failed.iter().copied()).collect();
        let denied = self.mdd.fold(Op::Or, denied, NO);
        let permitted = self.any(&sorted.permits);
        let referred = self.any(&sorted.refers);
        let open_permit = self.mdd.fold(Op::Or, sorted.open_permits.clone(), NO);
        let open_refer = self.mdd.fold(Op::Or, sorted.open_refers.clone(), NO);
        let open_deny = self.mdd.fold(Op::Or, sorted.open_denies.clone(), NO);
        let open_obligation = self.mdd.fold(Op::Or, sorted.open_obligations.clone(), NO);
        let unmet = self.any(&sorted.unmet);
        let settled = self.mdd.apply(Op::Or, permitted, referred);
        let possible = self.mdd.fold(Op::Or, vec![settled, open_permit, open_refer], NO);
        let later = self.mdd.apply(Op::Or, open_refer, open_obligation);
        let later = self.mdd.choose(referred, NO, later);
        let unsettled = self.mdd.not(settled);
        let open = self.mdd.fold(Op::Or, vec![open_deny, unmet, unsettled, later], NO);
        let waits = self.mdd.apply(Op::And, possible, open);
        let rest = self.mdd.choose(permitted, number(Outcome::Permit), number(Outcome::NotCovered));
        let rest = self.mdd.choose(referred, number(Outcome::Refer), rest);
        let rest = self.mdd.choose(waits, number(Outcome::NeedsInformation), rest);
        let mut outcome = self.mdd.choose(denied, number(Outcome::Deny), rest);
        // What rules that carry the outcome come to whatever becomes of denials and obligations that are still open.
        let carried_on = self.mdd.choose(open_refer, number(Outcome::NeedsInformation), number(Outcome::Permit));
        let carried_on = self.mdd.choose(permitted, carried_on, number(Outcome::NeedsInformation));
        let carried_on = self.mdd.choose(referred, number(Outcome::Refer), carried_on);
        let carried_on = self.mdd.choose(unmet, number(Outcome::NeedsInformation), carried_on);
        let asks = self.mdd.is(outcome, number(Outcome::NeedsInformation));
        let settled = self.mdd.choose(asks, carried_on, outcome);
        let Conflicts { sure: conflicts, perhaps: doubts, left_out } = self.conflicts(side, &rules, outcome, settled);
        for (_, first, second, region) in &conflicts {
            outcome = self.mdd.choose(*region, number(Outcome::Deny), outcome);
            // Rules that contradict one another count as failed, not as matched.
            for (rule, (_, holds)) in sorted.denying.iter().zip(&mut sorted.denies) {
                if rule == first || rule == second {
                    *holds = self.mdd.choose(*region, NO, *holds);
                }
            }
        }
        let conflicting = conflicts.iter().map(|(_, _, _, region)| *region).collect();
        let conflicting = self.mdd.fold(Op::Or, conflicting, NO);
        let mut solved = Solved {
            valid,
            outcome,
            rules,
            reasons: BTreeMap::new(),
            results: BTreeMap::new(),
            obligations: BTreeMap::new(),
            conflicts,
            doubts,
        };
        self.reasons(side, &mut solved, &sorted, conflicting);
        self.carried(side, &mut solved, conflicting, &left_out);
        self.check()?;
        Ok(solved)
    }

    fn any(&mut self, all: &[(Arc<str>, Id)]) -> Id {
        let all = all.iter().map(|(_, id)| *id).collect();
        self.mdd.fold(Op::Or, all, NO)
    }

    fn sort(&mut self, side: usize, rules: &[RuleTruth]) -> Sorted {
        let mut sorted = Sorted::default();
        let Some(on) = self.sides.get(side).copied() else { return sorted };
        for one in rules {
            let Some(rule) = on.bundle.rules.get(one.rule.0) else { continue };
            let holds = self.mdd.is(one.truth, TRUE);
            let open = self.mdd.is(one.truth, UNKNOWN);
            let failed = self.mdd.is(one.truth, FAILED);
            match &rule.effect {
                Effect::Deny(code) => {
                    sorted.denies.push((Arc::clone(code), holds));
                    sorted.denying.push(one.rule);
                    sorted.open_denies.push(open);
                    sorted.failed.push(failed);
                }
                Effect::Permit(code) => {
                    sorted.permits.push((Arc::clone(code), holds));
                    sorted.open_permits.push(open);
                    sorted.failed_permits.push(failed);
                }
                Effect::Refer(code) => {
                    sorted.refers.push((Arc::clone(code), holds));
                    sorted.open_refers.push(open);
                    sorted.failed.push(failed);
                }
                Effect::Ask(_, code) => {
                    let met = one.met.unwrap_or(NO);
                    let asked = self.mdd.apply(Op::Or, holds, open);
                    let unmet = self.mdd.choose(met, NO, asked);
                    sorted.unmet.push((Arc::clone(code), unmet));
                    sorted.failed.push(self.mdd.choose(met, NO, failed));
                }
                Effect::Attach(Outcome::Permit) => {
                    sorted.failed.push(failed);
                    if !rule.obligations.is_empty() {
                        sorted.open_obligations.push(open);
                    }
                }
                Effect::Attach(_) => {}
            }
        }
        sorted
    }

    /// Where two rules that carry the outcome give one result two values.
    fn conflicts(&mut self, side: usize, rules: &[RuleTruth], outcome: Id, settled: Id) -> Conflicts {
        let mut out = Conflicts::default();
        let Some(on) = self.sides.get(side).copied() else { return out };
        let mut giving: BTreeMap<&Arc<str>, Vec<Giving>> = BTreeMap::new();
        for one in rules {
            let Some(rule) = on.bundle.rules.get(one.rule.0) else { continue };
            let Some(carries) = carried(&rule.effect).filter(|_| !rule.results.is_empty()) else { continue };
            let holds = self.matched(one);
            for (name, expression) in &rule.results {
                let Some(value) = on.given(expression) else { continue };
                let given = self.is_given(side, expression);
                let region = self.mdd.apply(Op::And, holds, given);
                giving.entry(name).or_default().push(Giving { rule: one.rule, carries, value, region });
            }
        }
        for (name, all) in giving {
            for (at, first) in all.iter().enumerate() {
                for second in all.iter().skip(at.saturating_add(1)) {
                    if first.carries != second.carries || first.value == second.value {
                        continue;
                    }
                    let both = self.mdd.apply(Op::And, first.region, second.region);
                    let asks = first.carries == Outcome::NeedsInformation;
                    let here = self.mdd.is(if asks { outcome } else { settled }, number(first.carries));
                    let region = self.mdd.apply(Op::And, both, here);
                    if region == NO {
                        continue;
                    }
                    let constant = matches!((&first.value, &second.value), (Given::Constant(_), Given::Constant(_)));
                    match (asks, constant) {
                        (true, true) => out.left_out.push((Arc::clone(name), region)),
                        (true, false) => {}
                        (false, true) => out.sure.push((Arc::clone(name), first.rule, second.rule, region)),
                        (false, false) => out.perhaps.push((Arc::clone(name), first.rule, second.rule, region)),
                    }
                }
            }
        }
        out
    }

    /// Where a rule counts as matched: an `ask` that is met asks for nothing.
    fn matched(&mut self, one: &RuleTruth) -> Id {
        let holds = self.mdd.is(one.truth, TRUE);
        self.mdd.choose(one.met.unwrap_or(NO), NO, holds)
    }

    fn reasons(&mut self, side: usize, solved: &mut Solved, sorted: &Sorted, conflicting: Id) {
        let at = |space: &mut Self, on| space.mdd.is(solved.outcome, number(on));
        let (deny, waits, refer, permit, none) = (
            at(self, Outcome::Deny),
            at(self, Outcome::NeedsInformation),
            at(self, Outcome::Refer),
            at(self, Outcome::Permit),
            at(self, Outcome::NotCovered),
        );
        let mut found: Vec<(Arc<str>, Id)> = Vec::new();
        for (all, on) in
            [(&sorted.denies, deny), (&sorted.permits, permit), (&sorted.refers, refer), (&sorted.unmet, waits)]
        {
            for (code, region) in all {
                let region = self.mdd.apply(Op::And, *region, on);
                found.push((Arc::clone(code), region));
            }
        }
        if let Some(side) = self.sides.get(side) {
            found.push((Arc::clone(&side.kind.otherwise), none));
        }
        let failed = self.mdd.fold(Op::Or, sorted.failed.clone(), NO);
        let failed = self.mdd.apply(Op::And, failed, deny);
        let failed = self.mdd.apply(Op::Or, failed, conflicting);
        let failed_permits = self.mdd.fold(Op::Or, sorted.failed_permits.clone(), NO);
        let failed_permits = self.mdd.choose(permit, NO, failed_permits);
        let failed = self.mdd.apply(Op::Or, failed, failed_permits);
        found.push((RULE_FAILED.into(), failed));
        let (permitted, referred) = (self.any(&sorted.permits), self.any(&sorted.refers));
        let settled = self.mdd.apply(Op::Or, permitted, referred);
        let open_permits = self.mdd.fold(Op::Or, sorted.open_permits.clone(), NO);
        let open_permits = self.mdd.choose(settled, NO, open_permits);
        let others = sorted.open_refers.iter().chain(&sorted.open_obligations).copied().collect();
        let others = self.mdd.fold(Op::Or, others, NO);
        let others = self.mdd.choose(referred, NO, others);
        let denies = self.mdd.fold(Op::Or, sorted.open_denies.clone(), NO);
        let open = self.mdd.fold(Op::Or, vec![denies, others, open_permits], NO);
        let open = self.mdd.apply(Op::And, open, waits);
        found.push((INFORMATION_MISSING.into(), open));
        solved.reasons = self.together(found);
    }

    /// Regions of one key as one, in halves, so that a change of one of them costs little.
    fn together<K: Ord>(&mut self, found: Vec<(K, Id)>) -> BTreeMap<K, Id> {
        let mut by_key: BTreeMap<K, Vec<Id>> = BTreeMap::new();
        for (key, region) in found {
            by_key.entry(key).or_default().push(region);
        }
        by_key.into_iter().map(|(key, regions)| (key, self.mdd.fold(Op::Or, regions, NO))).collect()
    }

    fn carried(&mut self, side: usize, solved: &mut Solved, conflicting: Id, left_out: &[(Arc<str>, Id)]) {
        let Some(on) = self.sides.get(side).copied() else { return };
        let (mut results, mut obligations) = (Vec::new(), Vec::new());
        for one in solved.rules.clone() {
            let Some(rule) = on.bundle.rules.get(one.rule.0) else { continue };
            let Some(carries) = carried(&rule.effect) else { continue };
            if rule.results.is_empty() && rule.obligations.is_empty() {
                continue;
            }
            let holds = self.matched(&one);
            let here = self.mdd.is(solved.outcome, number(carries));
            let region = self.mdd.apply(Op::And, holds, here);
            let region = self.mdd.choose(conflicting, NO, region);
            for (name, expression) in &rule.results {
                let Some(given) = on.given(expression) else { continue };
                let known = self.is_given(side, expression);
                let mut region = self.mdd.apply(Op::And, region, known);
                for (_, without) in left_out.iter().filter(|(result, _)| result == name) {
                    region = self.mdd.choose(*without, NO, region);
                }
                results.push(((Arc::clone(name), given), region));
            }
            obligations.extend(rule.obligations.iter().map(|code| (Arc::clone(code), region)));
        }
        solved.results = self.together(results);
        solved.obligations = self.together(obligations);
    }
}

/// The outcome that a rule's results and obligations go with.
#[must_use]
pub fn carried(effect: &Effect) -> Option<Outcome> {
    match effect {
        Effect::Permit(_) => Some(Outcome::Permit),
        Effect::Deny(_) => Some(Outcome::Deny),
        Effect::Refer(_) => Some(Outcome::Refer),
        Effect::Ask(..) => Some(Outcome::NeedsInformation),
        Effect::Attach(on) => Some(*on),
    }
}
