//! `map`, `filter`, `zip`, `enumerate`, `reversed` and generators.

use std::cell::Cell;

use super::args::{index, native, wrong_object};
use crate::batch::value::exceptions::{OVERFLOW_ERROR, STOP_ITERATION, TYPE_ERROR, VALUE_ERROR, exception};
use crate::batch::value::types::{ENUMERATE, FILTER, MAP, REVERSED, ZIP};
use crate::batch::value::{
    Args, Binary, DICT_ITEMS, DICT_KEYS, DICT_VALUES, Dict, Heap, Iter, Native, Outcome, Produce, Raised,
    TypeInfo, Value, binary, call, get_item, iterate, length, range_length, truth, type_of,
};

/// The methods of `generator`.
pub static GENERATOR_METHODS: &[Native] = &[native("send", send)];

/// `generator.send(value)`
fn send<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = args.object(heap, "generator.send")?;
    let value = args.one(heap, "generator.send")?;
    let Value::Iterator(iterator) = object else { return Err(wrong_object(heap, "generator.send", object)) };
    match iterator.send(heap, value)? {
        Some(value) => Ok(value),
        None => Err(stop_iteration(heap, iterator)),
    }
}

/// What ends an iterator: `StopIteration`, with what a generator came to.
#[cold]
pub fn stop_iteration<'a>(heap: &Heap<'a>, iterator: &Iter<'a>) -> Raised {
    let exception = match iterator.returned() {
        Value::None => exception(heap, &STOP_ITERATION, &[]),
        value => exception(heap, &STOP_ITERATION, &[value]),
    };
    heap.throw(exception)
}

/// An iterator over what `produce` makes.
fn produced<'a>(heap: &Heap<'a>, class: &'static TypeInfo, produce: &'a dyn Produce<'a>) -> Value<'a> {
    Value::Iterator(heap.bump().alloc(Iter::produced(class, produce)))
}

/// Iterators over each of the arguments.
fn iterators<'a>(heap: &Heap<'a>, arguments: &[Value<'a>]) -> Result<&'a [&'a Iter<'a>], Raised> {
    let mut found = bumpalo::collections::Vec::with_capacity_in(arguments.len(), heap.bump());
    for argument in arguments {
        found.push(iterate(heap, *argument)?);
    }
    Ok(found.into_bump_slice())
}

struct Map<'a> {
    function: Value<'a>,
    over: &'a [&'a Iter<'a>],
}

impl<'a> Produce<'a> for Map<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        if let [over] = self.over {
            let Some(value) = over.next(heap)? else { return Ok(None) };
            return call(heap, self.function, Args { positional: &[value], keywords: &[] }).map(Some);
        }
        let mut values = Vec::with_capacity(self.over.len());
        for over in self.over {
            match over.next(heap)? {
                Some(value) => values.push(value),
                None => return Ok(None),
            }
        }
        call(heap, self.function, Args { positional: &values, keywords: &[] }).map(Some)
    }
}

/// `map(function, *iterables)`
pub fn new_map<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    args.no_keywords(heap, "map")?;
    let [function, iterables @ ..] = args.positional else {
        return Err(heap.raise(&TYPE_ERROR, "map() must have at least two arguments."));
    };
    if iterables.is_empty() {
        return Err(heap.raise(&TYPE_ERROR, "map() must have at least two arguments."));
    }
    let over = iterators(heap, iterables)?;
    Ok(produced(heap, &MAP, heap.bump().alloc(Map { function: *function, over })))
}

struct Filter<'a> {
    function: Value<'a>,
    over: &'a Iter<'a>,
}

impl<'a> Produce<'a> for Filter<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        while let Some(value) = self.over.next(heap)? {
            heap.check()?;
            let kept = match self.function {
                Value::None => value,
                function => call(heap, function, Args { positional: &[value], keywords: &[] })?,
            };
            if truth(kept) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// `filter(function, iterable)`
pub fn new_filter<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "filter", 2, 2)?;
    let over = iterate(heap, arguments[1])?;
    Ok(produced(heap, &FILTER, heap.bump().alloc(Filter { function: arguments[0], over })))
}

struct Zip<'a> {
    over: &'a [&'a Iter<'a>],
    strict: bool,
}

impl<'a> Produce<'a> for Zip<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        if let ([first, second], false) = (self.over, self.strict) {
            let Some(first) = first.next(heap)? else { return Ok(None) };
            return Ok(second.next(heap)?.map(|second| heap.pair(first, second)));
        }
        let mut values = Vec::with_capacity(self.over.len());
        for over in self.over {
            match over.next(heap)? {
                Some(value) => values.push(value),
                None if self.strict => return self.even_end(heap, values.len()),
                None => return Ok(None),
            }
        }
        Ok(if values.is_empty() { None } else { Some(heap.tuple(&values)) })
    }
}

impl<'a> Zip<'a> {
    /// The end, if all iterators have ended with the one at `place`.
    fn even_end(&self, heap: &Heap<'a>, place: usize) -> Result<Option<Value<'a>>, Raised> {
        if place > 0 {
            return Err(uneven(heap, place, "shorter"));
        }
        for (place, over) in self.over.iter().enumerate().skip(1) {
            if over.next(heap)?.is_some() {
                return Err(uneven(heap, place, "longer"));
            }
        }
        Ok(None)
    }
}

/// `ValueError: zip() argument 2 is shorter than argument 1`
fn uneven(heap: &Heap<'_>, place: usize, how: &str) -> Raised {
    let others = if place == 1 { "argument 1".to_owned() } else { format!("arguments 1-{place}") };
    heap.raise(&VALUE_ERROR, format!("zip() argument {} is {how} than {others}", place + 1))
}

/// `zip(*iterables, strict=False)`
pub fn new_zip<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [strict] = args.by_name(heap, "zip", ["strict"])?;
    let over = iterators(heap, args.positional)?;
    let strict = strict.is_some_and(truth);
    Ok(produced(heap, &ZIP, heap.bump().alloc(Zip { over, strict })))
}

