//! What is noted of a batch while it is at work, for the program's listeners.

use std::collections::BTreeMap;

use super::clock::{self, Clock};
use crate::batch::{SourceId, Time};
use crate::plan::{BatchReport, OutputReport};

/// The open batch, as it will be reported.
pub(super) struct Reports {
    clock: Clock,
    records: BTreeMap<SourceId, u64>,
}

/// A batch whose outputs are at work.
pub(super) struct Open {
    is_virtual: bool,
    report: BatchReport,
}

impl Reports {
    /// Reports of a stream with that many sources; virtual time does not pass within a batch.
    pub(super) fn new(sources: usize, clock: Clock) -> Self {
        let sources = u16::try_from(sources).unwrap_or(u16::MAX);
        Reports { clock, records: (0..sources).map(|source| (SourceId(source), 0)).collect() }
    }

    /// When the stream has started: now.
    pub(super) fn started(&self) -> Time {
        match self.clock {
            Clock::Virtual { start, .. } => start,
            Clock::Real | Clock::Once => clock::now(),
        }
    }

    /// Notes records that have come in.
    pub(super) fn count(&mut self, source: SourceId, records: u64) {
        *self.records.entry(source).or_insert(0) += records;
    }

    /// The batch is closed.
    pub(super) fn open(&mut self, time: Time) -> Open {
        let records = self.records.iter().map(|(source, count)| (*source, *count)).collect();
        self.records.values_mut().for_each(|count| *count = 0);
        let is_virtual = matches!(self.clock, Clock::Virtual { .. });
        let now = if is_virtual { time } else { clock::now() };
        let report =
            BatchReport { time, submitted: now, started: now, ended: now, records, outputs: Vec::new() };
        Open { is_virtual, report }
    }
}

impl Open {
    /// An output is done, all of them if a whole batch has failed.
    pub(super) fn done(&mut self, output: Option<usize>, origins: &[String], failure: Option<&str>) {
        let started = self.report.ended;
        self.report.ended = if self.is_virtual { started } else { clock::now() };
        let outputs = match output {
            Some(output) => output..output + 1,
            None => 0..origins.len(),
        };
        for number in outputs {
            self.report.outputs.push(OutputReport {
                number,
                origin: origins[number].clone(),
                started,
                ended: self.report.ended,
                failure: failure.map(str::to_string),
            });
        }
    }

    pub(super) fn into_report(self) -> BatchReport {
        self.report
    }
}
