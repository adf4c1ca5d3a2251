//! Iterators of the program: they walk step by step, and see what changes meanwhile.

use std::cell::RefCell;
use std::rc::Rc;

use super::generator::Generator;
use super::object::{Dict, Obj, Set};
use super::{Halt, Interp, Run};
use crate::batch::value::exceptions::{RUNTIME_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::types;
use crate::batch::value::{Binary, TypeInfo};

/// An iterator, shared by its aliases.
#[derive(Debug)]
pub struct Iter {
    /// `type(it)`
    pub class: &'static TypeInfo,
    state: RefCell<Option<State>>,
}

/// Where an iterator stands.
#[derive(Debug)]
pub enum State {
    /// Nothing comes any more.
    End,
    /// The items of a list that may still change, or of a tuple; the next index.
    Sequence(Obj, usize),
    /// The characters of a text, from that byte on.
    Text(Rc<str>, usize),
    /// Numbers: the next one, how many are left, and the step.
    Range(i64, u64, i64),
    /// A dict's keys, values or items: what it was, the next place, and how many entries it had.
    Dict(Rc<Dict>, View, usize, usize),
    /// A set's members.
    Set(Rc<Set>, usize, usize),
    /// Items that nobody else has, in reverse.
    Rest(Vec<Obj>),
    /// `map(f, …)`
    Map(Obj, Vec<Rc<Iter>>),
    /// `filter(f, xs)`
    Filter(Obj, Rc<Iter>),
    /// `zip(…)`, and whether all must be of the same length.
    Zip(Vec<Rc<Iter>>, bool),
    /// `enumerate(xs, start)`
    Enumerate(Rc<Iter>, i64),
    /// A sequence backwards, and how many items are left.
    Reversed(Obj, usize),
    /// `iter(callable, sentinel)`
    Until(Obj, Obj),
    /// `itertools.count(start, step)`: the next number, and the step.
    Count(Obj, Obj),
    /// `itertools.repeat(object, times)`: how often yet, `None` for ever.
    Repeat(Obj, Option<i64>),
    /// `itertools.cycle(xs)`: what there was, and which of it is next; the source until it has ended.
    Cycle(Option<Rc<Iter>>, Vec<Obj>, usize),
    /// An object with `__next__`.
    Custom(Obj),
    /// A generator.
    Generator(Box<Generator>),
}

/// What of a dict is walked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// `d.keys()`, and `d` itself.
    Keys,
    /// `d.values()`
    Values,
    /// `d.items()`
    Items,
}

impl Iter {
    /// An iterator.
    pub fn new(class: &'static TypeInfo, state: State) -> Rc<Self> {
        Rc::new(Iter { class, state: RefCell::new(Some(state)) })
    }
}

