//! The named tuples that addresses are taken apart into.

use super::split::unsplit;
use super::{coerce, value_of};
use crate::batch::python::args::{native, wrong_object};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::types::TUPLE;
use crate::batch::value::{Args, Heap, Hooks, Native, Object, Outcome, Raised, TypeInfo, Value};

const PARSE: &[&str] = &["scheme", "netloc", "path", "params", "query", "fragment"];
const SPLIT: &[&str] = &["scheme", "netloc", "path", "query", "fragment"];
const DEFRAG: &[&str] = &["url", "fragment"];

macro_rules! results {
    ($($constant:ident $name:literal;)*) => {
        $(
            #[doc = concat!("`urllib.parse.", $name, "`")]
            pub static $constant: TypeInfo = TypeInfo {
                name: $name,
                base: Some(&TUPLE),
                new: Some({
                    fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
                        construct(heap, &$constant, args)
                    }
                    new
                }),
                methods: METHODS,
                hooks: Hooks { repr: Some(repr), attribute: Some(attribute), is_tuple: true, ..Hooks::NONE },
            };
        )*
    };
}

results! {
    PARSE_RESULT "ParseResult";
    SPLIT_RESULT "SplitResult";
    DEFRAG_RESULT "DefragResult";
    PARSE_RESULT_BYTES "ParseResultBytes";
    SPLIT_RESULT_BYTES "SplitResultBytes";
    DEFRAG_RESULT_BYTES "DefragResultBytes";
}

static METHODS: &[Native] =
    &[native("geturl", geturl), native("_replace", replace), native("_asdict", asdict)];

/// The names of a class's fields.
fn names(class: &TypeInfo) -> &'static [&'static str] {
    let is = |other: &TypeInfo| std::ptr::eq(class, other);
    if is(&PARSE_RESULT) || is(&PARSE_RESULT_BYTES) {
        PARSE
    } else if is(&SPLIT_RESULT) || is(&SPLIT_RESULT_BYTES) {
        SPLIT
    } else {
        DEFRAG
    }
}

/// A result of these fields; of the class for bytes, where these are.
pub fn make<'a>(heap: &Heap<'a>, classes: [&'static TypeInfo; 2], fields: &[&str], bytes: bool) -> Value<'a> {
    let fields = fields.iter().map(|field| value_of(heap, field, bytes));
    let fields = heap.bump().alloc_slice_fill_iter(fields.collect::<Vec<_>>());
    heap.object(Object { class: classes[usize::from(bytes)], data: &(), fields })
}

fn construct<'a>(heap: &Heap<'a>, class: &'static TypeInfo, args: Args<'_, 'a>) -> Outcome<'a> {
    let names = names(class);
    let fields = match names.len() {
        6 => bound(heap, class, args, <[&str; 6]>::try_from(names).unwrap_or_default())?.to_vec(),
        5 => bound(heap, class, args, <[&str; 5]>::try_from(names).unwrap_or_default())?.to_vec(),
        _ => bound(heap, class, args, <[&str; 2]>::try_from(names).unwrap_or_default())?.to_vec(),
    };
    Ok(heap.object(Object { class, data: &(), fields: heap.bump().alloc_slice_copy(&fields) }))
}

fn bound<'a, const N: usize>(
    heap: &Heap<'a>,
    class: &TypeInfo,
    args: Args<'_, 'a>,
    names: [&str; N],
) -> Result<[Value<'a>; N], Raised> {
    let (values, []) = args.bind_def(heap, &format!("{}.__new__", class.name), names, [])?;
    Ok(values)
}

fn repr<'a>(heap: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    out.extend_from_slice(object.class.name.as_bytes());
    for (place, (name, value)) in names(object.class).iter().zip(object.fields).enumerate() {
        out.extend_from_slice(if place == 0 { b"(" } else { b", " });
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        crate::batch::value::repr(heap, *value, out)?;
    }
    out.push(b')');
    Ok(())
}

fn attribute<'a>(heap: &Heap<'a>, object: &Object<'a>, name: &str) -> Option<Outcome<'a>> {
    let names = names(object.class);
    if let Some(place) = names.iter().position(|known| *known == name) {
        return object.fields.get(place).copied().map(Ok);
    }
    if name == "_fields" {
        let names: Vec<Value<'a>> = names.iter().map(|name| heap.text(name)).collect();
        return Some(Ok(heap.tuple(&names)));
    }
    let is_location = matches!(name, "username" | "password" | "hostname" | "port") && names.len() > 2;
    is_location.then(|| location(heap, object, name))
}

