//! What a good programmer would write for this policy: strings, `match` and hash tables.

use std::collections::{HashMap, HashSet};

use crate::peer::{Outcome, Peer, Said};
use crate::policy::{self, Extra};
use crate::request::{Kind, Request};

/// The extra rules are found by market and item.
pub struct Hand {
    unavailable: HashSet<String>,
    most: [HashMap<&'static str, HashMap<String, i64>>; 3],
}

type Answer = (Outcome, &'static str, Option<i64>);

impl Hand {
    fn answer(&self, request: &Request<'_>) -> Answer {
        let denied = match request.kind {
            Kind::Purchase => self.purchase(request),
            Kind::KeyAccess => key_access(request),
            Kind::Cancellation => cancellation(request),
        };
        if let Some(reason) = denied.or_else(|| self.too_much(request)) {
            return (Outcome::Deny, reason, None);
        }
        let software = matches!(request.product, "server-subscription" | "perpetual-software");
        match request.kind {
            Kind::Purchase if software || request.product == "azure-reservation" => {
                (Outcome::Permit, "sale-permitted", None)
            }
            Kind::KeyAccess if software => (Outcome::Permit, "key-access-permitted", None),
            Kind::Cancellation if software && !request.acknowledged => {
                (Outcome::NeedsInformation, "acknowledgement-missing", None)
            }
            Kind::Cancellation if software => (Outcome::Permit, "inside-window", Some(credit(request))),
            _ => (Outcome::NotCovered, "nothing-permits", None),
        }
    }

    fn purchase(&self, request: &Request<'_>) -> Option<&'static str> {
        let reservation = request.product == "azure-reservation";
        if request.side != "partner" {
            Some("side-not-permitted")
        } else if !matches!(request.role, "admin-agent" | "global-admin") {
            Some("role-not-permitted")
        } else if !matches!(request.portal, "partner-center" | "azure-portal" | "api") {
            Some("portal-not-permitted")
        } else if (reservation || request.product == "server-subscription") && request.segment != "commercial" {
            Some("segment-not-commercial")
        } else if reservation && self.unavailable.contains(request.market) {
            Some("market-unavailable")
        } else {
            None
        }
    }

    fn too_much(&self, request: &Request<'_>) -> Option<&'static str> {
        let most = self.most[request.kind as usize].get(request.market)?.get(request.item)?;
        (request.amount > *most).then_some("too-much")
    }
}

fn key_access(request: &Request<'_>) -> Option<&'static str> {
    match request.status {
        _ if request.role != "admin-agent" => Some("role-not-permitted"),
        "pending" => Some("order-pending"),
        "cancelled" if request.operation != "view-item" => Some("keys-revoked"),
        _ => None,
    }
}

fn cancellation(request: &Request<'_>) -> Option<&'static str> {
    match request.status {
        _ if request.side != "partner" => Some("side-not-permitted"),
        _ if request.role != "admin-agent" => Some("role-not-permitted"),
        _ if matches!(request.vendor, "suse" | "red-hat") => Some("plan-not-cancellable"),
        "pending" => Some("order-pending"),
        "cancelled" => Some("already-cancelled"),
        _ if request.age > 30 => Some("window-passed"),
        _ => None,
    }
}

fn credit(request: &Request<'_>) -> i64 {
    match request.product {
        "perpetual-software" => request.paid,
        _ => request.paid * (request.term - request.age) / request.term,
    }
}

fn said((outcome, reason, credit): Answer) -> Said<'static> {
    Said { outcome: Ok(outcome), reason: Some(reason), credit: Some(credit) }
}

impl Peer for Hand {
    const NAME: &'static str = "hand-written Rust";
    const CANNOT: &'static str = "be changed without a programmer; it stops at the first reason and cites nothing";
    type Input = Request<'static>;

    fn load(extras: &[Extra]) -> Result<Self, String> {
        let mut most: [HashMap<&'static str, HashMap<String, i64>>; 3] = Default::default();
        for extra in extras {
            let items = most[extra.kind as usize].entry(extra.market).or_default();
            items.insert(format!("item-{}", extra.item), extra.most);
        }
        Ok(Self { unavailable: policy::unavailable().into_iter().collect(), most })
    }

    /// The line outlives the benchmark, so that the struct may borrow from it.
    fn prepare(&self, line: &str) -> Self::Input {
        Request::read(Box::leak(line.to_owned().into_boxed_str()))
    }

    fn decide<R>(&mut self, input: &Self::Input, see: impl FnOnce(Said<'_>) -> R) -> R {
        see(said(self.answer(input)))
    }

    fn decide_json<R>(&mut self, line: &str, see: impl FnOnce(Said<'_>) -> R) -> R {
        see(said(self.answer(&Request::read(line))))
    }
}
