//! A decided part → its explanation.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::checked::{Absence, Bundle, Effect, Expression, FactIx, Kind, Retired, Rule};
use crate::decide::combine::{Because, Verdict};
use crate::decide::evaluate::{Evaluated, Truth, applies};
use crate::decide::facts::Stated;
use crate::decide::parts::Part;
use crate::decide::read::Statement;
use crate::decide::{Decided, decide_part};
use crate::model::decision::Outcome;

use super::explanation::{
    EffectKind, Explanation, FactExplained, Known, ReasonExplained, ResultExplained, RetiredExplained, RuleExplained,
    SettingExplained, Standing,
};
use super::steps::Case;
use super::trace::{FactState, Given, Holds, Input, Step, What};
use super::{changes, depends};

/// The decision time is the first fact of every vocabulary; it is told anyway.
const AT: FactIx = FactIx(0);

/// What is asked of an explanation.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The request's id.
    pub id: Option<&'a Arc<str>>,
    /// How many parts the request has; they share the effort.
    pub parts: usize,
    /// Whether to search what would have to change.
    pub changes: bool,
}

/// Decides a part and explains the decision.
pub(crate) fn explain(
    bundle: &Arc<Bundle>,
    kind: &Kind,
    part: Part,
    asked: Asked<'_>,
) -> Result<Explanation, crate::decide::Failure> {
    let Decided { facts, evaluated, verdict, part: name } = decide_part(bundle, kind, &part.statement, part.name)?;
    let case = Case { bundle, facts: &facts };
    let rules = rules(case, &evaluated, &verdict);
    let wanted = asked.changes && verdict.outcome != Outcome::Permit;
    let trials = changes::trials(kind.rules.len().saturating_mul(asked.parts));
    let changes = wanted.then(|| changes::search(bundle, kind, &part.statement, &facts, &verdict, trials));
    Ok(Explanation {
        bundle: Arc::clone(bundle),
        id: asked.id.cloned(),
        kind: Arc::clone(&kind.name),
        at: Arc::clone(&part.statement.at),
        part: name,
        outcome: verdict.outcome,
        reasons: verdict.because.iter().map(|because| reason(case, because)).collect(),
        results: verdict.results.clone(),
        obligations: verdict.obligations.iter().map(|(code, _)| Arc::clone(code)).collect(),
        missing: case.paths(&verdict.missing),
        facts: self::facts(case, kind, &part.statement),
        settings: settings(bundle, &rules),
        rules,
        changes,
        known: Known(Arc::clone(&facts)),
    })
}

fn reason(case: Case<'_>, because: &Because) -> ReasonExplained {
    ReasonExplained {
        code: Arc::clone(&because.code),
        rule: because.rule.and_then(|ix| case.bundle.rules.get(ix.0)).map(|rule| Arc::clone(&rule.name)),
        missing: case.paths(&because.missing),
        error: because.error.as_ref().map(ToString::to_string),
    }
}

/// Deciding rules first, then by standing; the sort is stable, so each group keeps the order of the bundle.
fn rules(case: Case<'_>, evaluated: &[Evaluated], verdict: &Verdict) -> Vec<RuleExplained> {
    let one = |one: &Evaluated| case.bundle.rules.get(one.rule.0).map(|rule| explain_rule(case, rule, one, verdict));
    let mut rules: Vec<RuleExplained> = evaluated.iter().filter_map(one).collect();
    rules.sort_by_key(|rule| (!rule.decided, if rule.decided { Standing::Matched } else { rule.standing }));
    rules
}

