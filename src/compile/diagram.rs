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

use crate::script::{Datum, GiveUp};

use super::check::Tri;
use super::combine::Plan;
use super::program::KindProgram;
use super::run;
use super::slots::{GROUPS, class};
use super::steps::{LATE, Look, State, Step, Words, blocks, by_group, by_truth, steps};
use super::view::View;

/// States that are kept for a kind; what leads to more is decided block by block.
const STATES: usize = 4096;
/// Ways between them that are kept: a fact that rules part into many groups takes many.
const WAYS: usize = 1 << 16;

/// What stands where a way leads, in one word, so that a request looks at one thing after the other and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// A fact to look at, by its step, and the first of the ways from here; the way is the group of its class.
    Fact(usize, usize),
    /// A predicate, and the first of three ways: it holds, it does not, it is open.
    Ask(u32, usize),
    /// What the rules come to, by its number.
    Plan(u32),
    /// What is left to the interpreter.
    Beyond,
    /// No state, for there was no room for it.
    Closed,
    /// Nobody took the way yet.
    Untaken,
}

/// The bits of what it is, and of a step, predicate or plan; the others are of the first way.
const TAG_BITS: u32 = 3;
const STEP_BITS: u32 = 13;
const TAG_MASK: u32 = (1 << TAG_BITS) - 1;
const FIRST_SHIFT: u32 = TAG_BITS + STEP_BITS;
/// The tag of [`Stands::Fact`].
const FACT: u32 = 1;

/// The step, predicate or plan of a code.
fn number(code: u32) -> u32 {
    (code >> TAG_BITS) & ((1 << STEP_BITS) - 1)
}

/// The first way of a code.
fn first(code: u32) -> usize {
    index(code >> FIRST_SHIFT)
}

impl Stands {
    /// In 32 bits; `None` for numbers that are too large.
    fn code(self) -> Option<u32> {
        let two = |tag: u32, step: usize, first: usize| {
            let step = u32::try_from(step).ok().filter(|step| step >> STEP_BITS == 0)?;
            let first = u32::try_from(first).ok()?;
            let room = u32::BITS.checked_sub(TAG_BITS)?.checked_sub(STEP_BITS)?;
            (first >> room == 0).then_some((((first << STEP_BITS) | step) << TAG_BITS) | tag)
        };
        match self {
            Self::Untaken => Some(0),
            Self::Fact(step, first) => two(FACT, step, first),
            Self::Ask(predicate, first) => two(2, usize::try_from(predicate).ok()?, first),
            Self::Plan(at) => two(3, usize::try_from(at).ok()?, 0),
            Self::Beyond => Some(4),
            Self::Closed => Some(5),
        }
    }

    #[inline]
    fn of_code(code: u32) -> Self {
        match code & TAG_MASK {
            0 => Self::Untaken,
            FACT => Self::Fact(index(number(code)), first(code)),
            2 => Self::Ask(number(code), first(code)),
            3 => Self::Plan(number(code)),
            4 => Self::Beyond,
            _ => Self::Closed,
        }
    }
}

