//! `rubric check`: what a new user meets.

use insta::assert_snapshot;
use rubric_tests::Ran;
use serde_json::Value;

use crate::sandbox;

/// A policy without a mistake.
const POLICY: &str = r#"policy town.promotion {
  title "Promotion"
  cite  "Board policy 5.1"
  school_year starts july 1
}

ordered category Grade { G2 "02", G3 "03", G4 "04" }

record Student {
  key student_id: text
  grade: Grade
  birth_date: date
  reading_level: count?
  lunch_debt: money
}

parameter passing_level: count {
  cite "5.1(a)"
  from 2014-07-01: 2
}

decision promotion of Student where grade = G3 {
  outcomes promoted, retained
  default retained
    cite "5.1(b)"
  rule reads_at_level: promoted
    when reading_level >= passing_level
    cite "5.1(c)"
}
"#;

/// The policy with a mistake in it.
fn mistaken(right: &str, wrong: &str) -> String {
    assert_eq!(POLICY.matches(right).count(), 1, "{right}");
    POLICY.replace(right, wrong)
}

/// What `check` says of a policy with one mistake in it: one message.
fn one_message(policy: &str) -> Ran {
    let sandbox = sandbox().with("town/promotion.rubric", policy);
    let ran = sandbox.run(&["check"]);
    assert_eq!(ran.status, Some(1), "{ran}");
    let concise = sandbox.run(&["check", "--format", "concise"]);
    assert_eq!(concise.stdout.lines().count(), 1, "one mistake, one message: {}", concise.stdout);
    ran
}

#[test]
fn what_is_no_text_is_said_in_one_message() {
    let wide: Vec<u8> = POLICY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xFF, 0xFE][..], &wide].concat();
    let picture = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\xFE\xDC\n"[..], &[0xBA; 2000]].concat();
    for (name, bytes) in [("picture", picture), ("utf-16", marked)] {
        let sandbox = sandbox();
        std::fs::write(sandbox.path().join("p.rubric"), bytes).unwrap();
        let ran = sandbox.run(&["check", "--format", "concise"]);
        assert_eq!(ran.status, Some(1), "{ran}");
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(
            lines,
            [
                "p.rubric:1:1: error[not-utf8] this file is no text (a policy is text in UTF-8; is it another file under this name?)"
            ],
            "{name}"
        );
    }
}

#[test]
fn a_policy_without_a_mistake_is_clean() {
    let ran = sandbox().with("town/promotion.rubric", POLICY).run(&["check"]);
    assert_eq!(ran.to_string(), "status: 0\n--- stderr\n1 file checked: no findings\n");
}

#[test]
fn misspelt_keyword() {
    assert_snapshot!(
        "misspelt_declaration",
        one_message(&mistaken("decision promotion", "decison promotion"))
    );
    assert_snapshot!("misspelt_clause", one_message(&mistaken("when reading_level", "whn reading_level")));
}

#[test]
fn missing_brace() {
    assert_snapshot!("missing_brace_at_the_end", one_message(POLICY.strip_suffix("}\n").unwrap()));
    let inside = mistaken("  from 2014-07-01: 2\n}", "  from 2014-07-01: 2\n");
    assert_snapshot!("missing_brace_in_the_middle", one_message(&inside));
}

#[test]
fn unfinished_expression() {
    assert_snapshot!(
        "unfinished_expression",
        one_message(&mistaken(">= passing_level", ">= passing_level +"))
    );
}

#[test]
fn wrong_unit() {
    let money_and_number = mistaken("when reading_level >= passing_level", "when lunch_debt >= 10");
    let money_and_number = money_and_number
        .replace("parameter passing_level: count {\n  cite \"5.1(a)\"\n  from 2014-07-01: 2\n}\n\n", "");
    assert_snapshot!("wrong_unit", one_message(&money_and_number));
}

#[test]
fn unknown_field() {
    assert_snapshot!(
        "unknown_field",
        one_message(&mistaken("when reading_level >=", "when reading_lvel >="))
    );
}

