//! One policy line for each rule; its condition is text that the matcher evaluates.

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use serde::Serialize;

use crate::peer::{Peer, Said};
use crate::policy::{self, Extra, Rule, Test};
use crate::request::{Kind, Request};

const MODEL: &str = "
[request_definition]
r = kind, q
[policy_definition]
p = id, kind, rule, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.kind == p.kind && eval(p.rule)
";

pub struct Casbin(Enforcer);

/// The facts that any rule tests; numbers are those of `only_i32`.
#[derive(Hash, Serialize)]
pub struct Facts {
    side: String,
    role: String,
    portal: String,
    segment: String,
    product: String,
    market: String,
    item: String,
    amount: i32,
    operation: String,
    vendor: String,
    status: String,
    age: i32,
    acknowledged: bool,
}

fn one_of(fact: &str, texts: &[String]) -> String {
    texts.iter().map(|text| format!("r.q.{fact} == \"{text}\"")).collect::<Vec<_>>().join(" || ")
}

fn test(test: &Test) -> String {
    match test {
        Test::Is(fact, text) => format!("r.q.{fact} == \"{text}\""),
        Test::Not(fact, text) => format!("r.q.{fact} != \"{text}\""),
        Test::In(fact, texts) => format!("({})", one_of(fact, texts)),
        Test::NotIn(fact, texts) => format!("!({})", one_of(fact, texts)),
        Test::Unavailable => format!("r.q.market in [\"{}\"]", policy::unavailable().join("\", \"")),
        Test::More(fact, least) => format!("r.q.{fact} > {least}"),
        Test::False(fact) => format!("!r.q.{fact}"),
    }
}

fn lines(rules: &[Rule], effect: impl Fn(&Rule) -> &'static str) -> Vec<Vec<String>> {
    let line = |(at, rule): (usize, &Rule)| {
        let tests: Vec<String> = rule.tests.iter().map(test).collect();
        let id = format!("{}-{}-{at}", rule.kind.code(), rule.reason);
        vec![id, rule.kind.code().to_owned(), tests.join(" && "), effect(rule).to_owned()]
    };
    rules.iter().enumerate().map(line).collect()
}

async fn enforcer(extras: &[Extra]) -> casbin::Result<Enforcer> {
    let mut enforcer = Enforcer::new(DefaultModel::from_str(MODEL).await?, MemoryAdapter::default()).await?;
    let extras: Vec<Rule> = extras.iter().map(Extra::rule).collect();
    enforcer.add_policies(lines(&policy::denials(), |_| "deny")).await?;
    if !extras.is_empty() {
        enforcer.add_policies(lines(&extras, |_| "deny")).await?;
    }
    let effect = |rule: &Rule| if rule.reason == "acknowledgement-missing" { "deny" } else { "allow" };
    enforcer.add_policies(lines(&policy::grants(), effect)).await?;
    Ok(enforcer)
}

impl Peer for Casbin {
    const NAME: &'static str = "casbin 2.20.0";
    const CANNOT: &'static str =
        "say anything but yes or no: no reason, no question, no credit (only yes or no is checked)";
    type Input = (Kind, Facts);

    fn load(extras: &[Extra]) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| error.to_string())?;
        runtime.block_on(enforcer(extras)).map(Self).map_err(|error| error.to_string())
    }

    fn prepare(&self, line: &str) -> Self::Input {
        let request = Request::read(line);
        let number = |number: i64| i32::try_from(number).unwrap();
        let facts = Facts {
            side: request.side.to_owned(),
            role: request.role.to_owned(),
            portal: request.portal.to_owned(),
            segment: request.segment.to_owned(),
            product: request.product.to_owned(),
            market: request.market.to_owned(),
            item: request.item.to_owned(),
            amount: number(request.amount),
            operation: request.operation.to_owned(),
            vendor: request.vendor.to_owned(),
            status: request.status.to_owned(),
            age: number(request.age),
            acknowledged: request.acknowledged,
        };
        (request.kind, facts)
    }

    fn decide<R>(&mut self, (kind, facts): &Self::Input, see: impl FnOnce(Said<'_>) -> R) -> R {
        let permitted = self.0.enforce((kind.code(), facts)).unwrap();
        see(Said { outcome: Err(permitted), reason: None, credit: None })
    }
}
