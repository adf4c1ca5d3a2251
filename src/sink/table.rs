//! `table`: aligned columns for people. On a terminal the frame is refreshed in place.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthChar as _;

use super::{Format, Screen, Target, put};
use crate::batch::{BatchResult, Counts, Records, escape_into};

/// Off a terminal, keys are padded at most to this width; longer ones push their count to the
/// right, so that one long key does not blow up every row.
const WIDEST_PADDING: usize = 100;

/// Between the columns.
const GAP: &str = "  ";

/// A table with the batch time as its heading, keys to the left, counts to the right.
pub(super) struct Table {
    zone: TimeZone,
    color: bool,
    /// The frame that is on the terminal right above the cursor.
    frame: Option<Frame>,
}

/// A frame as it was drawn.
struct Frame {
    lines: usize,
    screen: Screen,
}

impl Table {
    /// A table in the time zone of the system; headings are bold if `color`.
    pub(super) fn new(color: bool) -> Self {
        Table { zone: TimeZone::system(), color, frame: None }
    }

    /// Appends a heading line, cut to the screen's width.
    fn heading(&self, text: &str, widest: usize, out: &mut Vec<u8>) {
        let text = Cell::new(text.as_bytes(), widest).text;
        if self.color {
            put(out, format_args!("\x1b[1m{text}\x1b[0m\n"));
        } else {
            put(out, format_args!("{text}\n"));
        }
    }

    /// Appends the batch in at most `lines` lines of at most `columns` cells; says how many it took.
    fn draw(&self, batch: &BatchResult, lines: usize, columns: usize, out: &mut Vec<u8>) -> usize {
        let (head, rows) = match &batch.records {
            Records::Count(count) => one_column(*count),
            // A line for each of heading and header, and one to say what was cut.
            Records::Keyed(counts) => two_columns(counts, lines.saturating_sub(2), columns),
        };
        let shown = rows.len();
        let whole = match &batch.records {
            Records::Count(_) => true,
            Records::Keyed(counts) => shown == counts.len(),
        };
        let below = if !whole {
            Some("\u{2026}")
        } else if batch.more {
            Some("...")
        } else {
            None
        };
        let mut body: Vec<&str> = rows.iter().map(String::as_str).collect();
        if let Some(mark) = below {
            body.truncate(lines.saturating_sub(3));
            body.push(if body.len() == shown { mark } else { "\u{2026}" });
        }
        body.truncate(lines.saturating_sub(2));
        let heading = batch.time.local_text(&self.zone).to_string();
        let heads = [heading.as_str(), head.as_str()];
        let heads = &heads[..heads.len().min(lines)];
        for head in heads {
            self.heading(head, columns, out);
        }
        for row in &body {
            put(out, format_args!("{row}\n"));
        }
        heads.len() + body.len()
    }
}

impl Format for Table {
    fn render(&mut self, batch: &BatchResult, target: Target, out: &mut Vec<u8>) {
        let Some(screen) = target.screen else {
            self.draw(batch, usize::MAX, usize::MAX, out);
            out.push(b'\n');
            return;
        };
        // A terminal of another size may have broken the old frame's lines: leave it alone.
        if let Some(old) = self.frame.take().filter(|old| old.screen == screen) {
            put(out, format_args!("\r\x1b[{}A\x1b[J", old.lines));
        }
        // The cursor stands below the frame, on a line of its own.
        let most = screen.rows.saturating_sub(1).max(1);
        let lines = self.draw(batch, most, screen.columns, out);
        self.frame = Some(Frame { lines, screen });
    }

    fn interrupted(&mut self) {
        self.frame = None;
    }
}

/// The header and the row of a count.
fn one_column(count: i64) -> (String, Vec<String>) {
    let count = count.to_string();
    let width = count.len().max("COUNT".len());
    (format!("{:>width$}", "COUNT"), vec![format!("{count:>width$}")])
}

/// The header and at most `most` rows of keys with counts.
fn two_columns(counts: &Counts, most: usize, columns: usize) -> (String, Vec<String>) {
    let shown = || counts.iter().take(most);
    let digits = shown().map(|(_, count)| count.to_string().len()).max().unwrap_or(0).max("COUNT".len());
    let widest = columns.saturating_sub(GAP.len() + digits).max(1);
    let cells: Vec<Cell> = shown().map(|(key, _)| Cell::new(key, widest)).collect();
    let width = cells.iter().map(|cell| cell.width).max().unwrap_or(0).max("KEY".len());
    let width = width.min(WIDEST_PADDING.max("KEY".len()));
    let header = format!("{:<width$}{GAP}{:>digits$}", "KEY", "COUNT");
    let rows = cells.iter().zip(shown()).map(|(cell, (_, count))| {
        let padding = width.saturating_sub(cell.width);
        let mut row = String::with_capacity(cell.text.len() + padding + GAP.len() + digits);
        write!(row, "{}{:padding$}{GAP}{count:>digits$}", cell.text, "").expect("a string takes every write");
        row
    });
    (header, rows.collect())
}

/// A key as a terminal can show it: unprintable characters as Python's `repr` escapes them, cut
/// with `…` where it is too wide.
struct Cell {
    text: String,
    /// In character cells, summed over the characters as most terminals do.
    width: usize,
}

impl Cell {
    fn new(key: &[u8], widest: usize) -> Cell {
        let mut text = Vec::new();
        let mut width = 0;
        // Where the text must end for the `…` to have a place.
        let mut cut = Some((0, 0)).filter(|_| widest > 0);
        for c in String::from_utf8_lossy(key).chars() {
            let before = text.len();
            escape_into(c, &mut text);
            let escaped = text.len() - before != c.len_utf8() || c.is_control();
            width += if escaped { text.len() - before } else { c.width().unwrap_or(0) };
            if width < widest {
                cut = Some((text.len(), width));
            }
            if width > widest {
                let (end, kept) = cut.unwrap_or((0, 0));
                text.truncate(end);
                text.extend_from_slice("\u{2026}".as_bytes());
                width = kept + 1;
                break;
            }
        }
        Cell { text: String::from_utf8_lossy(&text).into_owned(), width }
    }
}
