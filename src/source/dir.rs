//! `dir:PATH`: every new file in a directory, once. A file is taken when it was renamed in or closed
//! after writing, or when its size and time have been still for two polls (where there are no events,
//! as on network file systems). Names that start with a dot or `_` are never taken: writers use them
//! for what is not ready.
//!
//! An event has only its own name looked at. The whole directory is listed at the slow poll, if it
//! may have changed, and when events were lost: the work follows the arrivals, not what lies there.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::context::{Context, Next, Source};
use super::decode::Decoded;
use super::file::read_text;
use super::framing::Carry;
use super::hints::{Hint, Watch};
use super::place::Identity;
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
    /// The length of records, where files are not text.
    record: Option<NonZeroUsize>,
    seen: HashMap<OsString, Seen>,
    /// What events have told of names that were not looked at since.
    told: HashMap<OsString, Told>,
    /// Whether events were lost, so that all of the directory has to be looked at.
    lost_events: bool,
    /// Taken names in their order. Those whose state is not [`State::Queued`] any more are void.
    queue: VecDeque<OsString>,
    reading: Option<Reading>,
    /// The directory's modification time when it was listed last.
    listed: Option<SystemTime>,
    listings: u64,
    poll: Instant,
    watch: Option<Watch>,
    last_notice: Option<String>,
    change_reported: bool,
}

struct Reading {
    name: OsString,
    path: PathBuf,
    text: Decoded,
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

/// What events tell of a name.
#[derive(Clone, Copy, Default)]
struct Told {
    complete: bool,
    /// Its file may be another one than before.
    replaced: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It was there before the start.
    Old,
    /// Not ready; how many polls it has been still.
    New(u32),
    /// Taken, and waiting in the queue.
    Queued,
    /// Being read.
    Reading,
    /// Read, as far as it can be.
    Done,
}

/// Why a name is looked at, which decides what a file found there counts as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// At the start: what is there is old.
    Start,
    /// After events.
    Event,
    /// At a poll: counts for having been still.
    Poll,
}

/// Stream numbers: look at what events told of, read the taken files.
const LOOK: usize = 0;
const FILES: usize = 1;

impl Dir {
    /// Notes what is there, which is not read. A directory that does not exist yet is waited for.
    ///
    /// # Errors
    /// If the path is no directory.
    pub(super) fn open(
        label: String,
        path: &Path,
        record: Option<NonZeroUsize>,
        cx: &mut Context,
    ) -> Result<Self> {
        if path.metadata().is_ok_and(|meta| !meta.is_dir()) {
            let path = path.display();
            return Err(Error::Runtime(format!(
                "{path} is no directory: did you mean file:{path} or tail:{path}?"
            )));
        }
        let mut this = Dir {
            label,
            path: path.to_path_buf(),
            record,
            seen: HashMap::new(),
            told: HashMap::new(),
            lost_events: false,
            queue: VecDeque::new(),
            reading: None,
            listed: None,
            listings: 0,
            poll: cx.now + POLL,
            watch: None,
            last_notice: None,
            change_reported: false,
        };
        this.list(Look::Start, cx);
        Ok(this)
    }

