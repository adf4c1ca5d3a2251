//! Where functions are frozen: nothing is computed there.

use std::sync::Arc;

use crate::batch::Dataset;
use crate::error::Result;
use crate::plan::{Engine, Failure, Outcome, Rdd};

/// An engine that computes nothing.
pub(super) struct Nowhere;

fn refused<T>() -> Outcome<T> {
    Err(Failure {
        class: "RuntimeError".into(),
        message: "nothing is computed while a function is handed to the workers".into(),
        operator: None,
        record: None,
    })
}

impl Engine for Nowhere {
    fn compute(&mut self, _: &Arc<Rdd>) -> Outcome<Dataset> {
        refused()
    }

    fn compute_first(&mut self, _: &Arc<Rdd>, _: usize) -> Outcome<Dataset> {
        refused()
    }

    fn partitions(&mut self, _: &Arc<Rdd>) -> Outcome<usize> {
        refused()
    }

    fn keep(&mut self, _: &Arc<Rdd>) {}

    fn stop(&mut self, _: bool) {}

    fn print(&mut self, _: &[u8], _: bool) -> Result<()> {
        Ok(())
    }

    fn read_lines(&mut self, _: &str, _: usize) -> Outcome<Dataset> {
        refused()
    }

    fn read_whole(&mut self, _: &str) -> Outcome<Vec<(String, String)>> {
        refused()
    }

    fn save_lines(&mut self, _: &str, _: &Dataset) -> Outcome<()> {
        refused()
    }

    fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)> {
        Vec::new()
    }
}
