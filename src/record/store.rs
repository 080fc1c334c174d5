//! The file: schema, migrations, transactions. One writer at a time, any number of readers.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::bundle::checked::Bundle;

use super::checkpoint::Checkpoint;
use super::entry::{Body, Hash};
use super::error::RecordError;
use super::file::{
    APPLICATION, FORM, MIGRATIONS, PATIENCE, add_bundle, cannot_open, damaged, form_of, head, is_empty, pending,
    readable, to_json, write_ahead,
};
use super::mask::Openings;
use super::merkle::{self, Frontier};

/// What is acknowledged for an entry that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its number, from 1.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

/// An entry to append.
#[derive(Debug)]
pub struct Draft {
    /// What it says.
    pub body: Body,
    /// What opens its commitments, as JSON; empty when there are none.
    pub openings: Vec<u8>,
    /// The bundle that decided, stored once.
    pub bundle: Arc<Bundle>,
}

/// An entry as it is stored.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number, from 1.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// Its canonical JSON, unless it was pruned.
    pub payload: Option<Vec<u8>>,
    /// The hash of its canonical JSON, once it is pruned.
    pub digest: Option<Hash>,
    /// What opens its commitments, as JSON.
    pub openings: Option<Vec<u8>>,
}

/// How many entries there are, and the hash of the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many.
    pub count: u64,
    /// The hash of the last; of none, the log's own name.
    pub hash: Hash,
    /// The Merkle tree over all.
    pub tree: Frontier,
}

/// An open log.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    known_bundles: BTreeSet<Arc<str>>,
}

