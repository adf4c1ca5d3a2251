//! f-strings, and `%` with a template that is known.

use std::fmt::Write;
use std::sync::Arc;

use bumpalo::collections::String as ArenaString;

use super::super::frame::Frame;
use super::super::unit::Expr;
use super::{Builder, expr};
use crate::batch::python;
use crate::batch::value::exceptions::NAME_ERROR;
use crate::batch::value::{Args, Binary, Outcome, Raised, Value, binary, call, repr_text, to_text};
use crate::plan::code::{self, Const, ExprKind, FormatPart, Item};

/// A piece of text to be put together.
enum Piece {
    /// Text as it is.
    Text(Arc<str>),
    /// `str(value)`
    Str(Expr),
    /// `value` converted, and formatted by what the second expression gives.
    Format(Expr, Option<char>, Expr),
}

impl Builder<'_, '_> {
    /// An f-string.
    pub fn format(&mut self, parts: &[FormatPart]) -> Expr {
        let pieces: Vec<_> = parts.iter().map(|part| self.piece(part)).collect();
        let room = room(pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Some(&**text),
            Piece::Str(_) | Piece::Format(..) => None,
        }));
        expr(move |frame| {
            let mut text = ArenaString::with_capacity_in(room, frame.heap.bump());
            for piece in &pieces {
                match piece {
                    Piece::Text(constant) => text.push_str(constant),
                    Piece::Str(value) => append(frame, value(frame)?, &mut text)?,
                    Piece::Format(value, conversion, spec) => {
                        let value = convert(frame, value(frame)?, *conversion)?;
                        let formatted = library(frame, "format", &[value, spec(frame)?])?;
                        append(frame, formatted, &mut text)?;
                    }
                }
            }
            Ok(frame.heap.text(text.into_bump_str()))
        })
    }

    fn piece(&mut self, part: &FormatPart) -> Piece {
        match part {
            FormatPart::Text(text) => Piece::Text(text.clone()),
            FormatPart::Value { value, conversion: None | Some('s'), spec } if spec.is_empty() => {
                Piece::Str(self.expr(value))
            }
            FormatPart::Value { value, conversion, spec } => {
                let spec = match &spec[..] {
                    [] => self.expr_constant(&Const::Str(Arc::from(""))),
                    [FormatPart::Text(text)] => self.expr_constant(&Const::Str(text.clone())),
                    parts => self.format(parts),
                };
                Piece::Format(self.expr(value), *conversion, spec)
            }
        }
    }

    fn expr_constant(&mut self, constant: &Const) -> Expr {
        Box::new(super::operands::constant(self.program.constant(constant)))
    }

    /// `"…%s…" % (…)`, where the template is known, has only plain fields, and as many as there are values.
    pub fn percent(&mut self, template: &code::Expr, values: &code::Expr) -> Option<Expr> {
        let ExprKind::Const(Const::Str(text)) = &template.kind else { return None };
        let fields = parse(text)?;
        let wanted = fields.iter().filter(|field| !matches!(field, Field::Text(_))).count();
        let values: Vec<Expr> = match &values.kind {
            ExprKind::Tuple(items) if items.len() == wanted => {
                let items = items.iter().map(|item| match item {
                    Item::One(item) => Some(item),
                    Item::Unpacked(_) => None,
                });
                items.collect::<Option<Vec<_>>>()?.into_iter().map(|item| self.expr(item)).collect()
            }
            ExprKind::Tuple(_) => return None,
            _ if wanted == 1 => {
                let value = self.expr(values);
                let template = self.expr_constant(&Const::Str(text.clone()));
                return Some(percent_one(template, fields, value));
            }
            _ => return None,
        };
        let template = self.expr_constant(&Const::Str(text.clone()));
        Some(expr(move |frame| {
            let mut evaluated = [Value::None; MOST_FIELDS];
            for (slot, value) in evaluated.iter_mut().zip(&values) {
                *slot = value(frame)?;
            }
            let evaluated = &evaluated[..values.len()];
            match fill(frame, &fields, evaluated)? {
                Some(text) => Ok(text),
                None => {
                    let values = frame.heap.tuple(evaluated);
                    binary(frame.heap, Binary::Mod, template(frame)?, values, false)
                }
            }
        }))
    }
}

