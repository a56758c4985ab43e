//! The first look at a text: words, comments, and characters that mean something else than they are.
//!
//! The grammar sees the text with its comments blanked and with the [edits](Edit) made that are found here.

use std::collections::BTreeMap;

use crate::lower::DocBlock;
use crate::number::{self, Reading};
use crate::segment::Edit;
use crate::span::Span;
use crate::{Comment, Fix, SyntaxError};

/// What kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or keyword, also in backquotes.
    Word,
    /// Digits and what touches them, also after `$`.
    Number,
    /// In quotes.
    Text,
    /// One other character; of operators of two the first.
    Symbol(char),
}

/// A token and where it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
    /// The first on its line.
    pub(crate) first_on_line: bool,
    /// Bytes between the start of its line and itself.
    pub(crate) column: u32,
    /// The word that was meant, where another was written.
    pub(crate) meant: Option<&'static str>,
}

/// A character that was understood as another.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) span: Span,
    pub(crate) found: String,
    pub(crate) meant: String,
    /// Typed by a word processor, not taken from another language.
    pub(crate) typographic: bool,
}

/// All that the first look gives.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) blanked: String,
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) docs: BTreeMap<u32, DocBlock>,
    /// In the order of the text, not touching each other.
    pub(crate) edits: Vec<Edit>,
    pub(crate) findings: Vec<Finding>,
    /// Bad numbers and open texts.
    pub(crate) errors: Vec<SyntaxError>,
}

/// Characters that a word processor or a habit puts for others.
fn stand_in(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{d7}' | '\u{22c5}' => "*",
        '\u{f7}' => "/",
        '\u{2264}' => "<=",
        '\u{2265}' => ">=",
        '\u{2260}' => "!=",
        _ => return None,
    })
}

fn is_space(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Quotes that open or close a text, besides `"`.
fn closing_quotes(open: char) -> Option<&'static [char]> {
    Some(match open {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => &['\u{201d}', '\u{201c}'],
        '\u{ab}' | '\u{bb}' => &['\u{bb}', '\u{ab}'],
        '\u{2018}' | '\u{2019}' | '\u{201a}' => &['\u{2019}', '\u{2018}'],
        '\'' => &['\''],
        _ => return None,
    })
}

/// Tokens with the blanks between them are rarely shorter on average.
const SHORT_TOKEN: usize = 4;

