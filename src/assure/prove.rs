//! Invariants: proved, refuted by a request, tested, or honestly not decided.
//!
//! A proof is over everything the vocabulary allows, with scripts free to give anything: what is proved needs no script
//! to be trusted. A counterexample is a request that the engine decided. Where only what scripts compute could break an
//! invariant, requests are searched for, and it is said to be *tested*.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::bundle::checked::{Bundle, FactIx};
use crate::bundle::invariants::{Among, Invariant, Law, Statement};
use crate::decide::evaluate::{Truth, evaluate_condition, passes};
use crate::decision::Decision;
use crate::engine::Engine;
use crate::model::value::Value;

use super::space::mdd::{Id, NO, Op, YES, truth};
use super::space::sample::{Dice, Said, Sample, facts_of};
use super::space::solve::{Solved, number};
use super::space::{Bounds, Given, Space, SpaceError};

/// What came of an invariant.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It holds for every request.
    Proved,
    /// It does not hold: a request, and what the engine decides.
    Refuted {
        /// The request.
        request: Json,
        /// The decision.
        decision: Json,
    },
    /// Only scripts could break it, and so many requests that were searched for did not.
    Tested {
        /// Requests that were decided.
        requests: usize,
    },
    /// The bounds were met first.
    NotDecided {
        /// Why.
        why: String,
    },
}

impl Verdict {
    /// The verdict in one word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Refuted { .. } => "refuted",
            Self::Tested { .. } => "tested",
            Self::NotDecided { .. } => "not-decided",
        }
    }
}

/// An invariant and what came of it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Its name.
    pub id: Arc<str>,
    /// What came of it.
    pub verdict: Verdict,
    /// Scripts whose values the proof left open.
    pub scripts: Vec<Arc<str>>,
}

/// How many requests are searched for where only scripts could break an invariant.
const SEARCHED: usize = 2_000;

/// Proves every invariant of a bundle. `done` is told of each as it is decided.
pub fn prove(engine: &Engine, bounds: Bounds, done: &mut dyn FnMut(&Proof)) -> Vec<Proof> {
    let bundle = engine.checked();
    let mut found: BTreeMap<Arc<str>, Proof> = BTreeMap::new();
    for kind in &bundle.kinds {
        let of_kind: Vec<&Invariant> = bundle
            .invariants
            .iter()
            .filter(|one| one.kinds.iter().any(|ix| bundle.kinds.get(ix.0).is_some_and(|k| k.name == kind.name)))
            .collect();
        if of_kind.is_empty() {
            continue;
        }
        let all: Vec<Proof> = match Prover::new(engine, &kind.name, &of_kind, bounds) {
            Ok(mut prover) => of_kind.iter().map(|one| prover.prove(one)).collect(),
            Err(error) => of_kind.iter().map(|one| not_decided(one, &error)).collect(),
        };
        for proof in all {
            done(&proof);
            match found.get_mut(&proof.id) {
                Some(known) if weight(&known.verdict) >= weight(&proof.verdict) => {}
                _ => {
                    found.insert(Arc::clone(&proof.id), proof);
                }
            }
        }
    }
    bundle.invariants.iter().filter_map(|one| found.remove(&one.id)).collect()
}

/// Of several kinds the worst verdict counts.
fn weight(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Proved => 0,
        Verdict::Tested { .. } => 1,
        Verdict::NotDecided { .. } => 2,
        Verdict::Refuted { .. } => 3,
    }
}

fn not_decided(invariant: &Invariant, error: &SpaceError) -> Proof {
    let verdict = Verdict::NotDecided { why: error.to_string() };
    Proof { id: Arc::clone(&invariant.id), verdict, scripts: Vec::new() }
}

/// Where a statement holds: for sure, and perhaps.
#[derive(Clone, Copy)]
struct Holds {
    sure: Id,
    perhaps: Id,
}

struct Prover<'e> {
    space: Space<'e>,
    solved: Solved,
}

