//! What an editor asks, as data: a text in which `$0` is the cursor, and what must come.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

use rubric_engine::db::Database;
use rubric_engine::diagnostic::FileId;
use rubric_engine::ide::{self, RefactoringKind, Role};
use rubric_engine::value::Date;
use rubric_grammar::Span;

const VOCABULARY: &str = "policy v { title \"V\" cite \"x\" }
ordered category Grade { G1 \"é😀\", G2, G3 }
record Student { key id: text private grade: Grade level: count? results: many Result school: School }
record Result { key id: text student: Student score: number taken_on: date }
record School { key id: text name: text }
parameter cut: count { cite \"(1)\" from 2020-01-01: 2 from 2024-01-01: 3 }
parameter rate by Grade: money { cite \"(2)\" from 2020-01-01 { G1: $1 G2: $2 G3: $3 } }
define best(least: number) of Student: number? = highest of score over results where score >= least
";

const RULES: &str = "policy r { title \"R\" cite \"x\" }
use v
define reads of Student: flag = level >= cut
decision promotion of Student {
  outcomes up, stay
  cite \"(2)\"
  default stay
  rule ready: up when reads and grade >= G2
  rule held: stay when best(2) < 3 notwithstanding ready
}
amount aid of Student { line base = rate(grade) cite \"a\" line more = base * 2 when reads cite \"b\" }
fixture one { as of 2024-06-01 Student maria { grade: G1 level: 1 } no Result }
test \"t\" from one { Student maria { level: 2 } expect maria.promotion = up by ready expect maria.aid.base = $1 }
";

/// The files, with the cursor taken out of the second.
fn marked(text: &str) -> (Database, FileId, u32) {
    let at = text.find("$0").unwrap();
    let mut database = Database::default();
    database.set_text("v.rubric", Some(VOCABULARY));
    let file = database.set_text("r.rubric", Some(&text.replacen("$0", "", 1)));
    (database, file, u32::try_from(at).unwrap())
}

fn after(needle: &str, with: &str) -> String {
    assert!(RULES.contains(needle), "{needle}");
    RULES.replacen(needle, with, 1)
}

fn written(database: &Database, file: FileId, span: Span) -> String {
    database.text(file)[span.start as usize..span.end as usize].to_owned()
}

fn today() -> Date {
    Date::new(2026, 1, 1).unwrap()
}

#[test]
fn the_texts_have_no_mistake() {
    let (database, file, _) = marked(&format!("{RULES}$0"));
    let found: Vec<String> = database.diagnostics(file).into_iter().map(|it| it.message).collect();
    assert_eq!(found, [""; 0]);
}

#[test]
fn names_and_where_else_they_stand() {
    // The cursor, the sort of thing, and how often it is named in both files.
    let cases = [
        ("reads and", "re$0ads and", "define", 3),
        ("level >= cut", "le$0vel >= cut", "field", 4),
        ("grade >= G2", "grade >= G$02", "value", 3),
        ("ready: up", "rea$0dy: up", "label", 3),
        ("up, stay", "u$0p, stay", "outcome", 3),
        ("maria.promotion", "mar$0ia.promotion", "row", 4),
        ("from one", "from o$0ne", "fixture", 2),
        ("use v", "use $0v", "policy", 2),
        ("base * 2", "ba$0se * 2", "label", 3),
        ("rate(grade)", "ra$0te(grade)", "parameter", 2),
        ("Student {\n  outcomes", "Stud$0ent {\n  outcomes", "record", 8),
    ];
    for (needle, with, sort, count) in cases {
        let (database, file, offset) = marked(&after(needle, with));
        let found = ide::at(&database, file, offset).unwrap_or_else(|| panic!("nothing at {with}"));
        assert_eq!(ide::kind(&database.symbols(), &found.entity).word(), sort, "{with}");
        let all = ide::references(&database, &found.entity);
        let shown: Vec<String> = all
            .iter()
            .map(|(place, role)| {
                format!("{role:?} {} {}", written(&database, place.file, place.span), place.span.start)
            })
            .collect();
        assert_eq!(all.len(), count, "{with}: {shown:?}");
        let declared = ide::definition(&database, &found.entity);
        assert!(!declared.is_empty(), "{with}");
        assert!(all.iter().any(|(_, role)| *role == Role::Declaration), "{with}");
    }
}

#[test]
fn arguments_and_aliases_are_seen_in_their_expression_alone() {
    let text = "policy r { title \"R\" cite \"x\" }\nuse v\ndefine a(x: count) of Student: flag = any of results as c where $0c.score > x\ndefine b of Student: flag = any of results as c where c.score > 1\n";
    let (database, file, offset) = marked(text);
    let found = ide::at(&database, file, offset).unwrap();
    assert_eq!(ide::references(&database, &found.entity).len(), 2);
    assert_eq!(ide::describe(&database, &found.entity, today()).unwrap(), "```rubric\nc: Result\n```");
    let shown: Vec<String> = ide::type_definition(&database, &found.entity)
        .into_iter()
        .map(|place| written(&database, place.file, place.span))
        .collect();
    assert_eq!(shown, ["Result"]);
}

#[test]
fn a_rename_changes_every_name_and_the_meaning_of_none() {
    let cases = [
        ("reads and", "re$0ads and"),
        ("level >= cut", "le$0vel >= cut"),
        ("grade >= G2", "grade >= G$02"),
        ("ready: up", "rea$0dy: up"),
        ("up, stay", "u$0p, stay"),
        ("maria.promotion", "mar$0ia.promotion"),
        ("from one", "from o$0ne"),
        ("base * 2", "ba$0se * 2"),
        ("promotion of", "promo$0tion of"),
        ("rate(grade)", "ra$0te(grade)"),
        ("Student {\n  outcomes", "Stud$0ent {\n  outcomes"),
    ];
    for (needle, with) in cases {
        for new in ["renamed_é", "cite"] {
            let (mut database, file, offset) = marked(&after(needle, with));
            let mut edits =
                ide::rename(&database, file, offset, new).unwrap_or_else(|error| panic!("{with}: {error:?}"));
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.place.span));
            for path in ["v.rubric", "r.rubric"] {
                let id = database.file(path).unwrap();
                let mut text = database.text(id).to_string();
                for edit in edits.iter().filter(|edit| edit.place.file == id) {
                    text.replace_range(
                        edit.place.span.start as usize..edit.place.span.end as usize,
                        &edit.text,
                    );
                }
                database.set_text(path, Some(&text));
            }
            for id in database.files() {
                let found: Vec<String> = database.diagnostics(id).into_iter().map(|it| it.message).collect();
                assert_eq!(found, [""; 0], "{with} to {new}: {}", database.text(id));
            }
        }
    }
}

#[test]
fn a_name_that_is_taken_or_none_is_refused() {
    let cases = [
        ("level >= cut", "le$0vel >= cut", "grade", "already"),
        ("ready: up", "rea$0dy: up", "held", "already"),
        ("up, stay", "u$0p, stay", "stay", "already"),
        ("reads and", "re$0ads and", "2x", "is no name"),
        ("ready: up", "rea$0dy: up", "must", "word of the language"),
        ("use v", "use $0v", "w", "named like its file"),
        ("outcomes up", "out$0comes up", "w", "no name here"),
    ];
    for (needle, with, new, expected) in cases {
        let (database, file, offset) = marked(&after(needle, with));
        let error = ide::rename(&database, file, offset, new).unwrap_err();
        assert!(error.0.contains(expected), "{with}: {error:?}");
    }
}

#[test]
fn what_can_be_written() {
    // The half-written text, what must be proposed, what must not.
    let cases: &[(&str, &str, &[&str], &[&str])] = &[
        (
            "reads and",
            "gr$0 and",
            &["grade", "level", "reads", "cut", "not"],
            &["Grade", "outcomes", "score"],
        ),
        ("level >= cut", "school.$0", &["id", "name"], &["level"]),
        ("level >= cut", "student.$0", &["level", "reads", "results"], &["cut"]),
        ("grade >= G2", "grade >= $0", &["G1", "G2", "G3"], &[]),
        ("grade >= G2", "grade in (G1, $0)", &["G1", "G2", "G3"], &[]),
        ("level >= cut", "any of results as c where c.$0", &["score", "taken_on"], &["level"]),
        ("level >= cut", "any of results where $0", &["score", "level", "cut"], &[]),
        ("level >= cut", "level is $0", &["known", "missing", "not"], &["level"]),
        ("default stay", "default $0", &["up", "stay"], &["when"]),
        ("rule ready: up", "rule ready: $0", &["up", "stay"], &["when"]),
        ("notwithstanding ready", "notwithstanding $0", &["ready"], &["held", "up"]),
        (
            "  default stay",
            "  $0\n  default stay",
            &["rule", "default", "outcomes", "part"],
            &["must", "record"],
        ),
        ("use v", "use $0", &["v"], &["r"]),
        ("define reads of Student", "define reads of $0", &["Student", "School"], &["Grade", "count"]),
        ("Student: flag =", "Student: $0 =", &["flag", "count", "Grade", "money"], &["level"]),
        ("grade: G1", "$0", &["grade", "school", "id"], &["results", "reads"]),
        ("grade: G1", "grade: $0", &["G1", "G3", "missing"], &["level"]),
        ("promotion = up", "promotion = $0", &["up", "stay", "undetermined", "conflict"], &["level"]),
        ("by ready", "by $0", &["ready", "held"], &["level"]),
        ("from one {", "from $0 {", &["one"], &["maria"]),
        ("maria.promotion", "maria.$0", &["promotion", "reads", "level", "aid"], &["cut"]),
        ("maria.aid.base", "maria.aid.$0", &["base", "more"], &[]),
        // The rows of a test, and the fields that one does not have yet.
        (
            "test \"t\" from one { ",
            "test \"t\" from one { $0 ",
            &["Student", "Result", "expect"],
            &["level", "v"],
        ),
        ("level: 2 }", "level: 2 }\n  $0", &["Student", "School", "expect", "no"], &["Grade"]),
        ("grade: G1 level", "$0 level", &["grade", "school", "id"], &["level", "results"]),
        ("level: 1 }", "level: 1 $0 }", &["school", "id"], &["level", "grade"]),
        ("level: 1 }", "le$0 }", &["level", "id"], &["grade"]),
        // What is filled into a text.
        ("cite \"(2)\"\n", "cite \"(2)\"\n  because \"é😀 {$0} x\"\n", &["level", "reads", "cut"], &["when"]),
        ("cite \"(2)\"\n", "cite \"(2)\"\n  because \"{level} {$0\n", &["level", "reads"], &["when"]),
        ("cite \"(2)\"\n", "cite \"(2)\"\n  because \"{school.$0}\"\n", &["name"], &["level"]),
        ("cite \"(2)\"\n", "cite \"(2)\"\n  because \"{level} $0\"\n", &[], &["level", "and"]),
        (
            "define reads",
            "$0\ndefine reads",
            &["decision", "parameter", "test", "requirement"],
            &["rule", "level"],
        ),
        ("define reads", "allow($0)\ndefine reads", &["missing-citation"], &["define"]),
        ("\"(2)\"", "\"($0\"", &[], &["up"]),
        ("use v", "use v // $0", &[], &["v"]),
    ];
    for (needle, with, expected, absent) in cases {
        let (database, file, offset) = marked(&after(needle, with));
        let found = ide::complete(&database, file, offset);
        let labels: Vec<&str> = found.iter().map(|it| it.label.as_str()).collect();
        for label in *expected {
            assert!(labels.contains(label), "{with}: no {label} in {labels:?}");
        }
        for label in *absent {
            assert!(!labels.contains(label), "{with}: {label} is in {labels:?}");
        }
    }
}

#[test]
fn a_row_is_begun_with_its_record_and_a_clause_before_an_expression_goes_on() {
    let (database, file, offset) = marked(&after("level: 2 }", "level: 2 }\n  $0"));
    let found = ide::complete(&database, file, offset);
    let row = found.iter().find(|it| it.label == "Result").unwrap();
    assert_eq!((row.insert.as_deref(), row.snippet), (Some("Result ${1:result} { $0 }"), true));
    let (database, file, offset) = marked(&after("rule ready: up when", "rule ready: up\n    $0 when"));
    let found = ide::complete(&database, file, offset);
    let at = |label: &str| found.iter().position(|it| it.label == label).unwrap();
    assert!(["when", "cite", "subject", "because"].iter().all(|clause| at(clause) < at("and")), "{found:?}");
}

#[test]
fn a_word_of_the_language_says_what_it_is_for() {
    for (needle, with, shown, expected) in [
        ("notwithstanding ready", "notwith$0standing ready", "notwithstanding", "it overrides `a`"),
        ("outcomes up", "$0outcomes up", "outcomes", "most to least favourable"),
        ("when reads", "whe$0n reads", "when", "the condition"),
    ] {
        let (database, file, offset) = marked(&after(needle, with));
        let found = ide::hover(&database, file, offset, today()).unwrap_or_else(|| panic!("{with}"));
        assert_eq!(written(&database, file, found.span), shown);
        assert!(found.text.contains(expected), "{}", found.text);
    }
    // Not where it is part of a text.
    let (database, file, offset) = marked(&after("cite \"(2)\"", "cite \"whe$0n\""));
    assert_eq!(ide::hover(&database, file, offset, today()), None);
}

#[test]
fn what_is_known_stands_between_the_words() {
    let more = "parameter fee: money { cite \"f\" from 2020-01-01: $1.50 }
parameter wait: days { cite \"w\" from 2020-01-01: 30 days }
parameter least: percent { cite \"p\" from 2020-01-01: 95% from 2030-01-01: 90% }
define dear(most: money) of Student: flag = most > fee
define soon of Student: flag = any of results as r where r.taken_on + wait > as_of and r.score > least
";
    let (database, file, offset) = marked(&format!("{RULES}{more}$0"));
    let text = database.text(file);
    let found = ide::hints(&database, file, Span::new(0, offset), today());
    let shown: Vec<String> = found
        .iter()
        .map(|hint| {
            let before = &text[..hint.offset as usize];
            let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
            format!("{}{}", &before[start..], hint.text)
        })
        .collect();
    // Of a parameter by grade no one value is in force, and an argument says its type itself.
    let expected = [
        "cut = 3",
        "base: money",
        "more: money",
        "fee = $1.50",
        "r: Result",
        "wait = 30 days",
        "least = 95%",
    ];
    assert_eq!(shown, expected);
    assert!(found[0].more.as_deref().is_some_and(|more| more.contains("2024-01-01")), "{found:?}");
    // Nothing of what is not looked at.
    assert_eq!(ide::hints(&database, file, Span::new(0, 10), today()), []);
}

#[test]
fn what_a_call_takes() {
    for (needle, with, label, active) in [
        ("best(2)", "best($0", "best(least: number): number?", 0),
        ("rate(grade)", "rate($0)", "rate(Grade): money", 0),
        ("level >= cut", "max(level, $0", "max(a, b): the type of both", 1),
    ] {
        let (database, file, offset) = marked(&after(needle, with));
        let found = ide::signature(&database, file, offset).unwrap_or_else(|| panic!("{with}"));
        assert_eq!((found.label.as_str(), found.active), (label, active), "{with}");
    }
    let (database, file, offset) = marked(&after("grade >= G2", "(grade >= $0G2)"));
    assert_eq!(ide::signature(&database, file, offset), None);
}

#[test]
fn refactorings_keep_the_text_without_mistakes() {
    let apply = |database: &Database, file: FileId, refactoring: &ide::Refactoring| {
        let mut edits = refactoring.edits.clone();
        edits.sort_by_key(|(place, _)| std::cmp::Reverse(place.span));
        let mut text = database.text(file).to_string();
        for (place, new) in edits {
            text.replace_range(place.span.start as usize..place.span.end as usize, &new);
        }
        let mut fresh = Database::default();
        fresh.set_text("v.rubric", Some(VOCABULARY));
        let id = fresh.set_text("r.rubric", Some(&text));
        let found: Vec<String> = fresh.diagnostics(id).into_iter().map(|it| it.message).collect();
        assert_eq!(found, [""; 0], "{text}");
        text
    };
    let (database, file, offset) = marked(&after("reads and grade >= G2", "$0reads and grade >= G2"));
    let selection = Span::new(offset, offset + 21);
    let found = ide::refactorings(&database, file, selection);
    let extract = found.iter().find(|it| it.kind == RefactoringKind::Extract).unwrap();
    let text = apply(&database, file, extract);
    assert!(text.contains("define new_definition of Student: flag =\n  reads and grade >= G2"), "{text}");
    let inline = found.iter().find(|it| it.kind == RefactoringKind::Inline).unwrap();
    let (place, new) = &inline.edits[0];
    assert_eq!((written(&database, file, place.span).as_str(), new.as_str()), ("reads", "(level >= cut)"));
    let (database, file, offset) = marked(&after("up, stay", "u$0p, stay, other"));
    let found = ide::refactorings(&database, file, Span::new(offset, offset));
    let rule = found.iter().find(|it| it.title == "add a rule for `other`").unwrap();
    assert!(rule.edits[0].1.contains("rule other_rule: other"), "{rule:?}");
}

#[test]
fn a_record_that_a_proof_shows_becomes_a_test_that_passes() {
    let text =
        after("rule held: stay when best(2) < 3 notwithstanding ready", "rule hel$0d: stay when level = 3");
    let (mut database, file, offset) = marked(&text);
    let found = ide::refactorings(&database, file, Span::new(offset, offset));
    let shown = found.iter().find(|it| it.title.starts_with("add the record that shows it")).unwrap();
    assert_eq!(shown.title, "add the record that shows it as a test \"ready and held disagree\"");
    let (place, new) = &shown.edits[0];
    let mut text = database.text(file).to_string();
    text.replace_range(place.span.start as usize..place.span.end as usize, new);
    database.set_text("r.rubric", Some(&text));
    let reports = database.test_reports(file);
    let report = reports.iter().find(|it| &*it.title == "ready and held disagree").unwrap();
    assert!(report.passed, "{report:?}\n{text}");
    // Once is enough.
    let found = ide::refactorings(&database, file, Span::new(offset, offset));
    assert!(!found.iter().any(|it| it.title.starts_with("add the record")), "{found:?}");
}

#[test]
fn every_item_can_be_asked_while_it_is_half_written() {
    // Each prefix of the rules: nothing may panic, and names before the end keep their meaning.
    let end = RULES.len();
    for cut in (0..end).filter(|cut| RULES.is_char_boundary(*cut)).step_by(7) {
        let (database, file, offset) = marked(&format!("{}$0", &RULES[..cut]));
        let _ = ide::complete(&database, file, offset);
        let _ = ide::signature(&database, file, offset);
        let _ = ide::hover(&database, file, offset.saturating_sub(3), today());
        let _ = ide::outline(&database, file);
        let _ = ide::folds(&database, file);
        let _ = ide::hints(&database, file, Span::new(0, offset), today());
        let _ = ide::refactorings(&database, file, Span::new(offset, offset));
        let tokens = ide::tokens(&database, file);
        assert!(tokens.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{cut}");
        let grown = ide::selections(&database, file, offset);
        assert!(grown.windows(2).all(|it| it[1].start <= it[0].start && it[0].end <= it[1].end), "{cut}");
        if cut > 120 {
            let policy = ide::at(&database, file, 36).map(|it| it.entity);
            assert!(matches!(policy, Some(ide::Entity::Policy(_))), "{cut}");
        }
    }
}
