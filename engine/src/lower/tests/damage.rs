//! Broken texts: what is left is still looked at, and nothing broken has a body.

use super::VOCABULARY;
use super::support::Workspace;

const TEXT: &str = r#"
parameter passing: count { cite "c" from 2014-07-01: 2 }
parameter rate by Mode, Grade: money { from 2024-07-01 { KG G1  online_lab: $1 $2  otherwise: $3 } }
define level of Student: count? = (latest of results by taken_on where subject = reading).level
define near(floor: count) of Result: flag { from 2020-01-01: level >= floor and student.grade in (KG, G1) }
decision promotion of Student where grade = G3 {
  outcomes promoted, retained
  default retained cite "c" because "{level}"
  rule reads: promoted when level presumed 0 >= passing cite "c"
  part p subject to reads cite "c" { rule other: promoted when as_of < us_entry + 2 years }
}
requirement q of Student where promotion = promoted {
  due first_day of year + 30 days
  must a: (count of results as r where r.near(2) and rate(mode, grade) > $1) >= 1
  except b when at least 1 of results where score is missing
}
"#;

#[test]
fn a_broken_rule_leaves_no_body_and_no_further_message() {
    let text = format!(
        "{VOCABULARY}decision d of Student {{ outcomes a, b default b rule x: a when gpa > rule y: a when gpa > 2 }}"
    );
    let workspace = Workspace::new(&[("test.rubric".to_owned(), text)]);
    assert_eq!(workspace.before.len(), 1, "{:?}", workspace.before);
    assert_eq!(workspace.report(), "");
    assert!(workspace.items.last().unwrap().body.is_none());
}

#[test]
fn a_chain_of_comparisons_is_the_syntax_errors_matter() {
    for body in ["1 < gpa < 4", "gpa > 1 = yes", "yes = gpa > 1"] {
        let text = format!("{VOCABULARY}define it of Student: flag = {body}");
        let workspace = Workspace::new(&[("test.rubric".to_owned(), text)]);
        assert_eq!(workspace.before.len(), 1, "{body}: {:?}", workspace.before);
        assert_eq!(workspace.report(), "", "{body}");
        assert!(workspace.items.last().unwrap().body.is_none(), "{body}");
    }
}

#[test]
fn what_is_not_broken_is_still_looked_at() {
    let text = format!(
        "{VOCABULARY}decision d of Student {{ outcomes a, b default b rule x: a when gpa > rule y: a when gpq > 2 }}"
    );
    let workspace = Workspace::new(&[("test.rubric".to_owned(), text)]);
    assert!(workspace.report().starts_with("unknown-name at `gpq`"), "{}", workspace.report());
}

#[test]
fn a_text_with_a_word_taken_out_never_panics_and_an_error_leaves_no_body() {
    let words: Vec<&str> = TEXT.split_inclusive(char::is_whitespace).collect();
    let mut with_errors = 0;
    for gone in 0..words.len() {
        let text: String =
            words.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, word)| *word).collect();
        let workspace = Workspace::new(&[("test.rubric".to_owned(), format!("{VOCABULARY}{text}"))]);
        for item in &workspace.items {
            assert!(item.diagnostics.is_empty() || item.body.is_none(), "without `{}`", words[gone]);
            with_errors += usize::from(!item.diagnostics.is_empty());
        }
    }
    assert!(with_errors > 20, "the mistakes are not found: {with_errors}");
}
