//! Casbin, in a program of its own: it turns features of Rhai on (`only_i32`, `unchecked`, `no_function`) that hold for all
//! users of Rhai in one program. The judge is the function written by hand, which the other program holds to Clausal.

#![allow(dead_code, reason = "the shared files serve the other engines too")]

#[path = "../../src/by_hand.rs"]
mod by_hand;
mod engine;
#[path = "../../src/markets.rs"]
mod markets;
#[path = "../../src/measure.rs"]
mod measure;
#[path = "../../src/peer.rs"]
mod peer;
#[path = "../../src/policy.rs"]
mod policy;
#[path = "../../src/request.rs"]
mod request;

use peer::{Expected, Peer};

fn main() {
    let lines = request::lines(10_000);
    let one = |count: usize| {
        let extras = policy::extras(count);
        let mut judge = by_hand::Hand::load(&extras).unwrap();
        let expected: Vec<Expected> = lines.iter().map(|line| judge.decide_json(line, Expected::of)).collect();
        measure::row::<engine::Casbin>(&lines, &expected, &extras)
    };
    let rows: Vec<measure::Row> = [0, 10, 100, 1_000, 10_000].into_iter().map(one).collect();
    println!("{}", serde_json::to_string(&rows).unwrap());
}
