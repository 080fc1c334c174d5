//! `clausal test`: scenarios against a bundle.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value as Json, json};

use crate::assure::scenario::Scenario;
use crate::assure::scenario::folder::Folder;
use crate::assure::scenario::run::{Pinned, Ran};

use super::{BundleArgs, DISAGREES, Failure, junit, scenarios};

/// Arguments of `clausal test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Run only scenarios whose name (folder/file) contains this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// Pin the snapshots of scenarios whose verdict agrees; a verdict is never changed
    #[arg(long)]
    accept: bool,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = TestFormat::Human)]
    format: TestFormat,
    /// A folder of scenarios, or one scenario; `scenarios` of the bundle, `fixtures/decide` or `scenarios` when left out
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// How the result of a test is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// For build servers
    Junit,
}

/// A scenario, how it ended, and how long that took.
pub struct Done<'s> {
    /// The scenario.
    pub scenario: &'s Scenario,
    /// How it ended.
    pub ran: Ran,
    /// Whether its snapshot was pinned in this run.
    pub accepted: bool,
    /// How long deciding and comparing took.
    pub took: Duration,
}

impl Done<'_> {
    /// Whether nothing is left to complain of.
    pub fn agrees(&self) -> bool {
        self.accepted || self.ran.agrees()
    }
}

/// Runs the scenarios. The exit code is 0 when all agree and 1 otherwise.
pub fn run(args: &TestArgs) -> Result<u8, Failure> {
    let mut bundles = args.bundle.load_bundles()?;
    let path = scenarios::folder(args.dir.as_deref(), bundles.folder())?;
    let folder = scenarios::read(&path, &args.filter, &mut bundles)?;
    let done = run_all(&folder, args.accept)?;
    let fine = fine(&folder, &done);
    let mut out = BufWriter::new(anstream::AutoStream::auto(std::io::stdout().lock()));
    let written = match args.format {
        TestFormat::Human => human(&mut out, &folder, &done, &args.filter),
        TestFormat::Json => {
            let report = report(&bundles.main().bundle().name, &folder, &done, fine);
            serde_json::to_writer_pretty(&mut out, &report).map_err(Into::into).and_then(|()| writeln!(out))
        }
        TestFormat::Junit => out.write_all(junit::report(&folder, &done).as_bytes()),
    };
    written.and_then(|()| out.flush()).map_err(|error| Failure::Io { what: "the standard output".into(), error })?;
    Ok(if fine { 0 } else { DISAGREES })
}

/// Whether there is nothing to complain of.
pub fn fine(folder: &Folder, done: &[Done<'_>]) -> bool {
    folder.files > 0 && folder.findings.is_empty() && folder.unreferenced.is_empty() && done.iter().all(Done::agrees)
}

/// Runs every scenario of a folder, with a progress bar on a terminal when it takes long.
pub fn run_all(folder: &Folder, accept: bool) -> Result<Vec<Done<'_>>, Failure> {
    let bar = ProgressBar::with_draw_target(
        u64::try_from(folder.scenarios.len()).ok(),
        // Hidden by itself when the standard error is no terminal.
        ProgressDrawTarget::stderr_with_hz(10),
    );
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let mut out = Vec::with_capacity(folder.scenarios.len());
    let begun = Instant::now();
    for scenario in &folder.scenarios {
        let start = Instant::now();
        let ran = scenario.run();
        let took = start.elapsed();
        let accepted = accept && ran.can_accept();
        if accepted {
            let what = || format!("the snapshot of `{}`", scenario.name);
            scenario.accept(&ran).map_err(|error| Failure::Io { what: what(), error })?;
        }
        out.push(Done { scenario, ran, accepted, took });
        // Short runs are over before a bar could be read.
        if begun.elapsed() > Duration::from_millis(500) {
            bar.set_message(scenario.name.clone());
            bar.set_position(u64::try_from(out.len()).unwrap_or_default());
        }
    }
    bar.finish_and_clear();
    Ok(out)
}

