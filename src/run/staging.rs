//! A folder beside the results in which files are written before they appear, whole, under their names.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::own_folder;
use super::summary::hexadecimal;

/// Files on their way. Dropped before [`Staging::publish`], it leaves nothing.
pub(crate) struct Staging {
    out: PathBuf,
    folder: TempDir,
    names: Vec<String>,
    _lock: File,
}

impl Staging {
    /// Makes the folder of results where it is missing, and removes what interrupted runs left in it.
    pub(crate) fn open(out: &Path) -> io::Result<Self> {
        fs::create_dir_all(out)?;
        let (folder, lock) = own_folder::open(out)?;
        Ok(Self { out: out.to_path_buf(), folder, names: Vec::new(), _lock: lock })
    }

    /// Begins a file that will appear under that name once it is whole.
    pub(crate) fn begin(&self, name: &str) -> io::Result<Digested> {
        let file = File::create(self.folder.path().join(name))?;
        Ok(Digested { file, hash: Sha256::new() })
    }

    /// Takes a file that is whole, and says its digest.
    pub(crate) fn end(&mut self, name: &str, file: Digested) -> io::Result<String> {
        file.file.sync_all()?;
        self.names.push(name.to_owned());
        Ok(hexadecimal(&file.hash.finalize()))
    }

    /// Writes a file that will appear under that name, and says its digest.
    pub(crate) fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<String> {
        let mut file = self.begin(name)?;
        file.write_all(bytes)?;
        self.end(name, file)
    }

    /// Lets the files appear, in the order in which they were written.
    pub(crate) fn publish(self) -> io::Result<()> {
        for name in &self.names {
            fs::rename(self.folder.path().join(name), self.out.join(name))?;
        }
        own_folder::close(self.folder)
    }
}

/// A file of which the digest is taken while it is written.
pub(crate) struct Digested {
    file: File,
    hash: Sha256,
}

impl io::Write for Digested {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
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
