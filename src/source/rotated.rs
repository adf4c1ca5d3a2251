//! What became of the files behind a followed name while nobody followed it. They are looked for by
//! their identity, whatever they are called now, in the directory of the name and of what it leads to.
//! As they may be renamed at that very moment, a file is what was opened, whatever its name is then.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::context::Notices;
use super::followed::open;
use super::place::{Found, Identity, Place, time};
use super::position::{FilePosition, FormerState, TailPosition};
use crate::error::plain;

/// How long before the position was told a file may have got the name without having been noticed, and
/// how coarse file times may be.
const UNNOTICED: Duration = Duration::from_secs(2);
/// How often the directory is listed if a file is not in it: a listing may miss what is being renamed.
const LOOKS: usize = 4;
/// Files that are taken up when there are some that nobody has followed yet.
const MOST: usize = 256;

/// The files behind a name, to be read on.
#[derive(Default)]
pub(super) struct Recovered {
    /// The file that has the name, if it is the one that had it.
    pub(super) current: Option<(File, Place)>,
    /// Files that have lost the name, oldest first.
    pub(super) old: Vec<(File, Place)>,
    /// Files that are done with, but might get the name back.
    pub(super) closed: Vec<Place>,
}

/// Finds the files of a position, and those that got the name and lost it since.
pub(super) fn recover(label: &str, path: &Path, position: &TailPosition, notices: &mut Notices) -> Recovered {
    let mut this = Recovered::default();
    let former = position.former.iter().flatten();
    let known: Vec<Identity> = former
        .clone()
        .map(|former| &former.file)
        .chain(&position.current)
        .map(|file| file.identity.into())
        .collect();
    let as_of = time(position.as_of_ns);
    let mut siblings = Siblings::list(path, &known, as_of);
    for _ in 1..LOOKS {
        if siblings.have_all(&known) {
            break;
        }
        siblings = Siblings::list(path, &known, as_of);
    }
    for former in former {
        let (file, state) = (&former.file, former.state);
        match siblings.find(file) {
            Ok(Some((_, Found::Same(place)))) if state == FormerState::Closed => this.closed.push(place),
            Ok(Some((file, Found::Same(place)))) => this.old.push((file, place)),
            // Once read to its end it may be used for something else.
            Ok(_) if state != FormerState::Unread => {}
            Ok(Some((_, Found::Changed(why)))) => notices.push(not_read_on(label, file, &why)),
            Ok(None) => notices.push(gone(label, file)),
            Err(error) => notices.push(not_read_on(label, file, &plain(&error))),
        }
    }
    let mut has_name = false;
    if let Some(file) = &position.current {
        let identity = Identity::from(file.identity);
        has_name = siblings.has_name(identity);
        match siblings.find(file) {
            Ok(Some((file, Found::Same(place)))) if has_name => this.current = Some((file, place)),
            Ok(Some((file, Found::Same(place)))) => this.old.push((file, place)),
            Ok(Some((opened, Found::Changed(why)))) if has_name => {
                let lost = if this.add_copies(label, &siblings, &known, file, as_of, notices) {
                    String::new()
                } else {
                    format!("what had come into it behind byte {} is not read; ", file.offset)
                };
                notices.push(format!(
                    "{label}: was truncated or overwritten while nobody followed it ({why}): {lost}reading it \
                     from its start"
                ));
                this.current = Some((opened, Place::start_of(identity)));
            }
            Ok(Some((_, Found::Changed(why)))) => notices.push(not_read_on(label, file, &why)),
            Ok(None) => notices.push(gone(label, file)),
            Err(error) => notices.push(not_read_on(label, file, &plain(&error))),
        }
    }
    if !has_name {
        this.add_unknown(label, &siblings, &known, as_of, notices);
    }
    this
}

