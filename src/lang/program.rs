//! Programs: read, run, called back.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::diagnostics::Diagnostic;
use super::host::{PRIMITIVES, Pipeline, named_stream, tell};
use super::interp::{
    Globals, Halt, Handle, Host, Interp, Obj, Reason, Run, Thrown, World, is_builtin, module_names,
};
use super::{Known, check, parse, prelude};
use crate::batch::python::{collections, grouped};
use crate::batch::value::exceptions::{KEYBOARD_INTERRUPT, SYSTEM_EXIT};
use crate::batch::{Interval, SourceId, Time};
use crate::error::{Error, Result};
use crate::plan::code::{Code, ExprKind, Source, StmtKind};
use crate::plan::{
    Callback, Engine, Failure, Image, Interrupt, Lambda, Outcome, Rdd, Report, Runtime, Script,
};

/// A program, ready to run.
#[derive(Debug)]
pub struct Program {
    code: Arc<Code>,
    args: Vec<String>,
    /// What `-e` has in scope beside modules: streams of the sources that the command line names.
    scope: Option<Scope>,
    interval: Option<Interval>,
}

/// What `-e` has in scope.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The sources as `--from` takes them, by number.
    pub sources: Vec<String>,
    /// Names of streams, and which of the sources each one is; `lines` is all of them.
    pub streams: Vec<(String, Vec<SourceId>)>,
    /// The length of a batch.
    pub interval: Interval,
}

/// Modules that `-e` has in scope.
pub(super) const IN_SCOPE: [&str; 6] = ["datetime", "json", "math", "operator", "re", "time"];

/// Attributes that only the classes of our catalogue have.
const ATTRIBUTES: &[&str] = &["csv", "json", "toCommand", "tsv"];

/// The code of a program in which every name can be known.
fn checked(source: &Arc<Source>, given: &[&str]) -> std::result::Result<Arc<Code>, Diagnostic> {
    let code = parse(source)?;
    let names: Vec<&str> = given.iter().copied().chain(["__doc__", "__file__", "__name__"]).collect();
    let modules = module_names();
    let known = Known { names: &names, is_builtin: &is_builtin, modules: &modules, attributes: ATTRIBUTES };
    check(&code, &known)?;
    Ok(code)
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// At its end.
    Done,
    /// With `sys.exit`: the exit code.
    Code(u8),
    /// With an exception that nothing caught; it has been reported.
    Raised,
}

impl Program {
    /// A script, with its arguments: what `sys.argv` holds behind its name. An interval of the command line
    /// goes before that of the script.
    ///
    /// # Errors
    /// What is no Python, and what is outside of the language.
    pub fn script(
        text: &str,
        name: &str,
        args: &[String],
        interval: Option<Interval>,
    ) -> std::result::Result<Self, Diagnostic> {
        let source = Arc::new(Source { name: name.into(), text: text.into() });
        let mut argv = vec![name.to_string()];
        argv.extend(args.iter().cloned());
        Ok(Program { code: checked(&source, &[])?, args: argv, scope: None, interval })
    }

    /// A program of the command line.
    ///
    /// # Errors
    /// As [`Program::script`].
    pub fn expression(text: &str, scope: Scope) -> std::result::Result<Self, Diagnostic> {
        let source = Arc::new(Source { name: "-e".into(), text: text.into() });
        let interval = Some(scope.interval);
        let streams = scope.streams.iter().map(|(name, _)| name.as_str());
        let names: Vec<&str> = streams.chain(["sc", "ssc"]).chain(IN_SCOPE.iter().copied()).collect();
        let code = checked(&source, &names)?;
        Ok(Program { code, args: vec!["-e".into()], scope: Some(scope), interval })
    }

    /// Runs it. Uncaught exceptions are reported on standard error.
    ///
    /// # Errors
    /// What no program can deal with: a source that cannot be opened, an output that is closed.
    pub fn run(&self, runtime: &mut dyn Runtime, interrupt: Interrupt) -> Result<Exit> {
        let world = Rc::new(World {
            globals: Rc::default(),
            catalogue: Rc::new(Globals { prelude: true, ..Globals::default() }),
            modules: HashMap::default().into(),
            source: self.code.source.clone(),
            args: self.args.clone(),
            interrupt,
            interrupted: Cell::new(false),
            pipeline: Pipeline::default(),
            images: Default::default(),
            garbage: Default::default(),
        });
        world.pipeline.interval.set(self.interval);
        let mut interp = Interp::new(world.clone(), Host::Runtime(runtime));
        let result = self.run_in(&mut interp);
        self.ended(&mut interp, result)
    }

