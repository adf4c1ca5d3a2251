//! Python to plan: parsing, name resolution, the programs that build pipelines, and the catalogue of their methods.

mod check;
pub mod diagnostics;
mod export;
mod freeze;
mod host;
mod interp;
mod names;
mod nowhere;
mod parse;
mod prelude;
mod program;
mod record;

pub use check::{Known, check};
pub use diagnostics::Diagnostic;
pub use export::{Frame, export_expression, export_script};
pub use names::nearest;
pub use parse::{parse, parse_eval, parse_expression};
pub use program::{Exit, Program, Scope};
pub use record::record_function;
