//! `dir:PATH`: every new file in a directory, once. A file is taken when it was renamed in or closed
//! after writing, or when its size and time have been still for two polls (where there are no events,
//! as on network file systems). Names that start with a dot or `_` are never taken: writers use them
//! for what is not ready.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::context::{Context, Next, Source};
use super::decode::Text;
use super::file::read_text;
use super::framing::Carry;
use super::hints::{Hint, Watch};
use crate::error::{Error, Result, plain};

/// How often the directory is looked at.
const POLL: Duration = Duration::from_secs(1);
/// Polls over which a file must not have changed, if nobody said that it is complete.
const STILL: u32 = 2;
/// A directory that changed this recently may change again within the same tick of the file
/// system's clock.
const RECENT: Duration = Duration::from_secs(2);

/// A watched directory.
pub(super) struct Dir {
    label: String,
    path: PathBuf,
    seen: HashMap<OsString, Seen>,
    /// Names that events called complete, and names whose file may be another one than before,
    /// since the last listing.
    complete: HashSet<OsString>,
    replaced: HashSet<OsString>,
    queue: VecDeque<OsString>,
    reading: Option<Reading>,
    /// The directory's modification time when it was listed last.
    listed: Option<SystemTime>,
    listings: u64,
    poll: Instant,
    watch: Option<Watch>,
    said: Option<String>,
    said_changed: bool,
}

struct Reading {
    name: OsString,
    path: PathBuf,
    text: Text,
    carry: Carry,
}

/// What is known of a name in the directory; forgotten when the name is gone.
struct Seen {
    identity: Identity,
    size: u64,
    changed: SystemTime,
    state: State,
    listing: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It was there before the start.
    Old,
    /// Not ready; how many polls it has been still.
    New(u32),
    /// Read, or waiting to be.
    Taken,
}

/// Inodes are used again at once, times of birth are not.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    born: Option<SystemTime>,
}

/// Stream numbers: list the directory, read the taken files.
const LIST: usize = 0;
const FILES: usize = 1;

impl Dir {
    /// Notes what is there, which is not read. A directory that does not exist yet is waited for.
    ///
    /// # Errors
    /// If the path is no directory.
    pub(super) fn open(label: String, path: &Path, cx: &mut Context) -> Result<Self> {
        if path.metadata().is_ok_and(|meta| !meta.is_dir()) {
            let path = path.display();
            return Err(Error::Runtime(format!(
                "{path} is no directory: did you mean file:{path} or tail:{path}?"
            )));
        }
        let mut this = Dir {
            label,
            path: path.to_path_buf(),
            seen: HashMap::new(),
            complete: HashSet::new(),
            replaced: HashSet::new(),
            queue: VecDeque::new(),
            reading: None,
            listed: None,
            listings: 0,
            poll: cx.now + POLL,
            watch: None,
            said: None,
            said_changed: false,
        };
        this.list(true, false, cx);
        Ok(this)
    }

