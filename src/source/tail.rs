//! `tail:PATH`: a growing file, followed by name as `tail -F` does.
//!
//! A slow poll of the name is the truth, file events only wake us earlier. A file is known by its
//! device, inode and time of birth; a truncation by a size below our offset, or by a head that is no
//! longer the same. A file that has lost its name is read to its end before what has the name now.
//!
//! Writers of a file that has lost its name may not know that yet, so it stays open and is read on:
//! until a minute after its last bytes, and while it still has another name (`log.1`) until a minute
//! after the next file has lost the name too. Its last line counts as ended when nothing has come for
//! [`GRACE`].
//!
//! What happened to the files while nobody followed them is found out from a position (see `rotated`).
//! Of a file that was truncated meanwhile, what came into it before is read from the copy that was made
//! of it (`copytruncate`), if there is one that is not compressed; otherwise its loss is said.
//!
//! Limits:
//! - What is written to a file later than that is not seen.
//! - Of more than [`KEPT`] such files the older ones are closed after [`GRACE`], and of more than
//!   [`KEPT_MOST`] as soon as they were read to their end.
//! - A file that got the name and lost it between two looks (at most [`POLL`] apart, and closer
//!   where there are file events) was never seen.
//! - Files that do not tell their size, as those of `/proc`, are refused.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::context::{Context, Next, Source};
use super::decode::is_directory;
use super::descriptors::raise_descriptor_limit;
use super::followed::{Followed, has_no_size, no_size, open};
use super::hints::{Hint, Watch};
use super::place::{Identity, Place, nanos};
use super::position::{FormerFile, FormerState, Position, TailPosition};
use super::rotated::{Recovered, recover};
use crate::error::{Error, Result, plain};

/// How often the name is looked at.
const POLL: Duration = Duration::from_secs(1);
/// How long a file that has lost its name must have been still for its last line to have ended.
const GRACE: Duration = Duration::from_secs(5);
/// How long it is kept open for late writers.
const LATE: Duration = Duration::from_secs(60);
/// Files kept open for late writers.
const KEPT: usize = 16;
/// Files kept open until their last line has ended.
const KEPT_MOST: usize = 256;
/// How long a name may be missing before a notice says so: rotation leaves a gap.
const GAP: Duration = Duration::from_secs(3);
/// Closed files that would be recognised if they came back.
const REMEMBERED: usize = 16;

/// Where following begins.
#[derive(PartialEq, Eq)]
pub(super) enum Begin {
    /// At the end of what is there.
    End,
    /// At its start.
    Start,
    /// At a position that was told earlier.
    At(TailPosition),
}

/// A followed name and the files behind it.
pub(super) struct Tail {
    label: String,
    path: PathBuf,
    /// The file that has the name now.
    current: Option<Followed>,
    /// Files that had it before, in the order in which they lost it.
    old: Vec<Followed>,
    closed: VecDeque<Place>,
    opened: usize,
    poll: Instant,
    missing_since: Option<Instant>,
    /// The last thing that was said to be wrong with the name.
    last_notice: Option<String>,
    directory: Option<Watch>,
}

impl Tail {
    /// Opens the file, or waits for one to come. What is gone of the files of a position, or was
    /// overwritten, is said.
    ///
    /// # Errors
    /// If the name belongs to something that cannot be followed.
    pub(super) fn open(label: String, path: &Path, begin: Begin, cx: &mut Context) -> Result<Self> {
        raise_descriptor_limit();
        if let Ok(meta) = path.metadata() {
            let kind = meta.file_type();
            if kind.is_dir() {
                return Err(is_directory(path));
            }
            if kind.is_fifo() || kind.is_char_device() || kind.is_socket() {
                let path = path.display();
                return Err(Error::Runtime(format!(
                    "{path} is no regular file and cannot be followed: did you mean file:{path}?"
                )));
            }
            if kind.is_file() && open(path).and_then(|file| has_no_size(&file)).unwrap_or(false) {
                let path = path.display();
                return Err(Error::Runtime(format!(
                    "{path} does not tell its size, as files of the kernel, and cannot be followed: did you \
                     mean file:{path}?"
                )));
            }
        }
        let mut this = Tail {
            label,
            path: path.to_path_buf(),
            current: None,
            old: Vec::new(),
            closed: VecDeque::new(),
            opened: 0,
            poll: cx.now + POLL,
            missing_since: None,
            last_notice: None,
            directory: None,
        };
        if let Begin::At(position) = &begin {
            this.recover(position, cx);
        }
        this.look(cx);
        match &mut this.current {
            Some(followed) if begin == Begin::End => followed.skip_to_end(),
            Some(_) => {}
            None if this.last_notice.is_none() => {
                this.complain("does not exist yet, waiting for it".into(), cx)
            }
            None => {}
        }
        Ok(this)
    }

