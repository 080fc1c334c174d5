//! The words of a kind of request in one language, as far as they are known before any request is.

use std::sync::{Arc, OnceLock};

use crate::bundle::checked::{Bundle, Effect, Kind, Rule};
use crate::compile::{Compiled, Diagram, KindProgram, ResultValue};
use crate::model::decision::INFORMATION_MISSING;
use crate::model::value::Value;

use super::cites::{Cites, Clauses};
use super::resolve::{Resolver, Variable};
use super::template::{Maker, Piece, Plurals, escaped};
use super::whole::Part;

/// A message with what surrounds it.
pub type Pieces = Vec<Piece<Variable>>;

/// All words of one language.
#[derive(Debug)]
pub struct Language {
    name: Arc<str>,
    /// Kinds, by position, made when they are first spoken of; `None` for those that are left to the slow way.
    kinds: Vec<OnceLock<Option<KindWords>>>,
    /// The clauses that rules name by position.
    pub clauses: Clauses,
    /// `"bundle":{…}}`
    pub end: Box<str>,
}

/// The words of a kind.
#[derive(Debug)]
pub struct KindWords {
    /// `"kind":"…","at":"`
    pub head: Box<str>,
    /// Rules, by their position in the kind.
    pub rules: Vec<RuleWords>,
    /// The reason that nothing permits.
    pub otherwise: Option<Pieces>,
    /// The plural rules of the language.
    pub plurals: Plurals,
    /// The words of plans, by their numbers, made when they are first spoken; `None` for what is left to the slow way.
    plans: Box<[OnceLock<Option<Vec<Part>>>]>,
}

impl KindWords {
    /// The words of a rule, by its position in the kind.
    pub fn rule(&self, at: u32) -> Option<&RuleWords> {
        self.rules.get(usize::try_from(at).ok()?)
    }

    /// The reason of a rule where it waits for facts, by its position in the kind.
    pub fn waiting(&self, compiled: &Compiled, language: &Language, kind: usize, at: u32) -> Option<&ReasonWords> {
        let make = || {
            let (bundle, program) = (&*compiled.bundle, compiled.kind(kind)?);
            let maker = WordsOf { bundle, clauses: &language.clauses, language: &language.name, program };
            maker.reason(program.rule(at)?.bundle_rule(bundle)?, INFORMATION_MISSING)
        };
        self.rule(at)?.waiting.get_or_init(make).as_ref()
    }

    /// The words of a plan that the kind keeps.
    pub fn plan(&self, at: u32, make: impl FnOnce() -> Option<Vec<Part>>) -> Option<&[Part]> {
        self.plans.get(usize::try_from(at).ok()?)?.get_or_init(make).as_deref()
    }
}

/// The words of a rule.
#[derive(Debug)]
pub struct RuleWords {
    /// Its reason; `None` for what is left to the slow way.
    pub reason: Option<ReasonWords>,
    /// Its reason where it waits for facts, made when it first does.
    waiting: OnceLock<Option<ReasonWords>>,
    /// Results that are the same for every request, as `"name":value`; for others `"name":`.
    pub results: Vec<Box<str>>,
    /// Obligations and advice; `None` for what is left to the slow way.
    pub duties: Option<Vec<Duty>>,
}

/// A reason: an object from its brace to the end of its message.
#[derive(Debug)]
pub enum ReasonWords {
    /// Its clauses are the same for every request.
    Fixed(Pieces),
    /// From its brace to its clauses, what they are, and everything after them; between the two parts of that is evidence.
    Citing {
        /// `{"code":…,"clauses":[`
        head: Box<str>,
        /// What it cites.
        cites: Cites,
        /// `],"source":"…"`
        source: Box<str>,
        /// `,"message":"…"}`
        message: Pieces,
    },
}

/// An obligation or advice.
#[derive(Debug)]
pub struct Duty {
    /// Its code.
    pub code: Arc<str>,
    /// Whether the caller may leave it.
    pub advice: bool,
    /// The object.
    pub words: Pieces,
}

impl Language {
    /// The words of a bundle in a language.
    pub fn new(compiled: &Compiled, name: &Arc<str>) -> Self {
        let bundle = &*compiled.bundle;
        let clauses = Clauses::new(bundle);
        let kinds = bundle.kinds.iter().map(|_| OnceLock::new()).collect();
        let identity = serde_json::json!({
            "name": &*bundle.identity.name, "version": &*bundle.identity.version, "digest": &*bundle.identity.digest,
        });
        let part = |key: &str| format!("\"{key}\":{}", identity.get(key).unwrap_or_default());
        let parts = ["name", "version", "digest"].map(part).join(",");
        Self { name: Arc::clone(name), kinds, clauses, end: format!("\"bundle\":{{{parts}}}}}").into() }
    }
}

impl Language {
    /// The words of a kind.
    pub fn kind(&self, compiled: &Compiled, at: usize) -> Option<&KindWords> {
        let make = || {
            let kind = compiled.bundle.kinds.get(at)?;
            kind_words(&compiled.bundle, &self.clauses, &self.name, kind, compiled.kind(at)?)
        };
        self.kinds.get(at)?.get_or_init(make).as_ref()
    }
}

