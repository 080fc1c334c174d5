//! What would have to change for a permit: a bounded search, every find decided again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bundle::checked::{Bundle, Effect, FactIx, Kind, Rule, RuleIx};
use crate::decide::combine::{Because, Verdict};
use crate::decide::evaluate::Truth;
use crate::decide::facts::{Facts, Stated};
use crate::decide::read::Statement;
use crate::decide::reads::named_by;
use crate::decide::{Decided, decide_part};
use crate::model::decision::Outcome;
use crate::model::time::Date;
use crate::model::value::Value;

use super::candidates::Mentions;
use super::depends;
use super::steps::Case;
use super::trace::FactState;

/// The most decisions that one search makes.
pub const MOST_TRIALS: usize = 2_000;
/// The fewest, however many rules and parts there are.
pub const FEWEST_TRIALS: usize = 20;
/// About how many rules are evaluated for all parts of a request together.
pub const MOST_EVALUATIONS: usize = 200_000;
/// The most changes that are told.
pub const MOST_CHANGES: usize = 12;

/// The decision time is the first fact of every vocabulary.
const AT: FactIx = FactIx(0);

/// What would have to change for a permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Changes of one fact that lead to a permit, or, where there is none, of two; each was decided again.
    pub to_permit: Vec<Change>,
    /// How many more were found than are told.
    pub more: usize,
    /// Where there is none: changes after which the request is no longer turned down, but still waits for facts.
    pub onward: Vec<Onward>,
    /// The facts that the request has to give before anything else can be told, sorted.
    pub supply: Vec<Arc<str>>,
    /// When nothing that the caller can change leads to a permit: the rules in the way.
    pub obstacles: Vec<Obstacle>,
    /// How many decisions the search made.
    pub trials: usize,
    /// Whether the search went through everything it set out to try.
    pub complete: bool,
}

/// A change of one or two facts that leads to a permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The facts, in the order of the vocabulary.
    pub facts: Vec<ChangedFact>,
}

/// A change after which a request that was turned down waits for facts instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onward {
    /// The change.
    pub change: Change,
    /// The facts it waits for then, sorted.
    pub waits_for: Vec<Arc<str>>,
}

/// A fact, and what it would have to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFact {
    /// Its dotted path.
    pub path: Arc<str>,
    /// What it is.
    pub from: FactState,
    /// What it would have to be.
    pub to: NewValue,
}

/// A value to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewValue {
    /// The value.
    pub value: Value,
    /// Whether it only stands for any value of its type.
    pub any: bool,
    /// The private fact whose value it is; a change that was found has a stand-in for the value then.
    pub same_as: Option<Arc<str>>,
}

impl NewValue {
    pub(super) fn exactly(value: Value) -> Self {
        Self { value, any: false, same_as: None }
    }

    /// Without what is private.
    fn shown(&self) -> Self {
        let value = self.same_as.as_ref().map(|path| Value::Text(format!("<{path}>").into()));
        Self { value: value.unwrap_or_else(|| self.value.clone()), ..self.clone() }
    }
}

/// A rule that stands in the way whatever the caller changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The rule.
    pub rule: Arc<str>,
    /// The facts it rests on that the caller cannot change, sorted.
    pub fixed: Vec<Arc<str>>,
    /// The facts it rests on that the caller can change, which is not enough, sorted.
    pub changeable: Vec<Arc<str>>,
    /// The last day on which the rule did not stand in the way, when that is past.
    pub last_day: Option<Date>,
}

/// How many decisions a search may make, when one decision on all parts evaluates so many rules.
pub(super) fn trials(rules: usize) -> usize {
    MOST_EVALUATIONS.checked_div(rules).unwrap_or(MOST_TRIALS).clamp(FEWEST_TRIALS, MOST_TRIALS)
}

/// Searches.
pub(super) fn search(
    bundle: &Bundle,
    kind: &Kind,
    statement: &Statement,
    facts: &Facts,
    verdict: &Verdict,
    most: usize,
) -> Changes {
    let mentions = Mentions::of(bundle, kind, facts);
    let blocking = blocking(bundle, facts, verdict);
    let mut search = Search::new(bundle, kind, statement, facts, verdict, most);
    search.values = candidates(&search, &mentions);
    search.singles(&blocking);
    if search.found.is_empty() {
        search.pairs(&blocking);
    }
    let case = Case { bundle, facts };
    let missing = verdict.because.iter().flat_map(|because| &because.missing).copied().collect();
    let supply = if verdict.outcome == Outcome::NeedsInformation { case.paths(&missing) } else { Vec::new() };
    if !search.found.is_empty() {
        search.onward.clear();
    }
    let obstacles = match search.found.is_empty() && search.onward.is_empty() {
        true => blocking.iter().filter_map(|(ix, on)| search.obstacle(*ix, on, &mentions)).collect(),
        false => Vec::new(),
    };
    without_excess(&mut search.found, |change| change);
    without_excess(&mut search.onward, |onward| &onward.change);
    let more = search.found.len().saturating_sub(MOST_CHANGES);
    search.found.truncate(MOST_CHANGES);
    let Search { found: to_permit, onward, trials, complete, .. } = search;
    Changes { to_permit, more, onward, supply, obstacles, trials, complete }
}

