//! `int`, `bool` and `float`.

mod float;
mod int;
mod parse;
pub use float::{FLOAT_METHODS, float_of, new_float, scaled};
pub use int::{INT_METHODS, int_of_float, new_bool, new_int, new_none};
pub use parse::{parse_float, parse_int, parse_short_int};
