//! The pool: a bounded number of chunks. When all of them are out, reading stops; this is the
//! back-pressure, and it bounds the memory that input can take.
//!
//! `tests/loom.rs` checks this file and `chunk.rs` too, with loom's twins of the `sync` types.

use super::chunk::{Chunk, SLACK, SourceId};
use super::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of input that a fresh chunk holds. Small enough that a chunk is still in the second-level
/// cache when it is crunched right after it was read, large enough that handing it over costs nothing.
pub const CHUNK_SIZE: usize = 256 * 1024;

/// A bounded set of chunks that are filled, handed on, dropped and used again.
#[derive(Clone, Debug)]
pub struct Pool {
    shelf: Arc<Shelf>,
}

/// Where chunk memory lies between two uses; the most recently used piece goes out first.
#[derive(Debug)]
pub(super) struct Shelf {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: Vec<Box<[u8]>>,
    out: usize,
}

impl Pool {
    /// A pool that hands out at most `capacity` chunks at a time; memory is taken when first needed.
    pub fn new(capacity: usize) -> Self {
        Pool { shelf: Arc::new(Shelf { capacity, state: Mutex::default() }) }
    }

    /// An empty chunk for records of `source`, or nothing while all of them are out.
    pub fn take(&self, source: SourceId) -> Option<Chunk> {
        let mut state = self.shelf.lock();
        if state.out == self.shelf.capacity {
            return None;
        }
        state.out += 1;
        let memory = state.free.pop();
        drop(state);
        let memory = memory.unwrap_or_else(|| vec![0; CHUNK_SIZE + SLACK].into_boxed_slice());
        Some(Chunk::new(memory, source, Arc::clone(&self.shelf)))
    }

    /// Whether a chunk can be taken.
    pub fn available(&self) -> bool {
        self.out() < self.shelf.capacity
    }

    /// How many chunks are out.
    pub fn out(&self) -> usize {
        self.shelf.lock().out
    }
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a chunk's memory back. Memory that had grown for a long line is freed instead.
    pub(super) fn put_back(&self, memory: Box<[u8]>) {
        let mut state = self.lock();
        state.out -= 1;
        if memory.len() == CHUNK_SIZE + SLACK {
            state.free.push(memory);
        }
    }
}
