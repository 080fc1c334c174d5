//! Faults for real: processes killed at random points, a full disk, a read-only file, two writers, damaged pages, a clock that
//! goes backwards, a file that is cut. What was acknowledged is there, what is half-written is not believed.
#![cfg(all(feature = "record", feature = "cli"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clausal::record::verify::verify;
use clausal::record::{Entry, LogFile, Options, RecordError, Store};
use clausal::{Engine, Timestamp};

fn request(id: &str) -> String {
    format!(r#"{{"id":"{id}","kind":"visit","at":"2021-07-01","user":"someone"}}"#)
}

fn bundle() -> std::path::PathBuf {
    common::root().join("fixtures/bundles/small")
}

fn engine() -> Engine {
    Engine::load(bundle()).unwrap()
}

/// A process that records what it reads.
fn recording(folder: &Path) -> Command {
    let mut command = clausal(&["decide", "--json", "--record", "log", "--bundle"], folder);
    command.arg(bundle());
    command
}

fn clausal(args: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clausal"));
    command.args(args).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ids(path: &Path) -> Vec<String> {
    let mut ids = Vec::new();
    let store = Store::open_read_only(path).unwrap();
    store
        .scan(1, u64::MAX, |row| {
            let payload = row.payload.unwrap();
            let decision = &Entry::parse(&payload)?.decisions()?[0];
            ids.push(decision["id"].as_str().unwrap().to_owned());
            Ok(true)
        })
        .unwrap();
    ids
}

fn append(path: &Path, count: usize) -> Result<u64, RecordError> {
    let log = LogFile::open(path, Options::default())?;
    let recorder = engine().with_record(&log);
    let mut last = 0;
    for n in 0..count {
        last = recorder
            .decide_json(request(&format!("x{n}")).as_bytes(), Timestamp::parse("2021-07-01").unwrap())?
            .receipt
            .seq;
    }
    Ok(last)
}

/// Small numbers that look random and can be had again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Feeds a recording process, kills it at a random moment, and looks: each answer that it gave is in the log, in order, and
/// the log is good. Gives how many were killed at work, and how many answers there were.
fn kill_rounds(rounds: u64, seed: u64) -> (u64, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut dice = Dice(seed);
    let mut acknowledged: Vec<String> = Vec::new();
    let mut killed_midway = 0;
    for round in 0..rounds {
        let mut child = recording(folder.path()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let one_by_one = round % 2 == 0;
        let feeder = std::thread::spawn(move || {
            for n in 0..100_000 {
                let line = format!("{}\n", request(&format!("{round}-{n}")));
                if stdin.write_all(line.as_bytes()).is_err() {
                    return true;
                }
                if one_by_one {
                    std::thread::sleep(Duration::from_micros(200));
                }
            }
            false
        });
        let stdout = child.stdout.take().unwrap();
        let told = Arc::new(AtomicUsize::new(0));
        let telling = Arc::clone(&told);
        let reader = std::thread::spawn(move || {
            let lines = BufReader::new(stdout).split(b'\n').map(Result::unwrap);
            let whole = lines.filter_map(|line| serde_json::from_slice::<serde_json::Value>(&line).ok());
            let ids = whole.map(|answer| answer["id"].as_str().unwrap().to_owned());
            ids.inspect(|_| {
                telling.fetch_add(1, Ordering::SeqCst);
            })
            .collect::<Vec<_>>()
        });
        // Half of them are killed at any moment, from their start on; the others while they answer.
        let patience = Instant::now() + Duration::from_secs(20);
        while one_by_one && told.load(Ordering::SeqCst) == 0 && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(dice.below(if one_by_one { 60_000 } else { 250_000 })));
        child.kill().unwrap();
        child.wait().unwrap();
        killed_midway += u64::from(feeder.join().unwrap());
        acknowledged.extend(reader.join().unwrap());
        if round % 8 == 7 || round + 1 == rounds {
            check(&path, &acknowledged);
        }
    }
    assert!(killed_midway > rounds / 2, "only {killed_midway} of {rounds} were killed at work");
    assert!(acknowledged.len() > 10, "{} answers", acknowledged.len());
    (killed_midway, acknowledged.len())
}

fn check(path: &Path, acknowledged: &[String]) {
    if !path.exists() {
        assert!(acknowledged.is_empty());
        return;
    }
    let found = match Store::open_read_only(path) {
        // Killed before the first transaction: an empty file, which the next one makes a log.
        Err(RecordError::NotALog { .. }) if acknowledged.is_empty() => return,
        store => verify(&store.unwrap(), &[], &[]).unwrap(),
    };
    assert!(found.is_good(), "{:?}", found.faults);
    let ids = ids(path);
    let known: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(known.len(), ids.len(), "nothing is there twice");
    let lost: Vec<_> = acknowledged.iter().filter(|id| !known.contains(id)).take(3).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let (killed, answers) = kill_rounds(32, 0x9e37_79b9_7f4a_7c15);
    assert!(killed > 16 && answers > 10);
}

/// `CLAUSAL_SOAK=5000 cargo test --test record_faults -- --ignored --nocapture soak`
#[test]
#[ignore = "thousands of rounds; some minutes"]
#[allow(clippy::print_stderr, reason = "what was found")]
fn soak() {
    let rounds = std::env::var("CLAUSAL_SOAK").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2_000);
    let (since, started) =
        (std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap(), Instant::now());
    let (mut left, mut seed) = (rounds, u64::try_from(since.as_nanos() % u128::from(u64::MAX)).unwrap() | 1);
    let (mut killed, mut answers) = (0, 0);
    while left > 0 {
        let now = left.min(64);
        let (killed_now, answers_now) = kill_rounds(now, seed);
        (killed, answers) = (killed + killed_now, answers + answers_now);
        (left, seed) = (left - now, seed.wrapping_mul(6_364_136_223_846_793_005) | 1);
        eprintln!(
            "{} rounds in {} s: {killed} killed at work, {answers} answers acknowledged, none lost, none twice, every log good",
            rounds - left,
            started.elapsed().as_secs()
        );
    }
}

#[test]
fn a_full_disk_fails_closed_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    append(&path, 1).unwrap();
    let pages = std::fs::metadata(&path).unwrap().len() / 16_384;
    let max_pages = Some(u32::try_from(pages).unwrap() + 3);
    let log = LogFile::open(&path, Options { max_pages, ..Options::default() }).unwrap();
    let recorder = engine().with_record(&log);
    let mut taken = 1;
    let error = loop {
        let one =
            recorder.decide_json(request(&format!("y{taken}")).as_bytes(), Timestamp::parse("2021-07-01").unwrap());
        match one {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 1_000, "nothing was refused");
    };
    assert!(matches!(error, RecordError::Full), "{error}");
    assert!(error.to_string().contains("make room"));
    drop((recorder, log));
    assert_eq!(ids(&path).len(), taken, "what was acknowledged, and no more");
    assert_eq!(append(&path, 1).unwrap(), taken as u64 + 1, "with room again it goes on");
    assert!(verify(&Store::open_read_only(&path).unwrap(), &[], &[]).unwrap().is_good());
}

