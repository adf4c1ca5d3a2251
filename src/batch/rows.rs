//! Records at rest: encoded one behind the other, so that windows, state and shuffles hold bytes
//! that any thread may read, and that are given back in one piece.

use super::value::{Heap, Raised, Value, decode, encode};

/// Encoded records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    bytes: Vec<u8>,
    count: usize,
}

impl Rows {
    /// Appends a record.
    ///
    /// # Errors
    /// Those of [`encode`]; nothing is appended then.
    pub fn push<'a>(&mut self, heap: &Heap<'a>, record: Value<'a>) -> Result<(), Raised> {
        let start = self.bytes.len();
        match encode(heap, record, &mut self.bytes) {
            Ok(()) => {
                self.count += 1;
                Ok(())
            }
            Err(raised) => {
                self.bytes.truncate(start);
                Err(raised)
            }
        }
    }

    /// Appends a record that another [`Rows`] had encoded.
    pub fn push_encoded(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.count += 1;
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The encoded records.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The records, decoded one by one into a heap; text is borrowed from here.
    pub fn iter<'a>(&'a self, heap: &Heap<'a>) -> impl Iterator<Item = Value<'a>> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || (!rest.is_empty()).then(|| decode(heap, &mut rest)))
    }
}
