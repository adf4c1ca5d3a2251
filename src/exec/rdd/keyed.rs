//! Operators by key: `combineByKey`, `groupByKey`, `cogroup`.
//!
//! Tasks bring together what they see of a key; then one task more brings together what they had.

use std::sync::Arc;

use super::chain::Chain;
use super::context::Context;
use super::numbers::{Numbers, Reducing};
use super::pipe::{key_and_value, times_of};
use super::read::Unit;
use super::stage::{SLAB, SLAB_OF_KEYS, Sink, Stage};
use super::write::Writer;
use crate::batch::Dataset;
use crate::batch::python::grouped::result_iterable;
use crate::batch::python::text::Words;
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Dict, Heap, List, Raised, Value, call, hash, iterate, type_of};
use crate::exec::eval::{Compiled, compile};
use crate::plan::{Image, Origin, Outcome, WordsBy, reducer_of};

/// `key, value = record`
///
/// # Errors
/// CPython's for records that cannot be unpacked.
#[inline]
pub(super) fn unpack<'a>(heap: &Heap<'a>, record: Value<'a>) -> Result<(Value<'a>, Value<'a>), Raised> {
    match record {
        Value::Pair([key, value]) => Ok((*key, *value)),
        _ => unpack_any(heap, record),
    }
}

#[cold]
fn unpack_any<'a>(heap: &Heap<'a>, record: Value<'a>) -> Result<(Value<'a>, Value<'a>), Raised> {
    let few = |got| format!("not enough values to unpack (expected 2, got {got})");
    let iter = iterate(heap, record).map_err(|_| {
        let raised = heap.caught();
        if type_of(raised).is(&TYPE_ERROR) {
            let class = type_of(record).name;
            heap.raise(&TYPE_ERROR, format!("cannot unpack non-iterable {class} object"))
        } else {
            heap.throw(raised)
        }
    })?;
    let Some(key) = iter.next(heap)? else { return Err(heap.raise(&VALUE_ERROR, few(0))) };
    let Some(value) = iter.next(heap)? else { return Err(heap.raise(&VALUE_ERROR, few(1))) };
    if iter.next(heap)?.is_some() {
        return Err(heap.raise(&VALUE_ERROR, "too many values to unpack (expected 2)"));
    }
    Ok((key, value))
}

/// Pairs that a task has brought together: keys as first seen.
#[derive(Debug, Default)]
pub(super) struct Together {
    pub(super) pairs: Writer,
    /// How many tables they are from: with more than one a key may come again.
    pub(super) tables: usize,
}

impl Together {
    /// Pairs of which each has its key alone; `None` if there are none.
    pub(super) fn of_pairs(pairs: Dataset) -> Option<Self> {
        let pairs = Writer::of_pieces(pairs.partitions.into_iter().flat_map(|pairs| pairs.pieces).collect());
        (pairs.bytes() > 0).then_some(Together { pairs, tables: 1 })
    }

    /// Keys with their numbers, from a place on.
    fn of_numbers(numbers: &Numbers, from: usize) -> Self {
        let pairs = numbers.pairs(from);
        let tables = usize::from(pairs.bytes() > 0);
        Together { pairs, tables }
    }
}

/// A stage that brings together what tasks have had of each key, in the order of the input.
pub(super) fn together<S: Sink>(sink: S, origin: &Origin) -> Stage<S> {
    Stage::new(Chain::default(), sink, origin.clone()).of_results()
}

/// What a task has made of keys.
#[derive(Debug)]
pub(super) enum Combined {
    /// All values were numbers so far.
    Numbers(Numbers),
    Pairs(Together),
}

