//! Alternatives of rules in blocks of 64, one bit each; blocks of many rules are found by what a request says.

use crate::script::{Datum, Tag};

use super::check::{Predicate, Tri, by_class};
use super::facts::FactTable;
use super::normal::Alternatives;

/// One alternative of a rule.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// The rule, by its position in the kind.
    pub rule: u32,
    /// Predicates and whether they must hold.
    pub literals: Vec<(u32, bool)>,
}

/// For each class of a fact's values: the alternatives that it rules out, and those that it leaves open.
#[derive(Debug)]
pub struct Column {
    /// The fact.
    pub fact: usize,
    /// Ruled out, left open.
    pub classes: Vec<(u64, u64)>,
}

/// A predicate that is looked at when an alternative is left that needs it.
#[derive(Debug)]
pub struct Later {
    /// The predicate.
    pub predicate: u32,
    /// Alternatives in which it must hold.
    pub holds: u64,
    /// Alternatives in which it must not.
    pub fails: u64,
}

/// At most 64 alternatives.
#[derive(Debug)]
pub struct Block {
    /// All of them.
    pub all: u64,
    /// The rule of each.
    pub rules: Vec<u32>,
    /// Facts.
    pub columns: Vec<Column>,
    /// Everything else.
    pub later: Vec<Later>,
}

/// Alternatives that are looked at together.
#[derive(Debug, Default)]
pub struct Group {
    /// Those that every request looks at.
    pub blocks: Vec<Block>,
    /// Those that a value of a fact leads to. What is not known leads nowhere: it is left to the interpreter.
    pub index: Vec<(usize, Vec<Option<Box<Group>>>)>,
}

/// The fact of a predicate that columns can hold, with its truth for each class of values.
type Classed = Option<(usize, Vec<Tri>)>;

/// Builds them.
pub struct Builder<'a> {
    table: &'a FactTable,
    columns: Vec<Classed>,
}

impl<'a> Builder<'a> {
    /// Looks at all predicates of a kind.
    pub fn new(table: &'a FactTable, predicates: &[Predicate]) -> Self {
        Self { table, columns: predicates.iter().map(|predicate| classed(table, predicate)).collect() }
    }

    /// Whether a predicate is in columns and so never looked at by itself.
    pub fn has_column(&self, predicate: usize) -> bool {
        self.columns.get(predicate).is_some_and(Option::is_some)
    }

    fn column(&self, predicate: u32) -> Option<&(usize, Vec<Tri>)> {
        self.columns.get(usize::try_from(predicate).ok()?)?.as_ref()
    }

    /// Puts alternatives where they are found.
    pub fn group(&self, mut alternatives: Vec<Alternative>, used: &[usize]) -> Group {
        let mut group = Group::default();
        let mut used = used.to_vec();
        while alternatives.len() > 64 {
            let Some((fact, apart)) = self.selective(&alternatives, &used) else { break };
            used.push(fact);
            let classes = classes(self.table, fact).len();
            let mut children: Vec<Vec<Alternative>> = vec![Vec::new(); classes];
            let mut rest = Vec::new();
            for (alternative, truths) in alternatives.into_iter().zip(apart) {
                let Some(truths) = truths else {
                    rest.push(alternative);
                    continue;
                };
                let literals = alternative.literals.iter();
                let other = literals.filter(|(at, _)| self.column(*at).is_none_or(|(own, _)| *own != fact));
                let left = Alternative { rule: alternative.rule, literals: other.copied().collect() };
                for (child, truth) in children.iter_mut().zip(truths) {
                    if truth == Tri::True {
                        child.push(left.clone());
                    }
                }
            }
            let child = |own: Vec<Alternative>| (!own.is_empty()).then(|| Box::new(self.group(own, &used)));
            group.index.push((fact, children.into_iter().map(child).collect()));
            alternatives = rest;
        }
        group.blocks = alternatives.chunks(64).map(|some| self.block(some)).collect();
        group
    }

