//! Files that are written without flushing. As long as the machine runs nothing of them is lost, whatever becomes of the process; when
//! the machine goes down they may be left torn. Beside such a file lies a mark that says since which start of the machine it
//! has been written, locked by everyone who has it open. The last one to close the file flushes it and takes the mark away;
//! a mark of another start says that nobody did.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Where Linux tells one start of the machine from another.
const STARTED: &str = "/proc/sys/kernel/random/boot_id";
/// What an SQLite file consists of.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];
/// What is added to the name of a file for that of its mark.
const MARK: &str = "-unflushed";

/// The mark of a file that is open here.
#[derive(Debug)]
pub struct Mark {
    path: PathBuf,
    file: File,
}

/// A file that may be written without flushing.
#[derive(Debug)]
pub struct Marked {
    /// Its mark.
    pub mark: Mark,
    /// Whether what was there before may have been torn, and has been removed.
    pub was_torn: bool,
}

fn part(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Removes a file with all its parts, and its mark.
pub fn remove(path: &Path) -> Result<(), Error> {
    PARTS.iter().chain([&MARK]).try_for_each(|suffix| remove_part(path, suffix))
}

fn remove_part(path: &Path, suffix: &str) -> Result<(), Error> {
    match std::fs::remove_file(part(path, suffix)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn flush(path: &Path) -> Result<(), Error> {
    match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        file => file?.sync_all(),
    }
}

fn said(mut mark: &File) -> Result<String, Error> {
    let mut said = String::new();
    mark.rewind()?;
    mark.read_to_string(&mut said)?;
    Ok(said)
}

/// Whether a file is still the one at `path`.
fn is_at(file: &File, path: &Path) -> Result<bool, Error> {
    let this = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((this.dev(), this.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether nobody else has the file open; they cannot open it then until the mark is unlocked.
fn is_alone(mark: &File) -> Result<bool, Error> {
    match mark.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

impl Mark {
    /// Marks the file at `path`, which is about to be opened; removes it if it may be torn. Nothing where the machine does not
    /// tell when it started.
    pub fn set(path: &Path) -> Result<Option<Marked>, Error> {
        let Ok(started) = std::fs::read_to_string(STARTED) else { return Ok(None) };
        let started = started.trim();
        let mut was_torn = false;
        loop {
            let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(part(path, MARK))?;
            if is_alone(&file)? {
                let before = said(&file)?;
                if !before.is_empty() && before != started {
                    PARTS.iter().try_for_each(|suffix| remove_part(path, suffix))?;
                    was_torn = true;
                }
                // It is never empty in between: an empty mark says that all is flushed.
                if before != started {
                    (&file).rewind()?;
                    (&file).write_all(started.as_bytes())?;
                    file.set_len(started.len() as u64)?;
                }
                file.sync_all()?;
                path.parent().map_or(Ok(()), flush)?;
                file.unlock()?;
            }
            file.lock_shared()?;
            // Meanwhile somebody may have closed the file as the last one, or removed it with its mark.
            match said(&file)? {
                _ if !is_at(&file, &part(path, MARK))? => {}
                mark if mark == started => {
                    return Ok(Some(Marked { mark: Self { path: path.to_owned(), file }, was_torn }));
                }
                mark if mark.is_empty() => {}
                _ => return Err(Error::other("it is open on another machine")),
            }
        }
    }

    /// Takes the mark away, unless others have the file open, once the file is flushed. Nothing may be written here any more.
    pub fn lift(&self) -> Result<(), Error> {
        self.file.unlock()?;
        if is_alone(&self.file)? {
            PARTS.iter().try_for_each(|suffix| flush(&part(&self.path, suffix)))?;
            self.file.set_len(0)?;
            self.file.sync_all()?;
        }
        self.file.unlock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(path: &Path) -> Option<String> {
        std::fs::read_to_string(path).ok()
    }

    #[test]
    fn a_file_of_another_start_of_the_machine_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("views.db");
        std::fs::write(&path, "torn?").expect("a file");
        std::fs::write(part(&path, "-wal"), "torn?").expect("a file");
        std::fs::write(part(&path, MARK), "another start").expect("a mark");
        let marked = Mark::set(&path).expect("a mark").expect("a machine that tells when it started");
        assert!(marked.was_torn);
        assert_eq!((content(&path), content(&part(&path, "-wal"))), (None, None));
    }

    #[test]
    fn a_file_of_this_start_or_one_that_was_flushed_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("views.db");
        std::fs::write(&path, "whole").expect("a file");
        let left = Mark::set(&path).expect("a mark").expect("a machine that tells when it started");
        assert!(!left.was_torn, "there was no mark");
        drop(left);
        let again = Mark::set(&path).expect("a mark").expect("a mark");
        assert!(!again.was_torn, "the process ended, the machine went on");
        again.mark.lift().expect("flushed");
        assert_eq!(content(&part(&path, MARK)).as_deref(), Some(""));
        assert_eq!(content(&path).as_deref(), Some("whole"));
    }

    #[test]
    fn a_file_that_is_open_on_another_machine_is_left_to_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("views.db");
        std::fs::write(&path, "theirs").expect("a file");
        std::fs::write(part(&path, MARK), "another start").expect("a mark");
        let theirs = File::open(part(&path, MARK)).expect("their mark");
        theirs.lock_shared().expect("their lock");
        assert!(Mark::set(&path).is_err());
        assert_eq!(content(&path).as_deref(), Some("theirs"));
    }

    #[test]
    fn the_last_one_takes_the_mark_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("views.db");
        let set = || Mark::set(&path).expect("a mark").expect("a mark").mark;
        let (one, other) = (set(), set());
        one.lift().expect("flushed");
        assert_ne!(content(&part(&path, MARK)).as_deref(), Some(""), "the other one writes on");
        other.lift().expect("flushed");
        assert_eq!(content(&part(&path, MARK)).as_deref(), Some(""));
    }
}
