//! Exceptions, seen as the program sees them: which class, which arguments, what is said at the end.

use std::rc::Rc;

use super::Interp;
use super::object::{Base, Obj};
use super::raise::{Halt, Run};
use crate::batch::python::typing::GENERIC;
use crate::batch::value::exceptions::{BASE_EXCEPTION, TYPE_ERROR};
use crate::batch::value::{OBJECT, TypeInfo};

impl Interp<'_> {
    /// Whether an object is an exception of that built-in class.
    pub fn is_exception(&self, object: &Obj, class: &TypeInfo) -> bool {
        match object {
            Obj::Exception(exception) => exception.class.is(class),
            Obj::Instance(instance) => instance.class.root().is(class),
            _ => false,
        }
    }

    /// `exception.args`
    pub fn exception_args(&self, object: &Obj) -> Rc<[Obj]> {
        match object {
            Obj::Exception(exception) => exception.args.borrow().clone(),
            Obj::Instance(instance) => match instance.attributes.borrow().get("args") {
                Some(Obj::Tuple(args)) => args.clone(),
                _ => Rc::new([]),
            },
            _ => Rc::new([]),
        }
    }

    /// The name of an exception's class.
    pub fn exception_name(&self, object: &Obj) -> String {
        self.type_name(object)
    }

    /// Whether `except classes` catches an exception.
    ///
    /// # Errors
    /// `TypeError` for what is no exception class.
    pub(super) fn catches(&self, classes: &Obj, exception: &Obj) -> Run<bool> {
        match classes {
            Obj::Type(class) if class.is(&BASE_EXCEPTION) => Ok(self.is_exception(exception, class)),
            Obj::Class(class) if class.root().is(&BASE_EXCEPTION) => {
                Ok(matches!(exception, Obj::Instance(instance) if instance.class.is(class)))
            }
            Obj::Tuple(classes) => {
                for class in classes.iter() {
                    if self.catches(class, exception)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => Err(Halt::new(
                &TYPE_ERROR,
                "catching classes that do not inherit from BaseException is not allowed",
            )),
        }
    }

    /// The exception that `raise object` raises.
    pub(super) fn raised(&mut self, object: Obj) -> Halt {
        match &object {
            Obj::Exception(_) => return Halt::raised(object),
            Obj::Instance(instance) if instance.class.root().is(&BASE_EXCEPTION) => {
                return Halt::raised(object);
            }
            Obj::Type(class) if class.is(&BASE_EXCEPTION) => {
                return Halt::raised(super::exception(class, Vec::new()));
            }
            Obj::Class(class) if class.root().is(&BASE_EXCEPTION) => {
                let class = class.clone();
                return match self.instantiate(&class, vec![].into()) {
                    Ok(made) => Halt::raised(made),
                    Err(halt) => halt,
                };
            }
            _ => {}
        }
        Halt::new(&TYPE_ERROR, "exceptions must derive from BaseException")
    }

    /// The base of a class, if it can be derived from.
    pub(super) fn base(&self, object: &Obj) -> Run<Base> {
        match object {
            Obj::Class(class) => Ok(Base::Class(class.clone())),
            Obj::Type(class) if std::ptr::eq(*class, &GENERIC) => Ok(Base::Type(&OBJECT)),
            Obj::Type(class) if class.is(&BASE_EXCEPTION) || class.base.is_none() => Ok(Base::Type(class)),
            _ => Err(Halt::new(
                &TYPE_ERROR,
                format!(
                    "a class cannot be derived from {}: only object, exceptions and classes of the program can be derived from",
                    match object {
                        Obj::Type(class) => class.name.to_string(),
                        other => format!("a '{}'", self.type_name(other)),
                    }
                ),
            )),
        }
    }
}
