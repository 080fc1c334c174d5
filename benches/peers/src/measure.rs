//! Time per decision, the spread between requests, and bytes in use.

use std::alloc::System;
use std::hint::black_box;
use std::time::{Duration, Instant};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::peer::{Expected, Peer};
use crate::policy::Extra;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// With how many extra rules each engine is measured.
pub const SIZES: [usize; 5] = [0, 10, 100, 1_000, 10_000];

/// How long one pass over requests may take; slower engines get fewer requests.
const PASS: Duration = Duration::from_millis(250);

/// What was measured of one engine with so many extra rules; all times are nanoseconds per decision.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Row {
    pub name: String,
    pub cannot: String,
    pub extras: usize,
    /// What the engine said when it refused the rules.
    pub refused: Option<String>,
    pub prepared: f64,
    pub json: f64,
    pub p50: f64,
    pub p99: f64,
    pub load_ms: f64,
    pub megabytes: f64,
    pub allocations: f64,
    pub checked: usize,
}

fn time(run: impl FnOnce()) -> Duration {
    let started = Instant::now();
    run();
    started.elapsed()
}

fn live_bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

fn nanoseconds(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

/// The best of five passes.
fn best(count: usize, mut pass: impl FnMut()) -> f64 {
    (0..5).map(|_| nanoseconds(time(&mut pass), count)).fold(f64::MAX, f64::min)
}

/// How many of the requests can be decided in one pass, by what the first cost when they are decided again: what an engine
/// makes when it is first asked is not what its decisions cost.
fn affordable<P: Peer>(peer: &mut P, lines: &[String]) -> usize {
    let few = &lines[..20.min(lines.len())];
    let mut pass = || time(|| few.iter().for_each(|line| peer.decide_json(line, |said| _ = black_box(said))));
    let each = pass().min(pass()) / 20;
    let count = PASS.as_nanos() / each.as_nanos().max(1);
    usize::try_from(count).unwrap().clamp(20, lines.len())
}

/// Loads, checks every answer, then measures.
pub fn row<P: Peer>(lines: &[String], expected: &[Expected], extras: &[Extra]) -> Row {
    let before = live_bytes();
    let started = Instant::now();
    let mut row = Row {
        name: P::NAME.to_owned(),
        cannot: P::CANNOT.to_owned(),
        extras: extras.len(),
        refused: None,
        prepared: 0.0,
        json: 0.0,
        p50: 0.0,
        p99: 0.0,
        load_ms: 0.0,
        megabytes: 0.0,
        allocations: 0.0,
        checked: 0,
    };
    let mut peer = match P::load(extras) {
        Ok(peer) => peer,
        Err(error) => return Row { refused: Some(error), ..row },
    };
    row.load_ms = started.elapsed().as_secs_f64() * 1e3;
    row.megabytes = live_bytes().saturating_sub(before) as f64 / 1e6;
    let count = affordable(&mut peer, lines);
    // A check costs as much as a pass, so all ten thousand are checked unless that takes long.
    row.checked = (count * 10).min(lines.len());
    cross_check(&mut peer, &lines[..row.checked], expected);
    timings(&mut peer, &lines[..count], &mut row);
    row
}

fn timings<P: Peer>(peer: &mut P, lines: &[String], row: &mut Row) {
    let inputs: Vec<P::Input> = lines.iter().map(|line| peer.prepare(line)).collect();
    let mut run = |input: &P::Input| peer.decide(input, |said| _ = black_box(said));
    row.prepared = best(inputs.len(), || inputs.iter().for_each(&mut run));
    (row.p50, row.p99) = percentiles(&inputs, &mut run);
    let before = ALLOCATOR.stats();
    inputs.iter().for_each(&mut run);
    let after = ALLOCATOR.stats();
    let made = after.allocations + after.reallocations - before.allocations - before.reallocations;
    row.allocations = made as f64 / inputs.len() as f64;
    let mut run = |line: &String| peer.decide_json(line, |said| _ = black_box(said));
    row.json = best(lines.len(), || lines.iter().for_each(&mut run));
}

/// Over requests, each the best of three runs of its own, so that a pause of the machine is not taken for a slow request.
fn percentiles<T>(inputs: &[T], mut run: impl FnMut(&T)) -> (f64, f64) {
    let mut one = |input: &T| {
        let mut some = || nanoseconds(time(|| (0..4).for_each(|_| run(input))), 4);
        (0..3).map(|_| some()).fold(f64::MAX, f64::min)
    };
    let mut each: Vec<f64> = inputs.iter().take(1_000).map(&mut one).collect();
    each.sort_by(f64::total_cmp);
    (each[each.len() / 2], each[each.len() * 99 / 100])
}

fn cross_check<P: Peer>(peer: &mut P, lines: &[String], expected: &[Expected]) {
    for (line, expected) in lines.iter().zip(expected) {
        let input = peer.prepare(line);
        peer.decide(&input, |said| assert!(expected.agrees(said), "{}: {line}\n{said:?}\n{expected:?}", P::NAME));
        peer.decide_json(line, |said| assert!(expected.agrees(said), "{}: {line}\n{said:?}\n{expected:?}", P::NAME));
    }
}
