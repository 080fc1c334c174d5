//! Cedar: one `forbid` or `permit` for each rule; the id of a policy begins with its rank.

use std::collections::BTreeMap;
use std::fmt::Write;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicyId, PolicySet, Request as Query,
    RestrictedExpression,
};

use crate::peer::{Outcome, Peer, Said};
use crate::policy::{self, Extra, Rule, Test};
use crate::request::{Kind, Request};

pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    partner: EntityUid,
    order: EntityUid,
    actions: BTreeMap<&'static str, EntityUid>,
}

fn quoted(texts: &[String]) -> String {
    format!("[\"{}\"]", texts.join("\", \""))
}

fn test(test: &Test) -> String {
    match test {
        Test::Is(fact, text) => format!("context.{fact} == \"{text}\""),
        Test::Not(fact, text) => format!("context.{fact} != \"{text}\""),
        Test::In(fact, texts) => format!("{}.contains(context.{fact})", quoted(texts)),
        Test::NotIn(fact, texts) => format!("!{}.contains(context.{fact})", quoted(texts)),
        Test::Unavailable => format!("{}.contains(context.market)", quoted(&policy::unavailable())),
        Test::More(fact, least) => format!("context.{fact} > {least}"),
        Test::False(fact) => format!("!context.{fact}"),
    }
}

/// A question is a `forbid` too: there is no third effect.
fn add(policies: &mut PolicySet, rank: usize, rule: &Rule) -> Result<(), String> {
    let effect = if rule.reason.ends_with("-permitted") && rank >= 200_000 || rule.reason == policy::INSIDE {
        "permit"
    } else {
        "forbid"
    };
    let mut text = format!("{effect}(principal, action == Action::\"{}\", resource) when {{ ", rule.kind.code());
    let tests: Vec<String> = rule.tests.iter().map(test).collect();
    write!(text, "{} }};", tests.join(" && ")).unwrap();
    let id = PolicyId::new(format!("{rank:06} {}", rule.reason));
    let policy = Policy::parse(Some(id), text).map_err(|error| error.to_string())?;
    policies.add(policy).map_err(|error| error.to_string())
}

fn context(request: &Request<'_>) -> Context {
    let texts = request.texts().into_iter();
    let texts = texts.map(|(fact, text)| (fact.to_owned(), RestrictedExpression::new_string(text.to_owned())));
    let numbers = request.numbers().into_iter();
    let numbers = numbers.map(|(fact, number)| (fact.to_owned(), RestrictedExpression::new_long(number)));
    let truth = RestrictedExpression::new_bool(request.acknowledged);
    let truth = (request.kind == Kind::Cancellation).then(|| ("acknowledged".to_owned(), truth));
    Context::from_pairs(texts.chain(numbers).chain(truth)).unwrap()
}

impl Peer for Cedar {
    const NAME: &'static str = "Cedar 4.14.1";
    const CANNOT: &'static str = "say anything but allow or deny (the question for the acknowledgement is a `forbid`), \
                                  compute the credit, order its reasons (the bench ranks the ids)";
    type Input = Query;

    fn load(extras: &[Extra]) -> Result<Self, String> {
        let mut policies = PolicySet::new();
        let denials = policy::denials();
        for (rank, rule) in denials.iter().enumerate() {
            add(&mut policies, rank, rule)?;
        }
        for (at, extra) in extras.iter().enumerate() {
            add(&mut policies, 100_000 + at, &extra.rule())?;
        }
        for (at, rule) in policy::grants().iter().enumerate() {
            add(&mut policies, 200_000 + at, rule)?;
        }
        let uid = |text: String| text.parse::<EntityUid>().map_err(|error| error.to_string());
        let action = |kind: Kind| Ok((kind.code(), uid(format!("Action::\"{}\"", kind.code()))?));
        let actions = Kind::ALL.into_iter().map(action).collect::<Result<_, String>>()?;
        Ok(Self {
            authorizer: Authorizer::new(),
            policies,
            entities: Entities::empty(),
            partner: uid("User::\"partner\"".to_owned())?,
            order: uid("Order::\"order\"".to_owned())?,
            actions,
        })
    }

    fn prepare(&self, line: &str) -> Query {
        let request = Request::read(line);
        let action = self.actions[request.kind.code()].clone();
        Query::new(self.partner.clone(), action, self.order.clone(), context(&request), None).unwrap()
    }

    fn decide<R>(&mut self, input: &Query, see: impl FnOnce(Said<'_>) -> R) -> R {
        let response = self.authorizer.is_authorized(input, &self.policies, &self.entities);
        let strongest = response.diagnostics().reason().min();
        let id: &str = strongest.map_or("000000 nothing-permits", AsRef::as_ref);
        let reason = &id[7..];
        let outcome = match (response.decision(), reason) {
            (Decision::Allow, _) => Outcome::Permit,
            (Decision::Deny, "acknowledgement-missing") => Outcome::NeedsInformation,
            (Decision::Deny, policy::NOTHING) => Outcome::NotCovered,
            (Decision::Deny, _) => Outcome::Deny,
        };
        see(Said { outcome: Ok(outcome), reason: Some(reason), credit: None })
    }
}
