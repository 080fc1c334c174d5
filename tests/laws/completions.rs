//! Every way of filling in what a request does not say, on small domains.

use std::collections::{BTreeMap, BTreeSet};

use clausal::Engine;
use proptest::test_runner::TestCaseError;

use super::laws::{Told, told};
use super::request::*;
use super::words::*;

/// More completions than these are not enumerated; a request with more is given some of its facts first.
const MOST: usize = 200;

/// The values that a fact may turn out to have, among them the words that the vocabulary does not have where these
/// are values of their own or grant nothing.
fn values(bundle: &Bundle, fact: Fact) -> Vec<Option<Said>> {
    let mut out: Vec<Option<Said>> = match fact {
        Fact::Color | Fact::Shade => COLORS.iter().map(|code| Some(Said::Value(Val::Color(code)))).collect(),
        Fact::Tags => (0..1_usize << TAGS.len())
            .map(|bits| (0..TAGS.len()).filter(|at| bits >> at & 1 == 1).map(|at| TAGS[at]).collect())
            .map(|tags| Some(Said::Value(Val::Tags(tags))))
            .collect(),
        Fact::Day => (0..DAYS.len()).map(|day| Some(Said::Value(Val::Day(day)))).collect(),
        Fact::Flag => [false, true].map(|flag| Some(Said::Value(Val::Flag(flag)))).to_vec(),
        _ => (-1..5).map(|i| Some(Said::Value(Val::Int(i)))).collect(),
    };
    match bundle.unrecognised.get(&fact) {
        None | Some(Unrecognised::Ask) => {}
        Some(_) if fact == Fact::Tags => out.push(Some(Said::OddAmong(BTreeSet::from(["x"])))),
        Some(_) => out.push(Some(Said::Odd)),
    }
    if let Absence::From(_) = bundle.absences[&fact] {
        out.push(None);
    }
    out
}

/// The facts that are missing: not stated and asked for, or taken from one that is; and those stated in words that the
/// vocabulary does not have, unless some rule speaks of exactly that.
fn unknown(bundle: &Bundle, request: &Request) -> Vec<Fact> {
    let asked = |fact: &Fact| bundle.absences[fact] == Absence::Ask && !request.said.contains_key(fact);
    let settled = bundle.tests_knowledge();
    let odd = |fact: &Fact| {
        let again = bundle.unrecognised.get(fact) == Some(&Unrecognised::Ask);
        again && !settled && matches!(request.said.get(fact), Some(Said::Odd | Said::OddAmong(_)))
    };
    let missing = |fact: &Fact| match &bundle.absences[fact] {
        Absence::From(source) => !request.said.contains_key(fact) && asked(source),
        _ => asked(fact),
    };
    STATED.into_iter().filter(|fact| missing(fact) || odd(fact)).collect()
}

/// The request, with as many of its unknown facts filled in as it takes to enumerate the rest.
pub fn small(bundle: &Bundle, request: &Request) -> Request {
    let mut request = request.clone();
    loop {
        let unknown = unknown(bundle, &request);
        if unknown.iter().map(|fact| values(bundle, *fact).len()).product::<usize>() <= MOST {
            return request;
        }
        let fact = unknown[request.at % unknown.len()];
        let given = values(bundle, fact).swap_remove(request.at % 2);
        request.said.extend(given.map(|said| (fact, said)));
    }
}

fn fill(bundle: &Bundle, request: &Request, facts: &[Fact]) -> Vec<Request> {
    let mut out = vec![request.clone()];
    for fact in facts {
        let mut next = Vec::new();
        for request in &out {
            for said in values(bundle, *fact) {
                let mut filled = request.clone();
                filled.said.extend(said.map(|said| (*fact, said)));
                next.push(filled);
            }
        }
        out = next;
    }
    out
}

/// Every way of filling in what is missing.
pub fn all(bundle: &Bundle, request: &Request) -> Vec<Request> {
    fill(bundle, request, &unknown(bundle, request))
}

/// Every way of stating these facts anew, in words that the vocabulary has; none where there are too many.
pub fn of_facts(bundle: &Bundle, request: &Request, paths: &BTreeSet<String>) -> Vec<Request> {
    let facts: Vec<Fact> = STATED.into_iter().filter(|fact| paths.contains(fact.path())).collect();
    if facts.iter().map(|fact| values(bundle, *fact).len()).product::<usize>() > 2 * MOST {
        return Vec::new();
    }
    let known = |request: &Request| facts.iter().all(|f| matches!(request.said.get(f), Some(Said::Value(_))));
    fill(bundle, request, &facts).into_iter().filter(known).collect()
}

