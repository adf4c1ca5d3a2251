//! Python's exception classes, and their instances.

use super::types::{Hooks, TypeInfo};
use super::{Args, Heap, Object, Outcome, Raised, Value, repr, str};
use crate::batch::python;

/// What instances of exception classes do: their fields are their arguments.
const HOOKS: Hooks =
    Hooks { repr: Some(repr_exception), str: Some(str_exception), attribute: Some(attribute), ..Hooks::NONE };

fn construct<'a>(heap: &Heap<'a>, class: &'static TypeInfo, args: Args<'_, 'a>) -> Outcome<'a> {
    if !args.keywords.is_empty() {
        return Err(heap.raise(&TYPE_ERROR, format!("{}() takes no keyword arguments", class.name)));
    }
    Ok(exception(heap, class, args.positional))
}

fn repr_exception<'a>(heap: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    out.extend_from_slice(object.class.name.as_bytes());
    match object.fields {
        [argument] => {
            out.push(b'(');
            repr(heap, *argument, out)?;
            out.push(b')');
            Ok(())
        }
        fields => repr(heap, heap.tuple(fields), out),
    }
}

fn str_exception<'a>(heap: &Heap<'a>, object: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    match object.fields {
        [] => Ok(()),
        [number, text, file @ ..] if object.class.is(&OS_ERROR) && file.len() < 4 => {
            out.extend_from_slice(b"[Errno ");
            str(heap, *number, out)?;
            out.extend_from_slice(b"] ");
            str(heap, *text, out)?;
            match file.first() {
                None | Some(Value::None) => Ok(()),
                Some(file) => {
                    out.extend_from_slice(b": ");
                    repr(heap, *file, out)
                }
            }
        }
        // A key that is a text would read like a message.
        [key] if object.class.is(&KEY_ERROR) => repr(heap, *key, out),
        [argument] => str(heap, *argument, out),
        fields if object.class.is(&UNICODE_ERROR) => match python::text::codec_message(fields) {
            Some(message) => {
                out.extend_from_slice(message.as_bytes());
                Ok(())
            }
            None => repr(heap, heap.tuple(fields), out),
        },
        fields => repr(heap, heap.tuple(fields), out),
    }
}

fn attribute<'a>(heap: &Heap<'a>, object: &Object<'a>, name: &str) -> Option<Outcome<'a>> {
    match name {
        "args" => Some(Ok(heap.tuple(object.fields))),
        // `StopIteration.value` and `SystemExit.code`
        "value" if object.class.is(&STOP_ITERATION) => Some(Ok(first(object))),
        "code" if object.class.is(&SYSTEM_EXIT) => Some(Ok(first(object))),
        "errno" | "strerror" | "filename" if object.class.is(&OS_ERROR) => {
            let place = ["errno", "strerror", "filename"].iter().position(|field| *field == name)?;
            let given = object.fields.get(place).copied().filter(|_| object.fields.len() > 1);
            Some(Ok(given.unwrap_or(Value::None)))
        }
        _ if object.class.is(&UNICODE_ERROR) => {
            let fields = ["encoding", "object", "start", "end", "reason"];
            let place = fields.iter().position(|field| *field == name)?;
            object.fields.get(place).filter(|_| object.fields.len() == fields.len()).copied().map(Ok)
        }
        _ if object.class.is(&JSON_DECODE_ERROR) => {
            python::json::attribute(heap, first(object).as_str()?, name).map(Ok)
        }
        _ => None,
    }
}

fn first<'a>(object: &Object<'a>) -> Value<'a> {
    object.fields.first().copied().unwrap_or(Value::None)
}

macro_rules! exceptions {
    ($($constant:ident $name:literal $base:expr;)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub static $constant: TypeInfo = TypeInfo {
                name: $name,
                base: $base,
                new: Some({
                    fn new<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
                        construct(heap, &$constant, args)
                    }
                    new
                }),
                methods: &[],
                hooks: HOOKS,
            };
        )*

        /// Every exception class. New ones go to the end: encoded values refer to them by number.
        pub static CLASSES: &[&TypeInfo] = &[$(&$constant),*];

        /// Every exception class, by name.
        pub fn exception_class(name: &str) -> Option<&'static TypeInfo> {
            match name {
                $($name => Some(&$constant),)*
                // Two more names of the same class.
                "EnvironmentError" | "IOError" => Some(&OS_ERROR),
                _ => None,
            }
        }
    };
}

