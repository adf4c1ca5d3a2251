//! What goes through several iterables together, or through one in groups.

use std::cell::{Cell, RefCell};

use bumpalo::collections::Vec as BumpVec;

use super::{GROUPBY, GROUPER, PAIRWISE, STARMAP, TEE, ZIP_LONGEST, apply, iterators, produced};
use crate::batch::python::args::{collect, index};
use crate::batch::value::exceptions::VALUE_ERROR;
use crate::batch::value::{Args, Heap, Iter, Outcome, Produce, Raised, Value, equal, iterate};

struct StarMap<'a> {
    over: &'a Iter<'a>,
    function: Value<'a>,
}

impl<'a> Produce<'a> for StarMap<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let Some(arguments) = self.over.next(heap)? else { return Ok(None) };
        apply(heap, self.function, &collect(heap, arguments)?).map(Some)
    }
}

/// `starmap(function, iterable)`
pub fn starmap<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let given = args.between(heap, "starmap", 2, 2)?;
    let over = iterate(heap, given[1])?;
    Ok(produced(heap, &STARMAP, StarMap { over, function: given[0] }))
}

struct ZipLongest<'a> {
    over: &'a [&'a Iter<'a>],
    fill: Value<'a>,
}

impl<'a> Produce<'a> for ZipLongest<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let mut found = false;
        let mut values = Vec::with_capacity(self.over.len());
        for over in self.over {
            let value = over.next(heap)?;
            found |= value.is_some();
            values.push(value.unwrap_or(self.fill));
        }
        Ok(found.then(|| heap.tuple(&values)))
    }
}

/// `zip_longest(*iterables, fillvalue=None)`
pub fn zip_longest<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [fill] = args.by_name(heap, "zip_longest", ["fillvalue"])?;
    let over = iterators(heap, args.positional)?;
    Ok(produced(heap, &ZIP_LONGEST, ZipLongest { over, fill: fill.unwrap_or(Value::None) }))
}

struct Pairwise<'a> {
    over: &'a Iter<'a>,
    last: Cell<Option<Value<'a>>>,
}

impl<'a> Produce<'a> for Pairwise<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let last = match self.last.get() {
            Some(last) => Some(last),
            None => self.over.next(heap)?,
        };
        let Some(last) = last else { return Ok(None) };
        let value = self.over.next(heap)?;
        self.last.set(value);
        Ok(value.map(|value| heap.pair(last, value)))
    }
}

/// `pairwise(iterable)`
pub fn pairwise<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let over = iterate(heap, args.between(heap, "pairwise", 1, 1)?[0])?;
    Ok(produced(heap, &PAIRWISE, Pairwise { over, last: Cell::new(None) }))
}

/// What `groupby` and its groups share.
struct Groups<'a> {
    over: &'a Iter<'a>,
    key: Value<'a>,
    /// The value that was read last and nobody has yet, with its key.
    current: Cell<Option<(Value<'a>, Value<'a>)>>,
    /// The key of the group that was given last.
    target: Cell<Option<Value<'a>>>,
    /// How many groups there have been: older ones are at their end.
    count: Cell<u64>,
}

impl<'a> Groups<'a> {
    /// Reads a value; whether there was one.
    fn step(&self, heap: &Heap<'a>) -> Result<bool, Raised> {
        heap.check()?;
        let Some(value) = self.over.next(heap)? else { return Ok(false) };
        let key = match self.key {
            Value::None => value,
            function => apply(heap, function, &[value])?,
        };
        self.current.set(Some((key, value)));
        Ok(true)
    }
}

struct GroupBy<'a>(&'a Groups<'a>);

impl<'a> Produce<'a> for GroupBy<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let groups = self.0;
        groups.count.set(groups.count.get() + 1);
        loop {
            if let Some((key, _)) = groups.current.get() {
                let same = groups.target.get().map(|target| equal(heap, target, key)).transpose()?;
                if same != Some(true) {
                    groups.target.set(Some(key));
                    let group = Group { groups, key, number: groups.count.get() };
                    return Ok(Some(heap.pair(key, produced(heap, &GROUPER, group))));
                }
            }
            if !groups.step(heap)? {
                return Ok(None);
            }
        }
    }
}

struct Group<'a> {
    groups: &'a Groups<'a>,
    key: Value<'a>,
    number: u64,
}

impl<'a> Produce<'a> for Group<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let groups = self.groups;
        if groups.count.get() != self.number || groups.current.get().is_none() && !groups.step(heap)? {
            return Ok(None);
        }
        let Some((key, value)) = groups.current.get() else { return Ok(None) };
        if !equal(heap, self.key, key)? {
            return Ok(None);
        }
        groups.current.set(None);
        Ok(Some(value))
    }
}

/// `groupby(iterable, key=None)`
pub fn groupby<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [iterable, key] = args.bind(heap, "groupby", ["iterable", "key"], 1)?;
    let groups: &'a Groups<'a> = heap.bump().alloc(Groups {
        over: iterate(heap, iterable.unwrap_or(Value::None))?,
        key: key.unwrap_or(Value::None),
        current: Cell::new(None),
        target: Cell::new(None),
        count: Cell::new(0),
    });
    Ok(produced(heap, &GROUPBY, GroupBy(groups)))
}

/// What was read for the iterators of one `tee`.
struct Read<'a> {
    over: &'a Iter<'a>,
    values: RefCell<BumpVec<'a, Value<'a>>>,
}

struct Tee<'a> {
    read: &'a Read<'a>,
    place: Cell<usize>,
}

impl<'a> Produce<'a> for Tee<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let place = self.place.get();
        let known = self.read.values.borrow().get(place).copied();
        let value = match known {
            Some(value) => value,
            None => {
                let Some(value) = self.read.over.next(heap)? else { return Ok(None) };
                self.read.values.borrow_mut().push(value);
                value
            }
        };
        self.place.set(place + 1);
        Ok(Some(value))
    }
}

/// `tee(iterable, n=2)`
pub fn tee<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let given = args.between(heap, "tee", 1, 2)?;
    let count = given.get(1).map_or(Ok(2), |count| index(heap, *count))?;
    let Ok(count) = usize::try_from(count) else {
        return Err(heap.raise(&VALUE_ERROR, "n must be >= 0"));
    };
    heap.check_memory(count.saturating_mul(64))?;
    let read: &'a Read<'a> = heap
        .bump()
        .alloc(Read { over: iterate(heap, given[0])?, values: RefCell::new(BumpVec::new_in(heap.bump())) });
    let iterators = (0..count).map(|_| produced(heap, &TEE, Tee { read, place: Cell::new(0) }));
    Ok(heap.tuple(&iterators.collect::<Vec<_>>()))
}
