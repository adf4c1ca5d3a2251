//! `target op= value`, and counting in a dict, which takes one look-up.

use super::super::operate::{Add, Mul, Operator, Sub, get_any};
use super::super::unit::Action;
use super::names::index;
use super::operands::{Shape, right_operand};
use super::targets::put;
use super::{Builder, action, operands, refuse};
use crate::batch::value::{Binary, Dict, Heap, Raised, Value, binary, get_slice, set_slice};
use crate::plan::code::{self, Arg, Const, ExprKind, Place, Target};

impl Builder<'_, '_> {
    /// `target op= value`
    pub fn update(&mut self, target: &Target, op: Binary, value: &code::Expr) -> Action {
        match target {
            Target::Name(Place::Local(local), _) => {
                let (slot, value) = (index(*local), self.shape(value));
                match op {
                    Binary::Add => update_local::<Add>(slot, value),
                    Binary::Sub => update_local::<Sub>(slot, value),
                    Binary::Mul => update_local::<Mul>(slot, value),
                    _ => {
                        let value = operands::boxed(value);
                        action(move |frame| {
                            let old = frame.local(slot)?;
                            let new = binary(frame.heap, op, old, value(frame)?, true)?;
                            frame.slots[slot].set(Some(new));
                            Ok(())
                        })
                    }
                }
            }
            Target::Name(place, _) => {
                let (old, value, store) = (self.name(place), self.expr(value), self.store_name(place));
                action(move |frame| {
                    let old = old(frame)?;
                    store(frame, binary(frame.heap, op, old, value(frame)?, true)?)
                })
            }
            Target::Index(base, index, _) => {
                let in_dict = matches!(value.kind, ExprKind::Const(_));
                let (base, index, value) = (self.expr(base), self.expr(index), self.expr(value));
                action(move |frame| {
                    let (base, index) = (base(frame)?, index(frame)?);
                    if let Value::Dict(dict) = base
                        && in_dict
                        && update_entry(frame.heap, dict, index, op, value(frame)?)?
                    {
                        return Ok(());
                    }
                    let old = get_any(frame.heap, base, index)?;
                    let new = binary(frame.heap, op, old, value(frame)?, true)?;
                    put(frame.heap, base, index, new)
                })
            }
            Target::Slice(base, parts, _) => {
                let (base, value) = (self.expr(base), self.expr(value));
                let [start, stop, step] = self.slice_parts(parts.each_ref().map(Option::as_ref));
                action(move |frame| {
                    let base = base(frame)?;
                    let [start, stop, step] = [start(frame)?, stop(frame)?, step(frame)?];
                    let old = get_slice(frame.heap, base, start, stop, step)?;
                    let new = binary(frame.heap, op, old, value(frame)?, true)?;
                    set_slice(frame.heap, base, [start, stop, step], new)
                })
            }
            Target::Attribute(..) => action(|frame| Err(refuse(frame, "assignment to attributes"))),
            // The parser knows no such thing.
            Target::Unpack(..) => action(|frame| Err(refuse(frame, "this assignment"))),
        }
    }

    /// `d[k] = d.get(k, default) op value` with `d` and `k` locals, and constants: as people count in a dict.
    pub fn counting(&mut self, target: &Target, value: &code::Expr) -> Option<Action> {
        let Target::Index(base, key, _) = target else { return None };
        let ExprKind::Binary(op, old, term) = &value.kind else { return None };
        let ExprKind::Call { callee, args } = &old.kind else { return None };
        let ExprKind::Attribute(object, name) = &callee.kind else { return None };
        let [Arg::Positional(sought), Arg::Positional(default)] = &args[..] else { return None };
        let is_constant = |expr: &code::Expr| matches!(expr.kind, ExprKind::Const(Const::Int(_)));
        let (dict, slot) = (self.local_slot(base)?, self.local_slot(key)?);
        let same = self.local_slot(object) == Some(dict) && self.local_slot(sought) == Some(slot);
        if !same || &**name != "get" || *op != Binary::Add || !is_constant(default) || !is_constant(term) {
            return None;
        }
        let (default, term) = (operands::constant_int(default)?, operands::constant_int(term)?);
        let (value, store) = (self.expr(value), self.store(target));
        Some(action(move |frame| match frame.local(dict)? {
            Value::Dict(dict) => dict.update(frame.heap, frame.local(slot)?, |old| {
                let old = old.unwrap_or(Value::Int(default));
                Add::apply(frame.heap, old, Value::Int(term), false)
            }),
            _ => store(frame, value(frame)?),
        }))
    }
}

/// `dict[key] op= value` for a key that is there; whether it is.
fn update_entry<'a>(
    heap: &Heap<'a>,
    dict: &Dict<'a>,
    key: Value<'a>,
    op: Binary,
    value: Value<'a>,
) -> Result<bool, Raised> {
    let mut missing = false;
    let updated = dict.update(heap, key, |old| match old {
        Some(old) => match (op, old, value) {
            (Binary::Add, Value::Int(_), Value::Int(_)) => Add::apply(heap, old, value, true),
            _ => binary(heap, op, old, value, true),
        },
        None => {
            missing = true;
            // Nothing is raised: the look-up is made again as for any container.
            Err(Raised)
        }
    });
    if missing { Ok(false) } else { updated.map(|()| true) }
}

fn update_local<O: Operator>(slot: usize, value: Shape) -> Action {
    right_operand!(value, value => action(move |frame| {
        let old = frame.local(slot)?;
        frame.slots[slot].set(Some(O::apply(frame.heap, old, value(frame)?, true)?));
        Ok(())
    }))
}
