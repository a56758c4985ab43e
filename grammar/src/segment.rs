//! A piece of a file as the grammar sees it, and the way back to the bytes of the file.

use std::borrow::Cow;

use crate::span::Span;

/// A replacement that is made before the grammar reads the text, in bytes of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) span: Span,
    pub(crate) text: String,
}

/// A stretch of the text that was copied or replaced as a whole.
#[derive(Clone, Copy, Debug)]
struct Piece {
    local: u32,
    file: u32,
    copied: bool,
}

/// A piece of a file with its edits made.
#[derive(Clone, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) text: Cow<'a, str>,
    pieces: Vec<Piece>,
    base: u32,
    end: u32,
}

impl<'a> Segment<'a> {
    /// The bytes `span` of `blanked` with those of the sorted `edits` that lie in it.
    pub(crate) fn new(blanked: &'a str, span: Span, edits: &[Edit]) -> Self {
        let slice = |start: u32, end: u32| blanked.get(start as usize..end as usize).unwrap_or("");
        let first = edits.partition_point(|edit| edit.span.start < span.start);
        let inside: Vec<&Edit> =
            edits.iter().skip(first).take_while(|edit| edit.span.end <= span.end).collect();
        if inside.is_empty() {
            return Self {
                text: Cow::Borrowed(slice(span.start, span.end)),
                pieces: Vec::new(),
                base: span.start,
                end: span.end,
            };
        }
        let mut text = String::new();
        let mut pieces = Vec::new();
        let mut at = span.start;
        for edit in inside {
            if edit.span.start < at {
                continue;
            }
            pieces.push(Piece { local: length(&text), file: at, copied: true });
            text.push_str(slice(at, edit.span.start));
            pieces.push(Piece { local: length(&text), file: edit.span.start, copied: false });
            text.push_str(&edit.text);
            at = edit.span.end;
        }
        pieces.push(Piece { local: length(&text), file: at, copied: true });
        text.push_str(slice(at, span.end));
        Self { text: Cow::Owned(text), pieces, base: span.start, end: span.end }
    }

    /// A text without edits that begins at `base` of the file.
    pub(crate) fn verbatim(text: &'a str, base: u32) -> Self {
        Self { text: Cow::Borrowed(text), pieces: Vec::new(), base, end: base + length(text) }
    }

    /// The byte of the file at a byte of the text.
    pub(crate) fn file_offset(&self, local: u32) -> u32 {
        let index = self.pieces.partition_point(|piece| piece.local <= local);
        match index.checked_sub(1).and_then(|index| self.pieces.get(index)) {
            None => (self.base + local).min(self.end),
            Some(piece) if piece.copied => (piece.file + (local - piece.local)).min(self.end),
            Some(piece) => piece.file,
        }
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}
