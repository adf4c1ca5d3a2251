//! Where encoded values end, without decoding them.

use super::codec::{
    BIG, BYTES, DEEPEST, FALSE, FLOAT, FROZEN_SET, INT, LIST, NEGATIVE_BIG, NONE, OBJECT, OTHER_DICT, PAIR,
    PLAIN_DICT, PLAIN_SET, RANGE, SHORT_STR, SMALL_INT, STR, TRUE, TUPLE, TYPE, class_lists,
};
use crate::batch::Packed;

/// How many bytes the encoded value at the start of `bytes` takes; `None` if there is no whole one.
#[inline]
pub fn extent(bytes: &[u8]) -> Option<usize> {
    let mut walk = Walk::<false> { rest: Packed::new(bytes) };
    walk.value(0)?;
    Some(bytes.len() - walk.rest.left())
}

/// As [`extent`], of bytes that may come from anywhere: texts have to be UTF-8 and classes known, so that the
/// value can be decoded. What the data of objects means is not looked at.
pub fn sound_extent(bytes: &[u8]) -> Option<usize> {
    let mut walk = Walk::<true> { rest: Packed::new(bytes) };
    walk.value(0)?;
    Some(bytes.len() - walk.rest.left())
}

/// The encoded key of an encoded pair.
pub fn key_extent(record: &[u8]) -> Option<&[u8]> {
    match record.split_first() {
        Some((&PAIR, rest)) => rest.get(..extent(rest)?),
        _ => None,
    }
}

struct Walk<'b, const CHECK: bool> {
    rest: Packed<'b>,
}

impl<const CHECK: bool> Walk<'_, CHECK> {
    #[inline]
    fn value(&mut self, depth: u32) -> Option<()> {
        match self.rest.byte()? {
            SMALL_INT.. | NONE | FALSE | TRUE => Some(()),
            tag @ SHORT_STR..SMALL_INT => {
                let length = usize::from(tag - SHORT_STR);
                self.text(length)
            }
            INT => self.rest.number().map(drop),
            FLOAT => self.rest.take(8).map(drop),
            STR => {
                let length = self.rest.length()?;
                self.text(length)
            }
            BIG | NEGATIVE_BIG | BYTES => self.rest.bytes().map(drop),
            tag if depth < DEEPEST => self.container(tag, depth + 1),
            _ => None,
        }
    }

    fn container(&mut self, tag: u8, depth: u32) -> Option<()> {
        match tag {
            PAIR => self.values(2, depth),
            TUPLE | LIST | PLAIN_SET | FROZEN_SET => {
                let count = self.rest.length()?;
                self.values(count, depth)
            }
            PLAIN_DICT => self.entries(depth),
            OTHER_DICT => {
                self.class()?;
                self.value(depth)?;
                self.entries(depth)
            }
            RANGE => (0..3).try_for_each(|_| self.rest.number().map(drop)),
            TYPE => self.class(),
            OBJECT => {
                self.class()?;
                self.rest.bytes()?;
                let count = self.rest.length()?;
                self.values(count, depth)
            }
            _ => None,
        }
    }

    fn values(&mut self, count: usize, depth: u32) -> Option<()> {
        (0..count).try_for_each(|_| self.value(depth))
    }

    fn entries(&mut self, depth: u32) -> Option<()> {
        let count = self.rest.length()?;
        self.values(count.checked_mul(2)?, depth)
    }

    #[inline]
    fn text(&mut self, length: usize) -> Option<()> {
        let text = self.rest.take(length)?;
        (!CHECK || std::str::from_utf8(text).is_ok()).then_some(())
    }

    fn class(&mut self) -> Option<()> {
        let (list, place) = (self.rest.length()?, self.rest.length()?);
        (!CHECK || class_lists().nth(list)?.get(place).is_some()).then_some(())
    }
}
