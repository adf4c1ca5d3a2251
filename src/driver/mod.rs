//! The conductor: batch clock, runs, signals.
