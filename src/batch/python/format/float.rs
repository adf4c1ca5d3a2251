//! The digits of floats: correctly rounded, laid out as CPython's `PyOS_double_to_string` does.

/// How a float is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `1.500000e+00`
    Exponent,
    /// `1.500000`
    Fixed,
    /// Whichever of them is shorter, for this number of significant digits.
    General,
    /// As many digits as tell it from every other float.
    Shortest,
}

/// Digits behind the point that a float can have at most; any beyond are zeros.
const MOST_DIGITS: usize = 1100;

/// A number that is finite and not negative. `alternate` keeps the point and, in the general style,
/// the zeros at the end; `dot_zero` makes sure that it does not look like an int.
pub fn float_digits(number: f64, style: Style, precision: usize, alternate: bool, dot_zero: bool) -> String {
    let computed = precision.min(MOST_DIGITS);
    let zeros = precision - computed;
    match style {
        Style::Fixed => {
            let mut text = format!("{number:.computed$}");
            text.extend(std::iter::repeat_n('0', zeros));
            if alternate && precision == 0 {
                text.push('.');
            }
            text
        }
        Style::Exponent => {
            let text = format!("{number:.computed$e}");
            let (mantissa, exponent) = text.split_once('e').expect("it has an exponent");
            let mut text = mantissa.to_owned();
            text.extend(std::iter::repeat_n('0', zeros));
            if alternate && precision == 0 {
                text.push('.');
            }
            push_exponent(&mut text, exponent.parse().expect("it is a number"));
            text
        }
        Style::General => {
            let precision = precision.max(1);
            let computed = precision.min(MOST_DIGITS) - 1;
            let (mut digits, exponent) = split(&format!("{number:.computed$e}"));
            if alternate {
                digits.extend(std::iter::repeat_n('0', precision.saturating_sub(digits.len())));
            } else {
                digits.truncate(digits.trim_end_matches('0').len().max(1));
            }
            let most = i64::try_from(precision).unwrap_or(i64::MAX) - i64::from(dot_zero);
            lay_out(&digits, exponent, most, alternate, dot_zero)
        }
        Style::Shortest => {
            let (digits, exponent) = split(&format!("{number:e}"));
            lay_out(&digits, exponent, 16, alternate, dot_zero)
        }
    }
}

/// The digits of `1.25e-7`, and its exponent.
fn split(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').expect("it has an exponent");
    (mantissa.replace('.', ""), exponent.parse().expect("it is a number"))
}

/// Appends `e-07`.
fn push_exponent(text: &mut String, exponent: i32) {
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push_str(&format!("e{sign}{:02}", exponent.unsigned_abs()));
}

/// Digits with the point where it belongs, with an exponent if there were more than `most` digits before it.
fn lay_out(digits: &str, exponent: i32, most: i64, alternate: bool, dot_zero: bool) -> String {
    let before = i64::from(exponent) + 1;
    if before <= -4 || before > most {
        let (first, rest) = digits.split_at(1);
        let mut text = first.to_owned();
        if !rest.is_empty() || alternate {
            text.push('.');
            text.push_str(rest);
        }
        push_exponent(&mut text, exponent);
        return text;
    }
    let Ok(before) = usize::try_from(before) else {
        let zeros = usize::try_from(before.unsigned_abs()).unwrap_or(0);
        return format!("0.{}{digits}", "0".repeat(zeros));
    };
    let (whole, fraction) = digits.split_at(before.min(digits.len()));
    let mut text = if before == 0 { "0".to_owned() } else { whole.to_owned() };
    text.extend(std::iter::repeat_n('0', before.saturating_sub(digits.len())));
    if !fraction.is_empty() || alternate || dot_zero {
        text.push('.');
        text.push_str(fraction);
        if fraction.is_empty() && dot_zero {
            text.push('0');
        }
    }
    text
}
