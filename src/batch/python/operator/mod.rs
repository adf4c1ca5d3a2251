//! `operator`.

mod getters;

pub use getters::{ATTR_GETTER, ITEM_GETTER, METHOD_CALLER};

use std::cmp::Ordering;

use super::args::{int, native, not_an_integer};
use super::function;
use super::tuples::same;
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{
    Args, Binary, Heap, Module, Native, Outcome, Raised, Unary, Value, binary, contains, delete_item, equal,
    get_item, identical, iterate, length, order, set_item, truth, type_of, unary,
};

/// `operator`
pub static MODULE: Module = Module { name: "operator", member };

fn member<'a>(_heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    match name {
        "itemgetter" => Some(Value::Type(&ITEM_GETTER)),
        "attrgetter" => Some(Value::Type(&ATTR_GETTER)),
        "methodcaller" => Some(Value::Type(&METHOD_CALLER)),
        _ => function(FUNCTIONS, name),
    }
}

macro_rules! functions {
    ($($name:literal |$heap:ident, $args:ident| $body:expr;)*) => {
        static FUNCTIONS: &[Native] = &[
            $(native($name, {
                fn call<'a>($heap: &Heap<'a>, $args: Args<'_, 'a>) -> Outcome<'a> {
                    $body
                }
                call
            }),)*
        ];
    };
}