/// With a single value that is not written as a tuple, yet may be one.
fn percent_one(template: Expr, fields: Vec<Field>, value: Expr) -> Expr {
    expr(move |frame| {
        let value = value(frame)?;
        let filled = match value {
            Value::Str(_) | Value::Int(_) => fill(frame, &fields, &[value])?,
            _ => None,
        };
        match filled {
            Some(text) => Ok(text),
            None => binary(frame.heap, Binary::Mod, template(frame)?, value, false),
        }
    })
}

/// Fields of a template at most, for it to be taken apart when code is compiled.
const MOST_FIELDS: usize = 16;

/// A part of a template for `%`.
enum Field {
    /// Text as it is.
    Text(String),
    /// `%s`
    Str,
    /// `%d`
    Int,
}

/// A template's parts, if it has only plain fields.
fn parse(template: &str) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    let mut text = String::new();
    let mut rest = template.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let field = match rest.next()? {
            '%' => {
                text.push('%');
                continue;
            }
            's' => Field::Str,
            'd' | 'i' => Field::Int,
            _ => return None,
        };
        fields.extend([Field::Text(std::mem::take(&mut text)), field]);
    }
    fields.push(Field::Text(text));
    fields.retain(|field| !matches!(field, Field::Text(text) if text.is_empty()));
    (fields.len() <= 2 * MOST_FIELDS).then_some(fields)
}

/// The filled template; nothing for values that `%d` does not take as they are.
fn fill<'a>(
    frame: &Frame<'_, 'a>,
    fields: &[Field],
    values: &[Value<'a>],
) -> Result<Option<Value<'a>>, Raised> {
    let room = room(fields.iter().map(|field| match field {
        Field::Text(text) => Some(&**text),
        Field::Str | Field::Int => None,
    }));
    let mut text = ArenaString::with_capacity_in(room, frame.heap.bump());
    let mut values = values.iter();
    for field in fields {
        match field {
            Field::Text(constant) => text.push_str(constant),
            Field::Str => match values.next() {
                Some(value) => append(frame, *value, &mut text)?,
                None => return Ok(None),
            },
            Field::Int => match values.next() {
                Some(value @ Value::Int(_)) => append(frame, *value, &mut text)?,
                _ => return Ok(None),
            },
        }
    }
    Ok(Some(frame.heap.text(text.into_bump_str())))
}

/// Bytes that a text of these constants, and of values in between, mostly takes.
fn room<'t>(pieces: impl Iterator<Item = Option<&'t str>>) -> usize {
    pieces.map(|piece| piece.map_or(16, str::len)).sum()
}

/// Appends `str(value)`.
#[inline]
fn append<'a>(frame: &Frame<'_, 'a>, value: Value<'a>, text: &mut ArenaString<'a>) -> Result<(), Raised> {
    match value {
        Value::Str(value) => text.push_str(value),
        Value::Int(number @ 0..=9) => text.push(char::from(b'0' + u8::try_from(number).unwrap_or(0))),
        Value::Int(number) => {
            // Writing to memory does not fail.
            let _ = write!(text, "{number}");
        }
        _ => text.push_str(to_text(frame.heap, value)?),
    }
    Ok(())
}

fn convert<'a>(frame: &Frame<'_, 'a>, value: Value<'a>, conversion: Option<char>) -> Outcome<'a> {
    match conversion {
        None => Ok(value),
        Some('r') => repr_text(frame.heap, value).map(|text| frame.heap.text(text)),
        Some('a') => library(frame, "ascii", &[value]),
        Some(_) => to_text(frame.heap, value).map(|text| frame.heap.text(text)),
    }
}

/// Calls a built-in, whatever the program calls by its name.
fn library<'a>(frame: &Frame<'_, 'a>, name: &str, positional: &[Value<'a>]) -> Outcome<'a> {
    match python::builtin(name) {
        Some(function) => call(frame.heap, function, Args { positional, keywords: &[] }),
        None => Err(frame.heap.raise(&NAME_ERROR, format!("name '{name}' is not defined"))),
    }
}
