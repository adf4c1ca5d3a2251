//! Compiled patterns. This file alone knows the engine: it runs patterns that are regular on finite
//! automata, and the others (look-around, back-references) by bounded backtracking.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use fancy_regex::{Regex, RegexBuilder};

use super::Fault;
use super::emit::{Subject, depends, emit};
use super::parse::parse;
use super::tree::Tree;

/// Steps back that one search may take.
const BACKTRACK_LIMIT: usize = 5_000_000;

/// Bytes that the automaton of a pattern may have.
const SIZE_LIMIT: usize = 32 << 20;

/// Compiled patterns that are kept, as many as CPython keeps.
const CACHED: usize = 512;

/// Where a match may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Anywhere from the position on.
    Search,
    /// Anywhere from the position on, but nothing empty at the position itself.
    Advance,
    /// At the position.
    Match,
    /// From the position to the end of the text.
    Full,
}

/// What a pattern has matched: the bytes of group 0 and of each other group.
pub type Spans = Vec<Option<(usize, usize)>>;

/// A compiled pattern.
pub struct Program {
    /// As written.
    pub pattern: String,
    /// As parsed.
    pub tree: Tree,
    /// Which of [`Subject`] the form depends on.
    depends: Subject,
    /// The forms, made when they are first needed.
    forms: [OnceLock<Result<Regex, String>>; FORMS],
}

/// Two facts about the text, and six ways to start.
const FORMS: usize = 4 * 6;

/// A text that is searched.
#[derive(Debug, Clone, Copy)]
pub struct Searched<'t> {
    /// It ends where the search ends.
    pub text: &'t str,
    subject: Subject,
}

impl<'t> Searched<'t> {
    /// Looks at what matters about the text.
    pub fn new(text: &'t str) -> Self {
        Searched { text, subject: Subject { ascii: text.is_ascii(), newline: text.ends_with('\n') } }
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.pattern)
    }
}

impl Program {
    fn new(pattern: &str, flags: u32) -> Result<Self, Fault> {
        let tree = parse(pattern, flags)?;
        let program = Program {
            pattern: pattern.to_owned(),
            depends: depends(&tree.root),
            tree,
            forms: [const { OnceLock::new() }; FORMS],
        };
        // What the engine cannot do is said when the pattern is compiled.
        program.form(&Searched::new(""), 0, Anchor::Search).map_err(Fault::nowhere)?;
        Ok(program)
    }

    /// Finds the first match from byte `from` on; `spans` holds what each group has matched.
    ///
    /// # Errors
    /// A message: the search took too long, or the form for this text is beyond the engine.
    pub fn find(
        &self,
        searched: &Searched<'_>,
        from: usize,
        anchor: Anchor,
        spans: &mut Spans,
    ) -> Result<bool, String> {
        spans.clear();
        let form = self.form(searched, from, anchor)?;
        if self.tree.groups.is_empty() {
            let found = form.find_from_pos(searched.text, from).map_err(|fault| explained(&fault))?;
            spans.extend(found.map(|found| Some((found.start(), found.end()))));
        } else if let Some(captures) =
            form.captures_from_pos(searched.text, from).map_err(|fault| explained(&fault))?
        {
            spans.extend(captures.iter().map(|group| group.map(|group| (group.start(), group.end()))));
        }
        Ok(!spans.is_empty())
    }

    /// The form of the pattern for this text and this way to start.
    fn form(&self, searched: &Searched<'_>, from: usize, anchor: Anchor) -> Result<&Regex, String> {
        let subject = Subject {
            ascii: self.depends.ascii && !searched.subject.ascii,
            newline: self.depends.newline && searched.subject.newline,
        };
        let (way, before, after) = match (anchor, from) {
            (Anchor::Search, _) => (0, "", ""),
            (Anchor::Advance, _) => (1, "(?:", r")(?!\G)"),
            (Anchor::Match, 0) => (2, r"\A(?:", ")"),
            (Anchor::Match, _) => (3, r"\G(?:", ")"),
            (Anchor::Full, 0) => (4, r"\A(?:", r")\z"),
            (Anchor::Full, _) => (5, r"\G(?:", r")\z"),
        };
        let index = way * 4 + usize::from(subject.ascii) * 2 + usize::from(subject.newline);
        let form = self.forms[index].get_or_init(|| {
            let subject = Subject { ascii: !subject.ascii, newline: subject.newline };
            let text = format!("{before}{}{after}", emit(&self.tree.root, subject));
            RegexBuilder::new(&text)
                .backtrack_limit(BACKTRACK_LIMIT)
                .delegate_size_limit(SIZE_LIMIT)
                .build()
                .map_err(|fault| format!("the pattern is not supported: {}", explained(&fault)))
        });
        form.as_ref().map_err(String::clone)
    }
}

