//! `clausal decide`: requests in, decisions out, the outcome as the exit code.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use crate::decision::Answer;
use crate::engine::Engine;
use crate::model::decision::Outcome;
use crate::model::error::RequestError;

use super::input::Requests;
use super::{BundleArgs, Failure, Format, INVALID_REQUEST, lines, output, stdout_failed};

/// Arguments of `clausal decide`.
#[derive(Debug, Args)]
pub struct DecideArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Write JSON (the default into a pipe or file)
    #[arg(long, conflicts_with = "text")]
    json: bool,
    /// Write text for people (the default on a terminal)
    #[arg(long)]
    text: bool,
    /// The language of messages
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
    /// Threads that decide requests given one per line; as many as there are processors when silent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: Option<u16>,
    #[cfg(feature = "record")]
    #[command(flatten)]
    record: super::record::RecordArgs,
    /// JSON or YAML file; `-` or nothing reads the standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl DecideArgs {
    fn threads(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from).min(64);
        self.threads.map_or_else(processors, usize::from)
    }

    #[cfg(feature = "record")]
    fn is_recorded(&self) -> bool {
        self.record.is_given()
    }

    #[cfg(not(feature = "record"))]
    fn is_recorded(&self) -> bool {
        false
    }
}

/// Decides everything the input holds. The exit code is the outcome's for one request; for several, an invalid request
/// comes first, then the least favourable outcome.
pub fn run(args: &DecideArgs) -> Result<u8, Failure> {
    let engine = args.bundle.load()?;
    let language = language(&engine, args.lang.as_deref())?;
    let format = match (args.json, args.text) {
        (true, _) => Format::Json,
        (_, true) => Format::Text,
        _ if std::io::stdout().is_terminal() => Format::Text,
        _ => Format::Json,
    };
    let mut requests = match Requests::open(args.file.as_deref(), engine.limits().request.bytes)? {
        Requests::Lines(requests) if format == Format::Json && !args.is_recorded() => {
            return lines::run(&engine, &language, requests, args.threads());
        }
        requests => requests,
    };
    let mut run = Run { format, language, array: requests.is_array(), worst: Worst::default(), count: 0 };
    let out = anstream::AutoStream::auto(std::io::stdout().lock());
    let mut out = BufWriter::with_capacity(1 << 16, out);
    run.begin(&mut out).map_err(stdout_failed)?;
    #[cfg(feature = "record")]
    if let Some(mut recording) = args.record.open(&engine)? {
        return run.recorded(&mut recording, &mut requests, &mut out);
    }
    while let Some(request) = requests.next_request()? {
        let answer = request.and_then(|text| engine.decide_json(&text));
        run.one(&mut out, &answer, requests.line()).map_err(stdout_failed)?;
        if requests.may_wait() {
            out.flush().map_err(stdout_failed)?;
        }
    }
    run.end(&mut out).map_err(stdout_failed)?;
    out.flush().map_err(stdout_failed)?;
    Ok(run.worst.exit_code())
}

/// The language asked for, which the bundle must speak; its default otherwise.
pub fn language(engine: &Engine, asked: Option<&str>) -> Result<String, Failure> {
    let Some(asked) = asked else { return Ok(engine.languages().next().unwrap_or("en").to_owned()) };
    if engine.languages().any(|language| language == asked) {
        return Ok(asked.to_owned());
    }
    let known = engine.languages().collect::<Vec<_>>().join("`, `");
    Err(Failure::Usage(format!("the bundle does not speak `{asked}`; it speaks `{known}`")))
}

struct Run {
    format: Format,
    language: String,
    array: bool,
    worst: Worst,
    count: usize,
}

impl Run {
    /// As without a record, but an answer is written only when it is durable in the log.
    #[cfg(feature = "record")]
    fn recorded(
        mut self,
        recording: &mut super::record::Recording,
        requests: &mut Requests,
        out: &mut impl Write,
    ) -> Result<u8, Failure> {
        while let Some(request) = requests.next_request()? {
            recording.submit(request)?;
            let may_wait = requests.may_wait();
            while let Some(answer) = recording.next(may_wait)? {
                self.one(out, &answer, None).map_err(stdout_failed)?;
            }
            if may_wait {
                out.flush().map_err(stdout_failed)?;
            }
        }
        while let Some(answer) = recording.next(true)? {
            self.one(out, &answer, None).map_err(stdout_failed)?;
        }
        self.end(out).map_err(stdout_failed)?;
        out.flush().map_err(stdout_failed)?;
        Ok(self.worst.exit_code())
    }

    fn begin(&self, out: &mut impl Write) -> std::io::Result<()> {
        if self.array && self.format == Format::Json { out.write_all(b"[") } else { Ok(()) }
    }

    /// One answer, to the request in a line of the input where there are several.
    fn one(
        &mut self,
        out: &mut impl Write,
        answer: &Result<Answer, RequestError>,
        line: Option<u64>,
    ) -> std::io::Result<()> {
        self.worst.add_outcome(answer.as_ref().ok().map(Answer::outcome));
        if let Err(error) = answer {
            output::request_error(error, line);
        }
        let first = self.count == 0;
        self.count = self.count.saturating_add(1);
        match self.format {
            Format::Json => {
                if self.array {
                    out.write_all(if first { b"\n" } else { b",\n" })?;
                }
                let line = match answer {
                    Ok(answer) => answer.to_json_line(&self.language),
                    Err(error) => error.to_json().to_string(),
                };
                out.write_all(line.as_bytes())?;
                if self.array { Ok(()) } else { out.write_all(b"\n") }
            }
            Format::Text => match answer {
                Ok(answer) => output::answer(out, answer, &self.language),
                Err(_) => Ok(()),
            },
        }
    }

    fn end(&self, out: &mut impl Write) -> std::io::Result<()> {
        if self.array && self.format == Format::Json { out.write_all(b"\n]\n") } else { Ok(()) }
    }
}

/// The least favourable of all answers.
#[derive(Default)]
pub struct Worst {
    invalid: bool,
    outcomes: Vec<Outcome>,
}

impl Worst {
    /// Counts an outcome; `None` for an invalid request.
    pub fn add_outcome(&mut self, outcome: Option<Outcome>) {
        match outcome {
            Some(outcome) if self.outcomes.contains(&outcome) => {}
            Some(outcome) => self.outcomes.push(outcome),
            None => self.invalid = true,
        }
    }

    /// Counts what others counted.
    pub fn merge(&mut self, other: &Self) {
        self.invalid |= other.invalid;
        for outcome in &other.outcomes {
            if !self.outcomes.contains(outcome) {
                self.outcomes.push(*outcome);
            }
        }
    }

    /// The exit code: that of an invalid request first.
    pub fn exit_code(&self) -> u8 {
        if self.invalid {
            return INVALID_REQUEST;
        }
        const ORDER: [Outcome; 5] =
            [Outcome::Deny, Outcome::NeedsInformation, Outcome::Refer, Outcome::NotCovered, Outcome::Permit];
        ORDER.into_iter().find(|outcome| self.outcomes.contains(outcome)).map_or(0, Outcome::exit_code)
    }
}
