//! `string`: its constants, and `capwords`.

use super::args::native;
use crate::batch::value::exceptions::{ATTRIBUTE_ERROR, TYPE_ERROR};
use crate::batch::value::{Args, Heap, Module, Native, Outcome, Value, call, get_attribute, type_of};

/// `string`
pub static MODULE: Module = Module { name: "string", member };

static FUNCTIONS: &[Native] = &[native("capwords", capwords)];

fn member<'a>(heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    let text = match name {
        "ascii_letters" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "ascii_lowercase" => "abcdefghijklmnopqrstuvwxyz",
        "ascii_uppercase" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "digits" => "0123456789",
        "hexdigits" => "0123456789abcdefABCDEF",
        "octdigits" => "01234567",
        "punctuation" => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        "whitespace" => " \t\n\r\u{b}\u{c}",
        "printable" => {
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \
             \t\n\r\u{b}\u{c}"
        }
        _ => return super::function(FUNCTIONS, name),
    };
    Some(heap.text(text))
}

/// `capwords(s, sep=None)`
fn capwords<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let ([text], [separator]) = args.bind_def(heap, "capwords", ["s"], ["sep"])?;
    if text.as_str().is_none() {
        let message = format!("'{}' object has no attribute 'split'", type_of(text).name);
        return Err(heap.raise(&ATTRIBUTE_ERROR, message));
    }
    let separator = separator.filter(|separator| !separator.is_none());
    let split = get_attribute(heap, text, "split")?;
    let words = call(heap, split, Args { positional: separator.as_slice(), keywords: &[] })?;
    let mut capitals = Vec::new();
    for word in super::args::collect(heap, words)? {
        let capitalize = get_attribute(heap, word, "capitalize")?;
        let capital = call(heap, capitalize, Args { positional: &[], keywords: &[] })?;
        capitals.push(capital.as_str().unwrap_or_default());
    }
    let separator = match separator {
        None => " ",
        Some(separator) => {
            separator.as_str().ok_or_else(|| heap.raise(&TYPE_ERROR, "sep must be str or None"))?
        }
    };
    Ok(heap.str(&capitals.join(separator)))
}
