//! The answer: decisions, their reasons and obligations, and how they are written as JSON of the contract.

mod json;
mod lanes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::bundle::checked::{Bundle, Effect, Evidence, FactIx, Identity, Rule, RuleIx, Test};
use crate::compile::{Brief, Compiled, KindProgram, Request, Told, Why, decide_from, told};
use crate::decide::combine::Because;
use crate::decide::evaluate::{Cell, Truth, applies, lookup};
use crate::decide::facts::{Facts, State};
use crate::decide::parts::PartOf;
use crate::decide::{Decided, DecidedRequest};
use crate::explain::words::{Subject, message};
use crate::model::clause::ClauseRef;
use crate::model::decision::{INFORMATION_MISSING, Outcome};
use crate::model::value::Value;
use crate::render::Lines;

pub use json::InLanguage;
pub(crate) use lanes::{Lane, Lanes};

/// Most answers are shorter than this, in bytes.
const LINE: usize = 2048;

/// The answer to a request: one decision, or one for each part of a request that fans out.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The request does not fan out.
    One(Box<Decision>),
    /// One decision for each part, in request order.
    Parts(Vec<Decision>),
}

impl Answer {
    /// The decisions, in request order.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        match self {
            Self::One(decision) => std::slice::from_ref(decision),
            Self::Parts(decisions) => decisions,
        }
    }

    /// The outcome of one decision, or the least favourable of several (deny, needs-information, refer, not-covered,
    /// permit): `permit` only if every part is permitted.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        const ORDER: [Outcome; 4] = [Outcome::Deny, Outcome::NeedsInformation, Outcome::Refer, Outcome::NotCovered];
        let any = |outcome: &Outcome| self.decisions().iter().any(|decision| decision.outcome() == *outcome);
        let nothing = if self.decisions().is_empty() { Outcome::NotCovered } else { Outcome::Permit };
        ORDER.into_iter().find(any).unwrap_or(nothing)
    }

    /// The answer as JSON of the contract, messages in a language of the bundle.
    #[must_use]
    pub fn to_json(&self, language: &str) -> serde_json::Value {
        let one = |decision: &Decision| serde_json::to_value(decision.in_language(language)).unwrap_or_default();
        match self {
            Self::One(decision) => one(decision),
            Self::Parts(decisions) => decisions.iter().map(one).collect(),
        }
    }

    /// The answer as one line of JSON, keys in the order of the contract.
    #[must_use]
    pub fn to_json_line(&self, language: &str) -> String {
        let mut out = String::with_capacity(LINE);
        self.write_json_line(language, &mut out);
        out
    }

    /// Writes the answer at the end of a text, as [`Answer::to_json_line`] does, so that one text can serve many answers.
    pub fn write_json_line(&self, language: &str, out: &mut String) {
        let ready = match self {
            Self::One(decision) => decision.write_ready(language, out),
            Self::Parts(_) => None,
        };
        if ready.is_none() {
            out.push_str(&self.serialized(language));
        }
    }

    fn serialized(&self, language: &str) -> String {
        let in_language: Vec<_> = self.decisions().iter().map(|decision| decision.in_language(language)).collect();
        let text = match (self, in_language.first()) {
            (Self::One(_), Some(one)) => serde_json::to_string(one),
            _ => serde_json::to_string(&in_language),
        };
        text.unwrap_or_default()
    }
}

/// A compiled bundle with the words for its answers.
#[derive(Debug)]
pub(crate) struct Ready {
    /// The program.
    pub compiled: Compiled,
    lines: Lines,
}

impl Ready {
    /// Words are made when they are first asked for.
    pub fn new(compiled: Compiled) -> Self {
        let lines = Lines::new(&compiled.bundle);
        Self { compiled, lines }
    }

    /// Writes a decision in words made ready beforehand; `None` for what takes the slow way.
    pub fn write(&self, request: &Request, brief: &Brief, language: &str, out: &mut String) -> Option<()> {
        self.lines.write(&self.compiled, request, brief, language, out)
    }
}

/// A request that was read, with what it is decided by: held together, so that a decision holds one thing.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Held {
    /// What it is decided by.
    pub ready: Arc<Lane>,
    /// The request.
    pub request: Request,
}

impl Held {
    fn kind(&self) -> Option<&KindProgram> {
        self.ready.compiled.kind(self.request.kind)
    }

    /// Decides it; `None` when the interpreter is needed.
    #[inline]
    pub fn decide(self: &Arc<Self>) -> Option<Answer> {
        let kind = self.kind()?;
        Some(Answer::One(match told(kind, &self.request).ok()? {
            Told::Decided(brief) => Box::new(self.decision(brief)),
            Told::Until(way) => {
                let mut decision = Box::new(self.decision(Brief::empty()));
                if let Body::Brief { brief, .. } = &mut decision.body {
                    decide_from(kind, &self.request, way, brief).ok()?;
                }
                decision
            }
        }))
    }

