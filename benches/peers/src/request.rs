//! A request: ten thousand lines of JSON, always the same, and the struct that a program of its own reads them into.

use serde::Deserialize;

use crate::markets::ALL;
use crate::policy::ITEMS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Purchase,
    KeyAccess,
    Cancellation,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Purchase, Self::KeyAccess, Self::Cancellation];

    pub fn code(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::KeyAccess => "key-access",
            Self::Cancellation => "cancellation",
        }
    }

    /// The name where a hyphen cannot be written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::KeyAccess => "key_access",
            Self::Cancellation => "cancellation",
        }
    }

    pub fn of(code: &str) -> Self {
        match code {
            "purchase" => Self::Purchase,
            "key-access" => Self::KeyAccess,
            _ => Self::Cancellation,
        }
    }
}

/// Facts that the kind does not have are left empty.
#[derive(Deserialize)]
pub struct Request<'a> {
    pub kind: Kind,
    #[serde(default)]
    pub side: &'a str,
    pub role: &'a str,
    #[serde(default)]
    pub portal: &'a str,
    #[serde(default)]
    pub segment: &'a str,
    pub product: &'a str,
    pub market: &'a str,
    pub item: &'a str,
    pub amount: i64,
    #[serde(default)]
    pub operation: &'a str,
    #[serde(default)]
    pub vendor: &'a str,
    #[serde(default)]
    pub status: &'a str,
    #[serde(default)]
    pub age: i64,
    #[serde(default)]
    pub term: i64,
    #[serde(default)]
    pub paid: i64,
    #[serde(default)]
    pub acknowledged: bool,
}

impl<'a> Request<'a> {
    pub fn read(line: &'a str) -> Self {
        serde_json::from_str(line).unwrap()
    }

    /// The facts of the kind that are texts.
    pub fn texts(&self) -> Vec<(&'static str, &'a str)> {
        let mut all =
            vec![("role", self.role), ("product", self.product), ("market", self.market), ("item", self.item)];
        match self.kind {
            Kind::Purchase => all.extend([("side", self.side), ("portal", self.portal), ("segment", self.segment)]),
            Kind::KeyAccess => all.extend([("operation", self.operation), ("status", self.status)]),
            Kind::Cancellation => all.extend([("side", self.side), ("vendor", self.vendor), ("status", self.status)]),
        }
        all
    }

    /// The facts of the kind that are numbers.
    pub fn numbers(&self) -> Vec<(&'static str, i64)> {
        let mut all = vec![("amount", self.amount)];
        if self.kind == Kind::Cancellation {
            all.extend([("age", self.age), ("term", self.term), ("paid", self.paid)]);
        }
        all
    }
}

/// A small generator of its own, so that the requests never change with a dependency.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn mostly<'a>(&mut self, usual: &'a str, chance: usize, others: &[&'a str]) -> &'a str {
        if self.below(100) < chance { usual } else { others[self.below(others.len())] }
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// 40 % purchases, 30 % key accesses, 30 % cancellations.
pub fn lines(count: usize) -> Vec<String> {
    let mut dice = Dice(42);
    let markets: Vec<&str> = ALL.split_whitespace().collect();
    (0..count).map(|at| line(&mut dice, at, &markets)).collect()
}

fn line(dice: &mut Dice, at: usize, markets: &[&str]) -> String {
    let kind = match dice.below(10) {
        0..4 => Kind::Purchase,
        4..7 => Kind::KeyAccess,
        _ => Kind::Cancellation,
    };
    let (market, item, amount) = (dice.of(markets), dice.below(ITEMS), dice.below(10));
    let role = dice.mostly("admin-agent", 92, &["global-admin", "sales-agent", "helpdesk-agent"]);
    let side = dice.mostly("partner", 97, &["customer"]);
    let rest = match kind {
        Kind::Purchase => purchase(dice, side),
        Kind::KeyAccess => key_access(dice),
        Kind::Cancellation => cancellation(dice, side),
    };
    format!(
        r#"{{"id":"r-{at}","kind":"{}","at":"2021-07-01T12:00:00Z","role":"{role}","market":"{market}","item":"item-{item}","amount":{amount},{rest}}}"#,
        kind.code()
    )
}

fn purchase(dice: &mut Dice, side: &str) -> String {
    let portal = dice.mostly("partner-center", 60, &["api", "azure-portal", "microsoft-365-admin-center"]);
    let segment = dice.mostly("commercial", 85, &["education", "government"]);
    let product =
        dice.of(&["azure-reservation", "azure-reservation", "server-subscription", "perpetual-software", "widgets"]);
    format!(r#""side":"{side}","portal":"{portal}","segment":"{segment}","product":"{product}""#)
}

fn key_access(dice: &mut Dice) -> String {
    let operation = dice.of(&["get-key", "get-key", "download", "view-item"]);
    let product = dice.mostly("perpetual-software", 55, &["server-subscription", "server-subscription", "widgets"]);
    let status = dice.mostly("completed", 88, &["pending", "cancelled"]);
    format!(r#""operation":"{operation}","product":"{product}","status":"{status}""#)
}

fn cancellation(dice: &mut Dice, side: &str) -> String {
    let product = dice.mostly("server-subscription", 60, &["perpetual-software", "perpetual-software", "widgets"]);
    let vendor = dice.mostly("microsoft", 95, &["suse", "red-hat", "other"]);
    let status = dice.mostly("completed", 92, &["pending", "cancelled"]);
    let (age, paid) = (dice.below(36), dice.below(900_000) + 1_000);
    let (term, acknowledged) = (dice.of(&["30", "365", "1095"]), dice.below(100) < 95);
    format!(
        r#""side":"{side}","product":"{product}","vendor":"{vendor}","status":"{status}","age":{age},"term":{term},"paid":{paid},"acknowledged":{acknowledged}"#
    )
}
