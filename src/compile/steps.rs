//! What a diagram looks at, one after the other, and what each answer leaves of the rules.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::script::Datum;

use super::blocks::Block;
use super::program::KindProgram;
use super::slots::class;

/// One word for each block.
pub type Words = SmallVec<[u64; 2]>;

/// What is known after some steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The next step.
    pub step: usize,
    /// Alternatives that are not ruled out.
    pub left: Words,
    /// Those of them that wait for facts.
    pub open: Words,
}

impl State {
    /// A predicate that does not hold: alternatives in which it must are gone.
    pub fn rule_out(&mut self, uses: &Uses) -> Option<()> {
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
pub enum Step {
    /// A fact: its columns, by block and position, and its groups.
    Fact(usize, Vec<(usize, usize)>, Groups),
    /// A predicate: in each block the alternatives in which it must hold, and in which it must not; and what to do
    /// with those that cannot hold beside it.
    Ask(u32, Uses, Vec<Uses>),
}

/// The group of each class of a fact: classes that all columns take alike are one. It is the same for all nodes that look
/// at the fact, so that it is at hand.
pub type Groups = Arc<[u16]>;

/// The group of a fact that is told only when it is looked at.
pub const LATE: u8 = u8::MAX;

/// How the group of a step's fact is found when the request is read.
#[derive(Debug)]
pub struct Look {
    /// The fact, or the one that it is a copy of.
    fact: usize,
    /// Those that must not be open where it is a copy.
    gates: Box<[usize]>,
    /// By class; empty where that is told later.
    groups: Box<[u8]>,
}

impl Look {
    /// `None` for a step that looks at no fact.
    pub fn new(kind: &KindProgram, step: &Step) -> Option<Self> {
        let Step::Fact(fact, _, groups) = step else { return None };
        let copied = kind.copied(*fact);
        let (of, gates) = copied.unwrap_or((*fact, &[]));
        let told =
            of < kind.table.stated && groups.iter().all(|group| u8::try_from(*group).is_ok_and(|group| group != LATE));
        let groups =
            if told { groups.iter().filter_map(|group| u8::try_from(*group).ok()).collect() } else { [].into() };
        Some(Self { fact: of, gates: gates.into(), groups })
    }

    /// The group of a request's fact.
    #[inline]
    pub fn group(&self, facts: &[Datum]) -> u8 {
        let Some(fact) = facts.get(self.fact).copied() else { return LATE };
        // What a copy is of may be open in several ways, a copy in one.
        let open = self.gates.iter().any(|gate| facts.get(*gate).is_none_or(|gate| gate.is_open()));
        let fact = if open { Datum::MISSING } else { fact };
        self.groups.get(class(fact)).copied().unwrap_or(LATE)
    }
}

/// In each block, the alternatives in which a predicate must hold, and in which it must not.
pub type Uses = Vec<(usize, u64, u64)>;

/// The blocks of a kind: those of its contradictions first.
pub fn blocks(kind: &KindProgram) -> impl Iterator<Item = &Block> {
    kind.contradictions.blocks.iter().chain(&kind.rules_group.blocks)
}

/// Facts come first, for they cost least; then predicates in the order of the rules.
pub fn steps(kind: &KindProgram) -> Option<Vec<Step>> {
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
pub fn by_group(kind: &KindProgram, columns: &[(usize, usize)], groups: &Groups, state: &State) -> Option<Vec<State>> {
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
pub fn by_truth(uses: &[(usize, u64, u64)], state: &State) -> Option<[State; 3]> {
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
