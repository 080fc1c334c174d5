//! The semantics, obviously: conditions in three values (and failure), rules one by one. The compiled program is judged
//! by this file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::failure::RuleFailure;
use crate::bundle::checked::{
    Bundle, Comparison, Condition, Effective, Expression, FactIx, Kind, ListIx, Operand, Retired, Row, Rule, RuleIx,
    TableIx, Test,
};
use crate::model::time::Timestamp;
use crate::model::value::Value;

use super::facts::{Facts, Operands, State, operands};

/// What a condition is, given what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It depends on facts that are not known.
    Unknown(BTreeSet<FactIx>),
    /// It could not be evaluated.
    Failed(RuleFailure),
}

impl Truth {
    fn from_bool(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            other => other,
        }
    }

    /// All hold: one that does not decides; then what is unknown; then a failure. What is unknown goes before a failure,
    /// because once known it may decide, and then nothing has failed.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::fold(parts, &Self::False, Self::True)
    }

    /// One holds: one that does decides; then what is unknown; then a failure.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::fold(parts, &Self::True, Self::False)
    }

    fn fold(parts: impl IntoIterator<Item = Self>, decisive: &Self, otherwise: Self) -> Self {
        let (mut unknown, mut failed) = (BTreeSet::new(), None);
        for part in parts {
            match part {
                Self::Unknown(facts) => unknown.extend(facts),
                Self::Failed(error) => failed = failed.or(Some(error)),
                truth if truth == *decisive => return truth,
                _ => {}
            }
        }
        match failed {
            _ if !unknown.is_empty() => Self::Unknown(unknown),
            Some(error) => Self::Failed(error),
            None => otherwise,
        }
    }
}

/// What evaluating a rule gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated {
    /// The rule.
    pub rule: RuleIx,
    /// Whether its condition holds.
    pub truth: Truth,
    /// For an `ask`: whether what it asks for is met, and by which facts not. One that is met asks for nothing, whatever
    /// its condition is.
    pub ask: Option<(Truth, BTreeSet<FactIx>)>,
    /// Its results; those that are not known are left out.
    pub results: BTreeMap<Arc<str>, Value>,
}

impl Evaluated {
    /// Whether the rule is an `ask` that is met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.ask.as_ref().is_some_and(|(met, _)| *met == Truth::True)
    }
}

/// Evaluates every rule of the kind.
pub fn evaluate(bundle: &Bundle, kind: &Kind, facts: &Facts) -> Vec<Evaluated> {
    kind.rules
        .iter()
        .filter_map(|ix| bundle.rules.get(ix.0).map(|rule| evaluate_rule(bundle, facts, *ix, rule)))
        .collect()
}

/// Evaluates a rule.
pub fn evaluate_rule(bundle: &Bundle, facts: &Facts, ix: RuleIx, rule: &Rule) -> Evaluated {
    use crate::bundle::checked::Effect;
    let in_force = applies(facts, &rule.effective, &rule.retired);
    let mut truth = Truth::all([in_force, evaluate_condition(bundle, facts, &rule.when)]);
    let mut ask = None;
    if let Effect::Ask(needed, _) = &rule.effect {
        let met = evaluate_condition(bundle, facts, needed);
        // It asks where it applies and is not met; only when that is certain to fail has the rule failed.
        match Truth::all([truth.clone(), met.clone().not()]) {
            Truth::Failed(error) => truth = Truth::Failed(error),
            open @ Truth::Unknown(_) if matches!(truth, Truth::Failed(_)) => truth = open,
            _ => {}
        }
        let unmet = if met == Truth::True { BTreeSet::new() } else { unmet_facts(bundle, facts, needed) };
        ask = Some((met, unmet));
    }
    let mut results = BTreeMap::new();
    if truth == Truth::True {
        for (name, expression) in &rule.results {
            match evaluate_expression(bundle, facts, expression) {
                Ok(Some(value)) => {
                    results.insert(Arc::clone(name), value);
                }
                Ok(None) => {}
                // An `ask` is no permit: it has nothing to lose by a result that cannot be computed.
                Err(_) if ask.is_some() => {}
                Err(error) => truth = Truth::Failed(error),
            }
        }
    }
    Evaluated { rule: ix, truth, ask, results }
}

