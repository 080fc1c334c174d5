//! Time per request, and the spread between requests.

use std::time::{Duration, Instant};

/// Nanoseconds per decision.
#[derive(Clone, Copy)]
pub struct Figures {
    /// Nanoseconds.
    pub mean: f64,
    /// Nanoseconds.
    pub p50: f64,
    /// Nanoseconds.
    pub p99: f64,
}

/// How long one run takes.
pub fn time(run: impl FnOnce()) -> Duration {
    let started = Instant::now();
    run();
    started.elapsed()
}

/// The mean is the best of several passes over all requests; the percentiles are over requests, each the best of runs of
/// its own, so that a pause of the machine is not taken for a slow request.
pub fn measure<T>(requests: &[T], run: impl Fn(&T)) -> Figures {
    let pass = || time(|| requests.iter().for_each(&run));
    let mean = (0..7).map(|_| pass()).min().unwrap().as_secs_f64() * 1e9 / requests.len() as f64;
    let mut each: Vec<f64> = requests.iter().take(2_000).map(|request| each(request, 3, &run)).collect();
    each.sort_by(f64::total_cmp);
    Figures { mean, p50: each[each.len() / 2], p99: each[each.len() * 99 / 100] }
}

/// Nanoseconds for one request: the best of some runs.
pub fn each<T>(request: &T, runs: usize, run: impl Fn(&T)) -> f64 {
    let some = || time(|| (0..8).for_each(|_| run(request))).as_secs_f64() * 1e9 / 8.0;
    (0..runs).map(|_| some()).fold(f64::MAX, f64::min)
}

/// One line of the table; the ratio is to another line's mean.
pub fn report(name: &str, figures: &Figures, over: Option<&Figures>) {
    let ratio = over.map(|other| format!("{:.2} x", figures.mean / other.mean)).unwrap_or_default();
    let Figures { mean, p50, p99 } = figures;
    println!("{name:44} {mean:9.0} ns   p50 {p50:7.0}   p99 {p99:7.0}   p99/p50 {:4.1}   {ratio}", p99 / p50);
}
