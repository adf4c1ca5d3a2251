//! What of a checkpoint a job may go on with: a decision that reads and writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::description::{Description, Operator};
use crate::batch::{Fingerprint, Interval};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// There is nothing to go on with: start anew.
    Fresh,
    /// Go on with what fits.
    Restore(Fit),
    /// Another job wrote the checkpoint, which differs so. Nothing may be changed.
    Refuse(Vec<Difference>),
}

/// Which parts of the stored job the parts of the current one go on from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// For each current operator, the position of the stored one whose state it takes.
    pub operators: Vec<Option<usize>>,
    /// For each current source, the position of the stored one whose place it reads on from.
    pub sources: Vec<Option<usize>>,
    /// For each current output, the position of the stored one whose place it writes on from.
    pub outputs: Vec<Option<usize>>,
    /// What does not fit, and is dropped or starts anew. Empty if the job is the same.
    pub dropped: Vec<Difference>,
}

/// A difference between the stored job and the current one. Positions count from 0, but from 1 for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The interval has changed.
    Interval {
        /// As it was.
        stored: Interval,
        /// As it is.
        current: Interval,
    },
    /// The operator at this position has the same name, but does something else now, or to something else.
    Changed {
        /// Where it is.
        position: usize,
        /// Its name.
        name: String,
    },
    /// There is no such operator any more.
    Gone {
        /// Where it was.
        position: usize,
        /// Its name.
        name: String,
    },
    /// There was no such operator.
    New {
        /// Where it is.
        position: usize,
        /// Its name.
        name: String,
    },
    /// The operator is at another position now. Where that was allowed, its state went with it.
    Moved {
        /// Where it was.
        from: usize,
        /// Where it is.
        to: usize,
        /// Its name.
        name: String,
    },
    /// There are more or fewer operators of exactly this definition than there were, and no telling
    /// which state belongs to which.
    Ambiguous {
        /// Their name.
        name: String,
        /// How many there were.
        stored: usize,
        /// How many there are.
        current: usize,
    },
    /// A source is not read any more.
    SourceGone(String),
    /// A source was not read.
    SourceNew(String),
    /// An output is not written any more.
    OutputGone(String),
    /// An output was not written.
    OutputNew(String),
}

/// Whether and how a job goes on from a checkpoint.
///
/// Only what is the same goes on: an operator takes the state of one with the same name and fingerprint,
/// a source or output the place of one that is written the same. Several of the same are told apart by
/// their order, and where their number has changed none of the operators goes on. Any difference at all
/// is refused unless `allow_changed`.
pub fn decide(stored: Option<&Description>, current: &Description, allow_changed: bool) -> Decision {
    let Some(stored) = stored else { return Decision::Fresh };
    let mut dropped = Vec::new();
    if stored.interval != current.interval {
        dropped.push(Difference::Interval { stored: stored.interval, current: current.interval });
    }
    let operators = fit_operators(&stored.operators, &current.operators, &mut dropped);
    let sources = fit(&stored.sources, &current.sources);
    tell(
        &stored.sources,
        &current.sources,
        &sources,
        [Difference::SourceGone, Difference::SourceNew],
        &mut dropped,
    );
    let outputs = fit(&stored.outputs, &current.outputs);
    tell(
        &stored.outputs,
        &current.outputs,
        &outputs,
        [Difference::OutputGone, Difference::OutputNew],
        &mut dropped,
    );
    if dropped.is_empty() || allow_changed {
        Decision::Restore(Fit { operators, sources, outputs, dropped })
    } else {
        Decision::Refuse(dropped)
    }
}

/// The positions of each thing.
fn positions<T: Ord>(things: impl IntoIterator<Item = T>) -> BTreeMap<T, Vec<usize>> {
    let mut positions: BTreeMap<T, Vec<usize>> = BTreeMap::new();
    for (position, thing) in things.into_iter().enumerate() {
        positions.entry(thing).or_default().push(position);
    }
    positions
}

