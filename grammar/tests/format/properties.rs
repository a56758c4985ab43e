//! What holds for every text.

use proptest::collection::vec;
use proptest::prelude::*;
use rubric_grammar::format::format;
use rubric_grammar::{Parse, dump, parse};

use crate::generator::{Choices, with_comments};
use crate::{clean, formatted};

const WIDTHS: [usize; 4] = [40, 80, 100, 120];

/// For each comment its text and how many items start before it.
fn places(tree: &Parse) -> Vec<(String, usize)> {
    let before = |offset: u32| tree.file.items.iter().filter(|item| item.span.start <= offset).count();
    tree.comments
        .iter()
        .map(|comment| (comment.text.trim_end().to_owned(), before(comment.span.start)))
        .collect()
}

fn check_valid(source: &str) {
    let tree = parse(source);
    for width in WIDTHS {
        let output = clean(source, width);
        let again = parse(&output);
        assert_eq!(dump(&again.file), dump(&tree.file), "another tree at width {width}; source:\n{source}");
        assert_eq!(
            places(&again),
            places(&tree),
            "comments moved at width {width}; source:\n{source}\noutput:\n{output}"
        );
        assert_eq!(solid(&output), solid(source), "tokens changed at width {width}");
    }
}

/// All but blanks and comments, which move behind what they would split.
fn solid(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut before = ' ';
        for (at, c) in line.char_indices() {
            if !quoted && line[at..].starts_with("//") {
                break;
            }
            quoted ^= c == '"' && before != '\\';
            before = c;
            if quoted || !c.is_whitespace() {
                out.push(c);
            }
        }
    }
    out
}

/// Every policy in the repository.
fn policies() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    let mut open = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../policies"))];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rubric") {
                texts.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    texts
}

#[test]
fn policies_of_the_repository() {
    let texts = policies();
    assert!(!texts.is_empty(), "no policy found");
    for (path, text) in texts {
        println!("{path}");
        check_valid(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_policies(choices in vec(any::<u8>(), 0..400)) {
        check_valid(&Choices::new(&choices).policy());
    }

    #[test]
    fn generated_policies_with_comments(choices in vec(any::<u8>(), 0..300), places in vec(any::<u8>(), 0..400)) {
        let source = with_comments(&Choices::new(&choices).policy(), &places);
        check_valid(&source);
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        for width in [0, 40] {
            let result = format(&text, &parse(&text), width);
            prop_assert!(result.refused.is_some() || !result.text.contains('\r'));
        }
    }

    #[test]
    fn damaged_policies(choices in vec(any::<u8>(), 0..300), cut in any::<prop::sample::Index>(), with in "[{}\":(,a0-]{0,2}") {
        let source = Choices::new(&choices).policy();
        let mut at = cut.index(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        let rest = source[at..].chars().next().map_or(0, char::len_utf8);
        let source = format!("{}{with}{}", &source[..at], &source[at + rest..]);
        let tree = parse(&source);
        let result = format(&source, &tree, 100);
        if result.refused.is_some() {
            // What a mistake swallows may hang on line breaks; then nothing is touched.
            prop_assert_eq!(result.text, source);
            return Ok(());
        }
        let output = formatted(&source, 100);
        // A declaration that could not be read is written as it stands.
        for item in tree.file.items.iter().filter(|item| item.damaged) {
            let text = &source[item.span.start as usize..item.span.end as usize];
            prop_assert!(output.contains(text.trim_end()), "lost {text:?} in:\n{output}");
        }
    }
}
