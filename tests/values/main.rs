//! Values against recorded facts of CPython 3.11 and PySpark 3.5, tables against a slow twin, and the
//! encoding there and back.

#![allow(clippy::unwrap_used, reason = "tests")]

mod arithmetic;
mod codec;
mod facts;
mod tables;

use dstream::batch::value::{
    Arena, Heap, Outcome, Raised, Task, Value, exceptions, repr_text, to_text, type_of,
};

/// Runs `body` on a heap of its own.
fn with_heap<T>(body: impl for<'a> FnOnce(&Heap<'a>) -> T) -> T {
    let arena = Arena::default();
    let task = Task::default();
    body(&Heap::new(&arena, &task))
}

/// `repr` of what an operation comes to, or its exception as `Class: message`.
fn shown<'a>(heap: &Heap<'a>, outcome: Outcome<'a>) -> String {
    match outcome.and_then(|value| repr_text(heap, value)) {
        Ok(text) => text.to_owned(),
        Err(Raised) => {
            let raised = heap.caught();
            assert!(type_of(raised).is(&exceptions::BASE_EXCEPTION), "only exceptions are raised");
            let message = to_text(heap, raised).expect("exceptions print");
            format!("{}: {message}", type_of(raised).name).trim_end_matches(": ").to_owned()
        }
    }
}

/// An int of any size from its decimal digits.
fn big<'a>(heap: &Heap<'a>, digits: &str) -> Value<'a> {
    heap.int(&digits.parse().expect("digits"))
}
