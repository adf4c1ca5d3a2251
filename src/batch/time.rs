//! Batch time: milliseconds since the Unix epoch, cut at multiples of the interval as Spark does.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// A point in time, in milliseconds since the Unix epoch. A batch's time is the end of its span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// The length of a batch, in whole milliseconds; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval(NonZeroU64);

impl Time {
    /// The time `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Time(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// The first multiple of `interval` (since the epoch) that is later than this time, or the end of
    /// what time can hold.
    pub fn next_tick(self, interval: Interval) -> Time {
        let step = interval.as_millis();
        Time((self.0.div_euclid(step) + 1).saturating_mul(step))
    }

    /// The time `intervals` intervals later, or the end of what time can hold.
    pub fn after(self, interval: Interval, intervals: i64) -> Time {
        Time(self.0.saturating_add(interval.as_millis().saturating_mul(intervals)))
    }

    /// How many batches there are between the one of this time and the one of a later time.
    pub fn batches_between(self, later: Time, interval: Interval) -> u64 {
        let passed = later.0.saturating_sub(self.0) / interval.as_millis();
        u64::try_from(passed.saturating_sub(1)).unwrap_or(0)
    }

    /// Local time as Python's `str(datetime)` prints it: `2017-01-11 15:34:00`, with six more
    /// digits only where the fraction of the second is not zero.
    pub fn local_text(self, zone: &TimeZone) -> impl fmt::Display {
        let format = if self.0.rem_euclid(1000) == 0 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S.%6f" };
        self.timestamp().to_zoned(zone.clone()).strftime(format).to_string()
    }

    /// RFC 3339 in UTC, as machine formats print it: `2017-01-11T15:34:00Z`, with three more
    /// digits only where the milliseconds are not zero.
    pub fn rfc3339(self) -> impl fmt::Display {
        let format =
            if self.0.rem_euclid(1000) == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%3fZ" };
        self.timestamp().strftime(format).to_string()
    }

    /// Times outside of jiff's years (-9999 to 9999) are shown as the nearest it has.
    fn timestamp(self) -> Timestamp {
        let nearest = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millisecond(self.0).unwrap_or(nearest)
    }
}

impl Interval {
    /// An interval of `millis` milliseconds, unless that is zero or beyond what time can hold.
    pub fn from_millis(millis: u64) -> Option<Self> {
        i64::try_from(millis).ok()?;
        NonZeroU64::new(millis).map(Interval)
    }

    /// Its length in milliseconds.
    pub fn as_millis(self) -> i64 {
        self.0.get() as i64
    }

    /// So many of it in a row, or the longest that time can hold; `count` is not 0.
    pub fn times(self, count: u64) -> Interval {
        let count = NonZeroU64::new(count).unwrap_or(NonZeroU64::MIN);
        let longest = NonZeroU64::new(i64::MAX as u64).unwrap_or(NonZeroU64::MAX);
        Interval(self.0.saturating_mul(count).min(longest))
    }

    /// Its length.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0.get())
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", SignedDuration::from_millis(self.as_millis()))
    }
}

/// Reads a duration as people write it (`500ms`, `1s`, `5m`, `1h 30m`, `1d`): positive, whole
/// milliseconds. A day is 24 hours and a week 7 days, as ticks do not follow the calendar; months
/// and years have no such length and are refused.
///
/// # Errors
/// A text that says what is wrong and what to write instead; a bare number gets a suggestion.
pub fn parse_duration(text: &str) -> Result<Interval, String> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(format!("a duration needs a unit: did you mean {text}s or {text}ms?"));
    }
    let duration: SignedDuration = text
        .parse()
        .or_else(|_| text.parse::<Span>()?.to_duration(SpanRelativeTo::days_are_24_hours()))
        .map_err(|_| format!("{text:?} is no duration: write one like 500ms, 1s, 5m, 1h30m or 1d"))?;
    if duration.is_zero() || duration.is_negative() {
        return Err(format!("{text:?} is not longer than nothing: write one like 500ms, 1s or 5m"));
    }
    if duration.subsec_nanos() % 1_000_000 != 0 {
        return Err(format!(
            "{text:?} is not a whole number of milliseconds, which is as fine as batches are cut"
        ));
    }
    u64::try_from(duration.as_millis())
        .ok()
        .and_then(Interval::from_millis)
        .ok_or_else(|| format!("{text:?} is longer than time goes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_multiples_of_the_interval_since_the_epoch() {
        let second = Interval::from_millis(1000).expect("not zero");
        assert_eq!(Time(1500).next_tick(second), Time(2000));
        assert_eq!(Time(2000).next_tick(second), Time(3000));
        assert_eq!(Time(-1).next_tick(second), Time(0));
        assert_eq!(Time(2000).after(second, 3), Time(5000));
        let age = Interval::from_millis(i64::MAX as u64 / 2).expect("not zero");
        assert_eq!(Time(0).next_tick(age).after(age, 3), Time(i64::MAX));
        assert_eq!(Time(i64::MAX - 1).next_tick(age), Time(i64::MAX));
    }

    #[test]
    fn times_print_as_python_and_as_rfc_3339() {
        let utc = TimeZone::UTC;
        assert_eq!(Time(1_484_148_840_000).local_text(&utc).to_string(), "2017-01-11 15:34:00");
        assert_eq!(Time(1_484_148_840_500).local_text(&utc).to_string(), "2017-01-11 15:34:00.500000");
        assert_eq!(Time(1_484_148_840_000).rfc3339().to_string(), "2017-01-11T15:34:00Z");
        assert_eq!(Time(1_484_148_840_070).rfc3339().to_string(), "2017-01-11T15:34:00.070Z");
        let paris = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(Time(0).local_text(&paris).to_string(), "1970-01-01 01:00:00");
    }

    #[test]
    fn durations_are_read_as_written() {
        let millis = |text| parse_duration(text).map(Interval::as_millis);
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("1s"), Ok(1000));
        assert_eq!(millis("5m"), Ok(300_000));
        assert_eq!(millis("1h30m"), Ok(5_400_000));
        assert_eq!(millis("1.5s"), Ok(1500));
        assert_eq!(millis("1d"), millis("24h"));
        assert_eq!(millis("1d 12h"), Ok(129_600_000));
        assert_eq!(millis("1w"), Ok(604_800_000));
        assert!(millis("10").is_err_and(|fault| fault.contains("10s or 10ms")));
        for wrong in ["", "0s", "-1s", "10us", "soon", "1mo", "1y", "-1d", "9999999999999h"] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn intervals_print_as_they_are_written() {
        assert_eq!(parse_duration("90s").expect("valid").to_string(), "1m 30s");
    }
}
