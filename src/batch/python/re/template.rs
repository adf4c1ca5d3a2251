//! Replacement templates: `\1`, `\g<name>` and escapes.

use super::Fault;
use super::engine::{Program, Spans};
use super::parse::quoted;
use super::source::{Source, Token, control, is_identifier, octal};

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Group(usize),
}

/// A parsed template.
#[derive(Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl Template {
    /// Parses a template for replacing what `program` matches.
    ///
    /// # Errors
    /// Bad escapes, groups that there are not.
    pub fn parse(template: &str, program: &Program) -> Result<Template, Fault> {
        if !template.contains('\\') {
            return Ok(Template(vec![Part::Text(template.to_owned())]));
        }
        let mut source = Source::new(template);
        let mut parts = Vec::new();
        let mut text = String::new();
        while let Some(token) = source.take()? {
            let letter = match token {
                Token::Plain(c) => {
                    text.push(c);
                    continue;
                }
                Token::Escaped(letter) => letter,
            };
            let group = match letter {
                'g' => Some(named(&mut source, program)?),
                '0' => {
                    let digits = source.take_while(2, |c| c.is_digit(8));
                    text.push(octal(&source, &format!("0{digits}"))?);
                    None
                }
                '1'..='9' => numbered(&mut source, letter, &mut text)?,
                _ => {
                    match control(letter) {
                        Some(c) => text.push(c),
                        None if letter.is_ascii_alphabetic() => {
                            return Err(source.fault(format!("bad escape \\{letter}"), 2));
                        }
                        None => text.extend(['\\', letter]),
                    }
                    None
                }
            };
            if let Some((group, length)) = group {
                if group > program.tree.groups.len() {
                    return Err(source.fault(format!("invalid group reference {group}"), length));
                }
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(Part::Group(group));
            }
        }
        parts.push(Part::Text(text));
        Ok(Template(parts))
    }

    /// Appends what the template makes of a match in `text`.
    pub fn expand(&self, text: &str, spans: &Spans, out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(part) => out.push_str(part),
                Part::Group(group) => {
                    if let Some(Some((start, end))) = spans.get(*group) {
                        out.push_str(&text[*start..*end]);
                    }
                }
            }
        }
    }
}

/// `\g<name>` behind its `g`: the group, and the length to step back over in messages.
fn named(source: &mut Source, program: &Program) -> Result<(usize, usize), Fault> {
    if !source.accept('<') {
        return Err(source.fault("missing <", 0));
    }
    let name = source.take_until('>', "group name")?;
    let length = name.chars().count() + 1;
    if is_identifier(&name) {
        let found = program.tree.groups.iter().position(|group| group.name.as_ref() == Some(&name));
        return match found {
            Some(index) => Ok((index + 1, length)),
            None => Err(Fault::index(format!("unknown group name {}", quoted(&name)))),
        };
    }
    match name.parse() {
        Ok(group) => Ok((group, length)),
        Err(_) if name.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(source.fault(format!("invalid group reference {name}"), length))
        }
        Err(_) => Err(source.fault(format!("bad character in group name {}", quoted(&name)), length)),
    }
}

/// `\1`, `\12`, or the octal escape `\123`, which is appended to `text`.
fn numbered(source: &mut Source, first: char, text: &mut String) -> Result<Option<(usize, usize)>, Fault> {
    let mut digits = String::from(first);
    if let Some(second) = source.take_if(|c| c.is_ascii_digit()) {
        digits.push(second);
        if first.is_digit(8)
            && second.is_digit(8)
            && let Some(third) = source.take_if(|c| c.is_digit(8))
        {
            digits.push(third);
            text.push(octal(source, &digits)?);
            return Ok(None);
        }
    }
    Ok(Some((digits.parse().unwrap_or(usize::MAX), digits.len())))
}
