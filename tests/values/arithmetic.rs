//! Operators. Right-hand sides as CPython 3.11 printed them.

use dstream::batch::value::{Binary, Heap, Unary, Value, binary, float_to_bigint, unary};
use num_bigint::BigInt;
use proptest::prelude::*;

use crate::{big, shown, with_heap};

/// An operand from its literal: ints, floats, `True`, `None`, `'text'`, `[1]`, `(1,)`.
fn operand<'a>(heap: &Heap<'a>, literal: &str) -> Value<'a> {
    match literal {
        "None" => Value::None,
        "True" => Value::bool(true),
        "False" => Value::bool(false),
        "[1]" => heap.list([Value::Int(1)]),
        "(1,)" => heap.tuple(&[Value::Int(1)]),
        "(1, 2)" => heap.tuple(&[Value::Int(1), Value::Int(2)]),
        "10**400" => big(heap, &format!("1{}", "0".repeat(400))),
        _ => match literal.strip_prefix('\'') {
            Some(text) => heap.str(text.trim_end_matches('\'')),
            None if literal.contains(['.', 'e', 'n']) => Value::float(literal.parse().expect("a float")),
            None => big(heap, literal),
        },
    }
}

#[test]
fn operators_are_cpythons() {
    use Binary::*;
    let facts = [
        ("1", Add, "'a'", "TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
        ("'a'", Add, "1", "TypeError: can only concatenate str (not \"int\") to str"),
        ("(1,)", Add, "[1]", "TypeError: can only concatenate tuple (not \"list\") to tuple"),
        ("(1,)", Add, "(1, 2)", "(1, 1, 2)"),
        ("'a'", Mul, "1.5", "TypeError: can't multiply sequence by non-int of type 'float'"),
        ("None", Mul, "[1]", "TypeError: can't multiply sequence by non-int of type 'NoneType'"),
        ("'ab'", Mul, "3", "'ababab'"),
        ("-1", Mul, "'ab'", "''"),
        ("True", Mul, "(1,)", "(1,)"),
        ("'a'", Mul, "1000000000000000000000", "OverflowError: cannot fit 'int' into an index-sized integer"),
        ("'ab'", Mul, "4611686018427387904", "OverflowError: repeated string is too long"),
        ("[1]", Mul, "4611686018427387904", "MemoryError"),
        ("1", Div, "0", "ZeroDivisionError: division by zero"),
        ("1", FloorDiv, "0", "ZeroDivisionError: integer division or modulo by zero"),
        ("1", Mod, "0", "ZeroDivisionError: integer modulo by zero"),
        ("1.0", Div, "0", "ZeroDivisionError: float division by zero"),
        ("1.0", FloorDiv, "0", "ZeroDivisionError: float floor division by zero"),
        ("1.0", Mod, "0", "ZeroDivisionError: float modulo"),
        ("0", Pow, "-1", "ZeroDivisionError: 0.0 cannot be raised to a negative power"),
        ("2.0", Pow, "2000", "OverflowError: (34, 'Numerical result out of range')"),
        ("2", Pow, "1180591620717411303424", "MemoryError"),
        ("-1", Pow, "1180591620717411303425", "-1"),
        ("2", Pow, "-2000", "0.0"),
        ("2", Pow, "'a'", "TypeError: unsupported operand type(s) for ** or pow(): 'int' and 'str'"),
        ("2", Pow, "70", "1180591620717411303424"),
        ("-2", Pow, "-3", "-0.125"),
        ("1", LeftShift, "-1", "ValueError: negative shift count"),
        ("1", LeftShift, "1000000000000000000000", "OverflowError: too many digits in integer"),
        ("0", LeftShift, "1000000000000000000000", "0"),
        ("-1", RightShift, "1000000000000000000000", "-1"),
        ("-1180591620717411303424", RightShift, "3", "-147573952589676412928"),
        ("-1180591620717411303425", RightShift, "1", "-590295810358705651713"),
        ("-3", LeftShift, "62", "-13835058055282163712"),
        ("7", FloorDiv, "-2", "-4"),
        ("-7", Mod, "3", "2"),
        ("7", Mod, "-3", "-2"),
        ("-9223372036854775808", FloorDiv, "-1", "9223372036854775808"),
        ("-9223372036854775808", Mod, "-1", "0"),
        ("100000000000000000000", FloorDiv, "-3", "-33333333333333333334"),
        ("100000000000000000000", Mod, "-3", "-2"),
        ("9223372036854775807", Add, "1", "9223372036854775808"),
        ("9223372036854775808", Sub, "1", "9223372036854775807"),
        ("-7.5", Mod, "2", "0.5"),
        ("7.5", FloorDiv, "-2", "-4.0"),
        ("5.0", FloorDiv, "0.1", "49.0"),
        ("-0.0", Mod, "5", "0.0"),
        ("-5", Mod, "inf", "inf"),
        ("-5", FloorDiv, "inf", "-1.0"),
        ("inf", FloorDiv, "1", "nan"),
        ("9007199254740993", Div, "1", "9007199254740992.0"),
        ("10**400", Div, "3", "OverflowError: integer division result too large for a float"),
        ("1", Div, "10**400", "0.0"),
        ("10**400", Mul, "1.0", "OverflowError: int too large to convert to float"),
        ("True", Add, "True", "2"),
        ("True", And, "False", "False"),
        ("True", Xor, "1", "0"),
        ("1", And, "1.0", "TypeError: unsupported operand type(s) for &: 'int' and 'float'"),
        ("-1180591620717411303424", Or, "5", "-1180591620717411303419"),
        ("1", MatMul, "2", "TypeError: unsupported operand type(s) for @: 'int' and 'int'"),
    ];
    with_heap(|heap| {
        for (left, op, right, expected) in facts {
            let outcome = binary(heap, op, operand(heap, left), operand(heap, right), false);
            assert_eq!(shown(heap, outcome), expected, "{left} {op:?} {right}");
        }
        let outcome = binary(heap, FloorDiv, Value::Int(2), heap.str("a"), true);
        assert_eq!(shown(heap, outcome), "TypeError: unsupported operand type(s) for //=: 'int' and 'str'");
    });
}

#[test]
fn unary_operators_are_cpythons() {
    with_heap(|heap| {
        let facts = [
            (Unary::Minus, "True", "-1"),
            (Unary::Invert, "True", "-2"),
            (Unary::Minus, "-9223372036854775808", "9223372036854775808"),
            (Unary::Minus, "9223372036854775808", "-9223372036854775808"),
            (Unary::Invert, "1180591620717411303424", "-1180591620717411303425"),
            (Unary::Minus, "'a'", "TypeError: bad operand type for unary -: 'str'"),
            (Unary::Invert, "1.5", "TypeError: bad operand type for unary ~: 'float'"),
        ];
        for (op, literal, expected) in facts {
            assert_eq!(shown(heap, unary(heap, op, operand(heap, literal))), expected, "{op:?} {literal}");
        }
    });
}

/// A list changes in place, and all its aliases with it; a tuple does not.
#[test]
fn in_place_operators_change_what_can_be_changed() {
    with_heap(|heap| {
        let list = heap.list([Value::Int(1)]);
        binary(heap, Binary::Add, list, heap.str("ab"), true).expect("lists take any iterable");
        binary(heap, Binary::Mul, list, Value::Int(2), true).expect("lists repeat");
        assert_eq!(shown(heap, Ok(list)), "[1, 'a', 'b', 1, 'a', 'b']");
        binary(heap, Binary::Add, list, list, true).expect("a list extends itself");
        let Value::List(items) = list else { panic!("it was a list") };
        assert_eq!(items.len(), 12);
    });
}

proptest! {
    /// `a // b` and `a % b` put `a` together again, on the side of zero where Python wants them.
    #[test]
    fn division_of_ints_adds_up(a: i128, b in any::<i128>().prop_filter("not zero", |b| *b != 0), small: bool) {
        let (a, b) = if small { (a % 1000, b % 1000) } else { (a, b) };
        prop_assume!(b != 0);
        with_heap(|heap| {
            let number = |n: i128| heap.int(&BigInt::from(n));
            let quotient = binary(heap, Binary::FloorDiv, number(a), number(b), false).unwrap().as_big().unwrap();
            let rest = binary(heap, Binary::Mod, number(a), number(b), false).unwrap().as_big().unwrap();
            assert_eq!(&quotient * b + &rest, BigInt::from(a));
            assert!(rest == BigInt::ZERO || (rest < BigInt::ZERO) == (b < 0));
            assert!(rest.magnitude() < BigInt::from(b).magnitude());
        });
    }

    /// Where both ints are floats exactly, dividing them is dividing floats.
    #[test]
    fn division_of_exact_ints_rounds_once(a: f64, b: f64) {
        prop_assume!(a.is_finite() && b.is_finite() && b.trunc() != 0.0);
        let (a, b) = (a.trunc(), b.trunc());
        prop_assume!((a / b).is_finite());
        with_heap(|heap| {
            let number = |n: f64| heap.int(&float_to_bigint(n).unwrap());
            let Ok(Value::Float(quotient)) = binary(heap, Binary::Div, number(a), number(b), false) else {
                panic!("a float")
            };
            assert_eq!(quotient.get(), a / b, "{a} / {b}");
        });
    }
}
