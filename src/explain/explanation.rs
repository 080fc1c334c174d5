//! What an explanation is made of. Data without a language: codes, values and places.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::checked::{Bundle, Comparison};
use crate::decide::facts::Facts;
use crate::decide::parts::PartOf;
use crate::model::clause::ClauseRef;
use crate::model::decision::Outcome;
use crate::model::finding::Place;
use crate::model::time::Timestamp;
use crate::model::value::Value;

use super::changes::Changes;

/// How the decision on a request, or on one part of it, came about.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub(super) bundle: Arc<Bundle>,
    pub(super) known: Arc<Facts>,
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
    /// When it is in force.
    pub periods: Vec<PeriodExplained>,
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

/// Whether something holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It depends on these facts, sorted.
    Undetermined(Vec<Arc<str>>),
    /// It could not be evaluated.
    Failed(String),
}

/// A condition or a part of one, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whether it holds.
    pub holds: Holds,
    /// What it is.
    pub what: What,
    /// Where the bundle says so; `None` for `all`, `any` and `not`.
    pub place: Option<Place>,
}

/// What a condition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// All must hold; the empty one always does.
    All(Vec<Step>),
    /// One must hold.
    Any(Vec<Step>),
    /// It must not hold.
    Not(Box<Step>),
    /// A test of a fact.
    Fact {
        /// The fact.
        path: Arc<str>,
        /// Its state.
        is: FactState,
        /// What is wanted of it.
        wanted: Wanted,
        /// The list entries that bear the value.
        entries: Vec<EntryUsed>,
        /// The table rows that were looked up.
        rows: Vec<RowUsed>,
    },
    /// A test of a setting.
    Setting {
        /// The setting.
        name: Arc<str>,
        /// Its value.
        is: Value,
        /// The values of which it must have one.
        wanted: Vec<Value>,
    },
    /// A script.
    Script {
        /// Its text.
        text: Arc<str>,
        /// What it reads.
        inputs: Vec<Input>,
    },
}

/// What a test wants of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// One of these values.
    OneOf(Vec<Value>),
    /// An entry of this list.
    InList(Arc<str>),
    /// To compare so with this value.
    Compare(Comparison, Value),
    /// To compare so with the cell of a table.
    CompareTable {
        /// How.
        comparison: Comparison,
        /// `table.column`.
        cell: Arc<str>,
        /// The value of the cell; `None` when no row applies or it is not known which.
        limit: Option<Value>,
    },
    /// To have one of these members.
    AnyOf(Vec<Value>),
    /// To have all of these members.
    AllOf(Vec<Value>),
    /// To have none of these members.
    NoneOf(Vec<Value>),
    /// To be given (or not).
    Present(bool),
    /// To be given and known to the registry (or not).
    Known(bool),
    /// To be there and otherwise.
    Not(Box<Wanted>),
    /// All of these.
    All(Vec<Wanted>),
}

/// The state of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactState {
    /// It has this value.
    Known(Value),
    /// It is not there, and that is known.
    Absent,
    /// It exists but was not given; these facts would tell, sorted.
    Missing(Vec<Arc<str>>),
    /// It was given in words that no registry knows.
    Unrecognised {
        /// As written.
        written: Arc<str>,
        /// The entries it may mean, when it may mean several.
        candidates: Vec<Arc<str>>,
    },
    /// It could not be computed.
    Failed(String),
}

/// Where the value of a fact or result comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The request states it.
    Stated,
    /// The request states it, in words that no registry knows and that therefore count as nothing.
    Ignored(Arc<str>),
    /// The request does not state it.
    Unstated,
    /// The request does not state it, and the vocabulary says what holds then.
    Default,
    /// The request does not state it, and it is taken from this fact.
    TakenFrom(Arc<str>),
    /// It is written in the bundle.
    Constant,
    /// It is computed.
    Computed {
        /// The script.
        text: Arc<str>,
        /// What it reads.
        inputs: Vec<Input>,
    },
}

/// What a script reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The dotted path: a fact, `table.column`, or `settings.name`.
    pub path: Arc<str>,
    /// Its state.
    pub is: FactState,
    /// For a cell: the rows of the table that were looked up.
    pub rows: Vec<RowUsed>,
}

/// A period in which something is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodExplained {
    /// The first instant.
    pub from: Option<Timestamp>,
    /// The first instant after it.
    pub until: Option<Timestamp>,
    /// The fact by which it is read.
    pub dated_by: Arc<str>,
    /// The state of that fact.
    pub is: FactState,
    /// Whether it is in force.
    pub holds: Holds,
}

/// An entry of a list that bears the value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryUsed {
    /// The list.
    pub list: Arc<str>,
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// When it is in force; `None` for always.
    pub period: Option<PeriodExplained>,
}

/// A row of a table whose tests pass, or may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowUsed {
    /// The table.
    pub table: Arc<str>,
    /// Where it stands.
    pub place: Place,
    /// What it gives, by column.
    pub values: Vec<(Arc<str>, Value)>,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// When it is in force; `None` for always.
    pub period: Option<PeriodExplained>,
    /// Whether it applies.
    pub holds: Holds,
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

impl Step {
    /// The step itself and everything below it.
    pub fn each<'s>(&'s self, visit: &mut impl FnMut(&'s Self)) {
        visit(self);
        match &self.what {
            What::All(parts) | What::Any(parts) => parts.iter().for_each(|part| part.each(visit)),
            What::Not(inner) => inner.each(visit),
            What::Fact { .. } | What::Setting { .. } | What::Script { .. } => {}
        }
    }

    /// The tests to which it is due that this holds, or does not, or is not known; with whether each stands under `not`.
    #[must_use]
    pub fn telling(&self) -> Vec<(&Self, bool)> {
        let mut out = Vec::new();
        self.collect_telling(false, &mut out);
        out
    }

    fn collect_telling<'s>(&'s self, negated: bool, out: &mut Vec<(&'s Self, bool)>) {
        match &self.what {
            What::All(parts) | What::Any(parts) => {
                let same = parts
                    .iter()
                    .filter(|part| std::mem::discriminant(&part.holds) == std::mem::discriminant(&self.holds));
                same.for_each(|part| part.collect_telling(negated, out));
            }
            What::Not(inner) => inner.collect_telling(!negated, out),
            What::Fact { .. } | What::Setting { .. } | What::Script { .. } => out.push((self, negated)),
        }
    }
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
        let read = super::depends::of_rules(&self.bundle, &self.known, rules.iter().map(|rule| &*rule.name));
        let reads = |path: &str| self.bundle.fact_at(path).is_some_and(|ix| read.contains(&ix));
        let facts = self.facts.iter().filter(|fact| reads(&fact.path)).cloned().collect();
        let of_rule = |setting: &&SettingExplained| rules.iter().any(|rule| setting.rules.contains(&rule.name));
        let settings = self.settings.iter().filter(of_rule).cloned().collect();
        Some(Self { rules, facts, settings, changes: None, ..self.clone() })
    }
}
