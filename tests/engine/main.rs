//! The engine from outside: RDDs and streams made by hand, and what they come to.

mod bare;
mod fingerprints;
mod flow;
mod jobs;
mod kept;
mod rdd;
mod store;
mod stream;
mod support;
mod twins;
