//! Fingerprints of operators: what tells whether the state that one has kept is of use to another, in a later
//! process, perhaps of a later version of `dstream`, on another machine.
//!
//! A fingerprint is of what an operator does: its kind, its parameters, its functions with the plain data that
//! they have captured when the streams start, and the fingerprints of the streams that it is made of. How the
//! program is laid out does not count: comments, spaces, the names of files and of local variables. Nor does what
//! only decides what is shown. The streams' sources count by their number alone: where they are is another matter.

mod code;

use std::fmt;
use std::sync::Arc;

use self::code::Functions;
use super::host::Script;
use super::rdd::{Rdd, RddOp};
use super::stream::{Callback, Graph, Lambda, StreamId, StreamOp, StreamRddOp};
use super::{Filter, KeyExpr, Plan, Scope, Select, WordsBy};
use crate::batch::{Fingerprint, Fingerprinter, Interval};

/// An operator that may have something to keep, as a checkpoint knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its place among all operators of the job, counted from 1.
    pub number: usize,
    /// Its name: `updateStateByKey`.
    pub name: String,
    /// What it does.
    pub fingerprint: Fingerprint,
    /// Whether later batches depend on what it keeps.
    pub keeps: bool,
}

impl fmt::Display for Operator {
    /// `3: updateStateByKey`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.number, self.name)
    }
}

impl Operator {
    /// The table that it keeps its rows in.
    pub fn table(&self) -> String {
        table(self.number, &self.name)
    }
}

/// Characters of a name that is part of a table's.
const MOST_NAME: usize = 50;

fn table(number: usize, name: &str) -> String {
    let name: String = name.chars().take(MOST_NAME).collect();
    format!("{number}:{name}")
}

impl Plan {
    /// The plan's only operator. Which rows are shown does not count.
    pub fn operator(&self) -> Operator {
        let Plan { filter, select, scope, show: _ } = self;
        let mut print = Fingerprinter::default();
        match filter {
            None => {}
            Some(Filter::Regex(pattern)) => _ = print.add(b"filter").add(pattern.as_bytes()),
            Some(Filter::Function(function)) => {
                print.add(b"filter by");
                Functions::new(&mut print, &function.image).image();
            }
        }
        match select {
            Select::Records => _ = print.add(b"records"),
            Select::Words { by, lower } => {
                match by {
                    WordsBy::Whitespace => print.add(b"words"),
                    WordsBy::Space => print.add(b"words by space"),
                    WordsBy::Regex(pattern) => print.add(b"matches").add(pattern.as_bytes()),
                };
                print.add_number(u64::from(*lower));
            }
            Select::Key(KeyExpr::Field { number, separator }) => {
                print.add(b"field").add_number(*number as u64);
                if let Some(part) = separator {
                    print.add(part.as_bytes());
                }
            }
            Select::Key(KeyExpr::Function(function)) => {
                print.add(b"key");
                Functions::new(&mut print, &function.image).image();
            }
            Select::Key(KeyExpr::Regex(pattern)) => _ = print.add(b"match").add(pattern.as_bytes()),
            Select::Key(KeyExpr::Json(steps)) => {
                print.add(b"json");
                for part in steps {
                    print.add(part.as_bytes());
                }
            }
        }
        let name = match scope {
            Scope::Batch => "batch",
            Scope::Total => "total",
            Scope::Window(window) => {
                add_interval(&mut print, window.interval());
                add_interval(&mut print, window.length());
                add_interval(&mut print, window.step());
                "window"
            }
        };
        print.add(name.as_bytes());
        Operator { number: 1, name: name.into(), fingerprint: print.finish(), keeps: *scope != Scope::Batch }
    }
}

impl Graph {
    /// The table that a stream keeps its rows in: that of its [`Operator`].
    pub fn table(&self, stream: StreamId) -> String {
        table(stream.0 as usize + 1, &self.streams[stream.0 as usize].origin.name)
    }

    /// All streams as operators, with their functions as they are now. To be called when the streams start.
    pub fn operators(&self, script: &mut dyn Script) -> Vec<Operator> {
        let keeps = self.keeps();
        let mut operators: Vec<Operator> = Vec::with_capacity(self.streams.len());
        for (index, stream) in self.streams.iter().enumerate() {
            let mut print = Fingerprinter::default();
            print.add(stream.origin.name.as_bytes());
            add_interval(&mut print, stream.slide);
            Definition { print: &mut print, script }.stream(&stream.op);
            for parent in &stream.parents {
                print.add_fingerprint(operators[parent.0 as usize].fingerprint);
            }
            operators.push(Operator {
                number: index + 1,
                name: stream.origin.name.to_string(),
                fingerprint: print.finish(),
                keeps: keeps[index],
            });
        }
        operators
    }

    /// Which streams have something that later batches ask for.
    fn keeps(&self) -> Vec<bool> {
        let mut keeps = vec![self.remember.is_some(); self.streams.len()];
        for (index, stream) in self.streams.iter().enumerate() {
            let looks_back = match stream.op {
                StreamOp::State { .. } | StreamOp::ReduceWindow { .. } => {
                    keeps[index] = true;
                    true
                }
                StreamOp::Queue { .. } => {
                    keeps[index] = true;
                    false
                }
                StreamOp::Window { .. } => true,
                StreamOp::Source(_) | StreamOp::Rdd(_) | StreamOp::Transform(_) => false,
            };
            if looks_back {
                stream.parents.iter().for_each(|parent| keeps[parent.0 as usize] = true);
            }
        }
        keeps
    }
}

