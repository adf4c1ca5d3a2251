//! Running tasks on the workers, and what they did besides.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::context::{Context, Rules, Skipped};
use super::counted::Counter;
use crate::batch::value::Effects;
use crate::exec::executor::Executor;
use crate::plan::{Failure, Outcome, Rdd};

/// The workers, and the effects of the tasks that they have run.
pub(super) struct Tasks {
    executor: Executor,
    pub(super) rules: Rules,
    pub(super) effects: Effects,
    pub(super) skipped: Skipped,
    pub(super) counter: Arc<Counter>,
    /// What stages have made of the input while it came in, by the RDD that they belong to: of type
    /// `Outcome<Vec<(usize, Done<T>)>>`. Whoever puts something here holds the RDD as long as it is there.
    pub(super) started: HashMap<*const Rdd, Box<dyn Any>>,
}

/// What a task came to, and what it did.
pub(super) type Done<T> = (Outcome<T>, Effects, Skipped);

impl Tasks {
    pub(super) fn new(executor: Executor, rules: Rules) -> Self {
        let counter = Arc::new(Counter::new(executor.workers()));
        Tasks {
            executor,
            rules,
            effects: Effects::default(),
            skipped: Skipped::default(),
            counter,
            started: HashMap::new(),
        }
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
        let take = |slot: &Mutex<Option<Done<T>>>| {
            let done = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            done.expect("tasks before the first that fails have run")
        };
        self.collect(batch.done.iter().map(take))
    }

    /// The results of tasks that have run, in order: [`Tasks::run`].
    ///
    /// # Errors
    /// The exception of the first one that has failed. The later ones are not asked for.
    fn collect<T>(&mut self, done: impl Iterator<Item = Done<T>>) -> Outcome<Vec<T>> {
        let mut results = Vec::with_capacity(done.size_hint().0);
        let mut accumulated = Vec::new();
        let mut skipped = Skipped::default();
        for (result, effects, dropped) in done {
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

    /// Whether the stage of an RDD was started while the input came in.
    pub(super) fn has_started(&self, rdd: &Arc<Rdd>) -> bool {
        self.started.contains_key(&Arc::as_ptr(rdd))
    }

    /// The results of a stage that was started while the input came in, if this RDD's was: by task the
    /// partition, and what came of it. Failures are there for whoever asks again.
    pub(super) fn take_started<T: 'static>(&mut self, rdd: &Arc<Rdd>) -> Option<Outcome<Vec<(usize, T)>>> {
        let address = Arc::as_ptr(rdd);
        let started = self.started.remove(&address)?.downcast::<Outcome<Vec<(usize, Done<T>)>>>();
        let results = match *started.expect("an RDD's stage is the same at every time") {
            Ok(done) => {
                let (partitions, done): (Vec<_>, Vec<_>) = done.into_iter().unzip();
                self.collect(done.into_iter()).map(|results| partitions.into_iter().zip(results).collect())
            }
            Err(failure) => Err(failure),
        };
        if let Err(failure) = &results {
            let again: Outcome<Vec<(usize, Done<T>)>> = Err(failure.clone());
            self.started.insert(address, Box::new(again));
        }
        Some(results)
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
