//! `deque`. Its fields are a list of its items, a list of one number (how many places at the start of the first
//! list are free), and the greatest length or `None`.

use std::cell::Cell;

use crate::batch::python::args::{collect, index as to_index, int, native, room, wrong_object};
use crate::batch::python::tuples::{count_in, index_in, same};
use crate::batch::value::exceptions::{INDEX_ERROR, RUNTIME_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Args, Binary, Heap, Hooks, Iter, List, Native, OBJECT, Object, Outcome, Produce, Raised, TypeInfo, Value,
    binary, equal, order, repr, repr_text,
};

/// `collections.deque`
pub static DEQUE: TypeInfo = TypeInfo {
    name: "collections.deque",
    base: Some(&OBJECT),
    new: Some(new),
    methods: METHODS,
    hooks: Hooks {
        repr: Some(|heap, object, out| {
            let deque = Deque::of(object);
            out.extend_from_slice(b"deque(");
            repr(heap, deque.list(heap), out)?;
            if let Some(most) = deque.most {
                out.extend_from_slice(format!(", maxlen={most}").as_bytes());
            }
            out.push(b')');
            Ok(())
        }),
        equal: Some(|heap, object, other| match Deque::in_value(other) {
            Some(other) => equal(heap, Deque::of(object).list(heap), other.list(heap)).map(Some),
            None => Ok(None),
        }),
        order: Some(|heap, object, other| match Deque::in_value(other) {
            Some(other) => order(heap, "<", Deque::of(object).list(heap), other.list(heap)),
            None => Ok(None),
        }),
        iterate: Some(|heap, object| Ok(iterator(heap, object, false))),
        length: Some(|object| Deque::of(object).len()),
        item: Some(|heap, object, index| {
            let deque = Deque::of(object);
            let place = deque.place(heap, index)?;
            Ok(deque.items.items.borrow()[deque.free() + place])
        }),
        set_item: Some(|heap, object, index, item| {
            let deque = Deque::of(object);
            let place = deque.place(heap, index)?;
            let mut items = deque.items.items.borrow_mut();
            match item {
                Some(item) => items[deque.free() + place] = item,
                None => drop(items.remove(deque.free() + place)),
            }
            Ok(())
        }),
        attribute: Some(|_, object, name| {
            (name == "maxlen").then(|| Ok(Deque::of(object).most.map_or(Value::None, int)))
        }),
        binary: Some(arithmetic),
        is_generic: true,
        ..Hooks::NONE
    },
};

static METHODS: &[Native] = &[
    native("append", append),
    native("appendleft", appendleft),
    native("clear", clear),
    native("copy", copy),
    native("count", count),
    native("extend", extend),
    native("extendleft", extendleft),
    native("index", index),
    native("insert", insert),
    native("pop", pop),
    native("popleft", popleft),
    native("remove", remove),
    native("reverse", reverse),
    native("rotate", rotate),
];

/// The parts of an instance.
#[derive(Clone, Copy)]
struct Deque<'a> {
    items: &'a List<'a>,
    free: &'a List<'a>,
    most: Option<usize>,
}

impl<'a> Deque<'a> {
    fn of(object: &Object<'a>) -> Self {
        match *object.fields {
            [Value::List(items), Value::List(free), most] => {
                let most = most.as_int().and_then(|most| usize::try_from(most).ok());
                Deque { items, free, most }
            }
            _ => unreachable!("it was made with these"),
        }
    }

