//! The rules of a kind as a decision diagram that grows with the requests that come, as the states of a lazy automaton.
//!
//! Which alternatives are left once a fact was looked at depends on the fact's class alone. So requests that are alike so
//! far are in one state, what follows from a state is worked out once, and at the end of a path stands all that the rules
//! come to. A request walks one path: it looks at each fact that still matters once, and at no rule.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::script::GiveUp;

use super::check::Tri;
use super::combine::Plan;
use super::program::KindProgram;
use super::run;
use super::slots::class;
use super::steps::{Groups, State, Step, Words, blocks, by_group, by_truth, steps};
use super::view::View;

/// States that are kept for a kind; what leads to more is decided block by block.
const STATES: usize = 4096;
/// Ways between them that are kept: a fact that rules part into many groups takes many.
const WAYS: usize = 1 << 16;

/// What is looked at in a step.
#[derive(Debug)]
enum Look {
    /// A fact: the way is the group of its class.
    Fact(usize, Groups),
    /// A predicate: it holds, it does not, it is open.
    Ask(u32),
}

impl Look {
    fn of(step: &Step) -> Self {
        match step {
            Step::Fact(fact, _, groups) => Self::Fact(*fact, Arc::clone(groups)),
            Step::Ask(predicate, ..) => Self::Ask(*predicate),
        }
    }
}

/// What stands at a node.
#[derive(Clone, Copy, Debug)]
enum Stands {
    /// A step, by its number.
    Step(u32),
    /// What the rules come to, by its number.
    Plan(u32),
    /// What is left to the interpreter.
    Beyond,
}

impl Stands {
    /// In 32 bits; `None` for numbers that there are not.
    fn code(self) -> Option<u32> {
        match self {
            Self::Step(at) => at.checked_mul(4),
            Self::Plan(at) => at.checked_mul(4)?.checked_add(1),
            Self::Beyond => Some(2),
        }
    }

    fn of_code(code: u32) -> Self {
        match code & 3 {
            0 => Self::Step(code >> 2),
            1 => Self::Plan(code >> 2),
            _ => Self::Beyond,
        }
    }
}

/// A way that nobody took yet. Any other is the number of the node that it leads to, from 1.
const UNTAKEN: u32 = 0;
/// A way that leads to no node, for there was no room for it.
const CLOSED: u32 = u32::MAX;

/// The diagram of a kind. What a request looks at lies close together, and is written once, under the lock of the states;
/// whoever finds a way that was taken sees all of the node that it leads to.
#[derive(Debug)]
pub struct Diagram {
    steps: Vec<Step>,
    looks: Vec<Look>,
    /// For each node what stands at it, and the first of its ways.
    nodes: Box<[AtomicU64]>,
    ways: Box<[AtomicU32]>,
    states: Mutex<States>,
    /// What the rules come to at each end. Ends are states, so there is a place for each.
    plans: Box<[OnceLock<Box<Plan>>]>,
}

