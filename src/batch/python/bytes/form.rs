//! Case, kinds and widths of `bytes`: all of them know the letters of ASCII only.

use bumpalo::collections::Vec as BumpVec;

use super::{is_space, need_bytes, this, value};
use crate::batch::python::args::{index, room};
use crate::batch::value::exceptions::{TYPE_ERROR, VALUE_ERROR};
use crate::batch::value::{Args, Heap, Outcome, Raised, Value, type_of};

/// The bytes of a method that takes nothing.
fn alone<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str) -> Result<&'a [u8], Raised> {
    let (bytes, args) = this(heap, args, name)?;
    args.nothing(heap, name)?;
    Ok(bytes)
}

/// Each byte, by what it is and whether a letter stands before it.
fn each<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, change: fn(u8, bool) -> u8) -> Outcome<'a> {
    let bytes = alone(heap, args, name)?;
    room(heap, bytes.len())?;
    let mut after_letter = false;
    let changed = bytes.iter().map(|byte| {
        let changed = change(*byte, after_letter);
        after_letter = byte.is_ascii_alphabetic();
        changed
    });
    let changed: &'a [u8] = heap.bump().alloc_slice_fill_iter(changed);
    Ok(value(heap, changed))
}

/// `bytes.lower()`
pub fn lower<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    each(heap, args, "bytes.lower", |byte, _| byte.to_ascii_lowercase())
}

/// `bytes.upper()`
pub fn upper<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    each(heap, args, "bytes.upper", |byte, _| byte.to_ascii_uppercase())
}

/// `bytes.swapcase()`
pub fn swapcase<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    each(heap, args, "bytes.swapcase", |byte, _| match byte.is_ascii_lowercase() {
        true => byte.to_ascii_uppercase(),
        false => byte.to_ascii_lowercase(),
    })
}

/// `bytes.title()`
pub fn title<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    each(heap, args, "bytes.title", |byte, after_letter| match after_letter {
        true => byte.to_ascii_lowercase(),
        false => byte.to_ascii_uppercase(),
    })
}

/// `bytes.capitalize()`
pub fn capitalize<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let bytes = alone(heap, args, "bytes.capitalize")?;
    room(heap, bytes.len())?;
    let copy = heap.bump().alloc_slice_copy(bytes);
    copy.make_ascii_lowercase();
    if let Some(first) = copy.first_mut() {
        first.make_ascii_uppercase();
    }
    Ok(value(heap, copy))
}

fn all<'a>(heap: &Heap<'a>, args: Args<'_, 'a>, name: &str, is_such: fn(&u8) -> bool) -> Outcome<'a> {
    let bytes = alone(heap, args, name)?;
    Ok(Value::bool(!bytes.is_empty() && bytes.iter().all(is_such)))
}

/// `bytes.isalnum()`
pub fn isalnum<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    all(heap, args, "bytes.isalnum", u8::is_ascii_alphanumeric)
}

/// `bytes.isalpha()`
pub fn isalpha<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    all(heap, args, "bytes.isalpha", u8::is_ascii_alphabetic)
}

/// `bytes.isascii()`, which holds for no bytes too.
pub fn isascii<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    Ok(Value::bool(alone(heap, args, "bytes.isascii")?.is_ascii()))
}

/// `bytes.isdigit()`
pub fn isdigit<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    all(heap, args, "bytes.isdigit", u8::is_ascii_digit)
}

/// `bytes.isspace()`
pub fn isspace<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    all(heap, args, "bytes.isspace", is_space)
}

/// `bytes.islower()`
pub fn islower<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let bytes = alone(heap, args, "bytes.islower")?;
    let (lower, upper) = (bytes.iter().any(u8::is_ascii_lowercase), bytes.iter().any(u8::is_ascii_uppercase));
    Ok(Value::bool(lower && !upper))
}

/// `bytes.isupper()`
pub fn isupper<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let bytes = alone(heap, args, "bytes.isupper")?;
    let (lower, upper) = (bytes.iter().any(u8::is_ascii_lowercase), bytes.iter().any(u8::is_ascii_uppercase));
    Ok(Value::bool(upper && !lower))
}

/// `bytes.istitle()`
pub fn istitle<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let bytes = alone(heap, args, "bytes.istitle")?;
    let before = std::iter::once(&b' ').chain(bytes);
    let fits = bytes.iter().zip(before).all(|(byte, before)| match before.is_ascii_alphabetic() {
        true => !byte.is_ascii_uppercase(),
        false => !byte.is_ascii_lowercase(),
    });
    Ok(Value::bool(fits && bytes.iter().any(u8::is_ascii_alphabetic)))
}

/// The bytes with that many filling ones on their sides.
fn padded<'a>(heap: &Heap<'a>, left: usize, bytes: &'a [u8], right: usize, fill: u8) -> Outcome<'a> {
    let length = left.saturating_add(right).saturating_add(bytes.len());
    room(heap, length)?;
    let mut out = BumpVec::with_capacity_in(length, heap.bump());
    out.resize(left, fill);
    out.extend_from_slice_copy(bytes);
    out.resize(length, fill);
    Ok(value(heap, out.into_bump_slice()))
}

