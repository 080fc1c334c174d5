//! What an explanation is made of. Data without a language: codes, values and places.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::checked::Bundle;
use crate::decide::facts::Facts;
use crate::decide::parts::PartOf;
use crate::model::clause::ClauseRef;
use crate::model::decision::Outcome;
use crate::model::finding::Place;
use crate::model::value::Value;

use super::changes::Changes;
use super::trace::{FactState, Given, PeriodExplained, Step};

/// How the decision on a request, or on one part of it, came about.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub(super) bundle: Arc<Bundle>,
    pub(super) known: Known,
    /// The request's id, echoed.
    pub id: Option<Arc<str>>,
    /// The kind of request.
    pub kind: Arc<str>,
    /// The decision time, as it was written.
    pub at: Arc<str>,
    /// The part of the request; empty when the request does not fan out.
    pub part: Vec<PartOf>,
    /// The outcome.
    pub outcome: Outcome,
    /// Why, in the order of the decision's reasons.
    pub reasons: Vec<ReasonExplained>,
    /// The results of the decision.
    pub results: BTreeMap<Arc<str>, Value>,
    /// The obligations and advice of the decision, in its order.
    pub obligations: Vec<Arc<str>>,
    /// The paths of the facts that can still matter, sorted.
    pub missing: Vec<Arc<str>>,
    /// Every rule of the kind: those that decided first, then by standing, each group in the order of the bundle.
    pub rules: Vec<RuleExplained>,
    /// The facts that were given or that a rule reads, in the order of the vocabulary.
    pub facts: Vec<FactExplained>,
    /// The settings that a rule reads.
    pub settings: Vec<SettingExplained>,
    /// What would have to change for a permit; `None` for a permit, and for the explanation of a single rule.
    pub changes: Option<Changes>,
}

/// The facts that it was decided on, private ones too: the words need their states. Nothing prints them, also no debug
/// form of an explanation.
#[derive(Clone)]
pub(super) struct Known(pub(super) Arc<Facts>);

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(not shown)")
    }
}

/// A reason of the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonExplained {
    /// The code.
    pub code: Arc<str>,
    /// The rule; `None` for the reason that nothing permits.
    pub rule: Option<Arc<str>>,
    /// The facts it waits for, sorted.
    pub missing: Vec<Arc<str>>,
    /// What failed.
    pub error: Option<String>,
}

/// How a rule stands to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Its condition holds.
    Matched,
    /// It waits for facts: its condition depends on them, or it asks for them.
    Undetermined,
    /// It could not be evaluated.
    Failed,
    /// It was not in force on the day by which it is dated.
    NotInForce,
    /// What it asks for is given.
    Met,
    /// Its condition does not hold.
    NotMatched,
}

impl Standing {
    /// All standings, in the order of an explanation.
    pub const ALL: [Self; 6] =
        [Self::Matched, Self::Undetermined, Self::Failed, Self::NotInForce, Self::Met, Self::NotMatched];

    /// The word of the JSON form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Undetermined => "undetermined",
            Self::Failed => "failed",
            Self::NotInForce => "not-in-force",
            Self::Met => "met",
            Self::NotMatched => "not-matched",
        }
    }
}

/// What a rule does when it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// Permits, with this reason.
    Permit(Arc<str>),
    /// Denies, with this reason.
    Deny(Arc<str>),
    /// Refers, with this reason.
    Refer(Arc<str>),
    /// Asks, with this reason.
    Ask(Arc<str>),
    /// Adds results and obligations to a decision with this outcome.
    Attach(Outcome),
}

