//! Cuts a file into its declarations, whatever is wrong with it.

use std::ops::Range;

use crate::brackets::place_before;
use crate::keywords::ITEMS;
use crate::parse::Reader;
use crate::scan::{Token, TokenKind};
use crate::starts::{Body, Tokens, after_operand, clause_starts, item_may_start, item_starts};
use crate::suggest::misspelt;
use crate::{Fix, SyntaxError};

/// The declarations in the order of the text; together they hold every token.
pub(crate) fn split(reader: &mut Reader<'_>) -> Vec<Range<usize>> {
    let mut items: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    // An `allow` before a declaration belongs to it.
    let mut after_allow = false;
    // The body of the declaration has been closed: what follows is another one.
    let mut closed = false;
    let mut body = None;
    // The open braces that belong to a `case`.
    let mut cases: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < reader.tokens.len() {
        let allow = depth == 0 && is_allow(reader.tokens(), at);
        let begins = !continues(reader.tokens(), at) && begins(reader, at, depth, closed || at == 0);
        if closed && !begins && !allow && body.is_some_and(|body| closed_too_early(reader, start, at, body)) {
            closed = false;
            depth = 1;
        }
        if begins || allow || closed {
            if at > start && !after_allow {
                items.push(start..at);
                start = at;
            }
            if begins {
                depth = 0;
                cases.clear();
                body = body_of(reader.tokens(), at);
            }
            after_allow = if allow { true } else { after_allow && !begins };
            closed = false;
        }
        if depth == 0
            && at > start
            && !begins
            && body.is_some_and(|body| lost_open(reader.tokens(), at, body))
        {
            insert_open(reader, at, body);
        }
        match reader.tokens().symbol(at) {
            Some('{') => {
                if at.checked_sub(1).is_some_and(|before| reader.tokens().word(before) == "case") {
                    cases.push(depth);
                }
                depth += 1;
            }
            Some('}') => {
                let of_case = depth > 0 && cases.last() == Some(&(depth - 1));
                if of_case {
                    cases.pop();
                }
                closed = depth == 1 && !of_case;
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        at += 1;
    }
    if start < reader.tokens.len() {
        items.push(start..reader.tokens.len());
    }
    items
}

/// Does a clause begin here, though no `{` has opened the body?
fn lost_open(tokens: Tokens<'_>, at: usize, body: Body) -> bool {
    let word = tokens.word(at);
    let typical = match body {
        Body::Decision => matches!(word, "outcomes" | "default" | "rule" | "part" | "cite" | "when"),
        Body::Requirement => matches!(word, "must" | "cite" | "because" | "id" | "severity" | "except"),
        Body::Policy => matches!(word, "title" | "authority" | "cite" | "effective"),
        Body::Statements => matches!(word, "given" | "expect" | "as"),
        _ => false,
    };
    typical && clause_starts(tokens, at, body, word) && after_operand(tokens, at)
}

/// Puts in the `{` that is missing.
fn insert_open(reader: &mut Reader<'_>, at: usize, body: Option<Body>) {
    let place = place_before(reader.tokens(), at);
    let found = reader.tokens().text(at).to_owned();
    let noun = body.map_or("declaration", Body::noun);
    let fix = Fix { title: "add `{`".to_owned(), edits: vec![(place, " {".to_owned())] };
    let message = format!("expected `{{` before the clauses of the {noun}, found `{found}`");
    reader.error(message, place, None, Some(fix));
    reader.edit(place, " {");
    let kind = TokenKind::Symbol('{');
    reader.tokens.insert(at, Token { kind, span: place, first_on_line: false, column: 0, meant: None });
}

fn is_allow(tokens: Tokens<'_>, at: usize) -> bool {
    let closes = || (at + 2..at + 12).find(|index| tokens.is_symbol(*index, ')'));
    tokens.word(at) == "allow"
        && tokens.is_symbol(at + 1, '(')
        && closes().is_some_and(|close| tokens.is_text(close + 1))
}

/// `decision` after `amend` goes on with the same declaration.
fn continues(tokens: Tokens<'_>, at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| {
        matches!(tokens.word(before), "amend" | "extend" | "ordered") && item_starts(tokens, before)
    })
}

fn body_of(tokens: Tokens<'_>, at: usize) -> Option<Body> {
    let keyword = match tokens.word(at) {
        "amend" | "extend" | "ordered" => tokens.word(at + 1),
        word => word,
    };
    Body::of(keyword)
}

/// Does a declaration begin at a token? A misspelt keyword is mended.
fn begins(reader: &mut Reader<'_>, at: usize, depth: usize, alone: bool) -> bool {
    let tokens = reader.tokens();
    let Some(token) = tokens.get(at).copied() else { return false };
    if depth > 0 {
        return token.first_on_line
            && token.column == 0
            && tokens.word(at) != "waiver"
            && item_starts(tokens, at);
    }
    if item_starts(tokens, at) || (token.first_on_line && item_may_start(tokens, at)) {
        return true;
    }
    let word = tokens.word(at);
    if word.is_empty() || !(alone || (token.first_on_line && after_operand(tokens, at))) {
        return false;
    }
    let Some(meant) = misspelt(word, ITEMS.iter().copied()) else { return false };
    if let Some(token) = reader.tokens.get_mut(at) {
        token.meant = Some(meant);
    }
    if !item_starts(reader.tokens(), at) {
        if let Some(token) = reader.tokens.get_mut(at) {
            token.meant = None;
        }
        return false;
    }
    reader.misspelt(at, meant);
    true
}

/// How many tokens are looked at for the `}` that closes a declaration after all.
const FARTHEST: usize = 20_000;

/// A `}` before `at` that closed the declaration of `start`, though clauses of it follow and another `}` closes it.
fn closed_too_early(reader: &mut Reader<'_>, start: usize, at: usize, body: Body) -> bool {
    let tokens = reader.tokens();
    if !clause_starts(tokens, at, body, tokens.word(at)) || matches!(body, Body::Category | Body::RowFields) {
        return false;
    }
    let mut depth = 1_usize;
    for index in at..tokens.list.len().min(at + FARTHEST) {
        match tokens.symbol(index) {
            Some('{') => depth += 1,
            Some('}') => depth -= 1,
            _ if item_starts(tokens, index) && tokens.get(index).is_some_and(|token| token.first_on_line) => {
                return false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    if depth > 0 {
        return false;
    }
    let label = tokens.word(start).to_owned();
    let brace = reader.place(at - 1);
    let related = vec![(reader.place(at), format!("more of the {label} follows here"))];
    let fix = Some(Fix { title: "remove it".to_owned(), edits: vec![(brace, String::new())] });
    let message = format!("this `}}` closes the {label} too early");
    reader.errors.push(SyntaxError { code: "syntax", message, span: brace, related, help: None, fix });
    reader.edit(brace, " ");
    if let Some(token) = reader.tokens.get_mut(at - 1) {
        token.kind = crate::scan::TokenKind::Symbol(' ');
    }
    true
}
