//! `json`: one object a record, one line each, with stable field names.

use super::{Format, Target, put};
use crate::batch::{BatchResult, Records};

/// `{"time":"2017-01-11T15:34:00Z","key":"the","count":12}`; a batch without records prints nothing.
pub(super) struct Json;

impl Format for Json {
    fn render(&mut self, batch: &BatchResult, _: Target, out: &mut Vec<u8>) {
        let time = batch.time.rfc3339();
        match &batch.records {
            Records::Count(count) => put(out, format_args!("{{\"time\":\"{time}\",\"count\":{count}}}\n")),
            Records::Keyed(counts) => {
                let head = format!("{{\"time\":\"{time}\",\"key\":");
                for (key, count) in counts.iter() {
                    out.extend_from_slice(head.as_bytes());
                    serde_json::to_writer(&mut *out, &*String::from_utf8_lossy(key))
                        .expect("a vector takes every string");
                    put(out, format_args!(",\"count\":{count}}}\n"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{count, keyed, rendered};
    use super::*;

    #[test]
    fn records_are_lines_of_json() {
        let text = rendered(&mut Json, &keyed(&[("the", 12), ("\"\\\n\u{1}\u{7f}\u{e9}", 1), ("", 2)]));
        assert_eq!(
            text,
            "{\"time\":\"1970-01-01T00:00:01Z\",\"key\":\"the\",\"count\":12}\n\
             {\"time\":\"1970-01-01T00:00:01Z\",\"key\":\"\\\"\\\\\\n\\u0001\u{7f}\u{e9}\",\"count\":1}\n\
             {\"time\":\"1970-01-01T00:00:01Z\",\"key\":\"\",\"count\":2}\n"
        );
        assert_eq!(rendered(&mut Json, &keyed(&[])), "");
        assert_eq!(rendered(&mut Json, &count(0)), "{\"time\":\"1970-01-01T00:00:01Z\",\"count\":0}\n");
    }
}
