//! Iterators: over containers, and whatever else produces values one by one.

use std::cell::RefCell;

use super::exceptions::{ATTRIBUTE_ERROR, RUNTIME_ERROR, TYPE_ERROR, VALUE_ERROR};
use super::types::{
    BYTES_ITERATOR, DICT_ITEM_ITERATOR, DICT_KEY_ITERATOR, DICT_VALUE_ITERATOR, GENERATOR, LIST_ITERATOR,
    LIST_REVERSE_ITERATOR, RANGE_ITERATOR, SET_ITERATOR, STR_ASCII_ITERATOR, STR_ITERATOR, TUPLE_ITERATOR,
};
use super::{Dict, Heap, List, Raised, Set, TypeInfo, Value, type_of};

/// Produces values one by one: generators, `map`, `zip`, the records of a partition, …
pub trait Produce<'a> {
    /// The next value, or `None` at the end (and from then on).
    ///
    /// # Errors
    /// Whatever the code behind it raises.
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised>;

    /// Goes on with that as the value of the `yield` where it stands; `None` if nothing can be sent to it.
    fn send(&self, _heap: &Heap<'a>, _value: Value<'a>) -> Option<Result<Option<Value<'a>>, Raised>> {
        None
    }

    /// What it came to, at its end: the value of a `yield from` it.
    fn returned(&self) -> Value<'a> {
        Value::None
    }
}

/// An iterator, as the language sees it: shared by its aliases.
pub struct Iter<'a> {
    /// What `type(it).__name__` is: `generator`, `list_iterator`, `map`, …
    pub class: &'static TypeInfo,
    state: RefCell<State<'a>>,
}