/// The rules that must stand differently before anything can be permitted, and the facts of the request each rests on.
fn blocking(bundle: &Bundle, facts: &Facts, verdict: &Verdict) -> Vec<(RuleIx, BTreeSet<FactIx>)> {
    let one = |because: &Because| {
        let ix = because.rule?;
        let rule = bundle.rules.get(ix.0).filter(|rule| !matches!(rule.effect, Effect::Permit(_)))?;
        // A rule that failed may have failed over its results.
        Some((ix, rests_on(bundle, facts, rule, because.error.is_some())))
    };
    verdict.because.iter().filter_map(one).collect()
}

/// The facts of the request that a rule's match, or its results too, depend on.
fn rests_on(bundle: &Bundle, facts: &Facts, rule: &Rule, results_too: bool) -> BTreeSet<FactIx> {
    let named = named_by(bundle, rule, results_too);
    named.into_iter().flat_map(|ix| depends::bases(bundle, facts, ix)).collect()
}

/// The values to try for each fact that the caller can change and that a rule of the kind depends on.
fn candidates(search: &Search<'_>, mentions: &Mentions) -> BTreeMap<FactIx, Vec<NewValue>> {
    let Search { bundle, kind, facts, .. } = *search;
    let read: BTreeSet<FactIx> = bundle.rules_of(kind).flat_map(|rule| rests_on(bundle, facts, rule, false)).collect();
    let mut out = BTreeMap::new();
    for ix in read {
        let values = if ix == AT {
            let later = mentions.moments(bundle, facts, AT, true);
            later.into_iter().map(|moment| NewValue::exactly(Value::Timestamp(moment))).collect()
        } else if bundle.fact(ix).is_some_and(|fact| !fact.fixed) {
            mentions.values(bundle, kind, facts, ix)
        } else {
            Vec::new()
        };
        if !values.is_empty() {
            out.insert(ix, values);
        }
    }
    out
}

/// Drops changes that give a set more members than another change of the same facts needs.
fn without_excess<T: Clone>(found: &mut Vec<T>, change: impl Fn(&T) -> &Change) {
    let all: Vec<Change> = found.iter().map(|one| change(one).clone()).collect();
    found.retain(|one| !all.iter().any(|other| other != change(one) && needs_less(other, change(one))));
}

fn needs_less(less: &Change, more: &Change) -> bool {
    less.facts.len() == more.facts.len()
        && less.facts.iter().zip(&more.facts).all(|(less, more)| {
            less.path == more.path
                && match (&less.to.value, &more.to.value) {
                    (Value::Set(less), Value::Set(more)) => less.is_subset(more),
                    (less, more) => less == more,
                }
        })
}

struct Search<'a> {
    bundle: &'a Bundle,
    kind: &'a Kind,
    statement: &'a Statement,
    facts: &'a Facts,
    turned_down: bool,
    values: BTreeMap<FactIx, Vec<NewValue>>,
    trials: usize,
    most: usize,
    found: Vec<Change>,
    onward: Vec<Onward>,
    complete: bool,
}

impl<'a> Search<'a> {
    fn new(
        bundle: &'a Bundle,
        kind: &'a Kind,
        statement: &'a Statement,
        facts: &'a Facts,
        verdict: &Verdict,
        most: usize,
    ) -> Self {
        Self {
            bundle,
            kind,
            statement,
            facts,
            turned_down: verdict.outcome != Outcome::NeedsInformation,
            values: BTreeMap::new(),
            trials: 0,
            most,
            found: Vec::new(),
            onward: Vec::new(),
            complete: true,
        }
    }
}

type Blocking = [(RuleIx, BTreeSet<FactIx>)];

