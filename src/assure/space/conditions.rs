//! Conditions → diagrams of their truth. What [`crate::decide::evaluate`] does for one request, for all at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bundle::checked::{Condition, Effective, Expression, FactIx, Operand, Retired, TableIx, Test};
use crate::decide::evaluate::{Truth, compare, holds_at, passes};
use crate::decide::facts::State;
use crate::model::value::{Type, Value};

use super::atoms::Atom;
use super::mdd::truth::{FAILED, FALSE, TRUE, UNKNOWN};
use super::mdd::{Id, Op};
use super::table::{Found, found};
use super::variables::failure;
use super::{Plan, Space, Truths};

/// What is known of an operand: its value or absence, nothing yet, a failure, or no row of a table.
pub(super) mod status {
    use super::super::mdd::Id;
    pub const KNOWN: Id = Id::leaf(0);
    pub const OPEN: Id = Id::leaf(1);
    pub const FAILED: Id = Id::leaf(2);
    pub const NO_ROW: Id = Id::leaf(3);
}

fn holds(is: bool) -> Id {
    if is { TRUE } else { FALSE }
}

fn of_truth(truth: &Truth) -> Id {
    match truth {
        Truth::True => TRUE,
        Truth::False => FALSE,
        Truth::Unknown(_) => UNKNOWN,
        Truth::Failed(_) => FAILED,
    }
}

type OnState<'f, 'e> = &'f mut dyn FnMut(&mut Space<'e>, &State) -> Id;

impl<'e> Space<'e> {
    /// The truth of a condition.
    pub fn condition(&mut self, side: usize, condition: &Condition) -> Id {
        match condition {
            Condition::All(parts) => {
                let parts = parts.iter().map(|part| self.condition(side, part)).collect();
                self.mdd.fold(Op::All, parts, TRUE)
            }
            Condition::Any(parts) => {
                let parts = parts.iter().map(|part| self.condition(side, part)).collect();
                self.mdd.fold(Op::Max, parts, FALSE)
            }
            Condition::Not(inner) => {
                let inner = self.condition(side, inner);
                self.mdd.negate(inner)
            }
            Condition::Setting(name, wanted, _) => self.setting(side, name, wanted),
            Condition::Fact(fact, test, _) => self.test(side, *fact, test),
            Condition::Script(expression, _) => self.script(side, expression),
        }
    }

    /// Whether something with these periods applies.
    pub fn applies(&mut self, side: usize, periods: &[Effective], retired: &[Retired]) -> Id {
        let mut parts: Vec<Id> = periods.iter().map(|period| self.in_force(side, period)).collect();
        for retired in retired {
            parts.push(match &retired.effective {
                Some(period) => {
                    let holds = self.in_force(side, period);
                    self.mdd.negate(holds)
                }
                None => FALSE,
            });
        }
        self.mdd.fold(Op::All, parts, TRUE)
    }

    fn in_force(&mut self, side: usize, period: &Effective) -> Id {
        self.on_state(side, period.dated_by, &mut |_, state| of_truth(&holds_at(state, period)))
    }

    fn setting(&mut self, side: usize, name: &str, wanted: &BTreeSet<Value>) -> Id {
        let bundle = match self.sides.get(side) {
            Some(side) => side.bundle,
            None => return FALSE,
        };
        let Some(setting) = bundle.settings.get(name) else { return FALSE };
        let mut out = holds(wanted.contains(&setting.value));
        for (value, period) in setting.dated.iter().rev() {
            let in_force = self.in_force(side, period);
            let (yes, no) = (self.mdd.is(in_force, TRUE), self.mdd.is(in_force, FALSE));
            let rest = self.mdd.choose(no, out, in_force);
            out = self.mdd.choose(yes, holds(wanted.contains(value)), rest);
        }
        out
    }