    /// Lists the directory and takes what is ready.
    fn list(&mut self, look: Look, cx: &mut Context) {
        // Watched first: what comes between is seen by both.
        if self.watch.is_none() {
            self.watch = cx.hints.watch_dir(cx.source, &self.path);
        }
        self.lost_events = false;
        self.listings += 1;
        match self.note_all(look, cx) {
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
        if self.last_notice.take().is_some() {
            cx.notices.push(format!("{}: watching it now", self.label));
        }
        let listing = self.listings;
        for (name, seen) in self.seen.extract_if(|_, seen| seen.listing != listing) {
            left_out(&self.label, &name, seen.state, cx);
        }
        let mut taken = Vec::new();
        for (name, seen) in &mut self.seen {
            let told = self.told.get(name).copied().unwrap_or_default();
            if seen.take(told) {
                taken.push((seen.changed, name.clone()));
            }
        }
        self.told.clear();
        self.queue_up(taken, cx);
    }

    /// Looks at the names that events told of and takes what is ready.
    fn look_at_told(&mut self, cx: &mut Context) {
        let mut taken = Vec::new();
        for (name, told) in std::mem::take(&mut self.told) {
            match self.path.join(&name).metadata() {
                Ok(meta) if meta.is_file() => {
                    let seen = self.note(name.clone(), &meta, told, Look::Event, cx);
                    if seen.take(told) {
                        taken.push((seen.changed, name));
                    }
                }
                // What cannot be looked at is left to the next listing, except if it has gone.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {}
                _ => {
                    if let Some(seen) = self.seen.remove(&name) {
                        left_out(&self.label, &name, seen.state, cx);
                    }
                }
            }
        }
        self.queue_up(taken, cx);
    }

    /// Queues taken names, oldest first.
    fn queue_up(&mut self, mut taken: Vec<(SystemTime, OsString)>, cx: &mut Context) {
        taken.sort_unstable();
        if !taken.is_empty() {
            self.queue.extend(taken.into_iter().map(|(_, name)| name));
            cx.mark_ready(FILES);
        }
    }

    fn note_all(&mut self, look: Look, cx: &mut Context) -> io::Result<()> {
        self.listed = Some(self.path.metadata()?.modified()?);
        for entry in self.path.read_dir()? {
            let name = entry?.file_name();
            if is_hidden(&name) {
                continue;
            }
            // What has gone meanwhile, and links to nothing, are not there.
            if let Ok(meta) = self.path.join(&name).metadata()
                && meta.is_file()
            {
                let told = self.told.get(&name).copied().unwrap_or_default();
                self.note(name, &meta, told, look, cx);
            }
        }
        Ok(())
    }

    /// Brings what is known of a name up to date.
    fn note(
        &mut self,
        name: OsString,
        meta: &Metadata,
        told: Told,
        look: Look,
        cx: &mut Context,
    ) -> &mut Seen {
        let identity = Identity::of(meta);
        let (size, changed) = (meta.len(), meta.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        let state = if look == Look::Start { State::Old } else { State::New(0) };
        let fresh = Seen { identity, size, changed, state, listing: self.listings };
        let mut entry = match self.seen.entry(name) {
            Entry::Vacant(entry) => return entry.insert(fresh),
            Entry::Occupied(entry) => entry,
        };
        let seen = entry.get();
        let moved = seen.changed != changed || seen.size != size;
        // Where the file system keeps no time of birth, an event and a new time must do.
        let likely_replaced = identity.born.is_none() && moved && told.replaced;
        if seen.identity != identity || likely_replaced {
            left_out(&self.label, entry.key(), seen.state, cx);
            entry.insert(fresh);
            return entry.into_mut();
        }
        if seen.state == State::Done && moved && !std::mem::replace(&mut self.change_reported, true) {
            let (label, name) = (&self.label, entry.key().display());
            cx.notices.push(format!(
                "{label}: {name} was changed after it was read; each file is read once (this is said once)"
            ));
        }
        let seen = entry.into_mut();
        if let State::New(still) = &mut seen.state {
            *still = if moved { 0 } else { *still + u32::from(look == Look::Poll) };
        }
        (seen.size, seen.changed, seen.listing) = (size, changed, self.listings);
        seen
    }

    fn complain(&mut self, what: String, cx: &mut Context) {
        if self.last_notice.as_ref() != Some(&what) {
            cx.notices.push(format!("{}: {what}", self.label));
            self.last_notice = Some(what);
        }
    }

    /// Opens the next taken file that can be opened.
    fn open_next(&mut self, cx: &mut Context) -> bool {
        while let Some(name) = self.queue.pop_front() {
            let Some(seen) = self.seen.get_mut(&name).filter(|seen| seen.state == State::Queued) else {
                continue;
            };
            let path = self.path.join(&name);
            let opened = match self.record {
                Some(length) => Decoded::open_records(&path, length),
                None => Decoded::open(&path),
            };
            match opened {
                Ok(text) => {
                    seen.state = State::Reading;
                    self.reading = Some(Reading { name, path, text, carry: Carry::default() });
                    return true;
                }
                Err(error) => {
                    seen.state = State::Done;
                    cx.notices.push(format!("{}: a file is left out: {error}", self.label));
                }
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
            Ok(Next::Wait) => {}
            Ok(next) => return next,
            Err(error) => {
                let lost = cx.intake.discard(carry);
                let label = &self.label;
                cx.notices.push(format!(
                    "{label}: the rest of a file is left out: {error} ({lost} bytes of a line)"
                ));
            }
        }
        // If the name belongs to another file by now, that one is none of this one's business.
        if let Some(seen) = self.seen.get_mut(name).filter(|seen| seen.state == State::Reading) {
            seen.state = State::Done;
            if let Ok(meta) = path.metadata() {
                seen.size = meta.len();
                seen.changed = meta.modified().unwrap_or(seen.changed);
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
        if self.lost_events {
            self.list(Look::Event, cx);
        } else {
            self.look_at_told(cx);
        }
        Ok(Next::Wait)
    }

    fn due(&self) -> Option<Instant> {
        Some(self.poll)
    }

    fn tick(&mut self, cx: &mut Context) -> Result<()> {
        self.poll = cx.now + POLL;
        if self.may_have_changed() {
            self.list(Look::Poll, cx);
        }
        Ok(())
    }

    fn hint(&mut self, hint: &Hint, cx: &mut Context) {
        match &hint.name {
            None => self.lost_events = true,
            Some(name) if is_hidden(name) => return,
            Some(name) => {
                let told = self.told.entry(name.clone()).or_default();
                // What was complete may be another file's.
                told.complete = hint.complete || (told.complete && !hint.replaced);
                told.replaced |= hint.replaced;
            }
        }
        cx.mark_ready(LOOK);
    }
}

impl Seen {
    /// Takes a new file that is ready; whether it was. Nothing is lost by leaving an empty file:
    /// something may still come into it.
    fn take(&mut self, told: Told) -> bool {
        let State::New(still) = self.state else { return false };
        let ready = self.size > 0 && (still >= STILL || told.complete);
        if ready {
            self.state = State::Queued;
        }
        ready
    }
}

/// Whether writers keep a name for what is not ready.
fn is_hidden(name: &OsStr) -> bool {
    matches!(name.as_bytes().first(), Some(b'.' | b'_'))
}

/// Says of a taken file that its name has gone, or belongs to another file, before it was read.
fn left_out(label: &str, name: &OsStr, state: State, cx: &mut Context) {
    if state == State::Queued {
        cx.notices
            .push(format!("{label}: a file is left out: {} has gone before it was read", name.display()));
    }
}
