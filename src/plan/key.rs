//! How `--by`, `--key` and `--filter` say which words, keys and records are meant: prefixed forms, and
//! functions of a record.

use std::str::FromStr;
use std::sync::Arc;

use regex::Regex;

use super::image::Image;

/// Where words begin and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordsBy {
    /// Python's `split()`: runs of Unicode white space separate, no word is empty.
    Whitespace,
    /// Python's `split(" ")`: every single space separates, empty words included.
    Space,
    /// Every match of the pattern is a word; of its first group, where it has one.
    Regex(String),
}

/// How a record's key is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyExpr {
    /// `field:N[,SEP]`: the N-th field, counted from 1.
    Field {
        /// Which field, counted from 1.
        number: usize,
        /// What separates fields; without one, runs of white space as in Python's `split()`.
        separator: Option<String>,
    },
    /// `regex:PATTERN`: what the first group (or, without groups, the pattern) matches first.
    Regex(String),
    /// `json:a.b.c`: the value at that path of a JSON record; digits also index arrays.
    Json(Vec<String>),
    /// What a function of the record gives.
    Function(RecordFunction),
}

/// Which records count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `regex:PATTERN`: those in which the pattern (the `regex` crate's syntax) is found.
    Regex(String),
    /// Those for which a function of the record gives something true.
    Function(RecordFunction),
}

/// A Python expression over `x`, the record, as a function.
#[derive(Clone, Debug)]
pub struct RecordFunction {
    /// The expression as it was written.
    pub text: Arc<str>,
    /// The function of `x`.
    pub image: Arc<Image>,
}

/// The same text means the same: nothing else is in scope than what every such expression has.
impl PartialEq for RecordFunction {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for RecordFunction {}

impl FromStr for WordsBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "whitespace" => Ok(WordsBy::Whitespace),
            "space" => Ok(WordsBy::Space),
            _ => match text.strip_prefix("regex:") {
                Some(pattern) => Ok(WordsBy::Regex(checked(pattern)?)),
                None => Err("words are cut by whitespace, space or regex:PATTERN".into()),
            },
        }
    }
}

impl FromStr for KeyExpr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("field", rest)) => field(rest),
            Some(("regex", pattern)) => Ok(KeyExpr::Regex(checked(pattern)?)),
            Some(("json", path)) if path.split('.').all(|step| !step.is_empty()) => {
                Ok(KeyExpr::Json(path.split('.').map(String::from).collect()))
            }
            Some(("json", _)) => Err("a JSON path is names joined by dots, as in json:user.name".into()),
            _ => Err("a key has the form field:N[,SEPARATOR], regex:PATTERN or json:PATH".into()),
        }
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pattern = text.strip_prefix("regex:").ok_or("a filter has the form regex:PATTERN")?;
        checked(pattern).map(Filter::Regex)
    }
}

fn field(text: &str) -> Result<KeyExpr, String> {
    let (number, separator) = match text.split_once(',') {
        Some((_, "")) => return Err("the separator behind the comma is empty".into()),
        Some((number, separator)) => (number, Some(separator.to_string())),
        None => (text, None),
    };
    match number.parse() {
        Ok(0) => Err("fields are counted from 1".into()),
        Ok(number) => Ok(KeyExpr::Field { number, separator }),
        Err(_) => Err(format!("{number:?} is no field number: write field:1, field:2, …")),
    }
}

/// The pattern, if it is one.
fn checked(pattern: &str) -> Result<String, String> {
    Regex::new(pattern).map_err(|fault| fault.to_string())?;
    Ok(pattern.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixed_forms_are_read_and_faults_named() {
        assert_eq!("regex:\\w+".parse(), Ok(WordsBy::Regex("\\w+".into())));
        assert_eq!("field:2".parse(), Ok(KeyExpr::Field { number: 2, separator: None }));
        assert_eq!("field:3,:".parse(), Ok(KeyExpr::Field { number: 3, separator: Some(":".into()) }));
        assert_eq!("field:3,,".parse(), Ok(KeyExpr::Field { number: 3, separator: Some(",".into()) }));
        assert_eq!("json:a.0.b".parse(), Ok(KeyExpr::Json(vec!["a".into(), "0".into(), "b".into()])));
        for wrong in ["", "field:", "field:0", "field:x", "field:1,", "json:", "json:a..b", "regex:(", "x[0]"]
        {
            assert!(wrong.parse::<KeyExpr>().is_err(), "{wrong}");
        }
        assert!("words".parse::<WordsBy>().is_err());
        assert_eq!("regex:^a".parse(), Ok(Filter::Regex("^a".into())));
        assert!("^a".parse::<Filter>().is_err());
    }
}
