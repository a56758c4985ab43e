//! A diagnostic with its places looked up: what every renderer needs and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::{Applicability, Diagnostic, FileId, Place, Severity};
use rubric_grammar::{LineColumn, LineIndex};

/// A text with a path to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceText {
    pub(crate) path: String,
    pub(crate) text: Arc<str>,
    lines: LineIndex,
}

impl SourceText {
    pub(crate) fn new(path: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text = harmless_in_place(text.into());
        let lines = LineIndex::new(&text);
        Self { path: path.into(), text, lines }
    }

    /// Line and column of a byte, both from 1; columns are characters, as people count them.
    pub(crate) fn position(&self, offset: u32) -> Position {
        let LineColumn { line, column } = self.lines.line_column(&self.text, offset);
        let offset = self.lines.offset_of(&self.text, LineColumn { line, column });
        Position { line, column, offset }
    }

    /// The byte at which a line, from 1, begins.
    pub(crate) fn line_start(&self, line: u32) -> usize {
        self.lines.offset_of(&self.text, LineColumn { line, column: 1 }) as usize
    }

    /// The text of a line, from 1, without its end.
    pub(crate) fn line(&self, line: u32) -> &str {
        self.lines.line(&self.text, line.saturating_sub(1))
    }
}

/// A text in which a stand-in of the same length is in the place of each control character that a terminal would obey,
/// so that places stay where they are.
fn harmless_in_place(text: Arc<str>) -> Arc<str> {
    if !text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
        return text;
    }
    let stand_in = |letter: char| match letter {
        '\n' | '\r' | '\t' => letter,
        _ if letter.is_ascii_control() => '?',
        // The other control characters take two bytes, and so does this.
        _ if letter.is_control() => '·',
        _ => letter,
    };
    text.chars().map(stand_in).collect::<String>().into()
}

/// A place in a text for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) offset: u32,
}

/// A range of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) source: Arc<SourceText>,
    pub(crate) start: Position,
    pub(crate) end: Position,
    /// Why this place matters; may be empty.
    pub(crate) text: String,
}

/// A mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mend {
    pub(crate) title: String,
    pub(crate) always: bool,
    /// Where, each with its new text in [`Spot::text`].
    pub(crate) edits: Vec<Spot>,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Empty where there is no manual page.
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// The first is where it is.
    pub(crate) spots: Vec<Spot>,
    pub(crate) help: Option<String>,
    pub(crate) mend: Option<Mend>,
}

impl Finding {
    pub(crate) const fn word(&self) -> &'static str {
        self.severity.word()
    }
}

/// Looks up the places of diagnostics, each text once.
pub(crate) struct Lookup<'a> {
    database: &'a Database,
    sources: BTreeMap<FileId, Arc<SourceText>>,
}

impl<'a> Lookup<'a> {
    pub(crate) const fn new(database: &'a Database) -> Self {
        Self { database, sources: BTreeMap::new() }
    }

    pub(crate) fn source(&mut self, file: FileId) -> Arc<SourceText> {
        let read = || Arc::new(SourceText::new(self.database.path(file), self.database.text(file)));
        Arc::clone(self.sources.entry(file).or_insert_with(read))
    }

    pub(crate) fn spot(&mut self, place: Place, text: &str) -> Spot {
        let span = self.database.span(place);
        let source = self.source(place.file);
        let (start, end) = (source.position(span.start), source.position(span.end));
        Spot { source, start, end: end.max(start), text: text.to_owned() }
    }

    pub(crate) fn finding(&mut self, diagnostic: &Diagnostic) -> Finding {
        let spots = diagnostic.labels.iter().map(|label| self.spot(label.place, &label.text)).collect();
        let mend = diagnostic.fix.as_ref().map(|fix| Mend {
            title: fix.title.clone(),
            always: fix.applicability == Applicability::Always,
            edits: fix.edits.iter().map(|(place, text)| self.spot(*place, text)).collect(),
        });
        Finding {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            spots,
            help: diagnostic.help.clone(),
            mend,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, SourceText};

    #[test]
    fn positions_count_characters_and_lines_from_one() {
        let source = SourceText::new("a.rubric", "é😀x\r\nsecond\n");
        assert_eq!(source.position(0), Position { line: 1, column: 1, offset: 0 });
        assert_eq!(source.position(6), Position { line: 1, column: 3, offset: 6 });
        assert_eq!(source.position(4).offset, 2, "inside a character: its start");
        assert_eq!(source.position(9), Position { line: 2, column: 1, offset: 9 });
        assert_eq!(source.position(99), Position { line: 3, column: 1, offset: 16 });
        assert_eq!(
            (source.line(1), source.line(2), source.line(3), source.line(9)),
            ("é😀x", "second", "", "")
        );
        assert_eq!((source.line_start(1), source.line_start(2), source.line_start(3)), (0, 9, 16));
    }

    #[test]
    fn a_terminal_obeys_nothing_in_a_text_and_places_stay() {
        let source = SourceText::new("a.rubric", "a\u{1b}[2J\u{9b}é\tx\r\n");
        assert_eq!(&*source.text, "a?[2J·é\tx\r\n");
        assert_eq!(SourceText::new("a.rubric", "é\tx\r\n").text.len(), 6);
    }
}
