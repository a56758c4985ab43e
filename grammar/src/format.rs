//! The formatter: one style, no options.
//!
//! It changes blanks and line breaks and nothing else. Tokens are taken from the source as they are written, each
//! comment stays where it is or moves to the end of its line, and a declaration that could not be parsed is written as
//! it stands. The result is parsed again before it is returned: a tree or comments that differ from those of the source
//! make [`format()`] refuse and return the source.
//!
//! * Line ends become `\n`, the text ends with one, and no line ends with a blank (damaged declarations keep theirs).
//! * Formatting a formatted text changes nothing.
//! * A block that its author wrote on one line stays on one if it fits; a row of a fixture is put on one if it fits.
//!   Values of a category and fields of a long row share lines as the author had them.
//! * Declarations are parted by one blank line; declarations of one kind that take a line each are grouped as the author
//!   had them.

mod document;
mod layout;
mod tokens;
mod tree;
mod writer;

use std::fmt;

use document::Printer;
use layout::{Layout, Start};
use tokens::{Leaf, Tokens};
use tree::Collected;
use writer::Writer;

use crate::ast::{Expr, Item, ItemKind};
use crate::{Parse, Span};

/// The width that everything but a test formats to.
pub const DEFAULT_WIDTH: usize = 100;

/// What [`format()`] makes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formatted {
    /// The formatted text; the source when refused.
    pub text: String,
    /// Why the source was left alone.
    pub refused: Option<Refusal>,
}

/// Why a text was not formatted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The formatted text would mean something else.
    TreeChanged,
    /// A comment would be lost or moved past another.
    CommentsChanged,
    /// Offsets in the text do not fit in 32 bits.
    TooLong,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TreeChanged => "the formatted text would not read the same, so the text was left as it is",
            Self::CommentsChanged => "a comment would not survive formatting, so the text was left as it is",
            Self::TooLong => "the text is longer than 4 GiB, so it was left as it is",
        })
    }
}

/// Formats `text`, of which `parse` is the tree, to lines of at most `width` columns where that is possible.
///
/// Comments and text in quotes are never broken, so a line may be longer.
#[must_use]
pub fn format(text: &str, parse: &Parse, width: usize) -> Formatted {
    let refused = |refusal| Formatted { text: text.to_owned(), refused: Some(refusal) };
    if u32::try_from(text.len()).is_err() {
        return refused(Refusal::TooLong);
    }
    let formatted = rewrite(text, parse, width);
    let again = crate::parse(&formatted);
    if crate::dump(&again.file) != crate::dump(&parse.file) {
        return refused(Refusal::TreeChanged);
    }
    let comments = |parse: &Parse| -> Vec<String> {
        parse.comments.iter().map(|comment| comment.text.trim_end().to_owned()).collect()
    };
    if comments(&again) != comments(parse) {
        return refused(Refusal::CommentsChanged);
    }
    Formatted { text: formatted, refused: None }
}

/// A stretch of tokens that is written as one: an item, or text that belongs to none.
struct Piece<'a> {
    first: usize,
    end: usize,
    /// Absent: written as it stands.
    item: Option<(&'a Item, Collected<'a>)>,
}

/// A declaration that was not understood, or only by guessing what was meant.
fn is_verbatim(item: &Item, errors: &[u32]) -> bool {
    let first_error = errors.get(errors.partition_point(|error| *error < item.span.start));
    item.damaged || item.kind == ItemKind::Junk || first_error.is_some_and(|error| *error < item.span.end)
}

