//! Too much of anything ends in a diagnostic.

use rubric_grammar::{Parse, dump, parse, parse_bytes};

fn expression(text: &str) -> Parse {
    parse(&format!("define x of R: number = {text}\ndefine y of R: flag = yes\n"))
}

fn codes(parsed: &Parse) -> Vec<&str> {
    parsed.errors.iter().map(|error| error.code).collect()
}

#[test]
fn deep_nesting_is_refused_and_the_next_declaration_read() {
    for text in [
        "(".repeat(100_000),
        format!("{}1{}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("{}a", "not ".repeat(100_000)),
        format!("{}1", "-".repeat(100_000)),
        format!("{}1", "if a then b else ".repeat(20_000)),
        format!("{}a", "any of b where ".repeat(20_000)),
        format!("{}a", "year of ".repeat(20_000)),
        format!("{}a{}", "f(".repeat(20_000), ")".repeat(20_000)),
        format!("{}1{}", "case { when a then ".repeat(20_000), " }".repeat(20_000)),
        format!("a{}", ".b".repeat(20_000)),
        format!("a{}", " presumed 0".repeat(20_000)),
    ] {
        let parsed = expression(&text);
        let start: String = text.chars().take(40).collect();
        assert_eq!(codes(&parsed), ["syntax-limit"], "{start}");
        if !text.starts_with("((") || text.ends_with(')') {
            assert!(dump(&parsed.file).contains("(define y"), "{start}");
        }
    }
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    for text in [
        format!("{}1{}", "(".repeat(99), ")".repeat(99)),
        format!("{}a", "not ".repeat(99)),
        format!("{}1", "if (a) then 1 else ".repeat(90)),
        format!("{}1", "count of a where ".repeat(90)),
    ] {
        assert_eq!(expression(&text).errors, [], "{text}");
    }
}

#[test]
fn long_conditions_are_read_as_shallow_trees() {
    let terms: Vec<String> = (0..10_000).map(|index| format!("a{index}")).collect();
    for operator in [" and ", " or "] {
        let parsed = expression(&terms.join(operator));
        assert_eq!(parsed.errors, []);
        let mut deepest = 0;
        let mut depth = 0_usize;
        for c in dump(&parsed.file).chars() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        assert!(deepest < 60, "{deepest}");
    }
    assert_eq!(expression(&terms[..300].join(" + ")).errors, []);
    assert_eq!(codes(&expression(&terms.join(" + "))), ["syntax-limit"]);
}

#[test]
fn a_chain_keeps_its_terms_in_order() {
    let terms: Vec<String> = (0..100).map(|index| format!("a{index}")).collect();
    let dumped = dump(&expression(&terms.join(" and ")).file);
    let names: Vec<&str> =
        dumped.split(['(', ')', ' ', '\n']).filter(|word| word.starts_with('a') && *word != "and").collect();
    assert_eq!(names, terms);
}

#[test]
fn large_files_are_refused() {
    let parsed = parse(&" ".repeat(50 * 1024 * 1024));
    assert_eq!(codes(&parsed), ["syntax-limit"]);
    assert_eq!(parsed.errors[0].message, "this file is larger than 16 MB");
}

#[test]
fn many_errors_are_cut_off() {
    let rules: String = (0..1000).map(|index| format!("rule r{index}: a when b +\n")).collect();
    let parsed = parse(&format!("decision d of R {{\n{rules}}}"));
    assert_eq!(parsed.errors.len(), 201);
    assert_eq!(parsed.errors[200].message, "and 800 more errors in this file");
}

#[test]
fn bytes_that_are_not_utf8_are_errors_at_their_place() {
    let parsed = parse_bytes(b"use a.b\ncategory C { a \"caf\xe9\" b }\nuse c.d\n");
    assert_eq!(codes(&parsed), ["not-utf8"]);
    assert_eq!(parsed.errors[0].span.start, 27);
    assert_eq!(dump(&parsed.file), "(use a.b)\n(category C damaged\n  (a \"caf \")\n  (b))\n(use c.d)\n");
    assert_eq!(codes(&parse_bytes(b"\xff\xfeu\0s\0e\0")).first(), Some(&"not-utf8"));
}
