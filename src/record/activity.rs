//! Who accessed keys or downloaded software: the uses that were permitted, and a picture of them by day.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value as Json;

use crate::model::time::{Date, Timestamp};

use super::entry::Entry;
use super::error::RecordError;
use super::find::list;
use super::mask::{Openings, committed, reveal};
use super::store::Row;

/// The kind of request by which keys and downloads are used.
const KIND: &str = "key-access";
/// The operations of it that use one; looking at the listed item does not.
const USES: [&str; 4] = ["get-key", "get-download-link", "download", "copy-link"];

/// One use.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Use {
    /// Who; `None` when that was not said, or is erased.
    pub user: Option<String>,
    /// What was done.
    pub what: String,
    /// With which product.
    pub product: Option<String>,
    /// Of which order.
    pub order: Option<String>,
    /// When, as the request says.
    pub when: String,
    /// The day in UTC, by which the range is read.
    #[serde(skip)]
    pub day: Date,
    /// The entry of the log.
    pub entry: u64,
}

/// The use that an entry records, if it is one and lies in the range (both days included).
///
/// # Errors
/// When the entry does not read.
pub fn usage(row: &Row, from: Date, to: Date) -> Result<Option<Use>, RecordError> {
    let Some(payload) = &row.payload else { return Ok(None) };
    let entry = Entry::parse(payload)?;
    let request: Json = serde_json::from_str(entry.request.get()).unwrap_or_default();
    let text = |path: &str| super::mask::at_path(&request, path).and_then(Json::as_str).map(str::to_owned);
    let Some(what) = text("operation").filter(|what| USES.contains(&what.as_str())) else { return Ok(None) };
    let Some(when) = text("at").filter(|_| text("kind").as_deref() == Some(KIND)) else { return Ok(None) };
    let Some(day) = Timestamp::parse(&when).map(Timestamp::date).filter(|day| (from..=to).contains(day)) else {
        return Ok(None);
    };
    let permitted = entry.decisions()?.iter().all(|decision| decision.get("outcome").is_some_and(|o| o == "permit"));
    if !permitted {
        return Ok(None);
    }
    let openings: Openings =
        row.openings.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
    Ok(Some(Use {
        user: user(&request, &openings),
        what,
        product: product(&request),
        order: text("order.id"),
        when,
        day,
        entry: row.seq,
    }))
}

/// Who asked, when that is kept.
fn user(request: &Json, openings: &Openings) -> Option<String> {
    let user = request.get("actor")?.get("id")?;
    let known = match committed(user) {
        Some(hidden) => reveal(user, openings_of(openings, "actor.id").as_ref()?)
            .as_str()
            .filter(|u| *u != hidden)
            .map(str::to_owned),
        None => user.as_str().map(str::to_owned),
    };
    known.filter(|user| !user.trim().is_empty())
}

/// The opening of one value, as that of a request which is nothing but the value.
fn openings_of(openings: &Openings, path: &str) -> Option<Openings> {
    Some(BTreeMap::from([(String::new(), openings.get(path)?.clone())]))
}

/// The product of the request, or of the line that it names.
fn product(request: &Json) -> Option<String> {
    let named =
        |product: &Json| ["name", "kind"].into_iter().find_map(|key| Some(product.get(key)?.as_str()?.to_owned()));
    if let Some(product) = request.get("product").and_then(named) {
        return Some(product);
    }
    let line = request.get("line")?;
    let lines = request.get("order").map(|order| list(order, "lines")).unwrap_or_default();
    lines.iter().find(|one| one.get("number") == Some(line))?.get("product").and_then(named)
}

/// Uses by day.
pub type Days = BTreeMap<Date, u64>;

const CELL: i64 = 13;
const LEFT: i64 = 40;
const TOP: i64 = 46;
const SHADES: [&str; 5] = ["#ebedf0", "#b7e1c0", "#6cc286", "#2f9e58", "#14602f"];
const WEEKDAYS: [&str; 7] = ["Mon", "", "Wed", "", "Fri", "", "Sun"];
/// Weeks that are drawn; a longer range is drawn up to here and says so.
const WEEKS: i64 = 530;

