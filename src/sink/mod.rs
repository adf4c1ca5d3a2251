//! Results out: one file a format, and the output that gives each batch to the system in one write.

mod delimited;
mod json;
mod output;
mod pprint;
mod table;
mod text_files;
mod values;

use std::fmt;
use std::io::Write as _;

use crate::batch::BatchResult;

pub use output::{Output, OutputPosition};
pub use text_files::{
    Staged, batch_directory, remove_unfinished, replace_text_files, save_as_text_files, stage_text_files,
};
pub use values::{Unprintable, for_each_line};

/// The ways to print a batch that can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FormatKind {
    /// What PySpark's `DStream.pprint()` prints, byte for byte.
    #[default]
    Pprint,
    /// One JSON object a record, one line each.
    Json,
    /// Comma-separated values with a header line, quoted as RFC 4180 says, lines ended by `\n`.
    Csv,
    /// Tab-separated values with a header line; tabs, line ends and backslashes are escaped.
    Tsv,
    /// Aligned columns for people; refreshed in place on a terminal.
    Table,
}

impl FormatKind {
    /// The format at work. `color` lets it use ANSI colours; only the table has any.
    pub fn build(self, color: bool) -> Box<dyn Format> {
        match self {
            FormatKind::Pprint => Box::new(pprint::Pprint::default()),
            FormatKind::Json => Box::new(json::Json),
            FormatKind::Csv => Box::new(delimited::Csv),
            FormatKind::Tsv => Box::new(delimited::Tsv),
            FormatKind::Table => Box::new(table::Table::new(color)),
        }
    }
}

/// A way to print batches. It only renders: bytes into a buffer.
pub trait Format: Send {
    /// Appends the batch as it is to be written to a target in the given state.
    ///
    /// # Errors
    /// When a record has no text (one that is nested too deep); counts always have.
    fn render(&mut self, batch: &BatchResult, target: Target, out: &mut Vec<u8>) -> Result<(), Unprintable>;

    /// Told when something else may have been written to the terminal behind the last batch, or
    /// when the target has changed: what was rendered so far is out of reach.
    fn interrupted(&mut self) {}
}

/// What a format has to know about where its bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether nothing has been written there yet in this format: time for a header line.
    pub empty: bool,
    /// Its size, if it is a terminal on which what was written last can be written over.
    pub screen: Option<Screen>,
}

/// The size of a terminal in character cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Number of lines.
    pub rows: usize,
    /// Cells in a line.
    pub columns: usize,
}

/// Appends formatted text.
fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes every write");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Counts, Records, Time};

    /// A batch of keys with counts, one second after the epoch.
    pub(super) fn keyed(pairs: &[(&str, i64)]) -> BatchResult {
        let mut counts = Counts::default();
        for (key, count) in pairs {
            counts.push(key.as_bytes(), *count);
        }
        BatchResult { time: Time::from_millis(1000), records: Records::Keyed(counts), more: false }
    }

    /// A batch that is a number, one second after the epoch.
    pub(super) fn count(count: i64) -> BatchResult {
        BatchResult { time: Time::from_millis(1000), records: Records::Count(count), more: false }
    }

    /// A batch of records that a program's output prints, one second after the epoch: made by `make`.
    pub(super) fn values(
        output: usize,
        make: impl for<'a> FnOnce(&crate::batch::value::Heap<'a>) -> Vec<crate::batch::value::Value<'a>>,
    ) -> BatchResult {
        use crate::batch::value::{Arena, Heap, Task};
        let (arena, task) = (Arena::default(), Task::default());
        let heap = Heap::new(&arena, &task);
        let mut rows = crate::batch::Rows::default();
        for value in make(&heap) {
            rows.push(&heap, value).expect("it can be encoded");
        }
        let piece = crate::batch::Piece::Rows(std::sync::Arc::new(rows));
        let partitions = vec![crate::batch::Partition { pieces: vec![piece] }];
        let dataset = crate::batch::Dataset { partitions };
        let records = Records::Values(crate::batch::Values { output, dataset, limit: None });
        BatchResult { time: Time::from_millis(1000), records, more: false }
    }

    /// What a format writes to an empty file for the batch.
    pub(super) fn rendered(format: &mut dyn Format, batch: &BatchResult) -> String {
        let mut out = Vec::new();
        format.render(batch, Target { empty: true, screen: None }, &mut out).expect("it has a text");
        String::from_utf8(out).expect("formats write text")
    }
}
