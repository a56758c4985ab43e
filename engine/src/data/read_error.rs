//! What keeps a data set from being read at all.

use std::fmt;

/// A data set that cannot be read. What is wrong with single rows is a [`super::DataError`] instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file or folder.
    pub file: Option<String>,
    /// The line, where one is to blame.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl ReadError {
    /// An error with a message alone.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { file: None, line: None, message: message.into(), help: None }
    }

    /// The same with its file.
    #[must_use]
    pub fn file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same with its line.
    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same with what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.as_deref().filter(|file| !file.is_empty()), self.line) {
            (Some(file), Some(line)) => write!(formatter, "{}: ", super::place(file, line))?,
            (Some(file), None) => write!(formatter, "{file}: ")?,
            _ => {}
        }
        write!(formatter, "{}", self.message)?;
        match &self.help {
            Some(help) => write!(formatter, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ReadError {}