#[test]
fn misspelt_category_value() {
    assert_snapshot!("misspelt_category_value", one_message(&mistaken("grade = G3", "grade = G03")));
}

#[test]
fn day_and_month_swapped() {
    assert_snapshot!(
        "day_and_month_swapped",
        one_message(&mistaken("from 2014-07-01: 2", "from 2014-31-07: 2"))
    );
}

#[test]
fn typographic_quotes() {
    assert_snapshot!(
        "typographic_quotes",
        one_message(&mistaken("title \"Promotion\"", "title “Promotion”"))
    );
}

#[test]
fn a_file_that_is_not_there() {
    assert_snapshot!("missing_file", sandbox().run(&["check", "promotion.rubric"]));
    assert_snapshot!("empty_folder", sandbox().run(&["check"]));
    assert_snapshot!("not_a_policy", sandbox().with("notes.txt", "").run(&["check", "notes.txt"]));
}

#[test]
fn a_manifest_with_a_mistake() {
    let sandbox =
        sandbox().with("town/promotion.rubric", POLICY).with("rubric.toml", "[projekt]\nname = \"town\"\n");
    assert_snapshot!("misspelt_manifest_key", sandbox.run(&["check"]));
    sandbox.write("rubric.toml", "[project]\npolicies = [\"twon\"]\n");
    assert_snapshot!("missing_policy_folder", sandbox.run(&["check"]));
}

#[test]
fn only_what_was_asked_for_is_shown_and_paths_are_those_of_the_project() {
    let sandbox = sandbox()
        .with("rubric.toml", "[project]\nname = \"town\"\n")
        .with("town/promotion.rubric", &mistaken("grade = G3", "grade = G03"))
        .with("town/other.rubric", "policy town.other { title \"Other\" oops }\n");
    let all = sandbox.run(&["check", "--format", "concise"]);
    assert_eq!(all.stdout.lines().count(), 2, "{all}");
    let one = sandbox.run(&["check", "--format", "concise", "town/promotion.rubric"]);
    assert_eq!(one.stdout.lines().count(), 1, "{one}");
    assert!(one.stdout.starts_with("town/promotion.rubric:22:"), "{one}");
}

