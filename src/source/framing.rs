//! Bytes into lines: reads go straight into a source's open chunk, and what follows the last newline
//! waits in its stream's [`Carry`], so that partial lines of different streams never mix and a
//! thousand silent clients cost no chunk.

use std::io;

use memchr::{memchr, memrchr};

use super::SourceStats;
use crate::batch::{Chunk, Pool, SourceId};

/// A chunk with less room than this is handed over. More than the largest datagram (64 KiB) plus
/// the longest partial line that is copied in front of a read.
const MIN_READ: usize = 96 * 1024;
/// A partial line up to this long is copied in front of each read; a longer one is put together in
/// its carry, so that a line of any length is copied a constant number of times.
const COPIED: usize = 16 * 1024;
/// Memory that an empty carry may keep for its next partial line.
const KEPT: usize = 4 * 1024;
/// Bytes that the partial lines of all streams may take together (more if one line may be longer).
const CARRIED: usize = 64 << 20;

/// The line of a stream whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Carry {
    bytes: Vec<u8>,
    /// Whether the line is longer than allowed: the rest of it, up to its newline, is dropped.
    cut: bool,
    /// Bytes of the line that have come, with those that were dropped.
    came: u64,
}

impl Carry {
    /// Makes room for more bytes. The room grows by an eighth, not to its double, so that the limit on
    /// what is carried holds for memory too; each byte is still copied a bounded number of times.
    fn reserve(&mut self, more: usize) {
        if self.bytes.capacity() - self.bytes.len() < more {
            self.bytes.reserve_exact(more.max(self.bytes.len() / 8));
        }
    }

    /// Whether no line has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.came == 0
    }

    /// Bytes of the line that have come, with those that were dropped because it is too long.
    pub(super) fn came(&self) -> u64 {
        self.came
    }
}

/// What all streams share: the pool, the limits, and what was counted.
#[derive(Debug)]
pub(super) struct Shared {
    pool: Pool,
    max_line: usize,
    max_carried: usize,
    carried: usize,
    pub(super) stats: SourceStats,
}

/// The open chunk of one source.
#[derive(Debug)]
pub(super) struct Framer {
    source: SourceId,
    open: Option<Chunk>,
}

/// Where a stream's bytes go: its source's open chunk, and full chunks onwards.
pub(super) struct Intake<'a> {
    pub(super) framer: &'a mut Framer,
    pub(super) shared: &'a mut Shared,
    pub(super) full: &'a mut dyn FnMut(Chunk),
}

/// What one read came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// Some bytes.
    Bytes,
    /// The reader had no bytes: its end, or an empty datagram.
    Nothing,
    /// Nothing was read, because the pool has no chunk to read into.
    Starved,
}

impl Shared {
    pub(super) fn new(pool: Pool, max_line: usize) -> Self {
        let max_line = max_line.max(1);
        Shared {
            pool,
            max_line,
            max_carried: max_line.max(CARRIED),
            carried: 0,
            stats: SourceStats::default(),
        }
    }

    /// Bytes of lines whose end has not come.
    pub(super) fn carried(&self) -> usize {
        self.carried
    }

    /// Chunks that are out of the pool.
    pub(super) fn chunks_out(&self) -> usize {
        self.pool.out()
    }

    /// Appends a piece without newline to the partial line, as much as the limits allow.
    pub(super) fn hold(&mut self, carry: &mut Carry, piece: &[u8]) {
        let mut kept = 0;
        carry.came += piece.len() as u64;
        if !carry.cut {
            let line = self.max_line.saturating_sub(carry.bytes.len());
            kept = piece.len().min(line).min(self.max_carried.saturating_sub(self.carried));
            carry.reserve(kept);
            carry.bytes.extend_from_slice(&piece[..kept]);
            self.carried += kept;
            if kept < piece.len() {
                carry.cut = true;
                self.stats.lines_cut += 1;
            }
        }
        self.stats.bytes_cut += (piece.len() - kept) as u64;
    }

    /// Empties the carry and gives its share of memory back.
    fn release(&mut self, carry: &mut Carry) {
        self.carried -= carry.bytes.len();
        (carry.cut, carry.came) = (false, 0);
        if carry.bytes.capacity() > KEPT {
            carry.bytes = Vec::new();
        } else {
            carry.bytes.clear();
        }
    }

