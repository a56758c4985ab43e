//! The formatter: how each construct looks, where comments go, and what holds for every text.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod comments;
mod constructs;
mod generator;
mod properties;

use rubric_grammar::format::format;
use rubric_grammar::parse;

/// Formats a text and checks what holds for every text.
fn formatted(text: &str, width: usize) -> String {
    let tree = parse(text);
    let result = format(text, &tree, width);
    assert_eq!(result.refused, None, "refused at width {width}:\n{text}");
    let again = format(&result.text, &parse(&result.text), width);
    assert_eq!(again.refused, None, "refused its own output at width {width}:\n{}", result.text);
    assert_eq!(again.text, result.text, "not stable at width {width}; source:\n{text}");
    result.text
}

/// As [`formatted`], for a text without damage, whose output must have no blanks at the ends of lines.
fn clean(text: &str, width: usize) -> String {
    let tree = parse(text);
    let damaged: Vec<_> = tree.file.items.iter().filter(|item| item.damaged).map(|item| item.span).collect();
    assert!(damaged.is_empty(), "damaged at {damaged:?}: {:?}\n{text}", tree.errors);
    let result = formatted(text, width);
    for line in result.lines() {
        assert_eq!(line, line.trim_end(), "blanks at the end of a line:\n{result}");
    }
    assert!(result.is_empty() || (result.ends_with('\n') && !result.ends_with("\n\n")), "end of {result:?}");
    result
}
