//! Dicts and sets against a slow twin: order, holes, growth.

use dstream::batch::value::{Flag, Value};
use proptest::prelude::*;

use crate::with_heap;

#[derive(Clone, Debug)]
enum Step {
    Insert(i64, i64),
    Remove(i64),
    PopLast,
    Clear,
    /// Adds to the value of a key.
    Update(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0i64..40;
    let step = prop_oneof![
        6 => (key.clone(), any::<i64>()).prop_map(|(key, value)| Step::Insert(key, value)),
        5 => key.clone().prop_map(Step::Remove),
        1 => Just(Step::PopLast),
        3 => key.prop_map(Step::Update),
        1 => prop_oneof![9 => Just(Step::PopLast), 1 => Just(Step::Clear)],
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn dicts_keep_the_order_of_insertion(steps in steps(), as_text: bool) {
        with_heap(|heap| {
            let dict = heap.dict();
            let mut twin: Vec<(i64, i64)> = Vec::new();
            let key_of = |key: i64| if as_text { heap.str(&key.to_string()) } else { Value::Int(key) };
            for step in &steps {
                let place = |twin: &[(i64, i64)], key| twin.iter().position(|(other, _)| *other == key);
                match *step {
                    Step::Insert(key, value) => {
                        dict.insert(heap, key_of(key), Value::Int(value)).unwrap();
                        match place(&twin, key) {
                            Some(at) => twin[at].1 = value,
                            None => twin.push((key, value)),
                        }
                    }
                    Step::Remove(key) => {
                        let removed = dict.remove(heap, key_of(key)).unwrap().and_then(Value::as_int);
                        assert_eq!(removed, place(&twin, key).map(|at| twin.remove(at).1));
                    }
                    Step::PopLast => {
                        let popped = dict.pop_last().and_then(|(_, value)| value.as_int());
                        assert_eq!(popped, twin.pop().map(|(_, value)| value));
                    }
                    Step::Update(key) => {
                        dict.update(heap, key_of(key), |old| {
                            Ok(Value::Int(old.and_then(Value::as_int).unwrap_or(0).wrapping_add(1)))
                        })
                        .unwrap();
                        match place(&twin, key) {
                            Some(at) => twin[at].1 = twin[at].1.wrapping_add(1),
                            None => twin.push((key, 1)),
                        }
                    }
                    Step::Clear => {
                        dict.clear();
                        twin.clear();
                    }
                }
                assert_eq!(dict.len(), twin.len());
            }
            let number = |key: Value<'_>| match key {
                Value::Str(text) => text.parse().unwrap(),
                _ => key.as_int().unwrap(),
            };
            let entries: Vec<_> =
                dict.entries().map(|(key, value)| (number(key), value.as_int().unwrap())).collect();
            assert_eq!(entries, twin);
            let mut backwards = Vec::new();
            let mut place = usize::MAX;
            while let Some((before, key, _)) = dict.entry_before(place) {
                place = before;
                backwards.push(number(key));
            }
            assert_eq!(backwards, twin.iter().rev().map(|(key, _)| *key).collect::<Vec<_>>());
            let copy = dict.copy(heap).unwrap();
            for key in 0..40 {
                let expected = twin.iter().find(|(other, _)| *other == key).map(|(_, value)| *value);
                assert_eq!(dict.get(heap, key_of(key)).unwrap().and_then(Value::as_int), expected);
                assert_eq!(copy.get(heap, key_of(key)).unwrap().and_then(Value::as_int), expected);
            }
        });
    }
}

/// The first of equal keys stays.
#[test]
fn equal_keys_are_one() {
    with_heap(|heap| {
        let dict = heap.dict();
        dict.insert(heap, Value::bool(true), Value::Int(1)).unwrap();
        dict.insert(heap, Value::float(1.0), Value::Int(2)).unwrap();
        dict.insert(heap, Value::Int(1), Value::Int(3)).unwrap();
        let entries: Vec<_> = dict.entries().collect();
        assert!(matches!(entries[..], [(Value::Bool(Flag::True), Value::Int(3))]));
    });
}

/// What takes entries from the front again and again does not walk over the holes each time: a million
/// of them would take hours.
#[test]
fn a_queue_is_not_quadratic() {
    with_heap(|heap| {
        let dict = heap.dict();
        for number in 0..200_000 {
            dict.insert(heap, Value::Int(number), Value::None).unwrap();
        }
        for number in 0..200_000 {
            let (_, key, _) = dict.entry(0).expect("there is one left");
            assert_eq!(key.as_int(), Some(number));
            dict.remove(heap, key).unwrap();
        }
        assert!(dict.is_empty());
    });
}
