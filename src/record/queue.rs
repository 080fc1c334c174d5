//! One thread writes, in groups: everything that waits goes into one transaction, and is acknowledged when it is durable.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

use crate::model::time::Timestamp;

use super::checkpoint::{Checkpoint, SecretKey};
use super::error::RecordError;
use super::store::{Draft, Receipt, Store};

/// What happens when the queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overload {
    /// The caller waits until there is room.
    #[default]
    Wait,
    /// The request fails closed: no answer without a record.
    Refuse,
}

/// How a log is written.
#[derive(Debug)]
pub struct Options {
    /// What happens when the queue is full.
    pub overload: Overload,
    /// Entries that may wait to be written.
    pub queue: usize,
    /// Entries in one transaction.
    pub group: usize,
    /// Signs a checkpoint each time so many entries were added.
    pub checkpoints: Option<(u64, SecretKey)>,
    /// Pages of 16 KiB beyond which the file does not grow; its growth fails as on a full disk.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    /// Callers wait; 8 192 entries may wait, 2 048 go into one transaction; no checkpoints, no bound.
    fn default() -> Self {
        Self { overload: Overload::Wait, queue: 8_192, group: 2_048, checkpoints: None, max_pages: None }
    }
}

type Outcome = Result<Receipt, RecordError>;

/// An entry on its way.
struct Waiting {
    draft: Draft,
    received: Timestamp,
    slot: Arc<OnceLock<Outcome>>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    closed: bool,
}

struct Shared {
    state: Mutex<State>,
    /// Something waits, or the log is closed.
    arrived: Condvar,
    /// There is room, or something was acknowledged.
    moved: Condvar,
    queue: usize,
}

impl Shared {
    /// Nothing that holds this lock can panic halfway through a change.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A log that is open for writing, shared between threads. When the last handle is dropped, everything that waits is written.
#[derive(Clone)]
pub struct LogFile {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    overload: Overload,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for LogFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogFile").field("overload", &self.handle.overload).finish_non_exhaustive()
    }
}

/// An entry that is on its way to the file.
#[derive(Clone)]
pub struct Ticket {
    shared: Arc<Shared>,
    slot: Arc<OnceLock<Outcome>>,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket").field("slot", &self.slot).finish_non_exhaustive()
    }
}

impl Ticket {
    /// Waits until the entry is durable.
    ///
    /// # Errors
    /// When it was not recorded.
    pub fn wait(&self) -> Result<Receipt, RecordError> {
        if let Some(outcome) = self.slot.get() {
            return outcome.clone();
        }
        let mut state = self.shared.lock();
        loop {
            if let Some(outcome) = self.slot.get() {
                return outcome.clone();
            }
            state = self.shared.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl LogFile {
    /// Opens a log for writing, makes it when there is none, and starts its writer.
    ///
    /// # Errors
    /// When the file cannot be written, or is no log.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, RecordError> {
        let store = Store::open(path.as_ref())?;
        if let Some(pages) = options.max_pages {
            store.bound_pages(pages)?;
        }
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            arrived: Condvar::new(),
            moved: Condvar::new(),
            queue: options.queue.max(1),
        });
        let mut writer = Writer {
            last_checkpoint: store.head()?.count,
            store,
            shared: Arc::clone(&shared),
            group: options.group.max(1),
            checkpoints: options.checkpoints,
        };
        let thread = std::thread::Builder::new()
            .name("clausal-record".into())
            .spawn(move || writer.run())
            .map_err(|error| RecordError::Failed(error.to_string()))?;
        Ok(Self { handle: Arc::new(Handle { shared, overload: options.overload, thread: Some(thread) }) })
    }

    /// Hands an entry to the writer.
    pub(super) fn append(&self, draft: Draft, received: Timestamp) -> Result<Ticket, RecordError> {
        let shared = &self.handle.shared;
        let slot = Arc::new(OnceLock::new());
        let mut state = shared.lock();
        while state.waiting.len() >= shared.queue && !state.closed {
            if self.handle.overload == Overload::Refuse {
                return Err(RecordError::Busy);
            }
            state = shared.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return Err(RecordError::Closed);
        }
        state.waiting.push(Waiting { draft, received, slot: Arc::clone(&slot) });
        drop(state);
        shared.arrived.notify_one();
        Ok(Ticket { shared: Arc::clone(shared), slot })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.arrived.notify_all();
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has told its callers by its guard.
            let _ = thread.join();
        }
    }
}

struct Writer {
    store: Store,
    shared: Arc<Shared>,
    group: usize,
    checkpoints: Option<(u64, SecretKey)>,
    last_checkpoint: u64,
}

/// Whatever happens to the writer, nobody waits for it in vain.
struct Guard(Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        for waiting in state.waiting.drain(..) {
            // The slot is empty: only the writer fills it.
            let _ = waiting.slot.set(Err(RecordError::Closed));
        }
        drop(state);
        self.0.moved.notify_all();
    }
}

impl Writer {
    fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        let _guard = Guard(Arc::clone(&shared));
        loop {
            let mut state = shared.lock();
            while state.waiting.is_empty() && !state.closed {
                state = shared.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let group = state.waiting.len().min(self.group);
            let batch: Vec<Waiting> = state.waiting.drain(..group).collect();
            drop(state);
            if batch.is_empty() {
                return;
            }
            // There is room again while this group is written.
            shared.moved.notify_all();
            self.write(batch);
            // Taking the lock makes sure that no caller is between looking and waiting.
            drop(shared.lock());
            shared.moved.notify_all();
        }
    }

    fn write(&mut self, batch: Vec<Waiting>) {
        let received = batch.last().map(|last| last.received);
        let mut slots = Vec::with_capacity(batch.len());
        let mut drafts = Vec::with_capacity(batch.len());
        for Waiting { draft, slot, .. } in batch {
            slots.push(slot);
            drafts.push(draft);
        }
        match self.store.append(drafts) {
            Ok(receipts) => {
                for (slot, receipt) in slots.iter().zip(receipts) {
                    // As above.
                    let _ = slot.set(Ok(receipt));
                }
                self.checkpoint(received);
            }
            Err(error) => {
                for slot in &slots {
                    let _ = slot.set(Err(error.clone()));
                }
            }
        }
    }

    /// A checkpoint that fails is made with the next group: the entries are durable all the same.
    fn checkpoint(&mut self, received: Option<Timestamp>) {
        let (Some((every, key)), Some(time)) = (&self.checkpoints, received) else { return };
        let Ok(head) = self.store.head() else { return };
        if head.count.saturating_sub(self.last_checkpoint) < *every {
            return;
        }
        let signed = self.store.name().and_then(|name| Checkpoint::sign(name, &head, time, key));
        if signed.and_then(|checkpoint| self.store.keep_checkpoint(&checkpoint)).is_ok() {
            self.last_checkpoint = head.count;
        }
    }
}
