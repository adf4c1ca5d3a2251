//! The pool: a bounded number of chunks. When all of them are out, reading stops; this is the
//! back-pressure, and it bounds the memory that input can take.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::chunk::{Chunk, SLACK, SourceId};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_bounded_and_its_chunks_come_back() {
        let pool = Pool::new(2);
        let first = pool.take(SourceId(0)).expect("one chunk");
        let _second = pool.take(SourceId(1)).expect("another chunk");
        assert!(pool.take(SourceId(0)).is_none());
        drop(first);
        assert_eq!(pool.out(), 1);
        assert!(pool.take(SourceId(0)).is_some());
    }

    #[test]
    fn a_chunk_grows_for_a_long_line_and_returns_to_its_size() {
        let pool = Pool::new(1);
        let mut chunk = pool.take(SourceId(0)).expect("one chunk");
        let line = vec![b'x'; 3 * CHUNK_SIZE];
        chunk.extend(b"ab");
        chunk.extend(&line);
        assert_eq!(chunk.len(), line.len() + 2);
        assert_eq!(&chunk.bytes()[..3], b"abx");
        assert!(chunk.text().padded().len() >= chunk.len() + SLACK);
        drop(chunk);
        assert_eq!(pool.take(SourceId(0)).expect("the chunk again").spare(), CHUNK_SIZE);
    }
}
