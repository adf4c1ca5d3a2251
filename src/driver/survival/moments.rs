//! Moments at which a process may be killed: tests try all of them.

/// Where a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::driver) enum Moment {
    /// The input of a batch was read, nothing was done with it.
    Read,
    /// Its input is in the journal.
    Journalled,
    /// The batch was written.
    Written,
    /// All that belongs to the commit was gathered.
    Ready,
    /// The commit is durable.
    Committed,
    /// What the commit has promised to the outside was done.
    Published,
}

impl Moment {
    /// Kills this process, as `kill -9` would, if `DSTREAM_KILL_AT=written:3` asks for it: at the third time
    /// that this moment comes. Only builds for tests look at that.
    #[cfg(debug_assertions)]
    pub(in crate::driver) fn pass(self) {
        use std::sync::atomic::{AtomicU64, Ordering};

        static PASSED: [AtomicU64; 6] = [const { AtomicU64::new(0) }; 6];
        let passed = PASSED[self as usize].fetch_add(1, Ordering::Relaxed) + 1;
        let Ok(asked) = std::env::var("DSTREAM_KILL_AT") else { return };
        if asked == format!("{self:?}:{passed}").to_lowercase() {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }

    #[cfg(not(debug_assertions))]
    pub(in crate::driver) fn pass(self) {}
}
