//! Binary files as lines: each record of fixed length becomes its hexadecimal digits.

use std::io::{self, Read};
use std::num::NonZeroUsize;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Bytes read at a time.
const BUFFER: usize = 64 * 1024;

/// Reads records as lines of hexadecimal digits. What is left behind the last whole record is a line
/// that is shorter, and has no end.
pub(super) struct HexRecords<R> {
    input: R,
    length: NonZeroUsize,
    /// Bytes of the present record that were read.
    at: usize,
    /// What was made and not yet handed over.
    made: Vec<u8>,
    given: usize,
}

impl<R: Read> HexRecords<R> {
    pub(super) fn new(input: R, length: NonZeroUsize) -> Self {
        HexRecords { input, length, at: 0, made: Vec::new(), given: 0 }
    }

    /// What is read from.
    pub(super) fn input(&self) -> &R {
        &self.input
    }

    fn make(&mut self) -> io::Result<()> {
        let mut bytes = vec![0; BUFFER];
        let read = self.input.read(&mut bytes)?;
        self.made.clear();
        self.given = 0;
        for byte in &bytes[..read] {
            self.made.push(DIGITS[usize::from(byte >> 4)]);
            self.made.push(DIGITS[usize::from(byte & 15)]);
            self.at += 1;
            if self.at == self.length.get() {
                self.made.push(b'\n');
                self.at = 0;
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for HexRecords<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.given == self.made.len() {
            self.make()?;
        }
        let left = &self.made[self.given..];
        let count = left.len().min(room.len());
        room[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn any_cutting_into_reads_gives_the_same_lines() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * BUFFER + 5).collect();
        for length in [1, 3, 1000] {
            let mut expected = String::new();
            for record in bytes.chunks(length) {
                record.iter().for_each(|byte| expected.push_str(&format!("{byte:02x}")));
                expected.push_str(if record.len() == length { "\n" } else { "" });
            }
            for size in [1, 7, 100_000] {
                let mut records = HexRecords::new(&bytes[..], NonZeroUsize::new(length).unwrap());
                let mut text = Vec::new();
                let mut room = vec![0; size];
                while let n @ 1.. = records.read(&mut room).unwrap() {
                    text.extend_from_slice(&room[..n]);
                }
                assert!(text == expected.as_bytes(), "records of {length} in pieces of {size}");
            }
        }
    }
}
