//! Findings about tables: two rows that apply to one request, and a time in which none does.

use std::slice;

use crate::assure::space::Space;
use crate::assure::space::mdd::truth::TRUE;
use crate::assure::space::mdd::{Id, NO, Op};
use crate::assure::space::solve::Solved;
use crate::bundle::checked::{Table, TableIx};
use crate::bundle::periods::holes;
use crate::decide::Decided;
use crate::decide::evaluate::{Cell, Truth, evaluate_test, in_force, lookup};
use crate::model::finding::{Code, Finding};

use super::{Shown, witness};

/// Rows of a table that apply to one request.
pub(super) fn rows(space: &mut Space<'_>, solved: &Solved) -> Vec<Shown> {
    let Some(side) = space.sides.first().copied() else { return Vec::new() };
    let mut out = Vec::new();
    for (at, table) in looked_up(space) {
        let truths: Vec<Id> = table
            .rows
            .iter()
            .map(|row| {
                let truth = space.row(0, row);
                space.mdd.is(truth, TRUE)
            })
            .collect();
        for (n, (first, earlier)) in truths.iter().zip(&table.rows).enumerate() {
            for (second, later) in truths.iter().zip(&table.rows).skip(n.saturating_add(1)) {
                let both = space.mdd.apply(Op::And, *first, *second);
                let both = space.mdd.apply(Op::And, both, solved.valid);
                if both == NO {
                    continue;
                }
                let overlap = |decided: &Decided| matches!(lookup(side.bundle, &decided.facts, at), Cell::Failed(_));
                let Some(request) = witness(space, both, overlap) else { continue };
                let message = format!("two rows of the table `{}` apply to one request", table.name);
                let finding = Finding::new(Code::OverlappingRows, &later.place, message)
                    .help("let them test different values, or periods that do not meet")
                    .related(&earlier.place, "the other row");
                out.push(Shown { finding, witness: Some(request) });
            }
        }
    }
    out
}

/// Holes in time that a request of the kind can meet. Loading tells them too, without a request.
pub(super) fn holes_in_time(space: &mut Space<'_>, solved: &Solved) -> Vec<Shown> {
    let Some(side) = space.sides.first().copied() else { return Vec::new() };
    let mut out = Vec::new();
    for (at, table) in looked_up(space) {
        for hole in holes(table) {
            let mut parts = vec![space.applies(0, slice::from_ref(&hole.time), &[])];
            parts.extend(hole.later.tests.iter().map(|(fact, test)| space.test(0, *fact, test)));
            let met = space.mdd.fold(Op::All, parts, TRUE);
            let met = space.mdd.is(met, TRUE);
            let met = space.mdd.apply(Op::And, met, solved.valid);
            if met == NO {
                continue;
            }
            let falls_in = |decided: &Decided| {
                let test = |(fact, test): &_| evaluate_test(side.bundle, &decided.facts, *fact, test) == Truth::True;
                in_force(&decided.facts, &hole.time) == Truth::True
                    && hole.later.tests.iter().all(test)
                    && matches!(lookup(side.bundle, &decided.facts, at), Cell::None)
            };
            if let Some(request) = witness(space, met, falls_in) {
                out.push(Shown { finding: hole.finding, witness: Some(request) });
            }
        }
    }
    out
}

/// The tables that some rule of the kind looks up, by facts that its requests have.
fn looked_up<'e>(space: &Space<'e>) -> Vec<(TableIx, &'e Table)> {
    let Some(side) = space.sides.first().copied() else { return Vec::new() };
    let is_known = |table: &Table| {
        table.by.iter().chain([&table.dated_by]).all(|fact| {
            side.kind.facts.contains_key(fact)
                && (space.var(&side.bundle.path(*fact)).is_some() || space.plan(0, *fact).is_some())
        })
    };
    let all = side.bundle.tables.iter().enumerate().map(|(at, table)| (TableIx(at), table));
    all.filter(|(at, table)| is_known(table) && space.looks_up(0, *at)).collect()
}
