//! CEL: one expression per kind, one per extra rule; facts are looked up in the request without copies.

use std::collections::HashMap;
use std::sync::Arc;

use cel::common::types::{CelBool, CelInt, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, Program, Value};

use crate::peer::{Peer, Said};
use crate::policy::{self, Extra, Rule, Test};
use crate::request::{Kind, Request};

pub struct Cel {
    root: Context<'static, 'static>,
    reasons: Vec<Program>,
    extras: Vec<Vec<Program>>,
    credit: Program,
}

pub struct Facts {
    kind: Kind,
    all: Vec<(&'static str, Box<dyn Val>)>,
}

impl VariableResolver for Facts {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let (_, value) = self.all.iter().find(|(fact, _)| *fact == name)?;
        Some(CowVal::Borrowed(value.as_ref()))
    }
}

fn quoted(texts: &[String]) -> String {
    format!("['{}']", texts.join("', '"))
}

fn test(test: &Test) -> String {
    match test {
        Test::Is(fact, text) => format!("{fact} == '{text}'"),
        Test::Not(fact, text) => format!("{fact} != '{text}'"),
        Test::In(fact, texts) => format!("{fact} in {}", quoted(texts)),
        Test::NotIn(fact, texts) => format!("!({fact} in {})", quoted(texts)),
        Test::Unavailable => "market in unavailable".to_owned(),
        Test::More(fact, least) => format!("{fact} > {least}"),
        Test::False(fact) => format!("!{fact}"),
    }
}

fn tests(rule: &Rule) -> String {
    rule.tests.iter().map(test).collect::<Vec<_>>().join(" && ")
}

fn chain(kind: Kind) -> String {
    let rules = policy::chain(kind);
    let rest = format!("'{}'", policy::NOTHING);
    rules.iter().rev().fold(rest, |rest, rule| format!("({} ? '{}' : {rest})", tests(rule), rule.reason))
}

impl Peer for Cel {
    const NAME: &'static str = "cel 0.15.0";
    const CANNOT: &'static str = "hold a rule set (the bench keeps the list), or compute with decimals";
    type Input = Facts;

    fn load(extras: &[Extra]) -> Result<Self, String> {
        let env = Arc::new(Env::stdlib());
        let compile = |text: &str| env.compile(text).map_err(|error| error.to_string());
        let all =
            |kind| policy::extra_rules(extras, kind).iter().map(|rule| compile(&tests(rule))).collect::<Result<_, _>>();
        let reasons = Kind::ALL.into_iter().map(|kind| compile(&chain(kind))).collect::<Result<_, _>>()?;
        let extras = Kind::ALL.into_iter().map(all).collect::<Result<_, _>>()?;
        let credit = compile("product == 'perpetual-software' ? paid : paid * (term - age) / term")?;
        let mut root = Context::with_env(Arc::clone(&env));
        let unavailable: HashMap<String, bool> = policy::unavailable().into_iter().map(|code| (code, true)).collect();
        root.add_variable_from_value("unavailable", unavailable);
        Ok(Self { root, reasons, extras, credit })
    }

    fn prepare(&self, line: &str) -> Facts {
        let request = Request::read(line);
        let texts = request.texts().into_iter();
        let mut all: Vec<(&'static str, Box<dyn Val>)> =
            texts.map(|(fact, text)| (fact, Box::new(CelString::from(text.to_owned())) as _)).collect();
        all.extend(request.numbers().into_iter().map(|(fact, number)| (fact, Box::new(CelInt::from(number)) as _)));
        if request.kind == Kind::Cancellation {
            all.push(("acknowledged", Box::new(CelBool::from(request.acknowledged))));
        }
        Facts { kind: request.kind, all }
    }

    fn decide<R>(&mut self, input: &Facts, see: impl FnOnce(Said<'_>) -> R) -> R {
        let mut context = self.root.new_inner_scope();
        context.set_variable_resolver(input);
        let Ok(Value::String(reason)) = self.reasons[input.kind as usize].execute(&context) else { panic!("no text") };
        let holds = |rule: &Program| rule.execute(&context) == Ok(Value::Bool(true));
        if policy::is_weak(&reason) && self.extras[input.kind as usize].iter().any(holds) {
            return see(Said::reason(policy::TOO_MUCH, None));
        }
        let credit = (*reason == policy::INSIDE).then(|| match self.credit.execute(&context) {
            Ok(Value::Int(credit)) => credit,
            other => panic!("no number: {other:?}"),
        });
        see(Said::reason(&reason, credit))
    }
}
