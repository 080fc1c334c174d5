//! What can be said of the rules as they work together: exact for the declarative part, never a false alarm. Each
//! finding that some request can show comes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::bundle::checked::{Condition, Effect, Expression, Operand, RuleIx, TableIx};
use crate::engine::Engine;
use crate::model::decision::Outcome;
use crate::model::finding::{Code, Finding, Place};

use super::space::mdd::truth::{FALSE, TRUE};
use super::space::mdd::{Id, NO, Op};
use super::space::solve::{RuleTruth, Solved, number};
use super::space::{Bounds, Space, SpaceError};

/// A finding, and a request that shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The finding.
    pub finding: Finding,
    /// A request that shows it.
    pub witness: Option<Json>,
}

/// With more rules than this in a kind, it is not tried what each of them adds: that takes the square of their number.
const MOST_FOR_REDUNDANCY: usize = 300;

/// What each kind says of a rule.
#[derive(Default)]
struct OfRule {
    kinds: usize,
    never: usize,
    outvoted: Vec<Option<Json>>,
    redundant: usize,
}

/// What there is to say of the rules of a bundle, sorted by place.
///
/// # Errors
/// When the bounds are met.
pub fn findings(engine: &Engine, bounds: Bounds) -> Result<Vec<Finding>, SpaceError> {
    Ok(shown(engine, bounds)?.into_iter().map(|one| one.finding).collect())
}

/// The same, each with a request that shows it.
///
/// # Errors
/// When the bounds are met.
pub fn shown(engine: &Engine, bounds: Bounds) -> Result<Vec<Shown>, SpaceError> {
    let bundle = engine.checked();
    let mut rules: BTreeMap<RuleIx, OfRule> = BTreeMap::new();
    let mut out: Vec<Shown> = Vec::new();
    let mut overlaps = BTreeSet::new();
    for kind in &bundle.kinds {
        let mut space = Space::new(&[engine], &kind.name, &[], bounds)?;
        let solved = space.solve(0)?;
        for one in &solved.rules {
            of_rule(&mut space, &solved, one, rules.entry(one.rule).or_default())?;
        }
        out.extend(two_values(&mut space, &solved));
        out.extend(gap(&mut space, &solved));
        for found in rows(&mut space, &solved) {
            if overlaps.insert(found.finding.message.clone()) {
                out.push(found);
            }
        }
        space.check()?;
    }
    for (ix, of) in rules {
        let Some(rule) = bundle.rules.get(ix.0) else { continue };
        out.extend(about(&rule.name, &rule.place, of));
    }
    out.sort_by(|a, b| {
        let key = |one: &Shown| (one.finding.place.clone(), one.finding.code, one.finding.message.clone());
        key(a).cmp(&key(b))
    });
    Ok(out)
}

/// What is true of a rule in every kind it speaks to.
fn about(name: &Arc<str>, place: &Place, of: OfRule) -> Option<Shown> {
    if of.never == of.kinds {
        let finding = Finding::new(Code::RuleNeverMatches, place, format!("no request matches the rule `{name}`"))
            .help("its conditions exclude one another, or something it needs cannot be; change or remove it");
        return Some(Shown { finding, witness: None });
    }
    if of.never.saturating_add(of.outvoted.len()) == of.kinds {
        let message = format!("the rule `{name}` is outvoted wherever it matches");
        let finding = Finding::new(Code::Overridden, place, message).help("change it, or what denies, or remove it");
        return Some(Shown { finding, witness: of.outvoted.into_iter().flatten().next() });
    }
    (of.redundant == of.kinds).then(|| Shown {
        finding: Finding::new(
            Code::Redundant,
            place,
            format!("without the rule `{name}` every decision stays as it is"),
        )
        .help("other rules say the same; remove it, or say where it differs"),
        witness: None,
    })
}

