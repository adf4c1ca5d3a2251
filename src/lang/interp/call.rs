//! Calls: how arguments meet parameters, and a function's own variables.

use std::rc::Rc;

use super::class::Special;
use super::object::{CellRef, Function, Globals, Obj};
use super::{Flow, Frame, Halt, Interp, Run};
use crate::batch::python::functools::CMP_TO_KEY;
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::plan::Origin;
use crate::plan::code::{Code, Param, Span};

/// Arguments of a call.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// By position; a method's first one is its object.
    pub positional: Vec<Obj>,
    /// By name.
    pub keywords: Vec<(Rc<str>, Obj)>,
}

impl From<Vec<Obj>> for Arguments {
    fn from(positional: Vec<Obj>) -> Self {
        Arguments { positional, keywords: Vec::new() }
    }
}

impl Interp<'_> {
    /// Calls an object with arguments by position.
    ///
    /// # Errors
    /// `TypeError: 'int' object is not callable`, and whatever the call raises.
    pub fn call(&mut self, callee: &Obj, args: Vec<Obj>) -> Run<Obj> {
        self.call_with(callee, args.into())
    }

    /// Calls an object.
    ///
    /// # Errors
    /// As [`Interp::call`].
    pub fn call_with(&mut self, callee: &Obj, mut args: Arguments) -> Run<Obj> {
        match callee {
            Obj::Function(function) => self.call_function(function, args),
            Obj::Method(method) => {
                args.positional.insert(0, method.0.clone());
                let function = method.1.clone();
                self.call_function(&function, args)
            }
            Obj::Intrinsic(intrinsic) => self.enter(|interp| (intrinsic.call)(interp, args)),
            Obj::Bound(bound) => {
                let (object, name) = (bound.0.clone(), bound.1.clone());
                self.call_attribute(&object, &name, args)
            }
            Obj::Class(class) => {
                let class = class.clone();
                self.instantiate(&class, args)
            }
            Obj::Instance(instance) if instance.class.find("__call__").is_some() => {
                self.special(callee, Special::Call, args)
            }
            Obj::Type(class) => match self.call_type(class, &args) {
                Some(result) => result,
                None => self.enter(|interp| interp.library_call(callee, args)),
            },
            Obj::Native(native) if std::ptr::eq(*native, &CMP_TO_KEY) => {
                args.positional.insert(0, callee.clone());
                let made = self.catalogued("_KeyMaker")?;
                self.call_with(&made, args)
            }
            Obj::Native(_) | Obj::Opaque(_) => self.enter(|interp| interp.library_call(callee, args)),
            _ => Err(Halt::new(&TYPE_ERROR, format!("'{}' object is not callable", self.type_name(callee)))),
        }
    }

    fn call_function(&mut self, function: &Rc<Function>, args: Arguments) -> Run<Obj> {
        let mut frame = self.frame(function, args)?;
        if function.code.is_generator {
            return self.generator(function, frame);
        }
        // The first step from the program into the catalogue is what messages and `explain` show.
        let enters = function.globals.prelude && !self.in_prelude;
        let outer_origin = enters.then(|| {
            let name = function.name.rsplit('.').next().unwrap_or_default();
            let origin = Origin { name: name.into(), place: self.site.clone() };
            std::mem::replace(&mut self.origin, origin)
        });
        let outer = std::mem::replace(&mut self.in_prelude, function.globals.prelude);
        let result = self.enter(|interp| interp.block(&mut frame, &function.code.body));
        self.in_prelude = outer;
        if let Some(origin) = outer_origin {
            self.origin = origin;
        }
        match result {
            Ok(Flow::Return(value)) => Ok(value),
            Ok(_) => Ok(Obj::None),
            Err(halt) => Err(self.passing(halt, &frame)),
        }
    }

    /// Makes a function's variables of its arguments.
    fn frame(&mut self, function: &Rc<Function>, args: Arguments) -> Run<Frame> {
        let code = &function.code;
        let mut locals = bind(function, args)?;
        locals.resize(code.locals.len(), None);
        let cells: Vec<CellRef> = code
            .cells
            .iter()
            .map(|&local| {
                let value = locals.get_mut(local as usize).and_then(Option::take);
                Rc::new(std::cell::RefCell::new(value))
            })
            .collect();
        if !cells.is_empty() {
            self.world.garbage.borrow_mut().note_cells(&cells);
        }
        Ok(Frame {
            name: function.name.clone(),
            code: code.clone(),
            locals,
            cells,
            captured: function.captured.clone(),
            globals: function.globals.clone(),
            place: code.span,
        })
    }

    /// Makes a function of its code, where it is written.
    pub(super) fn make_function(
        &mut self,
        frame: &mut Frame,
        code: &std::sync::Arc<Code>,
    ) -> Run<Rc<Function>> {
        let mut defaults = Vec::new();
        for param in code.params.positional.iter().chain(&code.params.keyword_only) {
            if let Some(default) = &param.default {
                defaults.push(self.eval(frame, default)?);
            }
        }
        let name = match &*frame.name {
            "<module>" => code.name.as_str().into(),
            around => format!("{around}.<locals>.{}", code.name).into(),
        };
        Ok(closure(name, code, frame, defaults))
    }
}

