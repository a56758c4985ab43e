//! The text cut into tokens, with the comments and line breaks that stand before each.
//!
//! The formatter moves tokens and never changes one, so what the parser saw as one literal, name or quoted text must be
//! one token here: such [`Leaf`] ranges come from the tree, and only what lies between them is scanned.

use crate::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A range that the tree knows: a name, a literal, a quoted text, or a damaged item.
    Leaf,
    /// A word that is no name: a keyword.
    Word,
    /// Punctuation and whatever else.
    Symbol,
}

/// A comment or a line of documentation before a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trivia<'a> {
    /// With its slashes, without trailing blanks.
    pub(super) text: &'a str,
    /// It stands behind something on the same line.
    pub(super) trailing: bool,
    /// A blank line stands before it.
    pub(super) blank_before: bool,
}

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) kind: Kind,
    /// Comments between the token before and this one.
    pub(super) trivia: Vec<Trivia<'a>>,
    /// The author began a line between the token before and this one.
    pub(super) newline_before: bool,
    /// A blank line stands between this token and what is before it.
    pub(super) blank_before: bool,
    /// No line may begin here.
    pub(super) glued: bool,
    /// Blanks before it when both stand on one line.
    pub(super) space: usize,
}

impl Token<'_> {
    /// Its width in columns.
    pub(super) fn width(&self) -> usize {
        self.text.chars().count()
    }

    /// It is this punctuation mark.
    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// It is one of these keywords.
    pub(super) fn is_word(&self, words: &[&str]) -> bool {
        self.kind == Kind::Word && words.contains(&self.text)
    }
}

/// A range that is one token, in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    pub(super) span: Span,
    /// Keep it even when it spans lines.
    pub(super) verbatim: bool,
}

/// All tokens of a text; the last one is empty and holds the comments at the end.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    pub(super) list: Vec<Token<'a>>,
}

impl<'a> Tokens<'a> {
    /// Cuts `text`; `docs` tells whether the comment at an offset is documentation.
    pub(super) fn scan(text: &'a str, mut leaves: Vec<Leaf>, docs: impl Fn(u32) -> bool) -> Self {
        leaves.sort_by_key(|leaf| (leaf.span.start, std::cmp::Reverse(leaf.span.end)));
        let mut scanner =
            Scanner { text, at: 0, newlines: 0, trivia: Vec::new(), broken: false, list: Vec::new() };
        let mut leaves = leaves.into_iter().peekable();
        loop {
            scanner.skip_blanks();
            while leaves.peek().is_some_and(|leaf| (leaf.span.start as usize) < scanner.at) {
                leaves.next();
            }
            let Some(next) = scanner.rest().chars().next() else { break };
            let leaf = leaves.peek().copied();
            if let Some(leaf) = leaf.filter(|leaf| leaf.span.start as usize == scanner.at) {
                leaves.next();
                let slice = text.get(scanner.at..leaf.span.end as usize).unwrap_or_default().trim_end();
                if !slice.is_empty() && (leaf.verbatim || !slice.contains(['\n', '\r'])) {
                    scanner.token(slice.len(), Kind::Leaf);
                    continue;
                }
            }
            if scanner.rest().starts_with("//") {
                let length = scanner.rest().find(['\n', '\r']).unwrap_or(scanner.rest().len());
                scanner.comment(length, docs(offset(scanner.at)));
                continue;
            }
            let limit = leaves.peek().map_or(text.len(), |leaf| leaf.span.start as usize);
            let (length, kind) = scan_token(scanner.rest(), next);
            let length = if scanner.at < limit { length.min(limit - scanner.at) } else { length };
            scanner.token(length, kind);
        }
        scanner.token(0, Kind::Symbol);
        let mut tokens = Self { list: scanner.list };
        tokens.set_spaces(text);
        tokens
    }

    /// The first token that starts at `offset` or after it.
    pub(super) fn at(&self, offset: u32) -> usize {
        self.list.partition_point(|token| token.start < offset)
    }

    /// Glues the token at `index` to the one before, without a blank.
    pub(super) fn glue(&mut self, index: usize) {
        if let Some(token) = self.list.get_mut(index) {
            token.glued = true;
            token.space = 0;
        }
    }

