//! `clausal log find|prune|erase|export`.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use crate::model::decision::Outcome;
use crate::model::names::nearest;
use crate::model::time::{Date, Timestamp};
use crate::record::find::{INVALID, Query, list};
use crate::record::mask::Openings;
use crate::record::{Entry, RecordError, Row, Store, export};

use super::super::{Failure, stdout_failed};
use super::{entry_number, known, open_existing};

/// Arguments of `clausal log find`.
#[derive(Debug, Args)]
pub struct FindArgs {
    /// The log
    log: PathBuf,
    #[command(flatten)]
    query: QueryArgs,
    /// List so many at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: u64,
    /// Write one JSON object per entry
    #[arg(long)]
    json: bool,
}

/// What is looked for.
#[derive(Debug, Args)]
struct QueryArgs {
    /// The id of the request
    #[arg(long)]
    id: Option<String>,
    /// The id, or other id, of an order
    #[arg(long)]
    order: Option<String>,
    /// The customer's tenant, domain or name
    #[arg(long)]
    customer: Option<String>,
    /// The id of who asked
    #[arg(long)]
    actor: Option<String>,
    /// The kind of request
    #[arg(long)]
    kind: Option<String>,
    /// A rule that decided
    #[arg(long, value_name = "POLICY/RULE")]
    rule: Option<String>,
    /// A clause that the decision rests on
    #[arg(long, value_name = "SOURCE#N")]
    clause: Option<String>,
    /// The outcome; `invalid` for a request that could not be decided
    #[arg(long, value_parser = outcome)]
    outcome: Option<String>,
    /// A reason code
    #[arg(long)]
    reason: Option<String>,
    /// Received on this day, or at this instant, or later
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Timestamp>,
    /// Received on this day, or at this instant, or earlier
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Timestamp>,
}

/// A day as arguments write it.
pub fn day(written: &str) -> Result<Date, String> {
    Date::parse(written).ok_or_else(|| format!("`{written}` is not a date that exists, written `YYYY-MM-DD`"))
}

/// A day, or an instant.
fn moment(written: &str) -> Result<Timestamp, String> {
    Timestamp::parse(written).ok_or_else(|| {
        format!("`{written}` is not a date that exists (`2021-06-01`), nor an instant (`2021-06-01T12:00:00Z`)")
    })
}

/// An outcome, or what stands for one where there is none.
fn outcome(written: &str) -> Result<String, String> {
    let known = || Outcome::ALL.into_iter().map(Outcome::as_str).chain([INVALID]);
    if known().any(|word| word == written) {
        return Ok(written.to_owned());
    }
    let near = nearest(written, known()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let known = known().collect::<Vec<_>>().join("`, `");
    Err(format!("`{written}` is no outcome{near}; there are `{known}`"))
}

/// What a list does not show, on the standard error.
pub fn note(text: &str) {
    // A message that cannot be written has no reader.
    let _ = writeln!(anstream::AutoStream::auto(std::io::stderr().lock()), "clausal: {text}");
}

/// What was pruned can be neither found nor listed, and whoever asks must know.
pub fn note_pruned(pruned: u64) {
    if pruned > 0 {
        note(&format!("{pruned} entries of the log are pruned; what they said is not searched"));
    }
}

impl QueryArgs {
    fn query(&self) -> Result<Query, Failure> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from.is_after(to)
        {
            return Err(Failure::Usage(format!("`--from {from}` is later than `--to {to}`")));
        }
        Ok(Query {
            id: self.id.clone(),
            order: self.order.clone(),
            customer: self.customer.clone(),
            actor: self.actor.clone(),
            kind: self.kind.clone(),
            rule: self.rule.clone(),
            clause: self.clause.clone(),
            outcome: self.outcome.clone(),
            reason: self.reason.clone(),
            from: self.from,
            to: self.to,
        })
    }
}

pub fn find(args: &FindArgs) -> Result<u8, Failure> {
    let query = args.query.query()?;
    let store = Store::open_read_only(&args.log)?;
    let mut out = BufWriter::new(anstream::AutoStream::auto(std::io::stdout().lock()));
    let (mut listed, mut failed, mut pruned, mut more) = (0_u64, None, 0_u64, false);
    store.scan(1, u64::MAX, |row| {
        pruned = pruned.saturating_add(u64::from(row.payload.is_none()));
        if query.matches(&row)? {
            if listed >= args.limit {
                more = true;
                return Ok(false);
            }
            listed = listed.saturating_add(1);
            failed = line(&mut out, &row, args.json)?.err();
        }
        Ok(failed.is_none())
    })?;
    match failed {
        Some(error) => return Err(stdout_failed(error)),
        None => out.flush().map_err(stdout_failed)?,
    }
    note_pruned(pruned);
    if listed == 0 {
        known::check(&store, &query)?;
    }
    match (listed, more) {
        (0, _) => note("no entry meets all of these conditions"),
        (_, true) => note(&format!("there are more than these {listed}; see them with `--limit`")),
        _ => {}
    }
    Ok(0)
}