exceptions! {
    BASE_EXCEPTION "BaseException" Some(&super::types::OBJECT);
    EXCEPTION "Exception" Some(&BASE_EXCEPTION);
    KEYBOARD_INTERRUPT "KeyboardInterrupt" Some(&BASE_EXCEPTION);
    SYSTEM_EXIT "SystemExit" Some(&BASE_EXCEPTION);
    GENERATOR_EXIT "GeneratorExit" Some(&BASE_EXCEPTION);
    ARITHMETIC_ERROR "ArithmeticError" Some(&EXCEPTION);
    OVERFLOW_ERROR "OverflowError" Some(&ARITHMETIC_ERROR);
    ZERO_DIVISION_ERROR "ZeroDivisionError" Some(&ARITHMETIC_ERROR);
    FLOATING_POINT_ERROR "FloatingPointError" Some(&ARITHMETIC_ERROR);
    ASSERTION_ERROR "AssertionError" Some(&EXCEPTION);
    ATTRIBUTE_ERROR "AttributeError" Some(&EXCEPTION);
    IMPORT_ERROR "ImportError" Some(&EXCEPTION);
    MODULE_NOT_FOUND_ERROR "ModuleNotFoundError" Some(&IMPORT_ERROR);
    LOOKUP_ERROR "LookupError" Some(&EXCEPTION);
    INDEX_ERROR "IndexError" Some(&LOOKUP_ERROR);
    KEY_ERROR "KeyError" Some(&LOOKUP_ERROR);
    MEMORY_ERROR "MemoryError" Some(&EXCEPTION);
    NAME_ERROR "NameError" Some(&EXCEPTION);
    UNBOUND_LOCAL_ERROR "UnboundLocalError" Some(&NAME_ERROR);
    OS_ERROR "OSError" Some(&EXCEPTION);
    RUNTIME_ERROR "RuntimeError" Some(&EXCEPTION);
    NOT_IMPLEMENTED_ERROR "NotImplementedError" Some(&RUNTIME_ERROR);
    RECURSION_ERROR "RecursionError" Some(&RUNTIME_ERROR);
    STOP_ITERATION "StopIteration" Some(&EXCEPTION);
    SYNTAX_ERROR "SyntaxError" Some(&EXCEPTION);
    TYPE_ERROR "TypeError" Some(&EXCEPTION);
    VALUE_ERROR "ValueError" Some(&EXCEPTION);
    UNICODE_ERROR "UnicodeError" Some(&VALUE_ERROR);
    UNICODE_DECODE_ERROR "UnicodeDecodeError" Some(&UNICODE_ERROR);
    UNICODE_ENCODE_ERROR "UnicodeEncodeError" Some(&UNICODE_ERROR);
    JSON_DECODE_ERROR "JSONDecodeError" Some(&VALUE_ERROR);
    RE_ERROR "error" Some(&EXCEPTION);
    PICKLING_ERROR "PicklingError" Some(&EXCEPTION);
    BLOCKING_IO_ERROR "BlockingIOError" Some(&OS_ERROR);
    CHILD_PROCESS_ERROR "ChildProcessError" Some(&OS_ERROR);
    CONNECTION_ERROR "ConnectionError" Some(&OS_ERROR);
    BROKEN_PIPE_ERROR "BrokenPipeError" Some(&CONNECTION_ERROR);
    CONNECTION_ABORTED_ERROR "ConnectionAbortedError" Some(&CONNECTION_ERROR);
    CONNECTION_REFUSED_ERROR "ConnectionRefusedError" Some(&CONNECTION_ERROR);
    CONNECTION_RESET_ERROR "ConnectionResetError" Some(&CONNECTION_ERROR);
    FILE_EXISTS_ERROR "FileExistsError" Some(&OS_ERROR);
    FILE_NOT_FOUND_ERROR "FileNotFoundError" Some(&OS_ERROR);
    INTERRUPTED_ERROR "InterruptedError" Some(&OS_ERROR);
    IS_A_DIRECTORY_ERROR "IsADirectoryError" Some(&OS_ERROR);
    NOT_A_DIRECTORY_ERROR "NotADirectoryError" Some(&OS_ERROR);
    PERMISSION_ERROR "PermissionError" Some(&OS_ERROR);
    PROCESS_LOOKUP_ERROR "ProcessLookupError" Some(&OS_ERROR);
    TIMEOUT_ERROR "TimeoutError" Some(&OS_ERROR);
    BUFFER_ERROR "BufferError" Some(&EXCEPTION);
    EOF_ERROR "EOFError" Some(&EXCEPTION);
    REFERENCE_ERROR "ReferenceError" Some(&EXCEPTION);
    SYSTEM_ERROR "SystemError" Some(&EXCEPTION);
    INDENTATION_ERROR "IndentationError" Some(&SYNTAX_ERROR);
    TAB_ERROR "TabError" Some(&INDENTATION_ERROR);
    WARNING "Warning" Some(&EXCEPTION);
    BYTES_WARNING "BytesWarning" Some(&WARNING);
    DEPRECATION_WARNING "DeprecationWarning" Some(&WARNING);
    ENCODING_WARNING "EncodingWarning" Some(&WARNING);
    FUTURE_WARNING "FutureWarning" Some(&WARNING);
    IMPORT_WARNING "ImportWarning" Some(&WARNING);
    PENDING_DEPRECATION_WARNING "PendingDeprecationWarning" Some(&WARNING);
    RESOURCE_WARNING "ResourceWarning" Some(&WARNING);
    RUNTIME_WARNING "RuntimeWarning" Some(&WARNING);
    SYNTAX_WARNING "SyntaxWarning" Some(&WARNING);
    UNICODE_WARNING "UnicodeWarning" Some(&WARNING);
    USER_WARNING "UserWarning" Some(&WARNING);
}

/// An exception object.
pub fn exception<'a>(heap: &Heap<'a>, class: &'static TypeInfo, args: &[Value<'a>]) -> Value<'a> {
    heap.object(Object { class, data: &(), fields: heap.bump().alloc_slice_copy(args) })
}
