//! Runs that survive their process: the command as it is, killed, stopped and started again, over real files.
#![allow(clippy::unwrap_used)]

#[path = "../live_support/mod.rs"]
mod live_support;

mod changes;
mod faults;
mod kills;
mod live;
mod restarts;
mod support;
