//! Products, permutations and combinations, in lexicographic order of places.

use std::cell::{Cell, RefCell};

use super::{COMBINATIONS, COMBINATIONS_WITH_REPLACEMENT, PERMUTATIONS, PRODUCT, produced, size};
use crate::batch::python::args::{collect, index};
use crate::batch::value::exceptions::VALUE_ERROR;
use crate::batch::value::{Args, Heap, Outcome, Produce, Raised, TypeInfo, Value};

/// How places move on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Permutations,
    Combinations,
    WithReplacement,
}

/// Tuples of the items at some places.
struct Chosen<'a> {
    pool: &'a [Value<'a>],
    /// The places of the next tuple; of permutations, all places, those that are left behind.
    places: &'a RefCell<&'a mut [usize]>,
    length: usize,
    order: Order,
    begun: Cell<bool>,
    ended: Cell<bool>,
}

impl<'a> Produce<'a> for Chosen<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        if self.ended.get() {
            return Ok(None);
        }
        let mut places = self.places.borrow_mut();
        if self.begun.replace(true) && !advance(&mut places, self.length, self.pool.len(), self.order) {
            self.ended.set(true);
            return Ok(None);
        }
        let items: Vec<Value<'a>> = places[..self.length].iter().map(|place| self.pool[*place]).collect();
        Ok(Some(heap.tuple(&items)))
    }
}

/// Moves to the next places; whether there are any.
fn advance(places: &mut [usize], length: usize, items: usize, order: Order) -> bool {
    match order {
        Order::Permutations => {
            // The next arrangement of the front: of what stands behind, in order, the next larger one comes up.
            for at in (0..length).rev() {
                places[at + 1..].sort_unstable();
                if let Some(larger) = (at + 1..items).find(|behind| places[*behind] > places[at]) {
                    places.swap(at, larger);
                    places[at + 1..].sort_unstable();
                    return true;
                }
            }
            false
        }
        Order::Combinations => {
            let Some(at) = (0..length).rev().find(|at| places[*at] != at + items - length) else {
                return false;
            };
            let first = places[at] + 1;
            places[at..].iter_mut().enumerate().for_each(|(step, place)| *place = first + step);
            true
        }
        Order::WithReplacement => {
            let Some(at) = (0..length).rev().find(|at| places[*at] + 1 != items) else { return false };
            let next = places[at] + 1;
            places[at..].fill(next);
            true
        }
    }
}

fn chosen<'a>(
    heap: &Heap<'a>,
    class: &'static TypeInfo,
    iterable: Value<'a>,
    length: Option<Value<'a>>,
    order: Order,
) -> Outcome<'a> {
    let pool: &'a [Value<'a>] = collect(heap, iterable)?.into_bump_slice();
    let length = length.map_or(Ok(pool.len()), |length| size(heap, length, "r must be non-negative"))?;
    let ended = match order {
        Order::WithReplacement => pool.is_empty() && length > 0,
        _ => length > pool.len(),
    };
    let count = match order {
        _ if ended => 0,
        Order::Permutations => pool.len(),
        _ => length,
    };
    heap.check_memory(count.saturating_mul(size_of::<usize>()))?;
    let first = |place| if order == Order::WithReplacement { 0 } else { place };
    let places = heap.bump().alloc_slice_fill_with(count, first);
    let places: &'a RefCell<&'a mut [usize]> = heap.bump().alloc(RefCell::new(places));
    let (begun, ended) = (Cell::new(false), Cell::new(ended));
    Ok(produced(heap, class, Chosen { pool, places, length, order, begun, ended }))
}

/// `permutations(iterable, r=None)`
pub fn permutations<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [iterable, length] = args.bind(heap, "permutations", ["iterable", "r"], 1)?;
    let length = length.filter(|length| !length.is_none());
    chosen(heap, &PERMUTATIONS, iterable.unwrap_or(Value::None), length, Order::Permutations)
}

/// `combinations(iterable, r)`
pub fn combinations<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    of_length(heap, &COMBINATIONS, "combinations", args, Order::Combinations)
}

/// `combinations_with_replacement(iterable, r)`
pub fn combinations_with_replacement<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let name = "combinations_with_replacement";
    of_length(heap, &COMBINATIONS_WITH_REPLACEMENT, name, args, Order::WithReplacement)
}

fn of_length<'a>(
    heap: &Heap<'a>,
    class: &'static TypeInfo,
    name: &str,
    args: Args<'_, 'a>,
    order: Order,
) -> Outcome<'a> {
    let [iterable, length] = args.bind(heap, name, ["iterable", "r"], 2)?;
    let length = Value::Int(index(heap, length.unwrap_or(Value::None))?);
    chosen(heap, class, iterable.unwrap_or(Value::None), Some(length), order)
}

struct Product<'a> {
    pools: &'a [&'a [Value<'a>]],
    places: &'a [Cell<usize>],
    begun: Cell<bool>,
    ended: Cell<bool>,
}

impl<'a> Produce<'a> for Product<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        if self.ended.get() {
            return Ok(None);
        }
        if self.begun.replace(true) {
            // Like a counter whose wheels have different lengths.
            let mut turned = false;
            for (place, pool) in self.places.iter().zip(self.pools).rev() {
                place.set(place.get() + 1);
                if place.get() < pool.len() {
                    turned = true;
                    break;
                }
                place.set(0);
            }
            if !turned {
                self.ended.set(true);
                return Ok(None);
            }
        }
        let items = self.pools.iter().zip(self.places).map(|(pool, place)| pool[place.get()]);
        Ok(Some(heap.tuple(&items.collect::<Vec<_>>())))
    }
}

/// `product(*iterables, repeat=1)`
pub fn product<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [repeat] = args.by_name(heap, "product", ["repeat"])?;
    let repeat = repeat.map_or(Ok(1), |repeat| index(heap, repeat))?;
    let Ok(repeat) = usize::try_from(repeat) else {
        return Err(heap.raise(&VALUE_ERROR, "repeat argument cannot be negative"));
    };
    heap.check_memory(repeat.saturating_mul(args.positional.len()).saturating_mul(24))?;
    let mut pools: Vec<&'a [Value<'a>]> = Vec::new();
    for iterable in args.positional {
        pools.push(collect(heap, *iterable)?.into_bump_slice());
    }
    let pools = pools.repeat(repeat);
    let ended = Cell::new(pools.iter().any(|pool| pool.is_empty()));
    let places: &'a [Cell<usize>] = heap.bump().alloc_slice_fill_with(pools.len(), |_| Cell::new(0));
    let pools: &'a [&'a [Value<'a>]] = heap.bump().alloc_slice_copy(&pools);
    Ok(produced(heap, &PRODUCT, Product { pools, places, begun: Cell::new(false), ended }))
}
