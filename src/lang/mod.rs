//! Python to plan: parsing, name resolution, the programs that build pipelines, and the catalogue of their methods.

pub mod diagnostics;
mod parse;

pub use diagnostics::Diagnostic;
pub use parse::{parse, parse_expression};
