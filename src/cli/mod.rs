//! The `clausal` command: argument types, one verb per file, exit codes.

#[cfg(feature = "record")]
mod activity;
mod archive;
mod certificates;
mod check;
mod compared;
mod coverage;
mod decide;
mod diff;
mod explain;
pub mod findings;
mod hints;
mod history;
mod input;
mod junit;
mod lines;
#[cfg(feature = "record")]
mod log;
#[cfg(feature = "lsp")]
mod lsp;
mod mutate;
mod output;
mod prove;
#[cfg(feature = "record")]
mod record;
#[cfg(feature = "record")]
mod replay;
mod scenarios;
mod schema;
mod show;
mod shown;
mod test;
mod touched;
mod watch;
mod who;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::bundle::files::Files;
use crate::embedded;
use crate::engine::{Engine, EngineBuilder};
use crate::model::error::LoadError;
use crate::model::time::Timestamp;

/// The bundle that is used when none is named.
const SHIPPED: &str = "csp";

/// Exit code: a request that cannot be decided.
pub const INVALID_REQUEST: u8 = 1;
/// Exit code: an analysis met its bounds.
pub const NOT_DECIDED: u8 = 2;
/// Exit code: scenarios that do not agree.
pub const DISAGREES: u8 = 1;
/// Exit code: wrong usage.
pub const USAGE: u8 = 64;
/// Exit code: the bundle does not load.
pub const NO_BUNDLE: u8 = 65;
/// Exit code: input or output failed.
pub const IO: u8 = 74;

/// Decide purchase, key-access and cancellation requests, and name the clause every decision rests on.
#[derive(Debug, Parser)]
#[command(name = "clausal", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decide one request, an array of requests, or one request per line
    Decide(decide::DecideArgs),
    /// Report everything that is wrong with a bundle
    Check(check::CheckArgs),
    /// Explain why a request is decided as it is, rule by rule, and what would have to change for a permit
    Explain(explain::ExplainArgs),
    /// Run scenarios against a bundle: verdicts written by hand, and the snapshots pinned beside them
    Test(test::TestArgs),
    /// Tell what of a bundle the scenarios exercise: rules, rows, matchers, boundaries, clauses, messages
    Coverage(coverage::CoverageArgs),
    /// Check and test again whenever a file of the bundle or a scenario is saved
    Watch(watch::WatchArgs),
    /// Prove the bundle's invariants, or show a request that breaks one
    Prove(prove::ProveArgs),
    /// Compare two bundles: which requests they decide otherwise
    Diff(diff::DiffArgs),
    /// Change the bundle one small step at a time, and tell which changes no scenario notices
    Mutate(mutate::MutateArgs),
    /// Show who may do what: the permitted requests of a kind as a table
    Who(who::WhoArgs),
    /// Show how an answer, or a rule, changed over time
    History(history::HistoryArgs),
    /// Verify, search, prove and prune a log of decisions
    #[cfg(feature = "record")]
    Log(log::LogArgs),
    /// Decide every recorded request again, by the same bundle or by another
    #[cfg(feature = "record")]
    Replay(replay::ReplayArgs),
    /// List who used keys and downloads, for those who may know
    #[cfg(feature = "record")]
    Activity(activity::ActivityArgs),
    /// Show the effective whole of a bundle, each line with where it comes from
    Show(show::ShowArgs),
    /// Write JSON Schemas of bundle files, with the names of a bundle, for editors
    Schema(schema::SchemaArgs),
    /// Serve an editor: findings, completion, hover, definitions, references and quick fixes
    #[cfg(feature = "lsp")]
    Lsp(lsp::LspArgs),
}

/// Which bundle decides.
#[derive(Clone, Debug, Args)]
pub struct BundleArgs {
    /// The folder of the bundle, or the name of a shipped one (csp, csp-timeline); csp when left out
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Another reading than the bundle's; may be given several times
    #[arg(long = "set", value_name = "SETTING=VALUE")]
    settings: Vec<String>,
    /// Decide with the release that was known on this day
    #[arg(long, value_name = "DATE", conflicts_with = "bundle")]
    as_known_on: Option<String>,
    /// The release index; the one shipped with this command when left out
    #[arg(long, value_name = "FILE", requires = "as_known_on")]
    releases: Option<PathBuf>,
}

