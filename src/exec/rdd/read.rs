//! Reading the records of a partition, piece by piece, from any place on.

use std::cell::Cell;
use std::str;

use memchr::{memchr, memrchr};

use crate::batch::value::{Heap, Value, decode};
use crate::batch::{Partition, Piece};
use crate::kernel;

/// Text is checked to be UTF-8 in blocks of this size: what was checked is read from the cache.
const BLOCK: usize = 32 * 1024;

/// What a task reads: some pieces of a partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// The partition's index.
    pub(super) partition: usize,
    /// How many records of the dataset are before its first one; known only where it was asked for.
    pub(super) before: u64,
    /// What is read.
    pub(super) pieces: Vec<Piece>,
}

/// A place between two records.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    piece: usize,
    offset: usize,
}

/// Gives the records of pieces one by one.
pub(super) struct Reader<'a> {
    pieces: &'a [Piece],
    /// The piece that is being read, and the rest of it behind `block`.
    piece: Cell<usize>,
    rest: Cell<&'a [u8]>,
    /// Lines that are known to be text.
    block: Cell<&'a str>,
}

impl<'a> Reader<'a> {
    /// A reader that starts at a place.
    pub(super) fn new(pieces: &'a [Piece], place: Place) -> Self {
        let rest = pieces.get(place.piece).map_or(&[][..], |piece| &bytes(piece)[place.offset..]);
        Reader { pieces, piece: Cell::new(place.piece), rest: Cell::new(rest), block: Cell::new("") }
    }

    /// Where the next record begins.
    pub(super) fn place(&self) -> Place {
        let piece = self.piece.get();
        let unread = self.block.get().len() + self.rest.get().len();
        let offset = self.pieces.get(piece).map_or(0, |piece| bytes(piece).len() - unread);
        Place { piece, offset }
    }

    /// The next record.
    #[inline]
    pub(super) fn next(&self, heap: &Heap<'a>) -> Option<Value<'a>> {
        let block = self.block.get();
        if !block.is_empty() {
            let (line, rest) = match memchr(b'\n', block.as_bytes()) {
                Some(end) => (&block[..end], &block[end + 1..]),
                None => (block, ""),
            };
            self.block.set(rest);
            return Some(heap.text(line.strip_suffix('\r').unwrap_or(line)));
        }
        self.next_of_piece(heap)
    }

    /// The next record, where no checked text is left.
    fn next_of_piece(&self, heap: &Heap<'a>) -> Option<Value<'a>> {
        loop {
            let mut rest = self.rest.get();
            if rest.is_empty() {
                if self.piece.get() < self.pieces.len() {
                    self.piece.set(self.piece.get() + 1);
                }
                self.rest.set(bytes(self.pieces.get(self.piece.get())?));
                continue;
            }
            match self.pieces.get(self.piece.get())? {
                Piece::Rows(_) => {
                    let record = decode(heap, &mut rest);
                    self.rest.set(rest);
                    return Some(record);
                }
                Piece::Lines(_) => {
                    let end = block_end(rest);
                    match str::from_utf8(&rest[..end]) {
                        Ok(text) => {
                            self.block.set(text);
                            self.rest.set(&rest[end..]);
                            return self.next(heap);
                        }
                        Err(_) => {
                            let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                            self.rest.set(&rest[end..]);
                            let line = &rest[..end];
                            let line = line.strip_suffix(b"\n").unwrap_or(line);
                            let line = line.strip_suffix(b"\r").unwrap_or(line);
                            return Some(heap.str(&kernel::decode(line)));
                        }
                    }
                }
            }
        }
    }
}

/// How many records a piece has.
pub(super) fn count(piece: &Piece) -> u64 {
    match piece {
        Piece::Rows(rows) => rows.len() as u64,
        Piece::Lines(lines) => kernel::count_lines(lines) as u64,
    }
}

/// How many records a partition has.
pub(super) fn count_all(partition: &Partition) -> u64 {
    partition.pieces.iter().map(count).sum()
}

/// A piece's bytes.
pub(super) fn bytes(piece: &Piece) -> &[u8] {
    match piece {
        Piece::Rows(rows) => rows.bytes(),
        Piece::Lines(lines) => lines,
    }
}

/// The end of the lines that are looked at next: never none, and no more than a block if they are short.
fn block_end(rest: &[u8]) -> usize {
    if rest.len() <= BLOCK {
        return rest.len();
    }
    let within = memrchr(b'\n', &rest[..BLOCK]);
    let end = within.or_else(|| memchr(b'\n', &rest[BLOCK..]).map(|at| at + BLOCK));
    end.map_or(rest.len(), |at| at + 1)
}
