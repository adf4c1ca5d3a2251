//! `State`: what `mapWithState` hands to its function, after Scala's
//! `org.apache.spark.streaming.State`. Its one field is a list of its flags and of the state itself.

use super::args::{native, wrong_object};
use crate::batch::value::exceptions::VALUE_ERROR;
use crate::batch::value::{
    Args, Heap, Hooks, List, Native, OBJECT, Object, Outcome, Raised, TypeInfo, Value, str,
};

/// `State`
static STATE: TypeInfo = TypeInfo {
    name: "State",
    base: Some(&OBJECT),
    new: None,
    methods: METHODS,
    hooks: Hooks {
        repr: Some(|heap, object, out| match State::of(object).value() {
            Some(value) => str(heap, value, out),
            None => {
                out.extend_from_slice(b"<state not set>");
                Ok(())
            }
        }),
        ..Hooks::NONE
    },
};

static METHODS: &[Native] = &[
    native("exists", exists),
    native("get", get),
    native("getOption", get_option),
    native("isTimingOut", is_timing_out),
    native("remove", remove),
    native("update", update),
];

/// There is a state.
const EXISTS: i64 = 1;
/// It was given during this call.
const UPDATED: i64 = 2;
/// It was taken away during this call.
const REMOVED: i64 = 4;
/// It is about to be forgotten.
const TIMING_OUT: i64 = 8;

/// The state of a key, as a function sees and changes it.
#[derive(Clone, Copy)]
pub struct State<'a> {
    parts: &'a List<'a>,
}

/// A state as it was at some time.
#[derive(Clone, Copy)]
pub struct Saved<'a> {
    flags: i64,
    value: Value<'a>,
}

impl<'a> State<'a> {
    /// What is known of a key.
    pub fn new(heap: &Heap<'a>, value: Option<Value<'a>>) -> Self {
        let flags = if value.is_some() { EXISTS } else { 0 };
        let parts = List::new(heap.bump(), [Value::Int(flags), value.unwrap_or(Value::None)]);
        State { parts: heap.bump().alloc(parts) }
    }

    /// What is known of a key that was idle for too long.
    pub fn timing_out(heap: &Heap<'a>, value: Value<'a>) -> Self {
        let state = State::new(heap, Some(value));
        state.set(EXISTS | TIMING_OUT, value);
        state
    }

    /// The same, as the function gets it.
    pub fn object(self, heap: &Heap<'a>) -> Value<'a> {
        let fields = heap.bump().alloc_slice_copy(&[Value::List(self.parts)]);
        heap.object(Object { class: &STATE, data: &(), fields })
    }

    /// The state behind what [`State::object`] gives.
    pub fn in_value(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Object(object) if object.class.is(&STATE) => Some(State::of(object)),
            _ => None,
        }
    }

    fn of(object: &Object<'a>) -> Self {
        match object.fields {
            [Value::List(parts)] => State { parts },
            _ => unreachable!("states are made with their parts"),
        }
    }

    /// The state, if there is one.
    pub fn value(self) -> Option<Value<'a>> {
        let Saved { flags, value } = self.save();
        (flags & EXISTS != 0).then_some(value)
    }

    /// Whether it was given or taken away since [`State::begin_call`].
    pub fn is_changed(self) -> bool {
        self.save().flags & (UPDATED | REMOVED) != 0
    }

    /// Another call of the function begins; what there was before.
    pub fn begin_call(self) -> Saved<'a> {
        let saved = self.save();
        self.set(saved.flags & EXISTS, saved.value);
        saved
    }

    /// Takes back what a call that has failed has done.
    pub fn restore(self, saved: Saved<'a>) {
        self.set(saved.flags, saved.value);
    }

    fn save(self) -> Saved<'a> {
        let flags = self.parts.get(0).and_then(Value::as_int).unwrap_or(0);
        Saved { flags, value: self.parts.get(1).unwrap_or(Value::None) }
    }

    fn set(self, flags: i64, value: Value<'a>) {
        let mut parts = self.parts.items.borrow_mut();
        parts[0] = Value::Int(flags);
        parts[1] = value;
    }

    /// The flags, unless one of those is set that stand against a change.
    fn changeable(self, heap: &Heap<'a>, against: [(i64, &str); 2]) -> Result<i64, Raised> {
        let Saved { flags, .. } = self.save();
        match against.iter().find(|(flag, _)| flags & flag != 0) {
            Some((_, why)) => Err(heap.raise(&VALUE_ERROR, why)),
            None => Ok(flags),
        }
    }
}

fn this<'s, 'a>(
    heap: &Heap<'a>,
    args: Args<'s, 'a>,
    name: &str,
) -> Result<(State<'a>, Args<'s, 'a>), Raised> {
    let (object, args) = args.object(heap, name)?;
    match State::in_value(object) {
        Some(state) => Ok((state, args)),
        None => Err(wrong_object(heap, name, object)),
    }
}

/// `State.exists()`
fn exists<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (state, args) = this(heap, args, "State.exists")?;
    args.nothing(heap, "State.exists")?;
    Ok(Value::bool(state.value().is_some()))
}

/// `State.get()`
fn get<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (state, args) = this(heap, args, "State.get")?;
    args.nothing(heap, "State.get")?;
    state.value().ok_or_else(|| heap.raise(&VALUE_ERROR, "State is not set"))
}

/// `State.getOption()`: `None` where there is no state.
fn get_option<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (state, args) = this(heap, args, "State.getOption")?;
    args.nothing(heap, "State.getOption")?;
    Ok(state.value().unwrap_or(Value::None))
}

/// `State.isTimingOut()`
fn is_timing_out<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (state, args) = this(heap, args, "State.isTimingOut")?;
    args.nothing(heap, "State.isTimingOut")?;
    Ok(Value::bool(state.save().flags & TIMING_OUT != 0))
}

/// `State.remove()`
fn remove<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (state, args) = this(heap, args, "State.remove")?;
    args.nothing(heap, "State.remove")?;
    state.changeable(
        heap,
        [
            (TIMING_OUT, "Cannot remove the state that is timing out"),
            (REMOVED, "Cannot remove the state that has already been removed"),
        ],
    )?;
    state.set(REMOVED, Value::None);
    Ok(Value::None)
}

/// `State.update(state)`
fn update<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    let (state, args) = this(heap, args, "State.update")?;
    let value = args.one(heap, "State.update")?;
    let flags = state.changeable(
        heap,
        [
            (REMOVED, "Cannot update the state after it has been removed"),
            (TIMING_OUT, "Cannot update the state that is timing out"),
        ],
    )?;
    state.set(flags | EXISTS | UPDATED, value);
    Ok(Value::None)
}
