//! What `mapWithState` knows of keys, as rows of a table of which only those are written that a batch has touched.

use std::sync::Arc;

use crate::batch::packed::{Packed, put_number};
use crate::batch::value::{Arena, Heap, Task, decode, hash};
use crate::batch::{Dataset, Entry, KeyRef, Partition, States};
use crate::error::Result;
use crate::plan::{Origin, Rdd, RddOp};

/// Values that are decoded for their hashes before their memory is used again.
const AT_ONCE: usize = 4096;

/// What was written of the keys, by partition.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    written: Arc<[States]>,
}

/// A row's key, and what is there now.
type Change<'c> = &'c mut dyn FnMut(&[u8], Option<&[u8]>) -> Result<()>;

impl Tracked {
    /// Writes what has changed.
    ///
    /// # Errors
    /// Those of `change`.
    pub(super) fn update(&mut self, states: Option<&Arc<[States]>>, change: Change<'_>) -> Result<()> {
        let now = states.cloned().unwrap_or_default();
        if Arc::ptr_eq(&now, &self.written) {
            return Ok(());
        }
        let nothing = States::default();
        for partition in 0..now.len().max(self.written.len()) {
            let before = self.written.get(partition).unwrap_or(&nothing);
            let number = u32::try_from(partition).unwrap_or(u32::MAX).to_be_bytes();
            now.get(partition).unwrap_or(&nothing).changes_since(before, |entry, is_there| {
                let key = [&number[..], &entry.key.encoded].concat();
                let state = entry.state.as_ref().filter(|_| is_there);
                change(&key, state.map(|state| value(entry, state)).as_deref())
            })?;
        }
        self.written = now;
        Ok(())
    }

    /// What has to be known besides the rows.
    pub(super) fn pack(states: &[States], out: &mut Vec<u8>) {
        put_number(states.len() as u64, out);
        out.push(u8::from(states.iter().any(States::notes_touched)));
    }

    /// What was packed, with its rows; `None` if they are not what was written.
    pub(super) fn unpack(packed: &mut Packed<'_>, rows: &[(&[u8], &[u8])]) -> Option<Self> {
        let count = packed.length()?;
        let notes_touched = packed.byte()? != 0;
        let mut entries: Vec<Vec<Entry>> = vec![Vec::new(); count];
        let mut arena = Arena::default();
        for rows in rows.chunks(AT_ONCE) {
            let task = Task::default();
            let heap = Heap::new(&arena, &task);
            for (key, value) in rows {
                let (number, key) = key.split_at_checked(size_of::<u32>())?;
                let partition = u32::from_be_bytes(number.try_into().ok()?) as usize;
                let hash = hash(&heap, decode(&heap, &mut &*key)).ok()?;
                let mut value = Packed::new(value);
                let (order, touched) = (value.number()?, i64::from_be_bytes(value.array()?));
                let state = value.take(value.left())?;
                let key = KeyRef { hash, encoded: (*key).into() };
                entries.get_mut(partition)?.push(Entry { key, order, state: Some(state.into()), touched });
            }
            arena.reset();
        }
        let states = entries.into_iter().map(|entries| States::of(entries, notes_touched));
        Some(Tracked { written: states.collect() })
    }

    /// As what the next batch goes on from.
    pub(super) fn rdd(&self, origin: &Origin) -> Arc<Rdd> {
        let partitions = vec![Partition::default(); self.written.len()];
        let rdd = Rdd::new(RddOp::States(Arc::clone(&self.written)), Vec::new(), origin.clone());
        rdd.keep(Dataset { partitions });
        rdd
    }
}

/// A row's value.
fn value(entry: &Entry, state: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(state.len() + 16);
    put_number(entry.order, &mut value);
    value.extend(entry.touched.to_be_bytes());
    value.extend(state);
    value
}