    #[inline(always)]
    fn decision(self: &Arc<Self>, brief: Brief) -> Decision {
        let (full, results) = (OnceLock::new(), OnceLock::new());
        Decision { body: Body::Brief { held: Arc::clone(self), brief, full, results } }
    }
}

/// A decision on a request, or on one part of it.
#[derive(Clone, Debug)]
pub struct Decision {
    body: Body,
}

/// Small, for it is copied into its answer.
#[derive(Clone, Debug)]
enum Body {
    /// As the interpreter gives it.
    Full { bundle: Arc<Bundle>, id: Option<Arc<str>>, kind: Arc<str>, at: Arc<str>, decided: Box<Decided> },
    /// As the program gives it; the rest is worked out when it is asked for.
    Brief { held: Arc<Held>, brief: Brief, full: OnceLock<Box<Decided>>, results: OnceLock<Results> },
}

type Results = Box<BTreeMap<Arc<str>, Value>>;

/// Why: a rule that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The code, the same in every language.
    pub code: Arc<str>,
    /// `policy/rule`.
    pub rule: Arc<str>,
    /// The clauses it rests on: the rule's, and those of the list entries and table rows that applied.
    pub clauses: Vec<ClauseRef>,
    /// `file:line:col` of the rule.
    pub source: String,
    /// On what dated rules, entries and rows rest, with its certainty: `high: the page of 2019-03-20`.
    pub evidence: Vec<String>,
    /// The entries of a registry that an ambiguous name may mean.
    pub candidates: Vec<Arc<str>>,
    /// In words.
    pub message: String,
}

/// What the caller must do (an obligation) or may do (an advice) with a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// The code, the same in every language.
    pub code: Arc<str>,
    /// Who is to act.
    pub on: Arc<str>,
    /// Whether the caller may leave it; written as `"advice": true`.
    pub advice: bool,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseRef>,
    /// In words.
    pub message: String,
}

impl Decision {
    /// Writes what the program decided in words made ready beforehand; `None` for what takes the slow way.
    fn write_ready(&self, language: &str, out: &mut String) -> Option<()> {
        let Body::Brief { held, brief, .. } = &self.body else { return None };
        held.ready.write(&held.request, brief, language, out)
    }

