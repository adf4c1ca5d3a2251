//! CPython's random numbers: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998).

/// Numbers of MT19937's state.
const NUMBERS: usize = 624;

/// MT19937, as CPython's `random.Random` seeds it and draws from it.
pub struct Twister {
    numbers: [u32; NUMBERS],
    next: usize,
}

impl Twister {
    /// `random.Random(seed)`
    pub fn new(seed: i64) -> Self {
        let seed = seed.unsigned_abs();
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
    pub fn uniform(&mut self) -> f64 {
        let high = f64::from(self.bits() >> 5);
        let low = f64::from(self.bits() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// `getrandbits(count)`, of at most 32.
    fn few_bits(&mut self, count: u32) -> u32 {
        if count == 0 { 0 } else { self.bits() >> (32 - count) }
    }

    /// `randrange(end)`
    pub fn below(&mut self, end: u32) -> u32 {
        let count = u32::BITS - end.leading_zeros();
        loop {
            let drawn = self.few_bits(count);
            if drawn < end {
                return drawn;
            }
        }
    }

    /// `randint(0, sys.maxsize)`
    pub fn seed(&mut self) -> i64 {
        loop {
            // CPython draws 64 bits, as the end of the range has so many, the less significant ones first.
            let (low, high) = (self.bits(), self.bits());
            if let Ok(drawn) = i64::try_from(u64::from(high) << 32 | u64::from(low)) {
                return drawn;
            }
        }
    }

    /// `shuffle(items)`
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let end = u32::try_from(last + 1).unwrap_or(u32::MAX);
            items.swap(last, self.below(end) as usize);
        }
    }

    /// `expovariate(rate)`
    pub fn exponential(&mut self, rate: f64) -> f64 {
        -(1.0 - self.uniform()).ln() / rate
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
        assert_eq!(Twister::new(-7).uniform(), 0.32383276483316237);
    }

    const LARGE: [f64; 2] = [0.1757573337592354, 0.5896812854782347];

    #[test]
    fn whole_numbers_and_orders_are_those_of_cpython() {
        let mut random = Twister::new(7);
        assert_eq!([random.below(10), random.below(1000), random.below(1)], WHOLE);
        assert_eq!(random.seed(), SEED);
        let mut items: Vec<u32> = (0..8).collect();
        random.shuffle(&mut items);
        assert_eq!(items, ORDER);
    }

    const WHOLE: [u32; 3] = [5, 970, 0];
    const SEED: i64 = 1_336_213_610_742_710_224;
    const ORDER: [u32; 8] = [3, 6, 5, 7, 0, 4, 2, 1];
}
