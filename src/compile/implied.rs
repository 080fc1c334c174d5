//! What a condition says that its other tests say already. A window that is given in days has bounds in seconds and by an
//! instant as well, which nothing reaches: tests of those depend on nothing but whether their facts are known and a row
//! applies, and so does the test of the days. They are left out, so that nobody computes what they compare.
//!
//! Among tests that must all hold, one that fails to be true goes before one that is open, and that before one whose fact
//! cannot be computed: so it makes no difference either whether what is left out could have been.

use std::collections::BTreeSet;

use crate::model::time::{Instant, LAST_DAY};
use crate::script::{Bounds, Graph, Tag};

use super::check::{Check, Predicate};
use super::facts::FactTable;
use super::measures::limits;
use super::normal::Alternatives;
use super::program::DerivedFact;

/// What the tests of a kind compare.
pub struct Compared<'a> {
    /// Its facts.
    pub table: &'a FactTable,
    /// What its scripts compute.
    pub graph: &'a Graph,
    /// Its derived facts, in order.
    pub derived: &'a [Option<DerivedFact>],
    /// Its tests.
    pub predicates: &'a [Predicate],
}

/// A comparison of a fact that has a number wherever it is known. Where one of its facts is open it is open, and where no row
/// of its table applies it fails, whatever is open.
#[derive(Debug)]
struct Comparison {
    /// Facts that may be open.
    facts: BTreeSet<usize>,
    /// The table of which a row has to apply.
    table: Option<usize>,
    /// Its truth where all is known, if that is always the same.
    truth: Option<bool>,
    /// Whether it has to hold, or to fail.
    holds: bool,
}

impl Comparison {
    fn needs_nothing(&self) -> bool {
        self.facts.is_empty() && self.table.is_none()
    }

    /// Whether it is open only where the other is, and fails for want of a row only where the other does.
    fn needs_less_than(&self, other: &Self) -> bool {
        self.facts.is_subset(&other.facts) && self.table == other.table
    }

    /// Never what is asked for: it is false, or open.
    fn never(&self) -> bool {
        self.holds && self.truth == Some(false)
    }

    /// Always what is asked for, or open.
    fn always(&self) -> bool {
        !self.holds && self.truth == Some(false)
    }

    /// What is asked for, or open, unless no row applies.
    fn always_in_a_row(&self) -> bool {
        self.holds && self.truth == Some(true)
    }
}

/// Alternatives of more tests are left as they are: each test is compared with each other.
const MOST: usize = 32;

/// A predicate and whether it must hold.
type Literal = (u32, bool);

impl Compared<'_> {
    /// Alternatives of a rule without what makes no difference: together they are true, false or open for the same requests.
    pub fn without_implied(&self, mut all: Alternatives) -> Alternatives {
        let is_decided = |test: &Literal| self.comparison(*test).is_some_and(|own| own.truth.is_some());
        if all.iter().any(|own| own.len() > MOST) || !all.iter().flatten().any(is_decided) {
            return all;
        }
        for alternative in &mut all {
            let mut at = 0;
            while at < alternative.len() {
                if self.is_implied(alternative, at) {
                    alternative.remove(at);
                } else {
                    at = at.saturating_add(1);
                }
            }
        }
        let mut at = 0;
        while at < all.len() {
            if self.is_covered(&all, at) {
                all.remove(at);
            } else {
                at = at.saturating_add(1);
            }
        }
        all
    }

    /// Whether a test makes no difference beside the others of its alternative.
    fn is_implied(&self, alternative: &[Literal], at: usize) -> bool {
        let Some(own) = alternative.get(at).and_then(|test| self.comparison(*test)) else { return false };
        let mut others = alternative.iter().enumerate().filter(|(other, _)| *other != at);
        let beside = |(_, test): (usize, &Literal)| {
            self.comparison(*test).is_some_and(|other| {
                // Where the other is true, so is this; where it is open, this one is not false.
                let is_true_with =
                    own.needs_less_than(&other) && (own.always() || (own.always_in_a_row() && other.holds));
                // Where the other is open, so is this; it is never true.
                let is_open_with = other.never() && other.needs_less_than(&own);
                is_true_with || is_open_with
            })
        };
        (own.needs_nothing() && (own.always() || own.always_in_a_row())) || others.any(beside)
    }

    /// Whether an alternative is true only where another one is, and open only where another one is not false.
    fn is_covered(&self, all: &Alternatives, at: usize) -> bool {
        let Some(own) = all.get(at) else { return false };
        let covers = |other: &Vec<Literal>| {
            let mut more = other.iter().filter(|test| !own.contains(test));
            let (Some(only), None) = (more.next(), more.next()) else { return false };
            let Some(more) = self.comparison(*only) else { return false };
            own.iter().filter_map(|test| self.comparison(*test)).any(|test| {
                (test.never() && test.needs_less_than(&more)) || (more.always() && more.needs_less_than(&test))
            })
        };
        all.iter().enumerate().any(|(other, tests)| other != at && covers(tests))
    }

    /// What a test compares; `None` for any other test, and of a fact that may have no number though it is known.
    fn comparison(&self, (predicate, holds): Literal) -> Option<Comparison> {
        let Predicate::Fact(fact, check) = self.predicates.get(usize::try_from(predicate).ok()?)? else { return None };
        let (tag, range) = limits(check)?;
        let table = if let Check::AnyRow(_, table, _) = check { Some(*table) } else { None };
        let truth = self.bounds(*fact, tag).and_then(|bounds| bounds.are_in(&range));
        Some(Comparison { facts: self.facts(*fact, tag)?, table, truth, holds })
    }

    /// The facts that may be open of those that a number is found by.
    fn facts(&self, fact: usize, tag: Tag) -> Option<BTreeSet<usize>> {
        let Some(at) = fact.checked_sub(self.table.stated) else {
            let has_number = self.table.decided_at() == Some(fact) || self.table.is_never_absent(fact);
            let is_open = !self.table.is_never_open(fact);
            return has_number.then(|| is_open.then_some(fact).into_iter().collect());
        };
        let compute = &self.derived.get(at)?.as_ref()?.compute;
        let sorted = match tag {
            Tag::Integer => self.graph.is_integer(compute.root),
            Tag::Date => self.graph.is_date(compute.root),
            _ => false,
        };
        let has_number = sorted && self.graph.is_present(compute.root) && compute.gate.needs_facts_only;
        has_number.then(|| compute.gate.facts.iter().copied().collect())
    }

    /// Between which words a fact lies; `None` where computing it may fail.
    fn bounds(&self, fact: usize, tag: Tag) -> Option<Bounds> {
        if let Some(at) = fact.checked_sub(self.table.stated) {
            let compute = &self.derived.get(at)?.as_ref()?.compute;
            let cannot_fail = self.graph.is_safe(compute.root) && compute.gate.may_fail.is_empty();
            return cannot_fail.then(|| self.graph.bounds(compute.root));
        }
        Some(match tag {
            Tag::Timestamp => {
                let (least, greatest) = Instant::ends()?;
                Bounds { least, greatest }
            }
            Tag::Date => Bounds { least: 1, greatest: LAST_DAY },
            _ => Bounds::ANY,
        })
    }
}