    /// Cuts, in place, the too long ones of whole lines; the length of what is left.
    fn shorten(&mut self, lines: &mut [u8]) -> usize {
        if lines.len() <= self.max_line + 1 {
            return lines.len();
        }
        let (mut from, mut to) = (0, 0);
        while let Some(length) = memchr(b'\n', &lines[from..]) {
            let kept = length.min(self.max_line);
            lines.copy_within(from..from + kept, to);
            lines[to + kept] = b'\n';
            if kept < length {
                self.stats.lines_cut += 1;
                self.stats.bytes_cut += (length - kept) as u64;
            }
            from += length + 1;
            to += kept + 1;
        }
        to
    }
}

impl Framer {
    pub(super) fn new(source: SourceId) -> Self {
        Framer { source, open: None }
    }

    /// Whether there is an open chunk.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Hands the open chunk over, if there is anything in it.
    pub(super) fn seal(&mut self, full: &mut dyn FnMut(Chunk)) {
        if let Some(chunk) = self.open.take()
            && !chunk.is_empty()
        {
            full(chunk);
        }
    }

    /// Gives an open chunk back that nothing was read into: an idle source holds none.
    pub(super) fn give_back_empty(&mut self) {
        self.open.take_if(|chunk| chunk.is_empty());
    }

    fn open(&mut self, pool: &Pool) -> Option<&mut Chunk> {
        if self.open.is_none() {
            self.open = pool.take(self.source);
        }
        self.open.as_mut()
    }
}

