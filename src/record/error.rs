//! What can go wrong with a log, in words that say how to go on.

use rusqlite::ErrorCode;

/// Why a log could not be written or read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There is no such file.
    #[error("there is no log `{path}`; check the path")]
    NotFound {
        /// The file.
        path: String,
    },
    /// The file is no log of decisions.
    #[error("`{path}` is not a log of decisions; give another file")]
    NotALog {
        /// The file.
        path: String,
    },
    /// A newer version wrote the file.
    #[error("`{path}` was written in form {found}, this version reads up to {known}; use a newer version")]
    TooNew {
        /// The file.
        path: String,
        /// Its form.
        found: i64,
        /// The newest form that is known.
        known: i64,
    },
    /// The file, or its folder, may not be written.
    #[error(
        "the log cannot be written: the file or its folder is read-only; give this process the right to write both"
    )]
    ReadOnly,
    /// There is no room.
    #[error("the disk (or quota) is full: the entry was not recorded; make room, then ask again")]
    Full,
    /// Another process keeps writing.
    #[error("another process kept the log locked: the entry was not recorded; ask again")]
    Locked,
    /// The queue is full and the caller does not want to wait.
    #[error("the log cannot keep up: the entry was not recorded; ask again later")]
    Busy,
    /// The file is damaged.
    #[error(
        "the log is damaged: {what}; keep the file, find the last good entry with `clausal log verify`, save what is before it with `clausal log export --salvage`, and go on with a new log"
    )]
    Damaged {
        /// What is wrong with it.
        what: String,
    },
    /// The first bytes of the file are not those of a log.
    #[error(
        "the file does not begin as a log does: it is another file (an export is read by `clausal replay`), or its first page is damaged; keep it, and go on with a new log"
    )]
    NoHead,
    /// An entry is larger than a log takes.
    #[error("the entry has {found} bytes, a log takes {most}")]
    TooLarge {
        /// Its size in bytes.
        found: usize,
        /// The bound in bytes.
        most: usize,
    },
    /// The file or the system failed.
    #[error("the log failed: {0}")]
    Failed(String),
    /// An export could not be written.
    #[error("the export could not be written: {why}")]
    Output {
        /// Why not.
        why: String,
        /// Whether its reader went away.
        gone: bool,
    },
    /// The log was closed.
    #[error("the log is closed: the entry was not recorded; open it again")]
    Closed,
    /// Random numbers could not be had.
    #[error("the system gives no random numbers: {0}")]
    NoRandom(String),
    /// A key does not read.
    #[error("`{path}` is not an Ed25519 {what} key in PEM form: {why}")]
    Key {
        /// The file.
        path: String,
        /// `private` or `public`.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// Something that was given to be read is not what it should be.
    #[error("{what} does not read: {why}")]
    Unreadable {
        /// What.
        what: String,
        /// Why not.
        why: String,
    },
    /// A bundle that decided is not there, or is not the one.
    #[error("the bundle `{digest}` cannot be had: {why}")]
    Bundle {
        /// Its digest.
        digest: String,
        /// Why not.
        why: String,
    },
    /// What was asked for is not in the log.
    #[error("{0}")]
    Absent(String),
}

impl From<rusqlite::Error> for RecordError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { what: error.to_string() },
            Some(ErrorCode::NotADatabase) => Self::NoHead,
            Some(ErrorCode::SystemIoFailure) => io(&error),
            _ => match error {
                // A column of another type than the schema says: someone wrote into the file.
                rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..) => {
                    Self::Damaged { what: "a column has another type than logs have".into() }
                }
                other => Self::Failed(other.to_string()),
            },
        }
    }
}

/// A file that ends too early reads as damaged, everything else as a failure of the system.
fn io(error: &rusqlite::Error) -> RecordError {
    const SHORT_READ: i32 = 522;
    match error.sqlite_error() {
        Some(inner) if inner.extended_code == SHORT_READ => {
            RecordError::Damaged { what: "the file ends too early".into() }
        }
        _ => RecordError::Failed(error.to_string()),
    }
}
