//! `tail:PATH`: a growing file, followed by name as `tail -F` does.
//!
//! A slow poll of the name is the truth, file events only wake us earlier. A file is known by its
//! device and inode, which cannot be used again while it is open here; a truncation by a size below
//! our offset, or by a head that is no longer the same. A file that has lost its name is read to its
//! end before what has the name now, and then on for a while, because its writers may not know yet.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::context::{Context, Next, Source};
use super::decode::is_directory;
use super::framing::{Carry, Fill};
use super::hints::{Hint, Watch};
use super::place::{Place, identity};
use crate::error::{Error, Result, plain};

/// How often the name is looked at.
const POLL: Duration = Duration::from_secs(1);
/// How long a file that has lost its name must have been still before it is closed.
const GRACE: Duration = Duration::from_secs(5);
/// How long a name may be missing before that is said: rotation leaves a gap.
const GAP: Duration = Duration::from_secs(3);
/// Closed files that would be recognised if they came back.
const REMEMBERED: usize = 16;

/// A followed name and the files behind it.
pub(super) struct Tail {
    label: String,
    path: PathBuf,
    /// The file that has the name now.
    current: Option<Followed>,
    /// Files that had it before, on their way out, in the order in which they lost it.
    old: Vec<Followed>,
    closed: VecDeque<Place>,
    opened: usize,
    poll: Instant,
    missing_since: Option<Instant>,
    /// The last thing that was said to be wrong with the name.
    said: Option<String>,
    directory: Option<Watch>,
}

struct Followed {
    /// Its stream number.
    number: usize,
    file: File,
    place: Place,
    carry: Carry,
    /// When something last came from it, or when it lost its name.
    moved: Instant,
    /// Whether it was read to its end since it lost its name. Until then younger files wait.
    drained: bool,
    watch: Option<Watch>,
    /// Whether it could not be read when that was last tried, which is said once.
    failing: bool,
}

impl Tail {
    /// Opens the file, or waits for one to come.
    ///
    /// # Errors
    /// If the name belongs to something that cannot be followed.
    pub(super) fn open(label: String, path: &Path, from_start: bool, cx: &mut Context) -> Result<Self> {
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
            said: None,
            directory: None,
        };
        this.look(cx);
        match &mut this.current {
            Some(followed) if !from_start => followed.skip_to_end(),
            Some(_) => {}
            None if this.said.is_none() => this.complain("does not exist yet, waiting for it".into(), cx),
            None => {}
        }
        Ok(this)
    }

    /// Compares the name with what is open.
    fn look(&mut self, cx: &mut Context) {
        if self.directory.is_none() {
            let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
            self.directory = cx.hints.watch_dir(cx.source, parent.unwrap_or(Path::new(".")));
        }
        let found = self.path.metadata().and_then(|meta| {
            let known =
                self.current.as_ref().is_some_and(|current| current.place.identity == identity(&meta));
            Ok(if known { None } else { Some(self.follow(&meta, cx)?) })
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
            if self.said.take().is_some() {
                cx.notices.push(format!("{}: reading it now", self.label));
            }
        }
        for followed in self.old.iter().chain(&self.current) {
            cx.mark_ready(followed.number);
        }
    }

    /// Opens what has the name now. A file that was followed before is read on where that ended.
    fn follow(&mut self, meta: &Metadata, cx: &mut Context) -> io::Result<Followed> {
        if !meta.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        let file = File::open(&self.path)?;
        let identity = identity(&file.metadata()?);
        if let Some(at) = self.old.iter().position(|old| old.place.identity == identity) {
            return Ok(self.old.remove(at));
        }
        let mut place = Place::start_of(identity);
        if let Some(at) = self.closed.iter().position(|closed| closed.identity == identity)
            && let Some(closed) = self.closed.remove(at)
            && closed.is_known()
            && closed.is_still(&file)?
        {
            place = closed;
        }
        self.opened += 1;
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let watch = cx.hints.watch_file(cx.source, Path::new(&path));
        Ok(Followed {
            number: self.opened,
            file,
            place,
            carry: Carry::default(),
            moved: cx.now,
            drained: false,
            watch,
            failing: false,
        })
    }

    /// The current file has lost its name.
    fn retire(&mut self, cx: &mut Context) {
        if let Some(mut followed) = self.current.take() {
            followed.moved = cx.now;
            followed.drained = false;
            cx.mark_ready(followed.number);
            self.old.push(followed);
        }
    }

    fn complain(&mut self, what: String, cx: &mut Context) {
        if self.said.as_ref() != Some(&what) {
            cx.notices.push(format!("{}: {what}", self.label));
            self.said = Some(what);
        }
    }

    /// Remembers a file that is closed.
    fn close(&mut self, followed: Followed, cx: &mut Context) {
        if let Some(watch) = followed.watch {
            cx.hints.unwatch(cx.source, watch);
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
        if cx.now.saturating_duration_since(self.old[at].moved) >= GRACE {
            if !cx.intake.finish(&mut self.old[at].carry) {
                return Next::Starved;
            }
            let done = self.old.remove(at);
            self.close(done, cx);
        }
        Next::Wait
    }
}

impl Source for Tail {
    fn read(&mut self, stream: usize, cx: &mut Context) -> Result<Next> {
        let current =
            self.current.as_ref().filter(|current| current.number == stream).map(|_| self.old.len());
        let at = self.old.iter().position(|old| old.number == stream).or(current);
        Ok(at.map_or(Next::Wait, |at| self.read_followed(at, cx)))
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

impl Followed {
    /// Reads once; [`Next::Wait`] at the end of what is there.
    fn read(&mut self, label: &str, cx: &mut Context) -> io::Result<Next> {
        if !self.place.is_still(&self.file)? {
            // Nothing can be added to its last line any more.
            if !cx.intake.finish(&mut self.carry) {
                return Ok(Next::Starved);
            }
            cx.notices.push(format!("{label}: was truncated, reading it from its start"));
            self.place = Place::start_of(self.place.identity);
        }
        let Followed { file, place, carry, .. } = self;
        let mut came = 0;
        let fill = cx.intake.fill(carry, &mut |room| {
            came = file.read_at(room, place.offset)?;
            Ok(came)
        })?;
        Ok(match fill {
            Fill::Nothing => Next::Wait,
            Fill::Starved => Next::Starved,
            Fill::Bytes => {
                place.advance(came, file)?;
                self.moved = cx.now;
                Next::Again
            }
        })
    }

    /// Starts at the end of what is there. If that fails, reading will fail too, and say so.
    fn skip_to_end(&mut self) {
        let length = self.file.metadata().map_or(0, |meta| meta.len());
        let _ = self.place.advance(usize::try_from(length).unwrap_or(usize::MAX), &self.file);
    }
}
