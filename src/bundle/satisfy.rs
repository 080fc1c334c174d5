//! Conditions that no value can meet. Only what is certain is told: tests that depend on tables, scripts, settings or
//! dates are taken to hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::value::{Type, Value};

use super::checked::{Absence, Comparison, Condition, Effect, FactIx, KindIx, Test, Unrecognised};
use super::draft::Draft;

/// Reports conditions of a rule that no request can meet.
pub fn check(when: &Condition, effect: &Effect, kinds: &[KindIx], draft: &Draft, findings: &mut Findings) {
    let reader = Reader { draft, kinds };
    reader.report(when, findings);
    if let Effect::Ask(needed, _) = effect {
        reader.report(needed, findings);
    }
}

struct Reader<'d> {
    draft: &'d Draft,
    kinds: &'d [KindIx],
}

/// A test that must hold, and where it stands.
type Wanted<'c> = (&'c Test, &'c Place);

/// What must hold together.
#[derive(Clone, Default)]
struct Together<'c> {
    facts: BTreeMap<FactIx, Vec<Wanted<'c>>>,
    choices: Vec<&'c [Condition]>,
    negated: Vec<&'c Condition>,
}

impl<'c> Together<'c> {
    fn add(&mut self, condition: &'c Condition) {
        match condition {
            Condition::All(parts) => parts.iter().for_each(|part| self.add(part)),
            Condition::Any(parts) => self.choices.push(parts),
            Condition::Not(inner) => self.negated.push(inner),
            Condition::Fact(fact, test, place) => self.test(*fact, test, place),
            Condition::Setting(..) | Condition::Script(..) => {}
        }
    }

    fn test(&mut self, fact: FactIx, test: &'c Test, place: &'c Place) {
        match test {
            Test::All(tests) => tests.iter().for_each(|test| self.test(fact, test, place)),
            _ => self.facts.entry(fact).or_default().push((test, place)),
        }
    }
}

/// The tests of one fact that exclude each other.
struct Conflict<'c> {
    fact: FactIx,
    tests: Vec<Wanted<'c>>,
}

