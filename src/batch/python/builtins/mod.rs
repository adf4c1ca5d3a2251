//! Built-in functions.

mod fold;
mod inspect;
mod numeric;
mod print;

pub use fold::sum;
pub use inspect::new_type;
pub use numeric::abs as absolute;
pub use print::{Stream, print};

use super::args::native;
use super::{format, sort};
use crate::batch::value::Native;

/// The built-in functions that are no classes.
pub static FUNCTIONS: &[Native] = &[
    native("abs", numeric::abs),
    native("all", fold::all),
    native("any", fold::any),
    native("ascii", inspect::ascii),
    native("bin", numeric::bin),
    native("callable", inspect::callable),
    native("chr", inspect::chr),
    native("divmod", numeric::divmod),
    native("format", format::format_builtin),
    native("getattr", inspect::getattr),
    native("hasattr", inspect::hasattr),
    native("hash", inspect::hash),
    native("hex", numeric::hex),
    native("id", inspect::id),
    native("isinstance", inspect::isinstance),
    native("issubclass", inspect::issubclass),
    native("iter", inspect::iter),
    native("len", inspect::len),
    native("max", fold::max),
    native("min", fold::min),
    native("next", inspect::next),
    native("oct", numeric::oct),
    native("ord", inspect::ord),
    native("pow", numeric::pow),
    native("print", print),
    native("repr", inspect::repr),
    native("round", numeric::round),
    native("slice", inspect::slice),
    native("sorted", sort::sorted),
    native("sum", sum),
];
