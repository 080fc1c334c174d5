//! `clausal history`: how an answer, or a rule, changed over time.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value as Json};

use crate::assure::history::{Span, history, svg};
use crate::assure::whole::items;
use crate::bundle::checked::Bundle;
use crate::engine::Engine;
use crate::model::names::nearest;
use crate::model::value::Type;

use super::input::Requests;
use super::{BundleArgs, Failure, INVALID_REQUEST, output, stdout_failed};

/// Arguments of `clausal history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// When a rule, row or entry held, and what it rests on
    #[arg(long, value_name = "ID", conflicts_with_all = ["fact", "kind", "file", "svg"])]
    rule: Option<String>,
    /// A fact of the request; may be given several times
    #[arg(long, value_name = "PATH=VALUE")]
    fact: Vec<String>,
    /// The kind of request, when no file is given
    #[arg(long, value_name = "KIND", conflicts_with = "file")]
    kind: Option<String>,
    /// Write a picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    json: bool,
    /// The request; the facts given with --fact go before its own
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Shows a history.
pub fn run(args: &HistoryArgs) -> Result<u8, Failure> {
    let engine = args.bundle.load()?;
    if let Some(rule) = &args.rule {
        return of_rule(&engine, rule, args.json);
    }
    let request = request(args, &engine)?;
    let spans = match history(&engine, &request) {
        Ok(spans) => spans,
        Err(error) => {
            output::request_error(&error, None);
            return Ok(INVALID_REQUEST);
        }
    };
    if let Some(path) = &args.svg {
        let kind = request.get("kind").and_then(Json::as_str).unwrap_or("request");
        let title =
            format!("{kind}: {}", if args.fact.is_empty() { "the request".into() } else { args.fact.join(", ") });
        super::output::write_file(path, svg(&title, &spans).as_bytes())?;
    }
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = if args.json {
        writeln!(out, "{:#}", serde_json::to_value(&spans).unwrap_or_default())
    } else {
        table(&mut out, &spans)
    };
    written.map_err(stdout_failed)?;
    Ok(0)
}

fn table(out: &mut impl Write, spans: &[Span]) -> std::io::Result<()> {
    writeln!(out, "{:<22}{:<22}{:<19}because", "decided from", "until", "outcome")?;
    for span in spans {
        let from = span.from.as_deref().unwrap_or("always before");
        let until = span.until.as_deref().unwrap_or("open");
        let because: Vec<String> =
            span.reasons.iter().zip(&span.rules).map(|(code, rule)| format!("{code} ({rule})")).collect();
        writeln!(out, "{from:<22}{until:<22}{:<19}{}", span.outcome, because.join(", "))?;
    }
    Ok(())
}

fn of_rule(engine: &Engine, name: &str, json: bool) -> Result<u8, Failure> {
    let all = items(engine.checked());
    let found: Vec<_> = all.iter().filter(|item| item.name == name).collect();
    if found.is_empty() {
        let near = nearest(name, all.iter().map(|item| item.name.as_str()));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Failure::Usage(format!("the bundle has no rule, row, entry or setting `{name}`{near}")));
    }
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    if json {
        writeln!(out, "{:#}", serde_json::to_value(&found).unwrap_or_default()).map_err(stdout_failed)?;
        return Ok(0);
    }
    for item in found {
        let mut lines = vec![format!("{} {}: {}  ({})", item.what, item.name, item.says, item.source)];
        let always = item.effective.is_empty() && item.retired.is_empty();
        lines.extend(always.then(|| "    holds always".to_owned()));
        lines.extend(item.effective.iter().map(|period| format!("    holds {period}")));
        lines.extend(item.retired.iter().map(|retired| format!("    retired {retired}")));
        lines.extend(item.certainty.as_ref().map(|certainty| format!("    certainty {certainty}")));
        lines.extend(item.evidence.as_ref().map(|evidence| format!("    evidence {evidence}")));
        writeln!(out, "{}", lines.join("\n")).map_err(stdout_failed)?;
    }
    Ok(0)
}

/// The request of the file, or one made of the facts given.
fn request(args: &HistoryArgs, engine: &Engine) -> Result<Json, Failure> {
    let mut request = match &args.file {
        Some(file) => {
            let text = Requests::open(Some(file), engine.limits().request.bytes)?.next_request()?;
            let text = text.and_then(Result::ok).unwrap_or_default();
            serde_json::from_slice(&text).map_err(|error| Failure::Usage(format!("`{}`: {error}", file.display())))?
        }
        None => {
            let kind = args.kind.clone().ok_or_else(|| no_kind(engine.checked()))?;
            let mut request = Map::new();
            request.insert("kind".into(), kind.into());
            request.insert("at".into(), "2021-07-01T00:00:00Z".into());
            Json::Object(request)
        }
    };
    for fact in &args.fact {
        let Some((path, value)) = fact.split_once('=') else {
            return Err(Failure::Usage(format!("`{fact}` is not of the form PATH=VALUE")));
        };
        let value = typed(engine.checked(), path, value)?;
        set(&mut request, path, value);
    }
    Ok(request)
}

fn no_kind(bundle: &Bundle) -> Failure {
    let kinds: Vec<&str> = bundle.kinds.iter().map(|kind| &*kind.name).collect();
    Failure::Usage(format!("say which kind of request with `--kind`: one of `{}`", kinds.join("`, `")))
}

/// A value as JSON of the fact's type; a set's elements are separated by commas.
fn typed(bundle: &Bundle, path: &str, value: &str) -> Result<Json, Failure> {
    let Some(fact) = bundle.fact_at(path).and_then(|ix| bundle.fact(ix)) else {
        let near = nearest(path, bundle.facts.iter().map(|fact| &*fact.path));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Failure::Usage(format!("the vocabulary has no fact `{path}`{near}")));
    };
    Ok(match &fact.type_ {
        Type::Set(_) => value.split(',').map(str::trim).collect(),
        Type::Boolean | Type::Integer => serde_json::from_str(value).unwrap_or_else(|_| value.into()),
        _ => value.into(),
    })
}

fn set(json: &mut Json, path: &str, value: Json) {
    let Json::Object(object) = json else { return };
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((head, rest)) => set(object.entry(head).or_insert_with(|| Json::Object(Map::new())), rest, value),
    }
}
