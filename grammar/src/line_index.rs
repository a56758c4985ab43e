//! From bytes to lines and columns, and back.

/// A place as people and compilers count: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineColumn {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

/// A place as editors count: from 0, columns in the code units of an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// From 0.
    pub line: u32,
    /// In code units, from 0.
    pub column: u32,
}

/// The code units in which an editor counts columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Code units of UTF-16.
    Utf16,
}

impl Encoding {
    fn width(self, c: char) -> u32 {
        let width = match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
        };
        u32::try_from(width).unwrap_or(0)
    }
}

/// Lines are rarely shorter on average.
const SHORT_LINE: usize = 16;

/// Where the lines of a text begin. A line ends with `\n`, which `\r` may precede.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
    length: u32,
}

impl LineIndex {
    /// Looks for the lines of a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let mut starts = Vec::with_capacity(text.len() / SHORT_LINE);
        starts.push(0);
        starts.extend(text.match_indices('\n').map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)));
        Self { starts, length }
    }

    /// How many lines there are; an empty text has one.
    #[must_use]
    pub fn line_count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// The line of a byte, from 0.
    #[must_use]
    pub fn line_of(&self, offset: u32) -> u32 {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The bytes of a line, counted from 0, without its end.
    #[must_use]
    pub fn line<'t>(&self, text: &'t str, line: u32) -> &'t str {
        let Some(start) = self.starts.get(line as usize) else { return "" };
        let end = self.starts.get(line as usize + 1).copied().unwrap_or(self.length);
        let line = text.get(*start as usize..end as usize).unwrap_or("");
        let line = line.strip_suffix('\n').unwrap_or(line);
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// The line of a byte, from 0, and what stands before the byte on it. A byte inside a character counts as the first.
    fn before<'t>(&self, text: &'t str, offset: u32) -> (u32, &'t str) {
        let mut offset = offset.min(self.length);
        while offset > 0 && !text.is_char_boundary(offset as usize) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        (u32::try_from(line).unwrap_or(u32::MAX), text.get(start as usize..offset as usize).unwrap_or(""))
    }

    /// The line and column of a byte, for people.
    #[must_use]
    pub fn line_column(&self, text: &str, offset: u32) -> LineColumn {
        let (line, before) = self.before(text, offset);
        let column = u32::try_from(before.chars().count()).unwrap_or(u32::MAX);
        LineColumn { line: line.saturating_add(1), column: column.saturating_add(1) }
    }

    /// The line and column of a byte, for an editor.
    #[must_use]
    pub fn position(&self, text: &str, offset: u32, encoding: Encoding) -> Position {
        let (line, before) = self.before(text, offset);
        Position { line, column: before.chars().map(|c| encoding.width(c)).sum() }
    }

    /// The byte of a place in an editor; past the end of a line is its end, past the last line the end of the text.
    #[must_use]
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> u32 {
        let Some(start) = self.starts.get(position.line as usize) else { return self.length };
        let mut offset = *start;
        let mut column = 0;
        for c in self.line(text, position.line).chars() {
            column += encoding.width(c);
            if column > position.column {
                break;
            }
            offset += u32::try_from(c.len_utf8()).unwrap_or(0);
        }
        offset
    }

    /// The byte of a place as people count it.
    #[must_use]
    pub fn offset_of(&self, text: &str, place: LineColumn) -> u32 {
        let line = place.line.saturating_sub(1);
        let Some(start) = self.starts.get(line as usize) else { return self.length };
        let before = self.line(text, line).chars().take(place.column.saturating_sub(1) as usize);
        start + before.map(|c| u32::try_from(c.len_utf8()).unwrap_or(0)).sum::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "ab\r\ncé𝄞d\n\nlast";

    #[test]
    fn columns_in_each_unit() {
        let index = LineIndex::new(TEXT);
        let byte = |needle: &str| u32::try_from(TEXT.find(needle).unwrap()).unwrap();
        let cases = [
            ("a", (1, 1), (0, 0), (0, 0)),
            ("c", (2, 1), (1, 0), (1, 0)),
            ("𝄞", (2, 3), (1, 3), (1, 2)),
            ("d", (2, 4), (1, 7), (1, 4)),
            ("last", (4, 1), (3, 0), (3, 0)),
        ];
        for (needle, people, utf8, utf16) in cases {
            let at = byte(needle);
            let place = index.line_column(TEXT, at);
            assert_eq!((place.line, place.column), people, "{needle}");
            assert_eq!(index.offset_of(TEXT, place), at, "{needle}");
            for (encoding, expected) in [(Encoding::Utf8, utf8), (Encoding::Utf16, utf16)] {
                let position = index.position(TEXT, at, encoding);
                assert_eq!((position.line, position.column), expected, "{needle}");
                assert_eq!(index.offset(TEXT, position, encoding), at, "{needle}");
            }
        }
    }

    #[test]
    fn places_outside_the_text_are_clamped() {
        let index = LineIndex::new(TEXT);
        let at = |line, column| index.offset(TEXT, Position { line, column }, Encoding::Utf16);
        assert_eq!(at(0, 99), 2);
        assert_eq!(at(99, 0) as usize, TEXT.len());
        assert_eq!(index.line_column(TEXT, 9999), LineColumn { line: 4, column: 5 });
        // Inside a character: its first byte; between the halves of a pair: before it.
        assert_eq!(index.line_column(TEXT, 6), LineColumn { line: 2, column: 2 });
        assert_eq!(at(1, 3) as usize, TEXT.find('𝄞').unwrap());
        assert_eq!(LineIndex::new("").line_count(), 1);
    }
}
