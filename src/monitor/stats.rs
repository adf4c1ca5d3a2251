//! Totals of a run, and the lines that tell them.
//!
//! Units: bytes are decimal (1 MB is 10⁶ B), as networks, disks and published figures have them.

use std::fmt;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, HumanCount};

/// What a run has done so far. The driver counts; nothing here reads a clock.
#[derive(Clone, Debug)]
pub struct Stats {
    /// When the run began; rates are averages since then.
    pub started: Instant,
    /// Records that were read.
    pub records: u64,
    /// Bytes of input that were read, line ends included.
    pub bytes: u64,
    /// Batches that were finished.
    pub batches: u64,
    /// Bad records that were left out (`--on-error skip` or `file=PATH`).
    pub skipped: u64,
    /// Lines that were longer than `--max-line`, and were cut there.
    pub cut_lines: u64,
    /// Bytes that were cut from those.
    pub cut_bytes: u64,
    /// Datagrams that the kernel dropped before they could be read.
    pub dropped_datagrams: u64,
    /// Bytes of lines whose end never came and that were not counted as records (a file that was
    /// truncated in the middle of a line).
    pub incomplete_bytes: u64,
    /// How long after its time the last batch was written.
    pub delay: Duration,
    /// The longest such delay.
    pub longest_delay: Duration,
    /// Clients that are connected now; none where no source listens.
    pub clients: Option<usize>,
}

impl Stats {
    /// Nothing done yet by a run that begins now.
    pub fn new(started: Instant) -> Self {
        Stats {
            started,
            records: 0,
            bytes: 0,
            batches: 0,
            skipped: 0,
            cut_lines: 0,
            cut_bytes: 0,
            dropped_datagrams: 0,
            incomplete_bytes: 0,
            delay: Duration::ZERO,
            longest_delay: Duration::ZERO,
            clients: None,
        }
    }

    /// Notes how long after its time the last batch was written.
    pub fn delayed(&mut self, delay: Duration) {
        self.delay = delay;
        self.longest_delay = self.longest_delay.max(delay);
    }

    /// Whether anything was lost, cut or left out, which the user must be told.
    pub fn worth_saying(&self) -> bool {
        self.skipped > 0 || self.cut_lines > 0 || self.dropped_datagrams > 0 || self.incomplete_bytes > 0
    }

    /// The run in one line, for its end.
    pub fn summary(&self, now: Instant) -> String {
        let mut line = format!(
            "{}; skipped {}, dropped {}, cut {}",
            self.totals(now),
            Plural(self.skipped, "record"),
            Plural(self.dropped_datagrams, "datagram"),
            Plural(self.cut_lines, "line"),
        );
        if self.cut_lines > 0 {
            line += &format!(" by {}", DecimalBytes(self.cut_bytes));
        }
        if self.incomplete_bytes > 0 {
            line += &format!(", lost {} of lines without an end", DecimalBytes(self.incomplete_bytes));
        }
        line + &format!("; longest delay {}", span(self.longest_delay))
    }

    /// The run in one line, while it goes on.
    pub fn status(&self, now: Instant) -> String {
        let mut line = format!("{}; delay {}", self.totals(now), span(self.delay));
        if let Some(clients) = self.clients {
            line += &format!("; {}", Plural(clients as u64, "client"));
        }
        line
    }

    /// Records, bytes and batches, with their rates since the start.
    fn totals(&self, now: Instant) -> String {
        let elapsed = now.saturating_duration_since(self.started);
        let rates = Rates::over(elapsed, self.records, self.bytes);
        let [records, batches] = [Plural(self.records, "record"), Plural(self.batches, "batch")];
        format!("{records}, {}, {batches} in {} ({rates})", DecimalBytes(self.bytes), span(elapsed))
    }
}

/// Records and bytes a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rates {
    records: u64,
    bytes: u64,
}

impl Rates {
    /// So many in such a time; nothing a second if no time has passed.
    pub(super) fn over(time: Duration, records: u64, bytes: u64) -> Self {
        let seconds = time.as_secs_f64();
        let rate = |n: u64| if seconds > 0.0 { (n as f64 / seconds).round() as u64 } else { 0 };
        Rates { records: rate(records), bytes: rate(bytes) }
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s, {}/s", Plural(self.records, "record"), DecimalBytes(self.bytes))
    }
}

/// A number of things: `1 record`, `1,234 records`, `2 batches`.
pub(super) struct Plural(pub(super) u64, pub(super) &'static str);

impl fmt::Display for Plural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plural(number, noun) = self;
        let ending = match number {
            1 => "",
            _ if noun.ends_with("ch") => "es",
            _ => "s",
        };
        write!(f, "{} {noun}{ending}", HumanCount(*number))
    }
}

/// A time as people take it in: `4 ms`, `1.3 s`, `1h 2m 5s`.
pub(super) fn span(time: Duration) -> String {
    match time.as_millis() {
        millis @ ..1000 => format!("{millis} ms"),
        millis @ ..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => match jiff::SignedDuration::try_from(Duration::from_secs(time.as_secs())) {
            Ok(whole) => format!("{whole:#}"),
            Err(_) => format!("{} s", time.as_secs()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> (Stats, Instant) {
        let started = Instant::now();
        let mut stats = Stats { records: 1234, bytes: 5_600_000, batches: 2, ..Stats::new(started) };
        stats.delayed(Duration::from_millis(40));
        stats.delayed(Duration::from_millis(3));
        (stats, started + Duration::from_secs(2))
    }

    #[test]
    fn a_summary_tells_totals_rates_and_what_was_lost() {
        let (mut stats, now) = busy();
        assert!(!stats.worth_saying());
        assert_eq!(
            stats.summary(now),
            "1,234 records, 5.60 MB, 2 batches in 2.0 s (617 records/s, 2.80 MB/s); \
             skipped 0 records, dropped 0 datagrams, cut 0 lines; longest delay 40 ms"
        );
        stats = Stats { skipped: 1, cut_lines: 2, cut_bytes: 2500, incomplete_bytes: 7, ..stats };
        assert!(stats.worth_saying());
        assert!(stats.summary(now).ends_with(
            "skipped 1 record, dropped 0 datagrams, cut 2 lines by 2.50 kB, \
             lost 7 B of lines without an end; longest delay 40 ms"
        ));
    }

    #[test]
    fn a_status_tells_how_it_goes() {
        let (mut stats, now) = busy();
        assert!(stats.status(now).ends_with("(617 records/s, 2.80 MB/s); delay 3 ms"));
        stats.clients = Some(1);
        assert!(stats.status(now).ends_with("; delay 3 ms; 1 client"));
        assert!(stats.status(stats.started).contains("(0 records/s, 0 B/s)"));
    }

    #[test]
    fn times_are_told_in_units_of_their_size() {
        assert_eq!(span(Duration::from_micros(900)), "0 ms");
        assert_eq!(span(Duration::from_millis(999)), "999 ms");
        assert_eq!(span(Duration::from_millis(1390)), "1.3 s");
        assert_eq!(span(Duration::from_millis(3_725_900)), "1h 2m 5s");
    }
}