impl Combined {
    /// Fewer of them: neighbours become one as long as their values are numbers.
    pub(super) fn folded(outputs: impl IntoIterator<Item = Combined>) -> Vec<Combined> {
        let mut folded: Vec<Combined> = Vec::new();
        for output in outputs {
            match (folded.last_mut(), output) {
                (Some(Combined::Numbers(all)), Combined::Numbers(later)) => {
                    let left = all.absorb(&later);
                    folded.extend(left.map(|place| Combined::Pairs(Together::of_numbers(&later, place))));
                }
                (_, output) => folded.push(output),
            }
        }
        folded
    }
}

impl From<Combined> for Together {
    fn from(combined: Combined) -> Self {
        match combined {
            Combined::Numbers(numbers) => Together::of_numbers(&numbers, 0),
            Combined::Pairs(together) => together,
        }
    }
}

/// `combineByKey`: one combiner a key.
pub(super) struct Combine {
    /// From a value to a combiner; without it the value is the combiner.
    create: Option<Arc<Compiled>>,
    /// From a combiner and a value to a combiner.
    merge: Arc<Compiled>,
    /// From two combiners to one.
    merge_combiners: Arc<Compiled>,
    /// What all of them do with numbers.
    reducing: Option<Arc<Reducing>>,
    /// Whether records are keys, each of which stands for a pair of it and 1.
    is_of_ones: bool,
    /// How keys that are text are cut into the words that are meant.
    cut: Option<WordsBy>,
}

impl Combine {
    /// With the functions of the operator.
    pub(super) fn new(create: Option<&Arc<Image>>, merge: &Arc<Image>, merge_combiners: &Arc<Image>) -> Self {
        let reducer = reducer_of(create.map(|create| &**create), merge, merge_combiners);
        let reducing = reducer.map(|reducer| Arc::new(Reducing::new(reducer)));
        let create = create.map(compile);
        let (merge, merge_combiners) = (compile(merge), compile(merge_combiners));
        Combine { create, merge, merge_combiners, reducing, is_of_ones: false, cut: None }
    }

    /// A stage that counts the keys that a chain gives, in the order of the input.
    pub(super) fn stage_of_ones(self, keys: Chain, origin: Origin) -> Stage<Combine> {
        let (keys, cut) = match keys.up_to_words() {
            Some((texts, by)) => (texts, Some(by)),
            None => (keys, None),
        };
        Stage::new(keys, Combine { is_of_ones: true, cut, ..self }, origin)
    }

    /// Takes a key that stands for a pair of it and 1.
    #[inline]
    fn take_one<'a>(
        &self,
        heap: &Heap<'a>,
        held: &mut Combiners<'a>,
        key: &'a str,
        output: &mut Combined,
    ) -> Result<(), Raised> {
        if let Combined::Numbers(numbers) = output
            && numbers.take_one(heap, key)?
        {
            return Ok(());
        }
        self.take_pair(heap, held, heap.pair(heap.text(key), Value::Int(1)), output)
    }

    #[inline]
    fn take_pair<'a>(
        &self,
        heap: &Heap<'a>,
        held: &mut Combiners<'a>,
        record: Value<'a>,
        output: &mut Combined,
    ) -> Result<(), Raised> {
        if let Combined::Numbers(numbers) = output {
            if numbers.take(heap, record)? {
                return Ok(());
            }
            for (key, combiner) in numbers.entries(heap, 0) {
                held.table.insert(heap, key, combiner)?;
            }
            *output = Combined::Pairs(Together::default());
        }
        let (key, value) = unpack(heap, record)?;
        let Combiners { create, merge, table } = held;
        table.update(heap, key, |combiner| match (combiner, &create) {
            (Some(combiner), _) => call(heap, *merge, Args { positional: &[combiner, value], keywords: &[] }),
            (None, Some(create)) => call(heap, *create, Args { positional: &[value], keywords: &[] }),
            (None, None) => Ok(value),
        })
    }

    /// Brings combiners together.
    pub(super) fn of_combiners(merge_combiners: &Arc<Image>) -> Self {
        Combine::new(None, merge_combiners, merge_combiners)
    }
}

