//! Numbers and bytes at rest, in as little room as they need: numbers are varints (seven bits a byte,
//! lowest first), bytes come after their number.

/// Appends a number.
pub fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Appends bytes.
pub fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Takes numbers and bytes off the front of bytes that may be anything: `None` where they are not what was
/// asked for.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'b> {
    rest: &'b [u8],
}

impl<'b> Packed<'b> {
    /// What is packed in these bytes.
    pub fn new(bytes: &'b [u8]) -> Self {
        Packed { rest: bytes }
    }

    /// Whether all was taken.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// So many bytes as they are.
    #[inline]
    pub fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A byte.
    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// So many bytes as they are, as an array.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// What [`put_number`] has written.
    #[inline]
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number of things that are in memory.
    #[inline]
    pub fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// What [`put_bytes`] has written.
    #[inline]
    pub fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    /// The same as text.
    pub fn text(&mut self) -> Option<&'b str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(numbers in prop::collection::vec(any::<u64>(), 0..20), bytes: Vec<u8>) {
            let mut out = Vec::new();
            numbers.iter().for_each(|number| put_number(*number, &mut out));
            put_bytes(&bytes, &mut out);
            let mut packed = Packed::new(&out);
            for number in &numbers {
                prop_assert_eq!(packed.number(), Some(*number));
            }
            prop_assert_eq!(packed.bytes(), Some(&bytes[..]));
            prop_assert!(packed.is_empty() && packed.byte().is_none());
        }
    }

    #[test]
    fn a_number_without_end_is_none() {
        assert_eq!(Packed::new(&[0xff; 20]).number(), None);
        assert_eq!(Packed::new(&[5, 1, 2]).bytes(), None);
    }
}
