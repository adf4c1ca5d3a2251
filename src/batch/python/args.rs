//! Arguments of built-in functions and methods: how many there may be, under which names, and of
//! which type, with CPython's messages.
//!
//! A method is named with its class, such as `str.join`; the name without the class is what some
//! of CPython's messages say.

use crate::batch::value::exceptions::{MEMORY_ERROR, OVERFLOW_ERROR, TYPE_ERROR};
use crate::batch::value::{Args, Heap, Native, NativeFn, Raised, Value, type_of};

/// An entry of a table of functions.
pub const fn native(name: &'static str, call: NativeFn) -> Native {
    Native { name, call }
}

/// The name without its class.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl<'s, 'a> Args<'s, 'a> {
    /// The object of a method, and the other arguments.
    ///
    /// # Errors
    /// `TypeError: unbound method str.lower() needs an argument`.
    pub fn object(self, heap: &Heap<'a>, name: &str) -> Result<(Value<'a>, Args<'s, 'a>), Raised> {
        match self.positional.split_first() {
            Some((object, positional)) => Ok((*object, Args { positional, keywords: self.keywords })),
            None => Err(heap.raise(&TYPE_ERROR, format!("unbound method {name}() needs an argument"))),
        }
    }

    /// Refuses keywords.
    ///
    /// # Errors
    /// `TypeError: str.lower() takes no keyword arguments`.
    pub fn no_keywords(self, heap: &Heap<'a>, name: &str) -> Result<(), Raised> {
        if self.keywords.is_empty() {
            return Ok(());
        }
        Err(heap.raise(&TYPE_ERROR, format!("{name}() takes no keyword arguments")))
    }

    /// Refuses any argument.
    ///
    /// # Errors
    /// `TypeError: str.lower() takes no arguments (1 given)`.
    pub fn nothing(self, heap: &Heap<'a>, name: &str) -> Result<(), Raised> {
        self.no_keywords(heap, name)?;
        match self.positional.len() {
            0 => Ok(()),
            given => Err(heap.raise(&TYPE_ERROR, format!("{name}() takes no arguments ({given} given)"))),
        }
    }

    /// The one argument.
    ///
    /// # Errors
    /// `TypeError: str.join() takes exactly one argument (0 given)`.
    pub fn one(self, heap: &Heap<'a>, name: &str) -> Result<Value<'a>, Raised> {
        self.no_keywords(heap, name)?;
        match *self.positional {
            [value] => Ok(value),
            _ => {
                let given = self.positional.len();
                let message = format!("{name}() takes exactly one argument ({given} given)");
                Err(heap.raise(&TYPE_ERROR, message))
            }
        }
    }

    /// Between `min` and `max` arguments by position, as functions without names for them have it.
    ///
    /// # Errors
    /// `TypeError: replace expected at least 2 arguments, got 1`.
    pub fn between(
        self,
        heap: &Heap<'a>,
        name: &str,
        min: usize,
        max: usize,
    ) -> Result<&'s [Value<'a>], Raised> {
        self.no_keywords(heap, name)?;
        let given = self.positional.len();
        if (min..=max).contains(&given) {
            return Ok(self.positional);
        }
        let (bound, most) = if given < min { ("at least ", min) } else { ("at most ", max) };
        let bound = if min == max { "" } else { bound };
        let message = format!("{} expected {bound}{most} argument{}, got {given}", short(name), plural(most));
        Err(heap.raise(&TYPE_ERROR, message))
    }

    /// The same, as CPython's older functions say it.
    ///
    /// # Errors
    /// `TypeError: find() takes at least 1 argument (0 given)`.
    pub fn parsed(
        self,
        heap: &Heap<'a>,
        name: &str,
        min: usize,
        max: usize,
    ) -> Result<&'s [Value<'a>], Raised> {
        self.no_keywords(heap, name)?;
        if (min..=max).contains(&self.positional.len()) {
            return Ok(self.positional);
        }
        Err(self.miscounted(heap, name, min, max))
    }

    #[cold]
    fn miscounted(self, heap: &Heap<'a>, name: &str, min: usize, max: usize) -> Raised {
        let given = self.positional.len();
        let (bound, most) = if given < min { ("at least", min) } else { ("at most", max) };
        let bound = if min == max { "exactly" } else { bound };
        let name = short(name);
        let message = format!("{name}() takes {bound} {most} argument{} ({given} given)", plural(most));
        heap.raise(&TYPE_ERROR, message)
    }

    /// Arguments that have names, the first `required` of which must be there.
    ///
    /// # Errors
    /// `TypeError`, such as `'foo' is an invalid keyword argument for split()`.
    pub fn bind<const N: usize>(
        self,
        heap: &Heap<'a>,
        name: &str,
        names: [&str; N],
        required: usize,
    ) -> Result<[Option<Value<'a>>; N], Raised> {
        let mut bound = [None; N];
        let by_position = self.positional.len();
        if by_position > N || by_position + self.keywords.len() > N {
            return Err(self.miscounted(heap, name, required, N));
        }
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(*value);
        }
        for (keyword, value) in self.keywords {
            let place = names.iter().position(|known| known == keyword && !known.is_empty());
            let Some(place) = place else {
                return Err(invalid_keyword(heap, name, keyword));
            };
            if place < by_position {
                let message = format!(
                    "argument for {}() given by name ('{keyword}') and position ({})",
                    short(name),
                    place + 1
                );
                return Err(heap.raise(&TYPE_ERROR, message));
            }
            bound[place] = Some(*value);
        }
        if let Some(place) = bound[..required].iter().position(Option::is_none) {
            let message =
                format!("{}() missing required argument '{}' (pos {})", short(name), names[place], place + 1);
            return Err(heap.raise(&TYPE_ERROR, message));
        }
        Ok(bound)
    }

    /// Arguments that can be given by name alone.
    ///
    /// # Errors
    /// `TypeError: 'foo' is an invalid keyword argument for print()`.
    pub fn by_name<const N: usize>(
        self,
        heap: &Heap<'a>,
        name: &str,
        names: [&str; N],
    ) -> Result<[Option<Value<'a>>; N], Raised> {
        let mut bound = [None; N];
        for (keyword, value) in self.keywords {
            match names.iter().position(|known| known == keyword) {
                Some(place) => bound[place] = Some(*value),
                None => return Err(invalid_keyword(heap, name, keyword)),
            }
        }
        Ok(bound)
    }
}

