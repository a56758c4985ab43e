//! Cuts a file into its declarations, whatever is wrong with it.

use crate::starts::{Tokens, item_may_start, item_starts};

/// The tokens of one declaration.
#[derive(Clone, Debug)]
pub(crate) struct ItemTokens {
    /// First token, that of an `allow` before it included.
    pub(crate) start: usize,
    /// One past the last token.
    pub(crate) end: usize,
}

/// The declarations in the order of the text; together they hold every token.
pub(crate) fn split(tokens: Tokens<'_>) -> Vec<ItemTokens> {
    let mut items = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    let mut after_allow = false;
    for at in 0..tokens.list.len() {
        let begins = begins(tokens, at, depth);
        if begins {
            if at > start && !after_allow {
                items.push(ItemTokens { start, end: at });
                start = at;
            }
            depth = 0;
            after_allow = false;
        }
        if depth == 0 && allows(tokens, at) {
            if at > start && !after_allow {
                items.push(ItemTokens { start, end: at });
                start = at;
            }
            after_allow = true;
        }
        match tokens.symbol(at) {
            Some('{') => depth += 1,
            Some('}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if start < tokens.list.len() {
        items.push(ItemTokens { start, end: tokens.list.len() });
    }
    items
}

/// Whether `allow(code) "…"` begins here; a code such as `missing-citation` is several tokens.
fn allows(tokens: Tokens<'_>, at: usize) -> bool {
    const LONGEST_CODE: usize = 16;
    let close = (at + 2..at + 2 + LONGEST_CODE).find(|at| tokens.is_symbol(*at, ')'));
    tokens.word(at) == "allow"
        && tokens.is_symbol(at + 1, '(')
        && close.is_some_and(|close| tokens.is_text(close + 1))
}

fn begins(tokens: Tokens<'_>, at: usize, depth: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    let after_prefix = at.checked_sub(1).is_some_and(|before| {
        matches!(tokens.word(before), "amend" | "extend" | "ordered") && item_starts(tokens, before)
    });
    if after_prefix {
        return false;
    }
    if depth == 0 {
        return item_starts(tokens, at) || (token.first_on_line && item_may_start(tokens, at));
    }
    token.first_on_line && token.column == 0 && item_starts(tokens, at)
}