/// A real full disk, where the tests may mount one.
#[test]
fn a_full_tmpfs_fails_closed() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |args: &[&str]| Command::new("mount").args(args).arg(folder.path()).stderr(Stdio::null()).status();
    if !mount(&["-t", "tmpfs", "-o", "size=3m", "none"]).is_ok_and(|status| status.success()) {
        return;
    }
    let mut child = recording(folder.path()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder =
        std::thread::spawn(move || (0..20_000).all(|n| writeln!(stdin, "{}", request(&format!("{n}"))).is_ok()));
    let done = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let result = std::panic::catch_unwind(|| {
        assert_eq!(done.status.code(), Some(74));
        let error = String::from_utf8(done.stderr).unwrap();
        assert!(error.contains("the disk (or quota) is full"), "{error}");
        let answers = String::from_utf8(done.stdout).unwrap();
        let told: Vec<String> = answers
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
            .collect();
        check(&folder.path().join("log"), &told);
    });
    let unmounted = Command::new("umount").arg(folder.path()).status();
    result.unwrap();
    assert!(unmounted.unwrap().success());
}

#[test]
fn a_read_only_log_can_be_read_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    append(&path, 3).unwrap();
    let read_only = |is: bool| {
        for (path, mode) in [(path.as_path(), 0o644), (folder.path(), 0o755)] {
            let mode = if is { mode & !0o222 } else { mode };
            std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        }
    };
    read_only(true);
    // The superuser may write everything; then only reading can be looked at.
    let may_write = std::fs::OpenOptions::new().write(true).open(&path).is_ok();
    let written = if may_write { None } else { Some(append(&path, 1)) };
    let read = Store::open_read_only(&path).and_then(|store| store.head());
    read_only(false);
    assert_eq!(read.unwrap().count, 3);
    assert!(written.is_none_or(|written| matches!(written, Err(RecordError::ReadOnly))));
    // What the file system does for the others: SQLite itself refuses.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA query_only = ON").unwrap();
    let refused = connection.execute("DELETE FROM entries", []).unwrap_err();
    assert!(matches!(RecordError::from(refused), RecordError::ReadOnly));
}