/// A function of its code, the variables around it and its defaults.
pub(super) fn closure(
    name: Rc<str>,
    code: &std::sync::Arc<Code>,
    frame: &Frame,
    defaults: Vec<Obj>,
) -> Rc<Function> {
    use crate::plan::code::Capture;
    let captured: Rc<[CellRef]> = code
        .captures
        .iter()
        .map(|(capture, _)| match *capture {
            Capture::Cell(number) => frame.cells[number as usize].clone(),
            Capture::Outer(number) => frame.captured[number as usize].clone(),
        })
        .collect();
    let globals: Rc<Globals> = frame.globals.clone();
    Rc::new(Function { name, code: code.clone(), captured, defaults, globals })
}

/// The values of the parameters, as the first locals.
fn bind(function: &Function, args: Arguments) -> Run<Vec<Option<Obj>>> {
    let params = &function.code.params;
    let positional = params.positional.len();
    let given = args.positional.len();
    let mut locals: Vec<Option<Obj>> = vec![None; positional + params.keyword_only.len()];
    let mut positionals = args.positional.into_iter();
    for (local, arg) in locals[..positional].iter_mut().zip(positionals.by_ref()) {
        *local = Some(arg);
    }
    let surplus: Vec<Obj> = positionals.collect();
    let mut others = Vec::new();
    let mut by_position_only = Vec::new();
    for (name, value) in args.keywords {
        let names = params.positional.iter().chain(&params.keyword_only);
        match names.map(|param| &param.name).position(|known| **known == *name) {
            Some(number) if number < params.positional_only => {
                if params.keywords.is_some() {
                    others.push((name, value));
                } else {
                    by_position_only.push(name);
                }
            }
            Some(number) if locals[number].is_some() => {
                return Err(refuse(function, format!("got multiple values for argument '{name}'")));
            }
            Some(number) => locals[number] = Some(value),
            None if params.keywords.is_some() => others.push((name, value)),
            None => {
                return Err(refuse(function, format!("got an unexpected keyword argument '{name}'")));
            }
        }
    }
    if !by_position_only.is_empty() {
        let names = by_position_only.join(", ");
        let message = format!("got some positional-only arguments passed as keyword arguments: '{names}'");
        return Err(refuse(function, message));
    }
    if !surplus.is_empty() && params.rest.is_none() {
        let keyword_only = locals[positional..].iter().flatten().count();
        return Err(refuse(function, too_many(&params.positional, given, keyword_only)));
    }
    let defaults = function.defaults.clone();
    fill(&mut locals, params.positional.iter().chain(&params.keyword_only), defaults);
    missing(function, &params.positional, &locals[..positional], "positional")?;
    missing(function, &params.keyword_only, &locals[positional..], "keyword-only")?;
    if params.rest.is_some() {
        locals.push(Some(Obj::tuple(surplus)));
    }
    if params.keywords.is_some() {
        locals.push(Some(super::mutate::dict_of_names(others)));
    }
    Ok(locals)
}

fn fill<'p>(locals: &mut [Option<Obj>], params: impl Iterator<Item = &'p Param>, defaults: Vec<Obj>) {
    let mut defaults = defaults.into_iter();
    for (local, param) in locals.iter_mut().zip(params) {
        if param.default.is_some() {
            let default = defaults.next();
            if local.is_none() {
                *local = default;
            }
        }
    }
}

fn refuse(function: &Function, message: impl AsRef<str>) -> Halt {
    Halt::new(&TYPE_ERROR, format!("{}() {}", function.name, message.as_ref()))
}

fn too_many(params: &[Param], given: usize, keyword_only: usize) -> String {
    let most = params.len();
    let least = params.iter().filter(|param| param.default.is_none()).count();
    let takes = match least == most {
        true => format!("takes {most} positional argument{}", if most == 1 { "" } else { "s" }),
        false => format!("takes from {least} to {most} positional arguments"),
    };
    let given = match keyword_only {
        0 => format!("{given} {} given", if given == 1 { "was" } else { "were" }),
        _ => format!(
            "{given} positional argument{} (and {keyword_only} keyword-only argument{}) were given",
            if given == 1 { "" } else { "s" },
            if keyword_only == 1 { "" } else { "s" },
        ),
    };
    format!("{takes} but {given}")
}

fn missing(function: &Function, params: &[Param], locals: &[Option<Obj>], kind: &str) -> Run<()> {
    let names: Vec<_> = params
        .iter()
        .zip(locals)
        .filter(|(_, local)| local.is_none())
        .map(|(param, _)| format!("'{}'", param.name))
        .collect();
    let listed = match &names[..] {
        [] => return Ok(()),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [firsts @ .., last] => format!("{}, and {last}", firsts.join(", ")),
    };
    let plural = if names.len() == 1 { "" } else { "s" };
    Err(refuse(function, format!("missing {} required {kind} argument{plural}: {listed}", names.len())))
}

/// Where a call's name stands: what a message about the call points at, also in a chain over many lines.
pub(super) fn called_at(callee: &crate::plan::code::Expr, call: Span) -> Span {
    use crate::plan::code::ExprKind;
    match &callee.kind {
        ExprKind::Attribute(_, name) => {
            let length = u32::try_from(name.len()).unwrap_or(0);
            Span { start: callee.span.end.saturating_sub(length), end: callee.span.end }
        }
        ExprKind::Name(_) => callee.span,
        _ => call,
    }
}