/// Where an iterator stands. The common ones are no trait objects.
enum State<'a> {
    /// The rest of a tuple, or of a list that nobody else has.
    Slice(&'a [Value<'a>]),
    /// A list that may still change, and the next index.
    List(&'a List<'a>, usize),
    /// A list backwards, and the index behind the next one.
    ListBackwards(&'a List<'a>, usize),
    /// The rest of a text.
    Chars(&'a str),
    /// The rest of bytes.
    Bytes(&'a [u8]),
    /// The next number, the step, and how many are left.
    Range(i64, i64, u64),
    /// What of a dict, and how far.
    Dict(Part, &'a Dict<'a>, Progress),
    /// A set, and how far.
    Set(&'a Set<'a>, Progress),
    Produced(&'a dyn Produce<'a>),
    /// Nothing comes any more; what a generator came to, until it is asked for.
    End(Value<'a>),
}

/// Which part of its entries a walk over a dict gives.
#[derive(Clone, Copy)]
enum Part {
    Key,
    Value,
    Item,
}

/// How far a walk over a table has come.
#[derive(Clone, Copy)]
struct Progress {
    /// Where the next entry is looked for.
    place: usize,
    /// How many entries there were at the start.
    size: usize,
    /// How many of them are left.
    left: usize,
}

impl Progress {
    fn new(size: usize) -> Self {
        Progress { place: 0, size, left: size }
    }

    fn step(&mut self, place: usize) {
        self.place = place;
        self.left -= 1;
    }
}

impl<'a> Iter<'a> {
    fn new(class: &'static TypeInfo, state: State<'a>) -> Self {
        Iter { class, state: RefCell::new(state) }
    }

    /// An iterator over what `produce` makes.
    pub fn produced(class: &'static TypeInfo, produce: &'a dyn Produce<'a>) -> Self {
        Iter::new(class, State::Produced(produce))
    }

    /// One without values.
    pub fn empty(class: &'static TypeInfo) -> Self {
        Iter::new(class, State::End(Value::None))
    }

    /// Over values that do not change.
    pub fn slice(class: &'static TypeInfo, items: &'a [Value<'a>]) -> Self {
        Iter::new(class, State::Slice(items))
    }

    /// Over the items of a list, seeing its changes.
    pub fn list(list: &'a List<'a>) -> Self {
        Iter::new(&LIST_ITERATOR, State::List(list, 0))
    }

    /// Over the items of a list from its end, seeing its changes.
    pub fn list_reversed(list: &'a List<'a>) -> Self {
        Iter::new(&LIST_REVERSE_ITERATOR, State::ListBackwards(list, list.len()))
    }

    /// Over the characters of a text.
    pub fn chars(text: &'a str) -> Self {
        let class = if text.is_ascii() { &STR_ASCII_ITERATOR } else { &STR_ITERATOR };
        Iter::new(class, State::Chars(text))
    }

    /// Over bytes, as ints.
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Iter::new(&BYTES_ITERATOR, State::Bytes(bytes))
    }

    /// Over the numbers of a range.
    pub fn range(range: &[i64; 3]) -> Self {
        Iter::new(&RANGE_ITERATOR, State::Range(range[0], range[2], range_length(range)))
    }

    /// Over the keys of a dict.
    pub fn keys(dict: &'a Dict<'a>) -> Self {
        Iter::new(&DICT_KEY_ITERATOR, State::Dict(Part::Key, dict, Progress::new(dict.len())))
    }

    /// Over the values of a dict.
    pub fn values(dict: &'a Dict<'a>) -> Self {
        Iter::new(&DICT_VALUE_ITERATOR, State::Dict(Part::Value, dict, Progress::new(dict.len())))
    }

    /// Over the pairs of key and value of a dict.
    pub fn items(dict: &'a Dict<'a>) -> Self {
        Iter::new(&DICT_ITEM_ITERATOR, State::Dict(Part::Item, dict, Progress::new(dict.len())))
    }

    /// Over the members of a set.
    pub fn members(set: &'a Set<'a>) -> Self {
        Iter::new(&SET_ITERATOR, State::Set(set, Progress::new(set.len())))
    }

    /// The next value.
    ///
    /// # Errors
    /// Whatever the code behind it raises; `RuntimeError` for a container that changed its size;
    /// `ValueError: generator already executing`.
    #[inline]
    pub fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return Err(heap.raise(&VALUE_ERROR, "generator already executing"));
        };
        let next = state.next(heap)?;
        if next.is_none() {
            state.end();
        }
        Ok(next)
    }

    /// `generator.send(value)`
    ///
    /// # Errors
    /// As [`Iter::next`]; `AttributeError` for what nothing can be sent to.
    pub fn send(&self, heap: &Heap<'a>, value: Value<'a>) -> Result<Option<Value<'a>>, Raised> {
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return Err(heap.raise(&VALUE_ERROR, "generator already executing"));
        };
        let sent = match (&*state, value) {
            (_, Value::None) => Some(state.next(heap)),
            (State::Produced(produce), _) => produce.send(heap, value),
            (State::End(_), _) if self.class.is(&GENERATOR) => Some(Ok(None)),
            _ => None,
        };
        let Some(next) = sent else {
            let message = format!("'{}' object has no attribute 'send'", self.class.name);
            return Err(heap.raise(&ATTRIBUTE_ERROR, message));
        };
        let next = next?;
        if next.is_none() {
            state.end();
        }
        Ok(next)
    }

    /// What a generator that has just ended came to: the value of its `StopIteration`.
    pub fn returned(&self) -> Value<'a> {
        match self.state.try_borrow_mut().as_deref_mut() {
            Ok(State::End(value)) => std::mem::replace(value, Value::None),
            _ => Value::None,
        }
    }

    /// The next value where that takes next to nothing: of a tuple, or a character of ASCII. Elsewhere `None`, and
    /// [`Iter::next`] has it.
    #[inline(always)]
    pub fn next_at_once(&self) -> Option<Value<'a>> {
        match &mut *self.state.try_borrow_mut().ok()? {
            State::Chars(text) => {
                let character = ASCII.get(usize::from(*text.as_bytes().first()?))?;
                *text = text.split_at(1).1;
                Some(Value::Str(character))
            }
            State::Slice(items) => {
                let (first, rest) = items.split_first()?;
                *items = rest;
                Some(*first)
            }
            _ => None,
        }
    }

    /// How many values are left, at least: room to reserve.
    pub fn size_hint(&self) -> usize {
        let Ok(state) = self.state.try_borrow() else { return 0 };
        match &*state {
            State::Slice(items) => items.len(),
            State::List(list, place) => list.len().saturating_sub(*place),
            State::ListBackwards(_, place) => *place,
            State::Chars(text) => text.len() / 4,
            State::Bytes(bytes) => bytes.len(),
            // A range says nothing about memory: it may be longer than that.
            State::Range(_, _, left) => usize::try_from(*left).unwrap_or(usize::MAX).min(1024),
            State::Dict(_, _, progress) | State::Set(_, progress) => progress.left,
            State::Produced(_) | State::End(_) => 0,
        }
    }
}

impl<'a> State<'a> {
    #[cold]
    fn end(&mut self) {
        *self = State::End(match self {
            State::Produced(produce) => produce.returned(),
            State::End(value) => *value,
            _ => Value::None,
        });
    }

