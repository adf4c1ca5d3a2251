//! Python to plan: parsing, name resolution, the programs that build pipelines, and the catalogue of their methods.

pub mod diagnostics;
mod freeze;
mod host;
mod interp;
mod nowhere;
mod parse;
mod prelude;
mod program;

pub use diagnostics::Diagnostic;
pub use parse::{parse, parse_expression};
pub use program::{Exit, Program, Scope};
