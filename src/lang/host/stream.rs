//! Streams and outputs, and the life of a streaming context.

use std::rc::Rc;
use std::time::Duration;

use super::args::Given;
use super::rdd::{callable, handle as rdd_handle, positive};
use super::shared::accumulate;
use crate::batch::value::exceptions::{RUNTIME_ERROR, VALUE_ERROR};
use crate::batch::{Interval, SourceId, Time};
use crate::lang::interp::{Arguments, Halt, Handle, Interp, Obj, Run, from_failure};
use crate::lang::program::Called;
use crate::plan::{
    Callback, Checkpoint, Graph, Lambda, Output, OutputOp, Returned, Stream, StreamId, StreamOp, StreamRddOp,
    Streaming,
};

/// A place in a list as a number of 32 bits.
fn number(place: usize) -> Run<u32> {
    u32::try_from(place).map_err(|_| Halt::new(&RUNTIME_ERROR, "the pipeline is too large"))
}

fn unstarted(interp: &Interp<'_>) -> Run<()> {
    match interp.world.pipeline.started.get() {
        true => Err(Halt::new(
            &RUNTIME_ERROR,
            "Adding new inputs, transformations, and output operations after starting a context is not supported",
        )),
        false => Ok(()),
    }
}

/// Adds a stream to the graph.
fn add(interp: &Interp<'_>, op: StreamOp, parents: Vec<StreamId>, slide: Interval) -> Run<Obj> {
    unstarted(interp)?;
    let mut graph = interp.world.pipeline.graph.borrow_mut();
    let id = StreamId(number(graph.streams.len())?);
    graph.streams.push(Stream { op, parents, slide, origin: interp.origin() });
    let context = interp.world.pipeline.context.get();
    Ok(Obj::Handle(Rc::new(Handle::Stream { id, context })))
}

fn slide_of(interp: &Interp<'_>, id: StreamId) -> Run<Interval> {
    let graph = interp.world.pipeline.graph.borrow();
    let stream = graph.streams.get(id.0 as usize);
    stream.map(|stream| stream.slide).ok_or_else(|| Halt::new(&RUNTIME_ERROR, "a stream of another context"))
}

fn lambda(interp: &Interp<'_>, function: Obj) -> Run<Lambda> {
    callable(interp, &function)?;
    let mut lambdas = interp.world.pipeline.lambdas.borrow_mut();
    lambdas.push(function);
    Ok(Lambda(number(lambdas.len() - 1)?))
}

fn optional_lambda(interp: &Interp<'_>, function: Option<Obj>) -> Run<Option<Lambda>> {
    function.map(|function| lambda(interp, function)).transpose()
}

fn callback(interp: &Interp<'_>, function: Obj) -> Run<Callback> {
    let mut callbacks = interp.world.pipeline.callbacks.borrow_mut();
    callbacks.push((function, interp.origin()));
    Ok(Callback(number(callbacks.len() - 1)?))
}

/// `_stream_source(spec or None, interval)`: what comes from a new source, or from all that the command
/// line has named.
pub(super) fn source(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_stream_source", args);
    unstarted(interp)?;
    let spec = given.text(interp, 0)?;
    let slide = given.interval(interp, 1)?;
    let id = {
        let mut sources = interp.world.pipeline.sources.borrow_mut();
        sources.push(spec);
        u16::try_from(sources.len() - 1)
            .map(SourceId)
            .map_err(|_| Halt::new(&RUNTIME_ERROR, "there are too many sources"))?
    };
    add(interp, StreamOp::Source(vec![id]), Vec::new(), slide)
}

/// The stream of sources that the command line has named.
pub(in crate::lang) fn named(interp: &Interp<'_>, sources: Vec<SourceId>, slide: Interval) -> Run<Obj> {
    add(interp, StreamOp::Source(sources), Vec::new(), slide)
}

