//! `typing`: what annotations are made of. Nothing looks at annotations, so a type says no more than its name, and
//! stays the same when it is subscripted; the names that stand for built-in classes are these classes.

use super::args::native;
use super::collections::DEQUE;
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::types::{
    BYTES, COUNTER, DEFAULT_DICT, DICT, FROZENSET, LIST, ORDERED_DICT, SET, STR, TUPLE, TYPE,
};
use crate::batch::value::{Args, Heap, Hooks, Module, Native, OBJECT, Outcome, TypeInfo, Value};

/// `typing`
pub static MODULE: Module = Module { name: "typing", member };

static FUNCTIONS: &[Native] = &[native("cast", cast), native("NewType", new_type)];

/// What `NewType` gives.
static SAME: Native = native("NewType", |heap, args| {
    let [value] = args.bind(heap, "NewType", ["x"], 1)?;
    Ok(value.unwrap_or(Value::None))
});

/// A type of which nothing is made.
const fn form(name: &'static str) -> TypeInfo {
    let hooks = Hooks { is_generic: true, ..Hooks::NONE };
    TypeInfo { name, base: Some(&OBJECT), new: None, methods: &[], hooks }
}

/// `typing.Generic`: as a base it adds nothing to `object`.
pub static GENERIC: TypeInfo = form("typing.Generic");

/// `typing.TypeVar`: a variable says no more than the class.
static TYPE_VAR: TypeInfo = TypeInfo { new: Some(new_type_var), ..form("typing.TypeVar") };

static FORMS: &[TypeInfo] = &[
    form("typing.AbstractSet"),
    form("typing.Annotated"),
    form("typing.Any"),
    form("typing.AnyStr"),
    form("typing.BinaryIO"),
    form("typing.Callable"),
    form("typing.ClassVar"),
    form("typing.Collection"),
    form("typing.Container"),
    form("typing.Final"),
    form("typing.Generator"),
    form("typing.Hashable"),
    form("typing.IO"),
    form("typing.Iterable"),
    form("typing.Iterator"),
    form("typing.Literal"),
    form("typing.Mapping"),
    form("typing.Match"),
    form("typing.MutableMapping"),
    form("typing.MutableSequence"),
    form("typing.MutableSet"),
    form("typing.NoReturn"),
    form("typing.Optional"),
    form("typing.Pattern"),
    form("typing.Reversible"),
    form("typing.Self"),
    form("typing.Sequence"),
    form("typing.Sized"),
    form("typing.TextIO"),
    form("typing.TypeAlias"),
    form("typing.Union"),
];

fn member<'a>(_: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    Some(Value::Type(match name {
        "TYPE_CHECKING" => return Some(Value::bool(false)),
        "ByteString" => &BYTES,
        "Counter" => &COUNTER,
        "DefaultDict" => &DEFAULT_DICT,
        "Deque" => &DEQUE,
        "Dict" => &DICT,
        "FrozenSet" => &FROZENSET,
        "Generic" => &GENERIC,
        "List" => &LIST,
        "OrderedDict" => &ORDERED_DICT,
        "Set" => &SET,
        "Text" => &STR,
        "Tuple" => &TUPLE,
        "Type" => &TYPE,
        "TypeVar" => &TYPE_VAR,
        _ => match FORMS.iter().find(|form| form.name.strip_prefix("typing.") == Some(name)) {
            Some(form) => form,
            None => return super::function(FUNCTIONS, name),
        },
    }))
}

/// `cast(typ, val)`
fn cast<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [_, value] = args.bind(heap, "cast", ["typ", "val"], 2)?;
    Ok(value.unwrap_or(Value::None))
}

/// `NewType(name, tp)`
fn new_type<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [_, _] = args.bind(heap, "NewType", ["name", "tp"], 2)?;
    Ok(Value::Native(&SAME))
}

/// `TypeVar(name, *constraints, bound=None, …)`
fn new_type_var<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match args.positional {
        [Value::Str(_), ..] => Ok(Value::Type(&TYPE_VAR)),
        _ => Err(heap.raise(&TYPE_ERROR, "TypeVar() argument 'name' must be str")),
    }
}