    /// Lists the directory and takes what is ready, oldest first. `polled` listings count for
    /// having been still.
    fn list(&mut self, at_start: bool, polled: bool, cx: &mut Context) {
        // Watched first: what comes between is seen by both.
        if self.watch.is_none() {
            self.watch = cx.hints.watch_dir(cx.source, &self.path);
        }
        self.listings += 1;
        match self.note_all(at_start, polled, cx) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.listed = None;
                if let Some(watch) = self.watch.take() {
                    cx.hints.unwatch(cx.source, watch);
                }
                return self.complain("does not exist, waiting for it".into(), cx);
            }
            Err(error) => {
                self.listed = None;
                return self.complain(format!("cannot be listed: {}", plain(&error)), cx);
            }
            Ok(()) => {}
        }
        if self.said.take().is_some() {
            cx.notices.push(format!("{}: watching it now", self.label));
        }
        let listing = self.listings;
        self.seen.retain(|_, seen| seen.listing == listing);
        let mut taken = Vec::new();
        for (name, seen) in &mut self.seen {
            let State::New(still) = seen.state else { continue };
            // Nothing is lost by leaving an empty file: something may still come into it.
            if seen.size > 0 && (still >= STILL || self.complete.contains(name)) {
                seen.state = State::Taken;
                taken.push((seen.changed, name.clone()));
            }
        }
        self.complete.clear();
        self.replaced.clear();
        taken.sort_unstable();
        if !taken.is_empty() {
            self.queue.extend(taken.into_iter().map(|(_, name)| name));
            cx.mark_ready(FILES);
        }
    }

    fn note_all(&mut self, at_start: bool, polled: bool, cx: &mut Context) -> io::Result<()> {
        self.listed = Some(self.path.metadata()?.modified()?);
        for entry in self.path.read_dir()? {
            let name = entry?.file_name();
            if matches!(name.as_bytes().first(), Some(b'.' | b'_')) {
                continue;
            }
            // What has gone meanwhile, and links to nothing, are not there.
            if let Ok(meta) = self.path.join(&name).metadata()
                && meta.is_file()
            {
                self.note(name, &meta, at_start, polled, cx);
            }
        }
        Ok(())
    }

    fn note(&mut self, name: OsString, meta: &Metadata, at_start: bool, polled: bool, cx: &mut Context) {
        let identity = Identity { device: meta.dev(), inode: meta.ino(), born: meta.created().ok() };
        let (size, changed) = (meta.len(), meta.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        let fresh = Seen {
            identity,
            size,
            changed,
            state: if at_start { State::Old } else { State::New(0) },
            listing: self.listings,
        };
        let waiting = self.is_waiting(&name);
        let Some(seen) = self.seen.get_mut(&name) else {
            self.seen.insert(name, fresh);
            return;
        };
        let moved = seen.changed != changed || seen.size != size;
        // Where the file system keeps no time of birth, an event and a new time must do.
        let unborn = identity.born.is_none() && moved && self.replaced.contains(&name);
        if seen.identity != identity || unborn {
            *seen = fresh;
            return;
        }
        seen.listing = self.listings;
        match &mut seen.state {
            State::New(still) if moved => *still = 0,
            State::New(still) => *still += u32::from(polled),
            State::Taken if moved && !waiting => {
                if !std::mem::replace(&mut self.said_changed, true) {
                    let (label, name) = (&self.label, name.display());
                    cx.notices.push(format!(
                        "{label}: {name} was changed after it was read; each file is read once (this is said once)"
                    ));
                }
            }
            State::Taken | State::Old => {}
        }
        (seen.size, seen.changed) = (size, changed);
    }

    /// Whether the file was taken but has not been read to its end.
    fn is_waiting(&self, name: &OsStr) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.name == name)
            || self.queue.iter().any(|other| other == name)
    }

    fn complain(&mut self, what: String, cx: &mut Context) {
        if self.said.as_ref() != Some(&what) {
            cx.notices.push(format!("{}: {what}", self.label));
            self.said = Some(what);
        }
    }

    /// Opens the next taken file that can be opened.
    fn open_next(&mut self, cx: &mut Context) -> bool {
        while let Some(name) = self.queue.pop_front() {
            let path = self.path.join(&name);
            match Text::open(&path) {
                Ok(text) => {
                    self.reading = Some(Reading { name, path, text, carry: Carry::default() });
                    return true;
                }
                Err(error) => cx.notices.push(format!("{}: a file is left out: {error}", self.label)),
            }
        }
        false
    }

    fn read_files(&mut self, cx: &mut Context) -> Next {
        if self.reading.is_none() && !self.open_next(cx) {
            return Next::Wait;
        }
        let Some(Reading { name, path, text, carry }) = &mut self.reading else { return Next::Wait };
        match read_text(text, path, carry, cx) {
            Ok(Next::Wait) => {
                if let (Some(seen), Ok(meta)) = (self.seen.get_mut(name), path.metadata()) {
                    seen.size = meta.len();
                    seen.changed = meta.modified().unwrap_or(seen.changed);
                }
            }
            Ok(next) => return next,
            Err(error) => {
                let lost = cx.intake.discard(carry);
                let label = &self.label;
                cx.notices.push(format!(
                    "{label}: the rest of a file is left out: {error} ({lost} bytes of a line)"
                ));
            }
        }
        self.reading = None;
        if self.queue.is_empty() { Next::Wait } else { Next::Again }
    }

    /// Whether listing again could find anything that the last listing did not.
    fn may_have_changed(&self) -> bool {
        let waiting = |seen: &Seen| matches!(seen.state, State::New(_));
        let Ok(changed) = self.path.metadata().and_then(|meta| meta.modified()) else { return true };
        Some(changed) != self.listed
            || changed.elapsed().map_or(true, |age| age < RECENT)
            || self.seen.values().any(waiting)
    }
}

impl Source for Dir {
    fn read(&mut self, stream: usize, cx: &mut Context) -> Result<Next> {
        if stream == FILES {
            return Ok(self.read_files(cx));
        }
        self.list(false, false, cx);
        Ok(Next::Wait)
    }

    fn due(&self) -> Option<Instant> {
        Some(self.poll)
    }

    fn tick(&mut self, cx: &mut Context) -> Result<()> {
        self.poll = cx.now + POLL;
        if self.may_have_changed() {
            self.list(false, true, cx);
        }
        Ok(())
    }

    fn hint(&mut self, hint: &Hint, cx: &mut Context) {
        let Some(name) = &hint.name else { return cx.mark_ready(LIST) };
        if matches!(name.as_bytes().first(), Some(b'.' | b'_')) {
            return;
        }
        if hint.replaced {
            self.replaced.insert(name.clone());
        }
        if hint.complete {
            self.complete.insert(name.clone());
        }
        cx.mark_ready(LIST);
    }
}
