//! A program's pipeline at work: what `plan::Runtime` promises to programs.

use std::sync::Arc;
use std::time::Duration;

use super::conductor::Conductor;
use super::crew::Crew;
use super::patience::Patience;
use super::program::{Batches, Outputs};
use super::signals::Signals;
use super::timeline::Timeline;
use super::{Ended, OutputTo, Settings, outputs};
use crate::batch::{Dataset, Interval};
use crate::error::{Error, Result};
use crate::exec::Flow;
use crate::plan::{Engine, Outcome, Rdd, Returned, Runtime, Script, StreamOp, Streaming};
use crate::source::SourceSpec;

/// The engine, clock, sources and outputs of a program.
pub struct Pipeline {
    settings: Settings,
    crew: Crew,
    conductor: Conductor,
    stream: Option<Stream>,
}

/// A stream that was started.
struct Stream {
    flow: Flow,
    outputs: Outputs,
    timeline: Timeline,
    signals: Signals,
    /// How it has ended.
    ended: Option<Result<Ended>>,
    _patience: Patience,
}

impl Pipeline {
    /// Workers and outputs; what the settings say of sources and of the interval is for the stream that is started.
    ///
    /// # Errors
    /// When the system gives no more threads, or the output cannot be opened.
    pub fn new(settings: Settings) -> Result<Self> {
        let crew = Crew::new(&settings)?;
        let conductor = Conductor::new(&settings)?;
        Ok(Pipeline { settings, crew, conductor, stream: None })
    }

    /// Ends what the program has left behind: makes sure of what was written, and tells what there is to tell.
    ///
    /// # Errors
    /// What has ended the stream early; and that batches have lost outputs.
    pub fn end(&mut self) -> Result<Ended> {
        let Some(Stream { flow, outputs, timeline, ended, .. }) = &mut self.stream else {
            self.conductor.desk.finish()?;
            return Ok(Ended::Drained);
        };
        let ended = ended.take().unwrap_or(Ok(Ended::Drained));
        let mut work = Batches::new(flow, outputs, &mut self.crew, None);
        let ended = self.conductor.end(ended, &mut work, timeline.stats(), timeline.incomplete())?;
        outputs.verdict(ended)
    }
}

impl Runtime for Pipeline {
    fn start(&mut self, streaming: Streaming) -> Result<()> {
        let Streaming { graph, interval, sources } = streaming;
        let settings = &self.settings;
        let specs: Vec<SourceSpec> =
            sources.iter().map(|text| SourceSpec::parse(text.as_ref()).map_err(Error::Usage)).collect::<Result<_>>()?;
        outputs::check(&settings.output, &specs)?;
        let queues = graph.streams.iter().any(|stream| matches!(stream.op, StreamOp::Queue { .. }));
        let clock = settings.clock.resolve(&specs, queues)?;
        let outputs = Outputs::new(settings, &graph)?;
        if outputs.printed() > 1 {
            self.conductor.desk.never_in_place();
        }
        let signals = Signals::install(matches!(settings.output, OutputTo::File(_)))?;
        let pool = settings.pool(&specs);
        let mut timeline = Timeline::new(settings, &specs, (clock, interval), &signals, pool)?;
        timeline.watch_output(self.conductor.desk.output_descriptor()?)?;
        self.conductor.begin(settings, &specs);
        let patience = Patience::start(&signals, self.conductor.desk.messages())?;
        let flow = Flow::new(graph, interval);
        self.stream = Some(Stream { flow, outputs, timeline, signals, ended: None, _patience: patience });
        Ok(())
    }

    fn run(&mut self, script: &mut dyn Script, timeout: Option<Duration>) -> Result<Returned> {
        let Some(stream) = &mut self.stream else { return Ok(Returned::Stopped) };
        let Stream { flow, outputs, timeline, signals, ended, .. } = stream;
        if let Some(ended) = ended {
            return match ended {
                Ok(Ended::Drained) => Ok(Returned::Stopped),
                // A program that waits again, after it was told that the stream has been stopped from outside, may wait for ever.
                _ => Err(Error::OutputClosed),
            };
        }
        let mut work = Batches::new(flow, outputs, &mut self.crew, Some(script));
        let returned = timeline.run(signals, &mut self.conductor, &mut work, timeout);
        match returned {
            Ok(Returned::TimeUp) => return Ok(Returned::TimeUp),
            Ok(Returned::Stopped) => *ended = Some(Ok(signals.ended())),
            Err(fault) => *ended = Some(Err(fault)),
        }
        signals.end_at_next();
        match ended {
            Some(Err(_)) => Err(Error::OutputClosed),
            _ => Ok(Returned::Stopped),
        }
    }

    fn engine(&mut self) -> &mut dyn Engine {
        self
    }
}

impl Engine for Pipeline {
    fn compute(&mut self, rdd: &Arc<Rdd>) -> Outcome<Dataset> {
        self.crew.at(&mut self.conductor.desk).compute(rdd)
    }

    fn compute_first(&mut self, rdd: &Arc<Rdd>, records: usize) -> Outcome<Dataset> {
        self.crew.at(&mut self.conductor.desk).compute_first(rdd, records)
    }

    fn partitions(&mut self, rdd: &Arc<Rdd>) -> Outcome<usize> {
        self.crew.at(&mut self.conductor.desk).partitions(rdd)
    }

    fn keep(&mut self, rdd: &Arc<Rdd>) {
        self.crew.at(&mut self.conductor.desk).keep(rdd);
    }

    fn stop(&mut self, graceful: bool) {
        self.crew.at(&mut self.conductor.desk).stop(graceful);
    }

    fn print(&mut self, text: &[u8], to_stderr: bool) -> Result<()> {
        self.crew.at(&mut self.conductor.desk).print(text, to_stderr)
    }

    fn take_accumulated(&mut self) -> Vec<(u32, Vec<u8>)> {
        self.crew.at(&mut self.conductor.desk).take_accumulated()
    }
}
