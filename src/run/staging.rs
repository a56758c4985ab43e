//! A folder beside the results in which files are written before they appear, whole, under their names.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use super::own_folder;

/// Files on their way. Dropped before [`Staging::publish`], it leaves nothing.
pub(crate) struct Staging {
    out: PathBuf,
    folder: TempDir,
    names: Vec<String>,
    settling: Vec<Settling>,
    _lock: File,
}

/// Files that results took the place of: the system lets go of what they held once they are dropped, which takes it a while.
pub(crate) struct Replaced {
    _files: Vec<File>,
}

impl Staging {
    /// Makes the folder of results where it is missing, and removes what interrupted runs left in it.
    pub(crate) fn open(out: &Path) -> io::Result<Self> {
        fs::create_dir_all(out)?;
        let (folder, lock) = own_folder::open(out)?;
        let (names, settling) = (Vec::new(), Vec::new());
        Ok(Self { out: out.to_path_buf(), folder, names, settling, _lock: lock })
    }

    /// Begins a file that will appear under that name once it is whole.
    pub(crate) fn begin(&self, name: &str) -> io::Result<Digested> {
        let file = File::create(self.folder.path().join(name))?;
        Ok(Digested { settling: Settling::of(&file)?, file, hash: blake3::Hasher::new(), unsettled: 0 })
    }

    /// Takes a file that is whole, and says its digest.
    pub(crate) fn end(&mut self, name: &str, file: Digested) -> io::Result<String> {
        let Digested { file, hash, settling, .. } = file;
        drop(file);
        self.settling.push(settling.end());
        self.names.push(name.to_owned());
        Ok(hash.finalize().to_hex().to_string())
    }

    /// Writes a file that will appear under that name, and says its digest.
    pub(crate) fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<String> {
        let mut file = self.begin(name)?;
        file.write_all(bytes)?;
        self.end(name, file)
    }

    /// Lets the files appear, in the order in which they were written, once all that they hold is on the disk.
    pub(crate) fn publish(self) -> io::Result<Replaced> {
        for settling in self.settling {
            settling.wait()?;
        }
        let mut files = Vec::with_capacity(self.names.len());
        for name in &self.names {
            let to = self.out.join(name);
            files.extend(File::open(&to));
            fs::rename(self.folder.path().join(name), to)?;
        }
        own_folder::close(self.folder)?;
        Ok(Replaced { _files: files })
    }
}

/// Bytes after which what was written is sent to the disk, so that little is left to wait for at the end.
const UNSETTLED: usize = 16 << 20;

/// A thread that sends what was written of a file to the disk, whenever it is told to and at the end.
struct Settling {
    more: Option<SyncSender<()>>,
    thread: JoinHandle<io::Result<()>>,
}

impl Settling {
    fn of(file: &File) -> io::Result<Self> {
        let file = file.try_clone()?;
        let (more, told) = mpsc::sync_channel(1);
        let work = move || {
            while told.recv().is_ok() {
                // What goes wrong here is said once, and not again at the end.
                file.sync_data()?;
            }
            file.sync_all()
        };
        Ok(Self { more: Some(more), thread: thread::Builder::new().spawn(work)? })
    }

    /// Sends what there is so far; where it is at that already, more will follow.
    fn go_on(&self) {
        if let Some(more) = &self.more {
            let _ = more.try_send(());
        }
    }

    /// Nothing more will be written.
    fn end(self) -> Self {
        Self { more: None, ..self }
    }

    fn wait(self) -> io::Result<()> {
        drop(self.more);
        let lost = || io::Error::other("the thread that wrote to the disk is gone");
        self.thread.join().unwrap_or_else(|_| Err(lost()))
    }
}

/// A file of which the digest is taken while it is written.
pub(crate) struct Digested {
    file: File,
    hash: blake3::Hasher,
    settling: Settling,
    /// Bytes that were written since the disk was last told.
    unsettled: usize,
}

impl io::Write for Digested {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.unsettled += written;
        if self.unsettled >= UNSETTLED {
            self.unsettled = 0;
            self.settling.go_on();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_appear_only_when_published() {
        let out = tempfile::tempdir().unwrap();
        let mut staging = Staging::open(out.path()).unwrap();
        staging.write("Student.csv", b"a\n").unwrap();
        assert!(!out.path().join("Student.csv").exists());
        staging.publish().unwrap();
        assert_eq!(names(out.path()), ["Student.csv"]);

        let mut dropped = Staging::open(out.path()).unwrap();
        dropped.write("Student.csv", b"b\n").unwrap();
        drop(dropped);
        assert_eq!(names(out.path()), ["Student.csv"]);
        assert_eq!(fs::read(out.path().join("Student.csv")).unwrap(), b"a\n");
    }
}
