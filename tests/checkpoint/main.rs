//! The store of checkpoints, against failing storage, crashes, damage and a model.
#![allow(clippy::unwrap_used)]

mod corpus;
mod corrupt;
mod faults;
mod journal;
mod lock;
mod recovery;
mod store;
mod support;
