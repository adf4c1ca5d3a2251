//! Looking in: statistics and progress.