/// What the engine says, as one line.
fn explained(fault: &fancy_regex::Error) -> String {
    use fancy_regex::{CompileError, Error, RuntimeError};
    match fault {
        Error::RuntimeError(RuntimeError::BacktrackLimitExceeded) => {
            format!("the search was given up after {BACKTRACK_LIMIT} steps back")
        }
        Error::CompileError(error) if matches!(**error, CompileError::LookBehindNotConst) => {
            String::from("look-behind with a group in it")
        }
        Error::CompileError(_) => String::from("it is too large"),
        _ => fault.to_string().replace('\n', " "),
    }
}

#[derive(Default)]
struct Cache {
    programs: HashMap<u32, HashMap<String, Arc<Program>, ahash::RandomState>, ahash::RandomState>,
    /// Oldest first.
    order: VecDeque<(u32, String)>,
}

static CACHE: RwLock<Option<Cache>> = RwLock::new(None);

/// The program of a pattern, compiled once for the whole process as long as it stays among the last.
///
/// # Errors
/// What is wrong with the pattern.
pub fn program(pattern: &str, flags: u32) -> Result<Arc<Program>, Fault> {
    if let Some(cache) = &*CACHE.read().unwrap_or_else(PoisonError::into_inner)
        && let Some(program) = cache.programs.get(&flags).and_then(|programs| programs.get(pattern))
    {
        return Ok(Arc::clone(program));
    }
    let program = Arc::new(Program::new(pattern, flags)?);
    let mut cache = CACHE.write().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_default();
    if cache.order.len() >= CACHED
        && let Some((flags, pattern)) = cache.order.pop_front()
        && let Some(programs) = cache.programs.get_mut(&flags)
    {
        programs.remove(&pattern);
    }
    if cache.programs.entry(flags).or_default().insert(pattern.to_owned(), Arc::clone(&program)).is_none() {
        cache.order.push_back((flags, pattern.to_owned()));
    }
    Ok(program)
}

/// A regular expression for the library's own use, that ignores case of ASCII letters.
pub struct Scanner(Program);

/// What a [`Scanner`] has found at the start of a text.
pub struct Scan<'s, 't> {
    program: &'s Program,
    text: &'t str,
    spans: Spans,
}

impl Scanner {
    /// Compiles it.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn new(pattern: &str) -> Result<Scanner, Fault> {
        Program::new(pattern, super::IGNORECASE | super::ASCII).map(Scanner)
    }

    /// Matches it at the start of a text.
    ///
    /// # Errors
    /// A message, where the search took too long.
    pub fn find<'s, 't>(&'s self, text: &'t str) -> Result<Option<Scan<'s, 't>>, String> {
        let mut spans = Spans::new();
        let found = self.0.find(&Searched::new(text), 0, Anchor::Match, &mut spans)?;
        Ok(found.then_some(Scan { program: &self.0, text, spans }))
    }
}

impl<'t> Scan<'_, 't> {
    /// What a named group has matched.
    pub fn group(&self, name: &str) -> Option<&'t str> {
        let groups = &self.program.tree.groups;
        let index = groups.iter().position(|group| group.name.as_deref() == Some(name))?;
        self.spans.get(index + 1).copied().flatten().map(|(start, end)| &self.text[start..end])
    }

    /// What stands behind the match.
    pub fn rest(&self) -> &'t str {
        self.spans.first().copied().flatten().map_or("", |(_, end)| &self.text[end..])
    }
}
