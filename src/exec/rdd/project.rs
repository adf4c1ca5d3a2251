//! `json.loads` whose result is only ever subscripted by constants: all of a document is checked, and only
//! the members that are read are made.

use std::sync::Arc;

use super::chain::{Link, LinkOp, RecordOp};
use crate::batch::python::json::{self, Wanted};
use crate::batch::value::{Args, Callable, Function, Heap, Outcome, Value, get_item};
use crate::plan::{Shape, members_read, shape};

/// `json.loads` in a chain, and perhaps subscripts of its result.
#[derive(Clone, Debug)]
pub(super) struct Projection {
    /// What is made of a document.
    wanted: Wanted,
    /// What it is subscripted by in the same function.
    path: Vec<Arc<str>>,
}

/// Puts projections where functions parse documents of which only some members are read later on.
pub(super) fn project(links: &mut [Link]) {
    for index in 0..links.len() {
        let LinkOp::Record(RecordOp::Map, function) = &links[index].op else { continue };
        let projection = match shape(function.image()) {
            Some(Shape::ParseJson) => {
                read_later(&links[index + 1..]).map(|wanted| Projection { wanted, path: Vec::new() })
            }
            Some(Shape::JsonPath(path)) => {
                let mut wanted = Wanted::nothing();
                wanted.add(&path.iter().map(|name| &**name).collect::<Vec<_>>());
                Some(Projection { wanted, path })
            }
            _ => None,
        };
        if let Some(projection) = projection {
            links[index].op = LinkOp::Json(projection);
        }
    }
}

/// What operators read of the records that come to them, up to one that makes others of them.
fn read_later(links: &[Link]) -> Option<Wanted> {
    let mut wanted = Wanted::nothing();
    for link in links {
        let LinkOp::Record(op, function) = &link.op else { return None };
        let reads = match op {
            RecordOp::Map | RecordOp::FlatMap | RecordOp::Filter => members_read(function.image())?,
            RecordOp::MapValues | RecordOp::FlatMapValues => return None,
        };
        wanted.merge(&reads);
        if *op != RecordOp::Filter {
            return Some(wanted);
        }
    }
    None
}

impl Projection {
    /// The function that it stands for.
    pub(super) fn function<'a>(&'a self, heap: &Heap<'a>) -> Value<'a> {
        Value::Function(heap.bump().alloc(Function { name: "loads", code: heap.bump().alloc(self) }))
    }
}

impl<'a> Callable<'a> for &'a Projection {
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        let document = match args.positional {
            [Value::Str(text)] => json::load_wanted(heap, text, &self.wanted)?,
            // Bytes are rare, and whatever else there is has an error of its own.
            _ => json::loads(heap, args)?,
        };
        self.path.iter().try_fold(document, |value, name| get_item(heap, value, heap.text(name)))
    }
}
