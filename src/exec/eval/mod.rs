//! The functions of a program on records: code compiled to closures over slots, run on values in a
//! task's arena.
//!
//! [`compile`] makes code runnable once; every task [thaws](Compiled::thaw) a copy of what it has captured.
//! Whatever is known before anything runs is settled then: where each name's value is, what a built-in's name
//! stands for, which template `%` fills.

mod bind;
mod block;
mod call;
mod compile;
mod frame;
mod generator;
mod image;
mod instance;
mod names;
mod operate;
mod shared;
mod unit;

pub use image::{Compiled, compile, compile_part};

use crate::batch::value::{Heap, Raised, to_text, type_of};

/// The exception in flight: its class's name, and what `str` gives for it.
pub fn failure(heap: &Heap<'_>, _raised: Raised) -> (String, String) {
    let exception = heap.caught();
    let message = match to_text(heap, exception) {
        Ok(text) => text.to_string(),
        Err(_) => {
            heap.caught();
            String::new()
        }
    };
    (type_of(exception).name.to_string(), message)
}