/// Adds what an operator does.
struct Definition<'d> {
    print: &'d mut Fingerprinter,
    script: &'d mut dyn Script,
}

impl Definition<'_> {
    fn stream(&mut self, op: &StreamOp) {
        match op {
            StreamOp::Source(sources) => {
                self.name("source");
                sources.iter().for_each(|source| self.number(usize::from(source.0)));
            }
            StreamOp::Queue { rdds, one_at_a_time, default } => {
                self.name("queue");
                self.flag(*one_at_a_time);
                rdds.iter().chain(default).for_each(|rdd| self.data(rdd));
                self.flag(default.is_some());
            }
            StreamOp::Rdd(op) => self.operator(op),
            StreamOp::Transform(callback) => {
                self.name("transform");
                self.callback(*callback);
            }
            StreamOp::Window { length } => {
                self.name("window");
                add_interval(self.print, *length);
            }
            StreamOp::State { update, initial, maps } => {
                self.name(if *maps { "mapping state" } else { "state" });
                self.callback(*update);
                initial.iter().for_each(|rdd| self.data(rdd));
            }
            StreamOp::ReduceWindow { reduce, inverse, length } => {
                self.name("reduce window");
                add_interval(self.print, *length);
                self.callback(*reduce);
                inverse.iter().for_each(|inverse| self.callback(*inverse));
            }
        }
    }

    fn operator(&mut self, op: &StreamRddOp) {
        match op {
            StreamRddOp::Map(function) => self.name("map").lambda(*function),
            StreamRddOp::Filter(function) => self.name("filter").lambda(*function),
            StreamRddOp::FlatMap(function) => self.name("flatMap").lambda(*function),
            StreamRddOp::MapValues(function) => self.name("mapValues").lambda(*function),
            StreamRddOp::FlatMapValues(function) => self.name("flatMapValues").lambda(*function),
            StreamRddOp::MapPartitions { function, with_index } => {
                self.name("mapPartitions").lambda(*function);
                self.flag(*with_index);
            }
            StreamRddOp::Glom => _ = self.name("glom"),
            StreamRddOp::Count => _ = self.name("count"),
            StreamRddOp::Snapshot => _ = self.name("snapshot"),
            StreamRddOp::Union => _ = self.name("union"),
            StreamRddOp::Combine { create, merge_value, merge_combiners, partitions } => {
                self.name("combine").optional(*create);
                self.lambda(*merge_value);
                self.lambda(*merge_combiners);
                self.number(*partitions);
            }
            StreamRddOp::Group { partitions } => self.name("group").number(*partitions),
            StreamRddOp::Cogroup { partitions } => self.name("cogroup").number(*partitions),
            StreamRddOp::PartitionBy { partitions, function } => {
                self.name("partitionBy").optional(*function);
                self.number(*partitions);
            }
            StreamRddOp::Repartition { partitions } => self.name("repartition").number(*partitions),
            StreamRddOp::Sort { key, ascending, partitions } => {
                self.name("sort").optional(*key);
                self.flag(*ascending);
                self.number(partitions.map_or(0, |count| count.saturating_add(1)));
            }
            StreamRddOp::Top { n, key, largest } => {
                self.name("top").optional(*key);
                self.number(*n);
                self.flag(*largest);
            }
        }
    }

    fn name(&mut self, name: &str) -> &mut Self {
        self.print.add(name.as_bytes());
        self
    }

    fn number(&mut self, number: usize) {
        self.print.add_number(number as u64);
    }

    fn flag(&mut self, flag: bool) {
        self.print.add_number(u64::from(flag));
    }

    fn lambda(&mut self, lambda: Lambda) {
        match self.script.freeze(lambda) {
            Ok(image) => Functions::new(self.print, &image).image(),
            // It fails every batch, too.
            Err(failure) => _ = self.name("failed").name(&failure.class),
        }
    }

    fn optional(&mut self, lambda: Option<Lambda>) {
        self.flag(lambda.is_some());
        lambda.into_iter().for_each(|lambda| self.lambda(lambda));
    }

    fn callback(&mut self, callback: Callback) {
        match self.script.sketch(callback) {
            Some(image) => Functions::new(self.print, &image).image(),
            None => _ = self.name("unknown"),
        }
    }

    /// Records that the program has brought along.
    fn data(&mut self, rdd: &Arc<Rdd>) {
        let RddOp::Data(dataset) = &rdd.op else {
            self.name(&rdd.origin.name);
            return rdd.parents().iter().for_each(|parent| self.data(parent));
        };
        self.number(dataset.partitions.len());
        for piece in dataset.pieces() {
            self.print.add(piece.bytes());
        }
    }
}

fn add_interval(print: &mut Fingerprinter, interval: Interval) {
    print.add_number(interval.as_millis().cast_unsigned());
}
