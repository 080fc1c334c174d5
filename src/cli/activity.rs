//! `clausal activity`: who used keys and downloads, for those who may know.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use crate::bundle::checked::Bundle;
use crate::decision::Answer;
use crate::engine::Engine;
use crate::model::decision::Outcome;
use crate::model::time::{Date, Timestamp};
use crate::model::value::Type;
use crate::record::activity::{Days, Use, svg, usage};
use crate::record::{RecordError, Store};

use super::log::{day, note_pruned};
use super::record::{RecordArgs, now};
use super::{BundleArgs, Failure, INVALID_REQUEST, output, stdout_failed};

/// Arguments of `clausal activity`.
#[derive(Debug, Args)]
pub struct ActivityArgs {
    /// The log; it may also stand after the roles
    log: Option<PathBuf>,
    /// The first day, in UTC
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Date,
    /// The last day, which is included
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Date,
    /// The roles of who asks
    #[arg(long = "as", value_name = "ROLE", num_args = 1.., required = true)]
    roles: Vec<String>,
    /// Who asks
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// On which side; the first that the vocabulary lists when left out
    #[arg(long)]
    side: Option<String>,
    /// Through what; the first that the vocabulary lists when left out
    #[arg(long)]
    portal: Option<String>,
    /// When it is asked; by the clock when left out
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How the list is written
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    format: ListFormat,
    /// Draw a calendar
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    record: RecordArgs,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Table,
    /// For spreadsheets
    Csv,
    /// For programs
    Json,
}

/// Decides whether the asker may see the list, and shows it only then. The exit code is that of the outcome.
pub fn run(args: &ActivityArgs) -> Result<u8, Failure> {
    let engine = args.bundle.load()?;
    let (log, roles) = log_and_roles(args)?;
    let request = request(args, roles, &engine)?.to_string();
    // What the log holds is looked at before the asking is recorded in it.
    let store = Store::open_read_only(&log)?;
    let answer = match args.record.open(&engine)? {
        Some(mut recording) => {
            recording.submit(Ok(request.into_bytes()))?;
            recording.next(true)?.unwrap_or_else(|| engine.decide_json(b""))
        }
        None => engine.decide_json(request.as_bytes()),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            output::request_error(&error, None);
            return Ok(INVALID_REQUEST);
        }
    };
    if answer.outcome() != Outcome::Permit {
        return refused(&engine, &answer);
    }
    let mut out = BufWriter::new(anstream::AutoStream::auto(std::io::stdout().lock()));
    let days = list(args, &store, &mut out)?;
    out.flush().map_err(stdout_failed)?;
    if let Some(path) = &args.plot {
        output::write_file(path, svg(args.from, args.to, &days).as_bytes())?;
    }
    Ok(Outcome::Permit.exit_code())
}

fn refused(engine: &Engine, answer: &Answer) -> Result<u8, Failure> {
    let language = super::decide::language(engine, None)?;
    let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
    // A message that cannot be written has no reader.
    let _ = output::answer(&mut err, answer, &language);
    Ok(answer.outcome().exit_code())
}

/// `--as ROLE ROLE LOG`: what stands last is the log when it is given nowhere else.
fn log_and_roles(args: &ActivityArgs) -> Result<(PathBuf, &[String]), Failure> {
    match (&args.log, args.roles.split_last()) {
        (Some(log), _) => Ok((log.clone(), &args.roles)),
        (None, Some((log, roles))) if !roles.is_empty() => Ok((PathBuf::from(log), roles)),
        (None, _) => Err(Failure::Usage("say which log: `clausal activity LOG --from DAY --to DAY --as ROLE`".into())),
    }
}

/// The request by which the asker asks.
fn request(args: &ActivityArgs, roles: &[String], engine: &Engine) -> Result<Json, Failure> {
    let at = match &args.at {
        Some(at) => at.clone(),
        None => now()?.to_string(),
    };
    if Timestamp::parse(&at).is_none() {
        return Err(Failure::Usage(format!("`{at}` is not a date or timestamp, for example `2021-05-01`")));
    }
    let bundle = engine.checked();
    let or_first = |given: &Option<String>, path: &str| given.clone().or_else(|| first_value(bundle, path));
    Ok(json!({
        "kind": "activity-log", "at": at,
        "actor": {
            "id": args.actor, "roles": roles,
            "side": or_first(&args.side, "actor.side"), "portal": or_first(&args.portal, "actor.portal"),
        },
        "range": { "from": args.from.to_string(), "to": args.to.to_string() },
    }))
}

/// The first value that the vocabulary lists for a fact.
fn first_value(bundle: &Bundle, path: &str) -> Option<String> {
    let Type::Symbol(domain) = &bundle.fact_at(path).and_then(|ix| bundle.fact(ix))?.type_ else { return None };
    bundle.domains.get(domain)?.entries.first().map(|entry| entry.code.to_string())
}

fn list(args: &ActivityArgs, store: &Store, out: &mut impl Write) -> Result<Days, Failure> {
    let (mut days, mut written, mut count, mut pruned) = (Days::new(), begin(out, args.format), 0_u64, 0_u64);
    store.hold()?;
    store.scan(1, u64::MAX, |row| {
        pruned = pruned.saturating_add(u64::from(row.payload.is_none()));
        if let Some(one) = usage(&row, args.from, args.to)? {
            let day = days.entry(one.day).or_default();
            *day = day.saturating_add(1);
            let first = count == 0;
            count = count.saturating_add(1);
            if written.is_ok() {
                written = line(out, args.format, &one, first);
            }
        }
        Ok::<bool, RecordError>(written.is_ok())
    })?;
    written.and_then(|()| end(out, args.format, count)).map_err(stdout_failed)?;
    note_pruned(pruned);
    Ok(days)
}

fn begin(out: &mut impl Write, format: ListFormat) -> std::io::Result<()> {
    match format {
        ListFormat::Table => {
            writeln!(out, "{:<24} {:<18} {:<24} {:<14} {:<24} entry", "user", "what", "product", "order", "when")
        }
        ListFormat::Csv => writeln!(out, "user,what,product,order,when,entry"),
        ListFormat::Json => write!(out, "["),
    }
}

fn line(out: &mut impl Write, format: ListFormat, one: &Use, first: bool) -> std::io::Result<()> {
    let or = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
    match format {
        ListFormat::Table => {
            let shown = |text: &Option<String>, none: &str| or(text, none).escape_debug().to_string();
            let (user, product, order) =
                (shown(&one.user, "(not kept)"), shown(&one.product, "-"), shown(&one.order, "-"));
            writeln!(out, "{user:<24} {:<18} {product:<24} {order:<14} {:<24} {}", one.what, one.when, one.entry)
        }
        ListFormat::Csv => {
            let cells =
                [or(&one.user, ""), one.what.clone(), or(&one.product, ""), or(&one.order, ""), one.when.clone()];
            let cells: Vec<String> = cells.iter().map(|cell| csv(cell)).collect();
            writeln!(out, "{},{}", cells.join(","), one.entry)
        }
        ListFormat::Json => {
            let text = serde_json::to_string(one).map_err(std::io::Error::from)?;
            write!(out, "{}\n{text}", if first { "" } else { "," })
        }
    }
}

fn end(out: &mut impl Write, format: ListFormat, count: u64) -> std::io::Result<()> {
    match format {
        ListFormat::Table => writeln!(out, "{count} uses"),
        ListFormat::Csv => Ok(()),
        ListFormat::Json => writeln!(out, "\n]"),
    }
}

/// A cell as RFC 4180 quotes it. A text that a spreadsheet would take for a formula gets an apostrophe first.
fn csv(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}
