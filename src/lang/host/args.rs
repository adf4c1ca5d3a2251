//! Arguments of primitives: what the catalogue's text hands over, checked.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::batch::Interval;
use crate::batch::value::exceptions::{ATTRIBUTE_ERROR, RUNTIME_ERROR, TYPE_ERROR, VALUE_ERROR};
use crate::lang::interp::{Arguments, Halt, Handle, Interp, Obj, Run};
use crate::plan::{Rdd, StreamId};

/// Arguments by position; those that are not given are `None`.
pub(super) struct Given {
    name: &'static str,
    positional: Vec<Obj>,
}

impl Given {
    pub(super) fn new(name: &'static str, args: Arguments) -> Self {
        Given { name, positional: args.positional }
    }

    pub(super) fn take(&mut self, number: usize) -> Obj {
        self.positional.get_mut(number).map_or(Obj::None, |arg| std::mem::replace(arg, Obj::None))
    }

    pub(super) fn text(&mut self, interp: &Interp<'_>, number: usize) -> Run<String> {
        match self.take(number) {
            Obj::Str(text) => Ok(text.to_string()),
            other => Err(self.expected(interp, "a str", &other)),
        }
    }

    /// A number of partitions or records.
    pub(super) fn count(&mut self, interp: &Interp<'_>, number: usize) -> Run<usize> {
        let count = self.take(number);
        match count.as_int().map(usize::try_from) {
            Some(Ok(count)) => Ok(count),
            Some(Err(_)) => Err(Halt::new(&VALUE_ERROR, format!("{} is negative", interp_text(&count)))),
            None => Err(self.expected(interp, "an int", &count)),
        }
    }

    /// A number of partitions, at least one.
    pub(super) fn partitions(&mut self, interp: &Interp<'_>, number: usize) -> Run<usize> {
        match self.count(interp, number)? {
            0 => Err(Halt::new(&VALUE_ERROR, "Number of partitions must be positive.")),
            count => Ok(count),
        }
    }

    pub(super) fn flag(&mut self, interp: &mut Interp<'_>, number: usize) -> Run<bool> {
        let flag = self.take(number);
        interp.truth(&flag)
    }

    pub(super) fn number(&mut self, interp: &Interp<'_>, number: usize) -> Run<f64> {
        match self.take(number) {
            Obj::Float(number) => Ok(number),
            other => match other.as_int() {
                Some(number) => Ok(number as f64),
                None => Err(self.expected(interp, "a number", &other)),
            },
        }
    }

    /// A time span in seconds.
    pub(super) fn seconds(&mut self, interp: &Interp<'_>, number: usize) -> Run<Duration> {
        let seconds = self.number(interp, number)?;
        if seconds < 0.0 {
            return Err(Halt::new(&VALUE_ERROR, format!("{}(): the time is negative", self.name)));
        }
        Duration::try_from_secs_f64(seconds)
            .map_err(|_| Halt::new(&VALUE_ERROR, format!("{}(): {seconds} is no time span", self.name)))
    }

    /// A span in whole milliseconds, longer than nothing.
    pub(super) fn interval(&mut self, interp: &Interp<'_>, number: usize) -> Run<Interval> {
        let millis = self.take(number);
        let interval = millis.as_int().and_then(|millis| u64::try_from(millis).ok());
        match interval.and_then(Interval::from_millis) {
            Some(interval) => Ok(interval),
            None if millis.as_int().is_some() => Err(Halt::new(
                &VALUE_ERROR,
                format!("a duration of {} ms: it must be at least 1 ms", interp_text(&millis)),
            )),
            None => Err(self.expected(interp, "a number of milliseconds", &millis)),
        }
    }

    pub(super) fn optional(&mut self, number: usize) -> Option<Obj> {
        Some(self.take(number)).filter(|arg| !arg.is_none())
    }

    /// What stands behind an RDD.
    pub(super) fn rdd(&mut self, interp: &mut Interp<'_>, number: usize) -> Run<Arc<Rdd>> {
        let object = self.take(number);
        rdd_of(interp, &object)
    }

    pub(super) fn rdds(&mut self, interp: &mut Interp<'_>, number: usize) -> Run<Vec<Arc<Rdd>>> {
        let list = self.take(number);
        let items = interp.items(&list)?;
        items.iter().map(|item| rdd_of(interp, item)).collect()
    }

    pub(super) fn stream(&mut self, interp: &mut Interp<'_>, number: usize) -> Run<StreamId> {
        let object = self.take(number);
        stream_of(interp, &object)
    }

    pub(super) fn streams(&mut self, interp: &mut Interp<'_>, number: usize) -> Run<Vec<StreamId>> {
        let list = self.take(number);
        let items = interp.items(&list)?;
        items.iter().map(|item| stream_of(interp, item)).collect()
    }

    pub(super) fn handle(&mut self, interp: &Interp<'_>, number: usize) -> Run<Rc<Handle>> {
        match self.take(number) {
            Obj::Handle(handle) => Ok(handle),
            other => Err(self.expected(interp, "a handle", &other)),
        }
    }

    fn expected(&self, interp: &Interp<'_>, what: &str, found: &Obj) -> Halt {
        let name = self.name.trim_start_matches('_');
        Halt::new(&TYPE_ERROR, format!("{name}: expected {what}, not '{}'", interp.type_name(found)))
    }
}

fn interp_text(number: &Obj) -> String {
    number.as_int().map(|number| number.to_string()).unwrap_or_default()
}

/// The RDD behind an object, under the name that Spark's messages know it by.
pub(super) fn rdd_of(interp: &mut Interp<'_>, object: &Obj) -> Run<Arc<Rdd>> {
    match behind(interp, object, "_jrdd")? {
        Obj::Handle(handle) => match &*handle {
            Handle::Rdd(rdd) => Ok(rdd.clone()),
            _ => Err(missing(interp, object, "_jrdd")),
        },
        _ => Err(missing(interp, object, "_jrdd")),
    }
}

fn stream_of(interp: &mut Interp<'_>, object: &Obj) -> Run<StreamId> {
    match behind(interp, object, "_jdstream")? {
        Obj::Handle(handle) => match &*handle {
            Handle::Stream { id, context } if *context == interp.world.pipeline.context.get() => Ok(*id),
            Handle::Stream { .. } => Err(Halt::new(
                &RUNTIME_ERROR,
                "the DStream belongs to an earlier StreamingContext than the one that was made last",
            )),
            _ => Err(missing(interp, object, "_jdstream")),
        },
        _ => Err(missing(interp, object, "_jdstream")),
    }
}

fn behind(interp: &mut Interp<'_>, object: &Obj, name: &str) -> Run<Obj> {
    match object {
        Obj::Handle(_) => Ok(object.clone()),
        _ => interp.attribute(object, name),
    }
}

fn missing(interp: &Interp<'_>, object: &Obj, name: &str) -> Halt {
    Halt::new(&ATTRIBUTE_ERROR, format!("'{}' object has no attribute '{name}'", interp.type_name(object)))
}
