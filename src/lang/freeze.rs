//! Functions on their way to the workers: code with everything that it can reach, as of now.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::interp::{CellRef, Function, Globals, Halt, Handle, Interp, Obj, Reason, Run, walk};
use super::{parse, parse_eval};
use crate::batch::python;
use crate::batch::value::exceptions::PICKLING_ERROR;
use crate::batch::value::{Value, encode};
use crate::plan::code::{Code, Source};
use crate::plan::{Frozen, Image};

/// Some code, and the names of the globals that it can reach.
type Reachable = (Arc<Code>, Rc<[Arc<str>]>);

/// What is known of functions that were frozen before.
#[derive(Debug, Default)]
pub struct Images {
    /// The globals that code can reach, by where it lies; the code is kept so that it stays there.
    globals: HashMap<usize, Reachable>,
    /// The last image of each code.
    last: HashMap<usize, Arc<Image>>,
    /// What binds methods of that name to their objects.
    binders: HashMap<Rc<str>, Obj>,
}

/// A function being frozen.
struct Freezing {
    globals: Vec<(Arc<str>, Frozen)>,
    /// Whose globals they are, where they are not found there either.
    owners: Vec<(Arc<str>, bool, bool)>,
    cells: Vec<Option<Frozen>>,
    known: HashMap<usize, usize>,
    parses: bool,
    /// Containers that are being frozen: one that holds itself cannot be.
    open: Vec<usize>,
    /// The variable that leads to what is being frozen.
    name: String,
    /// Whether what cannot leave the program is left out, by data without bytes.
    leaves_out: bool,
}

