//! `json.loads` whose result is only ever subscripted by constants: all of a document is checked, and only
//! the members that are read are made.

use super::chain::{Link, LinkOp};
use crate::batch::python::json::{self, Wanted};
use crate::batch::value::{Args, Callable, Function, Heap, Outcome, Raised, Value, get_item};
use crate::kernel::{Finding, Members};
use crate::plan::{Projection, projection};

/// Values that documents are skimmed for. A document of which more is read is parsed.
const MOST_SKIMMED: usize = 16;

/// [`Projection`] at work.
#[derive(Clone, Debug)]
pub(super) struct Projected {
    projection: Projection,
    /// The values that are wanted, in the order of [`Wanted`], if documents can be skimmed for them.
    members: Option<Members>,
    /// How many they are.
    values: usize,
}

/// Puts projections where functions parse documents of which only some members are read later on.
pub(super) fn project(links: &mut [Link]) {
    for index in 0..links.len() {
        let later = links[index + 1..].iter().map(Link::step);
        if let Some(projection) = links[index].step().and_then(|step| projection(step, later)) {
            links[index].op = LinkOp::Json(Projected::new(projection));
        }
    }
}

impl Projected {
    fn new(projection: Projection) -> Self {
        let mut paths = Vec::new();
        list_values(&projection.wanted, &mut Vec::new(), &mut paths);
        let can_skim = projection.wanted != Wanted::All && paths.len() <= MOST_SKIMMED;
        let (members, values) = (can_skim.then(|| Members::new(&paths)), paths.len());
        Projected { projection, members, values }
    }

    /// The function that it stands for.
    pub(super) fn function<'a>(&'a self, heap: &Heap<'a>) -> Value<'a> {
        Value::Function(heap.bump().alloc(Function { name: "loads", code: heap.bump().alloc(self) }))
    }

    /// Itself, if it can tell what the next function makes of documents.
    pub(super) fn shortcut(&self) -> Option<&Self> {
        self.projection.next_takes_it.then_some(self)
    }

    /// What the next function makes of the document, if that is plain to see.
    #[inline]
    pub(super) fn skip_next<'a>(&self, heap: &Heap<'a>, record: Value<'a>) -> Option<Value<'a>> {
        let Value::Str(text) = record else { return None };
        let mut value = [Finding::Missing];
        self.members.as_ref()?.skim(text, &mut value)?;
        found(heap, value[0]).unwrap_or_else(|Raised| {
            heap.caught();
            None
        })
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
        object(heap, &self.projection.wanted, &mut findings.iter().copied())
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

/// The paths of the values that are wanted.
fn list_values<'w>(wanted: &'w Wanted, path: &mut Vec<&'w str>, paths: &mut Vec<Vec<&'w str>>) {
    match wanted {
        Wanted::All => paths.push(path.clone()),
        Wanted::Members(members) => {
            for (name, wanted) in members {
                path.push(name);
                list_values(wanted, path, paths);
                path.pop();
            }
        }
    }
}

/// The value that was found, if there is one.
#[inline]
fn found<'a>(heap: &Heap<'a>, finding: Finding<'a>) -> Result<Option<Value<'a>>, Raised> {
    match finding {
        Finding::Missing => Ok(None),
        Finding::Text(text) => Ok(Some(heap.text(text))),
        Finding::Json(json) => json::load_wanted(heap, json, &Wanted::All).map(Some),
    }
}

/// An object of what was found of it. `None` if that is nothing: whether it is there at all is not known then.
fn object<'a>(
    heap: &Heap<'a>,
    wanted: &'a Wanted,
    findings: &mut impl Iterator<Item = Finding<'a>>,
) -> Result<Option<Value<'a>>, Raised> {
    let Wanted::Members(members) = wanted else { return found(heap, findings.next().unwrap_or_default()) };
    let dict = heap.dict();
    let mut is_known = true;
    for (name, wanted) in members {
        match object(heap, wanted, findings)? {
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
