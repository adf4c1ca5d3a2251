//! `print`.

use crate::batch::value::exceptions::{ATTRIBUTE_ERROR, TYPE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, str, type_of};

/// Where a task's prints go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// `sys.stdout`
    Stdout,
    /// `sys.stderr`
    Stderr,
}

impl Stream {
    /// Keeps what was written until the task has succeeded.
    ///
    /// # Errors
    /// `MemoryError` where the task has written more than it may hold.
    pub fn write(self, heap: &Heap<'_>, text: &[u8]) -> Result<(), Raised> {
        let mut effects = heap.task().effects.borrow_mut();
        let written = match self {
            Stream::Stdout => &mut effects.stdout,
            Stream::Stderr => &mut effects.stderr,
        };
        heap.check_memory(written.len().saturating_add(text.len()))?;
        written.extend_from_slice(text);
        Ok(())
    }

    /// The stream that a value is.
    fn of(heap: &Heap<'_>, value: Option<Value<'_>>) -> Result<Self, Raised> {
        match value {
            None | Some(Value::None) => Ok(Stream::Stdout),
            Some(value) => {
                if let Value::Object(object) = value
                    && let Some(stream) = object.data.downcast_ref::<Stream>()
                {
                    return Ok(*stream);
                }
                let class = type_of(value).name;
                Err(heap.raise(&ATTRIBUTE_ERROR, format!("'{class}' object has no attribute 'write'")))
            }
        }
    }
}

/// What stands between values or behind them.
fn mark<'a>(
    heap: &Heap<'a>,
    name: &str,
    value: Option<Value<'a>>,
    default: &'static str,
) -> Result<&'a str, Raised> {
    match value {
        None | Some(Value::None) => Ok(default),
        Some(Value::Str(text)) => Ok(text),
        Some(other) => {
            let class = type_of(other).name;
            Err(heap.raise(&TYPE_ERROR, format!("{name} must be None or a string, not {class}")))
        }
    }
}

/// `print(*objects, sep=' ', end='\n', file=None, flush=False)`
pub fn print<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let [separator, end, file, _flush] = args.by_name(heap, "print", ["sep", "end", "file", "flush"])?;
    let separator = mark(heap, "sep", separator, " ")?;
    let end = mark(heap, "end", end, "\n")?;
    let stream = Stream::of(heap, file)?;
    let mut out = Vec::new();
    for (place, value) in args.positional.iter().enumerate() {
        if place > 0 {
            out.extend_from_slice(separator.as_bytes());
        }
        str(heap, *value, &mut out)?;
    }
    out.extend_from_slice(end.as_bytes());
    stream.write(heap, &out)?;
    Ok(Value::None)
}
