//! The fixed cases of the regression gate: `gate CASE TIMES`. `benches/gate/run.sh` counts its instructions.
#![allow(missing_docs, clippy::print_stderr, reason = "a program of its own, which says what is wrong")]

use std::hint::black_box;
use std::process::ExitCode;

use clausal::Engine;

const PURCHASE: &str = r#"{"id":"r-1","kind":"purchase","at":"2021-07-01T12:00:00Z","actor":{"side":"partner","roles":["Admin agent"],"portal":"partner-center"},"customer":{"market":"Germany"},"product":{"kind":"azure-reservation"}}"#;
const KEY: &str = r#"{"id":"r-2","kind":"key-access","at":"2021-07-01T12:00:00Z","operation":"get-key","actor":{"side":"partner","roles":["admin-agent"],"portal":"partner-center"},"customer":{"tenant_id":"t-1"},"product":{"kind":"server-subscription","version":"2019","language":"en-US","bit":"64"},"order":{"id":"o-1","status":"completed","purchased_at":"2021-06-10T09:00:00Z"}}"#;
const OPEN: &str = r#"{"id":"r-3","kind":"purchase","at":"2021-07-01T12:00:00Z","actor":{"side":"partner"},"product":{"kind":"azure-reservation"}}"#;
const CANCELLATION: &str = include_str!("../cancellation.json");

fn decide(request: &str, times: u32) -> Result<(), String> {
    let engine = Engine::embedded().map_err(|error| error.to_string())?;
    for _ in 0..times {
        let answer = engine.decide_json(black_box(request.as_bytes())).map_err(|error| error.to_string())?;
        black_box(answer.outcome());
    }
    Ok(())
}

fn lines(request: &str, times: u32) -> Result<(), String> {
    let engine = Engine::embedded().map_err(|error| error.to_string())?;
    for _ in 0..times {
        let answer = engine.decide_json(black_box(request.as_bytes())).map_err(|error| error.to_string())?;
        black_box(answer.to_json_line("en"));
    }
    Ok(())
}

fn load(times: u32) -> Result<(), String> {
    for _ in 0..times {
        black_box(Engine::builder().build().map_err(|error| error.to_string())?);
    }
    Ok(())
}

/// What a case decides, so that a change of the policy is not taken for one of speed.
fn show(request: &str) -> Result<(), String> {
    let engine = Engine::embedded().map_err(|error| error.to_string())?;
    let prepared = engine.prepare(request.as_bytes()).ok_or("the request is not read by the program")?;
    let answer = prepared.decide(&engine).map_err(|error| error.to_string())?;
    eprintln!("{} compiled={}", answer.to_json_line("en"), prepared.is_compiled());
    Ok(())
}

fn run(case: &str, times: u32) -> Result<(), String> {
    match case {
        "purchase" => decide(PURCHASE, times),
        "key-access" => decide(KEY, times),
        "cancellation" => decide(CANCELLATION, times),
        "needs-information" => decide(OPEN, times),
        "json-line" => lines(CANCELLATION, times),
        "load" => load(times),
        "show" => [PURCHASE, KEY, CANCELLATION, OPEN].iter().try_for_each(|request| show(request)),
        other => Err(format!("there is no case `{other}`")),
    }
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let case = args.next().unwrap_or_default();
    let times = args.next().and_then(|times| times.parse().ok()).unwrap_or(1);
    match run(&case, times) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gate: {error}");
            ExitCode::FAILURE
        }
    }
}
