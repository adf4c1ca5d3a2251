//! Containers: the methods that are called most are done in place; the library does the others on values
//! of its own, which come to the same.

use std::cell::RefCell;
use std::rc::Rc;

use super::call::Arguments;
use super::object::{Dict, Obj, Set};
use super::table::Table;
use super::{Halt, Interp, Iter, Key, Run, State, View};
use crate::batch::value::exceptions::{INDEX_ERROR, KEY_ERROR, TYPE_ERROR};
use crate::batch::value::types::{DICT, SET};
use crate::batch::value::{self as library};
use crate::plan::code::Comparison;

/// A `dict` of names and values.
pub(super) fn dict_of_names(entries: Vec<(Rc<str>, Obj)>) -> Obj {
    let mut table = Table::default();
    for (name, value) in entries {
        table.insert(Key::Str(name.clone()), Obj::Str(name), value);
    }
    dict_of(table)
}

/// A `dict` of entries.
pub fn dict_of(table: Table) -> Obj {
    Obj::Dict(Rc::new(Dict { class: &DICT, default: RefCell::new(Obj::None), table: RefCell::new(table) }))
}

/// A `set` of members.
pub fn set_of(table: Table) -> Obj {
    Obj::Set(Rc::new(Set { class: &SET, table: RefCell::new(table) }))
}

