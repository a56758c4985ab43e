//! The words of the language are the same in the grammar, in the lists that completion takes them from, in the TextMate
//! grammar of VS Code and in the one for tree-sitter.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

type Words = BTreeSet<String>;

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).unwrap()
}

fn is_word(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Every quoted word of the grammar.
fn of_pest() -> Words {
    let grammar = read("grammar/src/rubric.pest");
    let without_comments = grammar.lines().filter(|line| !line.trim_start().starts_with("//"));
    without_comments
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|text| is_word(text))
        .map(str::to_owned)
        .collect()
}

/// Every alternative of the groups of words: `(?:cite|title)`.
fn of_textmate() -> Words {
    let grammar: Value =
        serde_json::from_str(&read("editors/vscode/syntaxes/rubric.tmLanguage.json")).unwrap();
    let mut patterns = Vec::new();
    strings(&grammar, &mut |key, text| {
        if key == "match" || key == "begin" {
            patterns.push(text.to_owned());
        }
    });
    let groups = patterns.iter().flat_map(|pattern| pattern.split("(?:").skip(1));
    let words = groups.filter_map(|group| group.split_once(')')).map(|(group, _)| group.split('|'));
    words.filter(|words| words.clone().all(is_word)).flatten().map(str::to_owned).collect()
}

/// Every word that is a token of its own.
fn of_tree_sitter() -> Words {
    let grammar: Value = serde_json::from_str(&read("editors/tree-sitter-rubric/src/grammar.json")).unwrap();
    let mut words = Words::new();
    strings(grammar.get("rules").unwrap(), &mut |key, text| {
        if key == "value" && is_word(text) {
            words.insert(text.to_owned());
        }
    });
    // Names of nodes that words are shown as.
    for name in ["identifier", "level", "record_name", "reference", "rounding"] {
        assert!(words.remove(name), "{name}");
    }
    words
}

/// The lists that the command and the server know.
fn of_lists() -> Words {
    use rubric_grammar::{FORM_WORDS, KEYWORDS, RESERVED};
    [KEYWORDS, RESERVED, FORM_WORDS].concat().into_iter().map(str::to_owned).collect()
}

/// Calls `each` with every text in a value and the name it stands under.
fn strings(value: &Value, each: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| strings(item, each)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) => each(key, text),
                    _ => strings(value, each),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn words_are_the_same_everywhere() {
    let words = of_pest();
    assert!(words.len() > 130, "{words:?}");
    for (name, others) in
        [("the lists", of_lists()), ("TextMate", of_textmate()), ("tree-sitter", of_tree_sitter())]
    {
        let missing: Vec<_> = words.difference(&others).collect();
        let unknown: Vec<_> = others.difference(&words).collect();
        assert!(missing.is_empty() && unknown.is_empty(), "{name}: missing {missing:?}, unknown {unknown:?}");
    }
}
