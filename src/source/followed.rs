//! One of the files that a followed name stands for, or stood for.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::context::{Context, Next};
use super::framing::{Carry, Fill};
use super::hints::Watch;
use super::place::Place;
use super::position::FilePosition;

/// An open file and how far it was read.
pub(super) struct Followed {
    /// Its stream number.
    pub(super) number: usize,
    file: File,
    pub(super) place: Place,
    pub(super) carry: Carry,
    /// When something last came from it, or when it lost its name.
    moved: Instant,
    /// When it lost its name; before that, when it was opened.
    pub(super) retired: Instant,
    /// Whether it was read to its end since it lost its name. Until then younger files wait.
    pub(super) drained: bool,
    pub(super) watch: Option<Watch>,
    /// Whether it could not be read when that was last tried, which is said once.
    pub(super) failing: bool,
}

impl Followed {
    /// Follows a file from that place on.
    pub(super) fn new(number: usize, file: File, place: Place, cx: &mut Context) -> Self {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let watch = cx.hints.watch_file(cx.source, Path::new(&path));
        Followed {
            number,
            file,
            place,
            carry: Carry::default(),
            moved: cx.now,
            retired: cx.now,
            drained: false,
            watch,
            failing: false,
        }
    }

    /// It has lost its name.
    pub(super) fn retire(&mut self, now: Instant) {
        (self.moved, self.retired, self.drained) = (now, now, false);
    }

    /// For how long nothing has come from it, since it lost its name.
    pub(super) fn still(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.moved)
    }

    /// Whether it was deleted: no name can lead to it any more.
    pub(super) fn has_no_name(&self) -> bool {
        self.file.metadata().is_ok_and(|meta| meta.nlink() == 0)
    }

    /// Whether it no longer has the content that was read from it, as far as can be found out.
    pub(super) fn was_truncated(&self) -> bool {
        matches!(self.place.is_still(&self.file), Ok(false))
    }

    /// Reads once; [`Next::Wait`] at the end of what is there.
    ///
    /// # Errors
    /// If it cannot be read, or turns out not to tell its size.
    pub(super) fn read(&mut self, label: &str, cx: &mut Context) -> io::Result<Next> {
        if !self.place.is_still(&self.file)? {
            if has_no_size(&self.file)? {
                return Err(no_size());
            }
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

    /// Takes its last line as ended. False if there was no chunk to put that into.
    #[must_use]
    pub(super) fn finish(&mut self, cx: &mut Context) -> bool {
        if !self.carry.is_empty() {
            if !cx.intake.finish(&mut self.carry) {
                return false;
            }
            self.place.begin_line();
        }
        true
    }

    /// How far it was read, to the end of its last whole line.
    pub(super) fn position(&self) -> FilePosition {
        self.place.position(self.carry.came())
    }

    /// Starts at the end of what is there. If that fails, reading will fail too, and say so.
    pub(super) fn skip_to_end(&mut self) {
        let length = self.file.metadata().map_or(0, |meta| meta.len());
        let _ = self.place.advance(usize::try_from(length).unwrap_or(usize::MAX), &self.file);
        self.place.begin_line();
    }
}

/// Opens a file to follow. It does not block, should the name belong to a pipe by now, or reading
/// wait for the kernel's next message.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path)
}

/// Whether the file has content but claims to have none, as those of `/proc` do. There would be no
/// telling how far such a file was read, or whether it was truncated.
pub(super) fn has_no_size(file: &File) -> io::Result<bool> {
    // Looked at on both sides of the read: a writer may come in between.
    let is_empty = || Ok::<_, io::Error>(file.metadata()?.len() == 0);
    Ok(is_empty()? && file.read_at(&mut [0], 0)? > 0 && is_empty()?)
}

/// What [`has_no_size`] means to those who want to follow the file.
pub(super) fn no_size() -> io::Error {
    io::Error::other("it does not tell its size")
}
