//! What is assigned to and deleted.

use super::super::block::Store;
use super::super::operate::for_each;
use super::super::unit::Action;
use super::displays::is_iterable;
use super::names::index;
use super::{Builder, action, refuse, store};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Heap, Raised, Value, delete_item, delete_slice, iterate, set_item, set_slice, type_of,
};
use crate::plan::code::{Place, Target};

impl Builder<'_, '_> {
    /// Assignment to a target.
    pub fn store(&mut self, target: &Target) -> Store {
        match target {
            Target::Name(place, _) => self.store_name(place),
            Target::Attribute(..) => store(|frame, _| Err(refuse(frame, "assignment to attributes"))),
            Target::Index(base, index, _) => {
                let (base, index) = (self.expr(base), self.expr(index));
                store(move |frame, value| {
                    let base = base(frame)?;
                    put(frame.heap, base, index(frame)?, value)
                })
            }
            Target::Slice(base, parts, _) => {
                let base = self.expr(base);
                let [start, stop, step] = self.slice_parts(parts.each_ref().map(Option::as_ref));
                store(move |frame, value| {
                    let base = base(frame)?;
                    set_slice(frame.heap, base, [start(frame)?, stop(frame)?, step(frame)?], value)
                })
            }
            Target::Unpack(targets, None, _) => match locals(targets) {
                Some(slots) => store(move |frame, value| {
                    unpack(frame.heap, value, slots.len(), |place, value| {
                        frame.slots[slots[place]].set(Some(value));
                        Ok(())
                    })
                }),
                None => {
                    let stores: Vec<_> = targets.iter().map(|target| self.store(target)).collect();
                    store(move |frame, value| {
                        unpack(frame.heap, value, stores.len(), |place, value| stores[place](frame, value))
                    })
                }
            },
            Target::Unpack(targets, Some(starred), _) => {
                let stores: Vec<_> = targets.iter().map(|target| self.store(target)).collect();
                let starred = *starred;
                store(move |frame, value| {
                    let items = unpack_starred(frame.heap, value, stores.len(), starred)?;
                    stores.iter().zip(items).try_for_each(|(store, item)| store(frame, item))
                })
            }
        }
    }

    /// `del target`
    pub fn delete(&mut self, target: &Target) -> Action {
        match target {
            Target::Name(place, _) => self.delete_name(place),
            Target::Attribute(..) => action(|frame| Err(refuse(frame, "'del' of attributes"))),
            Target::Index(base, index, _) => {
                let (base, index) = (self.expr(base), self.expr(index));
                action(move |frame| {
                    let base = base(frame)?;
                    delete_item(frame.heap, base, index(frame)?)
                })
            }
            Target::Slice(base, parts, _) => {
                let base = self.expr(base);
                let [start, stop, step] = self.slice_parts(parts.each_ref().map(Option::as_ref));
                action(move |frame| {
                    let base = base(frame)?;
                    delete_slice(frame.heap, base, [start(frame)?, stop(frame)?, step(frame)?])
                })
            }
            Target::Unpack(targets, ..) => {
                let deletes: Vec<_> = targets.iter().map(|target| self.delete(target)).collect();
                action(move |frame| deletes.iter().try_for_each(|delete| delete(frame)))
            }
        }
    }
}

/// `base[index] = value`
#[inline]
pub fn put<'a>(heap: &Heap<'a>, base: Value<'a>, index: Value<'a>, value: Value<'a>) -> Result<(), Raised> {
    match base {
        Value::Dict(dict) => dict.insert(heap, index, value),
        _ => set_item(heap, base, index, value),
    }
}

/// The slots of targets, if all of them are locals.
pub fn locals(targets: &[Target]) -> Option<Vec<usize>> {
    let slots = targets.iter().map(|target| match target {
        Target::Name(Place::Local(local), _) => Some(index(*local)),
        _ => None,
    });
    slots.collect()
}

/// Calls `each` with the number and value of each of `wanted` items.
#[inline]
fn unpack<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    wanted: usize,
    mut each: impl FnMut(usize, Value<'a>) -> Result<(), Raised>,
) -> Result<(), Raised> {
    match value.as_tuple() {
        Some(items) if items.len() == wanted => {
            items.iter().enumerate().try_for_each(|(place, item)| each(place, *item))
        }
        _ => {
            let items = unpack_any(heap, value, wanted)?;
            items.into_iter().enumerate().try_for_each(|(place, item)| each(place, item))
        }
    }
}

#[inline(never)]
fn unpack_any<'a>(heap: &Heap<'a>, value: Value<'a>, wanted: usize) -> Result<Vec<Value<'a>>, Raised> {
    check(heap, value)?;
    let iterator = iterate(heap, value)?;
    let mut items = Vec::with_capacity(wanted);
    while let Some(item) = iterator.next(heap)? {
        if items.len() == wanted {
            let message = format!("too many values to unpack (expected {wanted})");
            return Err(heap.raise(&VALUE_ERROR, message));
        }
        items.push(item);
    }
    if items.len() < wanted {
        let got = items.len();
        let message = format!("not enough values to unpack (expected {wanted}, got {got})");
        return Err(heap.raise(&VALUE_ERROR, message));
    }
    Ok(items)
}

/// The items for `count` targets, of which the one in place `starred` takes a list.
fn unpack_starred<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    count: usize,
    starred: usize,
) -> Result<Vec<Value<'a>>, Raised> {
    check(heap, value)?;
    let mut items = Vec::new();
    for_each(heap, value, |item| {
        items.push(item);
        if items.len().is_power_of_two() {
            heap.check()?;
            heap.check_memory(items.len().saturating_mul(size_of::<Value<'_>>()))?;
        }
        Ok(())
    })?;
    let least = count - 1;
    let Some(more) = items.len().checked_sub(least) else {
        let got = items.len();
        let message = format!("not enough values to unpack (expected at least {least}, got {got})");
        return Err(heap.raise(&VALUE_ERROR, message));
    };
    let middle: Vec<_> = items.drain(starred..starred + more).collect();
    items.insert(starred, heap.list(middle));
    Ok(items)
}

fn check<'a>(heap: &Heap<'a>, value: Value<'a>) -> Result<(), Raised> {
    if is_iterable(value) {
        return Ok(());
    }
    Err(heap.raise(&TYPE_ERROR, format!("cannot unpack non-iterable {} object", type_of(value).name)))
}
