//! Recipes that are ended after every batch and go on from what they have kept.

use std::num::NonZeroUsize;

use dstream::batch::{BatchResult, Interval, Keep, Pool, SourceId, Time};
use dstream::error::Result;
use dstream::exec::Job;
use dstream::plan::{Plan, Scope, Select, Show, Sort, Window, WordsBy};

use crate::store::Store;

const SECOND: u64 = 1000;

fn seconds(count: u64) -> Interval {
    Interval::from_millis(count * SECOND).expect("not zero")
}

fn window(length: u64, slide: u64) -> Scope {
    Scope::Window(Window::new(seconds(length), Some(seconds(slide)), seconds(1)).expect("multiples"))
}

fn plan(select: Select, scope: Scope, limit: usize) -> Plan {
    let show = Show { sort: Sort::Count, limit: NonZeroUsize::new(limit) };
    Plan { filter: None, select, scope, show }
}

fn words() -> Select {
    Select::Words { by: WordsBy::Whitespace, lower: false }
}

/// A job in a process of its own.
struct Process {
    job: Job,
    pool: Pool,
}

impl Process {
    fn new(plan: &Plan, workers: usize) -> Self {
        let pool = Pool::new(8);
        let mut job = Job::new(plan, workers, false, pool.clone()).expect("threads");
        job.keep_changes();
        Process { job, pool }
    }

    /// A job that goes on after `missed` batches.
    fn restored(plan: &Plan, workers: usize, store: &Store, missed: u64) -> Self {
        let mut process = Process::new(plan, workers);
        process.job.restore(store.rows(), missed).expect("what was kept can be taken back");
        process
    }

    fn batch(&mut self, number: u64, lines: &str, last: bool) -> Option<BatchResult> {
        let mut chunk = self.pool.take(SourceId(0)).expect("chunks come back");
        chunk.extend(lines.as_bytes());
        self.job.accept(chunk);
        let time = Time::from_millis((number * SECOND).cast_signed());
        let result = self.job.close(time, last).expect("no task fails");
        self.job.prepare().expect("no task fails");
        result
    }
}

fn scopes() -> Vec<Scope> {
    let windows = [(1, 1), (5, 1), (6, 4), (2, 10), (6, 3), (4, 4), (12, 8)];
    windows
        .into_iter()
        .map(|(length, slide)| window(length, slide))
        .chain([Scope::Total, Scope::Batch])
        .collect()
}

fn plans() -> Vec<Plan> {
    let all = scopes().into_iter().flat_map(|scope| {
        [plan(words(), scope, 3), plan(words(), scope, 0), plan(Select::Records, scope, 10)]
    });
    all.collect()
}

/// Lines of words, some of them frequent.
fn lines(batch: u64) -> String {
    let mut number = batch.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    for _ in 0..number % 23 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = (number >> 40) % 13;
        text.push_str(&format!("w{} {}\n", word * word % 7, "long".repeat(word as usize)));
    }
    text
}

#[test]
fn recipes_survive_their_processes() {
    for plan in plans() {
        let mut whole = Process::new(&plan, 2);
        let mut asked = Process::new(&plan, 2);
        let (mut store, mut ignored) = (Store::default(), Store::default());
        for number in 1..=30 {
            let expected = whole.batch(number, &lines(number), false);
            assert_eq!(asked.batch(number, &lines(number), false), expected, "asked for changes: {plan:?}");
            asked.job.changes(&mut ignored).expect("memory takes every change");
            let mut process = Process::restored(&plan, 1 + (number as usize * 3) % 4, &store, 0);
            let told = process.batch(number, &lines(number), false);
            assert_eq!(told, expected, "begun again before batch {number}: {plan:?}");
            process.job.changes(&mut store).expect("memory takes every change");
        }
        assert_eq!(ignored.len(), store.len(), "the same is kept: {plan:?}");
    }
}

/// Changes need not be asked for after every batch.
#[test]
fn recipes_survive_with_few_commits() {
    for plan in plans() {
        let mut whole = Process::new(&plan, 2);
        let mut process = Process::new(&plan, 1);
        let mut store = Store::default();
        for number in 1..=40 {
            let expected = whole.batch(number, &lines(number), false);
            assert_eq!(process.batch(number, &lines(number), false), expected, "batch {number}: {plan:?}");
            if number % 7 == 0 {
                process.job.changes(&mut store).expect("memory takes every change");
                process = Process::restored(&plan, 2, &store, 0);
            }
        }
    }
}