/// One rule of the kind, and how it stands to the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleExplained {
    /// `policy/rule`.
    pub name: Arc<str>,
    /// Where it stands.
    pub place: Place,
    /// What it does when it matches.
    pub effect: EffectKind,
    /// How it stands to the request.
    pub standing: Standing,
    /// Whether it is among the reasons of the decision.
    pub decided: bool,
    /// The clauses it rests on: its own, and those of the list entries and table rows that applied.
    pub clauses: Vec<ClauseRef>,
    /// What it says in the bundle's own words, by language.
    pub gist: BTreeMap<Arc<str>, Arc<str>>,
    /// When it is in force.
    pub periods: Vec<PeriodExplained>,
    /// Why overlays hold that it does not apply, and when.
    pub retired: Vec<RetiredExplained>,
    /// On what it rests, with its certainty.
    pub evidence: Option<String>,
    /// Its condition.
    pub condition: Step,
    /// For a rule that asks: what must be given.
    pub asks: Option<Step>,
    /// The facts it waits for, sorted.
    pub waits_for: Vec<Arc<str>>,
    /// Why it failed.
    pub failure: Option<String>,
    /// The results it gives, when its condition holds.
    pub results: Vec<ResultExplained>,
    /// The obligations and advice it gives.
    pub obligations: Vec<Arc<str>>,
}

/// Why an overlay holds that a rule does not apply, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredExplained {
    /// Why.
    pub reason: Arc<str>,
    /// Where the overlay says so.
    pub place: Place,
    /// The time in which the rule does not apply; `None` for always.
    pub period: Option<PeriodExplained>,
}

/// A result of a rule and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultExplained {
    /// The result.
    pub name: Arc<str>,
    /// Its value; `None` when it is absent or not known.
    pub value: Option<Value>,
    /// How it came about.
    pub given: Given,
    /// Whether the decision carries it.
    pub carried: bool,
}

/// A fact and where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactExplained {
    /// Its dotted path.
    pub path: Arc<str>,
    /// Its state.
    pub is: FactState,
    /// Where it comes from.
    pub given: Given,
    /// Whether the caller cannot change it.
    pub fixed: bool,
    /// Whether a rule of the kind reads it.
    pub read: bool,
}

/// A setting that a rule reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingExplained {
    /// Its name.
    pub name: Arc<str>,
    /// The value in force.
    pub value: Value,
    /// All values it may take, when they are enumerated.
    pub choices: Vec<Value>,
    /// The clauses it reads.
    pub clauses: Vec<ClauseRef>,
    /// Where it is declared.
    pub place: Place,
    /// The rules that read it.
    pub rules: Vec<Arc<str>>,
}

impl RuleExplained {
    /// Every step of the rule.
    pub fn each_step<'r>(&'r self, visit: &mut impl FnMut(&'r Step)) {
        self.condition.each(visit);
        if let Some(asks) = &self.asks {
            asks.each(visit);
        }
    }
}

impl Explanation {
    /// Name, version and digest of the bundle that decided.
    #[must_use]
    pub fn bundle(&self) -> &crate::bundle::checked::Identity {
        &self.bundle.identity
    }

    /// The rules that stand so and did not decide, or (with `None`) those that decided.
    pub fn rules_that(&self, standing: Option<Standing>) -> impl Iterator<Item = &RuleExplained> {
        self.rules.iter().filter(move |rule| match standing {
            None => rule.decided,
            Some(standing) => !rule.decided && rule.standing == standing,
        })
    }

    /// The explanation of one rule, by `policy/rule` or `rule`, with the facts it reads; `None` when the kind has no
    /// such rule. Of several rules with one id in different policies, all are kept.
    #[must_use]
    pub fn only(&self, rule: &str) -> Option<Self> {
        let named =
            |one: &RuleExplained| &*one.name == rule || one.name.split_once('/').is_some_and(|(_, id)| id == rule);
        let rules: Vec<RuleExplained> = self.rules.iter().filter(|one| named(one)).cloned().collect();
        if rules.is_empty() {
            return None;
        }
        let read = super::depends::of_rules(
            &self.bundle,
            &self.known.0,
            self.bundle.rules.iter().filter(|rule| rules.iter().any(|kept| kept.name == rule.name)),
        );
        let reads = |path: &str| self.bundle.fact_at(path).is_some_and(|ix| read.contains(&ix));
        let facts = self.facts.iter().filter(|fact| reads(&fact.path)).cloned().collect();
        let of_rule = |setting: &&SettingExplained| rules.iter().any(|rule| setting.rules.contains(&rule.name));
        let settings = self.settings.iter().filter(of_rule).cloned().collect();
        Some(Self { rules, facts, settings, changes: None, ..self.clone() })
    }
}
