//! `pprint`: byte for byte what PySpark 3's `DStream.pprint()` prints (pyspark/streaming/dstream.py).

use jiff::tz::TimeZone;

use super::values::for_each_count;
use super::{Format, Target, Unprintable, for_each_line, put};
use crate::batch::value::repr;
use crate::batch::{BatchResult, Records};

const RULE: &str = "-------------------------------------------";

/// PySpark's form: a head of two rules and the local time, the records as Python's `str` has
/// them, `...` if there were more than the limit let through, an empty line.
pub(super) struct Pprint {
    zone: TimeZone,
}

impl Default for Pprint {
    /// In the time zone of the system, or of `TZ`.
    fn default() -> Self {
        Pprint { zone: TimeZone::system() }
    }
}

impl Format for Pprint {
    fn render(&mut self, batch: &BatchResult, _: Target, out: &mut Vec<u8>) -> Result<(), Unprintable> {
        put(out, format_args!("{RULE}\nTime: {}\n{RULE}\n", batch.time.local_text(&self.zone)));
        match &batch.records {
            Records::Count(count) => put(out, format_args!("{count}\n")),
            Records::Keyed(counts) => for_each_count(counts, |heap, key, count| {
                out.push(b'(');
                repr(heap, key, out)?;
                put(out, format_args!(", {count})\n"));
                Ok(())
            })?,
            Records::Values(values) => for_each_line(values, |line| {
                out.extend_from_slice(line);
                out.push(b'\n');
            })?,
        }
        if batch.more {
            out.extend_from_slice(b"...\n");
        }
        out.push(b'\n');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{count, keyed, rendered, values};
    use super::*;
    use crate::batch::value::Value;

    /// Right-hand sides as PySpark prints them: header, `str` of the records, `...`, an empty line.
    #[test]
    fn batches_print_as_in_pyspark() {
        let mut pprint = Pprint { zone: TimeZone::UTC };
        let rule = "-".repeat(43);
        let head = format!("{rule}\nTime: 1970-01-01 00:00:01\n{rule}\n");
        let mut batch = keyed(&[("the", 12), ("it's", 7), ("a\u{200b}b", 1)]);
        assert_eq!(
            rendered(&mut pprint, &batch),
            format!("{head}('the', 12)\n(\"it's\", 7)\n('a\\u200bb', 1)\n\n")
        );
        batch.more = true;
        assert!(rendered(&mut pprint, &batch).ends_with("1)\n...\n\n"));
        assert_eq!(rendered(&mut pprint, &keyed(&[])), format!("{head}\n"));
        assert_eq!(rendered(&mut pprint, &count(0)), format!("{head}0\n\n"));
    }

    #[test]
    fn records_of_any_kind_print_as_str() {
        let mut pprint = Pprint { zone: TimeZone::UTC };
        let batch = values(1, |heap| {
            let pair = heap.pair(heap.str("a"), Value::float(1e16));
            vec![heap.str("it's"), pair, Value::None, Value::Int(-7)]
        });
        let text = rendered(&mut pprint, &batch);
        assert!(text.ends_with("-\nit's\n('a', 1e+16)\nNone\n-7\n\n"), "{text}");
    }

    #[test]
    fn time_is_local() {
        let mut pprint = Pprint { zone: TimeZone::fixed(jiff::tz::offset(-3)) };
        assert!(rendered(&mut pprint, &count(1)).contains("Time: 1969-12-31 21:00:01\n"));
    }
}