impl Reader<'_> {
    /// Reports the condition as a whole, and those within it that are negated.
    fn report(&self, condition: &Condition, findings: &mut Findings) {
        let mut together = Together::default();
        together.add(condition);
        if let Some(conflict) = self.conflict(&together) {
            findings.push(self.finding(&conflict));
            return;
        }
        for inner in together.negated {
            self.report(inner, findings);
        }
    }

    fn finding(&self, conflict: &Conflict<'_>) -> Finding {
        let path = self.draft.facts.get(conflict.fact.0).map_or("", |fact| &*fact.path);
        let Some((_, place)) = conflict.tests.last() else {
            return Finding::new(Code::NeverMatches, &Place::start_of(""), path);
        };
        let finding = Finding::new(Code::NeverMatches, place, format!("no value of `{path}` can meet this condition"))
            .help("the tests exclude each other, or the requests that the rule speaks to never have such a value");
        let others: BTreeSet<&Place> = conflict.tests.iter().map(|(_, other)| *other).filter(|p| p != place).collect();
        others.into_iter().fold(finding, |finding, other| finding.related(other, "together with this"))
    }

    fn conflict<'c>(&self, together: &Together<'c>) -> Option<Conflict<'c>> {
        for (fact, tests) in &together.facts {
            if !self.feasible(*fact, tests) {
                return Some(Conflict { fact: *fact, tests: tests.clone() });
            }
        }
        for choice in &together.choices {
            let mut first = None;
            for branch in *choice {
                let mut narrower = Together { facts: together.facts.clone(), ..Together::default() };
                narrower.add(branch);
                let conflict = self.conflict(&narrower);
                if conflict.is_none() {
                    first = None;
                    break;
                }
                first = first.or(conflict);
            }
            if first.is_some() {
                return first;
            }
        }
        None
    }

    /// Whether a request can have the fact so that all tests hold.
    fn feasible(&self, fact: FactIx, tests: &[Wanted<'_>]) -> bool {
        let all = |holds: fn(&Test) -> bool| tests.iter().all(|(test, _)| holds(test));
        let absent = all(|test| matches!(test, Test::Present(false))) && self.may_be_absent(fact);
        let unrecognised = all(|test| matches!(test, Test::Known(false) | Test::Present(true) | Test::Not(_)));
        let known = all(|test| !matches!(test, Test::Present(false) | Test::Known(false)));
        absent || unrecognised || (known && self.some_value(fact, tests))
    }

    fn may_be_absent(&self, fact: FactIx) -> bool {
        let derived = self.draft.facts.get(fact.0).is_none_or(|fact| fact.derived.is_some());
        let kinds = self.kinds.iter().filter_map(|kind| self.draft.kinds.get(kind.0)?.facts.get(&fact));
        let never = |absence: &Absence| matches!(absence, Absence::Ask | Absence::Default(_));
        let mut facts = kinds.map(|fact| !never(&fact.absence) || fact.unrecognised == Unrecognised::Ignore).peekable();
        derived || facts.peek().is_none() || facts.any(|may| may)
    }

    fn some_value(&self, fact: FactIx, tests: &[Wanted<'_>]) -> bool {
        let type_ = self.draft.type_of(fact);
        if let Type::Set(_) = type_ {
            return some_set(tests);
        }
        match self.candidates(fact, &type_, tests) {
            Some(candidates) => {
                candidates.iter().any(|value| tests.iter().all(|(test, _)| self.holds(test, value) != Some(false)))
            }
            None => self.some_between(fact, &type_, tests),
        }
    }

    /// The values of which one must be, where they can be listed.
    fn candidates(&self, fact: FactIx, type_: &Type, tests: &[Wanted<'_>]) -> Option<BTreeSet<Value>> {
        for (test, _) in tests {
            match test {
                Test::OneOf(values) => {
                    return Some(values.iter().filter(|v| self.is_taken(fact, v)).cloned().collect());
                }
                Test::Compare(Comparison::Equal, value) => return Some(BTreeSet::from([value.clone()])),
                Test::InList(list) => {
                    let list = self.draft.lists.get(list.0)?;
                    return Some(list.entries.iter().map(|entry| entry.value.clone()).collect());
                }
                _ => {}
            }
        }
        match type_ {
            Type::Boolean => Some(BTreeSet::from([Value::Boolean(false), Value::Boolean(true)])),
            Type::Symbol(name) if tests.iter().any(|(test, _)| matches!(test, Test::Not(_))) => {
                let domain = self.draft.domains.get(name)?;
                Some(domain.codes().map(|code| Value::Symbol(code.clone())).collect())
            }
            _ => None,
        }
    }

    /// Whether one of the kinds takes the value.
    fn is_taken(&self, fact: FactIx, value: &Value) -> bool {
        let least = self.draft.facts.get(fact.0).and_then(|fact| fact.minimum.as_ref());
        let mut kinds = self.kinds.iter().filter_map(|kind| self.draft.kinds.get(kind.0)?.facts.get(&fact)).peekable();
        let taken = kinds.peek().is_none() || kinds.any(|kind| kind.values.as_ref().is_none_or(|v| v.contains(value)));
        taken && least.is_none_or(|least| value >= least)
    }

    /// Whether the bounds leave a value between them. Durations and instants have no exact order of their own.
    fn some_between(&self, fact: FactIx, type_: &Type, tests: &[Wanted<'_>]) -> bool {
        if !matches!(type_, Type::Integer | Type::Decimal | Type::Date) {
            return true;
        }
        let minimum = self.draft.facts.get(fact.0).and_then(|fact| fact.minimum.clone());
        let mut lower = minimum.map(|value| (value, true));
        let mut upper: Option<(Value, bool)> = None;
        for (test, _) in tests {
            let Test::Compare(comparison, value) = test else { continue };
            let bound = (value.clone(), matches!(comparison, Comparison::AtLeast | Comparison::AtMost));
            match comparison {
                Comparison::AtLeast | Comparison::MoreThan => lower = Some(tighter(lower, bound, false)),
                Comparison::AtMost | Comparison::LessThan => upper = Some(tighter(upper, bound, true)),
                Comparison::Equal => {}
            }
        }
        match (lower, upper) {
            (Some((Value::Integer(low), low_in)), Some((Value::Integer(high), high_in))) => {
                low.saturating_add(i64::from(!low_in)) <= high.saturating_sub(i64::from(!high_in))
            }
            (Some((low, low_in)), Some((high, high_in))) => low < high || (low == high && low_in && high_in),
            _ => true,
        }
    }

    /// Whether a value passes a test; `None` when that cannot be told here.
    fn holds(&self, test: &Test, value: &Value) -> Option<bool> {
        match test {
            Test::OneOf(values) => Some(values.contains(value)),
            Test::InList(list) => {
                let listed = self.draft.lists.get(list.0)?.entries.iter().any(|entry| entry.value == *value);
                // An entry may hold for a time only.
                if listed { None } else { Some(false) }
            }
            Test::Compare(comparison, limit) => {
                if !matches!(value, Value::Integer(_) | Value::Decimal(_) | Value::Date(_)) {
                    return None;
                }
                Some(match comparison {
                    Comparison::AtLeast => value >= limit,
                    Comparison::AtMost => value <= limit,
                    Comparison::MoreThan => value > limit,
                    Comparison::LessThan => value < limit,
                    Comparison::Equal => value == limit,
                })
            }
            Test::Not(inner) => self.holds(inner, value).map(|holds| !holds),
            Test::All(tests) => {
                let results: Vec<Option<bool>> = tests.iter().map(|test| self.holds(test, value)).collect();
                if results.contains(&Some(false)) {
                    return Some(false);
                }
                results.iter().all(|r| *r == Some(true)).then_some(true)
            }
            Test::Present(wanted) | Test::Known(wanted) => Some(*wanted),
            Test::CompareTable(..) | Test::AnyOf(_) | Test::AllOf(_) | Test::NoneOf(_) => None,
        }
    }
}

/// Of two bounds on one side the one that leaves less.
fn tighter(known: Option<(Value, bool)>, new: (Value, bool), is_upper: bool) -> (Value, bool) {
    let Some(known) = known else { return new };
    let new_is_tighter = match new.0.cmp(&known.0) {
        std::cmp::Ordering::Equal => !new.1,
        order => order.is_lt() == is_upper,
    };
    if new_is_tighter { new } else { known }
}

fn some_set(tests: &[Wanted<'_>]) -> bool {
    let none: BTreeSet<&Value> = tests
        .iter()
        .filter_map(|(test, _)| match test {
            Test::NoneOf(values) => Some(values),
            _ => None,
        })
        .flatten()
        .collect();
    tests.iter().all(|(test, _)| match test {
        Test::AllOf(values) => values.iter().all(|value| !none.contains(value)),
        Test::AnyOf(values) => values.iter().any(|value| !none.contains(value)),
        _ => true,
    })
}
