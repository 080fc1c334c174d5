//! The rules of a kind as a decision diagram that grows with the requests that come, as the states of a lazy automaton.
//!
//! Which alternatives are left once a fact was looked at depends on the fact's class alone. So requests that are alike so
//! far are in one state, what follows from a state is worked out once, and at the end of a path stands all that the rules
//! come to. A request walks one path: it looks at each fact that still matters once, and at no rule.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::script::GiveUp;

use super::check::Tri;
use super::combine::Plan;
use super::looks::{LATE, Looks};
use super::program::KindProgram;
use super::run;
use super::steps::{State, Step, Words, blocks, by_group, by_number, by_truth, steps};
use super::view::View;

/// States that are kept for a kind; what leads to more is decided block by block.
const STATES: usize = 4096;
/// Ways between them that are kept: a fact that rules part into many groups takes many.
const WAYS: usize = 1 << 16;

/// What stands where a way leads, in one word, so that a request looks at one thing after the other and no more: what it
/// is, its number, and the first of the ways from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stands(u32);

/// Nothing to look at: nobody took the way yet, it leads to what is left to the interpreter, or to no state, for there was
/// no room for it.
const NOTHING: u32 = 0;
const UNTAKEN: Stands = Stands(NOTHING);
const BEYOND: Stands = Stands(NOTHING | 1 << TAG_BITS);
const CLOSED: Stands = Stands(NOTHING | 2 << TAG_BITS);
/// Facts to look at, by their step; the way from here is their number. The only odd one, for it is the most frequent.
const FACT: u32 = 1;
/// A predicate. There are three ways: it holds, it does not, it is open.
const ASK: u32 = 2;
/// What the rules come to, by its number.
const PLAN: u32 = 4;
/// A fact that is measured, by its measure; the way from here is its group.
const MEASURE: u32 = 6;

/// The bits of what it is, and of its number; the others are of the first way.
const TAG_BITS: u32 = 3;
const NUMBER_BITS: u32 = 13;

impl Stands {
    /// `None` for numbers that are too large.
    fn new(tag: u32, number: u32, first: usize) -> Option<Self> {
        let first = u32::try_from(first).ok()?;
        let fits = number >> NUMBER_BITS == 0 && first << TAG_BITS << NUMBER_BITS >> TAG_BITS >> NUMBER_BITS == first;
        fits.then_some(Self((((first << NUMBER_BITS) | number) << TAG_BITS) | tag))
    }

    fn is_fact(self) -> bool {
        self.0 & 1 == FACT
    }

    fn tag(self) -> u32 {
        self.0 & ((1 << TAG_BITS) - 1)
    }

    fn number(self) -> u32 {
        (self.0 >> TAG_BITS) & ((1 << NUMBER_BITS) - 1)
    }

    /// One of the ways from here.
    fn way(self, at: u16) -> u16 {
        // What is left of the word is as large.
        u16::try_from(self.0 >> TAG_BITS >> NUMBER_BITS).unwrap_or_default().wrapping_add(at)
    }
}

/// The diagram of a kind. What a request looks at lies close together, and is written once, under the lock of the states;
/// whoever finds a way that was taken sees all of what it leads to.
#[derive(Debug)]
pub struct Diagram {
    steps: Vec<Step>,
    /// How the numbers of a request's facts are found.
    pub looks: Looks,
    /// What stands where each way leads. The first leads to the root.
    ways: Box<[AtomicU32; WAYS]>,
    states: Mutex<States>,
    /// What the rules come to at each end. Ends are states, so there is a place for each.
    plans: Box<[OnceLock<Box<Plan>>]>,
}

/// The states that were entered.
#[derive(Debug)]
struct States {
    /// What stands at each.
    entered: HashMap<State, Stands, FxBuildHasher>,
    /// What each way leads to.
    beyond: Vec<State>,
    /// States that are ends.
    ends: u32,
}