/// `_stream_queue(rdds, one_at_a_time, default, interval)`
pub(super) fn queue(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_stream_queue", args);
    let rdds = given.rdds(interp, 0)?;
    let one_at_a_time = given.flag(interp, 1)?;
    let default = given.optional(2).map(|default| super::args::rdd_of(interp, &default)).transpose()?;
    let slide = given.interval(interp, 3)?;
    add(interp, StreamOp::Queue { rdds, one_at_a_time, default }, Vec::new(), slide)
}

/// `_stream_op(kind, parents, …)`: an operator over streams, as `_rdd_op`.
pub(super) fn op(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_stream_op", args);
    let kind = given.text(interp, 0)?;
    let parents = given.streams(interp, 1)?;
    let op = match &*kind {
        "map" => StreamRddOp::Map(lambda(interp, given.take(2))?),
        "filter" => StreamRddOp::Filter(lambda(interp, given.take(2))?),
        "flatMap" => StreamRddOp::FlatMap(lambda(interp, given.take(2))?),
        "mapValues" => StreamRddOp::MapValues(lambda(interp, given.take(2))?),
        "flatMapValues" => StreamRddOp::FlatMapValues(lambda(interp, given.take(2))?),
        "mapPartitions" => {
            let function = lambda(interp, given.take(2))?;
            StreamRddOp::MapPartitions { function, with_index: given.flag(interp, 3)? }
        }
        "count" => StreamRddOp::Count,
        "glom" => StreamRddOp::Glom,
        "union" => StreamRddOp::Union,
        "combine" => StreamRddOp::Combine {
            create: optional_lambda(interp, given.optional(2))?,
            merge_value: lambda(interp, given.take(3))?,
            merge_combiners: lambda(interp, given.take(4))?,
            partitions: given.partitions(interp, 5)?,
        },
        "group" => StreamRddOp::Group { partitions: given.partitions(interp, 2)? },
        "cogroup" => StreamRddOp::Cogroup { partitions: given.partitions(interp, 2)? },
        "partitionBy" => {
            let partitions = given.partitions(interp, 2)?;
            StreamRddOp::PartitionBy { partitions, function: optional_lambda(interp, given.optional(3))? }
        }
        "repartition" => StreamRddOp::Repartition { partitions: given.partitions(interp, 2)? },
        "sort" => StreamRddOp::Sort {
            key: optional_lambda(interp, given.optional(2))?,
            ascending: given.flag(interp, 3)?,
            partitions: given.optional(4).map(|count| positive(interp, &count)).transpose()?,
        },
        "top" => StreamRddOp::Top {
            n: given.count(interp, 2)?,
            key: optional_lambda(interp, given.optional(3))?,
            largest: given.flag(interp, 4)?,
        },
        "snapshot" => StreamRddOp::Snapshot,
        _ => return Err(Halt::new(&VALUE_ERROR, format!("there is no operator {kind}"))),
    };
    let slide = first_slide(interp, &parents)?;
    add(interp, StreamOp::Rdd(op), parents, slide)
}

/// The slide of an operator's stream: Spark goes by the first parent's.
fn first_slide(interp: &Interp<'_>, parents: &[StreamId]) -> Run<Interval> {
    match parents.first() {
        Some(first) => slide_of(interp, *first),
        None => Err(Halt::new(&VALUE_ERROR, "should have at least one DStream")),
    }
}

/// `_stream_transform(parents, function)`
pub(super) fn transform(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_stream_transform", args);
    let parents = given.streams(interp, 0)?;
    let slide = first_slide(interp, &parents)?;
    let function = callback(interp, given.take(1))?;
    add(interp, StreamOp::Transform(function), parents, slide)
}

/// `_stream_window(parent, length, slide)`
pub(super) fn window(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_stream_window", args);
    let parent = given.stream(interp, 0)?;
    let (length, slide) = (given.interval(interp, 1)?, given.interval(interp, 2)?);
    add(interp, StreamOp::Window { length }, vec![parent], slide)
}

/// `_stream_state(parent, update, initial, maps)`
pub(super) fn state(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_stream_state", args);
    let parent = given.stream(interp, 0)?;
    let update = callback(interp, given.take(1))?;
    let initial = given.optional(2).map(|initial| super::args::rdd_of(interp, &initial)).transpose()?;
    let maps = given.flag(interp, 3)?;
    let slide = slide_of(interp, parent)?;
    add(interp, StreamOp::State { update, initial, maps }, vec![parent], slide)
}

