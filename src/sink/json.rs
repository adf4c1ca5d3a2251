//! `json`: one object a record, one line each, with stable field names.

use super::values::{for_each, for_each_count};
use super::{Format, Target, Unprintable, put};
use crate::batch::python::grouped::RESULT_ITERABLE;
use crate::batch::value::{Dict, Heap, Raised, Value, repr, str};
use crate::batch::{BatchResult, Records, Time, Values};

/// `{"time":"2017-01-11T15:34:00Z","key":"the","count":12}`; a batch without records prints nothing.
pub(super) struct Json;

impl Format for Json {
    fn render(&mut self, batch: &BatchResult, _: Target, out: &mut Vec<u8>) -> Result<(), Unprintable> {
        let time = batch.time.rfc3339();
        match &batch.records {
            Records::Count(count) => put(out, format_args!("{{\"time\":\"{time}\",\"count\":{count}}}\n")),
            Records::Keyed(counts) => {
                let head = format!("{{\"time\":\"{time}\",\"key\":");
                for_each_count(counts, |heap, key, count| {
                    out.extend_from_slice(head.as_bytes());
                    value_into(heap, key, out)?;
                    put(out, format_args!(",\"count\":{count}}}\n"));
                    Ok(())
                })?;
            }
            Records::Values(values) => values_into(batch.time, values, out)?,
        }
        Ok(())
    }
}

/// Appends the records of a program's output: pairs as `key` and `value`, others as `value`. Every output but the first
/// says which one it is.
fn values_into(time: Time, values: &Values, out: &mut Vec<u8>) -> Result<(), Unprintable> {
    let mut head = format!("{{\"time\":\"{}\",", time.rfc3339());
    if values.output > 1 {
        head += &format!("\"output\":{},", values.output);
    }
    for_each(values, |heap, record| {
        out.extend_from_slice(head.as_bytes());
        let value = match record {
            Value::Pair([key, value]) => {
                out.extend_from_slice(b"\"key\":");
                value_into(heap, *key, out)?;
                out.push(b',');
                *value
            }
            value => value,
        };
        out.extend_from_slice(b"\"value\":");
        value_into(heap, value, out)?;
        out.extend_from_slice(b"}\n");
        Ok(())
    })
}

/// Appends a value as JSON has it: tuples and sets are arrays, what is no number (NaN, the infinities) is
/// null, and what JSON has no word for (bytes, dates) is the text that `str()` gives.
fn value_into<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    match value {
        Value::None => out.extend_from_slice(b"null"),
        Value::Bool(flag) => put(out, format_args!("{}", flag.get())),
        Value::Int(number) => put(out, format_args!("{number}")),
        Value::Float(number) if !number.get().is_finite() => out.extend_from_slice(b"null"),
        Value::Big(_) | Value::Float(_) => repr(heap, value, out)?,
        Value::Str(text) => text_into(text, out),
        Value::Pair(items) => heap.enter(|| items_into(heap, items.iter().copied(), out))?,
        Value::Tuple(items) => heap.enter(|| items_into(heap, items.iter().copied(), out))?,
        Value::Object(object)
            if object.class.hooks.is_tuple || std::ptr::eq(object.class, &RESULT_ITERABLE) =>
        {
            heap.enter(|| items_into(heap, object.fields.iter().copied(), out))?;
        }
        Value::List(list) => {
            let mut index = 0;
            let items = std::iter::from_fn(|| {
                index += 1;
                list.items.borrow().get(index - 1).copied()
            });
            heap.enter(|| items_into(heap, items, out))?;
        }
        Value::Set(set) => {
            let mut place = 0;
            let members = std::iter::from_fn(|| {
                let (next, member) = set.entry(place)?;
                place = next;
                Some(member)
            });
            heap.enter(|| items_into(heap, members, out))?;
        }
        Value::Dict(dict) => heap.enter(|| dict_into(heap, dict, out))?,
        _ => {
            let mut text = Vec::new();
            str(heap, value, &mut text)?;
            text_into(&String::from_utf8_lossy(&text), out);
        }
    }
    Ok(())
}

fn items_into<'a>(
    heap: &Heap<'a>,
    items: impl Iterator<Item = Value<'a>>,
    out: &mut Vec<u8>,
) -> Result<(), Raised> {
    out.push(b'[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        value_into(heap, item, out)?;
    }
    out.push(b']');
    Ok(())
}

/// Appends an object. Keys that are no text are named as `json.dumps` names them, others by `str()`.
fn dict_into<'a>(heap: &Heap<'a>, dict: &Dict<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    out.push(b'{');
    let (mut place, mut name) = (0, Vec::new());
    while let Some((next, key, value)) = dict.entry(place) {
        if place > 0 {
            out.push(b',');
        }
        place = next;
        name.clear();
        match key {
            Value::None => name.extend_from_slice(b"null"),
            Value::Bool(flag) => put(&mut name, format_args!("{}", flag.get())),
            _ => str(heap, key, &mut name)?,
        }
        text_into(&String::from_utf8_lossy(&name), out);
        out.push(b':');
        value_into(heap, value, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn text_into(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a vector takes every string");
}

#[cfg(test)]
mod tests {
    use super::super::tests::{count, keyed, rendered, values};
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

    #[test]
    fn records_of_any_kind_are_what_is_nearest_in_json() {
        let batch = values(2, |heap| {
            let dict = heap.dict();
            let nested = heap.list([Value::float(1.0), Value::float(f64::NAN), heap.bytes(b"x\xff")]);
            dict.insert(heap, heap.str("a"), nested).expect("text can be hashed");
            dict.insert(heap, Value::bool(true), Value::None).expect("flags can be hashed");
            let three = heap.tuple(&[Value::bool(false), heap.str("\u{e9}\n"), Value::Int(-1)]);
            vec![heap.pair(three, Value::Dict(dict)), Value::Int(7)]
        });
        assert_eq!(
            rendered(&mut Json, &batch),
            "{\"time\":\"1970-01-01T00:00:01Z\",\"output\":2,\"key\":[false,\"\u{e9}\\n\",-1],\
             \"value\":{\"a\":[1.0,null,\"b'x\\\\xff'\"],\"true\":null}}\n\
             {\"time\":\"1970-01-01T00:00:01Z\",\"output\":2,\"value\":7}\n"
        );
    }
}
