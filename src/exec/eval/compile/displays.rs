//! Tuples, lists, sets and dicts as they are written out.

use bumpalo::collections::Vec as ArenaVec;

use super::super::frame::Frame;
use super::super::operate::for_each;
use super::super::unit::Expr;
use super::operands::Shape;
use super::operands::{left_operand, right_operand};
use super::{Builder, expr, operands};
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::types::SET;
use crate::batch::value::{Heap, List, Raised, Set, Value, type_of};
use crate::plan::code::{self, Item};

/// An item of a display, and whether it is unpacked.
type Part = (Expr, bool);

impl Builder<'_, '_> {
    /// `(…)`
    pub fn tuple(&mut self, items: &[Item]) -> Expr {
        match items {
            [Item::One(first), Item::One(second)] => {
                let (first, second) = (self.shape(first), self.shape(second));
                left_operand!(first, first => right_operand!(second, second => expr(move |frame| {
                    let first = first(frame)?;
                    Ok(frame.heap.pair(first, second(frame)?))
                })))
            }
            [Item::One(first), Item::One(second), Item::One(third)] => {
                let [first, second, third] = [first, second, third].map(|item| self.expr(item));
                expr(move |frame| Ok(frame.heap.tuple(&[first(frame)?, second(frame)?, third(frame)?])))
            }
            _ => {
                let parts = self.parts(items);
                expr(move |frame| Ok(frame.heap.tuple(&evaluate(frame, &parts)?)))
            }
        }
    }

    /// `[…]`
    pub fn list(&mut self, items: &[Item]) -> Expr {
        let parts = self.parts(items);
        expr(move |frame| {
            let items = evaluate(frame, &parts)?;
            Ok(Value::List(frame.heap.bump().alloc(List { items: items.into() })))
        })
    }

    /// `{…}` of members.
    pub fn set(&mut self, items: &[Item]) -> Expr {
        let parts = self.parts(items);
        expr(move |frame| {
            let set: &Set<'_> = frame.heap.bump().alloc(Set::new(frame.heap.bump(), &SET));
            for item in evaluate(frame, &parts)? {
                set.add(frame.heap, item)?;
            }
            Ok(Value::Set(set))
        })
    }

    /// `{…}` of entries.
    pub fn dict(&mut self, entries: &[(Option<code::Expr>, code::Expr)]) -> Expr {
        let entries = entries.iter();
        let entries: Vec<_> =
            entries.map(|(key, value)| (key.as_ref().map(|key| self.expr(key)), self.expr(value))).collect();
        expr(move |frame| {
            let dict = frame.heap.dict();
            for (key, value) in &entries {
                match key {
                    Some(key) => {
                        let key = key(frame)?;
                        dict.insert(frame.heap, key, value(frame)?)?;
                    }
                    None => match value(frame)? {
                        Value::Dict(other) => {
                            let mut place = 0;
                            while let Some((next, key, value)) = other.entry(place) {
                                dict.insert(frame.heap, key, value)?;
                                place = next;
                            }
                        }
                        other => {
                            let message = format!("'{}' object is not a mapping", type_of(other).name);
                            return Err(frame.heap.raise(&TYPE_ERROR, message));
                        }
                    },
                }
            }
            Ok(Value::Dict(dict))
        })
    }

    fn parts(&mut self, items: &[Item]) -> Vec<Part> {
        let items = items.iter();
        items
            .map(|item| match item {
                Item::One(item) => (self.expr(item), false),
                Item::Unpacked(items) => (self.expr(items), true),
            })
            .collect()
    }
}

fn evaluate<'a>(frame: &Frame<'_, 'a>, parts: &[Part]) -> Result<ArenaVec<'a, Value<'a>>, Raised> {
    let mut items = ArenaVec::with_capacity_in(parts.len(), frame.heap.bump());
    for (part, unpacked) in parts {
        let value = part(frame)?;
        if *unpacked {
            unpack(frame.heap, value, &mut items)?;
        } else {
            items.push(value);
        }
    }
    Ok(items)
}

/// `*value` in a display.
fn unpack<'a>(heap: &Heap<'a>, value: Value<'a>, items: &mut ArenaVec<'a, Value<'a>>) -> Result<(), Raised> {
    if !is_iterable(value) {
        let message = format!("Value after * must be an iterable, not {}", type_of(value).name);
        return Err(heap.raise(&TYPE_ERROR, message));
    }
    for_each(heap, value, |item| {
        items.push(item);
        Ok(())
    })
}

/// Whether `iter(value)` gives an iterator.
pub fn is_iterable(value: Value<'_>) -> bool {
    match value {
        Value::Str(_)
        | Value::Bytes(_)
        | Value::Pair(_)
        | Value::Tuple(_)
        | Value::List(_)
        | Value::Dict(_)
        | Value::Set(_)
        | Value::Range(_)
        | Value::Iterator(_) => true,
        Value::Object(object) => object.class.hooks.is_tuple || object.class.hooks.iterate.is_some(),
        _ => false,
    }
}