impl<'e> Prover<'e> {
    fn new(engine: &'e Engine, kind: &str, invariants: &[&'e Invariant], bounds: Bounds) -> Result<Self, SpaceError> {
        let mut also = Vec::new();
        for invariant in invariants {
            let mut visit = |condition| also.push((0, condition));
            match &invariant.law {
                Law::Never(one) | Law::Always(one) => one.conditions(&mut visit),
                Law::Implies(first, second) => {
                    first.conditions(&mut visit);
                    second.conditions(&mut visit);
                }
                Law::Monotone(_) | Law::AtMost(..) => {}
            }
        }
        let mut space = Space::new(&[engine], kind, &also, bounds)?;
        let solved = space.solve(0)?;
        Ok(Self { space, solved })
    }

    fn prove(&mut self, invariant: &Invariant) -> Proof {
        let verdict = match &invariant.law {
            Law::Never(one) => {
                let bad = self.holds(one);
                self.decide(bad, &|bundle, case| case.says(bundle, one))
            }
            Law::Always(one) => {
                let good = self.holds(one);
                let bad = self.not(good);
                self.decide(bad, &|bundle, case| !case.says(bundle, one))
            }
            Law::Implies(first, second) => {
                let (first_holds, good) = (self.holds(first), self.holds(second));
                let bad = self.not(good);
                let bad = self.both(first_holds, bad);
                self.decide(bad, &|bundle, case| case.says(bundle, first) && !case.says(bundle, second))
            }
            Law::Monotone(fact) => self.monotone(*fact),
            Law::AtMost(result, fact) => self.at_most(result, *fact),
        };
        let verdict = match self.space.check() {
            Err(error) if !matches!(verdict, Verdict::Refuted { .. }) => Verdict::NotDecided { why: error.to_string() },
            _ => verdict,
        };
        Proof { id: Arc::clone(&invariant.id), verdict, scripts: self.space.opaque() }
    }

    fn exactly(region: Id) -> Holds {
        Holds { sure: region, perhaps: region }
    }

    fn not(&mut self, one: Holds) -> Holds {
        Holds { sure: self.space.mdd.not(one.perhaps), perhaps: self.space.mdd.not(one.sure) }
    }

    fn both(&mut self, a: Holds, b: Holds) -> Holds {
        let mdd = &mut self.space.mdd;
        Holds { sure: mdd.apply(Op::And, a.sure, b.sure), perhaps: mdd.apply(Op::And, a.perhaps, b.perhaps) }
    }

    fn either(&mut self, a: Holds, b: Holds) -> Holds {
        let mdd = &mut self.space.mdd;
        Holds { sure: mdd.apply(Op::Or, a.sure, b.sure), perhaps: mdd.apply(Op::Or, a.perhaps, b.perhaps) }
    }

    fn holds(&mut self, statement: &Statement) -> Holds {
        match statement {
            Statement::All(parts) => parts.iter().fold(Self::exactly(YES), |all, part| {
                let part = self.holds(part);
                self.both(all, part)
            }),
            Statement::Any(parts) => parts.iter().fold(Self::exactly(NO), |any, part| {
                let part = self.holds(part);
                self.either(any, part)
            }),
            Statement::Not(inner) => {
                let inner = self.holds(inner);
                self.not(inner)
            }
            Statement::Request(condition) => {
                let truth = self.space.condition(0, condition);
                Self::exactly(self.space.mdd.is(truth, truth::TRUE))
            }
            Statement::Outcome(outcomes) => {
                let all = outcomes.iter().map(|one| self.space.mdd.is(self.solved.outcome, number(*one))).collect();
                Self::exactly(self.space.mdd.fold(Op::Or, all, NO))
            }
            Statement::Reasons(among, codes) => {
                let all = codes.iter().map(|code| self.solved.reasons.get(code).copied().unwrap_or(NO)).collect();
                Self::exactly(self.among(*among, all))
            }
            Statement::Obligations(among, codes) => {
                let all = codes.iter().map(|code| self.solved.obligations.get(code).copied().unwrap_or(NO)).collect();
                Self::exactly(self.among(*among, all))
            }
            Statement::Result(name, test) => self.result(name, test),
        }
    }

    fn among(&mut self, among: Among, all: Vec<Id>) -> Id {
        match among {
            Among::Any => self.space.mdd.fold(Op::Or, all, NO),
            Among::All => self.space.mdd.fold(Op::And, all, YES),
            Among::None => {
                let any = self.space.mdd.fold(Op::Or, all, NO);
                self.space.mdd.not(any)
            }
        }
    }

    /// A constant passes or not; what a script computes passes perhaps.
    fn result(&mut self, name: &str, test: &crate::bundle::checked::Test) -> Holds {
        let (mut sure, mut perhaps) = (NO, NO);
        for ((_, given), region) in self.solved.results.clone().iter().filter(|((own, _), _)| **own == *name) {
            match given {
                Given::Computed(_) => perhaps = self.space.mdd.apply(Op::Or, perhaps, *region),
                Given::Constant(value) if passes(value, test) => sure = self.space.mdd.apply(Op::Or, sure, *region),
                Given::Constant(_) => {}
            }
        }
        Holds { sure, perhaps: self.space.mdd.apply(Op::Or, sure, perhaps) }
    }

    /// No request where `bad` may hold proves it; one where it does refutes it.
    fn decide(&mut self, bad: Holds, breaks: &dyn Fn(&Bundle, &Case) -> bool) -> Verdict {
        let perhaps = self.space.mdd.apply(Op::And, bad.perhaps, self.solved.valid);
        if perhaps == NO {
            return Verdict::Proved;
        }
        let sure = self.space.mdd.apply(Op::And, bad.sure, self.solved.valid);
        for region in [sure, perhaps] {
            if let Some(request) = self.space.seek(region)
                && let Some(refuted) = self.refuted(&request, breaks)
            {
                return refuted;
            }
        }
        self.search(perhaps, breaks)
    }

    fn refuted(&self, request: &Sample, breaks: &dyn Fn(&Bundle, &Case) -> bool) -> Option<Verdict> {
        let side = self.space.sides.first()?;
        let json = self.space.to_json(0, request);
        let answer = side.engine.decide_json(json.to_string().as_bytes()).ok()?;
        let decision = answer.decisions().first()?;
        let case = Case { facts: facts_of(side, request), decision };
        let language = side.engine.languages().next().unwrap_or("en");
        let refutes = breaks(side.bundle, &case);
        refutes.then(|| Verdict::Refuted { request: json, decision: answer.to_json(language) })
    }

    /// Tries requests of a region with all kinds of values for what the scripts of results read.
    fn search(&mut self, region: Id, breaks: &dyn Fn(&Bundle, &Case) -> bool) -> Verdict {
        let mut requests = 0;
        for n in 0..SEARCHED {
            if n & 63 == 63 && self.space.check().is_err() {
                break;
            }
            let mut dice = Dice(u64::try_from(n).unwrap_or(0));
            let Some(mut request) = self.space.request_among(region, &mut dice) else { break };
            self.space.vary(&mut request, &mut dice);
            requests = usize::saturating_add(requests, 1);
            if let Some(refuted) = self.refuted(&request, breaks) {
                return refuted;
            }
        }
        match requests {
            0 => Verdict::NotDecided { why: "only scripts could break it, and no request was found that tries".into() },
            _ => Verdict::Tested { requests },
        }
    }

    /// Where a request with one member fewer is permitted and with it is not.
    fn monotone(&mut self, fact: FactIx) -> Verdict {
        let Some(side) = self.space.sides.first().copied() else { return Verdict::Proved };
        let path = side.bundle.path(fact);
        let permit = self.space.mdd.is(self.solved.outcome, number(crate::model::decision::Outcome::Permit));
        let permit = self.space.mdd.apply(Op::And, permit, self.solved.valid);
        let mut bad = Vec::new();
        for (at, member) in self.space.members_of(&path) {
            let var = u32::try_from(at).unwrap_or(u32::MAX);
            let (without, with) = (self.space.mdd.restrict(permit, var, 0), self.space.mdd.restrict(permit, var, 1));
            let lost = self.space.mdd.choose(with, NO, without);
            let lost = self.space.given(&path, lost);
            bad.push((member, var, lost));
        }
        for (member, var, lost) in bad {
            if lost == NO {
                continue;
            }
            let lacks = self.space.mdd.leaves(var, [YES, NO]);
            let lost = self.space.mdd.apply(Op::And, lost, lacks);
            let Some(mut request) = self.space.seek(lost) else {
                return Verdict::NotDecided { why: format!("only scripts could let `{member}` lose something") };
            };
            match request.get_mut(&path) {
                Some(Said::Value(Value::Set(members))) => members.insert(member),
                _ => continue,
            };
            let permitted =
                |_: &Bundle, case: &Case<'_>| case.decision.outcome() != crate::model::decision::Outcome::Permit;
            if let Some(refuted) = self.refuted(&request, &permitted) {
                return refuted;
            }
        }
        Verdict::Proved
    }

    /// A result that scripts compute is at most a fact: tested where it is computed.
    fn at_most(&mut self, result: &Arc<str>, fact: FactIx) -> Verdict {
        let exceeds = |_: &Bundle, case: &Case<'_>| {
            let limit = match case.facts.state(fact) {
                crate::decide::facts::State::Known(value) => value.clone(),
                _ => return false,
            };
            case.decision.results().get(result).is_some_and(|value| *value > limit)
        };
        let given: Vec<Id> =
            self.solved.results.iter().filter(|((name, _), _)| name == result).map(|(_, region)| *region).collect();
        let given = self.space.mdd.fold(Op::Or, given, NO);
        let given = self.space.mdd.apply(Op::And, given, self.solved.valid);
        if given == NO { Verdict::Proved } else { self.search(given, &exceeds) }
    }
}

