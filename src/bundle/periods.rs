//! Periods of effect, taken together: rows in force at once, times when no row is, rules that no date reaches.

use std::collections::BTreeMap;

use crate::model::finding::{Code, Finding, Findings};
use crate::model::time::Timestamp;

use super::checked::{Effective, Retired, Row, Table, Test};
use super::draft::Draft;

/// Reports them.
pub fn check(draft: &Draft, findings: &mut Findings) {
    // A period that ends before it begins is told where it stands.
    let reversed = |p: &Effective| p.from.zip(p.until).is_some_and(|(from, until)| until <= from);
    for rule in draft.rules.iter().filter(|rule| !rule.effective.iter().any(reversed)) {
        if spans(&rule.effective, &[]).is_empty() {
            findings.push(
                Finding::new(Code::NeverInForce, &rule.place, format!("no date reaches the rule `{}`", rule.name))
                    .help("check its `effective` and its policy's"),
            );
        }
    }
    for table in &draft.tables {
        rows(table, findings);
    }
}

/// A span of time: from (included), until (excluded).
type Span = (Option<Timestamp>, Option<Timestamp>);

/// When something applies, as spans in order. Periods read by different facts cannot be compared: they are taken to meet.
fn spans(periods: &[Effective], retired: &[Retired]) -> Vec<Span> {
    let clock = periods.first().map(|period| period.dated_by);
    let mut out: Vec<Span> = vec![(None, None)];
    for period in periods.iter().filter(|period| Some(period.dated_by) == clock) {
        out = out.into_iter().filter_map(|span| meet(span, (period.from, period.until))).collect();
    }
    for retired in retired {
        match &retired.effective {
            None => return Vec::new(),
            Some(period) if clock.is_none_or(|clock| clock == period.dated_by) => {
                out = out.into_iter().flat_map(|span| without(span, (period.from, period.until))).collect();
            }
            Some(_) => {}
        }
    }
    out
}

fn meet(a: Span, b: Span) -> Option<Span> {
    let from = a.0.max(b.0);
    let until = match (a.1, b.1) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    from.zip(until).is_none_or(|(from, until)| from < until).then_some((from, until))
}

fn without(span: Span, gap: Span) -> Vec<Span> {
    let before = gap.0.and_then(|from| meet(span, (None, Some(from))));
    let after = gap.1.and_then(|until| meet(span, (Some(until), None)));
    before.into_iter().chain(after).collect()
}

/// Rows that test the same: in force together, or with a hole between.
fn rows(table: &Table, findings: &mut Findings) {
    for ((first, earlier), (second, later)) in neighbours(table) {
        if meet(first, second).is_some() {
            let message = format!("two rows of the table `{}` are in force together for the same facts", table.name);
            findings.push(
                Finding::new(Code::OverlappingRows, &later.place, message)
                    .help("give them periods that do not meet, or remove one")
                    .related(&earlier.place, "the other row"),
            );
        }
    }
    for hole in holes(table) {
        findings.push(hole.finding);
    }
}

/// A time between two rows that test the same, in which neither holds.
pub struct Hole<'b> {
    /// What is told of it.
    pub finding: Finding,
    /// The row after it.
    pub later: &'b Row,
    /// When it is.
    pub time: Effective,
}

/// The holes between the rows of a table.
pub fn holes(table: &Table) -> Vec<Hole<'_>> {
    neighbours(table).into_iter().filter_map(|(earlier, later)| hole(table, earlier, later)).collect()
}

fn hole<'b>(table: &Table, (first, earlier): Spanned<'_>, (second, later): Spanned<'b>) -> Option<Hole<'b>> {
    let (until, from) = first.1.zip(second.0).filter(|(until, from)| until < from)?;
    let message = format!("no row of the table `{}` holds from `{until}` until `{from}`", table.name);
    let finding = Finding::new(Code::HoleInTime, &later.place, message)
        .help("let one period begin where the other ends")
        .related(&earlier.place, "the row before");
    let dated_by = later.effective.as_ref().or(earlier.effective.as_ref()).map_or(table.dated_by, |at| at.dated_by);
    Some(Hole { finding, later, time: Effective { from: Some(until), until: Some(from), dated_by } })
}

/// A row in one of its spans.
type Spanned<'b> = (Span, &'b Row);

/// Rows that test the same, each with the next one in time.
fn neighbours(table: &Table) -> Vec<(Spanned<'_>, Spanned<'_>)> {
    let mut keys: BTreeMap<String, Vec<Spanned<'_>>> = BTreeMap::new();
    for row in &table.rows {
        let spans = spans(row.effective.as_slice(), &row.retired).into_iter().map(|span| (span, row));
        keys.entry(key(row)).or_default().extend(spans);
    }
    let mut out = Vec::new();
    for mut all in keys.into_values() {
        all.sort_by_key(|((from, until), _)| (*from, *until));
        out.extend(all.iter().copied().zip(all.iter().copied().skip(1)));
    }
    out
}

/// What a row tests, in a form that compares.
fn key(row: &Row) -> String {
    let mut tests: Vec<String> =
        row.tests.iter().map(|(fact, test)| format!("{}={}", fact.0, test_text(test))).collect();
    tests.sort();
    tests.join("&")
}

fn test_text(test: &Test) -> String {
    match test {
        Test::OneOf(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        other => format!("{other:?}"),
    }
}
