//! Findings about rules: what never matches, is outvoted, adds nothing, contradicts another, or leaves a gap.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::assure::space::mdd::truth::{FALSE, TRUE};
use crate::assure::space::mdd::{Id, NO, Op};
use crate::assure::space::solve::{RuleTruth, Solved, number};
use crate::assure::space::{Space, SpaceError};
use crate::bundle::checked::{Condition, Effect, Expression, Operand, RuleIx};
use crate::decide::Decided;
use crate::decide::evaluate::Truth;
use crate::model::decision::{Outcome, RULE_FAILED};
use crate::model::finding::{Code, Finding, Place};

use super::{Shown, decided, witness};

/// With more rules than this in a kind, it is not tried what each of them adds: that takes the square of their number.
const MOST_FOR_REDUNDANCY: usize = 300;

/// What shows something of a rule: a request, and another rule with its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    request: Option<Json>,
    other: Option<(Arc<str>, Place)>,
}

/// What each kind says of a rule.
#[derive(Default)]
pub(super) struct OfRule {
    kinds: usize,
    never: usize,
    outvoted: Vec<Sight>,
    redundant: Vec<Sight>,
}

/// What is true of a rule in every kind it speaks to.
pub(super) fn about(name: &Arc<str>, place: &Place, of: OfRule) -> Option<Shown> {
    if of.never == of.kinds {
        let finding = Finding::new(Code::RuleNeverMatches, place, format!("no request matches the rule `{name}`"))
            .help("its conditions exclude one another, or something it needs cannot be; change or remove it");
        return Some(Shown { finding, witness: None });
    }
    if of.never.saturating_add(of.outvoted.len()) == of.kinds {
        let message = format!("the rule `{name}` is outvoted wherever it matches");
        let finding = Finding::new(Code::Overridden, place, message).help("change it, or what denies, or remove it");
        return Some(with_sight(finding, of.outvoted, "what outvotes it"));
    }
    (of.redundant.len() == of.kinds).then(|| {
        let message = format!("without the rule `{name}` every decision stays as it is");
        let help = "other rules say the same; remove it, or say where it differs";
        with_sight(Finding::new(Code::Redundant, place, message).help(help), of.redundant, "what says the same")
    })
}

/// A finding with the first request that shows it, and the other rule.
fn with_sight(mut finding: Finding, sights: Vec<Sight>, what: &str) -> Shown {
    let Some(sight) = sights.into_iter().find(|sight| sight.request.is_some()) else {
        return Shown { finding, witness: None };
    };
    if let Some((name, place)) = &sight.other {
        finding = finding.related(place, format!("{what}: `{name}`"));
    }
    Shown { finding, witness: sight.request }
}

/// The first rule that a decision names, besides this one.
fn other_rule(space: &Space<'_>, request: Option<&Json>, own: RuleIx) -> Option<(Arc<str>, Place)> {
    let side = space.sides.first()?;
    let decided = decided(side.engine, request?)?;
    let other = decided.verdict.because.iter().filter_map(|because| because.rule).find(|rule| *rule != own)?;
    let rule = side.bundle.rules.get(other.0)?;
    Some((Arc::clone(&rule.name), rule.place.clone()))
}

/// Whether a rule's condition holds.
fn holds(decided: &Decided, rule: RuleIx) -> bool {
    decided.evaluated.iter().any(|one| one.rule == rule && one.truth == Truth::True)
}

/// What one kind says of a rule.
pub(super) fn of_rule(
    space: &mut Space<'_>,
    solved: &Solved,
    one: &RuleTruth,
    of: &mut OfRule,
) -> Result<(), SpaceError> {
    of.kinds = of.kinds.saturating_add(1);
    let Some(side) = space.sides.first().copied() else { return Ok(()) };
    let Some(rule) = side.bundle.rules.get(one.rule.0) else { return Ok(()) };
    if reads_setting(&rule.when) || matches!(&rule.effect, Effect::Ask(needed, _) if reads_setting(needed)) {
        // Under another reading it may well matter.
        return Ok(());
    }
    let never = space.mdd.is(one.truth, FALSE);
    let somewhere = space.mdd.choose(never, NO, solved.valid);
    let matches = space.mdd.is(one.truth, TRUE);
    let matches = space.mdd.apply(Op::And, matches, solved.valid);
    if somewhere == NO {
        of.never = of.never.saturating_add(1);
        return Ok(());
    }
    let wanted = match rule.effect {
        Effect::Permit(_) => Some(Outcome::Permit),
        Effect::Refer(_) => Some(Outcome::Refer),
        _ => None,
    };
    if let Some(wanted) = wanted.filter(|_| matches != NO) {
        let carried = space.mdd.is(solved.outcome, number(wanted));
        if space.mdd.apply(Op::And, carried, matches) == NO
            && let Some(request) = witness(space, matches, |decided| holds(decided, one.rule))
        {
            let other = other_rule(space, Some(&request), one.rule);
            of.outvoted.push(Sight { request: Some(request), other });
            return Ok(());
        }
    }
    if solved.rules.len() <= MOST_FOR_REDUNDANCY && is_redundant(space, solved, one)? {
        let request = witness(space, matches, |decided| holds(decided, one.rule));
        let other = other_rule(space, request.as_ref(), one.rule);
        of.redundant.push(Sight { request, other });
    }
    Ok(())
}

