//! Values at rest: a compact encoding, self-delimiting, that any thread may read. Text is borrowed
//! from the encoded bytes when it is decoded.
//!
//! A value is a tag and what the tag calls for. Numbers are varints (seven bits a byte, lowest first;
//! signed ones zigzag), floats their eight bytes; texts, bytes and containers come after their length.

use num_bigint::{BigInt, BigUint, Sign};

use super::exceptions::{self, PICKLING_ERROR};
use super::types::{self, DICT, FROZENSET, SET};
use super::{Dict, Heap, List, Object, Raised, Set, TypeInfo, Value, hash, type_of};
use crate::batch::python;

pub(super) const NONE: u8 = 0;
pub(super) const FALSE: u8 = 1;
pub(super) const TRUE: u8 = 2;
pub(super) const INT: u8 = 3;
pub(super) const BIG: u8 = 4;
pub(super) const NEGATIVE_BIG: u8 = 5;
pub(super) const FLOAT: u8 = 6;
pub(super) const STR: u8 = 7;
pub(super) const BYTES: u8 = 8;
pub(super) const PAIR: u8 = 9;
pub(super) const TUPLE: u8 = 10;
pub(super) const LIST: u8 = 11;
pub(super) const PLAIN_DICT: u8 = 12;
pub(super) const OTHER_DICT: u8 = 13;
pub(super) const PLAIN_SET: u8 = 14;
pub(super) const FROZEN_SET: u8 = 15;
pub(super) const RANGE: u8 = 16;
pub(super) const TYPE: u8 = 17;
pub(super) const OBJECT: u8 = 18;
/// From here on a tag is a `str` of up to [`SHORT`] bytes.
pub(super) const SHORT_STR: u8 = 64;
const SHORT: usize = 63;
/// From here on a tag is an `int` from 0 to 127.
pub(super) const SMALL_INT: u8 = 128;

/// Containers within containers at most, by more than a task can build.
pub(super) const DEEPEST: u32 = 2000;

/// Appends a value. Aliases within it are not kept.
///
/// # Errors
/// `PicklingError` for what cannot leave a task (functions, generators, modules); `RecursionError` for a
/// container that holds itself.
#[inline]
pub fn encode<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    match value {
        Value::Int(number) => encode_int(number, out),
        Value::Str(text) => encode_text(text, out),
        _ => return encode_other(heap, value, out),
    }
    Ok(())
}

fn encode_other<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    match value {
        Value::None => out.push(NONE),
        Value::Bool(flag) => out.push(if flag.get() { TRUE } else { FALSE }),
        Value::Int(number) => encode_int(number, out),
        Value::Big(big) => {
            let (sign, bytes) = big.to_bigint().to_bytes_le();
            put_bytes(if sign == Sign::Minus { NEGATIVE_BIG } else { BIG }, &bytes, out);
        }
        Value::Float(number) => {
            out.push(FLOAT);
            out.extend_from_slice(&number.get().to_bits().to_le_bytes());
        }
        Value::Str(text) => encode_text(text, out),
        Value::Bytes(bytes) => put_bytes(BYTES, bytes, out),
        Value::Range(range) => {
            out.push(RANGE);
            range.iter().for_each(|number| put_signed(*number, out));
        }
        Value::Type(class) => {
            out.push(TYPE);
            put_class(heap, class, value, out)?;
        }
        _ => return heap.enter_for(" while pickling an object", || encode_container(heap, value, out)),
    }
    Ok(())
}