    /// Takes up the files of a position where they are found now.
    fn recover(&mut self, position: &TailPosition, cx: &mut Context) {
        let Recovered { current, old, closed } = recover(&self.label, &self.path, position, cx.notices);
        for (file, place) in old {
            let followed = self.followed(file, place, cx);
            cx.mark_ready(followed.number);
            self.old.push(followed);
        }
        self.current = current.map(|(file, place)| self.followed(file, place, cx));
        self.closed.extend(closed.into_iter().take(REMEMBERED));
    }

    /// Compares the name with what is open.
    fn look(&mut self, cx: &mut Context) {
        if self.directory.is_none() {
            let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
            self.directory = cx.hints.watch_dir(cx.source, parent.unwrap_or(Path::new(".")));
        }
        let found = self.path.metadata().and_then(|meta| {
            if self.is_current(Identity::of(&meta)) { Ok(None) } else { self.follow(&meta, cx) }
        });
        match found {
            Ok(None) => {}
            Ok(Some(followed)) => {
                self.retire(cx);
                cx.mark_ready(followed.number);
                self.current = Some(followed);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.retire(cx);
                let since = *self.missing_since.get_or_insert(cx.now);
                if cx.now.saturating_duration_since(since) >= GAP {
                    self.complain("is gone, waiting for it to come back".into(), cx);
                }
            }
            Err(error) => {
                self.complain(format!("cannot be read: {}, waiting for that to change", plain(&error)), cx)
            }
        }
        if self.current.is_some() {
            self.missing_since = None;
            if self.last_notice.take().is_some() {
                cx.notices.push(format!("{}: reading it now", self.label));
            }
        }
        for followed in self.old.iter().chain(&self.current) {
            cx.mark_ready(followed.number);
        }
    }

    fn is_current(&self, identity: Identity) -> bool {
        self.current.as_ref().is_some_and(|current| current.place.identity == identity)
    }

    /// Opens what has the name now, if that is not the current file after all. A file that was
    /// followed before is read on where that ended.
    fn follow(&mut self, meta: &Metadata, cx: &mut Context) -> io::Result<Option<Followed>> {
        if !meta.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let file = open(&self.path)?;
        let identity = Identity::of(&file.metadata()?);
        if self.is_current(identity) {
            return Ok(None);
        }
        if let Some(at) = self.old.iter().position(|old| old.place.identity == identity) {
            return Ok(Some(self.old.remove(at)));
        }
        if has_no_size(&file)? {
            return Err(no_size());
        }
        let mut place = Place::start_of(identity);
        if let Some(at) = self.closed.iter().position(|closed| closed.identity == identity)
            && let Some(closed) = self.closed.remove(at)
            && closed.is_known()
            && closed.is_still(&file)?
        {
            place = closed;
        }
        Ok(Some(self.followed(file, place, cx)))
    }

    fn followed(&mut self, file: File, place: Place, cx: &mut Context) -> Followed {
        self.opened += 1;
        Followed::new(self.opened, file, place, cx)
    }

    /// The current file has lost its name.
    fn retire(&mut self, cx: &mut Context) {
        if let Some(mut followed) = self.current.take() {
            followed.retire(cx.now);
            cx.mark_ready(followed.number);
            self.old.push(followed);
        }
    }

    fn complain(&mut self, what: String, cx: &mut Context) {
        if self.last_notice.as_ref() != Some(&what) {
            cx.notices.push(format!("{}: {what}", self.label));
            self.last_notice = Some(what);
        }
    }

