//! Views of dicts (`d.keys()`, `d.values()`, `d.items()`), and what they share with sets.

use super::types::{Hooks, OBJECT, TypeInfo};
use super::{Dict, Heap, Iter, Object, Raised, Set, Value, equal, repr};
use crate::batch::python;

/// What instances of the three view classes do: their one field is the dict.
const HOOKS: Hooks =
    Hooks { repr: Some(repr_view), length: Some(|view| dict_of(view).map_or(0, Dict::len)), ..Hooks::NONE };

macro_rules! views {
    ($($constant:ident $name:literal $iterate:expr, $methods:expr;)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub static $constant: TypeInfo = TypeInfo {
                name: $name,
                base: Some(&OBJECT),
                new: None,
                methods: $methods,
                hooks: Hooks {
                    iterate: Some({
                        fn iterate<'a>(heap: &Heap<'a>, view: &Object<'a>) -> Result<&'a Iter<'a>, Raised> {
                            let over: fn(&'a Dict<'a>) -> Iter<'a> = $iterate;
                            let iter = dict_of(view).map_or_else(|| Iter::empty(&$constant), over);
                            Ok(heap.bump().alloc(iter))
                        }
                        iterate
                    }),
                    ..HOOKS
                },
            };
        )*
    };
}

views! {
    DICT_KEYS "dict_keys" Iter::keys, python::dicts::KEYS_METHODS;
    DICT_VALUES "dict_values" Iter::values, &[];
    DICT_ITEMS "dict_items" Iter::items, python::dicts::ITEMS_METHODS;
}

/// A view of a dict: of class [`DICT_KEYS`], [`DICT_VALUES`] or [`DICT_ITEMS`].
pub fn view<'a>(heap: &Heap<'a>, class: &'static TypeInfo, dict: &'a Dict<'a>) -> Value<'a> {
    let fields = heap.bump().alloc_slice_copy(&[Value::Dict(dict)]);
    heap.object(Object { class, data: &(), fields })
}

fn dict_of<'a>(view: &Object<'a>) -> Option<&'a Dict<'a>> {
    match view.fields {
        [Value::Dict(dict)] => Some(dict),
        _ => None,
    }
}

fn repr_view<'a>(heap: &Heap<'a>, view: &Object<'a>, out: &mut Vec<u8>) -> Result<(), Raised> {
    out.extend_from_slice(view.class.name.as_bytes());
    out.push(b'(');
    let iterate = view.class.hooks.iterate.expect("views can be iterated over");
    let iter = iterate(heap, view)?;
    let mut items = Vec::new();
    while let Some(item) = iter.next(heap)? {
        items.push(item);
    }
    repr(heap, heap.list(items), out)?;
    out.push(b')');
    Ok(())
}

/// What compares and combines as sets do: sets, and the views of keys and items.
#[derive(Clone, Copy)]
pub enum SetLike<'a> {
    /// `set`, `frozenset`
    Set(&'a Set<'a>),
    /// `dict_keys`
    Keys(&'a Dict<'a>),
    /// `dict_items`
    Items(&'a Dict<'a>),
}

impl<'a> SetLike<'a> {
    /// The value as a set, if it is like one.
    pub fn of(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Set(set) => Some(SetLike::Set(set)),
            Value::Object(object) if std::ptr::eq(object.class, &DICT_KEYS) => {
                dict_of(object).map(SetLike::Keys)
            }
            Value::Object(object) if std::ptr::eq(object.class, &DICT_ITEMS) => {
                dict_of(object).map(SetLike::Items)
            }
            _ => None,
        }
    }

    /// How many members there are.
    pub fn len(self) -> usize {
        match self {
            SetLike::Set(set) => set.len(),
            SetLike::Keys(dict) | SetLike::Items(dict) => dict.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether something is a member.
    ///
    /// # Errors
    /// `TypeError` if it cannot be hashed.
    pub fn contains(self, heap: &Heap<'a>, member: Value<'a>) -> Result<bool, Raised> {
        match self {
            SetLike::Set(set) => set.contains(heap, member),
            SetLike::Keys(dict) => Ok(dict.get(heap, member)?.is_some()),
            SetLike::Items(dict) => match member {
                Value::Pair(&[key, value]) => match dict.get(heap, key)? {
                    Some(found) => equal(heap, found, value),
                    None => Ok(false),
                },
                _ => Ok(false),
            },
        }
    }

    /// An iterator over the members.
    pub fn iter(self) -> Iter<'a> {
        match self {
            SetLike::Set(set) => Iter::members(set),
            SetLike::Keys(dict) => Iter::keys(dict),
            SetLike::Items(dict) => Iter::items(dict),
        }
    }

    /// Whether every member is one of `other` too.
    ///
    /// # Errors
    /// `TypeError` for members that cannot be hashed.
    pub fn is_subset(self, heap: &Heap<'a>, other: SetLike<'a>) -> Result<bool, Raised> {
        if self.len() > other.len() {
            return Ok(false);
        }
        let iter = self.iter();
        while let Some(member) = iter.next(heap)? {
            if !other.contains(heap, member)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
