//! The record: every decision can be found again, replayed and trusted.
//!
//! A log is one SQLite file. Each entry holds the request as received (private values as salted commitments), the
//! decision, the identity of the bundle and of the engine, and the time the caller says it was received; its hash
//! covers the hash before it. Checkpoints sign the number of entries, the last hash and the Merkle root. What that
//! detects, and what it cannot, is in `docs/threat-model.md`.
//!
//! Deciding reads no clock: the caller gives the time of receipt. Only salts and keys are random.
//!
//! ```
//! use clausal::{Engine, Timestamp};
//! use clausal::record::{LogFile, Options};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let path = folder.path().join("decisions.log");
//! let log = LogFile::open(&path, Options::default())?;
//! let engine = Engine::embedded()?.with_record(&log);
//! let received = Timestamp::parse("2021-07-01T12:00:00Z").ok_or("no time")?;
//! let recorded = engine.decide_json(br#"{
//!     "kind": "hybrid-benefit", "at": "2021-07-01",
//!     "license": {"product": "windows-server", "edition": "standard", "software_assurance": true}
//! }"#, received)?;
//! assert_eq!(recorded.receipt.seq, 1);
//! # Ok(())
//! # }
//! ```

pub mod activity;
pub mod again;
pub mod bundles;
pub mod canonical;
pub mod checkpoint;
#[cfg(feature = "parquet")]
pub mod columns;
pub mod entry;
pub mod error;
pub mod export;
pub mod file;
pub mod find;
pub mod line;
pub mod mask;
pub mod merkle;
pub mod proof;
pub mod queue;
pub mod recorder;
pub mod replay;
pub mod source;
pub mod store;
pub mod tally;
pub mod verify;
pub mod withheld;

pub use checkpoint::{Checkpoint, PublicKey, SecretKey};
pub use entry::{Entry, Hash};
pub use error::RecordError;
pub use queue::{LogFile, Options, Overload};
pub use recorder::{Pending, Recorded, Recorder};
pub use store::{Receipt, Row, Store};
