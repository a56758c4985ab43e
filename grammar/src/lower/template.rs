//! Quoted texts with expressions in braces.

use pest::Parser as _;
use pest::iterators::Pair;

use super::clause::damaged;
use super::{Lower, inside_quotes, unescape};
use crate::ast::{Template, TemplatePart};
use crate::rules::{RubricParser, Rule as R};
use crate::segment::Segment;
use crate::span::Span;

/// The longest expression between braces, in bytes.
const MAX_VALUE: usize = 4096;

impl Lower<'_> {
    /// `"level {reading_level} of {{4}}"`.
    pub(crate) fn template(&mut self, pair: &Pair<'_, R>) -> Template {
        let span = self.span(pair);
        let inside = inside_quotes(pair.as_str());
        let base = super::offset(pair.as_span().start()) + 1;
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut chars = inside.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match (c, chars.peek().map(|(_, next)| *next)) {
                ('{', Some('{')) | ('}', Some('}')) => {
                    chars.next();
                    text.push(c);
                }
                ('\\', Some(next @ ('"' | '\\'))) => {
                    chars.next();
                    text.push('\\');
                    text.push(next);
                }
                ('{', _) => {
                    let rest = inside.get(at + 1..).unwrap_or("");
                    let start = base + super::offset(at) + 1;
                    let Some(length) = rest.find('}') else {
                        let place = self.local_span(Span::new(start - 1, base + super::offset(inside.len())));
                        self.damaged = true;
                        let help = "write `{{` for a brace that is only text".to_owned();
                        self.error("syntax", "this `{` is never closed by `}`", place, Some(help), None);
                        break;
                    };
                    if !text.is_empty() {
                        parts.push(TemplatePart::Text(unescape(&std::mem::take(&mut text))));
                    }
                    parts.push(self.template_value(rest.get(..length).unwrap_or(""), start));
                    while chars.next_if(|(next, _)| *next <= at + 1 + length).is_some() {}
                }
                ('}', _) => {
                    let place = base + super::offset(at);
                    let place = self.local_span(Span::new(place, place + 1));
                    self.damaged = true;
                    let help = "write `}}` for a brace that is only text".to_owned();
                    self.error("syntax", "this `}` closes nothing", place, Some(help), None);
                    text.push(c);
                }
                _ => text.push(c),
            }
        }
        if !text.is_empty() {
            parts.push(TemplatePart::Text(unescape(&text)));
        }
        Template { parts, span }
    }

    /// The expression between the braces, which begins at `start` of the segment.
    fn template_value(&mut self, source: &str, start: u32) -> TemplatePart {
        let whole = self.local_span(Span::new(start, start + super::offset(source.len())));
        let file = self.in_file(whole);
        if source.trim().is_empty() || source.len() > MAX_VALUE || crate::limits::too_deep(source) {
            self.damaged = true;
            let message = if source.trim().is_empty() {
                "expected an expression between the braces"
            } else {
                "the expression between the braces is too long or too deep"
            };
            self.error("syntax", message, whole, None, None);
            return TemplatePart::Value(damaged(whole));
        }
        match RubricParser::parse(R::one_expression, source) {
            Ok(mut pairs) => {
                let segment = Segment::verbatim(source, file.start);
                let mut inner = Lower {
                    source: self.source,
                    segment: &segment,
                    item_start: self.item_start,
                    docs: self.docs,
                    errors: self.errors,
                    damaged: false,
                };
                let expression = pairs
                    .next()
                    .and_then(|pair| pair.into_inner().next())
                    .map_or(damaged(whole), |pair| inner.expression(pair));
                let was_damaged = inner.damaged;
                self.damaged |= was_damaged;
                TemplatePart::Value(expression)
            }
            Err(error) => {
                let at = crate::message::position(&error).min(source.len());
                let place = Span::new(
                    whole.start + super::offset(at),
                    whole.end.max(whole.start + super::offset(at)),
                );
                self.damaged = true;
                let message = crate::message::in_template(source, at);
                self.error("syntax", message, place, None, None);
                TemplatePart::Value(damaged(whole))
            }
        }
    }
}
