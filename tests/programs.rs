//! Programs as the driver runs them: what they print, and how they end. Nothing is computed on records here.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use dstream::batch::{Dataset, Partition, Time};
use dstream::error::Result;
use dstream::lang::{Exit, Program};
use dstream::plan::{Engine, Failure, Outcome, Rdd, RddOp, Returned, Runtime, Script, StreamId, Streaming};

/// A runtime that gives back data as it is, and prints into memory.
#[derive(Default)]
struct Memory {
    stdout: String,
    stderr: String,
    started: Option<Streaming>,
}

impl Engine for Memory {
    fn compute(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        match &rdd.op {
            RddOp::Data(dataset) => Ok(dataset.clone()),
            _ => Err(Failure {
                class: "ZeroDivisionError".into(),
                message: "division by zero".into(),
                operator: Some(rdd.origin.to_string()),
                record: Some("0".into()),
            }),
        }
    }

    fn compute_first(&mut self, rdd: &Arc<Rdd>, _: usize) -> Outcome<Dataset> {
        self.compute(rdd)
    }

    fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        self.compute(rdd).map(|dataset| Vec::<Partition>::len(&dataset.partitions))
    }

    fn keep(&mut self, _: &Arc<Rdd>) {}

    fn stop(&mut self, _: bool) {}

    fn print(&mut self, text: &[u8], to_stderr: bool) -> Result<()> {
        let stream = if to_stderr { &mut self.stderr } else { &mut self.stdout };
        stream.push_str(&String::from_utf8_lossy(text));
        Ok(())
    }

    fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)> {
        Vec::new()
    }
}

impl Runtime for Memory {
    fn start(&mut self, streaming: Streaming) -> Result<()> {
        self.started = Some(streaming);
        Ok(())
    }

    fn run(&mut self, _: &mut dyn Script, _: Option<Duration>) -> Result<Returned> {
        Ok(Returned::Stopped)
    }

    fn slice(&mut self, _: &mut dyn Script, _: StreamId, _: Time, _: Time) -> Outcome<Vec<Arc<Rdd>>> {
        Ok(Vec::new())
    }

    fn engine(&mut self) -> &mut dyn Engine {
        self
    }
}

fn run(text: &str) -> (Memory, Exit) {
    let program = Program::script(text, "job.py", &["one".into(), "two".into()], None)
        .unwrap_or_else(|fault| panic!("{fault}"));
    let mut memory = Memory::default();
    let exit = program.run(&mut memory, Arc::new(AtomicBool::new(false))).expect("no fatal error");
    (memory, exit)
}

#[test]
fn scratch() {
    let Ok(path) = std::env::var("SCRATCH") else { return };
    let text = std::fs::read_to_string(path).expect("there");
    let (memory, exit) = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(move || run(&text))
        .expect("spawn")
        .join()
        .expect("no panic");
    print!("{}", memory.stdout);
    eprint!("{}", memory.stderr);
    println!("{exit:?} {:?}", memory.started);
}