impl Interp<'_> {
    /// Freezes a function. The same image as before where nothing has changed.
    ///
    /// # Errors
    /// `PicklingError` if it reaches something that cannot leave the program, by the variable's name.
    pub fn freeze(&mut self, function: &Obj) -> Run<Arc<Image>> {
        let image = self.image(function, false)?;
        let Frozen::Function { code, .. } = &image.entry else { return Ok(Arc::new(image)) };
        let place = Arc::as_ptr(code) as usize;
        let mut images = self.world.images.borrow_mut();
        match images.last.get(&place) {
            Some(last) if same_image(last, &image) => Ok(last.clone()),
            _ => {
                let image = Arc::new(image);
                images.last.insert(place, image.clone());
                Ok(image)
            }
        }
    }

    /// Freezes a function of the main script itself, leaving out what cannot leave the program: it can be looked
    /// at, not run.
    ///
    /// # Errors
    /// What goes wrong otherwise.
    pub fn sketch(&mut self, function: &Obj) -> Run<Image> {
        self.image(function, true)
    }

    fn image(&mut self, function: &Obj, leaves_out: bool) -> Run<Image> {
        let mut freezing = Freezing {
            globals: Vec::new(),
            owners: Vec::new(),
            cells: Vec::new(),
            known: HashMap::new(),
            parses: false,
            open: Vec::new(),
            name: String::new(),
            leaves_out,
        };
        let entry = self.frozen(function, &mut freezing)?;
        let parse = freezing.parses.then_some(parse_eval as crate::plan::ParseExpression);
        Ok(Image { entry, globals: freezing.globals, cells: freezing.cells, parse })
    }

    fn frozen(&mut self, object: &Obj, freezing: &mut Freezing) -> Run<Frozen> {
        match self.frozen_whole(object, freezing) {
            Err(halt) if freezing.leaves_out && self.is_refusal(&halt) => Ok(Frozen::Data(Arc::new([]))),
            frozen => frozen,
        }
    }

    fn is_refusal(&self, halt: &Halt) -> bool {
        matches!(halt.reason(), Reason::Raised(thrown) if self.is_exception(&thrown.exception, &PICKLING_ERROR))
    }

    fn frozen_whole(&mut self, object: &Obj, freezing: &mut Freezing) -> Run<Frozen> {
        match object {
            Obj::Function(function) => self.frozen_function(function, freezing),
            Obj::Native(native) => Ok(Frozen::Native(native)),
            Obj::Type(class) => Ok(Frozen::Type(class)),
            Obj::Intrinsic(intrinsic) if intrinsic.is_builtin => match python::builtin(intrinsic.name) {
                Some(Value::Native(native)) => Ok(Frozen::Native(native)),
                Some(Value::Type(class)) => Ok(Frozen::Type(class)),
                _ => Err(refuse(
                    freezing,
                    &format!("the function {}() is the main script's alone", intrinsic.name),
                )),
            },
            Obj::Intrinsic(intrinsic) => Err(refuse(
                freezing,
                &format!("the function {}() is the main script's alone", intrinsic.name),
            )),
            Obj::Module(module) => match module.library {
                Some(library) => Ok(Frozen::Module(library)),
                None => {
                    Err(refuse(freezing, &format!("the module {} is the main script's alone", module.name)))
                }
            },
            Obj::Instance(instance) => {
                if let Some(Obj::Handle(handle)) = instance.attributes.borrow().get("_handle") {
                    return self.frozen_handle(handle, freezing);
                }
                if instance.class.prelude
                    && let Some(Obj::Function(made)) = instance.class.find("_frozen")
                {
                    let made = self.call(&Obj::Function(made), vec![object.clone()])?;
                    return self.frozen(&made, freezing);
                }
                let name = &instance.class.name;
                Err(refuse(
                    freezing,
                    &match &**name {
                        "SparkContext" | "StreamingContext" | "SparkSession" => format!(
                            "it is a {name}, which only the main script can use, not functions that run on records (SPARK-5063)"
                        ),
                        "RDD" => "it is an RDD, and functions that run on records cannot use RDDs: collect() it first, or join with it (SPARK-5063)".into(),
                        "DStream" | "TransformedDStream" => "it is a DStream, and functions that run on records cannot use DStreams: join with it, or use transformWith".into(),
                        _ => format!(
                            "it is an instance of the class {name}, and classes of the program are not supported in functions that run on records: use tuples, dicts and functions"
                        ),
                    },
                ))
            }
            Obj::Class(class) => Err(refuse(
                freezing,
                &format!(
                    "it is the class {}, and classes of the program are not supported in functions that run on records: use tuples, dicts and functions",
                    class.name
                ),
            )),
            Obj::Method(method) => Err(refuse(
                freezing,
                &format!(
                    "{} is a method of an instance of the program's, which is not supported in functions that run on records",
                    method.1.name
                ),
            )),
            Obj::Bound(bound) => {
                let (receiver, name) = (bound.0.clone(), bound.1.clone());
                self.frozen_method(&receiver, &name, freezing)
            }
            Obj::Iterator(_) => Err(refuse(freezing, "it is an iterator or generator")),
            Obj::Handle(handle) => self.frozen_handle(handle, freezing),
            Obj::Tuple(items) if items.iter().any(is_code) => {
                let items: Run<Vec<_>> = items.iter().map(|item| self.frozen(item, freezing)).collect();
                Ok(Frozen::Tuple(items?.into()))
            }
            Obj::List(list) if list.borrow().iter().any(is_code) => {
                let open = enter(object, freezing)?;
                let list = list.borrow().clone();
                let items: Run<Vec<_>> = list.iter().map(|item| self.frozen(item, freezing)).collect();
                freezing.open.truncate(open);
                Ok(Frozen::List(items?.into()))
            }
            Obj::Dict(dict)
                if dict.table.borrow().iter().any(|(_, key, value)| is_code(key) || is_code(value)) =>
            {
                let open = enter(object, freezing)?;
                let entries = dict.table.borrow().clone();
                let mut frozen = Vec::new();
                for (_, key, value) in entries.iter() {
                    frozen.push((self.frozen(key, freezing)?, self.frozen(value, freezing)?));
                }
                freezing.open.truncate(open);
                Ok(Frozen::Dict(frozen.into()))
            }
            _ => self.frozen_data(object, freezing),
        }
    }

    fn frozen_data(&mut self, object: &Obj, freezing: &Freezing) -> Run<Frozen> {
        let encoded = self.cross(|crossing, heap| {
            let value = crossing.value(heap, object)?;
            let mut bytes = Vec::new();
            encode(heap, value, &mut bytes)?;
            Ok(bytes)
        });
        match encoded {
            Ok(bytes) => Ok(Frozen::Data(bytes.into())),
            Err(halt) => match halt.reason() {
                Reason::Raised(thrown) if self.is_refusal(&halt) => {
                    let why = self.text(&thrown.exception.clone())?;
                    Err(refuse(freezing, &why))
                }
                _ => Err(halt),
            },
        }
    }

    /// `table.get`, `", ".join`: a method bound to its object, as a function that has captured the object.
    fn frozen_method(&mut self, receiver: &Obj, name: &Rc<str>, freezing: &mut Freezing) -> Run<Frozen> {
        let known = self.world.images.borrow().binders.get(name).cloned();
        let binder = match known {
            Some(binder) => binder,
            None => {
                let text = format!(
                    "def bind(obj):\n    return lambda *args, **options: obj.{name}(*args, **options)\n"
                );
                let source = Arc::new(Source { name: "method".into(), text });
                let code = parse(&source).map_err(|fault| Halt::new(&PICKLING_ERROR, fault.message))?;
                let globals = Rc::new(Globals { prelude: true, ..Globals::default() });
                self.run_module(&code, &globals)?;
                let binder = globals.names.borrow().get("bind").cloned().unwrap_or(Obj::None);
                self.world.images.borrow_mut().binders.insert(name.clone(), binder.clone());
                binder
            }
        };
        let bound = self.call(&binder, vec![receiver.clone()])?;
        self.frozen(&bound, freezing)
    }

    fn frozen_handle(&mut self, handle: &Rc<Handle>, freezing: &mut Freezing) -> Run<Frozen> {
        match &**handle {
            Handle::Accumulator { number, .. } => Ok(Frozen::Accumulator(*number)),
            Handle::Broadcast { value, frozen } => {
                if let Some(known) = &*frozen.borrow() {
                    return Ok(Frozen::Broadcast(known.clone()));
                }
                let made = Arc::new(self.frozen(value, freezing)?);
                if matches!(*made, Frozen::Data(_)) {
                    *frozen.borrow_mut() = Some(made.clone());
                }
                Ok(Frozen::Broadcast(made))
            }
            Handle::Rdd(_) => Err(refuse(freezing, "it is an RDD (SPARK-5063)")),
            Handle::Stream { .. } => Err(refuse(freezing, "it is a DStream")),
            Handle::DriverOnly(name) => Err(refuse(freezing, &format!("{name} is the main script's alone"))),
        }
    }

    fn frozen_function(&mut self, function: &Rc<Function>, freezing: &mut Freezing) -> Run<Frozen> {
        let code = function.code.clone();
        let mut captured = Vec::with_capacity(function.captured.len());
        for (cell, (_, name)) in function.captured.iter().zip(&code.captures) {
            captured.push(self.frozen_cell(cell, name, freezing)?);
        }
        let mut defaults = Vec::with_capacity(function.defaults.len());
        for default in &function.defaults {
            defaults.push(self.frozen(default, freezing)?);
        }
        if let Some(fault) = walk::alone(&code) {
            return Err(refuse(freezing, &fault));
        }
        for name in self.reachable(&code).iter() {
            self.frozen_global(name, &function.globals, freezing)?;
        }
        Ok(Frozen::Function { code, captured: captured.into(), defaults: defaults.into() })
    }

    fn frozen_cell(&mut self, cell: &CellRef, name: &str, freezing: &mut Freezing) -> Run<usize> {
        let place = Rc::as_ptr(cell) as usize;
        if let Some(&number) = freezing.known.get(&place) {
            return Ok(number);
        }
        let number = freezing.cells.len();
        freezing.known.insert(place, number);
        freezing.cells.push(None);
        let value = cell.borrow().clone();
        if let Some(value) = value {
            let outer = std::mem::replace(&mut freezing.name, name.to_string());
            freezing.cells[number] = Some(self.frozen(&value, freezing)?);
            freezing.name = outer;
        }
        Ok(number)
    }

    fn frozen_global(&mut self, name: &Arc<str>, globals: &Rc<Globals>, freezing: &mut Freezing) -> Run<()> {
        let value = globals.names.borrow().get(name).cloned();
        // Functions on records have an eval() of their own.
        let evaluates = &**name == "eval" && value.is_none();
        freezing.parses |= evaluates;
        let owner = freezing.owners.iter().find(|(known, ..)| known == name);
        if let Some((_, prelude, found)) = owner {
            // Functions of the catalogue and of the program share one table of names there.
            if *prelude != globals.prelude && (*found || value.is_some()) {
                return Err(refuse(
                    freezing,
                    &format!(
                        "the program's own {name} hides what an operator needs under that name: rename it"
                    ),
                ));
            }
            return Ok(());
        }
        freezing.owners.push((name.clone(), globals.prelude, value.is_some()));
        if let Some(value) = value {
            // The place is taken first: a function may refer to itself.
            let number = freezing.globals.len();
            freezing.globals.push((name.clone(), Frozen::Data(Arc::new([]))));
            let outer = std::mem::replace(&mut freezing.name, name.to_string());
            freezing.globals[number].1 = self.frozen(&value, freezing)?;
            freezing.name = outer;
        } else if let Some(alone @ Obj::Intrinsic(_)) = self.builtin(name)
            && python::builtin(name).is_none()
            && !(globals.prelude || evaluates)
        {
            return self.frozen(&alone, freezing).map(|_| ());
        }
        Ok(())
    }

    fn reachable(&self, code: &Arc<Code>) -> Rc<[Arc<str>]> {
        let mut images = self.world.images.borrow_mut();
        let names = images
            .globals
            .entry(Arc::as_ptr(code) as usize)
            .or_insert_with(|| (code.clone(), walk::globals(code).into()));
        names.1.clone()
    }
}

