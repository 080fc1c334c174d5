//! What a good programmer would write by hand for the shipped policy under its default readings: the yardstick.

use std::collections::{HashMap, HashSet};

use clausal::{Date, Duration, Engine, Outcome, Timestamp};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Raw<'a> {
    pub kind: &'a str,
    at: &'a str,
    operation: Option<&'a str>,
    #[serde(borrow)]
    actor: RawActor<'a>,
    #[serde(borrow, default)]
    customer: RawCustomer<'a>,
    #[serde(borrow, default)]
    product: RawProduct<'a>,
    #[serde(borrow, default)]
    order: RawOrder<'a>,
    acknowledged: Option<bool>,
    quantity: Option<i64>,
    more_information_required: Option<bool>,
}

#[derive(Deserialize)]
struct RawActor<'a> {
    side: &'a str,
    #[serde(borrow)]
    roles: Vec<&'a str>,
    portal: &'a str,
}

#[derive(Default, Deserialize)]
struct RawCustomer<'a> {
    market: Option<&'a str>,
    segment: Option<&'a str>,
    tenant_id: Option<&'a str>,
    domain: Option<&'a str>,
}

#[derive(Default, Deserialize)]
struct RawProduct<'a> {
    kind: Option<&'a str>,
    vendor: Option<&'a str>,
    name: Option<&'a str>,
    version: Option<&'a str>,
    language: Option<&'a str>,
    bit: Option<&'a str>,
}

#[derive(Default, Deserialize)]
struct RawOrder<'a> {
    id: Option<&'a str>,
    customer_tenant_id: Option<&'a str>,
    status: Option<&'a str>,
    purchased_at: Option<&'a str>,
    cancelled_at: Option<&'a str>,
    term: Option<&'a str>,
    quantity: Option<i64>,
    paid: Option<&'a str>,
    currency: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Purchase,
    KeyAccess,
    Cancellation,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Product {
    Reservation,
    Subscription,
    Perpetual,
    Other,
    Unknown,
}

/// A request in the types of the program.
pub struct Typed<'a> {
    kind: Kind,
    at: Timestamp,
    operation: &'a str,
    side: &'a str,
    roles: Vec<&'a str>,
    portal: &'a str,
    market: &'a str,
    segment: Option<&'a str>,
    tenant_id: Option<&'a str>,
    domain: Option<&'a str>,
    product: Product,
    vendor: Option<&'a str>,
    name: Option<&'a str>,
    chosen: bool,
    order_id: Option<&'a str>,
    order_tenant: Option<&'a str>,
    status: &'a str,
    purchased_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    term: Option<Duration>,
    order_quantity: Option<i64>,
    paid: Option<Decimal>,
    currency: Option<&'a str>,
    acknowledged: bool,
    quantity: Option<i64>,
    more_information: bool,
}

#[derive(Debug, Default, PartialEq)]
pub struct Results<'a> {
    pub tax_treatment: Option<&'static str>,
    pub days_remaining: Option<i64>,
    pub cancel_by: Option<Date>,
    pub early_termination_fee: Option<&'static str>,
    pub credit_percent: Option<Decimal>,
    pub credit_amount: Option<Decimal>,
    pub credit_currency: Option<&'a str>,
    pub credit_basis: Option<&'static str>,
    pub key_available: Option<bool>,
}

#[derive(Debug)]
pub struct Answer<'a> {
    pub outcome: Outcome,
    pub reasons: Vec<&'static str>,
    pub results: Results<'a>,
    pub obligations: &'static [&'static str],
}

pub struct Hand {
    markets: HashMap<String, String>,
    roles: HashMap<String, String>,
    products: HashMap<String, String>,
    unavailable: HashSet<String>,
}

const CANCELLED: [&str; 8] = [
    "revoke-keys",
    "revoke-download-links",
    "discontinue-use",
    "uninstall-software",
    "remove-downloads-and-links",
    "keep-item-listed-without-key",
    "credit-next-monthly-invoice",
    "visible-within-15-minutes",
];

impl Hand {
    /// Takes the lists from the bundle, so that both decide on the same data.
    pub fn new(engine: &Engine) -> Self {
        let names = |domain: &str| {
            let entries = engine.checked().domains[domain].entries.iter();
            let all = entries.flat_map(|entry| {
                let written = entry.names.values().chain(&entry.aliases).chain([&entry.code]);
                written.map(|name| (name.to_string(), entry.code.to_string()))
            });
            all.collect()
        };
        let list = engine.checked().lists.iter().find(|list| &*list.name == "unavailable").unwrap();
        let unavailable = list.entries.iter().map(|entry| entry.value.to_string()).collect();
        let (markets, roles, products) = (names("markets"), names("roles"), names("product-kinds"));
        Self { markets, roles, products, unavailable }
    }