impl Search<'_> {
    /// Decides with some facts changed; `None` when the request would contradict itself.
    fn decide(&self, changed: &[(FactIx, &Value)]) -> Option<Decided> {
        let mut statement = self.statement.clone();
        for (ix, value) in changed {
            statement.facts.insert(*ix, Stated::Value((*value).clone()));
        }
        decide_part(self.bundle, self.kind, &statement, Vec::new()).ok()
    }

    /// Tries a change and keeps it when it leads to a permit, or at least on. `false` when the trials are used up.
    fn attempt(&mut self, changed: &[(FactIx, &NewValue)]) -> bool {
        if self.trials >= self.most {
            self.complete = false;
            return false;
        }
        self.trials = self.trials.saturating_add(1);
        let values: Vec<(FactIx, &Value)> = changed.iter().map(|(ix, new)| (*ix, &new.value)).collect();
        let Some(Decided { verdict, .. }) = self.decide(&values) else { return true };
        match verdict.outcome {
            Outcome::Permit => self.found.push(self.change(changed)),
            Outcome::NeedsInformation if self.turned_down => self.go_on(changed, &verdict.missing),
            _ => {}
        }
        true
    }

    fn change(&self, changed: &[(FactIx, &NewValue)]) -> Change {
        let case = Case { bundle: self.bundle, facts: self.facts };
        let one = |(ix, new): &(FactIx, &NewValue)| ChangedFact {
            path: self.bundle.path(*ix),
            from: case.state(*ix),
            to: new.shown(),
        };
        Change { facts: changed.iter().map(one).collect() }
    }

    /// Keeps a change that leads on, unless one of fewer facts does.
    fn go_on(&mut self, changed: &[(FactIx, &NewValue)], missing: &BTreeSet<FactIx>) {
        let larger = self.onward.first().is_some_and(|first| first.change.facts.len() < changed.len());
        if !larger && self.onward.len() < MOST_CHANGES {
            let waits_for = Case { bundle: self.bundle, facts: self.facts }.paths(missing);
            self.onward.push(Onward { change: self.change(changed), waits_for });
        }
    }

    /// One fact, which every rule in the way rests on. Time comes last, and only the first moment that helps is told.
    fn singles(&mut self, blocking: &Blocking) {
        let values = std::mem::take(&mut self.values);
        for (ix, news) in values.iter().filter(|(ix, _)| **ix != AT).chain(values.get_key_value(&AT)) {
            if !blocking.iter().all(|(_, on)| on.contains(ix)) {
                continue;
            }
            for new in news {
                let before = self.found.len();
                if !self.attempt(&[(*ix, new)]) {
                    break;
                }
                if *ix == AT && self.found.len() > before {
                    break;
                }
            }
        }
        self.values = values;
    }

    /// Two facts, of which every rule in the way rests on one.
    fn pairs(&mut self, blocking: &Blocking) {
        let values = std::mem::take(&mut self.values);
        'search: for (first, firsts) in values.iter().filter(|(ix, _)| **ix != AT) {
            for (second, seconds) in values.iter().filter(|(ix, _)| *ix > first) {
                if !blocking.iter().all(|(_, on)| on.contains(first) || on.contains(second)) {
                    continue;
                }
                for new in firsts {
                    for other in seconds {
                        if !self.attempt(&[(*first, new), (*second, other)]) {
                            break 'search;
                        }
                    }
                }
            }
        }
        self.values = values;
    }

    fn obstacle(&self, ix: RuleIx, on: &BTreeSet<FactIx>, mentions: &Mentions) -> Option<Obstacle> {
        let rule = self.bundle.rules.get(ix.0)?;
        let case = Case { bundle: self.bundle, facts: self.facts };
        let can_change = |ix: &FactIx| self.bundle.fact(*ix).is_some_and(|fact| !fact.fixed);
        let (changeable, fixed) = on.iter().copied().partition(can_change);
        Some(Obstacle {
            rule: Arc::clone(&rule.name),
            fixed: case.paths(&fixed),
            changeable: case.paths(&changeable),
            last_day: if on.contains(&AT) { self.last_day(ix, mentions) } else { None },
        })
    }

    /// The last moment, of those worth looking at, at which the rule did not stand in the way.
    fn last_day(&self, ix: RuleIx, mentions: &Mentions) -> Option<Date> {
        let earlier = mentions.moments(self.bundle, self.facts, AT, false);
        let free = earlier.into_iter().find(|moment| {
            let decided = self.decide(&[(AT, &Value::Timestamp(*moment))]);
            decided.is_some_and(|d| d.evaluated.iter().any(|one| one.rule == ix && one.truth == Truth::False))
        });
        free.map(|moment| moment.date())
    }
}
