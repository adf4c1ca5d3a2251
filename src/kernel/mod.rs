//! How bytes are crunched: pure functions on slices.