    /// Leads each state of a fact where `f` says.
    fn on_state(&mut self, side: usize, ix: FactIx, f: OnState<'_, 'e>) -> Id {
        let Some(on) = self.sides.get(side).copied() else { return FALSE };
        let Some(fact) = on.bundle.fact(ix) else { return FALSE };
        if let Some(plan) = self.plan(side, ix).cloned() {
            let reads = fact.derived.as_ref().map(|derived| derived.reads.as_slice()).unwrap_or_default();
            let status = self.status(side, reads);
            let known = match plan {
                Plan::Constant(Some(value)) => f(self, &State::Known(value)),
                Plan::Constant(None) => f(self, &State::Absent),
                Plan::Alias(read) => self.on_state(side, read, f),
                Plan::Own(name) => self.on_class(side, &name, f),
            };
            let open = f(self, &State::Missing(BTreeSet::new()));
            let failed = f(self, &State::Failed(failure()));
            let absent = f(self, &State::Absent);
            let is_open = self.mdd.is(status, status::OPEN);
            let is_failed = self.mdd.is(status, status::FAILED);
            let is_known = self.mdd.is(status, status::KNOWN);
            let rest = self.mdd.choose(is_failed, failed, absent);
            let rest = self.mdd.choose(is_open, open, rest);
            return self.mdd.choose(is_known, known, rest);
        }
        let path = fact.path.clone();
        self.on_class(side, &path, f)
    }

    fn on_class(&mut self, side: usize, name: &str, f: OnState<'_, 'e>) -> Id {
        let Some(at) = self.var(name) else { return FALSE };
        let Some(classes) = self.vars.get(at).map(|var| Arc::clone(&var.classes)) else { return FALSE };
        let mut below = Vec::with_capacity(classes.len());
        for class in classes.iter() {
            below.push(match class.states.get(side).and_then(Option::as_ref) {
                Some(state) => f(self, state),
                None => match self.source_of(side, name) {
                    Some(source) => self.on_state(side, source, f),
                    None => FALSE,
                },
            });
        }
        self.by_class(at, &below)
    }

    /// The fact from which this one is taken where it is not given.
    fn source_of(&self, side: usize, path: &str) -> Option<FactIx> {
        let side = self.sides.get(side)?;
        match side.kind.facts.get(&side.bundle.fact_at(path)?)?.absence {
            crate::bundle::checked::Absence::From(source) => Some(source),
            _ => None,
        }
    }

    /// A diagram that goes on, for each class of a variable, with another diagram.
    pub fn by_class(&mut self, var: usize, below: &[Id]) -> Id {
        let var = u32::try_from(var).unwrap_or(u32::MAX);
        if below.iter().all(|id| self.mdd.var(*id).is_none_or(|own| own > var)) {
            return self.mdd.leaves(var, below.iter().copied());
        }
        let distinct: BTreeSet<Id> = below.iter().copied().collect();
        let mut out = FALSE;
        for id in distinct {
            let region = self.mdd.leaves(var, below.iter().map(|one| Id::leaf(u32::from(*one == id))));
            out = self.mdd.choose(region, id, out);
        }
        out
    }

    /// The truth of a test of a fact.
    pub fn test(&mut self, side: usize, fact: FactIx, test: &Test) -> Id {
        if let Test::All(tests) = test {
            let parts = tests.iter().map(|test| self.test(side, fact, test)).collect();
            return self.mdd.fold(Op::All, parts, TRUE);
        }
        let is_set = self.sides.get(side).is_some_and(|side| side.is_set(fact));
        if is_set {
            return self.test_set(side, fact, test);
        }
        self.quick_test(side, fact, test)
            .unwrap_or_else(|| self.on_state(side, fact, &mut |space, state| space.test_state(side, state, test)))
    }

    /// The truth of a test of a fact that the request states, without looking at each of its classes.
    fn quick_test(&mut self, side: usize, fact: FactIx, test: &Test) -> Option<Id> {
        if self.plan(side, fact).is_some() {
            return None;
        }
        let path = self.sides.get(side)?.bundle.path(fact);
        let at = self.var(&path)?;
        let var = self.vars.get(at)?.clone();
        let passing = var.passing(test)?;
        let odd = var.odd(side);
        let count = var.classes.len();
        let mut ends: BTreeSet<usize> = passing.iter().flat_map(|(from, upto)| [*from, *upto]).collect();
        ends.extend(odd.iter().flat_map(|at| [*at, at.saturating_add(1)]));
        ends.insert(count);
        ends.remove(&0);
        let (mut runs, mut start, mut ahead) = (Vec::with_capacity(ends.len()), 0, passing.iter().peekable());
        let number = u32::try_from(at).ok()?;
        for end in ends {
            while ahead.next_if(|(_, upto)| *upto <= start).is_some() {}
            let below = if odd.binary_search(&start).is_ok() {
                let states = &var.classes.get(start)?.states;
                match states.get(side).and_then(Option::as_ref) {
                    Some(state) => self.test_state(side, state, test),
                    None => {
                        let source = self.source_of(side, &path)?;
                        self.on_state(side, source, &mut |space, state| space.test_state(side, state, test))
                    }
                }
            } else {
                holds(ahead.peek().is_some_and(|(from, upto)| *from <= start && start < *upto))
            };
            if self.mdd.var(below).is_some_and(|own| own <= number) {
                return None;
            }
            runs.push((u32::try_from(end).ok()?, below));
            start = end;
        }
        Some(self.mdd.make(number, runs))
    }

