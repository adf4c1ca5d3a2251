//! `str`, `repr` and formatting of objects.

use std::fmt::Write as _;

use super::class::Special;
use super::object::{Handle, Obj};
use super::{Halt, Interp, Run};
use crate::batch::repr_into;
use crate::batch::value::exceptions::{BASE_EXCEPTION, TYPE_ERROR};
use crate::batch::value::{self as library};

impl Interp<'_> {
    /// `str(object)`
    ///
    /// # Errors
    /// What a program's `__str__` raises; `RecursionError`.
    pub fn text(&mut self, object: &Obj) -> Run<String> {
        match object {
            Obj::Str(text) => Ok(text.to_string()),
            Obj::Instance(instance) => {
                if instance.class.find("__str__").is_some() {
                    return self.shown(object, Special::Str);
                }
                if instance.class.root().is(&BASE_EXCEPTION) {
                    let args = self.exception_args(object);
                    return match &args[..] {
                        [] => Ok(String::new()),
                        [one] => self.text(one),
                        _ => self.repr(&Obj::Tuple(args)),
                    };
                }
                self.repr(object)
            }
            Obj::Exception(_) | Obj::Opaque(_) => self.cross(|crossing, heap| {
                let value = crossing.value(heap, object)?;
                library::to_text(heap, value).map(String::from)
            }),
            _ => self.repr(object),
        }
    }

    /// `repr(object)`
    ///
    /// # Errors
    /// What a program's `__repr__` raises; `RecursionError`.
    pub fn repr(&mut self, object: &Obj) -> Run<String> {
        match object {
            Obj::None => Ok("None".into()),
            Obj::Ellipsis => Ok("Ellipsis".into()),
            Obj::Bool(flag) => Ok(if *flag { "True" } else { "False" }.into()),
            Obj::Int(number) => Ok(number.to_string()),
            Obj::Str(text) => {
                let mut out = Vec::new();
                repr_into(text, &mut out);
                Ok(String::from_utf8_lossy(&out).into_owned())
            }
            Obj::Instance(instance) => {
                if instance.class.find("__repr__").is_some() {
                    return self.shown(object, Special::Repr);
                }
                if instance.class.root().is(&BASE_EXCEPTION) {
                    let args = self.exception_args(object);
                    let mut out = format!("{}(", instance.class.name);
                    for (number, arg) in args.iter().enumerate() {
                        let arg = self.repr(arg)?;
                        let _ = write!(out, "{}{arg}", if number > 0 { ", " } else { "" });
                    }
                    return Ok(out + ")");
                }
                Ok(format!("<{} object at {}>", self.qualified(object), place(object)))
            }
            Obj::Class(class) => Ok(match class.prelude {
                true => format!("<class 'pyspark.{}'>", class.name),
                false => format!("<class '__main__.{}'>", class.name),
            }),
            Obj::Function(function) => Ok(format!("<function {} at {}>", function.name, place(object))),
            Obj::Method(method) => {
                let receiver = self.repr(&method.0)?;
                Ok(format!("<bound method {} of {receiver}>", method.1.name))
            }
            Obj::Intrinsic(intrinsic) => Ok(format!("<built-in function {}>", intrinsic.name)),
            Obj::Bound(bound) => Ok(format!(
                "<built-in method {} of {} object at {}>",
                bound.1,
                self.type_name(&bound.0),
                place(&bound.0)
            )),
            Obj::Module(module) => Ok(format!("<module '{}'>", module.name)),
            Obj::Iterator(iter) => Ok(match std::ptr::eq(iter.class, &library::types::GENERATOR) {
                true => format!("<generator object at {}>", place(object)),
                false => format!("<{} object at {}>", iter.class.name, place(object)),
            }),
            Obj::Handle(handle) => Ok(match &**handle {
                Handle::Rdd(_) => "<RDD>".into(),
                Handle::Stream { .. } => "<DStream>".into(),
                Handle::Broadcast { .. } => "<Broadcast>".into(),
                Handle::Accumulator { .. } => "<Accumulator>".into(),
                Handle::DriverOnly(name) => format!("<{name}>"),
            }),
            _ => self.cross(|crossing, heap| {
                let value = crossing.value(heap, object)?;
                library::repr_text(heap, value).map(String::from)
            }),
        }
    }

    /// The class's name with its module's, as messages show it.
    fn qualified(&self, object: &Obj) -> String {
        match object {
            Obj::Instance(instance) if !instance.class.prelude => format!("__main__.{}", instance.class.name),
            _ => self.type_name(object),
        }
    }

    fn shown(&mut self, object: &Obj, special: Special) -> Run<String> {
        let text = self.special(object, special, vec![].into())?;
        match text.as_str() {
            Some(text) => Ok(text.into()),
            None => Err(Halt::new(
                &TYPE_ERROR,
                format!("{} returned non-string (type {})", special.name(), self.type_name(&text)),
            )),
        }
    }

    /// `format(object, spec)`
    ///
    /// # Errors
    /// As the library's.
    pub fn format(&mut self, object: &Obj, spec: &str) -> Run<String> {
        if spec.is_empty() {
            return self.text(object);
        }
        if let Obj::Instance(instance) = object {
            if instance.class.find("__format__").is_some() {
                let text = self.call_method(object, "__format__", vec![Obj::str(spec)])?;
                return self.text(&text);
            }
            let name = self.type_name(object);
            return Err(Halt::new(
                &TYPE_ERROR,
                format!("unsupported format string passed to {name}.__format__"),
            ));
        }
        let args = vec![object.clone(), Obj::str(spec)];
        let Some(format) = self.library_builtin("format") else { return self.text(object) };
        let text = self.call(&format, args)?;
        self.text(&text)
    }
}

fn place(object: &Obj) -> String {
    format!("{:#014x}", object.address().unwrap_or(0))
}
