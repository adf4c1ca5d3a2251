//! Python's values, as tasks see them: two words, `Copy`, borrowed from an arena that is dropped
//! as a whole. What outlives the arena is encoded ([`encode`], [`Rows`](super::Rows)).

mod algebra;
mod arith;
mod codec;
mod compare;
mod container;
pub mod exceptions;
mod extent;
mod hash;
mod heap;
mod item;
mod iter;
mod number;
mod object;
mod repr;
mod sequence;
mod siphash;
mod slice;
mod table;
pub mod types;
mod views;

use num_bigint::BigInt;

pub use algebra::{collect_set, update_dict};
pub use arith::{binary, float_floor_divide, float_power, floor_divide, unary};
pub use codec::{decode, encode};
pub use compare::{contains, equal, identical, order};
pub use container::{Dict, List, Set};
pub use extent::{extent, key_extent, sound_extent};
pub use hash::{hash, hash_text, portable_hash, python_hash};
pub use heap::{Arena, Effects, Heap, Outcome, Raised, Task};
pub use item::{delete_item, get_item, key_error, length, set_item};
pub use iter::{Iter, Produce, ascii_at, character, iterate, range_length};
pub use number::{Big, Binary, Unary, bigint_to_float, float_to_bigint, float_to_int};
pub use object::{
    Args, Callable, Function, Module, Native, NativeFn, Object, call, find_attribute, get_attribute,
    is_callable,
};
pub use repr::{MAX_DIGITS, repr, repr_bytes, repr_float, repr_text, str, to_text, truth};
pub use sequence::extend;
pub use slice::{Slice, delete_slice, get_slice, set_slice, slice_places};
pub use types::{Hooks, OBJECT, TypeInfo, type_of};
pub use views::{DICT_ITEMS, DICT_KEYS, DICT_VALUES, SetLike, view};

/// A value of the language. Containers are references into the arena, so copies are aliases, as
/// in Python.
///
/// Whatever a variant holds is one integer or pointer of 64 bits: only then do values, and outcomes with
/// them, pass through calls in two registers.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// `None`
    None,
    /// `True` and `False`; made by [`Value::bool`].
    Bool(Flag),
    /// An `int` of 64 bits.
    Int(i64),
    /// An `int` beyond 64 bits; never one that would fit.
    Big(&'a Big<'a>),
    /// A `float`; made by [`Value::float`].
    Float(Real),
    /// A `str`: Unicode scalar values; lone surrogates cannot be.
    Str(&'a &'a str),
    /// `bytes`
    Bytes(&'a &'a [u8]),
    /// A `tuple` of two, the shape of every keyed record. Never a [`Value::Tuple`] of two.
    Pair(&'a [Value<'a>; 2]),
    /// Any other `tuple`.
    Tuple(&'a &'a [Value<'a>]),
    /// A `list`
    List(&'a List<'a>),
    /// A `dict`, also a `Counter` or `defaultdict`.
    Dict(&'a Dict<'a>),
    /// A `set` or `frozenset`
    Set(&'a Set<'a>),
    /// `range(start, stop, step)`, the step not 0.
    Range(&'a [i64; 3]),
    /// An iterator or generator.
    Iterator(&'a Iter<'a>),
    /// A lambda or `def`.
    Function(&'a Function<'a>),
    /// A built-in function, or an unbound method such as `str.lower`.
    Native(&'static Native),
    /// A method bound to its object.
    Bound(&'a (Value<'a>, &'static Native)),
    /// A class: `int`, `str`, `ValueError`, …
    Type(&'static TypeInfo),
    /// A module: `json`, `re`, …
    Module(&'static Module),
    /// An instance of any other type: exceptions, `datetime`, matches, broadcasts, …
    Object(&'a Object<'a>),
}

/// A `bool` as wide as a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Flag {
    /// `False`
    False,
    /// `True`
    True,
}

impl Flag {
    /// The flag.
    #[inline(always)]
    pub const fn get(self) -> bool {
        matches!(self, Flag::True)
    }
}

/// A `float` by its bits.
#[derive(Clone, Copy)]
pub struct Real(u64);

impl Real {
    /// The number.
    #[inline(always)]
    pub const fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl<'a> Value<'a> {
    /// A `bool`.
    #[inline(always)]
    pub const fn bool(flag: bool) -> Self {
        Value::Bool(if flag { Flag::True } else { Flag::False })
    }

    /// A `float`.
    #[inline(always)]
    pub const fn float(number: f64) -> Self {
        Value::Float(Real(number.to_bits()))
    }

    /// The text, if this is a `str`.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if this is a `tuple`.
    pub fn as_tuple(self) -> Option<&'a [Value<'a>]> {
        match self {
            Value::Pair(items) => Some(items),
            Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The number, if this is an `int` (or `bool`) of 64 bits.
    pub fn as_int(self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(number),
            Value::Bool(flag) => Some(i64::from(flag.get())),
            _ => None,
        }
    }

    /// The number, if this is an `int` (or `bool`) of any size.
    pub fn as_big(self) -> Option<BigInt> {
        match self {
            Value::Big(big) => Some(big.to_bigint()),
            _ => self.as_int().map(BigInt::from),
        }
    }

    /// Whether this is `None`.
    pub fn is_none(self) -> bool {
        matches!(self, Value::None)
    }
}
