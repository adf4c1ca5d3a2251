//! `sample`: the records that PySpark takes with the same seed.
//!
//! PySpark draws from CPython's `random.Random(seed ^ partition)`.

use std::cell::RefCell;

use super::pipe::Pipe;
use crate::batch::random::Twister;
use crate::batch::value::{Heap, Produce, Raised, Value};
use crate::plan::Draw;

/// Which records are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampler {
    pub(super) draw: Draw,
    /// Same seed, same records.
    pub(super) seed: i64,
}

/// A partition's records, as they are drawn.
pub(super) struct Sampled<'a> {
    sampler: &'a Sampler,
    pipe: &'a Pipe<'a>,
    state: RefCell<State<'a>>,
}

struct State<'a> {
    random: &'a mut Twister,
    /// The record drawn last, and how often it still comes.
    again: Option<(Value<'a>, u64)>,
}

impl<'a> Sampled<'a> {
    pub(super) fn new(heap: &Heap<'a>, sampler: &'a Sampler, pipe: &'a Pipe<'a>, partition: usize) -> Self {
        let random =
            heap.bump().alloc(Twister::new(sampler.seed ^ i64::try_from(partition).unwrap_or(i64::MAX)));
        for _ in 0..10 {
            // `randint(0, 1)`, for what it draws.
            random.below(2);
        }
        Sampled { sampler, pipe, state: RefCell::new(State { random, again: None }) }
    }

    /// What is drawn of a record, and how often.
    fn draw(&self, random: &mut Twister, record: Value<'a>) -> (Value<'a>, u64) {
        match (self.sampler.draw, record) {
            (Draw::Share { with_replacement: true }, Value::Pair([Value::Float(mean), drawn])) => {
                (*drawn, poisson(random, mean.get()))
            }
            (Draw::Share { with_replacement: false }, Value::Pair([Value::Float(share), drawn])) => {
                (*drawn, u64::from(random.uniform() < share.get()))
            }
            (Draw::Share { .. }, record) => (record, 0),
            (Draw::Poisson(mean), record) => (record, poisson(random, mean)),
            (Draw::Uniform { from, to }, record) => {
                (record, u64::from((from..to).contains(&random.uniform())))
            }
        }
    }
}

impl<'a> Produce<'a> for Sampled<'a> {
    fn next(&self, heap: &Heap<'a>) -> Result<Option<Value<'a>>, Raised> {
        let again = self.state.borrow_mut().again.take();
        if let Some((record, times)) = again {
            self.state.borrow_mut().again = (times > 1).then_some((record, times - 1));
            return Ok(Some(record));
        }
        while let Some(record) = self.pipe.next(heap)? {
            heap.check()?;
            let mut state = self.state.borrow_mut();
            let (record, times) = self.draw(state.random, record);
            if times > 0 {
                state.again = (times > 1).then_some((record, times - 1));
                return Ok(Some(record));
            }
        }
        Ok(None)
    }
}

/// A Poisson-distributed number, as PySpark draws it.
fn poisson(random: &mut Twister, mean: f64) -> u64 {
    let mut drawn = 0;
    if mean < 20.0 {
        let least = (-mean).exp();
        let mut product = random.uniform();
        while product > least {
            drawn += 1;
            product *= random.uniform();
        }
    } else {
        let mut sum = random.exponential(mean);
        while sum < 1.0 {
            drawn += 1;
            sum += random.exponential(mean);
        }
    }
    drawn
}