/// Every way of stating those of these facts that are missing; what the request states already stays. None where it
/// states one of them in a word that the vocabulary does not have and a rule speaks of exactly that.
pub fn of_missing(bundle: &Bundle, request: &Request, paths: &BTreeSet<String>) -> Vec<Request> {
    let unknown: BTreeSet<&str> = unknown(bundle, request).into_iter().map(Fact::path).collect();
    let odd = |fact: &Fact| matches!(request.said.get(fact), Some(Said::Odd | Said::OddAmong(_)));
    if STATED.into_iter().any(|fact| odd(&fact) && paths.contains(fact.path()) && !unknown.contains(fact.path())) {
        return Vec::new();
    }
    let both = paths.iter().filter(|path| unknown.contains(path.as_str())).cloned().collect();
    of_facts(bundle, request, &both)
}

/// An outcome, and the codes of the obligations that come with it.
pub type Outcome = (String, BTreeSet<String>);

/// What was filled in, and what that is decided to.
pub type Outcomes = BTreeMap<Vec<Option<Said>>, Outcome>;

/// What each completion is decided to: the outcome, and the obligations that come with it.
pub fn outcomes(engine: &Engine, completions: &[Request]) -> Result<Outcomes, TestCaseError> {
    let one = |completion: &Request| {
        let filled = STATED.iter().map(|fact| completion.said.get(fact).cloned()).collect();
        let told = told(engine, completion)?;
        Ok((filled, (told.outcome, told.duties)))
    };
    completions.iter().map(one).collect()
}

/// The facts in which alone two completions differ that have different outcomes; the one to ask for, where a fact takes
/// its value from another.
pub fn differing(
    bundle: &Bundle,
    request: &Request,
    outcomes: &Outcomes,
    alike: impl Fn(&Outcome, &Outcome) -> bool,
) -> BTreeSet<Fact> {
    let mut out = BTreeSet::new();
    for (at, fact) in STATED.into_iter().enumerate() {
        let mut by_rest = BTreeMap::new();
        for (filled, outcome) in outcomes {
            let mut rest = filled.clone();
            rest[at] = None;
            if !alike(by_rest.entry(rest).or_insert(outcome), outcome) {
                out.insert(match bundle.absences[&fact] {
                    Absence::From(source) if !request.said.contains_key(&fact) => source,
                    _ => fact,
                });
            }
        }
    }
    out
}

/// Whether a permit was lost to nothing but rules that give results and failed; a permit that fails beside them takes
/// nothing away.
pub fn lost_to_a_result(bundle: &Bundle, then: &Told) -> bool {
    let failed = |wanted: &dyn Fn(&Rule) -> bool| {
        then.reasons.iter().filter(|(_, code)| code == "rule-failed").map(|(name, _)| name).any(|name| {
            bundle.rules().any(|(file, rule)| format!("{}/{}", file.name, rule.id) == *name && wanted(rule))
        })
    };
    let gives_results = |rule: &Rule| !rule.results.is_empty();
    let harmless = |rule: &Rule| gives_results(rule) || matches!(rule.effect, Effect::Permit(_));
    let others = then.reasons.iter().all(|(_, code)| code == "rule-failed" || code == "nothing-permits");
    others && failed(&gives_results) && !failed(&|rule| !harmless(rule))
}

/// The bundle with this rule alone, and a permit for everything where the rule itself permits nothing, so that what the
/// rule says shows in the outcome.
pub fn alone(bundle: &Bundle, name: &str) -> Bundle {
    let mut alone = bundle.clone();
    let mut permits = false;
    for file in &mut alone.files {
        let path = file.name.clone();
        file.rules.retain(|rule| format!("{path}/{}", rule.id) == name);
        permits |= file.rules.iter().any(|rule| matches!(rule.effect, Effect::Permit(_)));
    }
    if !permits {
        let rules = vec![Rule::new("all", None, Effect::Permit("fine"))];
        alone.files.push(File { name: "more".into(), period: None, dated_by: Fact::At, rules });
    }
    alone
}
