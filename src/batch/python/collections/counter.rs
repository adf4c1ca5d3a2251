//! `Counter`; its arithmetic is among the operators of values.

use std::cell::Cell;

use crate::batch::python::args::{index, native};
use crate::batch::python::builtins::sum;
use crate::batch::python::dicts::this;
use crate::batch::python::sort::merge_sort;
use crate::batch::value::exceptions::{NOT_IMPLEMENTED_ERROR, TYPE_ERROR};
use crate::batch::value::types::COUNTER;
use crate::batch::value::{
    Args, Binary, Dict, Heap, Hooks, Iter, Native, OBJECT, Outcome, Produce, Raised, TypeInfo, Value, binary,
    iterate, order,
};

/// The methods of `Counter` that `dict` has not, or has otherwise.
pub static COUNTER_METHODS: &[Native] = &[
    native("elements", elements),
    native("fromkeys", fromkeys),
    native("most_common", most_common),
    native("subtract", subtract),
    native("total", total),
    native("update", update),
];

/// `Counter(iterable_or_mapping=None, /, **counts)`
pub fn new_counter<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let counter: &'a Dict<'a> = heap.bump().alloc(Dict::of_class(heap.bump(), &COUNTER, Value::None));
    tally(heap, counter, args, "Counter.__init__", Binary::Add)?;
    Ok(Value::Dict(counter))
}

/// Adds counts, or takes them away.
fn tally<'a>(
    heap: &Heap<'a>,
    counter: &'a Dict<'a>,
    args: Args<'_, 'a>,
    name: &str,
    op: Binary,
) -> Result<(), Raised> {
    let change = |key, by| {
        counter.update(heap, key, |count| {
            let count = count.unwrap_or(Value::Int(0));
            match (op, count, by) {
                (Binary::Add, Value::Int(a), Value::Int(b)) => match a.checked_add(b) {
                    Some(sum) => Ok(Value::Int(sum)),
                    None => binary(heap, op, count, by, false),
                },
                _ => binary(heap, op, count, by, false),
            }
        })
    };
    match args.positional {
        [] | [Value::None] => {}
        // As in CPython, the first counts need not be numbers: they are taken as they are.
        [Value::Dict(counts)] if counter.is_empty() && op == Binary::Add => {
            for (key, count) in counts.entries() {
                counter.insert(heap, key, count)?;
            }
        }
        [Value::Dict(counts)] => {
            for (key, count) in counts.entries().collect::<Vec<_>>() {
                change(key, count)?;
            }
        }
        [values] => {
            let values = iterate(heap, *values)?;
            while let Some(value) = values.next(heap)? {
                heap.check()?;
                change(value, Value::Int(1))?;
            }
        }
        more => {
            let message =
                format!("{name}() takes from 1 to 2 positional arguments but {} were given", more.len() + 1);
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    }
    for (key, count) in args.keywords {
        change(heap.text(key), *count)?;
    }
    Ok(())
}

/// `Counter.update(iterable_or_mapping=None, /, **counts)`
fn update<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (counter, args) = this(heap, args, "Counter.update")?;
    tally(heap, counter, args, "Counter.update", Binary::Add)?;
    Ok(Value::None)
}

/// `Counter.subtract(iterable_or_mapping=None, /, **counts)`
fn subtract<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (counter, args) = this(heap, args, "Counter.subtract")?;
    tally(heap, counter, args, "Counter.subtract", Binary::Sub)?;
    Ok(Value::None)
}

/// `Counter.fromkeys`: refused by CPython too.
fn fromkeys<'a>(heap: &Heap<'a>, _args: Args<'_, 'a>) -> Outcome<'a> {
    let message = "Counter.fromkeys() is undefined.  Use Counter(iterable) instead.";
    Err(heap.raise(&NOT_IMPLEMENTED_ERROR, message))
}

/// `Counter.total()`
fn total<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (counter, args) = this(heap, args, "Counter.total")?;
    args.bind_def(heap, "Counter.total", [], [])?;
    let counts = heap.list(counter.entries().map(|(_, count)| count));
    sum(heap, Args { positional: &[counts], keywords: &[] })
}

/// `Counter.most_common(n=None)`
fn most_common<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (counter, args) = this(heap, args, "Counter.most_common")?;
    let ([], [most]) = args.bind_def(heap, "Counter.most_common", [], ["n"])?;
    let most = match most {
        None | Some(Value::None) => usize::MAX,
        Some(most) => usize::try_from(index(heap, most)?).unwrap_or(0),
    };
    let mut entries: Vec<(Value<'a>, Value<'a>)> = counter.entries().collect();
    // The largest count first; of equal ones that which was seen first.
    merge_sort(&mut entries, |later, earlier| {
        heap.check()?;
        Ok(order(heap, "<", earlier.1, later.1)? == Some(std::cmp::Ordering::Less))
    })?;
    Ok(heap.list(entries.into_iter().take(most).map(|(key, count)| heap.pair(key, count))))
}

/// The class of what `Counter.elements()` gives.
pub static ELEMENTS: TypeInfo =
    TypeInfo { name: "itertools.chain", base: Some(&OBJECT), new: None, methods: &[], hooks: Hooks::NONE };

/// Each key as often as its count says.
struct Elements<'a> {
    counter: &'a Dict<'a>,
    place: Cell<usize>,
    key: Cell<Value<'a>>,
    left: Cell<i64>,
}

impl<'a> Produce<'a> for Elements<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        while self.left.get() <= 0 {
            let Some((place, key, count)) = self.counter.entry(self.place.get()) else { return Ok(None) };
            self.place.set(place);
            self.key.set(key);
            self.left.set(index(heap, count)?);
        }
        self.left.set(self.left.get() - 1);
        Ok(Some(self.key.get()))
    }
}

/// `Counter.elements()`
fn elements<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (counter, args) = this(heap, args, "Counter.elements")?;
    args.bind_def(heap, "Counter.elements", [], [])?;
    let elements = heap.bump().alloc(Elements {
        counter,
        place: Cell::new(0),
        key: Cell::new(Value::None),
        left: Cell::new(0),
    });
    Ok(Value::Iterator(heap.bump().alloc(Iter::produced(&ELEMENTS, elements))))
}