/// A part of the `netloc`.
fn location<'a>(heap: &Heap<'a>, object: &Object<'a>, name: &str) -> Outcome<'a> {
    let coerced = coerce(heap, [object.fields.get(1).copied().unwrap_or(Value::None)])?;
    let [netloc] = coerced.texts;
    let value = |text: &str| value_of(heap, text, coerced.bytes);
    let (user, host) = match netloc.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, netloc),
    };
    let (host, port) = match host.split_once('[') {
        Some((_, bracketed)) => {
            let (host, rest) = bracketed.split_once(']').unwrap_or((bracketed, ""));
            (host, rest.split_once(':').map_or("", |(_, port)| port))
        }
        None => host.split_once(':').unwrap_or((host, "")),
    };
    let (user, password) = match user.map(|user| user.split_once(':').ok_or(user)) {
        None => (None, None),
        Some(Ok((user, password))) => (Some(user), Some(password)),
        Some(Err(user)) => (Some(user), None),
    };
    Ok(match name {
        "username" => user.map_or(Value::None, value),
        "password" => password.map_or(Value::None, value),
        "hostname" if host.is_empty() => Value::None,
        "hostname" => {
            // The zone of an IPv6 address keeps its case.
            let (host, zone) = host.split_at(host.find('%').unwrap_or(host.len()));
            value(&(host.to_lowercase() + zone))
        }
        _ if port.is_empty() => Value::None,
        _ if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            let Some(port) = port.parse::<u64>().ok().filter(|port| *port <= 65_535) else {
                return Err(heap.raise(&VALUE_ERROR, "Port out of range 0-65535"));
            };
            Value::Int(i64::try_from(port).unwrap_or(0))
        }
        _ => {
            let mut shown = Vec::new();
            crate::batch::value::repr(heap, value(port), &mut shown)?;
            let shown = String::from_utf8_lossy(&shown);
            let message = format!("Port could not be cast to integer value as {shown}");
            return Err(heap.raise(&VALUE_ERROR, message));
        }
    })
}

/// The result that a method is called of, and the other arguments.
fn this<'s, 'a>(
    heap: &Heap<'a>,
    name: &str,
    args: Args<'s, 'a>,
) -> Result<(&'a Object<'a>, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match object {
        Value::Object(found) if super::CLASSES.iter().any(|class| std::ptr::eq(*class, found.class)) => {
            Ok((found, args))
        }
        _ => Err(wrong_object(heap, &format!("ParseResult.{name}"), object)),
    }
}

fn geturl<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = this(heap, "geturl", args)?;
    args.nothing(heap, "geturl")?;
    let (url, bytes) = match *object.fields {
        [scheme, netloc, path, params, query, fragment] => {
            let coerced = coerce(heap, [scheme, netloc, path, params, query, fragment])?;
            let [scheme, netloc, path, params, query, fragment] = coerced.texts;
            let path = if params.is_empty() { path.to_owned() } else { format!("{path};{params}") };
            (unsplit(scheme, netloc, &path, query, fragment), coerced.bytes)
        }
        [scheme, netloc, path, query, fragment] => {
            let coerced = coerce(heap, [scheme, netloc, path, query, fragment])?;
            let [scheme, netloc, path, query, fragment] = coerced.texts;
            (unsplit(scheme, netloc, path, query, fragment), coerced.bytes)
        }
        _ => {
            let first = object.fields.first().copied().unwrap_or(Value::None);
            let coerced = coerce(heap, [first, object.fields.get(1).copied().unwrap_or(first)])?;
            let [url, fragment] = coerced.texts;
            let url = if fragment.is_empty() { url.to_owned() } else { format!("{url}#{fragment}") };
            (url, coerced.bytes)
        }
    };
    Ok(value_of(heap, &url, bytes))
}

fn replace<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = this(heap, "_replace", args)?;
    if !args.positional.is_empty() {
        let given = args.positional.len() + 1;
        let message = format!("_replace() takes 1 positional argument but {given} were given");
        return Err(heap.raise(&TYPE_ERROR, message));
    }
    let fields = heap.bump().alloc_slice_copy(object.fields);
    let mut unknown = Vec::new();
    for (keyword, value) in args.keywords {
        match names(object.class).iter().position(|name| name == keyword) {
            Some(place) => fields[place] = *value,
            None => unknown.push(heap.text(keyword)),
        }
    }
    if !unknown.is_empty() {
        let mut shown = Vec::new();
        crate::batch::value::repr(heap, heap.list(unknown), &mut shown)?;
        let message = format!("Got unexpected field names: {}", String::from_utf8_lossy(&shown));
        return Err(heap.raise(&VALUE_ERROR, message));
    }
    Ok(heap.object(Object { class: object.class, data: &(), fields }))
}

fn asdict<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (object, args) = this(heap, "_asdict", args)?;
    args.nothing(heap, "_asdict")?;
    let dict = heap.dict();
    for (name, value) in names(object.class).iter().zip(object.fields) {
        dict.insert(heap, heap.text(name), *value)?;
    }
    Ok(Value::Dict(dict))
}
