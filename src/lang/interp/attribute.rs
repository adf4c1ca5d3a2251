//! Attributes: reading, setting, and what is said of those that are not there.

use std::rc::Rc;

use super::object::{Base, Class, Handle, Obj};
use super::{Halt, Interp, Run};
use crate::batch::value::exceptions::ATTRIBUTE_ERROR;
use crate::batch::value::{self as library};
use crate::lang::names::nearest;

impl Interp<'_> {
    /// `object.name`
    ///
    /// # Errors
    /// `AttributeError: 'int' object has no attribute 'foo'`.
    pub fn attribute(&mut self, object: &Obj, name: &str) -> Run<Obj> {
        match object {
            Obj::Instance(instance) => {
                if let Some(own) = instance.attributes.borrow().get(name) {
                    return Ok(own.clone());
                }
                match instance.class.find(name) {
                    Some(Obj::Function(method)) => return Ok(Obj::Method(Rc::new((object.clone(), method)))),
                    Some(other) => return Ok(other),
                    None => {}
                }
                match name {
                    "__class__" => return Ok(Obj::Class(instance.class.clone())),
                    "__dict__" => {
                        let attributes = instance.attributes.borrow();
                        let entries = attributes.iter().map(|(name, value)| (name.clone(), value.clone()));
                        return Ok(super::mutate::dict_of_names(entries.collect()));
                    }
                    _ => {}
                }
                // Properties of the catalogue are methods by convention, as classes have no decorators.
                if instance.class.prelude
                    && let Some(Obj::Function(property)) = instance.class.find(&format!("_get_{name}"))
                {
                    return self.call(&Obj::Function(property), vec![object.clone()]);
                }
                if let Some(Obj::Function(method)) = instance.class.find("__getattr__") {
                    return self.call(&Obj::Function(method), vec![object.clone(), Obj::str(name)]);
                }
                if &*instance.class.name == "DStream"
                    && instance.class.prelude
                    && let Some(Obj::Class(rdd)) = self.world.catalogue.names.borrow().get("RDD")
                    && !name.starts_with('_')
                    && rdd.find(name).is_some()
                {
                    let message = format!(
                        "'DStream' object has no attribute '{name}'. RDDs have it: use transform(lambda rdd: rdd.{name}(…)) or foreachRDD"
                    );
                    return Err(Halt::new(&ATTRIBUTE_ERROR, message));
                }
                Err(missing(&instance.class.name, name, near(&instance.class, name)))
            }
            Obj::Class(class) => match class.find(name) {
                Some(found) => Ok(found),
                None if name == "__name__" || name == "__qualname__" => Ok(Obj::Str(class.name.clone())),
                None => Err(Halt::new(
                    &ATTRIBUTE_ERROR,
                    format!(
                        "type object '{}' has no attribute '{name}'{}",
                        class.name,
                        suggestion(near(class, name))
                    ),
                )),
            },
            Obj::Module(module) => {
                if let Some(member) = module.members.borrow().get(name) {
                    return Ok(member.clone());
                }
                let library = module.library;
                let found = match library {
                    Some(library) => self.cross(|crossing, heap| {
                        (library.member)(heap, name).map(|value| crossing.object(heap, value)).transpose()
                    })?,
                    None => None,
                };
                match found {
                    Some(found) => Ok(found),
                    None if module.refusal.is_some() && !name.starts_with('_') => self.absent(module, name),
                    None => Err(Halt::new(
                        &ATTRIBUTE_ERROR,
                        format!("module '{}' has no attribute '{name}'", module.name),
                    )),
                }
            }
            Obj::Function(function) => match name {
                "__name__" => Ok(Obj::str(&function.code.name)),
                "__qualname__" => Ok(Obj::Str(function.name.clone())),
                "__doc__" => Ok(Obj::None),
                "__module__" => Ok(Obj::str("__main__")),
                "__code__" => Ok(object.clone()),
                "co_argcount" => {
                    let count = i64::try_from(function.code.params.positional.len()).unwrap_or(i64::MAX);
                    Ok(Obj::Int(count))
                }
                "co_name" => Ok(Obj::str(&function.code.name)),
                _ => Err(missing("function", name, None)),
            },
            Obj::Method(method) => match name {
                "__self__" => Ok(method.0.clone()),
                "__func__" => Ok(Obj::Function(method.1.clone())),
                _ => self.attribute(&Obj::Function(method.1.clone()), name),
            },
            Obj::Intrinsic(intrinsic) => match name {
                "__name__" | "__qualname__" => Ok(Obj::str(intrinsic.name)),
                _ => Err(missing("builtin_function_or_method", name, None)),
            },
            Obj::Type(class) => match name {
                // Messages call classes of modules by their full names.
                "__name__" | "__qualname__" => {
                    Ok(Obj::str(class.name.rsplit('.').next().unwrap_or(class.name)))
                }
                _ => self.library_attribute(object, name),
            },
            Obj::Exception(exception) => {
                if let Some(own) = exception.attributes.borrow().get(name) {
                    return Ok(own.clone());
                }
                match name {
                    "args" => Ok(Obj::Tuple(exception.args.borrow().clone())),
                    "__class__" => Ok(Obj::Type(exception.class)),
                    "__cause__" | "__context__" | "__traceback__" => Ok(Obj::None),
                    "with_traceback" => Ok(Obj::Bound(Rc::new((object.clone(), name.into())))),
                    "code" if exception.class.is(&library::exceptions::SYSTEM_EXIT) => {
                        let args = exception.args.borrow();
                        Ok(args.first().cloned().unwrap_or(Obj::None))
                    }
                    _ => self.library_attribute(object, name),
                }
            }
            Obj::Iterator(_) => match name {
                "__next__" | "close" => Ok(Obj::Bound(Rc::new((object.clone(), name.into())))),
                _ => Err(missing(self.type_info(object).name, name, None)),
            },
            Obj::Super(from) => match &from.0 {
                Base::Class(class) => match class.find(name) {
                    Some(Obj::Function(method)) => Ok(Obj::Method(Rc::new((from.1.clone(), method)))),
                    Some(other) => Ok(other),
                    None if name == "__init__" => Ok(Obj::Bound(Rc::new((object.clone(), name.into())))),
                    None => Err(missing("super", name, None)),
                },
                Base::Type(_) if name == "__init__" => Ok(Obj::Bound(Rc::new((object.clone(), name.into())))),
                Base::Type(_) => Err(missing("super", name, None)),
            },
            Obj::Handle(handle) if matches!(**handle, Handle::DriverOnly("sys.stdout" | "sys.stderr")) => {
                match name {
                    "write" | "flush" => Ok(Obj::Bound(Rc::new((object.clone(), name.into())))),
                    _ => Err(missing("TextIOWrapper", name, None)),
                }
            }
            Obj::Handle(_) | Obj::Ellipsis => Err(missing(&self.type_name(object), name, None)),
            _ => {
                if name == "__class__" {
                    return Ok(Obj::Type(self.type_info(object)));
                }
                if self.type_info(object).method(name).is_some() {
                    return Ok(Obj::Bound(Rc::new((object.clone(), name.into()))));
                }
                self.library_attribute(object, name)
            }
        }
    }

    fn library_attribute(&mut self, object: &Obj, name: &str) -> Run<Obj> {
        self.cross(|crossing, heap| {
            let value = crossing.value(heap, object)?;
            let attribute = library::get_attribute(heap, value, name)?;
            crossing.object(heap, attribute)
        })
    }

    /// `object.name = value`
    ///
    /// # Errors
    /// `AttributeError` where attributes cannot be set.
    pub fn set_attribute(&mut self, object: &Obj, name: &str, value: Obj) -> Run<()> {
        match object {
            Obj::Instance(instance) => {
                if instance.class.prelude
                    && let Some(Obj::Function(setter)) = instance.class.find(&format!("_set_{name}"))
                {
                    return self.call(&Obj::Function(setter), vec![object.clone(), value]).map(drop);
                }
                instance.attributes.borrow_mut().set(name, value);
            }
            Obj::Class(class) if !class.prelude || self.in_prelude => {
                class.attributes.borrow_mut().set(name, value);
            }
            Obj::Exception(exception) => match (name, &value) {
                ("args", Obj::Tuple(args)) => *exception.args.borrow_mut() = args.clone(),
                _ => exception.attributes.borrow_mut().set(name, value),
            },
            Obj::Module(module) => module.members.borrow_mut().set(name, value),
            Obj::Class(class) => {
                return Err(Halt::new(
                    &ATTRIBUTE_ERROR,
                    format!("the attribute '{name}' of class '{}' cannot be changed", class.name),
                ));
            }
            _ => {
                let class = self.type_name(object);
                let message = match self.attribute(object, name) {
                    Ok(_) => format!("'{class}' object attribute '{name}' is read-only"),
                    Err(_) => format!("'{class}' object has no attribute '{name}'"),
                };
                return Err(Halt::new(&ATTRIBUTE_ERROR, message));
            }
        }
        Ok(())
    }

    /// `del object.name`
    ///
    /// # Errors
    /// `AttributeError`
    pub fn delete_attribute(&mut self, object: &Obj, name: &str) -> Run<()> {
        let removed = match object {
            Obj::Instance(instance) => instance.attributes.borrow_mut().remove(name),
            Obj::Class(class) if !class.prelude => class.attributes.borrow_mut().remove(name),
            _ => None,
        };
        match removed {
            Some(_) => Ok(()),
            None => Err(missing(&self.type_name(object), name, None)),
        }
    }
}

fn missing(class: &str, name: &str, near: Option<String>) -> Halt {
    Halt::new(&ATTRIBUTE_ERROR, format!("'{class}' object has no attribute '{name}'{}", suggestion(near)))
}

fn suggestion(near: Option<String>) -> String {
    near.map(|name| format!(". Did you mean: '{name}'?")).unwrap_or_default()
}

/// The public attribute of a class whose name is nearest to a misspelt one.
fn near(class: &Rc<Class>, name: &str) -> Option<String> {
    let mut known = Vec::new();
    let mut class = class.clone();
    loop {
        for (attribute, _) in class.attributes.borrow().iter() {
            let public = attribute.strip_prefix("_get_").unwrap_or(attribute);
            if !public.starts_with('_') {
                known.push(public.to_string());
            }
        }
        class = match &class.base {
            Base::Class(base) => base.clone(),
            Base::Type(_) => break,
        };
    }
    nearest(name, known.iter().map(String::as_str)).map(String::from)
}