/// What the rules come to, and its number.
type Ends<'d> = (u32, &'d Plan);

impl Diagram {
    /// A diagram without any state yet; `None` for a kind whose rules are found by a fact, or part one into too many groups.
    pub fn new(kind: &KindProgram) -> Option<Self> {
        if kind.is_indexed() {
            return None;
        }
        let left = blocks(kind).map(|block| block.all).collect::<Words>();
        let open = left.iter().map(|_| 0).collect();
        let beyond = vec![State { step: 0, left, open }];
        let states = Mutex::new(States { entered: HashMap::default(), beyond, ends: 0 });
        let steps = steps(kind)?;
        let looks = Looks::new(kind, steps.iter().filter_map(Step::facts));
        let ways: Vec<AtomicU32> = (0..WAYS).map(|_| AtomicU32::new(UNTAKEN.0)).collect();
        let ways = ways.try_into().ok()?;
        let plans = (0..STATES).map(|_| OnceLock::new()).collect();
        Some(Self { steps, looks, ways, states, plans })
    }

    /// So many plans there are at most.
    pub fn most_plans(&self) -> usize {
        self.plans.len()
    }

    /// What the rules come to at an end, by its number.
    pub fn plan(&self, at: u32) -> Option<&Plan> {
        self.plans.get(index(at))?.get().map(|plan| &**plan)
    }

    /// Goes along facts that were told when the request was read, as far as they lead.
    #[inline(always)]
    fn along(&self, numbers: &[u8], mut way: u16) -> Result<(u16, Stands), GiveUp> {
        loop {
            let stands = Stands(self.ways.get(usize::from(way)).ok_or(GiveUp)?.load(Ordering::Acquire));
            match numbers.get(index(stands.number())) {
                Some(&told) if stands.is_fact() && told != LATE => way = stands.way(u16::from(told)),
                _ => return Ok((way, stands)),
            }
        }
    }

    /// How far facts lead that were told when the request was read, and what the rules come to, where they lead there.
    ///
    /// # Errors
    /// When the interpreter is needed.
    #[inline(always)]
    pub fn told(&self, numbers: &[u8]) -> Result<(u16, Option<Ends<'_>>), GiveUp> {
        let (way, stands) = self.along(numbers, 0)?;
        let plan = if stands.tag() == PLAN { self.plan(stands.number()) } else { None };
        Ok((way, plan.map(|plan| (stands.number(), plan))))
    }

    /// What the rules come to for a request, and its number, from one of the ways; `None` when so many states are kept that
    /// no more are.
    ///
    /// # Errors
    /// When the interpreter is needed.
    pub fn walk<'d>(&'d self, mut next: u16, view: &mut View<'_>) -> Result<Option<Ends<'d>>, GiveUp> {
        let numbers = view.request.numbers.as_slice();
        loop {
            let (way, stands) = self.along(numbers, next)?;
            let number = stands.number();
            next = match stands.tag() {
                ASK => stands.way(match run::predicate(view, number)? {
                    Tri::True => 0,
                    Tri::False => 1,
                    Tri::Open => 2,
                }),
                MEASURE => stands.way(run::measure(view, number)?),
                PLAN => return Ok(Some((number, self.plan(number).ok_or(GiveUp)?))),
                NOTHING if !self.goes_on(stands, usize::from(way), view.kind)? => return Ok(None),
                NOTHING => way,
                _ => stands.way(self.late(number, view)?),
            };
        }
    }

    /// Whether a way that leads to nothing yet leads somewhere now.
    #[cold]
    fn goes_on(&self, stands: Stands, way: usize, kind: &KindProgram) -> Result<bool, GiveUp> {
        match stands {
            CLOSED => Ok(false),
            BEYOND => Err(GiveUp),
            _ => self.take(way, kind).map(|()| true),
        }
    }