/// The value of an expression; `None` when it is absent or not known.
pub fn evaluate_expression(
    bundle: &Bundle,
    facts: &Facts,
    expression: &Expression,
) -> Result<Option<Value>, RuleFailure> {
    match expression {
        Expression::Constant(value) => Ok(Some(value.clone())),
        Expression::Script { script, reads, .. } => match operands(bundle, facts, reads) {
            Operands::Known(values) => Ok(script.evaluate_values(&values)?),
            Operands::Unknown(_) | Operands::NoRow => Ok(None),
            Operands::Failed(error) => Err(error),
        },
    }
}

/// The truth of a condition.
pub fn evaluate_condition(bundle: &Bundle, facts: &Facts, condition: &Condition) -> Truth {
    match condition {
        Condition::All(parts) => Truth::all(parts.iter().map(|part| evaluate_condition(bundle, facts, part))),
        Condition::Any(parts) => Truth::any(parts.iter().map(|part| evaluate_condition(bundle, facts, part))),
        Condition::Not(inner) => evaluate_condition(bundle, facts, inner).not(),
        Condition::Setting(name, wanted, _) => setting_is(bundle, facts, name, wanted),
        Condition::Fact(fact, test, _) => evaluate_test(bundle, facts, *fact, test),
        Condition::Script(expression, _) => evaluate_script(bundle, facts, expression),
    }
}

/// The truth of a script.
pub fn evaluate_script(bundle: &Bundle, facts: &Facts, expression: &Expression) -> Truth {
    let Expression::Script { script, reads, .. } = expression else { return Truth::False };
    match operands(bundle, facts, reads) {
        Operands::NoRow => Truth::False,
        Operands::Known(values) => match script.evaluate_values(&values) {
            Ok(value) => Truth::from_bool(value == Some(Value::Boolean(true))),
            Err(error) => Truth::Failed(error.into()),
        },
        Operands::Unknown(unknown) => Truth::Unknown(unknown),
        Operands::Failed(error) => Truth::Failed(error),
    }
}

/// The truth of a test of a fact. A comparison with a table does not hold where no row can apply, whatever the fact is.
pub fn evaluate_test(bundle: &Bundle, facts: &Facts, fact: FactIx, test: &Test) -> Truth {
    if let Test::All(tests) = test {
        return Truth::all(tests.iter().map(|test| evaluate_test(bundle, facts, fact, test)));
    }
    match (facts.state(fact), test) {
        (State::Absent, Test::Present(wanted)) => Truth::from_bool(!wanted),
        (State::Absent, _) => Truth::False,
        (State::Missing(bases), _) => undetermined(bundle, facts, test, bases.clone()),
        (State::Failed(error), Test::CompareTable(_, table, _)) => match lookup(bundle, facts, *table) {
            Cell::None => Truth::False,
            Cell::Unknown(bases) => Truth::Unknown(bases),
            Cell::Row(_) | Cell::Failed(_) => Truth::Failed(error.clone()),
        },
        (State::Failed(error), _) => Truth::Failed(error.clone()),
        (State::Unrecognised(..) | State::Other(_), Test::Known(wanted)) => Truth::from_bool(!wanted),
        (State::Unrecognised(..) | State::Other(_), Test::Present(wanted)) => Truth::from_bool(*wanted),
        (State::Unrecognised(..) | State::Other(_), Test::Not(inner)) => {
            evaluate_test(bundle, facts, fact, inner).not()
        }
        (State::Unrecognised(..), _) => undetermined(bundle, facts, test, facts.bases(bundle, fact)),
        (State::Other(_), _) => Truth::False,
        (State::Known(_), Test::Known(wanted) | Test::Present(wanted)) => Truth::from_bool(*wanted),
        (State::Known(_), Test::Not(inner)) => evaluate_test(bundle, facts, fact, inner).not(),
        (State::Known(value), Test::CompareTable(comparison, table, column)) => match lookup(bundle, facts, *table) {
            Cell::None => Truth::False,
            Cell::Unknown(bases) => Truth::Unknown(bases),
            Cell::Failed(error) => Truth::Failed(error),
            Cell::Row(row) => Truth::from_bool(row.values.get(*column).is_some_and(|c| compare(*comparison, value, c))),
        },
        (State::Known(value), Test::InList(list)) => in_list(bundle, facts, *list, value),
        (State::Known(value), test) => Truth::from_bool(passes(value, test)),
    }
}

