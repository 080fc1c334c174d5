//! How fast decisions become durable, beside plain SQLite inserts of the same bytes in the same groups; and how fast they
//! are replayed. The requests are the ten thousand mixed ones of the `decide` benchmark, or one mixed line each
//! (`--requests FILE`), taken in turn.
//!
//! `cargo run --release --example record_bench -- [--requests FILE] [--entries 200000] [--folder DIR] [--keep yes]`
//! `cargo run --release --example record_bench -- --replay FILE` replays what is there, and tells the most memory it took.
#![allow(clippy::print_stdout, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a measurement")]
#![allow(clippy::unwrap_used, missing_docs, reason = "a measurement")]

#[path = "../benches/decide/requests.rs"]
mod requests;

use std::collections::VecDeque;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clausal::record::line::Lines;
use clausal::record::replay::replay;
use clausal::record::source::{Reader, Source};
use clausal::record::store::Draft;
use clausal::record::{LogFile, Options, Store};
use clausal::{Engine, Timestamp};

const GROUP: usize = 2_048;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().collect();
    let given = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    if let Some(export) = given("--replay") {
        return replay_alone(Path::new(export));
    }
    let requests = match given("--requests") {
        Some(file) => std::fs::read_to_string(file)?.lines().map(str::to_owned).collect(),
        None => requests::requests(10_000),
    };
    let requests: Vec<&str> = requests.iter().map(String::as_str).filter(|line| !line.trim().is_empty()).collect();
    let entries: usize = given("--entries").map_or(Ok(200_000), |text| text.parse())?;
    let folder = given("--folder").map_or_else(std::env::temp_dir, PathBuf::from).join("clausal-record-bench");
    std::fs::create_dir_all(&folder)?;
    let result = measure(&requests, entries, &folder);
    if given("--keep").is_none() {
        std::fs::remove_dir_all(&folder)?;
    }
    result
}

/// When something began: by the clock, and by the time of processors that this process had until then.
struct Since(Instant, f64);

impl Since {
    fn now() -> Self {
        Self(Instant::now(), processors())
    }
}

/// Seconds of processors that this process had, where the system tells. On a machine with other work, that says more than
/// the clock does.
fn processors() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split(' ').skip(12).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn rate(what: &str, entries: usize, since: Since) -> f64 {
    let rate = entries as f64 / since.0.elapsed().as_secs_f64();
    let each = (processors() - since.1) * 1e6 / entries as f64;
    println!("{what:<58} {rate:>10.0} a second {each:>8.2} us of processors each");
    rate
}

/// Replays a log or an export that is there, and tells the most memory that this process ever had.
fn replay_alone(path: &Path) -> Outcome<()> {
    let source = Source::open(path)?;
    let since = Since::now();
    let tally = replay(&source, None, |_| ())?;
    rate("replay, all cores", usize::try_from(tally.entries)?, since);
    println!("{} entries, {} of them decided differently", tally.entries, tally.different);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    Ok(())
}

fn measure(requests: &[&str], entries: usize, folder: &Path) -> Outcome<()> {
    let engine = Engine::embedded()?;
    let received = Timestamp::parse("2021-07-01T12:00:00Z").ok_or("no time")?;
    let compiled = |line: &&&str| engine.prepare(line.as_bytes()).is_some_and(|request| request.is_compiled());
    println!(
        "{} requests, {} of them left to the interpreter",
        requests.len(),
        requests.len() - requests.iter().filter(compiled).count()
    );
    let since = Since::now();
    for request in requests.iter().cycle().take(entries) {
        std::hint::black_box(engine.decide_json(request.as_bytes())).ok();
    }
    rate("decide, one thread, nothing recorded", entries, since);
    parts(&engine, requests, entries, received)?;
    let plain = writing(&engine, requests, entries, received, folder)?;
    let log = folder.join("log");
    recording(&engine, requests, entries, received, plain, &log)?;
    let store = Store::open_read_only(&log)?;
    again(&store, &log, entries)?;
    from_ndjson(&store, entries, folder)?;
    #[cfg(feature = "parquet")]
    from_parquet(&store, entries, folder)?;
    Ok(())
}

