//! What the rules gave, put together: the second half of the oracle.

use std::collections::{BTreeMap, BTreeSet};

use super::oracle::Facts;
use super::oracle::Truth::{self, Broken, Open, Yes};
use super::words::*;

/// What the oracle says of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: &'static str,
    /// Rule (none for the kind's own reason) and code.
    pub reasons: BTreeSet<(String, &'static str)>,
    pub missing: BTreeSet<&'static str>,
    pub results: BTreeMap<&'static str, i64>,
    pub duties: BTreeSet<&'static str>,
}

/// What a rule gave.
pub struct Found {
    pub name: String,
    pub effect: Effect,
    /// Whether it does what it says; for an `ask`, whether it applies and is not met.
    pub truth: Truth,
    /// Whether its condition holds.
    pub matched: bool,
    /// For an `ask`: the facts it asks for.
    pub asks_for: Facts,
    pub results: BTreeMap<&'static str, i64>,
    pub duties: Vec<&'static str>,
}

impl Found {
    /// Whether it asks for something that is not given, or may.
    fn asks(&self) -> bool {
        matches!((&self.effect, &self.truth), (Effect::Ask(..), Yes | Open(_)))
    }

    /// Whether it may yet add an obligation to a permit.
    fn may_add_duties(&self) -> bool {
        self.effect == Effect::Attach("permit") && self.open().is_some() && !self.duties.is_empty()
    }

    fn denies(&self) -> bool {
        matches!(self.effect, Effect::Deny(_) | Effect::Require(..))
    }

    /// What the rule would do, had it matched.
    fn word(&self) -> &'static str {
        match self.effect {
            Effect::Permit(_) => "permit",
            Effect::Deny(_) | Effect::Require(..) => "deny",
            Effect::Refer(_) => "refer",
            Effect::Ask(..) => "needs-information",
            Effect::Attach(outcome) => outcome,
        }
    }

    fn code(&self) -> &'static str {
        match self.effect {
            Effect::Permit(code)
            | Effect::Deny(code)
            | Effect::Refer(code)
            | Effect::Require(_, code)
            | Effect::Ask(_, code) => code,
            Effect::Attach(_) => "",
        }
    }

    fn decides(&self) -> bool {
        !matches!(self.effect, Effect::Attach(_))
    }

    /// Whether its failure counts as a denial.
    fn fails_safe(&self) -> bool {
        self.truth == Broken
            && match self.effect {
                Effect::Permit(_) => false,
                Effect::Attach(outcome) => outcome == "permit",
                _ => true,
            }
    }

    fn is(&self, word: &str, truth: &Truth) -> bool {
        self.decides() && self.word() == word && self.truth == *truth
    }

    fn open(&self) -> Option<&Facts> {
        if let Open(by) = &self.truth { Some(by) } else { None }
    }
}

/// What all rules gave.
struct Rules<'f>(&'f [Found]);

pub fn combine(found: &[Found]) -> Verdict {
    let rules = Rules(found);
    let outcome = rules.outcome();
    let settled = rules.settled(outcome);
    let contradicted = clashes(found.iter().filter(|one| one.matched && one.word() == settled));
    if !contradicted.is_empty() && settled != "needs-information" {
        return clashed(found, settled, &contradicted);
    }
    rules.told(outcome)
}

impl Rules<'_> {
    fn some(&self, which: impl Fn(&Found) -> bool) -> bool {
        self.0.iter().any(which)
    }

    fn matched(&self, word: &str) -> bool {
        self.some(|one| one.is(word, &Yes))
    }

    fn open(&self, word: &str) -> bool {
        self.some(|one| one.decides() && one.word() == word && one.open().is_some())
    }

    fn outcome(&self) -> &'static str {
        let (permitted, referred) = (self.matched("permit"), self.matched("refer"));
        if self.matched("deny") || self.some(Found::fails_safe) {
            "deny"
        } else if !(permitted || referred || self.open("permit") || self.open("refer")) {
            "not-covered"
        } else if self.open("deny") || self.some(Found::asks) || !(permitted || referred) {
            "needs-information"
        } else if referred {
            "refer"
        } else if self.open("refer") || self.some(Found::may_add_duties) {
            "needs-information"
        } else {
            "permit"
        }
    }

    /// The outcome but for what could still come in between, a denial or an obligation: these do not save rules that
    /// contradict one another.
    fn settled(&self, outcome: &'static str) -> &'static str {
        match outcome {
            "needs-information" if self.some(Found::asks) => outcome,
            "needs-information" if self.matched("refer") => "refer",
            "needs-information" if self.matched("permit") && !self.open("refer") => "permit",
            _ => outcome,
        }
    }

    /// Whether the answer waits for what a rule waits for.
    fn waits(&self, one: &Found) -> bool {
        let (permitted, referred) = (self.matched("permit"), self.matched("refer"));
        one.open().is_some()
            && match one.word() {
                "deny" => one.denies(),
                "refer" => one.decides() && !referred,
                "permit" if one.decides() => !permitted && !referred,
                "permit" => one.may_add_duties() && !referred,
                _ => false,
            }
    }

    fn told(&self, outcome: &'static str) -> Verdict {
        let informs = outcome == "needs-information";
        let carries =
            |one: &&Found| if informs { one.asks() && one.matched } else { one.matched && one.word() == outcome };
        let clash = clashes(self.0.iter().filter(carries));
        let mut told = Verdict { outcome, ..Verdict::default() };
        let mut missing = Facts::new();
        for one in self.0 {
            if informs && one.asks() {
                told.reasons.insert((one.name.clone(), one.code()));
                missing.extend(&one.asks_for);
            } else if informs && self.waits(one) {
                told.reasons.insert((one.name.clone(), "information-missing"));
                missing.extend(one.open().into_iter().flatten());
            } else if one.is(outcome, &Yes) {
                told.reasons.insert((one.name.clone(), one.code()));
            }
            if one.fails_safe() || (one.is("permit", &Broken) && outcome != "permit") {
                told.reasons.insert((one.name.clone(), "rule-failed"));
            }
            if carries(&one) {
                told.duties.extend(&one.duties);
                told.results.extend(one.results.iter().filter(|(name, _)| !clash.contains(*name)));
            }
        }
        if outcome == "not-covered" {
            told.reasons.insert(("vocabulary/ask".into(), "nothing-permits"));
        }
        told.missing = missing.into_iter().map(Fact::path).collect();
        told
    }
}

/// The results that are given two values.
fn clashes<'f>(carrying: impl Iterator<Item = &'f Found>) -> BTreeSet<&'static str> {
    let mut values: BTreeMap<&'static str, BTreeSet<i64>> = BTreeMap::new();
    for (name, value) in carrying.flat_map(|one| &one.results) {
        values.entry(name).or_default().insert(*value);
    }
    values.into_iter().filter(|(_, values)| values.len() > 1).map(|(name, _)| name).collect()
}

/// Rules that contradict one another count as failed, all of them; nothing they give is trusted.
fn clashed(found: &[Found], outcome: &str, clash: &BTreeSet<&'static str>) -> Verdict {
    let mut reasons = BTreeSet::new();
    for one in found {
        let gives = one.matched && one.word() == outcome && one.results.keys().any(|name| clash.contains(name));
        if gives || one.fails_safe() || one.is("permit", &Broken) {
            reasons.insert((one.name.clone(), "rule-failed"));
        } else if one.is("deny", &Yes) {
            reasons.insert((one.name.clone(), one.code()));
        }
    }
    Verdict { outcome: "deny", reasons, ..Verdict::default() }
}
