//! What is told of a request's facts when it is read: for each, which group of values it is in, of those that the rules
//! tell apart.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::script::Datum;

use super::check::Tri;
use super::measures::Measure;
use super::program::KindProgram;
use super::slots::{NUMBERS, class};
use super::steps::Uses;

/// Columns, by block and position.
pub type Columns = Vec<(usize, usize)>;

/// A fact that is looked at.
#[derive(Debug)]
pub struct Looked {
    /// The fact.
    pub fact: usize,
    /// What follows.
    pub alters: Alters,
    /// The group of each class: classes that are taken alike are one.
    pub groups: Vec<u16>,
    /// How many groups there are.
    count: usize,
    /// How the class of its value is found, where it is measured.
    measure: Option<Arc<Measure>>,
}

/// What follows from the class of a fact.
#[derive(Debug)]
pub enum Alters {
    /// What the class rules out in these columns.
    Columns(Columns),
    /// Predicates hold or fail: where they are used, and the truth of each by class.
    Truths(Vec<(Uses, Vec<Tri>)>),
}

impl Looked {
    /// A fact that is looked up in columns.
    pub fn in_columns(fact: usize, columns: Columns, groups: Vec<u16>) -> Self {
        let count = count(&groups);
        Self { fact, alters: Alters::Columns(columns), groups, count, measure: None }
    }

    /// A fact that is measured; `uses` tells where a predicate is used.
    pub fn measured(measure: &Arc<Measure>, uses: impl Fn(u32) -> Uses) -> Self {
        let truths = measure.tests.iter().map(|(ask, truths)| (uses(*ask), truths.clone())).collect();
        let groups = measure.groups.clone();
        let count = count(&groups);
        Self { fact: measure.fact, alters: Alters::Truths(truths), groups, count, measure: Some(Arc::clone(measure)) }
    }

    /// The group of a fact.
    pub fn group(&self, fact: Datum) -> Option<usize> {
        let class = self.measure.as_ref().map_or_else(|| Some(class(fact)), |measure| measure.scale.class(fact))?;
        self.groups.get(class).map(|group| usize::from(*group))
    }

    /// How many groups there are; `None` for a fact that is computed, or needs a row, or has too many to tell beforehand.
    fn told(&self, kind: &KindProgram) -> Option<u8> {
        let fact = kind.copied(self.fact).map_or(self.fact, |(fact, _)| fact);
        let needs_row = self.measure.as_ref().is_some_and(|measure| measure.table.is_some());
        u8::try_from(self.count).ok().filter(|count| *count < LATE && fact < kind.table.stated && !needs_row)
    }

    /// The number of groups together: that of those so far, and one more.
    pub fn together(&self, so_far: usize, group: usize) -> usize {
        so_far.wrapping_mul(self.count).wrapping_add(group)
    }
}

fn count(groups: &[u16]) -> usize {
    groups.iter().max().map_or(0, |most| usize::from(*most).saturating_add(1))
}

/// The group of a fact that is told only when it is looked at.
pub const LATE: u8 = u8::MAX;

/// Facts are looked at together as long as they have no more groups than this, all combined: each look waits for the one
/// before it, and a byte tells so many apart.
const TOGETHER: usize = LATE as usize;

/// How the numbers of a request's facts are found when it is read, in the order of the steps.
#[derive(Debug, Default)]
pub struct Looks {
    told: Vec<Look>,
    /// The groups of all, by class.
    groups: Vec<u8>,
    /// Facts that must not be open where another is a copy.
    gates: Vec<Box<[usize]>>,
    /// How the classes of values are found that are measured.
    measures: Vec<Arc<Measure>>,
}

/// How the group of a fact is found.
#[derive(Debug)]
struct Look {
    /// The fact, or the one that it is a copy of.
    fact: usize,
    /// Where its groups are; none for what is told later.
    groups: Range<usize>,
    /// What must not be open where it is a copy.
    gates: Option<usize>,
    /// How its class is found, where it is measured.
    measure: Option<usize>,
    /// How many groups there are.
    count: u8,
    /// Whether it is the last of its step.
    is_last: bool,
}

impl Looks {
    /// For the steps that look at facts.
    pub fn new<'s>(kind: &KindProgram, steps: impl Iterator<Item = &'s [Looked]>) -> Self {
        let mut looks = Self::default();
        for facts in steps {
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
        let measure = looked.measure.as_ref().map(|measure| {
            self.measures.push(Arc::clone(measure));
            self.measures.len().saturating_sub(1)
        });
        self.told.push(Look { fact, groups: from..self.groups.len(), gates, measure, count, is_last: false });
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
            let class = match told.measure {
                None => Some(class(fact)),
                Some(at) => self.measures.get(at).and_then(|measure| measure.scale.class(fact)),
            };
            let group = self.groups.get(told.groups.clone()).zip(class).and_then(|(groups, class)| groups.get(class));
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

/// Looks at facts together that are told when the request is read.
pub fn together(kind: &KindProgram, all: Vec<Looked>) -> Vec<Vec<Looked>> {
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
    steps.into_iter().map(|(_, facts)| facts).collect()
}
