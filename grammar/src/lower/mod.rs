//! From the pairs of pest to the syntax tree.

mod assemble;
mod bracket_rule;
mod clause;
mod expression;
mod item;
mod template;

use std::collections::BTreeMap;

use pest::iterators::Pair;

use crate::ast::{DateLit, Name, Path, Text};
use crate::rules::Rule as R;
use crate::segment::Segment;
use crate::span::Span;
use crate::{Fix, SyntaxError};

pub(crate) use assemble::Assembler;
pub(crate) use clause::{Clause, ClauseKind};

/// A block of `///` lines, keyed by the byte of the word that follows it.
#[derive(Clone, Debug)]
pub(crate) struct DocBlock {
    pub(crate) text: String,
    pub(crate) lines: Vec<(Span, String)>,
}

/// What lowering needs besides the pairs.
pub(crate) struct Lower<'a> {
    /// The file as it was written.
    pub(crate) source: &'a str,
    pub(crate) segment: &'a Segment<'a>,
    /// First byte of the item in the file.
    pub(crate) item_start: u32,
    pub(crate) docs: &'a mut BTreeMap<u32, DocBlock>,
    pub(crate) errors: &'a mut Vec<SyntaxError>,
    /// Some part was not understood.
    pub(crate) damaged: bool,
}

impl<'a> Lower<'a> {
    /// The span of a pair, without the space that pest leaves at its end, relative to the item.
    pub(crate) fn span(&self, pair: &Pair<'_, R>) -> Span {
        let start = offset(pair.as_span().start());
        let end = start + offset(pair.as_str().trim_end().len());
        self.local_span(Span::new(start, end))
    }

    /// From bytes of the segment to bytes of the item.
    pub(crate) fn local_span(&self, span: Span) -> Span {
        let start = self.segment.file_offset(span.start);
        let end = self.segment.file_offset(span.end).max(start);
        Span::new(start.saturating_sub(self.item_start), end.saturating_sub(self.item_start))
    }

    /// From bytes of the item to bytes of the file.
    pub(crate) fn in_file(&self, span: Span) -> Span {
        span.shifted(self.item_start)
    }

    /// The documentation above the word at `start` of the item.
    pub(crate) fn take_docs(&mut self, start: u32) -> Option<String> {
        self.docs.remove(&(start + self.item_start)).map(|block| block.text)
    }

    /// Notes an error at a place of the item.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        help: Option<String>,
        fix: Option<Fix>,
    ) {
        let span = self.in_file(span);
        self.errors.push(SyntaxError { code, message: message.into(), span, related: Vec::new(), help, fix });
    }

    /// What was written at a span of the item.
    pub(crate) fn item_text(&self, span: Span) -> String {
        let span = self.in_file(span);
        self.source.get(span.start as usize..span.end as usize).unwrap_or("").to_owned()
    }

    /// What was written after a byte of the item.
    fn text_after(&self, end: u32) -> &'a str {
        self.source.get((end + self.item_start) as usize..).unwrap_or("").trim_start()
    }

    /// What was written before a byte of the item.
    fn text_before(&self, start: u32) -> &'a str {
        self.source.get(..(start + self.item_start) as usize).unwrap_or("").trim_end()
    }

    /// Text on one line, shortened for a message.
    pub(crate) fn quote(text: &str) -> String {
        let mut text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().count() > 60 {
            text = text.chars().take(57).collect();
            text.push('…');
        }
        text
    }

    pub(crate) fn name(&self, pair: &Pair<'_, R>) -> Name {
        let text = pair.as_str().trim_end().trim_matches('`').to_owned();
        Name { text, span: self.span(pair) }
    }

    pub(crate) fn path(&self, pair: Pair<'_, R>) -> Path {
        let span = self.span(&pair);
        let segments = pair.into_inner().map(|part| self.name(&part)).collect();
        Path { segments, span }
    }

    pub(crate) fn text(&self, pair: &Pair<'_, R>) -> Text {
        Text { value: unescape(inside_quotes(pair.as_str())), span: self.span(pair) }
    }

    pub(crate) fn date(&self, pair: &Pair<'_, R>) -> DateLit {
        let mut parts = pair.as_str().split('-');
        let mut next = || parts.next().unwrap_or("0");
        let (year, month, day) = (next(), next(), next());
        DateLit {
            year: year.parse().unwrap_or(0),
            month: month.parse().unwrap_or(0),
            day: day.parse().unwrap_or(0),
            span: self.span(pair),
        }
    }
}

/// A byte offset; files are limited far below 4 GB.
pub(crate) fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// What stands between the quotes.
pub(crate) fn inside_quotes(text: &str) -> &str {
    let text = text.trim_end();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// `\"` and `\\` are escapes; any other backslash stays, so that patterns need not double it.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next @ ('"' | '\\'))) => {
                out.push(next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}
