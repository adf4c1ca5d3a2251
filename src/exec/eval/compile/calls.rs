//! Calls of functions, classes and methods.

use std::array;
use std::sync::{Arc, OnceLock};

use super::super::frame::Frame;
use super::super::instance::call_positional;
use super::super::names::{Resolution, Static};
use super::super::operate::for_each;
use super::super::unit::Expr;
use super::displays::is_iterable;
use super::operands::{Shape, left_operand};
use super::{Builder, expr, operands};
use crate::batch::python;
use crate::batch::python::text::count_pieces;
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{
    Args, Heap, Native, NativeFn, Outcome, Raised, TypeInfo, Value, call, get_attribute, length, type_of,
};
use crate::kernel;
use crate::plan::code::{self, Arg, Const, ExprKind, Place};
use crate::plan::split_text;

impl Builder<'_, '_> {
    /// `callee(args)`
    pub fn call(&mut self, callee: &code::Expr, args: &[Arg]) -> Expr {
        if let [Arg::Positional(arg)] = args
            && self.is_len(callee)
        {
            if let Some(pieces) = self.count_pieces(arg) {
                return pieces;
            }
            let arg = self.shape(arg);
            return left_operand!(arg, arg => expr(move |frame| {
                let arg = arg(frame)?;
                let length = match arg {
                    Value::Str(text) => Ok(text.chars().count()),
                    _ => length(frame.heap, arg),
                };
                length.map(count)
            }));
        }
        match self.positional(args) {
            Some(args) => match args.len() {
                0 => self.call_n::<0>(callee, args),
                1 => self.call_n::<1>(callee, args),
                2 => self.call_n::<2>(callee, args),
                3 => self.call_n::<3>(callee, args),
                _ => self.call_any(callee, args.into_iter().map(Argument::Positional).collect()),
            },
            None => {
                let args = args.iter().map(|arg| self.argument(arg)).collect();
                self.call_any(callee, args)
            }
        }
    }

    /// `len(text.split(","))`: nobody sees the pieces.
    fn count_pieces(&mut self, pieces: &code::Expr) -> Option<Expr> {
        let (text, separator) = split_text(pieces)?;
        if self.local_slot(pieces).is_some() {
            return None;
        }
        let separator = separator.cloned();
        let constant = separator.clone().map(|separator| self.program.constant(&Const::Str(separator)));
        let text = self.shape(text);
        Some(left_operand!(text, text => expr(move |frame| {
            let text = text(frame)?;
            if let Value::Str(text) = text {
                return Ok(count(match separator.as_deref().map(str::as_bytes) {
                    Some([byte]) => kernel::count_byte(text.as_bytes(), *byte) + 1,
                    _ => count_pieces(text, separator.as_deref()),
                }));
            }
            let method = get_attribute(frame.heap, text, "split")?;
            let pieces = match constant {
                Some(number) => call_positional(frame.heap, method, &[frame.constants[number]])?,
                None => call_positional(frame.heap, method, &[])?,
            };
            length(frame.heap, pieces).map(count)
        })))
    }

    /// The arguments, if all are by position.
    fn positional(&mut self, args: &[Arg]) -> Option<Vec<Expr>> {
        let plain = args.iter().all(|arg| matches!(arg, Arg::Positional(_)));
        plain.then(|| {
            let values = args.iter().filter_map(|arg| match arg {
                Arg::Positional(value) => Some(self.expr(value)),
                _ => None,
            });
            values.collect()
        })
    }

    fn argument(&mut self, arg: &Arg) -> Argument {
        match arg {
            Arg::Positional(value) => Argument::Positional(self.expr(value)),
            Arg::Unpacked(values) => Argument::Unpacked(self.expr(values)),
            Arg::Keyword(name, value) => {
                Argument::Keyword(self.program.constant(&Const::Str(name.clone())), self.expr(value))
            }
            Arg::Keywords(values) => Argument::Keywords(self.expr(values)),
        }
    }

    /// Whether this is the built-in `len`.
    fn is_len(&mut self, callee: &code::Expr) -> bool {
        match (self.known_value(callee), python::builtin("len")) {
            (Some(Static::Native(callee)), Some(Value::Native(len))) => std::ptr::eq(callee, len),
            _ => false,
        }
    }

    /// A built-in function or class that is called without further ado.
    fn direct(&mut self, callee: &code::Expr) -> Option<NativeFn> {
        match self.known_value(callee)? {
            Static::Native(native) => Some(native.call),
            Static::Type(class) => class.new,
            Static::Module(_) | Static::Const(_) => None,
        }
    }