functions! {
    "abs" |heap, args| super::builtins::absolute(heap, args);
    "add" |heap, args| arithmetic(heap, args, "add", Binary::Add, false);
    "and_" |heap, args| arithmetic(heap, args, "and_", Binary::And, false);
    "concat" |heap, args| concat(heap, args, "concat", false);
    "contains" |heap, args| {
        let [container, member] = two(heap, args, "contains")?;
        contains(heap, container, member).map(Value::bool)
    };
    "countOf" |heap, args| {
        let [values, wanted] = two(heap, args, "countOf")?;
        let values = iterate(heap, values)?;
        let mut count = 0_usize;
        while let Some(value) = values.next(heap)? {
            heap.check()?;
            count += usize::from(same(heap, value, wanted)?);
        }
        Ok(int(count))
    };
    "delitem" |heap, args| {
        let [container, key] = two(heap, args, "delitem")?;
        delete_item(heap, container, key)?;
        Ok(Value::None)
    };
    "eq" |heap, args| {
        let [a, b] = two(heap, args, "eq")?;
        equal(heap, a, b).map(Value::bool)
    };
    "floordiv" |heap, args| arithmetic(heap, args, "floordiv", Binary::FloorDiv, false);
    "ge" |heap, args| compare(heap, args, "ge", ">=", &[Ordering::Greater, Ordering::Equal]);
    "getitem" |heap, args| {
        let [container, key] = two(heap, args, "getitem")?;
        get_item(heap, container, key)
    };
    "gt" |heap, args| compare(heap, args, "gt", ">", &[Ordering::Greater]);
    "iadd" |heap, args| arithmetic(heap, args, "iadd", Binary::Add, true);
    "iand" |heap, args| arithmetic(heap, args, "iand", Binary::And, true);
    "iconcat" |heap, args| concat(heap, args, "iconcat", true);
    "ifloordiv" |heap, args| arithmetic(heap, args, "ifloordiv", Binary::FloorDiv, true);
    "ilshift" |heap, args| arithmetic(heap, args, "ilshift", Binary::LeftShift, true);
    "imod" |heap, args| arithmetic(heap, args, "imod", Binary::Mod, true);
    "imul" |heap, args| arithmetic(heap, args, "imul", Binary::Mul, true);
    "index" |heap, args| {
        let value = args.one(heap, "operator.index")?;
        let number = value.as_big().ok_or_else(|| not_an_integer(heap, value))?;
        Ok(heap.int(&number))
    };
    "indexOf" |heap, args| {
        let [values, wanted] = two(heap, args, "indexOf")?;
        let values = iterate(heap, values)?;
        let mut place = 0_usize;
        while let Some(value) = values.next(heap)? {
            heap.check()?;
            if same(heap, value, wanted)? {
                return Ok(int(place));
            }
            place += 1;
        }
        Err(heap.raise(&VALUE_ERROR, "sequence.index(x): x not in sequence"))
    };
    "inv" |heap, args| unary(heap, Unary::Invert, args.one(heap, "operator.inv")?);
    "invert" |heap, args| unary(heap, Unary::Invert, args.one(heap, "operator.invert")?);
    "ior" |heap, args| arithmetic(heap, args, "ior", Binary::Or, true);
    "ipow" |heap, args| arithmetic(heap, args, "ipow", Binary::Pow, true);
    "irshift" |heap, args| arithmetic(heap, args, "irshift", Binary::RightShift, true);
    "is_" |heap, args| {
        let [a, b] = two(heap, args, "is_")?;
        Ok(Value::bool(identical(a, b)))
    };
    "is_not" |heap, args| {
        let [a, b] = two(heap, args, "is_not")?;
        Ok(Value::bool(!identical(a, b)))
    };
    "isub" |heap, args| arithmetic(heap, args, "isub", Binary::Sub, true);
    "itruediv" |heap, args| arithmetic(heap, args, "itruediv", Binary::Div, true);
    "ixor" |heap, args| arithmetic(heap, args, "ixor", Binary::Xor, true);
    "le" |heap, args| compare(heap, args, "le", "<=", &[Ordering::Less, Ordering::Equal]);
    "length_hint" |heap, args| {
        let arguments = args.between(heap, "length_hint", 1, 2)?;
        Ok(match arguments[0] {
            Value::Iterator(iterator) => int(iterator.size_hint()),
            value => int(length(heap, value)?),
        })
    };
    "lshift" |heap, args| arithmetic(heap, args, "lshift", Binary::LeftShift, false);
    "lt" |heap, args| compare(heap, args, "lt", "<", &[Ordering::Less]);
    "matmul" |heap, args| arithmetic(heap, args, "matmul", Binary::MatMul, false);
    "mod" |heap, args| arithmetic(heap, args, "mod", Binary::Mod, false);
    "mul" |heap, args| arithmetic(heap, args, "mul", Binary::Mul, false);
    "ne" |heap, args| {
        let [a, b] = two(heap, args, "ne")?;
        Ok(Value::bool(!equal(heap, a, b)?))
    };
    "neg" |heap, args| unary(heap, Unary::Minus, args.one(heap, "operator.neg")?);
    "not_" |heap, args| Ok(Value::bool(!truth(args.one(heap, "operator.not_")?)));
    "or_" |heap, args| arithmetic(heap, args, "or_", Binary::Or, false);
    "pos" |heap, args| unary(heap, Unary::Plus, args.one(heap, "operator.pos")?);
    "pow" |heap, args| arithmetic(heap, args, "pow", Binary::Pow, false);
    "rshift" |heap, args| arithmetic(heap, args, "rshift", Binary::RightShift, false);
    "setitem" |heap, args| {
        let arguments = args.between(heap, "setitem", 3, 3)?;
        set_item(heap, arguments[0], arguments[1], arguments[2])?;
        Ok(Value::None)
    };
    "sub" |heap, args| arithmetic(heap, args, "sub", Binary::Sub, false);
    "truediv" |heap, args| arithmetic(heap, args, "truediv", Binary::Div, false);
    "truth" |heap, args| Ok(Value::bool(truth(args.one(heap, "operator.truth")?)));
    "xor" |heap, args| arithmetic(heap, args, "xor", Binary::Xor, false);
}

/// Two arguments by position.
fn two<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<[Value<'a>; 2], Raised> {
    match *args.between(heap, name, 2, 2)? {
        [a, b] => Ok([a, b]),
        _ => unreachable!("there are two"),
    }
}

fn arithmetic<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
    op: Binary,
    in_place: bool,
) -> Outcome<'a> {
    let [a, b] = two(heap, args, name)?;
    binary(heap, op, a, b, in_place)
}

fn compare<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
    symbol: &str,
    wanted: &[Ordering],
) -> Outcome<'a> {
    let [a, b] = two(heap, args, name)?;
    Ok(Value::bool(order(heap, symbol, a, b)?.is_some_and(|order| wanted.contains(&order))))
}

fn concat<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, in_place: bool) -> Outcome<'a> {
    let [a, b] = two(heap, args, name)?;
    let is_sequence = matches!(a, Value::Str(_) | Value::Bytes(_) | Value::List(_)) || a.as_tuple().is_some();
    if !is_sequence {
        let message = format!("'{}' object can't be concatenated", type_of(a).name);
        return Err(heap.raise(&TYPE_ERROR, message));
    }
    binary(heap, Binary::Add, a, b, in_place)
}
