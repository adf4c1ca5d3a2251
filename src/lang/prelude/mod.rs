//! The catalogue: PySpark's classes and methods as Python text over a few primitives, so that signatures,
//! defaults and the messages of wrong calls are Python's own.

use std::sync::{Arc, OnceLock};

use super::parse;
use crate::plan::code::{CATALOGUE, Code, Source};

const TEXTS: &[(&str, &str)] = &[
    ("python.py", include_str!("python.py")),
    ("records.py", include_str!("records.py")),
    ("rdd.py", include_str!("rdd.py")),
    ("dstream.py", include_str!("dstream.py")),
    ("listener.py", include_str!("listener.py")),
    ("context.py", include_str!("context.py")),
];

/// The catalogue's code, parsed once.
pub fn codes() -> &'static [Arc<Code>] {
    static CODES: OnceLock<Vec<Arc<Code>>> = OnceLock::new();
    CODES.get_or_init(|| {
        TEXTS
            .iter()
            .map(|(name, text)| {
                let name = format!("{CATALOGUE}{name}");
                let source = Arc::new(Source { name, text: (*text).into() });
                parse(&source).expect("the catalogue's text is tested to be within the language")
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_catalogue_is_within_the_language() {
        assert_eq!(super::codes().len(), super::TEXTS.len());
    }
}
