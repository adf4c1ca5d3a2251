//! Built-in functions that work on the program's own objects. All others are the library's.

use std::rc::Rc;

use super::call::Arguments;
use super::object::{Base, Function, Handle, Intrinsic, Obj};
use super::{Frame, Halt, Interp, Iter, Run, State, exception};
use crate::batch::python::{self, functools};
use crate::batch::value::exceptions::{
    RUNTIME_ERROR, STOP_ITERATION, SYNTAX_ERROR, SYSTEM_EXIT, TYPE_ERROR, VALUE_ERROR,
};
use crate::batch::value::types;
use crate::batch::value::{Binary, Value};
use crate::lang::parse_eval;
use crate::plan::code::Comparison;

/// A function of the interpreter that tasks have too.
const fn builtin(name: &'static str, call: super::object::IntrinsicFn) -> Intrinsic {
    Intrinsic { name, call, is_builtin: true }
}

/// One that makes sense in the main script alone.
const fn own(name: &'static str, call: super::object::IntrinsicFn) -> Intrinsic {
    Intrinsic { name, call, is_builtin: false }
}

static BUILTINS: &[Intrinsic] = &[
    builtin("all", all),
    builtin("any", any),
    builtin("callable", callable),
    builtin("delattr", delattr),
    builtin("eval", eval),
    own("exit", exit),
    builtin("getattr", getattr),
    own("globals", globals),
    builtin("hasattr", hasattr),
    builtin("hash", hash),
    builtin("id", id),
    builtin("isinstance", isinstance),
    builtin("issubclass", issubclass),
    builtin("iter", iter),
    builtin("len", len),
    builtin("max", max),
    builtin("min", min),
    builtin("next", next),
    builtin("print", print),
    own("quit", exit),
    builtin("repr", repr),
    builtin("setattr", setattr),
    builtin("sorted", sorted),
    builtin("sum", sum),
];

/// Whether a name is a built-in.
pub fn is_builtin(name: &str) -> bool {
    name == "super" || BUILTINS.iter().any(|known| known.name == name) || python::builtin(name).is_some()
}

/// `sys.exit`
pub(super) static EXIT: Intrinsic = own("exit", exit);

impl Interp<'_> {
    /// The built-in of that name.
    pub(in crate::lang) fn builtin(&mut self, name: &str) -> Option<Obj> {
        if let Some(intrinsic) = BUILTINS.iter().find(|intrinsic| intrinsic.name == name) {
            return Some(Obj::Intrinsic(intrinsic));
        }
        self.library_builtin(name)
    }

    /// What the catalogue has under that name.
    pub(in crate::lang) fn catalogued(&self, name: &str) -> Run<Obj> {
        match self.world.catalogue.names.borrow().get(name) {
            Some(known) => Ok(known.clone()),
            None => Err(Halt::new(&RUNTIME_ERROR, format!("{name} is missing from the catalogue"))),
        }
    }

    /// The library's built-in of that name.
    pub(super) fn library_builtin(&mut self, name: &str) -> Option<Obj> {
        match python::builtin(name)? {
            Value::Native(native) => Some(Obj::Native(native)),
            Value::Type(class) => Some(Obj::Type(class)),
            Value::None => Some(Obj::None),
            Value::Bool(flag) => Some(Obj::Bool(flag.get())),
            _ => None,
        }
    }

    /// Whether an object is an instance of a class, or of one of a tuple of classes.
    pub fn is_instance(&mut self, object: &Obj, class: &Obj) -> Run<bool> {
        match class {
            // Those of the program's functions are made by the catalogue.
            Obj::Type(class) if std::ptr::eq(*class, &functools::PARTIAL) => {
                let made = self.catalogued("partial")?;
                self.is_instance(object, &made)
            }
            Obj::Type(class) => Ok(match object {
                Obj::Instance(instance) => instance.class.root().is(class),
                _ => self.type_info(object).is(class),
            }),
            Obj::Class(class) => Ok(matches!(object, Obj::Instance(instance) if instance.class.is(class))),
            Obj::Tuple(classes) => {
                for class in classes.iter() {
                    if self.is_instance(object, class)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => {
                Err(Halt::new(&TYPE_ERROR, "isinstance() arg 2 must be a type, a tuple of types, or a union"))
            }
        }
    }

    /// `super()` within a method.
    pub(super) fn super_of(&mut self, frame: &Frame) -> Run<Obj> {
        let this = match frame.locals.first() {
            Some(Some(this)) => Some(this.clone()),
            _ => frame.cells.first().and_then(|cell| cell.borrow().clone()),
        };
        let Some(Obj::Instance(instance)) = &this else {
            return Err(Halt::new(&RUNTIME_ERROR, "super(): no arguments"));
        };
        let mut class = instance.class.clone();
        loop {
            let here = class.attributes.borrow().iter().any(|(_, attribute)| {
                matches!(attribute, Obj::Function(f) if std::sync::Arc::ptr_eq(&f.code, &frame.code))
            });
            class = match (&class.base, here) {
                (base, true) => {
                    return Ok(Obj::Super(Rc::new((base.clone(), Obj::Instance(instance.clone())))));
                }
                (Base::Class(base), false) => base.clone(),
                (Base::Type(_), false) => return Err(Halt::new(&RUNTIME_ERROR, "super(): no arguments")),
            };
        }
    }

    /// Writes to standard output or error, in order with the batches.
    pub(super) fn write(&mut self, text: &str, to_stderr: bool) -> Run<()> {
        self.engine().print(text.as_bytes(), to_stderr)?;
        Ok(())
    }
}

/// Arguments by position, a number of them that is allowed.
fn positional<'a>(name: &str, args: &'a Arguments, least: usize, most: usize) -> Run<&'a [Obj]> {
    let given = args.positional.len();
    if let Some((keyword, _)) = args.keywords.first() {
        return Err(Halt::new(
            &TYPE_ERROR,
            format!("{name}() got an unexpected keyword argument '{keyword}'"),
        ));
    }
    if (least..=most).contains(&given) {
        return Ok(&args.positional);
    }
    let expected = match (least == most, given < least) {
        (true, _) if most == 1 => format!("{name}() takes exactly one argument ({given} given)"),
        (true, _) => format!("{name} expected {most} arguments, got {given}"),
        (false, true) => format!(
            "{name} expected at least {least} argument{}, got {given}",
            if least == 1 { "" } else { "s" }
        ),
        (false, false) => format!("{name} expected at most {most} arguments, got {given}"),
    };
    Err(Halt::new(&TYPE_ERROR, expected))
}

