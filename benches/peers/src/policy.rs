//! The policy once, as data, for the languages of the peers. `by_hand.rs` and `csp.yaml` say it again, each in its own words.

use crate::markets::{ALL, UNAVAILABLE};
use crate::request::Kind;

/// One test of one fact.
#[derive(Clone, Debug)]
pub enum Test {
    /// The fact is the text.
    Is(&'static str, String),
    /// The fact is not the text.
    Not(&'static str, String),
    /// The fact is one of the texts.
    In(&'static str, Vec<String>),
    /// The fact is none of the texts.
    NotIn(&'static str, Vec<String>),
    /// The fact is in the long list of markets, for which most languages have a better form than a list.
    Unavailable,
    /// The fact is more than the number.
    More(&'static str, i64),
    /// The fact is false.
    False(&'static str),
}

/// A reason, and the tests that must all hold.
#[derive(Clone, Debug)]
pub struct Rule {
    pub kind: Kind,
    pub reason: &'static str,
    pub tests: Vec<Test>,
}

pub const NOTHING: &str = "nothing-permits";
pub const TOO_MUCH: &str = "too-much";
pub const INSIDE: &str = "inside-window";

fn is(fact: &'static str, text: &str) -> Test {
    Test::Is(fact, text.to_owned())
}

fn not(fact: &'static str, text: &str) -> Test {
    Test::Not(fact, text.to_owned())
}

fn within(fact: &'static str, texts: &str) -> Test {
    Test::In(fact, words(texts))
}

fn outside(fact: &'static str, texts: &str) -> Test {
    Test::NotIn(fact, words(texts))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The codes of the markets where reservations are not sold.
pub fn unavailable() -> Vec<String> {
    words(UNAVAILABLE)
}

/// What denies, strongest first.
pub fn denials() -> Vec<Rule> {
    let rule = |kind, reason, tests: &[Test]| Rule { kind, reason, tests: tests.to_vec() };
    let (buy, key, cancel) = (Kind::Purchase, Kind::KeyAccess, Kind::Cancellation);
    let commercial = within("product", "azure-reservation server-subscription");
    vec![
        rule(buy, "side-not-permitted", &[not("side", "partner")]),
        rule(buy, "role-not-permitted", &[outside("role", "admin-agent global-admin")]),
        rule(buy, "portal-not-permitted", &[outside("portal", "partner-center azure-portal api")]),
        rule(buy, "segment-not-commercial", &[commercial, not("segment", "commercial")]),
        rule(buy, "market-unavailable", &[is("product", "azure-reservation"), Test::Unavailable]),
        rule(key, "role-not-permitted", &[not("role", "admin-agent")]),
        rule(key, "order-pending", &[is("status", "pending")]),
        rule(key, "keys-revoked", &[is("status", "cancelled"), not("operation", "view-item")]),
        rule(cancel, "side-not-permitted", &[not("side", "partner")]),
        rule(cancel, "role-not-permitted", &[not("role", "admin-agent")]),
        rule(cancel, "plan-not-cancellable", &[within("vendor", "suse red-hat")]),
        rule(cancel, "order-pending", &[is("status", "pending")]),
        rule(cancel, "already-cancelled", &[is("status", "cancelled")]),
        rule(cancel, "window-passed", &[Test::More("age", 30)]),
    ]
}

/// What asks, and then what permits, where nothing denies.
pub fn grants() -> Vec<Rule> {
    let rule = |kind, reason, tests: &[Test]| Rule { kind, reason, tests: tests.to_vec() };
    let software = within("product", "server-subscription perpetual-software");
    let sold = within("product", "azure-reservation server-subscription perpetual-software");
    vec![
        rule(Kind::Purchase, "sale-permitted", &[sold]),
        rule(Kind::KeyAccess, "key-access-permitted", std::slice::from_ref(&software)),
        rule(Kind::Cancellation, "acknowledgement-missing", &[software.clone(), Test::False("acknowledged")]),
        rule(Kind::Cancellation, INSIDE, &[software]),
    ]
}

/// One of the extra rules: more than so many of one item in one market is denied.
#[derive(Clone, Copy, Debug)]
pub struct Extra {
    pub kind: Kind,
    pub market: &'static str,
    pub item: usize,
    pub most: i64,
}

/// How many items there are.
pub const ITEMS: usize = 40;

/// So many extra rules, for all kinds, markets and items in turn; no two are for the same.
pub fn extras(count: usize) -> Vec<Extra> {
    let markets: Vec<&'static str> = ALL.split_whitespace().collect();
    let one = |at: usize| Extra {
        kind: Kind::ALL[at % 3],
        market: markets[at % markets.len()],
        item: at / markets.len() % ITEMS,
        most: i64::try_from(at % 7 + 2).unwrap(),
    };
    (0..count).map(one).collect()
}

impl Extra {
    pub fn rule(&self) -> Rule {
        let item = format!("item-{}", self.item);
        let tests = vec![is("market", self.market), is("item", &item), Test::More("amount", self.most)];
        Rule { kind: self.kind, reason: TOO_MUCH, tests }
    }
}

/// The extra rules of one kind.
pub fn extra_rules(extras: &[Extra], kind: Kind) -> Vec<Rule> {
    extras.iter().filter(|extra| extra.kind == kind).map(Extra::rule).collect()
}

/// The rules of one kind without the extra ones, strongest first.
pub fn chain(kind: Kind) -> Vec<Rule> {
    denials().into_iter().chain(grants()).filter(|rule| rule.kind == kind).collect()
}

/// Whether an extra rule is stronger than this reason.
pub fn is_weak(reason: &str) -> bool {
    matches!(
        reason,
        "sale-permitted" | "key-access-permitted" | "acknowledgement-missing" | "inside-window" | "nothing-permits"
    )
}
