//! Words of a text, counted: the way from bytes to the count table.

use std::borrow::Cow;

use super::level::Level;
use super::padded::PaddedBuf;
use super::space::{find_wide_space, is_space};
use super::table::CountTable;
use super::utf8::decode;
use super::words::{BLOCK, Delimiters, Words};
use crate::batch::Text;

/// Counts the words of texts.
///
/// The fast path takes blocks of plain ASCII or valid UTF-8. Blocks in which the vector pass saw
/// something that needs more care are looked at again, and cleaned if there is need: invalid UTF-8
/// replaced, `\r` before `\n` taken out, non-ASCII whitespace turned into spaces.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    level: Level,
    delimiters: Delimiters,
    words: Words,
    clean: PaddedBuf,
}

/// Whether a text can have what [`clean`] deals with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    Raw,
    Clean,
}

impl Tokenizer {
    /// A tokenizer that uses the fastest instructions of this machine.
    pub fn new(delimiters: Delimiters) -> Self {
        Self::with_level(Level::best(), delimiters)
    }

    /// A tokenizer that uses the given instructions.
    pub fn with_level(level: Level, delimiters: Delimiters) -> Self {
        Tokenizer { level, delimiters, words: Words::default(), clean: PaddedBuf::default() }
    }

    /// Adds the words of `text` to `table`. The text is whole lines, each with its `\n`; a last line
    /// without one counts as if it had one.
    pub fn count(&mut self, text: Text<'_>, table: &mut CountTable) {
        self.count_blocks(text, Input::Raw, table);
        if self.delimiters == Delimiters::Space && text.bytes().last() == Some(&b' ') {
            // The newline that is missing would have ended one more word, an empty one.
            table.add(b"", 1);
        }
    }

    fn count_blocks(&mut self, text: Text<'_>, input: Input, table: &mut CountTable) {
        let mut at = 0;
        while at < text.len() {
            let block = &text.padded()[at..];
            let len = (text.len() - at).min(BLOCK);
            let found = self.words.scan(self.level, self.delimiters, block, len);
            if found.ended == 0 {
                // A word longer than a block, or the end of a text without its newline.
                at += self.count_long_word(&block[..text.len() - at], input, table);
                continue;
            }
            let end = self.words.end_of(found.ended);
            let special = found.non_ascii || found.carriage_return && self.delimiters == Delimiters::Space;
            if special
                && input == Input::Raw
                && let Some(bytes) = clean(&block[..end], self.delimiters)
            {
                let mut buffer = std::mem::take(&mut self.clean);
                buffer.fill(|out| out.extend_from_slice(&bytes));
                self.count_blocks(buffer.text(), Input::Clean, table);
                self.clean = buffer;
            } else {
                let tally = self.words.classify(self.level);
                let empty = if self.delimiters == Delimiters::Space { tally.empty } else { 0 };
                // SAFETY: these are the words of `block`; words lie within the text, and 64 bytes
                // behind it are readable.
                unsafe { table.count_words(block, &self.words, empty) };
            }
            at += end;
        }
    }

    /// Counts the word at the start of `rest`, however long it is, and says where the next one starts.
    #[cold]
    fn count_long_word(&mut self, rest: &[u8], input: Input, table: &mut CountTable) -> usize {
        let end = rest.iter().position(|&byte| self.delimiters.contains(byte));
        let word = &rest[..end.unwrap_or(rest.len())];
        match self.delimiters {
            Delimiters::Space => {
                let at_line_end = end.is_none_or(|end| rest[end] == b'\n');
                let word = match word {
                    [kept @ .., b'\r'] if at_line_end && input == Input::Raw => kept,
                    _ => word,
                };
                table.add(word, 1);
            }
            Delimiters::Whitespace => {
                let word = decode(word);
                for part in word.split(is_space).filter(|part| !part.is_empty()) {
                    table.add(part.as_bytes(), 1);
                }
            }
        }
        end.map_or(rest.len(), |end| end + 1)
    }
}

/// The block with what the kernels do not know replaced, or nothing if there is no such thing.
/// The block ends with a delimiter.
#[cold]
fn clean(block: &[u8], delimiters: Delimiters) -> Option<Cow<'_, [u8]>> {
    let mut bytes = match decode(block) {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    match delimiters {
        Delimiters::Space => {
            if memchr::memmem::find(&bytes, b"\r\n").is_some() {
                bytes = Cow::Owned(without_returns(&bytes));
            }
        }
        Delimiters::Whitespace => {
            let mut from = 0;
            while let Some((at, len)) = find_wide_space(&bytes, from) {
                bytes.to_mut()[at..at + len].fill(b' ');
                from = at + len;
            }
        }
    }
    match bytes {
        Cow::Borrowed(_) => None,
        owned => Some(owned),
    }
}

/// A copy without the `\r` of each `\r\n`.
fn without_returns(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(bytes, b"\r\n") {
        kept.extend_from_slice(&bytes[from..at]);
        from = at + 1;
    }
    kept.extend_from_slice(&bytes[from..]);
    kept
}