/// What differs, and how many agree.
pub fn human(out: &mut impl Write, folder: &Folder, done: &[Done<'_>], filter: &str) -> std::io::Result<()> {
    use super::scenarios::{BAD, GOOD};
    scenarios::findings(out, &folder.findings)?;
    for one in done.iter().filter(|one| !one.agrees()) {
        scenarios::disagreement(out, one.scenario, &one.ran)?;
    }
    for path in &folder.unreferenced {
        writeln!(out, "{BAD}unreferenced{BAD:#}  {path}: its scenario is gone; remove it")?;
    }
    let accepted = done.iter().filter(|one| one.accepted).count();
    if accepted > 0 {
        writeln!(out, "{} pinned", count(accepted, "snapshot"))?;
    }
    if folder.files == 0 {
        let which = if filter.is_empty() { String::new() } else { format!(" whose name contains `{filter}`") };
        return writeln!(out, "{BAD}no scenarios{BAD:#}{which}");
    }
    let cases = done.iter().fold(0usize, |sum, one| sum.saturating_add(one.ran.cases));
    let counts = [
        (folder.files.saturating_sub(done.len()), ["cannot be read"; 2]),
        (done.iter().filter(|one| !one.agrees()).count(), ["differs", "differ"]),
        (folder.unreferenced.len(), ["snapshot unreferenced", "snapshots unreferenced"]),
    ];
    let word = |(count, [one, many]): &(usize, [&str; 2])| format!("{count} {}", if *count == 1 { one } else { many });
    let bad: Vec<String> = counts.iter().filter(|(count, _)| *count > 0).map(word).collect();
    let decided = format!("{} decided", count(cases, "request"));
    let scenarios = count(folder.files, "scenario");
    if bad.is_empty() {
        let agree = if folder.files == 1 { "agrees" } else { "agree" };
        return writeln!(out, "{GOOD}{scenarios} {agree}{GOOD:#}, {decided}");
    }
    writeln!(out, "{BAD}{}{BAD:#}; {scenarios}, {decided}", bad.join(", "))
}

fn count(count: usize, word: &str) -> String {
    format!("{count} {}", plural(count, word))
}

/// The word, with an `s` for anything but one.
fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

fn report(bundle: &str, folder: &Folder, done: &[Done<'_>], fine: bool) -> Json {
    let agree = done.iter().filter(|one| one.agrees()).count();
    let scenarios: Vec<Json> = done.iter().map(one).collect();
    let findings: Vec<Json> = folder
        .findings
        .iter()
        .map(|f| {
            json!({
                "code": f.code.as_str(), "severity": f.severity().to_string(), "message": f.message,
                "file": &*f.place.file, "line": f.place.line, "column": f.place.column, "help": f.help,
            })
        })
        .collect();
    json!({
        "bundle": bundle,
        "agrees": fine,
        "files": folder.files,
        "agree": agree,
        "differ": done.len().saturating_sub(agree),
        "accepted": done.iter().filter(|one| one.accepted).count(),
        "scenarios": scenarios,
        "findings": findings,
        "unreferenced": folder.unreferenced,
    })
}

fn one(done: &Done<'_>) -> Json {
    let differences: Vec<Json> = done
        .ran
        .differences
        .iter()
        .map(|(case, difference)| {
            let place = &difference.place;
            json!({
                "case": case, "message": difference.message,
                "file": &*place.file, "line": place.line, "column": place.column,
            })
        })
        .collect();
    let (state, diff) = match &done.ran.pinned {
        _ if done.accepted => ("accepted", None),
        Pinned::Same => ("same", None),
        Pinned::Unused => ("unused", None),
        Pinned::Missing => ("missing", None),
        Pinned::Unreadable(_) => ("unreadable", None),
        Pinned::Differs(pinned) => ("differs", Some(scenarios::diff_text(pinned, &done.ran.text))),
    };
    json!({
        "name": done.scenario.name, "file": &*done.scenario.file, "title": &*done.scenario.title,
        "agrees": done.agrees(), "cases": done.ran.cases, "differences": differences,
        "snapshot": state, "snapshot_diff": diff,
    })
}
