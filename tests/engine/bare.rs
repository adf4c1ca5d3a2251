//! The engine of tests and benchmarks that need nothing of the driver.

use std::sync::Arc;

use dstream::batch::Dataset;
use dstream::error::Result;
use dstream::exec::Workers;
use dstream::plan::{Engine, Outcome, Rdd};

/// Workers, with nothing around them.
pub struct BareEngine {
    pub workers: Workers,
    /// What the program has printed.
    pub printed: String,
}

impl BareEngine {
    pub fn new(workers: Workers) -> Self {
        BareEngine { workers, printed: String::new() }
    }
}

impl Engine for BareEngine {
    fn compute(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        self.workers.compute(rdd)
    }

    fn compute_first(&mut self, rdd: &Arc<Rdd>, records: usize) -> Outcome<Dataset> {
        self.workers.compute_first(rdd, records)
    }

    fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        self.workers.partitions(rdd)
    }

    fn keep(&mut self, rdd: &Arc<Rdd>) {
        rdd.keep_when_computed();
    }

    fn stop(&mut self, _: bool) {}

    fn print(&mut self, text: &[u8], _: bool) -> Result<()> {
        self.printed.push_str(&String::from_utf8_lossy(text));
        Ok(())
    }

    fn read_lines(&mut self, _: &str, _: usize) -> Outcome<Dataset> {
        unreachable!("these programs read no files")
    }

    fn read_whole(&mut self, _: &str) -> Outcome<Vec<(String, String)>> {
        unreachable!("these programs read no files")
    }

    fn save_lines(&mut self, _: &str, _: &Dataset) -> Outcome<()> {
        unreachable!("these programs write no files")
    }

    fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)> {
        self.workers.take_accumulated()
    }
}
