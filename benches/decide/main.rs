//! How long a decision takes, beside a function written by hand for the same policy. `cargo bench --bench decide`.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a benchmark")]
#![allow(clippy::print_stdout, clippy::arithmetic_side_effects, clippy::string_slice, reason = "a benchmark reports")]

mod columns;
mod generated;
mod hand;
mod measure;
mod requests;

use std::hint::black_box;

use clausal::{Engine, Value};
use hand::{Hand, Raw};
use measure::{Figures, each, measure, report, time};

fn main() {
    let engine = Engine::embedded().unwrap();
    let hand = Hand::new(&engine);
    let lines = requests::requests(10_000);
    let raws: Vec<Raw<'_>> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let typed: Vec<_> = raws.iter().map(|raw| hand.typed(raw).unwrap()).collect();
    if std::env::args().nth(1).as_deref() == Some("lines") {
        // The requests themselves, to be piped into `clausal decide`.
        lines.iter().for_each(|line| println!("{line}"));
        return;
    }
    if let Some(section) = std::env::args().nth(1).filter(|arg| !arg.starts_with('-')) {
        return one_section(&section, &engine, &lines);
    }
    cross_check(&engine, &hand, &lines);
    println!("per decision over {} mixed requests, one thread", lines.len());
    let by_hand = measure(&typed, |request| drop(black_box(hand.decide(request))));
    report("hand-written, prepared", &by_hand, None);
    let parse = measure(&lines, |line| {
        let raw: Raw<'_> = serde_json::from_str(line).unwrap();
        drop(black_box(hand.typed(&raw)));
    });
    report("serde_json into a struct, typed", &parse, None);
    let whole = measure(&lines, |line| {
        let raw: Raw<'_> = serde_json::from_str(line).unwrap();
        let typed = hand.typed(&raw).unwrap();
        drop(black_box(hand.decide(&typed)));
    });
    report("hand-written, from JSON", &whole, None);
    let prepared: Vec<_> = lines.iter().map(|line| engine.prepare(line.as_bytes()).unwrap()).collect();
    let left = prepared.iter().filter(|request| !request.is_compiled()).count();
    println!("left to the interpreter: {left} of {}", prepared.len());
    let decided = measure(&prepared, |request| drop(black_box(request.decide(&engine).unwrap())));
    report("engine, prepared", &decided, Some(&by_hand));
    let oracle = measure(&lines, |line| drop(black_box(engine.interpret_json(line.as_bytes()).unwrap())));
    report("interpreter, from JSON", &oracle, Some(&whole));
    let json = measure(&lines, |line| drop(black_box(engine.decide_json(line.as_bytes()).unwrap())));
    report("engine, from JSON", &json, Some(&whole));
    let words = measure(&lines, |line| {
        drop(black_box(engine.decide_json(line.as_bytes()).unwrap().to_json_line("en")));
    });
    report("engine, from JSON to JSON", &words, Some(&parse));
    let again = std::cell::RefCell::new((engine.json_lines("en"), String::new()));
    let decide = |line: &String| {
        let (lines, out) = &mut *again.borrow_mut();
        out.clear();
        lines.decide(black_box(line.as_bytes()), out).unwrap();
    };
    report("the same, with buffers that serve again", &measure(&lines, decide), Some(&parse));
    growth();
    loading();
    threads(&engine, &lines);
    columns::report(&engine, &lines);
}

/// One section over and over, for a profiler: `SECTION [PASSES [KIND]]`. `each` tells how long each prepared request takes.
fn one_section(section: &str, engine: &Engine, lines: &[String]) {
    let kind = std::env::args().nth(3).unwrap_or_default();
    let lines: Vec<_> = lines.iter().filter(|line| line.contains(&format!("\"kind\":\"{kind}"))).collect();
    let prepared: Vec<_> = lines.iter().filter_map(|line| engine.prepare(line.as_bytes())).collect();
    let passes = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(60);
    if section == "each" {
        let decide = |request: &clausal::engine::Prepared| drop(black_box(request.decide(engine).unwrap()));
        return prepared.iter().zip(lines).for_each(|(one, line)| println!("{:.0}\t{line}", each(one, passes, decide)));
    }
    for _ in 0..passes {
        match section {
            "prepared" => prepared.iter().for_each(|request| drop(black_box(request.decide(engine).unwrap()))),
            "json" => lines.iter().for_each(|line| drop(black_box(engine.decide_json(line.as_bytes()).unwrap()))),
            "words" => lines
                .iter()
                .for_each(|line| drop(black_box(engine.decide_json(line.as_bytes()).unwrap().to_json_line("en")))),
            "again" => {
                let (mut again, mut out) = (engine.json_lines("en"), String::new());
                for line in &lines {
                    out.clear();
                    again.decide(black_box(line.as_bytes()), &mut out).unwrap();
                }
            }
            "load" => drop(black_box(Engine::builder().build().unwrap())),
            other => panic!("no section `{other}`: prepared, each, json, words, again, load"),
        }
    }
}