    /// Closes an old file, and remembers it if it could get the name back.
    fn close(&mut self, at: usize, cx: &mut Context) {
        let followed = self.old.remove(at);
        let can_come_back = !followed.has_no_name();
        if let Some(watch) = followed.watch {
            cx.hints.unwatch(cx.source, watch);
        }
        if !can_come_back {
            return;
        }
        if self.closed.len() == REMEMBERED {
            self.closed.pop_front();
        }
        self.closed.push_back(followed.place);
    }

    /// Reads from the file at this place: the old ones in their order, then the current one.
    fn read_followed(&mut self, at: usize, cx: &mut Context) -> Next {
        if self.old.iter().take(at).any(|older| !older.drained) {
            // Marked ready again when the last of them is drained.
            return Next::Wait;
        }
        if self.is_over(at, cx) {
            let lost = "was truncated after it had lost its name, and is not read on";
            cx.notices.push(format!("{}: a former file {lost}", self.label));
            self.close(at, cx);
            return Next::Wait;
        }
        let Some(followed) = self.old.get_mut(at).or(self.current.as_mut()) else { return Next::Wait };
        match followed.read(&self.label, cx) {
            Ok(Next::Wait) => followed.failing = false,
            Ok(next) => return next,
            Err(error) => {
                // Tried again at every poll; a file that has become another one is found by its name.
                if !std::mem::replace(&mut followed.failing, true) {
                    cx.notices.push(format!("{}: cannot be read on: {}, waiting", self.label, plain(&error)));
                }
            }
        }
        if at == self.old.len() {
            return Next::Wait;
        }
        if !std::mem::replace(&mut self.old[at].drained, true)
            && let Some(next) = self.old.get(at + 1).or(self.current.as_ref())
        {
            cx.mark_ready(next.number);
        }
        if self.old.len() - at > KEPT_MOST || self.old[at].still(cx.now) >= GRACE {
            if !self.old[at].finish(cx) {
                return Next::Starved;
            }
            if !self.is_kept(at, cx.now) {
                self.close(at, cx);
            }
        }
        Next::Wait
    }

    /// Whether an old file, whose last line has ended, stays open for late writers.
    fn is_kept(&self, at: usize, now: Instant) -> bool {
        let old = &self.old[at];
        let younger = &self.old[at + 1..];
        let next_is_late =
            younger.first().is_some_and(|next| now.saturating_duration_since(next.retired) >= LATE);
        let done = old.still(now) >= LATE && (next_is_late || old.has_no_name());
        younger.len() < KEPT && !done
    }

    /// Whether an old file, whose last line has ended, was truncated: then it serves another purpose.
    fn is_over(&self, at: usize, cx: &Context) -> bool {
        self.old
            .get(at)
            .is_some_and(|old| old.still(cx.now) >= GRACE && old.carry.is_empty() && old.was_truncated())
    }
}

impl Source for Tail {
    fn read(&mut self, stream: usize, cx: &mut Context) -> Result<Next> {
        let current =
            self.current.as_ref().filter(|current| current.number == stream).map(|_| self.old.len());
        let at = self.old.iter().position(|old| old.number == stream).or(current);
        Ok(at.map_or(Next::Wait, |at| self.read_followed(at, cx)))
    }

    fn position(&mut self) -> Option<Position> {
        let closed = self.closed.iter().map(|place| (place.position(0), FormerState::Closed));
        let old = self.old.iter().map(|old| {
            let read = old.drained && old.carry.is_empty();
            (old.position(), if read { FormerState::Read } else { FormerState::Unread })
        });
        let former = closed.chain(old).map(|(file, state)| FormerFile { file, state }).collect();
        Some(Position::Tail(TailPosition {
            current: self.current.as_ref().map(Followed::position),
            former: Some(former),
            as_of_ns: nanos(SystemTime::now()),
        }))
    }

    fn due(&self) -> Option<Instant> {
        Some(self.poll)
    }

    fn tick(&mut self, cx: &mut Context) -> Result<()> {
        self.poll = cx.now + POLL;
        self.look(cx);
        Ok(())
    }

    fn hint(&mut self, hint: &Hint, cx: &mut Context) {
        match &hint.name {
            None => self.old.iter().chain(&self.current).for_each(|followed| cx.mark_ready(followed.number)),
            Some(name) if self.path.file_name() == Some(OsStr::new(name)) => self.look(cx),
            Some(_) => {}
        }
    }
}
