//! What to compute.