fn all(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let iter = interp.iterate(&positional("all", &args, 1, 1)?[0])?;
    while let Some(item) = interp.next(&iter)? {
        interp.check()?;
        if !interp.truth(&item)? {
            return Ok(Obj::Bool(false));
        }
    }
    Ok(Obj::Bool(true))
}

fn any(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let iter = interp.iterate(&positional("any", &args, 1, 1)?[0])?;
    while let Some(item) = interp.next(&iter)? {
        interp.check()?;
        if interp.truth(&item)? {
            return Ok(Obj::Bool(true));
        }
    }
    Ok(Obj::Bool(false))
}

fn callable(_: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    Ok(Obj::Bool(match &positional("callable", &args, 1, 1)?[0] {
        Obj::Function(_)
        | Obj::Method(_)
        | Obj::Intrinsic(_)
        | Obj::Native(_)
        | Obj::Bound(_)
        | Obj::Type(_)
        | Obj::Class(_) => true,
        Obj::Instance(instance) => instance.class.find("__call__").is_some(),
        Obj::Opaque(opaque) => opaque.class.hooks.call.is_some(),
        _ => false,
    }))
}

/// `eval(text)`: an expression over the program's globals.
fn eval(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let given = positional("eval", &args, 1, 1)?;
    let Some(text) = given[0].as_str() else {
        return Err(Halt::new(&TYPE_ERROR, "eval() arg 1 must be a string: code objects are not supported"));
    };
    let code = parse_eval(text).map_err(|fault| Halt::new(&SYNTAX_ERROR, fault))?;
    let function = Function {
        name: "<string>".into(),
        code,
        captured: Rc::new([]),
        defaults: Vec::new(),
        globals: interp.world.globals.clone(),
    };
    interp.call(&Obj::Function(Rc::new(function)), Vec::new())
}

fn exit(_: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    positional("exit", &args, 0, 1)?;
    Err(Halt::raised(exception(&SYSTEM_EXIT, args.positional)))
}

fn attribute_name(function: &str, name: &Obj, interp: &Interp<'_>) -> Run<String> {
    match name.as_str() {
        Some(name) => Ok(name.to_string()),
        None => Err(Halt::new(
            &TYPE_ERROR,
            format!("{function}(): attribute name must be string, not '{}'", interp.type_name(name)),
        )),
    }
}

fn getattr(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let given = positional("getattr", &args, 2, 3)?;
    let name = attribute_name("getattr", &given[1], interp)?;
    match (interp.attribute(&given[0], &name), given.get(2)) {
        (Err(halt), Some(default)) if is_attribute_error(interp, &halt) => Ok(default.clone()),
        (found, _) => found,
    }
}