fn refuse(freezing: &Freezing, why: &str) -> Halt {
    let message = match &*freezing.name {
        "" => format!("the function cannot run on records: {why}"),
        name => format!("the variable {name} cannot be used in a function that runs on records: {why}"),
    };
    Halt::new(&PICKLING_ERROR, message)
}

/// Whether something is, or may hold, what is not plain data.
fn is_code(object: &Obj) -> bool {
    match object {
        Obj::Function(_)
        | Obj::Native(_)
        | Obj::Type(_)
        | Obj::Intrinsic(_)
        | Obj::Module(_)
        | Obj::Instance(_)
        | Obj::Class(_)
        | Obj::Method(_)
        | Obj::Bound(_)
        | Obj::Iterator(_)
        | Obj::Handle(_) => true,
        Obj::Tuple(items) => items.iter().any(is_code),
        // What holds itself is found by the encoder.
        Obj::List(list) => list.borrow().iter().any(|item| !matches!(item, Obj::List(_)) && is_code(item)),
        _ => false,
    }
}

fn enter(object: &Obj, freezing: &mut Freezing) -> Run<usize> {
    let place = object.address().unwrap_or(0);
    if freezing.open.contains(&place) {
        return Err(refuse(freezing, "it holds itself"));
    }
    freezing.open.push(place);
    Ok(freezing.open.len() - 1)
}

