//! Findings about tables: two rows that apply to one request.

use crate::assure::space::Space;
use crate::assure::space::mdd::truth::TRUE;
use crate::assure::space::mdd::{Id, NO, Op};
use crate::assure::space::solve::Solved;
use crate::bundle::checked::TableIx;
use crate::decide::Decided;
use crate::decide::evaluate::{Cell, lookup};
use crate::model::finding::{Code, Finding};

use super::{Shown, witness};

/// Rows of a table that apply to one request.
pub(super) fn rows(space: &mut Space<'_>, solved: &Solved) -> Vec<Shown> {
    let Some(side) = space.sides.first().copied() else { return Vec::new() };
    let mut out = Vec::new();
    for (at, table) in side.bundle.tables.iter().enumerate() {
        let known = table.by.iter().chain([&table.dated_by]).all(|fact| {
            side.kind.facts.contains_key(fact)
                && (space.var(&side.bundle.path(*fact)).is_some() || space.plan(0, *fact).is_some())
        });
        if !known || !space.looks_up(0, TableIx(at)) {
            continue;
        }
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
                let overlap =
                    |decided: &Decided| matches!(lookup(side.bundle, &decided.facts, TableIx(at)), Cell::Failed(_));
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
