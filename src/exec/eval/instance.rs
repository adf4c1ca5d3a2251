//! A function in a task: its constants and variables, thawed into the task's arena.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;

use bumpalo::Bump;
use hashbrown::HashMap;
use num_bigint::BigInt;

use super::compile::compile;
use super::frame::{Closure, Variable};
use super::image::Compiled;
use super::names::Globals;
use super::shared::{accumulator, broadcast};
use super::unit::{Program, Unit};
use crate::batch::value::exceptions::{RUNTIME_ERROR, SYNTAX_ERROR, TYPE_ERROR};
use crate::batch::value::types::ELLIPSIS;
use crate::batch::value::{Args, Callable, Function, Heap, Object, Outcome, Raised, Value, call, decode};
use crate::plan::Frozen;
use crate::plan::code::Const;

/// Turns of loops and calls between two looks at whether evaluation is to end.
const TURNS: u32 = 64;

/// Texts that `eval` keeps parsed in a task.
const MOST_PARSED: usize = 1024;

/// What the functions of an image share in one task.
pub struct Instance<'a> {
    compiled: &'a Compiled,
    /// By place in [`Globals::names`].
    globals: &'a [Variable<'a>],
    /// By number in the image.
    cells: &'a [Variable<'a>],
    /// By number of the program.
    shared: &'a [OnceCell<&'a Shared<'a>>],
    turns: Cell<u32>,
    parsed: RefCell<HashMap<&'a str, Closure<'a>, ahash::RandomState, &'a Bump>>,
}

/// What the functions of one program text share in one task.
pub struct Shared<'a> {
    /// All of them.
    pub instance: &'a Instance<'a>,
    /// By number in the program.
    pub constants: &'a [Value<'a>],
    /// By number in the program.
    pub globals: &'a [&'a Variable<'a>],
}

impl<'a> Instance<'a> {
    /// An instance in that arena; nothing of what was captured is decoded yet.
    pub fn new(compiled: &'a Compiled, heap: &Heap<'a>) -> &'a Self {
        let bump = heap.bump();
        let image = compiled.image();
        let names = compiled.globals().names.len();
        let frozen = image.globals.iter().map(|(_, frozen)| Some(frozen));
        let globals = frozen.chain(std::iter::repeat(None)).take(names).map(Variable::frozen);
        let globals: Vec<_> = globals.collect();
        let cells = image.cells.iter().map(|frozen| Variable::frozen(frozen.as_ref()));
        let programs = compiled.programs().len();
        bump.alloc(Instance {
            compiled,
            globals: bump.alloc_slice_fill_iter(globals),
            cells: bump.alloc_slice_fill_iter(cells),
            shared: bump.alloc_slice_fill_with(programs, |_| OnceCell::new()),
            turns: Cell::new(0),
            parsed: RefCell::new(HashMap::with_hasher_in(ahash::RandomState::new(), bump)),
        })
    }

    /// Counts a turn of a loop or a call, and looks now and then whether evaluation is to end.
    #[inline]
    pub fn turn(&self, heap: &Heap<'a>) -> Result<(), Raised> {
        let turns = self.turns.get().wrapping_add(1);
        self.turns.set(turns);
        if turns.is_multiple_of(TURNS) { heap.check() } else { Ok(()) }
    }

    /// What was frozen, in this task's arena.
    pub fn thaw(&'a self, heap: &Heap<'a>, frozen: &'a Frozen) -> Outcome<'a> {
        let all = |items: &'a [Frozen]| -> Result<Vec<Value<'a>>, Raised> {
            heap.enter(|| items.iter().map(|item| self.thaw(heap, item)).collect())
        };
        Ok(match frozen {
            Frozen::Data(bytes) => decode(heap, &mut &bytes[..]),
            Frozen::Function { code, captured, defaults } => {
                let defaults = heap.bump().alloc_slice_copy(&all(defaults)?);
                let captured = captured.iter().map(|cell| &self.cells[*cell]);
                let captured = heap.bump().alloc_slice_fill_iter(captured);
                let (number, program) = self.compiled.program(code);
                let shared = self.shared[number].get_or_init(|| {
                    let place = |name: &str| self.compiled.globals().place(name);
                    Shared::new(self, heap, program, |name| place(name).map(|place| &self.globals[place]))
                });
                function(heap, Closure { unit: &program.unit, shared, captured, defaults })
            }
            Frozen::Tuple(items) => heap.tuple(&all(items)?),
            Frozen::List(items) => heap.list(all(items)?),
            Frozen::Dict(entries) => {
                let dict = heap.dict();
                heap.enter(|| {
                    for (key, value) in entries.iter() {
                        dict.insert(heap, self.thaw(heap, key)?, self.thaw(heap, value)?)?;
                    }
                    Ok(())
                })?;
                Value::Dict(dict)
            }
            Frozen::Native(native) => Value::Native(native),
            Frozen::Type(class) => Value::Type(class),
            Frozen::Module(module) => Value::Module(module),
            Frozen::Broadcast(value) => broadcast(heap, heap.enter(|| self.thaw(heap, value))?),
            Frozen::Accumulator(number) => accumulator(heap, *number),
        })
    }

    /// `eval(text)`
    pub fn evaluate(&'a self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        let [text] = *args.positional else {
            return Err(heap.raise(&TYPE_ERROR, "eval() takes the text of an expression and nothing else"));
        };
        let Value::Str(text) = text else {
            return Err(heap.raise(&TYPE_ERROR, "eval() arg 1 must be a string, bytes or code object"));
        };
        // Not held over the call: what is evaluated may itself call `eval`.
        let known = self.parsed.borrow().get(*text).copied();
        let closure = match known {
            Some(closure) => closure,
            None => self.parse(heap, text)?,
        };
        closure.call(heap, Args { positional: &[], keywords: &[] })
    }

    fn parse(&'a self, heap: &Heap<'a>, text: &'a str) -> Result<Closure<'a>, Raised> {
        let Some(parse) = self.compiled.image().parse else {
            return Err(heap.raise(&RUNTIME_ERROR, "eval() is not supported here"));
        };
        let code = parse(text).map_err(|message| heap.raise(&SYNTAX_ERROR, message))?;
        let program: Arc<dyn Any + Send + Sync> = Arc::new(compile(&code, &Globals::default(), ""));
        let program: &'a Program = heap.own(program).downcast_ref().expect("the owner is what was put there");
        let shared = Shared::new(self, heap, program, |_| None);
        let closure = Closure { unit: &program.unit, shared, captured: &[], defaults: &[] };
        let mut parsed = self.parsed.borrow_mut();
        if parsed.len() >= MOST_PARSED {
            parsed.clear();
        }
        parsed.insert(text, closure);
        Ok(closure)
    }

    /// `eval`, as a value.
    pub fn evaluator(&'a self, heap: &Heap<'a>) -> Value<'a> {
        Value::Function(
            heap.bump().alloc(Function { name: "eval", code: heap.bump().alloc(Evaluator(self)) }),
        )
    }
}

