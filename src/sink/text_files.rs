//! `saveAsTextFiles`: a directory a batch, a file a partition, a line a record, as Spark writes them.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::values::{Unprintable, for_each};
use crate::batch::value::{Value, str};
use crate::batch::{Dataset, Time, Values};
use crate::error::{Error, plain};

/// The file that says that the others are whole.
const SUCCESS: &str = "_SUCCESS";

/// The directory of a batch: `prefix-<milliseconds>[.suffix]`.
pub fn batch_directory(prefix: &Path, suffix: Option<&str>, time: Time) -> PathBuf {
    let mut name = prefix.as_os_str().to_os_string();
    name.push(format!("-{}", time.as_millis()));
    if let Some(suffix) = suffix {
        name.push(format!(".{suffix}"));
    }
    PathBuf::from(name)
}

/// Writes the partitions into the directory as `part-00000` and so on, beside them `_SUCCESS`. It is written under a name that
/// begins with a dot, and renamed when it is whole. Whether it was written: a directory that is there stays as it is, as in
/// Spark, which comes by such batches again after a recovery.
///
/// # Errors
/// The exception's class and message: `OSError` for what the system does not let us do, `FileExistsError` where a file has the name.
pub fn save_as_text_files(directory: &Path, dataset: &Dataset) -> Result<bool, Unprintable> {
    let Some(unfinished) = write_hidden(directory, dataset)? else { return Ok(false) };
    match fs::rename(&unfinished.0, directory) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::DirectoryNotEmpty => Ok(false),
        Err(cause) => Err(fault(directory, &cause)),
    }
}

/// As [`save_as_text_files`], but the files of a directory that is there are replaced, as far as they have the same names.
///
/// # Errors
/// As there.
pub fn replace_text_files(directory: &Path, dataset: &Dataset) -> Result<(), Unprintable> {
    is_there(directory)?;
    let unfinished = write_unfinished(directory, dataset)?;
    let replaced = fs::rename(&unfinished.0, directory).or_else(|cause| {
        if cause.kind() != ErrorKind::DirectoryNotEmpty {
            return Err(cause);
        }
        fs::read_dir(&unfinished.0)?.try_for_each(|file| {
            let file = file?;
            fs::rename(file.path(), directory.join(file.file_name()))
        })
    });
    replaced.map_err(|cause| fault(directory, &cause))
}

/// As [`save_as_text_files`], but makes the files durable and leaves the renaming to [`Staged::publish`]: nothing if the
/// directory is there.
///
/// # Errors
/// As there.
pub fn stage_text_files(directory: &Path, dataset: &Dataset) -> Result<Option<Staged>, Unprintable> {
    let Some(unfinished) = write_hidden(directory, dataset)? else { return Ok(None) };
    let synced = fs::read_dir(&unfinished.0).and_then(|files| {
        files.into_iter().try_for_each(|file| File::open(file?.path())?.sync_all())?;
        File::open(&unfinished.0)?.sync_all()?;
        File::open(parent_of(directory))?.sync_all()
    });
    synced.map_err(|cause| fault(directory, &cause))?;
    let hidden = unfinished.0.file_name().unwrap_or_default().to_os_string();
    // It is left where it is.
    std::mem::forget(unfinished);
    Ok(Some(Staged::of(directory.to_path_buf(), &hidden)))
}

/// A batch's directory that is written, but has a hidden name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    hidden: PathBuf,
    directory: PathBuf,
}

impl Staged {
    /// A directory, and the name that it is hidden under, beside it.
    pub fn of(directory: PathBuf, hidden: &OsStr) -> Self {
        Staged { hidden: parent_of(&directory).join(hidden), directory }
    }

    /// The hidden one.
    pub fn hidden(&self) -> &Path {
        &self.hidden
    }

    /// The name that it is to get.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Gives it its name, unless it has it.
    ///
    /// # Errors
    /// Runtime errors, if that is not possible.
    pub fn publish(&self) -> crate::error::Result<()> {
        let renamed = match fs::rename(&self.hidden, &self.directory) {
            Err(cause) if cause.kind() == ErrorKind::NotFound && self.directory.is_dir() => return Ok(()),
            renamed => renamed,
        };
        let durable = renamed.and_then(|()| File::open(parent_of(&self.directory))?.sync_all());
        durable.map_err(|cause| Error::io(format_args!("cannot write {}", self.directory.display()), &cause))
    }
}

