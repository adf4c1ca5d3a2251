//! What the library calls, walks through or carries around without knowing it.

use std::cell::Cell;

use super::Crossing;
use crate::batch::value::{
    self as library, Args, Callable, Heap, Hooks, Object, Outcome, Produce, Raised, TypeInfo, Value,
};
use crate::lang::interp::Obj;

/// Something of the program that the library may call.
pub(super) struct Called<'a> {
    pub(super) crossing: &'a Crossing<'a>,
    pub(super) object: usize,
}

impl<'a> Callable<'a> for Called<'a> {
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        let callee = self.crossing.carried(self.object);
        heap.enter(|| self.crossing.ask(heap, args, |interp, args| interp.call_with(&callee, args)))
    }
}

/// An iterator of the program that the library walks.
pub(super) struct Walked<'a> {
    pub(super) crossing: &'a Crossing<'a>,
    pub(super) object: usize,
}

impl<'a> Produce<'a> for Walked<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let Obj::Iterator(iter) = self.crossing.carried(self.object) else { return Ok(None) };
        let over = Cell::new(false);
        let next = self.crossing.ask(heap, Args { positional: &[], keywords: &[] }, |interp, _| {
            let next = interp.next(&iter)?;
            over.set(next.is_none());
            Ok(next.unwrap_or(Obj::None))
        })?;
        Ok((!over.get()).then_some(next))
    }
}

/// Which object of the crossing an instance stands for.
pub(super) struct Carried(pub(super) usize);

/// What the library asks of an instance that it does not know.
pub(super) struct Asked<'a> {
    pub(super) crossing: &'a Crossing<'a>,
    pub(super) object: usize,
}

impl<'a> Callable<'a> for Asked<'a> {
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        let object = self.crossing.carried(self.object);
        self.crossing.ask(heap, args, |interp, args| {
            let mut args = args.positional.into_iter();
            let (question, other) = (args.next(), args.next());
            match question.as_ref().and_then(Obj::as_str) {
                Some("repr") => interp.repr(&object).map(Obj::str),
                Some("str") => interp.text(&object).map(Obj::str),
                Some("iterate") => interp.iterate(&object).map(Obj::Iterator),
                Some("attribute") => {
                    let name = other.as_ref().and_then(Obj::as_str).unwrap_or_default().to_string();
                    interp.attribute(&object, &name)
                }
                _ => {
                    let other = other.unwrap_or(Obj::None);
                    interp.equal(&object, &other).map(Obj::Bool)
                }
            }
        })
    }
}

/// The class of what the library only carries around.
pub(super) static FOREIGN: TypeInfo = TypeInfo {
    name: "object",
    base: Some(&library::OBJECT),
    new: None,
    methods: &[],
    hooks: Hooks {
        repr: Some(|heap, object, out| shown(heap, object, "repr", out)),
        str: Some(|heap, object, out| shown(heap, object, "str", out)),
        equal: Some(|heap, object, other| {
            if let (Value::Object(other), Some(Carried(mine))) = (other, object.data.downcast_ref())
                && let Some(Carried(theirs)) = other.data.downcast_ref()
                && mine == theirs
            {
                return Ok(Some(true));
            }
            let same = question(heap, object, "equal", Some(other))?;
            Ok(Some(library::truth(same)))
        }),
        hash: Some(|object| match object.data.downcast_ref::<Carried>() {
            Some(Carried(number)) => u64::try_from(*number).unwrap_or(0).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            None => 0,
        }),
        attribute: Some(|heap, object, name| {
            let name = heap.str(name);
            Some(question(heap, object, "attribute", Some(name)))
        }),
        iterate: Some(|heap, object| {
            let iter = question(heap, object, "iterate", None)?;
            library::iterate(heap, iter)
        }),
        ..Hooks::NONE
    },
};

fn question<'a>(heap: &Heap<'a>, object: &Object<'a>, what: &str, other: Option<Value<'a>>) -> Outcome<'a> {
    let Some(&asked) = object.fields.first() else { return Ok(Value::None) };
    let what = heap.str(what);
    match other {
        Some(other) => library::call(heap, asked, Args { positional: &[what, other], keywords: &[] }),
        None => library::call(heap, asked, Args { positional: &[what], keywords: &[] }),
    }
}

fn shown<'a>(heap: &Heap<'a>, object: &Object<'a>, how: &str, out: &mut Vec<u8>) -> Result<(), Raised> {
    let text = question(heap, object, how, None)?;
    out.extend_from_slice(text.as_str().unwrap_or_default().as_bytes());
    Ok(())
}