fn line(out: &mut impl Write, row: &Row, json: bool) -> Result<std::io::Result<()>, RecordError> {
    let Some(payload) = &row.payload else { return Ok(Ok(())) };
    let entry = Entry::parse(payload)?;
    let decisions = entry.decisions()?;
    let parts: Vec<(String, String)> = decisions.iter().map(in_short).collect();
    let first = decisions.first();
    let text = |key: &str| first.and_then(|one| one.get(key)).and_then(Json::as_str).unwrap_or("-").to_owned();
    if json {
        let parts: Vec<Json> =
            parts.iter().map(|(outcome, reasons)| json!({ "outcome": outcome, "reasons": reasons })).collect();
        let whole = json!({
            "seq": entry.seq, "received": entry.received, "kind": text("kind"), "id": text("id"), "parts": parts,
            "bundle": entry.bundle.digest, "hash": row.hash.to_string(),
        });
        return Ok(writeln!(out, "{whole}"));
    }
    let parts: Vec<String> = parts.iter().map(|(outcome, reasons)| format!("{outcome} ({reasons})")).collect();
    Ok(writeln!(
        out,
        "{:>8}  {}  {:<16} {:<12} {}",
        entry.seq,
        entry.received,
        text("kind"),
        text("id"),
        parts.join("; ")
    ))
}

/// The outcome and the reason codes of a decision, or of an error.
fn in_short(decision: &Json) -> (String, String) {
    let outcome = decision.get("outcome").and_then(Json::as_str);
    let reasons: Vec<&str> =
        list(decision, "reasons").iter().filter_map(|reason| reason.get("code")?.as_str()).collect();
    match outcome {
        Some(outcome) => (outcome.to_owned(), reasons.join(", ")),
        None => {
            let why = decision.get("error").and_then(|error| error.get("why")).and_then(Json::as_str);
            ("invalid".to_owned(), why.unwrap_or_default().to_owned())
        }
    }
}

/// Arguments of `clausal log prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// The log
    log: PathBuf,
    /// Remove what entries say that were received before this day
    #[arg(long, value_name = "DAY", value_parser = day)]
    before: Date,
}

pub fn prune(args: &PruneArgs) -> Result<u8, Failure> {
    let mut store = open_existing(&args.log)?;
    // A whole day, all of which is before.
    let last = args.before.plus_days(-1).and_then(|day| Timestamp::parse(&day.to_string()));
    let query = Query { to: last, ..Query::default() };
    let mut pruned = 0_u64;
    let mut from = 1_u64;
    loop {
        let (mut old, mut last) = (Vec::new(), None);
        store.scan(from, from.saturating_add(9_999), |row| {
            last = Some(row.seq);
            if query.matches(&row)? {
                old.push(row.seq);
            }
            Ok(true)
        })?;
        store.prune(&old)?;
        pruned = pruned.saturating_add(u64::try_from(old.len()).unwrap_or(u64::MAX));
        let Some(last) = last else { break };
        from = last.saturating_add(1);
    }
    store.compact()?;
    writeln!(std::io::stdout().lock(), "{pruned} entries pruned; their hashes stay").map_err(stdout_failed)?;
    Ok(0)
}

/// Arguments of `clausal log erase`.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// The log
    log: PathBuf,
    /// The number of the entry, or the id of its request
    entry: String,
    /// Only the value at this path of the request; all when left out
    #[arg(long, value_name = "PATH")]
    fact: Option<String>,
}

pub fn erase(args: &EraseArgs) -> Result<u8, Failure> {
    let store = open_existing(&args.log)?;
    let seq = entry_number(&store, &args.entry)?;
    let openings = store.row(seq)?.and_then(|row| row.openings);
    let mut openings: Openings = match openings {
        Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| RecordError::Damaged {
            what: format!("what opens the private values of entry {seq} does not read"),
        })?,
        None => Openings::default(),
    };
    let before = openings.len();
    match &args.fact {
        // Equal values share a salt, so the other paths of the value go too.
        Some(path) => match openings.get(path).map(|opening| opening.salt.clone()) {
            Some(salt) => openings.retain(|_, opening| opening.salt != salt),
            None => {
                let message = format!("entry {seq} has no private value at `{path}`, or it was erased");
                return Err(RecordError::Absent(message).into());
            }
        },
        None => openings.clear(),
    }
    store.set_openings(seq, &openings)?;
    store.compact()?;
    let erased = before.saturating_sub(openings.len());
    writeln!(std::io::stdout().lock(), "{erased} private values of entry {seq} erased").map_err(stdout_failed)?;
    Ok(0)
}

/// Arguments of `clausal log export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The log
    log: PathBuf,
    /// Write here: Parquet for the ending `.parquet`, NDJSON for any other; NDJSON on the standard output when left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// With what opens private values, so that a replay sees the values that are kept
    #[arg(long)]
    with_private: bool,
    /// Stop before the first entry that cannot be read, instead of failing
    #[arg(long)]
    salvage: bool,
}

pub fn export(args: &ExportArgs) -> Result<u8, Failure> {
    let store = Store::open_read_only(&args.log)?;
    let what = export::What { private: args.with_private, salvage: args.salvage };
    let failed = |path: &PathBuf, error| Failure::Io { what: format!("`{}`", path.display()), error };
    let done = match &args.out {
        #[cfg(feature = "parquet")]
        Some(path) if path.extension().is_some_and(|end| end == "parquet") => {
            let file = std::fs::File::create(path).map_err(|error| failed(path, error))?;
            crate::record::columns::write(&store, what, BufWriter::new(file))?
        }
        Some(path) => {
            let file = std::fs::File::create(path).map_err(|error| failed(path, error))?;
            export::ndjson(&store, what, &mut BufWriter::new(file))?
        }
        None => export::ndjson(&store, what, &mut BufWriter::new(std::io::stdout().lock()))?,
    };
    let mut err = std::io::stderr().lock();
    // A message that cannot be written has no reader.
    let _ = match done.unreadable {
        Some(why) => writeln!(err, "clausal: {} entries exported; the rest cannot be read: {why}", done.entries),
        None => writeln!(err, "clausal: {} entries exported", done.entries),
    };
    Ok(0)
}
