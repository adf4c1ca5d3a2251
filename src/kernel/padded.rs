//! A reusable buffer whose content is a [`Text`]: for kernels that cannot work in place.

use crate::batch::{SLACK, Text};

/// A growing byte buffer with [`SLACK`] readable bytes behind its content.
#[derive(Clone, Debug)]
pub struct PaddedBuf {
    /// The content, then `SLACK` bytes of any value.
    bytes: Vec<u8>,
}

impl Default for PaddedBuf {
    fn default() -> Self {
        PaddedBuf { bytes: vec![0; SLACK] }
    }
}

impl PaddedBuf {
    /// The content, ready for kernels.
    pub fn text(&self) -> Text<'_> {
        Text::new(&self.bytes, self.bytes.len() - SLACK)
    }

    /// The content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.bytes.len() - SLACK]
    }

    /// Gives memory back that is more than is worth keeping: a line of extraordinary length leaves
    /// none behind.
    pub fn release(&mut self, worth_keeping: usize) {
        if self.bytes.capacity() > worth_keeping {
            *self = PaddedBuf::default();
        }
    }

    /// Replaces the content by what `fill` appends to an empty vector.
    pub fn fill<R>(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        // Taken and put back: if `fill` panics, the buffer is empty and still has its slack.
        let mut bytes = std::mem::take(self).bytes;
        bytes.clear();
        let result = fill(&mut bytes);
        bytes.resize(bytes.len() + SLACK, 0);
        self.bytes = bytes;
        result
    }
}