    fn in_value(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Object(object) if object.class.is(&DEQUE) => Some(Deque::of(object)),
            _ => None,
        }
    }

    /// How many places at the start of the list are free.
    fn free(self) -> usize {
        self.free.get(0).and_then(Value::as_int).and_then(|free| usize::try_from(free).ok()).unwrap_or(0)
    }

    fn set_free(self, free: usize) {
        if let Some(place) = self.free.items.borrow_mut().first_mut() {
            *place = int(free);
        }
    }

    fn len(self) -> usize {
        self.items.len() - self.free()
    }

    /// The place that an index means.
    fn place(self, heap: &Heap<'a>, index: Value<'a>) -> Result<usize, Raised> {
        let place = to_index(heap, index)?;
        let place = if place < 0 { place.saturating_add_unsigned(self.len() as u64) } else { place };
        let place = usize::try_from(place).ok().filter(|place| *place < self.len());
        place.ok_or_else(|| heap.raise(&INDEX_ERROR, "deque index out of range"))
    }

    fn get(self, place: usize) -> Option<Value<'a>> {
        self.items.get(self.free().checked_add(place)?)
    }

    /// The items as they are now.
    fn snapshot(self, heap: &Heap<'a>) -> &'a [Value<'a>] {
        &self.items.snapshot(heap)[self.free()..]
    }

    fn list(self, heap: &Heap<'a>) -> Value<'a> {
        heap.list(self.snapshot(heap).iter().copied())
    }

    fn replace(self, items: &[Value<'a>]) {
        self.set_free(0);
        let mut held = self.items.items.borrow_mut();
        held.clear();
        held.extend_from_slice_copy(items);
    }

    fn push(self, heap: &Heap<'a>, item: Value<'a>) -> Result<(), Raised> {
        self.items.push(heap, item)?;
        if self.most.is_some_and(|most| self.len() > most) {
            self.pop_first();
        }
        Ok(())
    }

    fn push_first(self, heap: &Heap<'a>, item: Value<'a>) -> Result<(), Raised> {
        if self.free() == 0 {
            // As many free places as there are items: what comes first later finds one.
            let more = self.items.len() + 4;
            room(heap, (more + self.items.len()).saturating_mul(size_of::<Value<'_>>()))?;
            let held = self.snapshot(heap);
            let mut items = self.items.items.borrow_mut();
            items.clear();
            items.extend(std::iter::repeat_n(Value::None, more));
            items.extend_from_slice_copy(held);
            drop(items);
            self.set_free(more);
        }
        let free = self.free() - 1;
        self.set_free(free);
        self.items.items.borrow_mut()[free] = item;
        if self.most.is_some_and(|most| self.len() > most) {
            self.items.items.borrow_mut().pop();
        }
        Ok(())
    }

    fn pop_last(self) -> Option<Value<'a>> {
        if self.len() == 0 { None } else { self.items.items.borrow_mut().pop() }
    }

    fn pop_first(self) -> Option<Value<'a>> {
        let item = self.get(0)?;
        let free = self.free() + 1;
        let mut items = self.items.items.borrow_mut();
        // Once half of the places are free the items move up.
        if free > items.len() / 2 {
            items.drain(..free);
            drop(items);
            self.set_free(0);
        } else {
            items[free - 1] = Value::None;
            drop(items);
            self.set_free(free);
        }
        Some(item)
    }
}

fn arithmetic<'a>(
    heap: &Heap<'a>,
    op: Binary,
    object: &Object<'a>,
    other: Value<'a>,
    reflected: bool,
) -> Option<Outcome<'a>> {
    let deque = Deque::of(object);
    let other = match (op, Deque::in_value(other)) {
        (Binary::Add, Some(other)) if !reflected => other.list(heap),
        (Binary::Mul, None) if other.as_int().is_some() => other,
        _ => return None,
    };
    Some(binary(heap, op, deque.list(heap), other, false).and_then(|items| made(heap, items, deque.most)))
}

/// A deque of those values and that greatest length.
///
/// # Errors
/// `MemoryError`
pub fn deque<'a>(heap: &Heap<'a>, items: &[Value<'a>], most: Option<usize>) -> Outcome<'a> {
    made(heap, heap.list(items.iter().copied()), most)
}

/// The values of a deque as they are now, and its greatest length; none for something else.
pub fn deque_parts<'a>(heap: &Heap<'a>, value: Value<'a>) -> Option<(&'a [Value<'a>], Option<usize>)> {
    Deque::in_value(value).map(|deque| (deque.snapshot(heap), deque.most))
}

/// Puts other values into a deque.
pub fn refill_deque<'a>(value: Value<'a>, items: &[Value<'a>]) {
    if let Some(deque) = Deque::in_value(value) {
        deque.replace(items);
    }
}

/// A deque of an iterable's values.
fn made<'a>(heap: &Heap<'a>, items: Value<'a>, most: Option<usize>) -> Outcome<'a> {
    let mut items = collect(heap, items)?;
    if let Some(most) = most {
        let excess = items.len().saturating_sub(most);
        items.drain(..excess);
    }
    let fields = [heap.list(items), heap.list([Value::Int(0)]), most.map_or(Value::None, int)];
    Ok(heap.object(Object { class: &DEQUE, data: &(), fields: heap.bump().alloc_slice_copy(&fields) }))
}

/// `deque(iterable=(), maxlen=None)`
fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [items, most] = args.bind(heap, "deque", ["iterable", "maxlen"], 0)?;
    let most = match most {
        None | Some(Value::None) => None,
        Some(most) => match usize::try_from(to_index(heap, most)?) {
            Ok(most) => Some(most),
            Err(_) => return Err(heap.raise(&VALUE_ERROR, "maxlen must be non-negative")),
        },
    };
    made(heap, items.unwrap_or_else(|| heap.list([])), most)
}

/// Walks a deque, unless it changes meanwhile.
struct Walk<'a> {
    deque: Deque<'a>,
    place: Cell<usize>,
    length: usize,
    backwards: bool,
}

impl<'a> Produce<'a> for Walk<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        if self.deque.len() != self.length {
            return Err(heap.raise(&RUNTIME_ERROR, "deque mutated during iteration"));
        }
        let place = self.place.get();
        if place >= self.length {
            return Ok(None);
        }
        self.place.set(place + 1);
        Ok(self.deque.get(if self.backwards { self.length - 1 - place } else { place }))
    }
}

static ITERATOR: TypeInfo = TypeInfo {
    name: "_collections._deque_iterator",
    base: Some(&OBJECT),
    new: None,
    methods: &[],
    hooks: Hooks::NONE,
};