/// A batch that was missed is one without records.
#[test]
fn windows_age_by_batches_that_were_missed() {
    for plan in plans() {
        for (before, missed) in [(5, 1), (5, 3), (6, 2), (7, 40), (8, 1)] {
            let mut whole = Process::new(&plan, 2);
            let mut process = Process::new(&plan, 2);
            let mut store = Store::default();
            for number in 1..=before {
                whole.batch(number, &lines(number), false);
                process.batch(number, &lines(number), false);
                process.job.changes(&mut store).expect("memory takes every change");
            }
            (before + 1..=before + missed).for_each(|number| drop(whole.batch(number, "", false)));
            let mut process = Process::restored(&plan, 2, &store, missed);
            for number in before + missed + 1..before + missed + 12 {
                let expected = whole.batch(number, &lines(number), false);
                let told = process.batch(number, &lines(number), false);
                assert_eq!(told, expected, "batch {number} after {before} and {missed}: {plan:?}");
            }
        }
    }
}

/// What a last batch shows early is not what the next process goes on with.
#[test]
fn a_last_batch_is_one_of_many_for_the_next_process() {
    for plan in plans() {
        for ended in 1..12 {
            let mut whole = Process::new(&plan, 2);
            let mut process = Process::new(&plan, 2);
            let mut store = Store::default();
            for number in 1..=ended {
                whole.batch(number, &lines(number), false);
                process.batch(number, &lines(number), number == ended);
            }
            process.job.changes(&mut store).expect("memory takes every change");
            let mut process = Process::restored(&plan, 3, &store, 0);
            for number in ended + 1..ended + 14 {
                let expected = whole.batch(number, &lines(number), false);
                let told = process.batch(number, &lines(number), false);
                assert_eq!(told, expected, "batch {number} after {ended}: {plan:?}");
            }
        }
    }
}

/// What is written costs as much as what has changed.
#[test]
fn a_change_costs_a_row_whatever_the_total() {
    const KEYS: usize = 50_000;
    let plan = plan(words(), Scope::Total, 10);
    let text = |step: usize| (0..KEYS).step_by(step).map(|key| format!("key{key}\n")).collect::<String>();
    let mut process = Process::new(&plan, 2);
    let mut store = Store::default();
    for piece in text(1).as_bytes().chunks(200_000) {
        let mut chunk = process.pool.take(SourceId(0)).expect("chunks come back");
        chunk.extend(piece);
        process.job.accept(chunk);
        process.job.finish().expect("no task fails");
    }
    process.batch(1, "", false);
    process.job.changes(&mut store).expect("memory takes every change");
    for number in 2..5 {
        process.batch(number, &text(100), false);
        let before = store.puts;
        process.job.changes(&mut store).expect("memory takes every change");
        assert_eq!(store.puts - before, KEYS / 100 + 1);
    }
    assert_eq!(store.deletes, 0);
}

#[test]
fn a_pane_is_written_once_and_deleted_when_it_leaves() {
    #[derive(Default)]
    struct Rows(Vec<(Vec<u8>, bool)>);
    impl Keep for Rows {
        fn put(&mut self, _: &str, key: &[u8], _: &[u8]) -> Result<()> {
            self.0.push((key.to_vec(), true));
            Ok(())
        }
        fn delete(&mut self, _: &str, key: &[u8]) -> Result<()> {
            self.0.push((key.to_vec(), false));
            Ok(())
        }
    }
    let mut process = Process::new(&plan(words(), window(3, 1), 10), 2);
    let mut rows = Rows::default();
    for number in 1..=10 {
        process.batch(number, "a b\n", false);
        process.job.changes(&mut rows).expect("memory takes every change");
    }
    let panes: Vec<_> = rows.0.iter().filter(|(key, _)| key.len() > 1).collect();
    let put = panes.iter().filter(|(_, put)| *put).count();
    assert_eq!((put, panes.len() - put), (10, 8), "two are left for the next window");
}

#[test]
fn damaged_rows_are_refused() {
    for plan in [
        plan(words(), Scope::Total, 10),
        plan(words(), window(6, 4), 10),
        plan(Select::Records, window(6, 4), 10),
    ] {
        let mut process = Process::new(&plan, 2);
        let mut store = Store::default();
        for number in 1..=5 {
            process.batch(number, &lines(number + 3), false);
            process.job.changes(&mut store).expect("memory takes every change");
        }
        let mut refused = 0;
        for number in 0..store.len() {
            for damage in 0..3 {
                let mut damaged = store.clone();
                damaged.damage(number, |value| {
                    match damage {
                        0 => return false,
                        1 => drop(value.pop()),
                        _ => value.push(0x80),
                    }
                    true
                });
                refused += usize::from(Process::new(&plan, 1).job.restore(damaged.rows(), 0).is_err());
            }
        }
        assert!(refused >= 3, "{refused}: {plan:?}");
    }
}
