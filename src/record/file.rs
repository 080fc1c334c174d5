//! Opening the file: what it must be, the schema and its migrations.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use crate::bundle::checked::Bundle;

use super::entry::Hash;
use super::error::RecordError;
use super::merkle::Frontier;
use super::store::Head;

/// Marks a SQLite file as a log of decisions: the letters `Clsl`.
pub(super) const APPLICATION: i64 = 0x436c_736c;

/// What brings a file from each form to the next; a file is of the form that `PRAGMA user_version` says.
pub(super) const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE entries (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, payload BLOB, digest BLOB);
    CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL, hash BLOB NOT NULL, peaks BLOB NOT NULL);
    CREATE TABLE private (seq INTEGER PRIMARY KEY, openings BLOB NOT NULL);
    CREATE TABLE bundles (digest TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, files BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE checkpoints (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, checkpoint BLOB NOT NULL);
    INSERT INTO meta VALUES ('log', randomblob(32));
    INSERT INTO head SELECT 1, 0, value, x'' FROM meta WHERE key = 'log';
"];

/// The newest form of the file that is known.
pub const FORM: i64 = MIGRATIONS.len() as i64;

pub(super) fn form_of(connection: &Connection) -> Result<(i64, i64), RecordError> {
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    Ok((number("application_id")?, number("user_version")?))
}

pub(super) fn is_empty(connection: &Connection) -> Result<bool, RecordError> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

/// How long a lock of another process is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Makes the file write ahead. While another process does the same to a new file SQLite refuses at once, however long it is told
/// to wait for locks: two readers that both want to write would wait for each other.
pub(super) fn write_ahead(connection: &Connection) -> Result<(), RecordError> {
    let since = Instant::now();
    loop {
        let done = connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).map_err(RecordError::from);
        if !matches!(done, Err(RecordError::Locked)) || since.elapsed() >= PATIENCE {
            return done;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether something was written that is not yet in the file itself.
pub(super) fn pending(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    std::fs::metadata(name).is_ok_and(|meta| meta.len() > 0)
}

pub(super) fn readable(path: &Path, immutable: bool) -> Result<Connection, RecordError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if immutable {
        let escaped: String = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)
    } else {
        Connection::open_with_flags(path, flags.difference(OpenFlags::SQLITE_OPEN_URI))
    };
    let connection = connection.map_err(|error| cannot_open(path, error))?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    form_of(&connection)?;
    Ok(connection)
}

pub(super) fn cannot_open(path: &Path, error: rusqlite::Error) -> RecordError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::CannotOpen) if path.exists() => RecordError::ReadOnly,
        Some(rusqlite::ErrorCode::CannotOpen) => RecordError::Failed(format!(
            "`{}` cannot be made; check that its folder exists and may be written",
            path.display()
        )),
        _ => error.into(),
    }
}

pub(super) fn damaged(what: impl Into<String>) -> RecordError {
    RecordError::Damaged { what: what.into() }
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<Vec<u8>, RecordError> {
    serde_json::to_vec(value).map_err(|error| RecordError::Failed(error.to_string()))
}

/// How many entries there are, and the hash of the last.
pub(super) fn head(connection: &Connection) -> Result<Head, RecordError> {
    let mut statement = connection.prepare_cached("SELECT count, hash, peaks FROM head")?;
    let (count, hash, peaks): (i64, Vec<u8>, Vec<u8>) = statement
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?
        .ok_or_else(|| damaged("its head is gone"))?;
    let count = u64::try_from(count).map_err(|_| damaged("its head counts below zero"))?;
    let hash = Hash::from_bytes(&hash).ok_or_else(|| damaged("its head has no hash"))?;
    let tree = Frontier::from_bytes(count, &peaks).ok_or_else(|| damaged("its head does not fit its count"))?;
    Ok(Head { count, hash, tree })
}

/// Stores the files of a bundle, once.
pub(super) fn add_bundle(transaction: &Transaction<'_>, bundle: &Bundle) -> Result<(), RecordError> {
    let identity = &bundle.identity;
    let mut known = transaction.prepare_cached("SELECT 1 FROM bundles WHERE digest = ?1")?;
    if known.exists([&*identity.digest])? {
        return Ok(());
    }
    let files: std::collections::BTreeMap<&str, &str> =
        bundle.files.iter().map(|(path, text)| (&**path, &**text)).collect();
    transaction
        .prepare_cached("INSERT INTO bundles (digest, name, version, files) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![&*identity.digest, &*identity.name, &*identity.version, to_json(&files)?])?;
    Ok(())
}
