//! `defaultdict` and `OrderedDict`.

use crate::batch::python::args::native;
use crate::batch::python::dicts::{fill, this};
use crate::batch::value::exceptions::{KEY_ERROR, TYPE_ERROR};
use crate::batch::value::types::{DEFAULT_DICT, ORDERED_DICT};
use crate::batch::value::{Args, Dict, Heap, Native, Outcome, Value, is_callable, key_error, truth};

/// `defaultdict(default_factory=None, /, …)`, what follows as for `dict`
pub fn new_default_dict<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (factory, positional) = match args.positional.split_first() {
        Some((factory, rest)) => (*factory, rest),
        None => (Value::None, args.positional),
    };
    if !factory.is_none() && !is_callable(factory) {
        return Err(heap.raise(&TYPE_ERROR, "first argument must be callable or None"));
    }
    let dict: &'a Dict<'a> = heap.bump().alloc(Dict::of_class(heap.bump(), &DEFAULT_DICT, factory));
    fill(heap, dict, Args { positional, keywords: args.keywords }, "defaultdict")?;
    Ok(Value::Dict(dict))
}

/// The methods of `OrderedDict` that `dict` has not, or has otherwise.
pub static ORDERED_DICT_METHODS: &[Native] =
    &[native("move_to_end", move_to_end), native("popitem", popitem)];

/// `OrderedDict(…)`, as `dict`
pub fn new_ordered_dict<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let dict: &'a Dict<'a> = heap.bump().alloc(Dict::of_class(heap.bump(), &ORDERED_DICT, Value::None));
    fill(heap, dict, args, "OrderedDict")?;
    Ok(Value::Dict(dict))
}

/// `OrderedDict.move_to_end(key, last=True)`
fn move_to_end<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (dict, args) = this(heap, args, "OrderedDict.move_to_end")?;
    let [key, last] = args.bind(heap, "OrderedDict.move_to_end", ["key", "last"], 1)?;
    let key = key.unwrap_or(Value::None);
    let Some(value) = dict.remove(heap, key)? else { return Err(key_error(heap, key)) };
    if last.is_none_or(truth) {
        dict.insert(heap, key, value)?;
        return Ok(Value::None);
    }
    let others: Vec<_> = dict.entries().collect();
    dict.clear();
    dict.insert(heap, key, value)?;
    for (key, value) in others {
        dict.insert(heap, key, value)?;
    }
    Ok(Value::None)
}

/// `OrderedDict.popitem(last=True)`
fn popitem<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (dict, args) = this(heap, args, "OrderedDict.popitem")?;
    let [last] = args.bind(heap, "OrderedDict.popitem", ["last"], 0)?;
    let entry = if last.is_none_or(truth) {
        dict.pop_last()
    } else {
        match dict.entry(0) {
            Some((_, key, value)) => {
                dict.remove(heap, key)?;
                Some((key, value))
            }
            None => None,
        }
    };
    match entry {
        Some((key, value)) => Ok(heap.pair(key, value)),
        None => Err(heap.raise(&KEY_ERROR, "dictionary is empty")),
    }
}