fn explain_rule(case: Case<'_>, rule: &Rule, evaluated: &Evaluated, verdict: &Verdict) -> RuleExplained {
    let because = verdict.because.iter().find(|because| because.rule == Some(evaluated.rule));
    let truth = &evaluated.truth;
    let condition = case.step(&rule.when);
    let asks = match &rule.effect {
        Effect::Ask(needed, _) => Some(case.step(needed)),
        _ => None,
    };
    let failure = match (because.and_then(|because| because.error.as_ref()), truth) {
        (Some(error), _) | (None, Truth::Failed(error)) => Some(error.to_string()),
        _ => None,
    };
    let standing = if failure.is_some() { Standing::Failed } else { standing(case, rule, evaluated) };
    let waits_for = if standing == Standing::Undetermined { waits_for(case, evaluated, because) } else { Vec::new() };
    let mut out = RuleExplained {
        name: Arc::clone(&rule.name),
        place: rule.place.clone(),
        effect: effect(&rule.effect),
        standing,
        decided: because.is_some(),
        clauses: rule.clauses.clone(),
        gist: rule.gist.clone(),
        periods: rule.effective.iter().map(|period| case.period(period)).collect(),
        retired: rule.retired.iter().map(|retired| explain_retired(case, retired)).collect(),
        evidence: rule.evidence.line(),
        condition,
        asks,
        waits_for,
        failure,
        results: results(case, rule, evaluated, verdict),
        obligations: rule.obligations.clone(),
    };
    out.clauses = clauses(&out);
    out
}

fn explain_retired(case: Case<'_>, retired: &Retired) -> RetiredExplained {
    RetiredExplained {
        reason: Arc::clone(&retired.reason),
        place: retired.place.clone(),
        period: retired.effective.as_ref().map(|period| case.period(period)),
    }
}

/// The facts that an undetermined rule waits for: those of its reason, or those on which its condition and its question
/// depend.
fn waits_for(case: Case<'_>, evaluated: &Evaluated, because: Option<&Because>) -> Vec<Arc<str>> {
    if let Some(because) = because {
        return case.paths(&because.missing);
    }
    let mut facts = evaluated.ask.as_ref().map(|(_, unmet)| unmet.clone()).unwrap_or_default();
    if let Truth::Unknown(more) = &evaluated.truth {
        facts.extend(more);
    }
    case.paths(&facts)
}

fn standing(case: Case<'_>, rule: &Rule, evaluated: &Evaluated) -> Standing {
    if applies(case.facts, &rule.effective, &rule.retired) == Truth::False {
        return Standing::NotInForce;
    }
    match (&evaluated.truth, &evaluated.ask) {
        (Truth::False, _) => Standing::NotMatched,
        (Truth::Failed(_), _) => Standing::Failed,
        (_, Some((Truth::True, _))) => Standing::Met,
        (_, Some(_)) | (Truth::Unknown(_), None) => Standing::Undetermined,
        (Truth::True, None) => Standing::Matched,
    }
}

fn effect(effect: &Effect) -> EffectKind {
    match effect {
        Effect::Permit(code) => EffectKind::Permit(Arc::clone(code)),
        Effect::Deny(code) => EffectKind::Deny(Arc::clone(code)),
        Effect::Refer(code) => EffectKind::Refer(Arc::clone(code)),
        Effect::Ask(_, code) => EffectKind::Ask(Arc::clone(code)),
        Effect::Attach(outcome) => EffectKind::Attach(*outcome),
    }
}

fn results(case: Case<'_>, rule: &Rule, evaluated: &Evaluated, verdict: &Verdict) -> Vec<ResultExplained> {
    if evaluated.truth != Truth::True {
        return Vec::new();
    }
    let one = |(name, expression): (&Arc<str>, &Expression)| {
        let value = evaluated.results.get(name).cloned();
        ResultExplained {
            name: Arc::clone(name),
            carried: value.is_some() && verdict.results.get(name) == value.as_ref() && carries(rule, verdict.outcome),
            value,
            given: case.computed(expression),
        }
    };
    rule.results.iter().map(one).collect()
}

fn carries(rule: &Rule, outcome: Outcome) -> bool {
    match &rule.effect {
        Effect::Permit(_) => outcome == Outcome::Permit,
        Effect::Deny(_) => outcome == Outcome::Deny,
        Effect::Refer(_) => outcome == Outcome::Refer,
        Effect::Ask(..) => outcome == Outcome::NeedsInformation,
        Effect::Attach(on) => *on == outcome,
    }
}

