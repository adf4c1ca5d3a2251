//! Classes: what `type(x)` gives, and where methods are looked up.

use super::{Args, Binary, Heap, Iter, Native, NativeFn, Object, Outcome, Raised, Unary, Value};
use crate::batch::python;

/// A class.
pub struct TypeInfo {
    /// `__name__`
    pub name: &'static str,
    /// The class it is derived from; `object` has none.
    pub base: Option<&'static TypeInfo>,
    /// What calling the class does, if it can be called.
    pub new: Option<NativeFn>,
    /// Its own methods.
    pub methods: &'static [Native],
    /// What instances without a variant of their own do.
    pub hooks: Hooks,
}

/// What instances of a class do where Python would call a special method. `None` is what `object` does.
///
/// A class whose instances may leave a task has `encode` and `decode`, or consists of its fields alone
/// (exceptions), and stands in [`python::CLASSES`].
#[derive(Clone, Copy)]
#[allow(clippy::type_complexity, reason = "signatures tell more here than names for them would")]
pub struct Hooks {
    /// `__repr__`
    pub repr: Option<for<'a> fn(&Heap<'a>, &Object<'a>, &mut Vec<u8>) -> Result<(), Raised>>,
    /// `__str__`, where it is not `__repr__`.
    pub str: Option<for<'a> fn(&Heap<'a>, &Object<'a>, &mut Vec<u8>) -> Result<(), Raised>>,
    /// `__bool__`; without it `length`, and without that every instance is true.
    pub truth: Option<for<'a> fn(&Object<'a>) -> bool>,
    /// `__eq__`: `None` for NotImplemented.
    pub equal: Option<for<'a> fn(&Heap<'a>, &Object<'a>, Value<'a>) -> Result<Option<bool>, Raised>>,
    /// `<`, `==` and `>` in one: `None` for NotImplemented.
    pub order:
        Option<for<'a> fn(&Heap<'a>, &Object<'a>, Value<'a>) -> Result<Option<std::cmp::Ordering>, Raised>>,
    /// `__hash__`, of an equal number for equal values. A class with `equal` and without this has
    /// instances that cannot be hashed.
    pub hash: Option<for<'a> fn(&Object<'a>) -> u64>,
    /// What CPython's `hash` gives with `PYTHONHASHSEED=0`; without it that of the `repr`, which is as stable.
    pub portable_hash: Option<for<'a> fn(&Heap<'a>, &Object<'a>) -> Result<i64, Raised>>,
    /// `__getattr__`: `None` where there is no such attribute.
    pub attribute: Option<for<'a> fn(&Heap<'a>, &Object<'a>, &str) -> Option<Outcome<'a>>>,
    /// An attribute of the class itself that is no method, such as `datetime.max`.
    pub class_attribute: Option<for<'a> fn(&Heap<'a>, &str) -> Option<Value<'a>>>,
    /// Arithmetic with the object on the left or on the right (`reflected`); `None` for NotImplemented.
    pub binary: Option<for<'a> fn(&Heap<'a>, Binary, &Object<'a>, Value<'a>, bool) -> Option<Outcome<'a>>>,
    /// `__neg__`, `__pos__`, `__invert__`; `None` for a bad operand.
    pub unary: Option<for<'a> fn(&Heap<'a>, Unary, &Object<'a>) -> Option<Outcome<'a>>>,
    /// `__call__`
    pub call: Option<for<'a> fn(&Heap<'a>, &Object<'a>, Args<'_, 'a>) -> Outcome<'a>>,
    /// `__iter__`
    pub iterate: Option<for<'a> fn(&Heap<'a>, &Object<'a>) -> Result<&'a Iter<'a>, Raised>>,
    /// `__len__`
    pub length: Option<for<'a> fn(&Object<'a>) -> usize>,
    /// `__getitem__`; where `is_tuple`, by a name.
    pub item: Option<for<'a> fn(&Heap<'a>, &Object<'a>, Value<'a>) -> Outcome<'a>>,
    /// `__setitem__`, and without an item `__delitem__`.
    pub set_item:
        Option<for<'a> fn(&Heap<'a>, &Object<'a>, Value<'a>, Option<Value<'a>>) -> Result<(), Raised>>,
    /// `__contains__`; without it what `iterate` gives is searched.
    pub contains: Option<for<'a> fn(&Heap<'a>, &Object<'a>, Value<'a>) -> Result<bool, Raised>>,
    /// Whether the class itself can be subscripted by the types of what its instances hold, as in `list[int]`,
    /// which says something to readers alone.
    pub is_generic: bool,
    /// Whether the class is derived from `tuple`: `fields` are the items, and iteration, `len`, subscripts,
    /// comparisons and hashes are a tuple's.
    pub is_tuple: bool,
    /// How an instance is encoded beside its fields, and made again from that.
    pub encode: Option<fn(&Object<'_>, &mut Vec<u8>)>,
    /// The reverse of `encode`: what it wrote, and the fields.
    pub decode: Option<for<'a> fn(&Heap<'a>, &'a [u8], &'a [Value<'a>]) -> Value<'a>>,
}

impl TypeInfo {
    /// Whether this class is, or is derived from, another.
    pub fn is(&self, other: &TypeInfo) -> bool {
        std::ptr::eq(self, other) || self.base.is_some_and(|base| base.is(other))
    }

    /// Whether the class itself can be subscripted, as in `list[int]`.
    pub fn is_generic(&self) -> bool {
        let built_in =
            || [&LIST, &DICT, &TUPLE, &SET, &FROZENSET, &TYPE].into_iter().any(|class| self.is(class));
        self.hooks.is_generic || built_in()
    }

    /// The method of that name, of this class or the nearest base that has it. The search is linear in
    /// the number of methods: call sites keep what it gave for the class that they saw last.
    pub fn method(&self, name: &str) -> Option<&'static Native> {
        let mut class = self;
        loop {
            if let Some(method) = class.methods.iter().find(|method| method.name == name) {
                return Some(method);
            }
            class = class.base?;
        }
    }
}

