//! What layers of law are proved to keep, on small policies: every planted fault is found, with a record that shows both results
//! and a test that passes when it is pasted; nothing is found where nothing is wrong; and nothing is left undecided.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

#[path = "common/corpus.rs"]
mod corpus;

use std::collections::BTreeSet;

use corpus::{database, mended, replayed, said};
use rubric_engine::diagnostic::{Diagnostic, Severity};

const STATE: &str = include_str!("prove/layers/state.rubric");
const FAULTS: &str = include_str!("prove/layers/faults.txt");
const SOUND: &str = include_str!("prove/layers/sound.txt");

/// What the checks say of layers.
const CODES: [&str; 6] =
    ["not-tighter", "not-looser", "mixed-grant", "overtaken-value", "rule-conflict", "not-decided"];

/// A case: what the state has besides, and what a district amends.
struct Case {
    name: String,
    /// Of a fault the code `at` the place, with the word before it: `not-tighter at rule no_camp`.
    expected: BTreeSet<String>,
    files: Vec<(&'static str, String)>,
}

/// `=== name | expected`, the text of the state after the common one, `---`, what a district has, and, after another, a school.
fn cases(text: &str) -> Vec<Case> {
    let case = |section: &str| {
        let (head, body) = section.split_once('\n').unwrap();
        let (name, expected) = head.split_once('|').unwrap_or((head, ""));
        let expected = expected.split(';').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty());
        let policies = [
            "",
            "policy dade { title \"Dade\" authority district \"dade\" under state cite \"B\" month_end round down }\n",
            "policy oak { title \"Oak\" authority school \"oak\" under dade cite \"C\" month_end round down } use state\n",
        ];
        let names = ["state.rubric", "dade.rubric", "oak.rubric"];
        let parts = body.split("---\n").zip(names.into_iter().zip(policies));
        let files = parts.map(|(text, (name, policy))| {
            let common = if policy.is_empty() { STATE } else { policy };
            (name, format!("{common}\n{text}"))
        });
        Case { name: name.trim().to_owned(), expected: expected.collect(), files: files.collect() }
    };
    text.split("=== ").skip(1).map(case).collect()
}

fn found(case: &Case) -> Vec<Diagnostic> {
    corpus::found(&database(&case.files))
}

/// Codes with their places, as a case expects them.
fn places(case: &Case) -> BTreeSet<String> {
    let database = database(&case.files);
    let all = corpus::found(&database).into_iter();
    let counts = |one: &Diagnostic| CODES.contains(&one.code) || one.severity == Severity::Error;
    all.filter(counts).map(|one| said(&database, &one)).collect()
}

