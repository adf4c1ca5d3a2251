//! What a task knows of itself while it runs: under which rules, and what went wrong.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::batch::value::exceptions::{EXCEPTION, MEMORY_ERROR};
use crate::batch::value::{Effects, Heap, Raised, Task, Value, identical, repr, str, type_of};
use crate::plan::{Failure, Origin};

/// Of a record at fault, so many bytes are shown.
const MOST_SHOWN: usize = 200;

/// The rules that all tasks of an engine run under.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Ends every evaluation soon.
    pub(super) stop: Arc<AtomicBool>,
    /// Bytes that the values of one record, or of one table, may take.
    pub(super) memory_limit: usize,
    /// Whether records that raise are dropped.
    pub(super) skip: bool,
}

/// What a task runs under, and what it has to tell besides its result.
#[derive(Debug)]
pub(super) struct Context {
    /// Its effects.
    pub(super) task: Task,
    skip: bool,
    skipped: RefCell<Skipped>,
}

/// Records that were dropped because they raised.
#[derive(Clone, Debug, Default)]
pub struct Skipped {
    /// How many.
    pub records: u64,
    /// What happened with the first one.
    pub first: Option<Failure>,
}

impl Skipped {
    /// Adds what happened later.
    pub(super) fn absorb(&mut self, later: Skipped) {
        self.records += later.records;
        self.first = self.first.take().or(later.first);
    }
}

impl Context {
    pub(super) fn new(rules: &Rules) -> Self {
        let Rules { stop, memory_limit, skip } = rules;
        let task = Task { stop: stop.clone(), memory_limit: *memory_limit, ..Task::default() };
        Context { task, skip: *skip, skipped: RefCell::default() }
    }

    /// What it did, and what it dropped.
    pub(super) fn finish(self) -> (Effects, Skipped) {
        (self.task.effects.into_inner(), self.skipped.into_inner())
    }

    /// What `work` comes to.
    ///
    /// # Errors
    /// What it raises.
    pub(super) fn run<'a, T>(
        &'a self,
        heap: &Heap<'a>,
        work: impl FnOnce(&'a Trace<'a>) -> Result<T, Raised>,
    ) -> Result<T, Failure> {
        let trace = heap.bump().alloc(Trace { context: self, blame: Cell::new(None) });
        work(trace).map_err(|Raised| trace.failure(heap))
    }
}

/// Remembers which operator an exception came from, and at which record.
pub(super) struct Trace<'a> {
    context: &'a Context,
    blame: Cell<Option<Blame<'a>>>,
}

#[derive(Clone, Copy)]
struct Blame<'a> {
    exception: Value<'a>,
    origin: &'a Origin,
    record: Option<Value<'a>>,
}

impl<'a> Trace<'a> {
    /// Whether records that raise are dropped.
    pub(super) fn skips(&self) -> bool {
        self.context.skip
    }

    /// Notes where an exception came from, unless that is known from further inside.
    #[cold]
    pub(super) fn blame(
        &self,
        heap: &Heap<'a>,
        Raised: Raised,
        origin: &'a Origin,
        record: Option<Value<'a>>,
    ) -> Raised {
        let exception = heap.caught();
        if !self.blame.get().is_some_and(|blame| identical(blame.exception, exception)) {
            self.blame.set(Some(Blame { exception, origin, record }));
        }
        heap.throw(exception)
    }

    /// Drops the record that raised, which came so often, if that is the rule.
    ///
    /// # Errors
    /// The exception, if it is not, or if it is none that a record is to blame for: memory may be full of others.
    #[cold]
    pub(super) fn skip(&self, heap: &Heap<'a>, Raised: Raised, times: u64) -> Result<(), Raised> {
        let exception = heap.caught();
        let class = type_of(exception);
        if !self.skips() || !class.is(&EXCEPTION) || class.is(&MEMORY_ERROR) {
            return Err(heap.throw(exception));
        }
        let mut skipped = self.context.skipped.borrow_mut();
        skipped.records += times;
        if skipped.first.is_none() {
            heap.throw(exception);
            skipped.first = Some(self.failure(heap));
        }
        Ok(())
    }

    /// The exception in flight, in words.
    #[cold]
    fn failure(&self, heap: &Heap<'a>) -> Failure {
        let exception = heap.caught();
        let class = type_of(exception).name.to_string();
        let mut message = Vec::new();
        if str(heap, exception, &mut message).is_err() {
            // As CPython does where even that fails.
            heap.caught();
            message = b"<exception str() failed>".to_vec();
        }
        let blame = self.blame.get().filter(|blame| identical(blame.exception, exception));
        Failure {
            class,
            message: String::from_utf8_lossy(&message).into_owned(),
            operator: blame.map(|blame| blame.origin.to_string()),
            record: blame.and_then(|blame| blame.record).map(|record| beginning(heap, record)),
        }
    }
}

/// The beginning of a record's `repr`.
fn beginning<'a>(heap: &Heap<'a>, record: Value<'a>) -> String {
    let mut text = Vec::new();
    if repr(heap, record, &mut text).is_err() {
        heap.caught();
        return format!("<{} object>", type_of(record).name);
    }
    let text = String::from_utf8_lossy(&text);
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}