impl Intake<'_> {
    /// Reads once. Whole lines are kept in the open chunk, the rest in `carry`.
    ///
    /// # Errors
    /// What `read` failed with, also `WouldBlock`; interrupted reads are repeated.
    pub(super) fn fill(
        &mut self,
        carry: &mut Carry,
        read: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<Fill> {
        let Some(chunk) = self.framer.open(&self.shared.pool) else { return Ok(Fill::Starved) };
        let in_front = !carry.cut && carry.bytes.len() <= COPIED;
        let front = if in_front { carry.bytes.len() } else { 0 };
        let room = chunk.spare_mut();
        room[..front].copy_from_slice(&carry.bytes[..front]);
        let n = loop {
            match read(&mut room[front..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        if n == 0 {
            return Ok(Fill::Nothing);
        }
        self.shared.stats.bytes += n as u64;
        let (came, _) = room[front..].split_at_mut(n);
        match memrchr(b'\n', came) {
            None => self.shared.hold(carry, came),
            Some(last) if in_front => {
                self.shared.release(carry);
                self.shared.hold(carry, &came[last + 1..]);
                let whole = self.shared.shorten(&mut room[..front + last + 1]);
                chunk.advance(whole);
            }
            Some(last) => {
                // The long line ends in what came. It is completed in the carry and goes in front of
                // the lines behind it, which lie in the chunk's room: copied out and in, once a line.
                let first = memchr(b'\n', came).unwrap_or(last);
                self.shared.hold(carry, &came[..first]);
                let mut lines = came[first + 1..=last].to_vec();
                let mut next = Carry::default();
                self.shared.hold(&mut next, &came[last + 1..]);
                self.append_line(&carry.bytes);
                let whole = self.shared.shorten(&mut lines);
                self.append(&lines[..whole]);
                self.shared.release(carry);
                *carry = next;
            }
        }
        if self.framer.open.as_ref().is_some_and(|chunk| chunk.spare() < MIN_READ) {
            self.framer.seal(self.full);
        }
        Ok(Fill::Bytes)
    }

    /// Closes the partial line as a line: its stream has ended. False if there was no chunk to put
    /// it into; then nothing has changed.
    #[must_use]
    pub(super) fn finish(&mut self, carry: &mut Carry) -> bool {
        if carry.is_empty() {
            return true;
        }
        if self.framer.open(&self.shared.pool).is_none() {
            return false;
        }
        self.append_line(&carry.bytes);
        self.shared.release(carry);
        true
    }

    /// Drops the partial line, whose end can never come, and counts it as lost; its length.
    pub(super) fn discard(&mut self, carry: &mut Carry) -> usize {
        let lost = carry.bytes.len();
        self.shared.stats.bytes_lost += lost as u64;
        self.shared.release(carry);
        lost
    }

    fn append_line(&mut self, line: &[u8]) {
        self.append(line);
        self.append(b"\n");
    }

    /// Appends to the open chunk; what does not fit goes to a fresh one, or lets the chunk grow
    /// where the pool has none.
    fn append(&mut self, bytes: &[u8]) {
        let Some(open) = &mut self.framer.open else { return };
        if open.spare() < bytes.len()
            && open.bytes().last() == Some(&b'\n')
            && let Some(fresh) = self.shared.pool.take(self.framer.source)
        {
            (self.full)(std::mem::replace(open, fresh));
        }
        open.extend(bytes);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::batch::CHUNK_SIZE;

    /// Feeds pieces to streams (given by number) of one source; the lines handed over.
    fn feed(pieces: &[(usize, &[u8])], max_line: usize, shared: &mut Shared) -> Vec<u8> {
        let mut out = Vec::new();
        let mut full = |chunk: Chunk| {
            assert_eq!(chunk.bytes().last(), Some(&b'\n'));
            out.extend_from_slice(chunk.bytes());
        };
        shared.max_line = max_line;
        let mut framer = Framer::new(SourceId(0));
        let mut carries: Vec<Carry> = Vec::new();
        carries.resize_with(8, Carry::default);
        let mut intake = Intake { framer: &mut framer, shared, full: &mut full };
        for &(stream, piece) in pieces {
            let mut piece = piece;
            while !piece.is_empty() {
                let mut read = |room: &mut [u8]| io::Read::read(&mut piece, room);
                assert_eq!(intake.fill(&mut carries[stream], &mut read).unwrap(), Fill::Bytes);
            }
        }
        for carry in &mut carries {
            assert!(intake.finish(carry));
        }
        framer.seal(&mut full);
        out
    }

    fn shared() -> Shared {
        Shared::new(Pool::new(2), 1 << 20)
    }

    #[test]
    fn streams_never_mix_and_last_lines_get_their_newline() {
        let mut shared = shared();
        let pieces: [(usize, &[u8]); 7] = [
            (0, b"one\ntw"),
            (1, b"ONE\nTW"),
            (0, b""),
            (0, b"o\n\n"),
            (1, b"O"),
            (1, b"\nTHREE"),
            (0, b"\r"),
        ];
        assert_eq!(feed(&pieces, 100, &mut shared), b"one\nONE\ntwo\n\nTWO\n\r\nTHREE\n");
        assert_eq!((shared.carried, shared.stats.bytes), (0, 23));
    }

    #[test]
    fn any_cutting_into_reads_gives_the_same_lines() {
        let text: Vec<u8> =
            (0..3000).flat_map(|n| format!("{}\n", "x".repeat(n % 97)).into_bytes()).collect();
        for size in [1, 2, 7, 100, 5000, 60_000] {
            let pieces: Vec<(usize, &[u8])> = text.chunks(size).map(|piece| (0, piece)).collect();
            assert_eq!(feed(&pieces, 1 << 20, &mut shared()), text, "in pieces of {size}");
        }
    }

    #[test]
    fn too_long_lines_are_cut_and_counted() {
        let mut shared = shared();
        let pieces: [(usize, &[u8]); 3] =
            [(0, b"abcdef\nabc\nabcd\nxxxxx"), (0, b"yyyy"), (0, b"z\nq\nlonger")];
        assert_eq!(feed(&pieces, 3, &mut shared), b"abc\nabc\nabc\nxxx\nq\nlon\n");
        assert_eq!((shared.stats.lines_cut, shared.stats.bytes_cut), (4, 3 + 1 + 7 + 3));
    }

    #[test]
    fn a_line_longer_than_a_chunk_stays_whole_and_one_longer_than_allowed_is_cut() {
        let mut text = b"first\n".to_vec();
        text.extend(std::iter::repeat_n(b'a', 3 * CHUNK_SIZE));
        text.extend(b"\nnext\nlast\npart");
        let mut whole = text.clone();
        whole.push(b'\n');
        for size in [50_000, 1 << 20] {
            let pieces: Vec<(usize, &[u8])> = text.chunks(size).map(|piece| (0, piece)).collect();
            assert_eq!(feed(&pieces, 1 << 20, &mut shared()), whole);
            let mut shared = shared();
            let cut = feed(&pieces, CHUNK_SIZE + 1, &mut shared);
            assert_eq!(cut.len(), whole.len() - (2 * CHUNK_SIZE - 1));
            assert_eq!(shared.stats.bytes_cut, 2 * CHUNK_SIZE as u64 - 1);
            assert!(cut.ends_with(b"aa\nnext\nlast\npart\n"));
        }
    }

    #[test]
    fn partial_lines_are_bounded_together() {
        let mut shared = shared();
        shared.max_carried = 10;
        let pieces: [(usize, &[u8]); 4] =
            [(0, b"12345678"), (1, b"abcdef"), (1, b"ghi\nfine\n"), (0, b"9\n")];
        assert_eq!(feed(&pieces, 100, &mut shared), b"ab\nfine\n123456789\n");
        assert_eq!((shared.carried, shared.stats.lines_cut, shared.stats.bytes_cut), (0, 1, 7));
    }

    #[test]
    fn partial_lines_take_little_more_memory_than_they_have_bytes() {
        let mut shared = shared();
        let mut carry = Carry::default();
        for size in [1, 100, 1000, 60_000] {
            (0..10).for_each(|_| shared.hold(&mut carry, &vec![b'x'; size]));
            let (bytes, room) = (carry.bytes.len(), carry.bytes.capacity());
            assert!(room <= bytes + bytes / 8 + 8, "{room} for {bytes}");
        }
    }

    #[test]
    fn without_a_chunk_nothing_is_read() {
        let pool = Pool::new(1);
        let _taken = pool.take(SourceId(9)).unwrap();
        let (mut framer, mut shared) = (Framer::new(SourceId(0)), Shared::new(pool, 100));
        let mut full = |_: Chunk| {};
        let mut intake = Intake { framer: &mut framer, shared: &mut shared, full: &mut full };
        let mut carry = Carry { bytes: b"x".to_vec(), cut: false, came: 1 };
        let mut read = |_: &mut [u8]| -> io::Result<usize> { panic!("read without a chunk") };
        assert_eq!(intake.fill(&mut carry, &mut read).unwrap(), Fill::Starved);
        assert!(!intake.finish(&mut carry));
        assert_eq!(carry.bytes, b"x");
    }

    /// The slow twin: each stream's lines, cut to `max_line`, in the order in which they ended.
    fn lines_of(pieces: &[(usize, Vec<u8>)], max_line: usize) -> Vec<u8> {
        let mut partial = vec![Vec::new(); 8];
        let mut out = Vec::new();
        let mut put = |line: &mut Vec<u8>| {
            out.extend(line.iter().take(max_line));
            out.push(b'\n');
            line.clear();
        };
        for (stream, piece) in pieces {
            for &byte in piece {
                if byte == b'\n' {
                    put(&mut partial[*stream]);
                } else {
                    partial[*stream].push(byte);
                }
            }
        }
        partial.iter_mut().filter(|line| !line.is_empty()).for_each(put);
        out
    }

    proptest! {
        #[test]
        fn framing_agrees_with_its_slow_twin(
            pieces in vec((0..3usize, vec(prop_oneof![Just(b'a'), Just(b'b'), Just(b'\n')], 0..40)), 0..30),
            max_line in 1..30usize,
        ) {
            let mut shared = shared();
            let borrowed: Vec<(usize, &[u8])> = pieces.iter().map(|(stream, piece)| (*stream, &piece[..])).collect();
            let out = feed(&borrowed, max_line, &mut shared);
            prop_assert_eq!(&out, &lines_of(&pieces, max_line));
            let stats = shared.stats;
            let added = out.iter().filter(|&&byte| byte == b'\n').count()
                - pieces.iter().flat_map(|(_, piece)| piece).filter(|&&byte| byte == b'\n').count();
            prop_assert_eq!(out.len() as u64, stats.bytes - stats.bytes_cut + added as u64);
            prop_assert_eq!(shared.carried, 0);
        }
    }
}
