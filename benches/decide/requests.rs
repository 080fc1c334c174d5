//! Ten thousand mixed requests, always the same: 40 % purchase, 30 % key access, 30 % cancellation.

use serde_json::{Map, Value, json};

/// A small generator of its own, so that the requests never change with a dependency.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const MARKETS: [&str; 12] =
    ["DE", "US", "FR", "BR", "AU", "Germany", "Greenland", "AX", "Japan", "NO", "American Samoa", "GB"];

pub fn requests(count: usize) -> Vec<String> {
    let mut dice = Dice(42);
    let one = |at: usize| {
        let mut out = Map::new();
        out.insert("id".into(), format!("r-{at}").into());
        match dice.below(10) {
            0..4 => purchase(&mut dice, &mut out),
            4..7 => key_access(&mut dice, &mut out),
            _ => cancellation(&mut dice, &mut out),
        }
        ordered(&out)
    };
    (0..count).map(one).collect()
}

/// One line, the kind first as a struct would write it.
fn ordered(request: &Map<String, Value>) -> String {
    let first = ["id", "kind", "at"].iter().filter_map(|key| request.get_key_value(*key));
    let rest = request.iter().filter(|(key, _)| !["id", "kind", "at"].contains(&key.as_str()));
    let entries: Vec<String> = first.chain(rest).map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", entries.join(","))
}

fn actor(dice: &mut Dice, usual: &str, portals: &[&str]) -> Value {
    let role = if dice.percent(92) { usual } else { dice.of(&["sales-agent", "Helpdesk agent", "referral-admin"]) };
    let side = if dice.percent(97) { "partner" } else { "customer" };
    let portal = dice.of(portals);
    json!({ "side": side, "roles": [role], "portal": portal })
}

fn purchase(dice: &mut Dice, out: &mut Map<String, Value>) {
    out.insert("kind".into(), "purchase".into());
    out.insert("at".into(), "2021-07-01T12:00:00Z".into());
    let usual = dice.of(&["admin-agent", "Admin agent", "global-admin"]);
    out.insert("actor".into(), actor(dice, usual, &["partner-center", "partner-center", "api", "azure-portal"]));
    let mut customer = Map::from_iter([("market".to_owned(), dice.of(&MARKETS).into())]);
    if dice.percent(60) {
        let segment = dice.of(&["commercial", "commercial", "commercial", "education"]);
        customer.insert("segment".into(), segment.into());
    }
    out.insert("customer".into(), customer.into());
    let kind = dice.of(&["azure-reservation", "azure-reservation", "server-subscription", "perpetual-software"]);
    out.insert("product".into(), json!({ "kind": kind }));
}

fn instant(dice: &mut Dice, month: usize) -> String {
    let (day, hour, minute) = (dice.below(27) + 1, dice.below(24), dice.below(60));
    format!("2021-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z")
}

fn order(dice: &mut Dice) -> Map<String, Value> {
    let status = if dice.percent(92) { "completed" } else { dice.of(&["pending", "cancelled"]) };
    let mut order = Map::from_iter([
        ("id".to_owned(), format!("order-{}", dice.below(100_000)).into()),
        ("status".to_owned(), status.into()),
    ]);
    if dice.percent(20) {
        order.insert("customer_tenant_id".into(), dice.of(&["tenant-1", "tenant-1", "tenant-2"]).into());
    }
    if dice.percent(50) {
        order.insert("quantity".into(), (dice.below(20)).into());
    }
    order
}

fn key_access(dice: &mut Dice, out: &mut Map<String, Value>) {
    out.insert("kind".into(), "key-access".into());
    out.insert("at".into(), instant(dice, 7).into());
    let operation = dice.of(&["get-key", "get-key", "download", "view-item"]);
    out.insert("operation".into(), operation.into());
    out.insert("actor".into(), actor(dice, "admin-agent", &["partner-center"]));
    out.insert("customer".into(), json!({ "tenant_id": "tenant-1" }));
    let kind = dice.of(&["server-subscription", "perpetual-software"]);
    let mut product = json!({ "kind": kind, "version": "2019", "language": "en", "bit": "64" });
    if dice.percent(5) {
        product = json!({ "kind": kind, "version": "2019" });
    }
    out.insert("product".into(), product);
    let mut order = order(dice);
    order.insert("purchased_at".into(), instant(dice, 6).into());
    out.insert("order".into(), order.into());
}

fn cancellation(dice: &mut Dice, out: &mut Map<String, Value>) {
    out.insert("kind".into(), "cancellation".into());
    let month = if dice.percent(85) { 6 } else { 7 };
    out.insert("at".into(), instant(dice, month).replacen("-06-0", "-06-2", 1).into());
    out.insert("actor".into(), actor(dice, "admin-agent", &["partner-center", "partner-center", "api"]));
    out.insert("customer".into(), json!({ "tenant_id": "tenant-1", "domain": "contoso.com" }));
    let kind = if dice.percent(95) { dice.of(&["server-subscription", "perpetual-software"]) } else { "Widgets" };
    let mut product =
        Map::from_iter([("kind".to_owned(), kind.into()), ("name".to_owned(), "Windows Server CAL".into())]);
    if dice.percent(5) {
        product.insert("vendor".into(), dice.of(&["suse", "red-hat", "microsoft"]).into());
    }
    out.insert("product".into(), product.into());
    let mut order = order(dice);
    let day = dice.below(10) + 1;
    order.insert("purchased_at".into(), format!("2021-{:02}-{day:02}T09:00:00Z", 5 + dice.below(2)).into());
    if out["at"].as_str().unwrap() < order["purchased_at"].as_str().unwrap() {
        order.insert("purchased_at".into(), "2021-06-01T00:30:00Z".into());
    }
    order.insert("paid".into(), format!("{}.{:02}", dice.below(9000) + 100, dice.below(100)).into());
    order.insert("currency".into(), dice.of(&["USD", "EUR", "JPY", "KWD"]).into());
    order.insert("term".into(), dice.of(&["P1M", "P1Y", "P3Y"]).into());
    out.insert("order".into(), order.into());
    if dice.percent(97) {
        out.insert("acknowledged".into(), true.into());
    }
    if dice.percent(3) {
        out.insert("more_information_required".into(), true.into());
    }
}
