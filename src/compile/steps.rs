//! What a diagram looks at, one after the other, and what each answer leaves of the rules.

use std::ops::Range;

use smallvec::SmallVec;

use crate::script::Datum;

use super::blocks::Block;
use super::program::KindProgram;
use super::slots::{NUMBERS, class};

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
    /// Facts that are looked at together: what they come to is one number, see [`Looked::together`].
    Facts(Vec<Looked>),
    /// A predicate: in each block the alternatives in which it must hold, and in which it must not; and what to do
    /// with those that cannot hold beside it.
    Ask(u32, Uses, Vec<Uses>),
}

/// Columns, by block and position.
type Columns = Vec<(usize, usize)>;

/// A fact that is looked at.
#[derive(Debug)]
pub struct Looked {
    /// The fact.
    pub fact: usize,
    columns: Columns,
    /// The group of each class: classes that all columns take alike are one.
    groups: Vec<u16>,
    /// How many groups there are.
    count: usize,
}

impl Looked {
    /// The group of a fact.
    pub fn group(&self, fact: Datum) -> Option<usize> {
        self.groups.get(class(fact)).map(|group| usize::from(*group))
    }

    /// How many groups there are; `None` for a fact that is computed, or has too many to tell beforehand.
    fn told(&self, kind: &KindProgram) -> Option<u8> {
        let fact = kind.copied(self.fact).map_or(self.fact, |(fact, _)| fact);
        u8::try_from(self.count).ok().filter(|count| *count < LATE && fact < kind.table.stated)
    }

    /// The number of groups together: that of those so far, and one more.
    pub fn together(&self, so_far: usize, group: usize) -> usize {
        so_far.wrapping_mul(self.count).wrapping_add(group)
    }
}

/// Facts are looked at together as long as they have no more groups than this, all combined.
const TOGETHER: usize = 32;

/// The group of a fact that is told only when it is looked at.
pub const LATE: u8 = u8::MAX;

/// How the numbers of a request's facts are found when it is read, in the order of the steps.
#[derive(Debug, Default)]
pub struct Looks {
    told: Vec<Told>,
    /// The groups of all, by class.
    groups: Vec<u8>,
    /// Facts that must not be open where another is a copy.
    gates: Vec<Box<[usize]>>,
}

/// How the group of a fact is found.
#[derive(Debug)]
struct Told {
    /// The fact, or the one that it is a copy of.
    fact: usize,
    /// Where its groups are; none for what is told later.
    groups: Range<usize>,
    /// What must not be open where it is a copy.
    gates: Option<usize>,
    /// How many groups there are.
    count: u8,
    /// Whether it is the last of its step.
    is_last: bool,
}

impl Looks {
    /// For the steps that look at facts.
    pub fn new(kind: &KindProgram, steps: &[Step]) -> Self {
        let mut looks = Self::default();
        for step in steps {
            let Step::Facts(facts) = step else { continue };
            for looked in facts {
                looks.add(kind, looked);
            }
            if let Some(last) = looks.told.last_mut() {
                last.is_last = true;
            }
        }
        looks
    }

    fn add(&mut self, kind: &KindProgram, looked: &Looked) {
        let (fact, gates) = kind.copied(looked.fact).unwrap_or((looked.fact, &[]));
        let from = self.groups.len();
        let count = looked.told(kind).unwrap_or_default();
        if count > 0 {
            self.groups.extend(looked.groups.iter().map(|group| u8::try_from(*group).unwrap_or(LATE)));
        }
        let gates = (!gates.is_empty()).then(|| {
            self.gates.push(gates.into());
            self.gates.len().saturating_sub(1)
        });
        self.told.push(Told { fact, groups: from..self.groups.len(), gates, count, is_last: false });
    }

    /// The numbers of a request's facts; [`LATE`] for those that are told later.
    pub fn numbers(&self, facts: &[Datum], numbers: &mut SmallVec<[u8; NUMBERS]>) {
        numbers.clear();
        let (mut number, mut late) = (0_u8, false);
        for told in &self.told {
            let fact = match told.gates {
                None => facts.get(told.fact).copied().unwrap_or(Datum::MISSING),
                Some(gates) => self.copied(facts, told.fact, gates),
            };
            let group = self.groups.get(told.groups.clone()).and_then(|groups| groups.get(class(fact)));
            late |= group.is_none();
            number = number.wrapping_mul(told.count).wrapping_add(group.copied().unwrap_or_default());
            if told.is_last {
                numbers.push(if late { LATE } else { number });
                (number, late) = (0, false);
            }
        }
    }

    /// What a copy is of may be open in several ways, a copy in one.
    fn copied(&self, facts: &[Datum], fact: usize, gates: usize) -> Datum {
        let is_open = |gate: &usize| facts.get(*gate).is_none_or(|gate| gate.is_open());
        let open = self.gates.get(gates).is_none_or(|gates| gates.iter().any(is_open));
        if open { Datum::MISSING } else { facts.get(fact).copied().unwrap_or(Datum::MISSING) }
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
        let count = groups.iter().max().map_or(0, |most| usize::from(*most).saturating_add(1));
        Some(Looked { fact, columns, groups, count })
    });
    let mut steps = together(kind, looked.collect::<Option<_>>()?);
    let predicate = |at: u32| usize::try_from(at).ok().and_then(|at| kind.predicates.get(at));
    let excluded = |own: u32| {
        let excluded = asks.iter().filter(move |(other, _)| {
            predicate(own).zip(predicate(*other)).is_some_and(|(own, other)| own.excludes(other))
        });
        excluded.map(|(_, uses)| uses.clone()).collect()
    };
    steps.extend(asks.iter().map(|(own, uses)| Step::Ask(*own, uses.clone(), excluded(*own))));
    Some(steps)
}

/// Looks at facts together that are told when the request is read: each look waits for the one before it.
fn together(kind: &KindProgram, all: Vec<Looked>) -> Vec<Step> {
    let mut steps: Vec<(usize, Vec<Looked>)> = Vec::new();
    for looked in all {
        let alone = looked.told(kind).is_none();
        match steps.last_mut() {
            Some((count, facts)) if !alone && count.saturating_mul(looked.count) <= TOGETHER => {
                *count = count.saturating_mul(looked.count);
                facts.push(looked);
            }
            _ => steps.push((if alone { usize::MAX } else { looked.count }, vec![looked])),
        }
    }
    steps.into_iter().map(|(_, facts)| Step::Facts(facts)).collect()
}

/// The state that each number of facts leads to.
pub fn by_number(kind: &KindProgram, facts: &[Looked], state: &State) -> Option<Vec<State>> {
    facts.iter().try_fold(vec![state.clone()], |states, looked| {
        let beyond = states.iter().map(|state| by_group(kind, looked, state)).collect::<Option<Vec<_>>>()?;
        Some(beyond.into_iter().flatten().collect())
    })
}

/// The state that each group of a fact leads to.
fn by_group(kind: &KindProgram, looked: &Looked, state: &State) -> Option<Vec<State>> {
    let mut next: Vec<State> = Vec::new();
    for (class, group) in looked.groups.iter().enumerate() {
        if usize::from(*group) < next.len() {
            continue;
        }
        let mut own = state.clone();
        for (block, column) in &looked.columns {
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
