//! `sys`, as far as functions on records have it: the streams and a few constants.

use super::args::{int, native, text_argument, wrong_object};
use super::builtins::Stream;
use super::function;
use super::text::length;
use crate::batch::value::{
    Args, Heap, Hooks, Module, Native, OBJECT, Object, Outcome, Raised, TypeInfo, Value,
};

/// `sys`
pub static MODULE: Module = Module { name: "sys", member };

fn member<'a>(heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    Some(match name {
        "stdout" => stream(heap, &Stream::Stdout),
        "stderr" => stream(heap, &Stream::Stderr),
        "maxsize" => Value::Int(i64::MAX),
        "maxunicode" => Value::Int(0x10_ffff),
        "byteorder" => heap.text(if cfg!(target_endian = "big") { "big" } else { "little" }),
        "platform" => heap.text(std::env::consts::OS),
        "version" => heap.text(concat!("3.11 (dstream ", env!("CARGO_PKG_VERSION"), ")")),
        "version_info" => {
            let parts = [Value::Int(3), Value::Int(11), Value::Int(0), heap.text("final"), Value::Int(0)];
            heap.tuple(&parts)
        }
        _ => return function(FUNCTIONS, name),
    })
}

static FUNCTIONS: &[Native] = &[native("getrecursionlimit", |heap, args| {
    args.nothing(heap, "sys.getrecursionlimit")?;
    Ok(Value::Int(1000))
})];

/// The class of `sys.stdout` and `sys.stderr`.
pub static TEXT_IO: TypeInfo = TypeInfo {
    name: "TextIOWrapper",
    base: Some(&OBJECT),
    new: None,
    methods: &[native("flush", flush), native("write", write)],
    hooks: Hooks {
        repr: Some(|_, object, out| {
            out.extend_from_slice(format!("<_io.TextIOWrapper name='<{}>'>", name(object)).as_bytes());
            Ok(())
        }),
        encode: Some(|object, out| out.push(u8::from(name(object) == "stderr"))),
        decode: Some(|heap, bytes, _| {
            stream(heap, if bytes == [1] { &Stream::Stderr } else { &Stream::Stdout })
        }),
        ..Hooks::NONE
    },
};

fn stream<'a>(heap: &Heap<'a>, stream: &'static Stream) -> Value<'a> {
    heap.object(Object { class: &TEXT_IO, data: stream, fields: &[] })
}

fn name(object: &Object<'_>) -> &'static str {
    match object.data.downcast_ref() {
        Some(Stream::Stderr) => "stderr",
        _ => "stdout",
    }
}

fn this<'s, 'a>(heap: &Heap<'a>, args: Args<'s, 'a>, name: &str) -> Result<(Stream, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    if let Value::Object(inner) = object
        && let Some(stream) = inner.data.downcast_ref()
    {
        return Ok((*stream, args));
    }
    Err(wrong_object(heap, name, object))
}

/// `TextIOWrapper.write(text)`
fn write<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (stream, args) = this(heap, args, "TextIOWrapper.write")?;
    let text = text_argument(heap, "TextIOWrapper.write", "", args.one(heap, "TextIOWrapper.write")?)?;
    stream.write(heap, text.as_bytes())?;
    Ok(int(length(text)))
}

/// `TextIOWrapper.flush()`: what a task writes is shown when it has succeeded.
fn flush<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    this(heap, args, "TextIOWrapper.flush")?.1.nothing(heap, "TextIOWrapper.flush")?;
    Ok(Value::None)
}