#[cold]
fn invalid_keyword(heap: &Heap<'_>, name: &str, keyword: &str) -> Raised {
    let message = format!("'{keyword}' is an invalid keyword argument for {}()", short(name));
    heap.raise(&TYPE_ERROR, message)
}

/// `TypeError: descriptor 'lower' for 'str' objects doesn't apply to a 'int' object`
#[cold]
pub fn wrong_object(heap: &Heap<'_>, name: &str, object: Value<'_>) -> Raised {
    let class = name.split('.').next().unwrap_or_default();
    let message = format!(
        "descriptor '{}' for '{class}' objects doesn't apply to a '{}' object",
        short(name),
        type_of(object).name
    );
    heap.raise(&TYPE_ERROR, message)
}

/// The text of argument number `place`.
///
/// # Errors
/// `TypeError: replace() argument 1 must be str, not int`.
pub fn text_argument<'a>(
    heap: &Heap<'a>,
    name: &str,
    place: &str,
    value: Value<'a>,
) -> Result<&'a str, Raised> {
    value.as_str().ok_or_else(|| {
        let class = class_of_argument(value);
        // A lone argument has no number.
        let space = if place.is_empty() { "" } else { " " };
        let message = format!("{}() argument{space}{place} must be str, not {class}", short(name));
        heap.raise(&TYPE_ERROR, message)
    })
}

