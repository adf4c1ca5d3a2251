//! Classes: what `type(x)` gives, and where methods are looked up.

use super::{Args, Heap, Native, NativeFn, Object, Outcome, Raised, Value};

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
#[derive(Clone, Copy)]
pub struct Hooks {
    /// `__repr__`
    pub repr: Option<for<'a> fn(&Heap<'a>, &Object<'a>, &mut Vec<u8>) -> Result<(), Raised>>,
    /// `__str__`, where it is not `__repr__`.
    pub str: Option<for<'a> fn(&Heap<'a>, &Object<'a>, &mut Vec<u8>) -> Result<(), Raised>>,
    /// `__eq__`: `None` for NotImplemented.
    pub equal: Option<for<'a> fn(&Heap<'a>, &Object<'a>, Value<'a>) -> Result<Option<bool>, Raised>>,
    /// `<`, `==` and `>` in one: `None` for NotImplemented.
    pub order: Option<for<'a> fn(&Heap<'a>, &Object<'a>, Value<'a>) -> Option<std::cmp::Ordering>>,
    /// `__hash__`, of an equal number for equal values.
    pub hash: Option<for<'a> fn(&Object<'a>) -> u64>,
    /// `__getattr__`: `None` where there is no such attribute.
    pub attribute: Option<for<'a> fn(&Heap<'a>, &Object<'a>, &str) -> Option<Outcome<'a>>>,
    /// Arithmetic with the object on the left or on the right (`reflected`); `None` for NotImplemented.
    pub binary:
        Option<for<'a> fn(&Heap<'a>, super::Binary, &Object<'a>, Value<'a>, bool) -> Option<Outcome<'a>>>,
    /// `__call__`
    pub call: Option<for<'a> fn(&Heap<'a>, &Object<'a>, Args<'_, 'a>) -> Outcome<'a>>,
    /// The values of iteration, `len` and subscripts of sequences such as named tuples: `fields` are the items.
    pub is_tuple: bool,
    /// How an instance is encoded beside its fields, and made again from that.
    pub encode: Option<fn(&Object<'_>, &mut Vec<u8>)>,
    /// The reverse of `encode`.
    pub decode: Option<for<'a> fn(&Heap<'a>, &'a [u8], &'a [Value<'a>]) -> Value<'a>>,
}

impl TypeInfo {
    /// Whether this class is, or is derived from, another.
    pub fn is(&self, other: &TypeInfo) -> bool {
        std::ptr::eq(self, other) || self.base.is_some_and(|base| base.is(other))
    }

    /// The method of that name, of this class or the nearest base that has it.
    pub fn method(&self, name: &str) -> Option<&'static Native> {
        todo!()
    }
}

impl Hooks {
    /// Those of `object`.
    pub const NONE: Hooks = Hooks {
        repr: None,
        str: None,
        equal: None,
        order: None,
        hash: None,
        attribute: None,
        binary: None,
        call: None,
        is_tuple: false,
        encode: None,
        decode: None,
    };
}

/// `object`
pub static OBJECT: TypeInfo =
    TypeInfo { name: "object", base: None, new: None, methods: &[], hooks: Hooks::NONE };

/// The class of a value.
pub fn type_of(value: Value<'_>) -> &'static TypeInfo {
    todo!()
}

impl std::fmt::Debug for TypeInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
