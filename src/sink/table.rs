//! `table`: aligned columns for people. On a terminal the frame is refreshed in place.

use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthChar as _;

use super::values::{for_each, for_each_count};
use super::{Format, Screen, Target, Unprintable, put};
use crate::batch::value::{Value, str};
use crate::batch::{BatchResult, Records, escape_into, is_printable};

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
    fn draw(
        &self,
        batch: &BatchResult,
        lines: usize,
        columns: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize, Unprintable> {
        let room = lines - 2;
        let (bold, normal) = if self.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let (names, rows) = rows_of(batch, room)?;
        let which = match &batch.records {
            Records::Values(values) if values.output > 1 => format!("  output {}", values.output),
            _ => String::new(),
        };
        put(out, format_args!("{bold}{}{which}{normal}\n", batch.time.local_text(&self.zone)));
        let (shown, mark) = match (rows.len() + usize::from(batch.more) > room, batch.more) {
            (true, _) => (room - 1, Some(CUT)),
            (false, true) => (rows.len(), Some("...")),
            (false, false) => (rows.len(), None),
        };
        let shown = &rows[..shown];
        let layout = Layout::of(names, shown, columns);
        out.extend_from_slice(bold.as_bytes());
        layout.heading(names, out);
        put(out, format_args!("{normal}\n"));
        for row in shown {
            layout.row(row, out);
            out.push(b'\n');
        }
        if let Some(mark) = mark {
            put(out, format_args!("{mark}\n"));
        }
        Ok(2 + shown.len() + usize::from(mark.is_some()))
    }
}

/// The names of a table's columns; one that has none is not there.
type Names = (Option<&'static str>, &'static str);

/// A row as text.
struct Row {
    key: Option<String>,
    value: String,
    /// Whether the value is a number, which stands to the right.
    number: bool,
}

/// A batch as rows: all of them, or one more than there is room for.
fn rows_of(batch: &BatchResult, room: usize) -> Result<(Names, Vec<Row>), Unprintable> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut rows = Vec::new();
    let names = match &batch.records {
        Records::Count(count) => {
            rows.push(Row { key: None, value: count.to_string(), number: true });
            (None, "COUNT")
        }
        Records::Keyed(counts) => {
            for_each_count(counts, |heap, key, count| {
                if rows.len() > room {
                    return Ok(());
                }
                let mut name = Vec::new();
                str(heap, key, &mut name)?;
                rows.push(Row { key: Some(text(&name)), value: count.to_string(), number: true });
                Ok(())
            })?;
            (Some("KEY"), "COUNT")
        }
        Records::Values(values) => {
            for_each(values, |heap, record| {
                if rows.len() > room {
                    return Ok(());
                }
                let (key, value) = match record {
                    Value::Pair([key, value]) => {
                        let mut name = Vec::new();
                        str(heap, *key, &mut name)?;
                        (Some(text(&name)), *value)
                    }
                    value => (None, value),
                };
                let number = matches!(value, Value::Int(_) | Value::Big(_) | Value::Float(_));
                let mut shown = Vec::new();
                str(heap, value, &mut shown)?;
                rows.push(Row { key, value: text(&shown), number });
                Ok(())
            })?;
            (rows.iter().any(|row| row.key.is_some()).then_some("KEY"), "VALUE")
        }
    };
    Ok((names, rows))
}

impl Format for Table {
    fn render(&mut self, batch: &BatchResult, target: Target, out: &mut Vec<u8>) -> Result<(), Unprintable> {
        let fits = |s: &Screen| s.rows >= SMALLEST.rows && s.columns >= SMALLEST.columns;
        let old = self.frame.take();
        let Some(screen) = target.screen.filter(fits) else {
            self.draw(batch, usize::MAX, usize::MAX, out)?;
            out.push(b'\n');
            return Ok(());
        };
        // A terminal of another size may have broken the old frame's lines: leave that alone.
        if let Some(old) = old.filter(|old| old.screen == screen) {
            put(out, format_args!("\r\x1b[{}A\x1b[J", old.lines));
        }
        // The cursor comes to stand below the frame, on a line of its own.
        let lines = self.draw(batch, screen.rows - 1, screen.columns, out)?;
        self.frame = Some(Frame { lines, screen });
        Ok(())
    }

    fn interrupted(&mut self) {
        self.frame = None;
    }
}

/// The widths of a table's columns, in character cells.
struct Layout {
    /// Whether there is a column of keys.
    keyed: bool,
    /// Where a key is cut.
    widest_key: usize,
    /// To what keys are padded.
    keys: usize,
    /// Where a value is cut.
    widest_value: usize,
    /// To what values are padded.
    values: usize,
    /// Whether values stand to the right.
    right: bool,
}