impl Interp<'_> {
    /// `iter(object)`
    ///
    /// # Errors
    /// `TypeError: 'int' object is not iterable`.
    pub fn iterate(&mut self, object: &Obj) -> Run<Rc<Iter>> {
        Ok(match object {
            Obj::Iterator(iter) => iter.clone(),
            Obj::List(_) => Iter::new(&types::LIST_ITERATOR, State::Sequence(object.clone(), 0)),
            Obj::Tuple(_) => Iter::new(&types::TUPLE_ITERATOR, State::Sequence(object.clone(), 0)),
            Obj::Bytes(_) => Iter::new(&types::BYTES_ITERATOR, State::Sequence(object.clone(), 0)),
            Obj::Str(text) => Iter::new(&types::STR_ITERATOR, State::Text(text.clone(), 0)),
            Obj::Range(range) => {
                Iter::new(&types::RANGE_ITERATOR, State::Range(range[0], range_len(**range), range[2]))
            }
            Obj::Dict(dict) => {
                let len = dict.table.borrow().len();
                Iter::new(&types::DICT_KEY_ITERATOR, State::Dict(dict.clone(), View::Keys, 0, len))
            }
            Obj::View(dict, view) => {
                let class = match view {
                    View::Keys => &types::DICT_KEY_ITERATOR,
                    View::Values => &types::DICT_VALUE_ITERATOR,
                    View::Items => &types::DICT_ITEM_ITERATOR,
                };
                let len = dict.table.borrow().len();
                Iter::new(class, State::Dict(dict.clone(), *view, 0, len))
            }
            Obj::Set(set) => {
                let len = set.table.borrow().len();
                Iter::new(&types::SET_ITERATOR, State::Set(set.clone(), 0, len))
            }
            Obj::Instance(instance) => {
                if instance.class.find("__iter__").is_some() {
                    let made = self.call_method(object, "__iter__", vec![])?;
                    return match made {
                        Obj::Iterator(iter) => Ok(iter),
                        Obj::Instance(ref inner) if inner.class.find("__next__").is_some() => {
                            Ok(Iter::new(&types::LIST_ITERATOR, State::Custom(made)))
                        }
                        other => Err(Halt::new(
                            &TYPE_ERROR,
                            format!("iter() returned non-iterator of type '{}'", self.type_name(&other)),
                        )),
                    };
                }
                return Err(self.not_iterable(object));
            }
            Obj::Deque(deque) => rest(deque.items.borrow().iter().cloned().collect()),
            Obj::Opaque(_) => {
                let items = self.library_items(object)?;
                rest(items)
            }
            _ => return Err(self.not_iterable(object)),
        })
    }

    fn not_iterable(&self, object: &Obj) -> Halt {
        Halt::new(&TYPE_ERROR, format!("'{}' object is not iterable", self.type_name(object)))
    }

    /// The next value, or none at the end.
    ///
    /// # Errors
    /// What the code behind it raises; `RuntimeError` for a container that changed its size.
    pub fn next(&mut self, iter: &Rc<Iter>) -> Run<Option<Obj>> {
        let Some(mut state) = iter.state.borrow_mut().take() else {
            let already = format!("{} already executing", iter.class.name);
            return Err(Halt::new(&VALUE_ERROR, already));
        };
        let next = self.step(&mut state);
        let over = !matches!(next, Ok(Some(_)));
        // A filter or zip that failed may be asked again; a generator is over.
        if over && (next.is_ok() || matches!(state, State::Generator(_))) {
            state = State::End;
        }
        *iter.state.borrow_mut() = Some(state);
        next
    }

    fn step(&mut self, state: &mut State) -> Run<Option<Obj>> {
        match state {
            State::End => Ok(None),
            State::Sequence(items, index) => {
                let item = match items {
                    Obj::List(list) => list.borrow().get(*index).cloned(),
                    Obj::Tuple(tuple) => tuple.get(*index).cloned(),
                    Obj::Bytes(bytes) => bytes.get(*index).map(|&byte| Obj::Int(i64::from(byte))),
                    _ => None,
                };
                *index += 1;
                Ok(item)
            }
            State::Text(text, at) => {
                let next = text[*at..].chars().next();
                *at += next.map_or(0, char::len_utf8);
                Ok(next.map(|character| Obj::str(character.encode_utf8(&mut [0; 4]))))
            }
            State::Range(next, left, step) => {
                if *left == 0 {
                    return Ok(None);
                }
                let number = *next;
                *left -= 1;
                *next = next.wrapping_add(*step);
                Ok(Some(Obj::Int(number)))
            }
            State::Dict(dict, view, place, len) => {
                let table = dict.table.borrow();
                if table.len() != *len {
                    return Err(Halt::new(&RUNTIME_ERROR, "dictionary changed size during iteration"));
                }
                let Some((behind, key, value)) = table.entry(*place) else { return Ok(None) };
                *place = behind;
                Ok(Some(match view {
                    View::Keys => key.clone(),
                    View::Values => value.clone(),
                    View::Items => Obj::tuple([key.clone(), value.clone()]),
                }))
            }
            State::Set(set, place, len) => {
                let table = set.table.borrow();
                if table.len() != *len {
                    return Err(Halt::new(&RUNTIME_ERROR, "Set changed size during iteration"));
                }
                let Some((behind, member, _)) = table.entry(*place) else { return Ok(None) };
                *place = behind;
                Ok(Some(member.clone()))
            }
            State::Rest(items) => Ok(items.pop()),
            State::Map(function, sources) => {
                let mut args = Vec::with_capacity(sources.len());
                for source in sources.iter() {
                    match self.next(source)? {
                        Some(arg) => args.push(arg),
                        None => return Ok(None),
                    }
                }
                let function = function.clone();
                self.call(&function, args).map(Some)
            }
            State::Filter(function, source) => {
                let (function, source) = (function.clone(), source.clone());
                while let Some(item) = self.next(&source)? {
                    let kept = match &function {
                        Obj::None => self.truth(&item)?,
                        _ => {
                            let verdict = self.call(&function, vec![item.clone()])?;
                            self.truth(&verdict)?
                        }
                    };
                    if kept {
                        return Ok(Some(item));
                    }
                    self.check()?;
                }
                Ok(None)
            }
            State::Zip(sources, strict) => self.zip_step(sources, *strict),
            State::Enumerate(source, number) => {
                let Some(item) = self.next(source)? else { return Ok(None) };
                let pair = Obj::tuple([Obj::Int(*number), item]);
                *number = number.wrapping_add(1);
                Ok(Some(pair))
            }
            State::Reversed(items, left) => {
                if *left == 0 {
                    return Ok(None);
                }
                *left -= 1;
                Ok(match items {
                    Obj::List(list) => list.borrow().get(*left).cloned(),
                    Obj::Tuple(tuple) => tuple.get(*left).cloned(),
                    _ => None,
                })
            }
            State::Until(function, sentinel) => {
                let (function, sentinel) = (function.clone(), sentinel.clone());
                let item = self.call(&function, vec![])?;
                Ok(if self.equal(&item, &sentinel)? { None } else { Some(item) })
            }
            State::Count(number, step) => {
                let next = self.binary(Binary::Add, number, step, false)?;
                Ok(Some(std::mem::replace(number, next)))
            }
            State::Repeat(_, Some(..=0)) => Ok(None),
            State::Repeat(object, left) => {
                *left = left.map(|left| left - 1);
                Ok(Some(object.clone()))
            }
            State::Cycle(source, seen, place) => {
                if let Some(over) = source {
                    if let Some(item) = self.next(over)? {
                        seen.push(item.clone());
                        return Ok(Some(item));
                    }
                    *source = None;
                }
                let item = seen.get(*place).cloned();
                *place = (*place + 1) % seen.len().max(1);
                Ok(item)
            }
            State::Custom(object) => {
                let object = object.clone();
                match self.call_method(&object, "__next__", vec![]) {
                    Ok(item) => Ok(Some(item)),
                    Err(halt) if self.is_stop_iteration(&halt) => Ok(None),
                    Err(halt) => Err(halt),
                }
            }
            State::Generator(generator) => self.resume(generator),
        }
    }

    fn zip_step(&mut self, sources: &[Rc<Iter>], strict: bool) -> Run<Option<Obj>> {
        let mut items = Vec::with_capacity(sources.len());
        for (number, source) in sources.iter().enumerate() {
            match self.next(source)? {
                Some(item) => items.push(item),
                None if !strict => return Ok(None),
                None if number > 0 => {
                    return Err(Halt::new(&VALUE_ERROR, uneven(number, "shorter")));
                }
                None => {
                    for (number, source) in sources.iter().enumerate().skip(1) {
                        if self.next(source)?.is_some() {
                            return Err(Halt::new(&VALUE_ERROR, uneven(number, "longer")));
                        }
                    }
                    return Ok(None);
                }
            }
        }
        Ok(if sources.is_empty() { None } else { Some(Obj::tuple(items)) })
    }

    /// All that an object iterates over.
    ///
    /// # Errors
    /// As [`Interp::iterate`] and [`Interp::next`].
    pub fn items(&mut self, object: &Obj) -> Run<Vec<Obj>> {
        match object {
            Obj::List(list) => return Ok(list.borrow().clone()),
            Obj::Tuple(tuple) => return Ok(tuple.to_vec()),
            _ => {}
        }
        let iter = self.iterate(object)?;
        let mut items = Vec::new();
        while let Some(item) = self.next(&iter)? {
            items.push(item);
            self.check()?;
        }
        Ok(items)
    }
}

/// `zip() argument 2 is shorter than argument 1`
fn uneven(number: usize, how: &str) -> String {
    match number {
        1 => format!("zip() argument 2 is {how} than argument 1"),
        _ => format!("zip() argument {} is {how} than arguments 1-{number}", number + 1),
    }
}

/// An iterator over items that nobody else has.
pub fn rest(mut items: Vec<Obj>) -> Rc<Iter> {
    items.reverse();
    Iter::new(&types::LIST_ITERATOR, State::Rest(items))
}

/// How many numbers a range has.
pub fn range_len([start, stop, step]: [i64; 3]) -> u64 {
    let (start, stop, step) = (i128::from(start), i128::from(stop), i128::from(step));
    let distance = if step > 0 { stop - start } else { start - stop };
    if distance <= 0 { 0 } else { u64::try_from((distance - 1) / step.abs() + 1).unwrap_or(u64::MAX) }
}