impl Recovered {
    /// Adds files that by their names had the followed name, and by their birth got it after the position
    /// was told.
    fn add_unknown(
        &mut self,
        label: &str,
        siblings: &Siblings,
        known: &[Identity],
        as_of: SystemTime,
        notices: &mut Notices,
    ) {
        let Some(youngest) = known.iter().filter_map(|identity| identity.born).max() else { return };
        let since = as_of.checked_sub(UNNOTICED).map_or(youngest, |as_of| as_of.max(youngest));
        for sibling in siblings.unknown(known, since) {
            self.add_whole(label, sibling, notices);
        }
    }

    /// Adds the copies of a file that was copied and truncated after the position was told: the first from
    /// where the file was read to, later ones from their start. Whether the first was found; without it
    /// nobody can say what the others are copies of.
    fn add_copies(
        &mut self,
        label: &str,
        siblings: &Siblings,
        known: &[Identity],
        position: &FilePosition,
        as_of: SystemTime,
        notices: &mut Notices,
    ) -> bool {
        let mut copies = siblings.unknown(known, as_of).into_iter();
        let first = copies.find_map(|copy| {
            let file = copy.open().ok()?;
            let Ok(Found::Same(place)) = Place::find(position, &file) else { return None };
            notices.push(format!(
                "{label}: reading the rest of what was copied to {} when it was truncated",
                copy.path.display()
            ));
            Some((file, place))
        });
        let found = first.is_some();
        self.old.extend(first);
        copies.for_each(|copy| self.add_whole(label, copy, notices));
        found
    }

    /// Adds a file that nobody has followed yet.
    fn add_whole(&mut self, label: &str, sibling: &Sibling, notices: &mut Notices) {
        let path_text = sibling.path.display();
        match sibling.open() {
            Ok(_) if self.old.len() >= MOST => notices.push(format!(
                "{label}: {path_text} is not read: more than {MOST} files had the name while nobody followed it"
            )),
            Ok(file) => {
                notices.push(format!(
                    "{label}: reading {path_text} too, which had the name while nobody followed it"
                ));
                self.old.push((file, Place::start_of(sibling.identity)));
            }
            Err(error) => notices.push(format!(
                "{label}: {path_text}, which had the name while nobody followed it, cannot be read: {}",
                plain(&error)
            )),
        }
    }
}

fn gone(label: &str, file: &FilePosition) -> String {
    format!(
        "{label}: the file that was read up to byte {} is gone (deleted, or compressed under another name): \
         what had come behind that byte, and into later files that are gone too, is not read",
        file.offset
    )
}

fn not_read_on(label: &str, file: &FilePosition, why: &str) -> String {
    format!("{label}: a former file, which was read up to byte {}, is not read on: {why}", file.offset)
}

/// Files beside a followed name.
struct Siblings {
    /// Which file has the name.
    named: Option<Identity>,
    files: Vec<Sibling>,
}

struct Sibling {
    /// What it was called when it was found.
    path: PathBuf,
    identity: Identity,
    /// Whether it is called as rotation calls what had the name.
    rotated: bool,
    file: io::Result<File>,
}

impl Sibling {
    fn open(&self) -> io::Result<File> {
        match &self.file {
            Ok(file) => file.try_clone(),
            Err(error) => Err(error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error)),
        }
    }
}

impl Siblings {
    /// Finds those that may be one of `wanted`, or were created since about `as_of` and have had the name. What
    /// cannot be listed has none.
    fn list(path: &Path, wanted: &[Identity], as_of: SystemTime) -> Self {
        let since = as_of.checked_sub(UNNOTICED).unwrap_or(as_of);
        let is_new = |identity: Identity| identity.born.is_some_and(|born| born >= since);
        let inodes: HashSet<u64> = wanted.iter().map(|identity| identity.inode).collect();
        let mut this = Siblings { named: None, files: Vec::new() };
        this.named = this.add(path.to_path_buf(), false, |_| true);
        let target = path.canonicalize().ok().filter(|target| target.parent() != path.parent());
        for path in [Some(path), target.as_deref()].into_iter().flatten() {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            let (Some(base), Ok(entries)) = (path.file_name(), parent.read_dir()) else { continue };
            for entry in entries.flatten() {
                let rotated = is_rotated(&entry.file_name(), base);
                let is_wanted = inodes.contains(&entry.ino());
                if rotated || is_wanted {
                    this.add(parent.join(entry.file_name()), rotated, |file| is_wanted || is_new(file));
                }
            }
        }
        this
    }

