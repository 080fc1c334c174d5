//! Rego, by the two ways of regorus: the virtual machine and the interpreter.

use std::fmt::Write;
use std::sync::Arc;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::RegoVM;
use regorus::{Engine, Value};

use crate::peer::{Peer, Said};
use crate::policy::{self, Extra, Test};
use crate::request::Kind;

/// One package for each kind.
fn module(kind: Kind, extras: &[Extra]) -> String {
    let mut text = format!("package {}\nimport rego.v1\n", kind.name());
    writeln!(text, "unavailable := {{\"{}\"}}", policy::unavailable().join("\", \"")).unwrap();
    text.push_str("default too_much := false\n");
    for rule in policy::extra_rules(extras, kind) {
        writeln!(text, "too_much if {{ {} }}", tests(&rule.tests)).unwrap();
    }
    text.push_str("reason := ");
    let mut limit = true;
    for rule in policy::chain(kind) {
        if limit && policy::is_weak(rule.reason) {
            text.push_str("\"too-much\" if { too_much }\nelse := ");
            limit = false;
        }
        write!(text, "\"{}\" if {{ {} }}\nelse := ", rule.reason, tests(&rule.tests)).unwrap();
    }
    text.push_str("\"nothing-permits\"\n");
    text.push_str("credit := input.paid if { input.product == \"perpetual-software\" }\n");
    text.push_str("else := floor(input.paid * (input.term - input.age) / input.term)\n");
    text.push_str("decision := {\"reason\": reason, \"credit\": credit} if { reason == \"inside-window\" }\n");
    text.push_str("else := {\"reason\": reason}\n");
    text
}

fn tests(all: &[Test]) -> String {
    all.iter().map(test).collect::<Vec<_>>().join("; ")
}

fn set(texts: &[String]) -> String {
    format!("{{\"{}\"}}", texts.join("\", \""))
}

fn test(test: &Test) -> String {
    match test {
        Test::Is(fact, text) => format!("input.{fact} == \"{text}\""),
        Test::Not(fact, text) => format!("input.{fact} != \"{text}\""),
        Test::In(fact, texts) => format!("input.{fact} in {}", set(texts)),
        Test::NotIn(fact, texts) => format!("not input.{fact} in {}", set(texts)),
        Test::Unavailable => "input.market in unavailable".to_owned(),
        Test::More(fact, least) => format!("input.{fact} > {least}"),
        Test::False(fact) => format!("input.{fact} == false"),
    }
}

fn engine(extras: &[Extra]) -> Result<Engine, String> {
    let mut engine = Engine::new();
    for kind in Kind::ALL {
        let added = engine.add_policy(format!("{}.rego", kind.code()), module(kind, extras));
        added.map_err(|error| error.to_string())?;
    }
    Ok(engine)
}

fn entry(kind: Kind) -> String {
    format!("data.{}.decision", kind.name())
}

fn kind(input: &Value) -> Kind {
    Kind::of(input["kind"].as_string().unwrap())
}

fn see<R>(value: &Value, see: impl FnOnce(Said<'_>) -> R) -> R {
    let reason = value["reason"].as_string().unwrap();
    let credit = (reason.as_ref() == policy::INSIDE).then(|| value["credit"].as_i64().unwrap());
    see(Said::reason(reason, credit))
}

pub struct Machine {
    vm: RegoVM,
    entries: [String; 3],
}

impl Peer for Machine {
    const NAME: &'static str = "regorus 0.14.1, RVM";
    const CANNOT: &'static str = "give all reasons without writing each rule for it; no clauses or lines";
    type Input = Value;

    fn load(extras: &[Extra]) -> Result<Self, String> {
        let mut engine = engine(extras)?;
        let entries = Kind::ALL.map(entry);
        let all: Vec<&str> = entries.iter().map(String::as_str).collect();
        let first: Arc<str> = entries[0].as_str().into();
        let policy = engine.compile_with_entrypoint(&first).map_err(|error| error.to_string())?;
        let program = Compiler::compile_from_policy(&policy, &all).map_err(|error| error.to_string())?;
        let mut vm = RegoVM::new();
        vm.load_program(program);
        Ok(Self { vm, entries })
    }

    fn prepare(&self, line: &str) -> Value {
        Value::from_json_str(line).unwrap()
    }

    fn decide<R>(&mut self, input: &Value, then: impl FnOnce(Said<'_>) -> R) -> R {
        self.vm.set_input(input.clone());
        let value = self.vm.execute_entry_point_by_name(&self.entries[kind(input) as usize]).unwrap();
        see(&value, then)
    }
}

pub struct Interpreter {
    engine: Engine,
    entries: [String; 3],
}

impl Peer for Interpreter {
    const NAME: &'static str = "regorus 0.14.1, interpreter";
    const CANNOT: &'static str = "as the RVM";
    type Input = Value;

    fn load(extras: &[Extra]) -> Result<Self, String> {
        Ok(Self { engine: engine(extras)?, entries: Kind::ALL.map(entry) })
    }

    fn prepare(&self, line: &str) -> Value {
        Value::from_json_str(line).unwrap()
    }

    fn decide<R>(&mut self, input: &Value, then: impl FnOnce(Said<'_>) -> R) -> R {
        self.engine.set_input(input.clone());
        let value = self.engine.eval_rule(self.entries[kind(input) as usize].clone()).unwrap();
        see(&value, then)
    }
}
