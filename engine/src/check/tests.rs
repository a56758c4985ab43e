//! Each check as data: a text, and the codes it gives with the words they stand at.

use rubric_grammar::ast;

use crate::db::Database;
use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::lower::Context;
use crate::names;
use crate::plan::PolicyId;

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
fn versions() {
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
        (
            &format!(
                "{RECORD} decision d of Student {{ outcomes a, b default a cite \"c\" default b cite \"c\" }}"
            ),
            &["version-overlap: default b cite \"c\""],
        ),
        (
            &format!(
                "{RECORD} decision d of Student {{ outcomes a, b default a until 2020-01-01 cite \"c\" default b from 2020-01-01 cite \"c\" }}"
            ),
            &[],
        ),
    ]);
}

#[test]
fn citations() {
    check(&[
        (&decision("rule r: a when age > 1"), &["missing-citation: r"]),
        (
            &decision("allow(missing-citation) \"custom\" rule r: a when age > 1 rule s: a when age > 2"),
            &["missing-citation: s"],
        ),
        (&decision("part p cite \"c\" { rule r: a when age > 1 }"), &[]),
        (
            &decision("part p { rule r: a when age > 1 rule s: a cite \"c\" when age > 2 }"),
            &["missing-citation: r"],
        ),
        (
            &format!(
                "{RECORD} decision d of Student {{ outcomes a, b cite \"c\" default b rule r: a when age > 1 }}"
            ),
            &[],
        ),
        (&format!("{RECORD} decision d of Student {{ outcomes a, b default b }}"), &["missing-citation: b"]),
        (
            &format!("{RECORD} requirement q of Student {{ must age > 1 must age > 2 }}"),
            &["missing-citation: q"],
        ),
        (
            &format!(
                "{RECORD} requirement q of Student {{ must m: age > 1 must age > 2 cite \"c\" except e when age > 90 }}"
            ),
            &["missing-citation: m", "missing-citation: e"],
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

/// What a workspace of files says, as `code: words`, with the words of the other places after it.
fn workspace(files: &[(&str, &str)]) -> Vec<String> {
    let mut db = Database::default();
    for (path, text) in files {
        db.set_text(path, Some(text));
    }
    let words = |place: Place| db.source(place).unwrap_or_default();
    let mut found = Vec::new();
    for file in db.files() {
        for one in db.diagnostics(file) {
            let places: Vec<String> = one.labels.iter().map(|label| words(label.place)).collect();
            found.push(format!("{}: {}", one.code, places.join(" | ")));
        }
    }
    found
}

/// As [`workspace`] for one file with records and results.
fn whole(text: &str) -> Vec<String> {
    workspace(&[("p.rubric", &format!("{HEADER}{RECORD}{text}"))])
}

#[track_caller]
fn check_whole(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(whole(text), *expected, "in\n{text}");
    }
}

#[test]
fn circles() {
    check_whole(&[
        (
            "define a of Student: count = b + 1 define b of Student: count = c define c of Student: count = a
             requirement q of Student { cite \"c\" must a > 1 }",
            &["cycle: b | c | a"],
        ),
        (
            "define a of Student: flag = d = yes_ decision d of Student { outcomes yes_, no_ cite \"c\" rule r: yes_ when a }",
            &["cycle: d | a"],
        ),
        ("define a of Student: count = a + 1 requirement q of Student { cite \"c\" must a > 1 }", &["cycle: a"]),
        (
            "requirement q of Student { cite \"c\" must a } define a of Student: flag = q is met",
            &["cycle: q is met | a"],
        ),
        (
            "group G of Result by big = big(rid)  define big(r: text) of Result: flag = (count of G(yes).members) > 1
             requirement q of Result { cite \"c\" must big(rid) }",
            &["cycle: big(rid) | G(yes)"],
        ),
        (
            "define a of Student: count = b + c define b of Student: count = c define c of Student: count = age
             requirement q of Student { cite \"c\" must a > 1 }",
            &[],
        ),
    ]);
}

#[test]
fn conditions_of_aggregates() {
    let with = |condition: &str| {
        format!("requirement q of Student {{ cite \"c\" must (count of results where {condition}) > 1 }}")
    };
    let cases = [
        ("age > 3", vec!["filter-reads-nothing: age > 3"]),
        ("age > 3 and ok", vec![]),
        ("score > age", vec![]),
        ("student.age > 3", vec![]),
    ];
    for (condition, expected) in cases {
        assert_eq!(whole(&with(condition)), expected, "{condition}");
    }
}

#[test]
fn tables() {
    let with = |cells: &str| {
        format!(
            "category A {{ x, y }} category B {{ k, l, m }} parameter rate by A, B: money {{ cite \"c\" from 2020-01-01 {{ {cells} }} }}
             requirement q of Student {{ cite \"c\" must base > rate(x, k) }}"
        )
    };
    assert_eq!(whole(&with("k l m x: $1 $2 $3 y: $1 $2 $3")), Vec::<String>::new());
    assert_eq!(whole(&with("x, k: $1 otherwise: $2")), Vec::<String>::new());
    let said = whole(&with("k l x: $1 $2 y: $1 $2"));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("missing-table-cell: from 2020-01-01"), "{said:?}");
}

#[test]
fn parameters_that_come_too_late() {
    let requirement = |from: &str| format!("requirement q of Student {{ cite \"c\" {from} must age > p }}");
    let p = "parameter p: count { cite \"c\" from 2020-01-01: 1 }";
    let cases = [
        (requirement("from 2019-01-01"), vec!["parameter-gap: p | from 2020-01-01: 1"]),
        (requirement("from 2019-01-01 until 2019-06-01"), vec!["parameter-gap: p | from 2020-01-01: 1"]),
        (requirement("from 2020-01-01"), vec![]),
        (requirement(""), vec![]),
        ("requirement q of Student { cite \"c\" must age > (p on 2018-01-01) }".to_owned(), vec!["parameter-gap: p on 2018-01-01 | from 2020-01-01: 1"]),
        // What is read through a definition is read as long as the rule and the arm.
        (
            "define d of Student: count { cite \"c\" from 2010-01-01: 0 from 2020-01-01: p } requirement q of Student { cite \"c\" from 2015-01-01 must age > d }".to_owned(),
            vec![],
        ),
        (
            "define d of Student: count { cite \"c\" from 2010-01-01: 0 from 2018-01-01: p } requirement q of Student { cite \"c\" from 2015-01-01 must age > d }".to_owned(),
            vec!["parameter-gap: p | from 2020-01-01: 1"],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(whole(&format!("{p} {text}")), expected, "{text}");
    }
}

#[test]
fn a_run_on_a_day_without_a_value_is_refused() {
    let text = format!(
        "{HEADER}{RECORD} parameter p: count {{ cite \"c\" from 2020-01-01 until 2021-01-01: 1 }}
         define d of Student: count {{ cite \"c\" from 2020-06-01: 1 }}
         decision e of Student {{ outcomes a, b cite \"c\" default b
           rule r: a when age > p from 2019-01-01 until 2023-01-01
           rule s: a when age > d from 2020-01-01 }}"
    );
    let mut db = Database::default();
    db.set_text("p.rubric", Some(&text));
    let plan = db.plan();
    let on = |day: &str| -> Vec<String> {
        super::parameter_gaps(&plan, day.parse().unwrap(), &[PolicyId(0)].into())
            .iter()
            .map(|one| one.message.clone())
            .collect()
    };
    assert_eq!(on("2020-07-01"), Vec::<String>::new());
    assert_eq!(on("2020-03-01"), ["`d` has no value on 2020-03-01"]);
    assert_eq!(on("2021-01-01"), ["`p` has no value on 2021-01-01"]);
    assert_eq!(on("2019-06-01"), ["`p` has no value on 2019-06-01"]);
    assert_eq!(on("2018-06-01"), Vec::<String>::new(), "no rule is in force");
    assert_eq!(on("2023-06-01"), Vec::<String>::new(), "the rule that read `p` is gone");
    assert_eq!(
        super::parameter_gaps(&plan, "2021-01-01".parse().unwrap(), &[].into()),
        [],
        "its policy is not run"
    );
}

#[test]
fn what_a_result_of_another_policy_needs_is_needed() {
    let state = format!(
        "policy state {{ title \"S\" cite \"c\" }} {RECORD} parameter p: count {{ cite \"c\" from 2020-01-01: 1 }}
         decision d of Student {{ outcomes a, b cite \"c\" default b rule r: a when age > p }}
         requirement other of Student {{ cite \"c\" must age > p }}"
    );
    let own = "policy own { title \"O\" cite \"c\" } use state
         define lucky of Student: flag = d = a
         requirement q of Student { cite \"c\" must lucky } requirement r of Student { cite \"c\" must age > 1 }";
    let mut db = Database::default();
    db.set_text("own.rubric", Some(own));
    db.set_text("state.rubric", Some(&state));
    let plan = db.plan();
    let policy = |name: &str| {
        PolicyId(plan.symbols.policies.iter().position(|policy| policy.name == name).unwrap() as u32)
    };
    let day = "2019-01-01".parse().unwrap();
    assert_eq!(super::parameter_gaps(&plan, day, &[policy("own")].into()).len(), 1);
    let alone = own.replace("must lucky", "must age > 2");
    db.set_text("own.rubric", Some(&alone));
    let plan = db.plan();
    assert_eq!(super::parameter_gaps(&plan, day, &[policy("own")].into()), []);
}

#[test]
fn what_nobody_uses() {
    let q = "requirement q of Student { cite \"c\" must age > 1 }";
    check_whole(&[
        (&format!("define a of Student: count = age {q}"), &["unused-definition: a"]),
        ("define a of Student: count = age", &[]),
        (&format!("parameter p: count {{ cite \"c\" from 2020-01-01: 1 }} {q}"), &["unused-definition: p"]),
        (&format!("category C {{ x, y }} {q}"), &["unused-definition: C"]),
        (&format!("input i: count {q}"), &["unused-definition: i"]),
        (&format!("fixture f {{ as of 2024-01-01 }} {q}"), &["unused-definition: f"]),
        (&format!("fixture f {{ as of 2024-01-01 }} test \"t\" from f {{ expect 1 < 2 }} {q}"), &[]),
        (&format!("allow(unused-definition) \"shown in results\" define a of Student: count = age {q}"), &[]),
        ("define a of Student: count = age requirement q of Student { cite \"c\" must a > 1 }", &[]),
        // Used by what has an error: not reported as unused as well.
        (
            "define a of Student: count = age requirement q of Student { cite \"c\" must a > agee }",
            &["unknown-name: agee"],
        ),
    ]);
}

#[test]
fn used_policies() {
    let words = "policy words { title \"W\" } category Area { north, south }  record Place { key id: text area: Area }";
    let said = |text: &str| {
        workspace(&[("words.rubric", words), ("p.rubric", &format!("{HEADER}use words {RECORD}{text}"))])
    };
    assert_eq!(said("extend record Place { size: count }"), Vec::<String>::new());
    assert_eq!(said("define a: Area = north"), Vec::<String>::new());
    assert_eq!(said("define a: count = 1"), ["unused-use: words"]);
}

#[test]
fn long_chains_are_walked_to_the_end() {
    let many = |operand: &str| vec![operand; 5_000].join(" and ");
    let condition = format!("{} and (all of results satisfy ok) and age = age", many("age > 1"));
    assert_eq!(
        said(&must(&condition)),
        ["vacuous-all: all of results satisfy ok", "self-comparison: age = age"]
    );
}

#[test]
fn labels_in_tests() {
    let with = |by: &str| {
        format!(
            "decision d of Student {{ outcomes a, b cite \"c\" default b rule old: a when age > 9 }}
             requirement q of Student {{ cite \"c\" must young: age < 9 except small when age < 3 }}
             test \"t\" {{ as of 2024-01-01 Student s {{ age: 10 }} {by} }}"
        )
    };
    let cases = [
        ("expect s.d = a by old", vec![]),
        ("expect s.d = b by default", vec![]),
        ("expect s.q = violated by young expect s.q = excepted by small", vec![]),
        ("expect s.d = a by odl", vec!["unknown-label: expect s.d = a by odl"]),
        ("expect s.q = violated by old", vec!["unknown-label: expect s.q = violated by old"]),
    ];
    for (by, expected) in cases {
        assert_eq!(whole(&with(by)), expected, "{by}");
    }
}

#[test]
fn rankings() {
    let of = |body: &str| {
        format!(
            "record Child {{ key id: text score: count? plan: Plan }} record Plan {{ key id: text points: count }} define it of Child: flag = {body}"
        )
    };
    let texts: Vec<(String, &[&str])> = vec![
        (of("in top 25% of score among Child"), &["rank-needs-known: score"]),
        (of("in top 25% of score among Child where score is known"), &[]),
        (of("in top 25% of score among Child where id != \"x\" and (score is known)"), &[]),
        (of("in top 25% of score among Child as c where c.score is known"), &[]),
        (of("in top 25% of c.score among Child as c where score is known"), &[]),
        (of("in top 25% of score among Child where score is not known"), &["rank-needs-known: score"]),
        (
            of("in top 25% of score among Child where score is known or id = \"x\""),
            &["rank-needs-known: score"],
        ),
        (
            of("in top 25% of plan.points among Child where score is known"),
            &["rank-needs-known: plan.points"],
        ),
        (of("(percent_rank of score among Child) >= 50%"), &["rank-needs-known: score"]),
        (of("(total of score among Child) >= 50"), &[]),
        (of("in top 25% of 3 among Child"), &[]),
    ];
    let cases: Vec<(&str, &[&str])> =
        texts.iter().map(|(text, expected)| (text.as_str(), *expected)).collect();
    check(&cases);
}

/// What the fix of a ranking makes of it passes.
#[test]
fn rankings_are_mended() {
    for (body, mended) in [
        ("score among Child", "score among Child where score is known"),
        ("score among Child as c per id", "score among Child as c where score is known per id"),
        ("score among Child where yes per id", "score among Child where yes and score is known per id"),
        (
            "plan.points among Child where yes or no",
            "plan.points among Child where (yes or no) and plan.points is known",
        ),
    ] {
        let before = format!(
            "policy p {{ title \"T\" }} record Plan {{ key id: text points: count }} record Child {{ key id: text score: count? plan: Plan }} define it of Child: flag = in top 25% of {body}"
        );
        let mut db = Database::default();
        let file = db.set_text("p.rubric", Some(&before));
        let found = db.diagnostics(file);
        let one = found.iter().find(|one| one.code == "rank-needs-known").unwrap();
        let mut edits: Vec<(usize, String)> = one
            .fix
            .as_ref()
            .unwrap()
            .edits
            .iter()
            .map(|(place, text)| (db.span(*place).start as usize, text.clone()))
            .collect();
        edits.sort();
        let mut after = before.clone();
        for (at, text) in edits.into_iter().rev() {
            after.insert_str(at, &text);
        }
        assert!(after.ends_with(mended), "{after}");
    }
}

const ATTENDANCE: &str = r#"policy p { title "T" }
category Kind { full, part }
record Student { key id: text year: school_year grade: count group_name: text days: many Day }
record Day { key id: text student: Student minutes: count kind: Kind }
record Bell { key name: text rings: count }
group Week of Day by student, kind
input window: count
parameter least by Kind: count { cite "c" from 2000-01-01 { full: 1 part: 2 } }
define present of Student: count = count of days
define by_kind of Student: count = count of Day as d where d.student = this and d.kind = full
define threshold(k: Kind) of Student: count = least(k) on last_day_seen
define last_day_seen of Student: date = date(2024, 1, max(1, present))
define ranked of Student: flag = in top 5% of grade among Student where grade is known per group_name
define plain of Student: flag = grade > 3
define weekly of Student: count = count of Week as w where w.student = this
define rings of Student: count? = (only of Bell where name = group_name).rings
decision promotion of Student where plain { outcomes up, stay default stay cite "c" because "{present}" rule r: up when BODY cite "c" }
requirement once of Student { cite "c" must be unique by group_name }
"#;

/// What an assertion about `promotion` says when its rule reads that.
fn depends(body: &str, on: &str) -> Vec<String> {
    let text = format!("{}assert promotion never depends on {on}", ATTENDANCE.replace("BODY", body));
    let mut db = Database::default();
    let file = db.set_text("p.rubric", Some(&text));
    let found =
        db.diagnostics(file).into_iter().filter(|one| one.severity == crate::diagnostic::Severity::Error);
    found
        .map(|one| {
            let labels: Vec<String> = one
                .labels
                .iter()
                .skip(1)
                .map(|label| format!("{} at {}", label.text, db.source(label.place).unwrap_or_default()))
                .collect();
            format!("{}: {}; {}", one.code, one.message, labels.join("; "))
        })
        .collect()
}

#[test]
fn what_a_result_never_depends_on() {
    let nothing: &[&str] = &[];
    for (body, on, expected) in [
        ("plain", "days, Day, Day.minutes, Bell, window, least, present, ranked", nothing),
        // A text that is only shown decides nothing; the keys of the record itself are not joined.
        ("plain", "present, id", nothing),
        (
            "grade > 3 or plain",
            "grade",
            &[
                "assertion-fails: `promotion` depends on `Student.grade`: `promotion` → `Student.grade`; `promotion` reads `Student.grade` at grade",
            ],
        ),
        (
            "present > 100",
            "Day",
            &[
                "assertion-fails: `promotion` depends on `Day`: `promotion` → `present` → `Day`; `promotion` reads `present` at present; `present` reads `Day` at count of days",
            ],
        ),
        (
            "present > 100",
            "Day.student",
            &[
                "assertion-fails: `promotion` depends on `Day.student`: `promotion` → `present` → `Day.student`; `promotion` reads `present` at present; `present` reads `Day.student` at count of days",
            ],
        ),
        ("present > 100", "Day.minutes, Day.kind", nothing),
        (
            "by_kind > 1",
            "Day.kind",
            &[
                "assertion-fails: `promotion` depends on `Day.kind`: `promotion` → `by_kind` → `Day.kind`; `promotion` reads `by_kind` at by_kind; `by_kind` reads `Day.kind` at d.kind",
            ],
        ),
        (
            "threshold(full) > 1",
            "days",
            &[
                "assertion-fails: `promotion` depends on `Student.days`: `promotion` → `threshold` → `last_day_seen` → `present` → `Student.days`; `promotion` reads `threshold` at threshold(full); `threshold` reads `last_day_seen` at last_day_seen; `last_day_seen` reads `present` at present; `present` reads `Student.days` at count of days",
            ],
        ),
        (
            "ranked",
            "group_name",
            &[
                "assertion-fails: `promotion` depends on `Student.group_name`: `promotion` → `ranked` → `Student.group_name`; `promotion` reads `ranked` at ranked; `ranked` reads `Student.group_name` at group_name",
            ],
        ),
        (
            "weekly > 1",
            "Day",
            &[
                "assertion-fails: `promotion` depends on `Day`: `promotion` → `weekly` → `Week.student` → `Day`; `promotion` reads `weekly` at weekly; `weekly` reads `Week.student` at w.student; `Week.student` reads `Day` at Week",
            ],
        ),
        (
            "rings > 1",
            "Bell.name",
            &[
                "assertion-fails: `promotion` depends on `Bell.name`: `promotion` → `rings` → `Bell.name`; `promotion` reads `rings` at rings; `rings` reads `Bell.name` at name",
            ],
        ),
        (
            "once is met",
            "group_name",
            &[
                "assertion-fails: `promotion` depends on `Student.group_name`: `promotion` → `once` → `Student.group_name`; `promotion` reads `once` at once is met; `once` reads `Student.group_name` at group_name",
            ],
        ),
        (
            "window > 1",
            "window",
            &[
                "assertion-fails: `promotion` depends on `window`: `promotion` → `window`; `promotion` reads `window` at window",
            ],
        ),
        ("plain", "Dya", &["unknown-name: there is no `Dya` here; "]),
        (
            "plain",
            "Day.minuts",
            &["unknown-field: `Day` has no field `minuts`; `Day` is declared here at Day"],
        ),
        ("plain", "as_of", &["type-mismatch: a result cannot depend on this; "]),
    ] {
        assert_eq!(depends(body, on), expected, "{body} never depends on {on}");
    }
}

#[test]
fn waivers_that_nobody_can_grant() {
    const POLICY: &str = r#"policy p { title "T" }
category Area { math, art }
record Student { key id: text credits: count }
record School { key name: text }
requirement enough of Student { cite "c" waivable by "commissioner" must credits >= 5 }
requirement strict of Student { cite "c" must credits >= 1 }
requirement each_area of Student for each Area { cite "c" waivable by "board" must credits >= 1 or area = art }
decision d of Student { outcomes a, b default a cite "c"
  rule one: b when credits > 3 cite "c" waivable by "board" }
decision e of Student { outcomes a, b default a cite "c" rule one: b when credits > 3 cite "c" }
"#;
    let said = |waiver: &str| -> Vec<String> {
        let mut db = Database::default();
        let file = db.set_text("p.rubric", Some(&format!("{POLICY}{waiver}")));
        let line = |one: Diagnostic| {
            let at = db.source(one.place().unwrap()).unwrap_or_default();
            format!("{} at {at}: {}; {}", one.code, one.message, one.help.unwrap_or_default())
        };
        db.diagnostics(file).into_iter().map(line).collect()
    };
    let of = |target: &str, authority: &str| {
        format!(
            "waiver w {{ target: {target} key: \"S1\" authority: \"{authority}\" from: 2024-01-01 reason: \"r\" }}"
        )
    };
    let none: &[&str] = &[];
    for (waiver, expected) in [
        (of("enough", "commissioner"), none),
        (of("enough", "Commissioner"), none),
        (of("p.enough", "commissioner"), none),
        (of("d.one", "board"), none),
        (of("each_area", "board"), none),
        (of("each_area(math)", "board"), none),
        (
            of("enough", "principal"),
            &["bad-waiver at \"principal\": `principal` may not waive `enough`; it is waivable by `commissioner`"],
        ),
        (
            of("strict", "board"),
            &["bad-waiver at strict: `strict` may not be waived; what may be waived says `waivable by` and the authority"],
        ),
        (
            of("enouhg", "board"),
            &["bad-waiver at enouhg: no requirement and no rule is called `enouhg`; did you mean `enough`?"],
        ),
        (
            of("one", "board"),
            &["bad-waiver at one: `one` stands for several things; write `p.d.one` or `p.e.one`"],
        ),
        (
            of("each_area(music)", "board"),
            &["bad-waiver at each_area(music): no requirement and no rule is called `each_area(music)`; did you mean `each_area(math)`?"],
        ),
        (
            "waiver w { target: enough of: maria authority: \"commissioner\" from: 2024-01-01 reason: \"r\" }".to_owned(),
            &["bad-waiver at maria: rows have names only in tests; name the row by its key, as data has it: `key: \"S1/SY2024-25\"`"],
        ),
        (
            "test \"t\" { as of 2024-01-01 School s { } waiver w { target: enough of: s authority: \"commissioner\" from: 2024-01-01 reason: \"r\" } expect s.name = \"s\" }".to_owned(),
            &["bad-waiver at enough: `enough` is of a `Student`, and the waiver is not; name a row of `Student` after `of`"],
        ),
        (
            "record Waiver { key id: text }".to_owned(),
            &["duplicate-name at Waiver: `Waiver` is the record that waivers are read as; rename this record: where something is `waivable by` an authority, the language brings its own"],
        ),
    ] {
        assert_eq!(said(&waiver), expected, "{waiver}");
    }
}

#[test]
fn what_follows_from_a_syntax_error_is_not_said() {
    let requirement =
        |must: &str| format!("requirement q of Student {{ cite \"c\" must a: {must} must b: nmae > 1 }}");
    let decision = |text: &str| format!("decision d of Student {{ cite \"c\" {text} }}");
    let rules = "rule : one when age > 2 rule s: two when age > 1 subject to r";
    let cases = [
        (requirement("age > > 1 and age"), vec!["syntax", "unknown-name"]),
        (requirement("(age + nmae"), vec!["syntax", "unknown-name"]),
        (decision("outcomes one two default two rule r: two when age > 1"), vec!["syntax"]),
        (decision(&format!("outcomes one, two default two {rules}")), vec!["syntax"]),
        ("test \"t\" { as of 2024-01-01 Student s { age: 1 } expect s.age = }".to_owned(), vec!["syntax"]),
        ("test \"t\" from fxture { expect s.age = 1 }".to_owned(), vec!["unknown-fixture"]),
        // A row may be called as a reserved word, and is then named in backquotes.
        (
            "test \"t\" { as of 2024-01-01 Student then { age: 1 } expect then.age = 1 }".to_owned(),
            vec!["syntax"],
        ),
        ("test \"t\" { as of 2024-01-01 Student then { age: 1 } expect `then`.age = 1 }".to_owned(), vec![]),
    ];
    for (text, expected) in cases {
        let said = whole(&text);
        let codes: Vec<&str> = said.iter().filter_map(|one| one.split(':').next()).collect();
        assert_eq!(codes, expected, "{text}: {said:?}");
    }
}