impl Interp<'_> {
    /// A method of a container that is done here, if it is one with these arguments.
    pub(super) fn mutate(&mut self, object: &Obj, name: &str, args: &Arguments) -> Option<Run<Obj>> {
        if name == "sort" && matches!(object, Obj::List(_)) && args.positional.is_empty() {
            return Some(self.sort_in_place(object, args));
        }
        if !args.keywords.is_empty() {
            return None;
        }
        Some(match (object, name, &args.positional[..]) {
            (Obj::List(list), "append", [item]) => {
                list.borrow_mut().push(item.clone());
                Ok(Obj::None)
            }
            (Obj::List(list), "extend", [items]) => self.items(items).map(|items| {
                list.borrow_mut().extend(items);
                Obj::None
            }),
            (Obj::List(list), "pop", []) => match list.borrow_mut().pop() {
                Some(item) => Ok(item),
                None => Err(Halt::new(&INDEX_ERROR, "pop from empty list")),
            },
            (Obj::List(list), "clear", []) => {
                list.borrow_mut().clear();
                Ok(Obj::None)
            }
            (Obj::List(list), "copy", []) => Ok(Obj::list(list.borrow().clone())),
            (Obj::List(list), "reverse", []) => {
                list.borrow_mut().reverse();
                Ok(Obj::None)
            }
            (Obj::Deque(deque), "append", [item]) => {
                deque.push(item.clone());
                Ok(Obj::None)
            }
            (Obj::Deque(deque), "appendleft", [item]) => {
                deque.push_first(item.clone());
                Ok(Obj::None)
            }
            (Obj::Deque(deque), "extend", [items]) => self.items(items).map(|items| {
                items.into_iter().for_each(|item| deque.push(item));
                Obj::None
            }),
            (Obj::Deque(deque), "pop" | "popleft", []) => {
                let mut items = deque.items.borrow_mut();
                let item = if name == "pop" { items.pop_back() } else { items.pop_front() };
                item.ok_or_else(|| Halt::new(&INDEX_ERROR, "pop from an empty deque"))
            }
            (Obj::Dict(dict), "get", [key]) => self.dict_get(dict, key).map(|(_, v)| v.unwrap_or(Obj::None)),
            (Obj::Dict(dict), "get", [key, default]) => {
                self.dict_get(dict, key).map(|(_, value)| value.unwrap_or_else(|| default.clone()))
            }
            (Obj::Dict(dict), "setdefault", [key]) => self.set_default(dict, key, Obj::None),
            (Obj::Dict(dict), "setdefault", [key, default]) => self.set_default(dict, key, default.clone()),
            (Obj::Dict(dict), "pop", [key, default @ ..]) if default.len() < 2 => {
                self.dict_pop(dict, key, default.first())
            }
            (Obj::Dict(dict), "keys", []) => Ok(Obj::View(dict.clone(), View::Keys)),
            (Obj::Dict(dict), "values", []) => Ok(Obj::View(dict.clone(), View::Values)),
            (Obj::Dict(dict), "items", []) => Ok(Obj::View(dict.clone(), View::Items)),
            (Obj::Dict(dict), "clear", []) => {
                dict.table.borrow_mut().clear();
                Ok(Obj::None)
            }
            (Obj::Dict(dict), "update", [Obj::Dict(other)]) if std::ptr::eq(dict.class, &DICT) => {
                let entries = other.table.borrow().clone();
                let mut table = dict.table.borrow_mut();
                for (key, object, value) in entries.iter() {
                    table.insert(key.clone(), object.clone(), value.clone());
                }
                Ok(Obj::None)
            }
            (Obj::Set(set), "add", [member]) if std::ptr::eq(set.class, &SET) => {
                self.key(member).map(|key| {
                    let mut table = set.table.borrow_mut();
                    if !table.contains(&key) {
                        table.insert(key, member.clone(), Obj::None);
                    }
                    Obj::None
                })
            }
            (Obj::Set(set), "discard", [member]) if std::ptr::eq(set.class, &SET) => {
                self.key(member).map(|key| {
                    set.table.borrow_mut().remove(&key);
                    Obj::None
                })
            }
            _ => return None,
        })
    }

    fn set_default(&mut self, dict: &Rc<Dict>, key: &Obj, default: Obj) -> Run<Obj> {
        let (found, value) = self.dict_get(dict, key)?;
        Ok(value.unwrap_or_else(|| {
            dict.table.borrow_mut().insert(found, key.clone(), default.clone());
            default
        }))
    }

    fn dict_pop(&mut self, dict: &Rc<Dict>, key: &Obj, default: Option<&Obj>) -> Run<Obj> {
        let found = self.key(key)?;
        let removed = dict.table.borrow_mut().remove(&found);
        match removed.or_else(|| default.cloned()) {
            Some(value) => Ok(value),
            None => Err(Halt::raised(super::exception(&KEY_ERROR, vec![key.clone()]))),
        }
    }

    /// `object[index]`
    ///
    /// # Errors
    /// `IndexError`, `KeyError`, `TypeError` as in CPython.
    pub fn item(&mut self, object: &Obj, index: &Obj) -> Run<Obj> {
        match (object, index) {
            (Obj::List(list), Obj::Int(index)) => {
                let list = list.borrow();
                match place(list.len(), *index) {
                    Some(place) => Ok(list[place].clone()),
                    None => Err(Halt::new(&INDEX_ERROR, "list index out of range")),
                }
            }
            (Obj::Tuple(items), Obj::Int(index)) => match place(items.len(), *index) {
                Some(place) => Ok(items[place].clone()),
                None => Err(Halt::new(&INDEX_ERROR, "tuple index out of range")),
            },
            (Obj::Dict(dict), _) => {
                let (found, value) = self.dict_get(dict, index)?;
                if let Some(value) = value {
                    return Ok(value);
                }
                let default = dict.default.borrow().clone();
                if default.is_none() {
                    if dict.class.name == "Counter" {
                        return Ok(Obj::Int(0));
                    }
                    return Err(Halt::raised(super::exception(&KEY_ERROR, vec![index.clone()])));
                }
                let value = self.call(&default, vec![])?;
                dict.table.borrow_mut().insert(found, index.clone(), value.clone());
                Ok(value)
            }
            (Obj::Instance(instance), _) if instance.class.find("__getitem__").is_some() => {
                self.call_method(object, "__getitem__", vec![index.clone()])
            }
            (Obj::Instance(_) | Obj::Handle(_), _) => {
                let name = self.type_name(object);
                Err(Halt::new(&TYPE_ERROR, format!("'{name}' object is not subscriptable")))
            }
            _ => self.cross(|crossing, heap| {
                let (object, index) = (crossing.value(heap, object)?, crossing.value(heap, index)?);
                let item = library::get_item(heap, object, index)?;
                crossing.object(heap, item)
            }),
        }
    }

    /// `object[index] = item`
    ///
    /// # Errors
    /// `IndexError`, `TypeError` as in CPython.
    pub fn set_item(&mut self, object: &Obj, index: &Obj, item: Obj) -> Run<()> {
        match (object, index) {
            (Obj::List(list), Obj::Int(index)) => {
                let mut list = list.borrow_mut();
                match place(list.len(), *index) {
                    Some(place) => list[place] = item,
                    None => return Err(Halt::new(&INDEX_ERROR, "list assignment index out of range")),
                }
                Ok(())
            }
            (Obj::Dict(dict), _) => {
                let key = self.key(index)?;
                dict.table.borrow_mut().insert(key, index.clone(), item);
                Ok(())
            }
            (Obj::Instance(instance), _) if instance.class.find("__setitem__").is_some() => {
                self.call_method(object, "__setitem__", vec![index.clone(), item]).map(drop)
            }
            (Obj::Instance(_) | Obj::Handle(_), _) => {
                let name = self.type_name(object);
                Err(Halt::new(&TYPE_ERROR, format!("'{name}' object does not support item assignment")))
            }
            _ => self.cross(|crossing, heap| {
                let value = crossing.value(heap, object)?;
                let (index, item) = (crossing.value(heap, index)?, crossing.value(heap, &item)?);
                library::set_item(heap, value, index, item)?;
                crossing.settle(heap)
            }),
        }
    }

    /// `del object[index]`
    ///
    /// # Errors
    /// `IndexError`, `KeyError`, `TypeError` as in CPython.
    pub fn delete_item(&mut self, object: &Obj, index: &Obj) -> Run<()> {
        match object {
            // A `Counter` has nothing against it.
            Obj::Dict(dict) => {
                let default = (dict.class.name == "Counter").then_some(&Obj::None);
                self.dict_pop(dict, index, default).map(drop)
            }
            Obj::Instance(instance) if instance.class.find("__delitem__").is_some() => {
                self.call_method(object, "__delitem__", vec![index.clone()]).map(drop)
            }
            _ => self.cross(|crossing, heap| {
                let (value, index) = (crossing.value(heap, object)?, crossing.value(heap, index)?);
                library::delete_item(heap, value, index)?;
                crossing.settle(heap)
            }),
        }
    }

    /// `object[start:stop:step]`
    ///
    /// # Errors
    /// As the library's.
    pub fn slice(&mut self, object: &Obj, slice: &[Obj; 3]) -> Run<Obj> {
        self.cross(|crossing, heap| {
            let value = crossing.value(heap, object)?;
            let [start, stop, step] = slice;
            let start = crossing.value(heap, start)?;
            let (stop, step) = (crossing.value(heap, stop)?, crossing.value(heap, step)?);
            let part = library::get_slice(heap, value, start, stop, step)?;
            crossing.object(heap, part)
        })
    }

    /// `object[start:stop:step] = items`, or `del object[start:stop:step]` without items.
    ///
    /// # Errors
    /// As the library's.
    pub fn set_slice(&mut self, object: &Obj, slice: &[Obj; 3], items: Option<&Obj>) -> Run<()> {
        // The items first: the list itself may be among them, and iterators are walked here.
        let items = items.map(|items| self.items(items).map(Obj::list)).transpose()?;
        self.cross(|crossing, heap| {
            let value = crossing.value(heap, object)?;
            let [start, stop, step] = slice;
            let slice =
                [crossing.value(heap, start)?, crossing.value(heap, stop)?, crossing.value(heap, step)?];
            match &items {
                Some(items) => {
                    let items = crossing.value(heap, items)?;
                    library::set_slice(heap, value, slice, items)?;
                }
                None => library::delete_slice(heap, value, slice)?,
            }
            crossing.settle(heap)
        })
    }

    fn sort_in_place(&mut self, object: &Obj, args: &Arguments) -> Run<Obj> {
        let items = self.items(object)?;
        let (mut key, mut reverse) = (Obj::None, false);
        for (name, value) in &args.keywords {
            match &**name {
                "key" => key = value.clone(),
                "reverse" => reverse = self.truth(value)?,
                _ => {
                    let message = format!("'{name}' is an invalid keyword argument for sort()");
                    return Err(Halt::new(&TYPE_ERROR, message));
                }
            }
        }
        let sorted = self.sorted(items, &key, reverse)?;
        if let Obj::List(list) = object {
            *list.borrow_mut() = sorted;
        }
        Ok(Obj::None)
    }

    /// `sorted(items, key=key, reverse=reverse)`: stable, also in reverse.
    ///
    /// # Errors
    /// What the key function and comparisons raise.
    pub fn sorted(&mut self, mut items: Vec<Obj>, key: &Obj, reverse: bool) -> Run<Vec<Obj>> {
        let mut keys = Vec::with_capacity(items.len());
        for item in &items {
            keys.push(if key.is_none() { item.clone() } else { self.call(key, vec![item.clone()])? });
        }
        let mut order: Vec<usize> = (0..items.len()).collect();
        if reverse {
            order.reverse();
        }
        let mut fault = None;
        if keys.iter().any(|key| matches!(key, Obj::Instance(_))) {
            order.sort_by(|&a, &b| self.order_of(&keys[a], &keys[b], &mut fault));
        } else {
            order = self.cross(|crossing, heap| {
                let mut values = Vec::with_capacity(keys.len());
                for key in &keys {
                    values.push(crossing.value(heap, key)?);
                }
                let mut fault = None;
                order.sort_by(|&a, &b| {
                    use std::cmp::Ordering::Equal;
                    if fault.is_some() {
                        return Equal;
                    }
                    match library::order(heap, "<", values[a], values[b]) {
                        Ok(order) => order.unwrap_or(Equal),
                        Err(raised) => {
                            fault = Some(raised);
                            Equal
                        }
                    }
                });
                match fault {
                    Some(raised) => Err(raised),
                    None => Ok(order),
                }
            })?;
        }
        if let Some(halt) = fault {
            return Err(halt);
        }
        if reverse {
            order.reverse();
        }
        Ok(order.into_iter().map(|place| std::mem::replace(&mut items[place], Obj::None)).collect())
    }

    /// How two objects compare by `<`, for sorting.
    fn order_of(&mut self, a: &Obj, b: &Obj, fault: &mut Option<Halt>) -> std::cmp::Ordering {
        use std::cmp::Ordering::{Equal, Greater, Less};
        if fault.is_some() {
            return Equal;
        }
        for (left, right, order) in [(a, b, Less), (b, a, Greater)] {
            let less = self.compare(Comparison::Less, left, right).and_then(|less| self.truth(&less));
            match less {
                Ok(true) => return order,
                Ok(false) => {}
                Err(halt) => {
                    *fault = Some(halt);
                    return Equal;
                }
            }
        }
        Equal
    }

    /// `reversed(object)`
    ///
    /// # Errors
    /// `TypeError: 'set' object is not reversible`.
    pub fn reversed(&mut self, object: &Obj) -> Run<Obj> {
        let length = match object {
            Obj::List(list) => list.borrow().len(),
            Obj::Tuple(items) => items.len(),
            Obj::Str(_) | Obj::Bytes(_) | Obj::Range(_) | Obj::Dict(_) | Obj::View(..) | Obj::Deque(_) => {
                let mut items = self.items(object)?;
                items.reverse();
                return Ok(Obj::Iterator(super::rest(items)));
            }
            _ => {
                let name = self.type_name(object);
                return Err(Halt::new(&TYPE_ERROR, format!("'{name}' object is not reversible")));
            }
        };
        let state = State::Reversed(object.clone(), length);
        Ok(Obj::Iterator(Iter::new(&library::types::LIST_REVERSE_ITERATOR, state)))
    }
}

/// The place that an index means.
fn place(length: usize, index: i64) -> Option<usize> {
    let place = match index < 0 {
        true => i64::try_from(length).ok()?.checked_add(index)?,
        false => index,
    };
    usize::try_from(place).ok().filter(|place| *place < length)
}
