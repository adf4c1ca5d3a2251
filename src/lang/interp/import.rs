//! Imports: Python's library, the catalogue under PySpark's names, and the little of `sys` and `time` that
//! concerns the program itself. Nothing else can be imported.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::builtins::EXIT;
use super::object::{Handle, Module, Obj};
use super::{Halt, Interp, Run};
use crate::batch::python;
use crate::batch::value::exceptions::{IMPORT_ERROR, MODULE_NOT_FOUND_ERROR};
use crate::lang::names::refused_module;

/// PySpark's modules, and what of the catalogue each of them has.
const PYSPARK: &[(&str, &[&str])] = &[
    (
        "pyspark",
        &[
            "SparkContext",
            "SparkConf",
            "StorageLevel",
            "RDD",
            "Row",
            "Accumulator",
            "AccumulatorParam",
            "Broadcast",
        ],
    ),
    ("pyspark.accumulators", &["Accumulator", "AccumulatorParam"]),
    ("pyspark.broadcast", &["Broadcast"]),
    ("pyspark.conf", &["SparkConf"]),
    ("pyspark.context", &["SparkContext"]),
    ("pyspark.files", &[]),
    ("pyspark.rdd", &["RDD", "portable_hash"]),
    ("pyspark.resultiterable", &["ResultIterable"]),
    ("pyspark.serializers", &[]),
    ("pyspark.sql", &["Row", "SparkSession"]),
    ("pyspark.sql.context", &[]),
    ("pyspark.sql.functions", &[]),
    ("pyspark.sql.session", &["SparkSession"]),
    ("pyspark.sql.types", &["Row"]),
    ("pyspark.statcounter", &["StatCounter"]),
    ("pyspark.storagelevel", &["StorageLevel"]),
    ("pyspark.streaming", &["StreamingContext", "DStream", "StreamingListener", "StateSpec"]),
    ("pyspark.streaming.context", &["StreamingContext"]),
    ("pyspark.streaming.dstream", &["DStream"]),
    ("pyspark.streaming.listener", &["StreamingListener"]),
    ("pyspark.streaming.util", &[]),
    ("pyspark.taskcontext", &[]),
    ("pyspark.util", &[]),
];

/// What is said of the rest of Spark SQL.
const SQL: &str = "there is no Spark SQL here, only Row, and SparkSession for its sparkContext";

/// Modules of which there is a part: what is said of the rest, which can be imported but not used.
const PARTS: &[(&str, &str)] = &[
    ("os", "of os there are environ, getenv and path"),
    ("os.path", "programs read files only through sources"),
    ("pyspark.files", "functions that run on records read no files"),
    ("pyspark.serializers", "records are not pickled here, so there is nothing to choose"),
    ("pyspark.sql", SQL),
    ("pyspark.sql.context", SQL),
    ("pyspark.sql.functions", SQL),
    ("pyspark.sql.session", SQL),
    ("pyspark.sql.types", SQL),
    ("pyspark.streaming.util", "it is PySpark's inside, and there is no PySpark here"),
    ("pyspark.taskcontext", "tasks have no context here"),
    ("pyspark.util", "it is PySpark's inside, and there is no PySpark here"),
];

/// What `pyspark` has of its modules that are not there as a whole.
const OF_PARTS: &[(&str, &str)] = &[
    ("HiveContext", "pyspark.sql"),
    ("SQLContext", "pyspark.sql"),
    ("SparkFiles", "pyspark.files"),
    ("TaskContext", "pyspark.taskcontext"),
];

/// Modules of which the program has a part of its own, beside the library's if there is any.
const OWN: &[&str] = &["__future__", "findspark", "os", "sys", "time"];

/// The full names of all modules that programs can import.
pub(in crate::lang) fn module_names() -> Vec<&'static str> {
    let library = python::module_names();
    let names = OWN.iter().copied().chain(PYSPARK.iter().map(|(name, _)| *name)).chain(library);
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The module of the library, as an object.
pub(super) fn library_module(module: &'static crate::batch::value::Module) -> Obj {
    Obj::Module(Rc::new(Module {
        name: module.name.into(),
        library: Some(module),
        members: Default::default(),
        refusal: None,
    }))
}

