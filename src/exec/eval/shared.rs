//! Spark's shared variables, as tasks see them: broadcasts are read, accumulators added to.

use crate::batch::value::exceptions::RUNTIME_ERROR;
use crate::batch::value::types::OBJECT;
use crate::batch::value::{
    Args, Binary, Heap, Hooks, Native, Object, Outcome, Raised, TypeInfo, Value, encode,
};

/// `pyspark.Broadcast`: its one field is the value.
static BROADCAST: TypeInfo = TypeInfo {
    name: "Broadcast",
    base: Some(&OBJECT),
    new: None,
    methods: &[],
    hooks: Hooks {
        attribute: Some(|_, broadcast, name| (name == "value").then(|| Ok(broadcast.fields[0]))),
        ..Hooks::NONE
    },
};

/// `pyspark.Accumulator`: its data is its number.
static ACCUMULATOR: TypeInfo = TypeInfo {
    name: "Accumulator",
    base: Some(&OBJECT),
    new: None,
    methods: &[Native { name: "add", call: add_method }],
    hooks: Hooks {
        attribute: Some(|heap, _, name| {
            let message = "Value `Accumulator.value` cannot be accessed inside tasks.";
            (name == "value").then(|| Err(heap.raise(&RUNTIME_ERROR, message)))
        }),
        binary: Some(|heap, op, accumulator, term, reflected| {
            let adds = op == Binary::Add && !reflected;
            adds.then(|| {
                add(heap, accumulator, term).map(|()| Value::Object(heap.bump().alloc(*accumulator)))
            })
        }),
        ..Hooks::NONE
    },
};

/// A broadcast variable.
pub fn broadcast<'a>(heap: &Heap<'a>, value: Value<'a>) -> Value<'a> {
    heap.object(Object { class: &BROADCAST, data: &(), fields: heap.bump().alloc_slice_copy(&[value]) })
}

/// The accumulator of that number.
pub fn accumulator<'a>(heap: &Heap<'a>, number: u32) -> Value<'a> {
    heap.object(Object { class: &ACCUMULATOR, data: heap.bump().alloc(number), fields: &[] })
}

/// Notes what is added: it takes effect when the task has succeeded.
fn add<'a>(heap: &Heap<'a>, accumulator: &Object<'a>, term: Value<'a>) -> Result<(), Raised> {
    let number = *accumulator.data.downcast_ref::<u32>().expect("accumulators are made with their number");
    let mut encoded = Vec::new();
    encode(heap, term, &mut encoded)?;
    heap.task().effects.borrow_mut().accumulated.push((number, encoded));
    Ok(())
}

fn add_method<'a>(heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
    match *args.positional {
        [Value::Object(accumulator), term] if args.keywords.is_empty() => {
            add(heap, accumulator, term).map(|()| Value::None)
        }
        _ => {
            let given = args.positional.len();
            let message = format!("Accumulator.add() takes 2 positional arguments but {given} were given");
            Err(heap.raise(&crate::batch::value::exceptions::TYPE_ERROR, message))
        }
    }
}
