//! Runs a program on a request. Whatever is not plain is left to the interpreter, which is also how it is judged.

use smallvec::SmallVec;

use crate::script::{GiveUp, Tag};

use super::blocks::{Block, Group};
use super::brief::Brief;
use super::check::{Predicate, Tri};
use super::combine::Plan;
use super::program::KindProgram;
use super::slots::{Request, class};
use super::view::View;

/// How far the facts lead that were told when the request was read.
pub enum Told {
    /// To a decision for which nothing is computed.
    Decided(Brief),
    /// So far in the diagram of the kind.
    Until(u16),
}

/// Goes as far as facts lead that were told when the request was read: for that nothing has to be made ready.
///
/// # Errors
/// When the interpreter is needed.
#[inline(always)]
pub fn told(kind: &KindProgram, request: &Request) -> Result<Told, GiveUp> {
    let Some(diagram) = kind.diagram() else { return Ok(Told::Until(0)) };
    let (way, plan) = diagram.told(&request.numbers)?;
    Ok(match plan.and_then(|(at, plan)| plan.plain(at)) {
        Some(brief) => Told::Decided(brief),
        None => Told::Until(way),
    })
}

/// Decides a request that was read.
///
/// # Errors
/// When the interpreter is needed.
pub fn decide(kind: &KindProgram, request: &Request) -> Result<Brief, GiveUp> {
    match told(kind, request)? {
        Told::Decided(brief) => Ok(brief),
        Told::Until(way) => {
            let mut brief = Brief::empty();
            decide_from(kind, request, way, &mut brief)?;
            Ok(brief)
        }
    }
}

/// Decides a request that was read, from where facts led that were told.
///
/// # Errors
/// When the interpreter is needed; then what the decision says is none.
pub fn decide_from(kind: &KindProgram, request: &Request, way: u16, brief: &mut Brief) -> Result<(), GiveUp> {
    let mut view = View::new(kind, request);
    if let Some(diagram) = kind.diagram()
        && let Some((at, plan)) = diagram.walk(way, &mut view)?
    {
        return brief.follow(at, plan, &mut view);
    }
    brief.follow_own(block_by_block(&mut view)?, &mut view)
}

/// What the rules come to, without the help of other requests.
fn block_by_block(view: &mut View<'_>) -> Result<Plan, GiveUp> {
    let kind = view.kind;
    let mut matched = Matched { view, sure: SmallVec::new(), open: SmallVec::new() };
    matched.group(&kind.contradictions)?;
    if !matched.sure.is_empty() {
        return Err(GiveUp);
    }
    matched.open.clear();
    matched.group(&kind.rules_group)?;
    Plan::new(kind, matched.sure, matched.open)
}

/// Rules that hold and rules that may, by their position in the kind.
struct Matched<'v, 'r> {
    view: &'v mut View<'r>,
    sure: SmallVec<[u32; 16]>,
    open: SmallVec<[u32; 16]>,
}

impl<'r> Matched<'_, 'r> {
    fn group(&mut self, group: &'r Group) -> Result<(), GiveUp> {
        for block in &group.blocks {
            self.block(block)?;
        }
        for (fact, children) in &group.index {
            let fact = self.view.stated(*fact);
            if matches!(fact.tag(), Tag::Missing | Tag::Unrecognised) {
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
            let class = class(self.view.fact(column.fact)?);
            let (ruled_out, left_open) = column.classes.get(class).ok_or(GiveUp)?;
            out |= ruled_out;
            open |= left_open;
        }
        let mut left = block.all & !out;
        for later in &block.later {
            if left & (later.holds | later.fails) == 0 {
                continue;
            }
            match predicate(self.view, later.predicate)? {
                Tri::True => left &= !later.fails,
                Tri::False => left &= !later.holds,
                Tri::Open => open |= later.holds | later.fails,
            }
        }
        rules(block, left, open, &mut self.sure, &mut self.open)
    }
}

/// The rules whose alternatives are left, apart from those that wait for facts.
///
/// # Errors
/// None for a word of the block.
pub fn rules(
    block: &Block,
    mut left: u64,
    waits: u64,
    sure: &mut SmallVec<[u32; 16]>,
    open: &mut SmallVec<[u32; 16]>,
) -> Result<(), GiveUp> {
    while left != 0 {
        let at = left.trailing_zeros();
        let rule = usize::try_from(at).ok().and_then(|at| block.rules.get(at)).ok_or(GiveUp)?;
        let bit = 1_u64.checked_shl(at).ok_or(GiveUp)?;
        if waits & bit == 0 {
            sure.push(*rule)
        } else {
            open.push(*rule)
        }
        left &= !bit;
    }
    Ok(())
}

/// The truth of a predicate.
///
/// # Errors
/// When the interpreter is needed.
#[inline]
pub fn predicate(view: &mut View<'_>, at: u32) -> Result<Tri, GiveUp> {
    view.kind.closures.ask(at).ok_or(GiveUp)?.of(view)
}

/// The group of a fact that is measured.
///
/// # Errors
/// When the interpreter is needed.
#[inline]
pub fn measure(view: &mut View<'_>, at: u32) -> Result<u16, GiveUp> {
    view.kind.closures.measure(at).ok_or(GiveUp)?.of(view)
}

/// The truth of a predicate that is no script.
///
/// # Errors
/// When the interpreter is needed.
pub fn test(view: &mut View<'_>, at: u32) -> Result<Tri, GiveUp> {
    let at = usize::try_from(at).map_err(|_| GiveUp)?;
    match view.kind.predicates.get(at).ok_or(GiveUp)? {
        Predicate::Fact(local, check) => {
            let fact = view.fact(*local)?;
            view.check(check, fact)
        }
        Predicate::InForce(local, period) => view.in_force(*local, period),
        Predicate::Setting(dated) => Ok(view.dated(dated)?.map_or(Tri::Open, |is| Tri::of(*is))),
        Predicate::Script(_) | Predicate::Beyond => Err(GiveUp),
    }
}
