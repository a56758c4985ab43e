//! How many rows a file has, without reading it.

use std::fs;
use std::io::BufRead as _;

use crate::data::bytes::{DataFile, Place};
use crate::data::parquet_file::ParquetFile;

/// Text shrinks to about one part in so many.
const PACKED: u64 = 8;

/// About how many rows a file has: Parquet says it, of text it is told from the length of the first lines. 0 where it
/// cannot be read; why is said by whoever reads it.
pub(super) fn rows(file: &DataFile, is_parquet: bool) -> u64 {
    if is_parquet {
        return ParquetFile::open(file).map_or(0, |file| u64::from(file.row_count()));
    }
    let length = match &file.place {
        Place::Disk(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
        Place::Archive { packed, .. } => *packed,
    };
    let is_packed = !file.is_plain();
    let Ok(mut input) = file.open() else { return 0 };
    let Ok(start) = input.fill_buf() else { return 0 };
    let lines = start.iter().filter(|byte| **byte == b'\n').count() as u64;
    let length = if is_packed { length.saturating_mul(PACKED) } else { length };
    length.saturating_mul(lines).div_ceil((start.len() as u64).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_text_are_told_from_the_first_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "id,n\n".to_owned() + &"abc,17\n".repeat(50_000)).unwrap();
        let found = rows(&DataFile::on_disk("a.csv", "a.csv".to_owned(), path.clone()), false);
        assert!((49_000..51_000).contains(&found), "{found}");
        fs::write(&path, "").unwrap();
        assert_eq!(rows(&DataFile::on_disk("a.csv", "a.csv".to_owned(), path.clone()), false), 0);
        fs::remove_file(&path).unwrap();
        assert_eq!(rows(&DataFile::on_disk("a.csv", "a.csv".to_owned(), path), false), 0);
    }
}
