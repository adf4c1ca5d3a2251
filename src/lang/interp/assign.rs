//! Assignment and deletion of names, attributes, items and slices, and unpacking.

use super::object::{CellRef, Obj};
use super::{Frame, Halt, Interp, Run};
use crate::batch::value::Binary;
use crate::batch::value::exceptions::{NAME_ERROR, TYPE_ERROR, UNBOUND_LOCAL_ERROR, VALUE_ERROR};
use crate::lang::names::{REFUSED, nearest};
use crate::plan::code::{Expr, Place, Target};

impl Interp<'_> {
    /// Assigns to a target.
    pub(super) fn assign(&mut self, frame: &mut Frame, target: &Target, value: Obj) -> Run<()> {
        match target {
            Target::Name(place, _) => {
                self.set_place(frame, place, Some(value));
                Ok(())
            }
            Target::Attribute(object, name, span) => {
                let object = self.eval(frame, object)?;
                frame.place = *span;
                self.set_attribute(&object, name, value)
            }
            Target::Index(object, index, span) => {
                let object = self.eval(frame, object)?;
                let index = self.eval(frame, index)?;
                frame.place = *span;
                self.set_item(&object, &index, value)
            }
            Target::Slice(object, bounds, span) => {
                let object = self.eval(frame, object)?;
                let slice = self.bounds(frame, bounds)?;
                frame.place = *span;
                self.set_slice(&object, &slice, Some(&value))
            }
            Target::Unpack(targets, starred, span) => {
                frame.place = *span;
                let items = self.unpack(&value, targets.len(), *starred)?;
                for (target, item) in targets.iter().zip(items) {
                    self.assign(frame, target, item)?;
                }
                Ok(())
            }
        }
    }

    fn bounds(&mut self, frame: &mut Frame, bounds: &[Option<Expr>; 3]) -> Run<[Obj; 3]> {
        let mut slice = [Obj::None, Obj::None, Obj::None];
        for (part, bound) in slice.iter_mut().zip(bounds) {
            if let Some(bound) = bound {
                *part = self.eval(frame, bound)?;
            }
        }
        Ok(slice)
    }

    /// As many items as there are targets, one of which may be starred.
    fn unpack(&mut self, value: &Obj, count: usize, starred: Option<usize>) -> Run<Vec<Obj>> {
        let iter = match self.iterate(value) {
            Ok(iter) => iter,
            Err(halt) if matches!(value, Obj::Instance(_)) => return Err(halt),
            Err(_) => {
                let name = self.type_name(value);
                return Err(Halt::new(&TYPE_ERROR, format!("cannot unpack non-iterable {name} object")));
            }
        };
        let needed = if starred.is_some() { count - 1 } else { count };
        let mut items = Vec::new();
        while starred.is_some() || items.len() <= needed {
            match self.next(&iter)? {
                Some(item) => items.push(item),
                None => break,
            }
            self.check()?;
        }
        if items.len() < needed {
            let least = if starred.is_some() { "at least " } else { "" };
            return Err(Halt::new(
                &VALUE_ERROR,
                format!("not enough values to unpack (expected {least}{needed}, got {})", items.len()),
            ));
        }
        match starred {
            None if items.len() > needed => {
                Err(Halt::new(&VALUE_ERROR, format!("too many values to unpack (expected {needed})")))
            }
            None => Ok(items),
            Some(at) => {
                let behind = items.split_off(items.len() - (needed - at));
                let middle = items.split_off(at);
                items.push(Obj::list(middle));
                items.extend(behind);
                Ok(items)
            }
        }
    }

    /// `target op= value`
    pub(super) fn augment(
        &mut self,
        frame: &mut Frame,
        target: &Target,
        op: Binary,
        value: &Expr,
    ) -> Run<()> {
        match target {
            Target::Name(place, span) => {
                frame.place = *span;
                let old = self.name(frame, place)?;
                let value = self.eval(frame, value)?;
                frame.place = *span;
                let new = self.binary(op, &old, &value, true)?;
                self.set_place(frame, place, Some(new));
                Ok(())
            }
            Target::Attribute(object, name, span) => {
                let object = self.eval(frame, object)?;
                frame.place = *span;
                let old = self.attribute(&object, name)?;
                let value = self.eval(frame, value)?;
                frame.place = *span;
                let new = self.binary(op, &old, &value, true)?;
                self.set_attribute(&object, name, new)
            }
            Target::Index(object, index, span) => {
                let object = self.eval(frame, object)?;
                let index = self.eval(frame, index)?;
                frame.place = *span;
                let old = self.item(&object, &index)?;
                let value = self.eval(frame, value)?;
                frame.place = *span;
                let new = self.binary(op, &old, &value, true)?;
                self.set_item(&object, &index, new)
            }
            Target::Slice(object, bounds, span) => {
                let object = self.eval(frame, object)?;
                let slice = self.bounds(frame, bounds)?;
                frame.place = *span;
                let old = self.slice(&object, &slice)?;
                let value = self.eval(frame, value)?;
                frame.place = *span;
                let new = self.binary(op, &old, &value, true)?;
                self.set_slice(&object, &slice, Some(&new))
            }
            Target::Unpack(_, _, span) => {
                frame.place = *span;
                Err(Halt::new(&TYPE_ERROR, "a tuple is no target of an augmented assignment"))
            }
        }
    }

    /// `del target`
    pub(super) fn delete(&mut self, frame: &mut Frame, target: &Target) -> Run<()> {
        match target {
            Target::Name(place, span) => {
                frame.place = *span;
                self.name(frame, place)?;
                self.set_place(frame, place, None);
                Ok(())
            }
            Target::Attribute(object, name, span) => {
                let object = self.eval(frame, object)?;
                frame.place = *span;
                self.delete_attribute(&object, name)
            }
            Target::Index(object, index, span) => {
                let object = self.eval(frame, object)?;
                let index = self.eval(frame, index)?;
                frame.place = *span;
                self.delete_item(&object, &index)
            }
            Target::Slice(object, bounds, span) => {
                let object = self.eval(frame, object)?;
                let slice = self.bounds(frame, bounds)?;
                frame.place = *span;
                self.set_slice(&object, &slice, None)
            }
            Target::Unpack(targets, ..) => targets.iter().try_for_each(|target| self.delete(frame, target)),
        }
    }

    /// Binds or unbinds a name.
    pub(super) fn set_place(&mut self, frame: &mut Frame, place: &Place, value: Option<Obj>) {
        match place {
            Place::Local(number) => frame.locals[*number as usize] = value,
            Place::Cell(number) => *frame.cells[*number as usize].borrow_mut() = value,
            Place::Capture(number) => *frame.captured[*number as usize].borrow_mut() = value,
            Place::Global(name) => {
                let mut names = frame.globals.names.borrow_mut();
                match value {
                    Some(value) => drop(names.insert(name.clone(), value)),
                    None => drop(names.remove(name)),
                }
            }
        }
    }

    /// The value of a name.
    pub(super) fn name(&mut self, frame: &Frame, place: &Place) -> Run<Obj> {
        match place {
            Place::Local(number) => match &frame.locals[*number as usize] {
                Some(value) => Ok(value.clone()),
                None => Err(unbound(frame.code.locals.get(*number as usize))),
            },
            Place::Cell(number) => match &*frame.cells[*number as usize].borrow() {
                Some(value) => Ok(value.clone()),
                None => {
                    let local = frame.code.cells.get(*number as usize).copied().unwrap_or(0);
                    Err(unbound(frame.code.locals.get(local as usize)))
                }
            },
            Place::Capture(number) => match &*frame.captured[*number as usize].borrow() {
                Some(value) => Ok(value.clone()),
                None => {
                    let name = frame.code.captures.get(*number as usize).map_or("", |(_, name)| name);
                    Err(Halt::new(
                        &NAME_ERROR,
                        format!(
                            "cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
                        ),
                    ))
                }
            },
            Place::Global(name) => {
                if let Some(value) = frame.globals.names.borrow().get(name) {
                    return Ok(value.clone());
                }
                match self.builtin(name) {
                    Some(value) => Ok(value),
                    None => Err(self.unknown_name(frame, name)),
                }
            }
        }
    }

    fn unknown_name(&self, frame: &Frame, name: &str) -> Halt {
        let catalogue = self.world.catalogue.names.borrow();
        let refused = REFUSED.iter().find(|(refused, _)| *refused == name);
        let hint = match refused {
            Some((_, why)) => format!(": it is not supported: {why}"),
            None if !frame.globals.prelude && !name.starts_with('_') && catalogue.contains_key(name) => {
                ": is its import missing?".into()
            }
            None if frame.globals.prelude => String::new(),
            None => {
                let known = frame.globals.names.borrow();
                let near =
                    nearest(name, known.keys().map(|known| &**known).filter(|known| !known.starts_with('_')));
                near.map(|near| format!(". Did you mean: '{near}'?")).unwrap_or_default()
            }
        };
        Halt::new(&NAME_ERROR, format!("name '{name}' is not defined{hint}"))
    }

    /// Gives variables of a comprehension cells of their own.
    pub(super) fn renew(&self, frame: &mut Frame, cells: &[u32]) {
        for &cell in cells {
            frame.cells[cell as usize] = CellRef::default();
        }
    }
}

fn unbound(name: Option<&String>) -> Halt {
    let name = name.map_or("", String::as_str);
    Halt::new(
        &UNBOUND_LOCAL_ERROR,
        format!("cannot access local variable '{name}' where it is not associated with a value"),
    )
}