/// Between two columns.
const GAP: usize = 2;

impl Layout {
    /// The layout of these rows within `columns` cells. Numbers are shown whole; text gives way to keys where both
    /// are too wide.
    fn of((key, value): Names, rows: &[Row], columns: usize) -> Layout {
        let mut cell = Vec::new();
        let mut width = |text: &str, widest| {
            cell.clear();
            cell_into(text, widest, &mut cell)
        };
        let right = rows.iter().all(|row| row.number);
        let key_name = key.map_or(0, str::len);
        let gap = if key.is_some() { GAP } else { 0 };
        // A key keeps half of the terminal at least, and its own width if that is less.
        let widest_value = match right {
            true => columns,
            false => columns - gap - key_width(rows, columns / 2).max(key_name),
        };
        let values = rows.iter().map(|row| width(&row.value, widest_value)).fold(value.len(), usize::max);
        let widest_key = (columns - gap).saturating_sub(values).max(1);
        let keys = rows.iter().filter_map(|row| row.key.as_deref());
        let keys = keys.map(|key| width(key, widest_key)).fold(key_name, usize::max);
        // Keys that were cut to a terminal's width are all padded to it, however wide it is.
        let padded = if columns == usize::MAX { WIDEST_PADDING } else { widest_key };
        Layout { keyed: key.is_some(), widest_key, keys: keys.min(padded), widest_value, values, right }
    }

    fn heading(&self, (key, value): Names, out: &mut Vec<u8>) {
        if let Some(key) = key {
            put(out, format_args!("{key:<0$}{1:GAP$}", self.keys, ""));
        }
        match self.right {
            true => put(out, format_args!("{value:>0$}", self.values)),
            false => put(out, format_args!("{value}")),
        }
    }

    fn row(&self, row: &Row, out: &mut Vec<u8>) {
        if self.keyed {
            let width = cell_into(row.key.as_deref().unwrap_or_default(), self.widest_key, out);
            put(out, format_args!("{:1$}", "", self.keys.saturating_sub(width) + GAP));
        }
        let mut cell = Vec::new();
        let width = cell_into(&row.value, self.widest_value, &mut cell);
        if self.right {
            put(out, format_args!("{:1$}", "", self.values.saturating_sub(width)));
        }
        out.extend_from_slice(&cell);
    }
}

/// The width of the widest key, as far as it is within `most` cells.
fn key_width(rows: &[Row], most: usize) -> usize {
    let mut cell = Vec::new();
    let keys = rows.iter().filter_map(|row| row.key.as_deref());
    keys.map(|key| {
        cell.clear();
        cell_into(key, most, &mut cell)
    })
    .fold(0, usize::max)
}

/// Appends a text as a terminal can show it: unprintable characters as Python's `repr` escapes
/// them, and `…` behind what fits of one that is wider than `widest` cells (one or more). Says
/// how many cells it takes, summed over the characters as most terminals do.
fn cell_into(text: &str, widest: usize, out: &mut Vec<u8>) -> usize {
    let mut width = 0;
    // The last place with a cell left for the mark.
    let mut cut = (out.len(), 0);
    for c in text.chars() {
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
    use super::super::tests::{count, keyed, rendered, values};
    use super::*;

    fn table() -> Table {
        Table { zone: TimeZone::UTC, color: false, frame: None }
    }

    fn on_screen(table: &mut Table, batch: &BatchResult, rows: usize, columns: usize) -> String {
        let mut out = Vec::new();
        let screen = Some(Screen { rows, columns });
        table.render(batch, Target { empty: false, screen }, &mut out).expect("it has a text");
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
    fn records_of_any_kind_are_rows() {
        let batch = values(2, |heap| {
            let list = heap.list([Value::Int(1), Value::Int(2)]);
            vec![heap.pair(heap.str("a"), list), heap.pair(heap.str("bcde"), Value::None)]
        });
        assert_eq!(
            rendered(&mut table(), &batch),
            "1970-01-01 00:00:01  output 2\nKEY   VALUE\na     [1, 2]\nbcde  None\n\n"
        );
        let numbers = values(1, |_| vec![Value::Int(5), Value::float(1234567.5)]);
        assert_eq!(
            rendered(&mut table(), &numbers),
            "1970-01-01 00:00:01\n    VALUE\n        5\n1234567.5\n\n"
        );
        let wide = values(1, |heap| vec![heap.pair(heap.str(&"k".repeat(50)), heap.str(&"v".repeat(50)))]);
        let text = on_screen(&mut table(), &wide, 6, 40);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
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