    pub fn typed<'a>(&'a self, raw: &Raw<'a>) -> Option<Typed<'a>> {
        let instant = |text: Option<&str>| text.and_then(Timestamp::parse);
        let decimal = |text: Option<&str>| text.and_then(|text| Decimal::from_str_exact(text).ok());
        let product = raw.product.kind.map(|kind| self.products.get(kind).map(String::as_str));
        Some(Typed {
            kind: match raw.kind {
                "purchase" => Kind::Purchase,
                "key-access" => Kind::KeyAccess,
                "cancellation" => Kind::Cancellation,
                _ => return None,
            },
            at: Timestamp::parse(raw.at)?,
            operation: raw.operation.unwrap_or("cancel"),
            side: raw.actor.side,
            roles: raw.actor.roles.iter().filter_map(|role| self.roles.get(*role).map(String::as_str)).collect(),
            portal: raw.actor.portal,
            market: raw.customer.market.and_then(|market| self.markets.get(market)).map_or("", String::as_str),
            segment: raw.customer.segment,
            tenant_id: raw.customer.tenant_id,
            domain: raw.customer.domain,
            product: match product {
                Some(Some("azure-reservation")) => Product::Reservation,
                Some(Some("server-subscription")) => Product::Subscription,
                Some(Some("perpetual-software")) => Product::Perpetual,
                Some(Some(_)) => Product::Other,
                Some(None) | None => Product::Unknown,
            },
            vendor: raw.product.vendor,
            name: raw.product.name,
            chosen: raw.product.version.is_some() && raw.product.language.is_some() && raw.product.bit.is_some(),
            order_id: raw.order.id,
            order_tenant: raw.order.customer_tenant_id,
            status: raw.order.status.unwrap_or(""),
            purchased_at: instant(raw.order.purchased_at),
            cancelled_at: instant(raw.order.cancelled_at),
            term: raw.order.term.and_then(Duration::parse),
            order_quantity: raw.order.quantity,
            paid: decimal(raw.order.paid),
            currency: raw.order.currency,
            acknowledged: raw.acknowledged == Some(true),
            quantity: raw.quantity,
            more_information: raw.more_information_required == Some(true),
        })
    }

    pub fn decide<'a>(&self, request: &Typed<'a>) -> Answer<'a> {
        match request.kind {
            Kind::Purchase => self.purchase(request),
            Kind::KeyAccess => key_access(request),
            Kind::Cancellation => cancellation(request),
        }
    }

    fn purchase<'a>(&self, request: &Typed<'a>) -> Answer<'a> {
        let mut deny = Vec::new();
        let commercial = matches!(request.product, Product::Reservation | Product::Subscription);
        check(&mut deny, request.side == "partner", "side-not-permitted");
        check(&mut deny, has(request, &["admin-agent", "global-admin"]), "role-not-permitted");
        let portals = ["partner-center", "azure-portal", "api"];
        check(&mut deny, portals.contains(&request.portal), "portal-not-permitted");
        let gated = commercial && request.segment.is_some_and(|segment| segment != "commercial");
        check(&mut deny, !gated, "segment-not-commercial");
        let barred = request.product == Product::Reservation && self.unavailable.contains(request.market);
        check(&mut deny, !barred, "market-unavailable");
        let permitted = commercial || request.product == Product::Perpetual;
        let included = matches!(request.market, "AU" | "BR");
        let results =
            Results { tax_treatment: Some(if included { "included" } else { "excluded" }), ..Results::default() };
        conclude(
            deny,
            Vec::new(),
            None,
            permitted.then_some(("sale-permitted", results)),
            &["choose-a-customer-of-yours"],
        )
    }
}

fn check(deny: &mut Vec<&'static str>, fine: bool, code: &'static str) {
    if !fine {
        deny.push(code);
    }
}

fn has(request: &Typed<'_>, wanted: &[&str]) -> bool {
    request.roles.iter().any(|role| wanted.contains(role))
}

fn conclude<'a>(
    deny: Vec<&'static str>,
    ask: Vec<&'static str>,
    refer: Option<&'static str>,
    permit: Option<(&'static str, Results<'a>)>,
    obligations: &'static [&'static str],
) -> Answer<'a> {
    let plain = |outcome, reasons| Answer { outcome, reasons, results: Results::default(), obligations: &[] };
    if !deny.is_empty() {
        return plain(Outcome::Deny, deny);
    }
    if !ask.is_empty() && (permit.is_some() || refer.is_some()) {
        return plain(Outcome::NeedsInformation, ask);
    }
    match (refer, permit) {
        (Some(code), _) => plain(Outcome::Refer, vec![code]),
        (None, Some((code, results))) => Answer { outcome: Outcome::Permit, reasons: vec![code], results, obligations },
        (None, None) => plain(Outcome::NotCovered, vec!["nothing-permits"]),
    }
}

fn foreign(request: &Typed<'_>) -> bool {
    matches!((request.order_tenant, request.tenant_id), (Some(order), Some(own)) if order != own)
}

