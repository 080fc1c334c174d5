//! The rules of a kind as a decision diagram that grows with the requests that come, as the states of a lazy automaton.
//!
//! Which alternatives are left once a fact was looked at depends on the fact's class alone. So requests that are alike so
//! far are in one state, what follows from a state is worked out once, and at the end of a path stands all that the rules
//! come to. A request walks one path: it looks at each fact that still matters once, and at no rule.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::script::GiveUp;

use super::blocks::Block;
use super::check::Tri;
use super::combine::Plan;
use super::program::KindProgram;
use super::run;
use super::slots::class;
use super::view::View;

/// States that are kept for a kind; what leads to more is decided block by block.
const STATES: usize = 4096;
/// What their ways may weigh, about a byte each: a fact of many codes makes heavy states.
const WEIGHT: usize = 16 << 20;
/// What a way weighs.
const WAY: usize = 128;

/// One word for each block.
type Words = SmallVec<[u64; 2]>;

/// What is known after some steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// The next step.
    step: usize,
    /// Alternatives that are not ruled out.
    left: Words,
    /// Those of them that wait for facts.
    open: Words,
}

impl State {
    /// A predicate that does not hold: alternatives in which it must are gone.
    fn rule_out(&mut self, uses: &Uses) -> Option<()> {
        for (block, holds, _) in uses {
            let left = self.left.get_mut(*block)?;
            *left &= !holds;
            *self.open.get_mut(*block)? &= *left;
        }
        Some(())
    }
}

/// Something to look at.
#[derive(Debug)]
enum Step {
    /// A fact: its columns, by block and position, and its groups.
    Fact(usize, Vec<(usize, usize)>, Groups),
    /// A predicate: in each block the alternatives in which it must hold, and in which it must not; and what to do
    /// with those that cannot hold beside it.
    Ask(u32, Uses, Vec<Uses>),
}

/// The group of each class of a fact: classes that all columns take alike are one. It is the same for all nodes that look
/// at the fact, so that it is at hand.
type Groups = Arc<[u16]>;

/// In each block, the alternatives in which a predicate must hold, and in which it must not.
type Uses = Vec<(usize, u64, u64)>;

/// What is looked at in a state, and where that leads.
#[derive(Debug)]
struct Node {
    look: Look,
    ways: Box<[Way]>,
    /// The state that each way leads to; only needed when it is first taken.
    states: Box<[State]>,
}

#[derive(Debug)]
enum Look {
    /// A fact, and its groups, each of which has a way.
    Fact(usize, Groups),
    /// A predicate: it holds, it does not, it is open.
    Ask(u32),
    /// What the rules come to; `None` for what is left to the interpreter.
    End(Option<u32>),
}

/// Entered when the first request takes it; closed for good when there was no room for what it leads to.
type Way = OnceLock<Option<Arc<Node>>>;

impl Node {
    fn new(look: Look, states: Vec<State>) -> Self {
        let ways = states.iter().map(|_| Way::new()).collect();
        Self { look, ways, states: states.into() }
    }

    fn weight(&self) -> usize {
        self.ways.len().saturating_add(1).saturating_mul(WAY)
    }
}

/// The diagram of a kind.
#[derive(Debug)]
pub struct Diagram {
    steps: Vec<Step>,
    root: (State, Way),
    states: Mutex<States>,
    /// What the rules come to at each end. Ends are states, so there is a place for each.
    plans: Box<[OnceLock<Box<Plan>>]>,
}

