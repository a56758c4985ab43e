//! A temporary file without a name: it is gone with the process, however that ends.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Where a block lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    start: u64,
    length: u32,
    /// How many rows it has.
    pub(super) rows: u32,
}

impl Block {
    /// How many bytes it has.
    pub(super) fn bytes(self) -> u64 {
        u64::from(self.length)
    }
}

/// A file to which blocks are added, and from which they are read, by any thread.
#[derive(Debug)]
pub(super) struct SpillFile {
    file: Mutex<(File, u64)>,
}

impl SpillFile {
    /// In that folder, which has to be there.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: Mutex::new((tempfile::tempfile_in(folder)?, 0)) })
    }

    /// Adds a block of so many rows.
    pub(super) fn add(&self, bytes: &[u8], rows: u32) -> io::Result<Block> {
        let length =
            u32::try_from(bytes.len()).map_err(|_| io::Error::other("a block is larger than 4 GB"))?;
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, end) = &mut *held;
        let start = *end;
        file.seek(SeekFrom::Start(start))?;
        file.write_all(bytes)?;
        *end = start + u64::from(length);
        Ok(Block { start, length, rows })
    }

    /// The bytes of a block.
    pub(super) fn read(&self, block: Block) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; block.length as usize];
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        held.0.seek(SeekFrom::Start(block.start))?;
        held.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_in_any_order_and_no_file_is_to_be_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = SpillFile::new(folder.path()).unwrap();
        let one = file.add(b"one", 1).unwrap();
        let three = file.add(b"three", 2).unwrap();
        assert_eq!(file.read(three).unwrap(), b"three");
        let four = file.add(b"four", 3).unwrap();
        assert_eq!((file.read(one).unwrap(), file.read(four).unwrap()), (b"one".to_vec(), b"four".to_vec()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
