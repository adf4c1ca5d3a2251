//! A chunk: input read once into pooled memory, then borrowed until the last kernel is done with it.

use super::pool::Shelf;
use super::sync::Arc;

/// Bytes that may be read (not interpreted) behind the end of any [`Text`]: kernels load whole
/// vector registers without looking where the text ends.
pub const SLACK: usize = 64;

/// Which source a chunk's records came from: its place among the `--from` specifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SourceId(pub u16);

/// A piece of memory with input in it. Sealed chunks hold whole lines, each with its `\n`.
/// Dropping a chunk gives its memory back to the pool it came from.
#[derive(Debug)]
pub struct Chunk {
    memory: Box<[u8]>,
    len: usize,
    source: SourceId,
    home: Arc<Shelf>,
}

impl Chunk {
    pub(super) fn new(memory: Box<[u8]>, source: SourceId, home: Arc<Shelf>) -> Self {
        Chunk { memory, len: 0, source, home }
    }

    /// The source whose records these are.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The same chunk, with its records from another source.
    #[must_use]
    pub fn of_source(mut self, source: SourceId) -> Self {
        self.source = source;
        self
    }

    /// Bytes of input in the chunk.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no input in the chunk.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of input that still fit.
    pub fn spare(&self) -> usize {
        self.memory.len() - SLACK - self.len
    }

    /// The room behind the input, to read into; tell [`Chunk::advance`] how much was filled.
    pub fn spare_mut(&mut self) -> &mut [u8] {
        let end = self.memory.len() - SLACK;
        &mut self.memory[self.len..end]
    }

    /// Counts the first `n` bytes of the spare room as input.
    ///
    /// # Panics
    /// If `n` is more than [`Chunk::spare`].
    pub fn advance(&mut self, n: usize) {
        assert!(n <= self.spare(), "a chunk was filled beyond its end");
        self.len += n;
    }

    /// Appends `bytes`, growing the memory where they do not fit (a line longer than a chunk).
    pub fn extend(&mut self, bytes: &[u8]) {
        if bytes.len() > self.spare() {
            let mut memory = std::mem::take(&mut self.memory).into_vec();
            memory.resize((self.len + bytes.len()).next_power_of_two() + SLACK, 0);
            self.memory = memory.into_boxed_slice();
        }
        self.memory[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// The input.
    pub fn bytes(&self) -> &[u8] {
        &self.memory[..self.len]
    }

    /// The input with its readable slack, as kernels take it.
    pub fn text(&self) -> Text<'_> {
        Text::new(&self.memory, self.len)
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.home.put_back(std::mem::take(&mut self.memory));
    }
}

/// Bytes to crunch, with at least [`SLACK`] more readable bytes behind them.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    padded: &'a [u8],
    len: usize,
}

impl<'a> Text<'a> {
    /// The first `len` bytes of `padded` are the text, the others slack.
    ///
    /// # Panics
    /// If fewer than [`SLACK`] bytes follow the text.
    pub fn new(padded: &'a [u8], len: usize) -> Self {
        let slack = padded.len().checked_sub(len);
        assert!(slack.is_some_and(|slack| slack >= SLACK), "a text needs {SLACK} readable bytes behind it");
        Text { padded, len }
    }

    /// The text itself.
    pub fn bytes(self) -> &'a [u8] {
        &self.padded[..self.len]
    }

    /// The text and the slack behind it.
    pub fn padded(self) -> &'a [u8] {
        self.padded
    }

    /// The part of the text between two offsets; its slack is whatever follows.
    ///
    /// # Panics
    /// If the range does not lie within the text.
    pub fn slice(self, range: std::ops::Range<usize>) -> Text<'a> {
        assert!(range.start <= range.end && range.end <= self.len, "slice outside of a text");
        Text { padded: &self.padded[range.start..], len: range.end - range.start }
    }

    /// Length of the text in bytes, without the slack.
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there is no text.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}
