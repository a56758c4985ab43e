//! The bytes of a file, unpacked where it is compressed, with a limit on what they may grow to.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};

use super::ReadError;

/// A file of a data set.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    /// Its name without folders, with all of its endings.
    pub(crate) name: String,
    /// How it is called in messages.
    pub(crate) shown: String,
    pub(crate) place: Place,
}

/// Where the bytes are.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A file.
    Disk(PathBuf),
    /// A part of a zip archive.
    Archive { archive: PathBuf, start: u64, packed: u64, stored: bool, checksum: u32 },
}

/// Bytes that any file may grow to when it is unpacked; fewer in tests, which would spend their time on packing.
const ALWAYS_ALLOWED: u64 = if cfg!(test) { 1 << 18 } else { 16 << 20 };
/// How many times its size a file may grow to beyond that. Tables of records shrink to a tenth, a hundredth at the most.
const MOST_TIMES: u64 = 200;
/// What a file begins with.
const GZIP: [u8; 2] = [0x1F, 0x8B];
/// What some programs begin a text with.
pub(crate) const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
const ZIP: [u8; 4] = *b"PK\x03\x04";
const EMPTY_ZIP: [u8; 4] = *b"PK\x05\x06";

impl DataFile {
    pub(crate) fn on_disk(name: &str, shown: String, path: PathBuf) -> Self {
        Self { name: name.to_owned(), shown, place: Place::Disk(path) }
    }

    /// Whether what is read of it are the bytes of the file, which is not packed.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.place, Place::Disk(_)) && !self.says_gzip()
    }

    fn says_gzip(&self) -> bool {
        self.name.to_lowercase().ends_with(".gz")
    }

    /// The ending that says how the text is written, in lower case and without `.gz`.
    pub(crate) fn ending(&self) -> String {
        ending(&self.name)
    }

    /// The name without its endings.
    pub(crate) fn stem(&self) -> &str {
        stem(&self.name)
    }

    /// The bytes, unpacked.
    pub(crate) fn open(&self) -> Result<Box<dyn BufRead + Send>, ReadError> {
        let failed = |error: io::Error| unreadable(&error, &self.shown);
        match &self.place {
            Place::Disk(path) => {
                check_kind(path, &self.shown)?;
                let file = File::open(path).map_err(failed)?;
                let packed = file.metadata().map_err(failed)?.len();
                let mut input = BufReader::with_capacity(1 << 16, file);
                let start = input.fill_buf().map_err(failed)?;
                if start.starts_with(&ZIP) || start.starts_with(&EMPTY_ZIP) {
                    return Err(ReadError::new("the file is a zip archive, whatever its name says")
                        .file(&self.shown)
                        .help("unpack it; a spreadsheet must be saved as CSV"));
                }
                let is_gzip = start.starts_with(&GZIP);
                match (self.says_gzip(), is_gzip) {
                    (false, false) => Ok(Box::new(input)),
                    (true, true) => Ok(buffered(Unpacked::new(MultiGzDecoder::new(input), packed, None))),
                    (false, true) => Err(ReadError::new("the file is compressed by gzip")
                        .file(&self.shown)
                        .help(format!("name it `{}.gz`", self.name))),
                    (true, false) => {
                        Err(ReadError::new("the file is not compressed by gzip, though it ends in `.gz`")
                            .file(&self.shown)
                            .help("remove the ending, or export it again"))
                    }
                }
            }
            Place::Archive { archive, start, packed, stored, checksum } => {
                let mut file = File::open(archive).map_err(failed)?;
                file.seek(SeekFrom::Start(*start)).map_err(failed)?;
                let part = BufReader::with_capacity(1 << 16, file.take(*packed));
                let checksum = Some(*checksum);
                Ok(if *stored {
                    buffered(Unpacked::new(part, *packed, checksum))
                } else {
                    buffered(Unpacked::new(DeflateDecoder::new(part), *packed, checksum))
                })
            }
        }
    }
}

fn buffered(input: impl Read + Send + 'static) -> Box<dyn BufRead + Send> {
    Box::new(BufReader::with_capacity(1 << 16, input))
}

/// What is wrong when a path leads to no file.
pub(crate) fn check_kind(path: &Path, shown: &str) -> Result<(), ReadError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            Err(ReadError::new("it is a folder, and a file is expected").file(shown))
        }
        Ok(found) if !found.is_file() => {
            Err(ReadError::new("it is no ordinary file, so it is not read").file(shown))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(missing(path, &error, shown)),
    }
}

/// Why there is nothing at a path.
pub(crate) fn missing(path: &Path, error: &io::Error, shown: &str) -> ReadError {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return ReadError::new("it is a link that leads nowhere or in a circle")
            .file(shown)
            .help("remove the link, or put the file in its place");
    }
    unreadable(error, shown)
}

/// A failure of the system, in words.
pub(crate) fn unreadable(error: &io::Error, shown: &str) -> ReadError {
    let found = error.get_ref().and_then(|inner| inner.downcast_ref::<ReadError>());
    match found {
        Some(found) => ReadError { file: Some(shown.to_owned()), ..found.clone() },
        None if error.kind() == io::ErrorKind::NotFound => {
            ReadError::new("there is no such file").file(shown)
        }
        None => ReadError::new(format!("it cannot be read: {error}")).file(shown),
    }
}

/// `csv` of `Students.CSV.gz`.
pub(crate) fn ending(name: &str) -> String {
    let name = without_gz(name);
    name.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase()
}

/// `Students` of `Students.csv.gz`.
pub(crate) fn stem(name: &str) -> &str {
    let name = without_gz(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn without_gz(name: &str) -> &str {
    match name.len().checked_sub(3).and_then(|at| name.split_at_checked(at)) {
        Some((stem, ending)) if ending.eq_ignore_ascii_case(".gz") => stem,
        _ => name,
    }
}

/// Counts what comes out of a decoder, so that a file made to exhaust the machine ends in a message.
struct Unpacked<R> {
    inner: R,
    packed: u64,
    given: u64,
    /// What the bytes must sum up to.
    expected: Option<u32>,
    sum: Crc,
}

impl<R> Unpacked<R> {
    fn new(inner: R, packed: u64, expected: Option<u32>) -> Self {
        Self { inner, packed, given: 0, expected, sum: Crc::new() }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::other(cut_short()),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => io::Error::other(damaged()),
            _ => error,
        })?;
        self.given += length as u64;
        if self.given > ALWAYS_ALLOWED && self.given / MOST_TIMES > self.packed {
            return Err(io::Error::other(
                ReadError::new(format!(
                    "it unpacks to more than {MOST_TIMES} times its size, as no table of records does"
                ))
                .help("if the file is what it should be, unpack it by hand"),
            ));
        }
        if let Some(expected) = self.expected {
            self.sum.update(buffer.get(..length).unwrap_or(&[]));
            if length == 0 && !buffer.is_empty() && self.sum.sum() != expected {
                return Err(io::Error::other(damaged()));
            }
        }
        Ok(length)
    }
}

fn cut_short() -> ReadError {
    ReadError::new("the compressed file ends early: something cut it short")
        .help("export it again; nothing can be said of the rows it lacks")
}

fn damaged() -> ReadError {
    ReadError::new("the compressed file is damaged").help("export it again")
}
