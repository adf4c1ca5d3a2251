//! Listeners: what is told of a stream while it runs.

use super::args::Given;
use super::shared::accumulate;
use crate::batch::{SourceId, Time};
use crate::lang::interp::{Arguments, Interp, Obj, Run};
use crate::plan::{BatchReport, OutputReport, Report};

/// `_listen(function)`: it is told of everything from now on, as `function(kind, …)`.
pub(super) fn listen(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let function = Given::new("_listen", args).take(0);
    *interp.world.pipeline.listener.borrow_mut() = Some(function);
    Ok(Obj::None)
}

/// Tells it of something.
pub(in crate::lang) fn tell(interp: &mut Interp<'_>, report: Report) -> Run<()> {
    accumulate(interp)?;
    let Some(function) = interp.world.pipeline.listener.borrow().clone() else { return Ok(()) };
    let args = match report {
        Report::Started(time, receivers) => vec![Obj::str("started"), millis(time), named(receivers)],
        Report::Stopped(receivers) => vec![Obj::str("stopped"), named(receivers)],
        Report::Batch(BatchReport { time, submitted, started, ended, records, outputs }) => {
            let records = records.into_iter().map(|(source, count)| Obj::tuple([number(source), int(count)]));
            let outputs = outputs.into_iter().map(|output| {
                let OutputReport { number, origin, started, ended, failure } = output;
                let failure = failure.map_or(Obj::None, Obj::str);
                Obj::tuple([int(number as u64), Obj::str(origin), millis(started), millis(ended), failure])
            });
            let (records, outputs) = (Obj::list(records.collect()), Obj::list(outputs.collect()));
            vec![
                Obj::str("batch"),
                millis(time),
                millis(submitted),
                millis(started),
                millis(ended),
                records,
                outputs,
            ]
        }
    };
    let origin = interp.origin();
    interp.call_from(origin, &function, args).map(|_| ())
}

fn named(receivers: Vec<(SourceId, String)>) -> Obj {
    let receivers = receivers.into_iter().map(|(source, name)| Obj::tuple([number(source), Obj::str(name)]));
    Obj::list(receivers.collect())
}

fn number(source: SourceId) -> Obj {
    Obj::Int(i64::from(source.0))
}

fn millis(time: Time) -> Obj {
    Obj::Int(time.as_millis())
}

fn int(count: u64) -> Obj {
    Obj::Int(i64::try_from(count).unwrap_or(i64::MAX))
}
