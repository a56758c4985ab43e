//! Sources and the messages about their names.

use rubric_grammar::{Known, parse, parse_again};

use super::{Collected, FileSummary, collect, summarize, summarize_again};
use crate::diagnostic::FileId;
use crate::plan::{FieldKind, Level, PolicyId, Symbol};
use crate::value::Base;

fn collected(files: &[(&str, &str)]) -> Collected {
    let summaries: Vec<FileSummary> = files
        .iter()
        .enumerate()
        .map(|(id, (path, text))| {
            let parsed = parse(text);
            assert_eq!(parsed.errors, [], "{path} parses");
            summarize(FileId(u32::try_from(id).unwrap()), path, &parsed.file)
        })
        .collect();
    collect(&summaries.iter().collect::<Vec<_>>())
}

/// `code: message` of each diagnostic, with its help.
fn messages(files: &[(&str, &str)]) -> Vec<String> {
    collected(files)
        .diagnostics
        .iter()
        .map(|it| format!("{}: {} [{}]", it.code, it.message, it.help.clone().unwrap_or_default()))
        .collect()
}

/// The messages about one policy `p`, its header left out of the source.
fn about(text: &str) -> Vec<String> {
    messages(&[("p.rubric", &format!("policy p {{ title \"P\" }}\n{text}"))])
}

