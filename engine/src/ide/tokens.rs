//! What each word of a file is, for colouring it.

use rubric_grammar::{KEYWORDS, LexicalKind, RESERVED, Span, lexical};

use super::entity::{EntityKind, kind};
use super::{Entity, Role};
use crate::db::Database;
use crate::diagnostic::FileId;
use crate::lower::FUNCTIONS;
use crate::names::BUILT_IN;

/// A coloured stretch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its bytes; it may hold line breaks only in a comment that was never closed, which there is none of.
    pub span: Span,
    /// What it is.
    pub kind: TokenKind,
    /// It is declared here.
    pub declaration: bool,
    /// It belongs to a private field.
    pub private: bool,
}

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum TokenKind {
    Keyword,
    Comment,
    Text,
    Number,
    Operator,
    BuiltInType,
    Function,
    Named(EntityKind),
}

/// Words that belong to an expression and are no keywords of a clause.
const WORDS: [&str; 47] = [
    "all",
    "any",
    "as_of",
    "average",
    "cents",
    "contains",
    "count",
    "days",
    "dollars",
    "down",
    "earliest",
    "ends",
    "even",
    "exactly",
    "falls",
    "first",
    "first_day",
    "half",
    "highest",
    "known",
    "last",
    "last_day",
    "latest",
    "least",
    "length",
    "lowest",
    "matches",
    "met",
    "missing",
    "months",
    "most",
    "none",
    "percent_rank",
    "places",
    "rises",
    "some",
    "sum",
    "this",
    "total",
    "unknown",
    "up",
    "valid",
    "whole",
    "with",
    "year",
    "years",
    "yes",
];

/// The coloured stretches of a file, in its order, none touching two lines or another.
#[must_use]
pub fn tokens(db: &Database, file: FileId) -> Vec<Token> {
    let text = db.text(file);
    let (lexicals, comments) = lexical(&text);
    let symbols = db.symbols();
    let names = db.occurrences(file);
    let mut found: Vec<Token> = Vec::with_capacity(lexicals.len() + comments.len());
    let plain = |span, kind| Token { span, kind, declaration: false, private: false };
    found.extend(comments.into_iter().map(|span| plain(span, TokenKind::Comment)));
    for name in names.iter() {
        let private = match &name.entity {
            Entity::Field(record, field) => symbols
                .record(*record)
                .and_then(|record| record.fields.get(*field as usize))
                .is_some_and(|field| field.private),
            _ => false,
        };
        let kind = TokenKind::Named(kind(&symbols, &name.entity));
        let declaration = name.role == Role::Declaration;
        found.push(Token { span: name.span, kind, declaration, private });
    }
    // A path such as `k12.student` is one name of several tokens; names in a `because` lie inside a text.
    let inside = |span: Span| {
        let at = names.partition_point(|name| name.span.end <= span.start);
        names.get(at).is_some_and(|name| name.span.start <= span.start && span.end <= name.span.end)
    };
    let mut before: Option<(LexicalKind, &str)> = None;
    for (at, token) in lexicals.iter().enumerate() {
        let written = text.get(token.span.start as usize..token.span.end as usize).unwrap_or("");
        if !inside(token.span) {
            match token.kind {
                LexicalKind::Number => found.push(plain(token.span, TokenKind::Number)),
                LexicalKind::Text => pieces(token.span, &names, &mut found),
                LexicalKind::Symbol('=' | '<' | '>' | '!' | '+' | '-' | '*' | '/') => {
                    found.push(plain(token.span, TokenKind::Operator));
                }
                LexicalKind::Symbol(_) => {}
                LexicalKind::Word => {
                    let next = lexicals.get(at + 1).map(|token| token.kind);
                    let kind = word(written, before, next);
                    found.extend(kind.map(|kind| plain(token.span, kind)));
                }
            }
        }
        before = Some((token.kind, written));
    }
    found.sort_by_key(|token| token.span);
    found
}

/// A text without the names in its braces.
fn pieces(span: Span, names: &[super::Occurrence], found: &mut Vec<Token>) {
    let first = names.partition_point(|name| name.span.end <= span.start);
    let mut start = span.start;
    for name in names.iter().skip(first).take_while(|name| name.span.start < span.end) {
        if start < name.span.start {
            let span = Span::new(start, name.span.start);
            found.push(Token { span, kind: TokenKind::Text, declaration: false, private: false });
        }
        start = name.span.end;
    }
    if start < span.end {
        let span = Span::new(start, span.end);
        found.push(Token { span, kind: TokenKind::Text, declaration: false, private: false });
    }
}

fn word(written: &str, before: Option<(LexicalKind, &str)>, next: Option<LexicalKind>) -> Option<TokenKind> {
    let after_sign = matches!(before, Some((LexicalKind::Symbol(':'), _)));
    if after_sign && BUILT_IN.contains(&written) {
        return Some(TokenKind::BuiltInType);
    }
    if next == Some(LexicalKind::Symbol('(')) && FUNCTIONS.contains(&written) {
        return Some(TokenKind::Function);
    }
    let known = KEYWORDS.contains(&written) || RESERVED.contains(&written) || WORDS.contains(&written);
    known.then_some(TokenKind::Keyword)
}