#[test]
fn two_writers_share_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..3)
        .map(|writer| {
            let mut child = recording(folder.path()).spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            let feeder = std::thread::spawn(move || {
                (0..300).for_each(|n| writeln!(stdin, "{}", request(&format!("{writer}-{n}"))).unwrap());
            });
            (child, feeder)
        })
        .collect();
    for (child, feeder) in children {
        let done = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let path = folder.path().join("log");
    let ids = ids(&path);
    assert_eq!(ids.len(), 900);
    for writer in 0..3 {
        let own: Vec<_> = ids.iter().filter(|id| id.starts_with(&format!("{writer}-"))).collect();
        assert!(own.iter().enumerate().all(|(n, id)| **id == format!("{writer}-{n}")), "in the order of each");
    }
    assert!(verify(&Store::open_read_only(&path).unwrap(), &[], &[]).unwrap().is_good());
}

#[test]
fn a_new_log_is_made_by_whoever_comes_first() {
    for _ in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let start = std::sync::Barrier::new(8);
        let names: Vec<_> = std::thread::scope(|scope| {
            let opened: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        Store::open(&path).and_then(|store| store.name())
                    })
                })
                .collect();
            opened.into_iter().map(|one| one.join().unwrap().unwrap()).collect()
        });
        assert!(names.windows(2).all(|two| two[0] == two[1]), "all have opened the same");
    }
}

#[test]
fn a_damaged_page_is_told_and_the_rest_can_be_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    append(&path, 200).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let needle = br#""id":"x120""#;
    let at = whole.windows(needle.len()).position(|part| part == needle).unwrap();
    // One letter in an entry, then its whole page.
    let mut letter = whole.clone();
    letter[at + 7] ^= 1;
    std::fs::write(&path, &letter).unwrap();
    let found = verify(&Store::open_read_only(&path).unwrap(), &[], &[]).unwrap();
    assert_eq!(found.faults[0].entry, Some(121), "{:?}", found.faults);
    let mut page = whole;
    let start = at / 16_384 * 16_384;
    page[start..start + 16_384].fill(0xff);
    std::fs::write(&path, &page).unwrap();
    let found = verify(&Store::open_read_only(&path).unwrap(), &[], &[]).unwrap();
    let first = found.faults[0].entry.unwrap();
    assert_eq!(found.faults[0].code, "damaged", "{:?}", found.faults);
    assert!((90..=121).contains(&first), "{first}");
    let run = |args: &[&str]| clausal(args, folder.path()).output().unwrap();
    let failed = run(&["log", "export", "log", "--out", "all"]);
    assert_eq!(failed.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("clausal log verify"));
    assert_eq!(run(&["log", "export", "log", "--out", "saved", "--salvage"]).status.code(), Some(0));
    let saved = std::fs::read_to_string(folder.path().join("saved")).unwrap();
    assert_eq!(saved.matches("\"hash\":").count() as u64, first - 1, "everything before it");
    assert_eq!(run(&["replay", "saved"]).status.code(), Some(0));
}

