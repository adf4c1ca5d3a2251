//! What the catalogue is made of: the primitives that its Python text (`prelude`) calls. They build RDDs,
//! streams and outputs, and hand actions to the engine.

mod args;
mod files;
mod globals;
mod listener;
mod rdd;
mod shared;
mod stream;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::interp::{Arguments, Handle, Interp, Intrinsic, Obj, Run};
use crate::batch::Interval;
use crate::plan::{Graph, Origin};
use args::Given;
pub(super) use listener::tell;
pub(super) use shared::accumulate;
pub(super) use stream::named as named_stream;

/// The pipeline, as far as a program has built it.
#[derive(Debug, Default)]
pub struct Pipeline {
    /// Streams and outputs.
    pub graph: RefCell<Graph>,
    /// Sources, as `--from` takes them; their places are their numbers.
    pub sources: RefCell<Vec<String>>,
    /// Functions that run on records, by number.
    pub lambdas: RefCell<Vec<Obj>>,
    /// Functions that are called while a batch is built, by number, and where the program asks for them.
    pub callbacks: RefCell<Vec<(Obj, Origin)>>,
    /// Accumulators, by number.
    pub accumulators: RefCell<Vec<Rc<Handle>>>,
    /// The interval that the command line asks for.
    pub interval: Cell<Option<Interval>>,
    /// Those among them that the command line has named, which every context has.
    pub named_sources: Cell<usize>,
    /// The number of the streaming context that was made last: there is one graph at a time.
    pub context: Cell<u32>,
    /// What is told of the stream, for its listeners.
    pub listener: RefCell<Option<Obj>>,
    /// Whether a stream was started.
    pub started: Cell<bool>,
    /// Whether the stream that was started has ended.
    pub ended: Cell<bool>,
}

/// A primitive of the catalogue.
const fn primitive(name: &'static str, call: fn(&mut Interp<'_>, Arguments) -> Run<Obj>) -> Intrinsic {
    Intrinsic { name, call, is_builtin: false }
}

/// Every primitive, under the name that the catalogue's text knows it by.
pub static PRIMITIVES: &[Intrinsic] = &[
    primitive("_rdd_data", rdd::data),
    primitive("_rdd_empty", rdd::empty),
    primitive("_rdd_op", rdd::op),
    primitive("_rdd_collect", rdd::collect),
    primitive("_rdd_first", rdd::first),
    primitive("_rdd_partitions", rdd::partitions),
    primitive("_rdd_keep", rdd::keep),
    primitive("_shuffled", rdd::shuffled),
    primitive("_next_seed", rdd::next_seed),
    primitive("_rdd_save", files::save),
    primitive("_read_lines", files::read_lines),
    primitive("_read_whole", files::read_whole),
    primitive("_local_path", files::local_path),
    primitive("_stream_source", stream::source),
    primitive("_stream_queue", stream::queue),
    primitive("_stream_op", stream::op),
    primitive("_stream_transform", stream::transform),
    primitive("_stream_window", stream::window),
    primitive("_stream_state", stream::state),
    primitive("_stream_reduce_window", stream::reduce_window),
    primitive("_stream_slide", stream::slide),
    primitive("_stream_slice", stream::slice),
    primitive("_output_print", stream::print),
    primitive("_output_for_each", stream::for_each),
    primitive("_output_save", stream::save),
    primitive("_output_command", stream::command),
    primitive("_remember", stream::remember),
    primitive("_open", stream::open),
    primitive("_start", stream::start),
    primitive("_run", stream::run),
    primitive("_stop", stream::stop),
    primitive("_listen", listener::listen),
    primitive("_broadcast", shared::broadcast),
    primitive("_broadcast_value", shared::broadcast_value),
    primitive("_accumulator", shared::accumulator),
    primitive("_accumulator_value", shared::accumulator_value),
    primitive("_accumulator_set", shared::accumulator_set),
    primitive("_global_find", globals::find),
    primitive("_global_set", globals::set),
    primitive("_global_delete", globals::delete),
    primitive("_notice", notice),
    primitive("_environment", environment),
];

/// `time.sleep`: as in Spark, the stream goes on meanwhile.
pub static SLEEP: Intrinsic = primitive("sleep", sleep);

/// Says something on standard error.
fn notice(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_notice", args);
    let text = format!("dstream: {}\n", given.text(interp, 0)?);
    interp.engine().print(text.as_bytes(), true)?;
    Ok(Obj::None)
}

/// The environment variables.
fn environment(_: &mut Interp<'_>, _: Arguments) -> Run<Obj> {
    let pairs = std::env::vars_os().map(|(name, value)| {
        Obj::tuple([Obj::str(name.to_string_lossy()), Obj::str(value.to_string_lossy())])
    });
    Ok(Obj::list(pairs.collect()))
}

fn sleep(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("sleep", args);
    let seconds = given.seconds(interp, 0)?;
    stream::wait(interp, Some(seconds))?;
    Ok(Obj::None)
}

/// Waits without a stream.
fn pause(interp: &mut Interp<'_>, time: Duration) -> Run<()> {
    // In steps, so that a signal ends it.
    const STEP: Duration = Duration::from_millis(50);
    let until = std::time::Instant::now().checked_add(time);
    loop {
        interp.check()?;
        let left = match until {
            Some(until) => until.saturating_duration_since(std::time::Instant::now()),
            None => STEP,
        };
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(STEP));
    }
}
