//! RDDs: how they are made, and the actions that the engine answers.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use super::args::Given;
use crate::batch::random::Twister;
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Value, decode};
use crate::batch::{Dataset, Partition, Piece, Rows, Time};
use crate::lang::interp::{Arguments, Halt, Handle, Interp, Obj, Run, from_failure};
use crate::plan::{Draw, Image, Rdd, RddOp, Tracking};

/// The handle of an RDD.
pub(super) fn handle(rdd: Arc<Rdd>) -> Obj {
    Obj::Handle(Rc::new(Handle::Rdd(rdd)))
}

/// A partition of these records.
pub(super) fn partition(rows: Rows) -> Partition {
    match rows.is_empty() {
        true => Partition::default(),
        false => Partition { pieces: vec![Piece::Rows(Arc::new(rows))] },
    }
}

/// `_rdd_data(partitions)`: an RDD of lists of records, one a partition.
pub(super) fn data(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_rdd_data", args);
    let lists = given.take(0);
    let mut dataset = Dataset::default();
    for list in interp.items(&lists)? {
        let items = interp.items(&list)?;
        let rows = interp.cross(|crossing, heap| {
            let mut rows = Rows::default();
            for item in &items {
                let value = crossing.value(heap, item)?;
                rows.push(heap, value)?;
            }
            Ok(rows)
        })?;
        dataset.partitions.push(partition(rows));
    }
    Ok(handle(Rdd::new(RddOp::Data(dataset), Vec::new(), interp.origin())))
}

/// `_rdd_empty()`: an RDD without partitions.
pub(super) fn empty(interp: &mut Interp<'_>, _: Arguments) -> Run<Obj> {
    Ok(handle(Rdd::new(RddOp::Data(Dataset::default()), Vec::new(), interp.origin())))
}

fn image(interp: &mut Interp<'_>, given: &mut Given, number: usize) -> Run<Arc<Image>> {
    let function = given.take(number);
    callable(interp, &function)?;
    interp.freeze(&function)
}

fn optional_image(interp: &mut Interp<'_>, given: &mut Given, number: usize) -> Run<Option<Arc<Image>>> {
    given.optional(number).map(|function| interp.freeze(&function)).transpose()
}

/// Refuses what no record could be handed to.
pub(super) fn callable(interp: &Interp<'_>, function: &Obj) -> Run<()> {
    let cannot = match function {
        Obj::Instance(instance) => instance.class.find("__call__").is_none(),
        Obj::Function(_)
        | Obj::Method(_)
        | Obj::Intrinsic(_)
        | Obj::Native(_)
        | Obj::Bound(_)
        | Obj::Type(_)
        | Obj::Class(_)
        | Obj::Opaque(_) => false,
        _ => true,
    };
    match cannot {
        true => {
            let name = interp.type_name(function);
            Err(Halt::new(&TYPE_ERROR, format!("'{name}' object is not callable")))
        }
        false => Ok(()),
    }
}

/// `_rdd_op(kind, parents, …)`: an operator over RDDs.
pub(super) fn op(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_rdd_op", args);
    let kind = given.text(interp, 0)?;
    let parents = given.rdds(interp, 1)?;
    let op = match &*kind {
        "map" => RddOp::Map(image(interp, &mut given, 2)?),
        "filter" => RddOp::Filter(image(interp, &mut given, 2)?),
        "flatMap" => RddOp::FlatMap(image(interp, &mut given, 2)?),
        "mapValues" => RddOp::MapValues(image(interp, &mut given, 2)?),
        "flatMapValues" => RddOp::FlatMapValues(image(interp, &mut given, 2)?),
        "mapPartitions" => RddOp::MapPartitions {
            function: image(interp, &mut given, 2)?,
            with_index: given.flag(interp, 3)?,
        },
        "count" => RddOp::Count,
        "glom" => RddOp::Glom,
        "union" => RddOp::Union,
        "zip" => RddOp::Zip,
        "zipWithIndex" => RddOp::ZipWithIndex,
        "cartesian" => RddOp::Cartesian,
        "combine" => RddOp::Combine {
            create: optional_image(interp, &mut given, 2)?,
            merge_value: image(interp, &mut given, 3)?,
            merge_combiners: image(interp, &mut given, 4)?,
            partitions: given.count(interp, 5)?,
        },
        "group" => RddOp::Group { partitions: given.count(interp, 2)? },
        "cogroup" => RddOp::Cogroup { partitions: given.count(interp, 2)? },
        "partitionBy" => RddOp::PartitionBy {
            partitions: given.count(interp, 2)?,
            function: optional_image(interp, &mut given, 3)?,
        },
        "repartition" => RddOp::Repartition { partitions: given.partitions(interp, 2)? },
        "coalesce" => RddOp::Coalesce { partitions: given.partitions(interp, 2)? },
        "sort" => RddOp::Sort {
            key: optional_image(interp, &mut given, 2)?,
            ascending: given.flag(interp, 3)?,
            partitions: given.optional(4).map(|count| positive(interp, &count)).transpose()?,
        },
        "top" => RddOp::Top {
            n: given.count(interp, 2)?,
            key: optional_image(interp, &mut given, 3)?,
            largest: given.flag(interp, 4)?,
        },
        "mapWithState" => RddOp::MapWithState(Arc::new(Tracking {
            function: image(interp, &mut given, 2)?,
            drops_none: given.flag(interp, 3)?,
            time: Time::from_millis(given.take(4).as_int().unwrap_or(0)),
            timeout: given
                .optional(5)
                .map(|span| Given::new("timeout", vec![span].into()).interval(interp, 0))
                .transpose()?,
            after: OnceLock::new(),
        })),
        "sample" => RddOp::Sample {
            draw: Draw::Uniform { from: given.number(interp, 3)?, to: given.number(interp, 4)? },
            seed: seed(&given.take(2)),
        },
        "sampleWithReplacement" => {
            RddOp::Sample { draw: Draw::Poisson(given.number(interp, 3)?), seed: seed(&given.take(2)) }
        }
        "sampleOfShares" => RddOp::Sample {
            draw: Draw::Share { with_replacement: given.flag(interp, 3)? },
            seed: seed(&given.take(2)),
        },
        _ => return Err(Halt::new(&VALUE_ERROR, format!("there is no operator {kind}"))),
    };
    let origin = interp.origin();
    let preserves = match op {
        RddOp::Map(_) | RddOp::FlatMap(_) => given.flag(interp, 3)?,
        RddOp::MapPartitions { .. } => given.flag(interp, 4)?,
        _ => false,
    };
    Ok(handle(if preserves { Rdd::preserving(op, parents, origin) } else { Rdd::new(op, parents, origin) }))
}

