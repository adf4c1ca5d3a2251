//! `itertools`: iterators that work as far as they are asked.

mod combine;
mod group;
mod select;

use super::args::native;
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Args, Heap, Hooks, Iter, Module, NativeFn, OBJECT, Outcome, Produce, Raised, TypeInfo, Value, call,
    iterate,
};

/// `itertools`
pub static MODULE: Module = Module { name: "itertools", member };

/// Its classes.
pub static CLASSES: &[&TypeInfo] = &[
    &CHAIN,
    &COUNT,
    &REPEAT,
    &CYCLE,
    &ACCUMULATE,
    &ISLICE,
    &TAKEWHILE,
    &DROPWHILE,
    &FILTERFALSE,
    &COMPRESS,
    &STARMAP,
    &ZIP_LONGEST,
    &PAIRWISE,
    &GROUPBY,
    &GROUPER,
    &TEE,
    &PRODUCT,
    &PERMUTATIONS,
    &COMBINATIONS,
    &COMBINATIONS_WITH_REPLACEMENT,
];

const fn class(name: &'static str, new: Option<NativeFn>) -> TypeInfo {
    TypeInfo { name, base: Some(&OBJECT), new, methods: &[], hooks: Hooks::NONE }
}

static CHAIN: TypeInfo = TypeInfo {
    methods: &[native("from_iterable", select::chain_from_iterable)],
    ..class("itertools.chain", Some(select::chain))
};
/// `itertools.count`
pub static COUNT: TypeInfo = class("itertools.count", Some(select::count));
/// `itertools.repeat`
pub static REPEAT: TypeInfo = class("itertools.repeat", Some(select::repeat));
/// `itertools.cycle`
pub static CYCLE: TypeInfo = class("itertools.cycle", Some(select::cycle));
static ACCUMULATE: TypeInfo = class("itertools.accumulate", Some(select::accumulate));
static ISLICE: TypeInfo = class("itertools.islice", Some(select::islice));
static TAKEWHILE: TypeInfo = class("itertools.takewhile", Some(select::takewhile));
static DROPWHILE: TypeInfo = class("itertools.dropwhile", Some(select::dropwhile));
static FILTERFALSE: TypeInfo = class("itertools.filterfalse", Some(select::filterfalse));
static COMPRESS: TypeInfo = class("itertools.compress", Some(select::compress));
static STARMAP: TypeInfo = class("itertools.starmap", Some(group::starmap));
static ZIP_LONGEST: TypeInfo = class("itertools.zip_longest", Some(group::zip_longest));
static PAIRWISE: TypeInfo = class("itertools.pairwise", Some(group::pairwise));
static GROUPBY: TypeInfo = class("itertools.groupby", Some(group::groupby));
static GROUPER: TypeInfo = class("itertools._grouper", None);
static TEE: TypeInfo = class("itertools._tee", None);
static PRODUCT: TypeInfo = class("itertools.product", Some(combine::product));
static PERMUTATIONS: TypeInfo = class("itertools.permutations", Some(combine::permutations));
static COMBINATIONS: TypeInfo = class("itertools.combinations", Some(combine::combinations));
static COMBINATIONS_WITH_REPLACEMENT: TypeInfo =
    class("itertools.combinations_with_replacement", Some(combine::combinations_with_replacement));

fn member<'a>(_: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    if name == "tee" {
        static TEE_FUNCTION: crate::batch::value::Native = native("tee", group::tee);
        return Some(Value::Native(&TEE_FUNCTION));
    }
    let named =
        |class: &&&TypeInfo| class.new.is_some() && class.name.strip_prefix("itertools.") == Some(name);
    CLASSES.iter().find(named).map(|class| Value::Type(class))
}

/// An iterator over what `produce` makes.
fn produced<'a>(heap: &Heap<'a>, class: &'static TypeInfo, produce: impl Produce<'a> + 'a) -> Value<'a> {
    let produce: &'a dyn Produce<'a> = heap.bump().alloc(produce);
    Value::Iterator(heap.bump().alloc(Iter::produced(class, produce)))
}

/// Iterators over each of the arguments.
fn iterators<'a>(heap: &Heap<'a>, arguments: &[Value<'a>]) -> Result<&'a [&'a Iter<'a>], Raised> {
    let found: Result<Vec<_>, Raised> = arguments.iter().map(|argument| iterate(heap, *argument)).collect();
    Ok(heap.bump().alloc_slice_copy(&found?))
}

/// `function(*arguments)`
fn apply<'a>(heap: &Heap<'a>, function: Value<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    call(heap, function, Args { positional: arguments, keywords: &[] })
}

/// A number of items.
///
/// # Errors
/// `TypeError: 'str' object cannot be interpreted as an integer`, `ValueError` with the message for a negative one.
fn size<'a>(heap: &Heap<'a>, value: Value<'a>, negative: &str) -> Result<usize, Raised> {
    if !matches!(value, Value::Int(_) | Value::Bool(_) | Value::Big(_)) {
        return Err(heap.raise(&TYPE_ERROR, "Expected int as r"));
    }
    let number = super::args::index(heap, value)?;
    usize::try_from(number).map_err(|_| heap.raise(&VALUE_ERROR, negative))
}
