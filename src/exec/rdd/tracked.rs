//! `mapWithState`: a function of a key's records, one by one, and of what is known of the key.
//!
//! States are decoded when a record first asks for them, and encoded when a slab ends: a key that comes often
//! costs that once.

use std::sync::Arc;

use super::context::{Context, Trace};
use super::keyed::unpack;
use super::layout::lay_out;
use super::read::{Place, Reader};
use super::stateful::is_stateful;
use super::tasks::Tasks;
use super::write::Writer;
use crate::batch::python::state::State;
use crate::batch::value::{Arena, Args, Dict, Heap, Raised, Value, call, decode, encode, equal, hash};
use crate::batch::{Dataset, Entry, Partition, States, Update};
use crate::exec::eval::{Compiled, compile};
use crate::plan::{Failure, Origin, Outcome, Tracking};

/// Bytes of values after which an arena is given back.
const SLAB: usize = 16 << 20;

/// What is known before a batch.
#[derive(Clone)]
pub(super) enum Before {
    /// The states that another batch has left.
    States(Arc<[States]>),
    /// Pairs of keys and states.
    Pairs(Dataset),
}

/// Runs the function on the records of a batch: what it maps them to. The states after it are noted in
/// `tracking`.
pub(super) fn track(
    tasks: &mut Tasks,
    tracking: &Arc<Tracking>,
    records: Dataset,
    before: Before,
    origin: &Origin,
) -> Outcome<Dataset> {
    let compiled = compile(&tracking.function);
    let (of_task, origin) = (Arc::clone(tracking), origin.clone());
    let count = records.partitions.len();
    let done = tasks.run(count, move |index, context| {
        let worker = Worker { tracking: &of_task, function: &compiled, origin: &origin, context };
        let states = match &before {
            Before::States(states) => states.get(index).cloned().unwrap_or_default(),
            Before::Pairs(pairs) => match pairs.partitions.get(index) {
                Some(pairs) => worker.initial(pairs)?,
                None => States::default(),
            },
        };
        worker.partition(&records.partitions[index], states)
    })?;
    let (partitions, states): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    // Computed twice, it came to the same.
    let _ = tracking.after.set(states.into());
    Ok(Dataset { partitions })
}

/// All keys with their states.
pub(super) fn snapshot(tasks: &mut Tasks, states: Arc<[States]>, origin: &Origin) -> Outcome<Dataset> {
    let (count, origin) = (states.len(), origin.clone());
    let of_task = origin.clone();
    let pieces = tasks.run(count, move |index, context| {
        let mut pairs = Writer::default();
        let mut arena = Arena::default();
        let all = states[index].all();
        for entries in all.chunks(ENTRIES) {
            let heap = Heap::new(&arena, &context.task);
            context.run(&heap, |trace| {
                let mut push = |entry: &Entry| {
                    let Some(state) = &entry.state else { return Ok(()) };
                    let (key, state): (&[u8], &[u8]) = (
                        heap.bump().alloc_slice_copy(&entry.key.encoded),
                        heap.bump().alloc_slice_copy(state),
                    );
                    let pair = heap.pair(decode(&heap, &mut &*key), decode(&heap, &mut &*state));
                    heap.check().and_then(|()| pairs.push(&heap, pair))
                };
                entries
                    .iter()
                    .try_for_each(|entry| push(entry))
                    .map_err(|raised| trace.blame(&heap, raised, &of_task, None))
            })?;
            arena.reset();
        }
        Ok(pairs.into_pieces())
    })?;
    let pieces: Vec<_> = pieces.into_iter().flatten().collect();
    let lay = move |context: &Context| lay_out(&pieces, count.max(1), &origin, context);
    Ok(Dataset { partitions: tasks.run_one(lay)? })
}

/// Entries after which an arena is given back.
const ENTRIES: usize = 4096;

/// A task.
struct Worker<'w> {
    tracking: &'w Tracking,
    function: &'w Compiled,
    origin: &'w Origin,
    context: &'w Context,
}

