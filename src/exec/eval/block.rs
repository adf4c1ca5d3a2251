//! Statements, as a list of steps with jumps: where a generator stands is a number.

use super::frame::Frame;
use super::unit::{Action, Expr, Test};
use crate::batch::value::exceptions::{BASE_EXCEPTION, TYPE_ERROR};
use crate::batch::value::{Heap, Outcome, Raised, Value, iterate};
use std::sync::atomic::Ordering;

/// Where a block stands that has returned or raised.
pub const DONE: usize = usize::MAX;

/// Puts a value where it is assigned to.
pub type Store = Box<dyn for<'f, 'a> Fn(&Frame<'f, 'a>, Value<'a>) -> Result<(), Raised> + Send + Sync>;

/// Statements.
#[derive(Default)]
pub struct Block {
    /// The steps; the last one returns.
    pub steps: Vec<Step>,
    /// What is tried, inner ones before outer ones.
    pub tries: Vec<Try>,
}

/// Where to go on when one of some steps raises.
pub struct Try {
    /// First step.
    pub start: usize,
    /// Behind the last step.
    pub end: usize,
    /// The step that catches.
    pub handler: usize,
}

/// A step. Slots are named by number.
pub enum Step {
    /// Does something.
    Do(Action),
    /// Binds a slot.
    Set(usize, Expr),
    /// Goes on elsewhere.
    Jump(usize),
    /// Goes on elsewhere, if a condition does not hold.
    JumpUnless(Test, usize),
    /// Does something, if a condition holds.
    DoIf(Test, Action),
    /// Goes back to the start of a loop, if a condition holds.
    RepeatIf(Test, usize),
    /// Returns a value.
    Return(Expr),
    /// Returns what a slot holds.
    ReturnSlot(usize),
    /// Starts to walk through a value; the iterator goes to the slot.
    Iterate(usize, Expr),
    /// Binds a slot to the iterator's next value, and goes back to the start of a loop, if there is one.
    NextSlot { iterator: usize, slot: usize, start: usize },
    /// As that, for any target.
    NextStore { iterator: usize, store: Store, start: usize },
    /// Gives a value to whoever walks through the generator, who may send one back into a slot.
    Yield { value: Expr, sent: usize },
    /// Gives all that an iterator has, one by one, and hands on what is sent meanwhile. What the iterator came to
    /// goes to the same slot.
    YieldAll { iterator: usize, sent: usize },
    /// Puts the exception in flight into a slot.
    Catch(usize),
    /// Goes on elsewhere, if the exception in a slot is of none of these classes.
    Match { exception: usize, classes: Expr, otherwise: usize },
    /// Raises what is in a slot.
    Raise(usize),
    /// Notes which of its ways on a `finally` is to take.
    Choose(usize, usize),
    /// Takes the way that was noted.
    Leave(usize, Vec<usize>),
}

impl Block {
    /// Runs it from its beginning.
    #[inline]
    pub fn run<'a>(&self, frame: &Frame<'_, 'a>) -> Outcome<'a> {
        self.resume(frame, &mut 0)
    }

    /// Runs it from a step on until it returns, raises (it is [`DONE`] then) or yields.
    pub fn resume<'a>(&self, frame: &Frame<'_, 'a>, at: &mut usize) -> Outcome<'a> {
        loop {
            let result = self.steps(frame, at);
            if result.is_ok() {
                return result;
            }
            let tried = self.tries.iter().find(|tried| (tried.start..tried.end).contains(at));
            match tried {
                // Nobody catches that the user wants an end.
                Some(tried) if !frame.heap.task().stop.load(Ordering::Relaxed) => *at = tried.handler,
                _ => {
                    *at = DONE;
                    return result;
                }
            }
        }
    }

    /// The slot that takes what is sent to a generator that stands at a step.
    pub fn sent(&self, at: usize) -> Option<usize> {
        match (self.steps.get(at), at.checked_sub(1).and_then(|before| self.steps.get(before))) {
            (Some(Step::YieldAll { sent, .. }), _) | (_, Some(Step::Yield { sent, .. })) => Some(*sent),
            _ => None,
        }
    }

    fn steps<'a>(&self, frame: &Frame<'_, 'a>, at: &mut usize) -> Outcome<'a> {
        let heap = frame.heap;
        // Where it stands is read from a register, and written for whoever asks when it ends or raises.
        let mut place = *at;
        'steps: loop {
            *at = place;
            match &self.steps[place] {
                Step::Do(action) => action(frame)?,
                Step::Set(slot, value) => frame.slots[*slot].set(Some(value(frame)?)),
                Step::Jump(to) => {
                    place = *to;
                    continue;
                }
                Step::JumpUnless(test, to) => {
                    if !test(frame)? {
                        place = *to;
                        continue;
                    }
                }
                Step::DoIf(test, action) => {
                    if test(frame)? {
                        action(frame)?;
                    }
                }
                Step::RepeatIf(test, start) => {
                    frame.turn()?;
                    if test(frame)? {
                        place = *start;
                        continue;
                    }
                }
                Step::Return(value) => {
                    let value = value(frame)?;
                    *at = DONE;
                    return Ok(value);
                }
                Step::ReturnSlot(slot) => {
                    *at = DONE;
                    return frame.local(*slot);
                }
                Step::Iterate(slot, value) => {
                    let iterator = iterate(heap, value(frame)?)?;
                    frame.slots[*slot].set(Some(Value::Iterator(iterator)));
                }
                Step::NextSlot { iterator, slot, start } => {
                    while let Some(value) = next(frame, *iterator)? {
                        frame.slots[*slot].set(Some(value));
                        match &self.steps[*start] {
                            // All that the loop does: no step has to be looked up.
                            Step::DoIf(test, action) if *start + 1 == place => {
                                if test(frame)? {
                                    action(frame)?;
                                }
                            }
                            _ => {
                                place = *start;
                                continue 'steps;
                            }
                        }
                    }
                }
                Step::NextStore { iterator, store, start } => {
                    if let Some(value) = next(frame, *iterator)? {
                        store(frame, value)?;
                        place = *start;
                        continue;
                    }
                }
                Step::Yield { value, sent } => {
                    let value = value(frame)?;
                    frame.slots[*sent].set(Some(Value::None));
                    *at = place + 1;
                    return Ok(value);
                }
                Step::YieldAll { iterator, sent } => {
                    frame.turn()?;
                    let value = frame.slots[*sent].replace(Some(Value::None)).unwrap_or(Value::None);
                    if let Some(Value::Iterator(from)) = frame.slots[*iterator].get() {
                        if let Some(value) = from.send(heap, value)? {
                            return Ok(value);
                        }
                        frame.slots[*sent].set(Some(from.returned()));
                    }
                }
                Step::Catch(slot) => frame.slots[*slot].set(Some(heap.caught())),
                Step::Match { exception, classes, otherwise } => {
                    let exception = frame.local(*exception)?;
                    if !is_instance(heap, exception, classes(frame)?)? {
                        place = *otherwise;
                        continue;
                    }
                }
                Step::Raise(slot) => return Err(heap.throw(frame.local(*slot)?)),
                Step::Choose(slot, way) => {
                    frame.slots[*slot].set(Some(Value::Int(i64::try_from(*way).unwrap_or(0))));
                }
                Step::Leave(slot, ways) => {
                    let way = frame.slots[*slot].get().and_then(Value::as_int).unwrap_or(0);
                    place = ways[usize::try_from(way).unwrap_or(0)];
                    continue;
                }
            }
            place += 1;
        }
    }
}

/// The next value of a loop, which counts as a turn.
#[inline]
fn next<'a>(frame: &Frame<'_, 'a>, slot: usize) -> Result<Option<Value<'a>>, Raised> {
    frame.turn()?;
    match frame.slots[slot].get() {
        Some(Value::Iterator(iterator)) => match iterator.next_at_once() {
            Some(value) => Ok(Some(value)),
            None => iterator.next(frame.heap),
        },
        _ => Ok(None),
    }
}

/// Whether `except classes` catches an exception.
fn is_instance<'a>(heap: &Heap<'a>, exception: Value<'a>, classes: Value<'a>) -> Result<bool, Raised> {
    let class = crate::batch::value::type_of(exception);
    match classes {
        Value::Type(wanted) if wanted.is(&BASE_EXCEPTION) => Ok(class.is(wanted)),
        _ => match classes.as_tuple() {
            Some(items) => {
                for item in items {
                    if heap.enter(|| is_instance(heap, exception, *item))? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            None => {
                let message = "catching classes that do not inherit from BaseException is not allowed";
                Err(heap.raise(&TYPE_ERROR, message))
            }
        },
    }
}