/// Whatever an edit adds, takes away or moves, signatures kept from the reading before are those made anew.
#[test]
fn signatures_that_are_kept_are_those_that_are_made_anew() {
    let text = "policy p { title \"P\" cite \"x\" }
record R { key id: text  level: count }
define a of R: flag = level = 1
define a of R: flag = level = 1
parameter cut: count { cite \"1\" from 2020-01-01: 2 }
decision d of R { outcomes up, stay cite \"2\" default stay rule r: up when level >= cut }
";
    let edits: [(&str, &str); 12] = [
        ("", ""),
        ("policy p", "// a remark\npolicy p"),
        ("level >= cut", "level >= 3"),
        ("define a of R: flag = level = 1\n", ""),
        ("parameter cut", "define b of R: flag = level = 2\nparameter cut"),
        ("outcomes up, stay", "outcomes stay, up"),
        ("level: count }", "level: count }\nrecord S { key id: text }"),
        (" rule r: up when level >= cut }", " rule r: up when"),
        ("define a of R: flag = level = 1\ndefine a of R: flag = level = 1\n", ""),
        ("record R", "recor R"),
        ("from 2020-01-01: 2", "from 2020-01-01: 3"),
        (text, ""),
    ];
    let mut known = Known::default();
    let mut last = (parse(text), summarize(FileId(0), "p.rubric", &parse(text).file));
    for (round, (from, to)) in edits.iter().cycle().take(3 * edits.len()).enumerate() {
        let edited = text.replacen(from, to, 1);
        let read = parse_again(&edited, &mut known);
        let (before, signed) = (&last.0.file.items, &last.1.items);
        let kept = summarize_again(FileId(0), "p.rubric", &read.file, before, signed);
        assert_eq!(kept, summarize(FileId(0), "p.rubric", &read.file), "{edited}");
        // Nothing changed since the second reading.
        if round == 0 {
            let again = parse_again(&edited, &mut known);
            assert!(read.file.items.iter().zip(&again.file.items).all(|(a, b)| a.is_shared_with(b)));
        }
        last = (read, kept);
    }
}

#[test]
fn a_whole_vocabulary_is_clean() {
    let found = about(
        r#"
        category Subject { reading "ELA" "RLA", math }
        record Student { key (id: text private, year: school_year)  results: many Result  exit: Subject absent means none }
        record Result { key id: text  student: Student  subject: Subject  until: date absent means never  tries: count absent means 0 }
        group Tries of Result by student, subject
        parameter cut by Subject: count { from 2020-01-01 { reading: 1 math: 2 } }
        define best(subject: Subject) of Student: count? = highest of cut(subject) over results
        decision d of Student { outcomes a, b  default a }
        requirement r of Student { must yes }
        "#,
    );
    assert_eq!(found, [""; 0]);
}

#[test]
fn what_is_wrong_with_signatures() {
    let cases: &[(&str, &[&str])] = &[
        (
            "record A { key id: text  level: cuont }",
            &["unknown-type: there is no type `cuont` [did you mean `count`?]"],
        ),
        (
            "record A { key id: text } record A { key id: text }",
            &["duplicate-name: `A` is declared twice in this policy [rename one of them]"],
        ),
        (
            "record A { key id: text  x: flag  x: count }",
            &["duplicate-name: `A` has two fields `x` [rename one of them]"],
        ),
        ("category C { a, b, a }", &["duplicate-name: `C` has the value `a` twice [remove one of them]"]),
        (
            "category C { a \"1\", b \"1\" }",
            &[
                "duplicate-code: the code `1` stands for two values of `C` [a code in data must say which value is meant: remove one]",
            ],
        ),
        (
            "record A { key id: text?  x: flag }",
            &[
                "bad-key: `id` is part of a key and must always have a value [remove `?` or `many`, or take it out of the key]",
            ],
        ),
        (
            "record A { key id: text  d: date? absent means never }",
            &[
                "absent-and-optional: `d` may be absent (`?`), and absence also means a value [keep one: `?` leaves an absent cell missing, `absent means` makes it a known value]",
            ],
        ),
        (
            "record A { key id: text  d: count absent means never }",
            &["type-mismatch: this is no value of `d` [write a whole number or `none`]"],
        ),
        (
            "record A { key id: text  bs: many B } record B { key id: text }",
            &["no-back-reference: no field of `B` names a `A` [add a field of type `A` to `B`]"],
        ),
        (
            "record A { key id: text  bs: many B } record B { key id: text  x: A  y: A }",
            &["ambiguous-back-reference: several fields of `B` name a `A` [say which: `many B by x`]"],
        ),
        (
            "record A { key id: text  bs: many B by z } record B { key id: text  x: A  y: A }",
            &["unknown-field: `B` has no field `z` that names a `A` [did you mean `x`?]"],
        ),
        (
            "record A { key id: text } group G of A by size",
            &["unknown-field: `A` has no field `size` [a computed key is written `name = expression`]"],
        ),
        (
            "extend record Studnt { x: flag } record Student { key id: text }",
            &["unknown-type: there is no record `Studnt` [did you mean `Student`?]"],
        ),
        (
            "record A { key id: text  n: flag } define n of A: count = 1",
            &["duplicate-name: `A` already has a field `n` [rename the define]"],
        ),
        (
            "record A { key id: text } define n of A: count = 1 define n of A: count = 2",
            &["duplicate-name: `n` is declared twice in this policy [rename one of them]"],
        ),
        (
            "record A { key id: text } record B { key id: text } define n of A: count = 1 define n of B: count = 2",
            &[],
        ),
        (
            "record A { key id: text } decision d of A { default a }",
            &[
                "missing-outcomes: the decision `d` lists no outcomes [add `outcomes a, b, c`, from most to least favourable]",
            ],
        ),
        (
            "parameter p by money: count { from 2020-01-01: 1 }",
            &[
                "type-mismatch: a parameter cannot be kept by `money` [the key of a parameter is a category or `school_year`]",
            ],
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(about(source), *expected, "{source}");
    }
}

#[test]
fn names_cross_files_by_use_only() {
    let vocabulary = ("k12/student.rubric", "policy k12.student { }\nrecord Student { key id: text }");
    assert_eq!(
        messages(&[
            ("a.rubric", "policy a { }\nuse k12.student\nextend record Student { x: flag }"),
            vocabulary
        ]),
        [""; 0]
    );
    assert_eq!(
        messages(&[("a.rubric", "policy a { }\nextend record Student { x: flag }"), vocabulary]),
        [
            "unknown-type: there is no record `Student` [`Student` is declared in `k12.student`: add `use k12.student`]"
        ]
    );
    assert_eq!(
        messages(&[("a.rubric", "policy a { }\nuse k12.studnet"), vocabulary]),
        ["unknown-policy: there is no policy `k12.studnet` here [did you mean `k12.student`?]"]
    );
}

#[test]
fn the_fields_of_an_extension_come_after_those_it_extends() {
    let found = collected(&[
        ("a.rubric", "policy a { }\nuse z\nextend record Student { x: flag }"),
        ("z.rubric", "policy z { }\nrecord Student { key id: text  y: flag }"),
    ]);
    let student = &found.symbols.records[0];
    let names: Vec<_> = student.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!((names, student.keys), (vec!["id", "y", "x"], 1));
    assert_eq!(
        about("record A { key id: text } extend record A { key more: text }"),
        [
            "bad-key: an extension cannot add to the key of a record [remove `key`, or declare the key where the record is declared]"
        ]
    );
}

#[test]
fn headers() {
    assert_eq!(
        messages(&[("x/a.rubric", "policy b.c { }")]),
        [
            "policy-path: the policy `b.c` stands in `x/a.rubric` [a policy lives in the file of its name: move it to `b/c.rubric`, or rename the policy]"
        ]
    );
    assert_eq!(messages(&[("deep/down/b/c.rubric", "policy b.c { }")]), [""; 0]);
    assert_eq!(
        messages(&[("a.rubric", "category C { x }")]),
        [
            "policy-header: the file has no header [begin it with a header such as `policy state.subject { title \"…\" }`]"
        ]
    );
    assert_eq!(
        messages(&[("a.rubric", "")]),
        [
            "policy-header: this file declares nothing [a file begins with a header such as `policy state.subject { title \"…\" }`]"
        ]
    );
}

#[test]
fn many_finds_its_other_side_and_outcomes_become_a_category() {
    let found = collected(&[(
        "p.rubric",
        "policy p { }\nrecord A { key id: text  bs: many B }\nrecord B { key id: text  n: count  owner: A }\n\
         decision d of A { outcomes up, down  default up }",
    )]);
    let a = found.symbols.records.iter().find(|record| record.name == "A").unwrap();
    assert!(matches!(a.fields[1].kind, FieldKind::Many { by: 2, .. }));
    let decision = &found.symbols.decisions[0];
    let names: Vec<_> = found
        .symbols
        .category(decision.outcomes)
        .unwrap()
        .values
        .iter()
        .map(|value| value.name.as_str())
        .collect();
    assert_eq!(names, ["up", "down"]);
    let scope = &found.symbols.policies[0].scope;
    assert!(matches!(scope.get("d"), [Symbol::Decision(_)]));
    assert!(matches!(scope.get("A"), [Symbol::Record(_)]));
    assert_ne!(a.fields[1].ty.base, Base::Damaged);
}

#[test]
fn the_inside_of_a_rule_is_not_seen() {
    let source = |level: &str| {
        format!(
            "policy p {{ }}\nrecord A {{ key id: text  n: count }}\ndecision d of A {{ outcomes a, b  default b  rule r: a when n > {level} }}"
        )
    };
    let summary = |text: &str| summarize(FileId(0), "p.rubric", &parse(text).file);
    assert_eq!(summary(&source("1")), summary(&source("100 and n < 7")));
    assert_ne!(summary(&source("1")), summary(&source("1").replace("outcomes a, b", "outcomes a, b, c")));
}

#[test]
fn the_key_comes_first_whatever_the_order_of_files() {
    let files = [
        (
            "a.rubric",
            "policy a { }\nuse k12.student\nextend record Student { x: flag  results: many Result }\nrecord Result { key id: text  student: Student }",
        ),
        ("k12/student.rubric", "policy k12.student { }\nrecord Student { key id: text  y: flag }"),
    ];
    let found = collected(&files);
    let student = found.symbols.record(found.symbols.record_named("Student").unwrap()).unwrap();
    let names: Vec<&str> = student.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!((names.as_slice(), student.keys), (["id", "y", "x", "results"].as_slice(), 1));
}

/// A policy in a file of its name, whose it is as given.
fn authority(name: &str, clause: &str) -> (String, String) {
    (
        format!("{}.rubric", name.replace('.', "/")),
        format!("policy {name} {{ {clause} }}\ncategory C {{ a }}"),
    )
}

/// Files, each with its path, and what is said of them.
type Case<'t> = (&'t [(&'t str, &'t str)], &'t [&'t str]);

#[test]
fn authorities_stand_under_higher_ones() {
    const HELP: &str = "from the highest, authorities are federal, state, district and school: name a policy of a higher one";
    const CIRCLE: &str = "name the policy of the authority above, or remove `under` from the highest";
    let cases: &[Case] = &[
        (
            &[
                ("a", "authority federal"),
                ("b", "authority state \"B\" under a"),
                ("c", "authority district \"C\" under b"),
                ("d", "authority school \"D\" under c"),
                ("e", "authority school \"E\" under b"),
                ("f", "authority consortium \"F\" under d"),
                ("g", "authority state \"G\" under f"),
            ],
            &[],
        ),
        (
            &[("a", "authority district \"A\""), ("b", "authority state \"B\" under a")],
            &[&format!("a state policy does not stand under the district policy `a` [{HELP}]")],
        ),
        (
            &[("a", "authority district \"A\""), ("b", "authority district \"B\" under a")],
            &[&format!("a district policy does not stand under the district policy `a` [{HELP}]")],
        ),
        (
            &[("a", "title \"A\""), ("b", "authority district \"B\" under a")],
            &[
                "`a` does not say whose policy it is, so nothing stands under it [add to its header whose it is, such as `authority state \"Florida\"`]",
            ],
        ),
        (&[("a", "authority district \"A\" under a")], &[&format!("`a` stands under itself [{CIRCLE}]")]),
        (
            &[
                ("a", "authority district \"A\" under c"),
                ("b", "authority state \"B\" under a"),
                ("c", "authority district \"C\" under b"),
                // Not in the circle, and rightly under one that is.
                ("d", "authority school \"D\" under c"),
            ],
            &[&format!("`a` stands under `c`, that under `b`, and that under the first [{CIRCLE}]")],
        ),
        (
            &[("state.law", "authority state \"S\""), ("b", "authority district \"B\" under state.lwa")],
            &["there is no policy `state.lwa` here [did you mean `state.law`?]"],
        ),
    ];
    for (policies, expected) in cases {
        let files: Vec<(String, String)> =
            policies.iter().map(|(name, clause)| authority(name, clause)).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        // The order of files is no order of authorities.
        for files in [files.clone(), files.into_iter().rev().collect()] {
            let found = messages(&files);
            assert_eq!(found.len(), expected.len(), "{files:?}: {found:?}");
            for (found, expected) in found.iter().zip(*expected) {
                let code = if expected.starts_with("there is") { "unknown-policy" } else { "bad-authority" };
                let circle = expected.contains("that under the first");
                if circle {
                    // It is said of the first in the order of files.
                    assert!(found.starts_with("bad-authority: `") && found.contains("that under the first"));
                } else {
                    assert_eq!(*found, format!("{code}: {expected}"));
                }
            }
        }
    }
}

#[test]
fn what_stands_above_a_policy_is_known() {
    let files = [
        authority("a", "authority federal"),
        authority("b", "authority state \"B\" under a"),
        authority("c", "authority district \"C\" under b"),
        authority("d", "authority school \"D\" under c"),
        authority("e", "title \"E\""),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = collected(&files);
    let names = |policy: u32| {
        let above = found.symbols.above(PolicyId(policy)).into_iter();
        above.map(|id| found.symbols.policy(id).unwrap().name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(3), ["c", "b", "a"]);
    assert_eq!(names(0), [""; 0]);
    assert_eq!(names(4), [""; 0]);
    let district = found.symbols.policies[2].authority.clone().unwrap();
    assert_eq!((district.level, district.title.as_deref()), (Level::District, Some("C")));
    // `under` brings no names: those are of `c` itself.
    assert_eq!(found.symbols.policies[2].scope.get("C").len(), 1);
}

#[test]
fn a_second_header_does_not_say_whose_a_policy_is() {
    let source = "policy p { authority state \"P\" } policy p { authority district \"P\" under p }";
    let found = messages(&[("p.rubric", source)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("policy-header: "), "{found:?}");
}
