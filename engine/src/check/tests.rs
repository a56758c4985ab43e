//! Each check as data: a text, and the codes it gives with the words they stand at.

use rubric_grammar::ast;

use crate::diagnostic::{Diagnostic, FileId, Place, Severity};
use crate::lower::Context;
use crate::names;

const HEADER: &str = "policy p { title \"T\" cite \"c\" school_year starts july 1 }\n";

/// The text at a place.
fn at<'a>(text: &'a str, tree: &ast::File, place: Place) -> &'a str {
    let start = place.item.map_or(0, |item| tree.items[item as usize].span.start);
    let span = place.span.shifted(start);
    &text[span.start as usize..span.end as usize]
}

/// What the checks of single declarations say of a text, after `allow`s are applied: `code: words`.
fn said(text: &str) -> Vec<String> {
    let text = format!("{HEADER}{text}");
    let parse = rubric_grammar::parse(&text);
    assert_eq!(parse.errors, Vec::new(), "the text must parse: {text}");
    let file = FileId(0);
    let collected = names::collect(&[&names::summarize(file, "p.rubric", &parse.file)]);
    let policy = collected.policies[&file];
    let mut found: Vec<Diagnostic> = Vec::new();
    for (position, item) in parse.file.items.iter().enumerate() {
        let cx = Context { symbols: &collected.symbols, policy, file, item: position as u32 };
        found.extend(super::item(&cx, item));
    }
    let found = super::settle(file, &parse.file, found);
    for one in &found {
        assert!(super::page(one.code).is_some(), "no page for {}", one.code);
    }
    found
        .iter()
        .map(|one| format!("{}: {}", one.code, at(&text, &parse.file, one.place().unwrap())))
        .collect()
}

fn check(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(said(text), *expected, "in\n{text}");
    }
}

