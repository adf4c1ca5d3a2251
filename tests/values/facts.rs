//! Printing, hashes, comparison, items and slices, as CPython 3.11 and PySpark 3.5.9 gave them
//! (`PYTHONHASHSEED=0`).

use dstream::batch::value::types::{FROZENSET, SET};
use dstream::batch::value::{
    DICT_ITEMS, DICT_KEYS, Dict, Heap, Iter, Set, Value, contains, delete_slice, equal, exceptions, get_item,
    get_slice, hash, order, portable_hash, python_hash, repr_text, set_slice, to_text, view,
};

use crate::{big, shown, with_heap};

fn frozen<'a>(heap: &Heap<'a>, members: &[Value<'a>]) -> Value<'a> {
    let set = heap.bump().alloc(Set::new(heap.bump(), &FROZENSET));
    for member in members {
        set.add(heap, *member).unwrap();
    }
    Value::Set(set)
}

#[test]
fn floats_print_as_in_python() {
    let facts = [
        (1e16, "1e+16"),
        (1e15, "1000000000000000.0"),
        (123456789012345680.0, "1.2345678901234568e+17"),
        (9999999999999998.0, "9999999999999998.0"),
        (1e-4, "0.0001"),
        (0.00012345, "0.00012345"),
        (1e-5, "1e-05"),
        (1.5e-7, "1.5e-07"),
        (1e100, "1e+100"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (100.0, "100.0"),
        (-0.0, "-0.0"),
        (-1e16, "-1e+16"),
        (f64::NAN, "nan"),
        (f64::NEG_INFINITY, "-inf"),
    ];
    with_heap(|heap| {
        for (number, expected) in facts {
            assert_eq!(repr_text(heap, Value::float(number)), Ok(expected));
        }
    });
}

#[test]
fn containers_print_as_in_python() {
    with_heap(|heap| {
        let one = Value::Int(1);
        let list = heap.list([one]);
        let Value::List(items) = list else { panic!("it was a list") };
        items.push(heap, list).unwrap();
        let dict = heap.dict();
        dict.insert(heap, heap.str("it's"), heap.bytes(b"x\xff'\n")).unwrap();
        dict.insert(heap, one, Value::Dict(dict)).unwrap();
        let facts = [
            (heap.tuple(&[]), "()"),
            (heap.tuple(&[one]), "(1,)"),
            (list, "[1, [...]]"),
            (Value::Dict(dict), "{\"it's\": b\"x\\xff'\\n\", 1: {...}}"),
            (view(heap, &DICT_KEYS, dict), "dict_keys([\"it's\", 1])"),
            (Value::Set(heap.bump().alloc(Set::new(heap.bump(), &SET))), "set()"),
            (frozen(heap, &[]), "frozenset()"),
            (frozen(heap, &[one]), "frozenset({1})"),
            (Value::Range(&[0, 3, 1]), "range(0, 3)"),
            (Value::Range(&[0, 3, -2]), "range(0, 3, -2)"),
            (exceptions::exception(heap, &exceptions::VALUE_ERROR, &[heap.str("x")]), "ValueError('x')"),
            (exceptions::exception(heap, &exceptions::VALUE_ERROR, &[]), "ValueError()"),
        ];
        for (value, expected) in facts {
            assert_eq!(repr_text(heap, value), Ok(expected));
        }
        let error = exceptions::exception(heap, &exceptions::KEY_ERROR, &[heap.str("x")]);
        assert_eq!(to_text(heap, error), Ok("'x'"));
        let long = big(heap, &"7".repeat(4301));
        assert_eq!(
            shown(heap, Ok(long)),
            "ValueError: Exceeds the limit (4300 digits) for integer string conversion; use \
             sys.set_int_max_str_digits() to increase the limit"
        );
        assert_eq!(shown(heap, Ok(big(heap, &"7".repeat(4300)))).len(), 4300);
    });
}

#[test]
fn hashes_are_cpythons() {
    with_heap(|heap| {
        let (one, two) = (Value::Int(1), Value::Int(2));
        let facts = [
            (Value::Int(-1), -2),
            (Value::Int((1 << 61) - 1), 0),
            (Value::Int(i64::MIN), -4),
            (big(heap, "9223372036854775808"), 4),
            (big(heap, "-10000000000000000000000000000000000000000"), -1388497483929617590),
            (Value::float(-1.5), -1152921504606846977),
            (Value::float(1e300), 1224995262755759164),
            (Value::float(5e-324), 16777216),
            (Value::float(0.1), 230584300921369408),
            (Value::float(f64::INFINITY), 314159),
            (heap.str(""), 0),
            (heap.str("a"), 4644417185603328019),
            (heap.str("hello"), -2096571579003691106),
            (heap.str("abcdefgh"), 4574395652268504554),
            (heap.str("caf\u{e9}"), 137524001917817222),
            (heap.str("\u{436}\u{437}"), -1462031941943787496),
            (heap.str("\u{1f600}x"), -8926728262118538918),
            (heap.str(&"x".repeat(100)), 1359644457043326220),
            (heap.bytes(b"hello world"), -5642461784034726774),
            (heap.tuple(&[]), 5740354900026072187),
            (heap.tuple(&[one]), -6644214454873602895),
            (heap.tuple(&[one, two]), -3550055125485641917),
            (heap.tuple(&[one, heap.str("a"), Value::float(2.5)]), -8030008116423961961),
            (frozen(heap, &[]), 133146708735736),
            (frozen(heap, &[one]), -558064481276695278),
            (frozen(heap, &[one, two, heap.str("a")]), 8751689716970242199),
        ];
        for (value, expected) in facts {
            assert_eq!(python_hash(heap, value), Ok(expected), "{:?}", repr_text(heap, value));
        }
        let text = |text| heap.str(text);
        let facts = [
            (Value::None, 0),
            (heap.tuple(&[]), 3430008),
            (heap.pair(Value::None, one), 3430028580079870073),
            (heap.pair(one, two), 3430029580082870073),
            (heap.pair(text("a"), one), 102774922574124034),
            (heap.pair(text("a"), heap.pair(Value::None, Value::Int(-1))), 4374899562790163969),
            (heap.tuple(&[one, text("hello"), Value::float(2.5)]), 5175901419516282068),
            (heap.pair(heap.pair(text("a"), text("b")), heap.tuple(&[text("c")])), 6644248523838827916),
        ];
        for (value, expected) in facts {
            assert_eq!(portable_hash(heap, value), Ok(expected), "{:?}", repr_text(heap, value));
        }
        let unhashable = portable_hash(heap, heap.pair(one, heap.list([]))).map(Value::Int);
        assert_eq!(shown(heap, unhashable), "TypeError: unhashable type: 'list'");
    });
}

#[test]
fn equal_numbers_are_one_key() {
    with_heap(|heap| {
        let same = [
            vec![Value::Int(1), Value::float(1.0), Value::bool(true)],
            vec![Value::Int(0), Value::float(-0.0), Value::bool(false)],
            vec![big(heap, "9223372036854775808"), Value::float(9223372036854775808.0)],
            vec![Value::Int(i64::MIN), Value::float(-9223372036854775808.0)],
        ];
        for values in &same {
            for (a, b) in values.iter().flat_map(|a| values.iter().map(move |b| (*a, *b))) {
                assert_eq!(equal(heap, a, b), Ok(true));
                assert_eq!(hash(heap, a), hash(heap, b));
            }
        }
        // Where converting the int to a float would round.
        assert_eq!(equal(heap, Value::Int((1 << 53) + 1), Value::float(9007199254740992.0)), Ok(false));
        assert_eq!(
            order(heap, "<", Value::Int((1 << 53) + 1), Value::float(9007199254740992.0)),
            Ok(Some(std::cmp::Ordering::Greater))
        );
        let nan = Value::float(f64::NAN);
        assert_eq!(equal(heap, nan, nan), Ok(false));
        assert_eq!(equal(heap, heap.list([nan]), heap.list([nan])), Ok(true));
        assert_eq!(order(heap, "<", nan, Value::Int(1)), Ok(None));
    });
}

#[test]
fn order_and_membership_refuse_as_in_python() {
    with_heap(|heap| {
        let one = Value::Int(1);
        let mixed = order(heap, "<=", heap.list([heap.str("a")]), heap.list([one])).map(|_| one);
        assert_eq!(shown(heap, mixed), "TypeError: '<=' not supported between instances of 'str' and 'int'");
        let inside = contains(heap, heap.str("abc"), one).map(Value::bool);
        assert_eq!(shown(heap, inside), "TypeError: 'in <string>' requires string as left operand, not int");
        let inside = contains(heap, one, one).map(Value::bool);
        assert_eq!(shown(heap, inside), "TypeError: argument of type 'int' is not iterable");
        let sets = Set::new(heap.bump(), &SET);
        sets.add(heap, frozen(heap, &[one])).unwrap();
        let single = Set::new(heap.bump(), &SET);
        single.add(heap, one).unwrap();
        assert_eq!(sets.contains(heap, Value::Set(heap.bump().alloc(single))), Ok(true));
        assert_eq!(contains(heap, Value::Range(&[0, 10, 3]), Value::Int(9)), Ok(true));
        assert_eq!(contains(heap, Value::Range(&[10, 0, -3]), Value::float(2.0)), Ok(false));
    });
}

#[test]
fn items_and_slices_are_cpythons() {
    with_heap(|heap| {
        let text = heap.str("h\u{e9}llo\u{1f600}");
        let int = Value::Int;
        let none = Value::None;
        assert_eq!(shown(heap, get_item(heap, text, int(-1))), "'\u{1f600}'");
        assert_eq!(shown(heap, get_item(heap, text, int(6))), "IndexError: string index out of range");
        assert_eq!(
            shown(heap, get_item(heap, text, heap.str("x"))),
            "TypeError: string indices must be integers, not 'str'"
        );
        assert_eq!(
            shown(heap, get_item(heap, Value::Dict(heap.dict()), text)),
            "KeyError: 'h\u{e9}llo\u{1f600}'"
        );
        assert_eq!(
            shown(heap, get_item(heap, Value::Range(&[i64::MIN, i64::MAX, 1]), int(-1))),
            "9223372036854775806"
        );
        let slices = [
            ([none, none, int(-1)], "'\u{1f600}oll\u{e9}h'"),
            ([int(1), int(-1), none], "'\u{e9}llo'"),
            ([int(4), int(1), int(-2)], "'ol'"),
            ([int(i64::MIN), int(i64::MAX), int(3)], "'hl'"),
            ([int(5), int(2), none], "''"),
        ];
        for ([start, stop, step], expected) in slices {
            assert_eq!(shown(heap, get_slice(heap, text, start, stop, step)), expected);
        }
        assert_eq!(
            shown(heap, get_slice(heap, text, none, none, int(0))),
            "ValueError: slice step cannot be zero"
        );
        assert_eq!(
            shown(heap, get_slice(heap, Value::Range(&[0, 10, 2]), int(1), none, int(-1))),
            "range(2, -2, -2)"
        );
        let list = heap.list((0..6).map(int));
        set_slice(heap, list, [int(1), int(3), none], heap.str("xyz")).unwrap();
        assert_eq!(shown(heap, Ok(list)), "[0, 'x', 'y', 'z', 3, 4, 5]");
        delete_slice(heap, list, [none, none, int(-2)]).unwrap();
        assert_eq!(shown(heap, Ok(list)), "['x', 'z', 4]");
        let refused = set_slice(heap, list, [none, none, int(2)], heap.list([none])).map(|()| none);
        assert_eq!(
            shown(heap, refused),
            "ValueError: attempt to assign sequence of size 1 to extended slice of size 2"
        );
    });
}

#[test]
fn walks_notice_changes_of_size() {
    with_heap(|heap| {
        let dict: &Dict = heap.dict();
        dict.insert(heap, Value::Int(1), Value::None).unwrap();
        let iter = Iter::keys(dict);
        assert!(iter.next(heap).unwrap().is_some());
        dict.insert(heap, Value::Int(2), Value::None).unwrap();
        let next = iter.next(heap).map(|_| Value::None);
        assert_eq!(shown(heap, next), "RuntimeError: dictionary changed size during iteration");
        let items = view(heap, &DICT_ITEMS, dict);
        assert_eq!(contains(heap, items, heap.pair(Value::Int(2), Value::None)), Ok(true));
    });
}

/// A list within a list within a list …: no native stack is deep enough for all of them.
#[test]
fn deep_values_raise() {
    with_heap(|heap| {
        let (mut deep, mut twin, mut key) = (heap.list([]), heap.list([]), heap.tuple(&[]));
        for _ in 0..100_000 {
            (deep, twin, key) = (heap.list([deep]), heap.list([twin]), heap.tuple(&[key]));
        }
        let none = Value::None;
        let error = "RecursionError: maximum recursion depth exceeded";
        assert!(shown(heap, Ok(deep)).starts_with(error));
        assert!(shown(heap, equal(heap, deep, twin).map(Value::bool)).starts_with(error));
        assert!(shown(heap, order(heap, "<", deep, twin).map(|_| none)).starts_with(error));
        assert!(shown(heap, hash(heap, key).map(|_| none)).starts_with(error));
        assert!(shown(heap, portable_hash(heap, key).map(Value::Int)).starts_with(error));
    });
}
