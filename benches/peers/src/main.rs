//! Clausal beside other engines, all deciding one small policy. `cargo run --release --manifest-path benches/peers/Cargo.toml`
//! prints Markdown; with `--svg FILE` it draws the growth as well.

mod by_hand;
mod cedar;
mod cel_peer;
mod logic;
mod markets;
mod measure;
mod ours;
mod peer;
mod plot;
mod policy;
mod rego;
mod request;
mod script;
mod table;
mod zen;
mod zen_text;

use std::process::Command;

use measure::{Row, SIZES, row};
use ours::Clausal;
use peer::{Expected, Peer};
use policy::Extra;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut rows: Vec<Row> = SIZES.into_iter().flat_map(with_extras).collect();
    rows.extend(["zen", "casbin"].into_iter().flat_map(apart));
    let base = policy::denials().len() + policy::grants().len();
    print!("{}", table::markdown(&rows, &SIZES, Clausal::NAME));
    if let [flag, file] = arguments.as_slice()
        && flag == "--svg"
    {
        std::fs::write(file, plot::svg(&rows, base)).unwrap();
    }
}

fn with_extras(count: usize) -> Vec<Row> {
    let lines = request::lines(10_000);
    let extras = policy::extras(count);
    let mut ours = Clausal::load(&extras).unwrap();
    let expected: Vec<Expected> = lines.iter().map(|line| ours.decide_json(line, Expected::of)).collect();
    spread(&expected, count);
    let run = |engine: fn(&[String], &[Expected], &[Extra]) -> Row| {
        let row = engine(&lines, &expected, &extras);
        eprintln!("{count:6} {:32} {:10.0} ns {:?}", row.name, row.prepared, row.refused);
        row
    };
    let engines = [
        row::<by_hand::Hand>,
        row::<Clausal>,
        row::<logic::JsonLogic>,
        row::<zen::Zen>,
        row::<script::Rhai>,
        row::<cel_peer::Cel>,
        row::<rego::Machine>,
        row::<rego::Interpreter>,
        row::<cedar::Cedar>,
    ];
    engines.into_iter().map(|engine| run(engine)).collect()
}

/// How often each reason is given, to see that the requests reach all rules.
fn spread(expected: &[Expected], count: usize) {
    let mut reasons = std::collections::BTreeMap::new();
    for answer in expected {
        *reasons.entry(answer.reason.as_str()).or_insert(0_usize) += 1;
    }
    eprintln!("{count} extra rules: {reasons:?}");
}

/// The figures of an engine that turns features on for everyone in the same program, and so has one of its own.
fn apart(engine: &str) -> Vec<Row> {
    eprintln!("{engine}: builds its own program, and runs it");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = format!("{}/{engine}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    let run = Command::new(cargo).args(["run", "--release", "--quiet", "--manifest-path", &manifest]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}