    /// How a derived fact comes about.
    pub(in crate::assure) fn plan(&self, side: usize, ix: FactIx) -> Option<&Plan> {
        self.plans.get(&(side, ix))
    }

    fn test_state(&mut self, side: usize, state: &State, test: &Test) -> Id {
        match (state, test) {
            (_, Test::All(tests)) => {
                let parts = tests.iter().map(|test| self.test_state(side, state, test)).collect();
                self.mdd.fold(Op::All, parts, TRUE)
            }
            (State::Absent, Test::Present(wanted)) => holds(!wanted),
            (State::Absent, _) => FALSE,
            (State::Unrecognised(..) | State::Other(_), Test::Known(wanted)) => holds(!wanted),
            (State::Unrecognised(..) | State::Other(_), Test::Present(wanted)) => holds(*wanted),
            (State::Known(_) | State::Unrecognised(..) | State::Other(_), Test::Not(inner)) => {
                let inner = self.test_state(side, state, inner);
                self.mdd.negate(inner)
            }
            (State::Missing(_) | State::Unrecognised(..), Test::CompareTable(_, table, _)) => {
                let cell = self.cell(side, *table);
                self.mdd.relabel(cell, &mut |number| match found(number) {
                    Found::None => FALSE,
                    Found::Open | Found::Row(_) | Found::Failed => UNKNOWN,
                })
            }
            (State::Failed(_), Test::CompareTable(_, table, _)) => {
                let cell = self.cell(side, *table);
                self.mdd.relabel(cell, &mut |number| match found(number) {
                    Found::None => FALSE,
                    Found::Open => UNKNOWN,
                    Found::Row(_) | Found::Failed => FAILED,
                })
            }
            (State::Missing(_) | State::Unrecognised(..), _) => UNKNOWN,
            (State::Failed(_), _) => FAILED,
            (State::Other(_), _) => FALSE,
            (State::Known(_), Test::Known(wanted) | Test::Present(wanted)) => holds(*wanted),
            (State::Known(value), Test::CompareTable(comparison, table, column)) => {
                let cell = self.cell(side, *table);
                let rows = self.sides.get(side).and_then(|side| side.bundle.tables.get(table.0));
                let rows = rows.map(|table| table.rows.as_slice()).unwrap_or_default();
                self.mdd.relabel(cell, &mut |number| match found(number) {
                    Found::None => FALSE,
                    Found::Open => UNKNOWN,
                    Found::Failed => FAILED,
                    Found::Row(at) => {
                        let cell = rows.get(at).and_then(|row| row.values.get(*column));
                        holds(cell.is_some_and(|cell| compare(*comparison, value, cell)))
                    }
                })
            }
            (State::Known(value), Test::InList(list)) => {
                let Some(on) = self.sides.get(side).copied() else { return FALSE };
                let Some(list) = on.bundle.lists.get(list.0) else { return FALSE };
                let same = list.entries.iter().filter(|entry| entry.value == *value);
                let same = same.map(|entry| self.applies(side, entry.effective.as_slice(), &entry.retired)).collect();
                self.mdd.fold(Op::Max, same, FALSE)
            }
            (State::Known(value), test) => holds(passes(value, test)),
        }
    }

