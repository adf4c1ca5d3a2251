//! Progress on stderr while a run goes on. Nothing ticks by itself: an idle run stays asleep.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::stats::{Plural, Rates, Stats, span};

/// Rates shown are averages over at least this time, so that they can be read.
const RATE_SPAN: Duration = Duration::from_secs(1);

/// Rates over less than this are mostly noise and are not shown.
const SHORTEST_RATE_SPAN: Duration = Duration::from_millis(100);

/// Progress off a terminal comes as lines, no more often than this.
const LINE_SPAN: Duration = Duration::from_secs(1);

/// Times a second that the line on a terminal is drawn at most.
const REDRAWS: u8 = 10;

/// When to show progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProgressMode {
    /// Where stderr is a terminal.
    #[default]
    Auto,
    /// Everywhere: off a terminal as plain lines, one a second at most.
    Always,
    /// Nowhere.
    Never,
}

/// The progress of a run. Clones show the same one.
#[derive(Clone, Debug)]
pub struct Progress {
    view: View,
    recent: Arc<Mutex<Recent>>,
    /// Whether what goes to stdout appears on a terminal too.
    beside_output: bool,
}

#[derive(Clone, Debug)]
enum View {
    None,
    Bar(ProgressBar),
    Lines,
}

/// The present rates, and what they are measured from.
#[derive(Debug, Default)]
struct Recent {
    /// None until there is enough time to measure them over.
    rates: Option<Rates>,
    since: Option<(Instant, u64, u64)>,
    last_line: Option<Instant>,
}

impl Progress {
    /// Progress towards `total` bytes of input, if that is known; with it comes a bar, a
    /// percentage and the time left. `color` lets the bar have a colour.
    pub fn new(mode: ProgressMode, total: Option<u64>, color: bool) -> Self {
        let target = || ProgressDrawTarget::stderr_with_hz(REDRAWS);
        let view = match mode {
            ProgressMode::Never => View::None,
            _ if !target().is_hidden() => View::Bar(bar(total, target(), color)),
            ProgressMode::Auto => View::None,
            ProgressMode::Always => View::Lines,
        };
        Progress { view, recent: Arc::default(), beside_output: io::stdout().is_terminal() }
    }

    /// Whether anything is shown at all, and [`Progress::update`] worth calling.
    pub fn is_shown(&self) -> bool {
        !matches!(self.view, View::None)
    }

    /// Shows the totals as they are now. To be called at every batch, and up to some ten times a
    /// second while data flow; what comes too soon is not drawn.
    pub fn update(&self, stats: &Stats, now: Instant) {
        if !self.is_shown() {
            return;
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.measure(stats, now);
        let text = || {
            let (records, bytes) = (Plural(stats.records, "record"), DecimalBytes(stats.bytes));
            let rates = recent.rates.map(|rates| format!(" ({rates})")).unwrap_or_default();
            format!("{records}, {bytes}{rates}, delay {}", span(stats.delay))
        };
        match &self.view {
            View::None => {}
            View::Bar(bar) => {
                // Only the last call draws: two would compete for one place in the frame rate.
                bar.clone().with_position(stats.bytes).set_message(text());
            }
            View::Lines => {
                if recent.last_line.is_none_or(|last| now.saturating_duration_since(last) >= LINE_SPAN) {
                    let line = format!("dstream: {}\n", text());
                    recent.last_line = Some(now);
                    // A closed stderr does not end the run.
                    io::stderr().write_all(line.as_bytes()).ok();
                }
            }
        }
    }

    /// Runs something that writes to stdout. Where both share a terminal, the progress line is
    /// taken away before and drawn again below; `write` must not send messages then.
    pub fn suspend<R>(&self, write: impl FnOnce() -> R) -> R {
        if self.beside_output { self.above(write) } else { write() }
    }

    /// Runs something that writes to the terminal above the progress line.
    pub(super) fn above<R>(&self, write: impl FnOnce() -> R) -> R {
        match &self.view {
            View::Bar(bar) => bar.suspend(write),
            View::None | View::Lines => write(),
        }
    }

    /// Takes the progress line away, for good.
    pub fn finish(&self) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
    }
}

impl Recent {
    /// Brings the rates up to date: averages since the start at first, later over a little more
    /// than the span.
    fn measure(&mut self, stats: &Stats, now: Instant) {
        let (since, records, bytes) = self.since.unwrap_or((stats.started, 0, 0));
        let time = now.saturating_duration_since(since);
        let shortest = if self.since.is_some() { RATE_SPAN } else { SHORTEST_RATE_SPAN };
        if time < shortest {
            return;
        }
        let (records, bytes) = (stats.records.saturating_sub(records), stats.bytes.saturating_sub(bytes));
        self.rates = Some(Rates::over(time, records, bytes));
        if time >= RATE_SPAN {
            self.since = Some((now, stats.records, stats.bytes));
        }
    }
}

/// A line on the terminal, with a bar in front where the end is known.
fn bar(total: Option<u64>, target: ProgressDrawTarget, color: bool) -> ProgressBar {
    let template = match (total, color) {
        (None, _) => "{wide_msg}",
        (Some(_), false) => "[{bar:16}] {percent:>3}%, {eta} left, {wide_msg}",
        (Some(_), true) => "[\x1b[36m{bar:16}\x1b[0m] {percent:>3}%, {eta} left, {wide_msg}",
    };
    let style =
        ProgressStyle::with_template(template).expect("the templates are valid").progress_chars("=> ");
    ProgressBar::with_draw_target(total, target).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_last_second_or_so() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let read = |records, bytes| Stats { records, bytes, ..Stats::new(start) };
        let mut recent = Recent::default();
        recent.measure(&read(10, 1000), at(1));
        assert_eq!(recent.rates, None, "too soon to say");
        recent.measure(&read(10, 1000), at(500));
        assert_eq!(recent.rates, Some(Rates::over(RATE_SPAN, 20, 2000)));
        recent.measure(&read(40, 4000), at(2000));
        assert_eq!(recent.rates, Some(Rates::over(RATE_SPAN, 20, 2000)));
        recent.measure(&read(1000, 9000), at(2900));
        assert_eq!(recent.rates, Some(Rates::over(RATE_SPAN, 20, 2000)), "too soon to say");
        recent.measure(&read(50, 5000), at(4000));
        assert_eq!(recent.rates, Some(Rates::over(RATE_SPAN, 5, 500)));
    }

    #[test]
    fn bars_are_drawn_from_valid_templates() {
        for (total, color) in [(None, false), (None, true), (Some(1), false), (Some(1), true)] {
            assert_eq!(bar(total, ProgressDrawTarget::hidden(), color).length(), total);
        }
    }
}
