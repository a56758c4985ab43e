//! The tokens of a text, for what colours or completes it while it is half written.

use crate::Span;
use crate::scan;

/// What kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LexicalKind {
    /// A name or keyword, also in backquotes.
    Word,
    /// Digits and what touches them, also after `$`.
    Number,
    /// In quotes; without the closing one when it is missing.
    Text,
    /// One other character; of operators of two the first.
    Symbol(char),
}

/// A token; comments and documentation are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lexical {
    /// What kind.
    pub kind: LexicalKind,
    /// In the text.
    pub span: Span,
}

/// The tokens of a text in its order, and its comments, documentation included.
#[must_use]
pub fn lexical(text: &str) -> (Vec<Lexical>, Vec<Span>) {
    let scan = scan::scan(text);
    let tokens = scan.tokens.iter().map(|token| Lexical {
        kind: match token.kind {
            scan::TokenKind::Word => LexicalKind::Word,
            scan::TokenKind::Number => LexicalKind::Number,
            scan::TokenKind::Text => LexicalKind::Text,
            scan::TokenKind::Symbol(c) => LexicalKind::Symbol(c),
        },
        span: token.span,
    });
    let tokens: Vec<Lexical> = tokens.collect();
    let mut comments: Vec<Span> = scan.comments.iter().map(|comment| comment.span).collect();
    comments.extend(documentation(text));
    comments.sort_unstable();
    comments.dedup();
    (tokens, comments)
}

/// Lines that begin with `///`: a text in quotes ends with its line, so no such line is inside one.
fn documentation(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = 0_usize;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with("///") {
            let from = start + line.len() - trimmed.len();
            let to = from + trimmed.trim_end().len();
            found.extend(
                u32::try_from(from).ok().zip(u32::try_from(to).ok()).map(|(from, to)| Span::new(from, to)),
            );
        }
        start += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{LexicalKind, lexical};

    #[test]
    fn tokens_and_comments_with_wide_characters() {
        let text = "/// é 😀\npolicy a.b { title \"é😀\" } // c\r\n";
        let (tokens, comments) = lexical(text);
        let written = |span: crate::Span| &text[span.start as usize..span.end as usize];
        let words: Vec<&str> = tokens.iter().map(|token| written(token.span)).collect();
        assert_eq!(words, ["policy", "a", ".", "b", "{", "title", "\"é😀\"", "}"]);
        assert_eq!(tokens[6].kind, LexicalKind::Text);
        let comments: Vec<&str> = comments.into_iter().map(written).collect();
        assert_eq!(comments, ["/// é 😀", "// c"]);
    }
}