    /// A test of a set: each member that some rule looks for is a variable.
    fn test_set(&mut self, side: usize, fact: FactIx, test: &Test) -> Id {
        let Some(path) = self.sides.get(side).map(|side| side.bundle.path(fact)) else { return FALSE };
        let given = self.var(&path).and_then(|at| self.vars.get(at)).and_then(|var| var.class_with(&Atom::Rest));
        // The empty set stands for every set that is given; its members are asked for below.
        let plain = self.on_state(side, fact, &mut |space, state| space.test_state(side, state, test));
        let (Some(at), Some(given)) = (self.var(&path), given) else { return plain };
        let members = self.members_test(&path, test);
        let classes = self.vars.get(at).map_or(0, |var| var.classes.len());
        let var = u32::try_from(at).unwrap_or(u32::MAX);
        let is_given = self.mdd.leaves(var, (0..classes).map(|class| Id::leaf(u32::from(class == given))));
        self.mdd.choose(is_given, members, plain)
    }

    fn members_test(&mut self, path: &Arc<str>, test: &Test) -> Id {
        let member = |space: &mut Self, value: &Value| {
            let at = space.members.get(&(path.clone(), value.clone())).copied();
            at.map_or(FALSE, |at| space.mdd.leaves(u32::try_from(at).unwrap_or(u32::MAX), [FALSE, TRUE]))
        };
        match test {
            Test::Not(inner) => {
                let inner = self.members_test(path, inner);
                self.mdd.negate(inner)
            }
            Test::All(tests) => {
                let parts = tests.iter().map(|test| self.members_test(path, test)).collect();
                self.mdd.fold(Op::All, parts, TRUE)
            }
            Test::AnyOf(values) | Test::NoneOf(values) => {
                let parts = values.iter().map(|value| member(self, value)).collect();
                let any = self.mdd.fold(Op::Max, parts, FALSE);
                if matches!(test, Test::NoneOf(_)) { self.mdd.negate(any) } else { any }
            }
            Test::AllOf(values) => {
                let parts = values.iter().map(|value| member(self, value)).collect();
                self.mdd.fold(Op::All, parts, TRUE)
            }
            Test::Known(wanted) | Test::Present(wanted) => holds(*wanted),
            _ => FALSE,
        }
    }

    /// What looking up a table ends in, as numbers of `table`.
    pub fn cell(&mut self, side: usize, table: TableIx) -> Id {
        if let Some(known) = self.cells.get(&(side, table)) {
            return *known;
        }
        let rows = self.sides.get(side).and_then(|side| side.bundle.tables.get(table.0));
        let rows = rows.map(|table| table.rows.as_slice()).unwrap_or_default();
        let mut state = Id::leaf(super::table::NONE);
        for (at, row) in rows.iter().enumerate() {
            let truth = self.row(side, row);
            state = self.mdd.apply(Op::Row(u32::try_from(at).unwrap_or(u32::MAX)), state, truth);
        }
        self.cells.insert((side, table), state);
        state
    }

    /// Whether some rule of the kind looks a table up.
    #[must_use]
    pub fn looks_up(&self, side: usize, table: TableIx) -> bool {
        self.cells.contains_key(&(side, table))
    }

    /// Whether a row applies.
    pub fn row(&mut self, side: usize, row: &crate::bundle::checked::Row) -> Id {
        let mut parts: Vec<Id> = row.tests.iter().map(|(fact, test)| self.test(side, *fact, test)).collect();
        parts.push(self.applies(side, row.effective.as_slice(), &row.retired));
        self.mdd.fold(Op::All, parts, TRUE)
    }

    /// What is known of what a script reads, all together.
    pub(super) fn status(&mut self, side: usize, reads: &[Operand]) -> Id {
        let mut parts = Vec::new();
        for operand in reads {
            parts.push(match operand {
                Operand::Fact(ix) => self.on_state(side, *ix, &mut |_, state| match state {
                    State::Known(_) | State::Absent => status::KNOWN,
                    State::Failed(_) => status::FAILED,
                    State::Missing(_) | State::Unrecognised(..) | State::Other(_) => status::OPEN,
                }),
                Operand::Cell(table, _) => {
                    let cell = self.cell(side, *table);
                    self.mdd.relabel(cell, &mut |number| match found(number) {
                        Found::None => status::NO_ROW,
                        Found::Open => status::OPEN,
                        Found::Failed => status::FAILED,
                        Found::Row(_) => status::KNOWN,
                    })
                }
                Operand::Setting(name) => self.setting_status(side, name),
            });
        }
        self.mdd.fold(Op::Max, parts, status::KNOWN)
    }