/// `_stream_reduce_window(parent, reduce, inverse, length, slide)`
pub(super) fn reduce_window(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_stream_reduce_window", args);
    let parent = given.stream(interp, 0)?;
    let reduce = callback(interp, given.take(1))?;
    let inverse = given.optional(2).map(|inverse| callback(interp, inverse)).transpose()?;
    let (length, slide) = (given.interval(interp, 3)?, given.interval(interp, 4)?);
    add(interp, StreamOp::ReduceWindow { reduce, inverse, length }, vec![parent], slide)
}

/// `_stream_slide(stream)`: in milliseconds.
pub(super) fn slide(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let stream = Given::new("_stream_slide", args).stream(interp, 0)?;
    Ok(Obj::Int(slide_of(interp, stream)?.as_millis()))
}

/// `_stream_slice(stream, from, through)`: the RDDs of these times, in milliseconds.
pub(super) fn slice(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_stream_slice", args);
    let stream = given.stream(interp, 0)?;
    let time = |object: Obj| object.as_int().map(Time::from_millis);
    let (Some(from), Some(through)) = (time(given.take(1)), time(given.take(2))) else {
        return Err(Halt::new(&VALUE_ERROR, "slice needs two times"));
    };
    let mut called = Called { world: interp.world.clone() };
    let runtime = interp.runtime("slice()")?;
    let rdds = runtime.slice(&mut called, stream, from, through).map_err(from_failure)?;
    Ok(Obj::list(rdds.into_iter().map(rdd_handle).collect()))
}

fn output(interp: &Interp<'_>, stream: StreamId, op: OutputOp) -> Run<Obj> {
    unstarted(interp)?;
    let output = Output { stream, op, origin: interp.origin() };
    interp.world.pipeline.graph.borrow_mut().outputs.push(output);
    Ok(Obj::None)
}

/// `_output_print(stream, limit or None, format or None)`
pub(super) fn print(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_output_print", args);
    let stream = given.stream(interp, 0)?;
    let limit = given.optional(1).map(|limit| {
        let limit = interp.index(&limit)?;
        Ok::<_, Halt>(usize::try_from(limit).unwrap_or(0))
    });
    let limit = limit.transpose()?;
    let format = match given.take(2).as_str() {
        Some("json") => Some("json"),
        Some("csv") => Some("csv"),
        Some("tsv") => Some("tsv"),
        Some("table") => Some("table"),
        _ => None,
    };
    output(interp, stream, OutputOp::Print { limit, format })
}

/// `_output_for_each(stream, function)`
pub(super) fn for_each(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_output_for_each", args);
    let stream = given.stream(interp, 0)?;
    let function = callback(interp, given.take(1))?;
    output(interp, stream, OutputOp::ForEach(function))
}

/// `_output_save(stream, prefix, suffix or None)`
pub(super) fn save(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_output_save", args);
    let stream = given.stream(interp, 0)?;
    let prefix = given.text(interp, 1)?;
    let suffix = given.optional(2).map(|suffix| interp.text(&suffix)).transpose()?;
    output(interp, stream, OutputOp::SaveAsTextFiles { prefix, suffix })
}

/// `_output_command(stream, command)`
pub(super) fn command(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_output_command", args);
    let stream = given.stream(interp, 0)?;
    let command = given.text(interp, 1)?;
    output(interp, stream, OutputOp::ToCommand(command))
}

/// `_remember(milliseconds)`
pub(super) fn remember(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let span = Given::new("_remember", args).interval(interp, 0)?;
    unstarted(interp)?;
    interp.world.pipeline.graph.borrow_mut().remember = Some(span);
    Ok(Obj::None)
}