    #[inline]
    fn next(&mut self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        Ok(match self {
            State::Slice(items) => items.split_first().map(|(first, rest)| {
                *items = rest;
                *first
            }),
            State::List(list, place) => {
                let item = list.get(*place);
                *place += 1;
                item
            }
            State::ListBackwards(list, place) => match place.checked_sub(1) {
                Some(before) => {
                    *place = before;
                    list.get(before)
                }
                None => None,
            },
            State::Chars(text) => text.chars().next().map(|c| {
                let (first, rest) = text.split_at(c.len_utf8());
                *text = rest;
                character(heap, first)
            }),
            State::Bytes(bytes) => bytes.split_first().map(|(first, rest)| {
                *bytes = rest;
                Value::Int(i64::from(*first))
            }),
            State::Range(next, step, left) => {
                let Some(fewer) = left.checked_sub(1) else { return Ok(None) };
                let number = *next;
                *left = fewer;
                // Beyond the last number this may leave the 64 bits; it is not used any more then.
                *next = next.wrapping_add(*step);
                Some(Value::Int(number))
            }
            State::Dict(part, dict, progress) => return part.next(heap, dict, progress),
            State::Set(set, progress) => return next_member(heap, set, progress),
            State::Produced(produce) => return produce.next(heap),
            State::End(_) => None,
        })
    }
}

impl Part {
    fn next<'a>(
        self,
        heap: &Heap<'a>,
        dict: &'a Dict<'a>,
        progress: &mut Progress,
    ) -> Result<Option<Value<'a>>, Raised> {
        if dict.len() != progress.size {
            progress.size = usize::MAX; // once broken, always broken
            return Err(heap.raise(&RUNTIME_ERROR, "dictionary changed size during iteration"));
        }
        let Some((place, key, value)) = dict.entry(progress.place) else { return Ok(None) };
        if progress.left == 0 {
            return Err(heap.raise(&RUNTIME_ERROR, "dictionary keys changed during iteration"));
        }
        progress.step(place);
        Ok(Some(match self {
            Part::Key => key,
            Part::Value => value,
            Part::Item => heap.pair(key, value),
        }))
    }
}

fn next_member<'a>(
    heap: &Heap<'a>,
    set: &'a Set<'a>,
    progress: &mut Progress,
) -> Result<Option<Value<'a>>, Raised> {
    if set.len() != progress.size {
        progress.size = usize::MAX;
        return Err(heap.raise(&RUNTIME_ERROR, "Set changed size during iteration"));
    }
    let Some((place, member)) = set.entry(progress.place) else { return Ok(None) };
    if progress.left == 0 {
        return Ok(None);
    }
    progress.step(place);
    Ok(Some(member))
}

/// How many numbers a range has.
pub fn range_length(&[start, stop, step]: &[i64; 3]) -> u64 {
    let (low, high) = if step > 0 { (start, stop) } else { (stop, start) };
    if low >= high {
        return 0;
    }
    (high.abs_diff(low) - 1) / step.unsigned_abs() + 1
}

/// The texts of one ASCII character.
static ASCII: [&str; 128] = {
    static BYTES: [u8; 128] = {
        let mut bytes = [0; 128];
        let mut code = 0;
        while code < 128 {
            bytes[code] = code as u8;
            code += 1;
        }
        bytes
    };
    let mut texts = [""; 128];
    let mut code = 0;
    while code < 128 {
        if let Ok(text) = std::str::from_utf8(BYTES.split_at(code).1.split_at(1).0) {
            texts[code] = text;
        }
        code += 1;
    }
    texts
};

/// Which character of ASCII a text is, if it is of those that [`character`] gives: told by where it is, as reading it
/// would be two loads, one after the other.
#[inline(always)]
pub fn ascii_at<'a>(text: &&'a str) -> Option<u8> {
    let offset = std::ptr::from_ref::<&'a str>(text).addr().wrapping_sub(ASCII.as_ptr().addr());
    u8::try_from(offset / size_of::<&str>()).ok().filter(u8::is_ascii)
}

/// A `str` of one character, without copying it.
#[inline]
pub fn character<'a>(heap: &Heap<'a>, text: &'a str) -> Value<'a> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() => Value::Str(&ASCII[usize::from(*byte)]),
        _ => heap.text(text),
    }
}

/// `iter(value)`; an iterator is its own.
///
/// # Errors
/// `TypeError: 'int' object is not iterable`.
pub fn iterate<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<&'a Iter<'a>, Raised> {
    let iter = match value {
        Value::Iterator(iter) => return Ok(iter),
        Value::List(list) => Iter::list(list),
        Value::Pair(items) => Iter::slice(&TUPLE_ITERATOR, items),
        Value::Tuple(items) => Iter::slice(&TUPLE_ITERATOR, items),
        Value::Str(text) => Iter::chars(text),
        Value::Bytes(bytes) => Iter::bytes(bytes),
        Value::Range(range) => Iter::range(range),
        Value::Dict(dict) => Iter::keys(dict),
        Value::Set(set) => Iter::members(set),
        Value::Object(object) if object.class.hooks.is_tuple => Iter::slice(&TUPLE_ITERATOR, object.fields),
        _ => {
            if let Value::Object(object) = value
                && let Some(iterate) = object.class.hooks.iterate
            {
                return iterate(heap, object);
            }
            let message = format!("'{}' object is not iterable", type_of(value).name);
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    };
    Ok(heap.bump().alloc(iter))
}
