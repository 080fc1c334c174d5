//! The `clausal` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    clausal::cli::run(std::env::args_os())
}
