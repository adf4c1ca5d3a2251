//! What it costs to give what has changed of a large state after each batch: milliseconds of batches with and
//! without, of a million keys of which ten thousand are touched a batch.
//!
//!     cargo bench --bench kept
//!
//! Changes go to a buffer that is thrown away, so what is measured is finding and encoding them, not a store.

#[path = "../tests/engine/bare.rs"]
mod bare;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use dstream::batch::{Chunk, Interval, Keep, Pool, SourceId, Time};
use dstream::error::Result;
use dstream::exec::{Flow, Job, Settings, Workers};
use dstream::lang::Program;
use dstream::plan::{
    Engine, Interrupt, Outcome, Plan, Rdd, Returned, Runtime, Scope, Script, Select, Show, Sort, StreamId,
    Streaming, Window, WordsBy,
};

use bare::BareEngine;

const KEYS: usize = 1_000_000;
const TOUCHED: usize = 10_000;
const BATCHES: usize = 7;
const WORKERS: usize = 2;

fn main() {
    println!("{:<44} {:>10} {:>10} {:>10}", "", "batch ms", "changes ms", "rows");
    program("updateStateByKey, text keys", "a.map(lambda x: (x, 1))");
    program("updateStateByKey, int keys", "a.map(lambda x: (int(x[3:]), 1))");
    recipe("wordcount --total", Scope::Total);
    let minute = Window::new(seconds(60), None, seconds(1)).expect("a multiple");
    recipe("wordcount --window 60s", Scope::Window(minute));
}

fn seconds(count: u64) -> Interval {
    Interval::from_millis(count * 1000).expect("not zero")
}

/// Counts changes, and copies them.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    rows: usize,
}

impl Keep for Buffer {
    fn put(&mut self, _: &str, key: &[u8], value: &[u8]) -> Result<()> {
        self.rows += 1;
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    fn delete(&mut self, _: &str, key: &[u8]) -> Result<()> {
        self.rows += 1;
        self.bytes.extend_from_slice(key);
        Ok(())
    }
}

/// Chunks of words: all there are, or those that a later batch touches.
fn chunks(pool: &Pool, batch: usize) -> Vec<Chunk> {
    let step = if batch == 0 { 1 } else { KEYS / TOUCHED };
    let words: String = (0..KEYS).skip(batch % step).step_by(step).map(|key| format!("key{key}\n")).collect();
    let mut rest = words.as_bytes();
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let most = rest.len().min(200_000);
        let end = rest[..most].iter().rposition(|byte| *byte == b'\n').map_or(most, |end| end + 1);
        let mut chunk = pool.take(SourceId(0)).expect("the pool is large enough");
        chunk.extend(&rest[..end]);
        chunks.push(chunk);
        rest = &rest[end..];
    }
    chunks
}

/// The medians of what batches took, and of what their changes did.
struct Measured {
    batches: Vec<Duration>,
    changes: Vec<Duration>,
    rows: usize,
}

impl Measured {
    fn new() -> Self {
        Measured { batches: Vec::new(), changes: Vec::new(), rows: 0 }
    }

    fn changes(&mut self, give: impl FnOnce(&mut Buffer)) {
        let mut buffer = Buffer::default();
        let start = Instant::now();
        give(&mut buffer);
        self.changes.push(start.elapsed());
        self.rows = black_box(buffer).rows;
    }

    /// The first batch, which brings all keys, does not count.
    fn tell(mut self, name: &str) {
        let median = |durations: &mut Vec<Duration>| {
            durations.remove(0);
            durations.sort();
            durations[durations.len() / 2].as_secs_f64() * 1000.0
        };
        let (batch, changes) = (median(&mut self.batches), median(&mut self.changes));
        println!("{name:<44} {batch:>10.1} {changes:>10.1} {:>10}", self.rows);
    }
}

fn recipe(name: &str, scope: Scope) {
    let show = Show { sort: Sort::Count, limit: std::num::NonZeroUsize::new(10) };
    let select = Select::Words { by: WordsBy::Whitespace, lower: false };
    let pool = Pool::new(256);
    let mut job =
        Job::new(&Plan { filter: None, select, scope, show }, WORKERS, false, pool.clone()).expect("threads");
    job.keep_changes();
    let mut measured = Measured::new();
    for batch in 0..BATCHES {
        let chunks = chunks(&pool, batch);
        let start = Instant::now();
        chunks.into_iter().for_each(|chunk| job.accept(chunk));
        black_box(job.close(Time::from_millis(batch as i64 * 1000), false).expect("no task fails"));
        job.prepare().expect("no task fails");
        measured.batches.push(start.elapsed());
        measured.changes(|buffer| job.changes(buffer).expect("memory takes every change"));
    }
    measured.tell(name);
}

fn program(name: &str, pairs: &str) {
    let text = format!(
        "from pyspark import SparkContext\nfrom pyspark.streaming import StreamingContext\n\
         ssc = StreamingContext(SparkContext(), 1)\na = ssc.socketTextStream('localhost', 1)\n\
         {pairs}.updateStateByKey(lambda vs, s: (s or 0) + len(vs), 4).pprint()\nssc.start()\nssc.awaitTermination()\n"
    );
    let stop = Arc::new(AtomicBool::new(false));
    let settings = Settings { workers: WORKERS, stop: stop.clone(), memory_limit: 0, skip_bad: false };
    let workers = Workers::new(settings).expect("threads");
    let mut process = Process { engine: BareEngine::new(workers), started: None, measured: Measured::new() };
    let program = Program::script(&text, "job.py", &[], None).unwrap_or_else(|fault| panic!("{fault}"));
    program.run(&mut process, Interrupt::default()).expect("no fatal error");
    process.measured.tell(name);
}

/// Runs the batches of a program.
struct Process {
    engine: BareEngine,
    started: Option<Streaming>,
    measured: Measured,
}

impl Runtime for Process {
    fn start(&mut self, _: &mut dyn Script, streaming: Streaming) -> Result<()> {
        self.started = Some(streaming);
        Ok(())
    }

    fn run(&mut self, script: &mut dyn Script, _: Option<Duration>) -> Result<Returned> {
        let Streaming { graph, interval, .. } = self.started.take().expect("streams are started first");
        let mut flow = Flow::new(graph, interval);
        flow.begin(script, &self.engine.workers, true);
        let pool = Pool::new(256);
        for batch in 0..BATCHES {
            let chunks = chunks(&pool, batch);
            let start = Instant::now();
            for chunk in chunks {
                flow.accept(chunk, &self.engine.workers);
            }
            let time = Time::from_millis((batch as i64 + 1) * 1000);
            flow.sum_up(time, &mut self.engine.workers).expect("no worker fails");
            flow.close(time, script, &mut self.engine, |_, delivery| {
                black_box(delivery);
                Ok(())
            })?;
            self.measured.batches.push(start.elapsed());
            let Process { engine, measured, .. } = self;
            measured.changes(|buffer| flow.changes(engine, buffer).expect("memory takes every change"));
        }
        Ok(Returned::Stopped)
    }

    fn slice(&mut self, _: &mut dyn Script, _: StreamId, _: Time, _: Time) -> Outcome<Vec<Arc<Rdd>>> {
        Ok(Vec::new())
    }

    fn engine(&mut self) -> &mut dyn Engine {
        &mut self.engine
    }
}