/// Writes entries without a chain and with it; gives the best rate of those without.
fn writing(engine: &Engine, requests: &[&str], entries: usize, received: Timestamp, folder: &Path) -> Outcome<f64> {
    // Entries are put together beforehand, so that what is compared is writing alone.
    let mut best = (0.0_f64, 0.0_f64);
    for round in 0..3 {
        let scratch = LogFile::open(folder.join("scratch"), Options::default())?;
        let recorder = engine.with_record(&scratch);
        let drafts = || -> Outcome<Vec<Draft>> {
            let turn = requests.iter().cycle().take(entries);
            turn.map(|request| Ok(recorder.draft(request.as_bytes(), received)?.1)).collect()
        };
        let plain = plain(&folder.join(format!("plain-{round}")), drafts()?)?;
        let chained = chained(&folder.join(format!("chained-{round}")), drafts()?)?;
        best = (best.0.max(plain), best.1.max(chained));
    }
    println!("{:<58} {:>10.2}", "ratio of the best", best.1 / best.0);
    Ok(best.0)
}

/// Decides and records, the last time into the log that is read afterwards.
fn recording(
    engine: &Engine,
    requests: &[&str],
    entries: usize,
    received: Timestamp,
    plain: f64,
    log: &Path,
) -> Outcome<()> {
    let mut recorded = 0.0_f64;
    for round in 0..3 {
        let path = if round == 2 { log.to_owned() } else { log.with_file_name(format!("recorded-{round}")) };
        recorded = recorded.max(record(engine, requests, entries, received, &path)?);
    }
    println!("{:<58} {:>10.2}", "ratio of the best to plain inserts", recorded / plain);
    Ok(())
}

/// Verifies the log and decides it again.
fn again(store: &Store, log: &Path, entries: usize) -> Outcome<()> {
    let since = Since::now();
    let verified = clausal::record::verify::verify(store, &[], &[])?;
    rate("verify", entries, since);
    assert!(verified.is_good(), "{:?}", verified.faults);
    let since = Since::now();
    let tally = replay(&Source::open(log)?, None, |_| ())?;
    rate("replay from the log, all cores", entries, since);
    read("reading the log, one thread", log, entries)?;
    assert_eq!(tally.different, 0);
    Ok(())
}

fn from_ndjson(store: &Store, entries: usize, folder: &Path) -> Outcome<()> {
    let export = folder.join("log.ndjson");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&export)?);
    clausal::record::export::ndjson(store, Default::default(), &mut file)?;
    drop(file);
    let since = Since::now();
    replay(&Source::open(&export)?, None, |_| ())?;
    rate("replay from NDJSON, all cores", entries, since);
    read("reading NDJSON, one thread", &export, entries)?;
    let since = Since::now();
    let other = Engine::builder().setting("role_mode", "union").build()?;
    let tally = replay(&Source::open(&export)?, Some(&other), |_| ())?;
    rate("replay from NDJSON by another bundle", entries, since);
    assert_eq!(tally.entries, u64::try_from(entries)?);
    Ok(())
}

#[cfg(feature = "parquet")]
fn from_parquet(store: &Store, entries: usize, folder: &Path) -> Outcome<()> {
    let columns = folder.join("log.parquet");
    let file = std::io::BufWriter::new(std::fs::File::create(&columns)?);
    clausal::record::columns::write(store, Default::default(), file)?;
    let since = Since::now();
    replay(&Source::open(&columns)?, None, |_| ())?;
    rate("replay from Parquet, all cores", entries, since);
    read("reading Parquet, one thread", &columns, entries)?;
    Ok(())
}

/// Decides and records on two threads beside the writer.
fn record(engine: &Engine, requests: &[&str], entries: usize, received: Timestamp, path: &Path) -> Outcome<f64> {
    let file = LogFile::open(path, Options::default())?;
    let recorder = engine.with_record(&file);
    let since = Since::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                let recorder = &recorder;
                scope.spawn(move || {
                    let mut pending = VecDeque::new();
                    for request in requests.iter().cycle().take(entries).skip(thread).step_by(2) {
                        pending.push_back(recorder.submit_json(request.as_bytes(), received)?);
                        if pending.len() >= 4_096 {
                            pending.pop_front().map(clausal::record::Pending::wait).transpose()?;
                        }
                    }
                    pending.into_iter().try_for_each(|one| one.wait().map(drop))
                })
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?.map_err(Box::<dyn Error>::from))
    })?;
    Ok(rate("decide and record, two threads and the writer, durable", entries, since))
}