impl Hooks {
    /// Those of `object`.
    pub const NONE: Hooks = Hooks {
        repr: None,
        str: None,
        truth: None,
        equal: None,
        order: None,
        hash: None,
        portable_hash: None,
        attribute: None,
        class_attribute: None,
        binary: None,
        unary: None,
        call: None,
        iterate: None,
        length: None,
        item: None,
        set_item: None,
        contains: None,
        is_generic: false,
        is_tuple: false,
        encode: None,
        decode: None,
    };
}

/// `object`
pub static OBJECT: TypeInfo =
    TypeInfo { name: "object", base: None, new: None, methods: &[], hooks: Hooks::NONE };

macro_rules! classes {
    ($($constant:ident $name:literal $base:ident $new:expr, $methods:expr;)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub static $constant: TypeInfo = TypeInfo {
                name: $name,
                base: Some(&$base),
                new: $new,
                methods: $methods,
                hooks: Hooks::NONE,
            };
        )*

        /// The classes of values that have a variant of their own. New ones go to the end: encoded values
        /// refer to them by number.
        pub static CLASSES: &[&TypeInfo] = &[&OBJECT, $(&$constant),*];
    };
}

classes! {
    NONE_TYPE "NoneType" OBJECT Some(python::numbers::new_none), &[];
    INT "int" OBJECT Some(python::numbers::new_int), python::numbers::INT_METHODS;
    BOOL "bool" INT Some(python::numbers::new_bool), &[];
    FLOAT "float" OBJECT Some(python::numbers::new_float), python::numbers::FLOAT_METHODS;
    STR "str" OBJECT Some(python::text::new), python::text::METHODS;
    BYTES "bytes" OBJECT Some(python::bytes::new), python::bytes::METHODS;
    TUPLE "tuple" OBJECT Some(python::tuples::new), python::tuples::METHODS;
    LIST "list" OBJECT Some(python::lists::new), python::lists::METHODS;
    DICT "dict" OBJECT Some(python::dicts::new), python::dicts::METHODS;
    SET "set" OBJECT Some(python::sets::new_set), python::sets::SET_METHODS;
    FROZENSET "frozenset" OBJECT Some(python::sets::new_frozenset), python::sets::FROZENSET_METHODS;
    RANGE "range" OBJECT Some(python::ranges::new), python::ranges::METHODS;
    FUNCTION "function" OBJECT None, &[];
    BUILTIN_FUNCTION "builtin_function_or_method" OBJECT None, &[];
    TYPE "type" OBJECT Some(python::builtins::new_type), &[];
    MODULE "module" OBJECT None, &[];
    LIST_ITERATOR "list_iterator" OBJECT None, &[];
    LIST_REVERSE_ITERATOR "list_reverseiterator" OBJECT None, &[];
    TUPLE_ITERATOR "tuple_iterator" OBJECT None, &[];
    STR_ITERATOR "str_iterator" OBJECT None, &[];
    STR_ASCII_ITERATOR "str_ascii_iterator" OBJECT None, &[];
    BYTES_ITERATOR "bytes_iterator" OBJECT None, &[];
    RANGE_ITERATOR "range_iterator" OBJECT None, &[];
    SET_ITERATOR "set_iterator" OBJECT None, &[];
    DICT_KEY_ITERATOR "dict_keyiterator" OBJECT None, &[];
    DICT_VALUE_ITERATOR "dict_valueiterator" OBJECT None, &[];
    DICT_ITEM_ITERATOR "dict_itemiterator" OBJECT None, &[];
    GENERATOR "generator" OBJECT None, python::iterators::GENERATOR_METHODS;
    MAP "map" OBJECT Some(python::iterators::new_map), &[];
    FILTER "filter" OBJECT Some(python::iterators::new_filter), &[];
    ZIP "zip" OBJECT Some(python::iterators::new_zip), &[];
    ENUMERATE "enumerate" OBJECT Some(python::iterators::new_enumerate), &[];
    COUNTER "Counter" DICT Some(python::collections::new_counter), python::collections::COUNTER_METHODS;
    DEFAULT_DICT "collections.defaultdict" DICT Some(python::collections::new_default_dict), &[];
    ORDERED_DICT "collections.OrderedDict" DICT Some(python::collections::new_ordered_dict), python::collections::ORDERED_DICT_METHODS;
    ELLIPSIS "ellipsis" OBJECT None, &[];
    REVERSED "reversed" OBJECT Some(python::iterators::new_reversed), &[];
    CALLABLE_ITERATOR "callable_iterator" OBJECT None, &[];
}

/// The class of a value.
pub fn type_of(value: Value<'_>) -> &'static TypeInfo {
    match value {
        Value::None => &NONE_TYPE,
        Value::Bool(_) => &BOOL,
        Value::Int(_) | Value::Big(_) => &INT,
        Value::Float(_) => &FLOAT,
        Value::Str(_) => &STR,
        Value::Bytes(_) => &BYTES,
        Value::Pair(_) | Value::Tuple(_) => &TUPLE,
        Value::List(_) => &LIST,
        Value::Dict(dict) => dict.class,
        Value::Set(set) => set.class,
        Value::Range(_) => &RANGE,
        Value::Iterator(iter) => iter.class,
        Value::Function(_) => &FUNCTION,
        Value::Native(_) | Value::Bound(_) => &BUILTIN_FUNCTION,
        Value::Type(_) => &TYPE,
        Value::Module(_) => &MODULE,
        Value::Object(object) => object.class,
    }
}

impl std::fmt::Debug for TypeInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
