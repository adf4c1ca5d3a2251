//! The values of flags that are more than a word or a number.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use jiff::Timestamp;

use crate::batch::Time;
use crate::driver::OnError;
use crate::monitor::ProgressMode;
use crate::plan::Sort;
use crate::sink::FormatKind;

/// `--format`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FormatName {
    /// What PySpark's pprint() prints, byte for byte
    Pprint,
    /// One JSON object a row, one line each
    Json,
    /// Comma-separated values with a header line
    Csv,
    /// Tab-separated values with a header line
    Tsv,
    /// Aligned columns, refreshed in place on a terminal
    Table,
}

impl From<FormatName> for FormatKind {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Pprint => FormatKind::Pprint,
            FormatName::Json => FormatKind::Json,
            FormatName::Csv => FormatKind::Csv,
            FormatName::Tsv => FormatKind::Tsv,
            FormatName::Table => FormatKind::Table,
        }
    }
}

/// `--sort`
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SortName {
    /// Highest count first, equal counts by key
    Count,
    /// By key
    Key,
    /// The same as key
    None,
}

impl From<SortName> for Sort {
    fn from(name: SortName) -> Self {
        match name {
            SortName::Count => Sort::Count,
            SortName::Key | SortName::None => Sort::Key,
        }
    }
}

/// `--key` and `--filter`
#[derive(Clone, Debug)]
pub(super) enum Wanted<T> {
    /// A prefixed form.
    Form(T),
    /// A Python expression over `x`, the record.
    Expression(String),
}

/// Prefixes of forms; no expression begins like that.
const PREFIXES: [&str; 3] = ["field", "regex", "json"];

/// Reads `--key` and `--filter`. Expressions are looked at later.
pub(super) fn wanted<T: FromStr<Err = String>>(text: &str) -> Result<Wanted<T>, String> {
    let is_form = text.split_once(':').is_some_and(|(prefix, _)| PREFIXES.contains(&prefix));
    if is_form { text.parse().map(Wanted::Form) } else { Ok(Wanted::Expression(text.into())) }
}

/// `--clock`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ClockName {
    /// Batches are cut as time passes
    Real,
    /// Each element of a queue: source is one batch, files and stdin are the first; no real time
    /// passes
    Virtual,
}

/// `--progress` and `--color`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// Where it goes to a terminal
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

impl When {
    /// Whether to use colour on a stream. `NO_COLOR` and `CLICOLOR_FORCE` decide what `auto` leaves
    /// open (see no-color.org and bixense.com/clicolors).
    pub(super) fn color(self, terminal: bool) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        match self {
            When::Always => true,
            When::Never => false,
            When::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
            When::Auto => set("CLICOLOR_FORCE") || terminal,
        }
    }
}

impl From<When> for ProgressMode {
    fn from(when: When) -> Self {
        match when {
            When::Auto => ProgressMode::Auto,
            When::Always => ProgressMode::Always,
            When::Never => ProgressMode::Never,
        }
    }
}

/// Reads `--on-error`.
pub(super) fn on_error(text: &str) -> Result<OnError, String> {
    match text.split_once('=') {
        None if text == "skip" => Ok(OnError::Skip),
        None if text == "fail" => Ok(OnError::Fail),
        Some(("file", path)) if !path.is_empty() => Ok(OnError::File(PathBuf::from(path))),
        _ => Err("bad records are dealt with by skip, fail or file=PATH".into()),
    }
}

/// Reads `--on-error` of programs, whose records are no lines.
pub(super) fn on_error_of_programs(text: &str) -> Result<OnError, String> {
    match text {
        "batch" => Ok(OnError::LoseBatch),
        "skip" => Ok(OnError::Skip),
        "fail" => Ok(OnError::Fail),
        _ => Err("records that raise are dealt with by batch, skip or fail".into()),
    }
}

/// Reads `--start-time`.
pub(super) fn start_time(text: &str) -> Result<Time, String> {
    let time: Timestamp =
        text.parse().map_err(|_| "a start time is written as in 2017-01-11T15:34:00Z".to_string())?;
    Ok(Time::from_millis(time.as_millisecond()))
}

/// The longest `--max-line`: lines are offsets of 32 bits in more than one place.
const LONGEST_LINE: u64 = 1 << 30;

/// Reads a size in bytes: `4096`, `64KiB`, `1MiB`, `1MB`.
pub(super) fn line_size(text: &str) -> Result<usize, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err(format!("{unit:?} is no unit of size: write bytes, KiB, MiB or GiB")),
    };
    let size = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    match size {
        Some(size @ 1..=LONGEST_LINE) => Ok(size as usize),
        _ => Err("a line holds from 1 byte to 1GiB".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(line_size("4096"), Ok(4096));
        assert_eq!(line_size("64KiB"), Ok(65_536));
        assert_eq!(line_size("1MB"), Ok(1_000_000));
        for wrong in ["", "0", "MiB", "1TiB", "2GiB", "-1", "99999999999999999999"] {
            assert!(line_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ways_to_deal_with_bad_records_are_read() {
        assert_eq!(on_error("file=a=b"), Ok(OnError::File("a=b".into())));
        assert!(on_error("file=").is_err() && on_error("ignore").is_err());
        assert_eq!(start_time("1970-01-01T00:00:01Z"), Ok(Time::from_millis(1000)));
        assert!(start_time("yesterday").is_err());
    }
}
