//! A text file in pieces that end at the ends of lines, and the order in which they are counted.

use std::io::{BufRead, Read as _};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use memchr::{memchr_iter, memrchr};

use crate::data::ReadError;
use crate::data::bytes::{BYTE_ORDER_MARK, DataFile, unreadable};

/// How many bytes are read at a time; a piece is that long, or as long as a line that is longer.
pub(crate) const PIECE: usize = 1 << 18;

/// A piece of a file.
pub(crate) struct Piece {
    /// Which one, from 0.
    pub(crate) number: usize,
    pub(crate) bytes: Vec<u8>,
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// How many lines end in it.
    pub(crate) lines: usize,
}

/// Gives the pieces of a file, to whichever thread asks.
pub(crate) struct Pieces<'a> {
    state: Mutex<State>,
    shown: &'a str,
    size: usize,
}

struct State {
    input: Box<dyn BufRead + Send>,
    next: usize,
    line: u64,
    /// What follows the last end of a line.
    rest: Vec<u8>,
    ended: bool,
    /// Of all bytes so far.
    hash: Option<blake3::Hasher>,
    digest: Option<FileDigest>,
}

/// The BLAKE3 of a file.
pub type FileDigest = [u8; 32];

impl<'a> Pieces<'a> {
    /// The pieces of a file after some bytes, with the line on which they begin. `digested`: whether its digest is taken, if
    /// it is read as it is.
    pub(crate) fn open(
        file: &'a DataFile,
        (skip, line): (u64, u64),
        size: usize,
        digested: bool,
    ) -> Result<Self, ReadError> {
        let mut input = file.open()?;
        let failed = |error: std::io::Error| unreadable(&error, &file.shown);
        let mut before = Vec::new();
        if input.fill_buf().map_err(failed)?.starts_with(&BYTE_ORDER_MARK) {
            input.consume(BYTE_ORDER_MARK.len());
            before.extend_from_slice(&BYTE_ORDER_MARK);
        }
        input.by_ref().take(skip).read_to_end(&mut before).map_err(failed)?;
        let hash = (digested && file.is_plain()).then(|| {
            let mut hash = blake3::Hasher::new();
            hash.update(&before);
            hash
        });
        let state = State { input, next: 0, line, rest: Vec::new(), ended: false, hash, digest: None };
        Ok(Self { state: Mutex::new(state), shown: &file.shown, size })
    }

    /// The next piece, in `buffer` if its memory suffices.
    pub(crate) fn next(&self, mut buffer: Vec<u8>) -> Result<Option<Piece>, ReadError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.ended {
            return Ok(None);
        }
        buffer.clear();
        buffer.append(&mut state.rest);
        let mut searched = 0;
        loop {
            let before = buffer.len();
            // A little more, so that reading to the limit asks for no larger buffer.
            buffer.reserve(self.size + 64);
            let limit = u64::try_from(self.size).unwrap_or(u64::MAX);
            let read = state.input.by_ref().take(limit).read_to_end(&mut buffer);
            read.map_err(|error| unreadable(&error, self.shown))?;
            if buffer.len() == before {
                state.ended = true;
                state.digest = state.hash.take().map(|hash| hash.finalize().into());
                break;
            }
            if let Some(hash) = &mut state.hash {
                hash.update(buffer.get(before..).unwrap_or_default());
            }
            let new = buffer.get(searched..).unwrap_or(&[]);
            if let Some(at) = memrchr(b'\n', new) {
                state.rest = buffer.split_off(searched + at + 1);
                break;
            }
            searched = buffer.len();
        }
        if buffer.is_empty() {
            return Ok(None);
        }
        let lines = memchr_iter(b'\n', &buffer).count();
        let piece = Piece { number: state.next, line: state.line, lines, bytes: buffer };
        state.next += 1;
        state.line += lines as u64;
        Ok(Some(piece))
    }

    /// The digest of the file, where it was taken and all of it was read.
    pub(crate) fn digest(self) -> Option<FileDigest> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).digest
    }

    /// Gives no more pieces.
    pub(crate) fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
    }
}

/// Lets pieces be counted in their order, whichever thread has them.
pub(crate) struct Turns<T> {
    state: Mutex<(usize, bool, T)>,
    turned: Condvar,
}

impl<T> Turns<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { state: Mutex::new((0, false, value)), turned: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, (usize, bool, T)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until all pieces before that one are counted, and counts it. `None` once somebody has given up.
    pub(crate) fn take<R>(&self, number: usize, count: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut state = self.lock();
        while state.0 != number && !state.1 {
            state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.1 {
            return None;
        }
        let result = count(&mut state.2);
        state.0 += 1;
        self.turned.notify_all();
        Some(result)
    }

    /// Adds to what was counted, out of turn.
    pub(crate) fn add(&self, add: impl FnOnce(&mut T)) {
        add(&mut self.lock().2);
    }

    /// Lets nobody wait any more.
    pub(crate) fn give_up(&self) {
        self.lock().1 = true;
        self.turned.notify_all();
    }

    pub(crate) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).2
    }
}

/// Gives up for a thread that ends without having said so, so that no other waits for it.
pub(crate) struct Watch<'a, T> {
    pub(crate) turns: &'a Turns<T>,
    pub(crate) done: bool,
}

impl<T> Drop for Watch<'_, T> {
    fn drop(&mut self) {
        if !self.done {
            self.turns.give_up();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_at_the_ends_of_lines_and_know_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let text = "\u{feff}h\na\nbb\n\ncccccccccccc\nd";
        let whole = Some(blake3::hash(text.as_bytes()).into());
        for (name, bytes, digest) in [
            ("a.csv", text.as_bytes().to_vec(), whole),
            ("a.csv.gz", crate::data::bad_input_tests::gzip(text.as_bytes()), None),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let file = DataFile::on_disk(name, name.to_owned(), path);
            for size in 1..12 {
                let pieces = Pieces::open(&file, (2, 2), size, true).unwrap();
                let (mut all, mut line, mut number) = (Vec::new(), 2, 0);
                while let Some(piece) = pieces.next(Vec::new()).unwrap() {
                    assert_eq!((piece.line, piece.number), (line, number));
                    assert_eq!(piece.lines, piece.bytes.iter().filter(|byte| **byte == b'\n').count());
                    line += piece.lines as u64;
                    number += 1;
                    assert!(piece.bytes.ends_with(b"\n") || piece.bytes.ends_with(b"d"));
                    all.extend(piece.bytes);
                }
                assert_eq!(all, b"a\nbb\n\ncccccccccccc\nd");
                assert_eq!(pieces.digest(), digest);
                let pieces = Pieces::open(&file, (2, 2), size, true).unwrap();
                pieces.next(Vec::new()).unwrap();
                pieces.stop();
                assert_eq!(pieces.digest(), None, "not all of it was read");
            }
        }
    }
}
