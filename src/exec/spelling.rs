//! How keys are shown that are equal to a key of another type: `True` and `1.0` are counted as `1`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::batch::Counts;

/// Keys as tables have them, with the spelling in which they came. Of several the greatest one, so that it
/// does not matter who came first.
pub(super) type Spelled = HashMap<Vec<u8>, Vec<u8>>;

/// The spellings of all workers, as long as their keys are counted.
#[derive(Default)]
pub(super) struct Spellings {
    known: Mutex<HashMap<Vec<u8>, Known>>,
}

/// A spelling, and the pane in which it was last met.
#[derive(Default)]
struct Known {
    spelling: Vec<u8>,
    last: u64,
}

impl Spellings {
    /// Adds what was met in a pane.
    pub(super) fn learn(&self, met: &mut Spelled, pane: u64) {
        if met.is_empty() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, spelling) in met.drain() {
            let best = known.entry(key).or_default();
            best.last = pane;
            if best.spelling < spelling {
                best.spelling = spelling;
            }
        }
    }

    /// The counts with keys as they are shown.
    pub(super) fn apply(&self, counts: Counts) -> Counts {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            return counts;
        }
        let mut shown = Counts::default();
        for (key, count) in counts.iter() {
            shown.push(known.get(key).map_or(key, |known| &known.spelling), count);
        }
        shown
    }

    /// All of them: the key, its spelling, and the pane in which that was last met.
    pub(super) fn all(&self) -> Vec<(Vec<u8>, Vec<u8>, u64)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(key, known)| (key.clone(), known.spelling.clone(), known.last)).collect()
    }

    /// Forgets what was not met since a pane.
    pub(super) fn forget_before(&self, pane: u64) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.last >= pane);
    }
}
