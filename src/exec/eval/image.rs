//! Images to compiled functions. Code that was compiled before is not compiled again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use super::compile::{compile as compile_program, compile_part as compile_program_part};
use super::instance::Instance;
use super::names::Globals;
use super::unit::Program;
use crate::batch::python::json::Wanted;
use crate::batch::value::{Heap, Outcome};
use crate::plan::code::Code;
use crate::plan::{Frozen, Given, Image, Part, members_given};

/// An image whose code is compiled. Any number of tasks thaw it at the same time.
pub struct Compiled {
    image: Arc<Image>,
    globals: Globals,
    programs: Vec<Arc<Program>>,
    /// The number of the program of each code, by address.
    numbers: HashMap<usize, usize>,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").field("image", &self.image).finish_non_exhaustive()
    }
}

impl Compiled {
    /// The function in this arena, with a copy of its own of all that it has captured; that is decoded when
    /// it is first looked at.
    ///
    /// # Errors
    /// What making its defaults raises.
    pub fn thaw<'a>(&'a self, heap: &Heap<'a>) -> Outcome<'a> {
        Instance::new(self, heap).thaw(heap, &self.image.entry)
    }

    /// What it was compiled from.
    pub fn image(&self) -> &Arc<Image> {
        &self.image
    }

    pub(super) fn globals(&self) -> &Globals {
        &self.globals
    }

    pub(super) fn programs(&self) -> &[Arc<Program>] {
        &self.programs
    }

    /// The program of some code of the image, and its number.
    pub(super) fn program(&self, code: &Arc<Code>) -> (usize, &Program) {
        let number = self.numbers[&address(code)];
        (number, &self.programs[number])
    }
}

/// Compiles a function. Functions are frozen anew for every batch, mostly with the same code: that is
/// compiled once.
pub fn compile(image: &Arc<Image>) -> Arc<Compiled> {
    compile_with(image, cached)
}

/// Compiles a function of one argument to one that does the same with a tuple of some members of that, all those that
/// are `wanted`; or to what gives a part of what it does, where it is asked for that alone.
/// `None` if that cannot be. It must not be recursive.
pub fn compile_part(
    image: &Arc<Image>,
    wanted: Option<&Wanted>,
    part: Option<Part>,
) -> Option<Arc<Compiled>> {
    let Frozen::Function { code, .. } = &image.entry else { return None };
    let part = match part {
        Some(part) => Some(part.of(code)?),
        None => None,
    };
    let given = match wanted {
        Some(wanted) => members_given(image, wanted)?,
        None => Given::new(),
    };
    debug_assert!(!image.is_recursive(), "it would call a part of itself");
    Some(compile_with(image, |known, globals| {
        if Arc::ptr_eq(known, code) {
            Arc::new(compile_program_part(code, part, &given, globals, &code.name))
        } else {
            cached(known, globals)
        }
    }))
}

fn compile_with(image: &Arc<Image>, program: impl Fn(&Arc<Code>, &Globals) -> Arc<Program>) -> Arc<Compiled> {
    let (mut codes, mut numbers) = (Vec::new(), HashMap::new());
    let frozen = image.globals.iter().map(|(_, frozen)| frozen).chain(image.cells.iter().flatten());
    for frozen in frozen.chain([&image.entry]) {
        collect(frozen, &mut numbers, &mut codes);
    }
    let mut assigned = Vec::new();
    loop {
        let globals = Globals::new(&image.globals, assigned.clone());
        let programs: Vec<_> = codes.iter().map(|code| program(code, &globals)).collect();
        // What functions assign to is known when they are compiled; others may then see it too.
        let mut found: Vec<_> =
            programs.iter().flat_map(|program| program.assigned.iter().cloned()).collect();
        found.sort();
        found.dedup();
        if found == assigned {
            return Arc::new(Compiled { image: image.clone(), globals, programs, numbers });
        }
        assigned = found;
    }
}

/// The codes in what was frozen, each once. Depth is what `lang` allows when it freezes.
fn collect(frozen: &Frozen, numbers: &mut HashMap<usize, usize>, codes: &mut Vec<Arc<Code>>) {
    match frozen {
        Frozen::Function { code, defaults, .. } => {
            numbers.entry(address(code)).or_insert_with(|| {
                codes.push(code.clone());
                codes.len() - 1
            });
            defaults.iter().for_each(|default| collect(default, numbers, codes));
        }
        Frozen::Tuple(items) | Frozen::List(items) => {
            items.iter().for_each(|item| collect(item, numbers, codes));
        }
        Frozen::Dict(entries) => {
            for (key, value) in entries.iter() {
                collect(key, numbers, codes);
                collect(value, numbers, codes);
            }
        }
        Frozen::Broadcast(value) => collect(value, numbers, codes),
        Frozen::Data(_)
        | Frozen::Native(_)
        | Frozen::Type(_)
        | Frozen::Module(_)
        | Frozen::Accumulator(_) => {}
    }
}

fn address(code: &Arc<Code>) -> usize {
    Arc::as_ptr(code).addr()
}

/// Programs that are kept at most; a program text has far fewer functions.
const MOST_CACHED: usize = 1024;

/// Compiled code by the address of what it was compiled from. The address stays taken as long as the
/// program refers to it.
static CACHE: LazyLock<Mutex<HashMap<usize, Arc<Program>>>> = LazyLock::new(Mutex::default);

fn cached(code: &Arc<Code>, globals: &Globals) -> Arc<Program> {
    let cache = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = cache().get(&address(code))
        && program.resolved.iter().all(|(name, resolution)| globals.resolve(name).fits(resolution))
    {
        return program.clone();
    }
    let program = Arc::new(compile_program(code, globals, &code.name));
    let mut cache = cache();
    if cache.len() >= MOST_CACHED {
        cache.retain(|_, program| Weak::strong_count(&program.code) > 0);
    }
    if cache.len() >= MOST_CACHED {
        cache.clear();
    }
    cache.insert(address(code), program.clone());
    program
}