/// A number of partitions.
pub(super) fn positive(interp: &Interp<'_>, count: &Obj) -> Run<usize> {
    Given::new("partitions", vec![count.clone()].into()).partitions(interp, 0)
}

/// A seed of any `int`.
fn seed(object: &Obj) -> i64 {
    object.as_int().unwrap_or(0)
}

/// `_shuffled(seed, n, items)`: the items in the order that `random.Random(seed)` puts them into, once it has
/// drawn `n` seeds of its own.
pub(super) fn shuffled(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_shuffled", args);
    let (mut random, _) = seeded(interp, &mut given)?;
    let items = given.take(2);
    let mut items = interp.items(&items)?;
    random.shuffle(&mut items);
    Ok(Obj::list(items))
}

/// `_next_seed(seed, n)`: the last of `n` seeds that `random.Random(seed)` draws.
pub(super) fn next_seed(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let (_, drawn) = seeded(interp, &mut Given::new("_next_seed", args))?;
    Ok(Obj::Int(drawn))
}

/// The generator of a seed, and the last of the seeds it has drawn.
fn seeded(interp: &mut Interp<'_>, given: &mut Given) -> Run<(Twister, i64)> {
    let first = seed(&given.take(0));
    let mut random = Twister::new(first);
    let drawn = (0..given.count(interp, 1)?).fold(first, |_, _| random.seed());
    Ok((random, drawn))
}

/// `_rdd_collect(rdd)`: all records.
pub(super) fn collect(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let rdd = Given::new("_rdd_collect", args).rdd(interp, 0)?;
    let dataset = interp.engine().compute(&rdd).map_err(from_failure)?;
    records(interp, &dataset, usize::MAX).map(Obj::list)
}

/// `_rdd_first(rdd, n)`: the first records.
pub(super) fn first(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let mut given = Given::new("_rdd_first", args);
    let (rdd, most) = (given.rdd(interp, 0)?, given.count(interp, 1)?);
    let dataset = interp.engine().compute_first(&rdd, most).map_err(from_failure)?;
    records(interp, &dataset, most).map(Obj::list)
}

/// `_rdd_partitions(rdd)`: how many there are.
pub(super) fn partitions(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let rdd = Given::new("_rdd_partitions", args).rdd(interp, 0)?;
    let count = interp.engine().partitions(&rdd).map_err(from_failure)?;
    Ok(Obj::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

/// `_rdd_keep(rdd)`: its dataset is kept once it is computed.
pub(super) fn keep(interp: &mut Interp<'_>, args: Arguments) -> Run<Obj> {
    let rdd = Given::new("_rdd_keep", args).rdd(interp, 0)?;
    interp.engine().keep(&rdd);
    Ok(Obj::None)
}

/// The records of a dataset, at most so many.
fn records(interp: &mut Interp<'_>, dataset: &Dataset, most: usize) -> Run<Vec<Obj>> {
    let mut records = Vec::new();
    for piece in dataset.partitions.iter().flat_map(|partition| &partition.pieces) {
        if records.len() >= most {
            break;
        }
        let left = most - records.len();
        records.extend(piece_records(interp, piece, left)?);
    }
    Ok(records)
}

/// The records of a piece, at most so many.
fn piece_records(interp: &mut Interp<'_>, piece: &Piece, most: usize) -> Run<Vec<Obj>> {
    match piece {
        Piece::Lines(lines) if lines.is_empty() => Ok(Vec::new()),
        Piece::Lines(lines) => {
            let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
            let lines = lines.split(|byte| *byte == b'\n').take(most).map(|line| {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                Obj::str(String::from_utf8_lossy(line))
            });
            Ok(lines.collect())
        }
        Piece::Rows(rows) => interp.cross(|crossing, heap| {
            // The arena outlives the rows' borrow, so the bytes are copied into it.
            let bytes: &[u8] = heap.bump().alloc_slice_copy(rows.bytes());
            let mut rest = bytes;
            let mut records = Vec::with_capacity(rows.len().min(most));
            while !rest.is_empty() && records.len() < most {
                let value: Value<'_> = decode(heap, &mut rest);
                records.push(crossing.object(heap, value)?);
            }
            Ok(records)
        }),
    }
}
