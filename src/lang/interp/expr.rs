//! Expressions.

use std::rc::Rc;

use super::call::{Arguments, called_at, closure};
use super::mutate::{dict_of, set_of};
use super::object::Obj;
use super::table::Table;
use super::{Frame, Halt, Interp, Run};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::plan::code::{
    Arg, Clause, Code, Comprehension, ComprehensionKind, Const, Expr, ExprKind, FormatPart, Item, Place,
};

impl Interp<'_> {
    /// The value of an expression.
    pub(super) fn eval(&mut self, frame: &mut Frame, expr: &Expr) -> Run<Obj> {
        match &expr.kind {
            ExprKind::Const(constant) => constant_value(constant),
            ExprKind::Name(place) => {
                let value = self.name(frame, place);
                if value.is_err() {
                    frame.place = expr.span;
                }
                value
            }
            ExprKind::Unary(op, operand) => {
                let operand = self.eval(frame, operand)?;
                frame.place = expr.span;
                self.unary(*op, &operand)
            }
            ExprKind::Not(operand) => {
                let operand = self.eval(frame, operand)?;
                Ok(Obj::Bool(!self.truth(&operand)?))
            }
            ExprKind::Binary(op, left, right) => {
                let left = self.eval(frame, left)?;
                let right = self.eval(frame, right)?;
                frame.place = expr.span;
                self.binary(*op, &left, &right, false)
            }
            ExprKind::And(operands) => self.short_circuit(frame, operands, false),
            ExprKind::Or(operands) => self.short_circuit(frame, operands, true),
            ExprKind::Compare(first, rest) => {
                let mut left = self.eval(frame, first)?;
                let mut result = Obj::Bool(true);
                for (number, (op, right)) in rest.iter().enumerate() {
                    let right = self.eval(frame, right)?;
                    frame.place = expr.span;
                    result = self.compare(*op, &left, &right)?;
                    if number + 1 < rest.len() && !self.truth(&result)? {
                        break;
                    }
                    left = right;
                }
                Ok(result)
            }
            ExprKind::If { test, then, otherwise } => {
                let test = self.eval(frame, test)?;
                match self.truth(&test)? {
                    true => self.eval(frame, then),
                    false => self.eval(frame, otherwise),
                }
            }
            ExprKind::Call { callee, args } => self.eval_call(frame, expr, callee, args),
            ExprKind::Attribute(object, name) => {
                let object = self.eval(frame, object)?;
                frame.place = expr.span;
                self.attribute(&object, name)
            }
            ExprKind::Index(object, index) => {
                let object = self.eval(frame, object)?;
                let index = self.eval(frame, index)?;
                frame.place = expr.span;
                self.item(&object, &index)
            }
            ExprKind::Slice(object, bounds) => {
                let object = self.eval(frame, object)?;
                let mut slice = [Obj::None, Obj::None, Obj::None];
                for (part, bound) in slice.iter_mut().zip(bounds) {
                    if let Some(bound) = bound {
                        *part = self.eval(frame, bound)?;
                    }
                }
                frame.place = expr.span;
                self.slice(&object, &slice)
            }
            ExprKind::Tuple(items) => Ok(Obj::tuple(self.display(frame, items)?)),
            ExprKind::List(items) => Ok(Obj::list(self.display(frame, items)?)),
            ExprKind::Set(items) => {
                let mut table = Table::default();
                for item in self.display(frame, items)? {
                    frame.place = expr.span;
                    self.add(&mut table, item)?;
                }
                Ok(set_of(table))
            }
            ExprKind::Dict(entries) => self.eval_dict(frame, expr, entries),
            ExprKind::Comprehension(comprehension) => self.comprehension(frame, expr, comprehension),
            ExprKind::Generator(code, first) => {
                let first = self.eval(frame, first)?;
                frame.place = expr.span;
                let first = Obj::Iterator(self.iterate(&first)?);
                let function = closure("<genexpr>".into(), code, frame, Vec::new());
                self.call(&Obj::Function(function), vec![first])
            }
            ExprKind::Lambda(code) => self.lambda(frame, code),
            ExprKind::Format(parts) => self.format_parts(frame, parts).map(Obj::str),
            ExprKind::Assign(place, value) => {
                let value = self.eval(frame, value)?;
                self.set_place(frame, place, Some(value.clone()));
                Ok(value)
            }
            // Generator functions were looked through before they began.
            ExprKind::Yield(_) | ExprKind::YieldFrom(_) => {
                Err(Halt::new(&VALUE_ERROR, "yield in a place that cannot be stopped at"))
            }
        }
    }

    fn lambda(&mut self, frame: &mut Frame, code: &std::sync::Arc<Code>) -> Run<Obj> {
        Ok(Obj::Function(self.make_function(frame, code)?))
    }

    fn short_circuit(&mut self, frame: &mut Frame, operands: &[Expr], until: bool) -> Run<Obj> {
        let mut value = Obj::None;
        for (number, operand) in operands.iter().enumerate() {
            value = self.eval(frame, operand)?;
            if number + 1 < operands.len() && self.truth(&value)? == until {
                break;
            }
        }
        Ok(value)
    }

    fn eval_call(&mut self, frame: &mut Frame, expr: &Expr, callee: &Expr, args: &[Arg]) -> Run<Obj> {
        let at = called_at(callee, expr.span);
        match &callee.kind {
            ExprKind::Attribute(object, name) => {
                let object = self.eval(frame, object)?;
                let args = self.arguments(frame, args, at)?;
                self.calling(frame, at);
                self.call_attribute(&object, name, args)
            }
            ExprKind::Name(Place::Global(name)) if &**name == "super" && args.is_empty() => {
                frame.place = at;
                self.super_of(frame)
            }
            _ => {
                let callee = self.eval(frame, callee)?;
                let args = self.arguments(frame, args, at)?;
                self.calling(frame, at);
                self.call_with(&callee, args)
            }
        }
    }

    fn calling(&mut self, frame: &mut Frame, at: crate::plan::code::Span) {
        frame.place = at;
        if !frame.globals.prelude {
            self.site = Some((frame.code.source.clone(), at));
        }
    }

    fn arguments(&mut self, frame: &mut Frame, args: &[Arg], at: crate::plan::code::Span) -> Run<Arguments> {
        let mut arguments = Arguments::default();
        for arg in args {
            match arg {
                Arg::Positional(value) => arguments.positional.push(self.eval(frame, value)?),
                Arg::Unpacked(values) => {
                    let values = self.eval(frame, values)?;
                    frame.place = at;
                    let values = self.items(&values).map_err(|halt| match self.iterates(&values) {
                        true => halt,
                        false => Halt::new(
                            &TYPE_ERROR,
                            format!("argument after * must be an iterable, not {}", self.type_name(&values)),
                        ),
                    })?;
                    arguments.positional.extend(values);
                }
                Arg::Keyword(name, value) => {
                    let value = self.eval(frame, value)?;
                    arguments.keywords.push((Rc::from(&**name), value));
                }
                Arg::Keywords(values) => {
                    let values = self.eval(frame, values)?;
                    frame.place = at;
                    let Obj::Dict(dict) = &values else {
                        let name = self.type_name(&values);
                        let message = format!("argument after ** must be a mapping, not {name}");
                        return Err(Halt::new(&TYPE_ERROR, message));
                    };
                    for (_, key, value) in dict.table.borrow().iter() {
                        let Obj::Str(name) = key else {
                            return Err(Halt::new(&TYPE_ERROR, "keywords must be strings"));
                        };
                        arguments.keywords.push((name.clone(), value.clone()));
                    }
                }
            }
        }
        for (number, (name, _)) in arguments.keywords.iter().enumerate() {
            if arguments.keywords[..number].iter().any(|(earlier, _)| earlier == name) {
                frame.place = at;
                let message = format!("got multiple values for keyword argument '{name}'");
                return Err(Halt::new(&TYPE_ERROR, message));
            }
        }
        Ok(arguments)
    }

    fn iterates(&self, object: &Obj) -> bool {
        match object {
            Obj::Instance(instance) => instance.class.find("__iter__").is_some(),
            Obj::Iterator(_) | Obj::List(_) | Obj::Tuple(_) | Obj::Dict(_) | Obj::Set(_) | Obj::Deque(_) => {
                true
            }
            _ => false,
        }
    }

    fn display(&mut self, frame: &mut Frame, items: &[Item]) -> Run<Vec<Obj>> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::One(value) => values.push(self.eval(frame, value)?),
                Item::Unpacked(more) => {
                    let span = more.span;
                    let more = self.eval(frame, more)?;
                    frame.place = span;
                    values.extend(self.items(&more)?);
                }
            }
        }
        Ok(values)
    }

    fn add(&mut self, table: &mut Table, member: Obj) -> Run<()> {
        let key = self.key(&member)?;
        if !table.contains(&key) {
            table.insert(key, member, Obj::None);
        }
        Ok(())
    }

    fn eval_dict(&mut self, frame: &mut Frame, expr: &Expr, entries: &[(Option<Expr>, Expr)]) -> Run<Obj> {
        let mut table = Table::default();
        for (key, value) in entries {
            match key {
                Some(key) => {
                    let key = self.eval(frame, key)?;
                    let value = self.eval(frame, value)?;
                    frame.place = expr.span;
                    table.insert(self.key(&key)?, key, value);
                }
                None => {
                    let more = self.eval(frame, value)?;
                    frame.place = expr.span;
                    let Obj::Dict(more) = &more else {
                        let name = self.type_name(&more);
                        return Err(Halt::new(&TYPE_ERROR, format!("'{name}' object is not a mapping")));
                    };
                    for (key, object, value) in more.table.borrow().iter() {
                        table.insert(key.clone(), object.clone(), value.clone());
                    }
                }
            }
        }
        Ok(dict_of(table))
    }

    fn comprehension(&mut self, frame: &mut Frame, expr: &Expr, made: &Comprehension) -> Run<Obj> {
        let Some(first) = made.clauses.first() else { return Ok(Obj::None) };
        // The first iterable means the variables around, also those of the same name.
        let first = self.eval(frame, &first.iterable)?;
        self.renew(frame, &made.cells);
        let mut items = Vec::new();
        let mut table = Table::default();
        self.clauses(frame, &made.clauses, Some(first), &mut |interp, frame| {
            match &made.kind {
                ComprehensionKind::List(item) => items.push(interp.eval(frame, item)?),
                ComprehensionKind::Set(item) => {
                    let item = interp.eval(frame, item)?;
                    frame.place = expr.span;
                    interp.add(&mut table, item)?;
                }
                ComprehensionKind::Dict(key, value) => {
                    let key = interp.eval(frame, key)?;
                    let value = interp.eval(frame, value)?;
                    frame.place = expr.span;
                    table.insert(interp.key(&key)?, key, value);
                }
            }
            Ok(())
        })?;
        Ok(match &made.kind {
            ComprehensionKind::List(_) => Obj::list(items),
            ComprehensionKind::Set(_) => set_of(table),
            ComprehensionKind::Dict(..) => dict_of(table),
        })
    }

    fn clauses(
        &mut self,
        frame: &mut Frame,
        clauses: &[Clause],
        first: Option<Obj>,
        body: &mut dyn FnMut(&mut Self, &mut Frame) -> Run<()>,
    ) -> Run<()> {
        let [clause, inner @ ..] = clauses else { return body(self, frame) };
        let over = match first {
            Some(over) => over,
            None => self.eval(frame, &clause.iterable)?,
        };
        frame.place = clause.iterable.span;
        let iter = self.iterate(&over)?;
        'items: while let Some(item) = self.next(&iter)? {
            self.check()?;
            self.assign(frame, &clause.target, item)?;
            for condition in &clause.conditions {
                let condition = self.eval(frame, condition)?;
                if !self.truth(&condition)? {
                    continue 'items;
                }
            }
            self.clauses(frame, inner, None, body)?;
            frame.place = clause.iterable.span;
        }
        Ok(())
    }

    fn format_parts(&mut self, frame: &mut Frame, parts: &[FormatPart]) -> Run<String> {
        let mut out = String::new();
        for part in parts {
            match part {
                FormatPart::Text(text) => out.push_str(text),
                FormatPart::Value { value, conversion, spec } => {
                    let span = value.span;
                    let mut value = self.eval(frame, value)?;
                    frame.place = span;
                    match conversion {
                        Some('r') => value = Obj::str(self.repr(&value)?),
                        Some('a') => {
                            let Some(ascii) = self.library_builtin("ascii") else { continue };
                            value = self.call(&ascii, vec![value])?;
                        }
                        Some(_) => value = Obj::str(self.text(&value)?),
                        None => {}
                    }
                    let spec = self.format_parts(frame, spec)?;
                    frame.place = span;
                    out.push_str(&self.format(&value, &spec)?);
                }
            }
        }
        Ok(out)
    }
}

/// The value of a literal.
fn constant_value(constant: &Const) -> Run<Obj> {
    Ok(match constant {
        Const::None => Obj::None,
        Const::Bool(flag) => Obj::Bool(*flag),
        Const::Int(number) => Obj::Int(*number),
        Const::Big(digits) => match digits.parse() {
            Ok(number) => Obj::int(number),
            Err(_) => return Err(Halt::new(&VALUE_ERROR, format!("invalid literal for int(): {digits}"))),
        },
        Const::Float(number) => Obj::Float(*number),
        Const::Str(text) => Obj::str(text),
        Const::Bytes(bytes) => Obj::Bytes(Rc::from(&**bytes)),
        Const::Ellipsis => Obj::Ellipsis,
    })
}
