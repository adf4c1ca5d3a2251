//! `json.loads` whose result is only ever subscripted by constants: all of a document is checked, and only
//! the members that are read are made.

use std::sync::Arc;

use super::chain::{Link, LinkOp};
use crate::batch::python::json::{self, Wanted};
use crate::batch::python::numbers::parse_short_int;
use crate::batch::value::{Args, Callable, Function, Heap, Outcome, Raised, Value, get_item};
use crate::exec::eval::{Compiled, compile_part};
use crate::kernel::{Finding, Members};
use crate::plan::{Image, Part, Projection, projection};

/// Values that documents are skimmed for. A document of which more is read is parsed.
const MOST_SKIMMED: usize = 16;

/// [`Projection`] at work.
#[derive(Clone, Debug)]
pub(super) struct Projected {
    projection: Projection,
    /// The values that are wanted, in the order of [`Wanted::paths`], if documents can be skimmed for them.
    members: Option<Members>,
    /// How many they are.
    values: usize,
    /// Whether the operators behind it take them as they are, in a tuple, without a document.
    as_tuple: bool,
}

/// Puts projections where functions parse documents of which only some members are read later on.
pub(super) fn project(links: &mut [Link]) {
    for index in 0..links.len() {
        let (link, later) = links[index..].split_first_mut().expect("there is a link at the index");
        let projection = link.step().and_then(|step| projection(step, later.iter().map(Link::step)));
        let Some(projection) = projection else { continue };
        let readers = &mut later[..projection.readers];
        let mut projected = Projected::new(projection);
        let functions: Option<Vec<_>> =
            readers.iter().map(|link| projected.reader(link.step()?.1, None)).collect();
        projected.as_tuple = functions.is_some() && !readers.is_empty();
        let projected = Arc::new(projected);
        for (reader, function) in readers.iter_mut().zip(functions.into_iter().flatten()) {
            if let LinkOp::Record(by_record) = &mut reader.op {
                by_record.of_members = Some((function, Arc::clone(&projected)));
            }
        }
        link.op = LinkOp::Json(projected);
    }
}

impl Projected {
    fn new(projection: Projection) -> Self {
        let paths = projection.wanted.paths();
        let can_skim = projection.wanted != Wanted::All && paths.len() <= MOST_SKIMMED;
        let (members, values) = (can_skim.then(|| Members::new(&paths)), paths.len());
        Projected { projection, members, values, as_tuple: false }
    }

    /// What does the same as a function of documents with a tuple of the values that are wanted of one, or gives a
    /// part of what the function does.
    pub(super) fn reader(&self, function: &Arc<Image>, part: Option<Part>) -> Option<Arc<Compiled>> {
        self.members.as_ref()?;
        compile_part(function, Some(&self.projection.wanted), part)
    }

    /// The function that it stands for.
    pub(super) fn function<'a>(&'a self, heap: &Heap<'a>) -> Value<'a> {
        Value::Function(heap.bump().alloc(Function { name: "loads", code: heap.bump().alloc(self) }))
    }

    /// What is wanted of a document, if it can be skimmed.
    fn skim<'a>(&'a self, heap: &Heap<'a>, text: &'a str) -> Result<Option<Value<'a>>, Raised> {
        let Some(members) = &self.members else { return Ok(None) };
        let mut findings = [Finding::Missing; MOST_SKIMMED];
        let findings = &mut findings[..self.values];
        if members.skim(text, findings).is_none() {
            return Ok(None);
        }
        if let ([value], false) = (&*findings, self.projection.path.is_empty()) {
            return found(heap, *value);
        }
        let mut values = [None; MOST_SKIMMED];
        let values = &mut values[..self.values];
        for (value, finding) in values.iter_mut().zip(findings) {
            *value = found(heap, *finding)?;
        }
        if self.as_tuple
            && let Some(tuple) = tuple(heap, values)
        {
            return Ok(Some(tuple));
        }
        object(heap, &self.projection.wanted, &mut values.iter().copied())
    }

    /// All of a document of which some members were made, while an exception is on its way.
    #[cold]
    pub(super) fn whole<'a>(&self, heap: &Heap<'a>, text: Value<'a>) -> Option<Value<'a>> {
        let Value::Str(text) = text else { return None };
        if !self.projection.path.is_empty() {
            return None;
        }
        let exception = heap.caught();
        let document = json::load_wanted(heap, text, &Wanted::All).ok();
        heap.throw(exception);
        document
    }

    /// The document, and then what it is subscripted by.
    fn load<'a>(&'a self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        let document = match args.positional {
            [Value::Str(text)] => json::load_wanted(heap, text, &self.projection.wanted)?,
            // Bytes are rare, and whatever else there is has an error of its own.
            _ => json::loads(heap, args)?,
        };
        self.projection.path.iter().try_fold(document, |value, name| get_item(heap, value, heap.text(name)))
    }
}

/// All values in a tuple, if all were found.
#[inline]
fn tuple<'a>(heap: &Heap<'a>, values: &[Option<Value<'a>>]) -> Option<Value<'a>> {
    let mut found = [Value::None; MOST_SKIMMED];
    for (found, value) in found.iter_mut().zip(values) {
        *found = (*value)?;
    }
    Some(heap.tuple(&found[..values.len()]))
}

/// The value that was found, if there is one.
#[inline]
fn found<'a>(heap: &Heap<'a>, finding: Finding<'a>) -> Result<Option<Value<'a>>, Raised> {
    match finding {
        Finding::Missing => Ok(None),
        Finding::Text(text) => Ok(Some(heap.text(text))),
        Finding::Json("true") => Ok(Some(Value::bool(true))),
        Finding::Json("false") => Ok(Some(Value::bool(false))),
        Finding::Json(json) if let Some(number) = parse_short_int(json.as_bytes()) => {
            Ok(Some(Value::Int(number)))
        }
        Finding::Json(json) => json::load_wanted(heap, json, &Wanted::All).map(Some),
    }
}

/// An object of what was found of it. `None` if that is nothing: whether it is there at all is not known then.
fn object<'a>(
    heap: &Heap<'a>,
    wanted: &'a Wanted,
    values: &mut impl Iterator<Item = Option<Value<'a>>>,
) -> Result<Option<Value<'a>>, Raised> {
    let Wanted::Members(members) = wanted else { return Ok(values.next().flatten()) };
    let dict = heap.dict();
    let mut is_known = true;
    for (name, wanted) in members {
        match object(heap, wanted, values)? {
            Some(value) => dict.insert(heap, heap.text(name), value)?,
            None => is_known &= *wanted == Wanted::All,
        }
    }
    Ok((is_known && !dict.is_empty()).then_some(Value::Dict(dict)))
}

impl<'a> Callable<'a> for &'a Projected {
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        if let [Value::Str(text)] = args.positional
            && let Some(value) = self.skim(heap, text)?
        {
            return Ok(value);
        }
        self.load(heap, args)
    }
}