impl Interp<'_> {
    /// `import a.b` gives `a`, with `b` in it; `import a.b as c` gives `a.b`.
    pub(super) fn import(&mut self, name: &Arc<str>, renamed: bool) -> Run<Obj> {
        let mut outer: Option<Obj> = None;
        let mut top = Obj::None;
        for (end, _) in name.match_indices('.').chain([(name.len(), "")]) {
            let module = self.module(&name[..end])?;
            match &outer {
                Some(Obj::Module(outer)) => {
                    let last = name[..end].rsplit('.').next().unwrap_or_default();
                    outer.members.borrow_mut().set(last, module.clone());
                }
                _ => top = module.clone(),
            }
            outer = Some(module);
        }
        Ok(if renamed { outer.unwrap_or(top) } else { top })
    }

    /// `from module import name`
    pub(super) fn import_from(&mut self, module: &Arc<str>, name: &str) -> Run<Obj> {
        if &**module == "__future__" {
            return Ok(Obj::None);
        }
        let from = self.import(module, true)?;
        match self.attribute(&from, name) {
            Ok(value) => Ok(value),
            Err(halt) => {
                if let Ok(inner) = self.module(&format!("{module}.{name}")) {
                    return Ok(inner);
                }
                if matches!(halt.reason(), super::Reason::Fatal(_)) {
                    return Err(halt);
                }
                Err(Halt::new(&IMPORT_ERROR, format!("cannot import name '{name}' from '{module}'")))
            }
        }
    }

    /// What stands for a member of a module of which there is a part alone: it can be imported, and says so when it is used.
    pub(super) fn absent(&mut self, module: &Module, name: &str) -> Run<Obj> {
        let known = self.catalogued("_Absent")?;
        let name = Obj::str(format!("{}.{name}", module.name));
        self.call(&known, vec![name, Obj::str(module.refusal.unwrap_or_default())])
    }

    /// What `from module import *` brings in.
    pub(super) fn import_all(&mut self, module: &Arc<str>) -> Run<Vec<(Arc<str>, Obj)>> {
        match self.import(module, true)? {
            Obj::Module(found) if found.library.is_none() => Ok(found
                .members
                .borrow()
                .iter()
                .filter(|(name, value)| !name.starts_with('_') && !matches!(value, Obj::Module(_)))
                .map(|(name, value)| (Arc::from(&**name), value.clone()))
                .collect()),
            _ => Err(Halt::new(
                &IMPORT_ERROR,
                format!("from {module} import * is not supported: name what is to be imported"),
            )),
        }
    }

    /// A module, for the names that programs of the command line have in scope.
    ///
    /// # Errors
    /// `ModuleNotFoundError`
    pub fn import_module(&mut self, name: &str) -> Run<Obj> {
        self.module(name)
    }

    /// The module of that full name.
    fn module(&mut self, name: &str) -> Run<Obj> {
        if let Some(known) = self.world.modules.borrow().get(name) {
            return Ok(known.clone());
        }
        let library = python::module(name);
        let module = Rc::new(Module {
            name: name.into(),
            library,
            members: Default::default(),
            refusal: PARTS.iter().find(|(part, _)| *part == name).map(|(_, refusal)| *refusal),
        });
        let set = |member: &str, value: Obj| module.members.borrow_mut().set(member, value);
        match name {
            "sys" => {
                let args = self.world.args.iter().map(Obj::str).collect();
                set("argv", Obj::list(args));
                set("stdout", Obj::Handle(Rc::new(Handle::DriverOnly("sys.stdout"))));
                set("stderr", Obj::Handle(Rc::new(Handle::DriverOnly("sys.stderr"))));
                set("exit", Obj::Intrinsic(&EXIT));
                set("maxsize", Obj::Int(i64::MAX));
                set("byteorder", Obj::str("little"));
                set("platform", Obj::str("linux"));
                set("path", Obj::list(Vec::new()));
                let executable = std::env::current_exe().unwrap_or_default();
                set("executable", Obj::str(executable.to_string_lossy()));
                set("version", Obj::str("3.11.0 (dstream)"));
                let version = [3, 11, 0].map(Obj::Int);
                set("version_info", Obj::tuple(version));
            }
            "time" => set("sleep", Obj::Intrinsic(&crate::lang::host::SLEEP)),
            "os" => {
                let names = self.world.catalogue.names.borrow();
                for (member, known) in [("environ", "_environ"), ("getenv", "_getenv")] {
                    set(member, names.get(known).cloned().unwrap_or(Obj::None));
                }
                drop(names);
                set("path", self.module("os.path")?);
            }
            // Scripts that run in notebooks as well look for Spark's home first.
            "findspark" => {
                let names = self.world.catalogue.names.borrow();
                for (member, known) in [("init", "_findspark_init"), ("find", "_findspark_init")] {
                    set(member, names.get(known).cloned().unwrap_or(Obj::None));
                }
            }
            "__future__" => {}
            _ => {
                let catalogue = PYSPARK.iter().find(|(known, _)| *known == name);
                if let Some((_, members)) = catalogue {
                    let names = self.world.catalogue.names.borrow();
                    for member in *members {
                        if let Some(value) = names.get(*member) {
                            set(member, value.clone());
                        }
                    }
                    drop(names);
                    if name == "pyspark" {
                        set("__version__", Obj::str("3.5.9"));
                        for (member, part) in OF_PARTS {
                            if let Obj::Module(part) = self.module(part)? {
                                set(member, self.absent(&part, member)?);
                            }
                        }
                    }
                    // PySpark imports most of its modules by itself.
                    for (inner, _) in PYSPARK {
                        if let Some((outer, member)) = inner.rsplit_once('.')
                            && outer == name
                            && member != "streaming"
                        {
                            set(member, self.module(inner)?);
                        }
                    }
                } else if library.is_none() {
                    return Err(not_found(name));
                }
            }
        }
        let module = Obj::Module(module);
        self.world.modules.borrow_mut().insert(name.into(), module.clone());
        Ok(module)
    }
}

fn not_found(name: &str) -> Halt {
    let why = match refused_module(name) {
        Some(why) => why.to_string(),
        None => format!("what can be imported is {}", module_names().join(", ")),
    };
    Halt::new(&MODULE_NOT_FOUND_ERROR, format!("No module named '{name}': {why}"))
}
