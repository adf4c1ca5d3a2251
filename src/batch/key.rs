//! Keys of any kind as bytes, for tables that hash, compare and sort nothing but bytes.
//!
//! Text is itself. Any other key begins with a byte that text cannot have; behind it stands what sorts as
//! the key does (all keys have an order: text, `None`, numbers by value, `bytes`, tuples item by item,
//! everything else by its `repr`), then the encoded key, then how long that is. Keys that are equal in
//! Python have the same bytes: `1.0` and `True` are the key `1`.

use super::value::{Big, Heap, Raised, Value, bigint_to_float, decode, encode, float_to_bigint, hash, repr};

/// What a key begins with that is no text: no UTF-8 has this byte.
const OTHER: u8 = 0xff;

/// Bytes of the length at the end.
const LENGTH: usize = 4;

/// What sorts within a key: kinds of values, and the end of what has no length.
mod order {
    pub(super) const END: u8 = 0;
    pub(super) const TEXT: u8 = 1;
    pub(super) const NONE: u8 = 2;
    pub(super) const NUMBER: u8 = 3;
    pub(super) const BYTES: u8 = 4;
    pub(super) const TUPLE: u8 = 5;
    pub(super) const OTHER: u8 = 6;
}

/// Appends a key. Where an equal key of another type stands for it, its own spelling is given back.
///
/// # Errors
/// `TypeError: unhashable type: 'list'`; `PicklingError` for what cannot leave a task.
pub fn encode_key<'a>(heap: &Heap<'a>, key: Value<'a>, out: &mut Vec<u8>) -> Result<Option<Vec<u8>>, Raised> {
    if let Value::Str(text) = key {
        out.extend_from_slice(text.as_bytes());
        return Ok(None);
    }
    hash(heap, key)?;
    let (normal, is_changed) = normal(heap, key)?;
    out.push(OTHER);
    put_order(heap, normal, out)?;
    put_encoded(heap, normal, out)?;
    if !is_changed {
        return Ok(None);
    }
    let mut spelling = vec![OTHER];
    put_encoded(heap, key, &mut spelling)?;
    Ok(Some(spelling))
}

/// The key that was encoded. Text is borrowed.
pub fn decode_key<'a>(heap: &Heap<'a>, key: &'a [u8]) -> Value<'a> {
    match key.split_last_chunk::<LENGTH>() {
        Some((rest, length)) if rest.first() == Some(&OTHER) => {
            let length = u32::from_le_bytes(*length) as usize;
            decode(heap, &mut &rest[rest.len() - length..])
        }
        _ => match std::str::from_utf8(key) {
            Ok(text) => heap.text(text),
            Err(_) => heap.str(&String::from_utf8_lossy(key)),
        },
    }
}

fn put_encoded<'a>(heap: &Heap<'a>, key: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let start = out.len();
    encode(heap, key, out)?;
    // Memory for values ends long before.
    let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    Ok(())
}

/// The key in which every number is an `int` that can be, and whether it is another one.
fn normal<'a>(heap: &Heap<'a>, key: Value<'a>) -> Result<(Value<'a>, bool), Raised> {
    Ok(match key {
        Value::Bool(flag) => (Value::Int(i64::from(flag.get())), true),
        Value::Float(number) if number.get().fract() == 0.0 => match float_to_bigint(number.get()) {
            Some(whole) => (heap.int(&whole), true),
            None => (key, false),
        },
        _ => match key.as_tuple() {
            Some(items) => heap.enter(|| {
                let mut is_changed = false;
                let mut normals = Vec::with_capacity(items.len());
                for item in items {
                    let (item, item_changed) = normal(heap, *item)?;
                    is_changed |= item_changed;
                    normals.push(item);
                }
                Ok((heap.tuple(&normals), is_changed))
            })?,
            None => (key, false),
        },
    })
}

/// Appends what sorts as a normal value does.
fn put_order<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    match value {
        Value::None => out.push(order::NONE),
        Value::Str(text) => put_delimited(order::TEXT, text.as_bytes(), out),
        Value::Bytes(bytes) => put_delimited(order::BYTES, bytes, out),
        Value::Int(number) => {
            // Neighbours share a float beyond 53 bits: they are told apart by how far they are from it.
            let float = number as f64;
            let beyond = i128::from(number) - float as i128;
            put_number(float, i16::try_from(beyond).unwrap_or(0), out);
        }
        Value::Big(number) => put_number(float_of(number), 0, out),
        Value::Float(number) => put_number(number.get(), 0, out),
        _ => match value.as_tuple() {
            Some(items) => {
                out.push(order::TUPLE);
                heap.enter(|| items.iter().try_for_each(|item| put_order(heap, *item, out)))?;
                out.push(order::END);
            }
            None => {
                let mut text = Vec::new();
                repr(heap, value, &mut text)?;
                put_delimited(order::OTHER, &text, out);
            }
        },
    }
    Ok(())
}

