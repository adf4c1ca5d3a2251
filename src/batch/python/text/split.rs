//! Cutting texts up, stripping their ends, joining them.

use bumpalo::collections::{String as BumpString, Vec as BumpVec};
use memchr::memmem;

use super::space::{Words, is_space, strip_end, strip_start};
use super::{finished, list_of, this};
use crate::batch::python::args::{index, text_argument};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, iterate, truth, type_of};

/// `TypeError: must be str or None, not int`, or for a method that needs one `must be str, not int`
fn must_be_text(heap: &Heap<'_>, value: Value<'_>, or_none: &str) -> Raised {
    heap.raise(&TYPE_ERROR, format!("must be str{or_none}, not {}", type_of(value).name))
}

fn empty_separator(heap: &Heap<'_>) -> Raised {
    heap.raise(&VALUE_ERROR, "empty separator")
}

/// The separator, if there is one, and how often to split at most.
fn how<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<(Option<&'a str>, usize), Raised> {
    let (separator, most) = match (args.positional, args.keywords) {
        ([], []) => return Ok((None, usize::MAX)),
        ([separator], []) => (Some(*separator), None),
        _ => {
            let [separator, most] = args.bind(heap, name, ["sep", "maxsplit"], 0)?;
            (separator, most)
        }
    };
    let most = most.map_or(Ok(-1), |most| index(heap, most))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    match separator {
        None | Some(Value::None) => Ok((None, most)),
        Some(Value::Str(&"")) => Err(empty_separator(heap)),
        Some(Value::Str(separator)) => Ok((Some(separator), most)),
        Some(other) => Err(must_be_text(heap, other, " or None")),
    }
}

/// `str.split(sep=None, maxsplit=-1)`
pub fn split<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = this(heap, args, "str.split")?;
    let (separator, most) = how(heap, args, "str.split")?;
    let mut pieces = BumpVec::new_in(heap.bump());
    match separator.map(str::as_bytes) {
        None => {
            let mut words = Words::new(text);
            while pieces.len() < most {
                match words.next() {
                    Some(word) => pieces.push(word),
                    None => return Ok(list_of(heap, pieces)),
                }
            }
            let rest = words.rest();
            if !rest.is_empty() {
                pieces.push(strip_if_all(rest, most));
            }
        }
        Some(separator) => {
            let mut start = 0;
            let mut cut = |place: usize| {
                pieces.push(&text[start..place]);
                start = place + separator.len();
            };
            match separator {
                [byte] => memchr::memchr_iter(*byte, text.as_bytes()).take(most).for_each(&mut cut),
                _ => memmem::find_iter(text.as_bytes(), separator).take(most).for_each(&mut cut),
            }
            pieces.push(&text[start..]);
        }
    }
    Ok(list_of(heap, pieces))
}

/// `len(text.split(separator))`; a separator is not empty.
pub fn count_pieces(text: &str, separator: Option<&str>) -> usize {
    match separator.map(str::as_bytes) {
        None => Words::new(text).count(),
        Some(separator) => memmem::find_iter(text.as_bytes(), separator).count() + 1,
    }
}

/// The rest after `maxsplit` words keeps the white space at its end.
fn strip_if_all(rest: &str, most: usize) -> &str {
    if most == usize::MAX { strip_end(rest) } else { rest }
}

/// `str.rsplit(sep=None, maxsplit=-1)`
pub fn rsplit<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = this(heap, args, "str.rsplit")?;
    let (separator, most) = how(heap, args, "str.rsplit")?;
    let mut pieces = BumpVec::new_in(heap.bump());
    let mut rest = text;
    match separator {
        None => {
            rest = strip_end(rest);
            while pieces.len() < most && !rest.is_empty() {
                match rest.char_indices().rev().find(|(_, c)| is_space(*c)) {
                    Some((place, space)) => {
                        pieces.push(&rest[place + space.len_utf8()..]);
                        rest = strip_end(&rest[..place]);
                    }
                    None => {
                        pieces.push(rest);
                        rest = "";
                    }
                }
            }
            if !rest.is_empty() {
                pieces.push(rest);
            }
        }
        Some(separator) => {
            while pieces.len() < most
                && let Some((before, piece)) = rest.rsplit_once(separator)
            {
                pieces.push(piece);
                rest = before;
            }
            pieces.push(rest);
        }
    }
    pieces.reverse();
    Ok(list_of(heap, pieces))
}

/// `str.splitlines(keepends=False)`
pub fn splitlines<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = this(heap, args, "str.splitlines")?;
    let [keep] = args.bind(heap, "str.splitlines", ["keepends"], 0)?;
    let keep = keep.is_some_and(truth);
    let mut pieces = BumpVec::new_in(heap.bump());
    let mut start = 0;
    while start < text.len() {
        let line = &text[start..];
        let ends = |c| matches!(c, '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}');
        let length = line.find(ends).unwrap_or(line.len());
        let end = match line[length..].chars().next() {
            Some('\r') if line[length..].starts_with("\r\n") => 2,
            Some(c) => c.len_utf8(),
            None => 0,
        };
        pieces.push(&line[..if keep { length + end } else { length }]);
        start += length + end;
    }
    Ok(list_of(heap, pieces))
}

