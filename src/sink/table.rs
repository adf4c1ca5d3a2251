//! `table`: aligned columns for people. On a terminal the frame is refreshed in place.

use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthChar as _;

use super::{Format, Screen, Target, put};
use crate::batch::{BatchResult, Counts, Records, escape_into, is_printable};

/// Off a terminal, keys are padded at most to this width; longer ones push their count to the
/// right, so that one long key does not blow up every row.
const WIDEST_PADDING: usize = 100;

/// A smaller terminal cannot hold the heading, the longest count and a few rows: there, tables
/// are printed one after another as into a file.
const SMALLEST: Screen = Screen { rows: 5, columns: 30 };

/// Says that rows were left out because the terminal is not high enough.
const CUT: &str = "\u{2026}";

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

    /// Appends the batch in at most `lines` lines (three or more) of at most `columns` cells;
    /// says how many lines it took.
    fn draw(&self, batch: &BatchResult, lines: usize, columns: usize, out: &mut Vec<u8>) -> usize {
        let room = lines - 2;
        let (bold, normal) = if self.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        put(out, format_args!("{bold}{}{normal}\n", batch.time.local_text(&self.zone)));
        match &batch.records {
            Records::Count(count) => {
                let width = count.to_string().len().max("COUNT".len());
                put(out, format_args!("{bold}{:>width$}{normal}\n{count:>width$}\n", "COUNT"));
                3
            }
            Records::Keyed(counts) => {
                let (rows, mark) = match (counts.len() + usize::from(batch.more) > room, batch.more) {
                    (true, _) => (room - 1, Some(CUT)),
                    (false, true) => (counts.len(), Some("...")),
                    (false, false) => (counts.len(), None),
                };
                let layout = Layout::of(counts, rows, columns);
                let Layout { keys, counts: digits, .. } = layout;
                put(out, format_args!("{bold}{:<keys$}  {:>digits$}{normal}\n", "KEY", "COUNT"));
                for (key, count) in counts.iter().take(rows) {
                    let padding = keys.saturating_sub(cell_into(key, layout.widest, out));
                    put(out, format_args!("{:padding$}  {count:>digits$}\n", ""));
                }
                if let Some(mark) = mark {
                    put(out, format_args!("{mark}\n"));
                }
                2 + rows + usize::from(mark.is_some())
            }
        }
    }
}

impl Format for Table {
    fn render(&mut self, batch: &BatchResult, target: Target, out: &mut Vec<u8>) {
        let fits = |s: &Screen| s.rows >= SMALLEST.rows && s.columns >= SMALLEST.columns;
        let old = self.frame.take();
        let Some(screen) = target.screen.filter(fits) else {
            self.draw(batch, usize::MAX, usize::MAX, out);
            out.push(b'\n');
            return;
        };
        // A terminal of another size may have broken the old frame's lines: leave that alone.
        if let Some(old) = old.filter(|old| old.screen == screen) {
            put(out, format_args!("\r\x1b[{}A\x1b[J", old.lines));
        }
        // The cursor comes to stand below the frame, on a line of its own.
        let lines = self.draw(batch, screen.rows - 1, screen.columns, out);
        self.frame = Some(Frame { lines, screen });
    }

    fn interrupted(&mut self) {
        self.frame = None;
    }
}

/// The widths of a table's columns, in character cells.
struct Layout {
    /// Where a key is cut.
    widest: usize,
    /// To what keys are padded.
    keys: usize,
    /// To what counts are padded.
    counts: usize,
}

impl Layout {
    /// The layout of the first `rows` keys within `columns` cells.
    fn of(pairs: &Counts, rows: usize, columns: usize) -> Layout {
        let shown = || pairs.iter().take(rows);
        let counts = shown().map(|(_, count)| count.to_string().len()).fold("COUNT".len(), usize::max);
        let widest = columns - 2 - counts;
        let mut cell = Vec::new();
        let keys = shown().fold("KEY".len(), |width, (key, _)| {
            cell.clear();
            width.max(cell_into(key, widest, &mut cell))
        });
        // Keys that were cut to a terminal's width are all padded to it, however wide it is.
        let padded = if columns == usize::MAX { WIDEST_PADDING } else { widest };
        Layout { widest, keys: keys.min(padded), counts }
    }
}