    fn run_in(&self, interp: &mut Interp<'_>) -> Run<()> {
        let world = interp.world.clone();
        load_catalogue(interp)?;
        {
            let mut names = world.globals.names.borrow_mut();
            names.insert("__name__".into(), Obj::str("__main__"));
            names.insert("__file__".into(), Obj::str(&self.code.source.name));
            names.insert("__doc__".into(), Obj::None);
        }
        let Some(scope) = &self.scope else { return interp.run_module(&self.code, &world.globals) };
        let context = self.open_scope(interp, scope)?;
        let last = self.run_scoped(interp)?;
        // What a program ends in is printed.
        let printed = match last {
            Obj::List(list) => list.borrow().clone(),
            Obj::Tuple(items) => items.to_vec(),
            other => vec![other],
        };
        let streams = world.catalogue.names.borrow().get("DStream").cloned().unwrap_or(Obj::None);
        let mut all = !printed.is_empty();
        for stream in &printed {
            all = all && interp.is_instance(stream, &streams)?;
        }
        if all {
            for stream in &printed {
                interp.call_method(stream, "pprint", vec![])?;
            }
        }
        if !world.pipeline.started.get() && !world.pipeline.ended.get() {
            interp.call_method(&context, "start", vec![])?;
            interp.call_method(&context, "awaitTermination", vec![])?;
        }
        Ok(())
    }

    /// Puts the names of `-e` in scope; the streaming context.
    fn open_scope(&self, interp: &mut Interp<'_>, scope: &Scope) -> Run<Obj> {
        let world = interp.world.clone();
        *world.pipeline.sources.borrow_mut() = scope.sources.clone();
        world.pipeline.named_sources.set(scope.sources.len());
        let make = world.catalogue.names.borrow().get("_command_line_context").cloned().unwrap_or(Obj::None);
        let context = interp.call(&make, vec![Obj::Int(scope.interval.as_millis())])?;
        let mut found = vec![
            ("ssc".to_string(), context.clone()),
            ("sc".to_string(), interp.attribute(&context, "sparkContext")?),
        ];
        let wrap = world.catalogue.names.borrow().get("_stream").cloned().unwrap_or(Obj::None);
        for (name, sources) in &scope.streams {
            let stream = named_stream(interp, sources.clone(), scope.interval)?;
            found.push((name.clone(), interp.call(&wrap, vec![context.clone(), stream])?));
        }
        for name in IN_SCOPE {
            found.push(((*name).to_string(), interp.import_module(name)?));
        }
        let mut names = world.globals.names.borrow_mut();
        for (name, value) in found {
            names.insert(name.into(), value);
        }
        Ok(context)
    }

    /// Runs the program; the value of its last statement, if that is an expression.
    fn run_scoped(&self, interp: &mut Interp<'_>) -> Run<Obj> {
        let globals = interp.world.globals.clone();
        match self.code.body.last().map(|stmt| &stmt.kind) {
            Some(StmtKind::Expr(last)) if !matches!(last.kind, ExprKind::Const(_)) => {
                interp.run_to_value(&self.code, &globals)
            }
            _ => interp.run_module(&self.code, &globals).map(|()| Obj::None),
        }
    }

    fn ended(&self, interp: &mut Interp<'_>, result: Run<()>) -> Result<Exit> {
        let thrown = match result.map_err(Halt::into_reason) {
            Ok(()) => return Ok(Exit::Done),
            Err(Reason::Fatal(error)) => return Err(error),
            Err(Reason::Raised(thrown)) => thrown,
        };
        let was_told =
            interp.world.interrupted.get() || interp.world.interrupt.at_once.load(Ordering::Relaxed);
        if was_told && interp.is_exception(&thrown.exception, &KEYBOARD_INTERRUPT) {
            return finish_stream(interp);
        }
        if interp.is_exception(&thrown.exception, &SYSTEM_EXIT) {
            let code = interp.exception_args(&thrown.exception).first().cloned().unwrap_or(Obj::None);
            return match code {
                Obj::None => Ok(Exit::Done),
                // As a process's exit code: its last eight bits.
                Obj::Int(_) | Obj::Bool(_) => {
                    let code = code.as_int().unwrap_or(0).rem_euclid(256);
                    Ok(Exit::Code(u8::try_from(code).unwrap_or(1)))
                }
                other => {
                    let text = interp.text(&other).unwrap_or_default();
                    interp.engine().print(format!("{text}\n").as_bytes(), true)?;
                    Ok(Exit::Code(1))
                }
            };
        }
        let report = report(interp, &thrown);
        interp.engine().print(report.as_bytes(), true)?;
        Ok(Exit::Raised)
    }
}

/// Finishes the batch that a signal has found open.
fn finish_stream(interp: &mut Interp<'_>) -> Result<Exit> {
    let mut called = Called { world: interp.world.clone() };
    match interp.runtime("waiting").map_err(Halt::into_reason) {
        Ok(runtime) => runtime.run(&mut called, Some(Duration::ZERO)).map(|_| Exit::Done),
        Err(_) => Ok(Exit::Done),
    }
}

/// Runs the catalogue's text, and gives it its primitives.
fn load_catalogue(interp: &mut Interp<'_>) -> Run<()> {
    let world = interp.world.clone();
    for primitive in PRIMITIVES {
        world.catalogue.names.borrow_mut().insert(primitive.name.into(), Obj::Intrinsic(primitive));
    }
    for (name, class) in [("ResultIterable", &grouped::RESULT_ITERABLE), ("Row", &collections::ROW)] {
        world.catalogue.names.borrow_mut().insert(name.into(), Obj::Type(class));
    }
    for code in prelude::codes() {
        interp.run_module(code, &world.catalogue)?;
    }
    Ok(())
}

