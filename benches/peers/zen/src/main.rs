//! ZEN's engine, in a program of its own: it turns a feature of `serde_json` on (`float_roundtrip`) that holds for all users of
//! `serde_json` in one program.

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
#[path = "../../src/zen_text.rs"]
mod zen_text;

fn main() {
    apart::print::<engine::Zen>();
}
