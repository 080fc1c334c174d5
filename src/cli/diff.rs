//! `clausal diff`: which requests two bundles decide otherwise.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::assure::diff::{Comparison, Direction, Region, Sum, diff};
use crate::assure::space::Bounds;

use super::compared::load;
use super::prove::short;
use super::touched::{self, Touched};
use super::{Failure, NOT_DECIDED, stdout_failed};

/// Exit code: the comparison came to what was not to be.
const FAILED_ON: u8 = 1;

/// Arguments of `clausal diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The old bundle: a folder, the name of a shipped one, an archive (`.tar`, `.tar.gz`, `.zip`; `ARCHIVE:FOLDER` for one
    /// of several bundles), or `REVISION:FOLDER` of a git repository
    #[arg(value_name = "OLD")]
    old: String,
    /// The new bundle
    #[arg(value_name = "NEW")]
    new: String,
    /// How to write the answer
    #[arg(long, value_enum, default_value_t = As::Text)]
    format: As,
    /// End with exit code 1 when the comparison comes to this; may be given several times
    #[arg(long, value_enum, value_name = "VERDICT")]
    fail_on: Vec<On>,
    /// Count the scenarios below this folder whose decision changes
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Count the decisions of this log that change, and the credit that changes with them
    #[cfg(feature = "record")]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Seconds after which there is no answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    time_limit: u64,
}

/// How a comparison is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum As {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a pull request
    Markdown,
}

/// What makes the command fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum On {
    /// Some request is decided more favourably
    Wider,
    /// Some request is decided less favourably
    Stricter,
    /// Anything changes
    Change,
}

/// Compares two bundles.
pub fn run(args: &DiffArgs) -> Result<u8, Failure> {
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    let bounds =
        Bounds { until: Instant::now().checked_add(Duration::from_secs(args.time_limit)), ..Bounds::default() };
    let found = diff(&old, &new, bounds).map_err(|error| Failure::Analysis(error.to_string()))?;
    let touched = Touched {
        scenarios: args.scenarios.as_deref().map(|folder| touched::scenarios(&old, &new, folder)).transpose()?,
        #[cfg(feature = "record")]
        recorded: args.log.as_deref().map(|log| touched::recorded(&old, &new, log)).transpose()?,
    };
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = match args.format {
        As::Text => text(&mut out, &found, &touched),
        As::Json => {
            let mut json = serde_json::to_value(&found).unwrap_or_default();
            if let Some(object) = json.as_object_mut() {
                object.extend(touched.to_json());
            }
            writeln!(out, "{json:#}")
        }
        As::Markdown => markdown(&mut out, args, &found, &touched),
    };
    written.map_err(stdout_failed)?;
    Ok(exit_code(&args.fail_on, &found))
}

/// What was not to be and is; else what was not to be and is not excluded.
fn exit_code(fail_on: &[On], found: &Comparison) -> u8 {
    let comes_to = |on: &On| match on {
        On::Wider => found.goes(Direction::Wider),
        On::Stricter => found.goes(Direction::Narrower),
        On::Change => (found.verdict != Sum::Open).then_some(found.verdict != Sum::Equivalent),
    };
    let all: Vec<Option<bool>> = fail_on.iter().map(comes_to).collect();
    if all.contains(&Some(true)) {
        FAILED_ON
    } else if all.contains(&None) || found.verdict == Sum::Open {
        NOT_DECIDED
    } else {
        0
    }
}

fn region_words(region: &Region) -> String {
    if region.incomplete {
        return "requests that leave something open".to_owned();
    }
    if region.words.is_empty() {
        return "every request".to_owned();
    }
    let words: Vec<String> = region.words.iter().map(|one| format!("{} {}", one.fact, one.is)).collect();
    words.join("; ")
}

fn title(direction: Direction) -> &'static str {
    match direction {
        Direction::Wider => "wider",
        Direction::Narrower => "narrower",
        Direction::Other => "other",
    }
}

fn change(region: &Region) -> String {
    if region.changes == "outcome" {
        format!("{} → {}", region.before, region.after)
    } else {
        format!("{}: other {}", region.before, region.changes)
    }
}

fn summary(found: &Comparison) -> String {
    let count = |direction| found.regions.iter().filter(|region| region.direction == direction).count();
    let mut text = format!(
        "{}: {} regions wider, {} narrower, {} other",
        found.verdict.as_str(),
        count(Direction::Wider),
        count(Direction::Narrower),
        count(Direction::Other)
    );
    if found.unreached > 0 {
        text.push_str(&format!(
            "; {} more would need scripts to give what they were not seen to give",
            found.unreached
        ));
    } else if !found.complete {
        text.push_str("; not all of it is shown");
    }
    let left: Vec<&str> =
        found.not_excluded.iter().filter(|way| found.goes(**way).is_none()).map(|way| title(*way)).collect();
    if !left.is_empty() {
        text.push_str(&format!("; not excluded: {}", left.join(", ")));
    }
    text
}

fn text(out: &mut impl Write, found: &Comparison, touched: &Touched) -> std::io::Result<()> {
    for region in &found.regions {
        writeln!(out, "{} {}: {}", title(region.direction), region.kind, change(region))?;
        writeln!(out, "    where   {}", region_words(region))?;
        writeln!(out, "    rules   {}", region.rules.join(", "))?;
        writeln!(out, "    request {}", region.request)?;
        writeln!(out, "    before  {}", short(&region.decision_before))?;
        writeln!(out, "    after   {}", short(&region.decision_after))?;
    }
    for (what, kinds) in [("removed", &found.kinds_removed), ("added", &found.kinds_added)] {
        for kind in kinds {
            writeln!(out, "other {kind}: the kind of request is {what}")?;
        }
    }
    writeln!(out, "{}", summary(found))?;
    touched.lines().iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn markdown(out: &mut impl Write, args: &DiffArgs, found: &Comparison, touched: &Touched) -> std::io::Result<()> {
    writeln!(out, "### Policy change: `{}` → `{}`\n\n**{}**\n", args.old, args.new, summary(found))?;
    for line in touched.lines() {
        writeln!(out, "{line}\n")?;
    }
    if found.regions.is_empty() {
        return Ok(());
    }
    writeln!(out, "| | kind | change | where | rules |\n|---|---|---|---|---|")?;
    let cell = |text: &str| text.replace('|', "\\|");
    for region in &found.regions {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            title(region.direction),
            region.kind,
            change(region),
            cell(&region_words(region)),
            cell(&region.rules.join(", "))
        )?;
    }
    writeln!(out, "\n<details><summary>Requests that show it</summary>\n\n```json")?;
    for region in &found.regions {
        writeln!(out, "{}", region.request)?;
    }
    writeln!(out, "```\n\n</details>")
}
