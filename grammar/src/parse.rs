//! From a text to its tree: scan, cut into declarations, read each.

use pest::Parser as _;

use crate::ast::{File, Item, ItemKind};
use crate::items::{self, ItemTokens};
use crate::lower::Lower;
use crate::rules::{RubricParser, Rule as R};
use crate::scan::{self, Scan};
use crate::segment::Segment;
use crate::span::Span;
use crate::starts::Tokens;
use crate::{Comment, Parse, SyntaxError, message};

/// Reads a whole file.
pub(crate) fn file(text: &str) -> Parse {
    let mut scan = scan::scan(text);
    let tokens = std::mem::take(&mut scan.tokens);
    let tokens = Tokens { list: &tokens, text };
    let cuts = items::split(tokens);
    let mut errors = std::mem::take(&mut scan.errors);
    let mut file = File::default();
    for cut in cuts {
        file.items.push(item(text, tokens, &mut scan, &cut, &mut errors));
    }
    let mut comments = std::mem::take(&mut scan.comments);
    for block in std::mem::take(&mut scan.docs).into_values() {
        comments.extend(block.lines.into_iter().map(|(span, text)| Comment { text, span }));
    }
    comments.sort_by_key(|comment| comment.span);
    errors.sort_by_key(|error| error.span);
    Parse { file, errors, comments }
}

fn item(
    text: &str,
    tokens: Tokens<'_>,
    scan: &mut Scan,
    cut: &ItemTokens,
    errors: &mut Vec<SyntaxError>,
) -> Item {
    let first = tokens.get(cut.start).map_or(0, |token| token.span.start);
    let end = cut.end.checked_sub(1).and_then(|last| tokens.get(last)).map_or(first, |token| token.span.end);
    let start =
        scan.docs.get(&first).and_then(|block| block.lines.first()).map_or(first, |(span, _)| span.start);
    let segment = Segment::new(&scan.blanked, Span::new(start, end), &scan.edits);
    let mut item = Item {
        span: Span::new(start, end),
        docs: None,
        allows: Vec::new(),
        kind: ItemKind::Junk,
        damaged: true,
    };
    match RubricParser::parse(R::one_item, &segment.text) {
        Ok(mut pairs) => {
            let mut lower = Lower {
                source: text,
                segment: &segment,
                item_start: start,
                docs: &mut scan.docs,
                errors,
                damaged: false,
            };
            if let Some(pair) = pairs.next().and_then(|pair| pair.into_inner().next()) {
                let keyword = pair.clone().into_inner().find(|pair| pair.as_rule() != R::allow_clause);
                let keyword_start = keyword.map(|pair| lower.span(&pair).start);
                item.docs = lower
                    .take_docs(first - start)
                    .or_else(|| keyword_start.and_then(|at| lower.take_docs(at)));
                (item.allows, item.kind) = lower.item(pair);
                item.damaged = lower.damaged;
            }
        }
        Err(error) => {
            let at = segment.file_offset(u32::try_from(message::position(&error)).unwrap_or(0));
            errors.push(SyntaxError {
                code: "syntax",
                message: error.variant.message().into_owned(),
                span: Span::new(at, end.max(at)),
                related: Vec::new(),
                help: None,
                fix: None,
            });
        }
    }
    item
}
