//! The encoding there and back.

use dstream::batch::Rows;
use dstream::batch::value::types::{COUNTER, DEFAULT_DICT, FROZENSET, INT, SET};
use dstream::batch::value::{Dict, Heap, Set, Value, decode, encode, exceptions, repr_text, type_of};
use proptest::prelude::*;

use crate::{shown, with_heap};

/// A value outside of an arena.
#[derive(Clone, Debug)]
enum Tree {
    None,
    Bool(bool),
    Int(i64),
    Big(i128),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    Tuple(Vec<Tree>),
    List(Vec<Tree>),
    Dict(Vec<(String, Tree)>),
    Set(Vec<i64>, bool),
    Range(i64, i64),
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::None),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::Int),
        (-200i64..200).prop_map(Tree::Int),
        any::<i128>().prop_map(Tree::Big),
        any::<f64>().prop_map(Tree::Float),
        ".{0,80}".prop_map(Tree::Str),
        any::<Vec<u8>>().prop_map(Tree::Bytes),
        (any::<Vec<i64>>(), any::<bool>()).prop_map(|(members, frozen)| Tree::Set(members, frozen)),
        any::<(i64, i64)>().prop_map(|(start, stop)| Tree::Range(start, stop)),
    ];
    leaf.prop_recursive(4, 64, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Tree::Tuple),
            prop::collection::vec(inner.clone(), 0..12).prop_map(Tree::List),
            prop::collection::vec((".{0,5}", inner), 0..12).prop_map(Tree::Dict),
        ]
    })
}

fn planted<'a>(heap: &Heap<'a>, tree: &Tree) -> Value<'a> {
    let all = |trees: &[Tree]| trees.iter().map(|tree| planted(heap, tree)).collect::<Vec<_>>();
    match tree {
        Tree::None => Value::None,
        Tree::Bool(flag) => Value::bool(*flag),
        Tree::Int(number) => Value::Int(*number),
        Tree::Big(number) => heap.int(&(*number).into()),
        Tree::Float(number) => Value::float(*number),
        Tree::Str(text) => heap.str(text),
        Tree::Bytes(bytes) => heap.bytes(bytes),
        Tree::Tuple(items) => heap.tuple(&all(items)),
        Tree::List(items) => heap.list(all(items)),
        Tree::Dict(entries) => {
            let dict = heap.dict();
            for (key, value) in entries {
                dict.insert(heap, heap.str(key), planted(heap, value)).unwrap();
            }
            Value::Dict(dict)
        }
        Tree::Set(members, frozen) => {
            let set = Set::new(heap.bump(), if *frozen { &FROZENSET } else { &SET });
            for member in members {
                set.add(heap, Value::Int(*member)).unwrap();
            }
            Value::Set(heap.bump().alloc(set))
        }
        Tree::Range(start, stop) => Value::Range(heap.bump().alloc([*start, *stop, 1])),
    }
}

proptest! {
    #[test]
    fn values_come_back(trees in prop::collection::vec(trees(), 0..6)) {
        let mut rows = Rows::default();
        let printed = with_heap(|heap| {
            let values: Vec<_> = trees.iter().map(|tree| planted(heap, tree)).collect();
            for value in &values {
                rows.push(heap, *value).unwrap();
            }
            values.iter().map(|value| repr_text(heap, *value).unwrap().to_owned()).collect::<Vec<_>>()
        });
        let (arena, task) = Default::default();
        let heap = Heap::new(&arena, &task);
        let decoded: Vec<_> =
            rows.iter(&heap).map(|value| repr_text(&heap, value).unwrap().to_owned()).collect();
        prop_assert_eq!(decoded, printed);
    }
}

/// Beyond what `repr` shows: keys are found again, classes and exceptions are what they were.
#[test]
fn classes_come_back() {
    let mut bytes = Vec::new();
    with_heap(|heap| {
        let counts = Dict::of_class(heap.bump(), &DEFAULT_DICT, Value::Type(&INT));
        for number in 0..20 {
            counts.insert(heap, heap.pair(Value::Int(number), heap.str("x")), Value::Int(number)).unwrap();
        }
        encode(heap, Value::Dict(heap.bump().alloc(counts)), &mut bytes).unwrap();
        let counter = Dict::of_class(heap.bump(), &COUNTER, Value::None);
        encode(heap, Value::Dict(heap.bump().alloc(counter)), &mut bytes).unwrap();
        let error = exceptions::exception(heap, &exceptions::KEY_ERROR, &[heap.str("k")]);
        encode(heap, error, &mut bytes).unwrap();
    });
    let (arena, task) = Default::default();
    let heap = Heap::new(&arena, &task);
    let mut rest = &bytes[..];
    let Value::Dict(counts) = decode(&heap, &mut rest) else { panic!("it was a dict") };
    assert!(matches!(counts.default.get(), Value::Type(class) if std::ptr::eq(class, &INT)));
    let found = counts.get(&heap, heap.pair(Value::float(7.0), heap.str("x"))).unwrap();
    assert_eq!(found.and_then(Value::as_int), Some(7));
    assert_eq!(shown(&heap, Ok(decode(&heap, &mut rest))), "Counter()");
    let error = decode(&heap, &mut rest);
    assert!(type_of(error).is(&exceptions::LOOKUP_ERROR));
    assert_eq!(shown(&heap, Ok(error)), "KeyError('k')");
    assert!(rest.is_empty());
}

#[test]
fn what_cannot_leave_a_task_is_refused() {
    with_heap(|heap| {
        let mut rows = Rows::default();
        let Value::List(list) = heap.list([Value::Int(1)]) else { panic!("it was a list") };
        let iter = Value::Iterator(heap.bump().alloc(dstream::batch::value::Iter::list(list)));
        let refused = rows.push(heap, heap.pair(Value::Int(1), iter)).map(|()| Value::None);
        assert_eq!(shown(heap, refused), "PicklingError: cannot pickle 'list_iterator' object");
        list.push(heap, Value::List(list)).unwrap();
        let refused = rows.push(heap, Value::List(list)).map(|()| Value::None);
        assert_eq!(
            shown(heap, refused),
            "RecursionError: maximum recursion depth exceeded while pickling an object"
        );
        assert!(rows.is_empty() && rows.bytes().is_empty());
    });
}