/// What each step of a recorded decision takes on one thread.
fn parts(engine: &Engine, requests: &[&str], entries: usize, received: Timestamp) -> Outcome<()> {
    let language = engine.languages().next().ok_or("no language")?;
    let each = |what: &str, since: Since| {
        println!("  {what:<56} {:>10.2} us of processors each", (processors() - since.1) * 1e6 / entries as f64);
    };
    let good: Vec<(&str, clausal::Answer)> =
        requests.iter().filter_map(|request| Some((*request, engine.decide_json(request.as_bytes()).ok()?))).collect();
    let asks = good.iter().filter(|(_, answer)| answer.outcome() == clausal::Outcome::NeedsInformation).count();
    println!("{} are decided, {asks} of them need information", good.len());
    let lines: Vec<String> = good.iter().map(|(_, answer)| answer.to_json_line(language)).collect();
    let since = Since::now();
    for (request, _) in good.iter().cycle().take(entries) {
        std::hint::black_box(engine.decide_json(request.as_bytes())).ok();
    }
    each("decide", since);
    let (mut text, since) = (String::new(), Since::now());
    for (_, answer) in good.iter().cycle().take(entries) {
        text.clear();
        answer.write_json_line(language, &mut text);
        std::hint::black_box(&text);
    }
    each("word", since);
    let (mut writer, mut out) = (Lines::default(), Vec::new());
    let since = Since::now();
    for line in lines.iter().cycle().take(entries) {
        out.clear();
        writer.canonical(line.as_bytes(), &mut out)?;
        std::hint::black_box(&out);
    }
    each("canonical form of the answer", since);
    let scratch = scratch_log()?;
    let recorder = engine.with_record(&scratch.0);
    let since = Since::now();
    for (request, _) in good.iter().cycle().take(entries) {
        let _ = std::hint::black_box(recorder.draft(request.as_bytes(), received)?);
    }
    each("all of it, with masking and hashing, not written", since);
    std::fs::remove_file(&scratch.1)?;
    Ok(())
}

fn scratch_log() -> Outcome<(LogFile, PathBuf)> {
    let path = std::env::temp_dir().join(format!("clausal-record-bench-{}", std::process::id()));
    Ok((LogFile::open(&path, Options::default())?, path))
}

/// What reading a source takes, nothing decided.
fn read(what: &str, path: &Path, entries: usize) -> Outcome<()> {
    let (source, mut reader, mut bytes) = (Source::open(path)?, Reader::default(), 0_usize);
    let since = Since::now();
    source.pieces(|piece| {
        source.each(&piece, &mut reader, |payload, _| {
            bytes += std::hint::black_box(payload).len();
            Ok(())
        })
    })?;
    let took = processors() - since.1;
    println!(
        "  {what:<56} {:>10.2} us of processors each, {:.0} bytes",
        took * 1e6 / entries as f64,
        bytes as f64 / entries as f64
    );
    Ok(())
}

/// The same bytes into the same columns, without a chain.
fn plain(path: &Path, drafts: Vec<Draft>) -> Outcome<f64> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;
         CREATE TABLE entries (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, payload BLOB, digest BLOB);
         CREATE TABLE private (seq INTEGER PRIMARY KEY, openings BLOB NOT NULL);",
    )?;
    let rows: Vec<(Vec<u8>, Vec<u8>)> =
        drafts.into_iter().map(|draft| Ok((draft.body.numbered(1).0, draft.openings))).collect::<Outcome<_>>()?;
    let (entries, mut seq) = (rows.len(), 0_i64);
    let since = Since::now();
    for group in rows.chunks(GROUP) {
        let transaction = connection.transaction()?;
        for (payload, openings) in group {
            seq += 1;
            let hash = [7_u8; 32];
            transaction
                .prepare_cached("INSERT INTO entries (seq, hash, payload) VALUES (?1, ?2, ?3)")?
                .execute(rusqlite::params![seq, hash.as_slice(), payload])?;
            if !openings.is_empty() {
                transaction
                    .prepare_cached("INSERT INTO private (seq, openings) VALUES (?1, ?2)")?
                    .execute(rusqlite::params![seq, openings])?;
            }
        }
        transaction.commit()?;
    }
    Ok(rate("plain SQLite inserts of the same bytes, durable", entries, since))
}

/// The log itself.
fn chained(path: &Path, mut drafts: Vec<Draft>) -> Outcome<f64> {
    let mut store = Store::open(path)?;
    let entries = drafts.len();
    let since = Since::now();
    while !drafts.is_empty() {
        let rest = drafts.split_off(GROUP.min(drafts.len()));
        store.append(std::mem::replace(&mut drafts, rest))?;
    }
    Ok(rate("the log, durable", entries, since))
}
