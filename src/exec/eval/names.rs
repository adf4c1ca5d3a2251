//! What global names stand for, as far as that is known before anything runs.

use std::collections::HashMap;
use std::sync::Arc;

use crate::batch::python;
use crate::batch::value::{Module, Native, TypeInfo, Value};
use crate::plan::Frozen;
use crate::plan::code::Const;

/// What a name or attribute is known to be.
#[derive(Clone, Debug)]
pub enum Static {
    Native(&'static Native),
    Type(&'static TypeInfo),
    Module(&'static Module),
    Const(Const),
}

impl Static {
    /// What a value is that is the same in every task.
    pub fn of(value: Value<'_>) -> Option<Static> {
        Some(match value {
            Value::None => Static::Const(Const::None),
            Value::Bool(flag) => Static::Const(Const::Bool(flag.get())),
            Value::Int(number) => Static::Const(Const::Int(number)),
            Value::Float(number) => Static::Const(Const::Float(number.get())),
            Value::Str(text) => Static::Const(Const::Str(Arc::from(*text))),
            Value::Native(native) => Static::Native(native),
            Value::Type(class) => Static::Type(class),
            Value::Module(module) => Static::Module(module),
            _ => return None,
        })
    }
}

/// What a global name stands for.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// A variable of the program.
    Variable,
    /// A function, class or module of the library, under any name.
    Static(Static),
    /// `eval`
    Eval,
    /// A built-in that is looked up when it is used.
    Builtin,
    /// Nothing.
    Missing,
}

impl Resolution {
    /// Whether code compiled for one fits the other. Constants are only ever those of a built-in name.
    pub fn fits(&self, other: &Resolution) -> bool {
        match (self, other) {
            (Resolution::Variable, Resolution::Variable)
            | (Resolution::Eval, Resolution::Eval)
            | (Resolution::Builtin, Resolution::Builtin)
            | (Resolution::Missing, Resolution::Missing) => true,
            (Resolution::Static(a), Resolution::Static(b)) => match (a, b) {
                (Static::Native(a), Static::Native(b)) => std::ptr::eq(*a, *b),
                (Static::Type(a), Static::Type(b)) => std::ptr::eq(*a, *b),
                (Static::Module(a), Static::Module(b)) => std::ptr::eq(*a, *b),
                (Static::Const(a), Static::Const(b)) => a == b,
                _ => false,
            },
            _ => false,
        }
    }
}

/// The globals of an image.
#[derive(Debug, Default)]
pub struct Globals {
    /// Their names, in the order of the instance's variables.
    pub names: Vec<Arc<str>>,
    /// Where each name is in there, and what it is known to be.
    places: HashMap<Arc<str>, (usize, Option<Static>)>,
}

impl Globals {
    /// Those of an image; `assigned` are names that its functions assign to.
    pub fn new(frozen: &[(Arc<str>, Frozen)], assigned: Vec<Arc<str>>) -> Self {
        let mut globals = Globals::default();
        for (name, value) in frozen {
            let known = match value {
                _ if assigned.contains(name) => None,
                Frozen::Native(native) => Some(Static::Native(native)),
                Frozen::Type(class) => Some(Static::Type(class)),
                Frozen::Module(module) => Some(Static::Module(module)),
                _ => None,
            };
            globals.places.insert(name.clone(), (globals.names.len(), known));
            globals.names.push(name.clone());
        }
        for name in assigned {
            if !globals.places.contains_key(&name) {
                globals.places.insert(name.clone(), (globals.names.len(), None));
                globals.names.push(name);
            }
        }
        globals
    }

    /// Which of the instance's variables a name is.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).map(|(place, _)| *place)
    }

    /// What a name stands for.
    pub fn resolve(&self, name: &str) -> Resolution {
        match self.places.get(name) {
            Some((_, Some(known))) => Resolution::Static(known.clone()),
            Some((_, None)) => Resolution::Variable,
            None if name == "eval" => Resolution::Eval,
            None => match python::builtin(name) {
                Some(value) => Static::of(value).map_or(Resolution::Builtin, Resolution::Static),
                None => Resolution::Missing,
            },
        }
    }
}
