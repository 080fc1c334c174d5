//! `clausal log show`: one entry as it is recorded, explained with the bundle that decided it.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use crate::engine::Engine;
use crate::model::finding::Place;
use crate::model::limits::Limits;
use crate::record::again::Decider;
use crate::record::mask::Openings;
use crate::record::{Entry, RecordError, Row, Store, bundles};

use super::super::{Failure, output, stdout_failed};
use super::entry_number;

/// Arguments of `clausal log show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The log
    log: PathBuf,
    /// The number of the entry, or the id of its request
    entry: String,
    /// Write the entry as JSON
    #[arg(long)]
    json: bool,
    /// Explain it rule by rule, and what would have to change for a permit
    #[arg(long, conflicts_with = "json")]
    explain: bool,
    /// The language of messages
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
}

pub fn show(args: &ShowArgs) -> Result<u8, Failure> {
    let store = Store::open_read_only(&args.log)?;
    let seq = entry_number(&store, &args.entry)?;
    let row = store.row(seq)?.ok_or_else(|| RecordError::Absent(format!("the log has no entry {seq}")))?;
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let Some(payload) = &row.payload else {
        writeln!(out, "entry {seq}  hash {}\n  it was pruned: its hash is left, not what it said", row.hash)
            .map_err(stdout_failed)?;
        return Ok(0);
    };
    let entry = Entry::parse(payload)?;
    let request: Json = serde_json::from_str(entry.request.get()).unwrap_or_default();
    if args.json {
        let decision: Json = serde_json::from_str(entry.decision.get()).unwrap_or_default();
        let whole = json!({
            "seq": seq, "received": entry.received, "engine": entry.engine, "hash": row.hash.to_string(),
            "bundle": { "name": entry.bundle.name, "version": entry.bundle.version, "digest": entry.bundle.digest },
            "request": request, "decision": decision,
        });
        writeln!(out, "{whole:#}").map_err(stdout_failed)?;
        return Ok(0);
    }
    writeln!(out, "entry {seq}  received {}  engine {}  hash {}", entry.received, entry.engine, row.hash)
        .map_err(stdout_failed)?;
    writeln!(out, "request: {request:#}").map_err(stdout_failed)?;
    explain(&mut out, &store, &row, &entry, &request, args)?;
    Ok(0)
}

/// Decides again with the bundle that decided, which knows the words, and shows the lines of each rule.
fn explain(
    out: &mut impl Write,
    store: &Store,
    row: &Row,
    entry: &Entry<'_>,
    request: &Json,
    args: &ShowArgs,
) -> Result<(), Failure> {
    if crate::record::mask::is_whole(request) {
        return writeln!(out, "decision: {}", entry.decision.get()).map_err(stdout_failed);
    }
    let digest = &entry.bundle.digest;
    let files = store
        .bundle_files(digest)?
        .ok_or_else(|| RecordError::Bundle { digest: digest.clone(), why: "it is not in the log".into() })?;
    let engine = bundles::engine(digest, &files, &Limits::default())?;
    let language = super::super::decide::language(&engine, args.lang.as_deref())?;
    let openings: Openings =
        row.openings.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
    let decider = Decider::new(engine);
    let (again, engine) = (decider.again(request, &openings), decider.engine());
    if let Some(why) = again.differs(entry)? {
        writeln!(out, "recorded: {}\nnote: {why}\ndecided again:", entry.decision.get()).map_err(stdout_failed)?;
    }
    match again.answer {
        Ok(_) if args.explain => {
            let explained = engine.explain_json(&again.asked).unwrap_or_default();
            let sheets: Vec<String> = explained.iter().map(|one| one.to_text(&language)).collect();
            write!(out, "{}", sheets.join("\n---\n\n")).map_err(stdout_failed)?;
        }
        Ok(answer) => {
            output::answer(out, &answer, &language).map_err(stdout_failed)?;
            for reason in answer.decisions().iter().flat_map(|decision| decision.reasons(&language)) {
                rule_lines(out, engine, &reason, &language).map_err(stdout_failed)?;
            }
        }
        Err(error) => output::request_error(&error, None),
    }
    Ok(())
}

fn rule_lines(
    out: &mut impl Write,
    engine: &Engine,
    reason: &crate::decision::Reason,
    language: &str,
) -> std::io::Result<()> {
    let bundle = engine.checked();
    let Some(rule) = bundle.rules.iter().find(|rule| rule.name == reason.rule) else { return Ok(()) };
    writeln!(out, "\n{} ({})", rule.name, rule.place)?;
    for line in lines_of(&rule.place, bundle.files.get(&rule.place.file).map_or("", |text| text)) {
        writeln!(out, "    {line}")?;
    }
    for clause in &reason.clauses {
        let source = bundle.sources.get(&clause.source).and_then(|source| source.clauses.get(&clause.number));
        if let Some(gist) = source.and_then(|clause| clause.gist.get(language)) {
            writeln!(out, "  {clause}: {gist}")?;
        }
    }
    Ok(())
}

/// The lines on which something stands. It reaches up to what comes next, so blank lines and comments at its end are not
/// its own.
fn lines_of<'t>(place: &Place, text: &'t str) -> Vec<&'t str> {
    const MOST: usize = 40;
    let first = place.line.saturating_sub(1);
    let whole = place.end_line.saturating_sub(place.line);
    // The last line is its own as far as it reaches.
    let last = text.lines().nth(place.end_line.saturating_sub(1)).unwrap_or_default();
    let reaches = last.chars().take(place.end_column.saturating_sub(1)).any(|c| !c.is_whitespace());
    let mut lines: Vec<&str> = text.lines().skip(first).take(whole.saturating_add(usize::from(reaches))).collect();
    while lines.last().is_some_and(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        lines.pop();
    }
    lines.truncate(MOST);
    lines
}