/// The states that were entered, what they weigh, and how many of them are ends.
#[derive(Debug, Default)]
struct States {
    nodes: HashMap<State, Arc<Node>, FxBuildHasher>,
    weight: usize,
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
        let root = (State { step: 0, left, open }, Way::new());
        let plans = (0..STATES).map(|_| OnceLock::new()).collect();
        Some(Self { steps: steps(kind)?, root, states: Mutex::default(), plans })
    }

    /// So many plans there are at most.
    pub fn most_plans(&self) -> usize {
        self.plans.len()
    }

    /// What the rules come to at an end, by its number.
    pub fn plan(&self, at: u32) -> Option<&Plan> {
        self.plans.get(usize::try_from(at).ok()?)?.get().map(|plan| &**plan)
    }

    /// What the rules come to for a request, and its number; `None` when so many states are kept that no more are.
    ///
    /// # Errors
    /// When the interpreter is needed.
    pub fn walk<'d>(&'d self, view: &mut View<'_>) -> Result<Option<(u32, &'d Plan)>, GiveUp> {
        let (root, way) = &self.root;
        let Some(mut node) = self.follow(way, root, view.kind) else { return Ok(None) };
        loop {
            let at = match &node.look {
                Look::Fact(fact, groups) => usize::from(*groups.get(class(view.fact(*fact)?)).ok_or(GiveUp)?),
                Look::Ask(predicate) => match run::predicate(view, *predicate)? {
                    Tri::True => 0,
                    Tri::False => 1,
                    Tri::Open => 2,
                },
                Look::End(None) => return Err(GiveUp),
                Look::End(Some(end)) => return Ok(Some((*end, self.plan(*end).ok_or(GiveUp)?))),
            };
            let next = match node.ways.get(at).ok_or(GiveUp)?.get() {
                Some(known) => known.as_deref(),
                None => self.first_way(node, at, view.kind)?,
            };
            let Some(next) = next else { return Ok(None) };
            node = next;
        }
    }

    #[cold]
    fn first_way<'d>(&'d self, node: &'d Node, at: usize, kind: &KindProgram) -> Result<Option<&'d Node>, GiveUp> {
        let (way, state) = node.ways.get(at).zip(node.states.get(at)).ok_or(GiveUp)?;
        Ok(self.follow(way, state, kind))
    }

    fn follow<'d>(&'d self, way: &'d Way, state: &State, kind: &KindProgram) -> Option<&'d Node> {
        way.get_or_init(|| self.enter(state, kind)).as_deref()
    }

    #[cold]
    fn enter(&self, state: &State, kind: &KindProgram) -> Option<Arc<Node>> {
        // States are only added, each whole, so what another thread left in a panic is as good as any.
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = states.nodes.get(state) {
            return Some(Arc::clone(node));
        }
        if states.nodes.len() >= STATES || states.weight >= WEIGHT {
            return None;
        }
        let node = Arc::new(self.expand(state.clone(), kind, &mut states.ends)?);
        states.weight = states.weight.saturating_add(node.weight());
        states.nodes.insert(state.clone(), Arc::clone(&node));
        Some(node)
    }

    /// What is looked at next in a state: the first step that can change what is left.
    fn expand(&self, mut state: State, kind: &KindProgram, ends: &mut u32) -> Option<Node> {
        while let Some(step) = self.steps.get(state.step) {
            state.step = state.step.checked_add(1)?;
            match step {
                Step::Fact(fact, columns, groups) => {
                    let next = by_group(kind, columns, groups, &state)?;
                    if next.iter().any(|other| *other != state) {
                        return Some(Node::new(Look::Fact(*fact, Arc::clone(groups)), next));
                    }
                }
                Step::Ask(predicate, uses, excluded) => {
                    if let Some([mut holds, fails, open]) = by_truth(uses, &state) {
                        for uses in excluded {
                            holds.rule_out(uses)?;
                        }
                        return Some(Node::new(Look::Ask(*predicate), vec![holds, fails, open]));
                    }
                }
            }
        }
        let Ok(plan) = end(kind, &state) else { return Some(Node::new(Look::End(None), Vec::new())) };
        let number = *ends;
        self.plans.get(usize::try_from(number).ok()?)?.set(Box::new(plan)).ok()?;
        *ends = number.checked_add(1)?;
        Some(Node::new(Look::End(Some(number)), Vec::new()))
    }
}

fn blocks(kind: &KindProgram) -> impl Iterator<Item = &Block> {
    kind.contradictions.blocks.iter().chain(&kind.rules_group.blocks)
}

