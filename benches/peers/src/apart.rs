//! An engine in a program of its own: its figures go to the other program as JSON. The judge is the function written by hand,
//! which the other program holds to Clausal.

use crate::by_hand::Hand;
use crate::measure::{Row, SIZES, row};
use crate::peer::{Expected, Peer};
use crate::{policy, request};

pub fn print<P: Peer>() {
    let lines = request::lines(10_000);
    let one = |count: usize| {
        let extras = policy::extras(count);
        let mut judge = Hand::load(&extras).unwrap();
        let expected: Vec<Expected> = lines.iter().map(|line| judge.decide_json(line, Expected::of)).collect();
        row::<P>(&lines, &expected, &extras)
    };
    let rows: Vec<Row> = SIZES.into_iter().map(one).collect();
    println!("{}", serde_json::to_string(&rows).unwrap());
}
