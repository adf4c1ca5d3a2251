//! Directory events (inotify): a wake-up hint for sources whose truth is a slow poll. Where events
//! cannot be had (network file systems, the user's limits), only the hint is missing.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

/// What happened to a watched file, or to a name in a watched directory.
#[derive(Debug)]
pub(super) struct Hint {
    /// The name in the watched directory; none for the watched file or directory itself.
    pub(super) name: Option<OsString>,
    /// Whether the name is complete now: renamed in, or closed after writing.
    pub(super) complete: bool,
    /// Whether the name is gone or belongs to another file than before.
    pub(super) replaced: bool,
}

/// One inotify instance for all sources (a user may have few of them).
#[derive(Debug)]
pub(super) struct Hints {
    inotify: Option<OwnedFd>,
    watchers: HashMap<i32, Vec<usize>>,
}

/// A source's interest in a file or directory; given back to [`Hints::unwatch`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Watch(i32);

impl Hints {
    /// Hints for sources that want any; the others need no inotify instance.
    pub(super) fn new(wanted: bool) -> Self {
        let inotify = wanted.then(|| inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok());
        Hints { inotify: inotify.flatten(), watchers: HashMap::new() }
    }

    /// The descriptor to wait on.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(AsFd::as_fd)
    }

    /// Hints about names that come to or leave a directory, or are closed after writing.
    pub(super) fn watch_dir(&mut self, source: usize, path: &Path) -> Option<Watch> {
        let names = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE | WatchFlags::CLOSE_WRITE;
        self.watch(source, path, names | WatchFlags::ONLYDIR)
    }

    /// Hints about writing to a file, by any of its names.
    pub(super) fn watch_file(&mut self, source: usize, path: &Path) -> Option<Watch> {
        self.watch(source, path, WatchFlags::MODIFY)
    }

    fn watch(&mut self, source: usize, path: &Path, what: WatchFlags) -> Option<Watch> {
        let watch = inotify::add_watch(self.inotify.as_ref()?, path, what | WatchFlags::MASK_ADD).ok()?;
        self.watchers.entry(watch).or_default().push(source);
        Some(Watch(watch))
    }

    /// Ends one interest of the source.
    pub(super) fn unwatch(&mut self, source: usize, watch: Watch) {
        let Some(sources) = self.watchers.get_mut(&watch.0) else { return };
        if let Some(at) = sources.iter().position(|&other| other == source) {
            sources.swap_remove(at);
        }
        if sources.is_empty() {
            self.watchers.remove(&watch.0);
            // Gone already if the file itself is gone.
            let _ = self.inotify.as_ref().map(|inotify| inotify::remove_watch(inotify, watch.0));
        }
    }

    /// Reads what has happened, a bounded part of it: hints with the sources they are for, and
    /// whether there may be more.
    pub(super) fn read(&mut self) -> (Vec<(Vec<usize>, Hint)>, bool) {
        let Some(inotify) = &self.inotify else { return (Vec::new(), false) };
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = inotify::Reader::new(inotify, &mut buffer);
        let mut hints = Vec::new();
        while let Ok(event) = reader.next() {
            let flags = event.events();
            let hint = Hint {
                name: event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_os_string()),
                complete: flags.intersects(ReadFlags::MOVED_TO | ReadFlags::CLOSE_WRITE),
                replaced: flags.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM | ReadFlags::MOVED_TO),
            };
            if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                // Events were lost: everybody looks.
                let mut all: Vec<usize> = self.watchers.values().flatten().copied().collect();
                all.sort_unstable();
                all.dedup();
                hints.push((all, hint));
            } else if flags.contains(ReadFlags::IGNORED) {
                self.watchers.remove(&event.wd());
            } else if let Some(sources) = self.watchers.get(&event.wd()) {
                hints.push((sources.clone(), hint));
            }
            if reader.is_buffer_empty() {
                return (hints, true);
            }
        }
        (hints, false)
    }
}
