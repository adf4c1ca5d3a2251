//! Properties and mappings of characters that Rust's `char` does not have, as CPython 3.11 has them.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// A letter: categories `L…`.
pub fn is_alpha(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    c.general_category_group() == GeneralCategoryGroup::Letter
}

/// A digit of a decimal system.
pub fn is_decimal(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    c.general_category() == GeneralCategory::DecimalNumber
}

/// The value of a digit of a decimal system: these come in runs of ten.
pub fn decimal_value(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    if !is_decimal(c) {
        return None;
    }
    let code = u32::from(c);
    // The mathematical digits are five runs without a gap, which do not start at a multiple of ten.
    if (0x1d7ce..=0x1d7ff).contains(&code) {
        return Some((code - 0x1d7ce) % 10);
    }
    // Every other run starts at a code that ends in 0 or 6 in hexadecimal; one that starts at 6 fills its row.
    let (row, column) = (code & !0xf, code & 0xf);
    let fills = char::from_u32(row + 0xf).is_some_and(is_decimal);
    let value = if fills { column.checked_sub(6)? } else { column };
    (value < 10).then_some(value)
}

/// A digit: decimal ones, superscripts, circled ones, …
pub fn is_digit(c: char) -> bool {
    is_decimal(c)
        || matches!(u32::from(c),
            0xb2 | 0xb3 | 0xb9 | 0x1369..=0x1371 | 0x19da | 0x2070 | 0x2074..=0x2079 | 0x2080..=0x2089
            | 0x2460..=0x2468 | 0x2474..=0x247c | 0x2488..=0x2490 | 0x24ea | 0x24f5..=0x24fd | 0x24ff
            | 0x2776..=0x277e | 0x2780..=0x2788 | 0x278a..=0x2792 | 0x10a40..=0x10a43 | 0x10e60..=0x10e68
            | 0x11052..=0x1105a | 0x1f100..=0x1f10a)
}

/// Ideographs that are numbers.
const NUMERIC_IDEOGRAPHS: [u32; 81] = [
    0x3405, 0x3483, 0x382a, 0x3b4d, 0x4e00, 0x4e03, 0x4e07, 0x4e09, 0x4e5d, 0x4e8c, 0x4e94, 0x4e96, 0x4ebf,
    0x4ec0, 0x4edf, 0x4ee8, 0x4f0d, 0x4f70, 0x5104, 0x5146, 0x5169, 0x516b, 0x516d, 0x5341, 0x5343, 0x5344,
    0x5345, 0x534c, 0x53c1, 0x53c2, 0x53c3, 0x53c4, 0x56db, 0x58f1, 0x58f9, 0x5e7a, 0x5efe, 0x5eff, 0x5f0c,
    0x5f0d, 0x5f0e, 0x5f10, 0x62fe, 0x634c, 0x67d2, 0x6f06, 0x7396, 0x767e, 0x8086, 0x842c, 0x8cae, 0x8cb3,
    0x8d30, 0x9621, 0x9646, 0x964c, 0x9678, 0x96f6, 0xf96b, 0xf973, 0xf978, 0xf9b2, 0xf9d1, 0xf9d3, 0xf9fd,
    0x20001, 0x20064, 0x200e2, 0x20121, 0x2092a, 0x20983, 0x2098c, 0x2099c, 0x20aea, 0x20afd, 0x20b19,
    0x22390, 0x22998, 0x23b1b, 0x2626d, 0x2f890,
];

/// Anything that has a numeric value.
pub fn is_numeric(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    c.general_category_group() == GeneralCategoryGroup::Number
        || NUMERIC_IDEOGRAPHS.binary_search(&u32::from(c)).is_ok()
}

/// A letter or anything with a numeric value.
pub fn is_alnum(c: char) -> bool {
    is_alpha(c) || is_numeric(c)
}

/// A title-case letter, such as `ǅ`.
pub fn is_title(c: char) -> bool {
    !c.is_ascii() && c.general_category() == GeneralCategory::TitlecaseLetter
}

/// Whether the character has a case.
pub fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase() || is_title(c)
}

/// Gives the title-case form of a character to `push`.
pub fn to_title(c: char, mut push: impl FnMut(char)) {
    let code = u32::from(c);
    let single = match code {
        0x01c4..=0x01c6 => Some('\u{1c5}'),
        0x01c7..=0x01c9 => Some('\u{1c8}'),
        0x01ca..=0x01cc => Some('\u{1cb}'),
        0x01f1..=0x01f3 => Some('\u{1f2}'),
        0x10d0..=0x10ff => Some(c),
        0x1f80..=0x1faf => char::from_u32(code | 8),
        0x1fb3 | 0x1fbc => Some('\u{1fbc}'),
        0x1fc3 | 0x1fcc => Some('\u{1fcc}'),
        0x1ff3 | 0x1ffc => Some('\u{1ffc}'),
        _ => None,
    };
    if let Some(single) = single {
        return push(single);
    }
    let mut upper = c.to_uppercase();
    if let Some(first) = upper.next() {
        push(first);
    }
    for rest in upper {
        match (code, rest) {
            (0x0149, _) => push(rest),
            // The iota that was written below stays below.
            (0x1fb2..=0x1ff7, '\u{399}') => push('\u{345}'),
            _ => rest.to_lowercase().for_each(&mut push),
        }
    }
}

/// Gives the case-folded form of a character to `push`.
pub fn fold(c: char, mut push: impl FnMut(char)) {
    match u32::from(c) {
        0x0131 => push(c),
        0x1e9e => {
            push('s');
            push('s');
        }
        // Cherokee's older letters are its capital ones.
        0x13a0..=0x13fd | 0xab70..=0xabbf => c.to_uppercase().for_each(push),
        _ => c.to_uppercase().flat_map(char::to_lowercase).for_each(push),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(map: impl Fn(char, &mut dyn FnMut(char)), c: char) -> String {
        let mut out = String::new();
        map(c, &mut |c| out.push(c));
        out
    }

    #[test]
    fn mappings_are_pythons() {
        for (c, title, folded) in [
            ('a', "A", "a"),
            ('\u{df}', "Ss", "ss"),
            ('\u{1c6}', "\u{1c5}", "\u{1c6}"),
            ('\u{149}', "\u{2bc}N", "\u{2bc}n"),
            ('\u{1fb2}', "\u{1fba}\u{345}", "\u{1f70}\u{3b9}"),
            ('\u{fb03}', "Ffi", "ffi"),
            ('\u{ab70}', "\u{13a0}", "\u{13a0}"),
            ('\u{3c2}', "\u{3a3}", "\u{3c3}"),
        ] {
            assert_eq!(mapped(|c, push| to_title(c, push), c), title, "{c:?}");
            assert_eq!(mapped(|c, push| fold(c, push), c), folded, "{c:?}");
        }
    }

    #[test]
    fn digits_have_values() {
        for zero in
            [0x30, 0x660, 0x6f0, 0x966, 0x1090, 0x1946, 0xff10, 0x11066, 0x1d7ce, 0x1d7f6, 0x1e950, 0x1fbf0]
        {
            for digit in 0..10 {
                let c = char::from_u32(zero + digit).expect("a character");
                assert_eq!(decimal_value(c), Some(digit), "{c:?}");
            }
        }
        assert_eq!(decimal_value('\u{b2}'), None);
    }
}
