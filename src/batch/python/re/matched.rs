//! `re.Match`

use super::engine::{Program, Spans};
use super::operations::{Subject, Use, template_text};
use super::template::Template;
use super::tree::Group;
use crate::batch::python::args::{native, wrong_object};
use crate::batch::value::exceptions::INDEX_ERROR;
use crate::batch::value::{Args, Heap, Hooks, OBJECT, Object, Outcome, Raised, TypeInfo, Value, repr};

/// `re.Match`. The fields: the pattern, what was searched as a value and as text, the bounds of the search,
/// and start and end of every group; all in bytes of the text, -1 for a group that took no part.
pub static MATCH: TypeInfo = TypeInfo {
    name: "re.Match",
    base: Some(&OBJECT),
    new: None,
    methods: &[
        native("group", group),
        native("groups", groups),
        native("groupdict", groupdict),
        native("start", |heap, args| part_of_span(heap, "start", args, |(start, _)| start)),
        native("end", |heap, args| part_of_span(heap, "end", args, |(_, end)| end)),
        native("span", span),
        native("expand", expand),
    ],
    hooks: Hooks {
        repr: Some(repr_match),
        attribute: Some(attribute),
        item: Some(|heap, object, group| {
            let found = Found::new(object);
            let group = found.number(heap, group)?;
            Ok(found.text(heap, group).unwrap_or(Value::None))
        }),
        ..Hooks::NONE
    },
};

/// Fields before the spans.
const HEAD: usize = 5;

/// A match object. `bounds` are those of the search, in bytes.
pub fn make_match<'a>(
    heap: &Heap<'a>,
    pattern: Value<'a>,
    subject: Subject<'a>,
    bounds: (usize, usize),
    spans: &Spans,
) -> Value<'a> {
    let number = |byte: usize| Value::Int(i64::try_from(byte).unwrap_or(i64::MAX));
    let text = match subject.whole {
        Value::Str(_) => subject.whole,
        _ => heap.text(subject.text),
    };
    let fields = heap.bump().alloc_slice_fill_copy(HEAD + 2 * spans.len(), Value::Int(-1));
    fields[..HEAD].copy_from_slice(&[pattern, subject.whole, text, number(bounds.0), number(bounds.1)]);
    for (place, span) in fields[HEAD..].chunks_exact_mut(2).zip(spans) {
        if let Some((start, end)) = span {
            place.copy_from_slice(&[number(*start), number(*end)]);
        }
    }
    heap.object(Object { class: &MATCH, data: &(), fields })
}

/// A match object, read.
struct Found<'a> {
    fields: &'a [Value<'a>],
    subject: Subject<'a>,
    program: &'a Program,
}

impl<'a> Found<'a> {
    fn new(object: &Object<'a>) -> Self {
        let fields = object.fields;
        let text = fields[2].as_str().unwrap_or_default();
        let Some(Use::Object(_, program)) = Use::object_of(fields[0]) else {
            unreachable!("a match holds its pattern")
        };
        Found { fields, subject: Subject { text, whole: fields[1] }, program }
    }

    /// The bytes of a group.
    fn span(&self, group: usize) -> Option<(usize, usize)> {
        let at = HEAD + 2 * group;
        let place = |at: usize| usize::try_from(self.fields.get(at)?.as_int()?).ok();
        Some((place(at)?, place(at + 1)?))
    }

    fn text(&self, heap: &Heap<'a>, group: usize) -> Option<Value<'a>> {
        self.span(group).map(|(start, end)| self.subject.value(heap, &self.subject.text[start..end]))
    }

    /// The character of a byte, -1 for none.
    fn character(&self, byte: Option<usize>) -> Value<'a> {
        let Some(byte) = byte else { return Value::Int(-1) };
        let before = &self.subject.text[..byte];
        let characters = if before.is_ascii() { byte } else { before.chars().count() };
        Value::Int(i64::try_from(characters).unwrap_or(i64::MAX))
    }

    fn characters(&self, heap: &Heap<'a>, group: usize) -> Value<'a> {
        let span = self.span(group);
        heap.pair(self.character(span.map(|span| span.0)), self.character(span.map(|span| span.1)))
    }

    /// The number of a group that is asked for by number or name.
    fn number(&self, heap: &Heap<'a>, group: Value<'a>) -> Result<usize, Raised> {
        let groups = &self.program.tree.groups;
        let number = match group {
            Value::Str(name) => {
                groups.iter().position(|group| group.name.as_deref() == Some(name)).map(|index| index + 1)
            }
            _ => group.as_int().and_then(|number| usize::try_from(number).ok()),
        };
        number
            .filter(|number| *number <= groups.len())
            .ok_or_else(|| heap.raise(&INDEX_ERROR, "no such group"))
    }

    fn spans(&self) -> Spans {
        (0..=self.program.tree.groups.len()).map(|group| self.span(group)).collect()
    }

    /// The group that was closed last.
    fn last(&self) -> Option<usize> {
        let groups = &self.program.tree.groups;
        let end = |group: &usize| self.span(*group).map(|span| span.1);
        (1..=groups.len()).filter(|group| end(group).is_some()).reduce(|last, group| {
            // Of two that end at one place an inner one is closed before the group around it.
            let closed_later =
                end(&group) > end(&last) || end(&group) == end(&last) && !inside(groups, group, last);
            if closed_later { group } else { last }
        })
    }
}

/// Whether a group is inside of another.
fn inside(groups: &[Group], mut group: usize, outer: usize) -> bool {
    while let Some(found) = group.checked_sub(1).and_then(|index| groups.get(index)) {
        if found.parent == outer {
            return true;
        }
        group = found.parent;
    }
    false
}

fn repr_match<'a>(heap: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    let found = Found::new(object);
    out.extend_from_slice(b"<re.Match object; span=");
    repr(heap, found.characters(heap, 0), out)?;
    out.extend_from_slice(b", match=");
    let mut text = Vec::new();
    repr(heap, found.text(heap, 0).unwrap_or(Value::None), &mut text)?;
    // CPython shows the first 50 characters.
    out.extend(String::from_utf8_lossy(&text).chars().take(50).collect::<String>().as_bytes());
    out.push(b'>');
    Ok(())
}