#[test]
fn the_shipped_vocabulary_is_found_and_its_places_are_shown() {
    let sandbox = sandbox().with(
        "town/young.rubric",
        "policy town.young { title \"Young\" cite \"x\" }\nuse k12.student\nrecord Student { key id: text }\n",
    );
    let ran = sandbox.run(&["check", "--format", "json"]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert!(ran.stdout.contains("<shipped>/k12/student.rubric"), "{ran}");
}

#[test]
fn several_mistakes_give_several_messages_and_the_whole_text_is_read() {
    let text = mistaken("grade = G3", "grade = G03").replace("when reading_level", "when reading_lvel")
        + "decison x {}\n";
    let ran = sandbox().with("town/promotion.rubric", &text).run(&["check", "--format", "concise"]);
    assert_eq!(ran.stdout.lines().count(), 3, "{ran}");
}

#[test]
fn bytes_that_are_no_text_end_in_a_diagnostic() {
    let sandbox = sandbox();
    std::fs::write(sandbox.path().join("a.rubric"), b"policy a {\xff\xfe}\n").unwrap();
    let ran = sandbox.run(&["check"]);
    assert_eq!(ran.status, Some(1), "{ran}");
}

#[test]
fn json_is_as_the_schema_says() {
    let text = mistaken("grade = G3", "grade = G03").replace("title \"Promotion\"", "title “Promotion”");
    let sandbox = sandbox().with("town/promotion.rubric", &text);
    let ran = sandbox.run(&["check", "--format", "json"]);
    assert_eq!(ran.status, Some(1), "{ran}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    rubric_tests::assert_fits(&report, include_str!("../../docs/schemas/check.schema.json"));
    assert_eq!(report["errors"], 2, "{report}");
    assert_eq!(report["diagnostics"][0]["start"]["line"], 2);
    assert_eq!(report["diagnostics"][0]["fix"]["applicability"], "always");
    assert_eq!(ran, sandbox.run(&["check", "--format", "json"]), "same input, same bytes");
}

#[test]
fn colour_only_when_asked_for() {
    let sandbox = sandbox().with("town/promotion.rubric", &mistaken("grade = G3", "grade = G03"));
    assert!(!sandbox.run(&["check"]).stdout.contains('\u{1b}'));
    assert!(sandbox.run(&["check", "--color", "always"]).stdout.contains('\u{1b}'));
    let quiet = sandbox.run(&["check", "--quiet"]);
    assert!(quiet.stderr.is_empty() && !quiet.stdout.is_empty(), "{quiet}");
}

#[test]
fn every_code_has_its_manual_page_at_hand() {
    let page = sandbox().run(&["check", "--manual", "parameter-gap"]);
    assert_eq!(page.status, Some(0), "{page}");
    assert!(page.stdout.starts_with("parameter-gap (error): ") && page.stdout.contains("Right:"), "{page}");
    assert_snapshot!("no_such_page", sandbox().run(&["check", "--manual", "parametr-gap"]));
}

#[test]
fn deep_long_and_big_texts_end_in_diagnostics() {
    let define =
        |value: &str| format!("policy a.b {{ title \"T\" cite \"x\" }}\ndefine x: count = {value}\n");
    for (name, text) in [
        ("brackets", define(&("(".repeat(100_000) + "1" + &")".repeat(100_000)))),
        ("open brackets", define(&"(".repeat(100_000))),
        ("negations", define(&("not ".repeat(100_000) + "yes"))),
        ("braces", "{".repeat(100_000)),
        ("one long line", define(&"1 + ".repeat(50_000))),
        ("noughts", "\u{0}".repeat(10_000)),
    ] {
        let sandbox = sandbox().with("a/b.rubric", &text);
        for format in ["full", "concise", "json"] {
            let ran = sandbox.run(&["check", "--format", format]);
            assert_eq!(ran.status, Some(1), "{name}: {}", ran.stderr);
            assert!(ran.stdout.len() < 200_000, "{name}: {} bytes are shown", ran.stdout.len());
        }
    }
}

#[test]
fn policies_that_the_manifest_leaves_out_are_said() {
    let sandbox = sandbox().with("town/promotion.rubric", POLICY);
    sandbox.write("rubric.toml", "[project]\npolicies = [\"town\"]\n");
    assert!(!sandbox.run(&["check"]).stderr.contains("not looked at"));
    sandbox.write("drafts/one.rubric", "policy one {\n");
    sandbox.write("other/rubric.toml", "");
    sandbox.write("other/two.rubric", "policy two {\n");
    let said = "1 file is not looked at: `drafts/one.rubric`; `policies` in rubric.toml does not list it: list it there, \
                or name it, as in `rubric check drafts/one.rubric`";
    for arguments in [&["check"][..], &["check", "."], &["check", "--format", "concise"]] {
        let ran = sandbox.run(arguments);
        assert_eq!(ran.status, Some(0), "{ran}");
        assert!(ran.stderr.contains(said), "{ran}");
    }
    for file in ["a", "b", "c", "d"] {
        sandbox.write(&format!("drafts/{file}.rubric"), "policy one {\n");
    }
    let ran = sandbox.run(&["check"]);
    assert!(
        ran.stderr.contains(
            "5 files are not looked at: `drafts/a.rubric`, `drafts/b.rubric`, `drafts/c.rubric` and 2 more; "
        ),
        "{ran}"
    );
    // Who names files has asked for nothing else.
    assert!(!sandbox.run(&["check", "town"]).stderr.contains("not looked at"));
    let json: Value = serde_json::from_str(&sandbox.run(&["check", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["files"], 1);
}
