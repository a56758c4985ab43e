//! Where declarations and clauses begin, told from a few tokens.

use crate::scan::{Token, TokenKind};

/// Tokens with their texts.
#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a> {
    pub(crate) list: &'a [Token],
    pub(crate) text: &'a str,
}

impl<'a> Tokens<'a> {
    pub(crate) fn get(&self, index: usize) -> Option<&'a Token> {
        self.list.get(index)
    }

    /// The text of a token; empty past the end.
    pub(crate) fn text(&self, index: usize) -> &'a str {
        self.get(index)
            .and_then(|token| self.text.get(token.span.start as usize..token.span.end as usize))
            .unwrap_or("")
    }

    /// The text of a word; empty for any other token.
    pub(crate) fn word(&self, index: usize) -> &'a str {
        if self.is_word(index) { self.text(index) } else { "" }
    }

    pub(crate) fn is_word(&self, index: usize) -> bool {
        self.get(index).is_some_and(|token| token.kind == TokenKind::Word)
    }

    pub(crate) fn is_text(&self, index: usize) -> bool {
        self.get(index).is_some_and(|token| token.kind == TokenKind::Text)
    }

    pub(crate) fn is_number(&self, index: usize) -> bool {
        self.get(index).is_some_and(|token| token.kind == TokenKind::Number)
    }

    pub(crate) fn symbol(&self, index: usize) -> Option<char> {
        match self.get(index)?.kind {
            TokenKind::Symbol(c) => Some(c),
            _ => None,
        }
    }

    pub(crate) fn is_symbol(&self, index: usize, symbol: char) -> bool {
        self.symbol(index) == Some(symbol)
    }

    /// A word that may be a name: not one that goes on with an expression.
    pub(crate) fn is_name(&self, index: usize) -> bool {
        self.is_word(index) && !goes_on(self.text(index))
    }
}

/// Words that stand between operands.
fn goes_on(word: &str) -> bool {
    crate::keywords::RESERVED.contains(&word) || matches!(word, "on" | "starts" | "ends" | "matches")
}

/// Does a declaration surely begin here?
pub(crate) fn item_starts(tokens: Tokens<'_>, at: usize) -> bool {
    let name = |index| tokens.is_name(index);
    let symbol = |index, c| tokens.is_symbol(index, c);
    match tokens.word(at) {
        "policy" => {
            let mut index = at + 1;
            while tokens.is_word(index) && symbol(index + 1, '.') {
                index += 2;
            }
            tokens.is_word(index) && symbol(index + 1, '{')
        }
        "use" => name(at + 1),
        "ordered" => tokens.word(at + 1) == "category" && name(at + 2),
        "extend" => tokens.word(at + 1) == "record" && name(at + 2),
        "category" | "record" => tokens.is_word(at + 1) && symbol(at + 2, '{'),
        "waiver" => tokens.is_word(at + 1) && symbol(at + 2, '{'),
        "group" | "decision" | "requirement" => name(at + 1) && tokens.word(at + 2) == "of",
        "amount" => {
            name(at + 1) && (tokens.word(at + 2) == "of" || symbol(at + 2, ':') || symbol(at + 2, '{'))
        }
        "input" => name(at + 1) && symbol(at + 2, ':'),
        "parameter" => name(at + 1) && (tokens.word(at + 2) == "by" || symbol(at + 2, ':')),
        "define" => {
            name(at + 1) && (tokens.word(at + 2) == "of" || symbol(at + 2, ':') || symbol(at + 2, '('))
        }
        "assert" => name(at + 1),
        "fixture" => name(at + 1) && (symbol(at + 2, '{') || tokens.word(at + 2) == "from"),
        "test" => tokens.is_text(at + 1) && (symbol(at + 2, '{') || tokens.word(at + 2) == "from"),
        "amend" => {
            matches!(tokens.word(at + 1), "parameter" | "decision" | "requirement" | "amount") && name(at + 2)
        }
        _ => false,
    }
}

/// Could a declaration begin here, though what follows is not as it should be?
pub(crate) fn item_may_start(tokens: Tokens<'_>, at: usize) -> bool {
    crate::keywords::ITEMS.contains(&tokens.word(at))
        && !tokens.is_symbol(at + 1, ':')
        && !tokens.is_symbol(at + 1, '.')
        && !tokens.is_symbol(at + 1, '=')
        && !goes_on(tokens.text(at + 1))
}