/// A calendar heat map: a column for each week from Monday on, a square for each day.
#[must_use]
pub fn svg(from: Date, to: Date, days: &Days) -> String {
    // 2018-01-01 was a Monday.
    let monday = Date::parse("2018-01-01").map_or(0, |monday| monday.days_until(from).rem_euclid(7));
    let all = from.days_until(to).saturating_add(monday).div_euclid(7).saturating_add(1);
    let weeks = all.clamp(1, WEEKS);
    let most = days.values().copied().max().unwrap_or(0);
    let total: u64 = days.values().sum();
    let width = LEFT.saturating_add(weeks.saturating_mul(CELL)).saturating_add(20).max(460);
    let height = TOP.saturating_add(CELL.saturating_mul(7)).saturating_add(34);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"10\" role=\"img\">\n<title>Keys and downloads used, {from} to {to}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"16\" font-size=\"13\">Keys and downloads used, {from} to {to}: {total}</text>\n"
    );
    for (row, name) in (0_i64..).zip(WEEKDAYS) {
        let y = y_of(row).saturating_add(9);
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "<text x=\"10\" y=\"{y}\">{name}</text>");
    }
    // A month is named above its first day, and the first one above the range when no other name would be in its way.
    let month = |day: Date| day.to_string().rsplit_once('-').map(|(month, _)| month.to_owned());
    let first_month = month(from) == month(to.min(from.plus_days(27).unwrap_or(to)));
    for at in 0..weeks.saturating_mul(7) {
        let Some(day) = at.checked_sub(monday).filter(|n| *n >= 0).and_then(|n| from.plus_days(n)) else { continue };
        if day > to {
            break;
        }
        let count = days.get(&day).copied().unwrap_or(0);
        square(&mut out, at, day, count, most, day == from && first_month);
    }
    legend(&mut out, height.saturating_sub(22), most);
    if all > weeks {
        let y = height.saturating_sub(13);
        let _ = writeln!(out, "<text x=\"260\" y=\"{y}\">only the first {weeks} weeks are drawn</text>");
    }
    out.push_str("</svg>\n");
    out
}

fn y_of(row: i64) -> i64 {
    TOP.saturating_add(row.saturating_mul(CELL))
}

fn square(out: &mut String, at: i64, day: Date, count: u64, most: u64, names_month: bool) {
    let (x, y) = (LEFT.saturating_add(at.div_euclid(7).saturating_mul(CELL)), y_of(at.rem_euclid(7)));
    let text = day.to_string();
    let (month, of_month) = text.rsplit_once('-').unwrap_or_default();
    if of_month == "01" || names_month {
        let above = TOP.saturating_sub(8);
        let _ = writeln!(out, "<text x=\"{x}\" y=\"{above}\">{month}</text>");
    }
    let fill = shade(count, most);
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"11\" height=\"11\" rx=\"2\" fill=\"{fill}\"><title>{text}: {count}</title></rect>"
    );
}

/// The first shade is for none, the others are quarters of the most.
fn shade(count: u64, most: u64) -> &'static str {
    let step = match count {
        0 => 0,
        _ => count.saturating_mul(4).div_ceil(most.max(1)).clamp(1, 4),
    };
    usize::try_from(step).ok().and_then(|step| SHADES.get(step)).copied().unwrap_or("#ebedf0")
}

fn legend(out: &mut String, y: i64, most: u64) {
    let text = y.saturating_add(9);
    let _ = writeln!(out, "<text x=\"{LEFT}\" y=\"{text}\">none</text>");
    let mut x = LEFT.saturating_add(30);
    for fill in SHADES {
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"11\" height=\"11\" rx=\"2\" fill=\"{fill}\"/>");
        x = x.saturating_add(CELL);
    }
    let _ = writeln!(out, "<text x=\"{}\" y=\"{text}\">{most} a day</text>", x.saturating_add(4));
}