pub(super) struct Combiners<'a> {
    create: Option<Value<'a>>,
    merge: Value<'a>,
    table: &'a Dict<'a>,
}

impl Sink for Combine {
    type Held<'a> = Combiners<'a>;
    type Output = Combined;

    fn start(&self, _: &Unit) -> Combined {
        match &self.reducing {
            Some(reducing) => Combined::Numbers(Numbers::new(reducing)),
            None => Combined::Pairs(Together::default()),
        }
    }

    fn open<'a>(&'a self, heap: &Heap<'a>) -> Result<Combiners<'a>, Raised> {
        Ok(Combiners {
            create: self.create.as_ref().map(|create| create.thaw(heap)).transpose()?,
            merge: self.merge.thaw(heap)?,
            table: heap.dict(),
        })
    }

    #[inline]
    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        held: &mut Combiners<'a>,
        record: Value<'a>,
        output: &mut Combined,
    ) -> Result<(), Raised> {
        match (record, &self.cut) {
            _ if !self.is_of_ones => self.take_pair(heap, held, record, output),
            (Value::Str(text), Some(WordsBy::Space)) => {
                text.split(' ').try_for_each(|word| self.take_one(heap, held, word, output))
            }
            (Value::Str(text), Some(WordsBy::Whitespace)) => {
                Words::new(text).try_for_each(|word| self.take_one(heap, held, word, output))
            }
            (Value::Str(text), _) => self.take_one(heap, held, text, output),
            _ => self.take_pair(heap, held, heap.pair(record, Value::Int(1)), output),
        }
    }

    /// The pair that the program has made of it.
    fn blamed<'a>(&self, heap: &Heap<'a>, record: Value<'a>) -> (Value<'a>, u64) {
        (if self.is_of_ones { heap.pair(record, Value::Int(1)) } else { record }, 1)
    }

    fn close<'a>(
        &'a self,
        heap: &Heap<'a>,
        held: Combiners<'a>,
        output: &mut Combined,
    ) -> Result<(), Raised> {
        let Combined::Pairs(output) = output else { return Ok(()) };
        output.tables += 1;
        for (key, combiner) in held.table.entries() {
            output.pairs.push(heap, heap.pair(key, combiner))?;
        }
        Ok(())
    }

    /// Combiners are values that a slab ends with, numbers are none.
    fn slab(&self, output: &Combined) -> usize {
        match output {
            Combined::Numbers(_) => SLAB,
            Combined::Pairs(_) => SLAB_OF_KEYS,
        }
    }

    fn size(output: &Combined) -> usize {
        match output {
            Combined::Numbers(numbers) => numbers.bytes(),
            Combined::Pairs(output) => output.pairs.bytes(),
        }
    }

    fn merge(&self, outputs: Vec<Combined>, origin: &Origin, context: &Context) -> Outcome<Vec<Combined>> {
        let folded = Combined::folded(outputs);
        if folded.len() == 1 {
            return Ok(folded);
        }
        let pieces =
            folded.into_iter().flat_map(|output| Together::from(output).pairs.into_pieces()).collect();
        let sink = Combine::of_combiners(self.merge_combiners.image());
        Ok(vec![together(sink, origin).run(&Unit { pieces, ..Unit::default() }, context)?])
    }

    fn functions(&self) -> Vec<&Arc<Compiled>> {
        self.create.iter().chain([&self.merge]).collect()
    }
}

/// Pairs on their way to be grouped: `(key, value)`, or `(key, (parent, value))` for `cogroup`.
pub(super) struct Pairs {
    /// Which of `cogroup`'s parents they are of.
    pub(super) parent: Option<usize>,
}

impl Sink for Pairs {
    type Held<'a> = ();
    type Output = Writer;

    fn start(&self, _: &Unit) -> Writer {
        Writer::default()
    }

