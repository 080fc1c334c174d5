//! Which values are worth trying for a fact: those that the rules themselves tell apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::bundle::checked::{Bundle, Condition, Effect, Effective, Expression, FactIx, Kind, Operand, TableIx, Test};
use crate::decide::facts::{Facts, State};
use crate::model::time::Timestamp;
use crate::model::value::{Type, Value};

use super::changes::NewValue;
use super::{cited, depends};

/// The most values that are tried for one fact.
pub const MOST_VALUES: usize = 32;

/// What the rules of a kind say about the values of each fact.
#[derive(Default)]
pub struct Mentions {
    /// Values, members of sets, and bounds.
    values: BTreeMap<FactIx, BTreeSet<Value>>,
    /// Bounds of facts that are ordered.
    bounds: BTreeMap<FactIx, BTreeSet<Value>>,
    /// Facts that one script reads together.
    together: Vec<BTreeSet<FactIx>>,
}

impl Mentions {
    /// Reads the rules of a kind.
    pub fn of(bundle: &Bundle, kind: &Kind, facts: &Facts) -> Self {
        let mut out = Self::default();
        for rule in bundle.rules_of(kind) {
            rule.effective.iter().for_each(|period| out.period(period));
            out.condition(bundle, &rule.when);
            if let Effect::Ask(needed, _) = &rule.effect {
                out.condition(bundle, needed);
            }
        }
        // What is said of a fact is said of the one it is taken from.
        for ix in kind.facts.keys() {
            let Some(source) = facts.taken_from(*ix) else { continue };
            for map in [&mut out.values, &mut out.bounds] {
                let said = map.get(ix).cloned().unwrap_or_default();
                map.entry(source).or_default().extend(said);
            }
        }
        out
    }

    fn condition(&mut self, bundle: &Bundle, condition: &Condition) {
        cited::tests(condition, &mut |fact, test| self.test(bundle, fact, test));
        cited::scripts(condition, &mut |expression| self.script(bundle, expression));
    }

    fn test(&mut self, bundle: &Bundle, fact: FactIx, test: &Test) {
        match test {
            Test::OneOf(values) | Test::AnyOf(values) | Test::AllOf(values) | Test::NoneOf(values) => {
                self.values.entry(fact).or_default().extend(values.iter().cloned());
            }
            Test::InList(list) => {
                let entries = bundle.lists.get(list.0).map(|list| list.entries.as_slice()).unwrap_or_default();
                self.values.entry(fact).or_default().extend(entries.iter().map(|entry| entry.value.clone()));
                entries.iter().filter_map(|entry| entry.effective.as_ref()).for_each(|period| self.period(period));
            }
            Test::Compare(_, limit) => {
                self.bounds.entry(fact).or_default().insert(limit.clone());
            }
            Test::CompareTable(_, table, column) => {
                let rows = bundle.tables.get(table.0).map(|table| table.rows.as_slice()).unwrap_or_default();
                let cells = rows.iter().filter_map(|row| row.values.get(*column).cloned());
                self.bounds.entry(fact).or_default().extend(cells);
                self.table(bundle, *table);
            }
            Test::Not(inner) => self.test(bundle, fact, inner),
            Test::All(tests) => tests.iter().for_each(|test| self.test(bundle, fact, test)),
            Test::Present(_) | Test::Known(_) => {}
        }
    }

    fn table(&mut self, bundle: &Bundle, table: TableIx) {
        let rows = bundle.tables.get(table.0).map(|table| table.rows.as_slice()).unwrap_or_default();
        for row in rows {
            row.effective.iter().for_each(|period| self.period(period));
            for (fact, test) in &row.tests {
                // The tests of rows do not look up tables themselves.
                if !matches!(test, Test::CompareTable(..)) {
                    self.test(bundle, *fact, test);
                }
            }
        }
    }

    fn script(&mut self, bundle: &Bundle, expression: &Expression) {
        let Expression::Script { reads, .. } = expression else { return };
        let fact = |operand: &Operand| if let Operand::Fact(ix) = operand { Some(*ix) } else { None };
        self.together.push(reads.iter().filter_map(fact).collect());
        for operand in reads {
            if let Operand::Cell(table, _) = operand {
                self.table(bundle, *table);
            }
        }
    }

    fn period(&mut self, period: &Effective) {
        let bounds = self.bounds.entry(period.dated_by).or_default();
        bounds.extend([period.from, period.until].into_iter().flatten().map(Value::Timestamp));
    }

