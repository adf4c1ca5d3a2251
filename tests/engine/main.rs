//! The engine from outside: RDDs and streams made by hand, and what they come to.

mod flow;
mod rdd;
mod stream;
mod support;
mod twins;