/// A test of a value that is not known waits for the value, and for what the table or the list waits for.
fn undetermined(bundle: &Bundle, facts: &Facts, test: &Test, mut bases: BTreeSet<FactIx>) -> Truth {
    if let Test::CompareTable(_, table, _) = test
        && matches!(lookup(bundle, facts, *table), Cell::None)
    {
        return Truth::False;
    }
    bases.extend(besides(bundle, facts, test));
    Truth::Unknown(bases)
}

/// The facts that a test waits for besides the one it tests.
fn besides(bundle: &Bundle, facts: &Facts, test: &Test) -> BTreeSet<FactIx> {
    match test {
        Test::CompareTable(_, table, _) => cell_waits_for(bundle, facts, *table),
        Test::InList(list) => {
            let entries = bundle.lists.get(list.0).map(|list| list.entries.as_slice()).unwrap_or_default();
            let periods = entries.iter().filter_map(|entry| entry.effective.as_ref());
            periods
                .filter_map(|period| if let Truth::Unknown(by) = in_force(facts, period) { Some(by) } else { None })
                .flatten()
                .collect()
        }
        Test::Not(inner) => besides(bundle, facts, inner),
        Test::All(tests) => tests.iter().flat_map(|test| besides(bundle, facts, test)).collect(),
        _ => BTreeSet::new(),
    }
}

fn cell_waits_for(bundle: &Bundle, facts: &Facts, table: TableIx) -> BTreeSet<FactIx> {
    match lookup(bundle, facts, table) {
        Cell::Unknown(bases) => bases,
        Cell::Row(_) | Cell::None | Cell::Failed(_) => BTreeSet::new(),
    }
}

/// Tests that need nothing but the value.
pub fn passes(value: &Value, test: &Test) -> bool {
    let members = |wanted: &BTreeSet<Value>| match value {
        Value::Set(items) => wanted.iter().filter(|item| items.contains(item)).count(),
        one => usize::from(wanted.contains(one)),
    };
    match test {
        Test::OneOf(values) => values.contains(value),
        Test::Compare(comparison, limit) => compare(*comparison, value, limit),
        Test::AnyOf(values) => members(values) > 0,
        Test::AllOf(values) => members(values) == values.len(),
        Test::NoneOf(values) => members(values) == 0,
        Test::InList(_) | Test::CompareTable(..) | Test::Present(_) | Test::Known(_) | Test::Not(_) | Test::All(_) => {
            false
        }
    }
}

/// Compares two values of one type.
pub fn compare(comparison: Comparison, value: &Value, limit: &Value) -> bool {
    match comparison {
        Comparison::AtLeast => value >= limit,
        Comparison::AtMost => value <= limit,
        Comparison::MoreThan => value > limit,
        Comparison::LessThan => value < limit,
        Comparison::Equal => value == limit,
    }
}

fn in_list(bundle: &Bundle, facts: &Facts, list: ListIx, value: &Value) -> Truth {
    let Some(list) = bundle.lists.get(list.0) else { return Truth::False };
    let same = list.entries.iter().filter(|entry| entry.value == *value);
    Truth::any(same.map(|entry| applies(facts, entry.effective.as_slice(), &entry.retired)))
}

/// Whether something with these periods applies: all of them hold, and no overlay holds that it is retired.
pub fn applies(facts: &Facts, periods: &[Effective], retired: &[Retired]) -> Truth {
    let effective = periods.iter().map(|period| in_force(facts, period));
    let retired = retired.iter().map(|retired| match &retired.effective {
        Some(period) => in_force(facts, period).not(),
        None => Truth::False,
    });
    Truth::all(effective.chain(retired))
}

/// The value of a setting: the first dated one that is in force, else the one without dates.
pub fn setting_value<'b>(bundle: &'b Bundle, facts: &Facts, name: &str) -> Result<Option<&'b Value>, Truth> {
    let Some(setting) = bundle.settings.get(name) else { return Ok(None) };
    for (value, period) in &setting.dated {
        match in_force(facts, period) {
            Truth::True => return Ok(Some(value)),
            Truth::False => {}
            open => return Err(open),
        }
    }
    Ok(Some(&setting.value))
}

