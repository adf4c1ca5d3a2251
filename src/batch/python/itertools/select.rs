//! What repeats, chains, cuts and filters.

use std::cell::{Cell, RefCell};

use bumpalo::collections::Vec as BumpVec;

use super::{
    ACCUMULATE, CHAIN, COMPRESS, COUNT, CYCLE, DROPWHILE, FILTERFALSE, ISLICE, REPEAT, TAKEWHILE, apply,
    produced,
};
use crate::batch::python::args::index;
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Args, Binary, Heap, Iter, Outcome, Produce, Raised, Value, binary, iterate, truth,
};

struct Chain<'a> {
    /// The iterables that are left.
    over: &'a Iter<'a>,
    current: Cell<Option<&'a Iter<'a>>>,
}

impl<'a> Produce<'a> for Chain<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        loop {
            heap.check()?;
            if let Some(current) = self.current.get()
                && let Some(value) = current.next(heap)?
            {
                return Ok(Some(value));
            }
            let Some(iterable) = self.over.next(heap)? else {
                self.current.set(None);
                return Ok(None);
            };
            self.current.set(Some(iterate(heap, iterable)?));
        }
    }
}

/// `chain(*iterables)`
pub fn chain<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    args.no_keywords(heap, "chain")?;
    chained(heap, heap.tuple(args.positional))
}

/// `chain.from_iterable(iterable)`
pub fn chain_from_iterable<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let iterables = args.one(heap, "itertools.chain.from_iterable")?;
    chained(heap, iterables)
}

fn chained<'a>(heap: &Heap<'a>, iterables: Value<'a>) -> Outcome<'a> {
    let over = iterate(heap, iterables)?;
    Ok(produced(heap, &CHAIN, Chain { over, current: Cell::new(None) }))
}

struct Count<'a> {
    next: Cell<Value<'a>>,
    step: Value<'a>,
}

impl<'a> Produce<'a> for Count<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let value = self.next.get();
        self.next.set(binary(heap, Binary::Add, value, self.step, false)?);
        Ok(Some(value))
    }
}

/// `count(start=0, step=1)`
pub fn count<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [start, step] = args.bind(heap, "count", ["start", "step"], 0)?;
    let (start, step) = (start.unwrap_or(Value::Int(0)), step.unwrap_or(Value::Int(1)));
    let is_number =
        |value: Value<'a>| matches!(value, Value::Int(_) | Value::Big(_) | Value::Bool(_) | Value::Float(_));
    if !is_number(start) || !is_number(step) {
        return Err(heap.raise(&TYPE_ERROR, "a number is required"));
    }
    Ok(produced(heap, &COUNT, Count { next: Cell::new(start), step }))
}

struct Repeat<'a> {
    value: Value<'a>,
    /// How often yet; `None` for ever.
    left: Cell<Option<i64>>,
}

impl<'a> Produce<'a> for Repeat<'a> {
    fn next(&self, _: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        match self.left.get() {
            Some(..=0) => Ok(None),
            left => {
                self.left.set(left.map(|left| left - 1));
                Ok(Some(self.value))
            }
        }
    }
}

/// `repeat(object, times)`
pub fn repeat<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [value, times] = args.bind(heap, "repeat", ["object", "times"], 1)?;
    let times = times.map(|times| index(heap, times)).transpose()?;
    let value = value.unwrap_or(Value::None);
    Ok(produced(heap, &REPEAT, Repeat { value, left: Cell::new(times) }))
}

struct Cycle<'a> {
    over: &'a Iter<'a>,
    seen: &'a RefCell<BumpVec<'a, Value<'a>>>,
    /// Where the repetition is; `None` during the first round.
    place: Cell<Option<usize>>,
}

impl<'a> Produce<'a> for Cycle<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let place = match self.place.get() {
            Some(place) => place,
            None => {
                if let Some(value) = self.over.next(heap)? {
                    self.seen.borrow_mut().push(value);
                    return Ok(Some(value));
                }
                0
            }
        };
        let seen = self.seen.borrow();
        let value = seen.get(place).copied();
        self.place.set(Some(if place + 1 >= seen.len() { 0 } else { place + 1 }));
        Ok(value)
    }
}

/// `cycle(iterable)`
pub fn cycle<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let over = iterate(heap, args.between(heap, "cycle", 1, 1)?[0])?;
    let seen = heap.bump().alloc(RefCell::new(BumpVec::new_in(heap.bump())));
    Ok(produced(heap, &CYCLE, Cycle { over, seen, place: Cell::new(None) }))
}

struct Accumulate<'a> {
    over: &'a Iter<'a>,
    /// `None` for a sum.
    function: Option<Value<'a>>,
    total: Cell<Option<Value<'a>>>,
    /// The first total, where it was given.
    initial: Cell<Option<Value<'a>>>,
}

impl<'a> Produce<'a> for Accumulate<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        if let Some(initial) = self.initial.take() {
            self.total.set(Some(initial));
            return Ok(Some(initial));
        }
        let Some(value) = self.over.next(heap)? else { return Ok(None) };
        let total = match (self.total.get(), self.function) {
            (None, _) => value,
            (Some(total), None) => binary(heap, Binary::Add, total, value, false)?,
            (Some(total), Some(function)) => apply(heap, function, &[total, value])?,
        };
        self.total.set(Some(total));
        Ok(Some(total))
    }
}

