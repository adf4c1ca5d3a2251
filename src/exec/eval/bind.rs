//! Arguments to parameters, with CPython's words where they do not fit.

use super::frame::{Closure, Slot};
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{Args, Heap, Raised, Value};

/// Puts arguments into the slots of their parameters.
#[inline]
pub fn bind<'a>(
    closure: &Closure<'a>,
    heap: &Heap<'a>,
    slots: &[Slot<'a>],
    args: Args<'_, 'a>,
) -> Result<(), Raised> {
    let signature = &closure.unit.signature;
    if args.positional.len() == signature.positional.len() && args.keywords.is_empty() && signature.is_plain()
    {
        for (slot, value) in slots.iter().zip(args.positional) {
            slot.set(Some(*value));
        }
        return Ok(());
    }
    bind_any(closure, heap, slots, args)
}

#[inline(never)]
fn bind_any<'a>(
    closure: &Closure<'a>,
    heap: &Heap<'a>,
    slots: &[Slot<'a>],
    args: Args<'_, 'a>,
) -> Result<(), Raised> {
    let signature = &closure.unit.signature;
    let positional = signature.positional.len();
    let named = positional + signature.keyword_only.len();
    let fail =
        |message: String| Err(heap.raise(&TYPE_ERROR, format!("{}() {message}", closure.unit.qualified)));
    for (slot, value) in slots[..positional].iter().zip(args.positional) {
        slot.set(Some(*value));
    }
    if signature.rest {
        let rest = args.positional.get(positional..).unwrap_or_default();
        slots[named].set(Some(heap.tuple(rest)));
    }
    let others = signature.keywords.then(|| heap.dict());
    for &(name, value) in args.keywords {
        let by_name = signature.positional[signature.positional_only..].iter();
        let mut names = by_name.chain(signature.keyword_only.iter().map(|(name, _)| name));
        match (names.position(|parameter| parameter == name), others) {
            (Some(place), _) => {
                let slot = &slots[signature.positional_only + place];
                if slot.get().is_some() {
                    return fail(format!("got multiple values for argument '{name}'"));
                }
                slot.set(Some(value));
            }
            (None, Some(others)) => others.insert(heap, heap.text(name), value)?,
            (None, None) => {
                let only = &signature.positional[..signature.positional_only];
                let given = |parameter: &&String| args.keywords.iter().any(|(name, _)| name == parameter);
                let wrong: Vec<_> = only.iter().filter(given).map(String::as_str).collect();
                if wrong.is_empty() {
                    return fail(format!("got an unexpected keyword argument '{name}'"));
                }
                return fail(format!(
                    "got some positional-only arguments passed as keyword arguments: '{}'",
                    wrong.join(", ")
                ));
            }
        }
    }
    if let Some(others) = others {
        slots[named + usize::from(signature.rest)].set(Some(Value::Dict(others)));
    }
    if args.positional.len() > positional && !signature.rest {
        let keyword_only = slots[positional..named].iter().filter(|slot| slot.get().is_some()).count();
        return fail(too_many(positional, signature.defaults, args.positional.len(), keyword_only));
    }
    let required = positional - signature.defaults;
    let unbound = |place: &usize| slots[*place].get().is_none();
    let missing: Vec<_> = (0..required).filter(unbound).map(|place| &signature.positional[place]).collect();
    if !missing.is_empty() {
        return fail(lacking("positional", &missing));
    }
    for (place, default) in (required..positional).zip(closure.defaults) {
        if unbound(&place) {
            slots[place].set(Some(*default));
        }
    }
    let mut missing = Vec::new();
    for (place, (name, default)) in (positional..).zip(&signature.keyword_only) {
        if unbound(&place) {
            match default {
                Some(default) => slots[place].set(Some(closure.defaults[*default])),
                None => missing.push(name),
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { fail(lacking("keyword-only", &missing)) }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn too_many(positional: usize, defaults: usize, given: usize, keyword_only: usize) -> String {
    let (takes, takes_plural) = match defaults {
        0 => (positional.to_string(), plural(positional)),
        _ => (format!("from {} to {positional}", positional - defaults), "s"),
    };
    let besides = match keyword_only {
        0 => String::new(),
        _ => format!(
            " positional argument{} (and {keyword_only} keyword-only argument{})",
            plural(given),
            plural(keyword_only)
        ),
    };
    let were = if given == 1 && keyword_only == 0 { "was" } else { "were" };
    format!("takes {takes} positional argument{takes_plural} but {given}{besides} {were} given")
}

fn lacking(kind: &str, names: &[&String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
    let list = match &quoted[..] {
        [first, second] => format!("{first} and {second}"),
        [others @ .., last] if !others.is_empty() => format!("{}, and {last}", others.join(", ")),
        _ => quoted.concat(),
    };
    format!("missing {} required {kind} argument{}: {list}", names.len(), plural(names.len()))
}