    fn setting_status(&mut self, side: usize, name: &str) -> Id {
        let setting = self.sides.get(side).and_then(|side| side.bundle.settings.get(name));
        let Some(dated) = setting.map(|setting| setting.dated.as_slice()) else { return status::KNOWN };
        let mut out = status::KNOWN;
        for (_, period) in dated.iter().rev() {
            let in_force = self.in_force(side, period);
            let (yes, no) = (self.mdd.is(in_force, TRUE), self.mdd.is(in_force, FALSE));
            let failed = self.mdd.is(in_force, FAILED);
            let open = self.mdd.choose(failed, status::FAILED, status::OPEN);
            let rest = self.mdd.choose(no, out, open);
            out = self.mdd.choose(yes, status::KNOWN, rest);
        }
        out
    }

    fn script(&mut self, side: usize, expression: &Expression) -> Id {
        let Expression::Script { script, reads, .. } = expression else { return FALSE };
        let Some(on) = self.sides.get(side).copied() else { return FALSE };
        let status = self.status(side, reads);
        let known = match on.truths(expression) {
            Truths::Constant(is) => holds(is),
            Truths::Comparisons(slots) => {
                let mut values: Vec<Option<Value>> = on.fixed(reads).into_iter().map(Option::flatten).collect();
                for (operand, value) in reads.iter().zip(&mut values) {
                    if let Operand::Fact(ix) = operand {
                        *value = self.any_value(side, *ix);
                    }
                }
                self.comparisons(side, script, reads, &slots, values)
            }
            Truths::Own(name) => match self.var(&name).and_then(|at| Some((at, self.vars.get(at)?.clone()))) {
                Some((at, var)) => {
                    let leaf = |atom: &Atom| match atom {
                        Atom::Truth(is) => holds(*is),
                        _ => FAILED,
                    };
                    let below: Vec<Id> = var.classes.iter().map(|class| leaf(&class.atom)).collect();
                    self.by_class(at, &below)
                }
                None => FAILED,
            },
        };
        let is_known = self.mdd.is(status, status::KNOWN);
        let is_open = self.mdd.is(status, status::OPEN);
        let is_failed = self.mdd.is(status, status::FAILED);
        let rest = self.mdd.choose(is_failed, FAILED, FALSE);
        let rest = self.mdd.choose(is_open, UNKNOWN, rest);
        self.mdd.choose(is_known, known, rest)
    }

    /// Some value of a fact, where it does not matter which.
    fn any_value(&self, side: usize, ix: FactIx) -> Option<Value> {
        let on = self.sides.get(side)?;
        let name = match self.plan(side, ix) {
            Some(Plan::Alias(read)) => return self.any_value(side, *read),
            Some(Plan::Own(name)) => Arc::clone(name),
            Some(Plan::Constant(value)) => return value.clone(),
            None => on.bundle.path(ix),
        };
        let is_set = matches!(on.bundle.fact(ix)?.type_, Type::Set(_));
        if is_set {
            return Some(Value::Set(BTreeSet::new()));
        }
        self.vars.get(self.var(&name)?)?.classes.iter().find_map(|class| class.value.clone())
    }

    /// Runs a script for each combination of the classes it compares.
    fn comparisons(
        &mut self,
        side: usize,
        script: &crate::script::Script,
        reads: &[Operand],
        slots: &[usize],
        values: Vec<Option<Value>>,
    ) -> Id {
        let Some((slot, rest)) = slots.split_first() else {
            return match script.evaluate_values(&values) {
                Ok(value) => holds(value == Some(Value::Boolean(true))),
                Err(_) => FAILED,
            };
        };
        let Some(Operand::Fact(ix)) = reads.get(*slot) else { return FAILED };
        self.on_state(side, *ix, &mut |space, state| {
            let value = match state {
                State::Known(value) => Some(value.clone()),
                State::Absent => None,
                _ => return FALSE,
            };
            let mut values = values.clone();
            if let Some(place) = values.get_mut(*slot) {
                *place = value;
            }
            space.comparisons(side, script, reads, rest, values)
        })
    }
}
