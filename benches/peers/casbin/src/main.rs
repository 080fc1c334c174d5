//! Casbin, in a program of its own: it turns features of Rhai on (`only_i32`, `unchecked`, `no_function`) that hold for all
//! users of Rhai in one program.

#![allow(dead_code, reason = "the shared files serve the other engines too")]

#[path = "../../src/apart.rs"]
mod apart;
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

fn main() {
    apart::print::<engine::Casbin>();
}
