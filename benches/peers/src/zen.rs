//! ZEN expressions, the language inside ZEN's tables and graphs: one expression per kind, one per extra rule.

use zen_expression::expression::Standard;
use zen_expression::vm::VM;
use zen_expression::{Expression, Isolate, Scope, Variable};

use crate::peer::{Peer, Said};
use crate::policy::{self, Extra};
use crate::request::Kind;
use crate::zen_text::tests;

type Compiled = Expression<Standard>;

pub struct Zen {
    vm: VM,
    reasons: Vec<Compiled>,
    extras: Vec<Vec<Compiled>>,
    credit: Compiled,
}

fn chain(kind: Kind) -> String {
    let rules = policy::chain(kind);
    let rest = format!("'{}'", policy::NOTHING);
    rules.iter().rev().fold(rest, |rest, rule| format!("({} ? '{}' : {rest})", tests(rule), rule.reason))
}

fn compile(text: &str) -> Result<Compiled, String> {
    Isolate::new().compile_standard(text).map_err(|error| error.to_string())
}

impl Peer for Zen {
    const NAME: &'static str = "zen-expression 2.1.6";
    const CANNOT: &'static str =
        "hold a rule set: an expression has no name, so the bench keeps the list and joins the answers";
    type Input = (Kind, Scope);

    fn load(extras: &[Extra]) -> Result<Self, String> {
        let all = |kind| policy::extra_rules(extras, kind).iter().map(|rule| compile(&tests(rule))).collect();
        Ok(Self {
            vm: VM::new(),
            reasons: Kind::ALL.into_iter().map(|kind| compile(&chain(kind))).collect::<Result<_, _>>()?,
            extras: Kind::ALL.into_iter().map(all).collect::<Result<_, _>>()?,
            credit: compile("product == 'perpetual-software' ? paid : floor(paid * (term - age) / term)")?,
        })
    }

    fn prepare(&self, line: &str) -> Self::Input {
        let variable: Variable = serde_json::from_str(line).unwrap();
        (Kind::of(variable.dot("kind").unwrap().as_str().unwrap()), Scope::new(variable))
    }

    fn decide<R>(&mut self, (kind, scope): &Self::Input, see: impl FnOnce(Said<'_>) -> R) -> R {
        let reason = self.reasons[*kind as usize].evaluate_with_scope(scope, &mut self.vm).unwrap();
        let reason = reason.as_str().unwrap();
        let holds = |rule: &Compiled| rule.evaluate_with_scope(scope, &mut self.vm).unwrap().as_bool().unwrap();
        if policy::is_weak(reason) && self.extras[*kind as usize].iter().any(holds) {
            return see(Said::reason(policy::TOO_MUCH, None));
        }
        let credit = (reason == policy::INSIDE).then(|| {
            let credit = self.credit.evaluate_with_scope(scope, &mut self.vm).unwrap();
            i64::try_from(credit.as_number().unwrap()).unwrap()
        });
        see(Said::reason(reason, credit))
    }
}
