//! The parking protocol and the pool's hand-back, under every interleaving (loom).
//!
//! The files themselves are compiled here a second time, with loom's twins of the `std::sync` types.

#[allow(missing_docs)]
mod sync {
    pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub use std::sync::PoisonError;
}

#[allow(dead_code)]
#[path = "../src/batch/chunk.rs"]
mod chunk;
#[allow(dead_code)]
#[path = "../src/batch/pool.rs"]
mod pool;

#[path = "../src/exec/parking.rs"]
mod parking;

use chunk::SourceId;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;
use parking::Parking;
use pool::Pool;

/// All interleavings with at most three preemptions: deeper ones take hours and show nothing new.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// A worker that may look for work before, while or after it is submitted never sleeps over it:
/// a lost wake-up would be a deadlock, which loom reports.
#[test]
fn no_submission_is_slept_over() {
    explore(|| {
        let work = Arc::new(Parking::default());
        let deque = Arc::new(Mutex::new(Vec::new()));
        let worker = {
            let (work, deque) = (Arc::clone(&work), Arc::clone(&deque));
            thread::spawn(move || {
                let mut taken = 0;
                while taken < 2 {
                    let ticket = work.ticket();
                    let task = deque.lock().expect("no panic").pop();
                    match task {
                        Some(n) => taken += n,
                        None => work.park(ticket),
                    }
                }
                taken
            })
        };
        for _ in 0..2 {
            deque.lock().expect("no panic").push(1);
            work.unpark_one();
        }
        assert_eq!(worker.join().expect("no panic"), 2);
    });
}

/// Two sleepers, one task, then the end: `unpark_one` may wake either, `unpark_all` lets both go,
/// whether or not the task was begun.
#[test]
fn every_worker_sees_the_end() {
    explore(|| {
        let work = Arc::new(Parking::default());
        let (tasks, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let stopping = Arc::new(AtomicUsize::new(0));
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let (work, tasks) = (Arc::clone(&work), Arc::clone(&tasks));
                let (taken, stopping) = (Arc::clone(&taken), Arc::clone(&stopping));
                thread::spawn(move || {
                    loop {
                        let ticket = work.ticket();
                        let mine = tasks.compare_exchange(1, 0, Ordering::AcqRel, Ordering::Acquire);
                        if mine.is_ok() {
                            taken.fetch_add(1, Ordering::Release);
                        } else if stopping.load(Ordering::Acquire) == 1 {
                            return;
                        } else {
                            work.park(ticket);
                        }
                    }
                })
            })
            .collect();
        tasks.store(1, Ordering::Release);
        work.unpark_one();
        stopping.store(1, Ordering::Release);
        work.unpark_all();
        for worker in workers {
            worker.join().expect("no panic");
        }
        assert_eq!(taken.load(Ordering::Acquire) + tasks.load(Ordering::Acquire), 1);
    });
}

/// The driver, out of chunks, waits for one to come back: a chunk is on its shelf before the wake-up
/// for its task, so that the driver either finds it or is woken to find it.
#[test]
fn a_chunk_that_comes_back_is_found() {
    explore(|| {
        let (done, pending) = (Arc::new(Parking::default()), Arc::new(AtomicUsize::new(2)));
        let pool = Pool::new(2);
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let (done, pending) = (Arc::clone(&done), Arc::clone(&pending));
                let chunk = pool.take(SourceId(0)).expect("not all are out");
                thread::spawn(move || {
                    drop(chunk);
                    pending.fetch_sub(1, Ordering::Release);
                    done.unpark_all();
                })
            })
            .collect();
        loop {
            let ticket = done.ticket();
            if pending.load(Ordering::Acquire) == 0 || pool.available() {
                break;
            }
            done.park(ticket);
        }
        assert!(pool.take(SourceId(1)).is_some(), "a task ended and its chunk is not there");
        for worker in workers {
            worker.join().expect("no panic");
        }
        assert_eq!(pool.out(), 0);
    });
}
