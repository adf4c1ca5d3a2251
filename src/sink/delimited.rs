//! `csv` and `tsv`: a header line once, then one line a record.

use super::values::{for_each, for_each_count};
use super::{Format, Target, Unprintable, put};
use crate::batch::value::{Value, str};
use crate::batch::{BatchResult, Records};

/// Comma-separated, fields quoted where RFC 4180 asks for it; lines end with `\n`.
pub(super) struct Csv;

/// Tab-separated; `\t`, `\n`, `\r` and `\\` in a key stand for the characters they name, so that
/// a line is always a record and a tab always ends a field.
pub(super) struct Tsv;

impl Format for Csv {
    fn render(&mut self, batch: &BatchResult, target: Target, out: &mut Vec<u8>) -> Result<(), Unprintable> {
        render(batch, target, b',', quote_into, out)
    }
}

impl Format for Tsv {
    fn render(&mut self, batch: &BatchResult, target: Target, out: &mut Vec<u8>) -> Result<(), Unprintable> {
        render(batch, target, b'\t', escape_into, out)
    }
}

/// Appends the lines of a batch, and before those the header if the target holds nothing yet.
fn render(
    batch: &BatchResult,
    target: Target,
    separator: u8,
    field_into: fn(&str, &mut Vec<u8>),
    out: &mut Vec<u8>,
) -> Result<(), Unprintable> {
    let names: &[&str] = match batch.records {
        Records::Count(_) => &["time", "count"],
        Records::Keyed(_) => &["time", "key", "count"],
        // What comes is not known before it is there: these columns hold everything.
        Records::Values(_) => &["time", "output", "key", "value"],
    };
    if target.empty {
        let header = names.join(char::from(separator).encode_utf8(&mut [0; 4]));
        put(out, format_args!("{header}\n"));
    }
    let time = batch.time.rfc3339().to_string();
    match &batch.records {
        Records::Count(count) => put(out, format_args!("{time}{}{count}\n", char::from(separator))),
        Records::Keyed(counts) => {
            let mut text = Vec::new();
            for_each_count(counts, |heap, key, count| {
                text.clear();
                str(heap, key, &mut text)?;
                out.extend_from_slice(time.as_bytes());
                out.push(separator);
                field_into(&String::from_utf8_lossy(&text), out);
                out.push(separator);
                put(out, format_args!("{count}\n"));
                Ok(())
            })?;
        }
        Records::Values(values) => {
            let mut head = time.into_bytes();
            put(&mut head, format_args!("{0}{1}{0}", char::from(separator), values.output));
            let mut text = Vec::new();
            for_each(values, |heap, record| {
                out.extend_from_slice(&head);
                let (key, value) = match record {
                    Value::Pair([key, value]) => (Some(*key), *value),
                    value => (None, value),
                };
                for (field, end) in [(key, separator), (Some(value), b'\n')] {
                    if let Some(field) = field {
                        text.clear();
                        str(heap, field, &mut text)?;
                        field_into(&String::from_utf8_lossy(&text), out);
                    }
                    out.push(end);
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Appends a field as RFC 4180 has it: in double quotes if it holds a comma, a quote or a line end.
fn quote_into(field: &str, out: &mut Vec<u8>) {
    if !field.contains([',', '"', '\n', '\r']) {
        out.extend_from_slice(field.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in field.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Appends a field with backslash escapes for what would end it.
fn escape_into(field: &str, out: &mut Vec<u8>) {
    for byte in field.bytes() {
        match byte {
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{count, keyed, rendered, values};
    use super::*;

    #[test]
    fn csv_quotes_what_would_break_a_field() {
        let batch = keyed(&[("the", 12), ("a,b", 2), ("say \"hi\"", 1), ("two\nlines", 1), ("", 3)]);
        assert_eq!(
            rendered(&mut Csv, &batch),
            "time,key,count\n\
             1970-01-01T00:00:01Z,the,12\n\
             1970-01-01T00:00:01Z,\"a,b\",2\n\
             1970-01-01T00:00:01Z,\"say \"\"hi\"\"\",1\n\
             1970-01-01T00:00:01Z,\"two\nlines\",1\n\
             1970-01-01T00:00:01Z,,3\n"
        );
        assert_eq!(rendered(&mut Csv, &count(5)), "time,count\n1970-01-01T00:00:01Z,5\n");
    }

    #[test]
    fn tsv_escapes_what_would_break_a_line() {
        assert_eq!(
            rendered(&mut Tsv, &keyed(&[("a\tb\\n\r\n", 1)])),
            "time\tkey\tcount\n1970-01-01T00:00:01Z\ta\\tb\\\\n\\r\\n\t1\n"
        );
    }

    #[test]
    fn records_of_any_kind_have_columns_for_everything() {
        let batch = values(2, |heap| {
            let nested = heap.tuple(&[heap.str("b"), Value::Int(1), Value::None]);
            vec![heap.pair(heap.str("a,b"), nested), heap.str("it's"), Value::None]
        });
        assert_eq!(
            rendered(&mut Csv, &batch),
            "time,output,key,value\n\
             1970-01-01T00:00:01Z,2,\"a,b\",\"('b', 1, None)\"\n\
             1970-01-01T00:00:01Z,2,,it's\n\
             1970-01-01T00:00:01Z,2,,None\n"
        );
    }

    #[test]
    fn the_header_comes_once() {
        let mut out = Vec::new();
        Csv.render(&count(5), Target { empty: false, screen: None }, &mut out).expect("a count has a text");
        assert_eq!(out, b"1970-01-01T00:00:01Z,5\n");
    }
}