/// Facts come first, for they cost least; then predicates in the order of the rules.
fn steps(kind: &KindProgram) -> Option<Vec<Step>> {
    let (mut facts, mut asks): (Vec<Step>, Vec<(u32, Uses)>) = (Vec::new(), Vec::new());
    for (at, block) in blocks(kind).enumerate() {
        for (column, own) in block.columns.iter().enumerate() {
            let same = facts.iter_mut().find_map(|step| match step {
                Step::Fact(fact, columns, _) if *fact == own.fact => Some(columns),
                _ => None,
            });
            match same {
                Some(columns) => columns.push((at, column)),
                None => facts.push(Step::Fact(own.fact, vec![(at, column)], [].into())),
            }
        }
        for later in &block.later {
            let own = (at, later.holds, later.fails);
            let same = asks.iter_mut().find_map(|step| match step {
                (predicate, uses) if *predicate == later.predicate => Some(uses),
                _ => None,
            });
            match same {
                Some(uses) => uses.push(own),
                None => asks.push((later.predicate, vec![own])),
            }
        }
    }
    for step in &mut facts {
        if let Step::Fact(_, columns, own) = step {
            *own = groups(kind, columns)?;
        }
    }
    let predicate = |at: u32| usize::try_from(at).ok().and_then(|at| kind.predicates.get(at));
    let excluded = |own: u32| {
        let excluded = asks.iter().filter(move |(other, _)| {
            predicate(own).zip(predicate(*other)).is_some_and(|(own, other)| own.excludes(other))
        });
        excluded.map(|(_, uses)| uses.clone()).collect()
    };
    facts.extend(asks.iter().map(|(own, uses)| Step::Ask(*own, uses.clone(), excluded(*own))));
    Some(facts)
}

/// The state that each group of a fact leads to.
fn by_group(kind: &KindProgram, columns: &[(usize, usize)], groups: &Groups, state: &State) -> Option<Vec<State>> {
    let mut next: Vec<State> = Vec::new();
    for (class, group) in groups.iter().enumerate() {
        if usize::from(*group) < next.len() {
            continue;
        }
        let mut own = state.clone();
        for (block, column) in columns {
            let (out, waits) = blocks(kind).nth(*block)?.columns.get(*column)?.classes.get(class)?;
            let left = own.left.get_mut(*block)?;
            *left &= !out;
            let open = own.open.get_mut(*block)?;
            *open = (*open | waits) & *left;
        }
        next.push(own);
    }
    Some(next)
}

/// The groups of a fact's classes, in the order in which they first come; `None` when they are too many to be counted.
fn groups(kind: &KindProgram, columns: &[(usize, usize)]) -> Option<Groups> {
    let of = |(block, column): &(usize, usize)| Some(&blocks(kind).nth(*block)?.columns.get(*column)?.classes);
    let own: Vec<_> = columns.iter().filter_map(of).collect();
    let mut known: Vec<Vec<(u64, u64)>> = Vec::new();
    let group = |class: usize| {
        let words: Vec<(u64, u64)> = own.iter().filter_map(|classes| classes.get(class).copied()).collect();
        let at = known.iter().position(|other| *other == words).unwrap_or(known.len());
        if at == known.len() {
            known.push(words);
        }
        u16::try_from(at).ok()
    };
    (0..own.first().map_or(0, |classes| classes.len())).map(group).collect()
}

/// The states that a predicate leads to; `None` when no alternative is left that needs it.
fn by_truth(uses: &[(usize, u64, u64)], state: &State) -> Option<[State; 3]> {
    let needed = |(block, holds, fails): &(usize, u64, u64)| {
        state.left.get(*block).is_some_and(|left| left & (holds | fails) != 0)
    };
    if !uses.iter().any(needed) {
        return None;
    }
    let mut next = [state.clone(), state.clone(), state.clone()];
    let [when_holds, when_fails, when_open] = &mut next;
    for (block, holds, fails) in uses {
        for (next, out) in [(&mut *when_holds, fails), (&mut *when_fails, holds)] {
            let left = next.left.get_mut(*block)?;
            *left &= !out;
            *next.open.get_mut(*block)? &= *left;
        }
        let left = *when_open.left.get(*block)?;
        *when_open.open.get_mut(*block)? |= (holds | fails) & left;
    }
    Some(next)
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
