//! Looking in: statistics of a run, its progress on the terminal, and messages to the user.

mod messages;
mod progress;
mod stats;

pub use messages::{Messages, Verbosity};
pub use progress::{Progress, ProgressMode};
pub use stats::Stats;
