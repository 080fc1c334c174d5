//! `clausal watch`: the bundle is checked and its scenarios are run again on every save.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use clap::Args;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::assure::scenario::bundles::Bundles;
use crate::engine::Engine;
use crate::model::error::LoadError;
use crate::model::finding::Severity;

use super::scenarios::{BAD, GOOD};
use super::{Failure, scenarios, test};

/// Arguments of `clausal watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// The folder of the bundle; the working directory when it holds one
    #[arg(value_name = "BUNDLE")]
    bundle: Option<PathBuf>,
    /// The folder of scenarios; found as by `clausal test` when left out
    #[arg(value_name = "SCENARIOS")]
    scenarios: Option<PathBuf>,
}

/// A save is over when nothing happens for so long: editors write several files, or one in several steps.
const QUIET: Duration = Duration::from_millis(20);
/// Saves that never end are answered all the same.
const LONGEST: Duration = Duration::from_millis(150);
/// Endings of files that matter.
const ENDINGS: [&str; 5] = ["yaml", "yml", "rhai", "ftl", "snap"];

/// Watches until it is stopped.
pub fn run(args: &WatchArgs) -> Result<u8, Failure> {
    let bundle = args.bundle.clone().unwrap_or_else(|| PathBuf::from("."));
    if !bundle.join("bundle.yaml").is_file() {
        let message = format!("`{}` holds no `bundle.yaml`; name the folder of a bundle", bundle.display());
        return Err(Failure::Usage(message));
    }
    let scenarios = scenarios::folder(args.scenarios.as_deref(), Some(&bundle))?;
    let (send, events) = channel();
    let watcher = notify::recommended_watcher(move |event| {
        // The receiver is gone only when the command ends.
        let _ = send.send(event);
    })
    .map_err(|error| failure(&bundle, error))?;
    let mut watch = Watch { bundle, scenarios, watcher, watched: BTreeSet::new() };
    watch.follow(&watch.bundle.clone())?;
    watch.follow(&watch.scenarios.clone())?;
    let mut begun = Instant::now();
    loop {
        watch.round(begun)?;
        match wait(&events) {
            Some(saved) => begun = saved,
            None => return Ok(0),
        }
    }
}

fn failure(path: &Path, error: notify::Error) -> Failure {
    let error = match error.kind {
        notify::ErrorKind::Io(error) => error,
        _ => std::io::Error::other(error.to_string()),
    };
    Failure::Io { what: format!("watching `{}`", path.display()), error }
}

/// Waits for a save, and until it is over; when it began. `None` when nothing can come any more.
fn wait(events: &Receiver<notify::Result<Event>>) -> Option<Instant> {
    while !matters(&events.recv().ok()?) {}
    let begun = Instant::now();
    while begun.elapsed() < LONGEST {
        match events.recv_timeout(QUIET) {
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Some(begun)
}

/// Reading a file is an event too, and must not lead to reading it again.
fn matters(event: &notify::Result<Event>) -> bool {
    // Events were lost: look at everything.
    let Ok(event) = event else { return true };
    let changed = !matches!(event.kind, EventKind::Access(_));
    let ours = |path: &PathBuf| {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        ending.is_empty() || ENDINGS.contains(&&*ending)
    };
    changed && (event.need_rescan() || event.paths.iter().any(ours))
}

struct Watch {
    bundle: PathBuf,
    scenarios: PathBuf,
    watcher: RecommendedWatcher,
    /// Folders that are watched already.
    watched: BTreeSet<PathBuf>,
}

impl Watch {
    /// Watches a folder and what is below it.
    fn follow(&mut self, folder: &Path) -> Result<(), Failure> {
        if self.watched.insert(folder.to_owned()) {
            self.watcher.watch(folder, RecursiveMode::Recursive).map_err(|error| failure(folder, error))?;
        }
        Ok(())
    }

    /// Checks and tests once, and says how long that took.
    fn round(&mut self, begun: Instant) -> Result<(), Failure> {
        let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
        let failed = |error| Failure::Io { what: "the standard output".into(), error };
        let bundles = match Bundles::folder_of(&self.bundle) {
            Ok(bundles) => Some(bundles),
            Err(LoadError::Findings { findings }) => {
                scenarios::findings(&mut out, &findings).map_err(failed)?;
                let errors = findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
                writeln!(out, "{BAD}the bundle does not load{BAD:#}: {errors} to mend").map_err(failed)?;
                None
            }
            Err(error) => {
                writeln!(out, "{BAD}the bundle does not load{BAD:#}: {error}").map_err(failed)?;
                None
            }
        };
        if let Some(mut bundles) = bundles {
            self.test(&mut out, &mut bundles)?;
        }
        writeln!(out, "watching; answered in {} ms", begun.elapsed().as_millis()).map_err(failed)?;
        out.flush().map_err(failed)
    }

    fn test(&mut self, out: &mut impl Write, bundles: &mut Bundles) -> Result<(), Failure> {
        let failed = |error| Failure::Io { what: "the standard output".into(), error };
        scenarios::findings(out, bundles.main().warnings()).map_err(failed)?;
        let name = &bundles.main().bundle().name;
        match bundles.main().warnings().len() {
            0 => writeln!(out, "{GOOD}{name} is in order{GOOD:#}"),
            warnings => writeln!(out, "{name} loads, {warnings} to look at"),
        }
        .map_err(failed)?;
        let folder = match scenarios::read(&self.scenarios, "", bundles) {
            Ok(folder) => folder,
            // A folder that is being moved comes back with the next save.
            Err(error) => return writeln!(out, "{BAD}no scenarios{BAD:#}: {error}").map_err(failed),
        };
        let done = test::run_all(&folder, false)?;
        test::human(out, &folder, &done, "").map_err(failed)?;
        // What the bundle extends, and what a scenario names, lies beside it.
        let own = &bundles.main().bundle().name;
        let beside = |engine: &Engine| {
            engine.bundle().name != *own || engine.checked().files.keys().any(|file| file.starts_with(".."))
        };
        if beside(bundles.main()) || folder.scenarios.iter().any(|scenario| beside(&scenario.engine)) {
            self.follow(&self.bundle.join(".."))?;
        }
        Ok(())
    }
}
