//! Running tasks on the workers, and what they did besides.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::context::{Context, Rules, Skipped};
use super::counted::Counter;
use crate::batch::value::Effects;
use crate::exec::executor::Executor;
use crate::plan::{Failure, Outcome};

/// The workers, and the effects of the tasks that they have run.
pub(super) struct Tasks {
    executor: Executor,
    pub(super) rules: Rules,
    pub(super) effects: Effects,
    pub(super) skipped: Skipped,
    pub(super) counter: Arc<Counter>,
}

/// What a task came to, and what it did.
type Done<T> = (Outcome<T>, Effects, Skipped);

impl Tasks {
    pub(super) fn new(executor: Executor, rules: Rules) -> Self {
        let counter = Arc::new(Counter::new(executor.workers()));
        Tasks { executor, rules, effects: Effects::default(), skipped: Skipped::default(), counter }
    }

    /// Leaves a task that cannot fail to whoever is free first.
    pub(super) fn submit(&self, task: impl FnOnce() + Send + 'static) {
        self.executor.submit(Box::new(move |_| task()));
    }

    /// Works until every task has finished.
    ///
    /// # Errors
    /// When a task has panicked.
    pub(super) fn finish(&self) -> Outcome<()> {
        self.executor.finish().map_err(|fault| internal(fault.to_string()))
    }

    /// Has this thread work too, while there is more to do than the other workers can begin soon.
    pub(super) fn keep_up(&self) {
        self.executor.keep_up();
    }

    /// Works until `ready` says so, or there is nothing left to do.
    pub(super) fn work_until(&self, ready: impl Fn() -> bool) {
        self.executor.run_until(ready);
    }

    /// How many tasks run at a time.
    pub(super) fn workers(&self) -> usize {
        self.executor.workers()
    }

    /// Runs `count` tasks; their results in order. What they print is passed on up to the first one that
    /// fails; the rest of what they did counts only if none fails.
    ///
    /// # Errors
    /// The exception of the first task, in order, that fails.
    pub(super) fn run<T, W>(&mut self, count: usize, work: W) -> Outcome<Vec<T>>
    where
        T: Send + 'static,
        W: Fn(usize, &Context) -> Outcome<T> + Send + Sync + 'static,
    {
        let batch = Arc::new(Batch {
            work,
            rules: self.rules.clone(),
            failed: AtomicUsize::new(usize::MAX),
            done: (0..count).map(|_| Mutex::new(None)).collect(),
        });
        // The executor's driver takes the newest task itself: later ones first in, first ones come out.
        for index in (0..count).rev() {
            let batch = Arc::clone(&batch);
            self.executor.submit(Box::new(move |_| batch.run(index)));
        }
        self.finish()?;
        let mut results = Vec::with_capacity(count);
        let mut accumulated = Vec::new();
        let mut skipped = Skipped::default();
        for slot in &batch.done {
            let done = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (result, effects, dropped) = done.expect("tasks before the first that fails have run");
            self.effects.stdout.extend(effects.stdout);
            self.effects.stderr.extend(effects.stderr);
            results.push(result?);
            accumulated.extend(effects.accumulated);
            skipped.absorb(dropped);
        }
        self.effects.accumulated.extend(accumulated);
        self.skipped.absorb(skipped);
        Ok(results)
    }

    /// Adds what tasks did later.
    pub(super) fn absorb(&mut self, later: Effects) {
        self.effects.stdout.extend(later.stdout);
        self.effects.stderr.extend(later.stderr);
        self.effects.accumulated.extend(later.accumulated);
    }

    /// Runs one task.
    ///
    /// # Errors
    /// Its exception.
    pub(super) fn run_one<T, W>(&mut self, work: W) -> Outcome<T>
    where
        T: Send + 'static,
        W: Fn(&Context) -> Outcome<T> + Send + Sync + 'static,
    {
        let results = self.run(1, move |_, context| work(context))?;
        Ok(results.into_iter().next().expect("one task has one result"))
    }
}

/// Tasks that belong together.
struct Batch<T, W> {
    work: W,
    rules: Rules,
    /// The first task that has failed: nobody asks for the later ones any more.
    failed: AtomicUsize,
    done: Vec<Mutex<Option<Done<T>>>>,
}

impl<T, W: Fn(usize, &Context) -> Outcome<T>> Batch<T, W> {
    fn run(&self, index: usize) {
        if index > self.failed.load(Ordering::Relaxed) {
            return;
        }
        let context = Context::new(&self.rules);
        let result = (self.work)(index, &context);
        if result.is_err() {
            self.failed.fetch_min(index, Ordering::Relaxed);
        }
        let (effects, skipped) = context.finish();
        *self.done[index].lock().unwrap_or_else(PoisonError::into_inner) = Some((result, effects, skipped));
    }
}

/// A fault of the engine, not of the program.
fn internal(message: String) -> Failure {
    Failure { class: "SystemError".into(), message, operator: None, record: None }
}
