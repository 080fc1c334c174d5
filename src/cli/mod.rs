//! The `clausal` command: argument types, one verb per file, exit codes.

mod decide;
mod input;
#[cfg(feature = "lsp")]
mod lsp;
mod output;
mod schema;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::bundle::files::Files;
use crate::embedded;
use crate::engine::Engine;
use crate::model::error::LoadError;

/// The bundle that is used when none is named.
const SHIPPED: &str = "csp";

/// Exit code: a request that cannot be decided.
pub const INVALID_REQUEST: u8 = 1;
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
    /// Serve an editor: findings, completion, hover, definitions, references and quick fixes
    #[cfg(feature = "lsp")]
    Lsp(lsp::LspArgs),
    /// Write JSON Schemas of bundle files, with the names of a bundle, for editors
    Schema(schema::SchemaArgs),
}

/// Which bundle decides.
#[derive(Clone, Debug, Args)]
pub struct BundleArgs {
    /// The folder of the bundle; the bundle shipped with this command when left out
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
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
        let engine = match &self.bundle {
            Some(folder) => Engine::load(folder),
            None => Engine::embedded(),
        };
        engine.map_err(Failure::Bundle)
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
            Self::Bundle(_) => NO_BUNDLE,
            Self::Usage(_) => USAGE,
            Self::Io { .. } => IO,
        }
    }
}

/// Runs the command and gives its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { 0 };
            // Nothing is left to tell anyone when even the usage cannot be printed.
            let _ = error.print();
            return code.into();
        }
    };
    let done = match cli.command {
        Command::Decide(args) => decide::run(&args),
        #[cfg(feature = "lsp")]
        Command::Lsp(args) => lsp::run(&args),
        Command::Schema(args) => schema::run(&args),
    };
    match done {
        Ok(code) => code.into(),
        // The reader went away, for example `clausal decide | head`: that is its right.
        Err(Failure::Io { error, .. }) if error.kind() == std::io::ErrorKind::BrokenPipe => 0.into(),
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code().into()
        }
    }
}