/// Operators by what tells them apart.
fn by_definition(operators: &[Operator]) -> BTreeMap<(&str, Fingerprint), Vec<usize>> {
    positions(operators.iter().map(|operator| (operator.name.as_str(), operator.fingerprint)))
}

fn fit_operators(
    stored: &[Operator],
    current: &[Operator],
    dropped: &mut Vec<Difference>,
) -> Vec<Option<usize>> {
    let before = by_definition(stored);
    let now = by_definition(current);
    let mut fit = vec![None; current.len()];
    // What a difference was already told of.
    let (mut told_stored, mut told_current) = (BTreeSet::new(), BTreeSet::<usize>::new());
    let mut differences = Vec::new();
    for (definition, to) in &now {
        let Some(from) = before.get(definition) else { continue };
        told_stored.extend(from);
        told_current.extend(to);
        let name = definition.0.to_owned();
        if from.len() != to.len() {
            let difference = Difference::Ambiguous { name, stored: from.len(), current: to.len() };
            differences.push((to[0], difference));
            continue;
        }
        for (&from, &to) in from.iter().zip(to) {
            fit[to] = Some(from);
            if from != to {
                differences.push((to, Difference::Moved { from, to, name: name.clone() }));
            }
        }
    }
    for (position, Operator { name, .. }) in current.iter().enumerate() {
        if told_current.contains(&position) {
            continue;
        }
        let same_name = stored.get(position).is_some_and(|stored| stored.name == *name);
        let name = name.clone();
        if same_name && told_stored.insert(position) {
            differences.push((position, Difference::Changed { position, name }));
        } else {
            differences.push((position, Difference::New { position, name }));
        }
    }
    for (position, Operator { name, .. }) in stored.iter().enumerate() {
        if told_stored.insert(position) {
            differences.push((position, Difference::Gone { position, name: name.clone() }));
        }
    }
    differences.sort_by_key(|(position, _)| *position);
    dropped.extend(differences.into_iter().map(|(_, difference)| difference));
    fit
}

/// Several of the same are told apart by their order.
fn fit(stored: &[String], current: &[String]) -> Vec<Option<usize>> {
    let before = positions(stored);
    let mut fit = vec![None; current.len()];
    for (spec, to) in positions(current) {
        for (&from, to) in before.get(spec).into_iter().flatten().zip(to) {
            fit[to] = Some(from);
        }
    }
    fit
}

/// Tells of what found no counterpart.
fn tell(
    stored: &[String],
    current: &[String],
    fit: &[Option<usize>],
    [gone, new]: [fn(String) -> Difference; 2],
    dropped: &mut Vec<Difference>,
) {
    let taken: BTreeSet<usize> = fit.iter().flatten().copied().collect();
    for (_, spec) in stored.iter().enumerate().filter(|(position, _)| !taken.contains(position)) {
        dropped.push(gone(spec.clone()));
    }
    for (spec, _) in current.iter().zip(fit).filter(|(_, from)| from.is_none()) {
        dropped.push(new(spec.clone()));
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |position: &usize| position + 1;
        match self {
            Difference::Interval { stored, current } => {
                write!(f, "the interval was {stored} and is {current}")
            }
            Difference::Changed { position, name } => {
                write!(f, "operator {}, {name}, or what comes before it, has changed", place(position))
            }
            Difference::Gone { position, name } => {
                write!(f, "operator {}, {name}, is gone", place(position))
            }
            Difference::New { position, name } => {
                write!(f, "operator {}, {name}, is new", place(position))
            }
            Difference::Moved { from, to, name } => {
                write!(f, "operator {}, {name}, was operator {}", place(to), place(from))
            }
            Difference::Ambiguous { name, stored, current } => write!(
                f,
                "there were {stored} operators {name} that do the same and there are {current}: no telling which state is whose"
            ),
            Difference::SourceGone(spec) => write!(f, "the source {spec} is gone"),
            Difference::SourceNew(spec) => write!(f, "the source {spec} is new"),
            Difference::OutputGone(spec) => write!(f, "the output {spec} is gone"),
            Difference::OutputNew(spec) => write!(f, "the output {spec} is new"),
        }
    }
}
