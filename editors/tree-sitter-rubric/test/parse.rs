//! What `rubric.pest` accepts, this grammar accepts.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{errors, project, read, tree};

/// All policies below a folder.
fn policies(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            policies(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rubric") {
            found.push(path);
        }
    }
}

#[test]
fn shipped_policies() {
    let mut files = Vec::new();
    policies(&project().join("policies"), &mut files);
    policies(&project().join("src/template"), &mut files);
    assert!(files.len() > 20, "{files:?}");
    for file in files {
        assert_eq!(errors(&read(&file)), [""; 0], "{}", file.display());
    }
}

#[test]
fn examples_of_the_parser() {
    let declarations = declarations();
    assert!(declarations.lines().count() > 60);
    assert_eq!(errors(&declarations), [""; 0]);
    assert_eq!(errors(&declarations.replace('\n', "\r\n\t")), [""; 0]);
}

#[test]
fn expressions_of_the_parser() {
    let expressions = expressions();
    assert!(expressions.len() > 60, "{} expressions", expressions.len());
    for text in expressions {
        assert_eq!(errors(&format!("define x of R: number = {text}")), [""; 0], "{text}");
    }
}

/// One of each declaration with all of its clauses: an example of the parser's tests.
pub fn declarations() -> String {
    let tests = read(&project().join("grammar/tests/parse/valid.rs"));
    let (_, after) = tests.split_once("const DECLARATIONS: &str = r#\"").unwrap();
    let (declarations, _) = after.split_once("\"#;").unwrap();
    declarations.to_owned()
}

/// The expressions of the parser's tests.
pub fn expressions() -> Vec<String> {
    let tests = read(&project().join("grammar/tests/parse/valid.rs"));
    let (_, cases) = tests.split_once("let cases = [").unwrap();
    let (cases, _) = cases.split_once("\n    ];").unwrap();
    let text = |case: &str| match case.trim_start().strip_prefix("r#\"") {
        Some(raw) => raw.split("\"#").next().unwrap().to_owned(),
        None => literal(case.trim_start()),
    };
    cases.split("\n        (").skip(1).map(text).collect()
}

/// The text of the literal of Rust that begins here.
fn literal(code: &str) -> String {
    let mut text = String::new();
    let mut characters = code.strip_prefix('"').unwrap_or_else(|| panic!("{code}")).chars();
    loop {
        match characters.next() {
            Some('"') => return text,
            Some('\\') => text.extend(characters.next()),
            Some(character) => text.push(character),
            None => panic!("{code}"),
        }
    }
}

#[test]
fn examples_of_the_reference() {
    let reference = read(&project().join("docs/language.md"));
    let mut count = 0;
    // What is marked as wrong may break the grammar.
    for block in reference.split("```rubric\n").skip(1) {
        let code = block.split("\n```").next().unwrap();
        assert_eq!(errors(code), [""; 0], "{code}");
        count += 1;
    }
    assert!(count > 25, "{count} blocks");
}

#[test]
fn every_word_that_is_not_reserved_is_a_name() {
    let lists = read(&project().join("grammar/src/keywords.rs"));
    let list = |name: &str| -> Vec<String> {
        let (_, after) = lists.split_once(name).unwrap();
        let (list, _) = after.split_once("];").unwrap();
        list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let reserved = list("pub const RESERVED: &[&str] = &[");
    let keywords = list("pub const KEYWORDS: &[&str] = &[");
    let words = [keywords, list("pub const FORM_WORDS: &[&str] = &[")].concat();
    assert!(words.len() > 120);
    for word in words.iter().filter(|word| !reserved.contains(word)) {
        let text = format!(
            "record R {{ {word}: count? a: flag }}\n\
             define x of R: flag = {word} = 1 and {word} + 2 > a.{word} or ({word}) in (1, {word})\n\
             decision d of R where {word} > 1 {{ rule {word}: {word} when {word} = 2 and {word} }}\n\
             test \"t\" {{ R {word} {{ {word}: 1 a: yes {word}: 2 }} expect {word}.d = {word} }}\n"
        );
        assert_eq!(errors(&text), [""; 0], "{word}");
    }
}

#[test]
fn structure() {
    let cases = [
        ("a or b and c", "(or (reference) (and (reference) (reference)))"),
        ("not a = b and c", "(and (not (comparison (reference) (reference))) (reference))"),
        ("a - b - c", "(sum_of_two (sum_of_two (reference) (reference)) (reference))"),
        ("-a * b", "(product (negation (reference)) (reference))"),
        ("20% of a + b", "(sum_of_two (percent_of (percent) (reference)) (reference))"),
        ("a between b and c and d", "(and (between (reference) (reference) (reference)) (reference))"),
        ("first_day of y + 30 days", "(sum_of_two (part_of (reference)) (duration (number) (unit)))"),
        ("a.b presumed 0", "(presumed (member (reference) field: (identifier)) (number))"),
        (
            "count of members where not special and b",
            "(count (reference) (where (and (not (reference)) (reference))))",
        ),
        ("(count of r) <= 30", "(comparison (bracket (count (reference))) (number))"),
        ("if a then b else c or d", "(if (reference) (reference) (or (reference) (reference)))"),
    ];
    for (text, expected) in cases {
        let code = format!("define x: flag = {text}");
        let parsed = tree(&code);
        let define = parsed.root_node().child(0).unwrap();
        let value = define.child(define.child_count() as u32 - 1).unwrap();
        let sexp = value.to_sexp().replace("(reference (identifier))", "(reference)");
        let sexp = sexp.replace("function: ", "");
        assert_eq!(sexp, expected, "{text}");
    }
}

#[test]
fn what_is_half_typed_stays_local() {
    let broken = "decision d of R {\n  rule a: x when b and\n}\n\
                  define y of R: flag = \nrequirement q of R { must }\n\
                  decision e of R { rule z: w when v }\n";
    let parsed = tree(broken);
    let root = parsed.root_node();
    let last = root.children(&mut root.walk()).last().unwrap();
    assert_eq!((last.kind(), last.has_error()), ("decision", false), "{}", root.to_sexp());
}
