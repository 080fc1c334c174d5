//! What deciding allocates, and what a bundle holds. Apart from the times, which counting would change.
//! `cargo bench --bench memory`.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]
#![allow(clippy::print_stdout, clippy::arithmetic_side_effects, reason = "a benchmark reports")]

#[path = "../decide/generated.rs"]
mod generated;
#[path = "../decide/requests.rs"]
mod requests;

use std::alloc::System;
use std::cell::RefCell;
use std::hint::black_box;

use clausal::Engine;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let engine = Engine::embedded().unwrap();
    let lines = requests::requests(10_000);
    let prepared: Vec<_> = lines.iter().map(|line| engine.prepare(line.as_bytes()).unwrap()).collect();
    println!("allocations per decision over {} mixed requests", lines.len());
    report("prepared", &prepared, |request| drop(black_box(request.decide(&engine).unwrap())));
    report("from JSON", &lines, |line| drop(black_box(engine.decide_json(line.as_bytes()).unwrap())));
    let again = RefCell::new((engine.json_lines("en"), String::new()));
    report("from JSON to JSON, with buffers that serve again", &lines, |line| {
        let (lines, out) = &mut *again.borrow_mut();
        out.clear();
        lines.decide(black_box(line.as_bytes()), out).unwrap();
    });
    println!("what a bundle holds: checked, and with the program of its kind");
    let own = generated::requests(1);
    for rules in [10, 100, 1_000, 10_000] {
        let texts = generated::bundle(rules);
        let before = live_bytes();
        let held = || live_bytes().saturating_sub(before) as f64 / 1e6;
        let engine = Engine::builder().texts(texts).build().unwrap();
        let checked = held();
        own.iter().for_each(|line| drop(black_box(engine.decide_json(line.as_bytes()).unwrap())));
        println!("{rules:6} rules {checked:6.1} MB {:6.1} MB", held());
    }
}

/// After a first pass, which makes what is made once.
fn report<T>(name: &str, requests: &[T], run: impl Fn(&T)) {
    requests.iter().for_each(&run);
    let region = Region::new(ALLOCATOR);
    requests.iter().for_each(&run);
    let change = region.change();
    println!("{name:50} {:.2}", (change.allocations + change.reallocations) as f64 / requests.len() as f64);
}

fn live_bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}
