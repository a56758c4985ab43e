//! The examples of the language reference and the README are Rubric.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;

/// The blocks marked `rubric` in a page, with the line each begins on.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.trim_end()) {
            (None, "```rubric") => open = Some((number + 2, String::new())),
            (Some(_), "```") => found.extend(open.take()),
            (Some((_, text)), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    found
}

fn check(page: &str, at_least: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let blocks = blocks(&text);
    assert!(blocks.len() >= at_least, "{page} has {} examples", blocks.len());
    for (line, block) in blocks {
        let parsed = rubric_grammar::parse(&block);
        assert_eq!(parsed.errors, [], "{page}, the example on line {line}");
    }
}

#[test]
fn the_examples_of_the_language_reference_parse() {
    check("docs/language.md", 9);
}

#[test]
fn the_examples_of_the_readme_parse() {
    check("README.md", 1);
}
