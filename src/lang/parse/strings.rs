//! String literals and f-strings.

use ruff_python_ast::{self as ast};
use ruff_text_size::{Ranged, TextRange};

use super::Lower;
use crate::lang::diagnostics::Diagnostic;
use crate::plan::code::{Const, ExprKind, FormatPart};

impl Lower<'_> {
    pub(super) fn string(&self, literal: &ast::ExprStringLiteral) -> Result<Const, Diagnostic> {
        for part in &literal.value {
            if !part.flags.prefix().is_raw() {
                self.refuse_surrogates(&part.value, part.range)?;
            }
        }
        Ok(Const::Str(literal.value.to_str().into()))
    }

    /// Strings of the language hold what UTF-8 can: the halves of surrogate pairs are no characters.
    /// The parser puts U+FFFD in their place.
    fn refuse_surrogates(&self, value: &str, range: TextRange) -> Result<(), Diagnostic> {
        if !value.contains('\u{fffd}') {
            return Ok(());
        }
        let mut text = &self.source.text[range];
        while let Some(at) = text.find('\\') {
            text = &text[at + 1..];
            let digits = match text.as_bytes().first() {
                Some(b'u') => text.get(1..5),
                Some(b'U') => text.get(1..9),
                _ => None,
            };
            let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            if code.is_some_and(|code| (0xD800..=0xDFFF).contains(&code)) {
                return Err(self
                    .fault(range, "lone surrogates are not supported in strings")
                    .help("write a character beyond U+FFFF as one \\U escape"));
            }
            text = text.get(text.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
        }
        Ok(())
    }

    /// An f-string, with the plain strings that stand beside it.
    pub(super) fn format(&mut self, format: &ast::ExprFString) -> Result<ExprKind, Diagnostic> {
        let mut parts = Vec::new();
        for part in &format.value {
            match part {
                ast::FStringPart::Literal(literal) => {
                    if !literal.flags.prefix().is_raw() {
                        self.refuse_surrogates(&literal.value, literal.range)?;
                    }
                    push_text(&mut parts, &literal.value);
                }
                ast::FStringPart::FString(format) => {
                    self.format_elements(&format.elements, format.flags.prefix().is_raw(), &mut parts)?;
                }
            }
        }
        Ok(ExprKind::Format(parts))
    }

    fn format_elements(
        &mut self,
        elements: &ast::InterpolatedStringElements,
        raw: bool,
        parts: &mut Vec<FormatPart>,
    ) -> Result<(), Diagnostic> {
        for element in elements {
            match element {
                ast::InterpolatedStringElement::Literal(literal) => {
                    if !raw {
                        self.refuse_surrogates(&literal.value, literal.range)?;
                    }
                    push_text(parts, &literal.value);
                }
                ast::InterpolatedStringElement::Interpolation(field) => {
                    let value = self.expr(&field.expression)?;
                    let mut conversion = field.conversion.to_char();
                    if let Some(text) = &field.debug_text {
                        push_text(parts, text.as_str());
                        if field.format_spec.is_none() {
                            conversion = conversion.or(Some('r'));
                        }
                    }
                    let mut spec = Vec::new();
                    if let Some(specification) = &field.format_spec {
                        self.deeper(field.range(), |lower| {
                            lower.format_elements(&specification.elements, raw, &mut spec)
                        })?;
                    }
                    parts.push(FormatPart::Value { value, conversion, spec });
                }
            }
        }
        Ok(())
    }
}

/// Adds text, to the text before it if there is.
fn push_text(parts: &mut Vec<FormatPart>, text: &str) {
    if text.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(FormatPart::Text(before)) => *before = format!("{before}{text}").into(),
        _ => parts.push(FormatPart::Text(text.into())),
    }
}