#[test]
fn parameters() {
    check(&[
        (
            r#"parameter p: count { cite "c" from 2020-01-01 until 2021-01-01: 1 from 2020-06-01 until 2022-01-01: 2 }"#,
            &["parameter-overlap: from 2020-06-01 until 2022-01-01"],
        ),
        (
            r#"parameter p: count { cite "c" from 2020-01-01: 1 from 2020-01-01: 2 }"#,
            &["parameter-overlap: from 2020-01-01"],
        ),
        (
            r#"parameter p: count { cite "c" from 2020-01-01 through 2021-01-01: 1 from 2021-01-01 until 2022-01-01: 2 }"#,
            &["parameter-overlap: from 2021-01-01 until 2022-01-01"],
        ),
        // A closed row lies over an open one, and open rows end where the next begins.
        (
            r#"parameter p: count { cite "c" from 2020-01-01: 1 from 2020-01-01 until 2021-01-01: 2 from 2022-01-01: 3 }"#,
            &[],
        ),
        (
            r#"parameter p: count { cite "c" from 2020-01-01 until 2021-01-01: 1 from 2021-01-02: 2 }"#,
            &["parameter-gap: from 2020-01-01 until 2021-01-01"],
        ),
        (r#"parameter p: count { cite "c" from 2020-01-01 through 2021-01-01: 1 from 2021-01-02: 2 }"#, &[]),
        // The open row fills what closed rows leave.
        (
            r#"parameter p: count { cite "c" from 2019-01-01: 0 from 2020-01-01 until 2021-01-01: 1 from 2023-01-01 until 2024-01-01: 2 }"#,
            &[],
        ),
        (r#"parameter p: count { from 2020-01-01: 1 }"#, &["missing-citation: p"]),
        (
            r#"parameter p: count { from 2020-01-01 cite "c": 1 from 2021-01-01: 2 }"#,
            &["missing-citation: from 2021-01-01"],
        ),
    ]);
}

const RECORD: &str = r#"
record Student { key id: text  level: count?  age: count  base: money  grants: money  results: many Result }
record Result { key rid: text  student: Student  ok: flag  score: count }
"#;

#[test]
fn dated_definitions() {
    check(&[
        (
            &format!(
                "{RECORD} define d of Student: flag {{ cite \"c\" from 2020-01-01 until 2021-01-01: yes from 2022-01-01: no }}"
            ),
            &["define-gap: from 2020-01-01 until 2021-01-01"],
        ),
        (
            &format!(
                "{RECORD} define d of Student: flag {{ from 2020-01-01 cite \"c\": yes from 2020-01-01: no }}"
            ),
            &["version-overlap: from 2020-01-01", "missing-citation: from 2020-01-01"],
        ),
        (
            &format!(
                "{RECORD} define d of Student: flag {{ cite \"c\" from 2020-01-01: yes from 2022-01-01: no }}"
            ),
            &[],
        ),
        (&format!("{RECORD} define d of Student: flag = age > 3"), &[]),
    ]);
}

/// A decision with these members.
fn decision(members: &str) -> String {
    format!("{RECORD} decision d of Student {{ outcomes a, b  default b cite \"c\" {members} }}")
}

#[test]
fn versions_and_citations_of_rules() {
    check(&[
        (
            &decision(
                "rule r: a when age > 1 from 2020-01-01 cite \"c\" rule r: a when age > 2 from 2021-01-01 cite \"c\"",
            ),
            &["version-overlap: from 2021-01-01"],
        ),
        (
            &decision("rule r: a when age > 1 cite \"c\" rule r: a when age > 2 cite \"c\""),
            &["version-overlap: r"],
        ),
        (
            &decision(
                "rule r: a when age > 1 from 2020-01-01 until 2021-01-01 cite \"c\" rule r: a when age > 2 from 2021-01-01 cite \"c\"",
            ),
            &[],
        ),
        // The interval of the part narrows its rules.
        (
            &decision(
                "part p until 2021-01-01 cite \"c\" { rule r: a when age > 1 } rule r: a when age > 2 from 2021-01-01 cite \"c\"",
            ),
            &[],
        ),
        (&decision("rule r: a when age > 1"), &["missing-citation: r"]),
        (
            &decision("allow(missing-citation) \"custom\" rule r: a when age > 1 rule s: a when age > 2"),
            &["missing-citation: s"],
        ),
        (&decision("part p cite \"c\" { rule r: a when age > 1 }"), &[]),
        (
            &format!(
                "{RECORD} decision d of Student {{ outcomes a, b default a cite \"c\" default b cite \"c\" }}"
            ),
            &["version-overlap: default b cite \"c\""],
        ),
    ]);
}

/// A requirement with that condition.
fn must(condition: &str) -> String {
    format!("{RECORD} requirement q of Student {{ cite \"c\" must m: {condition} }}")
}

#[test]
fn conditions_over_no_rows() {
    check(&[
        (&must("all of results satisfy ok"), &["vacuous-all: all of results satisfy ok"]),
        (&must("age > 3 or (all of results satisfy ok)"), &["vacuous-all: all of results satisfy ok"]),
        (&must("some and all of results satisfy ok"), &[]),
        (&must("(any of results) and (all of results satisfy ok)"), &[]),
        (&must("(all of results satisfy ok) and (count of results) >= 1"), &[]),
        (
            &must("(all of results satisfy ok) and (count of results) >= 0"),
            &["vacuous-all: all of results satisfy ok"],
        ),
        (
            &must("(any of results) and (all of results where score > 1 satisfy ok)"),
            &["vacuous-all: all of results where score > 1 satisfy ok"],
        ),
        (
            &must("(at least 1 of results where score > 1) and (all of results where score > 1 satisfy ok)"),
            &[],
        ),
        (&must("not (all of results satisfy ok)"), &[]),
        (
            &format!(
                "category Area {{ x, y }} define n(a: Area) of Student: count = age {}",
                must("all of Area as a satisfy n(a) > 1")
            ),
            &[],
        ),
    ]);
}

#[test]
fn slips_of_the_pen() {
    check(&[
        (
            &must("count of results where not ok <= 30"),
            &["swallowed-comparison: count of results where not ok <= 30"],
        ),
        (&must("(count of results where not ok) <= 30"), &[]),
        (
            &must("age > 3 and (sum of score over results where ok and score > 3)"),
            &["swallowed-comparison: sum of score over results where ok and score > 3"],
        ),
        (&must("any of results where score <= 30"), &[]),
        (&must("age = age"), &["self-comparison: age = age"]),
        (
            &must("(any of results as r where r.score != (r.score))"),
            &["self-comparison: r.score != (r.score)"],
        ),
        (&must("any of results as r where r.score = student.age"), &[]),
        (
            &format!("{RECORD} define m of Student: money = 20% of base + grants"),
            &["percent-of-sum: 20% of base"],
        ),
        (
            &format!("{RECORD} define m of Student: money = 20% of base * 2 - grants"),
            &["percent-of-sum: 20% of base * 2"],
        ),
        (&format!("{RECORD} define m of Student: money = (20% of base) + grants"), &[]),
        (&format!("{RECORD} define m of Student: money = 20% of (base + grants)"), &[]),
        (&format!("{RECORD} define m of Student: money = 20% of base + 10% of grants"), &[]),
        (&format!("{RECORD} define m of Student: money = max($5,100)"), &["comma-number: $5,100"]),
        (&must("age in (1,200)"), &["comma-number: 1,200"]),
        (&must("age in (1, 200)"), &[]),
        (&must("age < 1,200"), &[]),
    ]);
}

#[test]
fn allows() {
    check(&[
        ("allow(missing-citation) \"custom\" parameter p: count { from 2020-01-01: 1 }", &[]),
        (
            "allow(missing-citations) \"custom\" parameter p: count { from 2020-01-01: 1 }",
            &["missing-citation: p", "bad-allow: missing-citations"],
        ),
        (
            "allow(missing-citation) \"custom\" parameter p: count { cite \"c\" from 2020-01-01: 1 }",
            &["bad-allow: allow(missing-citation) \"custom\""],
        ),
        (
            "allow(parameter-overlap) \"custom\" parameter p: count { cite \"c\" from 2020-01-01: 1 from 2020-01-01: 2 }",
            &["parameter-overlap: from 2020-01-01", "bad-allow: allow(parameter-overlap) \"custom\""],
        ),
    ]);
}

#[test]
fn errors_inside_a_swallowed_comparison_are_echoes() {
    let place =
        |start, end| Place { file: FileId(0), item: Some(0), span: rubric_grammar::Span::new(start, end) };
    let whole = Diagnostic::error("swallowed-comparison", place(10, 40), "m");
    let echo = Diagnostic::error("type-mismatch", place(20, 30), "m");
    let other = Diagnostic::error("type-mismatch", place(50, 60), "m");
    let kept = super::settle(FileId(0), &ast::File::default(), vec![echo, whole.clone(), other.clone()]);
    assert_eq!(kept, [whole, other]);
}

#[test]
fn every_page_is_whole() {
    for page in super::PAGES.iter() {
        assert!(!page.title.is_empty() && !page.title.ends_with('.'), "title of {}", page.code);
        assert!(page.text.len() > 100, "text of {}", page.code);
        assert!(page.text.contains("Wrong:") && page.text.contains("Right"), "examples of {}", page.code);
        assert_eq!(super::page(&page.code), Some(page));
    }
    assert_eq!(super::page("parameter-gap").map(|page| page.severity), Some(Severity::Error));
    assert_eq!(super::page("unused-use").map(|page| page.severity), Some(Severity::Warning));
    assert_eq!(super::page("no-such-code"), None);
}
