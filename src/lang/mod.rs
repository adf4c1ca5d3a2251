//! Python to plan: parsing, name resolution, the programs that build pipelines, and the catalogue of their methods.

mod check;
pub mod diagnostics;
mod names;
mod parse;

pub use check::{Known, check};
pub use diagnostics::Diagnostic;
pub use names::nearest;
pub use parse::{parse, parse_eval, parse_expression};