fn encode_container<'a>(heap: &Heap<'a>, value: Value<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    match value {
        Value::Pair([first, second]) => {
            out.push(PAIR);
            encode(heap, *first, out)?;
            encode(heap, *second, out)
        }
        Value::Tuple(items) => {
            out.push(TUPLE);
            encode_items(heap, items.len(), items.iter().copied(), out)
        }
        Value::List(list) => {
            out.push(LIST);
            let items = list.items.borrow();
            encode_items(heap, items.len(), items.iter().copied(), out)
        }
        Value::Dict(dict) => {
            if std::ptr::eq(dict.class, &DICT) {
                out.push(PLAIN_DICT);
            } else {
                out.push(OTHER_DICT);
                put_class(heap, dict.class, value, out)?;
                encode(heap, dict.default.get(), out)?;
            }
            put(dict.len(), out);
            for (key, value) in dict.entries() {
                encode(heap, key, out)?;
                encode(heap, value, out)?;
            }
            Ok(())
        }
        Value::Set(set) => {
            out.push(if std::ptr::eq(set.class, &SET) { PLAIN_SET } else { FROZEN_SET });
            encode_items(heap, set.len(), set.members(), out)
        }
        Value::Object(object) => {
            out.push(OBJECT);
            put_class(heap, object.class, value, out)?;
            let mut data = Vec::new();
            if let Some(encode) = object.class.hooks.encode {
                encode(object, &mut data);
            }
            put(data.len(), out);
            out.extend_from_slice(&data);
            encode_items(heap, object.fields.len(), object.fields.iter().copied(), out)
        }
        _ => Err(cannot_pickle(heap, value)),
    }
}

fn encode_items<'a>(
    heap: &Heap<'a>,
    count: usize,
    items: impl Iterator<Item = Value<'a>>,
    out: &mut Vec<u8>,
) -> Result<(), Raised> {
    put(count, out);
    for item in items {
        encode(heap, item, out)?;
    }
    Ok(())
}

#[inline]
fn encode_int(number: i64, out: &mut Vec<u8>) {
    match u8::try_from(number) {
        Ok(small) if small < 128 => out.push(SMALL_INT | small),
        _ => {
            out.push(INT);
            put_signed(number, out);
        }
    }
}

#[inline]
fn encode_text(text: &str, out: &mut Vec<u8>) {
    match u8::try_from(text.len()) {
        Ok(short) if text.len() <= SHORT => {
            out.push(SHORT_STR + short);
            out.extend_from_slice(text.as_bytes());
        }
        _ => put_bytes(STR, text.as_bytes(), out),
    }
}

fn put_bytes(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    put(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn put_signed(number: i64, out: &mut Vec<u8>) {
    put_number(((number << 1) ^ (number >> 63)).cast_unsigned(), out);
}

fn put(length: usize, out: &mut Vec<u8>) {
    put_number(length as u64, out);
}

fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// The lists of classes that have numbers.
pub(super) fn class_lists() -> impl Iterator<Item = &'static [&'static TypeInfo]> {
    [types::CLASSES, exceptions::CLASSES].into_iter().chain(python::CLASSES.iter().copied())
}

fn put_class<'a>(
    heap: &Heap<'a>,
    class: &'static TypeInfo,
    value: Value<'a>,
    out: &mut Vec<u8>,
) -> Result<(), Raised> {
    for (list, classes) in class_lists().enumerate() {
        if let Some(place) = classes.iter().position(|other| std::ptr::eq(*other, class)) {
            put(list, out);
            put(place, out);
            return Ok(());
        }
    }
    Err(cannot_pickle(heap, value))
}

#[cold]
fn cannot_pickle<'a>(heap: &Heap<'a>, value: Value<'a>) -> Raised {
    let message = match value {
        Value::Type(class) => format!("cannot pickle class '{}'", class.name),
        _ => format!("cannot pickle '{}' object", type_of(value).name),
    };
    heap.raise(&PICKLING_ERROR, message)
}

