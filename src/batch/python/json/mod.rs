//! `json`: `loads` and `dumps`.

mod dump;
mod error;
mod load;
mod wanted;

pub use error::attribute;
pub use load::{load_wanted, loads};
pub use wanted::Wanted;

use super::args::native;
use super::function;
use crate::batch::value::exceptions::JSON_DECODE_ERROR;
use crate::batch::value::{Heap, Module, Native, Value};

/// `json`
pub static MODULE: Module = Module { name: "json", member };

static FUNCTIONS: &[Native] = &[native("dumps", dump::dumps), native("loads", load::loads)];

fn member<'a>(_heap: &Heap<'a>, name: &str) -> Option<Value<'a>> {
    match name {
        "JSONDecodeError" => Some(Value::Type(&JSON_DECODE_ERROR)),
        _ => function(FUNCTIONS, name),
    }
}
