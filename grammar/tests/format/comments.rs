//! Where comments go.

use crate::clean;

fn check(source: &str, expected: &str) {
    assert_eq!(clean(source, 100), expected);
}

#[test]
fn above_and_behind_lines() {
    check(
        "// above the file\n\n// above the item\nrecord A { // behind the brace\n// above x\nx: flag // behind x\ny: count\n// at the end\n} // behind the item\n// at the end of the file",
        "// above the file\n\n// above the item\nrecord A {  // behind the brace\n  // above x\n  x: flag  // behind x\n  y: count\n  // at the end\n}  // behind the item\n// at the end of the file\n",
    );
}

#[test]
fn on_consecutive_lines_in_one_column() {
    check(
        "record A {\n  a: flag // one\n  long_name: flag // two\n  b: flag\n  c: flag // three\n}\n",
        "record A {\n  a: flag          // one\n  long_name: flag  // two\n  b: flag\n  c: flag  // three\n}\n",
    );
}

#[test]
fn blank_lines_around_them_are_kept_once() {
    check(
        "record A {\n\n\n  a: flag\n\n\n  // about b\n\n\n  // more\n  b: flag\n\n}\n\n\n// about B\n\nrecord B { }\n",
        "record A {\n  a: flag\n\n  // about b\n\n  // more\n  b: flag\n}\n\n// about B\n\nrecord B {}\n",
    );
}

#[test]
fn between_clauses_of_a_rule() {
    check(
        "decision d of R {\n  outcomes a, b // best first\n  rule r: a // label\n    // why\n    when x // first\n      and y // second\n    cite \"1\" // where\n}\n",
        "decision d of R {\n  outcomes a, b  // best first\n  rule r: a      // label\n    // why\n    when x    // first\n      and y   // second\n    cite \"1\"  // where\n}\n",
    );
}

#[test]
fn inside_expressions() {
    check(
        "define d of R: flag = f(a, // one\n  // two\n  b) and // three\n  c\n",
        "define d of R: flag =\n  f(\n    a,  // one\n    // two\n    b\n  )\n  and  // three\n  c\n",
    );
}

#[test]
fn where_no_line_may_begin_they_move_behind() {
    check(
        "record A // open\n{\n  x // before the colon\n  : flag\n}\n",
        "record A {  // open\n  x:  // before the colon\n    flag\n}\n",
    );
}

#[test]
fn documentation_stays_above_its_declaration() {
    check(
        "use a.b // used\n/// About A.\n// a comment\nrecord A {\n  /// About x.\n  x: flag\n\n  /// About y.\n  y: flag // behind y\n}\n",
        "use a.b  // used\n\n/// About A.\n// a comment\nrecord A {\n  /// About x.\n  x: flag\n\n  /// About y.\n  y: flag  // behind y\n}\n",
    );
}

#[test]
fn a_comment_keeps_a_block_open() {
    check("record A { x: flag // c\n}\n", "record A {\n  x: flag  // c\n}\n");
    check(
        "fixture f {\n  Student s { grade: G3 // third\n year: SY2023-24 }\n}\n",
        "fixture f {\n  Student s {\n    grade: G3  // third\n    year: SY2023-24\n  }\n}\n",
    );
}

#[test]
fn a_long_comment_breaks_nothing() {
    let long = "x".repeat(120);
    let source = format!("define d of R: flag = a and b and c  // {long}\n");
    check(&source, &source);
}
