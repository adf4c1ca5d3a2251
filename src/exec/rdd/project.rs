//! `json.loads` whose result is only ever subscripted by constants: all of a document is checked, and only
//! the members that are read are made.

use super::chain::{Link, LinkOp};
use crate::batch::python::json;
use crate::batch::value::{Args, Callable, Function, Heap, Outcome, Value, get_item};
use crate::plan::{Projection, projection};

/// [`Projection`] at work.
#[derive(Clone, Debug)]
pub(super) struct Projected(Projection);

/// Puts projections where functions parse documents of which only some members are read later on.
pub(super) fn project(links: &mut [Link]) {
    for index in 0..links.len() {
        let later = links[index + 1..].iter().map(Link::step);
        if let Some(projection) = links[index].step().and_then(|step| projection(step, later)) {
            links[index].op = LinkOp::Json(Projected(projection));
        }
    }
}

impl Projected {
    /// The function that it stands for.
    pub(super) fn function<'a>(&'a self, heap: &Heap<'a>) -> Value<'a> {
        Value::Function(heap.bump().alloc(Function { name: "loads", code: heap.bump().alloc(self) }))
    }
}

impl<'a> Callable<'a> for &'a Projected {
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        let document = match args.positional {
            [Value::Str(text)] => json::load_wanted(heap, text, &self.0.wanted)?,
            // Bytes are rare, and whatever else there is has an error of its own.
            _ => json::loads(heap, args)?,
        };
        self.0.path.iter().try_fold(document, |value, name| get_item(heap, value, heap.text(name)))
    }
}