fn hash(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let object = &positional("hash", &args, 1, 1)?[0];
    if let Obj::Instance(instance) = object
        && instance.class.find("__hash__").is_some()
    {
        return interp.call_method(object, "__hash__", Vec::new());
    }
    match interp.library_builtin("hash") {
        Some(library) => interp.call(&library, args.positional),
        None => Ok(Obj::None),
    }
}

/// `globals()`: the program's variables by their names.
fn globals(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    positional("globals", &args, 0, 0)?;
    interp.catalogued("_globals")
}

fn is_attribute_error(interp: &Interp<'_>, halt: &Halt) -> bool {
    match halt.reason() {
        super::Reason::Raised(thrown) => {
            interp.is_exception(&thrown.exception, &crate::batch::value::exceptions::ATTRIBUTE_ERROR)
        }
        super::Reason::Fatal(_) => false,
    }
}

fn hasattr(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let given = positional("hasattr", &args, 2, 2)?;
    let name = attribute_name("hasattr", &given[1], interp)?;
    match interp.attribute(&given[0], &name) {
        Ok(_) => Ok(Obj::Bool(true)),
        Err(halt) if is_attribute_error(interp, &halt) => Ok(Obj::Bool(false)),
        Err(halt) => Err(halt),
    }
}

fn setattr(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let given = positional("setattr", &args, 3, 3)?;
    let name = attribute_name("setattr", &given[1], interp)?;
    interp.set_attribute(&given[0], &name, given[2].clone())?;
    Ok(Obj::None)
}

fn delattr(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let given = positional("delattr", &args, 2, 2)?;
    let name = attribute_name("delattr", &given[1], interp)?;
    interp.delete_attribute(&given[0], &name)?;
    Ok(Obj::None)
}

fn id(_: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let address = positional("id", &args, 1, 1)?[0].address().unwrap_or(0);
    Ok(Obj::Int(i64::try_from(address).unwrap_or(0)))
}

fn isinstance(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let given = positional("isinstance", &args, 2, 2)?;
    interp.is_instance(&given[0], &given[1]).map(Obj::Bool)
}

fn issubclass(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let given = positional("issubclass", &args, 2, 2)?;
    let classes = match &given[1] {
        Obj::Tuple(classes) => classes.to_vec(),
        class => vec![class.clone()],
    };
    for class in &classes {
        let is = match (&given[0], class) {
            (Obj::Class(class), Obj::Class(other)) => class.is(other),
            (Obj::Class(class), Obj::Type(other)) => class.root().is(other),
            (Obj::Type(class), Obj::Type(other)) => class.is(other),
            (Obj::Type(_), Obj::Class(_)) => false,
            (Obj::Class(_) | Obj::Type(_), _) => {
                return Err(Halt::new(
                    &TYPE_ERROR,
                    "issubclass() arg 2 must be a class, a tuple of classes, or a union",
                ));
            }
            _ => return Err(Halt::new(&TYPE_ERROR, "issubclass() arg 1 must be a class")),
        };
        if is {
            return Ok(Obj::Bool(true));
        }
    }
    let _ = interp;
    Ok(Obj::Bool(false))
}

fn iter(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    match positional("iter", &args, 1, 2)? {
        [function, sentinel] => {
            let state = State::Until(function.clone(), sentinel.clone());
            Ok(Obj::Iterator(Iter::new(&types::LIST_ITERATOR, state)))
        }
        given => interp.iterate(&given[0]).map(Obj::Iterator),
    }
}

