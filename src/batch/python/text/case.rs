//! Upper, lower and title case.

use bumpalo::collections::String as BumpString;

use super::unicode::{fold, is_cased, is_title, to_title};
use super::{finished, this};
use crate::batch::value::{Args, Heap, Outcome, Raised};

/// The text of a method that takes nothing.
fn alone<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<&'a str, Raised> {
    let (text, args) = this(heap, args, name)?;
    args.nothing(heap, name)?;
    Ok(text)
}

/// A text built character by character.
fn built<'a>(heap: &Heap<'a>, text: &str, build: impl FnOnce(&mut BumpString<'a>)) -> Outcome<'a> {
    let mut out = BumpString::with_capacity_in(text.len(), heap.bump());
    build(&mut out);
    heap.check_memory(0)?;
    Ok(finished(heap, out))
}

/// `str.lower()`
pub fn lower<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = alone(heap, args, "str.lower")?;
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Ok(heap.text(text));
    }
    if !text.is_ascii() {
        return Ok(heap.str(&text.to_lowercase()));
    }
    let copy = heap.bump().alloc_str(text);
    copy.make_ascii_lowercase();
    Ok(heap.text(copy))
}

/// `str.upper()`
pub fn upper<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = alone(heap, args, "str.upper")?;
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase()) {
        return Ok(heap.text(text));
    }
    if !text.is_ascii() {
        return Ok(heap.str(&text.to_uppercase()));
    }
    let copy = heap.bump().alloc_str(text);
    copy.make_ascii_uppercase();
    Ok(heap.text(copy))
}

/// `str.casefold()`
pub fn casefold<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = alone(heap, args, "str.casefold")?;
    built(heap, text, |out| text.chars().for_each(|c| fold(c, |c| out.push(c))))
}

/// The lower-case form of the character at `place`: a sigma that ends a word has a form of its own,
/// which only the whole text tells.
fn push_lower(text: &str, place: usize, c: char, out: &mut BumpString<'_>) {
    if c != '\u{3a3}' {
        out.extend(c.to_lowercase());
        return;
    }
    let ignorable = |c: &char| !is_cased(*c) && !c.is_alphanumeric() && !c.is_whitespace();
    let before = text[..place].chars().rev().find(|c| !ignorable(c));
    let after = text[place + c.len_utf8()..].chars().find(|c| !ignorable(c));
    let ends_word = before.is_some_and(is_cased) && !after.is_some_and(is_cased);
    out.push(if ends_word { '\u{3c2}' } else { '\u{3c3}' });
}

/// `str.capitalize()`
pub fn capitalize<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = alone(heap, args, "str.capitalize")?;
    built(heap, text, |out| {
        for (place, c) in text.char_indices() {
            if place == 0 {
                to_title(c, |c| out.push(c));
            } else {
                push_lower(text, place, c, out);
            }
        }
    })
}

/// `str.title()`
pub fn title<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = alone(heap, args, "str.title")?;
    built(heap, text, |out| {
        let mut in_word = false;
        for (place, c) in text.char_indices() {
            if in_word {
                push_lower(text, place, c, out);
            } else {
                to_title(c, |c| out.push(c));
            }
            in_word = is_cased(c);
        }
    })
}

/// `str.swapcase()`
pub fn swapcase<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let text = alone(heap, args, "str.swapcase")?;
    built(heap, text, |out| {
        for (place, c) in text.char_indices() {
            if c.is_uppercase() {
                push_lower(text, place, c, out);
            } else if c.is_lowercase() && !is_title(c) {
                out.extend(c.to_uppercase());
            } else {
                out.push(c);
            }
        }
    })
}