/// The diagram of a kind. What a request looks at lies close together, and is written once, under the lock of the states;
/// whoever finds a way that was taken sees all of what it leads to.
#[derive(Debug)]
pub struct Diagram {
    steps: Vec<Step>,
    /// How the groups of a request's facts are found, one for each step that looks at a fact.
    looks: Vec<Look>,
    /// What stands where each way leads. The first leads to the root.
    ways: Box<[AtomicU32]>,
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

impl Diagram {
    /// A diagram without any state yet; `None` for a kind whose rules are found by a fact, or part one into too many groups.
    pub fn new(kind: &KindProgram) -> Option<Self> {
        if !kind.contradictions.index.is_empty() || !kind.rules_group.index.is_empty() {
            return None;
        }
        let left = blocks(kind).map(|block| block.all).collect::<Words>();
        let open = left.iter().map(|_| 0).collect();
        let beyond = vec![State { step: 0, left, open }];
        let states = Mutex::new(States { entered: HashMap::default(), beyond, ends: 0 });
        let steps = steps(kind)?;
        let looks = steps.iter().map_while(|step| Look::new(kind, step)).collect();
        let ways = (0..WAYS).map(|_| AtomicU32::new(0)).collect();
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

    /// The groups of a request's facts, in the order of the steps.
    pub fn groups(&self, facts: &[Datum], groups: &mut SmallVec<[u8; GROUPS]>) {
        groups.clear();
        groups.extend(self.looks.iter().map(|look| look.group(facts)));
    }

    /// What the rules come to for a request, and its number; `None` when so many states are kept that no more are.
    ///
    /// # Errors
    /// When the interpreter is needed.
    pub fn walk<'d>(&'d self, view: &mut View<'_>) -> Result<Option<(u32, &'d Plan)>, GiveUp> {
        let groups = view.request.groups.as_slice();
        let mut way = 0;
        loop {
            let code = self.ways.get(way).ok_or(GiveUp)?.load(Ordering::Acquire);
            if code & TAG_MASK == FACT {
                let group = groups.get(index(number(code))).copied().unwrap_or(LATE);
                if group != LATE {
                    way = first(code).wrapping_add(usize::from(group));
                    continue;
                }
            }
            let mut stands = Stands::of_code(code);
            if stands == Stands::Untaken {
                stands = self.take(way, view.kind)?;
            }
            way = match stands {
                Stands::Fact(step, first) => match groups.get(step) {
                    Some(&group) if group != LATE => first.saturating_add(usize::from(group)),
                    _ => first.saturating_add(self.late(step, view)?),
                },
                Stands::Ask(predicate, first) => first.saturating_add(match run::predicate(view, predicate)? {
                    Tri::True => 0,
                    Tri::False => 1,
                    Tri::Open => 2,
                }),
                Stands::Plan(end) => return Ok(Some((end, self.plan(end).ok_or(GiveUp)?))),
                Stands::Closed => return Ok(None),
                Stands::Beyond | Stands::Untaken => return Err(GiveUp),
            };
        }
    }

    /// The group of a fact that is computed, or has too many groups to tell beforehand.
    fn late(&self, step: usize, view: &mut View<'_>) -> Result<usize, GiveUp> {
        let Some(Step::Fact(fact, _, groups)) = self.steps.get(step) else { return Err(GiveUp) };
        groups.get(class(view.fact(*fact)?)).map(|group| usize::from(*group)).ok_or(GiveUp)
    }

    /// Takes a way that nobody took yet: what stands where it leads.
    #[cold]
    fn take(&self, way: usize, kind: &KindProgram) -> Result<Stands, GiveUp> {
        // States are only added, each whole, so what another thread left in a panic is as good as any.
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.beyond.get(way).ok_or(GiveUp)?.clone();
        let stands = self.enter(state, kind, &mut states).unwrap_or(Stands::Closed);
        let code = stands.code().ok_or(GiveUp)?;
        self.ways.get(way).ok_or(GiveUp)?.store(code, Ordering::Release);
        Ok(stands)
    }

    /// What stands at a state; `None` when there is no room for it.
    fn enter(&self, state: State, kind: &KindProgram, states: &mut States) -> Option<Stands> {
        if let Some(known) = states.entered.get(&state) {
            return Some(*known);
        }
        if states.entered.len() >= STATES {
            return None;
        }
        let first = states.beyond.len();
        let (stands, beyond) = self.expand(state.clone(), first, kind, &mut states.ends)?;
        stands.code()?;
        if first.checked_add(beyond.len())? > WAYS {
            return None;
        }
        states.beyond.extend(beyond);
        states.entered.insert(state, stands);
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
            let at = state.step;
            state.step = state.step.checked_add(1)?;
            match step {
                Step::Fact(_, columns, groups) => {
                    let next = by_group(kind, columns, groups, &state)?;
                    if next.iter().any(|other| *other != state) {
                        return Some((Stands::Fact(at, first), next));
                    }
                }
                Step::Ask(predicate, uses, excluded) => {
                    if let Some([mut holds, fails, open]) = by_truth(uses, &state) {
                        for uses in excluded {
                            holds.rule_out(uses)?;
                        }
                        return Some((Stands::Ask(*predicate, first), vec![holds, fails, open]));
                    }
                }
            }
        }
        let Ok(plan) = end(kind, &state) else { return Some((Stands::Beyond, Vec::new())) };
        let number = *ends;
        self.plans.get(index(number))?.set(Box::new(plan)).ok()?;
        *ends = number.checked_add(1)?;
        Some((Stands::Plan(number), Vec::new()))
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