impl BundleArgs {
    /// The files of the bundle, and what it is called in errors.
    fn files(&self) -> (Files, String) {
        match &self.bundle {
            Some(folder) => (Files::Folder(folder.clone()), folder.display().to_string()),
            None => (embedded::files(SHIPPED), SHIPPED.to_owned()),
        }
    }

    /// Loads the bundle.
    fn load(&self) -> Result<Engine, Failure> {
        self.builder()?.build().map_err(Failure::Bundle)
    }

    /// What to load.
    fn builder(&self) -> Result<EngineBuilder, Failure> {
        let mut builder = Engine::builder();
        if let Some(folder) = &self.bundle {
            builder = builder.folder_or_embedded(folder);
        }
        if let Some(written) = &self.as_known_on {
            let Some(day) = Timestamp::parse(written) else {
                return Err(Failure::Usage(format!(
                    "`{written}` is not a date or timestamp, for example `2021-05-01`"
                )));
            };
            builder = builder.as_known_on(day, self.releases.as_deref());
        }
        for (name, value) in self.settings()? {
            builder = builder.setting(name, value);
        }
        Ok(builder)
    }

    /// The readings asked for, by name.
    fn settings(&self) -> Result<BTreeMap<String, String>, Failure> {
        let pair = |setting: &String| match setting.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(Failure::Usage(format!("`{setting}` is not of the form SETTING=VALUE"))),
        };
        self.settings.iter().map(pair).collect()
    }
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The bundle does not load.
    #[error(transparent)]
    Bundle(LoadError),
    /// The arguments do not fit together.
    #[error("{0}")]
    Usage(String),
    /// An exact answer takes more than the bounds allow.
    #[error("{0}")]
    Analysis(String),
    /// An archive gives no bundle.
    #[error(transparent)]
    Archive(#[from] archive::ArchiveError),
    /// The log of decisions could not be written or read.
    #[cfg(feature = "record")]
    #[error(transparent)]
    Record(#[from] crate::record::RecordError),
    /// A file or a stream failed.
    #[error("{what}: {error}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        error: std::io::Error,
    },
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Bundle(_) | Self::Archive(_) => NO_BUNDLE,
            Self::Usage(_) => USAGE,
            Self::Analysis(_) => NOT_DECIDED,
            #[cfg(feature = "record")]
            Self::Record(_) => IO,
            Self::Io { .. } => IO,
        }
    }
}

/// The standard output could not be written.
fn stdout_failed(error: std::io::Error) -> Failure {
    Failure::Io { what: "the standard output".into(), error }
}

/// Runs the command and gives its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            let error = hints::with_tip(error, &args);
            let code = if error.use_stderr() { USAGE } else { 0 };
            // Nothing is left to tell anyone when even the usage cannot be printed.
            let _ = error.print();
            return code.into();
        }
    };
    let done = match cli.command {
        #[cfg(feature = "record")]
        Command::Activity(args) => activity::run(&args),
        Command::Decide(args) => decide::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::History(args) => history::run(&args),
        Command::Mutate(args) => mutate::run(&args),
        Command::Prove(args) => prove::run(&args),
        #[cfg(feature = "record")]
        Command::Log(args) => log::run(&args),
        #[cfg(feature = "record")]
        Command::Replay(args) => replay::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Who(args) => who::run(&args),
        #[cfg(feature = "lsp")]
        Command::Lsp(args) => lsp::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Coverage(args) => coverage::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Watch(args) => watch::run(&args),
    };
    match done {
        Ok(code) => code.into(),
        // The reader went away, for example `clausal decide | head`: that is its right.
        Err(Failure::Io { error, .. }) if error.kind() == std::io::ErrorKind::BrokenPipe => 0.into(),
        #[cfg(feature = "record")]
        Err(Failure::Record(crate::record::RecordError::Output { gone: true, .. })) => 0.into(),
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code().into()
        }
    }
}