    /// A call with `N` arguments by position: they stay on the stack.
    fn call_n<const N: usize>(&mut self, callee: &code::Expr, args: Vec<Expr>) -> Expr {
        let args: [Expr; N] =
            args.try_into().unwrap_or_else(|_| array::from_fn(|_| expr(|_| Ok(Value::None))));
        if let Some(function) = self.direct(callee) {
            return expr(move |frame| {
                let args = evaluate(frame, &args)?;
                function(frame.heap, Args { positional: &args, keywords: &[] })
            });
        }
        if let ExprKind::Name(Place::Global(name)) = &callee.kind
            && matches!(self.program.resolve(name), Resolution::Eval)
        {
            return expr(move |frame| {
                let positional = &evaluate(frame, &args)?;
                frame.instance.evaluate(frame.heap, Args { positional, keywords: &[] })
            });
        }
        if let ExprKind::Attribute(object, name) = &callee.kind
            && self.known_value(callee).is_none()
        {
            let site = Site::new(name.clone());
            let object = self.shape(object);
            return left_operand!(object, object => method_n(object, site, args));
        }
        let callee = self.expr(callee);
        expr(move |frame| {
            let callee = callee(frame)?;
            call_positional(frame.heap, callee, &evaluate(frame, &args)?)
        })
    }

    /// A call with arguments of any kind.
    fn call_any(&mut self, callee: &code::Expr, args: Vec<Argument>) -> Expr {
        if let ExprKind::Attribute(object, name) = &callee.kind
            && self.known_value(callee).is_none()
        {
            let (site, object) = (Site::new(name.clone()), self.expr(object));
            return expr(move |frame| {
                let object = object(frame)?;
                let (callee, first) = match site.find(frame.heap, object)? {
                    Method::Native(native) => (Value::Native(native), Some(object)),
                    Method::Value(callee) => (callee, None),
                };
                call_with(frame, callee, first, &args)
            });
        }
        let callee = self.expr(callee);
        expr(move |frame| {
            let callee = callee(frame)?;
            call_with(frame, callee, None, &args)
        })
    }
}

/// A number of items: no more than an `int` of 64 bits holds fit into memory.
fn count<'a>(items: usize) -> Value<'a> {
    Value::Int(i64::try_from(items).unwrap_or(i64::MAX))
}

fn method_n<const N: usize>(
    object: impl for<'f, 'a> Fn(&Frame<'f, 'a>) -> Outcome<'a> + Send + Sync + 'static,
    site: Site,
    args: [Expr; N],
) -> Expr {
    expr(move |frame| {
        let object = object(frame)?;
        match site.find(frame.heap, object)? {
            Method::Native(native) => match evaluate(frame, &args)?[..] {
                // An array of `N + 1` cannot be named.
                [] => (native.call)(frame.heap, Args { positional: &[object], keywords: &[] }),
                [a] => (native.call)(frame.heap, Args { positional: &[object, a], keywords: &[] }),
                [a, b] => (native.call)(frame.heap, Args { positional: &[object, a, b], keywords: &[] }),
                ref others => {
                    let positional = &[&[object], others].concat();
                    (native.call)(frame.heap, Args { positional, keywords: &[] })
                }
            },
            Method::Value(callee) => call_positional(frame.heap, callee, &evaluate(frame, &args)?),
        }
    })
}

/// The values of arguments, on the stack.
#[inline(always)]
fn evaluate<'a, const N: usize>(frame: &Frame<'_, 'a>, args: &[Expr; N]) -> Result<[Value<'a>; N], Raised> {
    let mut values = [Value::None; N];
    for (value, arg) in values.iter_mut().zip(args) {
        *value = arg(frame)?;
    }
    Ok(values)
}

/// Where a method is called: it remembers the class that it saw first.
struct Site {
    name: Arc<str>,
    seen: OnceLock<(&'static TypeInfo, &'static Native)>,
}

