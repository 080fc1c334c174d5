//! `clausal who`: who may do what, as a table.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::assure::space::{Bounds, SpaceError};
use crate::assure::who::{Table, WhoError, who};

use super::{BundleArgs, Failure, NOT_DECIDED, stdout_failed};

/// Arguments of `clausal who`.
#[derive(Debug, Args)]
pub struct WhoArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The kind of request
    #[arg(long, value_name = "KIND")]
    kind: String,
    /// Only requests in which a fact has this value; may be given several times
    #[arg(long, value_name = "PATH=VALUE")]
    when: Vec<String>,
    /// One group of rows for each value of this fact that some rule tells apart; several facts separated by commas, or the
    /// option several times
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    group_by: Vec<String>,
    /// How to write the table
    #[arg(long, value_enum, default_value_t = As::Text)]
    format: As,
    /// Seconds after which there is no answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    time_limit: u64,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum As {
    /// For people
    Text,
    /// Comma-separated values
    Csv,
    /// For a document
    Markdown,
    /// For programs
    Json,
}

/// Shows who may do what.
pub fn run(args: &WhoArgs) -> Result<u8, Failure> {
    let engine = args.bundle.load()?;
    let mut when = Vec::new();
    for written in &args.when {
        let Some((path, value)) = written.split_once('=') else {
            return Err(Failure::Usage(format!("`{written}` is not of the form PATH=VALUE")));
        };
        when.push((path.to_owned(), value.to_owned()));
    }
    let bounds =
        Bounds { until: Instant::now().checked_add(Duration::from_secs(args.time_limit)), ..Bounds::default() };
    let table = who(&engine, &args.kind, &when, &args.group_by, bounds).map_err(|error| match error {
        WhoError::Space(SpaceError::NoKind { .. }) | WhoError::NotTested { .. } | WhoError::NoValue { .. } => {
            Failure::Usage(error.to_string())
        }
        WhoError::Space(_) => Failure::Analysis(error.to_string()),
    })?;
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = match args.format {
        As::Json => writeln!(out, "{:#}", serde_json::to_value(&table).unwrap_or_default()),
        As::Text => text(&mut out, &table),
        As::Csv => lines(&mut out, &table, &|cells| cells.iter().map(|c| csv(c)).collect::<Vec<_>>().join(",")),
        As::Markdown => markdown(&mut out, &table),
    };
    written.map_err(stdout_failed)?;
    // A table that is not whole is no answer to who may do what.
    Ok(if table.is_cut { NOT_DECIDED } else { 0 })
}

fn text(out: &mut impl Write, table: &Table) -> std::io::Result<()> {
    for row in &table.rows {
        let facts: Vec<String> = row.facts.iter().map(|(path, is)| format!("{path} {is}")).collect();
        let group: Vec<String> =
            table.group_by.iter().zip(&row.group).map(|(path, value)| format!("{path} {value}: ")).collect();
        let facts = if facts.is_empty() { "always".to_owned() } else { format!("where {}", facts.join("; ")) };
        writeln!(out, "{}{} {facts}", group.concat(), row.outcome)?;
    }
    write!(out, "{} rows; whatever is not named may be anything", table.rows.len())?;
    if table.unreached > 0 {
        write!(out, "; {} more would need scripts to give what they were not seen to give", table.unreached)?;
    }
    if table.is_cut {
        write!(out, "; there are more: narrow it down with `--when`")?;
    }
    writeln!(out)
}

/// The columns: the group, the outcome, and every fact that some row names.
fn columns(table: &Table) -> (Vec<String>, Vec<Vec<String>>) {
    let facts: BTreeSet<&String> = table.rows.iter().flat_map(|row| row.facts.keys()).collect();
    let mut head: Vec<String> = table.group_by.clone();
    head.push("outcome".into());
    head.extend(facts.iter().map(|path| (*path).clone()));
    let cells = table.rows.iter().map(|row| {
        let mut cells: Vec<String> = row.group.clone();
        cells.push(row.outcome.into());
        cells.extend(facts.iter().map(|path| row.facts.get(*path).cloned().unwrap_or_default()));
        cells
    });
    (head, cells.collect())
}

fn lines(out: &mut impl Write, table: &Table, line: &dyn Fn(&[String]) -> String) -> std::io::Result<()> {
    let (head, cells) = columns(table);
    writeln!(out, "{}", line(&head))?;
    cells.iter().try_for_each(|cells| writeln!(out, "{}", line(cells)))
}

fn markdown(out: &mut impl Write, table: &Table) -> std::io::Result<()> {
    let (head, cells) = columns(table);
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |", cells.join(" | "))
    };
    writeln!(out, "{}\n|{}", line(&head), "---|".repeat(head.len()))?;
    cells.iter().try_for_each(|cells| writeln!(out, "{}", line(cells)))
}

fn csv(cell: &str) -> String {
    // A cell that a spreadsheet would take for a formula is made a text.
    let cell = if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}
