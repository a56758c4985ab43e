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
        let Some(token) = self.get(index) else { return "" };
        let written = self.text.get(token.span.start as usize..token.span.end as usize).unwrap_or("");
        token.meant.unwrap_or(written)
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
pub(crate) fn goes_on(word: &str) -> bool {
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
        && !matches!(tokens.symbol(at + 1), Some(':' | '.' | '=' | ',' | ')' | '('))
        && !goes_on(tokens.text(at + 1))
}

/// What the clauses of a body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Policy,
    Category,
    Record,
    Parameter,
    Define,
    Decision,
    Part,
    Requirement,
    Amount,
    Statements,
    RowFields,
}

impl Body {
    /// The body of the declaration that a keyword begins.
    pub(crate) fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "policy" => Self::Policy,
            "category" => Self::Category,
            "record" => Self::Record,
            "parameter" => Self::Parameter,
            "define" => Self::Define,
            "decision" => Self::Decision,
            "requirement" => Self::Requirement,
            "amount" => Self::Amount,
            "fixture" | "test" => Self::Statements,
            "waiver" => Self::RowFields,
            _ => return None,
        })
    }

    /// The words with which its clauses begin.
    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Policy => &["title", "authority", "cite", "effective", "school_year", "month_end"],
            Self::Category | Self::RowFields => &[],
            Self::Record => &["key"],
            Self::Parameter | Self::Define => &["cite", "from"],
            Self::Decision => &[
                "outcomes",
                "default",
                "law",
                "rule",
                "part",
                "when",
                "cite",
                "because",
                "subject",
                "notwithstanding",
                "from",
                "until",
                "through",
                "waivable",
                "allow",
            ],
            Self::Part => &[
                "rule",
                "when",
                "cite",
                "because",
                "subject",
                "notwithstanding",
                "from",
                "until",
                "through",
                "waivable",
                "allow",
            ],
            Self::Requirement => &[
                "id", "severity", "cite", "because", "law", "due", "waivable", "must", "except", "when",
                "from", "until", "through", "allow",
            ],
            Self::Amount => &[
                "line", "law", "when", "cite", "because", "subject", "from", "until", "through", "allow",
                "at", "rounded",
            ],
            Self::Statements => &["as", "no", "given", "expect", "waiver"],
        }
    }

    /// What it is called in a message.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Category => "category",
            Self::Record => "record",
            Self::Parameter => "parameter",
            Self::Define => "define",
            Self::Decision => "decision",
            Self::Part => "part",
            Self::Requirement => "requirement",
            Self::Amount => "amount",
            Self::Statements => "test or fixture",
            Self::RowFields => "row",
        }
    }
}

/// Does a clause of such a body begin here? `word` is the word at `at`, or the one that was meant.
pub(crate) fn clause_starts(tokens: Tokens<'_>, at: usize, body: Body, word: &str) -> bool {
    if at.checked_sub(1).is_some_and(|before| tokens.is_symbol(before, '.')) {
        return false;
    }
    match body {
        Body::Category => tokens.is_word(at),
        Body::RowFields => tokens.is_word(at) && tokens.is_symbol(at + 1, ':'),
        Body::Record => {
            let after_key = at.checked_sub(1).is_some_and(|before| tokens.word(before) == "key");
            (word == "key" && (tokens.is_word(at + 1) || tokens.is_symbol(at + 1, '(')))
                || (tokens.is_word(at) && tokens.is_symbol(at + 1, ':') && !after_key)
        }
        Body::Parameter | Body::Define => {
            word != "cite" && body.words().contains(&word) && keyword_fits(tokens, at, word)
        }
        Body::Statements => {
            (body.words().contains(&word) && keyword_fits(tokens, at, word)) || row_starts(tokens, at)
        }
        _ => body.words().contains(&word) && keyword_fits(tokens, at, word),
    }
}

