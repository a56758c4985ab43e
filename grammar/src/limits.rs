//! How much text is understood: beyond these limits stands a diagnostic, never a crash.

use std::ops::Range;

use crate::starts::Tokens;

/// Operators in one expression, `and` and `or` apart.
pub(crate) const MAX_CHAIN: usize = 400;
/// `and` and `or` in one expression.
pub(crate) const MAX_LOGIC_CHAIN: usize = 50_000;
/// Fields, calls and the like on one operand.
pub(crate) const MAX_SUFFIXES: usize = 100;
/// Brackets and the like inside each other.
pub(crate) const MAX_DEPTH: usize = 100;
/// Bytes of a file.
pub(crate) const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Errors shown for a file.
pub(crate) const MAX_ERRORS: usize = 200;

/// A rough measure for short texts: would the text nest too deeply?
pub(crate) fn too_deep(text: &str) -> bool {
    let opening = text.bytes().filter(|byte| matches!(byte, b'(' | b'[' | b'{' | b'-')).count();
    let words = text
        .split_whitespace()
        .filter(|word| matches!(*word, "not" | "if" | "of" | "where" | "else"))
        .count();
    opening + words > MAX_DEPTH
}

/// The token of a declaration at which it nests too deeply.
pub(crate) fn too_deep_at(tokens: Tokens<'_>, range: &Range<usize>) -> Option<usize> {
    // For each open bracket, how many words in it take in all that follows.
    let mut frames: Vec<usize> = vec![0];
    let mut taken = 0_usize;
    // `not`, `-` and `of` one after the other.
    let mut run = 0_usize;
    for at in range.clone() {
        let symbol = tokens.symbol(at);
        match (symbol, tokens.word(at)) {
            (Some('(' | '[' | '{'), _) => {
                frames.push(0);
                run = 0;
            }
            (Some(')' | ']' | '}'), _) => {
                if frames.len() > 1 {
                    taken -= frames.pop().unwrap_or(0);
                }
                run = 0;
            }
            (Some('-'), _) | (None, "not" | "of") => run += 1,
            (None, "if" | "else" | "where" | "satisfy" | "over" | "among") => {
                if let Some(frame) = frames.last_mut() {
                    *frame += 1;
                    taken += 1;
                }
                run = 0;
            }
            (Some(_), _) | (None, "and" | "or") => run = 0,
            (
                None,
                "when" | "must" | "except" | "rule" | "line" | "cite" | "because" | "expect" | "given"
                | "from" | "then",
            ) if crate::starts::breaks_brackets(tokens, at) || tokens.is_number(at + 1) => {
                if let Some(frame) = frames.last_mut() {
                    taken -= std::mem::take(frame);
                }
                run = 0;
            }
            _ => {}
        }
        if frames.len() - 1 + taken + run > MAX_DEPTH {
            return Some(at);
        }
    }
    None
}
