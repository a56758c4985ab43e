//! The parser that is kept is the one that the grammar gives.

use std::path::Path;
use std::process::Command;

use tree_sitter_generate::{OptLevel, generate_parser_in_directory, load_grammar_file};

use crate::{here, read};

/// As in `examples/generate.rs`.
const ABI_VERSION: usize = 14;

fn generate(grammar: &Path, into: &Path) {
    generate_parser_in_directory(
        here(),
        Some(into),
        Some(grammar),
        ABI_VERSION,
        None,
        None,
        true,
        OptLevel::default(),
        &mut Vec::new(),
    )
    .unwrap();
}

#[test]
fn parser_is_that_of_the_grammar() {
    let into = tempfile::tempdir().unwrap();
    generate(&here().join("src/grammar.json"), into.path());
    for file in ["parser.c", "node-types.json", "tree_sitter/parser.h"] {
        // No `assert_eq`: it would print three megabytes.
        let same = read(&into.path().join(file)) == read(&here().join("src").join(file));
        assert!(same, "src/{file} is not what src/grammar.json gives: run `cargo run --example generate`");
    }
}

#[test]
fn grammar_json_is_that_of_grammar_js() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `node` to read grammar.js with");
        return;
    }
    let made = load_grammar_file(&here().join("grammar.js"), Some("node")).unwrap();
    let same = made.trim() == read(&here().join("src/grammar.json")).trim();
    assert!(same, "src/grammar.json is not what grammar.js gives: run `cargo run --example generate`");
}