struct Enumerate<'a> {
    over: &'a Iter<'a>,
    number: Cell<Value<'a>>,
}

impl<'a> Produce<'a> for Enumerate<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let Some(value) = self.over.next(heap)? else { return Ok(None) };
        let number = self.number.get();
        self.number.set(binary(heap, Binary::Add, number, Value::Int(1), false)?);
        Ok(Some(heap.pair(number, value)))
    }
}

/// `enumerate(iterable, start=0)`
pub fn new_enumerate<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [iterable, start] = args.bind(heap, "enumerate", ["iterable", "start"], 1)?;
    let start = match start {
        Some(start @ Value::Big(_)) => start,
        Some(start) => Value::Int(index(heap, start)?),
        None => Value::Int(0),
    };
    let over = iterate(heap, iterable.unwrap_or(Value::None))?;
    Ok(produced(heap, &ENUMERATE, heap.bump().alloc(Enumerate { over, number: Cell::new(start) })))
}

/// A sequence from its end, by subscripts; as long as it was at the start.
struct Backwards<'a> {
    sequence: Value<'a>,
    left: Cell<i64>,
}

impl<'a> Produce<'a> for Backwards<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let place = self.left.get() - 1;
        if place < 0 {
            return Ok(None);
        }
        self.left.set(place);
        get_item(heap, self.sequence, Value::Int(place)).map(Some)
    }
}

/// A text from its end.
struct CharsBackwards<'a>(Cell<&'a str>);

impl<'a> Produce<'a> for CharsBackwards<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let text = self.0.get();
        Ok(text.char_indices().next_back().map(|(place, _)| {
            self.0.set(&text[..place]);
            heap.text(&text[place..])
        }))
    }
}

/// A dict from its end.
struct DictBackwards<'a> {
    dict: &'a Dict<'a>,
    class: &'static TypeInfo,
    place: Cell<usize>,
}

impl<'a> Produce<'a> for DictBackwards<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let Some((place, key, value)) = self.dict.entry_before(self.place.get()) else { return Ok(None) };
        self.place.set(place);
        Ok(Some(match self.class {
            class if std::ptr::eq(class, &DICT_VALUES) => value,
            class if std::ptr::eq(class, &DICT_ITEMS) => heap.pair(key, value),
            _ => key,
        }))
    }
}

/// `reversed(sequence)`
pub fn new_reversed<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let sequence = args.between(heap, "reversed", 1, 1)?[0];
    let dict_backwards = |dict, class| {
        let place = Cell::new(usize::MAX);
        produced(heap, &REVERSED, heap.bump().alloc(DictBackwards { dict, class, place }))
    };
    match sequence {
        Value::List(list) => Ok(Value::Iterator(heap.bump().alloc(Iter::list_reversed(list)))),
        Value::Str(text) => Ok(produced(heap, &REVERSED, heap.bump().alloc(CharsBackwards(Cell::new(text))))),
        Value::Dict(dict) => Ok(dict_backwards(dict, &DICT_KEYS)),
        Value::Range(bounds) => reversed_range(heap, bounds),
        Value::Object(object)
            if [&DICT_KEYS, &DICT_VALUES, &DICT_ITEMS]
                .iter()
                .any(|class| std::ptr::eq(object.class, *class)) =>
        {
            match object.fields {
                [Value::Dict(dict)] => Ok(dict_backwards(dict, object.class)),
                _ => Err(not_reversible(heap, sequence)),
            }
        }
        Value::Pair(_) | Value::Tuple(_) | Value::Bytes(_) => backwards(heap, sequence),
        Value::Object(object) if object.class.hooks.is_tuple || object.class.hooks.item.is_some() => {
            backwards(heap, sequence)
        }
        _ => Err(not_reversible(heap, sequence)),
    }
}

fn backwards<'a>(heap: &Heap<'a>, sequence: Value<'a>) -> Outcome<'a> {
    let left = i64::try_from(length(heap, sequence)?).expect("no memory holds so many");
    Ok(produced(heap, &REVERSED, heap.bump().alloc(Backwards { sequence, left: Cell::new(left) })))
}

fn reversed_range<'a>(heap: &Heap<'a>, bounds: &[i64; 3]) -> Outcome<'a> {
    let [start, _, step] = *bounds;
    let last = i128::from(start) + (i128::from(range_length(bounds)) - 1) * i128::from(step);
    let backwards = [last, i128::from(start) - i128::from(step), -i128::from(step)].map(i64::try_from);
    let [Ok(last), Ok(stop), Ok(step)] = backwards else {
        return Err(heap.raise(&OVERFLOW_ERROR, "the range is too large to be reversed"));
    };
    Ok(Value::Iterator(heap.bump().alloc(Iter::range(&[last, stop, step]))))
}

fn not_reversible(heap: &Heap<'_>, value: Value<'_>) -> Raised {
    heap.raise(&TYPE_ERROR, format!("'{}' object is not reversible", type_of(value).name))
}