    fn add(
        &mut self,
        path: PathBuf,
        rotated: bool,
        is_wanted: impl Fn(Identity) -> bool,
    ) -> Option<Identity> {
        let meta = path.metadata().ok().filter(|meta| meta.is_file())?;
        if !is_wanted(Identity::of(&meta)) {
            return None;
        }
        let file = open(&path);
        // The name may be another file's by now.
        let meta = match &file {
            Ok(file) => file.metadata().ok()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => meta,
        };
        let identity = Identity::of(&meta);
        self.files.push(Sibling { path, identity, rotated, file });
        Some(identity)
    }

    fn have_all(&self, wanted: &[Identity]) -> bool {
        wanted.iter().all(|wanted| self.files.iter().any(|file| file.identity == *wanted))
    }

    fn has_name(&self, identity: Identity) -> bool {
        self.named == Some(identity)
    }

    /// Files that by their names had the followed name, or were copied from what had it, and were created
    /// at that time or later; oldest first.
    fn unknown(&self, known: &[Identity], since: SystemTime) -> Vec<&Sibling> {
        let files = self.files.iter();
        let mut unknown: Vec<&Sibling> = files
            .filter(|file| file.rotated && file.identity.born.is_some_and(|born| born >= since))
            .filter(|file| !known.contains(&file.identity) && !self.has_name(file.identity))
            .collect();
        unknown.sort_by_key(|file| (file.identity.born, std::cmp::Reverse(&file.path)));
        unknown.dedup_by_key(|file| file.identity);
        unknown
    }

    /// Opens the file that a position tells of, if it is there.
    fn find(&self, position: &FilePosition) -> io::Result<Option<(File, Found<Place>)>> {
        let identity = Identity::from(position.identity);
        let Some(sibling) = self.files.iter().find(|file| file.identity == identity) else { return Ok(None) };
        let file = sibling.open()?;
        let found = Place::find(position, &file)?;
        Ok(Some((file, found)))
    }
}

/// Whether a name is what rotation makes of `base` without compressing it: `log.1`, `log-20240131`,
/// `log.2024-01-31`, and for `app.log` also `app-20240131.log`.
fn is_rotated(name: &OsStr, base: &OsStr) -> bool {
    let between = |head: &[u8], tail: &[u8]| {
        let number = name.as_bytes().strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
        number.is_some_and(|number| {
            matches!(number, [b'.' | b'-' | b'_', b'0'..=b'9', rest @ ..]
                if rest.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'_' | b':' | b'T')))
        })
    };
    let base = base.as_bytes();
    let dot = memchr::memrchr(b'.', base).filter(|&dot| dot > 0).unwrap_or(base.len());
    between(base, b"") || (dot < base.len() && between(&base[..dot], &base[dot..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_known_by_their_names() {
        let is = |name: &str, base: &str| is_rotated(OsStr::new(name), OsStr::new(base));
        for name in ["log.1", "log.12", "log-20240131", "log.2024-01-31T10:00", "log_1"] {
            assert!(is(name, "log"), "{name}");
        }
        assert!(
            is("app-20240131.log", "app.log") && is("app.1.log", "app.log") && is("app.log.1", "app.log")
        );
        for name in ["log", "log.1.gz", "log.lock", "log1", "logs.1", "log.", "log.1a", "app.1.log"] {
            assert!(!is(name, "log"), "{name}");
        }
    }
}
