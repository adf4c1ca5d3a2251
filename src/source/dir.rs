//! `dir:PATH`: every new file in a directory, once. A file is taken when it was renamed in or closed
//! after writing, or when its size and time have been still for two polls (where there are no events,
//! as on network file systems). Names that start with a dot or `_` are never taken: writers use them
//! for what is not ready.
//!
//! An event has only its own name looked at. The whole directory is listed at the slow poll, if it
//! may have changed, and when events were lost: the work follows the arrivals, not what lies there.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::context::{Context, Next, Source};
use super::decode::Decoded;
use super::file::{go_to, read_text};
use super::framing::Carry;
use super::hints::{Hint, Watch};
use super::place::{Identity, nanos, time};
use super::position::{DirPosition, FileName, Position, ReadingFile, SeenFile};
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
    /// What a position was in the middle of, until the directory is there.
    left_off: Option<ReadingFile>,
    /// The directory's modification time when it was listed last.
    listed: Option<SystemTime>,
    listings: u64,
    poll: Instant,
    watch: Option<Watch>,
    last_notice: Option<String>,
    change_reported: bool,
    /// Names of which something may have to be told; none if nobody asks.
    untold: Option<HashSet<OsString>>,
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
    /// Notes what is there, which is not read, or, at a position, read as far as it was not before. A
    /// directory that does not exist yet is waited for. `told` says whether positions are asked for.
    ///
    /// # Errors
    /// If the path is no directory.
    pub(super) fn open(
        label: String,
        path: &Path,
        record: Option<NonZeroUsize>,
        (told, position): (bool, Option<DirPosition>),
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
            left_off: None,
            listed: None,
            listings: 0,
            poll: cx.now + POLL,
            watch: None,
            last_notice: None,
            change_reported: false,
            untold: told.then(HashSet::new),
        };
        match position {
            None => this.list(Look::Start, cx),
            Some(position) => this.go_on(position, cx),
        }
        Ok(this)
    }

    /// Goes on from a position: lists the directory as if it had been watched.
    fn go_on(&mut self, position: DirPosition, cx: &mut Context) {
        for (name, seen) in position.files {
            let Some(seen) = seen else { continue };
            let (identity, size, changed) = (seen.identity.into(), seen.size, time(seen.changed_ns));
            let seen = Seen { identity, size, changed, state: State::Done, listing: 0 };
            self.seen.insert(name.name(), seen);
        }
        self.left_off = position.reading;
        self.list(Look::Event, cx);
    }

    /// Reads on from the middle of a file, whatever it is called now.
    fn read_on(&mut self, ReadingFile { name, file }: ReadingFile, cx: &mut Context) {
        let (name, identity) = (name.name(), Identity::from(file.identity));
        let is_it = |name: &OsString| self.seen.get(name).is_some_and(|seen| seen.identity == identity);
        let Some(now) =
            Some(&name).filter(|name| is_it(name)).or_else(|| self.seen.keys().find(|name| is_it(name)))
        else {
            let (label, offset) = (&self.label, file.offset);
            return cx.notices.push(format!(
                "{label}: the rest of a file is left out: {} has gone before it was read beyond byte {offset}",
                name.display()
            ));
        };
        let path = self.path.join(now);
        if let Some(seen) = self.seen.get_mut(&name).filter(|seen| seen.identity == identity) {
            seen.state = State::Reading;
        }
        let mut carry = Carry::default();
        match text_of(&path, self.record).and_then(|text| go_to(text, &path, &file, &mut carry, cx)) {
            Ok(text) => {
                self.reading = Some(Reading { name, path, text, carry });
                cx.mark_ready(FILES);
            }
            Err(error) => {
                cx.notices.push(format!("{}: the rest of a file is left out: {error}", self.label));
                self.is_done(&name, &path);
            }
        }
    }

    /// Has the name told when positions are asked for next.
    fn tell(&mut self, name: &OsStr) {
        if let Some(untold) = &mut self.untold {
            untold.insert(name.to_os_string());
        }
    }

    /// A file is not read any further. If the name belongs to another file by now, that one is none of
    /// this one's business.
    fn is_done(&mut self, name: &OsStr, path: &Path) {
        if let Some(seen) = self.seen.get_mut(name).filter(|seen| seen.state == State::Reading) {
            seen.state = State::Done;
            if let Ok(meta) = path.metadata() {
                seen.size = meta.len();
                seen.changed = meta.modified().unwrap_or(seen.changed);
            }
            self.tell(name);
        }
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
            self.untold.iter_mut().for_each(|untold| _ = untold.insert(name.clone()));
        }
        if let Some(left_off) = self.left_off.take() {
            self.read_on(left_off, cx);
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
                        self.tell(&name);
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
            Entry::Vacant(entry) => {
                if state == State::Old {
                    self.untold.iter_mut().for_each(|untold| _ = untold.insert(entry.key().clone()));
                }
                return entry.insert(fresh);
            }
            Entry::Occupied(entry) => entry,
        };
        let seen = entry.get();
        let moved = seen.changed != changed || seen.size != size;
        // Where the file system keeps no time of birth, an event and a new time must do.
        let likely_replaced = identity.born.is_none() && moved && told.replaced;
        if seen.identity != identity || likely_replaced {
            left_out(&self.label, entry.key(), seen.state, cx);
            self.untold.iter_mut().for_each(|untold| _ = untold.insert(entry.key().clone()));
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
            match text_of(&path, self.record) {
                Ok(text) => {
                    seen.state = State::Reading;
                    self.reading = Some(Reading { name, path, text, carry: Carry::default() });
                    return true;
                }
                Err(error) => {
                    seen.state = State::Done;
                    cx.notices.push(format!("{}: a file is left out: {error}", self.label));
                    self.tell(&name);
                }
            }
        }
        false
    }

    fn read_files(&mut self, cx: &mut Context) -> Next {
        if self.reading.is_none() && !self.open_next(cx) {
            return Next::Wait;
        }
        let Some(Reading { path, text, carry, .. }) = &mut self.reading else { return Next::Wait };
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
        if let Some(Reading { name, path, .. }) = self.reading.take() {
            self.is_done(&name, &path);
        }
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

/// A file of the directory, as text or as records of that length.
fn text_of(path: &Path, record: Option<NonZeroUsize>) -> Result<Decoded> {
    match record {
        Some(length) => Decoded::open_records(path, length),
        None => Decoded::open(path),
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

    fn position(&mut self) -> Option<Position> {
        let reading = self.reading.as_ref().map(|Reading { name, text, carry, .. }| ReadingFile {
            name: FileName::new(name),
            file: text.position(carry.came()),
        });
        let reading = reading.or_else(|| self.left_off.clone());
        let untold = std::mem::take(self.untold.as_mut()?);
        let files = untold.into_iter().map(|name| {
            let seen = self.seen.get(&name).filter(|seen| matches!(seen.state, State::Old | State::Done));
            (FileName::new(&name), seen.map(Seen::told))
        });
        Some(Position::Dir(DirPosition { reading, files: files.collect() }))
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
    /// As a position tells it.
    fn told(&self) -> SeenFile {
        SeenFile { identity: self.identity.into(), size: self.size, changed_ns: nanos(self.changed) }
    }

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