    /// What follows from the tokens alone about blanks between them.
    fn set_spaces(&mut self, text: &str) {
        let mut before: Option<(Kind, &str, u32)> = None;
        for token in &mut self.list {
            let symbol = if token.kind == Kind::Symbol { token.text } else { "" };
            let (before_symbol, before_end) = match before {
                Some((Kind::Symbol, text, end)) => (text, end),
                Some((_, _, end)) => ("", end),
                None => ("", 0),
            };
            let adjacent = before.is_some() && before_end == token.start;
            if matches!(symbol, "," | ":" | "?" | "." | ".." | "[" | "]")
                || matches!(before_symbol, "." | ".." | "[")
                || (symbol == "(" && before.is_some_and(|(kind, text, _)| is_called(kind, text, adjacent)))
            {
                token.glued = true;
                token.space = 0;
            } else if symbol == ")" || before_symbol == "(" || (symbol == "}" && before_symbol == "{") {
                token.space = 0;
            } else if symbol == "{" {
                token.glued = true;
            } else if symbol == "%" {
                token.glued = true;
                token.space = usize::from(!adjacent);
            }
            before = Some((token.kind, token.text, token.end));
        }
        debug_assert!(
            self.list.iter().all(|token| token.end as usize <= text.len()),
            "tokens lie in the text"
        );
    }

    /// Moves comments from places where no line may begin to the next place where one may.
    pub(super) fn settle_comments(&mut self) {
        let mut moved: Vec<Trivia<'a>> = Vec::new();
        for token in &mut self.list {
            if token.glued && !token.text.is_empty() {
                moved.append(&mut token.trivia);
            } else if !moved.is_empty() {
                moved.append(&mut token.trivia);
                std::mem::swap(&mut token.trivia, &mut moved);
            }
        }
        for token in &mut self.list {
            for (index, trivia) in token.trivia.iter_mut().enumerate() {
                trivia.trailing &= index == 0;
            }
        }
    }
}

/// A bracket behind this token belongs to it: `allow(code)`, or `f(x)` if they touch.
fn is_called(kind: Kind, text: &str, adjacent: bool) -> bool {
    (kind == Kind::Word && text == "allow") || (kind == Kind::Leaf && adjacent)
}

/// Blanks, also those that cannot be seen.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Offsets in a text fit: a longer text is refused before it is cut.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Since the last token or comment.
    newlines: usize,
    trivia: Vec<Trivia<'a>>,
    /// A line began since the last token.
    broken: bool,
    list: Vec<Token<'a>>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        let blanks = rest.find(|c| !is_blank(c)).unwrap_or(rest.len());
        let blank = rest.get(..blanks).unwrap_or_default();
        self.newlines += blank.bytes().filter(|byte| *byte == b'\n').count();
        self.at += blanks;
    }

    fn comment(&mut self, length: usize, is_doc: bool) {
        let text = self.rest().get(..length).unwrap_or_default().trim_end();
        let trailing = self.newlines == 0 && self.trivia.is_empty() && !self.list.is_empty() && !is_doc;
        self.trivia.push(Trivia { text, trailing, blank_before: self.newlines > 1 });
        self.broken |= self.newlines > 0;
        self.newlines = 0;
        self.at += length;
    }

    fn token(&mut self, length: usize, kind: Kind) {
        let text = self.rest().get(..length).unwrap_or_default();
        self.list.push(Token {
            text,
            start: offset(self.at),
            end: offset(self.at + text.len()),
            kind,
            trivia: std::mem::take(&mut self.trivia),
            newline_before: self.broken || self.newlines > 0,
            blank_before: self.newlines > 1,
            glued: false,
            space: 1,
        });
        self.newlines = 0;
        self.broken = false;
        self.at += text.len();
    }
}

/// The length and kind of the token at the start of `rest`, whose first character is `first`.
fn scan_token(rest: &str, first: char) -> (usize, Kind) {
    if first == '"' || first == '`' {
        return (quoted(rest, first), Kind::Leaf);
    }
    if first.is_alphabetic() || first == '_' {
        return (word(rest), Kind::Word);
    }
    if first.is_ascii_digit() || first == '$' {
        return (number(rest), Kind::Leaf);
    }
    for symbol in ["..", "<=", ">=", "!=", "==", "&&", "||"] {
        if rest.starts_with(symbol) {
            return (symbol.len(), Kind::Symbol);
        }
    }
    (first.len_utf8(), Kind::Symbol)
}

/// Up to the closing quote, or to the end of the line.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' | '\r' => return at,
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn word(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// Digits, with commas between groups of three and one fraction.
fn number(rest: &str) -> usize {
    let mut at = usize::from(rest.starts_with('$'));
    at += digits(rest, at);
    while rest.get(at..).is_some_and(|rest| rest.starts_with(',')) && digits(rest, at + 1) == 3 {
        at += 4;
    }
    if rest.get(at..).is_some_and(|rest| rest.starts_with('.')) && digits(rest, at + 1) > 0 {
        at += 1 + digits(rest, at + 1);
    }
    at + rest.get(at..).map_or(0, word)
}

fn digits(rest: &str, at: usize) -> usize {
    rest.get(at..).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count())
}