/// The clauses of the rule itself, and of the entries and rows that are in force.
fn clauses(rule: &RuleExplained) -> Vec<crate::model::clause::ClauseRef> {
    let mut out = rule.clauses.clone();
    rule.each_step(&mut |step| {
        if let What::Fact { entries, rows, .. } = &step.what {
            let entries = entries.iter().filter(|e| e.period.as_ref().is_none_or(|period| period.holds == Holds::Yes));
            let rows = rows.iter().filter(|row| row.holds == Holds::Yes);
            out.extend(entries.flat_map(|entry| &entry.clauses).chain(rows.flat_map(|row| &row.clauses)).cloned());
        }
    });
    out.sort();
    out.dedup();
    out
}

/// The facts that were given or that a rule reads.
fn facts(case: Case<'_>, kind: &Kind, statement: &Statement) -> Vec<FactExplained> {
    let read = depends::of_rules(case.bundle, case.facts, case.bundle.rules_of(kind));
    let one = |ix: &FactIx| {
        let fact = case.bundle.fact(*ix)?;
        let stated = statement.facts.get(ix);
        ((stated.is_some() && *ix != AT) || read.contains(ix)).then(|| FactExplained {
            path: Arc::clone(&fact.path),
            is: case.state(*ix),
            given: given(case, kind, *ix, stated),
            fixed: fact.fixed,
            read: read.contains(ix),
        })
    };
    kind.facts.keys().filter_map(one).collect()
}

fn given(case: Case<'_>, kind: &Kind, ix: FactIx, stated: Option<&Stated>) -> Given {
    if let Some(derived) = case.bundle.fact(ix).and_then(|fact| fact.derived.as_ref()) {
        let inputs = case.inputs(derived.script.reads(), &derived.reads);
        return Given::Computed { text: derived.script.text().into(), inputs };
    }
    let absence = kind.facts.get(&ix).map(|fact| &fact.absence);
    match (stated, case.state(ix), absence) {
        (Some(Stated::Unrecognised(written, _)), FactState::Absent | FactState::Known(_), _) => {
            Given::Ignored(Arc::clone(written))
        }
        (Some(_), ..) => Given::Stated,
        (None, _, Some(Absence::Default(_))) => Given::Default,
        (None, _, Some(Absence::From(source))) => Given::TakenFrom(case.bundle.path(*source)),
        (None, ..) => Given::Unstated,
    }
}

/// The settings that the rules read, by name.
fn settings(bundle: &Bundle, rules: &[RuleExplained]) -> Vec<SettingExplained> {
    let mut readers: BTreeMap<Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
    for rule in rules {
        let mut read = |name: &str| {
            let names = readers.entry(name.into()).or_default();
            if !names.contains(&rule.name) {
                names.push(Arc::clone(&rule.name));
            }
        };
        rule.each_step(&mut |step| setting_names(step, &mut read));
        for result in &rule.results {
            given_settings(&result.given, &mut read);
        }
    }
    let one = |(name, rules): (Arc<str>, Vec<Arc<str>>)| {
        let setting = bundle.settings.get(&name)?;
        Some(SettingExplained {
            value: setting.value.clone(),
            choices: setting.choices.clone(),
            clauses: setting.clauses.clone(),
            place: setting.place.clone(),
            name,
            rules,
        })
    };
    readers.into_iter().filter_map(one).collect()
}

fn setting_names(step: &Step, read: &mut impl FnMut(&str)) {
    match &step.what {
        What::Setting { name, .. } => read(name),
        What::Script { inputs, .. } => input_settings(inputs, read),
        What::All(_) | What::Any(_) | What::Not(_) | What::Fact { .. } => {}
    }
}

fn given_settings(given: &Given, read: &mut impl FnMut(&str)) {
    if let Given::Computed { inputs, .. } = given {
        input_settings(inputs, read);
    }
}

fn input_settings(inputs: &[Input], read: &mut impl FnMut(&str)) {
    inputs.iter().filter_map(|input| input.path.strip_prefix("settings.")).for_each(read);
}
