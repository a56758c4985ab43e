//! A folder of a run's own, which says by a lock whether the run still lives: what a killed one left is removed by the next,
//! whenever it was killed.
//!
//! A run makes its folder, makes the lock in it, locks that, and only then writes anything else; whoever finds a lock that
//! nobody holds takes it before removing the folder. So three states are left by the dead alone: a lock that nobody holds,
//! other files without a lock, and nothing at all. The last is also that of a run which is just beginning; removing its folder
//! under it does no harm, for it looks whether its lock is still there once it holds it, and else begins again.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;

use tempfile::TempDir;

const PREFIX: &str = ".rubric-run-";
const LOCK: &str = "lock";

/// How often a folder is made anew that others removed before it was locked.
const ATTEMPTS: usize = 100;

/// Removes what dead runs left beside the results, and makes a folder; it is live as long as the file is held.
pub(super) fn open(out: &Path) -> io::Result<(TempDir, File)> {
    remove_dead(out)?;
    for _ in 0..ATTEMPTS {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(out)?;
        let path = folder.path().join(LOCK);
        let lock = match File::create(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            made => made?,
        };
        lock.lock()?;
        if path.try_exists()? {
            return Ok((folder, lock));
        }
    }
    Err(io::Error::other("others remove the folder in which results are written"))
}

/// Removes a folder with all that is in it. Between its lock and itself somebody else may have removed it.
pub(super) fn close(folder: TempDir) -> io::Result<()> {
    gone(folder.close())
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn remove_dead(out: &Path) -> io::Result<()> {
    for entry in fs::read_dir(out)? {
        let entry = entry?;
        let is_folder = || fs::symlink_metadata(entry.path()).is_ok_and(|metadata| metadata.is_dir());
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_folder() {
            remove_if_dead(&entry.path())?;
        }
    }
    Ok(())
}

fn remove_if_dead(folder: &Path) -> io::Result<()> {
    let path = folder.join(LOCK);
    let mut lock = File::open(&path);
    if lock.is_err() {
        // Nothing is in it, or it is that of the dead; but a lock may have been made a moment ago.
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => lock = File::open(&path),
            removed => return gone(removed),
        }
    }
    match lock.as_ref().map(File::try_lock) {
        // Somebody lives, or is removing it.
        Ok(Err(TryLockError::WouldBlock)) => Ok(()),
        // As long as the lock is held here nobody takes the folder for live.
        _ => gone(fs::remove_dir_all(folder)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a folder with these files after another run began and ended.
    fn left(files: &[&str]) -> Vec<String> {
        let out = tempfile::tempdir().unwrap();
        let folder = out.path().join(format!("{PREFIX}left"));
        fs::create_dir(&folder).unwrap();
        files.iter().for_each(|name| fs::write(folder.join(name), "half").unwrap());
        let (own, lock) = open(out.path()).unwrap();
        assert!(own.path().exists());
        close(own).unwrap();
        drop(lock);
        let names = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn whatever_the_dead_left_is_removed() {
        for files in [&[][..], &[LOCK], &[LOCK, "Student.csv"], &["Student.csv"]] {
            assert_eq!(left(files), Vec::<String>::new(), "{files:?}");
        }
    }

    #[test]
    fn what_a_live_run_holds_is_not() {
        let out = tempfile::tempdir().unwrap();
        let (live, lock) = open(out.path()).unwrap();
        let (other, its_lock) = open(out.path()).unwrap();
        assert!(live.path().join(LOCK).exists() && other.path().join(LOCK).exists());
        drop(lock);
        drop(its_lock);
        let (last, _lock) = open(out.path()).unwrap();
        assert!(!live.path().exists() && !other.path().exists() && last.path().exists());
    }

    #[test]
    fn many_that_begin_at_once_do_not_remove_each_other() {
        let out = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..40 {
                        let (folder, lock) = open(out.path()).unwrap();
                        let file = folder.path().join("Student.csv");
                        fs::write(&file, "whole").unwrap();
                        assert_eq!(fs::read_to_string(&file).unwrap(), "whole");
                        close(folder).unwrap();
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    }
}
