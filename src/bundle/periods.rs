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
    let mut keys: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in &table.rows {
        keys.entry(key(row)).or_default().push(row);
    }
    for (_, rows) in keys {
        let mut all: Vec<(Span, &Row)> = rows
            .iter()
            .flat_map(|row| spans(row.effective.as_slice(), &row.retired).into_iter().map(move |span| (span, *row)))
            .collect();
        all.sort_by_key(|((from, until), _)| (*from, *until));
        for pair in all.windows(2) {
            let [(first, earlier), (second, later)] = pair else { continue };
            neighbours(table, (*first, earlier), (*second, later), findings);
        }
    }
}

fn neighbours(table: &Table, (first, earlier): (Span, &Row), (second, later): (Span, &Row), findings: &mut Findings) {
    if meet(first, second).is_some() {
        let message = format!("two rows of the table `{}` are in force together for the same facts", table.name);
        findings.push(
            Finding::new(Code::OverlappingRows, &later.place, message)
                .help("give them periods that do not meet, or remove one")
                .related(&earlier.place, "the other row"),
        );
    } else if let (Some(until), Some(from)) = (first.1, second.0)
        && until < from
    {
        let message = format!("no row of the table `{}` holds from `{until}` until `{from}`", table.name);
        findings.push(
            Finding::new(Code::HoleInTime, &later.place, message)
                .help("let one period begin where the other ends")
                .related(&earlier.place, "the row before"),
        );
    }
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
