//! Slices of sequences.

use super::exceptions::{TYPE_ERROR, VALUE_ERROR};
use super::item::range_item;
use super::{Heap, List, Outcome, Raised, Value, iterate, length, range_length, type_of};

/// The parts of `[start:stop:step]`, `None` for each that is not given.
pub type Slice<'a> = [Value<'a>; 3];

/// `value[start:stop:step]`
///
/// # Errors
/// `TypeError` for what has no slices or for parts that are no ints, `ValueError: slice step cannot be zero`.
pub fn get_slice<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    start: Value<'a>,
    stop: Value<'a>,
    step: Value<'a>,
) -> Outcome<'a> {
    let slice = [start, stop, step];
    match value {
        Value::Str(text) => get_text(heap, text, slice),
        Value::List(list) => {
            let items = list.items.borrow();
            let places = Places::new(heap, items.len(), slice)?;
            heap.check_memory(places.count * size_of::<Value<'_>>())?;
            match places.run() {
                Some((start, stop)) => Ok(heap.list(items[start..stop].iter().copied())),
                None => Ok(heap.list(places.iter().map(|at| items[at]))),
            }
        }
        Value::Bytes(bytes) => {
            let places = Places::new(heap, bytes.len(), slice)?;
            match places.run() {
                Some((start, stop)) => Ok(Value::Bytes(heap.bump().alloc(&bytes[start..stop]))),
                None => Ok(heap.bytes(&places.iter().map(|at| bytes[at]).collect::<Vec<_>>())),
            }
        }
        Value::Range(range) => get_range(heap, range, slice),
        _ => {
            let items = match value {
                Value::Object(object) if object.class.hooks.is_tuple => Some(object.fields),
                _ => value.as_tuple(),
            };
            if let Some(items) = items {
                return get_tuple(heap, items, slice);
            }
            let name = type_of(value).name;
            let message = match value {
                Value::Dict(_) => "unhashable type: 'slice'".to_owned(),
                _ => format!("'{name}' object is not subscriptable"),
            };
            Err(heap.raise(&TYPE_ERROR, message))
        }
    }
}

fn get_tuple<'a>(heap: &Heap<'a>, items: &'a [Value<'a>], slice: Slice<'a>) -> Outcome<'a> {
    let places = Places::new(heap, items.len(), slice)?;
    match places.run() {
        Some((start, stop)) => Ok(match items[start..stop] {
            [first, second] => heap.pair(first, second),
            ref rest => Value::Tuple(heap.bump().alloc(rest)),
        }),
        None => Ok(heap.tuple(&places.iter().map(|at| items[at]).collect::<Vec<_>>())),
    }
}

fn get_text<'a>(heap: &Heap<'a>, text: &'a str, slice: Slice<'a>) -> Outcome<'a> {
    if let Some(part) = near_start(text, slice) {
        return Ok(heap.text(part));
    }
    if text.is_ascii() {
        let places = Places::new(heap, text.len(), slice)?;
        return Ok(match places.run() {
            Some((start, stop)) => heap.text(&text[start..stop]),
            None => heap.str(&places.iter().map(|at| char::from(text.as_bytes()[at])).collect::<String>()),
        });
    }
    let places = Places::new(heap, text.chars().count(), slice)?;
    if let Some((start, stop)) = places.run() {
        let rest = skip(text, start);
        let behind = skip(rest, stop - start);
        return Ok(heap.text(&rest[..rest.len() - behind.len()]));
    }
    let characters: Vec<char> = text.chars().collect();
    Ok(heap.str(&places.iter().map(|at| characters[at]).collect::<String>()))
}

