//! Arguments of functions that CPython's library writes in Python, with the messages that a `def` has.

use crate::batch::value::exceptions::TYPE_ERROR;
use crate::batch::value::{Args, Heap, Raised, Value};

/// Required arguments, optional ones, and those that are given by name.
type Bound<'a, const R: usize, const O: usize, const K: usize> =
    ([Value<'a>; R], [Option<Value<'a>>; O], [Option<Value<'a>>; K]);

impl<'a> Args<'_, 'a> {
    /// Arguments for the parameters `required`, and `optional` ones behind them.
    ///
    /// # Errors
    /// `TypeError: sub() missing 1 required positional argument: 'string'` and its like.
    pub fn bind_def<const R: usize, const O: usize>(
        self,
        heap: &Heap<'a>,
        name: &str,
        required: [&str; R],
        optional: [&str; O],
    ) -> Result<([Value<'a>; R], [Option<Value<'a>>; O]), Raised> {
        let (required, optional, []) = self.bind_def_with(heap, name, required, optional, [])?;
        Ok((required, optional))
    }

    /// The same with parameters that are given `by_name` alone, all of them optional.
    ///
    /// # Errors
    /// As [`Args::bind_def`].
    pub fn bind_def_with<const R: usize, const O: usize, const K: usize>(
        self,
        heap: &Heap<'a>,
        name: &str,
        required: [&str; R],
        optional: [&str; O],
        by_name: [&str; K],
    ) -> Result<Bound<'a, R, O, K>, Raised> {
        let (mut first, mut then, mut named) = ([None; R], [None; O], [None; K]);
        let fail = |message: String| Err(heap.raise(&TYPE_ERROR, format!("{name}() {message}")));
        for (slot, value) in first.iter_mut().chain(&mut then).zip(self.positional) {
            *slot = Some(*value);
        }
        for (keyword, value) in self.keywords {
            let names = required.iter().chain(&optional).chain(&by_name);
            let mut slots = names.zip(first.iter_mut().chain(&mut then).chain(&mut named));
            match slots.find(|(known, _)| *known == keyword) {
                Some((_, slot @ None)) => *slot = Some(*value),
                Some(_) => return fail(format!("got multiple values for argument '{keyword}'")),
                None => return fail(format!("got an unexpected keyword argument '{keyword}'")),
            }
        }
        let given = self.positional.len();
        let most = R + O;
        if given > most {
            let takes = if O == 0 { most.to_string() } else { format!("from {R} to {most}") };
            let plural = if most == 1 { "" } else { "s" };
            let were = if given == 1 { "was" } else { "were" };
            return fail(format!("takes {takes} positional argument{plural} but {given} {were} given"));
        }
        let mut values = [Value::None; R];
        let mut missing = Vec::new();
        for ((value, slot), name) in values.iter_mut().zip(first).zip(required) {
            match slot {
                Some(found) => *value = found,
                None => missing.push(format!("'{name}'")),
            }
        }
        let listed = match &missing[..] {
            [] => return Ok((values, then, named)),
            [one] => one.clone(),
            [first, second] => format!("{first} and {second}"),
            [most @ .., last] => format!("{}, and {last}", most.join(", ")),
        };
        let plural = if missing.len() == 1 { "" } else { "s" };
        fail(format!("missing {} required positional argument{plural}: {listed}", missing.len()))
    }
}
