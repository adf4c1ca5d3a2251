//! The work-stealing executor. The driver's thread is worker 0: it submits to its own deque, takes
//! the newest task itself when it has nothing to read (that chunk is still in its cache), and the
//! other workers steal the oldest. With one worker there is no other thread at all.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_deque::{Steal, Stealer, Worker};

use super::parking::Parking;
use crate::error::{Error, Result, plain};

/// A piece of work; it is told which worker runs it.
pub type Task = Box<dyn FnOnce(usize) + Send>;

/// A fixed number of workers, the calling thread among them.
pub struct Executor {
    shared: Arc<Shared>,
    own: Worker<Task>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    stealers: Vec<Stealer<Task>>,
    /// A task was submitted, or the executor stops.
    work: Parking,
    /// A task was finished.
    done: Parking,
    stopping: AtomicBool,
    /// Tasks submitted and not finished.
    pending: AtomicUsize,
    panic: Mutex<Option<String>>,
}

impl Executor {
    /// Starts `workers - 1` threads, each with a stack of so many bytes if it is said; the caller is worker 0, with
    /// the stack that it has.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn new(workers: usize, stack: Option<usize>) -> Result<Self> {
        let deques: Vec<_> = (0..workers.max(1)).map(|_| Worker::new_lifo()).collect();
        let shared = Arc::new(Shared {
            stealers: deques.iter().map(Worker::stealer).collect(),
            work: Parking::default(),
            done: Parking::default(),
            stopping: AtomicBool::new(false),
            pending: AtomicUsize::new(0),
            panic: Mutex::default(),
        });
        let mut deques = deques.into_iter().enumerate();
        let (_, own) = deques.next().expect("there is at least one worker");
        let mut executor = Executor { shared, own, threads: Vec::new() };
        for (index, deque) in deques {
            let shared = Arc::clone(&executor.shared);
            let mut builder = thread::Builder::new().name(format!("worker-{index}"));
            if let Some(stack) = stack {
                builder = builder.stack_size(stack);
            }
            let thread = builder.spawn(move || shared.work(index, &deque)).map_err(|fault| {
                Error::Runtime(format!("cannot start a worker thread: {}", plain(&fault)))
            })?;
            executor.threads.push(thread);
        }
        Ok(executor)
    }

    /// How many workers there are, the driver's thread among them.
    pub fn workers(&self) -> usize {
        self.shared.stealers.len()
    }

    /// Leaves a task to whoever is free first.
    pub fn submit(&self, task: Task) {
        self.shared.pending.fetch_add(1, Ordering::Relaxed);
        self.own.push(task);
        self.shared.work.unpark_one();
    }

    /// Tasks that nobody has begun.
    pub fn backlog(&self) -> usize {
        self.own.len()
    }

    /// Has this thread work too, while there is more to do than the other workers can begin soon.
    pub fn keep_up(&self) {
        let enough = 2 * (self.workers() - 1);
        while self.backlog() > enough && self.run_one() {}
    }

    /// Runs one task on this thread, if there is one.
    pub fn run_one(&self) -> bool {
        match self.own.pop().or_else(|| self.shared.steal(0)) {
            Some(task) => {
                self.shared.run(task, 0);
                true
            }
            None => false,
        }
    }

    /// Works, and sleeps when there is nothing to do, until `ready` says so or every task has
    /// finished. It is asked again whenever a task has finished.
    pub fn run_until(&self, ready: impl Fn() -> bool) {
        loop {
            let ticket = self.shared.done.ticket();
            if self.shared.pending.load(Ordering::Acquire) == 0 || ready() {
                return;
            }
            if !self.run_one() {
                self.shared.done.park(ticket);
            }
        }
    }

    /// Works until every task has finished.
    ///
    /// # Errors
    /// When a task has panicked: a fault of ours, whose message is passed on.
    pub fn finish(&self) -> Result<()> {
        self.run_until(|| false);
        let mut panic = self.shared.panic.lock().unwrap_or_else(PoisonError::into_inner);
        panic.take().map_or(Ok(()), |text| Err(Error::Runtime(format!("a worker failed: {text}"))))
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.work.unpark_all();
        for thread in self.threads.drain(..) {
            // A panic of a task was caught where it ran; nothing else in a worker can fail.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn work(&self, index: usize, own: &Worker<Task>) {
        loop {
            let ticket = self.work.ticket();
            match own.pop().or_else(|| self.steal(index)) {
                Some(task) => self.run(task, index),
                None if self.stopping.load(Ordering::Acquire) => return,
                None => self.work.park(ticket),
            }
        }
    }

    /// The oldest task of the next worker that has one.
    fn steal(&self, index: usize) -> Option<Task> {
        let workers = self.stealers.len();
        for step in 1..workers {
            let victim = &self.stealers[(index + step) % workers];
            loop {
                match victim.steal() {
                    Steal::Success(task) => return Some(task),
                    Steal::Empty => break,
                    Steal::Retry => {}
                }
            }
        }
        None
    }

    fn run(&self, task: Task, worker: usize) {
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| task(worker))) {
            let mut panic = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
            panic.get_or_insert_with(|| panic_text(&*cause));
        }
        self.pending.fetch_sub(1, Ordering::Release);
        self.done.unpark_all();
    }
}

fn panic_text(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_exactly_once_on_any_number_of_workers() {
        for workers in [1, 2, 5] {
            let executor = Executor::new(workers, None).expect("threads");
            let sum = Arc::new(AtomicUsize::new(0));
            for n in 0..1000 {
                let sum = Arc::clone(&sum);
                executor.submit(Box::new(move |worker| {
                    assert!(worker < workers);
                    sum.fetch_add(n, Ordering::Relaxed);
                }));
            }
            executor.finish().expect("no panic");
            assert_eq!(sum.load(Ordering::Relaxed), 499_500);
        }
    }

    #[test]
    fn a_panic_in_a_task_becomes_an_error_once() {
        let executor = Executor::new(2, None).expect("threads");
        executor.submit(Box::new(|_| panic!("on purpose")));
        assert!(executor.finish().expect_err("a panic").to_string().contains("on purpose"));
        executor.submit(Box::new(|_| {}));
        assert!(executor.finish().is_ok());
    }
}
