//! Records at rest: encoded one behind the other, so that windows, state and shuffles hold bytes
//! that any thread may read, and that are given back in one piece.

use super::value::{Heap, Raised, Value, decode, encode, extent, sound_extent};

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

    /// Records that were encoded once, from wherever these bytes come; `None` if they are no whole records.
    pub fn from_encoded(bytes: Vec<u8>) -> Option<Self> {
        let mut count = 0;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            rest = &rest[sound_extent(rest)?..];
            count += 1;
        }
        Some(Rows { bytes, count })
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

    /// The records as they are encoded, one by one.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let (record, behind) = rest.split_at(extent(rest).filter(|length| *length > 0)?);
            rest = behind;
            Some(record)
        })
    }

    /// The records, decoded one by one into a heap; text is borrowed from here.
    pub fn iter<'a>(&'a self, heap: &Heap<'a>) -> impl Iterator<Item = Value<'a>> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || (!rest.is_empty()).then(|| decode(heap, &mut rest)))
    }
}
