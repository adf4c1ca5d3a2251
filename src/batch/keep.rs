//! Where operators put what they keep beyond their process: named tables of bytes.

use crate::error::Result;

/// Takes changes of tables, each from key to value, in the order in which they are made.
///
/// A table comes to be with its first key. Keys have an order, that of their bytes, but nobody asks for it.
pub trait Keep {
    /// Puts a value at a key, in place of what is there.
    ///
    /// # Errors
    /// What keeps it from being noted.
    fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<()>;

    /// Takes a key away, if it is there.
    ///
    /// # Errors
    /// What keeps it from being noted.
    fn delete(&mut self, table: &str, key: &[u8]) -> Result<()>;
}