/// Appends a key as a terminal can show it: unprintable characters as Python's `repr` escapes
/// them, and `…` behind what fits of a key that is wider than `widest` cells (one or more). Says
/// how many cells it takes, summed over the characters as most terminals do.
fn cell_into(key: &[u8], widest: usize, out: &mut Vec<u8>) -> usize {
    let mut width = 0;
    // The last place with a cell left for the mark.
    let mut cut = (out.len(), 0);
    for c in String::from_utf8_lossy(key).chars() {
        let start = out.len();
        escape_into(c, out);
        width += if is_printable(c) { c.width().unwrap_or(0) } else { out.len() - start };
        if width > widest {
            out.truncate(cut.0);
            out.extend_from_slice(CUT.as_bytes());
            return cut.1 + 1;
        }
        if width < widest {
            cut = (out.len(), width);
        }
    }
    width
}

#[cfg(test)]
mod tests {
    use super::super::tests::{count, keyed, rendered};
    use super::*;

    fn table() -> Table {
        Table { zone: TimeZone::UTC, color: false, frame: None }
    }

    fn on_screen(table: &mut Table, batch: &BatchResult, rows: usize, columns: usize) -> String {
        let mut out = Vec::new();
        let screen = Some(Screen { rows, columns });
        table.render(batch, Target { empty: false, screen }, &mut out);
        String::from_utf8(out).expect("tables are text")
    }

    #[test]
    fn columns_are_aligned_by_cells_not_characters() {
        let mut batch = keyed(&[("the", 123_456), ("\u{6f22}\u{5b57}", 7), ("\x1b[2J", 1)]);
        batch.more = true;
        assert_eq!(
            rendered(&mut table(), &batch),
            "1970-01-01 00:00:01\n\
             KEY       COUNT\n\
             the      123456\n\
             \u{6f22}\u{5b57}          7\n\
             \\x1b[2J       1\n\
             ...\n\n"
        );
        assert_eq!(rendered(&mut table(), &keyed(&[])), "1970-01-01 00:00:01\nKEY  COUNT\n\n");
        assert_eq!(rendered(&mut table(), &count(42)), "1970-01-01 00:00:01\nCOUNT\n   42\n\n");
    }

    #[test]
    fn one_long_key_does_not_pad_the_others_without_bound() {
        let long = "x".repeat(5000);
        let text = rendered(&mut table(), &keyed(&[("a", 1), (&long, 2)]));
        assert_eq!(text.lines().nth(2).map(str::len), Some(WIDEST_PADDING + 2 + 5));
        assert!(text.contains(&format!("{long}      2\n")));
    }

    #[test]
    fn a_terminal_gets_a_frame_that_fits_and_is_replaced() {
        let mut table = table();
        let long = "\u{6f22}".repeat(40);
        let batch = keyed(&[("a", 5), (&long, 4), ("c", 3), ("d", 2), ("e", 1)]);
        let first = on_screen(&mut table, &batch, 6, 30);
        // 30 columns leave 23 to the key: 11 wide characters and the mark.
        let cut = format!("{}\u{2026}      4\n", "\u{6f22}".repeat(11));
        let pad = " ".repeat(20);
        assert_eq!(first, format!("1970-01-01 00:00:01\nKEY{pad}  COUNT\na  {pad}      5\n{cut}\u{2026}\n"));
        let second = on_screen(&mut table, &keyed(&[("a", 6)]), 6, 30);
        assert_eq!(second, "\r\x1b[5A\x1b[J1970-01-01 00:00:01\nKEY  COUNT\na        6\n");
        let third = on_screen(&mut table, &count(1), 6, 30);
        assert!(third.starts_with("\r\x1b[3A\x1b[J1970"), "{third:?}");
        assert!(on_screen(&mut table, &count(1), 6, 31).starts_with("1970"), "another size");
        table.interrupted();
        assert!(on_screen(&mut table, &count(1), 6, 31).starts_with("1970"), "interrupted");
        assert!(on_screen(&mut table, &count(1), 2, 8).ends_with("\n\n"), "too small");
    }

    #[test]
    fn headings_are_bold_where_colour_is_wanted() {
        let mut table = Table { color: true, ..table() };
        let text = rendered(&mut table, &keyed(&[("a", 1)]));
        assert_eq!(text, "\x1b[1m1970-01-01 00:00:01\x1b[0m\n\x1b[1mKEY  COUNT\x1b[0m\na        1\n\n");
    }
}
