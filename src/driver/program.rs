//! A program's batches: input becomes the datasets of its streams, and its outputs are made of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::command::Commands;
use super::crew::{Crew, CrewAt, failure};
use super::desk::Desk;
use super::work::{Stop, Work};
use super::{Ended, OnError, Settings};
use crate::batch::{BatchResult, Chunk, Dataset, Partition, Piece, Records, SourceId, Time, Values};
use crate::error::{Error, Result};
use crate::exec::Flow;
use crate::plan::{Failure, Graph, Outcome, Output, OutputOp, Script, StreamOp};
use crate::sink::{self, FormatKind, Unprintable};

/// Input that waits for the end of its batch may take so many bytes; where time is real, reading waits then.
const MOST_WAITING: usize = 512 << 20;