/// The states that were entered.
#[derive(Debug)]
struct States {
    /// Their nodes, from 1.
    numbers: HashMap<State, u32, FxBuildHasher>,
    /// What each way of each node leads to, the root before all others.
    beyond: Vec<Vec<State>>,
    /// Ways that are in use; the first leads to the root.
    ways: usize,
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
        let beyond = vec![vec![State { step: 0, left, open }]];
        let states = Mutex::new(States { numbers: HashMap::default(), beyond, ways: 1, ends: 0 });
        let steps = steps(kind)?;
        let looks = steps.iter().map(Look::of).collect();
        let nodes = (0..=STATES).map(|_| AtomicU64::new(0)).collect();
        let ways = (0..WAYS).map(|_| AtomicU32::new(UNTAKEN)).collect();
        let plans = (0..STATES).map(|_| OnceLock::new()).collect();
        Some(Self { steps, looks, nodes, ways, states, plans })
    }

    /// So many plans there are at most.
    pub fn most_plans(&self) -> usize {
        self.plans.len()
    }

    /// What the rules come to at an end, by its number.
    pub fn plan(&self, at: u32) -> Option<&Plan> {
        self.plans.get(index(at))?.get().map(|plan| &**plan)
    }

    /// What the rules come to for a request, and its number; `None` when so many states are kept that no more are.
    ///
    /// # Errors
    /// When the interpreter is needed.
    pub fn walk<'d>(&'d self, view: &mut View<'_>) -> Result<Option<(u32, &'d Plan)>, GiveUp> {
        // Node 0 is before the root, to which its only way leads.
        let (mut node, mut first, mut way) = (0, 0, 0_usize);
        loop {
            let taken = self.ways.get(way.saturating_add(first)).ok_or(GiveUp)?.load(Ordering::Acquire);
            node = match taken {
                UNTAKEN => self.take(node, first, way, view.kind)?,
                known => known,
            };
            if node == CLOSED {
                return Ok(None);
            }
            let (stands, ways) = self.node(node)?;
            first = ways;
            way = match stands {
                Stands::Step(step) => match self.looks.get(index(step)).ok_or(GiveUp)? {
                    Look::Fact(fact, groups) => usize::from(*groups.get(class(view.fact(*fact)?)).ok_or(GiveUp)?),
                    Look::Ask(predicate) => match run::predicate(view, *predicate)? {
                        Tri::True => 0,
                        Tri::False => 1,
                        Tri::Open => 2,
                    },
                },
                Stands::Plan(end) => return Ok(Some((end, self.plan(end).ok_or(GiveUp)?))),
                Stands::Beyond => return Err(GiveUp),
            };
        }
    }

    /// What stands at a node, and the first of its ways.
    #[inline]
    fn node(&self, node: u32) -> Result<(Stands, usize), GiveUp> {
        // Whoever knows the number of a node took a way to it, see [`Diagram::take`].
        let word = self.nodes.get(index(node)).ok_or(GiveUp)?.load(Ordering::Relaxed);
        let half = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default();
        Ok((Stands::of_code(half(word)), index(half(word >> 32))))
    }

    /// Takes a way that nobody took yet: the node that it leads to, or that it is closed.
    #[cold]
    fn take(&self, node: u32, first: usize, way: usize, kind: &KindProgram) -> Result<u32, GiveUp> {
        // States are only added, each whole, so what another thread left in a panic is as good as any.
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.beyond.get(index(node)).and_then(|ways| ways.get(way)).ok_or(GiveUp)?.clone();
        let to = self.enter(state, kind, &mut states).unwrap_or(CLOSED);
        self.ways.get(way.saturating_add(first)).ok_or(GiveUp)?.store(to, Ordering::Release);
        Ok(to)
    }

    /// The node of a state; `None` when there is no room for it.
    fn enter(&self, state: State, kind: &KindProgram, states: &mut States) -> Option<u32> {
        if let Some(known) = states.numbers.get(&state) {
            return Some(*known);
        }
        let number = u32::try_from(states.beyond.len()).ok()?;
        let place = self.nodes.get(index(number))?;
        let (stands, beyond) = self.expand(state.clone(), kind, &mut states.ends)?;
        let (first, ways) = (states.ways, states.ways.checked_add(beyond.len())?);
        if ways > WAYS {
            return None;
        }
        let first = u64::try_from(first).ok()?;
        place.store((first << 32) | u64::from(stands.code()?), Ordering::Relaxed);
        states.ways = ways;
        states.beyond.push(beyond);
        states.numbers.insert(state, number);
        Some(number)
    }

    /// What is looked at next in a state, the first step that can change what is left, and where its ways lead.
    fn expand(&self, mut state: State, kind: &KindProgram, ends: &mut u32) -> Option<(Stands, Vec<State>)> {
        while let Some(step) = self.steps.get(state.step) {
            let stands = Stands::Step(u32::try_from(state.step).ok()?);
            state.step = state.step.checked_add(1)?;
            match step {
                Step::Fact(_, columns, groups) => {
                    let next = by_group(kind, columns, groups, &state)?;
                    if next.iter().any(|other| *other != state) {
                        return Some((stands, next));
                    }
                }
                Step::Ask(_, uses, excluded) => {
                    if let Some([mut holds, fails, open]) = by_truth(uses, &state) {
                        for uses in excluded {
                            holds.rule_out(uses)?;
                        }
                        return Some((stands, vec![holds, fails, open]));
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
