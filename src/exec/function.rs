//! Functions of a record, called for the lines of a chunk.

use std::sync::Arc;

use super::MEMORY_LIMIT;
use super::eval::{Compiled, compile, failure};
use crate::batch::value::{Arena, Args, Heap, Raised, Task, Value, call};
use crate::kernel::decode;
use crate::plan::RecordFunction;

/// Bytes of values after which they are dropped.
const SLAB: usize = 1 << 20;

/// A function with the memory that its values take.
pub(super) struct Evaluator {
    function: Arc<Compiled>,
    arena: Arena,
    task: Task,
}

impl Evaluator {
    pub(super) fn new(function: &RecordFunction) -> Self {
        Evaluator::of(compile(&function.image))
    }

    fn of(function: Arc<Compiled>) -> Self {
        let task = Task { memory_limit: MEMORY_LIMIT, ..Task::default() };
        Evaluator { function, arena: Arena::default(), task }
    }

    /// Calls the function for one record after the other.
    pub(super) fn each<'t>(
        &mut self,
        records: impl IntoIterator<Item = &'t [u8]>,
        mut take: impl for<'a> FnMut(&Heap<'a>, &'t [u8], Result<Value<'a>, Raised>),
    ) {
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            let heap = Heap::new(&self.arena, &self.task);
            let function = self.function.thaw(&heap).expect("a function without defaults makes none");
            let limit = SLAB.max(heap.allocated());
            for record in records.by_ref() {
                let x = heap.str(&decode(record));
                let args = Args { positional: &[x], keywords: &[] };
                take(&heap, record, call(&heap, function, args));
                if heap.allocated() > limit {
                    break;
                }
            }
            self.arena.reset();
        }
    }
}

impl Clone for Evaluator {
    /// The same function with memory of its own.
    fn clone(&self) -> Self {
        Evaluator::of(Arc::clone(&self.function))
    }
}

/// Takes the exception in flight, and hands on what gives its words: the record is told with the first one alone.
pub(super) fn raised(heap: &Heap<'_>, _raised: Raised, option: &str, tell: impl FnOnce(&dyn Fn() -> String)) {
    let exception = heap.caught();
    tell(&|| {
        let (class, message) = failure(heap, heap.throw(exception));
        if message.is_empty() {
            format!("{option} raises {class}")
        } else {
            format!("{option} raises {class}: {message}")
        }
    });
}
