//! The parser: trees of valid text, messages for broken text, and what holds for any text.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod broken;
mod keywords;
mod limits;
mod mutations;
mod properties;
mod spans;
mod valid;

use rubric_grammar::{Parse, dump, parse};

/// The dump of a text that must be valid.
fn tree(text: &str) -> String {
    let parsed = parse(text);
    assert!(parsed.errors.is_empty(), "{text}\n{:#?}", parsed.errors);
    assert!(parsed.file.items.iter().all(|item| !item.damaged), "{text}");
    dump(&parsed.file)
}

/// The errors of a text as a person reads them.
fn shown(text: &str) -> String {
    let parsed = parse(text);
    errors(text, &parsed)
}

fn errors(text: &str, parsed: &Parse) -> String {
    let lines = rubric_grammar::LineIndex::new(text);
    let place = |offset| {
        let place = lines.line_column(text, offset);
        format!("{}:{}", place.line, place.column)
    };
    let quoted = |start: u32, end: u32| text[start as usize..end as usize].escape_debug().to_string();
    let mut out = String::new();
    for error in &parsed.errors {
        let at = quoted(error.span.start, error.span.end);
        out += &format!("{} [{at}] {}: {}\n", place(error.span.start), error.code, error.message);
        for (span, label) in &error.related {
            out += &format!("    at {}: {label}\n", place(span.start));
        }
        if let Some(help) = &error.help {
            out += &format!("    help: {help}\n");
        }
        if let Some(fix) = &error.fix {
            let edits: Vec<String> = fix
                .edits
                .iter()
                .map(|(span, new)| format!("[{}] -> [{}]", quoted(span.start, span.end), new.escape_debug()))
                .collect();
            out += &format!("    fix: {}: {}\n", fix.title, edits.join(", "));
        }
    }
    out
}

/// The text after all fixes of a parse.
fn fixed(text: &str) -> String {
    let mut edits: Vec<_> =
        parse(text).errors.into_iter().filter_map(|error| error.fix).flat_map(|fix| fix.edits).collect();
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(*span));
    let mut out = text.to_owned();
    for (span, new) in edits {
        out.replace_range(span.start as usize..span.end as usize, &new);
    }
    out
}
