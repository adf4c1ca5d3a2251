//! `sample`: the records that PySpark takes with the same seed.
//!
//! PySpark draws from CPython's `random.Random(seed ^ partition)`, the Mersenne Twister MT19937.

use std::cell::RefCell;

use super::pipe::Pipe;
use crate::batch::value::{Heap, Produce, Raised, Value};

/// Which records are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampler {
    /// Whether a record may be drawn more than once.
    pub(super) with_replacement: bool,
    /// The expected share, or number, of each record.
    pub(super) fraction: f64,
    /// Same seed, same records.
    pub(super) seed: u64,
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
        let random = heap.bump().alloc(Twister::new(sampler.seed ^ partition as u64));
        for _ in 0..10 {
            random.coin();
        }
        Sampled { sampler, pipe, state: RefCell::new(State { random, again: None }) }
    }

    /// How often a record is drawn.
    fn draw(&self, random: &mut Twister) -> u64 {
        if self.sampler.with_replacement {
            random.poisson(self.sampler.fraction)
        } else {
            u64::from(random.uniform() < self.sampler.fraction)
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
            let times = self.draw(state.random);
            if times > 0 {
                state.again = (times > 1).then_some((record, times - 1));
                return Ok(Some(record));
            }
        }
        Ok(None)
    }
}

/// Numbers of MT19937's state.
const NUMBERS: usize = 624;

/// MT19937, seeded as CPython seeds it.
struct Twister {
    numbers: [u32; NUMBERS],
    next: usize,
}

impl Twister {
    fn new(seed: u64) -> Self {
        // CPython's key: the seed's 32-bit digits, least significant first.
        let digits = [seed as u32, (seed >> 32) as u32];
        let key = if digits[1] == 0 { &digits[..1] } else { &digits[..] };
        let mut numbers = [0_u32; NUMBERS];
        numbers[0] = 19_650_218;
        for index in 1..NUMBERS {
            numbers[index] = mixed(numbers[index - 1], 1_812_433_253).wrapping_add(index as u32);
        }
        let mut at = 1;
        for step in 0..NUMBERS {
            let digit = step % key.len();
            numbers[at] = (numbers[at] ^ mixed(numbers[at - 1], 1_664_525))
                .wrapping_add(key[digit])
                .wrapping_add(digit as u32);
            at = wrapped(at + 1, &mut numbers);
        }
        for _ in 1..NUMBERS {
            numbers[at] = (numbers[at] ^ mixed(numbers[at - 1], 1_566_083_941)).wrapping_sub(at as u32);
            at = wrapped(at + 1, &mut numbers);
        }
        numbers[0] = 0x8000_0000;
        Twister { numbers, next: NUMBERS }
    }

    /// The next 32 random bits.
    fn bits(&mut self) -> u32 {
        if self.next == NUMBERS {
            for index in 0..NUMBERS {
                let high = self.numbers[index] & 0x8000_0000;
                let low = self.numbers[(index + 1) % NUMBERS] & 0x7fff_ffff;
                let odd = if low & 1 == 1 { 0x9908_b0df } else { 0 };
                self.numbers[index] = self.numbers[(index + 397) % NUMBERS] ^ ((high | low) >> 1) ^ odd;
            }
            self.next = 0;
        }
        let mut bits = self.numbers[self.next];
        self.next += 1;
        bits ^= bits >> 11;
        bits ^= (bits << 7) & 0x9d2c_5680;
        bits ^= (bits << 15) & 0xefc6_0000;
        bits ^ (bits >> 18)
    }

    /// `random()`: in [0, 1).
    fn uniform(&mut self) -> f64 {
        let high = f64::from(self.bits() >> 5);
        let low = f64::from(self.bits() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// `randint(0, 1)`, for what it draws.
    fn coin(&mut self) {
        while self.bits() >> 30 >= 2 {}
    }

    /// `expovariate(rate)`
    fn exponential(&mut self, rate: f64) -> f64 {
        -(1.0 - self.uniform()).ln() / rate
    }

    /// A Poisson-distributed number, as PySpark draws it.
    fn poisson(&mut self, mean: f64) -> u64 {
        let mut drawn = 0;
        if mean < 20.0 {
            let least = (-mean).exp();
            let mut product = self.uniform();
            while product > least {
                drawn += 1;
                product *= self.uniform();
            }
        } else {
            let mut sum = self.exponential(mean);
            while sum < 1.0 {
                drawn += 1;
                sum += self.exponential(mean);
            }
        }
        drawn
    }
}

fn mixed(number: u32, factor: u32) -> u32 {
    (number ^ (number >> 30)).wrapping_mul(factor)
}

/// The next place while seeding: the end goes on at the start, with the last number.
fn wrapped(at: usize, numbers: &mut [u32; NUMBERS]) -> usize {
    if at < NUMBERS {
        return at;
    }
    numbers[0] = numbers[NUMBERS - 1];
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_cpython() {
        // random.Random(7).random(), …; random.Random(2**40 + 1)
        let mut small = Twister::new(7);
        assert_eq!(small.uniform(), 0.32383276483316237);
        assert_eq!(small.uniform(), 0.15084917392450192);
        let mut large = Twister::new((1 << 40) + 1);
        assert_eq!([large.uniform(), large.exponential(3.0)], LARGE);
    }

    const LARGE: [f64; 2] = [0.1757573337592354, 0.5896812854782347];
}
