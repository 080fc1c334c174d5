//! `clausal diff`: which requests two bundles decide otherwise.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::assure::diff::{Comparison, Direction, Region, Sum, diff};
use crate::assure::scenario::bundles::Bundles;
use crate::assure::space::Bounds;
use crate::engine::{Engine, EngineBuilder};

use super::prove::short;
use super::{Failure, NOT_DECIDED, stdout_failed};

/// Exit code: the comparison came to what was not to be.
const FAILED_ON: u8 = 1;

/// Arguments of `clausal diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The old bundle: a folder, the name of a shipped one, or `REVISION:FOLDER` of a git repository
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

/// Scenarios that were decided by both.
#[derive(Clone, Copy, Debug, Default)]
struct Touched {
    all: usize,
    changed: usize,
}

/// Compares two bundles.
pub fn run(args: &DiffArgs) -> Result<u8, Failure> {
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    let bounds =
        Bounds { until: Instant::now().checked_add(Duration::from_secs(args.time_limit)), ..Bounds::default() };
    let found = diff(&old, &new, bounds).map_err(|error| Failure::Analysis(error.to_string()))?;
    let touched = args.scenarios.as_deref().map(|folder| touched(&old, &new, folder)).transpose()?;
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = match args.format {
        As::Text => text(&mut out, &found, touched),
        As::Json => {
            let mut json = serde_json::to_value(&found).unwrap_or_default();
            if let (Some(touched), Some(object)) = (touched, json.as_object_mut()) {
                object.insert("scenarios".into(), touched.all.into());
                object.insert("scenarios_changed".into(), touched.changed.into());
            }
            writeln!(out, "{json:#}")
        }
        As::Markdown => markdown(&mut out, args, &found, touched),
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

fn summary(found: &Comparison, touched: Option<Touched>) -> String {
    let count = |direction| found.regions.iter().filter(|region| region.direction == direction).count();
    let mut text = format!(
        "{}: {} regions wider, {} narrower, {} other",
        found.verdict.as_str(),
        count(Direction::Wider),
        count(Direction::Narrower),
        count(Direction::Other)
    );
    if let Some(touched) = touched {
        text.push_str(&format!("; {} of {} scenarios change", touched.changed, touched.all));
    }
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

fn text(out: &mut impl Write, found: &Comparison, touched: Option<Touched>) -> std::io::Result<()> {
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
    writeln!(out, "{}", summary(found, touched))
}

fn markdown(
    out: &mut impl Write,
    args: &DiffArgs,
    found: &Comparison,
    touched: Option<Touched>,
) -> std::io::Result<()> {
    writeln!(out, "### Policy change: `{}` → `{}`\n\n**{}**\n", args.old, args.new, summary(found, touched))?;
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

/// Loads a bundle by folder, by the name of a shipped one, or out of a git repository.
fn load(written: &str) -> Result<Engine, Failure> {
    let path = Path::new(written);
    let builder = match written.split_once(':') {
        Some((revision, folder)) if !path.exists() && revision.len() > 1 => from_git(revision, folder)?,
        _ => Engine::builder().folder_or_embedded(path),
    };
    builder.build().map_err(Failure::Bundle)
}

/// The bundle's files as they were in a revision, read into memory.
fn from_git(revision: &str, folder: &str) -> Result<EngineBuilder, Failure> {
    if revision.starts_with('-') {
        return Err(Failure::Usage(format!("`{revision}` is not a revision")));
    }
    let folder = folder.trim_end_matches('/');
    let top = folder.split('/').next().unwrap_or_default();
    let list = git(&["ls-tree", "-r", "-z", "--full-tree", "--name-only", revision, "--", top])?;
    let list = String::from_utf8_lossy(&list).into_owned();
    let mut texts: Vec<(String, Arc<str>)> = Vec::new();
    for path in list.split('\0').filter(|path| [".yaml", ".rhai", ".ftl"].iter().any(|end| path.ends_with(end))) {
        let bytes = git(&["show", &format!("{revision}:{path}")])?;
        if let Ok(text) = String::from_utf8(bytes) {
            texts.push((path.to_owned(), text.into()));
        }
    }
    Ok(Engine::builder().texts(texts).below(folder))
}

fn git(args: &[&str]) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::Io { what: "git".into(), error };
    let done = Command::new("git").args(args).output().map_err(failed)?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let message = String::from_utf8_lossy(&done.stderr);
    Err(Failure::Usage(format!("git: {}", message.lines().next().unwrap_or("it failed"))))
}

/// How many requests of the scenarios below a folder are decided otherwise. Scenarios of other readings or bundles speak of
/// neither of the two and are left out.
fn touched(old: &Engine, new: &Engine, folder: &Path) -> Result<Touched, Failure> {
    let mut bundles = Bundles::of(new.clone());
    let mut out = Touched::default();
    let found = super::scenarios::read(folder, "", &mut bundles)?;
    let own = found.scenarios.iter().filter(|one| one.settings.is_empty() && one.engine.bundle() == new.bundle());
    for case in own.flat_map(|scenario| &scenario.cases) {
        out.all = out.all.saturating_add(1);
        let answer = |engine: &Engine| match engine.decide(&case.request) {
            Ok(answer) => {
                let mut json = answer.to_json("");
                strip(&mut json);
                json
            }
            Err(error) => error.to_json(),
        };
        out.changed = out.changed.saturating_add(usize::from(answer(old) != answer(new)));
    }
    Ok(out)
}

/// What is the same decision in two bundles: without the bundle, the words and the places.
fn strip(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Array(all) => all.iter_mut().for_each(strip),
        serde_json::Value::Object(object) => {
            for key in ["bundle", "message", "source", "rule", "clauses"] {
                object.remove(key);
            }
            object.values_mut().for_each(strip);
        }
        _ => {}
    }
}
