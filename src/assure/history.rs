//! How an answer changed over time: the same request, with all its dates moved to other days.
//!
//! The answer can change only where one of the request's dates crosses a date that the bundle names, so those are the
//! days that are tried. A request whose dates move together keeps its ages: day 12 of a window stays day 12.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;
use serde_json::Value as Json;

use crate::bundle::checked::{Bundle, Effective};
use crate::engine::Engine;
use crate::model::error::RequestError;
use crate::model::time::{Date, Timestamp};

/// A time in which the answer stays the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The first decision time; `None` for ever before.
    pub from: Option<String>,
    /// The first decision time at which another answer begins; `None` for ever after.
    pub until: Option<String>,
    /// The outcome; of a request that fans out the least favourable one.
    pub outcome: &'static str,
    /// Codes of the reasons, part by part.
    pub reasons: Vec<String>,
    /// The rules that decided.
    pub rules: Vec<String>,
}

/// The most days that are tried.
const MOST_DAYS: usize = 10_000;

/// The history of an answer.
///
/// # Errors
/// When the request cannot be decided as it is.
pub fn history(engine: &Engine, request: &Json) -> Result<Vec<Span>, RequestError> {
    decide(engine, request)?;
    let at = request.get("at").and_then(Json::as_str).and_then(Timestamp::parse);
    let Some(at) = at else { return Ok(Vec::new()) };
    let mut own = BTreeSet::new();
    dates(request, &mut own);
    let mut moves: BTreeSet<i64> = BTreeSet::new();
    for boundary in boundaries(engine.checked()) {
        moves.extend(own.iter().map(|date| date.seconds_until(boundary)));
    }
    let mut spans: Vec<Span> = Vec::new();
    // A bundle that names no date has one answer, which is asked for where the request is.
    let first = moves.iter().next().map_or(0, |first| first.saturating_sub(86_400));
    for seconds in std::iter::once(first).chain(moves).take(MOST_DAYS) {
        let Some(moved) = moved(request, seconds) else { continue };
        let Ok((outcome, reasons, rules)) = decide(engine, &moved) else { continue };
        let from = at.plus_seconds(seconds).map(|from| from.to_string());
        let same =
            spans.last().is_some_and(|last| last.outcome == outcome && last.reasons == reasons && last.rules == rules);
        if same {
            continue;
        }
        if let Some(last) = spans.last_mut() {
            last.until.clone_from(&from);
        }
        let from = from.filter(|_| !spans.is_empty());
        spans.push(Span { from, until: None, outcome, reasons, rules });
    }
    Ok(spans)
}

type Answered = (&'static str, Vec<String>, Vec<String>);

fn decide(engine: &Engine, request: &Json) -> Result<Answered, RequestError> {
    let answer = engine.decide(request)?;
    let (mut codes, mut rules) = (Vec::new(), Vec::new());
    for decision in answer.decisions() {
        let reasons = decision.reasons("");
        codes.extend(reasons.iter().map(|reason| reason.code.to_string()));
        rules.extend(reasons.iter().map(|reason| reason.rule.to_string()));
    }
    Ok((answer.outcome().as_str(), codes, rules))
}

/// Every instant that the bundle names as the begin or the end of something.
fn boundaries(bundle: &Bundle) -> BTreeSet<Timestamp> {
    let rules = bundle.rules.iter().flat_map(|rule| rule.effective.iter().chain(retired(&rule.retired)));
    let rows = bundle.tables.iter().flat_map(|table| &table.rows);
    let rows = rows.flat_map(|row| row.effective.iter().chain(retired(&row.retired)));
    let entries = bundle.lists.iter().flat_map(|list| &list.entries);
    let entries = entries.flat_map(|entry| entry.effective.iter().chain(retired(&entry.retired)));
    let settings = bundle.settings.values().flat_map(|setting| setting.dated.iter().map(|(_, period)| period));
    let all = rules.chain(rows).chain(entries).chain(settings);
    all.flat_map(|period| [period.from, period.until]).flatten().collect()
}

fn retired(retired: &[crate::bundle::checked::Retired]) -> impl Iterator<Item = &Effective> {
    retired.iter().filter_map(|retired| retired.effective.as_ref())
}

/// Every date of a request.
fn dates(json: &Json, out: &mut BTreeSet<Timestamp>) {
    match json {
        Json::String(text) => out.extend(Timestamp::parse(text)),
        Json::Array(items) => items.iter().for_each(|item| dates(item, out)),
        Json::Object(entries) => entries.values().for_each(|value| dates(value, out)),
        _ => {}
    }
}

/// The request with all its dates moved; `None` where one would leave the calendar.
fn moved(json: &Json, seconds: i64) -> Option<Json> {
    Some(match json {
        Json::String(text) => match (Date::parse(text), Timestamp::parse(text)) {
            (Some(date), _) => date.plus_days(seconds.div_euclid(86_400))?.to_string().into(),
            (None, Some(instant)) => instant.plus_seconds(seconds)?.to_string().into(),
            _ => json.clone(),
        },
        Json::Array(items) => Json::Array(items.iter().map(|item| moved(item, seconds)).collect::<Option<_>>()?),
        Json::Object(entries) => {
            let one = |(key, value): (&String, &Json)| Some((key.clone(), moved(value, seconds)?));
            Json::Object(entries.iter().map(one).collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

const WIDTH: usize = 900;
const MARGIN: usize = 20;
const ROW: usize = 46;

/// The history as a picture: one bar, a part for each span, with its outcome and reasons below.
#[must_use]
pub fn svg(title: &str, spans: &[Span]) -> String {
    let count = spans.len().max(1);
    let each = WIDTH.saturating_sub(MARGIN.saturating_mul(2)).checked_div(count).unwrap_or(WIDTH);
    let height = ROW.saturating_mul(count).saturating_add(110);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<title>{0}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{MARGIN}\" y=\"26\" font-size=\"16\">{0}</text>\n",
        escape(title)
    );
    for (at, span) in spans.iter().enumerate() {
        let x = MARGIN.saturating_add(each.saturating_mul(at));
        let y = ROW.saturating_mul(at).saturating_add(112);
        let day = |day: &Option<String>, open: &str| {
            day.as_deref().map_or(open.to_owned(), |day| day.chars().take(10).collect())
        };
        let (from, until) = (day(&span.from, "always before"), day(&span.until, "open"));
        // Writing into a String cannot fail.
        let _ = write!(
            out,
            "<rect x=\"{x}\" y=\"44\" width=\"{each}\" height=\"30\" fill=\"{colour}\" stroke=\"white\"/>\n\
             <text x=\"{x}\" y=\"90\" font-size=\"11\">{from}</text>\n\
             <rect x=\"{MARGIN}\" y=\"{box_y}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\n\
             <text x=\"40\" y=\"{y}\">{from} – {until}: {outcome}, {reasons}</text>\n\
             <text x=\"40\" y=\"{rules_y}\" font-size=\"11\" fill=\"#555\">{rules}</text>\n",
            colour = colour(span.outcome),
            box_y = y.saturating_sub(11),
            outcome = span.outcome,
            reasons = escape(&span.reasons.join(", ")),
            rules_y = y.saturating_add(16),
            rules = escape(&span.rules.join(", ")),
        );
    }
    out.push_str("</svg>\n");
    out
}

fn colour(outcome: &str) -> &'static str {
    match outcome {
        "permit" => "#2e7d32",
        "deny" => "#c62828",
        "needs-information" => "#f9a825",
        "refer" => "#ef6c00",
        _ => "#607d8b",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
