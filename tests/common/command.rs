//! The command, run with an input.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What it came to.
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The command in a folder, with pipes.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clausal"));
    command.args(args).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it in a folder.
pub fn clausal(folder: &Path, args: &[&str], input: &str) -> Done {
    let mut child = command(folder, args).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = input.to_owned();
    // A command that refuses its arguments closes its input early.
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()).is_ok());
    let done = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Done {
        code: done.status.code().unwrap(),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}