fn of_rule(space: &mut Space<'_>, solved: &Solved, one: &RuleTruth, of: &mut OfRule) -> Result<(), SpaceError> {
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
            && let Some(request) = space.request_in(matches)
        {
            of.outvoted.push(Some(space.to_json(0, &request)));
            return Ok(());
        }
    }
    if solved.rules.len() <= MOST_FOR_REDUNDANCY && is_redundant(space, solved, one)? {
        of.redundant = of.redundant.saturating_add(1);
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
    let rest: Vec<RuleTruth> = solved.rules.iter().copied().filter(|other| other.rule != one.rule).collect();
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

/// A request of a region that the engine decides as told.
fn witness(space: &mut Space<'_>, region: Id, is: impl Fn(&crate::Decision) -> bool) -> Option<Json> {
    let request = space.request_in(region)?;
    let json = space.to_json(0, &request);
    let answer = space.sides.first()?.engine.decide_json(json.to_string().as_bytes()).ok()?;
    answer.decisions().first().filter(|decision| is(decision)).map(|_| json)
}

fn two_values(space: &mut Space<'_>, solved: &Solved) -> Vec<Shown> {
    let mut out = Vec::new();
    for (result, first, second, region) in solved.conflicts.iter().chain(&solved.doubts) {
        let region = space.mdd.apply(Op::And, *region, solved.valid);
        let failed = |decision: &crate::Decision| decision.reason_codes().any(|code| code == "rule-failed");
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
fn gap(space: &mut Space<'_>, solved: &Solved) -> Option<Shown> {
    let side = space.sides.first().copied().filter(|side| side.kind.complete)?;
    let open = space.mdd.is(solved.outcome, number(Outcome::NotCovered));
    let open = space.mdd.apply(Op::And, open, solved.valid);
    let request = witness(space, open, |decision| decision.outcome() == Outcome::NotCovered)?;
    let (boxes, _) = space.cover(open, solved.valid, 1);
    let words = boxes.first().map(|(one, _)| space.words(one, false)).unwrap_or_default();
    let words: Vec<String> = words.into_iter().map(|(path, what)| format!("`{path}` {what}")).collect();
    let message = format!("no rule speaks about `{}` with {}", side.kind.name, words.join(", "));
    let finding = Finding::new(Code::Gap, &side.kind.place, message)
        .help("add a rule for them, or remove `complete: true` from the kind");
    Some(Shown { finding, witness: Some(request) })
}

/// Rows of a table that apply to one request.
fn rows(space: &mut Space<'_>, solved: &Solved) -> Vec<Shown> {
    let Some(side) = space.sides.first().copied() else { return Vec::new() };
    let mut out = Vec::new();
    for (at, table) in side.bundle.tables.iter().enumerate() {
        let known = table.by.iter().chain([&table.dated_by]).all(|fact| {
            side.kind.facts.contains_key(fact)
                && (space.var(&side.bundle.path(*fact)).is_some() || side.plan(*fact).is_some())
        });
        if !known || !space.looks_up(0, TableIx(at)) {
            continue;
        }
        let truths: Vec<Id> = table
            .rows
            .iter()
            .map(|row| {
                let truth = space.row(0, row);
                space.mdd.is(truth, TRUE)
            })
            .collect();
        for (n, (first, earlier)) in truths.iter().zip(&table.rows).enumerate() {
            for (second, later) in truths.iter().zip(&table.rows).skip(n.saturating_add(1)) {
                let both = space.mdd.apply(Op::And, *first, *second);
                let both = space.mdd.apply(Op::And, both, solved.valid);
                if both == NO {
                    continue;
                }
                let Some(request) = space.request_in(both) else { continue };
                let message = format!("two rows of the table `{}` apply to one request", table.name);
                let finding = Finding::new(Code::OverlappingRows, &later.place, message)
                    .help("let them test different values, or periods that do not meet")
                    .related(&earlier.place, "the other row");
                out.push(Shown { finding, witness: Some(space.to_json(0, &request)) });
            }
        }
    }
    out
}
