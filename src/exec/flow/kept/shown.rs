//! What streams had kept, for people.

use super::batches::SIGN;
use super::{BATCH, ROW, TRACKED};
use crate::batch::packed::Packed;
use crate::batch::value::{Arena, Heap, Task, Value, repr_text};
use crate::batch::{Rows, Time};

/// The key and the value that a row stands for, as Python shows them; several if it holds several records, none if
/// it holds none. `None` if it is not what streams write.
pub fn show_row(key: &[u8], value: &[u8]) -> Option<Vec<(String, String)>> {
    let (kind, rest) = key.split_first()?;
    match *kind {
        ROW => Some(records(value).into_iter().map(|record| split(&record)).collect()),
        // Behind the time there are the partition and the piece of records.
        BATCH if rest.len() > 8 => {
            let time =
                Time::from_millis((u64::from_be_bytes(Packed::new(rest).array()?) ^ SIGN).cast_signed());
            let shown = |record: Shown| (format!("batch {}", time.rfc3339()), record.whole);
            Some(records(value).into_iter().map(shown).collect())
        }
        TRACKED => {
            let encoded = rest.get(size_of::<u32>()..)?;
            let mut packed = Packed::new(value);
            // When it was first seen, and last touched.
            packed.number()?;
            packed.array::<8>()?;
            let state = packed.take(packed.left())?;
            let whole = |bytes| records(bytes).into_iter().map(|record| record.whole).collect::<String>();
            Some(vec![(whole(encoded), whole(state))])
        }
        _ => Some(Vec::new()),
    }
}

/// A record, and its key and value if it is a pair.
struct Shown {
    whole: String,
    pair: Option<(String, String)>,
}

fn split(record: &Shown) -> (String, String) {
    record.pair.clone().unwrap_or_else(|| (record.whole.clone(), String::new()))
}

/// Encoded records, or lines.
fn records(bytes: &[u8]) -> Vec<Shown> {
    let Some(rows) = Rows::from_encoded(bytes.to_vec()) else {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let line =
            |line: &[u8]| String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned();
        return lines.map(|text| Shown { whole: line(text), pair: None }).collect();
    };
    let (arena, task) = (Arena::default(), Task::default());
    let heap = Heap::new(&arena, &task);
    let mut shown = Vec::new();
    for record in rows.iter(&heap) {
        let pair = match record.as_tuple() {
            Some(&[key, value]) => Some((text(&heap, key), text(&heap, value))),
            _ => None,
        };
        shown.push(Shown { whole: text(&heap, record), pair });
    }
    shown
}

fn text<'a>(heap: &Heap<'a>, value: Value<'a>) -> String {
    repr_text(heap, value).map_or_else(|_| "?".to_owned(), str::to_owned)
}