fn stripped<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, start: bool, end: bool) -> Outcome<'a> {
    let (text, args) = this(heap, args, name)?;
    let kept = match args.between(heap, name, 0, 1)? {
        [] | [Value::None] => {
            let text = if start { strip_start(text) } else { text };
            if end { strip_end(text) } else { text }
        }
        [Value::Str(set)] => {
            let text = if start { text.trim_start_matches(|c| set.contains(c)) } else { text };
            if end { text.trim_end_matches(|c| set.contains(c)) } else { text }
        }
        _ => {
            let method = name.trim_start_matches("str.");
            return Err(heap.raise(&TYPE_ERROR, format!("{method} arg must be None or str")));
        }
    };
    Ok(heap.text(kept))
}

/// `str.strip(chars=None)`
pub fn strip<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    stripped(heap, args, "str.strip", true, true)
}

/// `str.lstrip(chars=None)`
pub fn lstrip<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    stripped(heap, args, "str.lstrip", true, false)
}

/// `str.rstrip(chars=None)`
pub fn rstrip<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    stripped(heap, args, "str.rstrip", false, true)
}

fn separator<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<(&'a str, Value<'a>), Raised> {
    let value = args.one(heap, name)?;
    match value {
        Value::Str(&"") => Err(empty_separator(heap)),
        Value::Str(separator) => Ok((separator, value)),
        _ => Err(must_be_text(heap, value, "")),
    }
}

/// `str.partition(sep)`
pub fn partition<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = this(heap, args, "str.partition")?;
    let (separator, value) = separator(heap, args, "str.partition")?;
    Ok(match text.split_once(separator) {
        Some((before, after)) => heap.tuple(&[heap.text(before), value, heap.text(after)]),
        None => heap.tuple(&[heap.text(text), heap.text(""), heap.text("")]),
    })
}

/// `str.rpartition(sep)`
pub fn rpartition<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = this(heap, args, "str.rpartition")?;
    let (separator, value) = separator(heap, args, "str.rpartition")?;
    Ok(match text.rsplit_once(separator) {
        Some((before, after)) => heap.tuple(&[heap.text(before), value, heap.text(after)]),
        None => heap.tuple(&[heap.text(""), heap.text(""), heap.text(text)]),
    })
}

/// `removeprefix() argument must be str, not int`
fn affix<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<(&'a str, &'a str), Raised> {
    let (text, args) = this(heap, args, name)?;
    let affix = args.one(heap, name)?;
    match affix {
        Value::Str(affix) => Ok((text, affix)),
        _ => Err(text_argument(heap, name, "", affix).expect_err("it is no str")),
    }
}

/// `str.removeprefix(prefix)`
pub fn removeprefix<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, prefix) = affix(heap, args, "str.removeprefix")?;
    Ok(heap.text(text.strip_prefix(prefix).unwrap_or(text)))
}

/// `str.removesuffix(suffix)`
pub fn removesuffix<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, suffix) = affix(heap, args, "str.removesuffix")?;
    Ok(heap.text(text.strip_suffix(suffix).unwrap_or(text)))
}

/// `str.join(iterable)`
pub fn join<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (separator, args) = this(heap, args, "str.join")?;
    let iterable = args.one(heap, "str.join")?;
    let mut out = BumpString::new_in(heap.bump());
    let mut count = 0_usize;
    let mut push = |item: Value<'a>| {
        let Value::Str(text) = item else {
            let class = type_of(item).name;
            let message = format!("sequence item {count}: expected str instance, {class} found");
            return Err(heap.raise(&TYPE_ERROR, message));
        };
        if count > 0 {
            out.push_str(separator);
        }
        out.push_str(text);
        count += 1;
        Ok(())
    };
    match iterable {
        Value::Pair(_) | Value::Tuple(_) => {
            iterable.as_tuple().unwrap_or_default().iter().try_for_each(|item| push(*item))?;
        }
        // Pushing runs no code of the program, so the list stays as it is.
        Value::List(list) => list.items.borrow().iter().try_for_each(|item| push(*item))?,
        _ => {
            let iterator = iterate(heap, iterable).map_err(|raised| not_iterable(heap, iterable, raised))?;
            while let Some(item) = iterator.next(heap)? {
                heap.check()?;
                push(item)?;
            }
        }
    }
    heap.check_memory(0)?;
    Ok(finished(heap, out))
}

/// `join` has words of its own for what cannot be iterated over.
fn not_iterable<'a>(heap: &Heap<'a>, iterable: Value<'a>, raised: Raised) -> Raised {
    match iterable {
        Value::Iterator(_) => raised,
        _ => {
            let exception = heap.caught();
            let is_type_error = matches!(exception, Value::Object(object) if object.class.is(&TYPE_ERROR));
            if is_type_error {
                heap.raise(&TYPE_ERROR, "can only join an iterable")
            } else {
                heap.throw(exception)
            }
        }
    }
}
