//! Operators, with the common cases in line.

use std::cmp::Ordering;

use crate::batch::value::{
    Binary, Heap, Outcome, Raised, Value, binary, contains, equal, get_item, identical, iterate, order, truth,
};
use crate::plan::code::Comparison;

/// A binary operator known when code is compiled.
pub trait Operator: Send + Sync + 'static {
    /// `left op right`, or `left op= right` where `in_place`.
    fn apply<'a>(heap: &Heap<'a>, left: Value<'a>, right: Value<'a>, in_place: bool) -> Outcome<'a>;
}

macro_rules! operators {
    ($($name:ident: $int:expr, $float:expr;)*) => {
        $(
            #[doc = concat!("The operator ", stringify!($name), ".")]
            pub struct $name;

            impl Operator for $name {
                #[inline(always)]
                fn apply<'a>(
                    heap: &Heap<'a>,
                    left: Value<'a>,
                    right: Value<'a>,
                    in_place: bool,
                ) -> Outcome<'a> {
                    let int: fn(i64, i64) -> Option<i64> = $int;
                    let float: fn(f64, f64) -> Option<f64> = $float;
                    match (left, right) {
                        (Value::Int(a), Value::Int(b)) if let Some(result) = int(a, b) => {
                            Ok(Value::Int(result))
                        }
                        (Value::Float(a), Value::Float(b)) if let Some(result) = float(a.get(), b.get()) => {
                            Ok(Value::float(result))
                        }
                        _ => binary(heap, Binary::$name, left, right, in_place),
                    }
                }
            }
        )*
    };
}

operators! {
    Add: i64::checked_add, |a, b| Some(a + b);
    Sub: i64::checked_sub, |a, b| Some(a - b);
    Mul: i64::checked_mul, |a, b| Some(a * b);
    // Both round down for a positive divisor as Euclid does.
    Mod: |a, b| if b > 0 { Some(a.rem_euclid(b)) } else { None }, |_, _| None;
    FloorDiv: |a, b| if b > 0 { Some(a.div_euclid(b)) } else { None }, |_, _| None;
}

/// A comparison known when code is compiled.
pub trait Relation: Send + Sync + 'static {
    /// Whether `left op right`.
    fn holds<'a>(heap: &Heap<'a>, left: Value<'a>, right: Value<'a>) -> Result<bool, Raised>;
}

macro_rules! relations {
    ($($name:ident $symbol:literal $op:tt $holds:expr;)*) => {
        $(
            #[doc = concat!("The comparison `", $symbol, "`.")]
            pub struct $name;

            impl Relation for $name {
                #[inline(always)]
                fn holds<'a>(heap: &Heap<'a>, left: Value<'a>, right: Value<'a>) -> Result<bool, Raised> {
                    match (left, right) {
                        (Value::Int(a), Value::Int(b)) => Ok(a $op b),
                        (Value::Float(a), Value::Float(b)) => Ok(a.get() $op b.get()),
                        (Value::Str(a), Value::Str(b)) => Ok(**a $op **b),
                        _ => {
                            let holds: fn(Option<Ordering>) -> bool = $holds;
                            order(heap, $symbol, left, right).map(holds)
                        }
                    }
                }
            }
        )*
    };
}

relations! {
    Less "<" < |order| order == Some(Ordering::Less);
    LessEqual "<=" <= |order| order.is_some_and(Ordering::is_le);
    GreaterEqual ">=" >= |order| order.is_some_and(Ordering::is_ge);
    Greater ">" > |order| order == Some(Ordering::Greater);
}

/// The comparison `==`.
pub struct Equal;

impl Relation for Equal {
    #[inline(always)]
    fn holds<'a>(heap: &Heap<'a>, left: Value<'a>, right: Value<'a>) -> Result<bool, Raised> {
        match (left, right) {
            (Value::Int(a), Value::Int(b)) => Ok(a == b),
            (Value::Str(a), Value::Str(b)) => Ok(**a == **b),
            _ => equal(heap, left, right),
        }
    }
}

/// The comparison `!=`.
pub struct NotEqual;

impl Relation for NotEqual {
    #[inline(always)]
    fn holds<'a>(heap: &Heap<'a>, left: Value<'a>, right: Value<'a>) -> Result<bool, Raised> {
        Equal::holds(heap, left, right).map(|equal| !equal)
    }
}

/// Whether `left op right`, for any comparison.
pub fn compare<'a>(
    heap: &Heap<'a>,
    op: Comparison,
    left: Value<'a>,
    right: Value<'a>,
) -> Result<bool, Raised> {
    match op {
        Comparison::Less => Less::holds(heap, left, right),
        Comparison::LessEqual => LessEqual::holds(heap, left, right),
        Comparison::Equal => Equal::holds(heap, left, right),
        Comparison::NotEqual => NotEqual::holds(heap, left, right),
        Comparison::GreaterEqual => GreaterEqual::holds(heap, left, right),
        Comparison::Greater => Greater::holds(heap, left, right),
        Comparison::Is => Ok(identical(left, right)),
        Comparison::IsNot => Ok(!identical(left, right)),
        Comparison::In => contains(heap, right, left),
        Comparison::NotIn => contains(heap, right, left).map(|is_member| !is_member),
    }
}

/// `bool(value)`
#[inline(always)]
pub fn is_true(value: Value<'_>) -> bool {
    match value {
        Value::Bool(flag) => flag.get(),
        _ => truth(value),
    }
}

/// `base[place]`, the place a constant.
#[inline(always)]
pub fn get_place<'a>(heap: &Heap<'a>, base: Value<'a>, place: i64) -> Outcome<'a> {
    let items: &[Value<'a>] = match base {
        Value::Pair(items) => items,
        Value::Tuple(items) => items,
        _ => return get_item(heap, base, Value::Int(place)),
    };
    match usize::try_from(place).ok().and_then(|place| items.get(place)) {
        Some(item) => Ok(*item),
        None => get_item(heap, base, Value::Int(place)),
    }
}

/// `base[index]`
#[inline]
pub fn get_any<'a>(heap: &Heap<'a>, base: Value<'a>, index: Value<'a>) -> Outcome<'a> {
    match (base, index) {
        (Value::Dict(dict), _) => match dict.get(heap, index)? {
            Some(value) => Ok(value),
            None => get_item(heap, base, index),
        },
        (_, Value::Int(place)) => get_place(heap, base, place),
        _ => get_item(heap, base, index),
    }
}

/// Calls `visit` with each of a value's items.
#[inline]
pub fn for_each<'a>(
    heap: &Heap<'a>,
    value: Value<'a>,
    mut visit: impl FnMut(Value<'a>) -> Result<(), Raised>,
) -> Result<(), Raised> {
    match value {
        Value::Pair(items) => items.iter().try_for_each(|item| visit(*item)),
        Value::Tuple(items) => items.iter().try_for_each(|item| visit(*item)),
        // The list may change meanwhile.
        Value::List(list) => {
            let mut place = 0;
            while let Some(item) = list.get(place) {
                visit(item)?;
                place += 1;
            }
            Ok(())
        }
        _ => {
            let iterator = iterate(heap, value)?;
            while let Some(item) = iterator.next(heap)? {
                visit(item)?;
            }
            Ok(())
        }
    }
}
