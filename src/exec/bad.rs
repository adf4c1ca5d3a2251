//! Bad records: counted always; the first is remembered, and lines are kept where they are wanted.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::stage::BadRecord;
use crate::batch::SourceId;

/// As much of a bad record as a message shows, in bytes.
const SHOWN: usize = 80;

/// The bad records of all workers.
pub(super) struct BadLines {
    keep: bool,
    count: AtomicU64,
    bytes: AtomicUsize,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// The chunk of the earliest bad record, its source, and what was wrong with it.
    first: Option<(u64, SourceId, String)>,
    /// Lines, by chunk.
    lines: Vec<(u64, Vec<u8>)>,
}

impl BadLines {
    pub(super) fn new(keep: bool) -> Self {
        BadLines { keep, count: AtomicU64::new(0), bytes: AtomicUsize::new(0), found: Mutex::default() }
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn first(&self) -> Option<(SourceId, String)> {
        self.lock().first.as_ref().map(|(_, source, text)| (*source, text.clone()))
    }

    pub(super) fn take(&self) -> Vec<u8> {
        let mut lines = std::mem::take(&mut self.lock().lines);
        self.bytes.store(0, Ordering::Relaxed);
        lines.sort_unstable_by_key(|(chunk, _)| *chunk);
        lines.into_iter().flat_map(|(_, lines)| lines).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bad records of one chunk.
pub(super) struct Collector<'a> {
    all: &'a BadLines,
    chunk: u64,
    source: SourceId,
    count: u64,
    first: Option<String>,
    lines: Vec<u8>,
}

impl<'a> Collector<'a> {
    /// For the chunk of that number.
    pub(super) fn new(all: &'a BadLines, chunk: u64, source: SourceId) -> Self {
        Collector { all, chunk, source, count: 0, first: None, lines: Vec::new() }
    }

    /// Hands over what was found.
    pub(super) fn deliver(self) {
        if self.count == 0 {
            return;
        }
        let mut found = self.all.lock();
        if let Some(text) = self.first
            && found.first.as_ref().is_none_or(|(earliest, ..)| self.chunk < *earliest)
        {
            found.first = Some((self.chunk, self.source, text));
        }
        if !self.lines.is_empty() {
            self.all.bytes.fetch_add(self.lines.len(), Ordering::Relaxed);
            found.lines.push((self.chunk, self.lines));
        }
        // Counted last: who sees the count finds the rest.
        drop(found);
        self.all.count.fetch_add(self.count, Ordering::Release);
    }
}

impl BadRecord for Collector<'_> {
    fn bad(&mut self, record: &[u8], why: &dyn Fn() -> String) {
        self.count += 1;
        if self.first.is_none() {
            let shown = String::from_utf8_lossy(&record[..record.len().min(SHOWN)]);
            let dots = if record.len() > SHOWN { "…" } else { "" };
            self.first = Some(format!("{}: {shown:?}{dots}", why()));
        }
        if self.all.keep {
            self.lines.extend_from_slice(record);
            self.lines.push(b'\n');
        }
    }
}
