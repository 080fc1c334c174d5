//! The same requests as columns: each distinct value is read once.

use std::collections::BTreeMap;
use std::hint::black_box;

use clausal::{Batch, Engine};
use serde_json::Value as Json;

use crate::measure::time;

/// Copies of each request, so that a batch is long enough to be shared between threads.
const TIMES: usize = 20;

type Columns = BTreeMap<String, (Vec<Json>, Vec<u32>)>;

fn flat(value: &Json, path: &str, out: &mut BTreeMap<String, Json>) {
    for (key, below) in value.as_object().unwrap() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match below {
            Json::Object(_) => flat(below, &path, out),
            _ => {
                out.insert(path, below.clone());
            }
        }
    }
}

fn columns(rows: &[BTreeMap<String, Json>]) -> Columns {
    let mut columns: Columns =
        rows.iter().flat_map(|row| row.keys().cloned().map(|path| (path, <_>::default()))).collect();
    for (path, (values, numbers)) in &mut columns {
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        for value in rows.iter().map(|row| row.get(path)) {
            numbers.push(value.map_or(Batch::NOT_GIVEN, |value| {
                *known.entry(value.to_string()).or_insert_with(|| {
                    values.push(value.clone());
                    u32::try_from(values.len() - 1).unwrap()
                })
            }));
        }
    }
    columns
}

/// Prints what a row of each kind costs, beside the same requests one by one.
pub fn report(engine: &Engine, lines: &[String]) {
    for kind in ["purchase", "key-access", "cancellation"] {
        let own: Vec<&String> = lines.iter().filter(|line| line.contains(&format!("\"kind\":\"{kind}\""))).collect();
        let one = |line: &&String| {
            let mut facts = BTreeMap::new();
            flat(&serde_json::from_str(line).unwrap(), "", &mut facts);
            facts.remove("id");
            facts.remove("kind");
            facts
        };
        let rows: Vec<_> = own.iter().map(one).cycle().take(own.len() * TIMES).collect();
        let columns = columns(&rows);
        let batch = Batch::new(kind, rows.len());
        let batch = columns.iter().fold(batch, |batch, (path, (values, rows))| batch.column(path, values, rows));
        let whole = (0..5).map(|_| time(|| drop(black_box(engine.decide_batch(&batch).unwrap())))).min().unwrap();
        let alone = || own.iter().for_each(|line| drop(black_box(engine.decide_json(line.as_bytes()).unwrap())));
        let alone = (0..5).map(|_| time(alone)).min().unwrap();
        let (row, request) = (whole.as_secs_f64() / rows.len() as f64, alone.as_secs_f64() / own.len() as f64);
        println!(
            "{kind} in columns, all threads: {:.0} ns a row, {:.1} x as fast as its JSON on one",
            row * 1e9,
            request / row
        );
    }
}
