//! A text that the client edits.

use rubric_grammar::{Encoding, LineIndex, Position};

/// A text and where its lines begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    text: String,
    lines: LineIndex,
}

impl Document {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = LineIndex::new(&text);
        Self { text, lines }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Replaces a range; ends given in the wrong order are put right.
    pub(crate) fn replace(&mut self, from: Position, to: Position, with: &str, encoding: Encoding) {
        let offset = |position| self.lines.offset(&self.text, position, encoding) as usize;
        let (from, to) = (offset(from), offset(to));
        let mut text = std::mem::take(&mut self.text);
        text.replace_range(from.min(to)..from.max(to), with);
        *self = Self::new(text);
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, Encoding, Position};

    const fn at(line: u32, column: u32) -> Position {
        Position { line, column }
    }

    #[test]
    fn edits_follow_each_other() {
        let mut document = Document::new("a😀b\r\nc\r\n");
        document.replace(at(0, 1), at(0, 3), "é", Encoding::Utf16);
        assert_eq!(document.text(), "aéb\r\nc\r\n");
        document.replace(at(1, 1), at(0, 3), "!", Encoding::Utf16);
        assert_eq!(document.text(), "aéb!\r\n");
        document.replace(at(0, 1), at(0, 3), "", Encoding::Utf8);
        assert_eq!(document.text(), "ab!\r\n");
        document.replace(at(1, 0), at(9, 9), "end", Encoding::Utf8);
        assert_eq!(document.text(), "ab!\r\nend");
    }

    #[test]
    fn half_a_character_is_never_cut() {
        let mut document = Document::new("a😀b");
        document.replace(at(0, 2), at(0, 3), "x", Encoding::Utf16);
        assert_eq!(document.text(), "axb");
    }
}