    /// The values of a fact of the request that are worth trying, at most [`MOST_VALUES`], without its present one.
    pub fn values(&self, bundle: &Bundle, kind: &Kind, facts: &Facts, ix: FactIx) -> Vec<NewValue> {
        let Some(fact) = bundle.fact(ix) else { return Vec::new() };
        let mut found: Vec<NewValue> = match &fact.type_ {
            // To add to a private set, or to take from it, is to show it.
            Type::Set(_) if bundle.is_private(ix) => Vec::new(),
            Type::Boolean => [true, false].map(|b| NewValue::exactly(Value::Boolean(b))).into(),
            Type::Set(_) => self.sets(facts, ix),
            Type::Symbol(domain) => self.symbols(bundle, kind, ix, domain),
            Type::Text | Type::Currency => self.texts(bundle, facts, ix, &fact.type_, &fact.path),
            Type::Integer | Type::Decimal | Type::Date | Type::Timestamp | Type::Duration => {
                self.ordered(bundle, facts, ix, &fact.type_)
            }
        };
        let allowed = kind.facts.get(&ix).and_then(|fact| fact.values.as_ref());
        found.retain(|new| {
            *facts.state(ix) != State::Known(new.value.clone())
                && fact.minimum.as_ref().is_none_or(|minimum| new.value >= *minimum)
                && allowed.is_none_or(|allowed| allowed.contains(&new.value))
        });
        let mut seen = BTreeSet::new();
        found.retain(|new| seen.insert(new.value.clone()));
        found.truncate(MOST_VALUES);
        found
    }

    fn mentioned(&self, ix: FactIx) -> impl Iterator<Item = &Value> {
        self.values.get(&ix).into_iter().flatten()
    }

    /// The present members with one more, with all that are named, and with one less.
    fn sets(&self, facts: &Facts, ix: FactIx) -> Vec<NewValue> {
        let now = match facts.state(ix) {
            State::Known(Value::Set(items)) => items.clone(),
            _ => BTreeSet::new(),
        };
        let with = |member: &Value| now.iter().chain([member]).cloned().collect();
        let without = |member: &Value| now.iter().filter(|item| *item != member).cloned().collect();
        let more = self.mentioned(ix).filter(|member| !now.contains(member)).map(with);
        let less = self.mentioned(ix).filter(|member| now.contains(member)).map(without);
        let all = now.iter().chain(self.mentioned(ix)).cloned().collect();
        more.chain(less).chain([all]).map(|items| NewValue::exactly(Value::Set(items))).collect()
    }

    /// All codes where these are few, else those that the rules name and one that they do not.
    fn symbols(&self, bundle: &Bundle, kind: &Kind, ix: FactIx, domain: &str) -> Vec<NewValue> {
        let mut values: Vec<Value> = self.mentioned(ix).cloned().collect();
        let codes = bundle.domains.get(domain).into_iter().flat_map(|domain| domain.codes());
        let all: Vec<Value> = match kind.facts.get(&ix).and_then(|fact| fact.values.as_ref()) {
            Some(allowed) => allowed.iter().cloned().collect(),
            None => codes.map(|code| Value::Symbol(Arc::clone(code))).collect(),
        };
        let other = all.iter().find(|value| !values.contains(value)).cloned();
        values.extend(if all.len() > MOST_VALUES { other.into_iter().collect() } else { all });
        values.into_iter().map(NewValue::exactly).collect()
    }

    /// What the rules name, what facts have that a script reads together with this one, or any text at all.
    fn texts(&self, bundle: &Bundle, facts: &Facts, ix: FactIx, type_: &Type, path: &str) -> Vec<NewValue> {
        let mut values: Vec<NewValue> = self.mentioned(ix).cloned().map(NewValue::exactly).collect();
        let texts = self.neighbours(facts, ix).filter(|(_, value)| matches!(value, Value::Text(_)));
        values.extend(texts.map(|(other, value)| NewValue {
            same_as: bundle.is_private(other).then(|| bundle.path(other)),
            ..NewValue::exactly(value)
        }));
        let given = matches!(facts.state(ix), State::Known(_));
        if !given && self.mentioned(ix).next().is_none() && *type_ == Type::Text {
            values.push(NewValue { value: Value::Text(format!("<{path}>").into()), any: true, same_as: None });
        }
        values
    }

    fn neighbours(&self, facts: &Facts, ix: FactIx) -> impl Iterator<Item = (FactIx, Value)> {
        let others = self.together.iter().filter(move |group| group.contains(&ix)).flatten();
        others.filter(move |other| **other != ix).filter_map(|other| match facts.state(*other) {
            State::Known(value) => Some((*other, value.clone())),
            _ => None,
        })
    }