    /// The request's id, echoed.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match &self.body {
            Body::Full { id, .. } => id.as_deref(),
            Body::Brief { held, .. } => held.request.id.map(|span| held.request.part(span)),
        }
    }

    /// The kind of request.
    #[must_use]
    pub fn kind(&self) -> &str {
        match &self.body {
            Body::Full { kind, .. } => kind,
            Body::Brief { held, .. } => {
                held.ready.compiled.bundle.kinds.get(held.request.kind).map_or("", |kind| &kind.name)
            }
        }
    }

    /// The decision time, as it was written.
    #[must_use]
    pub fn at(&self) -> &str {
        match &self.body {
            Body::Full { at, .. } => at,
            Body::Brief { held, .. } => held.request.part(held.request.at),
        }
    }

    /// The part of the request; empty when the request does not fan out.
    #[must_use]
    pub fn part(&self) -> &[PartOf] {
        match &self.body {
            Body::Full { decided, .. } => &decided.part,
            Body::Brief { .. } => &[],
        }
    }

    /// The part of the request as JSON of the contract, `{"items": 0}`.
    #[must_use]
    pub fn part_json(&self) -> serde_json::Value {
        serde_json::to_value(json::PartName(self.part())).unwrap_or_default()
    }

    /// The outcome.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match &self.body {
            Body::Full { decided, .. } => decided.verdict.outcome,
            Body::Brief { brief, .. } => brief.outcome,
        }
    }

    /// The codes of the reasons, in order.
    pub fn reason_codes(&self) -> impl Iterator<Item = &str> {
        let (full, brief): (&[Because], &[Why]) = match &self.body {
            Body::Full { decided, .. } => (&decided.verdict.because, &[]),
            Body::Brief { held, brief, .. } => (&[], brief.because(held.kind())),
        };
        full.iter().map(|because| &*because.code).chain(brief.iter().map(|why| self.code(*why)))
    }

    /// The code of a reason that the program gave.
    fn code(&self, why: Why) -> &str {
        let Body::Brief { held, .. } = &self.body else { return "" };
        code_of(&held.ready.compiled, &held.request, why)
    }

    fn checked(&self) -> &Bundle {
        match &self.body {
            Body::Full { bundle, .. } => bundle,
            Body::Brief { held, .. } => &held.ready.compiled.bundle,
        }
    }

    /// Everything that decided, worked out by the interpreter when the program did not need it.
    fn decided(&self) -> &Decided {
        match &self.body {
            Body::Full { decided, .. } => decided,
            Body::Brief { held, brief, full, .. } => {
                full.get_or_init(|| Box::new(held.ready.compiled.full(&held.request, brief)))
            }
        }
    }

    /// The reasons, in the order of the contract, with messages in a language of the bundle.
    #[must_use]
    pub fn reasons(&self, language: &str) -> Vec<Reason> {
        let language = self.spoken(language);
        self.decided().verdict.because.iter().map(|because| self.reason(because, language)).collect()
    }

    /// Results by name.
    #[must_use]
    pub fn results(&self) -> &BTreeMap<Arc<str>, Value> {
        match &self.body {
            Body::Full { decided, .. } => &decided.verdict.results,
            Body::Brief { held, brief, results, .. } => {
                results.get_or_init(|| Box::new(held.ready.compiled.results(&held.request, brief)))
            }
        }
    }

    /// The codes of obligations and advice, in the order of the bundle's rules.
    pub fn obligation_codes(&self) -> impl Iterator<Item = &str> {
        self.decided().verdict.obligations.iter().map(|(code, _)| &**code)
    }

    /// What the caller must do.
    #[must_use]
    pub fn obligations(&self, language: &str) -> Vec<Obligation> {
        self.duties(language, false)
    }

    /// What the caller may do.
    #[must_use]
    pub fn advice(&self, language: &str) -> Vec<Obligation> {
        self.duties(language, true)
    }

    /// The paths of the facts that can still matter, sorted.
    #[must_use]
    pub fn missing(&self) -> Vec<Arc<str>> {
        let paths: BTreeSet<Arc<str>> =
            self.decided().verdict.missing.iter().map(|ix| self.checked().path(*ix)).collect();
        paths.into_iter().collect()
    }

    /// Name, version and digest of the bundle that decided.
    #[must_use]
    pub fn bundle(&self) -> &Identity {
        &self.checked().identity
    }

    /// The decision with its words in a language, for writing; in the first language of the bundle where it does not speak
    /// that one, here as in [`Decision::reasons`] and its like.
    ///
    /// ```
    /// use clausal::Engine;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let answer = Engine::embedded()?.decide(&serde_json::json!({
    ///     "kind": "purchase", "at": "2021-07-01", "product": {"kind": "azure-reservation"},
    ///     "actor": {"side": "partner", "roles": ["sales-agent"], "portal": "partner-center"}
    /// }))?;
    /// assert_eq!(answer.to_json_line("xx"), answer.to_json_line("en"));
    /// assert_ne!(answer.to_json_line("ru"), answer.to_json_line("en"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn in_language<'d>(&'d self, language: &'d str) -> InLanguage<'d> {
        InLanguage { decision: self, language: self.spoken(language), stable: false }
    }

    fn spoken<'l>(&'l self, asked: &'l str) -> &'l str {
        let is_spoken = self.checked().languages.iter().any(|language| **language == *asked);
        if is_spoken { asked } else { self.default_language() }
    }

    fn default_language(&self) -> &str {
        self.checked().languages.first().map_or("en", |language| language)
    }

    fn facts(&self) -> &Facts {
        &self.decided().facts
    }

    fn reason(&self, because: &Because, language: &str) -> Reason {
        let rule = because.rule.and_then(|ix| self.checked().rules.get(ix.0));
        let (name, source) = match (rule, self.checked().kind(self.kind())) {
            (Some(rule), _) => (Arc::clone(&rule.name), rule.place.to_string()),
            (None, kind) => {
                (format!("vocabulary/{}", self.kind()).into(), kind.map(|k| k.place.to_string()).unwrap_or_default())
            }
        };
        let error = because.error.as_ref().map(ToString::to_string).unwrap_or_default();
        let subject = Subject {
            bundle: self.checked(),
            facts: self.facts(),
            results: self.results(),
            missing: &because.missing,
            rule: &name,
            error: &error,
        };
        Reason {
            code: Arc::clone(&because.code),
            message: message(&subject, language, &format!("reason-{}", because.code)),
            rule: Arc::clone(&name),
            clauses: rule.map(|rule| self.clauses(rule)).unwrap_or_default(),
            source,
            evidence: rule.map(|rule| self.evidence(rule)).unwrap_or_default(),
            candidates: self.candidates(&because.missing),
        }
    }

    fn candidates(&self, missing: &BTreeSet<FactIx>) -> Vec<Arc<str>> {
        let of = |ix: &FactIx| match self.facts().state(*ix) {
            State::Unrecognised(_, candidates) => candidates.clone(),
            _ => Vec::new(),
        };
        missing.iter().flat_map(of).collect()
    }

    /// The clauses of a rule, and of the list entries and rows that applied.
    fn clauses(&self, rule: &Rule) -> Vec<ClauseRef> {
        let mut out: BTreeSet<ClauseRef> = rule.clauses.iter().cloned().collect();
        self.cite_all(rule, &mut |clauses, _| out.extend(clauses.iter().cloned()));
        out.into_iter().collect()
    }

    /// On what a rule, and the list entries and rows that applied, rest.
    fn evidence(&self, rule: &Rule) -> Vec<String> {
        let mut out = Vec::new();
        let mut add = |evidence: &Evidence| {
            out.extend(evidence.line().filter(|line| !out.contains(line)));
        };
        add(&rule.evidence);
        self.cite_all(rule, &mut |_, evidence| add(evidence));
        out
    }

    /// Visits the list entries and rows that applied to a rule.
    fn cite_all(&self, rule: &Rule, add: &mut impl FnMut(&[ClauseRef], &Evidence)) {
        crate::explain::cited::tests(&rule.when, &mut |fact, test| self.cite(fact, test, add));
        if let Effect::Ask(needed, _) = &rule.effect {
            crate::explain::cited::tests(needed, &mut |fact, test| self.cite(fact, test, add));
        }
    }

    fn cite(&self, fact: FactIx, test: &Test, add: &mut impl FnMut(&[ClauseRef], &Evidence)) {
        match (test, self.facts().state(fact)) {
            (Test::InList(list), State::Known(value)) => {
                let entries = self.checked().lists.get(list.0).map(|list| list.entries.as_slice()).unwrap_or_default();
                for entry in entries.iter().filter(|entry| entry.value == *value) {
                    let applies = applies(self.facts(), entry.effective.as_slice(), &entry.retired);
                    if applies == Truth::True {
                        add(&entry.clauses, &entry.evidence);
                    }
                }
            }
            (Test::CompareTable(_, table, _), _) => {
                if let Cell::Row(row) = lookup(self.checked(), self.facts(), *table) {
                    add(&row.clauses, &row.evidence);
                }
            }
            _ => {}
        }
    }

    fn duties(&self, language: &str, advice: bool) -> Vec<Obligation> {
        let language = self.spoken(language);
        let one = |(code, rule): &(Arc<str>, RuleIx)| {
            let def = self.checked().obligations.get(code).filter(|def| def.advice == advice)?;
            let rule = self.checked().rules.get(rule.0)?;
            let subject = Subject {
                bundle: self.checked(),
                facts: self.facts(),
                results: self.results(),
                missing: &BTreeSet::new(),
                rule: &rule.name,
                error: "",
            };
            let id = format!("{}-{code}", if advice { "advice" } else { "obligation" });
            let (on, clauses) = (Arc::clone(&def.on), def.clauses.clone());
            Some(Obligation { code: Arc::clone(code), on, advice, clauses, message: message(&subject, language, &id) })
        };
        self.decided().verdict.obligations.iter().filter_map(one).collect()
    }
}

