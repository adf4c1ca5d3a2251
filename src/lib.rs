//! `dstream`: Spark Streaming's DStreams without Spark, as a Unix filter.
//!
//! Data goes one way: source → chunk → stage → batch result → sink. The rooms, and who may
//! import whom (`tests/tidy` holds the table; `error` is everybody's):
//!
//! | room | holds | may import |
//! |---|---|---|
//! | [`batch`] | what flows: time, chunks and their pool, counts, Python's `repr` | nobody |
//! | [`kernel`] | how bytes are crunched: pure functions on slices | batch |
//! | [`plan`] | what to compute: operators, expressions, graph, windows | batch |
//! | [`lang`] | Python → plan: parsing, programs, lambdas, the catalogue of methods | plan, batch |
//! | [`exec`] | plan → results: the work-stealing executor, keyed and window operators | batch, kernel, plan |
//! | [`source`] | bytes in: the mio event loop, framing into lines, one file a source | batch |
//! | [`sink`] | results out: one file a format or sink | batch |
//! | [`checkpoint`] | survival: a store of commits, and recovery as a pure decision | batch |
//! | [`monitor`] | looking in: statistics, progress | batch |
//! | [`driver`] | the conductor: batch clock, live run, virtual run, signals | all but kernel, lang, cli |
//! | [`cli`] | flags → job: clap definitions, recipes | all but kernel, exec |

pub mod batch;
pub mod checkpoint;
pub mod cli;
pub mod driver;
pub mod error;
pub mod exec;
pub mod kernel;
pub mod lang;
pub mod monitor;
pub mod plan;
pub mod sink;
pub mod source;