fn same_image(a: &Image, b: &Image) -> bool {
    let cells = |a: &Option<Frozen>, b: &Option<Frozen>| match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    };
    same(&a.entry, &b.entry)
        && a.globals.len() == b.globals.len()
        && a.globals.iter().zip(&b.globals).all(|((a, x), (b, y))| a == b && same(x, y))
        && a.cells.len() == b.cells.len()
        && a.cells.iter().zip(&b.cells).all(|(a, b)| cells(a, b))
        && a.parse.is_some() == b.parse.is_some()
}

fn same(a: &Frozen, b: &Frozen) -> bool {
    let all = |a: &[Frozen], b: &[Frozen]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b));
    match (a, b) {
        (Frozen::Data(a), Frozen::Data(b)) => Arc::ptr_eq(a, b) || a == b,
        (
            Frozen::Function { code, captured, defaults },
            Frozen::Function { code: code_b, captured: captured_b, defaults: defaults_b },
        ) => Arc::ptr_eq(code, code_b) && captured == captured_b && all(defaults, defaults_b),
        (Frozen::Tuple(a), Frozen::Tuple(b)) | (Frozen::List(a), Frozen::List(b)) => all(a, b),
        (Frozen::Dict(a), Frozen::Dict(b)) => {
            a.len() == b.len() && a.iter().zip(&**b).all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1))
        }
        (Frozen::Native(a), Frozen::Native(b)) => std::ptr::eq(*a, *b),
        (Frozen::Type(a), Frozen::Type(b)) => std::ptr::eq(*a, *b),
        (Frozen::Module(a), Frozen::Module(b)) => std::ptr::eq(*a, *b),
        (Frozen::Broadcast(a), Frozen::Broadcast(b)) => Arc::ptr_eq(a, b) || same(a, b),
        (Frozen::Accumulator(a), Frozen::Accumulator(b)) => a == b,
        _ => false,
    }
}
