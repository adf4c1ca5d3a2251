//! What the program that builds the pipeline works on: reference-counted objects, so that names,
//! containers and callbacks alias each other as they do in Python.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use num_bigint::BigInt;

use super::iter::{Iter, View};
use super::table::Table;
use crate::batch::value::{Native, TypeInfo};
use crate::plan::code::Code;
use crate::plan::{Frozen, Rdd, StreamId};

/// An object.
#[derive(Clone, Debug)]
pub enum Obj {
    /// `None`
    None,
    /// `...`
    Ellipsis,
    /// `True`, `False`
    Bool(bool),
    /// An `int` of 64 bits.
    Int(i64),
    /// An `int` beyond 64 bits; never one that would fit.
    Big(Rc<BigInt>),
    /// A `float`
    Float(f64),
    /// A `str`
    Str(Rc<str>),
    /// `bytes`
    Bytes(Rc<[u8]>),
    /// A `tuple`
    Tuple(Rc<[Obj]>),
    /// A `list`
    List(Rc<RefCell<Vec<Obj>>>),
    /// A `dict`, also a `Counter`, `defaultdict` or `OrderedDict`.
    Dict(Rc<Dict>),
    /// `d.keys()`, `d.values()` or `d.items()`.
    View(Rc<Dict>, View),
    /// A `set` or `frozenset`
    Set(Rc<Set>),
    /// A `deque`
    Deque(Rc<Deque>),
    /// `range(start, stop, step)`
    Range(Rc<[i64; 3]>),
    /// An iterator or generator.
    Iterator(Rc<Iter>),
    /// A `def` or lambda.
    Function(Rc<Function>),
    /// A method bound to its instance.
    Method(Rc<(Obj, Rc<Function>)>),
    /// A function of the interpreter itself.
    Intrinsic(&'static Intrinsic),
    /// A function of Python's library.
    Native(&'static Native),
    /// A method of a built-in type, bound to its object, by name.
    Bound(Rc<(Obj, Rc<str>)>),
    /// A built-in class.
    Type(&'static TypeInfo),
    /// A class of a program.
    Class(Rc<Class>),
    /// An instance of such a class.
    Instance(Rc<Instance>),
    /// `super()`: a base class, and the instance whose methods are looked up there.
    Super(Rc<(Base, Obj)>),
    /// An instance of a built-in exception class.
    Exception(Rc<Exception>),
    /// A module.
    Module(Rc<Module>),
    /// A value of Python's library that has no form of its own here (`datetime`, …): encoded, so
    /// immutable.
    Opaque(Rc<Opaque>),
    /// What stands behind an object of the catalogue: an RDD, a stream, …
    Handle(Rc<Handle>),
}

/// A `dict`.
#[derive(Debug)]
pub struct Dict {
    /// `dict`, `Counter`, `defaultdict` or `OrderedDict`.
    pub class: &'static TypeInfo,
    /// What makes the value of a missing key of a `defaultdict`.
    pub default: RefCell<Obj>,
    /// Its entries.
    pub table: RefCell<Table>,
}

/// A `set` or `frozenset`.
#[derive(Debug)]
pub struct Set {
    /// Which of both.
    pub class: &'static TypeInfo,
    /// Its members, as keys.
    pub table: RefCell<Table>,
}

/// A `deque`.
#[derive(Debug)]
pub struct Deque {
    /// Its items.
    pub items: RefCell<VecDeque<Obj>>,
    /// `maxlen`
    pub most: Option<usize>,
}

impl Deque {
    /// `append`
    pub fn push(&self, item: Obj) {
        let mut items = self.items.borrow_mut();
        items.push_back(item);
        if self.most.is_some_and(|most| items.len() > most) {
            items.pop_front();
        }
    }

    /// `appendleft`
    pub fn push_first(&self, item: Obj) {
        let mut items = self.items.borrow_mut();
        items.push_front(item);
        if self.most.is_some_and(|most| items.len() > most) {
            items.pop_back();
        }
    }
}

/// A variable that functions share.
pub type CellRef = Rc<RefCell<Option<Obj>>>;

/// The global names of a program, or those of the catalogue.
#[derive(Debug, Default)]
pub struct Globals {
    /// Name and value.
    pub names: RefCell<std::collections::HashMap<Arc<str>, Obj>>,
    /// Whether they are those of the catalogue, which users' messages do not show.
    pub prelude: bool,
}

/// A `def` or lambda.
#[derive(Debug)]
pub struct Function {
    /// `__qualname__`
    pub name: Rc<str>,
    /// Its code.
    pub code: Arc<Code>,
    /// What it captures.
    pub captured: Rc<[CellRef]>,
    /// Its defaults, positional ones first, then keyword-only ones; one for each parameter that has a default.
    pub defaults: Vec<Obj>,
    /// The globals that its code means.
    pub globals: Rc<Globals>,
}

/// How a function of the interpreter works.
pub type IntrinsicFn = fn(&mut super::Interp<'_>, super::Arguments) -> super::Run<Obj>;

/// A function of the interpreter itself.
#[derive(Debug)]
pub struct Intrinsic {
    /// `__name__`
    pub name: &'static str,
    /// What it does.
    pub call: IntrinsicFn,
    /// Python's own function of that name, for tasks: `sorted` runs there as well.
    pub is_builtin: bool,
}

/// What a class is derived from.
#[derive(Clone, Debug)]
pub enum Base {
    /// A built-in class: `object` or an exception.
    Type(&'static TypeInfo),
    /// Another class of the program.
    Class(Rc<Class>),
}

/// A class of the program.
#[derive(Debug)]
pub struct Class {
    /// `__name__`
    pub name: Rc<str>,
    /// What it is derived from.
    pub base: Base,
    /// Its methods and other attributes.
    pub attributes: RefCell<Attributes>,
    /// Whether it belongs to the catalogue.
    pub prelude: bool,
}

/// Attributes, in the order in which they were set.
pub type Attributes = indexed::Indexed;

/// An instance of a class of the program.
#[derive(Debug)]
pub struct Instance {
    /// Its class.
    pub class: Rc<Class>,
    /// Its attributes.
    pub attributes: RefCell<Attributes>,
}

/// An instance of a built-in exception class.
#[derive(Debug)]
pub struct Exception {
    /// Its class.
    pub class: &'static TypeInfo,
    /// `args`
    pub args: RefCell<Rc<[Obj]>>,
    /// Attributes that the program has set.
    pub attributes: RefCell<Attributes>,
    /// What the engine said, if it comes from there.
    pub failure: RefCell<Option<crate::plan::Failure>>,
}

/// A module of the program's side.
#[derive(Debug)]
pub struct Module {
    /// Its full name.
    pub name: Rc<str>,
    /// Python's library behind it, if there is any.
    pub library: Option<&'static crate::batch::value::Module>,
    /// What it holds beyond that.
    pub members: RefCell<Attributes>,
    /// What is to be said of members that are not there.
    pub refusal: Option<&'static str>,
}

/// A value of Python's library, encoded.
#[derive(Debug)]
pub struct Opaque {
    /// Its class.
    pub class: &'static TypeInfo,
    /// The value.
    pub bytes: Box<[u8]>,
}

/// What stands behind an object of the catalogue.
#[derive(Debug)]
pub enum Handle {
    /// An RDD.
    Rdd(Arc<Rdd>),
    /// A stream.
    Stream {
        /// Its place in the graph.
        id: StreamId,
        /// Which streaming context it belongs to.
        context: u32,
    },
    /// A broadcast variable.
    Broadcast {
        /// Its value.
        value: Obj,
        /// The same, once frozen, where no function is inside.
        frozen: RefCell<Option<Arc<Frozen>>>,
    },
    /// An accumulator.
    Accumulator {
        /// Its number.
        number: u32,
        /// Its value so far.
        value: RefCell<Obj>,
        /// What adds to it: an object with `addInPlace`, or `None` for `+`.
        param: Obj,
    },
    /// Something that belongs to the driver alone, by what messages call it.
    DriverOnly(&'static str),
}

impl Obj {
    /// A `str`.
    pub fn str(text: impl AsRef<str>) -> Obj {
        Obj::Str(Rc::from(text.as_ref()))
    }

    /// A `tuple`.
    pub fn tuple(items: impl Into<Rc<[Obj]>>) -> Obj {
        Obj::Tuple(items.into())
    }

    /// A `list`.
    pub fn list(items: Vec<Obj>) -> Obj {
        Obj::List(Rc::new(RefCell::new(items)))
    }

    /// An `int` of any size.
    pub fn int(number: BigInt) -> Obj {
        match i64::try_from(&number) {
            Ok(number) => Obj::Int(number),
            Err(_) => Obj::Big(Rc::new(number)),
        }
    }

    /// The text, if this is a `str`.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Obj::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is an `int` (or `bool`) of 64 bits.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Obj::Int(number) => Some(*number),
            Obj::Bool(flag) => Some(i64::from(*flag)),
            _ => None,
        }
    }

    /// Whether this is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Obj::None)
    }

    /// Where it lies, if it is an object with an identity.
    pub fn address(&self) -> Option<usize> {
        fn at<T: ?Sized>(shared: &Rc<T>) -> Option<usize> {
            Some(Rc::as_ptr(shared).cast::<()>() as usize)
        }
        match self {
            Obj::List(x) => at(x),
            Obj::Dict(x) | Obj::View(x, _) => at(x),
            Obj::Set(x) => at(x),
            Obj::Deque(x) => at(x),
            Obj::Range(x) => at(x),
            Obj::Iterator(x) => at(x),
            Obj::Function(x) => at(x),
            Obj::Method(x) => at(x),
            Obj::Bound(x) => at(x),
            Obj::Class(x) => at(x),
            Obj::Instance(x) => at(x),
            Obj::Super(x) => at(x),
            Obj::Exception(x) => at(x),
            Obj::Module(x) => at(x),
            Obj::Opaque(x) => at(x),
            Obj::Handle(x) => at(x),
            Obj::Str(x) => at(x),
            Obj::Bytes(x) => at(x),
            Obj::Big(x) => at(x),
            Obj::Tuple(x) => at(x),
            Obj::Intrinsic(x) => Some(std::ptr::from_ref::<Intrinsic>(x) as usize),
            Obj::Native(x) => Some(std::ptr::from_ref::<Native>(x) as usize),
            Obj::Type(x) => Some(std::ptr::from_ref::<TypeInfo>(x) as usize),
            Obj::None | Obj::Ellipsis | Obj::Bool(_) | Obj::Int(_) | Obj::Float(_) => None,
        }
    }
}

impl Class {
    /// An attribute of the class or of those it is derived from.
    pub fn find(&self, name: &str) -> Option<Obj> {
        if let Some(found) = self.attributes.borrow().get(name) {
            return Some(found.clone());
        }
        match &self.base {
            Base::Class(base) => base.find(name),
            Base::Type(_) => None,
        }
    }

    /// Whether it is, or is derived from, another.
    pub fn is(&self, other: &Class) -> bool {
        std::ptr::eq(self, other) || matches!(&self.base, Base::Class(base) if base.is(other))
    }

    /// The built-in class at the root of it.
    pub fn root(&self) -> &'static TypeInfo {
        match &self.base {
            Base::Class(base) => base.root(),
            Base::Type(class) => class,
        }
    }
}

mod indexed {
    use super::Obj;
    use std::rc::Rc;

    /// A few names with values: searched one by one, as objects have few.
    #[derive(Debug, Default)]
    pub struct Indexed {
        entries: Vec<(Rc<str>, Obj)>,
    }

    impl Indexed {
        /// The value of a name.
        pub fn get(&self, name: &str) -> Option<&Obj> {
            self.entries.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
        }

        /// Sets the value of a name.
        pub fn set(&mut self, name: &str, value: Obj) {
            match self.entries.iter_mut().find(|(known, _)| &**known == name) {
                Some(entry) => entry.1 = value,
                None => self.entries.push((name.into(), value)),
            }
        }

        /// Takes a name out.
        pub fn remove(&mut self, name: &str) -> Option<Obj> {
            let at = self.entries.iter().position(|(known, _)| &**known == name)?;
            Some(self.entries.remove(at).1)
        }

        /// The values alone.
        pub fn into_values(self) -> impl Iterator<Item = Obj> {
            self.entries.into_iter().map(|(_, value)| value)
        }

        /// Names and values.
        pub fn iter(&self) -> impl Iterator<Item = &(Rc<str>, Obj)> {
            self.entries.iter()
        }
    }
}
