//! Rubric for tree-sitter.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_rubric() -> *const ();
}

/// The language, for `tree_sitter::Parser::set_language`.
// SAFETY: the function is the one that the generated parser exports, and takes and returns what tree-sitter asks for.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_rubric) };

/// What is highlighted, and as what.
pub const HIGHLIGHTS: &str = include_str!("../queries/highlights.scm");

/// Where names are declared and used.
pub const LOCALS: &str = include_str!("../queries/locals.scm");

/// What other languages stand inside: none but comments.
pub const INJECTIONS: &str = include_str!("../queries/injections.scm");