fn float_of(number: &Big<'_>) -> f64 {
    let infinite = if number.is_negative() { f64::NEG_INFINITY } else { f64::INFINITY };
    bigint_to_float(&number.to_bigint()).unwrap_or(infinite)
}

/// Numbers by value, NaN behind all others.
fn put_number(float: f64, beyond: i16, out: &mut Vec<u8>) {
    const SIGN: u64 = 1 << 63;
    let bits = if float.is_nan() { f64::NAN.to_bits() & !SIGN } else { float.to_bits() };
    let sorted = if bits & SIGN == 0 { bits | SIGN } else { !bits };
    out.push(order::NUMBER);
    out.extend_from_slice(&sorted.to_be_bytes());
    out.extend_from_slice(&(beyond as u16 ^ 0x8000).to_be_bytes());
}

/// Bytes with an end that sorts before everything that could go on.
fn put_delimited(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    for byte in bytes {
        out.push(*byte);
        if *byte == order::END {
            out.push(OTHER);
        }
    }
    out.push(order::END);
}

#[cfg(test)]
mod tests {
    use super::super::value::{Arena, Task, repr_text};
    use super::*;

    fn encoded<'a>(heap: &Heap<'a>, key: Value<'a>) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_key(heap, key, &mut bytes).expect("it is a key");
        bytes
    }

    #[test]
    fn bytes_sort_as_keys_do_and_come_back() {
        let (arena, task) = (Arena::default(), Task::default());
        let heap = Heap::new(&arena, &task);
        let int = |number| Value::Int(number);
        let float = Value::float;
        let keys = [
            heap.str(""),
            heap.str("a\0"),
            heap.str("é"),
            Value::None,
            float(f64::NEG_INFINITY),
            int(i64::MIN),
            int(-10),
            int(-2),
            float(-0.5),
            int(0),
            float(0.25),
            int(3),
            int(20),
            int((1 << 53) + 1),
            int((1 << 53) + 2),
            int(i64::MAX - 1),
            int(i64::MAX),
            float(1e300),
            float(f64::INFINITY),
            float(f64::NAN),
            heap.bytes(b"\xff\x00"),
            heap.tuple(&[]),
            heap.pair(heap.str("a"), int(2)),
            heap.pair(heap.str("a"), int(10)),
            heap.pair(heap.str("a\0"), int(1)),
            heap.pair(heap.str("ab"), Value::None),
        ];
        for pair in keys.windows(2) {
            assert!(encoded(&heap, pair[0]) < encoded(&heap, pair[1]), "{:?}", {
                pair.iter().map(|key| repr_text(&heap, *key).expect("a repr")).collect::<Vec<_>>()
            });
        }
        for key in keys {
            let bytes = heap.bump().alloc(encoded(&heap, key));
            let text = |key| repr_text(&heap, key).expect("a repr").to_string();
            // One float stands for the int that it equals.
            let expected = text(key).replace("1e+300", &format!("{:.0}", 1e300));
            assert_eq!(text(decode_key(&heap, bytes)), expected);
        }
    }

    #[test]
    fn equal_keys_have_the_same_bytes_and_a_spelling_of_their_own() {
        let (arena, task) = (Arena::default(), Task::default());
        let heap = Heap::new(&arena, &task);
        let one = encoded(&heap, Value::Int(1));
        for (key, shown) in [(Value::bool(true), "True"), (Value::float(1.0), "1.0")] {
            let mut bytes = Vec::new();
            let spelling = encode_key(&heap, key, &mut bytes).expect("it is a key").expect("it is no int");
            assert_eq!(bytes, one);
            let spelled = decode_key(&heap, heap.bump().alloc(spelling));
            assert_eq!(repr_text(&heap, spelled).expect("a repr"), shown);
        }
        let list = heap.list([]);
        assert!(encode_key(&heap, list, &mut Vec::new()).is_err());
        heap.caught();
    }
}
