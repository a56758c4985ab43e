//! What is said of broken text. Each case is one mistake in an otherwise valid text.

use crate::{fixed, shown};
use rubric_grammar::parse;

/// A policy that the cases break.
pub(crate) const POLICY: &str = r#"policy a.b { title "T"  authority state "Florida" }
use k12.student
decision promotion of Student where grade = G3 {
  outcomes promoted, good_cause, retained
  default retained
    cite "(5)(b)"
  rule reads: promoted
    when level >= 2 and (age or b)
    cite "(5)(b)"
  part good subject to reads cite "(6)" {
    rule learner: good_cause
      when english and as_of < entry + 2 years
      cite "1"
    rule twice: good_cause
      when intensive >= 2
      cite "6"
  }
  rule exempt fixed: good_cause
    when iep
    notwithstanding reads
    cite "(6)(b)2"
}
record Student {
  key (id: text private, year: school_year)
  grade: Grade
  birth: date private
}
parameter fee by Area: money {
  from 2024-07-01 { east: $1  west: $2 }
}
define steps of Student: count = 3 + level
requirement taught of Section {
  severity error
  must certified: any of assignments where certified
  except licensed when licence
}
test "t" {
  Student m { grade: G3  level: 2 }
  expect m.promotion = retained
}
"#;

/// What is replaced, and by what.
const CASES: &[(&str, &str)] = &[
    // Misspelt words.
    ("decision promotion", "desicion promotion"),
    ("rule twice:", "rul twice:"),
    ("when iep", "wehn iep"),
    ("notwithstanding reads", "notwitstanding reads"),
    ("exempt fixed:", "exempt fixd:"),
    ("date private", "date privat"),
    ("3 + level", "(cuont of results) + 3"),
    ("expect m", "expcet m"),
    ("use k12", "us k12"),
    ("record Student", "recrod Student"),
    ("severity", "severety"),
    ("subject to", "subjct to"),
    // Something is missing.
    ("rule twice: good_cause", "rule twice good_cause"),
    ("rule twice: good_cause", "rule twice"),
    ("rule twice: good_cause", "rule twice:"),
    ("rule twice:", "rule:"),
    ("when intensive >= 2", "when intensive >="),
    ("when intensive >= 2", "when"),
    ("when intensive >= 2", "when intensive 2"),
    ("as_of < entry + 2 years", ""),
    ("grade: Grade", "grade Grade"),
    ("grade: Grade", "grade:"),
    ("level: 2", "level 2"),
    ("level: 2", "level:"),
    ("= 3 + level", "3 + level"),
    ("3 + level", "3 +"),
    ("of Student where grade = G3 {", "of Student where grade = G3"),
    ("decision promotion of", "decision of"),
    ("    cite \"(6)(b)2\"\n}", "    cite \"(6)(b)2\""),
    ("      cite \"6\"\n  }", "      cite \"6\""),
    ("(age or b)", "(age or b"),
    ("3 + level", "if a b else c"),
    ("except licensed when licence", "except licensed"),
    ("must certified: any of assignments where certified", "must certified:"),
    ("default retained", "default"),
    ("outcomes promoted, good_cause", "outcomes promoted good_cause"),
    ("east: $1", "east $1"),
    ("from 2024-07-01 {", "from {"),
    // Something is too many.
    ("(age or b)", "age or b)"),
    ("    when iep\n", "    when iep }\n"),
    ("level >= 2 and", "level >= 2 and and"),
    ("rule twice", "rule rule twice"),
    ("    when iep\n", "    when iep\n    when a\n"),
    ("  part good", "  law on birth\n  part good"),
    ("  grade: Grade\n  birth: date private", "  grade: Grade,\n  birth: date private,"),
    ("G3  level", "G3, level"),
    ("use k12.student", "use k12.student;"),
    ("default retained", "default retained when a"),
    ("severity error", "severity error default x"),
    ("  must certified", "  must b\n  severity error\n  must certified"),
    // Something else was written.
    ("cite \"1\"", "cite \"1"),
    ("cite \"1\"", "cite 1\""),
    ("cite \"1\"", "cite “1”"),
    ("when intensive >= 2", "when intensive\u{a0}≥ 2 – 1 && a ≠ ‘x’"),
    ("grade = G3 {", "grade == G3 {"),
    ("when intensive >= 2", "when !a || b"),
    ("when intensive >= 2", "when year = 2024-25"),
    ("when intensive >= 2", "when year = SY24-25"),
    ("when intensive >= 2", "when year = SY2024-26"),
    ("when intensive >= 2", "when a < 2024-9-1"),
    ("when intensive >= 2", "when a < 2024–09–01"),
    ("when intensive >= 2", "when a < 9/15/2024"),
    ("when intensive >= 2", "when a < 9/1/2024"),
    ("when intensive >= 2", "when a < 007"),
    ("when intensive >= 2", "when a < 1,20"),
    ("when intensive >= 2", "when a = 2nd"),
    ("when intensive >= 2", "when a < b + 30days"),
    ("when intensive >= 2", "when grade is G3"),
    ("when intensive >= 2", "when @ # $"),
    ("cite \"1\"", "because \"has {level + } of 3\""),
    ("cite \"1\"", "because \"has {level of 3\""),
    // Two readings.
    ("when intensive >= 2", "when 1 < intensive < 3"),
    ("3 + level", "3 + level rounded to cents"),
    ("3 + level", "level presumed 0 * 2"),
    ("3 + level", "20% of level rounded to cents"),
    ("3 + level", "3 rounded to cents"),
    ("3 + level", "3 + count of results where a = 2"),
    ("3 + level", "count of results + 3"),
    ("3 + level", "days between a and b + 1"),
    ("3 + level", "1 + if a then 2 else 3"),
    ("when iep\n", "when not any of plans where a\n"),
    // No declaration.
    ("use k12.student", "hello there"),
    ("use k12.student", "use k12.student }"),
    ("use k12.student", "lorem { ipsum }"),
    // A word of the language as a name; a `=` after a condition.
    ("assignments where certified", "assignments where over"),
    ("define steps", "amount share of Student where level > 2 = $5\ndefine steps"),
];

#[test]
fn one_mistake_gives_one_message() {
    let mut out = String::new();
    for (good, bad) in CASES {
        let text = POLICY.replacen(good, bad, 1);
        assert_ne!(text, POLICY, "{good}");
        out += &format!("{} => {}\n{}\n", good.escape_debug(), bad.escape_debug(), shown(&text));
        assert_eq!(
            parse(&text).errors.len().min(3),
            if bad.contains('≥') { 2 } else { 1 },
            "{bad}\n{}",
            shown(&text)
        );
    }
    insta::assert_snapshot!(out);
}

#[test]
fn fixes_mend_what_they_say() {
    for (good, bad) in CASES {
        let text = POLICY.replacen(good, bad, 1);
        let errors = parse(&text).errors;
        if errors.iter().all(|error| error.fix.is_some()) {
            assert_eq!(shown(&fixed(&text)), "", "{good} => {bad}\n{}", fixed(&text));
        }
    }
}

#[test]
fn a_page_from_a_word_processor_gives_a_few_messages() {
    let page = POLICY.replace('"', "”").replace("  ", "\u{a0} ").replace(">=", "≥");
    let errors = parse(&page).errors;
    assert_eq!(errors.len(), 1, "{}", shown(&page));
    assert_eq!(errors[0].code, "typographic-character");
    assert_eq!(shown(&fixed(&page)), "");
    let dumps = rubric_grammar::dump(&parse(&page).file);
    assert_eq!(dumps, rubric_grammar::dump(&parse(POLICY).file));
}