/// A slice whose bounds count from the start, if up to the last of them the text is long enough, and ASCII: the rest
/// of it need not be looked at.
fn near_start<'a>(text: &'a str, slice: Slice<'_>) -> Option<&'a str> {
    let (start, stop) = match slice {
        [Value::None, Value::Int(stop), Value::None] => (0, Some(stop)),
        [Value::Int(start), Value::None, Value::None] => (start, None),
        [Value::Int(start), Value::Int(stop), Value::None] => (start.min(stop), Some(stop)),
        _ => return None,
    };
    let start = usize::try_from(start).ok()?;
    let stop = stop.map(usize::try_from).transpose().ok()?;
    let looked_at = text.as_bytes().get(..stop.unwrap_or(start))?;
    looked_at.is_ascii().then(|| &text[start..stop.unwrap_or(text.len())])
}

/// The text without its first characters.
fn skip(text: &str, count: usize) -> &str {
    let mut characters = text.chars();
    if count > 0 {
        characters.nth(count - 1);
    }
    characters.as_str()
}

fn get_range<'a>(heap: &Heap<'a>, range: &[i64; 3], slice: Slice<'a>) -> Outcome<'a> {
    let length = length(heap, Value::Range(heap.bump().alloc(*range)))?;
    let places = Places::new(heap, length, slice)?;
    let at = |place: i128| i64::try_from(i128::from(range[0]) + i128::from(range[2]) * place).ok();
    let bounds = (at(places.start.into()), at(places.stop.into()), range[2].checked_mul(places.step));
    match bounds {
        (Some(start), Some(stop), Some(step)) => Ok(Value::Range(heap.bump().alloc([start, stop, step]))),
        // Only a bound or step that no number of the range comes to can be out of reach.
        _ => {
            let first = range_item(range, places.start.unsigned_abs());
            let range = match places.count {
                0 => [0, 0, 1],
                1 => [first, first.saturating_add(1), 1],
                _ => [
                    first,
                    if range[2] > 0 { i64::MAX } else { i64::MIN },
                    range[2].saturating_mul(places.step),
                ],
            };
            Ok(Value::Range(heap.bump().alloc(range)))
        }
    }
}

/// `value[start:stop:step] = items`; only lists have that.
///
/// # Errors
/// As [`get_slice`], and `ValueError` where a step is given and the lengths differ.
pub fn set_slice<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    slice: Slice<'a>,
    items: Value<'a>,
) -> Result<(), Raised> {
    let list = list_of(heap, value, "does not support item assignment")?;
    let new = collect(heap, items, slice[2])?;
    let places = Places::new(heap, list.len(), slice)?;
    if places.step == 1 {
        let start = places.start();
        let growth = new.len().saturating_sub(places.count);
        heap.check_memory((list.len() + growth) * size_of::<Value<'_>>())?;
        list.items.borrow_mut().splice(start..start + places.count, new.iter().copied());
        return Ok(());
    }
    if new.len() != places.count {
        let message = format!(
            "attempt to assign sequence of size {} to extended slice of size {}",
            new.len(),
            places.count
        );
        return Err(heap.raise(&VALUE_ERROR, message));
    }
    let mut items = list.items.borrow_mut();
    for (at, item) in places.iter().zip(new) {
        items[at] = *item;
    }
    Ok(())
}

/// What is assigned, all of it before the list changes.
fn collect<'a>(heap: &Heap<'a>, items: Value<'a>, step: Value<'a>) -> Result<&'a [Value<'a>], Raised> {
    if let Value::List(list) = items {
        return Ok(list.snapshot(heap));
    }
    let iter = iterate(heap, items).map_err(|_| {
        heap.caught();
        let what = if step.is_none() || step.as_int() == Some(1) {
            "can only assign an iterable"
        } else {
            "must assign iterable to extended slice"
        };
        heap.raise(&TYPE_ERROR, what)
    })?;
    let collected = List::new(heap.bump(), []);
    while let Some(item) = iter.next(heap)? {
        heap.check()?;
        collected.push(heap, item)?;
    }
    Ok(collected.snapshot(heap))
}