/// `accumulate(iterable, func=None, *, initial=None)`
pub fn accumulate<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    if args.positional.len() > 2 {
        let given = args.positional.len();
        let message = format!("accumulate() takes at most 2 positional arguments ({given} given)");
        return Err(heap.raise(&TYPE_ERROR, message));
    }
    let [iterable, function, initial] = args.bind(heap, "accumulate", ["iterable", "func", "initial"], 1)?;
    let over = iterate(heap, iterable.unwrap_or(Value::None))?;
    let given = |value: Option<Value<'a>>| value.filter(|value| !value.is_none());
    let (function, initial) = (given(function), Cell::new(given(initial)));
    Ok(produced(heap, &ACCUMULATE, Accumulate { over, function, total: Cell::new(None), initial }))
}

struct Islice<'a> {
    over: &'a Iter<'a>,
    /// The place of the next value of `over`.
    at: Cell<u64>,
    /// The place of the next value that is wanted.
    wanted: Cell<u64>,
    stop: u64,
    step: u64,
}

impl<'a> Produce<'a> for Islice<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let wanted = self.wanted.get();
        // Values before the next one are taken even where the end is nearer, as in CPython.
        let end = wanted.min(self.stop);
        while self.at.get() < end {
            heap.check()?;
            self.at.set(self.at.get() + 1);
            if self.over.next(heap)?.is_none() {
                return Ok(None);
            }
        }
        if wanted >= self.stop {
            return Ok(None);
        }
        self.at.set(wanted + 1);
        self.wanted.set(wanted.saturating_add(self.step));
        self.over.next(heap)
    }
}

/// `islice(iterable, stop)`, `islice(iterable, start, stop, step)`
pub fn islice<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let given = args.between(heap, "islice", 2, 4)?;
    let bound = |value: Option<&Value<'a>>, missing: u64, least: u64, message: &str| match value {
        None | Some(Value::None) => Ok(missing),
        Some(value) => {
            let number = value.as_int().and_then(|number| u64::try_from(number).ok());
            number.filter(|number| *number >= least).ok_or_else(|| heap.raise(&VALUE_ERROR, message))
        }
    };
    let stop_message = "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    let message = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    let (start, stop) = match given {
        [_, stop] => (0, bound(Some(stop), u64::MAX, 0, stop_message)?),
        _ => {
            let stop = bound(given.get(2), u64::MAX, 0, stop_message)?;
            (bound(given.get(1), 0, 0, message)?, stop)
        }
    };
    let step = bound(given.get(3), 1, 1, "Step for islice() must be a positive integer or None.")?;
    let over = iterate(heap, given[0])?;
    Ok(produced(heap, &ISLICE, Islice { over, at: Cell::new(0), wanted: Cell::new(start), stop, step }))
}

struct TakeWhile<'a> {
    over: &'a Iter<'a>,
    function: Value<'a>,
    ended: Cell<bool>,
}

impl<'a> Produce<'a> for TakeWhile<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        if self.ended.get() {
            return Ok(None);
        }
        let Some(value) = self.over.next(heap)? else { return Ok(None) };
        if truth(apply(heap, self.function, &[value])?) {
            return Ok(Some(value));
        }
        self.ended.set(true);
        Ok(None)
    }
}

/// `takewhile(predicate, iterable)`
pub fn takewhile<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let given = args.between(heap, "takewhile", 2, 2)?;
    let over = iterate(heap, given[1])?;
    Ok(produced(heap, &TAKEWHILE, TakeWhile { over, function: given[0], ended: Cell::new(false) }))
}

struct DropWhile<'a> {
    over: &'a Iter<'a>,
    function: Value<'a>,
    begun: Cell<bool>,
}

impl<'a> Produce<'a> for DropWhile<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        while let Some(value) = self.over.next(heap)? {
            heap.check()?;
            if self.begun.get() || !truth(apply(heap, self.function, &[value])?) {
                self.begun.set(true);
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// `dropwhile(predicate, iterable)`
pub fn dropwhile<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let given = args.between(heap, "dropwhile", 2, 2)?;
    let over = iterate(heap, given[1])?;
    Ok(produced(heap, &DROPWHILE, DropWhile { over, function: given[0], begun: Cell::new(false) }))
}

struct FilterFalse<'a> {
    over: &'a Iter<'a>,
    /// `None` for the values themselves.
    function: Value<'a>,
}

impl<'a> Produce<'a> for FilterFalse<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        while let Some(value) = self.over.next(heap)? {
            heap.check()?;
            let kept = match self.function {
                Value::None => value,
                function => apply(heap, function, &[value])?,
            };
            if !truth(kept) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// `filterfalse(predicate, iterable)`
pub fn filterfalse<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let given = args.between(heap, "filterfalse", 2, 2)?;
    let over = iterate(heap, given[1])?;
    Ok(produced(heap, &FILTERFALSE, FilterFalse { over, function: given[0] }))
}

struct Compress<'a> {
    data: &'a Iter<'a>,
    selectors: &'a Iter<'a>,
}

impl<'a> Produce<'a> for Compress<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        loop {
            heap.check()?;
            let Some(value) = self.data.next(heap)? else { return Ok(None) };
            let Some(selected) = self.selectors.next(heap)? else { return Ok(None) };
            if truth(selected) {
                return Ok(Some(value));
            }
        }
    }
}

/// `compress(data, selectors)`
pub fn compress<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [data, selectors] = args.bind(heap, "compress", ["data", "selectors"], 2)?;
    let data = iterate(heap, data.unwrap_or(Value::None))?;
    let selectors = iterate(heap, selectors.unwrap_or(Value::None))?;
    Ok(produced(heap, &COMPRESS, Compress { data, selectors }))
}
