//! What is highlighted, and as what. The expectations stand in the files of `test/highlight`: a comment with `^` below a
//! line names the capture at that column, `<-` the one at the first column.

use tree_sitter::{Query, QueryCursor, StreamingIterator as _};
use tree_sitter_highlight::{HighlightConfiguration, HighlightEvent, Highlighter};

use crate::parse::{declarations, expressions};
use crate::{here, read, tree};

const NAMES: &[&str] = &[
    "boolean",
    "comment",
    "comment.documentation",
    "constant",
    "function",
    "function.builtin",
    "keyword",
    "keyword.conditional",
    "keyword.operator",
    "label",
    "namespace",
    "number",
    "operator",
    "property",
    "punctuation.bracket",
    "punctuation.delimiter",
    "string",
    "type",
    "variable",
    "variable.parameter",
];

/// The innermost capture of each byte.
fn highlighted(text: &str) -> Vec<Option<&'static str>> {
    let mut configuration = HighlightConfiguration::new(
        tree_sitter_rubric::LANGUAGE.into(),
        "rubric",
        tree_sitter_rubric::HIGHLIGHTS,
        tree_sitter_rubric::INJECTIONS,
        tree_sitter_rubric::LOCALS,
    )
    .unwrap();
    configuration.configure(NAMES);
    let mut highlighter = Highlighter::new();
    let events = highlighter.highlight(&configuration, text.as_bytes(), None, None, |_| None).unwrap();
    let mut open: Vec<&'static str> = Vec::new();
    let mut bytes = Vec::new();
    for event in events {
        match event.unwrap() {
            HighlightEvent::HighlightStart(highlight) => open.push(NAMES[highlight.0]),
            HighlightEvent::HighlightEnd => drop(open.pop()),
            HighlightEvent::Source { start, end } => bytes.extend((start..end).map(|_| open.last().copied())),
        }
    }
    assert_eq!(bytes.len(), text.len());
    bytes
}

#[test]
fn captures() {
    let text = read(&here().join("test/highlight/decision.rubric"));
    let found = highlighted(&text);
    let (mut line_start, mut above, mut asserted) = (0, 0, 0);
    for line in text.split_inclusive('\n') {
        let expectation = line.trim_start_matches('/').trim();
        let at = if let Some(name) = expectation.strip_prefix("<- ") {
            Some((0, name))
        } else {
            expectation.strip_prefix("^ ").map(|name| (line.find('^').unwrap(), name))
        };
        match at {
            Some((column, name)) if line.starts_with("//") => {
                assert_eq!(
                    found[above + column],
                    Some(name),
                    "{name} in: {}",
                    text[above..].lines().next().unwrap()
                );
                asserted += 1;
            }
            _ => above = line_start,
        }
        line_start += line.len();
    }
    assert!(asserted > 50, "{asserted} expectations");
}

#[test]
fn every_query_is_valid_and_finds_something() {
    let expressions: Vec<String> =
        expressions().iter().map(|text| format!("define x: number = {text}\n")).collect();
    let text = format!("// A comment.\n{}{}", declarations(), expressions.concat());
    let parsed = tree(&text);
    for file in ["highlights", "locals", "injections", "folds", "indents", "textobjects", "tags"] {
        let source = read(&here().join(format!("queries/{file}.scm")));
        let query = Query::new(&tree_sitter_rubric::LANGUAGE.into(), &source)
            .unwrap_or_else(|error| panic!("{file}.scm: {error}"));
        let mut cursor = QueryCursor::new();
        let mut matches = cursor.matches(&query, parsed.root_node(), text.as_bytes());
        let mut seen = vec![false; query.pattern_count()];
        while let Some(found) = matches.next() {
            seen[found.pattern_index] = true;
        }
        let never: Vec<usize> = (0..seen.len()).filter(|index| !seen[*index]).collect();
        assert!(never.is_empty(), "{file}.scm: the patterns {never:?} match nothing");
    }
}

#[test]
fn every_word_of_the_grammar_is_highlighted() {
    let grammar = read(&here().join("src/grammar.json"));
    let queries = tree_sitter_rubric::HIGHLIGHTS;
    // Units, flags, months, rounding and the like are highlighted as the node they stand in.
    let inside =
        ["yes", "no", "cents", "dollars", "whole", "place", "places", "none", "all", "any", "only", "some"];
    let months = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "day",
        "days",
        "month",
        "months",
        "year",
        "years",
    ];
    let mut words: Vec<&str> = grammar
        .split("\"type\": \"STRING\",")
        .skip(1)
        .filter_map(|rest| rest.split("\"value\": \"").nth(1)?.split('"').next())
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect();
    words.sort_unstable();
    words.dedup();
    assert!(words.len() > 120, "{}", words.len());
    for word in words.iter().filter(|word| !inside.contains(word) && !months.contains(word)) {
        assert!(queries.contains(&format!("\"{word}\"")), "`{word}` is highlighted nowhere");
    }
}

/// What Helix calls a capture, where it differs.
const OF_HELIX: &[(&str, &str)] = &[
    ("@boolean", "@constant.builtin.boolean"),
    ("@comment.documentation", "@comment.line.documentation"),
    ("@keyword.conditional", "@keyword.control.conditional"),
    ("@number", "@constant.numeric"),
    ("@property", "@variable.other.member"),
];

#[test]
fn helix_has_the_same_queries_under_its_names() {
    let mut expected = tree_sitter_rubric::HIGHLIGHTS.to_owned();
    for (ours, theirs) in OF_HELIX {
        assert!(expected.contains(ours), "{ours}");
        for end in ["\n", ")"] {
            expected = expected.replace(&format!("{ours}{end}"), &format!("{theirs}{end}"));
        }
    }
    let file = here().join("../helix/queries/rubric/highlights.scm");
    if std::env::var_os("UPDATE_QUERIES").is_some() {
        std::fs::write(&file, &expected).unwrap();
    }
    assert_eq!(read(&file), expected, "after a change: UPDATE_QUERIES=1 cargo test");
    Query::new(&tree_sitter_rubric::LANGUAGE.into(), &expected).unwrap();
}
