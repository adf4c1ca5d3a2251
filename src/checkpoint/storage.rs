//! The few file operations that a checkpoint needs, so that tests can fail, tear or lose any of them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// The file whose lock says that a process works on the directory. It holds that process's id.
const LOCK: &str = "lock";
/// How often a lock that is taken is tried again: those who only look who holds it hold it for an instant.
const LOCK_TRIES: u32 = 5;
/// Pause between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read what is there.
    Read,
    /// To read and change what is there.
    Update,
    /// To read and write a new file; one of that name is emptied.
    Create,
}

/// A directory of a checkpoint. Names are plain file names in it.
///
/// What was written is durable only after [`StoredFile::sync`], and what was created, renamed or
/// removed only after [`Storage::sync_directory`].
pub trait Storage: Send + Sync {
    /// The name of a file for people, or of the directory if `name` is empty.
    fn describe(&self, name: &str) -> String;

    /// Makes the directory, and those above it, unless it is there.
    ///
    /// # Errors
    /// If it cannot be made.
    fn prepare(&self) -> io::Result<()>;

    /// The names of the files.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is no directory, and what else keeps it from being read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file.
    ///
    /// # Errors
    /// If it is not there, unless it is to be created, or may not be opened so.
    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn StoredFile>>;

    /// Gives a file another name; what had that name is gone.
    ///
    /// # Errors
    /// If that fails; both are as before then.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// If that fails.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes durable what was created, renamed and removed.
    ///
    /// # Errors
    /// If that fails; nobody knows what is durable then.
    fn sync_directory(&self) -> io::Result<()>;

    /// Takes the directory for this process, until what is given is dropped.
    ///
    /// # Errors
    /// If there is no telling. That another process has it is no error.
    fn lock(&self) -> io::Result<Lock>;

    /// Who has taken the directory, if anybody has. Changes nothing, and works where nothing may be changed.
    ///
    /// # Errors
    /// If there is no telling.
    fn holder(&self) -> io::Result<Option<Holder>>;
}

/// An open file.
pub trait StoredFile: Send + Sync {
    /// Its length in bytes.
    ///
    /// # Errors
    /// If it cannot be told.
    fn length(&self) -> io::Result<u64>;

    /// Reads from there on until the room is full or the file ends, and says how much that was.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read_at(&self, room: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of the bytes there.
    ///
    /// # Errors
    /// If it cannot be written; any part may have been.
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes durable what was written.
    ///
    /// # Errors
    /// If that fails. Nobody knows what is durable then, and the next call may well succeed without
    /// having written what this one has failed to.
    fn sync(&mut self) -> io::Result<()>;
}

/// The answer to whoever wants the directory.
pub enum Lock {
    /// It is the caller's until this is dropped.
    Ours(Box<dyn Send>),
    /// Somebody else has it.
    Theirs(Holder),
}

/// The process that has a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id, unless it did not come to say so.
    pub pid: Option<u32>,
}

/// A directory of the file system.
#[derive(Clone, Debug)]
pub struct Disk {
    directory: PathBuf,
}

impl Disk {
    /// That directory, which need not exist yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Disk { directory: directory.into() }
    }

    /// The lock's file, if it is there.
    fn lock_file(&self, options: &OpenOptions) -> io::Result<Option<File>> {
        match options.open(self.directory.join(LOCK)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Storage for Disk {
    fn describe(&self, name: &str) -> String {
        let path = if name.is_empty() { self.directory.clone() } else { self.directory.join(name) };
        path.display().to_string()
    }

    fn prepare(&self) -> io::Result<()> {
        let above = self.directory.ancestors();
        let missing = above.take_while(|path| !path.as_os_str().is_empty() && !path.exists()).count();
        fs::create_dir_all(&self.directory)?;
        // Each new directory is an entry of the one above it.
        for made in self.directory.ancestors().take(missing) {
            let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            // Names that are no text are none of ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn StoredFile>> {
        let create = access == Access::Create;
        let file = OpenOptions::new()
            .read(true)
            .write(access != Access::Read)
            .create(create)
            .truncate(create)
            .open(self.directory.join(name))?;
        Ok(Box::new(DiskFile { file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.directory.join(from), self.directory.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.directory.join(name))
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn lock(&self) -> io::Result<Lock> {
        // Emptied only by who has the lock: it holds the id of who has it now.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let Some(mut file) = self.lock_file(&options)? else { return Err(io::ErrorKind::NotFound.into()) };
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt == LOCK_TRIES => {
                    return Ok(Lock::Theirs(holder_of(&mut file)));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        file.set_len(0)?;
        file.write_all(format!("{}\n", std::process::id()).as_bytes())?;
        Ok(Lock::Ours(Box::new(DiskLock { file })))
    }

    fn holder(&self) -> io::Result<Option<Holder>> {
        let Some(mut file) = self.lock_file(OpenOptions::new().read(true))? else { return Ok(None) };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(holder_of(&mut file))),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Whose id the lock's file holds.
fn holder_of(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.take(32).read_to_string(&mut text);
    Holder { pid: read.ok().and_then(|_| text.trim().parse().ok()) }
}

/// The lock is given back when its file is closed.
struct DiskLock {
    file: File,
}

impl Drop for DiskLock {
    fn drop(&mut self) {
        // Only for people who look into it: the lock itself does not go by what is written there.
        let _ = self.file.set_len(0);
    }
}

struct DiskFile {
    file: File,
}

impl StoredFile for DiskFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, room: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < room.len() {
            match self.file.read_at(&mut room[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}
