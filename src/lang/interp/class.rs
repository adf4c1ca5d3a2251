//! Classes of the program and their instances: single inheritance, methods, attributes, special methods.

use std::rc::Rc;

use super::call::Arguments;
use super::object::{Base, Class, Function, Handle, Instance, Obj};
use super::{Frame, Halt, Interp, Run};
use crate::batch::value::exceptions::{BASE_EXCEPTION, STOP_ITERATION, TYPE_ERROR};
use crate::plan::code::{Code, Expr};

/// Special methods that the interpreter calls by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Special {
    Bool,
    Call,
    Len,
    Repr,
    Str,
}

impl Special {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Special::Bool => "__bool__",
            Special::Call => "__call__",
            Special::Len => "__len__",
            Special::Repr => "__repr__",
            Special::Str => "__str__",
        }
    }
}

impl Interp<'_> {
    /// Runs a `class` statement.
    pub(super) fn make_class(
        &mut self,
        frame: &mut Frame,
        name: &str,
        bases: &[Expr],
        methods: &[(std::sync::Arc<str>, std::sync::Arc<Code>)],
        attributes: &[(std::sync::Arc<str>, Expr)],
    ) -> Run<Obj> {
        let base = match bases {
            [] => Base::Type(&crate::batch::value::OBJECT),
            [base] => {
                let base = self.eval(frame, base)?;
                self.base(&base)?
            }
            _ => {
                return Err(Halt::new(
                    &TYPE_ERROR,
                    format!("class {name} has several bases: one is supported"),
                ));
            }
        };
        let class = Rc::new(Class {
            name: name.into(),
            base,
            attributes: Default::default(),
            prelude: frame.globals.prelude,
        });
        for (attribute, value) in attributes {
            let value = self.eval(frame, value)?;
            class.attributes.borrow_mut().set(attribute, value);
        }
        for (method, code) in methods {
            let function = self.make_function(frame, code)?;
            let function = Function {
                name: format!("{name}.{method}").into(),
                code: function.code.clone(),
                captured: function.captured.clone(),
                defaults: function.defaults.clone(),
                globals: function.globals.clone(),
            };
            class.attributes.borrow_mut().set(method, Obj::Function(Rc::new(function)));
        }
        Ok(Obj::Class(class))
    }

    /// Calls a class.
    ///
    /// # Errors
    /// What `__init__` raises.
    pub fn instantiate(&mut self, class: &Rc<Class>, args: Arguments) -> Run<Obj> {
        let instance = Rc::new(Instance { class: class.clone(), attributes: Default::default() });
        self.world.garbage.borrow_mut().note_instance(&instance);
        let object = Obj::Instance(instance.clone());
        if class.root().is(&BASE_EXCEPTION) {
            let given = Obj::tuple(args.positional.clone());
            instance.attributes.borrow_mut().set("args", given);
        }
        match class.find("__init__") {
            Some(Obj::Function(init)) => {
                let mut args = args;
                args.positional.insert(0, object.clone());
                let result = self.call_with(&Obj::Function(init), args)?;
                if !result.is_none() {
                    let name = self.type_name(&result);
                    return Err(Halt::new(
                        &TYPE_ERROR,
                        format!("__init__() should return None, not '{name}'"),
                    ));
                }
            }
            _ if class.root().is(&BASE_EXCEPTION) => {}
            _ if args.positional.is_empty() && args.keywords.is_empty() => {}
            _ => return Err(Halt::new(&TYPE_ERROR, format!("{}() takes no arguments", class.name))),
        }
        Ok(object)
    }

    /// Calls a special method.
    pub(super) fn special(&mut self, object: &Obj, special: Special, args: Arguments) -> Run<Obj> {
        self.call_attribute(object, special.name(), args)
    }

    /// Calls a method with arguments by position.
    ///
    /// # Errors
    /// `AttributeError` if there is none, and what it raises.
    pub fn call_method(&mut self, object: &Obj, name: &str, args: Vec<Obj>) -> Run<Obj> {
        self.call_attribute(object, name, args.into())
    }

    /// `object.name(…)`
    ///
    /// # Errors
    /// `AttributeError` if there is none, and what it raises.
    pub fn call_attribute(&mut self, object: &Obj, name: &str, mut args: Arguments) -> Run<Obj> {
        match object {
            Obj::Instance(instance) => {
                // An attribute of the instance goes first, and has no instance of its own.
                let own = instance.attributes.borrow().get(name).cloned();
                if own.is_none()
                    && let Some(Obj::Function(method)) = instance.class.find(name)
                {
                    args.positional.insert(0, object.clone());
                    return self.call_with(&Obj::Function(method), args);
                }
                let callee = self.attribute(object, name)?;
                self.call_with(&callee, args)
            }
            Obj::List(_) | Obj::Dict(_) | Obj::Set(_) | Obj::Deque(_) | Obj::View(..) => {
                if let Some(result) = self.mutate(object, name, &args) {
                    return result;
                }
                self.library_method(object, name, &args)
            }
            Obj::Str(_)
            | Obj::Bytes(_)
            | Obj::Int(_)
            | Obj::Big(_)
            | Obj::Bool(_)
            | Obj::Float(_)
            | Obj::Tuple(_)
            | Obj::Range(_)
            | Obj::Opaque(_) => self.library_method(object, name, &args),
            Obj::Super(from) if name == "__init__" => match &from.0 {
                Base::Class(class) if class.find(name).is_some() => {
                    let callee = self.attribute(object, name)?;
                    self.call_with(&callee, args)
                }
                _ => {
                    if let Obj::Instance(instance) = &from.1
                        && instance.class.root().is(&BASE_EXCEPTION)
                    {
                        instance.attributes.borrow_mut().set("args", Obj::tuple(args.positional));
                    }
                    Ok(Obj::None)
                }
            },
            Obj::Iterator(iter) if name == "__next__" => match self.next(iter)? {
                Some(item) => Ok(item),
                None => Err(Halt::raised(super::exception(&STOP_ITERATION, vec![]))),
            },
            Obj::Iterator(_) if name == "close" => Ok(Obj::None),
            Obj::Exception(_) if name == "with_traceback" => Ok(object.clone()),
            Obj::Handle(handle) => match (&**handle, name, &args.positional[..]) {
                (Handle::DriverOnly(to @ ("sys.stdout" | "sys.stderr")), "write", [text]) => {
                    let text = self.text(text)?;
                    self.write(&text, *to == "sys.stderr")?;
                    Ok(Obj::Int(i64::try_from(text.chars().count()).unwrap_or(0)))
                }
                (Handle::DriverOnly("sys.stdout" | "sys.stderr"), "flush", []) => Ok(Obj::None),
                _ => self.attribute(object, name),
            },
            _ => {
                let callee = self.attribute(object, name)?;
                self.call_with(&callee, args)
            }
        }
    }
}