impl<'a> Shared<'a> {
    /// A program's constants, and its globals as `variable` has them; what is not there is unbound.
    fn new(
        instance: &'a Instance<'a>,
        heap: &Heap<'a>,
        program: &'a Program,
        variable: impl Fn(&str) -> Option<&'a Variable<'a>>,
    ) -> &'a Self {
        let bump = heap.bump();
        let constants = program.constants.iter().map(|constant| thaw_constant(heap, constant));
        let constants: Vec<_> = constants.collect();
        let globals = program.globals.iter();
        let globals: Vec<_> =
            globals.map(|name| variable(name).unwrap_or_else(|| bump.alloc(Variable::new(None)))).collect();
        bump.alloc(Shared {
            instance,
            constants: bump.alloc_slice_copy(&constants),
            globals: bump.alloc_slice_copy(&globals),
        })
    }
}

/// `eval` where it is passed around.
struct Evaluator<'a>(&'a Instance<'a>);

impl<'a> Callable<'a> for Evaluator<'a> {
    fn call(&self, heap: &Heap<'a>, args: Args<'_, 'a>) -> Outcome<'a> {
        self.0.evaluate(heap, args)
    }
}

/// The function object of a closure.
pub fn function<'a>(heap: &Heap<'a>, closure: Closure<'a>) -> Value<'a> {
    let unit: &'a Unit = closure.unit;
    Value::Function(heap.bump().alloc(Function { name: &unit.name, code: heap.bump().alloc(closure) }))
}

fn thaw_constant<'a>(heap: &Heap<'a>, constant: &'a Const) -> Value<'a> {
    match constant {
        Const::None => Value::None,
        Const::Bool(flag) => Value::bool(*flag),
        Const::Int(number) => Value::Int(*number),
        Const::Big(digits) => {
            heap.int(&BigInt::parse_bytes(digits.as_bytes(), 10).expect("the parser has read the number"))
        }
        Const::Float(number) => Value::float(*number),
        Const::Str(text) => heap.text(text),
        Const::Bytes(bytes) => Value::Bytes(heap.bump().alloc(&bytes[..])),
        Const::Ellipsis => heap.object(Object { class: &ELLIPSIS, data: &(), fields: &[] }),
    }
}

/// Calls a value with arguments by position alone.
#[inline]
pub fn call_positional<'a>(heap: &Heap<'a>, callee: Value<'a>, positional: &[Value<'a>]) -> Outcome<'a> {
    call(heap, callee, Args { positional, keywords: &[] })
}