/// The value at the start of `bytes`, which is moved behind it.
///
/// # Panics
/// If [`encode`] did not write these bytes.
pub fn decode<'a>(heap: &Heap<'a>, bytes: &mut &'a [u8]) -> Value<'a> {
    let tag = take(bytes, 1)[0];
    match tag {
        SMALL_INT.. => Value::Int(i64::from(tag & 0x7f)),
        SHORT_STR..SMALL_INT => decode_text(heap, take(bytes, usize::from(tag - SHORT_STR))),
        NONE => Value::None,
        FALSE => Value::bool(false),
        TRUE => Value::bool(true),
        INT => Value::Int(get_signed(bytes)),
        BIG | NEGATIVE_BIG => {
            let sign = if tag == BIG { Sign::Plus } else { Sign::Minus };
            heap.int(&BigInt::from_biguint(sign, BigUint::from_bytes_le(get_bytes(bytes))))
        }
        FLOAT => {
            let bits = take(bytes, 8).first_chunk().expect("eight bytes were taken");
            Value::float(f64::from_bits(u64::from_le_bytes(*bits)))
        }
        STR => {
            let text = get_bytes(bytes);
            decode_text(heap, text)
        }
        BYTES => Value::Bytes(heap.bump().alloc(get_bytes(bytes))),
        PAIR => {
            let first = decode(heap, bytes);
            let second = decode(heap, bytes);
            heap.pair(first, second)
        }
        TUPLE => Value::Tuple(heap.bump().alloc(decode_items(heap, bytes))),
        LIST => {
            let count = get(bytes);
            let items = (0..count).map(|_| decode(heap, bytes));
            Value::List(heap.bump().alloc(List::new(heap.bump(), items)))
        }
        PLAIN_DICT => decode_dict(heap, bytes, &DICT, Value::None),
        OTHER_DICT => {
            let class = get_class(bytes);
            let default = decode(heap, bytes);
            decode_dict(heap, bytes, class, default)
        }
        PLAIN_SET => decode_set(heap, bytes, &SET),
        FROZEN_SET => decode_set(heap, bytes, &FROZENSET),
        RANGE => {
            let range = [get_signed(bytes), get_signed(bytes), get_signed(bytes)];
            Value::Range(heap.bump().alloc(range))
        }
        TYPE => Value::Type(get_class(bytes)),
        OBJECT => {
            let class = get_class(bytes);
            let data = get_bytes(bytes);
            let fields = decode_items(heap, bytes);
            match class.hooks.decode {
                Some(decode) => decode(heap, data, fields),
                None => heap.object(Object { class, data: &(), fields }),
            }
        }
        _ => unreachable!("no value starts with the tag {tag}"),
    }
}

fn decode_text<'a>(heap: &Heap<'a>, bytes: &'a [u8]) -> Value<'a> {
    heap.text(std::str::from_utf8(bytes).expect("a text is encoded as its UTF-8"))
}

fn decode_items<'a>(heap: &Heap<'a>, bytes: &mut &'a [u8]) -> &'a [Value<'a>] {
    let count = get(bytes);
    heap.bump().alloc_slice_fill_with(count, |_| decode(heap, bytes))
}

fn decode_dict<'a>(
    heap: &Heap<'a>,
    bytes: &mut &'a [u8],
    class: &'static TypeInfo,
    default: Value<'a>,
) -> Value<'a> {
    let count = get(bytes);
    let entries = (0..count).map(|_| {
        let (hash, key) = decode_key(heap, bytes);
        (hash, key, decode(heap, bytes))
    });
    Value::Dict(heap.bump().alloc(Dict::of_distinct(heap.bump(), class, default, count, entries)))
}

fn decode_set<'a>(heap: &Heap<'a>, bytes: &mut &'a [u8], class: &'static TypeInfo) -> Value<'a> {
    let count = get(bytes);
    let members = (0..count).map(|_| decode_key(heap, bytes));
    Value::Set(heap.bump().alloc(Set::of_distinct(heap.bump(), class, count, members)))
}

fn decode_key<'a>(heap: &Heap<'a>, bytes: &mut &'a [u8]) -> (u64, Value<'a>) {
    let key = decode(heap, bytes);
    // It has been a key before, and nothing that is encoded is nested deeper than can be hashed.
    let hash = heap.at_top(|| hash(heap, key)).expect("a key can be hashed");
    (hash, key)
}

#[inline]
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(count);
    *bytes = rest;
    taken
}

fn get_bytes<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let length = get(bytes);
    take(bytes, length)
}

fn get(bytes: &mut &[u8]) -> usize {
    usize::try_from(get_number(bytes)).expect("a length was a usize before")
}

fn get_signed(bytes: &mut &[u8]) -> i64 {
    let number = get_number(bytes);
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn get_number(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    let mut shift = 0;
    loop {
        let byte = take(bytes, 1)[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return number;
        }
        shift += 7;
    }
}

fn get_class(bytes: &mut &[u8]) -> &'static TypeInfo {
    let (list, place) = (get(bytes), get(bytes));
    class_lists().nth(list).expect("the list of the class is there")[place]
}
