//! What a checkpoint belongs to: the job, as far as it decides what its state means.

use serde_json::{Map, Value, json};

use crate::batch::{Fingerprint, Interval};

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The program for people: its text, or the command. Not compared: what matters of it is in the
    /// operators' fingerprints.
    pub program: String,
    /// The length of its batches.
    pub interval: Interval,
    /// The operators that have something to keep, in the order of the program.
    pub operators: Vec<Operator>,
    /// The sources as they are written, in their order.
    pub sources: Vec<String>,
    /// The outputs as they are written, in their order.
    pub outputs: Vec<String>,
}

/// An operator. Its position in [`Description::operators`] tells it from others that are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name of its method: `updateStateByKey`.
    pub name: String,
    /// The table that it keeps its rows in.
    pub table: String,
    /// Of its definition, and of all that comes before it: equal ones make equal states of equal input.
    pub fingerprint: Fingerprint,
}

impl Description {
    /// As JSON: `{"program":…,"interval_ms":…,"operators":[{"name":…,"table":…,"fingerprint":…}],"sources":[…],"outputs":[…]}`.
    pub fn to_json(&self) -> Value {
        let operator = |operator: &Operator| json!({"name": operator.name, "table": operator.table, "fingerprint": operator.fingerprint.to_string()});
        json!({
            "program": self.program,
            "interval_ms": self.interval.as_millis(),
            "operators": self.operators.iter().map(operator).collect::<Vec<_>>(),
            "sources": self.sources,
            "outputs": self.outputs,
        })
    }

    /// Back from JSON. Fields that later versions may add are passed over.
    ///
    /// # Errors
    /// A text that names the field that is not as it must be.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let object = value.as_object().ok_or("the description of the job is no object")?;
        let operator = |value: &Value| {
            let object = value.as_object().ok_or("an operator is no object")?;
            Ok(Operator {
                name: text(object, "name")?.to_owned(),
                table: text(object, "table")?.to_owned(),
                fingerprint: text(object, "fingerprint")?.parse()?,
            })
        };
        let millis = field(object, "interval_ms")?.as_u64().and_then(Interval::from_millis);
        Ok(Description {
            program: text(object, "program")?.to_owned(),
            interval: millis.ok_or("\"interval_ms\" is no interval")?,
            operators: list(object, "operators")?.iter().map(operator).collect::<Result<_, String>>()?,
            sources: texts(object, "sources")?,
            outputs: texts(object, "outputs")?,
        })
    }
}

pub(super) fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a Value, String> {
    object.get(name).ok_or_else(|| format!("{name:?} is missing"))
}

pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    field(object, name)?.as_str().ok_or_else(|| format!("{name:?} is no text"))
}

fn list<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a Vec<Value>, String> {
    field(object, name)?.as_array().ok_or_else(|| format!("{name:?} is no list"))
}

fn texts(object: &Map<String, Value>, name: &str) -> Result<Vec<String>, String> {
    let text = |value: &Value| {
        value.as_str().map(str::to_owned).ok_or_else(|| format!("{name:?} holds what is no text"))
    };
    list(object, name)?.iter().map(text).collect()
}
