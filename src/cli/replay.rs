//! `clausal replay`: recorded requests decided again, by the same bundle or by another.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::record::replay::replay;
use crate::record::source::Source;
use crate::record::tally::{Change, Group, Tally};

use super::log::NOT_GOOD;
use super::{BundleArgs, Failure, stdout_failed};

/// Arguments of `clausal replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The log, or an export of it: NDJSON or Parquet
    log: PathBuf,
    #[command(flatten)]
    bundle: BundleArgs,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Replays a log. The exit code is 1 when the same bundle gives another decision.
pub fn run(args: &ReplayArgs) -> Result<u8, Failure> {
    let BundleArgs { bundle, settings, as_known_on, .. } = &args.bundle;
    let other = bundle.is_some() || as_known_on.is_some() || !settings.is_empty();
    let engine = if other { Some(args.bundle.load()?) } else { None };
    let source = Source::open(&args.log)?;
    let bar = bar(source.count());
    let tally = replay(&source, engine.as_ref(), |done| bar.set_position(done))?;
    bar.finish_and_clear();
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = if args.json { writeln!(out, "{:#}", as_json(&tally)) } else { text(&mut out, &tally) };
    written.map_err(stdout_failed)?;
    Ok(if tally.different > 0 { NOT_GOOD } else { 0 })
}

fn bar(count: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, style) = match count {
        Some(count) => (ProgressBar::new(count), "{bar:40} {pos}/{len} entries, {per_sec}, {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {pos} entries, {per_sec}"),
    };
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn as_json(tally: &Tally) -> serde_json::Value {
    let group = |(change, group): (&Change, &Group)| {
        json!({
            "kind": change.kind, "before": change.before, "after": change.after,
            "reasons_before": change.reasons_before, "reasons_after": change.reasons_after,
            "missing_before": change.missing_before, "missing_after": change.missing_after,
            "count": group.count, "entries": group.entries,
        })
    };
    let money = tally.money.iter().map(|(currency, money)| {
        let (before, after) = (money.before, money.after);
        let by = after.saturating_sub(before);
        json!({ "currency": currency, "before": before.to_string(), "after": after.to_string(), "by": by.to_string() })
    });
    let withheld = tally.withheld.iter();
    let withheld: Vec<_> =
        withheld.map(|(path, group)| json!({ "path": path, "count": group.count, "entries": group.entries })).collect();
    let first = tally.first.as_ref().map(|first| {
        let (before, after) = (&first.before, &first.after);
        json!({ "entry": first.seq, "path": first.path, "before": before, "after": after, "why": first.why })
    });
    json!({
        "entries": tally.entries, "invalid": tally.invalid, "same_bundle": tally.same_bundle,
        "different": tally.different, "first": first, "undecided": tally.undecided, "withheld": withheld, "changed": tally.changed,
        "changes": by_count(tally).into_iter().map(group).collect::<Vec<_>>(), "money": money.collect::<Vec<_>>(),
    })
}

/// The most frequent change first.
fn by_count(tally: &Tally) -> Vec<(&Change, &Group)> {
    let mut groups: Vec<_> = tally.groups.iter().collect();
    groups.sort_by(|(a, x), (b, y)| y.count.cmp(&x.count).then_with(|| a.cmp(b)));
    groups
}

/// What changes: the reasons, or the facts that are missing where the reasons stay.
fn because(change: &Change) -> String {
    let Change { reasons_before, reasons_after, missing_before, missing_after, .. } = change;
    let words = |all: &[String]| if all.is_empty() { "nothing".to_owned() } else { all.join(", ") };
    let because = format!("because {} -> {}", words(reasons_before), words(reasons_after));
    if missing_before == missing_after {
        return if reasons_before == reasons_after {
            format!("because {}, as before", words(reasons_after))
        } else {
            because
        };
    }
    let less =
        |of: &[String], other: &[String]| of.iter().filter(|path| !other.contains(path)).cloned().collect::<Vec<_>>();
    let (new, gone) = (less(missing_after, missing_before), less(missing_before, missing_after));
    let mut parts = if reasons_before == reasons_after { Vec::new() } else { vec![because] };
    if !new.is_empty() {
        parts.push(format!("asks also for {}", new.join(", ")));
    }
    if !gone.is_empty() {
        parts.push(format!("no longer asks for {}", gone.join(", ")));
    }
    parts.join("; ")
}

fn text(out: &mut impl Write, tally: &Tally) -> std::io::Result<()> {
    writeln!(out, "{} entries, {} of them invalid requests that are not decided again", tally.entries, tally.invalid)?;
    if tally.same_bundle > 0 {
        let same = tally.same_bundle.saturating_sub(tally.different);
        writeln!(
            out,
            "{same} of {} decisions are the same, byte for byte, with the bundle that made them",
            tally.same_bundle
        )?;
    }
    if let Some(first) = &tally.first {
        writeln!(out, "the first that is not: entry {}, at `{}`", first.seq, first.path)?;
        writeln!(out, "  recorded {}\n  now      {}\n  {}", first.before, first.after, first.why)?;
    }
    writeln!(out, "{} decisions change in what they say", tally.changed)?;
    for (change, group) in by_count(tally) {
        let named: Vec<String> = group.entries.iter().map(ToString::to_string).collect();
        writeln!(out, "{:>8}  {}: {} -> {}", group.count, change.kind, change.before, change.after)?;
        let named = named.join(", ");
        writeln!(out, "          {}; first in {named}", because(change))?;
    }
    for (path, group) in &tally.withheld {
        let named: Vec<String> = group.entries.iter().map(ToString::to_string).collect();
        let (count, named) = (group.count, named.join(", "));
        writeln!(
            out,
            "{count:>8}  cannot be decided again: `{path}` matters and only its commitment is kept; first in {named}"
        )?;
    }
    for (currency, money) in &tally.money {
        let by = money.after.saturating_sub(money.before);
        let sign = if by.is_sign_negative() { "" } else { "+" };
        writeln!(out, "credit in {currency}: {} -> {} ({sign}{by})", money.before, money.after)?;
    }
    Ok(())
}
