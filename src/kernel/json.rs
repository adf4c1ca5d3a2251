//! One value of a JSON record, found while the record is checked, without building the others.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::utf8::decode;

/// The way to a value: names of members, and numbers of array elements from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: String,
    index: Option<usize>,
}

/// What a record has at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extracted<'a> {
    /// A value.
    Found(Found<'a>),
    /// The record is JSON and has no such value.
    Missing,
    /// The record is not JSON: what is wrong, and in which column.
    Invalid(String),
}

/// A value as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// A string's text, or any other value as compact JSON; numbers as they were spelled.
    pub text: Cow<'a, str>,
    /// Whether it is a string.
    pub is_string: bool,
}

impl JsonPath {
    /// The path of these names; those that are numbers also index arrays.
    pub fn new(names: &[impl AsRef<str>]) -> Self {
        let step = |name: &str| Step { name: name.to_string(), index: name.parse().ok() };
        JsonPath { steps: names.iter().map(|name| step(name.as_ref())).collect() }
    }

    /// The path of these members, whatever their names: arrays have none.
    pub fn of_members(names: &[impl AsRef<str>]) -> Self {
        let step = |name: &str| Step { name: name.to_string(), index: None };
        JsonPath { steps: names.iter().map(|name| step(name.as_ref())).collect() }
    }

    /// The value of a record. The whole record is checked. Of members with the same name the last
    /// counts, as in Python.
    pub fn extract<'a>(&self, record: &'a [u8]) -> Extracted<'a> {
        match decode(record) {
            Cow::Borrowed(text) => self.extract_str(text),
            Cow::Owned(text) => match self.extract_str(&text) {
                Extracted::Found(Found { text, is_string }) => {
                    Extracted::Found(Found { text: Cow::Owned(text.into_owned()), is_string })
                }
                Extracted::Missing => Extracted::Missing,
                Extracted::Invalid(what) => Extracted::Invalid(what),
            },
        }
    }

    fn extract_str<'a>(&self, text: &'a str) -> Extracted<'a> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let value = Walk { steps: &self.steps }.deserialize(&mut parser);
        match value.and_then(|value| parser.end().map(|()| value)) {
            Ok(None) => Extracted::Missing,
            Ok(Some(value)) => Extracted::Found(value),
            Err(error) => Extracted::Invalid(describe(&error)),
        }
    }
}

/// The parser's words; a record has one line, so only the column tells something.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => format!("{} at column {}", &text[..end], error.column()),
        None => text,
    }
}

/// Goes down the steps; without any left, takes the value.
#[derive(Clone, Copy)]
struct Walk<'p> {
    steps: &'p [Step],
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Option<Found<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        if self.steps.is_empty() {
            let raw = <&RawValue>::deserialize(parser)?;
            let is_string = raw.get().starts_with('"');
            let text = text_of(raw.get()).map_err(D::Error::custom)?;
            return Ok(Some(Found { text, is_string }));
        }
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Option<Found<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Some((step, rest)) = self.steps.split_first() else { return Ok(None) };
        let mut found = None;
        while let Some(wanted) = members.next_key_seed(Named(&step.name))? {
            if wanted {
                found = members.next_value_seed(Walk { steps: rest })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let Some((step, rest)) = self.steps.split_first() else { return Ok(None) };
        let mut found = None;
        for index in 0.. {
            if step.index == Some(index) {
                match elements.next_element_seed(Walk { steps: rest })? {
                    Some(value) => found = value,
                    None => break,
                }
            } else if elements.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
        }
        Ok(found)
    }

    // Scalars have nothing below them.
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Whether a member has this name.
struct Named<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<bool, D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for Named<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

/// A value as text: strings without quotes and escapes, other values without white space.
fn text_of(raw: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    if let Some(inner) = raw.strip_prefix('"') {
        if !inner.contains('\\') {
            return Ok(Cow::Borrowed(&inner[..inner.len() - 1]));
        }
        return serde_json::from_str::<String>(raw).map(Cow::Owned);
    }
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    if !raw.contains(blank) {
        return Ok(Cow::Borrowed(raw));
    }
    let (mut in_string, mut escaped) = (false, false);
    let compact = raw.chars().filter(|&c| {
        let kept = in_string || !blank(c);
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        kept
    });
    Ok(Cow::Owned(compact.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extract(path: &str, record: &str) -> Result<Option<String>, String> {
        match JsonPath::new(&path.split('.').collect::<Vec<_>>()).extract(record.as_bytes()) {
            Extracted::Found(found) => Ok(Some(found.text.into_owned())),
            Extracted::Missing => Ok(None),
            Extracted::Invalid(what) => Err(what),
        }
    }

    fn found(text: &str) -> Result<Option<String>, String> {
        Ok(Some(text.to_string()))
    }

    #[test]
    fn values_are_found_by_name_and_index() {
        let record = r#" {"user": {"name": "Zoë", "tags": ["a", "b\n\u00e9"]}, "0": {"x": 1.50e3}} "#;
        assert_eq!(extract("user.name", record), found("Zoë"));
        assert_eq!(extract("user.tags.1", record), found("b\né"));
        assert_eq!(extract("user.tags", record), found(r#"["a","b\n\u00e9"]"#));
        assert_eq!(extract("0.x", record), found("1.50e3"));
        assert_eq!(extract("user.tags.2", record), Ok(None));
        assert_eq!(extract("user.name.x", record), Ok(None));
        assert_eq!(extract("nobody", record), Ok(None));
        assert_eq!(extract("a", r#"{"a": [ "x \" y" , {"b" : null} ]}"#), found(r#"["x \" y",{"b":null}]"#));
        assert_eq!(extract("1", "[true, false]"), found("false"));
        assert_eq!(extract("a", "null"), Ok(None));
    }

    #[test]
    fn the_last_of_equal_names_counts() {
        assert_eq!(extract("a.b", r#"{"a": {"b": 1}, "a": {"b": 2}}"#), found("2"));
        assert_eq!(extract("a.b", r#"{"a": {"b": 1}, "a": 2}"#), Ok(None));
    }

    #[test]
    fn a_record_is_checked_as_a_whole() {
        assert_eq!(extract("a", r#"{"a": 1"#), Err("EOF while parsing an object at column 7".into()));
        assert_eq!(extract("a", r#"{"a": 1} x"#), Err("trailing characters at column 10".into()));
        assert!(extract("a", r#"{"a": 1, "b": 01}"#).is_err());
        assert!(extract("a", "").is_err());
    }

    #[test]
    fn unescaped_strings_are_borrowed_and_invalid_bytes_replaced() {
        let path = JsonPath::new(&["a"]);
        assert!(matches!(
            path.extract(br#"{"a":"x"}"#),
            Extracted::Found(Found { text: Cow::Borrowed("x"), is_string: true })
        ));
        let replaced = Found { text: Cow::Owned("\u{fffd}".into()), is_string: true };
        assert_eq!(path.extract(b"{\"a\":\"\xff\"}"), Extracted::Found(replaced));
    }

    #[test]
    fn members_are_no_elements_and_strings_are_told_from_numbers() {
        let path = JsonPath::of_members(&["0"]);
        assert_eq!(path.extract(b"[1]"), Extracted::Missing);
        assert_eq!(
            path.extract(br#"{"0": 1}"#),
            Extracted::Found(Found { text: "1".into(), is_string: false })
        );
    }
}