fn setting_is(bundle: &Bundle, facts: &Facts, name: &str, wanted: &BTreeSet<Value>) -> Truth {
    match setting_value(bundle, facts, name) {
        Ok(value) => Truth::from_bool(value.is_some_and(|value| wanted.contains(value))),
        Err(open) => open,
    }
}

/// Whether a period holds at the fact that dates it.
pub fn in_force(facts: &Facts, period: &Effective) -> Truth {
    holds_at(facts.state(period.dated_by), period)
}

/// Whether a period holds at the state of the fact that dates it.
pub fn holds_at(state: &State, period: &Effective) -> Truth {
    let instant = match state {
        State::Known(Value::Timestamp(instant)) => *instant,
        State::Known(Value::Date(date)) => date.start(),
        State::Missing(bases) => return Truth::Unknown(bases.clone()),
        State::Failed(error) => return Truth::Failed(error.clone()),
        State::Known(_) | State::Absent | State::Unrecognised(..) | State::Other(_) => return Truth::False,
    };
    // One test for both ends, so that where one period ends the next begins, whatever was written as a whole day.
    let reached = |bound: Timestamp| instant.seconds_until(bound) <= 0 && !bound.is_after(instant);
    Truth::from_bool(period.from.is_none_or(reached) && !period.until.is_some_and(reached))
}

/// What a table gives.
pub enum Cell<'b> {
    /// The one row that applies.
    Row(&'b Row),
    /// No row applies.
    None,
    /// It depends on these facts.
    Unknown(BTreeSet<FactIx>),
    /// Two rows apply, or a row could not be evaluated.
    Failed(RuleFailure),
}

/// The row of a table that applies.
pub fn lookup<'b>(bundle: &'b Bundle, facts: &Facts, table: TableIx) -> Cell<'b> {
    let Some(table) = bundle.tables.get(table.0) else { return Cell::None };
    let (mut found, mut unknown) = (None, BTreeSet::new());
    for row in &table.rows {
        let tests = row.tests.iter().map(|(fact, test)| evaluate_test(bundle, facts, *fact, test));
        let in_force = applies(facts, row.effective.as_slice(), &row.retired);
        match Truth::all(tests.chain([in_force])) {
            Truth::True if found.is_some() => {
                return Cell::Failed(RuleFailure::TwoRows { table: Arc::clone(&table.name) });
            }
            Truth::True => found = Some(row),
            Truth::False => {}
            Truth::Unknown(bases) => unknown.extend(bases),
            Truth::Failed(error) => return Cell::Failed(error),
        }
    }
    match found {
        _ if !unknown.is_empty() => Cell::Unknown(unknown),
        Some(row) => Cell::Row(row),
        None => Cell::None,
    }
}

/// The facts because of which an `ask` is not met: those of every part that does not hold.
fn unmet_facts(bundle: &Bundle, facts: &Facts, condition: &Condition) -> BTreeSet<FactIx> {
    if evaluate_condition(bundle, facts, condition) == Truth::True {
        return BTreeSet::new();
    }
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().flat_map(|part| unmet_facts(bundle, facts, part)).collect()
        }
        Condition::Not(inner) => facts_of(bundle, facts, inner),
        other => facts_of(bundle, facts, other),
    }
}

fn facts_of(bundle: &Bundle, facts: &Facts, condition: &Condition) -> BTreeSet<FactIx> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().flat_map(|part| facts_of(bundle, facts, part)).collect()
        }
        Condition::Not(inner) => facts_of(bundle, facts, inner),
        Condition::Setting(..) => BTreeSet::new(),
        Condition::Fact(fact, test, _) => {
            let mut out = facts.bases(bundle, *fact);
            out.extend(besides(bundle, facts, test));
            out
        }
        Condition::Script(expression, _) => match &**expression {
            Expression::Constant(_) => BTreeSet::new(),
            Expression::Script { reads, .. } => reads
                .iter()
                .flat_map(|operand| match operand {
                    Operand::Fact(fact) => facts.bases(bundle, *fact),
                    Operand::Cell(table, _) => cell_waits_for(bundle, facts, *table),
                    Operand::Setting(_) => BTreeSet::new(),
                })
                .collect(),
        },
    }
}
