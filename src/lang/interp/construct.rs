//! Calls of built-in classes whose instances are the program's own objects.

use std::rc::Rc;

use super::call::Arguments;
use super::mutate::{dict_of, set_of};
use super::object::Obj;
use super::table::Table;
use super::{Halt, Interp, Iter, Run, State, exception};
use crate::batch::python::{functools, itertools};
use crate::batch::value::TypeInfo;
use crate::batch::value::exceptions::{BASE_EXCEPTION, TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::types;

impl Interp<'_> {
    /// Calls a built-in class whose instances are the program's own objects; `None` for the library's.
    pub(super) fn call_type(&mut self, class: &'static TypeInfo, args: &Arguments) -> Option<Run<Obj>> {
        if class.is(&BASE_EXCEPTION) && args.keywords.is_empty() && class.methods.is_empty() {
            return Some(Ok(exception(class, args.positional.clone())));
        }
        let is = |other: &'static TypeInfo| std::ptr::eq(class, other);
        if is(&functools::PARTIAL) {
            let made = self.catalogued("partial");
            return Some(made.and_then(|made| self.call_with(&made, args.clone())));
        }
        if [&itertools::COUNT, &itertools::REPEAT, &itertools::CYCLE].into_iter().any(is) {
            return self.endless(class, args).transpose();
        }
        if !args.keywords.is_empty() && !is(&types::ENUMERATE) && !is(&types::DICT) && !is(&types::ZIP) {
            return None;
        }
        Some(match &args.positional[..] {
            [object] if is(&types::LIST) => self.items(object).map(Obj::list),
            [object] if is(&types::TUPLE) => match object {
                Obj::Tuple(_) => Ok(object.clone()),
                _ => self.items(object).map(Obj::tuple),
            },
            [object] if is(&types::SET) => self.items(object).and_then(|items| self.set(items)),
            [object] if is(&types::STR) => self.text(object).map(Obj::str),
            [object] if is(&types::BOOL) => self.truth(object).map(Obj::Bool),
            [object] if is(&types::TYPE) => Ok(match object {
                Obj::Instance(instance) => Obj::Class(instance.class.clone()),
                _ => Obj::Type(self.type_info(object)),
            }),
            given if is(&types::DICT) && given.len() < 2 => self.dict(given.first(), &args.keywords),
            [function, sources @ ..] if is(&types::MAP) && !sources.is_empty() => self
                .iterators(sources)
                .map(|sources| Obj::Iterator(Iter::new(&types::MAP, State::Map(function.clone(), sources)))),
            [function, source] if is(&types::FILTER) => self.iterate(source).map(|source| {
                Obj::Iterator(Iter::new(&types::FILTER, State::Filter(function.clone(), source)))
            }),
            sources if is(&types::ZIP) => self.zip(sources, &args.keywords),
            [source, start @ ..] if is(&types::ENUMERATE) && start.len() < 2 => {
                self.enumerate(source, start.first(), &args.keywords)
            }
            [object] if is(&types::REVERSED) => self.reversed(object),
            _ => return None,
        })
    }

    /// Calls a class of iterators that never end, which cannot be the library's: its iterators come back as all
    /// that they give. `None` for wrong arguments, of which the library knows what to say.
    fn endless(&mut self, class: &'static TypeInfo, args: &Arguments) -> Run<Option<Obj>> {
        let names: &[&str] = match class.name {
            "itertools.count" => &["start", "step"],
            "itertools.repeat" => &["object", "times"],
            _ => &[],
        };
        let mut given: Vec<Option<Obj>> = args.positional.iter().cloned().map(Some).collect();
        given.resize(given.len().max(2), None);
        for (name, value) in &args.keywords {
            match names.iter().position(|known| *known == &**name) {
                Some(place) if given[place].is_none() => given[place] = Some(value.clone()),
                _ => return Ok(None),
            }
        }
        let state = match (class.name, &given[..]) {
            ("itertools.count", [start, step]) => {
                let start = start.clone().unwrap_or(Obj::Int(0));
                let step = step.clone().unwrap_or(Obj::Int(1));
                let is_number =
                    |object: &Obj| matches!(object, Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) | Obj::Float(_));
                if !is_number(&start) || !is_number(&step) {
                    return Ok(None);
                }
                State::Count(start, step)
            }
            ("itertools.repeat", [Some(object), times]) => {
                let times = times.as_ref().map(|times| self.index(times)).transpose()?;
                State::Repeat(object.clone(), times)
            }
            ("itertools.cycle", [Some(source), None]) => {
                State::Cycle(Some(self.iterate(source)?), Vec::new(), 0)
            }
            _ => return Ok(None),
        };
        Ok(Some(Obj::Iterator(Iter::new(class, state))))
    }

    fn iterators(&mut self, sources: &[Obj]) -> Run<Vec<Rc<Iter>>> {
        sources.iter().map(|source| self.iterate(source)).collect()
    }

    fn zip(&mut self, sources: &[Obj], keywords: &[(Rc<str>, Obj)]) -> Run<Obj> {
        let strict = match keywords {
            [] => false,
            [(name, value)] if &**name == "strict" => self.truth(value)?,
            _ => return Err(Halt::new(&TYPE_ERROR, "zip() takes no such keyword arguments")),
        };
        let sources = self.iterators(sources)?;
        Ok(Obj::Iterator(Iter::new(&types::ZIP, State::Zip(sources, strict))))
    }

    fn enumerate(&mut self, source: &Obj, start: Option<&Obj>, keywords: &[(Rc<str>, Obj)]) -> Run<Obj> {
        let start = match (start, keywords) {
            (None, []) => 0,
            (Some(start), []) => self.index(start)?,
            (None, [(name, start)]) if &**name == "start" => self.index(start)?,
            _ => return Err(Halt::new(&TYPE_ERROR, "enumerate() takes no such arguments")),
        };
        let source = self.iterate(source)?;
        Ok(Obj::Iterator(Iter::new(&types::ENUMERATE, State::Enumerate(source, start))))
    }

    /// An object as an `int`.
    pub fn index(&self, object: &Obj) -> Run<i64> {
        object.as_int().ok_or_else(|| {
            let name = self.type_name(object);
            Halt::new(&TYPE_ERROR, format!("'{name}' object cannot be interpreted as an integer"))
        })
    }

    fn set(&mut self, items: Vec<Obj>) -> Run<Obj> {
        let mut table = Table::default();
        for item in items {
            let key = self.key(&item)?;
            if !table.contains(&key) {
                table.insert(key, item, Obj::None);
            }
        }
        Ok(set_of(table))
    }

    fn dict(&mut self, from: Option<&Obj>, keywords: &[(Rc<str>, Obj)]) -> Run<Obj> {
        let mut table = Table::default();
        match from {
            None => {}
            Some(Obj::Dict(dict)) => table = dict.table.borrow().clone(),
            Some(pairs) => {
                for (number, pair) in self.items(pairs)?.iter().enumerate() {
                    let pair = match self.items(pair) {
                        Ok(pair) => pair,
                        Err(_) => {
                            return Err(Halt::new(
                                &TYPE_ERROR,
                                format!(
                                    "cannot convert dictionary update sequence element #{number} to a sequence"
                                ),
                            ));
                        }
                    };
                    let [key, value] = &pair[..] else {
                        return Err(Halt::new(
                            &VALUE_ERROR,
                            format!(
                                "dictionary update sequence element #{number} has length {}; 2 is required",
                                pair.len()
                            ),
                        ));
                    };
                    table.insert(self.key(key)?, key.clone(), value.clone());
                }
            }
        }
        for (name, value) in keywords {
            table.insert(super::Key::Str(name.clone()), Obj::Str(name.clone()), value.clone());
        }
        Ok(dict_of(table))
    }
}
