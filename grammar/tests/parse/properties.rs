//! What holds for any text.

use proptest::prelude::*;
use rubric_grammar::{Parse, Span, dump, dump_item, parse, parse_bytes};

use crate::broken::POLICY;

/// Words and signs of the language, in any order.
fn soup() -> impl Strategy<Value = String> {
    let words: Vec<&'static str> = rubric_grammar::KEYWORDS
        .iter()
        .copied()
        .chain([
            "a",
            "b.c",
            "Student",
            "1",
            "$2.50",
            "2024-09-01",
            "SY2024-25",
            "2024-25",
            "007",
            "\"x\"",
            "\"{a}\"",
            "\"",
            "“",
            "”",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "=",
            "<=",
            "+",
            "-",
            "*",
            "?",
            "..",
            "\n",
            "\n\n",
            "// c\n",
            "/// d\n",
            "`q`",
            "&&",
            "!",
            ";",
            "≥",
            "–",
            "\u{a0}",
            "é",
            "😀",
            "@",
            "\\",
            "rule r: a",
            "when b",
            "decision d of R {",
            "use a.b",
        ])
        .collect();
    prop::collection::vec((prop::sample::select(words), prop::sample::select(vec![" ", "", "\n"])), 0..60)
        .prop_map(|words| words.into_iter().map(|(word, space)| format!("{word}{space}")).collect())
}

/// The policy with a piece cut out and another put in.
fn edited() -> impl Strategy<Value = String> {
    (any::<prop::sample::Index>(), 0..40_usize, soup()).prop_map(|(at, length, new)| {
        let chars: Vec<char> = POLICY.chars().collect();
        let at = at.index(chars.len());
        let end = (at + length).min(chars.len());
        let new: String = new.chars().take(20).collect();
        chars[..at].iter().collect::<String>() + &new + &chars[end..].iter().collect::<String>()
    })
}

fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

fn holds(text: &str, parsed: &Parse) {
    let length = u32::try_from(text.len()).unwrap();
    let inside = |span: Span| span.start <= span.end && span.end <= length;
    let boundary = |at: u32| text.is_char_boundary(at as usize);
    let good = |span: Span| inside(span) && boundary(span.start) && boundary(span.end);
    // Lossless: whatever is not blank stands in an item or is a comment.
    let mut covered = vec![false; text.len()];
    let items = parsed.file.items.iter().map(|item| item.span);
    for span in items.chain(parsed.comments.iter().map(|comment| comment.span)) {
        assert!(good(span), "{span:?}");
        covered[span.start as usize..span.end as usize].fill(true);
    }
    for (at, c) in text.char_indices().filter(|(_, c)| !is_blank(*c)) {
        assert!(covered[at], "{c:?} at {at} of {text:?}");
    }
    for pair in parsed.file.items.windows(2) {
        assert!(pair[0].span.end <= pair[1].span.start, "items overlap");
    }
    for pair in parsed.errors.windows(2) {
        assert!(pair[0].span.start <= pair[1].span.start, "errors are not sorted");
    }
    for error in &parsed.errors {
        assert!(good(error.span), "{error:?}");
        assert!(error.related.iter().all(|(span, _)| good(*span)), "{error:?}");
        let edits = error.fix.iter().flat_map(|fix| &fix.edits);
        assert!(edits.clone().all(|(span, _)| good(*span)), "{error:?}");
        assert!(!error.message.ends_with('.') && !error.message.contains("kw_"), "{error:?}");
    }
    // Spans in an item lie in it and on boundaries: read off the debug form, which shows every one.
    for item in &parsed.file.items {
        let shown = format!("{:?}", item.kind);
        for part in shown.split("Span { start: ").skip(1) {
            let (start, rest) = part.split_once(", end: ").unwrap();
            let end = rest.split(' ').next().unwrap();
            let span = Span::new(start.parse().unwrap(), end.parse().unwrap()).shifted(item.span.start);
            assert!(good(span) && span.end <= item.span.end, "{span:?} in {:?} of {text:?}", item.span);
        }
    }
    // Damage is never silent, and never missed.
    if parsed.errors.is_empty() {
        assert!(parsed.file.items.iter().all(|item| !item.damaged));
        assert!(!dump(&parsed.file).contains("(damaged)"));
    }
    for item in parsed.file.items.iter().filter(|item| !item.damaged) {
        assert!(!dump_item(item).contains("(damaged)"), "{}", dump_item(item));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_string(text in any::<String>()) {
        holds(&text, &parse(&text));
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let parsed = parse_bytes(&bytes);
        prop_assert_eq!(parsed.errors.iter().any(|error| error.code == "not-utf8"), std::str::from_utf8(&bytes).is_err());
    }

    #[test]
    fn any_words(text in soup()) {
        holds(&text, &parse(&text));
    }

    #[test]
    fn any_edit_of_a_policy(text in edited()) {
        holds(&text, &parse(&text));
    }

    #[test]
    fn a_parse_is_the_same_every_time(text in edited()) {
        prop_assert_eq!(parse(&text), parse(&text));
    }
}

#[test]
fn documentation_above_a_damaged_declaration_moves_no_error() {
    let text = "/// d\ndecision d of R { absent\nwhen b\namend ";
    holds(text, &parse(text));
    let parsed = parse(text);
    let misplaced = parsed.errors.iter().find(|error| error.message.contains("does not belong")).unwrap();
    assert!(text[misplaced.span.start as usize..].starts_with("when b"), "{misplaced:?}");
}
