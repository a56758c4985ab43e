//! How much text is understood: beyond these limits stands a diagnostic, never a crash.

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
