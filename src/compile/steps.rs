//! What a diagram looks at, one after the other, and what each answer leaves of the rules.

use smallvec::SmallVec;

use super::blocks::Block;
use super::check::Tri;
use super::looks::{Alters, Columns, Looked, together};
use super::program::KindProgram;

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
    /// What the class of a fact leaves.
    fn look_up(&mut self, kind: &KindProgram, columns: &[(usize, usize)], class: usize) -> Option<()> {
        for (block, column) in columns {
            let (out, waits) = blocks(kind).nth(*block)?.columns.get(*column)?.classes.get(class)?;
            let left = self.left.get_mut(*block)?;
            *left &= !out;
            let open = self.open.get_mut(*block)?;
            *open = (*open | waits) & *left;
        }
        Some(())
    }

    /// What the truth of a predicate leaves.
    fn settle(&mut self, uses: &[(usize, u64, u64)], truth: Tri) -> Option<()> {
        for (block, holds, fails) in uses {
            let left = self.left.get_mut(*block)?;
            match truth {
                Tri::True => *left &= !fails,
                Tri::False => *left &= !holds,
                Tri::Open => *self.open.get_mut(*block)? |= (holds | fails) & *left,
            }
            *self.open.get_mut(*block)? &= *left;
        }
        Some(())
    }

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
    /// Facts that are looked at together: what they come to is one number, see [`Looked::together`].
    Facts(Vec<Looked>),
    /// A fact that is measured when it is looked at, by the number of its measure.
    Measure(u32, Looked),
    /// A predicate: in each block the alternatives in which it must hold, and in which it must not; and what to do
    /// with those that cannot hold beside it.
    Ask(u32, Uses, Vec<Uses>),
}

impl Step {
    /// The facts that are looked at when a request is read.
    pub fn facts(&self) -> Option<&[Looked]> {
        if let Self::Facts(facts) = self { Some(facts) } else { None }
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
    let mut facts: Vec<(usize, Columns)> = Vec::new();
    let mut asks: Vec<(u32, Uses)> = Vec::new();
    for (at, block) in blocks(kind).enumerate() {
        for (column, own) in block.columns.iter().enumerate() {
            match facts.iter_mut().find(|(fact, _)| *fact == own.fact) {
                Some((_, columns)) => columns.push((at, column)),
                None => facts.push((own.fact, vec![(at, column)])),
            }
        }
        for later in &block.later {
            let own = (at, later.holds, later.fails);
            match asks.iter_mut().find(|(predicate, _)| *predicate == later.predicate) {
                Some((_, uses)) => uses.push(own),
                None => asks.push((later.predicate, vec![own])),
            }
        }
    }
    let looked = facts.into_iter().map(|(fact, columns)| {
        let groups = groups(kind, &columns)?;
        Some(Looked::in_columns(fact, columns, groups))
    });
    let mut looked: Vec<Looked> = looked.collect::<Option<_>>()?;
    let uses = |own: u32| asks.iter().find(|(ask, _)| *ask == own).map(|(_, uses)| uses.clone()).unwrap_or_default();
    let measured = |at: usize| Some(Looked::measured(kind.measures.get(at)?, uses));
    let (told, late): (Vec<usize>, Vec<usize>) =
        (0..kind.measures.len()).partition(|at| kind.measures.get(*at).is_some_and(|one| one.is_told(kind)));
    looked.extend(told.iter().filter_map(|at| measured(*at)));
    let mut steps: Vec<Step> = together(kind, looked).into_iter().map(Step::Facts).collect();
    let mut done: Vec<usize> = told;
    for (own, own_uses) in &asks {
        let Some(at) = kind.measures.iter().position(|measure| measure.tells(*own)) else {
            steps.push(Step::Ask(*own, own_uses.clone(), excluded(kind, *own, &asks)));
            continue;
        };
        if late.contains(&at) && !done.contains(&at) {
            done.push(at);
            steps.push(Step::Measure(u32::try_from(at).ok()?, measured(at)?));
        }
    }
    Some(steps)
}

/// Where predicates are used that cannot hold beside one.
fn excluded(kind: &KindProgram, own: u32, asks: &[(u32, Uses)]) -> Vec<Uses> {
    let predicate = |at: u32| usize::try_from(at).ok().and_then(|at| kind.predicates.get(at));
    let excludes = |other: u32| predicate(own).zip(predicate(other)).is_some_and(|(own, other)| own.excludes(other));
    asks.iter().filter(|(other, _)| excludes(*other)).map(|(_, uses)| uses.clone()).collect()
}

/// The state that each number of facts leads to.
pub fn by_number(kind: &KindProgram, facts: &[Looked], state: &State) -> Option<Vec<State>> {
    facts.iter().try_fold(vec![state.clone()], |states, looked| {
        let beyond = states.iter().map(|state| by_group(kind, looked, state)).collect::<Option<Vec<_>>>()?;
        Some(beyond.into_iter().flatten().collect())
    })
}

/// The state that each group of a fact leads to.
pub fn by_group(kind: &KindProgram, looked: &Looked, state: &State) -> Option<Vec<State>> {
    let mut next: Vec<State> = Vec::new();
    for (class, group) in looked.groups.iter().enumerate() {
        if usize::from(*group) < next.len() {
            continue;
        }
        let mut own = state.clone();
        match &looked.alters {
            Alters::Columns(columns) => own.look_up(kind, columns, class)?,
            Alters::Truths(truths) => {
                for (uses, by_class) in truths {
                    own.settle(uses, *by_class.get(class)?)?;
                }
            }
        }
        next.push(own);
    }
    Some(next)
}

/// The groups of a fact's classes, in the order in which they first come; `None` when they are too many to be counted.
fn groups(kind: &KindProgram, columns: &[(usize, usize)]) -> Option<Vec<u16>> {
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
    for (next, truth) in next.iter_mut().zip([Tri::True, Tri::False, Tri::Open]) {
        next.settle(uses, truth)?;
    }
    Some(next)
}