fn rewrite(text: &str, parse: &Parse, width: usize) -> String {
    let mut leaves = Vec::new();
    let mut items = Vec::new();
    let mut errors: Vec<u32> =
        parse.errors.iter().filter(|error| error.code == "syntax").map(|error| error.span.start).collect();
    errors.sort_unstable();
    for item in &parse.file.items {
        if is_verbatim(item, &errors) {
            leaves.push(Leaf { span: item.span, verbatim: true });
            items.push((item, None));
        } else {
            let mut collected = Collected::of(item);
            leaves.append(&mut collected.leaves);
            items.push((item, Some(collected)));
        }
    }
    let is_comment =
        |offset: u32| parse.comments.binary_search_by_key(&offset, |comment| comment.span.start).is_ok();
    let mut tokens = Tokens::scan(text, leaves, |offset| !is_comment(offset));
    let pieces = cut(&mut tokens, items);
    for piece in &pieces {
        if let Some((item, collected)) = &piece.item {
            tree::glue_expressions(&mut tokens, item.span.start, &collected.roots);
        }
    }
    tokens.settle_comments();

    let mut writer = Writer::default();
    let mut roots: Vec<Option<&Expr>> = vec![None; tokens.list.len()];
    let mut before: Option<Before<'_>> = None;
    for piece in &pieces {
        let kind = piece.item.as_ref().map(|(item, _)| &item.kind);
        let base = piece.item.as_ref().map_or(0, |(item, _)| item.span.start);
        let starts = match &piece.item {
            Some((item, collected)) => {
                for (index, root) in document::roots_by_token(&tokens, item.span.start, &collected.roots) {
                    if let Some(slot) = roots.get_mut(index) {
                        *slot = Some(root);
                    }
                }
                Layout::of(item, &collected.roots, &mut tokens, (piece.first, piece.end), width)
            }
            None => Vec::new(),
        };
        let lines = lines_of(piece, &starts);
        let Some((head, rest)) = lines.split_first() else { continue };
        let render = |line: &Line| {
            Printer::line(&tokens.list, &roots, base, (line.first, line.end), (line.start.indent, width))
        };
        let head_text = if kind.is_some() { render(head) } else { verbatim(text, &tokens, piece) };
        let takes_a_line = rest.is_empty() && !head_text.contains('\n');
        let grouped = match (&before, kind) {
            (Some(before), Some(kind)) => before.takes_a_line && takes_a_line && before.is_like(kind),
            _ => false,
        };
        writer.open_item(&tokens, head.first, before.is_some(), !grouped && before.is_some());
        if kind.is_some() {
            writer.lines(&head_text, head.start.indent);
        } else {
            writer.verbatim(&head_text);
        }
        for line in rest {
            writer.open_line(&tokens, line.first, line.start);
            writer.lines(&render(line), line.start.indent);
        }
        before = Some(Before { kind, takes_a_line });
    }
    writer.close(&tokens, before.is_some());
    writer.finish()
}

/// What stands above an item.
struct Before<'a> {
    kind: Option<&'a ItemKind>,
    takes_a_line: bool,
}

impl Before<'_> {
    fn is_like(&self, kind: &ItemKind) -> bool {
        self.kind.is_some_and(|other| std::mem::discriminant(other) == std::mem::discriminant(kind))
    }
}

/// A logical line: the tokens `first..end`.
struct Line {
    first: usize,
    end: usize,
    start: Start,
}

/// The logical lines of a piece; a piece that is written as it stands is one.
fn lines_of(piece: &Piece<'_>, starts: &[Option<Start>]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    if piece.first >= piece.end {
        return lines;
    }
    lines.push(Line { first: piece.first, end: piece.end, start: Start::default() });
    for (index, start) in starts.iter().enumerate().skip(1) {
        let Some(start) = start else { continue };
        let first = piece.first + index;
        if let Some(last) = lines.last_mut() {
            last.end = first;
        }
        lines.push(Line { first, end: piece.end, start: *start });
    }
    lines
}

/// Cuts the tokens, but for the last, into items and what lies between them.
fn cut<'a>(tokens: &mut Tokens<'_>, items: Vec<(&'a Item, Option<Collected<'a>>)>) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let last = tokens.list.len().saturating_sub(1);
    for (item, collected) in items {
        let first = tokens.at(item.span.start).clamp(at, last);
        let end = tokens.at(item.span.end).clamp(first, last);
        if at < first {
            pieces.push(Piece { first: at, end: first, item: None });
        }
        pieces.push(Piece { first, end, item: collected.map(|collected| (item, collected)) });
        at = end;
    }
    if at < last {
        pieces.push(Piece { first: at, end: last, item: None });
    }
    for piece in &pieces {
        if let Some(token) = tokens.list.get_mut(piece.first) {
            token.glued = false;
        }
    }
    pieces
}

/// The source of a piece, with the line ends of the formatted text.
fn verbatim(text: &str, tokens: &Tokens<'_>, piece: &Piece<'_>) -> String {
    let of = |index: usize| tokens.list.get(index).map(|token| Span::new(token.start, token.end));
    let Some((first, last)) = of(piece.first).zip(of(piece.end.saturating_sub(1))) else {
        return String::new();
    };
    text.get(first.start as usize..last.end as usize).unwrap_or_default().replace("\r\n", "\n")
}