impl Store {
    /// Opens a log for writing; makes it when there is none.
    ///
    /// # Errors
    /// When the file cannot be written, or is no log.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let connection = Connection::open(path).map_err(|error| cannot_open(path, error))?;
        connection.busy_timeout(PATIENCE)?;
        // One look at one state: another writer may be making the file a log at this moment.
        let snapshot = connection.unchecked_transaction()?;
        let (application, form) = form_of(&snapshot)?;
        let empty = application == 0 && form == 0 && is_empty(&snapshot)?;
        snapshot.finish()?;
        if application != APPLICATION && !empty {
            return Err(RecordError::NotALog { path: path.display().to_string() });
        }
        if empty {
            connection.execute_batch("PRAGMA page_size = 16384;")?;
        }
        write_ahead(&connection)?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA secure_delete = ON;
             PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
        )?;
        let mut store = Self { connection, known_bundles: BTreeSet::new() };
        store.migrate(path)?;
        store.head()?;
        Ok(store)
    }

    /// Opens a log for reading.
    ///
    /// # Errors
    /// When there is none, or the file is no log.
    pub fn open_read_only(path: &Path) -> Result<Self, RecordError> {
        if !path.is_file() {
            return Err(RecordError::NotFound { path: path.display().to_string() });
        }
        let connection = match readable(path, false) {
            // Beside a file in WAL form SQLite wants to write; where it may not, and nothing is pending, there is no need.
            Err(RecordError::ReadOnly | RecordError::Failed(_)) if !pending(path) => readable(path, true)?,
            other => other?,
        };
        let (application, form) = form_of(&connection)?;
        if application != APPLICATION {
            return Err(RecordError::NotALog { path: path.display().to_string() });
        }
        if form > FORM {
            return Err(RecordError::TooNew { path: path.display().to_string(), found: form, known: FORM });
        }
        Ok(Self { connection, known_bundles: BTreeSet::new() })
    }

    fn migrate(&mut self, path: &Path) -> Result<(), RecordError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (_, form) = form_of(&transaction)?;
        if form > FORM {
            return Err(RecordError::TooNew { path: path.display().to_string(), found: form, known: FORM });
        }
        let done = usize::try_from(form).unwrap_or(0);
        for step in MIGRATIONS.iter().skip(done) {
            transaction.execute_batch(step)?;
        }
        if form < FORM {
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORM)?;
        }
        Ok(transaction.commit()?)
    }

    /// Bounds the file, for tests of a full disk: the number of pages beyond which it does not grow.
    ///
    /// # Errors
    /// When the file fails.
    pub fn bound_pages(&self, pages: u32) -> Result<(), RecordError> {
        Ok(self.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
    }

    /// The name of the log: random, made with the file.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn name(&self) -> Result<Hash, RecordError> {
        let name: Option<Vec<u8>> =
            self.connection.query_row("SELECT value FROM meta WHERE key = 'log'", [], |row| row.get(0)).optional()?;
        name.and_then(|name| Hash::from_bytes(&name)).ok_or_else(|| damaged("its name is gone"))
    }

    /// How many entries there are, and the hash of the last.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn head(&self) -> Result<Head, RecordError> {
        head(&self.connection)
    }

    /// Appends entries in one transaction: all of them are durable when this returns, or none is there.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, drafts: Vec<Draft>) -> Result<Vec<Receipt>, RecordError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut head = head(&transaction)?;
        let mut receipts = Vec::with_capacity(drafts.len());
        let mut new_bundles = BTreeSet::new();
        {
            let mut entry =
                transaction.prepare_cached("INSERT INTO entries (seq, hash, payload) VALUES (?1, ?2, ?3)")?;
            let mut private = transaction.prepare_cached("INSERT INTO private (seq, openings) VALUES (?1, ?2)")?;
            for draft in drafts {
                let digest = &draft.bundle.identity.digest;
                if !self.known_bundles.contains(digest) && !new_bundles.contains(digest) {
                    add_bundle(&transaction, &draft.bundle)?;
                    new_bundles.insert(Arc::clone(digest));
                }
                let seq = head.count.saturating_add(1);
                let (payload, said) = draft.body.numbered(seq);
                let hash = Hash::chained(&head.hash, &said);
                entry.execute(params![signed(seq), hash.0.as_slice(), payload])?;
                if !draft.openings.is_empty() {
                    private.execute(params![signed(seq), draft.openings])?;
                }
                head.tree.push(merkle::leaf(&hash));
                (head.count, head.hash) = (seq, hash);
                receipts.push(Receipt { seq, hash });
            }
        }
        transaction.prepare_cached("UPDATE head SET count = ?1, hash = ?2, peaks = ?3")?.execute(params![
            signed(head.count),
            head.hash.0.as_slice(),
            head.tree.to_bytes()
        ])?;
        transaction.commit()?;
        self.known_bundles.append(&mut new_bundles);
        Ok(receipts)
    }

    /// Reads the entries numbered `from` to `to` (both included) in order, until `each` says to stop.
    ///
    /// # Errors
    /// When the file is damaged, or `each` fails.
    pub fn scan(
        &self,
        from: u64,
        to: u64,
        mut each: impl FnMut(Row) -> Result<bool, RecordError>,
    ) -> Result<(), RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, hash, payload, digest, openings FROM entries LEFT JOIN private USING (seq)
             WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query(params![signed(from), signed(to)])?;
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get(0)?;
            let bytes = |at: usize| row.get_ref(at).map(|value| value.as_bytes().ok().map(<[u8]>::to_vec));
            let hash = bytes(1)?.as_deref().and_then(Hash::from_bytes);
            let row = Row {
                seq: u64::try_from(seq).map_err(|_| damaged("an entry has a number below 1"))?,
                hash: hash.ok_or_else(|| damaged(format!("entry {seq} has no hash")))?,
                payload: bytes(2)?,
                digest: bytes(3)?.as_deref().and_then(Hash::from_bytes),
                openings: bytes(4)?,
            };
            if !each(row)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Makes everything that is read from now on of one moment, until the log is dropped.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn hold(&self) -> Result<(), RecordError> {
        if self.connection.is_autocommit() {
            self.connection.execute_batch("BEGIN")?;
        }
        Ok(())
    }

    /// Reads every row there is, also those whose number no log gives.
    ///
    /// # Errors
    /// As [`Store::scan`].
    pub fn scan_all(&self, each: impl FnMut(Row) -> Result<bool, RecordError>) -> Result<(), RecordError> {
        let below: i64 =
            self.connection.query_row("SELECT count(*) FROM entries WHERE seq < 1", [], |row| row.get(0))?;
        if below > 0 {
            return Err(damaged("an entry has a number below 1"));
        }
        self.scan(1, u64::MAX, each)
    }

    /// Reads the hashes of the entries numbered `from` to `to` (both included) in order.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn scan_hashes(&self, from: u64, to: u64, mut each: impl FnMut(Hash)) -> Result<(), RecordError> {
        let mut statement =
            self.connection.prepare_cached("SELECT hash FROM entries WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq")?;
        let mut rows = statement.query(params![signed(from), signed(to)])?;
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?;
            let hash = bytes.as_bytes().ok().and_then(Hash::from_bytes);
            each(hash.ok_or_else(|| damaged("an entry has no hash"))?);
        }
        Ok(())
    }

    /// One entry.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn row(&self, seq: u64) -> Result<Option<Row>, RecordError> {
        let mut found = None;
        self.scan(seq, seq, |row| {
            found = Some(row);
            Ok(false)
        })?;
        Ok(found)
    }

    /// The files of a bundle that decided, as stored: JSON of text by path.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn bundle_files(&self, digest: &str) -> Result<Option<Vec<u8>>, RecordError> {
        let mut statement = self.connection.prepare_cached("SELECT files FROM bundles WHERE digest = ?1")?;
        Ok(statement
            .query_row([digest], |row| Ok(row.get_ref(0)?.as_bytes().unwrap_or_default().to_vec()))
            .optional()?)
    }

    /// The digests of the bundles that decided, sorted.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn bundles(&self) -> Result<Vec<String>, RecordError> {
        let mut statement = self.connection.prepare("SELECT digest FROM bundles ORDER BY digest")?;
        let all = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(all)
    }

    /// Keeps a checkpoint.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), RecordError> {
        let insert = "INSERT INTO checkpoints (count, checkpoint) VALUES (?1, ?2)";
        self.connection.execute(insert, params![signed(checkpoint.count), to_json(checkpoint)?])?;
        Ok(())
    }

    /// The checkpoints that are kept in the log, in the order in which they were made. One that does not read is told by its
    /// place.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn checkpoints(&self) -> Result<Vec<Result<Checkpoint, RecordError>>, RecordError> {
        let mut statement = self.connection.prepare("SELECT id, checkpoint FROM checkpoints ORDER BY id")?;
        let read = |row: &rusqlite::Row<'_>| {
            let (id, bytes): (i64, _) = (row.get(0)?, row.get_ref(1)?.as_bytes().unwrap_or_default());
            Ok(Checkpoint::parse(bytes, &format!("checkpoint {id} of the log")))
        };
        let all = statement.query_map([], read)?.collect::<Result<_, _>>()?;
        Ok(all)
    }

    /// Removes what one entry says and what opens its commitments; its hash and the hash of what it said stay.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn prune(&mut self, entries: &[u64]) -> Result<(), RecordError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut read = transaction.prepare_cached("SELECT payload FROM entries WHERE seq = ?1")?;
            let mut write =
                transaction.prepare_cached("UPDATE entries SET payload = NULL, digest = ?2 WHERE seq = ?1")?;
            let mut forget = transaction.prepare_cached("DELETE FROM private WHERE seq = ?1")?;
            for seq in entries.iter().copied().map(signed) {
                let payload: Option<Option<Vec<u8>>> = read.query_row([seq], |row| row.get(0)).optional()?;
                let Some(payload) = payload.flatten() else { continue };
                write.execute(params![seq, Hash::of_payload(&payload).0.as_slice()])?;
                forget.execute([seq])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Replaces what opens the commitments of an entry; with nothing, erases it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_openings(&self, seq: u64, openings: &Openings) -> Result<(), RecordError> {
        if openings.is_empty() {
            self.connection.execute("DELETE FROM private WHERE seq = ?1", [signed(seq)])?;
        } else {
            let bytes = to_json(openings)?;
            self.connection.execute("UPDATE private SET openings = ?2 WHERE seq = ?1", params![signed(seq), bytes])?;
        }
        Ok(())
    }

    /// Rewrites the file without what was removed, so that nothing of it is left in it or beside it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn compact(&self) -> Result<(), RecordError> {
        self.connection.execute_batch("VACUUM;")?;
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// What SQLite itself finds wrong with the file; empty when nothing.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn integrity(&self) -> Result<Vec<String>, RecordError> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check(20)")?;
        let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}

/// SQLite counts in signed numbers.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
