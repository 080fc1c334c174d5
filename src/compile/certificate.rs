//! What of a bundle is compiled, script by script and kind by kind, and why the rest is left to the interpreter.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::bundle::checked::{Absence, Bundle, Condition, Effect, Expression, Kind, Operand, Rule};
use crate::model::finding::Place;
use crate::model::value::Value;
use crate::script::{Script, Unmade};

use super::Compiled;
use super::check::Predicate;
use super::facts::FactTable;
use super::normal::Normal;
use super::program::rule_condition;
use super::sources::{Scripts, compute_script};
use super::view::DERIVED;

/// What a script is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The value of a derived fact.
    Derived,
    /// The condition of a contradiction.
    Contradiction,
    /// The condition of a rule.
    Rule,
    /// A result of a rule.
    Result,
}

/// One script, as one kind of request runs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScriptCertificate {
    /// What it is for.
    pub part: Part,
    /// The rule (and its result), the derived fact, or the message of the contradiction.
    pub name: String,
    /// The file, relative to the bundle's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The facts that it reads.
    pub facts: Vec<String>,
    /// The settings that it reads.
    pub settings: Vec<String>,
    /// The columns of tables that it reads.
    pub cells: Vec<String>,
    /// The greatest number of operations of one run.
    pub operations: u64,
    /// Why the interpreter runs it; `None` when it is lowered.
    pub interpreted: Option<String>,
}

/// A rule of which only the interpreter can tell whether it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleCertificate {
    /// Its name.
    pub rule: String,
    /// The file, relative to the bundle's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Why.
    pub interpreted: String,
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindCertificate {
    /// Its name.
    pub kind: String,
    /// Why all of its requests are left to the interpreter; `None` when it is compiled.
    pub interpreted: Option<String>,
    /// Rules that are left to it.
    pub rules: Vec<RuleCertificate>,
    /// Scripts, in the order of the bundle.
    pub scripts: Vec<ScriptCertificate>,
}

impl Compiled {
    /// What is compiled and what is not, for each kind of request.
    #[must_use]
    pub fn certificates(&self) -> Vec<KindCertificate> {
        let one = |(at, kind): (usize, &Kind)| {
            let mut of = Of { bundle: &self.bundle, table: self.kind(at).map(|kind| &kind.table), out: Vec::new() };
            of.kind(kind);
            let scripts = of.out;
            let interpreted = self.kind(at).is_none().then(|| whole_kind(&self.bundle, kind));
            let rules = self.kind(at).map(|made| left_rules(&self.bundle, &made.table, kind)).unwrap_or_default();
            KindCertificate { kind: kind.name.to_string(), interpreted, rules, scripts }
        };
        self.bundle.kinds.iter().enumerate().map(one).collect()
    }
}

/// Why a kind has no program; the forms that `program::compile_kind` refuses.
fn whole_kind(bundle: &Bundle, kind: &Kind) -> String {
    if kind.derived.len() > DERIVED {
        return format!("it has {} derived facts, more than {DERIVED}", kind.derived.len());
    }
    let set = kind.facts.iter().find(|(_, fact)| matches!(fact.absence, Absence::Default(Value::Set(_))));
    if let Some(fact) = set.and_then(|(ix, _)| bundle.fact(*ix)) {
        return format!("the default of `{}` is a set", fact.path);
    }
    let asks = |rule: &&Rule| matches!(rule.effect, Effect::Ask(..)) && !rule.results.is_empty();
    match kind.rules.iter().filter_map(|ix| bundle.rules.get(ix.0)).find(asks) {
        Some(rule) => format!("the rule `{}` asks and gives results", rule.name),
        None => "a fact, a default or an object of its requests has no slots".to_owned(),
    }
}

fn left_rules(bundle: &Bundle, table: &FactTable, kind: &Kind) -> Vec<RuleCertificate> {
    let one = |rule: &Rule| {
        let mut scripts = Scripts::default();
        let mut normal = Normal::new(bundle, table, &mut scripts);
        let interpreted = match rule_condition(&mut normal, rule) {
            None => "its condition has more than 32 alternatives",
            Some(_) if normal.predicates.contains(&Predicate::Beyond) => "a test or script in its condition",
            Some(_) => return None,
        };
        let (file, line) = (rule.place.file.to_string(), rule.place.line);
        Some(RuleCertificate { rule: rule.name.to_string(), file, line, interpreted: interpreted.to_owned() })
    };
    kind.rules.iter().filter_map(|ix| one(bundle.rules.get(ix.0)?)).collect()
}

struct Of<'a> {
    bundle: &'a Bundle,
    /// Of the program; `None` when the kind has none.
    table: Option<&'a FactTable>,
    out: Vec<ScriptCertificate>,
}

impl Of<'_> {
    fn kind(&mut self, kind: &Kind) {
        for fact in kind.derived.iter().filter_map(|ix| self.bundle.fact(*ix)) {
            if let Some(derived) = &fact.derived {
                self.script(Part::Derived, &fact.path, &fact.place, (&derived.script, &derived.reads));
            }
        }
        for contradiction in &kind.contradictions {
            self.condition(Part::Contradiction, &contradiction.message, &contradiction.when);
        }
        for rule in kind.rules.iter().filter_map(|ix| self.bundle.rules.get(ix.0)) {
            self.condition(Part::Rule, &rule.name, &rule.when);
            if let Effect::Ask(needed, _) = &rule.effect {
                self.condition(Part::Rule, &rule.name, needed);
            }
            for (name, value) in &rule.results {
                self.expression(Part::Result, &format!("{} {name}", rule.name), value);
            }
        }
    }

    fn condition(&mut self, part: Part, name: &str, condition: &Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|one| self.condition(part, name, one));
            }
            Condition::Not(inner) => self.condition(part, name, inner),
            Condition::Script(expression, _) => self.expression(part, name, expression),
            Condition::Fact(..) | Condition::Setting(..) => {}
        }
    }

    fn expression(&mut self, part: Part, name: &str, expression: &Expression) {
        if let Expression::Script { script, reads, place } = expression {
            self.script(part, name, place, (script, reads));
        }
    }

    fn script(&mut self, part: Part, name: &str, place: &Place, (script, reads): (&Script, &[Operand])) {
        let named = |wanted: fn(&Operand) -> bool| {
            let all = script.reads().iter().zip(reads).filter(|(_, operand)| wanted(operand));
            all.map(|(path, _)| path.clone()).collect::<BTreeSet<_>>().into_iter().collect()
        };
        self.out.push(ScriptCertificate {
            part,
            name: name.to_owned(),
            file: place.file.to_string(),
            line: place.line,
            facts: named(|operand| matches!(operand, Operand::Fact(_))),
            settings: named(|operand| matches!(operand, Operand::Setting(_))),
            cells: named(|operand| matches!(operand, Operand::Cell(..))),
            operations: script.cost(),
            interpreted: self.left(script, reads),
        });
    }

    /// Settings may cut off what a script cannot do, so one that is made is asked only for what it still reads.
    fn left(&self, script: &Script, reads: &[Operand]) -> Option<String> {
        let Some(table) = self.table else { return Some("its kind is not compiled".to_owned()) };
        let why = script.unmade();
        let mut scripts = Scripts::default();
        match compute_script(self.bundle, table, &mut scripts, script, reads) {
            Some(_) => why.filter(|why| matches!(why, Unmade::Set | Unmade::Join)).map(|why| why.to_string()),
            None if scripts.graph.is_cut() => Some(Unmade::Deep.to_string()),
            None => Some(why.unwrap_or(Unmade::Constant).to_string()),
        }
    }
}