/// What a method's name stands for.
enum Method<'a> {
    /// A method of the object's class.
    Native(&'static Native),
    /// Any attribute.
    Value(Value<'a>),
}

impl Site {
    fn new(name: Arc<str>) -> Self {
        Site { name, seen: OnceLock::new() }
    }

    #[inline(always)]
    fn find<'a>(&self, heap: &Heap<'a>, object: Value<'a>) -> Result<Method<'a>, Raised> {
        match self.seen.get() {
            Some((class, native)) if std::ptr::eq(*class, type_of(object)) => Ok(Method::Native(native)),
            _ => self.search(heap, object),
        }
    }

    #[inline(never)]
    fn search<'a>(&self, heap: &Heap<'a>, object: Value<'a>) -> Result<Method<'a>, Raised> {
        let class = type_of(object);
        // The attributes of modules and classes are their own.
        if !matches!(object, Value::Module(_) | Value::Type(_))
            && let Some(native) = class.method(&self.name)
            && !native.is_static()
        {
            // Whichever class comes first is as good as any.
            let _ = self.seen.set((class, native));
            return Ok(Method::Native(native));
        }
        get_attribute(heap, object, &self.name).map(Method::Value)
    }
}

/// An argument; keywords are named by the number of a constant.
enum Argument {
    Positional(Expr),
    Unpacked(Expr),
    Keyword(usize, Expr),
    Keywords(Expr),
}

/// Calls with arguments of any kind; `first` comes before them.
fn call_with<'a>(
    frame: &Frame<'_, 'a>,
    callee: Value<'a>,
    first: Option<Value<'a>>,
    args: &[Argument],
) -> Outcome<'a> {
    let heap = frame.heap;
    let mut positional: Vec<Value<'a>> = Vec::with_capacity(args.len() + 1);
    positional.extend(first);
    let mut keywords: Vec<(&'a str, Value<'a>)> = Vec::new();
    // What stands alone behind a `*` is looked at when all arguments are there, as CPython does.
    let by_position = |arg: &&Argument| matches!(arg, Argument::Positional(_) | Argument::Unpacked(_));
    let is_alone = args.iter().filter(by_position).nth(1).is_none();
    let (mut fault, mut are_text) = (None, true);
    for arg in args {
        match arg {
            Argument::Positional(value) => positional.push(value(frame)?),
            Argument::Unpacked(values) => {
                let values = values(frame)?;
                if !is_iterable(values) {
                    let class = type_of(values).name;
                    if is_alone {
                        fault = Some(class);
                        continue;
                    }
                    let message = format!("Value after * must be an iterable, not {class}");
                    return Err(heap.raise(&TYPE_ERROR, message));
                }
                for_each(heap, values, |value| {
                    positional.push(value);
                    // An endless iterator ends in a `MemoryError`.
                    if positional.len().is_power_of_two() {
                        heap.check()?;
                        heap.check_memory(positional.len().saturating_mul(size_of::<Value<'_>>()))?;
                    }
                    Ok(())
                })?;
            }
            Argument::Keyword(number, value) => {
                let name = frame.constants[*number].as_str().expect("names of arguments are text");
                let value = value(frame)?;
                add_keyword(heap, (callee, first), &mut keywords, name, value)?;
            }
            Argument::Keywords(values) => match values(frame)? {
                Value::Dict(dict) => {
                    let mut place = 0;
                    while let Some((next, key, value)) = dict.entry(place) {
                        match key {
                            Value::Str(key) => {
                                add_keyword(heap, (callee, first), &mut keywords, key, value)?;
                            }
                            _ => are_text = false,
                        }
                        place = next;
                    }
                }
                values => {
                    let class = type_of(values).name;
                    let message =
                        format!("{} argument after ** must be a mapping, not {class}", name(callee, first));
                    return Err(heap.raise(&TYPE_ERROR, message));
                }
            },
        }
    }
    if let Some(class) = fault {
        let message = format!("{} argument after * must be an iterable, not {class}", name(callee, first));
        return Err(heap.raise(&TYPE_ERROR, message));
    }
    if !are_text {
        return Err(heap.raise(&TYPE_ERROR, "keywords must be strings"));
    }
    call(heap, callee, Args { positional: &positional, keywords: &keywords })
}

fn add_keyword<'a>(
    heap: &Heap<'a>,
    (callee, first): (Value<'a>, Option<Value<'a>>),
    keywords: &mut Vec<(&'a str, Value<'a>)>,
    keyword: &'a str,
    value: Value<'a>,
) -> Result<(), Raised> {
    if keywords.iter().any(|(known, _)| *known == keyword) {
        let message = format!("{} got multiple values for keyword argument '{keyword}'", name(callee, first));
        return Err(heap.raise(&TYPE_ERROR, message));
    }
    keywords.push((keyword, value));
    Ok(())
}

/// What messages call a callee; `first` is the object that it is a method of.
fn name(callee: Value<'_>, first: Option<Value<'_>>) -> String {
    match callee {
        Value::Function(function) => {
            format!("__main__.{}()", function.code.qualified().unwrap_or(function.name))
        }
        Value::Native(native) => match first {
            Some(object) => format!("{}.{}()", type_of(object).name, native.name),
            None => format!("{}()", native.name),
        },
        Value::Bound(&(object, native)) => format!("{}.{}()", type_of(object).name, native.name),
        Value::Type(class) => format!("{}()", class.name),
        _ => format!("{} object", type_of(callee).name),
    }
}