#[test]
fn every_planted_fault_of_a_layer_is_found_and_shown() {
    let mut failures = Vec::new();
    for case in cases(FAULTS) {
        let (found, places) = (found(&case), places(&case));
        let name = &case.name;
        if places != case.expected {
            let all: Vec<String> = found.iter().map(|one| format!("{}: {}", one.code, one.message)).collect();
            failures.push(format!("{name}: {places:?}, not {:?}; {all:?}", case.expected));
        }
        let breaks = |one: &&Diagnostic| matches!(one.code, "not-tighter" | "not-looser");
        for one in found.iter().filter(breaks) {
            let help = one.help.as_deref().unwrap_or_default();
            if !help.contains("\n\ntest \"") || !one.message.contains(": under `") {
                failures.push(format!("{name}: no record with both results: {} {help}", one.message));
            }
        }
        failures
            .extend(replayed(&case.files, &found).into_iter().map(|failure| format!("{name}: {failure}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_mend_of_a_layer_that_is_offered_mends() {
    let (mut made, mut failures) = (std::collections::BTreeMap::new(), Vec::new());
    for case in cases(FAULTS) {
        for one in found(&case) {
            let (count, failed) = mended(&case.files, std::slice::from_ref(&one));
            *made.entry(one.code).or_insert(0) += count;
            failures.extend(failed.into_iter().map(|failure| format!("{}: {failure}", case.name)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    made.retain(|_, count| *count > 0);
    let codes: Vec<&str> = made.keys().copied().collect();
    assert_eq!(codes, ["not-looser", "not-tighter", "overtaken-value"], "{made:?}");
}

/// Values of a requirement `for each` that are too many to be judged each by itself are not passed over.
#[test]
fn what_of_a_grant_is_not_judged_is_said() {
    let values: Vec<String> = (0..70).map(|value| format!("v{value}")).collect();
    let text = format!(
        "category Room {{ {} }}
decision promotion of Student {{
  outcomes promoted, retained
  default retained cite \"(5)\"
  rule reads_at_level: promoted when level >= passing_level cite \"(5)(b)\"
}}
requirement low of Student for each Room as room {{ cite \"§ 9\" must room != v69 or level < passing_level }}
",
        values.join(", ")
    );
    let case = Case {
        name: String::new(),
        expected: BTreeSet::from(["not-decided at count , districts may raise".to_owned()]),
        files: vec![("state.rubric", format!("{STATE}\n{text}"))],
    };
    assert_eq!(places(&case), case.expected);
}

/// What has no effect by the values of the state may have one where a district sets another, as it may.
#[test]
fn what_hangs_on_a_granted_value_is_not_called_idle() {
    let of = |grant: &str| {
        let text = format!(
            "parameter least: count{grant} {{ cite \"(b)\" from 2014-07-01: 0 }}
decision promotion of Student {{
  outcomes promoted, retained
  default retained cite \"(5)\"
  rule enough: promoted when hours >= least and level > 1 cite \"(6)\"
  rule late: promoted when least = 9 and credits > 1 cite \"(7)\"
  rule dead: promoted when hours < 3 and hours > 4 and least > 1 cite \"(8)\"
}}
requirement some of Student {{ cite \"(9)\" must credits >= least }}
"
        );
        let database = database(&[("state.rubric", format!("{STATE}\n{text}"))]);
        let mut codes: Vec<&str> = corpus::found(&database).into_iter().map(|one| one.code).collect();
        codes.retain(|code| !["unused-definition", "mixed-grant"].contains(code));
        codes.sort_unstable();
        codes
    };
    assert_eq!(
        of(""),
        [
            "constant-comparison",
            "constant-comparison",
            "constant-comparison",
            "constant-comparison",
            "requirement-never-violated",
            "rule-never-applies",
            "rule-never-applies",
        ]
    );
    assert_eq!(of(", districts may raise"), ["rule-never-applies"]);
}

/// One mistake gives one message, also where what hangs on it is in another file.
#[test]
fn what_hangs_on_errors_elsewhere_is_not_told_as_well() {
    let state = format!(
        "{STATE}
define reads of Student: flag = levl >= passing_level
decision promotion of Student, districts may tighten {{
  outcomes promoted, retained
  default retained cite \"(5)\"
  rule reads_at_level: promoted when reads cite \"(5)(b)\"
}}
"
    );
    let dade = "policy dade { title \"Dade\" authority district \"dade\" under state cite \"B\" month_end round down }
amend decision promotion { rule camp: retained when not attended_camp notwithstanding reads_at_level cite \"B-1\" }
decision own of Student { outcomes a, b default b cite \"B-2\" rule r: a when reads and level > 1 cite \"B-3\" }
assert own never worsens as level rises
";
    let database = database(&[("state.rubric", state), ("dade.rubric", dade.to_owned())]);
    let codes: Vec<&str> = corpus::found(&database).into_iter().map(|one| one.code).collect();
    assert_eq!(codes, ["unknown-name"]);
}

#[test]
fn nothing_is_found_where_a_layer_keeps_to_its_grant() {
    let mut failures = Vec::new();
    for case in cases(SOUND) {
        for one in found(&case) {
            if CODES.contains(&one.code) || one.severity == Severity::Error {
                failures.push(format!("{}: {}: {} {:?}", case.name, one.code, one.message, one.help));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn there_are_enough_of_both() {
    assert!(cases(FAULTS).len() >= 10 && cases(SOUND).len() >= 10);
}

/// What is said looks like this.
#[test]
fn a_layer_that_oversteps_as_it_is_said() {
    let mut shown = String::new();
    for case in cases(FAULTS) {
        for one in found(&case).iter().filter(|one| CODES.contains(&one.code)) {
            let help = one.help.as_deref().unwrap_or_default();
            shown.push_str(&format!("{}: {}: {}\n{help}\n\n", case.name, one.code, one.message));
        }
    }
    insta::assert_snapshot!(shown);
}