/// The bytes, how many are wanting, the width, and what to fill with.
fn wanting<'a>(
    heap: &Heap<'a>,
    args: Args<'_, 'a>,
    method: &str,
) -> Result<(&'a [u8], usize, usize, u8), Raised> {
    let name = format!("bytes.{method}");
    let (bytes, args) = this(heap, args, &name)?;
    let arguments = args.between(heap, &name, 1, 2)?;
    let width = usize::try_from(index(heap, arguments[0])?).unwrap_or(0);
    let fill = match arguments.get(1) {
        None => b' ',
        Some(Value::Bytes([fill])) => *fill,
        Some(other) => {
            let class = type_of(*other).name;
            let message = format!("{method}() argument 2 must be a byte string of length 1, not {class}");
            return Err(heap.raise(&TYPE_ERROR, message));
        }
    };
    Ok((bytes, width.saturating_sub(bytes.len()), width, fill))
}

/// `bytes.center(width, fillchar=b' ')`
pub fn center<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, wanting, width, fill) = wanting(heap, args, "center")?;
    // The odd one goes to the left if the width is odd: CPython's rule.
    let left = wanting / 2 + (wanting & width & 1);
    padded(heap, left, bytes, wanting - left, fill)
}

/// `bytes.ljust(width, fillchar=b' ')`
pub fn ljust<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, wanting, _, fill) = wanting(heap, args, "ljust")?;
    padded(heap, 0, bytes, wanting, fill)
}

/// `bytes.rjust(width, fillchar=b' ')`
pub fn rjust<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, wanting, _, fill) = wanting(heap, args, "rjust")?;
    padded(heap, wanting, bytes, 0, fill)
}

/// `bytes.zfill(width)`
pub fn zfill<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.zfill")?;
    let width = usize::try_from(index(heap, args.one(heap, "bytes.zfill")?)?).unwrap_or(0);
    let sign = bytes.iter().take(1).take_while(|byte| matches!(byte, b'+' | b'-')).count();
    let wanting = width.saturating_sub(bytes.len());
    let length = bytes.len().saturating_add(wanting);
    room(heap, length)?;
    let mut out = BumpVec::with_capacity_in(length, heap.bump());
    out.extend_from_slice_copy(&bytes[..sign]);
    out.resize(sign + wanting, b'0');
    out.extend_from_slice_copy(&bytes[sign..]);
    Ok(value(heap, out.into_bump_slice()))
}

/// `bytes.maketrans(from, to)`
pub fn maketrans<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let arguments = args.between(heap, "maketrans", 2, 2)?;
    let (from, to) = (need_bytes(heap, arguments[0])?, need_bytes(heap, arguments[1])?);
    if from.len() != to.len() {
        return Err(heap.raise(&VALUE_ERROR, "maketrans arguments must have same length"));
    }
    let mut table: Vec<u8> = (0..=u8::MAX).collect();
    for (&from, &to) in from.iter().zip(to) {
        table[usize::from(from)] = to;
    }
    Ok(heap.bytes(&table))
}

/// `bytes.translate(table, /, delete=b'')`
pub fn translate<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.translate")?;
    let [table, dropped] = args.bind(heap, "translate", ["", "delete"], 1)?;
    let table = match table {
        None | Some(Value::None) => None,
        Some(table) => match need_bytes(heap, table)? {
            table if table.len() == 256 => Some(table),
            _ => {
                let message = "translation table must be 256 characters long";
                return Err(heap.raise(&VALUE_ERROR, message));
            }
        },
    };
    let dropped = dropped.map_or(Ok(&[][..]), |dropped| need_bytes(heap, dropped))?;
    room(heap, bytes.len())?;
    let kept = bytes.iter().filter(|byte| !dropped.contains(byte));
    let mut out = BumpVec::with_capacity_in(bytes.len(), heap.bump());
    out.extend(kept.map(|&byte| table.map_or(byte, |table| table[usize::from(byte)])));
    Ok(value(heap, out.into_bump_slice()))
}

/// `bytes.expandtabs(tabsize=8)`
pub fn expandtabs<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (bytes, args) = this(heap, args, "bytes.expandtabs")?;
    let [size] = args.bind(heap, "bytes.expandtabs", ["tabsize"], 0)?;
    let size = usize::try_from(size.map_or(Ok(8), |size| index(heap, size))?).unwrap_or(0);
    let tabs = memchr::memchr_iter(b'\t', bytes).count();
    room(heap, tabs.saturating_mul(size).saturating_add(bytes.len()))?;
    let mut out = BumpVec::with_capacity_in(bytes.len(), heap.bump());
    let mut column = 0;
    for byte in bytes {
        match byte {
            b'\t' if size > 0 => {
                let spaces = size - column % size;
                out.resize(out.len() + spaces, b' ');
                column += spaces;
            }
            b'\t' => {}
            b'\n' | b'\r' => {
                out.push(*byte);
                column = 0;
            }
            _ => {
                out.push(*byte);
                column += 1;
            }
        }
    }
    Ok(value(heap, out.into_bump_slice()))
}