    /// The number of facts that are computed, or have too many groups to tell beforehand.
    fn late(&self, step: u32, view: &mut View<'_>) -> Result<u16, GiveUp> {
        let Some(Step::Facts(facts)) = self.steps.get(index(step)) else { return Err(GiveUp) };
        let mut number = 0;
        for looked in facts {
            number = looked.together(number, looked.group(view.fact(looked.fact)?).ok_or(GiveUp)?);
        }
        u16::try_from(number).map_err(|_| GiveUp)
    }

    /// Takes a way that nobody took yet.
    fn take(&self, way: usize, kind: &KindProgram) -> Result<(), GiveUp> {
        // States are only added, each whole, so what another thread left in a panic is as good as any.
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.beyond.get(way).ok_or(GiveUp)?.clone();
        let entered = self.enter(&state, kind, &mut states);
        // What there was no room for is not tried again.
        let stands = entered.unwrap_or_else(|| {
            states.entered.insert(state, CLOSED);
            CLOSED
        });
        self.ways.get(way).ok_or(GiveUp)?.store(stands.0, Ordering::Release);
        Ok(())
    }

    /// What stands at a state; `None` when there is no room for it.
    fn enter(&self, state: &State, kind: &KindProgram, states: &mut States) -> Option<Stands> {
        if let Some(known) = states.entered.get(state) {
            return Some(*known);
        }
        if states.entered.len() >= STATES {
            return None;
        }
        let first = states.beyond.len();
        let (stands, beyond) = self.expand(state.clone(), first, kind, &mut states.ends)?;
        if first.checked_add(beyond.len())? > WAYS {
            return None;
        }
        states.beyond.extend(beyond);
        states.entered.insert(state.clone(), stands);
        Some(stands)
    }

    /// What is looked at next in a state, the first step that can change what is left, and where its ways lead.
    fn expand(
        &self,
        mut state: State,
        first: usize,
        kind: &KindProgram,
        ends: &mut u32,
    ) -> Option<(Stands, Vec<State>)> {
        while let Some(step) = self.steps.get(state.step) {
            let at = u32::try_from(state.step).ok()?;
            state.step = state.step.checked_add(1)?;
            match step {
                Step::Facts(facts) => {
                    let next = by_number(kind, facts, &state)?;
                    if next.iter().any(|other| *other != state) {
                        return Some((Stands::new(FACT, at, first)?, next));
                    }
                }
                Step::Measure(measure, looked) => {
                    let next = by_group(kind, looked, &state)?;
                    if next.iter().any(|other| *other != state) {
                        return Some((Stands::new(MEASURE, *measure, first)?, next));
                    }
                }
                Step::Ask(predicate, uses, excluded) => {
                    if let Some([mut holds, fails, open]) = by_truth(uses, &state) {
                        for uses in excluded {
                            holds.rule_out(uses)?;
                        }
                        return Some((Stands::new(ASK, *predicate, first)?, vec![holds, fails, open]));
                    }
                }
            }
        }
        let Ok(plan) = end(kind, &state) else { return Some((BEYOND, Vec::new())) };
        let number = *ends;
        self.plans.get(index(number))?.set(Box::new(plan)).ok()?;
        *ends = number.checked_add(1)?;
        Some((Stands::new(PLAN, number, 0)?, Vec::new()))
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What is left at the end: rules that hold, and rules that may.
fn end(kind: &KindProgram, state: &State) -> Result<Plan, GiveUp> {
    let (mut sure, mut open) = (SmallVec::new(), SmallVec::new());
    let contradictions = kind.contradictions.blocks.len();
    for (at, ((block, left), waits)) in blocks(kind).zip(&state.left).zip(&state.open).enumerate() {
        if at < contradictions {
            // A contradiction that holds is for the interpreter to word; one that may hold says nothing.
            if left & !waits != 0 {
                return Err(GiveUp);
            }
        } else {
            run::rules(block, *left, *waits, &mut sure, &mut open)?;
        }
    }
    Plan::new(kind, sure, open)
}