    /// The fact that parts the most alternatives, each of which few of its codes let through.
    fn selective(&self, alternatives: &[Alternative], used: &[usize]) -> Option<(usize, Vec<Option<Vec<Tri>>>)> {
        let of = |alternative: &Alternative, fact: usize| {
            let mut all: Option<Vec<Tri>> = None;
            for (predicate, holds) in &alternative.literals {
                let Some((own, truths)) = self.column(*predicate) else { continue };
                if *own == fact {
                    let signed = truths.iter().map(|truth| if *holds { *truth } else { truth.not() });
                    all = Some(match all {
                        None => signed.collect(),
                        Some(before) => before.into_iter().zip(signed).map(|(a, b)| a.and(b)).collect(),
                    });
                }
            }
            all.filter(|truths| truths.iter().skip(4).filter(|truth| **truth != Tri::False).count() <= 2)
        };
        let facts = (0..self.table.stated).filter(|fact| !used.contains(fact) && self.table.codes_of(*fact).is_some());
        let parted = facts.map(|fact| (fact, alternatives.iter().map(|one| of(one, fact)).collect::<Vec<_>>()));
        let (fact, apart) = parted.max_by_key(|(_, apart)| apart.iter().flatten().count())?;
        (apart.iter().flatten().count() > 32).then_some((fact, apart))
    }

    fn block(&self, alternatives: &[Alternative]) -> Block {
        let mut block = Block { all: 0, rules: Vec::new(), columns: Vec::new(), later: Vec::new() };
        for (at, alternative) in alternatives.iter().enumerate() {
            let bit = u32::try_from(at).ok().and_then(|at| 1_u64.checked_shl(at)).unwrap_or(0);
            block.all |= bit;
            block.rules.push(alternative.rule);
            for (predicate, holds) in &alternative.literals {
                match self.column(*predicate) {
                    Some((fact, truths)) => block.add(*fact, truths, *holds, bit),
                    None => block.add_later(*predicate, *holds, bit),
                }
            }
        }
        // There are many, and nothing is added.
        block.rules.shrink_to_fit();
        block.columns.shrink_to_fit();
        block.later.shrink_to_fit();
        block
    }
}

impl Block {
    fn add(&mut self, fact: usize, truths: &[Tri], holds: bool, bit: u64) {
        if !self.columns.iter().any(|column| column.fact == fact) {
            self.columns.push(Column { fact, classes: vec![(0, 0); truths.len()] });
        }
        let Some(column) = self.columns.iter_mut().find(|column| column.fact == fact) else { return };
        for ((out, open), truth) in column.classes.iter_mut().zip(truths) {
            match if holds { *truth } else { truth.not() } {
                Tri::True => {}
                Tri::False => *out |= bit,
                Tri::Open => *open |= bit,
            }
        }
    }

    fn add_later(&mut self, predicate: u32, holds: bool, bit: u64) {
        if !self.later.iter().any(|later| later.predicate == predicate) {
            self.later.push(Later { predicate, holds: 0, fails: 0 });
        }
        let Some(later) = self.later.iter_mut().find(|later| later.predicate == predicate) else { return };
        if holds {
            later.holds |= bit;
        } else {
            later.fails |= bit;
        }
    }
}

/// A slot for each class of a fact's values: four states, then codes, or truth values, or one for all others.
pub fn classes(table: &FactTable, local: usize) -> Vec<Datum> {
    let mut out = vec![Datum::ABSENT, Datum::MISSING, Datum::of(Tag::Unrecognised), Datum::of(Tag::Other)];
    match table.codes_of(local).and_then(|at| table.codes.get(at)) {
        Some(codes) => out.extend((0..codes.count()).filter_map(|at| u32::try_from(at).ok()).map(Datum::code)),
        None => out.extend([Datum::boolean(false), Datum::boolean(true)]),
    }
    out
}

fn classed(table: &FactTable, predicate: &Predicate) -> Classed {
    let Predicate::Fact(local, check) = predicate else { return None };
    if !table.is_at_hand(*local) {
        return None;
    }
    let one = |class: &Datum| by_class(check, *class);
    let truths: Option<Vec<Tri>> = classes(table, *local).iter().map(one).collect();
    truths.map(|truths| (*local, truths))
}

/// The alternatives of a rule.
pub fn alternatives(rule: u32, all: Alternatives) -> impl Iterator<Item = Alternative> {
    all.into_iter().map(move |literals| Alternative { rule, literals })
}