/// Puts a decided request into its answer.
pub(crate) fn answer(bundle: &Arc<Bundle>, request: DecidedRequest) -> Answer {
    let DecidedRequest { id, kind, at, parts } = request;
    let one = |decided: Decided| Decision {
        body: Body::Full {
            bundle: Arc::clone(bundle),
            id: id.clone(),
            kind: Arc::clone(&kind),
            at: Arc::clone(&at),
            decided: Box::new(decided),
        },
    };
    let mut decisions: Vec<Decision> = parts.into_iter().map(one).collect();
    match decisions.pop() {
        Some(only) if decisions.is_empty() && only.part().is_empty() => Answer::One(Box::new(only)),
        Some(last) => {
            decisions.push(last);
            Answer::Parts(decisions)
        }
        None => Answer::Parts(decisions),
    }
}

/// The codes of the reasons of a decision of the program, in order.
pub(crate) fn brief_codes<'c>(compiled: &'c Compiled, request: &Request, brief: &Brief) -> Vec<&'c str> {
    brief.because(compiled.kind(request.kind)).iter().map(|why| code_of(compiled, request, *why)).collect()
}

fn code_of<'c>(compiled: &'c Compiled, request: &Request, why: Why) -> &'c str {
    let rule = why.rule.and_then(|at| compiled.bundle.rules.get(compiled.rule(request, at)?.0));
    match rule.map(|rule| &rule.effect) {
        _ if why.waits => INFORMATION_MISSING,
        None => compiled.bundle.kinds.get(request.kind).map_or("", |kind| &kind.otherwise),
        Some(Effect::Permit(code) | Effect::Deny(code) | Effect::Refer(code) | Effect::Ask(_, code)) => code,
        Some(Effect::Attach(_)) => INFORMATION_MISSING,
    }
}
