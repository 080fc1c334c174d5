//! `clausal explain`: why a request is decided as it is, and what would have to change.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use crate::engine::Engine;
use crate::explain::Explanation;
use crate::model::error::RequestError;
use crate::model::names::nearest;

use super::decide::language;
use super::input::Requests;
use super::{BundleArgs, Failure, Format, INVALID_REQUEST, output, stdout_failed};

/// Arguments of `clausal explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Explain one rule only: `policy/rule`, or `rule`
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Write JSON (the default into a pipe or file)
    #[arg(long, conflicts_with = "text")]
    json: bool,
    /// Write text for people (the default on a terminal)
    #[arg(long)]
    text: bool,
    /// The language of the explanation
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
    /// A request or a scenario, JSON or YAML; `-` reads the standard input
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
}

/// Explains everything the input holds. The exit code is 0 when all of it could be explained, whatever the outcome.
pub fn run(args: &ExplainArgs) -> Result<u8, Failure> {
    let engine = args.bundle.load()?;
    let language = language(&engine, args.lang.as_deref())?;
    if let Some(rule) = &args.rule {
        check_rule(&engine, rule)?;
    }
    let format = match (args.json, args.text) {
        (true, _) => Format::Json,
        (_, true) => Format::Text,
        _ if std::io::stdout().is_terminal() => Format::Text,
        _ => Format::Json,
    };
    let mut requests = Requests::open(Some(&args.request), engine.limits().request.bytes)?;
    let mut out = BufWriter::new(anstream::AutoStream::auto(std::io::stdout().lock()));
    let (mut code, mut first) = (0, true);
    while let Some(request) = requests.next_request()? {
        let request = request.map(|text| of_scenario(&text).unwrap_or(text));
        let explained = match request {
            Ok(request) => explain(&engine, &request, args.rule.as_deref())?,
            Err(error) => Err(error),
        };
        let text = match (explained, format) {
            (Ok(all), Format::Json) => to_json(&all, &language),
            (Ok(all), Format::Text) => all.iter().map(|one| one.to_text(&language)).collect::<Vec<_>>().join(SEPARATOR),
            (Err(error), format) => {
                code = INVALID_REQUEST;
                output::request_error(&error, None);
                if format == Format::Text { continue } else { format!("{}\n", error.to_json()) }
            }
        };
        if !first && format == Format::Text {
            out.write_all(SEPARATOR.as_bytes()).map_err(stdout_failed)?;
        }
        first = false;
        out.write_all(text.as_bytes()).map_err(stdout_failed)?;
    }
    out.flush().map_err(stdout_failed)?;
    Ok(code)
}

/// Between the sheets of several parts or requests.
const SEPARATOR: &str = "\n---\n\n";

/// The explanation of a request, cut down to one rule when one is asked for.
fn explain(
    engine: &Engine,
    request: &[u8],
    rule: Option<&str>,
) -> Result<Result<Vec<Explanation>, RequestError>, Failure> {
    let Some(rule) = rule else { return Ok(engine.explain_json(request)) };
    let all = match engine.explain_rule_json(request, rule) {
        Ok(all) => all,
        Err(error) => return Ok(Err(error)),
    };
    if all.is_empty() {
        return Err(Failure::Usage(format!("the rule `{rule}` does not speak to this kind of request")));
    }
    Ok(Ok(all))
}

fn check_rule(engine: &Engine, rule: &str) -> Result<(), Failure> {
    let names = || engine.checked().rules.iter().map(|rule| &*rule.name);
    let id = |name: &'_ str| name.split_once('/').map_or_else(String::new, |(_, id)| id.to_owned());
    if names().any(|name| name == rule || id(name) == rule) {
        return Ok(());
    }
    let ids: Vec<String> = names().map(id).collect();
    let near = nearest(rule, names().chain(ids.iter().map(String::as_str)));
    let help = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(Failure::Usage(format!("the bundle has no rule `{rule}`{help}")))
}

/// A scenario holds its request under `request`, where a request has a `kind`.
fn of_scenario(text: &[u8]) -> Option<Vec<u8>> {
    let json: serde_json::Value = serde_json::from_slice(text).ok()?;
    let request = json.get("request").filter(|request| request.is_object() && json.get("kind").is_none())?;
    serde_json::to_vec(request).ok()
}

/// One line: an object, or an array for a request that fans out.
fn to_json(all: &[Explanation], language: &str) -> String {
    let json = match all {
        [one] if one.part.is_empty() => one.to_json(language),
        several => several.iter().map(|one| one.to_json(language)).collect(),
    };
    format!("{json}\n")
}