fn attribute<'a>(heap: &Heap<'a>, object: &Object<'a>, name: &str) -> Option<Outcome<'a>> {
    let found = Found::new(object);
    let bound = |field: usize| {
        let byte = found.fields[field].as_int().and_then(|byte| usize::try_from(byte).ok());
        found.character(byte)
    };
    Some(Ok(match name {
        "re" => found.fields[0],
        "string" => found.fields[1],
        "pos" => bound(3),
        "endpos" => bound(4),
        "lastindex" => {
            found.last().map_or(Value::None, |group| Value::Int(i64::try_from(group).unwrap_or(i64::MAX)))
        }
        "lastgroup" => found
            .last()
            .and_then(|group| found.program.tree.groups[group - 1].name.as_ref())
            .map_or(Value::None, |name| heap.str(name)),
        "regs" => {
            let groups = 0..=found.program.tree.groups.len();
            heap.tuple(&groups.map(|group| found.characters(heap, group)).collect::<Vec<_>>())
        }
        _ => return None,
    }))
}

/// The match that a method is called of, and the other arguments.
fn this<'s, 'a>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'s, 'a>,
) -> Result<(Found<'a>, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::Object(found) if found.class.is(&MATCH) => Ok((Found::new(found), args)),
        _ => Err(wrong_object(heap, &format!("re.Match.{name}"), object)),
    }
}

fn group<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (found, args) = this(heap, "group", args)?;
    args.no_keywords(heap, "Match.group")?;
    let one = |group: Value<'a>| {
        let group = found.number(heap, group)?;
        Ok(found.text(heap, group).unwrap_or(Value::None))
    };
    match args.positional {
        [] => one(Value::Int(0)),
        [group] => one(*group),
        groups => Ok(heap.tuple(&groups.iter().map(|group| one(*group)).collect::<Result<Vec<_>, _>>()?)),
    }
}

fn groups<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (found, args) = this(heap, "groups", args)?;
    let [default] = args.bind(heap, "groups", ["default"], 0)?;
    let default = default.unwrap_or(Value::None);
    let groups = 1..=found.program.tree.groups.len();
    Ok(heap.tuple(&groups.map(|group| found.text(heap, group).unwrap_or(default)).collect::<Vec<_>>()))
}

fn groupdict<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (found, args) = this(heap, "groupdict", args)?;
    let [default] = args.bind(heap, "groupdict", ["default"], 0)?;
    let default = default.unwrap_or(Value::None);
    let dict = heap.dict();
    for (index, group) in found.program.tree.groups.iter().enumerate() {
        if let Some(name) = &group.name {
            dict.insert(heap, heap.str(name), found.text(heap, index + 1).unwrap_or(default))?;
        }
    }
    Ok(Value::Dict(dict))
}

/// The group that `start`, `end` or `span` is asked for.
fn asked<'a>(heap: &Heap<'a>, name: &str, args: Args<'_, 'a>) -> Result<(Found<'a>, usize), Raised> {
    let (found, args) = this(heap, name, args)?;
    let group = args.between(heap, name, 0, 1)?.first().copied().unwrap_or(Value::Int(0));
    let group = found.number(heap, group)?;
    Ok((found, group))
}

fn part_of_span<'a>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'_, 'a>,
    part: fn((usize, usize)) -> usize,
) -> Outcome<'a> {
    let (found, group) = asked(heap, name, args)?;
    Ok(found.character(found.span(group).map(part)))
}

fn span<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (found, group) = asked(heap, "span", args)?;
    Ok(found.characters(heap, group))
}

fn expand<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (found, args) = this(heap, "expand", args)?;
    let [template] = args.bind(heap, "expand", ["template"], 1)?;
    let text = template_text(heap, found.subject, template.unwrap_or(Value::None))?;
    let template = Template::parse(text, found.program).map_err(|fault| fault.raise(heap, text))?;
    let mut out = String::new();
    template.expand(found.subject.text, &found.spans(), &mut out);
    heap.check_memory(out.len())?;
    Ok(found.subject.value(heap, heap.bump().alloc_str(&out)))
}
