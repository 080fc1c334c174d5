//! `clausal mutate`: small changes of the bundle that no scenario notices.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value as Json, json};

use crate::assure::mutate::missing::{name, scenario};
use crate::assure::mutate::{Fate, Mutant, Wanted, mutate};
use crate::assure::space::Bounds;

use super::{BundleArgs, Failure, Format, scenarios, stdout_failed};

/// Exit code: a change survived.
const SURVIVED: u8 = 1;

/// Arguments of `clausal mutate`.
#[derive(Debug, Args)]
pub struct MutateArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Make only changes in files, of rules or lists, or of a kind (`bound`, `entry`, `date`, …) that contain this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// List every change and what became of it, not only what survived
    #[arg(long)]
    all: bool,
    /// Write a scenario for each change that survived into this folder
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// How to write the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Seconds after which what is left counts as open
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    time_limit: u64,
    /// A folder of scenarios; `scenarios` of the bundle, `fixtures/decide` or `scenarios` when left out
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Tries every change. The exit code is 0 when the scenarios notice all that change a decision.
pub fn run(args: &MutateArgs) -> Result<u8, Failure> {
    let mut bundles = args.bundle.load_bundles()?;
    let path = scenarios::folder(args.dir.as_deref(), bundles.folder())?;
    let folder = scenarios::read(&path, "", &mut bundles)?;
    let bounds =
        Bounds { until: Instant::now().checked_add(Duration::from_secs(args.time_limit)), ..Bounds::default() };
    let bar = progress();
    let wanted = Wanted { filter: args.filter.clone(), compare: true };
    let mutants = mutate(bundles.main(), &folder.scenarios, &wanted, bounds, &mut |done, all| {
        bar.set_length(u64::try_from(all).unwrap_or_default());
        bar.set_position(u64::try_from(done).unwrap_or_default());
    });
    bar.finish_and_clear();
    if let Some(folder) = &args.write {
        write_missing(folder, &mutants)?;
    }
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = match args.format {
        Format::Json => writeln!(out, "{:#}", to_json(&mutants)),
        Format::Text => text(&mut out, &mutants, args.all),
    };
    written.map_err(stdout_failed)?;
    let survived = mutants.iter().any(|one| matches!(one.fate, Fate::Survived(_)));
    Ok(if survived { SURVIVED } else { 0 })
}

/// A bar on a terminal, nothing elsewhere.
fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} changes, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn text(out: &mut impl Write, mutants: &[Mutant], all: bool) -> std::io::Result<()> {
    for one in mutants {
        let change = &one.change;
        match &one.fate {
            Fate::Killed { scenario } if all => {
                writeln!(out, "killed      {} at {} by {scenario}", change.what, change.place)?;
            }
            Fate::Equivalent if all => writeln!(out, "equivalent  {} at {}", change.what, change.place)?,
            Fate::Open { why } if all => {
                writeln!(out, "open        {} at {}\n            {why}", change.what, change.place)?;
            }
            Fate::Survived(survivor) => {
                writeln!(out, "survived    {} at {}", change.what, change.place)?;
                let (before, after) = (super::prove::short(&survivor.decision), super::prove::short(&survivor.changed));
                writeln!(out, "            is      {before}\n            becomes {after}")?;
                writeln!(out, "            the scenario that is missing:\n")?;
                for line in scenario(one, survivor).lines() {
                    writeln!(out, "    {line}")?;
                }
                writeln!(out)?;
            }
            Fate::Killed { .. } | Fate::Equivalent | Fate::Open { .. } => {}
        }
    }
    writeln!(out, "{}", summary(mutants))
}

fn count(mutants: &[Mutant], word: &str) -> usize {
    mutants.iter().filter(|one| one.fate.as_str() == word).count()
}

fn summary(mutants: &[Mutant]) -> String {
    let (killed, survived) = (count(mutants, "killed"), count(mutants, "survived"));
    let counted = killed.saturating_add(survived);
    // A part that is not whole never reads as 100 %.
    let percent = killed.saturating_mul(100).checked_div(counted).unwrap_or(100);
    format!(
        "{} changes: {killed} killed, {survived} survived, {} equivalent, {} open; the scenarios notice {percent} %",
        mutants.len(),
        count(mutants, "equivalent"),
        count(mutants, "open")
    )
}

fn to_json(mutants: &[Mutant]) -> Json {
    let one = |one: &Mutant| {
        let change = &one.change;
        let mut json = json!({
            "number": one.number,
            "operator": change.operator,
            "change": change.what,
            "source": change.place.to_string(),
            "fate": one.fate.as_str(),
        });
        let more = match &one.fate {
            Fate::Killed { scenario } => json!({ "scenario": scenario }),
            Fate::Equivalent => json!({}),
            Fate::Open { why } => json!({ "why": why }),
            Fate::Survived(survivor) => json!({
                "request": survivor.request, "decision": survivor.decision, "decision_changed": survivor.changed,
                "missing_scenario": scenario(one, survivor),
            }),
        };
        if let (Some(all), Some(more)) = (json.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        json
    };
    json!({
        "changes": mutants.len(),
        "killed": count(mutants, "killed"),
        "survived": count(mutants, "survived"),
        "equivalent": count(mutants, "equivalent"),
        "open": count(mutants, "open"),
        "mutants": mutants.iter().map(one).collect::<Vec<_>>(),
    })
}

/// One file for each request; several changes that one request tells need one scenario.
fn write_missing(folder: &Path, mutants: &[Mutant]) -> Result<(), Failure> {
    let mut known: Vec<&Json> = Vec::new();
    for one in mutants {
        let Fate::Survived(survivor) = &one.fate else { continue };
        if known.contains(&&survivor.request) {
            continue;
        }
        known.push(&survivor.request);
        let kind = survivor.request.get("kind").and_then(Json::as_str).unwrap_or_default();
        let path = folder.join(kind).join(format!("{}.yaml", name(one)));
        let failed = |error| Failure::Io { what: format!("`{}`", path.display()), error };
        std::fs::create_dir_all(folder.join(kind)).map_err(failed)?;
        // A scenario that is there already was perhaps edited by hand.
        let mut file = std::fs::File::create_new(&path).map_err(failed)?;
        file.write_all(scenario(one, survivor).as_bytes()).map_err(failed)?;
    }
    Ok(())
}
