//! Coverage in the tracefile format of LCOV: rules are functions, matchers and thresholds are branches, and a line is
//! hit when everything that begins on it was met.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::bundle::files::join;

use super::{Coverage, Metric, Unit};

/// The tracefile. `folder` is where the bundle lies from where the reader stands; empty for the shipped one.
#[must_use]
pub fn lcov(coverage: &Coverage<'_>, folder: &str) -> String {
    let mut out = String::new();
    let root = if folder.starts_with('/') { "/" } else { "" };
    for (file, lines) in coverage.by_line() {
        // A bundle that extends a neighbour names its files with `..`.
        let path = join(folder, file).unwrap_or_else(|| file.to_owned());
        // Writing to a string does not fail.
        let _ = write_file(&mut out, &format!("{root}{path}"), &lines);
    }
    out
}

fn write_file(out: &mut String, file: &str, lines: &BTreeMap<usize, Vec<&Unit>>) -> std::fmt::Result {
    writeln!(out, "TN:\nSF:{file}")?;
    let functions: Vec<(usize, &Unit)> = lines
        .iter()
        .flat_map(|(line, units)| units.iter().map(|unit| (*line, *unit)))
        .filter(|(_, unit)| unit.metric == Metric::Rules && !unit.is_branch)
        .collect();
    for (line, unit) in &functions {
        writeln!(out, "FN:{line},{}", unit.owner)?;
    }
    for (_, unit) in &functions {
        writeln!(out, "FNDA:{},{}", unit.hits, unit.owner)?;
    }
    let hit = functions.iter().filter(|(_, unit)| unit.hits > 0).count();
    writeln!(out, "FNF:{}\nFNH:{hit}", functions.len())?;
    branches(out, lines)?;
    for (line, units) in lines {
        writeln!(out, "DA:{line},{}", line_hits(units))?;
    }
    let hit = lines.values().filter(|units| line_hits(units) > 0).count();
    writeln!(out, "LF:{}\nLH:{hit}\nend_of_record", lines.len())
}

fn branches(out: &mut String, lines: &BTreeMap<usize, Vec<&Unit>>) -> std::fmt::Result {
    let (mut found, mut hit) = (0usize, 0usize);
    for (line, units) in lines {
        let sides: Vec<&&Unit> = units.iter().filter(|unit| unit.is_branch).collect();
        let reached = line_hits(units) > 0 || sides.iter().any(|unit| unit.hits > 0);
        for (n, unit) in sides.iter().enumerate() {
            found = found.saturating_add(1);
            hit = hit.saturating_add(usize::from(unit.hits > 0));
            // `-` says that the line was never reached, so that no side could be taken.
            let taken = if reached { unit.hits.to_string() } else { "-".to_owned() };
            writeln!(out, "BRDA:{line},0,{n},{taken}")?;
        }
    }
    writeln!(out, "BRF:{found}\nBRH:{hit}")
}

/// What stands on the line itself decides; a line of matchers alone was hit when one of their sides was.
fn line_hits(units: &[&Unit]) -> u64 {
    let own = units.iter().filter(|unit| !unit.is_branch).map(|unit| unit.hits).min();
    own.unwrap_or_else(|| units.iter().map(|unit| unit.hits).max().unwrap_or_default())
}