fn key_access<'a>(request: &Typed<'a>) -> Answer<'a> {
    let mut deny = Vec::new();
    let (role, portal) = if request.side == "partner" {
        ("admin-agent", "partner-center")
    } else {
        ("global-admin", "microsoft-365-admin-center")
    };
    check(&mut deny, has(request, &[role]), "role-not-permitted");
    check(&mut deny, request.portal == portal, "portal-not-permitted");
    check(&mut deny, !foreign(request), "order-not-found");
    check(&mut deny, request.status != "pending", "order-pending");
    let view = request.operation == "view-item";
    let cancelled =
        request.status == "cancelled" || request.order_quantity == Some(0) || request.cancelled_at.is_some();
    check(&mut deny, view || !cancelled, "keys-revoked");
    let mut ask = Vec::new();
    check(&mut ask, view || request.chosen, "selection-missing");
    check(&mut ask, request.order_id.is_some(), "order-not-named");
    let software = matches!(request.product, Product::Subscription | Product::Perpetual);
    let permit = match (software, view) {
        (true, false) if request.status == "completed" => Some(("key-access-permitted", None)),
        (true, true) if cancelled => Some(("item-listed", Some(false))),
        (true, true) if request.status == "completed" => Some(("item-listed", Some(true))),
        _ => None,
    };
    let permit = permit.map(|(code, key_available)| (code, Results { key_available, ..Results::default() }));
    conclude(deny, ask, None, permit, if view { &[] } else { &["mind-the-risks-of-copied-links"] })
}

fn cancellation<'a>(request: &Typed<'a>) -> Answer<'a> {
    let mut deny = Vec::new();
    let cancel = request.operation == "cancel";
    let software = matches!(request.product, Product::Subscription | Product::Perpetual);
    let purchased = request.purchased_at.unwrap_or(request.at);
    let age = purchased.date().days_until(request.at.date());
    let over = cancel && software && age > 30;
    check(&mut deny, request.side == "partner", "side-not-permitted");
    check(&mut deny, has(request, &["admin-agent"]), "role-not-permitted");
    check(&mut deny, matches!(request.portal, "partner-center" | "api"), "portal-not-permitted");
    check(&mut deny, !matches!(request.vendor, Some("suse" | "red-hat")), "plan-not-cancellable");
    check(&mut deny, !foreign(request), "order-not-found");
    check(&mut deny, request.status != "pending", "order-pending");
    let gone = request.status == "cancelled" || request.order_quantity == Some(0) || request.cancelled_at.is_some();
    check(&mut deny, !gone, "already-cancelled");
    let part = matches!((request.quantity, request.order_quantity), (Some(some), Some(all)) if some != all);
    check(&mut deny, !part, "partial-not-accepted");
    check(&mut deny, !over, "window-passed");
    if over {
        let results =
            Results { days_remaining: Some(0), cancel_by: purchased.date().plus_days(30), ..Results::default() };
        return Answer { outcome: Outcome::Deny, reasons: deny, results, obligations: &[] };
    }
    let mut ask = Vec::new();
    check(&mut ask, request.acknowledged, "acknowledgement-missing");
    check(&mut ask, request.tenant_id.is_some() || request.domain.is_some(), "customer-not-identified");
    check(&mut ask, request.name.is_some(), "product-not-named");
    check(&mut ask, request.order_id.is_some(), "order-not-named");
    if !deny.is_empty() {
        return conclude(deny, ask, None, None, &[]);
    }
    let inside = cancel && software && request.status == "completed";
    let refer = match request.product {
        Product::Unknown if cancel => Some("product-unknown"),
        _ if inside && request.more_information => Some("more-information-required"),
        _ => None,
    };
    let permit =
        (inside && refer.is_none() && ask.is_empty()).then(|| ("inside-window", credit(request, purchased, age)));
    if inside && !ask.is_empty() {
        return Answer {
            outcome: Outcome::NeedsInformation,
            reasons: ask,
            results: Results::default(),
            obligations: &[],
        };
    }
    conclude(deny, ask, refer, permit, &CANCELLED)
}

fn credit<'a>(request: &Typed<'a>, purchased: Timestamp, age: i64) -> Results<'a> {
    let mut results = Results {
        days_remaining: Some(30 - age),
        cancel_by: purchased.date().plus_days(30),
        early_termination_fee: Some("0"),
        credit_currency: request.currency,
        ..Results::default()
    };
    if request.product == Product::Perpetual {
        results.credit_basis = Some("full");
        results.credit_percent = Some(Decimal::ONE_HUNDRED);
        results.credit_amount = request.paid;
        return results;
    }
    results.credit_basis = Some("prorated");
    let start = purchased.date();
    let term = request.term.and_then(|term| start.plus(term)).map_or(0, |end| start.days_until(end));
    let unused = Decimal::from((term - age).max(0).min(term));
    let digits = match request.currency {
        Some("JPY") => 0,
        Some("KWD") => 3,
        _ => 2,
    };
    results.credit_percent = Some(cut(unused * Decimal::ONE_HUNDRED / Decimal::from(term), 2));
    results.credit_amount = request.paid.map(|paid| cut(paid * unused / Decimal::from(term), digits));
    results
}

fn cut(amount: Decimal, digits: u32) -> Decimal {
    let mut amount = amount.round_dp_with_strategy(digits, RoundingStrategy::ToZero);
    amount.rescale(digits);
    amount
}