    /// On both sides of each bound, and on it; the values of neighbours; for a date that is not given, the present day.
    fn ordered(&self, bundle: &Bundle, facts: &Facts, ix: FactIx, type_: &Type) -> Vec<NewValue> {
        let same = |value: &Value| std::mem::discriminant(value) == std::mem::discriminant(&example(type_, facts));
        let mut values: Vec<Value> = Vec::new();
        for bound in self.bounds.get(&ix).into_iter().flatten().chain(self.mentioned(ix)) {
            values.extend(around(bound, type_));
        }
        values.extend(self.neighbours(facts, ix).map(|(_, value)| value).filter(same));
        values.extend(self.shifted(bundle, facts, ix));
        let free = values.is_empty();
        if !matches!(facts.state(ix), State::Known(_)) {
            values.push(example(type_, facts));
        }
        values.into_iter().map(|value| NewValue { value, any: free, same_as: None }).collect()
    }

    /// For each number that is derived from this fact and has bounds: the fact moved by what is between them.
    fn shifted(&self, bundle: &Bundle, facts: &Facts, ix: FactIx) -> Vec<Value> {
        let State::Known(now) = facts.state(ix) else { return Vec::new() };
        let mut out = Vec::new();
        for (derived, bounds) in &self.bounds {
            let State::Known(Value::Integer(value)) = facts.state(*derived) else { continue };
            if derived == &ix || !depends::bases(bundle, facts, *derived).contains(&ix) {
                continue;
            }
            for bound in bounds {
                let Value::Integer(bound) = bound else { continue };
                let gap = bound.saturating_sub(*value);
                for step in [gap, gap.saturating_add(1), gap.saturating_sub(1)] {
                    out.extend([step, step.saturating_neg()].into_iter().filter_map(|step| moved(now, step)));
                }
            }
        }
        out
    }

    /// Moments after (or before) the decision time at which a rule may stand differently, nearest first.
    pub fn moments(&self, bundle: &Bundle, facts: &Facts, at: FactIx, later: bool) -> Vec<Timestamp> {
        let State::Known(Value::Timestamp(now)) = facts.state(at) else { return Vec::new() };
        let bounds = self.bounds.get(&at).into_iter().flatten().cloned();
        let instants = bounds.chain(self.shifted(bundle, facts, at)).filter_map(|value| match value {
            Value::Timestamp(instant) => Some(instant),
            _ => None,
        });
        // At the end of a period, the day before is the last one inside.
        let days = instants.flat_map(|instant| [Some(instant), instant.plus_days(-1), instant.plus_days(1)]);
        let on_that_side = |instant: &Timestamp| if later { instant.is_after(*now) } else { now.is_after(*instant) };
        let mut moments: Vec<Timestamp> = days
            .flatten()
            .map(|instant| if later { instant.date().start() } else { instant })
            .filter(on_that_side)
            .collect();
        moments.sort();
        moments.dedup();
        if !later {
            moments.reverse();
        }
        moments.truncate(MOST_VALUES);
        moments
    }
}

fn around(bound: &Value, type_: &Type) -> Vec<Value> {
    let mut out = vec![bound.clone()];
    match (bound, type_) {
        (Value::Timestamp(instant), Type::Date) => out = vec![Value::Date(instant.date())],
        (Value::Decimal(limit), _) => {
            let step = Decimal::new(1, limit.scale().max(2));
            let near = [limit.checked_add(step), limit.checked_sub(step)];
            out.extend(near.into_iter().flatten().map(Value::Decimal));
        }
        _ => {}
    }
    let near: Vec<Value> = out.iter().flat_map(|value| [moved(value, 1), moved(value, -1)]).flatten().collect();
    out.extend(near);
    out
}

/// A number, date or instant moved by whole steps (days).
fn moved(value: &Value, step: i64) -> Option<Value> {
    match value {
        Value::Integer(number) => number.checked_add(step).map(Value::Integer),
        Value::Date(date) => date.plus_days(step).map(Value::Date),
        Value::Timestamp(instant) => instant.plus_days(step).map(Value::Timestamp),
        _ => None,
    }
}

/// A value of a type that has an order: the decision's day for dates, one for numbers.
fn example(type_: &Type, facts: &Facts) -> Value {
    let now = match facts.state(FactIx(0)) {
        State::Known(Value::Timestamp(now)) => Some(*now),
        _ => None,
    };
    match (type_, now) {
        (Type::Date, Some(now)) => Value::Date(now.date()),
        (Type::Timestamp, Some(now)) => Value::Timestamp(now),
        (Type::Duration, _) => Value::Duration(crate::model::time::Duration { months: 12, days: 0, seconds: 0 }),
        (Type::Decimal, _) => Value::Decimal(Decimal::ONE),
        _ => Value::Integer(1),
    }
}