/// What a power cut leaves when the disk lied: an end of the file, or of the journal beside it, is missing.
#[test]
fn a_cut_file_is_told_and_half_an_entry_is_never_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = LogFile::open(&path, Options::default()).unwrap();
    let recorder = engine().with_record(&log);
    for n in 0..40 {
        recorder.decide_json(request(&format!("x{n}")).as_bytes(), Timestamp::parse("2021-07-01").unwrap()).unwrap();
    }
    // As the disk is while the process still runs: most of it in the journal.
    let wal = folder.path().join("log-wal");
    let (main, journal) = (std::fs::read(&path).unwrap(), std::fs::read(&wal).unwrap());
    drop((recorder, log));
    assert!(journal.len() > 10_000);
    let mut dice = Dice(42);
    let mut counts = BTreeSet::new();
    for _ in 0..25 {
        let cut = usize::try_from(dice.below(journal.len() as u64)).unwrap();
        let other = tempfile::tempdir().unwrap();
        let path = other.path().join("log");
        std::fs::write(&path, &main).unwrap();
        std::fs::write(other.path().join("log-wal"), &journal[..cut]).unwrap();
        match Store::open(&path) {
            Ok(store) => {
                let found = verify(&store, &[], &[]).unwrap();
                assert!(found.is_good(), "{:?}", found.faults);
                counts.insert(found.entries);
                drop(store);
                assert_eq!(append(&path, 1).unwrap(), found.entries + 1, "it goes on");
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(counts.len() > 5, "{counts:?}");
    let whole = std::fs::read(&path).unwrap();
    for pages in [1, 3, whole.len() / 16_384 - 1] {
        let other = tempfile::tempdir().unwrap();
        let path = other.path().join("log");
        std::fs::write(&path, &whole[..pages * 16_384]).unwrap();
        let told = Store::open_read_only(&path).and_then(|store| verify(&store, &[], &[]));
        assert!(told.is_err() || told.is_ok_and(|found| !found.is_good()), "{pages} pages");
    }
}

#[test]
fn a_clock_that_goes_backwards_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = LogFile::open(&path, Options::default()).unwrap();
    let recorder = engine().with_record(&log);
    for time in ["2021-07-01T00:00:02Z", "2021-07-01T00:00:01Z", "2021-07-01T00:00:03Z"] {
        recorder.decide_json(request("a").as_bytes(), Timestamp::parse(time).unwrap()).unwrap();
    }
    drop((recorder, log));
    let found = verify(&Store::open_read_only(&path).unwrap(), &[], &[]).unwrap();
    assert!(found.is_good(), "a clock is no proof of anything");
    assert_eq!(found.clock_back, [2]);
}

/// A reader sees whole transactions while a writer writes.
#[test]
fn a_log_can_be_verified_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    append(&path, 1).unwrap();
    let until = Instant::now() + Duration::from_millis(700);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while Instant::now() < until {
                append(&path, 5).unwrap();
            }
        });
        while Instant::now() < until {
            let found = verify(&Store::open_read_only(&path).unwrap(), &[], &[]).unwrap();
            assert!(found.is_good(), "{:?}", found.faults);
        }
    });
}
