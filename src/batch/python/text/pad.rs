//! Filling texts up to a width.

use bumpalo::collections::String as BumpString;

use super::{finished, length, this};
use crate::batch::python::args::{index, room};
use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, type_of};

/// The text with that many filling characters on its sides.
fn padded<'a>(heap: &Heap<'a>, left: usize, text: &'a str, right: usize, fill: char) -> Outcome<'a> {
    if left == 0 && right == 0 {
        return Ok(heap.text(text));
    }
    let bytes = left.saturating_add(right).saturating_mul(fill.len_utf8()).saturating_add(text.len());
    room(heap, bytes)?;
    let mut out = BumpString::with_capacity_in(bytes, heap.bump());
    out.extend(std::iter::repeat_n(fill, left));
    out.push_str(text);
    out.extend(std::iter::repeat_n(fill, right));
    Ok(finished(heap, out))
}

/// The text, how many characters are wanting, and what to fill with.
fn wanting<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    name: &str,
) -> Result<(&'a str, usize, usize, char), Raised> {
    let (text, args) = this(heap, args, name)?;
    let arguments = args.between(heap, name, 1, 2)?;
    let width = usize::try_from(index(heap, arguments[0])?).unwrap_or(0);
    let fill = match arguments.get(1) {
        None => ' ',
        Some(Value::Str(fill)) => {
            let mut chars = fill.chars();
            match (chars.next(), chars.next()) {
                (Some(fill), None) => fill,
                _ => {
                    let message = "The fill character must be exactly one character long";
                    return Err(heap.raise(&TYPE_ERROR, message));
                }
            }
        }
        Some(other) => {
            let class = type_of(*other).name;
            let message = format!("The fill character must be a unicode character, not {class}");
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    };
    Ok((text, width.saturating_sub(length(text)), width, fill))
}

/// `str.center(width, fillchar=' ')`
pub fn center<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, wanting, width, fill) = wanting(heap, args, "str.center")?;
    // The odd one goes to the left if the width is odd: CPython's rule.
    let left = wanting / 2 + (wanting & width & 1);
    padded(heap, left, text, wanting - left, fill)
}

/// `str.ljust(width, fillchar=' ')`
pub fn ljust<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, wanting, _, fill) = wanting(heap, args, "str.ljust")?;
    padded(heap, 0, text, wanting, fill)
}

/// `str.rjust(width, fillchar=' ')`
pub fn rjust<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, wanting, _, fill) = wanting(heap, args, "str.rjust")?;
    padded(heap, wanting, text, 0, fill)
}

/// `str.zfill(width)`
pub fn zfill<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = this(heap, args, "str.zfill")?;
    let width = usize::try_from(index(heap, args.one(heap, "str.zfill")?)?).unwrap_or(0);
    let wanting = width.saturating_sub(length(text));
    if wanting == 0 {
        return Ok(heap.text(text));
    }
    let bytes = text.len().saturating_add(wanting);
    room(heap, bytes)?;
    let digits = text.trim_start_matches(['+', '-']);
    let sign = &text[..(text.len() - digits.len()).min(1)];
    let mut out = BumpString::with_capacity_in(bytes, heap.bump());
    out.push_str(sign);
    out.extend(std::iter::repeat_n('0', wanting));
    out.push_str(&text[sign.len()..]);
    Ok(finished(heap, out))
}

/// `str.expandtabs(tabsize=8)`
pub fn expandtabs<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (text, args) = this(heap, args, "str.expandtabs")?;
    let [size] = args.bind(heap, "str.expandtabs", ["tabsize"], 0)?;
    let size = usize::try_from(size.map_or(Ok(8), |size| index(heap, size))?).unwrap_or(0);
    let tabs = memchr::memchr_iter(b'\t', text.as_bytes()).count();
    room(heap, tabs.saturating_mul(size).saturating_add(text.len()))?;
    let mut out = BumpString::with_capacity_in(text.len(), heap.bump());
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let spaces = size - column % size;
                out.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    Ok(finished(heap, out))
}