/// `del value[start:stop:step]`; only lists have that.
///
/// # Errors
/// As [`get_slice`].
pub fn delete_slice<'a>(heap: &Heap<'a>, value: Value<'a>, slice: Slice<'a>) -> Result<(), Raised> {
    let list = list_of(heap, value, "does not support item deletion")?;
    let places = Places::new(heap, list.len(), slice)?;
    let mut at = 0;
    list.items.borrow_mut().retain(|_| {
        let kept = !places.contains(at);
        at += 1;
        kept
    });
    Ok(())
}

fn list_of<'a>(heap: &Heap<'a>, value: Value<'a>, fault: &str) -> Result<&'a List<'a>, Raised> {
    match value {
        Value::List(list) => Ok(list),
        Value::Dict(_) => Err(heap.raise(&TYPE_ERROR, "unhashable type: 'slice'")),
        _ => Err(heap.raise(&TYPE_ERROR, format!("'{}' object {fault}", type_of(value).name))),
    }
}

/// The places that a slice takes of a sequence.
#[derive(Clone, Copy)]
struct Places {
    start: i64,
    stop: i64,
    step: i64,
    count: usize,
}

impl Places {
    fn new<'a>(heap: &Heap<'a>, length: usize, slice: Slice<'a>) -> Result<Self, Raised> {
        let (start, stop, step) = slice_places(heap, length, slice)?;
        let count = usize::try_from(range_length(&[start, stop, step])).unwrap_or(usize::MAX);
        Ok(Places { start, stop, step, count })
    }

    /// The first place, or where something would be inserted.
    fn start(&self) -> usize {
        usize::try_from(self.start).unwrap_or(0)
    }

    /// Start and stop where the places follow each other.
    fn run(&self) -> Option<(usize, usize)> {
        (self.step == 1).then(|| (self.start(), self.start() + self.count))
    }

    fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.count as u64)
            .map(move |at| usize::try_from(range_item(&[self.start, self.stop, self.step], at)).unwrap_or(0))
    }

    fn contains(&self, at: usize) -> bool {
        let Ok(at) = i64::try_from(at) else { return false };
        let inside = if self.step > 0 {
            self.start <= at && at < self.stop
        } else {
            self.stop < at && at <= self.start
        };
        inside && at.abs_diff(self.start) % self.step.unsigned_abs() == 0
    }
}

/// Where a slice of a sequence of `length` items starts and stops, and its step: as `slice.indices` has it.
///
/// # Errors
/// As [`get_slice`].
pub fn slice_places<'a>(heap: &Heap<'a>, length: usize, slice: Slice<'a>) -> Result<(i64, i64, i64), Raised> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let step = part(heap, slice[2])?.unwrap_or(1);
    if step == 0 {
        return Err(heap.raise(&VALUE_ERROR, "slice step cannot be zero"));
    }
    // As far as steps backwards can be negated.
    let step = step.max(-i64::MAX);
    let (lowest, highest) = if step < 0 { (-1, length - 1) } else { (0, length) };
    let clamp = |number: i64| {
        let from_start = if number < 0 { number.saturating_add(length) } else { number };
        from_start.clamp(lowest, highest)
    };
    let (first, last) = if step < 0 { (highest, lowest) } else { (lowest, highest) };
    let start = part(heap, slice[0])?.map_or(first, clamp);
    let stop = part(heap, slice[1])?.map_or(last, clamp);
    Ok((start, stop, step))
}

/// A part of a slice; ints beyond 64 bits are as good as the largest.
fn part<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<Option<i64>, Raised> {
    match (value, value.as_int()) {
        (Value::None, _) => Ok(None),
        (_, Some(number)) => Ok(Some(number)),
        (Value::Big(big), _) => Ok(Some(if big.is_negative() { i64::MIN } else { i64::MAX })),
        _ => {
            Err(heap.raise(&TYPE_ERROR, "slice indices must be integers or None or have an __index__ method"))
        }
    }
}