/// Removes what processes that are gone have left hidden of batches with that prefix and suffix; `kept` is to
/// be published.
pub fn remove_unfinished(prefix: &Path, suffix: Option<&str>, kept: &[Staged]) {
    let name = prefix.file_name().unwrap_or_default().to_string_lossy();
    let is_left = |hidden: &str| {
        let rest = hidden.strip_prefix('.').and_then(|rest| rest.strip_prefix(&*name));
        let (batch, process) = rest.and_then(|rest| rest.strip_prefix('-'))?.rsplit_once('.')?;
        let time = match suffix {
            Some(suffix) => batch.strip_suffix(suffix)?.strip_suffix('.')?,
            None => batch,
        };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_gone = !Path::new("/proc").join(process).exists();
        (is_number(time.strip_prefix('-').unwrap_or(time)) && is_number(process) && is_gone).then_some(())
    };
    for entry in fs::read_dir(parent_of(prefix)).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_kept = kept.iter().any(|staged| staged.hidden == path);
        if !is_kept && entry.file_name().to_str().and_then(is_left).is_some() {
            drop(Unfinished(path));
        }
    }
}

/// Whether a directory is there; no file may have its name.
fn is_there(directory: &Path) -> Result<bool, Unprintable> {
    match fs::metadata(directory) {
        Ok(there) if there.is_dir() => Ok(true),
        Ok(_) => {
            let message = format!("{} is there already", directory.display());
            Err(Unprintable { class: "FileExistsError", message })
        }
        Err(_) => Ok(false),
    }
}

/// Writes a batch's files under a hidden name; nothing if its directory is there.
fn write_hidden(directory: &Path, dataset: &Dataset) -> Result<Option<Unfinished>, Unprintable> {
    if is_there(directory)? { Ok(None) } else { write_unfinished(directory, dataset).map(Some) }
}

/// Writes a batch's files under a hidden name.
fn write_unfinished(directory: &Path, dataset: &Dataset) -> Result<Unfinished, Unprintable> {
    let parent = parent_of(directory);
    fs::create_dir_all(parent).map_err(|cause| fault(parent, &cause))?;
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = Unfinished(parent.join(format!(".{name}.{}", std::process::id())));
    fs::create_dir(&unfinished.0).map_err(|cause| fault(directory, &cause))?;
    for (number, partition) in dataset.partitions.iter().enumerate() {
        let path = unfinished.0.join(format!("part-{number:05}"));
        let mut file = BufWriter::new(File::create_new(&path).map_err(|cause| fault(directory, &cause))?);
        let dataset = Dataset { partitions: vec![partition.clone()] };
        let mut written = Ok(());
        let mut line = Vec::new();
        for_each(&Values { output: 1, dataset, limit: None }, |heap, record| {
            line.clear();
            match record {
                // As they are, and not their `repr`.
                Value::Bytes(bytes) => line.extend_from_slice(bytes),
                record => str(heap, record, &mut line)?,
            }
            line.push(b'\n');
            if written.is_ok() {
                written = file.write_all(&line);
            }
            Ok(())
        })?;
        written.and_then(|()| file.flush()).map_err(|cause| fault(directory, &cause))?;
    }
    File::create_new(unfinished.0.join(SUCCESS)).map_err(|cause| fault(directory, &cause))?;
    Ok(unfinished)
}

fn fault(what: &Path, cause: &io::Error) -> Unprintable {
    Unprintable { class: "OSError", message: format!("cannot write {}: {}", what.display(), plain(cause)) }
}

/// The directory that a name is in.
fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A directory that is removed with all that is in it, unless it has got another name.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Nothing is there once it was renamed.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::values;
    use super::*;
    use crate::batch::Records;
    use crate::batch::value::Value;

    #[test]
    fn a_batch_is_a_directory_of_partitions() {
        let home = tempfile::tempdir().expect("a directory");
        let batch = values(1, |heap| vec![heap.bytes(b"it's"), heap.pair(heap.str("a"), Value::Int(1))]);
        let Records::Values(Values { mut dataset, .. }) = batch.records else { panic!("they are values") };
        dataset.partitions.push(crate::batch::Partition::default());
        let prefix = crate::batch::local_path(&format!("file://{}/made/wc", home.path().display()))
            .expect("it is local");
        let directory = batch_directory(&prefix, Some("txt"), Time::from_millis(1000));
        assert_eq!(directory, home.path().join("made/wc-1000.txt"));
        assert_eq!(save_as_text_files(&directory, &dataset), Ok(true));
        let part = |number: usize| fs::read_to_string(directory.join(format!("part-0000{number}"))).ok();
        assert_eq!([part(0), part(1), part(2)], [Some("it's\n('a', 1)\n".into()), Some(String::new()), None]);
        assert!(directory.join(SUCCESS).exists());
        assert_eq!(fs::read_dir(home.path().join("made")).expect("it is there").count(), 1);
        assert_eq!(save_as_text_files(&directory, &Dataset::default()), Ok(false));
        assert!(part(0).is_some(), "what is there stays");
        let other = values(1, |heap| vec![heap.bytes(b"b")]);
        let Records::Values(Values { dataset: other, .. }) = other.records else { panic!("they are values") };
        assert_eq!(replace_text_files(&directory, &other), Ok(()));
        assert_eq!(
            [part(0), part(1)],
            [Some("b\n".into()), Some(String::new())],
            "the first one is replaced"
        );
        assert_eq!(fs::read_dir(home.path().join("made")).expect("it is there").count(), 1);
    }
}
