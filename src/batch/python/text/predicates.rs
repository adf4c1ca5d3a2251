//! `str.isalpha()` and its like.

use std::sync::LazyLock;

use regex::Regex;

use super::space::is_space;
use super::this;
use super::unicode::{is_alnum, is_alpha, is_cased, is_decimal, is_digit, is_numeric, is_title};
use crate::batch::is_printable;
use crate::batch::value::{Args, Heap, Outcome, Value};

macro_rules! predicates {
    ($($name:ident $full:literal |$text:ident| $holds:expr;)*) => {
        $(
            #[doc = concat!("`", $full, "()`")]
            pub fn $name<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
                let ($text, args) = this(heap, args, $full)?;
                args.nothing(heap, $full)?;
                Ok(Value::bool($holds))
            }
        )*
    };
}

/// Whether there are characters, and all are such.
fn all(text: &str, is_such: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(is_such)
}

predicates! {
    isalnum "str.isalnum" |text| all(text, is_alnum);
    isalpha "str.isalpha" |text| all(text, is_alpha);
    isascii "str.isascii" |text| text.is_ascii();
    isdecimal "str.isdecimal" |text| all(text, is_decimal);
    isdigit "str.isdigit" |text| all(text, is_digit);
    isidentifier "str.isidentifier" |text| IDENTIFIER.is_match(text);
    islower "str.islower" |text| {
        text.chars().any(char::is_lowercase) && !text.chars().any(|c| c.is_uppercase() || is_title(c))
    };
    isnumeric "str.isnumeric" |text| all(text, is_numeric);
    isprintable "str.isprintable" |text| text.chars().all(is_printable);
    isspace "str.isspace" |text| all(text, is_space);
    istitle "str.istitle" |text| is_title_text(text);
    isupper "str.isupper" |text| {
        text.chars().any(char::is_uppercase) && !text.chars().any(|c| c.is_lowercase() || is_title(c))
    };
}

static IDENTIFIER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A[_\p{XID_Start}]\p{XID_Continue}*\z").expect("the pattern is well-formed")
});

/// Capital letters follow what has no case only, small ones what has one only, and there is a letter.
fn is_title_text(text: &str) -> bool {
    let (mut any, mut in_word) = (false, false);
    for c in text.chars() {
        let capital = c.is_uppercase() || is_title(c);
        if capital && in_word || !capital && c.is_lowercase() && !in_word {
            return false;
        }
        in_word = is_cased(c);
        any |= in_word;
    }
    any
}