/// A request that was decided.
struct Case<'d> {
    facts: crate::decide::facts::Facts,
    decision: &'d Decision,
}

impl Case<'_> {
    fn says(&self, bundle: &Bundle, statement: &Statement) -> bool {
        let count =
            |given: &dyn Fn(&str) -> bool, among: &Among, codes: &std::collections::BTreeSet<Arc<str>>| match among {
                Among::Any => codes.iter().any(|code| given(code)),
                Among::All => codes.iter().all(|code| given(code)),
                Among::None => !codes.iter().any(|code| given(code)),
            };
        match statement {
            Statement::All(parts) => parts.iter().all(|part| self.says(bundle, part)),
            Statement::Any(parts) => parts.iter().any(|part| self.says(bundle, part)),
            Statement::Not(inner) => !self.says(bundle, inner),
            Statement::Request(condition) => evaluate_condition(bundle, &self.facts, condition) == Truth::True,
            Statement::Outcome(outcomes) => outcomes.contains(&self.decision.outcome()),
            Statement::Reasons(among, codes) => {
                let reasons: Vec<&str> = self.decision.reason_codes().collect();
                count(&|code| reasons.contains(&code), among, codes)
            }
            Statement::Obligations(among, codes) => {
                let mut all = self.decision.obligations("");
                all.extend(self.decision.advice(""));
                count(&|code| all.iter().any(|one| &*one.code == code), among, codes)
            }
            Statement::Result(name, test) => self.decision.results().get(name).is_some_and(|value| passes(value, test)),
        }
    }
}
