//! The grammar for tree-sitter against everything valid that the project has, and its queries.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod generated;
mod highlight;
mod parse;

use std::fs;
use std::path::{Path, PathBuf};

use tree_sitter::{Node, Parser, Tree};

/// The folder of this crate.
fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the project.
fn project() -> PathBuf {
    here().join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn tree(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_rubric::LANGUAGE.into()).unwrap();
    parser.parse(text, None).unwrap()
}

/// What the parser did not understand, each with its line.
fn errors(text: &str) -> Vec<String> {
    fn walk(node: Node<'_>, text: &str, found: &mut Vec<String>) {
        if node.is_error() || node.is_missing() {
            let what = if node.is_missing() { node.kind() } else { &text[node.byte_range()] };
            found.push(format!("line {}: {what:?}", node.start_position().row + 1));
        } else {
            node.children(&mut node.walk()).for_each(|child| walk(child, text, found));
        }
    }
    let mut found = Vec::new();
    walk(tree(text).root_node(), text, &mut found);
    found
}