/// Both must say the same of every request, or the comparison says nothing.
fn cross_check(engine: &Engine, hand: &Hand, lines: &[String]) {
    let mut outcomes = std::collections::BTreeMap::new();
    for line in lines {
        let raw: Raw<'_> = serde_json::from_str(line).unwrap();
        let typed = hand.typed(&raw).unwrap();
        let by_hand = hand.decide(&typed);
        let answer = engine.decide_json(line.as_bytes()).unwrap();
        let decision = &answer.decisions()[0];
        let get = |name: &str| decision.results().get(name).map(ToString::to_string);
        let results = &by_hand.results;
        let text = |value: Option<&str>| value.map(str::to_owned);
        let same = decision.outcome() == by_hand.outcome
            && decision.reason_codes().eq(by_hand.reasons.iter().copied())
            && get("tax_treatment") == text(results.tax_treatment)
            && get("days_remaining") == results.days_remaining.map(|days| days.to_string())
            && get("cancel_by") == results.cancel_by.map(|day| day.to_string())
            && get("early_termination_fee") == text(results.early_termination_fee)
            && decision.results().get("credit_percent") == results.credit_percent.map(Value::Decimal).as_ref()
            && decision.results().get("credit_amount") == results.credit_amount.map(Value::Decimal).as_ref()
            && get("credit_currency") == text(results.credit_currency)
            && get("credit_basis") == text(results.credit_basis)
            && get("key_available") == results.key_available.map(|is| is.to_string())
            && decision.obligations("en").len() + decision.advice("en").len() == by_hand.obligations.len();
        assert!(same, "{line}\n{by_hand:?}\n{}", answer.to_json("en"));
        *outcomes.entry(by_hand.outcome).or_insert(0_usize) += 1;
    }
    println!("cross-checked: 0 differences in {} decisions {outcomes:?}", lines.len());
}

/// A bundle with more and more rules that do not concern the request.
fn growth() {
    let lines = generated::requests(2_000);
    let mut first: Option<Figures> = None;
    for rules in [10, 100, 1_000, 10_000] {
        let texts = generated::bundle(rules);
        let started = std::time::Instant::now();
        let engine = Engine::builder().texts(texts).build().unwrap();
        let load = started.elapsed();
        let figures = measure(&lines, |line| drop(black_box(engine.decide_json(line.as_bytes()).unwrap())));
        let name = format!("{rules} rules, load {load:.1?}");
        report(&name, &figures, first.as_ref());
        first = first.or(Some(figures));
    }
}

fn loading() {
    // Giving an engine up is not loading it.
    let one = || {
        let started = std::time::Instant::now();
        let engine = black_box(Engine::builder().build().unwrap());
        let load = started.elapsed();
        drop(engine);
        load
    };
    println!("load of the shipped bundle: {:.2?}", (0..15).map(|_| one()).min().unwrap());
}

/// The same work on one thread and on two.
fn threads(engine: &Engine, lines: &[String]) {
    let work = || {
        for line in lines {
            drop(black_box(engine.decide_json(line.as_bytes()).unwrap()));
        }
    };
    let one = (0..5).map(|_| time(work)).min().unwrap();
    let both = || {
        std::thread::scope(|scope| {
            scope.spawn(work);
            scope.spawn(work);
        });
    };
    let two = (0..5).map(|_| time(both)).min().unwrap();
    println!("two threads over one: {:.2} x", 2.0 * one.as_secs_f64() / two.as_secs_f64());
}