    fn open<'a>(&'a self, _: &Heap<'a>) -> Result<(), Raised> {
        Ok(())
    }

    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        (): &mut (),
        record: Value<'a>,
        output: &mut Writer,
    ) -> Result<(), Raised> {
        let (key, value) = match self.parent {
            None => unpack(heap, record)?,
            Some(parent) => {
                let (key, value) = key_and_value(heap, record)?;
                (key, heap.pair(Value::Int(i64::try_from(parent).unwrap_or(i64::MAX)), value))
            }
        };
        hash(heap, key)?;
        output.push(heap, heap.pair(key, value))
    }

    fn close<'a>(&'a self, _: &Heap<'a>, (): (), _: &mut Writer) -> Result<(), Raised> {
        Ok(())
    }
}

/// Brings [`Pairs`] together: `(key, values)`, or `(key, (values, …))` for `cogroup`.
pub(super) struct Group {
    /// How many parents `cogroup` has.
    pub(super) parents: Option<usize>,
    /// Whether a value stands for so many ones, by parent.
    pub(super) of_ones: Vec<bool>,
}

impl Sink for Group {
    type Held<'a> = &'a Dict<'a>;
    type Output = Together;

    fn start(&self, _: &Unit) -> Together {
        Together::default()
    }

    fn open<'a>(&'a self, heap: &Heap<'a>) -> Result<&'a Dict<'a>, Raised> {
        Ok(heap.dict())
    }

    fn take<'a>(
        &'a self,
        heap: &Heap<'a>,
        groups: &mut &'a Dict<'a>,
        record: Value<'a>,
        _: &mut Together,
    ) -> Result<(), Raised> {
        let (key, value) = unpack(heap, record)?;
        groups.update(heap, key, |group| {
            let group = group.unwrap_or_else(|| self.new_group(heap));
            match (group, self.parents) {
                (Value::List(values), None) => self.push(heap, values, 0, value)?,
                (Value::List(of_parents), Some(_)) => {
                    let (parent, value) = unpack(heap, value)?;
                    let parent = parent.as_int().and_then(|parent| usize::try_from(parent).ok());
                    if let Some(parent) = parent
                        && let Some(Value::List(values)) = of_parents.get(parent)
                    {
                        self.push(heap, values, parent, value)?;
                    }
                }
                _ => {}
            }
            Ok(group)
        })
    }

    fn close<'a>(
        &'a self,
        heap: &Heap<'a>,
        groups: &'a Dict<'a>,
        output: &mut Together,
    ) -> Result<(), Raised> {
        output.tables += 1;
        for (key, group) in groups.entries() {
            let values = match (group, self.parents) {
                (Value::List(of_parents), Some(_)) => {
                    let values: Vec<_> =
                        of_parents.items.borrow().iter().map(|values| finished(heap, *values)).collect();
                    heap.tuple(&values)
                }
                (values, _) => finished(heap, values),
            };
            output.pairs.push(heap, heap.pair(key, values))?;
        }
        Ok(())
    }
}

impl Group {
    /// Appends a value of a parent to those of a key.
    fn push<'a>(
        &self,
        heap: &Heap<'a>,
        values: &List<'a>,
        parent: usize,
        value: Value<'a>,
    ) -> Result<(), Raised> {
        if !self.of_ones.get(parent).is_some_and(|are_ones| *are_ones) {
            return values.push(heap, value);
        }
        for _ in 0..times_of(value) {
            values.push(heap, Value::Int(1))?;
        }
        Ok(())
    }

    /// What gathers the values of a key: a list, or a list a parent.
    fn new_group<'a>(&self, heap: &Heap<'a>) -> Value<'a> {
        match self.parents {
            None => heap.list([]),
            Some(parents) => heap.list((0..parents).map(|_| heap.list([]))),
        }
    }
}

/// A list as a `ResultIterable`.
fn finished<'a>(heap: &Heap<'a>, values: Value<'a>) -> Value<'a> {
    match values {
        Value::List(values) => result_iterable(heap, values.snapshot(heap)),
        other => other,
    }
}
