//! Predicates, derived facts and results: what has to be known before their scripts run, and the scripts.

use std::ops::RangeInclusive;

use crate::bundle::checked::Comparison;
use crate::script::{Datum, GiveUp, Tag};

use super::super::check::{Check, Predicate, Tri, by_state};
use super::super::program::{DerivedFact, ResultValue};
use super::super::run;
use super::super::slots::Slot;
use super::super::sources::{Compute, Gate};
use super::super::view::{Row, View};
use super::{Lower, Made};

impl Lower<'_> {
    /// The truth of a predicate.
    pub(super) fn ask(&self, at: u32, predicate: &Predicate) -> Made<Tri> {
        match predicate {
            Predicate::Script(compute) => {
                let truth = self.script_truth(self.graph.place(compute.root));
                self.gated(&compute.gate, move |view| truth.of(view).map(Tri::of), Tri::False, Tri::Open)
            }
            Predicate::Fact(local, Check::AnyRow(comparison, table, limit)) => {
                let Some(limit) = limit.datum() else { return Made::new(move |view| run::test(view, at)) };
                let (local, table, tag, range) = (*local, *table, limit.tag(), range(*comparison, limit.word()));
                Made::new(move |view| {
                    let fact = view.fact(local)?;
                    if fact.tag() != tag {
                        return run::test(view, at);
                    }
                    Ok(match view.row(table)? {
                        Row::Found(_) => Tri::of(range.contains(&fact.word())),
                        Row::None => Tri::False,
                        Row::Open | Row::Unread => Tri::Open,
                    })
                })
            }
            Predicate::Fact(local, Check::Compare(comparison, limit)) => {
                let Some(limit) = limit.datum() else { return Made::new(move |view| run::test(view, at)) };
                let (local, tag, range) = (*local, limit.tag(), range(*comparison, limit.word()));
                Made::new(move |view| match view.fact(local)? {
                    fact if fact.tag() == tag => Ok(Tri::of(range.contains(&fact.word()))),
                    _ => run::test(view, at),
                })
            }
            Predicate::Fact(local, Check::Is(wanted)) => {
                let (local, wanted) = (*local, *wanted);
                Made::new(move |view| match view.fact(local)? {
                    fact if fact == wanted => Ok(Tri::True),
                    fact if fact.is_known() => Ok(Tri::False),
                    fact => Ok(by_state(&Check::Is(wanted), fact)),
                })
            }
            Predicate::Fact(local, Check::AnyOf(bits)) => {
                let (local, bits) = (*local, *bits);
                Made::new(move |view| match view.fact(local)? {
                    fact if fact.tag() == Tag::Codes => Ok(Tri::of(fact.word().cast_unsigned() & bits != 0)),
                    _ => run::test(view, at),
                })
            }
            Predicate::Beyond => Made::new(|_| Err(GiveUp)),
            Predicate::Fact(..) | Predicate::InForce(..) | Predicate::Setting(_) => {
                Made::new(move |view| run::test(view, at))
            }
        }
    }

    /// A derived fact, by its number.
    pub(super) fn derived(&self, local: usize, derived: &DerivedFact) -> Made<Datum> {
        let gate = &derived.compute.gate;
        if let Some(copied) = derived.copy_of {
            return self.gated(gate, move |view| view.fact(copied), Datum::MISSING, Datum::MISSING);
        }
        let value = self.datum(self.graph.place(derived.compute.root));
        let coded = move |view: &mut View<'_>| match value.of(view)? {
            symbol if symbol.tag() == Tag::Symbol => {
                let table = &view.kind.table;
                let codes = table.codes_of(local).and_then(|at| table.codes.get(at)).ok_or(GiveUp)?;
                codes.position(view.scratch.text(symbol)?).map(Datum::code).ok_or(GiveUp)
            }
            value => Ok(value),
        };
        self.gated(gate, coded, Datum::ABSENT, Datum::MISSING)
    }

    /// A result; what is constant is not computed.
    pub(super) fn result(&self, value: &ResultValue) -> Made<Slot> {
        match value {
            ResultValue::Constant(_) | ResultValue::Beyond => Made::new(|_| Err(GiveUp)),
            ResultValue::Fact(local) => {
                let local = *local;
                Made::new(move |view| {
                    let known = Some(view.stated(local)).filter(|fact| fact.is_known());
                    known.map_or(Ok(Slot::Absent), |fact| super::super::fact::slot(fact, &view.scratch))
                })
            }
            ResultValue::Compute(Compute { root, gate, .. }) => {
                let value = self.slot(self.graph.place(*root));
                self.gated(gate, move |view| value.of(view), Slot::Absent, Slot::Absent)
            }
        }
    }

    /// What is computed once all is known that it needs.
    fn gated<T: Copy + Send + Sync + 'static>(
        &self,
        gate: &Gate,
        then: impl for<'r> Fn(&mut View<'r>) -> Result<T, GiveUp> + Send + Sync + 'static,
        no_row: T,
        open: T,
    ) -> Made<T> {
        if gate.needs_facts_only && gate.facts.is_empty() {
            return Made::new(then);
        }
        if gate.needs_facts_only && gate.facts.iter().all(|fact| *fact < self.stated) {
            let facts: Box<[usize]> = gate.facts.as_slice().into();
            return Made::new(move |view| {
                if facts.iter().any(|fact| view.stated(*fact).is_open()) { Ok(open) } else { then(view) }
            });
        }
        if gate.settings.is_empty() && gate.facts.iter().all(|fact| *fact < self.stated) {
            let (facts, rows): (Box<[usize]>, Box<[usize]>) =
                (gate.facts.as_slice().into(), gate.rows.as_slice().into());
            return Made::new(move |view| {
                let mut all = Tri::True;
                for table in &rows {
                    all = all.and(match view.row(*table)? {
                        Row::Found(_) => Tri::True,
                        Row::None => Tri::False,
                        Row::Open | Row::Unread => Tri::Open,
                    });
                }
                match all {
                    Tri::False => Ok(no_row),
                    Tri::True if !facts.iter().any(|fact| view.stated(*fact).is_open()) => then(view),
                    Tri::True | Tri::Open => Ok(open),
                }
            });
        }
        let gate = gate.clone();
        Made::new(move |view| match view.pass(&gate)? {
            Tri::True => then(view),
            Tri::False => Ok(no_row),
            Tri::Open => Ok(open),
        })
    }
}

/// The numbers that compare so with a limit of sixty bits.
fn range(comparison: Comparison, limit: i64) -> RangeInclusive<i64> {
    match comparison {
        Comparison::AtLeast => limit..=i64::MAX,
        Comparison::AtMost => i64::MIN..=limit,
        Comparison::MoreThan => limit.saturating_add(1)..=i64::MAX,
        Comparison::LessThan => i64::MIN..=limit.saturating_sub(1),
        Comparison::Equal => limit..=limit,
    }
}