fn len(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let length = interp.length(&positional("len", &args, 1, 1)?[0])?;
    Ok(Obj::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn next(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let given = positional("next", &args, 1, 2)?;
    let iter = match &given[0] {
        Obj::Iterator(iter) => iter.clone(),
        Obj::Instance(instance) if instance.class.find("__next__").is_some() => {
            Iter::new(&types::LIST_ITERATOR, State::Custom(given[0].clone()))
        }
        other => {
            let name = interp.type_name(other);
            return Err(Halt::new(&TYPE_ERROR, format!("'{name}' object is not an iterator")));
        }
    };
    match (interp.next(&iter)?, given.get(1)) {
        (Some(item), _) => Ok(item),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(Halt::raised(exception(&STOP_ITERATION, vec![]))),
    }
}

fn max(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    extreme(interp, args, "max", Comparison::Greater)
}

fn min(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    extreme(interp, args, "min", Comparison::Less)
}

fn extreme(interp: &mut Interp<'_>, args: Arguments, name: &str, better: Comparison) -> Run<Obj> {
    let (mut key, mut default) = (Obj::None, None);
    for (keyword, value) in args.keywords {
        match &*keyword {
            "key" => key = value,
            "default" => default = Some(value),
            _ => {
                let message = format!("'{keyword}' is an invalid keyword argument for {name}()");
                return Err(Halt::new(&TYPE_ERROR, message));
            }
        }
    }
    let several = args.positional.len() > 1;
    if several && default.is_some() {
        let message = format!("Cannot specify a default for {name}() with multiple positional arguments");
        return Err(Halt::new(&TYPE_ERROR, message));
    }
    let items = match &args.positional[..] {
        [] => return Err(Halt::new(&TYPE_ERROR, format!("{name} expected at least 1 argument, got 0"))),
        [items] => interp.items(items)?,
        items => items.to_vec(),
    };
    let mut best: Option<(Obj, Obj)> = None;
    for item in items {
        interp.check()?;
        let rank = if key.is_none() { item.clone() } else { interp.call(&key, vec![item.clone()])? };
        let better = match &best {
            None => true,
            Some((champion, _)) => {
                let verdict = interp.compare(better, &rank, champion)?;
                interp.truth(&verdict)?
            }
        };
        if better {
            best = Some((rank, item));
        }
    }
    match (best, default) {
        (Some((_, item)), _) => Ok(item),
        (None, Some(default)) => Ok(default),
        (None, None) => Err(Halt::new(&VALUE_ERROR, format!("{name}() arg is an empty sequence"))),
    }
}

fn print(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let (mut separator, mut end, mut file) = (String::from(" "), String::from("\n"), Obj::None);
    for (name, value) in &args.keywords {
        match (&**name, value) {
            ("sep" | "end", Obj::None) | ("flush", _) => {}
            ("sep", Obj::Str(text)) => separator = text.to_string(),
            ("end", Obj::Str(text)) => end = text.to_string(),
            ("sep" | "end", other) => {
                let class = interp.type_name(other);
                return Err(Halt::new(&TYPE_ERROR, format!("{name} must be None or a string, not {class}")));
            }
            ("file", value) => file = value.clone(),
            _ => {
                let message = format!("'{name}' is an invalid keyword argument for print()");
                return Err(Halt::new(&TYPE_ERROR, message));
            }
        }
    }
    let mut out = String::new();
    for (number, object) in args.positional.iter().enumerate() {
        if number > 0 {
            out.push_str(&separator);
        }
        out.push_str(&interp.text(object)?);
    }
    out.push_str(&end);
    match &file {
        Obj::None => interp.write(&out, false)?,
        Obj::Handle(handle) if matches!(**handle, Handle::DriverOnly("sys.stderr" | "sys.stdout")) => {
            let to_stderr = matches!(**handle, Handle::DriverOnly("sys.stderr"));
            interp.write(&out, to_stderr)?;
        }
        other => drop(interp.call_method(other, "write", vec![Obj::str(out)])?),
    }
    Ok(Obj::None)
}

fn repr(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    interp.repr(&positional("repr", &args, 1, 1)?[0]).map(Obj::str)
}

fn sorted(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let given = match &args.positional[..] {
        [given] => given,
        others => {
            return Err(Halt::new(&TYPE_ERROR, format!("sorted expected 1 argument, got {}", others.len())));
        }
    };
    let (mut key, mut reverse) = (Obj::None, false);
    for (name, value) in &args.keywords {
        match &**name {
            "key" => key = value.clone(),
            "reverse" => reverse = interp.truth(value)?,
            _ => {
                let message = format!("'{name}' is an invalid keyword argument for sort()");
                return Err(Halt::new(&TYPE_ERROR, message));
            }
        }
    }
    let items = interp.items(given)?;
    interp.sorted(items, &key, reverse).map(Obj::list)
}

fn sum(interp: &mut Interp<'_>, mut args: Arguments) -> Run<Obj> {
    if let [(name, _)] = &args.keywords[..]
        && &**name == "start"
    {
        args.positional.extend(args.keywords.pop().map(|(_, start)| start));
    }
    let given = positional("sum", &args, 1, 2)?;
    let mut total = given.get(1).cloned().unwrap_or(Obj::Int(0));
    if matches!(total, Obj::Str(_)) {
        return Err(Halt::new(&TYPE_ERROR, "sum() can't sum strings [use ''.join(seq) instead]"));
    }
    let iter = interp.iterate(&given[0])?;
    while let Some(item) = interp.next(&iter)? {
        interp.check()?;
        total = interp.binary(Binary::Add, &total, &item, false)?;
    }
    Ok(total)
}