/// Reads the whole text once.
pub(crate) fn scan(text: &str) -> Scan {
    let mut scanner = Scanner {
        text,
        at: 0,
        line_start: 0,
        line_end: None,
        tokens_on_line: 0,
        blanks: Vec::new(),
        pending: Vec::new(),
        out: Scan { tokens: Vec::with_capacity(text.len() / SHORT_TOKEN), ..Scan::default() },
    };
    scanner.run();
    let mut bytes = text.as_bytes().to_vec();
    for blank in &scanner.blanks {
        if let Some(range) = bytes.get_mut(blank.start as usize..blank.end as usize) {
            range.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
    }
    let mut out = scanner.out;
    out.blanked = String::from_utf8(bytes).unwrap_or_default();
    out.edits.sort_by_key(|edit| edit.span);
    out
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    line_start: usize,
    line_end: Option<usize>,
    tokens_on_line: usize,
    blanks: Vec<Span>,
    pending: Vec<(Span, String)>,
    out: Scan,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn span(&self, start: usize) -> Span {
        Span::new(to_u32(start), to_u32(self.at))
    }

    /// What is left of the line. Its end is looked for once a line, for lines may be long.
    fn line_rest(&mut self) -> &'a str {
        let end = self.line_end.filter(|end| *end >= self.at).unwrap_or_else(|| {
            let rest = self.rest();
            self.at + rest.find(['\n', '\r']).unwrap_or(rest.len())
        });
        self.line_end = Some(end);
        self.text.get(self.at..end).unwrap_or("")
    }

    fn run(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            let start = self.at;
            if c == '\n' {
                self.at += 1;
                self.line_start = self.at;
                self.line_end = None;
                self.tokens_on_line = 0;
            } else if matches!(c, ' ' | '\t' | '\r') {
                self.at += 1;
            } else if is_space(c) {
                self.at += c.len_utf8();
                let span = self.span(start);
                self.blanks.push(span);
                if !(c == '\u{feff}' && start == 0) {
                    self.find(span, c.to_string(), " ", true);
                }
            } else if self.rest().starts_with("//") {
                self.comment();
            } else if is_word_start(c) {
                let length = self.rest().find(|c| !is_word(c)).unwrap_or(self.rest().len());
                self.at += length;
                if !self.school_year(start) {
                    self.token(TokenKind::Word, start);
                }
            } else if c == '`' {
                let line = self.line_rest();
                let closing = line.get(1..).and_then(|line| line.find('`'));
                match closing {
                    Some(length) if length > 0 => {
                        self.at += length + 2;
                        self.token(TokenKind::Word, start);
                    }
                    _ => self.symbol(c),
                }
            } else if c.is_ascii_digit() {
                self.number(start);
            } else if c == '$' {
                self.at += 1;
                if self.rest().starts_with(|c: char| c.is_ascii_digit()) {
                    self.number(start);
                } else {
                    self.token(TokenKind::Symbol('$'), start);
                }
            } else if c == '"' {
                self.straight_text();
            } else if let Some(closing) = closing_quotes(c) {
                self.curly_text(c, closing);
            } else {
                self.operator(c);
            }
        }
        for (span, text) in std::mem::take(&mut self.pending) {
            self.out.comments.push(Comment { text, span });
        }
    }

    fn token(&mut self, kind: TokenKind, start: usize) {
        let span = self.span(start);
        if !self.pending.is_empty() {
            let lines = std::mem::take(&mut self.pending);
            let text = lines.iter().map(|(_, line)| doc_text(line)).collect::<Vec<_>>().join("\n");
            self.out.docs.insert(span.start, DocBlock { text, lines });
        }
        let first_on_line = self.tokens_on_line == 0;
        self.tokens_on_line += 1;
        let column = to_u32(start - self.line_start);
        self.out.tokens.push(Token { kind, span, first_on_line, column, meant: None });
    }

    fn mean(&mut self, word: &'static str) {
        if let Some(token) = self.out.tokens.last_mut() {
            token.meant = Some(word);
        }
    }

    fn symbol(&mut self, c: char) {
        let start = self.at;
        self.at += c.len_utf8();
        self.token(TokenKind::Symbol(c), start);
    }

    fn find(&mut self, span: Span, found: String, meant: &str, typographic: bool) {
        self.out.findings.push(Finding { span, found, meant: meant.to_owned(), typographic });
    }

    /// Understands what stands at `start` up to here as `meant`.
    fn replace(&mut self, start: usize, meant: &str, typographic: bool) {
        let span = self.span(start);
        let found = self.text.get(start..self.at).unwrap_or("").to_owned();
        // What keeps words apart is there already in most texts.
        let mut written = meant;
        if self.text.get(..start).is_some_and(|before| before.ends_with(char::is_whitespace)) {
            written = written.trim_start();
        }
        if self.rest().starts_with(char::is_whitespace) {
            written = written.trim_end();
        }
        self.find(span, found, written, typographic);
        self.out.edits.push(Edit { span, text: meant.to_owned() });
    }

    fn comment(&mut self) {
        let start = self.at;
        let line = self.line_rest();
        self.at += line.len();
        let span = self.span(start);
        self.blanks.push(span);
        let trimmed = line.trim_end();
        let span = Span::new(span.start, span.start + to_u32(trimmed.len()));
        if trimmed.starts_with("///") && !trimmed.starts_with("////") {
            self.pending.push((span, trimmed.to_owned()));
        } else {
            self.out.comments.push(Comment { text: trimmed.to_owned(), span });
        }
    }

    fn operator(&mut self, c: char) {
        let start = self.at;
        let rest = self.rest();
        let foreign = [("==", "="), ("&&", "and"), ("||", "or"), ("<>", "!="), ("=<", "<="), ("=>", ">=")];
        if let Some((found, meant)) = foreign.iter().find(|(found, _)| rest.starts_with(found)) {
            self.at += found.len();
            if found.starts_with(['&', '|']) {
                self.replace(start, &format!(" {meant} "), false);
                self.token(TokenKind::Word, start);
                self.mean(meant);
            } else {
                self.replace(start, meant, false);
                self.token(TokenKind::Symbol('='), start);
            }
        } else if c == '!' && !rest.starts_with("!=") {
            self.at += 1;
            self.replace(start, "not ", false);
            self.token(TokenKind::Word, start);
            self.mean("not");
        } else if c == ';' {
            self.at += 1;
            self.replace(start, " ", false);
            self.token(TokenKind::Symbol(' '), start);
        } else if let Some(meant) = stand_in(c) {
            self.at += c.len_utf8();
            self.replace(start, meant, true);
            self.token(TokenKind::Symbol(meant.chars().next().unwrap_or(c)), start);
        } else if [">=", "<=", "!=", ".."].iter().any(|pair| rest.starts_with(pair)) {
            self.at += 2;
            self.token(TokenKind::Symbol(c), start);
        } else {
            self.symbol(c);
        }
    }

    /// `"…"`, which ends on its line.
    fn straight_text(&mut self) {
        let start = self.at;
        let line = self.line_rest();
        let mut escaped = false;
        let closing = line.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        if let Some((end, _)) = closing {
            self.at += end + 1;
            self.token(TokenKind::Text, start);
            return;
        }
        let curly = line.char_indices().skip(1).find(|(_, c)| matches!(c, '\u{201c}' | '\u{201d}'));
        if let Some((end, c)) = curly {
            self.at += end + c.len_utf8();
            let close = start + end;
            self.replace(close, "\"", true);
            self.token(TokenKind::Text, start);
            return;
        }
        let content = line.trim_end();
        let span = Span::new(to_u32(start), to_u32(start + content.len()));
        let end = Span::new(span.end, span.end);
        if content.len() <= 1 {
            self.at += 1;
            let fix = Fix { title: "remove the quote".to_owned(), edits: vec![(span, String::new())] };
            self.error("this `\"` opens a text that is never closed", span, Some(fix));
            self.out.edits.push(Edit { span, text: " ".to_owned() });
            self.token(TokenKind::Symbol(' '), start);
            return;
        }
        self.at += content.len();
        let fix = Fix { title: "close the text".to_owned(), edits: vec![(end, "\"".to_owned())] };
        self.error("this text is never closed by `\"`: a text ends on its line", span, Some(fix));
        self.out
            .edits
            .push(Edit { span: end, text: if content.ends_with('\\') { "\\\"" } else { "\"" }.to_owned() });
        self.token(TokenKind::Text, start);
    }

    /// A text in the quotes of a word processor.
    fn curly_text(&mut self, open: char, closing: &[char]) {
        let start = self.at;
        let line = self.line_rest();
        let width = open.len_utf8();
        let inside = line.get(width..).unwrap_or("");
        let straight = open != '\'';
        let end = inside.find(closing).or_else(|| if straight { inside.find('"') } else { None });
        let Some(end) = end else {
            self.at += width;
            self.replace(
                start,
                if matches!(open, '\u{2019}' | '\u{2018}' | '\'') { " " } else { "\"" },
                straight,
            );
            if !matches!(open, '\u{2019}' | '\u{2018}' | '\'') {
                self.at += inside.trim_end().len();
                let span = self.span(start);
                let end = Span::new(span.end, span.end);
                self.error("this text is never closed by `\"`: a text ends on its line", span, None);
                self.out.edits.push(Edit { span: end, text: "\"".to_owned() });
                self.token(TokenKind::Text, start);
            } else {
                self.token(TokenKind::Symbol(' '), start);
            }
            return;
        };
        self.at = start + width;
        self.replace(start, "\"", straight);
        let content = inside.get(..end).unwrap_or("");
        for (index, _) in content.match_indices('"') {
            let quote = start + width + index;
            self.at = quote + 1;
            self.replace(quote, "\\\"", straight);
        }
        let close = start + width + end;
        let close_width =
            self.text.get(close..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        self.at = close + close_width;
        if self.text.get(close..self.at) != Some("\"") {
            self.replace(close, "\"", straight);
        }
        self.token(TokenKind::Text, start);
    }

    /// `SY2024-25` is one word, though its last digits alone, as in `SY2008-09`, would be no number; `SY24-25` and
    /// `SY2024-26` are school years that are written wrong.
    fn school_year(&mut self, start: usize) -> bool {
        let first = self.text.get(start..self.at).and_then(|word| word.strip_prefix("SY")).unwrap_or("");
        let all_digits = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
        let Some(rest) = self.rest().strip_prefix('-').filter(|_| all_digits) else { return false };
        let last = rest.get(..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())).unwrap_or("");
        if last.is_empty() {
            return false;
        }
        if number::is_school_year(first, last) {
            self.at += 1 + last.len();
            self.token(TokenKind::Number, start);
            return true;
        }
        self.at += 1 + last.len();
        let span = self.span(start);
        let (fix, understood) = number::school_year(first, last);
        let fix = fix.map(|text| Fix { title: format!("write `{text}`"), edits: vec![(span, text)] });
        let message = format!("`SY{first}-{last}` is no school year");
        let help =
            Some("a school year is written `SY2024-25`, with the two years in which it lies".to_owned());
        self.out.errors.push(SyntaxError {
            code: "bad-literal",
            message,
            span,
            related: Vec::new(),
            help,
            fix,
        });
        self.out.edits.push(Edit { span, text: understood });
        self.token(TokenKind::Number, start);
        true
    }

    fn number(&mut self, start: usize) {
        let digits = self.at;
        self.at += number::length(self.rest());
        let money = digits > start;
        let written = self.text.get(digits..self.at).unwrap_or("");
        for (index, c) in written.char_indices().filter(|(_, c)| stand_in(*c).is_some()) {
            let span = Span::new(to_u32(digits + index), to_u32(digits + index + c.len_utf8()));
            self.find(span, c.to_string(), "-", true);
        }
        let plain: String = written.chars().map(|c| if stand_in(c).is_some() { '-' } else { c }).collect();
        let span = Span::new(to_u32(digits), to_u32(self.at));
        let whole = self.span(start);
        match number::read(&plain, money) {
            Reading::Good => {
                if plain.len() != written.len() {
                    self.out.edits.push(Edit { span, text: plain });
                }
            }
            Reading::Bad { message, help, fix, understood } => {
                let fix = fix.map(|text| Fix { title: format!("write `{text}`"), edits: vec![(span, text)] });
                let code = "bad-literal";
                self.out.errors.push(SyntaxError {
                    code,
                    message,
                    span: whole,
                    related: Vec::new(),
                    help,
                    fix,
                });
                self.out.edits.push(Edit { span, text: understood });
            }
        }
        self.token(TokenKind::Number, start);
    }

    fn error(&mut self, message: &str, span: Span, fix: Option<Fix>) {
        self.out.errors.push(SyntaxError {
            code: "syntax",
            message: message.to_owned(),
            span,
            related: Vec::new(),
            help: None,
            fix,
        });
    }
}

/// The line without `/// `.
fn doc_text(line: &str) -> &str {
    let text = line.strip_prefix("///").unwrap_or(line);
    text.strip_prefix(' ').unwrap_or(text)
}

fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
