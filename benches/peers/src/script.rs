//! Plain Rhai: one script per kind, the rules as `if` statements.

use std::cell::RefCell;
use std::fmt::Write;

use rhai::{AST, Engine, ImmutableString, Scope};

use crate::peer::{Peer, Said};
use crate::policy::{self, Extra, Rule, Test};
use crate::request::{Kind, Request};

pub struct Rhai {
    engine: Engine,
    reasons: Vec<AST>,
    credit: AST,
}

fn one_of(fact: &str, texts: &[String]) -> String {
    texts.iter().map(|text| format!("{fact} == \"{text}\"")).collect::<Vec<_>>().join(" || ")
}

fn test(test: &Test) -> String {
    match test {
        Test::Is(fact, text) => format!("{fact} == \"{text}\""),
        Test::Not(fact, text) => format!("{fact} != \"{text}\""),
        Test::In(fact, texts) => format!("({})", one_of(fact, texts)),
        Test::NotIn(fact, texts) => format!("!({})", one_of(fact, texts)),
        // A `switch` is a hash table; a list would be walked.
        Test::Unavailable => {
            format!("(switch market {{ \"{}\" => true, _ => false }})", policy::unavailable().join("\" | \""))
        }
        Test::More(fact, least) => format!("{fact} > {least}"),
        Test::False(fact) => format!("!{fact}"),
    }
}

fn statement(rule: &Rule) -> String {
    let tests: Vec<String> = rule.tests.iter().map(test).collect();
    format!("if {} {{ return \"{}\"; }}\n", tests.join(" && "), rule.reason)
}

fn script(kind: Kind, extras: &[Extra]) -> String {
    let rules = policy::chain(kind);
    let (weak, strong): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(|rule| policy::is_weak(rule.reason));
    let limits = policy::extra_rules(extras, kind);
    let mut text: String = strong.into_iter().chain(&limits).chain(weak).map(statement).collect();
    write!(text, "\"{}\"", policy::NOTHING).unwrap();
    text
}

impl Peer for Rhai {
    const NAME: &'static str = "Rhai 1.27 (with `sync`)";
    const CANNOT: &'static str = "be checked before it runs: a wrong name or a comparison of two types is found, or not, by a \
                                  request";
    type Input = (Kind, RefCell<Scope<'static>>);

    fn load(extras: &[Extra]) -> Result<Self, String> {
        let engine = Engine::new();
        let compile = |text: &str| engine.compile(text).map_err(|error| error.to_string());
        let reasons = Kind::ALL.into_iter().map(|kind| compile(&script(kind, extras))).collect::<Result<_, _>>()?;
        let credit = compile("if product == \"perpetual-software\" { paid } else { paid * (term - age) / term }")?;
        Ok(Self { engine, reasons, credit })
    }

    fn prepare(&self, line: &str) -> Self::Input {
        let request = Request::read(line);
        let mut scope = Scope::new();
        for (fact, text) in request.texts() {
            scope.push(fact, ImmutableString::from(text));
        }
        for (fact, number) in request.numbers() {
            scope.push(fact, number);
        }
        if request.kind == Kind::Cancellation {
            scope.push("acknowledged", request.acknowledged);
        }
        (request.kind, RefCell::new(scope))
    }

    fn decide<R>(&mut self, (kind, scope): &Self::Input, see: impl FnOnce(Said<'_>) -> R) -> R {
        let mut scope = scope.borrow_mut();
        let script = &self.reasons[*kind as usize];
        let reason: ImmutableString = self.engine.eval_ast_with_scope(&mut scope, script).unwrap();
        let credit =
            (reason == policy::INSIDE).then(|| self.engine.eval_ast_with_scope(&mut scope, &self.credit).unwrap());
        see(Said::reason(&reason, credit))
    }
}
