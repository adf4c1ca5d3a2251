//! Tables in memory: what operators keep goes there, and is taken back from there.

use std::collections::BTreeMap;

use dstream::batch::Keep;
use dstream::error::Result;

/// Tables of bytes, and how many changes came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    rows: BTreeMap<(String, Vec<u8>), Vec<u8>>,
    pub puts: usize,
    pub deletes: usize,
}

impl Store {
    pub fn rows(&self) -> impl Iterator<Item = (&str, &[u8], &[u8])> {
        self.rows.iter().map(|((table, key), value)| (&**table, &**key, &**value))
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Changes a value, or forgets a row.
    pub fn damage(&mut self, number: usize, damage: impl FnOnce(&mut Vec<u8>) -> bool) {
        let key = self.rows.keys().nth(number).expect("there are so many rows").clone();
        if !damage(self.rows.get_mut(&key).expect("it is there")) {
            self.rows.remove(&key);
        }
    }
}

impl Keep for Store {
    fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<()> {
        self.puts += 1;
        self.rows.insert((table.to_string(), key.to_vec()), value.to_vec());
        Ok(())
    }

    fn delete(&mut self, table: &str, key: &[u8]) -> Result<()> {
        self.deletes += 1;
        self.rows.remove(&(table.to_string(), key.to_vec()));
        Ok(())
    }
}
