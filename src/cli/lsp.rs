//! `clausal lsp`: the language server, on standard input and output.

use std::io::BufReader;

use clap::Args;

use super::{BundleArgs, Failure};

/// Arguments of `clausal lsp`.
#[derive(Debug, Args)]
pub struct LspArgs {
    /// Which bundle scenarios are read against.
    #[command(flatten)]
    bundle: BundleArgs,
    /// Accepted because editors pass it; there is no other way
    #[arg(long)]
    stdio: bool,
}

/// Serves one editor.
pub fn run(args: &LspArgs) -> Result<u8, Failure> {
    let (scenarios, _) = args.bundle.files();
    crate::lsp::serve(BufReader::new(std::io::stdin()), std::io::stdout(), scenarios)
        .map_err(|error| Failure::Io { what: "the standard output".into(), error })
}