/// Does what follows a clause word fit it?
fn keyword_fits(tokens: Tokens<'_>, at: usize, word: &str) -> bool {
    let next = tokens.word(at + 1);
    match word {
        "title" | "cite" | "because" | "id" => tokens.is_text(at + 1),
        "authority" | "part" | "given" | "default" | "severity" => tokens.is_name(at + 1),
        "rule" => {
            tokens.is_name(at + 1)
                || tokens.word(at + 2) == "fixed"
                || (tokens.is_word(at + 1) && tokens.is_symbol(at + 2, ':'))
        }
        "outcomes" => tokens.is_name(at + 1) || next == "in",
        "expect" => {
            let operand = tokens.is_word(at + 1)
                || tokens.is_number(at + 1)
                || tokens.is_text(at + 1)
                || tokens.is_symbol(at + 1, '(');
            operand && after_operand(tokens, at)
        }
        "effective" => next == "from" || tokens.is_number(at + 1),
        "school_year" => next == "starts",
        "month_end" => next == "round",
        "from" | "until" | "through" => {
            let ends_a_range =
                word != "from" && at.checked_sub(1).is_some_and(|before| tokens.is_number(before));
            let effective = at.checked_sub(1).is_some_and(|before| tokens.word(before) == "effective");
            tokens.is_number(at + 1) && !ends_a_range && !effective
        }
        "when" | "must" | "except" | "notwithstanding" => true,
        "subject" => next == "to",
        "law" => next == "on",
        "waivable" => next == "by",
        "due" => tokens.is_name(at + 1) || tokens.is_number(at + 1) || tokens.is_symbol(at + 1, '('),
        "allow" => tokens.is_symbol(at + 1, '('),
        "line" => tokens.is_name(at + 1) && after_operand(tokens, at),
        "at" => matches!(next, "most" | "least") && after_operand(tokens, at),
        "rounded" => at.checked_sub(1).is_some_and(|before| tokens.is_symbol(before, '{')),
        "as" => next == "of",
        "no" => tokens.is_name(at + 1) && after_operand(tokens, at),
        "waiver" => tokens.is_word(at + 1) && tokens.is_symbol(at + 2, '{'),
        "key" => true,
        _ => false,
    }
}

/// `Student maria {`, `Day d[1..31] {`, `Student b like maria {`, `Student {`.
pub(crate) fn row_starts(tokens: Tokens<'_>, at: usize) -> bool {
    if !tokens.is_name(at) || tokens.word(at) == "like" || !after_operand(tokens, at) {
        return false;
    }
    let mut index = at + 1;
    // A row may have any name, though a reserved one needs backquotes where it is used.
    let named = |index: usize| {
        tokens.is_name(index)
            || tokens.is_word(index) && (tokens.is_symbol(index + 1, '{') || tokens.is_symbol(index + 1, '['))
    };
    if named(index) && tokens.word(index) != "like" {
        index += 1;
        if tokens.is_symbol(index, '[') {
            index += 1;
            while tokens.get(index).is_some() && index < at + 10 && !tokens.is_symbol(index, ']') {
                index += 1;
            }
            index += 1;
        }
    }
    if tokens.word(index) == "like" && tokens.is_word(index + 1) {
        index += 2;
    }
    tokens.is_symbol(index, '{')
}

/// Is the token before `at` one that may end an expression or begin a body?
pub(crate) fn after_operand(tokens: Tokens<'_>, at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    match tokens.symbol(before) {
        Some(c) => matches!(c, ')' | '}' | ']' | '{' | '%' | '?' | '*' | ' '),
        None => match tokens.word(before) {
            "yes" | "no" => true,
            word => !goes_on(word),
        },
    }
}

/// Must a clause begin here, even inside a bracket that was not closed?
pub(crate) fn breaks_brackets(tokens: Tokens<'_>, at: usize) -> bool {
    match tokens.word(at) {
        "when" | "must" | "except" | "notwithstanding" => true,
        "cite" | "because" => tokens.is_text(at + 1),
        "rule" => tokens.is_name(at + 1) && (tokens.is_symbol(at + 2, ':') || tokens.word(at + 2) == "fixed"),
        "line" => tokens.is_name(at + 1) && tokens.is_symbol(at + 2, '='),
        "expect" | "given" => tokens.is_name(at + 1),
        _ => false,
    }
}
