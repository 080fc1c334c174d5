//! Runs a program on a request. Whatever is not plain is left to the interpreter, which is also how it is judged.

use smallvec::SmallVec;

use crate::script::{Datum, GiveUp, Tag};

use super::blocks::{Block, Group};
use super::check::{Predicate, Tri};
use super::combine::{Brief, combine};
use super::program::KindProgram;
use super::slots::{Request, class};
use super::view::{Computed, View};

/// Rules that hold and rules that may, by their position in the kind.
#[derive(Debug)]
pub struct Matched<'r> {
    /// What is known.
    pub view: View<'r>,
    /// Those that hold.
    pub sure: SmallVec<[u32; 16]>,
    /// Those that depend on what is not known.
    pub open: SmallVec<[u32; 16]>,
}

/// Decides a request that was read.
///
/// # Errors
/// When the interpreter is needed.
pub fn decide(kind: &KindProgram, request: &Request) -> Result<Brief, GiveUp> {
    let mut run = Matched { view: View::new(kind, request), sure: SmallVec::new(), open: SmallVec::new() };
    run.group(&kind.contradictions)?;
    if !run.sure.is_empty() {
        return Err(GiveUp);
    }
    run.open.clear();
    run.group(&kind.rules_group)?;
    combine(&mut run)
}

impl<'r> Matched<'r> {
    fn group(&mut self, group: &'r Group) -> Result<(), GiveUp> {
        for block in &group.blocks {
            self.block(block)?;
        }
        for (fact, children) in &group.index {
            let fact = self.view.stated(*fact);
            if matches!(fact.tag, Tag::Missing | Tag::Unrecognised) {
                return Err(GiveUp);
            }
            if let Some(Some(child)) = children.get(class(fact)) {
                self.group(child)?;
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &'r Block) -> Result<(), GiveUp> {
        let (mut out, mut open) = (0_u64, 0_u64);
        for column in &block.columns {
            let class = class(self.view.stated(column.fact));
            let (ruled_out, left_open) = column.classes.get(class).ok_or(GiveUp)?;
            out |= ruled_out;
            open |= left_open;
        }
        let mut left = block.all & !out;
        for later in &block.later {
            if left & (later.holds | later.fails) == 0 {
                continue;
            }
            match self.predicate(later.predicate)? {
                Tri::True => left &= !later.fails,
                Tri::False => left &= !later.holds,
                Tri::Open => open |= later.holds | later.fails,
            }
        }
        while left != 0 {
            let at = left.trailing_zeros();
            let rule = usize::try_from(at).ok().and_then(|at| block.rules.get(at)).ok_or(GiveUp)?;
            let bit = 1_u64.checked_shl(at).ok_or(GiveUp)?;
            if open & bit == 0 {
                self.sure.push(*rule)
            } else {
                self.open.push(*rule)
            }
            left &= !bit;
        }
        Ok(())
    }

    fn predicate(&mut self, at: u32) -> Result<Tri, GiveUp> {
        let at = usize::try_from(at).map_err(|_| GiveUp)?;
        let kind = self.view.kind;
        match kind.predicates.get(at).ok_or(GiveUp)? {
            Predicate::Fact(local, check) => {
                let fact = self.view.fact(*local)?;
                self.view.check(check, fact)
            }
            Predicate::InForce(local, period) => self.view.in_force(*local, period),
            Predicate::Script(compute) => Ok(match self.view.compute(compute)? {
                Computed::Value(value) => Tri::of(value == Datum::boolean(true)),
                Computed::NoRow => Tri::False,
                Computed::Open => Tri::Open,
            }),
            Predicate::Setting(dated) => Ok(self.view.dated(dated)?.map_or(Tri::Open, |is| Tri::of(*is))),
            Predicate::Beyond => Err(GiveUp),
        }
    }
}
