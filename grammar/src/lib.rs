//! The Rubric language: its grammar, its syntax tree, a parser that accepts any text, and the formatter.
//!
//! This crate knows nothing of what a policy means, of files or of editors.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        reason = "tests fail by panicking"
    )
)]

pub mod ast;
mod brackets;
mod dump;
pub mod format;
mod items;
mod keywords;
mod known;
mod lexical;
mod limits;
mod line_index;
mod lower;
mod message;
mod number;
mod parse;
mod recover;
mod rules;
mod scan;
mod segment;
mod span;
mod starts;
mod suggest;

pub use dump::{dump, dump_expr, dump_item};
pub use keywords::{FORM_WORDS, ITEMS, KEYWORDS, MONTHS, RESERVED};
pub use known::Known;
pub use lexical::{Lexical, LexicalKind, lexical};
pub use line_index::{Encoding, LineColumn, LineIndex, Position};
pub use span::Span;

/// Reads a text: always a tree, with whatever was wrong beside it.
#[must_use]
pub fn parse(text: &str) -> Parse {
    parse::file(text)
}

/// As [`parse`], with what the last reading of a text like it came to: what did not change is not read again, and the
/// declarations are shared with those of the last reading.
#[must_use]
pub fn parse_again(text: &str, known: &mut Known) -> Parse {
    parse::again(text, known)
}

/// Reads bytes that should be UTF-8: a byte that is not is an error, and the rest is read all the same.
#[must_use]
pub fn parse_bytes(bytes: &[u8]) -> Parse {
    parse::bytes(bytes)
}

/// The text that [`parse_bytes`] reads: each byte that is not UTF-8 is a space, so that offsets stay what they are.
#[must_use]
pub fn readable(bytes: &[u8]) -> String {
    parse::readable(bytes).0
}

/// What [`parse`] makes of a text: always a tree, with whatever was wrong beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parse {
    /// The tree; damaged parts are marked in it.
    pub file: ast::File,
    /// What was wrong, in the order of the text.
    pub errors: Vec<SyntaxError>,
    /// Every comment but documentation, in the order of the text.
    pub comments: Vec<Comment>,
}

/// A `//` comment, its span in the file, without the end of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// As written, with the slashes.
    pub text: String,
    /// In the file.
    pub span: Span,
}

/// One thing that is wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Stable code, such as `syntax` or `typographic-character`.
    pub code: &'static str,
    /// Lower case, no final stop.
    pub message: String,
    /// In the file.
    pub span: Span,
    /// A second place, such as the bracket that was never closed.
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    /// Replacements that mend it, spans in the file.
    pub fix: Option<Fix>,
}

/// Replacements that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does: "replace `“` with `\"`".
    pub title: String,
    /// Span in the file and new text.
    pub edits: Vec<(Span, String)>,
}
