//! Plan to results.
