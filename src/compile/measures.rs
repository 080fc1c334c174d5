//! Facts that rules test in several ways: numbers, that they compare with limits, and sets, in which they look for codes.
//! Each is looked at once, and what it comes to tells the truth of all those tests.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::bundle::checked::Comparison;
use crate::script::{Datum, Tag};

use super::check::{Check, Predicate, Tri, by_state};
use super::program::KindProgram;
use super::steps::blocks;
use super::view::Row;

/// Sets that are tested in more ways are asked for each, and so are numbers.
const MOST_OF_SETS: usize = 6;
const MOST_OF_NUMBERS: usize = 512;

/// Groups are told when a request is read where there are no more.
const MOST_TOLD: usize = 200;

/// Classes of what has no value, see [`class`](super::slots::class).
pub const STATES: usize = 4;

/// A fact that is tested in several ways.
#[derive(Debug)]
pub struct Measure {
    /// The fact.
    pub fact: usize,
    /// The table of which a row has to apply.
    pub table: Option<usize>,
    /// How its class is found.
    pub scale: Scale,
    /// The predicates, and the truth of each by class.
    pub tests: Vec<(u32, Vec<Tri>)>,
    /// The group of each class: classes in which all predicates are as true are one.
    pub groups: Vec<u16>,
}

/// How the class of a value is found: states come first, then so many classes of values.
#[derive(Debug)]
pub enum Scale {
    /// A number of this sort, by the first numbers of the intervals after the first.
    Number(Tag, Box<[i64]>),
    /// A set, by those of the tests that it passes, a bit for each.
    Set(Box<[Check]>),
}

impl Scale {
    /// The class of a fact; `None` for a value that is of another sort.
    pub fn class(&self, fact: Datum) -> Option<usize> {
        match (fact.tag(), self) {
            (tag @ (Tag::Absent | Tag::Missing | Tag::Unrecognised | Tag::Other), _) => Some(tag as usize),
            (tag, Self::Number(own, _)) if tag == *own => Some(self.class_of(fact.word())),
            (Tag::Codes, Self::Set(tests)) => {
                let passed = tests.iter().rev().fold(0_usize, |bits, test| bits << 1 | usize::from(has(test, fact)));
                Some(passed.saturating_add(STATES))
            }
            _ => None,
        }
    }

    /// The class of a number.
    pub fn class_of(&self, number: i64) -> usize {
        self.cuts().partition_point(|cut| *cut <= number).saturating_add(STATES)
    }

    /// The first numbers of the intervals after the first; none of a set.
    pub fn cuts(&self) -> &[i64] {
        if let Self::Number(_, cuts) = self { cuts } else { &[] }
    }

    fn classes(&self) -> usize {
        match self {
            Self::Number(_, cuts) => cuts.len().saturating_add(STATES).saturating_add(1),
            Self::Set(tests) => (1_usize << tests.len()).saturating_add(STATES),
        }
    }
}

fn has(test: &Check, set: Datum) -> bool {
    let codes = set.word().cast_unsigned();
    match test {
        Check::AnyOf(bits) => codes & bits != 0,
        Check::AllOf(bits) => codes & bits == *bits,
        Check::NoneOf(bits) => codes & bits == 0,
        _ => false,
    }
}

impl Measure {
    /// Whether its group is told when a request is read.
    pub fn is_told(&self, kind: &KindProgram) -> bool {
        let groups = self.groups.iter().max().map_or(0, |most| usize::from(*most));
        self.fact < kind.table.stated && self.table.is_none() && groups < MOST_TOLD
    }

    /// Whether it tells the truth of a predicate.
    pub fn tells(&self, ask: u32) -> bool {
        self.tests.iter().any(|(own, _)| *own == ask)
    }

    /// The group of a class, given the row of the table.
    pub fn group(&self, row: Row, class: usize) -> Option<u16> {
        let row: usize = match row {
            Row::Found(_) => 0,
            Row::None => 1,
            Row::Open => 2,
        };
        let at = row.wrapping_mul(self.scale.classes()).wrapping_add(class);
        self.groups.get(at).copied()
    }

    /// The measure of facts that these predicates test; `None` when there are too many groups.
    fn new(fact: usize, table: Option<usize>, tests: &[(u32, &Check)]) -> Option<Self> {
        let ranges: Vec<RangeInclusive<i64>> = tests.iter().filter_map(|(_, check)| Some(limits(check)?.1)).collect();
        let scale = match tests.iter().find_map(|(_, check)| limits(check)) {
            Some((tag, _)) => Scale::Number(tag, cuts(&ranges)),
            None => Scale::Set(tests.iter().map(|(_, check)| copy(check)).collect::<Option<_>>()?),
        };
        let rows: &[Row] = if table.is_some() { &[Row::Found(0), Row::None, Row::Open] } else { &[Row::Found(0)] };
        let truths = |(at, (_, check)): (usize, &(u32, &Check))| -> Vec<Tri> {
            let value = |class| value_of(&scale, ranges.get(at), at, class);
            let classes = 0..scale.classes();
            rows.iter().flat_map(|row| classes.clone().map(|class| truth(check, *row, class, value(class)))).collect()
        };
        let tests: Vec<(u32, Vec<Tri>)> =
            tests.iter().map(|(ask, _)| *ask).zip(tests.iter().enumerate().map(truths)).collect();
        let groups = groups(&tests)?;
        Some(Self { fact, table, scale, tests, groups })
    }
}