/// What is said of an exception that nothing caught: where, what, and the way there.
fn report(interp: &mut Interp<'_>, thrown: &Thrown) -> String {
    let message = message(interp, &thrown.exception);
    let Some((_, source, span)) = thrown.trace.first() else { return format!("error: {message}\n") };
    let fault = Diagnostic::new(source, *span, message);
    let mut out = format!("{fault}\n");
    for (name, source, span) in thrown.trace.iter().skip(1) {
        let position = source.position(span.start);
        let place = if &**name == "<module>" { String::new() } else { format!(" in {name}()") };
        out.push_str(&format!("  called at {}:{}:{}{place}\n", source.name, position.line, position.column));
    }
    out
}

/// `ValueError: invalid …`, with operator and record if it comes from the engine.
fn message(interp: &mut Interp<'_>, exception: &Obj) -> String {
    failure(interp, exception, None).to_string()
}

/// An exception as the engine reports it.
fn failure(interp: &mut Interp<'_>, exception: &Obj, operator: Option<String>) -> Failure {
    if let Obj::Exception(raised) = exception
        && let Some(failure) = &*raised.failure.borrow()
    {
        return failure.clone();
    }
    let message = interp.text(exception).unwrap_or_default();
    Failure { class: interp.exception_name(exception), message, operator, record: None }
}

/// The functions of a running program, for the engine.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) world: Rc<World>,
}

impl Called {
    fn failed(&self, interp: &mut Interp<'_>, halt: Halt) -> Failure {
        match halt.into_reason() {
            Reason::Raised(thrown) => {
                let place = thrown.trace.first().map(|(_, source, span)| {
                    let position = source.position(span.start);
                    format!("{}:{}", source.name, position.line)
                });
                failure(interp, &thrown.exception, place)
            }
            Reason::Fatal(error) => Failure {
                class: match error {
                    Error::OutputClosed => "BrokenPipeError".into(),
                    _ => "RuntimeError".into(),
                },
                message: error.to_string(),
                operator: None,
                record: None,
            },
        }
    }
}

impl Script for Called {
    fn call(
        &mut self,
        callback: Callback,
        time: Time,
        rdds: Vec<Option<Arc<Rdd>>>,
        engine: &mut dyn Engine,
    ) -> Outcome<Option<Arc<Rdd>>> {
        let mut interp = Interp::new(self.world.clone(), Host::Engine(engine));
        let result = interp.call_back(callback, time, rdds);
        result.map_err(|halt| self.failed(&mut interp, halt))
    }

    fn listens(&self) -> bool {
        self.world.pipeline.listener.borrow().is_some()
    }

    fn tell(&mut self, report: Report, engine: &mut dyn Engine) -> Outcome<()> {
        let mut interp = Interp::new(self.world.clone(), Host::Engine(engine));
        let result = tell(&mut interp, report);
        result.map_err(|halt| self.failed(&mut interp, halt))
    }

    fn freeze(&mut self, lambda: Lambda) -> Outcome<Arc<Image>> {
        let mut nowhere = super::nowhere::Nowhere;
        let mut interp = Interp::new(self.world.clone(), Host::Engine(&mut nowhere));
        let function = self.world.pipeline.lambdas.borrow().get(lambda.0 as usize).cloned();
        let function = function.unwrap_or(Obj::None);
        interp.freeze(&function).map_err(|halt| self.failed(&mut interp, halt))
    }

    fn sketch(&mut self, callback: Callback) -> Option<Arc<Image>> {
        let mut nowhere = super::nowhere::Nowhere;
        let mut interp = Interp::new(self.world.clone(), Host::Engine(&mut nowhere));
        let (function, _) = self.world.pipeline.callbacks.borrow().get(callback.0 as usize).cloned()?;
        interp.sketch(&function).ok().map(Arc::new)
    }
}

impl Interp<'_> {
    fn call_back(
        &mut self,
        callback: Callback,
        time: Time,
        rdds: Vec<Option<Arc<Rdd>>>,
    ) -> Run<Option<Arc<Rdd>>> {
        super::host::accumulate(self)?;
        let known = self.world.pipeline.callbacks.borrow().get(callback.0 as usize).cloned();
        let Some((function, origin)) = known else { return Ok(None) };
        let handles = rdds.into_iter().map(|rdd| match rdd {
            Some(rdd) => Obj::Handle(Rc::new(Handle::Rdd(rdd))),
            None => Obj::None,
        });
        let args = vec![Obj::Int(time.as_millis()), Obj::list(handles.collect())];
        match self.call_from(origin, &function, args)? {
            Obj::Handle(handle) => match &*handle {
                Handle::Rdd(rdd) => Ok(Some(rdd.clone())),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }
}
