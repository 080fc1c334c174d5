//! Windows: the one kind of table whose columns the engine knows. A row says how long something may be undone, as an ISO
//! 8601 duration (`within`), as refund tiers (`refundOptions`), or as a last instant (`until`).
//!
//! Days are calendar days, hours are elapsed time: `P30D` ends with a day, `PT168H` to the second, whatever the clocks do
//! meanwhile. The row then gives the length in `days` (hours rounded up) and whether it is counted `in_hours`; two bounds,
//! `calendar_days` and `seconds`, of which the one that does not apply is out of reach; the same bounds for the tier in
//! which all is refunded; and the last instant.

use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings};
use crate::model::time::{Duration, Timestamp};
use crate::model::value::{Type, Value};

use super::reader::{Mapping, integer, list, text, unknown};
use super::yaml::{Content, Node};

/// What a row of a window may say besides what every row may.
pub const KEYS: [&str; 3] = ["within", "refundOptions", "until"];

/// No bound in days: more than there are in ten thousand years.
const NO_DAYS: i64 = 999_999_999;
/// No bound in seconds, of which ten thousand years have more.
const NO_SECONDS: i64 = 999_999_999_999;

/// The last instant of what has none: the last of the calendar, in the microseconds that instants are told apart by.
const NEVER: &str = "9999-12-31T23:59:59.999999Z";

/// The columns of a window.
pub fn columns() -> Vec<(Arc<str>, Type)> {
    let column = |name: &str, type_| (Arc::from(name), type_);
    vec![
        column("days", Type::Integer),
        column("in_hours", Type::Boolean),
        column("calendar_days", Type::Integer),
        column("seconds", Type::Integer),
        column("full_days", Type::Integer),
        column("full_seconds", Type::Integer),
        column("last_instant", Type::Timestamp),
    ]
}

/// How far a window or a tier reaches.
#[derive(Clone, Copy)]
struct Reach {
    days: i64,
    seconds: i64,
}

impl Reach {
    fn in_hours(self) -> bool {
        (0..NO_SECONDS).contains(&self.seconds)
    }

    fn calendar_days(self) -> i64 {
        if self.in_hours() { NO_DAYS } else { self.days }
    }
}

/// Nothing is inside.
const NOTHING: Reach = Reach { days: -1, seconds: -1 };
/// Everything is inside.
const ENDLESS: Reach = Reach { days: NO_DAYS, seconds: NO_SECONDS };

/// The values of a row, in the order of [`columns`].
pub fn values(node: &Node, findings: &mut Findings) -> Option<Vec<Option<Value>>> {
    let Content::Mapping(entries) = &node.content else { return Some(Vec::new()) };
    let take = |key: &str| entries.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, value)| value);
    let until = match take("until") {
        Some(node) => instant(node, findings)?,
        None => Timestamp::parse(NEVER)?,
    };
    let (whole, full) = match (take("within"), take("refundOptions")) {
        (Some(_), Some(second)) => {
            let message = "a window is given as `within` or as `refundOptions`, not both";
            findings.push(Finding::new(Code::WrongForm, &second.place, message).help("keep one of them"));
            return None;
        }
        (Some(node), None) => (reach(node, findings)?, NOTHING),
        (None, Some(node)) => tiers(node, findings)?,
        (None, None) if take("until").is_some() => (ENDLESS, NOTHING),
        (None, None) => {
            let message = "the window does not say how long it is";
            findings.push(
                Finding::new(Code::MissingKey, &node.place, message)
                    .help("add `within: P30D`, `refundOptions:` or `until:`"),
            );
            return None;
        }
    };
    let number = |n| Some(Value::Integer(n));
    Some(vec![
        number(whole.days),
        Some(Value::Boolean(whole.in_hours())),
        number(whole.calendar_days()),
        number(whole.seconds),
        number(full.calendar_days()),
        number(full.seconds),
        Some(Value::Timestamp(until)),
    ])
}

fn instant(node: &Node, findings: &mut Findings) -> Option<Timestamp> {
    let written = text(node, findings)?;
    let found = Timestamp::parse(written);
    if found.is_none() {
        let message = format!("`{written}` is not a date or timestamp");
        findings.push(Finding::new(Code::TypeMismatch, &node.place, message).help("write `2021-06-01T00:00:00Z`"));
    }
    found
}

fn reach(node: &Node, findings: &mut Findings) -> Option<Reach> {
    let written = text(node, findings)?;
    let duration = Duration::parse(written).filter(|duration| duration.months == 0);
    let reach = duration.and_then(|Duration { days, seconds, .. }| match (days, seconds) {
        (0, 0) => None,
        (days, 0) => Some(Reach { days, seconds: NO_SECONDS }),
        (days, seconds) => {
            let seconds = days.checked_mul(86_400)?.checked_add(seconds)?;
            Some(Reach { days: seconds.checked_add(86_399)?.checked_div(86_400)?, seconds })
        }
    });
    if reach.is_none() {
        findings.push(
            Finding::new(Code::TypeMismatch, &node.place, format!("`{written}` is not the length of a window"))
                .help("write days (`P30D`), which end with a day, or hours (`PT168H`), which end to the second"),
        );
    }
    reach
}

/// Tiers in the order of their `sequenceId`: `Full` ones first, then `Partial` ones, each reaching further.
fn tiers(node: &Node, findings: &mut Findings) -> Option<(Reach, Reach)> {
    let mut options: Vec<(i64, bool, Reach, &Node)> = Vec::new();
    for item in list(node, findings) {
        let mut map = Mapping::open(item, "a refund option", findings)?;
        let sequence = map.need("sequenceId").and_then(|node| integer(node, findings));
        let full = map.need("type").and_then(|node| is_full(node, findings));
        let expires = map.need("expiresAfter").and_then(|node| reach(node, findings));
        map.finish(findings);
        options.push((sequence?, full?, expires?, item));
    }
    options.sort_by_key(|(sequence, ..)| *sequence);
    let (mut whole, mut full): (Option<Reach>, Option<Reach>) = (None, None);
    for (_, is_full, expires, item) in options {
        let shorter = whole.is_some_and(|before| expires.days < before.days);
        if shorter || (is_full && whole.is_some() && full.is_none()) {
            let message = "the refund option is never reached";
            findings.push(
                Finding::new(Code::WrongForm, &item.place, message)
                    .help("list full refunds first, each option expiring after the one before"),
            );
            return None;
        }
        if is_full {
            full = Some(expires);
        }
        whole = Some(expires);
    }
    Some((whole?, full.unwrap_or(NOTHING)))
}

fn is_full(node: &Node, findings: &mut Findings) -> Option<bool> {
    match text(node, findings)? {
        "Full" => Some(true),
        "Partial" => Some(false),
        _ => {
            findings.push(unknown(
                Code::UnknownValue,
                node,
                "a refund is `Full` or `Partial`, not",
                ["Full", "Partial"],
            ));
            None
        }
    }
}

/// Whether a cell of a window states a bound; a row says less than its columns could, and leaves the others open.
pub fn states_bound(column: &str, value: &Value) -> bool {
    let none = if column.ends_with("seconds") { NO_SECONDS } else { NO_DAYS };
    match value {
        Value::Integer(number) => (0..none).contains(number),
        Value::Timestamp(instant) => Timestamp::parse(NEVER) != Some(*instant),
        _ => true,
    }
}