fn kind_words(
    bundle: &Bundle,
    clauses: &Clauses,
    language: &str,
    kind: &Kind,
    program: &KindProgram,
) -> Option<KindWords> {
    let plurals = Plurals::of(language)?;
    let maker = WordsOf { bundle, clauses, language, program };
    let rules = program.rules().map(|rule| maker.rule(rule.bundle_rule(bundle)?, rule)).collect::<Option<_>>()?;
    let name = format!("vocabulary/{}", kind.name);
    let head = format!(
        "{{\"code\":\"{}\",\"rule\":\"{}\",\"clauses\":[],\"source\":\"{}\",\"message\":\"",
        escaped(&kind.otherwise),
        escaped(&name),
        escaped(&kind.place.to_string())
    );
    let otherwise = maker.message(&name, &head, &format!("reason-{}", kind.otherwise));
    let head = format!("\"kind\":\"{}\",\"at\":\"", escaped(&kind.name)).into();
    let plans = (0..program.diagram().map_or(0, Diagram::most_plans)).map(|_| OnceLock::new()).collect();
    Some(KindWords { head, rules, otherwise, plurals, plans })
}

struct WordsOf<'w> {
    bundle: &'w Bundle,
    clauses: &'w Clauses,
    language: &'w str,
    program: &'w KindProgram,
}

impl WordsOf<'_> {
    fn rule(&self, rule: &Rule, program: &crate::compile::RuleProgram) -> Option<RuleWords> {
        let results = program.results.iter().map(|one| result(&one.name, &one.value)).collect();
        let duties = rule.obligations.iter().map(|code| self.duty(rule, code)).collect();
        let code = match &rule.effect {
            Effect::Permit(code) | Effect::Deny(code) | Effect::Refer(code) | Effect::Ask(_, code) => Some(code),
            Effect::Attach(_) => None,
        };
        let reason = code.and_then(|code| self.reason(rule, code));
        Some(RuleWords { reason, waiting: OnceLock::new(), results, duties })
    }

    /// A message after its head, to the end of its object.
    fn message(&self, rule: &str, head: &str, id: &str) -> Option<Pieces> {
        let resolver = Resolver { bundle: self.bundle, table: &self.program.table, language: self.language, rule };
        let message: Pieces = Maker::new(&resolver).message(id)?;
        let all = std::iter::once(Piece::Text(head.into())).chain(message).chain([Piece::Text("\"}".into())]);
        Some(joined(all))
    }

    fn reason(&self, rule: &Rule, code: &str) -> Option<ReasonWords> {
        let cites = Cites::new(self.bundle, &self.program.table, self.clauses, rule)?;
        let head = format!("{{\"code\":\"{}\",\"rule\":\"{}\",\"clauses\":[", escaped(code), escaped(&rule.name));
        let source = format!("],\"source\":\"{}\"", escaped(&rule.place.to_string()));
        let id = format!("reason-{code}");
        if !cites.is_fixed() {
            let message = self.message(&rule.name, ",\"message\":\"", &id)?;
            return Some(ReasonWords::Citing { head: head.into(), cites, source: source.into(), message });
        }
        let mut text = head;
        let written: Vec<String> = ordered(&rule.clauses).map(|clause| format!("\"{}\"", escaped(&clause))).collect();
        text.push_str(&written.join(","));
        text.push_str(&source);
        if let Some(line) = rule.evidence.line() {
            text.push_str(&format!(",\"evidence\":[\"{}\"]", escaped(&line)));
        }
        text.push_str(",\"message\":\"");
        self.message(&rule.name, &text, &id).map(ReasonWords::Fixed)
    }

    fn duty(&self, rule: &Rule, code: &Arc<str>) -> Option<Duty> {
        let def = self.bundle.obligations.get(code)?;
        let clauses: Vec<String> =
            def.clauses.iter().map(|clause| format!("\"{}\"", escaped(&clause.to_string()))).collect();
        let head = format!(
            "{{\"code\":\"{}\",\"on\":\"{}\",{}\"clauses\":[{}],\"message\":\"",
            escaped(code),
            escaped(&def.on),
            if def.advice { "\"advice\":true," } else { "" },
            clauses.join(",")
        );
        let id = format!("{}-{code}", if def.advice { "advice" } else { "obligation" });
        Some(Duty { code: Arc::clone(code), advice: def.advice, words: self.message(&rule.name, &head, &id)? })
    }
}

fn ordered(clauses: &[crate::model::clause::ClauseRef]) -> impl Iterator<Item = String> {
    let all: std::collections::BTreeSet<_> = clauses.iter().cloned().collect();
    all.into_iter().map(|clause| clause.to_string())
}

fn result(name: &str, value: &ResultValue) -> Box<str> {
    let name = escaped(name);
    match value {
        ResultValue::Constant(value) => format!("\"{name}\":{}", Value::to_json(value)).into(),
        _ => format!("\"{name}\":").into(),
    }
}

/// Texts that follow one another become one.
fn joined(pieces: impl Iterator<Item = Piece<Variable>>) -> Pieces {
    let mut out: Pieces = Vec::new();
    for piece in pieces {
        match (out.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => *before = [&**before, &*text].concat().into(),
            (_, piece) => out.push(piece),
        }
    }
    out
}