/// Where a task goes on with a fresh arena.
enum Next {
    Records(Place),
    Idle(usize),
}

impl Worker<'_> {
    /// States of pairs; of several for a key the last one counts, as in Spark.
    fn initial(&self, pairs: &Partition) -> Result<States, Failure> {
        let time = self.tracking.time.as_millis();
        let mut update = Update::new(States::default(), time);
        let arena = Arena::default();
        let heap = Heap::new(&arena, &self.context.task);
        self.context.run(&heap, |trace| {
            let reader = Reader::new(&pairs.pieces, Place::default());
            while let Some(pair) = reader.next(&heap) {
                heap.check()
                    .and_then(|()| unpack(&heap, pair))
                    .and_then(|(key, state)| put(&heap, &mut update, key, Some(state)))
                    .map_err(|raised| trace.blame(&heap, raised, self.origin, Some(pair)))?;
            }
            Ok(())
        })?;
        Ok(update.finish(self.tracking.timeout.is_some()))
    }

    /// What the records of a partition are mapped to, then its idle keys; and the states after that.
    fn partition(&self, records: &Partition, before: States) -> Result<(Partition, States), Failure> {
        let Tracking { time, timeout, function, .. } = self.tracking;
        let time = time.as_millis();
        let mut update = Update::new(before, time);
        let mut mapped = Writer::default();
        let mut arena = Arena::default();
        // What a function leaves behind in what it has captured goes with the arena.
        let slab = if is_stateful(function) { usize::MAX } else { SLAB };
        let mut idle: Option<Vec<Entry>> = None;
        let mut next = Some(Next::Records(Place::default()));
        while let Some(from) = next {
            let heap = Heap::new(&arena, &self.context.task);
            next = self.context.run(&heap, |trace| {
                let limit = slab.max(heap.allocated());
                let function = self.function.thaw(&heap)?;
                let mut from = from;
                if let Next::Records(place) = from {
                    let reader = Reader::new(&records.pieces, place);
                    let more =
                        self.records(&heap, function, &reader, (&mut update, &mut mapped), limit, trace)?;
                    if more {
                        return Ok(Some(Next::Records(reader.place())));
                    }
                    from = Next::Idle(0);
                }
                let (Next::Idle(first), Some(timeout)) = (from, timeout) else { return Ok(None) };
                let idle =
                    idle.get_or_insert_with(|| update.take_idle(time.saturating_sub(timeout.as_millis())));
                for (place, entry) in idle.iter().enumerate().skip(first) {
                    self.time_out(&heap, function, entry, &mut mapped, trace)?;
                    if heap.allocated() > limit {
                        return Ok(Some(Next::Idle(place + 1)));
                    }
                }
                Ok(None)
            })?;
            arena.reset();
        }
        Ok((mapped.into_partition(), update.finish(timeout.is_some())))
    }

    /// Maps records until there are enough values; whether there are more records.
    fn records<'a>(
        &'a self,
        heap: &Heap<'a>,
        function: Value<'a>,
        reader: &Reader<'a>,
        (update, mapped): (&mut Update, &mut Writer),
        limit: usize,
        trace: &'a Trace<'a>,
    ) -> Result<bool, Raised> {
        let states = heap.dict();
        let changed = heap.dict();
        let mut more = false;
        while let Some(record) = reader.next(heap) {
            let done = self.record(heap, function, record, (states, changed), (update, mapped));
            if let Err(raised) = done {
                let raised = trace.blame(heap, raised, self.origin, Some(record));
                trace.skip(heap, raised, 1)?;
            }
            if heap.allocated() > limit {
                more = true;
                break;
            }
        }
        for (key, state) in changed.entries() {
            let value = State::in_value(state).and_then(State::value);
            put(heap, update, key, value)
                .map_err(|raised| trace.blame(heap, raised, self.origin, Some(heap.pair(key, state))))?;
        }
        Ok(more)
    }

    fn record<'a>(
        &self,
        heap: &Heap<'a>,
        function: Value<'a>,
        record: Value<'a>,
        (states, changed): (&'a Dict<'a>, &'a Dict<'a>),
        (update, mapped): (&mut Update, &mut Writer),
    ) -> Result<(), Raised> {
        heap.check()?;
        let (key, value) = unpack(heap, record)?;
        let object = match states.get(heap, key)? {
            Some(object) => object,
            None => {
                let (_, _, known) = find(heap, update, key)?;
                let known = known.and_then(|entry| entry.state);
                let state = known.map(|state| decoded(heap, &state));
                let object = State::new(heap, state).object(heap);
                states.insert(heap, key, object)?;
                object
            }
        };
        let Some(state) = State::in_value(object) else { return Ok(()) };
        let before = state.begin_call();
        let called = call(heap, function, Args { positional: &[key, value, object], keywords: &[] })
            .and_then(|result| self.map(heap, result, mapped));
        if let Err(raised) = called {
            state.restore(before);
            return Err(raised);
        }
        // With a timeout, a key that comes is not idle.
        if state.is_changed() || (self.tracking.timeout.is_some() && state.value().is_some()) {
            changed.insert(heap, key, object)?;
        }
        Ok(())
    }

    /// Calls the function for a key that was idle for too long.
    fn time_out<'a>(
        &'a self,
        heap: &Heap<'a>,
        function: Value<'a>,
        entry: &Entry,
        mapped: &mut Writer,
        trace: &'a Trace<'a>,
    ) -> Result<(), Raised> {
        let Some(state) = &entry.state else { return Ok(()) };
        let key = decoded(heap, &entry.key.encoded);
        let state = State::timing_out(heap, decoded(heap, state)).object(heap);
        let done = heap
            .check()
            .and_then(|()| {
                call(heap, function, Args { positional: &[key, Value::None, state], keywords: &[] })
            })
            .and_then(|result| self.map(heap, result, mapped));
        if let Err(raised) = done {
            let raised = trace.blame(heap, raised, self.origin, Some(heap.pair(key, Value::None)));
            trace.skip(heap, raised, 1)?;
        }
        Ok(())
    }

    fn map<'a>(&self, heap: &Heap<'a>, result: Value<'a>, mapped: &mut Writer) -> Result<(), Raised> {
        match result {
            Value::None if self.tracking.drops_none => Ok(()),
            result => mapped.push(heap, result),
        }
    }
}

