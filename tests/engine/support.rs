//! Records, functions and RDDs for tests.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use dstream::batch::value::{Arena, Heap, Native, Task, Value, repr};
use dstream::batch::{Dataset, Partition, Piece, Rows};
use dstream::exec::{Settings, Workers};
use dstream::plan::code::{Code, Source};
use dstream::plan::{Failure, Frozen, Image, Origin, Rdd, RddOp};

/// A record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Record {
    None,
    Int(i64),
    Str(String),
    Pair(Box<Record>, Box<Record>),
    List(Vec<Record>),
}

pub fn int(number: i64) -> Record {
    Record::Int(number)
}

pub fn text(text: &str) -> Record {
    Record::Str(text.to_string())
}

pub fn pair(first: Record, second: Record) -> Record {
    Record::Pair(Box::new(first), Box::new(second))
}

impl Record {
    pub fn value<'a>(&self, heap: &Heap<'a>) -> Value<'a> {
        match self {
            Record::None => Value::None,
            Record::Int(number) => Value::Int(*number),
            Record::Str(text) => heap.str(text),
            Record::Pair(first, second) => heap.pair(first.value(heap), second.value(heap)),
            Record::List(items) => {
                let items: Vec<_> = items.iter().map(|item| item.value(heap)).collect();
                heap.list(items)
            }
        }
    }

    /// What Python's `repr` shows.
    pub fn shown(&self) -> String {
        let (arena, task) = (Arena::default(), Task::default());
        let heap = Heap::new(&arena, &task);
        show(&heap, self.value(&heap))
    }
}

fn show<'a>(heap: &Heap<'a>, value: Value<'a>) -> String {
    let mut out = Vec::new();
    repr(heap, value, &mut out).expect("records can be shown");
    String::from_utf8(out).expect("what is shown is text")
}

/// A piece of encoded records.
pub fn rows(records: &[Record]) -> Piece {
    let (arena, task) = (Arena::default(), Task::default());
    let heap = Heap::new(&arena, &task);
    let mut rows = Rows::default();
    for record in records {
        rows.push(&heap, record.value(&heap)).expect("records can be encoded");
    }
    Piece::Rows(Arc::new(rows))
}

/// A piece of lines.
pub fn lines(text: &[u8]) -> Piece {
    Piece::Lines(Arc::new(text.to_vec()))
}

/// An RDD of these partitions, each in one piece.
pub fn data(partitions: &[&[Record]]) -> Arc<Rdd> {
    of_pieces(partitions.iter().map(|records| vec![rows(records)]).collect())
}

/// An RDD of partitions of pieces.
pub fn of_pieces(partitions: Vec<Vec<Piece>>) -> Arc<Rdd> {
    let partitions = partitions.into_iter().map(|pieces| Partition { pieces }).collect();
    Rdd::new(RddOp::Data(Dataset { partitions }), Vec::new(), origin("parallelize"))
}

pub fn origin(name: &str) -> Origin {
    Origin { name: name.into(), place: None }
}

/// An RDD made of others.
pub fn made(op: RddOp, parents: &[&Arc<Rdd>]) -> Arc<Rdd> {
    let name = format!("{op:?}");
    let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
    Rdd::new(op, parents.iter().map(|parent| Arc::clone(parent)).collect(), origin(&name))
}

/// What is in a dataset, partition by partition, as Python shows it.
pub fn shown(dataset: &Dataset) -> Vec<Vec<String>> {
    let show_partition = |partition: &Partition| {
        let mut records = Vec::new();
        for piece in &partition.pieces {
            let (arena, task) = (Arena::default(), Task::default());
            let heap = Heap::new(&arena, &task);
            match piece {
                Piece::Rows(rows) => records.extend(rows.iter(&heap).map(|record| show(&heap, record))),
                Piece::Lines(lines) => {
                    let text = std::str::from_utf8(lines).expect("these lines are text");
                    records.extend(text.lines().map(|line| show(&heap, heap.str(line))));
                }
            }
        }
        records
    };
    dataset.partitions.iter().map(show_partition).collect()
}

/// The same without partitions.
pub fn flat(dataset: &Dataset) -> Vec<String> {
    shown(dataset).concat()
}

pub fn workers(count: usize) -> Workers {
    settings(count, false)
}

pub fn settings(count: usize, skip_bad: bool) -> Workers {
    let stop = Arc::new(AtomicBool::new(false));
    Workers::new(Settings { workers: count, stop, memory_limit: 0, skip_bad }).expect("threads")
}

/// What an RDD comes to on two workers.
pub fn computed(rdd: &Arc<Rdd>) -> Vec<Vec<String>> {
    shown(&workers(2).compute(rdd).expect("nothing raises"))
}

/// Why an RDD cannot be computed.
pub fn failure(rdd: &Arc<Rdd>) -> Failure {
    workers(2).compute(rdd).expect_err("something raises")
}

/// A built-in function as what a program has frozen.
pub fn function(native: &'static Native) -> Arc<Image> {
    Arc::new(Image { entry: Frozen::Native(native), globals: Vec::new(), cells: Vec::new(), parse: None })
}

/// `lambda parameters: text` as what a program has frozen.
pub fn lambda(parameters: &str, text: &str) -> Arc<Image> {
    let source = Arc::new(Source { name: "job.py".into(), text: text.into() });
    let parameters: Vec<_> = parameters.split(", ").filter(|name| !name.is_empty()).collect();
    let code = dstream::lang::parse_expression(&source, &parameters).expect("these are lambdas");
    frozen(code, Vec::new())
}

/// A function and what it captures, by number.
pub fn frozen(code: Arc<Code>, cells: Vec<Option<Frozen>>) -> Arc<Image> {
    let captured = (0..cells.len()).collect();
    let entry = Frozen::Function { code, captured, defaults: Arc::new([]) };
    Arc::new(Image { entry, globals: Vec::new(), cells, parse: None })
}