/// `_open(milliseconds)`: a new context, unless one is active; the length of its batches: what the command
/// line says goes first.
pub(super) fn open(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let asked = Given::new("_open", args).interval(interp, 0)?;
    let pipeline = &interp.world.pipeline;
    if !pipeline.started.get() || pipeline.ended.get() {
        *pipeline.graph.borrow_mut() = Graph::default();
        pipeline.sources.borrow_mut().truncate(pipeline.named_sources.get());
        pipeline.lambdas.borrow_mut().clear();
        pipeline.callbacks.borrow_mut().clear();
        *pipeline.listener.borrow_mut() = None;
        pipeline.context.set(pipeline.context.get().wrapping_add(1));
        pipeline.started.set(false);
        pipeline.ended.set(false);
    }
    let interval = pipeline.interval.get().unwrap_or(asked);
    Ok(Obj::Int(interval.as_millis()))
}

/// `_start(interval, checkpoint directory or None, resume)`: hands the graph to the engine. What cannot run on records is refused now.
pub(super) fn start(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_start", args);
    let interval = given.interval(interp, 0)?;
    let resume = given.flag(interp, 2)?;
    let checkpoint = match given.optional(1) {
        Some(directory) => Some(Checkpoint { directory: interp.text(&directory)?, resume }),
        None => None,
    };
    let world = interp.world.clone();
    if world.pipeline.graph.borrow().outputs.is_empty() {
        return Err(Halt::new(
            &RUNTIME_ERROR,
            "No output operations registered, so nothing to execute: end a stream in pprint(), foreachRDD(f) or saveAsTextFiles(prefix)",
        ));
    }
    let lambdas = world.pipeline.lambdas.borrow().clone();
    for function in &lambdas {
        interp.freeze(function)?;
    }
    let graph = std::mem::take(&mut *world.pipeline.graph.borrow_mut());
    // Messages about streams that are asked for later still need their slides.
    let known = Graph { streams: graph.streams.iter().map(outline).collect(), ..Graph::default() };
    *world.pipeline.graph.borrow_mut() = known;
    let sources = world.pipeline.sources.borrow().clone();
    let program = world.source.text.to_string();
    let mut called = Called { world: world.clone() };
    let streaming = Streaming { graph, interval, sources, program, checkpoint };
    interp.runtime("start()")?.start(&mut called, streaming)?;
    world.pipeline.started.set(true);
    world.pipeline.ended.set(false);
    Ok(Obj::None)
}

/// A stream without what it is made of.
fn outline(stream: &Stream) -> Stream {
    Stream {
        op: StreamOp::Source(Vec::new()),
        parents: Vec::new(),
        slide: stream.slide,
        origin: stream.origin.clone(),
    }
}

/// `_run(seconds or None)`: runs batches; whether the stream has stopped.
pub(super) fn run(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_run", args);
    let timeout = match given.optional(0) {
        Some(seconds) => Some(Given::new("_run", vec![seconds].into()).seconds(interp, 0)?),
        None => None,
    };
    wait(interp, timeout).map(Obj::Bool)
}

/// Runs batches until the time is up; whether the stream has stopped.
pub(super) fn wait(interp: &mut Interp<'_>, timeout: Option<Duration>) -> Run<bool> {
    let world = interp.world.clone();
    if !world.pipeline.started.get() || world.pipeline.ended.get() || interp.in_batch() {
        if let Some(timeout) = timeout {
            super::pause(interp, timeout)?;
        }
        return Ok(world.pipeline.ended.get());
    }
    let mut called = Called { world: world.clone() };
    let returned = interp.runtime("waiting")?.run(&mut called, timeout)?;
    accumulate(interp)?;
    let stopped = returned == Returned::Stopped;
    if stopped {
        world.pipeline.ended.set(true);
    }
    Ok(stopped)
}

/// `_stop(graceful)`: asks the stream to stop, and waits until it has.
pub(super) fn stop(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let graceful = Given::new("_stop", args).flag(interp, 0)?;
    let pipeline = &interp.world.clone().pipeline;
    if !pipeline.started.get() || pipeline.ended.get() {
        return Ok(Obj::None);
    }
    interp.engine().stop(graceful);
    if !interp.in_batch() {
        wait(interp, None)?;
    }
    Ok(Obj::None)
}