/// What is tested, as a range of numbers of a sort.
pub fn limits(check: &Check) -> Option<(Tag, RangeInclusive<i64>)> {
    let (tag, range) = match check {
        Check::Compare(comparison, limit) | Check::AnyRow(comparison, _, limit) => {
            let limit = limit.datum()?;
            (limit.tag(), range(*comparison, limit.word()))
        }
        Check::Is(datum) => (datum.tag(), datum.word()..=datum.word()),
        _ => return None,
    };
    matches!(tag, Tag::Integer | Tag::Date | Tag::Timestamp).then_some((tag, range))
}

/// The numbers that compare so with a limit of sixty bits.
pub fn range(comparison: Comparison, limit: i64) -> RangeInclusive<i64> {
    match comparison {
        Comparison::AtLeast => limit..=i64::MAX,
        Comparison::AtMost => i64::MIN..=limit,
        Comparison::MoreThan => limit.saturating_add(1)..=i64::MAX,
        Comparison::LessThan => i64::MIN..=limit.saturating_sub(1),
        Comparison::Equal => limit..=limit,
    }
}

fn copy(check: &Check) -> Option<Check> {
    Some(match check {
        Check::AnyOf(bits) => Check::AnyOf(*bits),
        Check::AllOf(bits) => Check::AllOf(*bits),
        Check::NoneOf(bits) => Check::NoneOf(*bits),
        _ => return None,
    })
}

/// Where intervals begin, whose numbers are in the same ranges.
fn cuts(ranges: &[RangeInclusive<i64>]) -> Box<[i64]> {
    let begins = ranges.iter().map(|range| *range.start());
    let ends = ranges.iter().filter_map(|range| range.end().checked_add(1));
    let mut all: Vec<i64> = begins.chain(ends).filter(|cut| *cut > i64::MIN).collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}

/// Whether the values of a class pass a test.
fn value_of(scale: &Scale, range: Option<&RangeInclusive<i64>>, test: usize, class: usize) -> bool {
    let Some(at) = class.checked_sub(STATES) else { return false };
    match scale {
        // An interval begins at the cut before it.
        Scale::Number(_, cuts) => {
            let first = at.checked_sub(1).and_then(|before| cuts.get(before)).copied().unwrap_or(i64::MIN);
            range.is_some_and(|range| range.contains(&first))
        }
        Scale::Set(_) => at >> test & 1 == 1,
    }
}

/// The truth of a test, as [`View::check`](super::view::View::check) tells it.
fn truth(check: &Check, row: Row, class: usize, passes: bool) -> Tri {
    let state = [Tag::Absent, Tag::Missing, Tag::Unrecognised, Tag::Other].into_iter().nth(class);
    match (check, state) {
        (Check::AnyRow(..), Some(Tag::Absent | Tag::Other)) => Tri::False,
        (Check::AnyRow(..), state) => match row {
            Row::Found(_) if state.is_none() => Tri::of(passes),
            Row::None => Tri::False,
            _ => Tri::Open,
        },
        (_, Some(state)) => by_state(check, Datum::of(state)),
        (_, None) => Tri::of(passes),
    }
}

/// The groups of the classes, in the order in which they first come; `None` when they are too many to be counted.
fn groups(tests: &[(u32, Vec<Tri>)]) -> Option<Vec<u16>> {
    let mut known: HashMap<Vec<Tri>, usize> = HashMap::new();
    let group = |class: usize| {
        let truths: Vec<Tri> = tests.iter().filter_map(|(_, truths)| truths.get(class).copied()).collect();
        let next = known.len();
        u16::try_from(*known.entry(truths).or_insert(next)).ok()
    };
    (0..tests.first().map_or(0, |(_, truths)| truths.len())).map(group).collect()
}

/// The measures of a kind. What only one predicate tests, and what has to be computed for it, is asked.
pub fn measures(kind: &KindProgram) -> Vec<Arc<Measure>> {
    type Place = (usize, Option<usize>, Option<Tag>);
    let mut all: Vec<(Place, Vec<(u32, &Check)>)> = Vec::new();
    let asked: HashSet<u32> = blocks(kind).flat_map(|block| &block.later).map(|later| later.predicate).collect();
    for (at, predicate) in (0_u32..).zip(&kind.predicates).filter(|(at, _)| asked.contains(at)) {
        let Predicate::Fact(fact, check) = predicate else { continue };
        let table = if let Check::AnyRow(_, table, _) = check { Some(*table) } else { None };
        let tag = limits(check).map(|(tag, _)| tag);
        let is_set = matches!(check, Check::AnyOf(_) | Check::AllOf(_) | Check::NoneOf(_));
        if tag.is_none() && !(is_set && *fact < kind.table.stated) {
            continue;
        }
        match all.iter_mut().find(|(place, _)| *place == (*fact, table, tag)) {
            Some((_, tests)) => tests.push((at, check)),
            None => all.push(((*fact, table, tag), vec![(at, check)])),
        }
    }
    let measure = |((fact, table, tag), tests): (Place, Vec<(u32, &Check)>)| {
        let told = fact < kind.table.stated && table.is_none();
        let most = if tag.is_some() { MOST_OF_NUMBERS } else { MOST_OF_SETS };
        (tests.len() <= most && (told || tests.len() > 1))
            .then(|| Measure::new(fact, table, &tests).map(Arc::new))
            .flatten()
    };
    all.into_iter().filter_map(measure).collect()
}
