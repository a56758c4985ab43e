//! What was expected, in the words of the language.

use pest::error::{Error, InputLocation};

use crate::rules::Rule as R;

/// The byte at which the grammar could not go on.
pub(crate) fn position(error: &Error<R>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

/// Why the value between the braces of a text was not understood.
pub(crate) fn in_template(source: &str, at: usize) -> String {
    let rest = source.get(at..).unwrap_or("").trim();
    if rest.is_empty() {
        "expected a value before the closing brace".to_owned()
    } else {
        format!("expected an operator or the closing brace, found `{}`", crate::lower::Lower::quote(rest))
    }
}