/// Whether a condition depends on a reading.
fn reads_setting(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(reads_setting),
        Condition::Not(inner) => reads_setting(inner),
        Condition::Setting(..) => true,
        Condition::Fact(..) => false,
        Condition::Script(expression, _) => match &**expression {
            Expression::Script { reads, .. } => reads.iter().any(|read| matches!(read, Operand::Setting(_))),
            Expression::Constant(_) => false,
        },
    }
}

/// Whether nothing changes without the rule.
fn is_redundant(space: &mut Space<'_>, solved: &Solved, one: &RuleTruth) -> Result<bool, SpaceError> {
    // In its place stands one that never holds: then what is combined of the others is known already.
    let nothing = RuleTruth { truth: FALSE, met: one.met.map(|_| NO), ..*one };
    let rest = solved.rules.iter().map(|other| if other.rule == one.rule { nothing } else { *other }).collect();
    let without = space.combine(0, rest)?;
    let same = |space: &mut Space<'_>, a: Id, b: Id| {
        let differ = space.mdd.apply(Op::Differ, a, b);
        space.mdd.apply(Op::And, differ, solved.valid) == NO
    };
    if !same(space, solved.outcome, without.outcome) {
        return Ok(false);
    }
    let reasons = solved.reasons.iter().map(|(code, region)| (*region, without.reasons.get(code)));
    let results = solved.results.iter().map(|(name, region)| (*region, without.results.get(name)));
    let obligations = solved.obligations.iter().map(|(code, region)| (*region, without.obligations.get(code)));
    for (with, without) in reasons.chain(results).chain(obligations) {
        if !same(space, with, without.copied().unwrap_or(NO)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Where two rules give one result two values.
pub(super) fn two_values(space: &mut Space<'_>, solved: &Solved) -> Vec<Shown> {
    let mut out = Vec::new();
    for (result, first, second, region) in solved.conflicts.iter().chain(&solved.doubts) {
        let region = space.mdd.apply(Op::And, *region, solved.valid);
        let failed = |decided: &Decided| decided.verdict.because.iter().any(|because| &*because.code == RULE_FAILED);
        let Some(request) = witness(space, region, failed) else { continue };
        let Some(side) = space.sides.first() else { continue };
        let (Some(first), Some(second)) = (side.bundle.rules.get(first.0), side.bundle.rules.get(second.0)) else {
            continue;
        };
        let message = format!(
            "`{}` and `{}` give `{result}` two values for one request, which is denied",
            first.name, second.name
        );
        let finding = Finding::new(Code::TwoValues, &second.place, message)
            .help("let one of them not match where the other does")
            .related(&first.place, "the other rule");
        out.push(Shown { finding, witness: Some(request) });
    }
    out
}

/// Where no rule speaks, though the kind says that it is complete.
pub(super) fn gap(space: &mut Space<'_>, solved: &Solved) -> Option<Shown> {
    let side = space.sides.first().copied().filter(|side| side.kind.complete)?;
    let open = space.mdd.is(solved.outcome, number(Outcome::NotCovered));
    let open = space.mdd.apply(Op::And, open, solved.valid);
    let request = witness(space, open, |decided| decided.verdict.outcome == Outcome::NotCovered)?;
    let (boxes, _) = space.cover(open, solved.valid, 1);
    let words = boxes.first().map(|(one, _)| space.words(one, false)).unwrap_or_default();
    let words: Vec<String> = words.into_iter().map(|(path, what)| format!("`{path}` {what}")).collect();
    let message = format!("no rule speaks about `{}` with {}", side.kind.name, words.join(", "));
    let finding = Finding::new(Code::Gap, &side.kind.place, message)
        .help("add a rule for them, or remove `complete: true` from the kind");
    Some(Shown { finding, witness: Some(request) })
}
