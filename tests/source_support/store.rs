//! Keeps positions as a store of keys and values does: in rows of text.

use std::collections::BTreeMap;

use dstream::batch::SourceId;
use dstream::source::Position;

/// The rows of every source.
#[derive(Clone, Default)]
pub struct Store {
    pub rows: BTreeMap<(SourceId, String), String>,
    /// Rows that were put or deleted.
    pub written: usize,
}

impl Store {
    pub fn commit(&mut self, changes: &[(SourceId, Position)]) {
        for (source, change) in changes {
            for (key, value) in change.rows() {
                self.written += 1;
                match value {
                    Some(value) => _ = self.rows.insert((*source, key), value),
                    None => _ = self.rows.remove(&(*source, key)),
                }
            }
        }
    }

    /// The positions of so many sources.
    pub fn positions(&self, sources: u16) -> Vec<Option<Position>> {
        (0..sources).map(|source| self.position(SourceId(source))).collect()
    }

    fn position(&self, wanted: SourceId) -> Option<Position> {
        let rows = self.rows.iter().filter(|((source, _), _)| *source == wanted);
        Position::from_rows(rows.map(|((_, key), value)| (key.as_str(), value.as_str()))).unwrap()
    }
}