/// A copy of what is encoded.
fn decoded<'a>(heap: &Heap<'a>, encoded: &[u8]) -> Value<'a> {
    let encoded: &'a [u8] = heap.bump().alloc_slice_copy(encoded);
    decode(heap, &mut &*encoded)
}

/// A key's hash, the key encoded, and what is known of it.
type Found = (u64, Vec<u8>, Option<Entry>);

fn find<'a>(heap: &Heap<'a>, update: &Update, key: Value<'a>) -> Result<Found, Raised> {
    let hash = hash(heap, key)?;
    let mut encoded = Vec::new();
    encode(heap, key, &mut encoded)?;
    let known =
        update.find(hash, |other| Ok(*other == *encoded || equal(heap, key, decoded(heap, other))?))?;
    let known = known.cloned();
    Ok((hash, encoded, known))
}

/// Notes a key's state, or that it has none.
fn put<'a>(
    heap: &Heap<'a>,
    update: &mut Update,
    key: Value<'a>,
    state: Option<Value<'a>>,
) -> Result<(), Raised> {
    let (hash, key, known) = find(heap, update, key)?;
    let state = match state {
        Some(state) => {
            let mut encoded = Vec::new();
            encode(heap, state, &mut encoded)?;
            Some(encoded.into())
        }
        None => None,
    };
    update.put(hash, &key, known, state);
    Ok(())
}
