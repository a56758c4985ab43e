//! Which bracket closes which, when some are missing.

use crate::scan::TokenKind;
use crate::span::Span;
use crate::starts::{Tokens, breaks_brackets};

/// A bracket without its partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unmatched {
    /// Opened at a token and never closed; it should be before `before`.
    Open { at: usize, before: usize },
    /// Closes nothing.
    Close { at: usize },
}

/// The brackets of some tokens.
#[derive(Debug, Default)]
pub(crate) struct Brackets {
    /// Opening token and the one before which, or at which, it closes; sorted.
    pub(crate) pairs: Vec<(usize, usize)>,
    pub(crate) unmatched: Vec<Unmatched>,
}

impl Brackets {
    /// Where the bracket that opens at a token closes.
    pub(crate) fn close_of(&self, open: usize) -> Option<usize> {
        let index = self.pairs.binary_search_by_key(&open, |pair| pair.0).ok()?;
        self.pairs.get(index).map(|pair| pair.1)
    }
}

/// Where the line of a token begins to have text.
fn indentation(tokens: Tokens<'_>, at: usize) -> u32 {
    let first = (0..=at).rev().find_map(|index| tokens.get(index).filter(|token| token.first_on_line));
    first.map_or(0, |token| token.column)
}

/// Braces in a decision, requirement or amount that open neither its body nor a `part` nor a `case`.
pub(crate) fn needless(tokens: Tokens<'_>, start: usize, end: usize) -> Vec<usize> {
    const LONGEST_HEAD: usize = 60;
    let declares = |at: &usize| matches!(tokens.word(*at), "decision" | "requirement" | "amount");
    if !(start..end.min(start + 40)).take_while(|at| !tokens.is_symbol(*at, '{')).any(|at| declares(&at)) {
        return Vec::new();
    }
    let mut body_seen = false;
    let mut out = Vec::new();
    for at in (start..end).filter(|at| tokens.is_symbol(*at, '{')) {
        let before = at.checked_sub(1).map_or("", |before| tokens.word(before));
        if before == "case" {
            continue;
        }
        if !body_seen {
            body_seen = true;
            continue;
        }
        let from = at.saturating_sub(LONGEST_HEAD).max(start);
        let opener = (from..at).rev().find(|index| {
            matches!(
                tokens.word(*index),
                "part" | "rule" | "default" | "outcomes" | "must" | "line" | "except" | "when"
            ) || matches!(tokens.symbol(*index), Some('{' | '}'))
        });
        if opener.is_none_or(|opener| tokens.word(opener) != "part" || !tokens.is_word(opener + 1)) {
            out.push(at);
        }
    }
    out
}

/// Matches the brackets of the tokens `start..end`.
pub(crate) fn matching(tokens: Tokens<'_>, start: usize, end: usize) -> Brackets {
    let mut out = Brackets::default();
    let mut open: Vec<(usize, char)> = Vec::new();
    let count = |c: char| (start..end).filter(|index| tokens.is_symbol(*index, c)).count();
    let mut missing = count('{').saturating_sub(count('}'));
    for at in start..end {
        let symbol = match tokens.get(at).map(|token| token.kind) {
            Some(TokenKind::Symbol(c)) => c,
            _ => {
                if breaks_brackets(tokens, at) {
                    drop_round(&mut open, &mut out, at);
                }
                continue;
            }
        };
        match symbol {
            '(' | '[' | '{' => open.push((at, symbol)),
            ')' | ']' => {
                let wanted = if symbol == ')' { '(' } else { '[' };
                match open.last() {
                    Some((opener, c)) if *c == wanted => {
                        out.pairs.push((*opener, at));
                        open.pop();
                    }
                    _ => out.unmatched.push(Unmatched::Close { at }),
                }
            }
            '}' => {
                drop_round(&mut open, &mut out, at);
                let closes_line = tokens.get(at).is_some_and(|token| token.first_on_line);
                while missing > 0 && closes_line && open.len() > 1 {
                    let column = tokens.get(at).map_or(0, |token| token.column);
                    let Some((opener, _)) = open.last().copied() else { break };
                    if indentation(tokens, opener) <= column {
                        break;
                    }
                    open.pop();
                    missing -= 1;
                    out.pairs.push((opener, at));
                    out.unmatched.push(Unmatched::Open { at: opener, before: at });
                }
                match open.pop() {
                    Some((opener, _)) => out.pairs.push((opener, at)),
                    None => out.unmatched.push(Unmatched::Close { at }),
                }
            }
            _ => {}
        }
    }
    while let Some((opener, _)) = open.pop() {
        out.pairs.push((opener, end));
        out.unmatched.push(Unmatched::Open { at: opener, before: end });
    }
    out.pairs.sort_unstable();
    out
}

/// Round and square brackets end where a clause or a block does.
fn drop_round(open: &mut Vec<(usize, char)>, out: &mut Brackets, before: usize) {
    while let Some((opener, c)) = open.last().copied() {
        if c == '{' {
            return;
        }
        open.pop();
        out.pairs.push((opener, before));
        out.unmatched.push(Unmatched::Open { at: opener, before });
    }
}

/// Where text is put in front of a token: after the one before it.
pub(crate) fn place_before(tokens: Tokens<'_>, at: usize) -> Span {
    let end = at.checked_sub(1).and_then(|before| tokens.get(before)).map_or(0, |token| token.span.end);
    Span::new(end, end)
}
