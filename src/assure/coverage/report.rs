//! Coverage as text and as JSON.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::{Coverage, Metric, Unit};

/// A table of all metrics, and everything that is not covered.
#[must_use]
pub fn human(coverage: &Coverage<'_>) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_human(&mut out, coverage);
    out
}

fn write_human(out: &mut String, coverage: &Coverage<'_>) -> std::fmt::Result {
    for metric in Metric::ALL {
        let share = coverage.share(metric);
        writeln!(out, "{:<12}{:>6} of {:<6}{:>8}", metric.as_str(), share.covered, share.total, share.to_string())?;
    }
    let total = coverage.total();
    writeln!(out, "{:<12}{:>6} of {:<6}{:>8}", "all", total.covered, total.total, total.to_string())?;
    let open: Vec<&Unit> = coverage.units().into_iter().filter(|unit| unit.hits == 0).collect();
    if !open.is_empty() {
        writeln!(out, "\nnot covered by any scenario:")?;
    }
    for unit in open {
        writeln!(out, "  {}  {} {}: {}", unit.place, unit.metric, unit.owner, unit.what)?;
    }
    if !coverage.off().is_empty() {
        let off = coverage.off().join(", ");
        writeln!(out, "\nswitched off by the readings of the bundle, not counted: {off}")?;
    }
    Ok(())
}

/// Everything, for programs.
#[must_use]
pub fn json(coverage: &Coverage<'_>) -> Json {
    let identity = coverage.engine.bundle();
    let metrics: serde_json::Map<String, Json> =
        Metric::ALL.into_iter().map(|metric| (metric.as_str().to_owned(), share(coverage.share(metric)))).collect();
    let units: Vec<Json> = coverage.units().into_iter().map(unit).collect();
    json!({
        "bundle": { "name": &*identity.name, "version": &*identity.version, "digest": &*identity.digest },
        "requests": coverage.requests(),
        "total": share(coverage.total()),
        "metrics": metrics,
        "units": units,
        "off": coverage.off().iter().map(|name| &**name).collect::<Vec<_>>(),
    })
}

fn share(share: super::Share) -> Json {
    let percent = share.to_string();
    json!({ "covered": share.covered, "total": share.total, "percent": percent.trim_end_matches(" %") })
}

fn unit(unit: &Unit) -> Json {
    json!({
        "metric": unit.metric.as_str(), "owner": &*unit.owner, "what": unit.what,
        "file": &*unit.place.file, "line": unit.place.line, "column": unit.place.column,
        "hits": unit.hits, "by": unit.by,
    })
}
