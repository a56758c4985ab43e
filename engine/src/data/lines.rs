//! A file as lines, however they end.

use std::io::{BufRead, Read as _};

use super::ReadError;
use super::bytes::unreadable;
use super::csv_reader::skip_mark;

/// Longer lines are no rows of records.
const LONGEST: u64 = 64 << 20;

/// The lines of a file.
pub(super) struct Lines<R> {
    input: R,
    shown: String,
    buffer: Vec<u8>,
    /// The number of the line that was read last, from 1.
    pub(super) number: u64,
    /// Whether the line that was read last has an end, which a file that was cut short lacks.
    pub(super) ended: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(mut input: R, shown: &str) -> Result<Self, ReadError> {
        skip_mark(&mut input, shown)?;
        Ok(Self { input, shown: shown.to_owned(), buffer: Vec::new(), number: 0, ended: true })
    }

    /// The next line, without its end.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, ReadError> {
        self.buffer.clear();
        let length = (&mut self.input)
            .take(LONGEST)
            .read_until(b'\n', &mut self.buffer)
            .map_err(|error| unreadable(&error, &self.shown))?;
        if length == 0 {
            return Ok(None);
        }
        self.number += 1;
        if length as u64 == LONGEST {
            return Err(ReadError::new("the line is longer than 64 megabytes, so it is no row of records")
                .file(&self.shown)
                .line(self.number));
        }
        self.ended = self.buffer.ends_with(b"\n");
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }
}