fn iterator<'a>(heap: &Heap<'a>, object: &Object<'a>, backwards: bool) -> &'a Iter<'a> {
    let deque = Deque::of(object);
    let walk = heap.bump().alloc(Walk { deque, place: Cell::new(0), length: deque.len(), backwards });
    heap.bump().alloc(Iter::produced(&ITERATOR, walk))
}

fn this<'s, 'a>(
    heap: &Heap<'a>,
    args: Args<'s, 'a>,
    name: &str,
) -> Result<(Deque<'a>, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match Deque::in_value(object) {
        Some(deque) => Ok((deque, args)),
        None => Err(wrong_object(heap, name, object)),
    }
}

/// `deque.append(x)`
fn append<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.append")?;
    deque.push(heap, args.one(heap, "deque.append")?)?;
    Ok(Value::None)
}

/// `deque.appendleft(x)`
fn appendleft<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.appendleft")?;
    deque.push_first(heap, args.one(heap, "deque.appendleft")?)?;
    Ok(Value::None)
}

/// `deque.extend(iterable)`
fn extend<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.extend")?;
    for item in collect(heap, args.one(heap, "deque.extend")?)? {
        deque.push(heap, item)?;
    }
    Ok(Value::None)
}

/// `deque.extendleft(iterable)`
fn extendleft<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.extendleft")?;
    for item in collect(heap, args.one(heap, "deque.extendleft")?)? {
        deque.push_first(heap, item)?;
    }
    Ok(Value::None)
}

fn popped<'a>(heap: &Heap<'a>, item: Option<Value<'a>>) -> Outcome<'a> {
    item.ok_or_else(|| heap.raise(&INDEX_ERROR, "pop from an empty deque"))
}

/// `deque.pop()`
fn pop<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.pop")?;
    args.nothing(heap, "deque.pop")?;
    popped(heap, deque.pop_last())
}

/// `deque.popleft()`
fn popleft<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.popleft")?;
    args.nothing(heap, "deque.popleft")?;
    popped(heap, deque.pop_first())
}

/// `deque.clear()`
fn clear<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.clear")?;
    args.nothing(heap, "deque.clear")?;
    deque.replace(&[]);
    Ok(Value::None)
}

/// `deque.copy()`
fn copy<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.copy")?;
    args.nothing(heap, "deque.copy")?;
    made(heap, deque.list(heap), deque.most)
}

/// `deque.count(x)`
fn count<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.count")?;
    count_in(heap, deque.snapshot(heap), args.one(heap, "deque.count")?)
}

fn not_in_deque<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<Raised, Raised> {
    let value = repr_text(heap, value)?;
    Ok(heap.raise(&VALUE_ERROR, format!("{value} is not in deque")))
}

/// `deque.index(x, start, stop)`
fn index<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.index")?;
    let arguments = args.between(heap, "deque.index", 1, 3)?;
    match index_in(heap, deque.snapshot(heap), arguments)? {
        Some(place) => Ok(int(place)),
        None => Err(not_in_deque(heap, arguments[0])?),
    }
}

/// `deque.insert(i, x)`
fn insert<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.insert")?;
    let arguments = args.between(heap, "deque.insert", 2, 2)?;
    let place = to_index(heap, arguments[0])?;
    if deque.most == Some(deque.len()) {
        return Err(heap.raise(&INDEX_ERROR, "deque already at its maximum size"));
    }
    let mut items = deque.snapshot(heap).to_vec();
    let place = match usize::try_from(place) {
        Ok(place) => place.min(items.len()),
        Err(_) => items.len().saturating_sub(usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    items.insert(place, arguments[1]);
    deque.replace(&items);
    Ok(Value::None)
}

/// `deque.remove(value)`
fn remove<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.remove")?;
    let wanted = args.one(heap, "deque.remove")?;
    let items = deque.snapshot(heap);
    for (place, item) in items.iter().enumerate() {
        if same(heap, *item, wanted)? {
            if deque.len() != items.len() {
                return Err(heap.raise(&INDEX_ERROR, "deque mutated during remove()."));
            }
            let mut left = items.to_vec();
            left.remove(place);
            deque.replace(&left);
            return Ok(Value::None);
        }
    }
    Err(not_in_deque(heap, wanted)?)
}

/// `deque.reverse()`
fn reverse<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.reverse")?;
    args.nothing(heap, "deque.reverse")?;
    let mut items = deque.snapshot(heap).to_vec();
    items.reverse();
    deque.replace(&items);
    Ok(Value::None)
}

/// `deque.rotate(n=1)`
fn rotate<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (deque, args) = this(heap, args, "deque.rotate")?;
    let steps = match args.between(heap, "deque.rotate", 0, 1)? {
        [steps] => to_index(heap, *steps)?,
        _ => 1,
    };
    let mut items = deque.snapshot(heap).to_vec();
    if let Ok(length) = i64::try_from(items.len())
        && length > 0
    {
        let steps = usize::try_from(steps.rem_euclid(length)).expect("it is below the length");
        items.rotate_right(steps);
        deque.replace(&items);
    }
    Ok(Value::None)
}
