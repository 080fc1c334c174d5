//! What all threads decide by, counted in several places: a decision holds what it was decided by, and threads that count
//! in one place wait for one another.

use std::ops::Deref;
use std::sync::Arc;

use super::Ready;

/// More than there are processors to quarrel, on most machines.
const LANES: usize = 16;

/// A place to count in, on a line of the cache of its own.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Lane(Arc<Ready>);

impl Deref for Lane {
    type Target = Arc<Ready>;

    fn deref(&self) -> &Arc<Ready> {
        &self.0
    }
}

/// All places.
#[derive(Debug)]
pub(crate) struct Lanes {
    ready: Arc<Ready>,
    lanes: [Arc<Lane>; LANES],
}

impl Lanes {
    /// Nothing counted yet.
    pub fn new(ready: Ready) -> Self {
        let ready = Arc::new(ready);
        let lanes = std::array::from_fn(|_| Arc::new(Lane(Arc::clone(&ready))));
        Self { ready, lanes }
    }

    /// A place that few other threads count in: by where the thread's stack is, which asks nobody.
    #[inline]
    pub fn own(&self) -> Option<Arc<Lane>> {
        let here = 0_u8;
        let stack = std::ptr::from_ref(&here).addr() >> 20;
        let lane = stack.wrapping_mul(0x9e37_79b9) >> 16;
        self.lanes.get(lane % LANES).map(Arc::clone)
    }
}

impl Deref for Lanes {
    type Target = Arc<Ready>;

    fn deref(&self) -> &Arc<Ready> {
        &self.ready
    }
}
