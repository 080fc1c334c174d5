//! Predicates, derived facts and results: what has to be known before their scripts run, and the scripts.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::script::{BinaryOp, Builtin, Datum, GiveUp, NodeIx, Op, Tag};

use super::super::check::{Check, Predicate, Tri, by_state};
use super::super::measures::{Measure, STATES, Scale, range};
use super::super::program::{DerivedFact, ResultValue};
use super::super::run;
use super::super::sources::{Compute, Gate};
use super::super::view::{Row, View};
use super::numbers::instant;
use super::ranges::{Source, intervals};
use super::results::{Computed, Passes, Tells};
use super::truths::facts_equal;
use super::{Lower, Made};

impl Lower<'_> {
    /// The truth of a predicate.
    pub(super) fn ask(&self, at: u32, predicate: &Predicate) -> Made<Tri> {
        match predicate {
            Predicate::Script(compute) => self.script(&compute.gate, self.graph.place(compute.root)),
            Predicate::Fact(local, Check::AnyRow(comparison, table, limit)) => {
                let Some(limit) = limit.datum() else { return Made::new(move |view| run::test(view, at)) };
                let (table, range) = (*table, range(*comparison, limit.word()));
                self.compared(at, *local, (limit.tag(), range), move |view, is_within| {
                    Ok(match view.row(table)? {
                        Row::Found(_) => Tri::of(is_within),
                        Row::None => Tri::False,
                        Row::Open => Tri::Open,
                    })
                })
            }
            Predicate::Fact(local, Check::Compare(comparison, limit)) => {
                let Some(limit) = limit.datum() else { return Made::new(move |view| run::test(view, at)) };
                let range = range(*comparison, limit.word());
                self.compared(at, *local, (limit.tag(), range), |_, is_within| Ok(Tri::of(is_within)))
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

    /// The truth of a script; comparisons of numbers, of instants and of facts are made where they are asked for.
    fn script(&self, gate: &Gate, root: NodeIx) -> Made<Tri> {
        match self.graph.op(root) {
            Some(Op::Integers(op, left, right)) if !op.is_arithmetic() => {
                if let Some(within) = self.within(*op, *left, *right) {
                    return self.gated(gate, move |view| within.of(view).map(Tri::of), Tri::False, Tri::Open);
                }
                let (op, left, right) = (*op, self.whole(*left), self.whole(*right));
                let orders = move |view: &mut View<'_>| Ok(Tri::of(op.orders(left.of(view)?.cmp(&right.of(view)?))));
                self.gated(gate, orders, Tri::False, Tri::Open)
            }
            Some(Op::Call(Builtin::IsAfter, first, second))
                if let (Some(first), Some(second)) = (self.fact(*first), self.fact(*second)) =>
            {
                let is_after = move |view: &mut View<'_>| {
                    let (first, second) = (instant(view.stated(first))?, instant(view.stated(second))?);
                    Ok(Tri::of(first.is_after(second)))
                };
                self.gated(gate, is_after, Tri::False, Tri::Open)
            }
            Some(Op::Binary(op @ (BinaryOp::Equal | BinaryOp::NotEqual), left, right))
                if let Some(facts) = self.fact(*left).zip(self.fact(*right)) =>
            {
                let wanted = *op == BinaryOp::Equal;
                let equals = move |view: &mut View<'_>| Ok(Tri::of(facts_equal(view, facts)? == wanted));
                self.gated(gate, equals, Tri::False, Tri::Open)
            }
            _ => {
                let truth = self.script_truth(root);
                self.gated(gate, move |view| truth.of(view).map(Tri::of), Tri::False, Tri::Open)
            }
        }
    }

    /// The truth of a predicate of a fact, by the fact's word; where it has none of this sort, it is tested.
    fn compared(
        &self,
        at: u32,
        local: usize,
        (tag, range): (Tag, RangeInclusive<i64>),
        then: impl for<'r> Fn(&mut View<'r>, bool) -> Result<Tri, GiveUp> + Send + Sync + 'static,
    ) -> Made<Tri> {
        if let Some((facts, source)) = self.number(local, tag) {
            let within = source.within(Some(range), true);
            return Made::new(move |view| {
                if view.waits(facts) {
                    return run::test(view, at);
                }
                let is_within = within.of(view)?;
                then(view, is_within)
            });
        }
        Made::new(move |view| match view.fact(local)? {
            fact if fact.tag() == tag => then(view, range.contains(&fact.word())),
            _ => run::test(view, at),
        })
    }

    /// The group of a fact that is measured.
    pub(super) fn measure(&self, measure: &Arc<Measure>) -> Made<u16> {
        let (fact, cuts) = (measure.fact, measure.scale.cuts());
        let Scale::Number(tag, _) = measure.scale else {
            return grouped(measure, &intervals(cuts), |_| Ok(None));
        };
        match self.number(fact, tag) {
            Some((facts, source)) => {
                let (intervals, number) = (source.intervals(cuts), source.number);
                let known = move |view: &mut View<'_>| {
                    if view.waits(facts) { Ok(None) } else { number.first(view).map(Some) }
                };
                grouped(measure, &intervals, known)
            }
            None => grouped(measure, &intervals(cuts), move |view| {
                let fact = view.fact(fact)?;
                Ok((fact.tag() == tag).then(|| fact.word()))
            }),
        }
    }

    /// What the number of a derived fact is made of, and the facts that it waits for.
    fn number(&self, local: usize, tag: Tag) -> Option<(u64, Source)> {
        let derived = self.kind.computed(local).filter(|derived| derived.copy_of.is_none())?;
        let facts = self.awaited(&derived.compute.gate).filter(|_| derived.compute.gate.needs_facts_only)?;
        let root = self.graph.place(derived.compute.root);
        let is_sorted = match tag {
            Tag::Integer => self.is_whole(root),
            Tag::Date => self.is_day(root),
            _ => false,
        };
        is_sorted.then(|| (facts, self.source(root)))
    }

    /// The facts of a gate, a bit for each; `None` when one has none.
    fn awaited(&self, gate: &Gate) -> Option<u64> {
        let bit = |fact: &usize| {
            let bit = u32::try_from(*fact).ok().and_then(|fact| 1_u64.checked_shl(fact));
            bit.filter(|_| *fact < self.stated)
        };
        let all = gate.facts.iter().try_fold(0, |all, fact| Some(all | bit(fact)?))?;
        self.awaited.set(self.awaited.get() | all);
        Some(all)
    }

    /// A derived fact, by its number.
    pub(super) fn derived(&self, local: usize, derived: &DerivedFact) -> Made<Datum> {
        let gate = &derived.compute.gate;
        if let Some(copied) = derived.copy_of {
            return self.gated(gate, move |view| view.fact(copied), Datum::MISSING, Datum::MISSING);
        }
        let value = self.datum(self.graph.place(derived.compute.root));
        if self.kind.table.codes_of(local).is_none() {
            return self.gated(gate, move |view| value.of(view), Datum::ABSENT, Datum::MISSING);
        }
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
    pub(super) fn result(&self, value: &ResultValue) -> Computed {
        match value {
            ResultValue::Constant(_) | ResultValue::Beyond => Computed::open(Tells::new(|_, _| Err(GiveUp))),
            ResultValue::Fact(local) => Computed::open(Tells::Stated(*local)),
            ResultValue::Compute(Compute { root, gate, .. }) => {
                let passes = match self.awaited(gate).filter(|_| gate.settings.is_empty()) {
                    Some(facts) => Passes::Known(facts, gate.rows.as_slice().into()),
                    None => Passes::Asked(gate.clone()),
                };
                Computed { passes, failures: self.failures(gate), value: self.tells(self.graph.place(*root)) }
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
        let rows: Box<[usize]> = gate.rows.as_slice().into();
        let failures = self.failures(gate);
        match (self.awaited(gate).filter(|_| gate.settings.is_empty()), &*rows) {
            (Some(0), []) => return Made::new(then),
            (Some(facts), []) => {
                return Made::new(
                    move |view| {
                        if view.waits(facts) { failures.none(view).map(|()| open) } else { then(view) }
                    },
                );
            }
            (Some(facts), [only]) => {
                let only = *only;
                return Made::new(move |view| match view.row(only)? {
                    Row::Found(_) if !view.waits(facts) => then(view),
                    Row::None => Ok(no_row),
                    Row::Found(_) | Row::Open => failures.none(view).map(|()| open),
                });
            }
            _ => {}
        }
        let gate = gate.clone();
        Made::new(move |view| match view.pass(&gate)? {
            Tri::True => then(view),
            Tri::False => Ok(no_row),
            Tri::Open => failures.none(view).map(|()| open),
        })
    }

    /// What may fail where a script waits.
    fn failures(&self, gate: &Gate) -> Failures {
        let one = |(node, facts): &(NodeIx, Vec<usize>)| MayFail {
            facts: facts.as_slice().into(),
            value: self.datum(self.graph.place(*node)),
        };
        Failures(gate.may_fail.iter().map(one).collect())
    }
}

/// Derived facts that may fail where a script that reads them waits for something else.
#[derive(Debug, Default)]
pub struct Failures(Box<[MayFail]>);

#[derive(Debug)]
struct MayFail {
    /// What it waits for itself.
    facts: Box<[usize]>,
    value: Made<Datum>,
}

impl Failures {
    /// Whether none of them fails.
    ///
    /// # Errors
    /// When one does, or the interpreter is needed.
    #[inline]
    pub fn none(&self, view: &mut View<'_>) -> Result<(), GiveUp> {
        if self.0.is_empty() { Ok(()) } else { self.compute(view) }
    }

    #[cold]
    fn compute(&self, view: &mut View<'_>) -> Result<(), GiveUp> {
        for one in &self.0 {
            let mut open = false;
            for fact in &one.facts {
                open |= view.fact(*fact)?.is_open();
            }
            if !open {
                one.value.of(view)?;
            }
        }
        Ok(())
    }
}

/// The group of a fact by the interval of its number where that is known, and the row that it needs is found; else by its
/// state.
fn grouped(
    measure: &Arc<Measure>,
    intervals: &[(i64, usize)],
    number: impl for<'r> Fn(&mut View<'r>) -> Result<Option<i64>, GiveUp> + Send + Sync + 'static,
) -> Made<u16> {
    let (measure, table) = (Arc::clone(measure), measure.table);
    let classes: Box<[usize]> = intervals.iter().map(|(_, class)| class.saturating_add(STATES)).collect();
    let found = |class: &usize| measure.group(Row::Found(0), *class);
    let groups: Box<[Option<u16>]> = classes.iter().map(found).collect();
    let cuts: Box<[i64]> = intervals.iter().skip(1).map(|(cut, _)| *cut).collect();
    // Mostly there are one or two, which are compared sooner than halved; what is left of the two is beyond all numbers but
    // the greatest, for which there is no group then: it is left to the interpreter.
    let mut few = [i64::MAX; 2];
    few.iter_mut().zip(&cuts).for_each(|(few, cut)| *few = *cut);
    let are_few = cuts.len() <= few.len();
    Made::new(move |view| {
        let row = table.map_or(Ok(Row::Found(0)), |table| view.row(table))?;
        let Some(number) = number(view)? else {
            let class = measure.scale.class(view.fact(measure.fact)?).ok_or(GiveUp)?;
            return measure.group(row, class).ok_or(GiveUp);
        };
        let at = match are_few {
            true => few.iter().map(|cut| usize::from(*cut <= number)).sum(),
            false => cuts.partition_point(|cut| *cut <= number),
        };
        match row {
            Row::Found(_) => groups.get(at).copied().flatten().ok_or(GiveUp),
            row => classes.get(at).and_then(|class| measure.group(row, *class)).ok_or(GiveUp),
        }
    })
}