/// What messages about arguments call the class of a value.
pub fn class_of_argument(value: Value<'_>) -> &'static str {
    if value.is_none() { "None" } else { type_of(value).name }
}

/// An `int` of 64 bits, for counts, widths and places.
///
/// # Errors
/// `TypeError: 'str' object cannot be interpreted as an integer`; `OverflowError`.
pub fn index(heap: &Heap<'_>, value: Value<'_>) -> Result<i64, Raised> {
    match value {
        Value::Big(_) => Err(heap.raise(&OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")),
        _ => value.as_int().ok_or_else(|| not_an_integer(heap, value)),
    }
}

/// `TypeError: 'str' object cannot be interpreted as an integer`
#[cold]
pub fn not_an_integer(heap: &Heap<'_>, value: Value<'_>) -> Raised {
    let message = format!("'{}' object cannot be interpreted as an integer", type_of(value).name);
    heap.raise(&TYPE_ERROR, message)
}

/// A bound of a slice; `None` where it is left out.
///
/// # Errors
/// `TypeError: slice indices must be integers or None or have an __index__ method`.
pub fn bound(heap: &Heap<'_>, value: Option<&Value<'_>>) -> Result<Option<i64>, Raised> {
    match value {
        None | Some(Value::None) => Ok(None),
        Some(Value::Big(big)) => {
            Ok(Some(if big.to_bigint().sign() == num_bigint::Sign::Minus { i64::MIN } else { i64::MAX }))
        }
        Some(value) => match value.as_int() {
            Some(number) => Ok(Some(number)),
            None => {
                Err(heap
                    .raise(&TYPE_ERROR, "slice indices must be integers or None or have an __index__ method"))
            }
        },
    }
}

/// The places from `start` to `end` of a sequence of `len`, as methods that search have it;
/// `None` where `start` is behind `end`.
pub fn clamp(start: Option<i64>, end: Option<i64>, len: usize) -> Option<(usize, usize)> {
    let place = |bound: i64| {
        if bound >= 0 {
            return usize::try_from(bound).unwrap_or(usize::MAX);
        }
        len.saturating_sub(usize::try_from(bound.unsigned_abs()).unwrap_or(usize::MAX))
    };
    let start = start.map_or(0, place);
    let end = end.map_or(len, place).min(len);
    (start <= end).then_some((start, end))
}

/// An iterable's values, in a vector of the heap's memory.
///
/// # Errors
/// `TypeError: 'int' object is not iterable`, and what the iterable raises.
pub fn collect<'a>(
    heap: &Heap<'a>,
    iterable: Value<'a>,
) -> Result<bumpalo::collections::Vec<'a, Value<'a>>, Raised> {
    use bumpalo::collections::Vec;
    match iterable {
        Value::List(list) => Ok(Vec::from_iter_in(list.items.borrow().iter().copied(), heap.bump())),
        Value::Pair(_) | Value::Tuple(_) => {
            let items = iterable.as_tuple().unwrap_or_default();
            Ok(Vec::from_iter_in(items.iter().copied(), heap.bump()))
        }
        _ => {
            let iterator = crate::batch::value::iterate(heap, iterable)?;
            let mut items = Vec::new_in(heap.bump());
            while let Some(item) = iterator.next(heap)? {
                heap.check()?;
                items.push(item);
            }
            Ok(items)
        }
    }
}

/// Bytes that one value may have.
const MOST_BYTES: usize = 1 << 32;

/// Refuses to make a value of so many bytes, if that is beyond the task's memory or beyond reason.
///
/// # Errors
/// `MemoryError`
pub fn room(heap: &Heap<'_>, bytes: usize) -> Result<(), Raised> {
    if bytes > MOST_BYTES {
        return Err(heap.raise(&MEMORY_ERROR, ""));
    }
    heap.check_memory(bytes)
}

/// A length or count as an `int`.
pub fn int<'a>(count: usize) -> Value<'a> {
    Value::Int(i64::try_from(count).expect("no memory holds so many"))
}
