//! Fingerprints: short stand-ins for definitions and for the heads of files, the same in every version
//! of `dstream` and on every machine.

use std::fmt;
use std::str::FromStr;

/// A fingerprint of 128 bits. Two things of the same kind with equal fingerprints are taken to be the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u128);

/// Makes a [`Fingerprint`] of parts, by 128-bit FNV-1a over each part's length (8 bytes, little-endian)
/// and bytes. It is no defence against those who choose what they are taken for.
#[derive(Clone, Debug)]
pub struct Fingerprinter {
    hash: u128,
}

/// FNV's parameters for 128 bits.
const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

impl Fingerprint {
    /// The fingerprint of one part.
    pub fn of(part: &[u8]) -> Self {
        let mut fingerprinter = Fingerprinter::default();
        fingerprinter.add(part);
        fingerprinter.finish()
    }
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Fingerprinter { hash: OFFSET_BASIS }
    }
}

impl Fingerprinter {
    /// Adds a part. `"ab"`, `"c"` and `"a"`, `"bc"` are different parts.
    pub fn add(&mut self, part: &[u8]) -> &mut Self {
        for byte in (part.len() as u64).to_le_bytes().iter().chain(part) {
            self.hash = (self.hash ^ u128::from(*byte)).wrapping_mul(PRIME);
        }
        self
    }

    /// Adds a number as a part.
    pub fn add_number(&mut self, n: u64) -> &mut Self {
        self.add(&n.to_le_bytes())
    }

    /// Adds another fingerprint as a part: of what this is made of.
    pub fn add_fingerprint(&mut self, other: Fingerprint) -> &mut Self {
        self.add(&other.0.to_le_bytes())
    }

    /// The fingerprint of what was added.
    pub fn finish(&self) -> Fingerprint {
        Fingerprint(self.hash)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u128::from_str_radix(text, 16);
        bits.ok().filter(|_| digits).map(Fingerprint).ok_or_else(|| format!("{text:?} is no fingerprint"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored ones must be recognised for ever: these values may not change.
    #[test]
    fn fingerprints_are_the_same_for_ever() {
        let empty = Fingerprinter::default().finish();
        assert_eq!(empty.to_string(), "6c62272e07bb014262b821756295c58d");
        assert_eq!(Fingerprint::of(b"a").to_string(), FINGERPRINT_OF_A);
        assert_eq!(FINGERPRINT_OF_A.parse(), Ok(Fingerprint::of(b"a")));
        assert!("+".repeat(32).parse::<Fingerprint>().is_err());
    }

    const FINGERPRINT_OF_A: &str = "426d56754e03ad9adb79f299c730f21f";

    #[test]
    fn parts_do_not_run_together() {
        let of = |parts: &[&str]| {
            let mut fingerprinter = Fingerprinter::default();
            parts.iter().for_each(|part| _ = fingerprinter.add(part.as_bytes()));
            fingerprinter.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ab", ""]));
    }
}
