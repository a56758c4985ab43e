use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Change, Sameness, Version, Versions, compare};
use crate::db::Database;
use crate::diagnostic::Severity;
use crate::plan::{Plan, PolicyId};

const OLD: &str = r#"policy reading {
  title "Reading"
  cite "§ 1"
  effective from 2020-07-01
}

category Level { low, middle, high }
ordered category Band { K, G1, G2, G3 }

record School { key id: text  charter: flag }

record Student {
  key student_id: text private
  school: School
  band: Band
  level: Level
  score: count
  camp: flag?
  fee: money
  absences: many Absence
}

record Absence { key id: text  student: Student  days: count  excused: flag }

parameter cut by Band: count {
  cite "§ 2"
  from 2020-07-01 { K: 1  G1: 2  otherwise: 3 }
}

parameter limit: count {
  cite "§ 2"
  from 2020-07-01: 10
}

define behind of Student: flag = score < limit
define gap of Student: count = count of absences where not excused

decision promotion of Student {
  outcomes promoted, retained
  default promoted
    cite "(a)"
  rule behind_in_reading: retained
    when behind and level = low
    cite "(b)"
  rule camp: promoted
    when camp presumed no
    notwithstanding behind_in_reading
    cite "(c)"
}

requirement present of Student {
  must (count of absences where not excused) <= 5
    cite "(d)"
}

amount grant of Student {
  cite "(e)"
  line base = fee * 2
  line charter = $10 when school.charter
}
"#;

fn plan(text: &str) -> Arc<Plan> {
    let mut database = Database::default();
    let file = database.set_text("p.rubric", Some(text));
    let errors: Vec<_> =
        database.diagnostics(file).into_iter().filter(|it| it.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{text}\n{errors:#?}");
    database.plan()
}

fn versions(old: &str, new: &str) -> Versions {
    let (a, b) = (plan(old), plan(new));
    let all = |plan: &Plan| -> BTreeSet<PolicyId> {
        (0..u32::try_from(plan.symbols.policies.len()).unwrap()).map(PolicyId).collect()
    };
    let (in_a, in_b) = (all(&a), all(&b));
    compare(Version { plan: &a, policies: &in_a }, Version { plan: &b, policies: &in_b }, &|| {})
}

/// The tests of a text.
fn failures(text: &str, test: &str) -> Vec<String> {
    let mut database = Database::default();
    let file = database.set_text("p.rubric", Some(&format!("{text}\n{test}")));
    let errors = database.diagnostics(file).into_iter().filter(|it| it.severity == Severity::Error);
    let errors: Vec<String> = errors.map(|it| it.message).collect();
    let reports = database.test_reports(file);
    assert!(!reports.is_empty() || !errors.is_empty(), "no test in {test}");
    let failures = reports.iter().flat_map(|report| &report.failures).map(|failure| failure.message.clone());
    errors.into_iter().chain(failures).collect()
}

fn words(change: &Change) -> String {
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
    format!("{}: {} -> {}", change.what, side(&change.old), side(&change.new))
}

/// Everything that is otherwise, a line each; every record that shows something is run as a test under both versions.
fn told(old: &str, new: &str) -> Vec<String> {
    let found = versions(old, new);
    let mut lines: Vec<String> = Vec::new();
    lines.extend(found.vocabulary.iter().map(words));
    lines.extend(found.policies.iter().map(words));
    lines.extend(
        found.parameters.iter().map(|it| format!("{} {}", words(&it.change), super::terms::days(&it.days))),
    );
    lines.extend(found.only_old.iter().map(|name| format!("only old: {name}")));
    lines.extend(found.only_new.iter().map(|name| format!("only new: {name}")));
    lines.extend(found.renamed.iter().map(|(old, new)| format!("renamed: {old} -> {new}")));
    for result in &found.results {
        let name = &result.new.name;
        lines.extend(result.terms.iter().chain(&result.waivers).map(|it| format!("{name}: {}", words(it))));
        match &result.sameness {
            Sameness::Identical => {}
            Sameness::Proved => lines.push(format!("{name} proved")),
            Sameness::NotDecided(why) => lines.push(format!("{name} not decided: {why}")),
            Sameness::Differs(difference) => {
                lines.push(format!("{name}: {} -> {}", difference.old, difference.new));
                assert_eq!(failures(old, &difference.old_test), [""; 0], "{}", difference.old_test);
                assert_eq!(failures(new, &difference.new_test), [""; 0], "{}", difference.new_test);
                // What the old version gives is not what the new one gives, where a test can say the same of both.
                if found.vocabulary.is_empty() {
                    assert_ne!(failures(new, &difference.old_test), [""; 0], "{}", difference.old_test);
                }
            }
        }
    }
    let same = found.results.iter().all(|it| matches!(it.sameness, Sameness::Identical | Sameness::Proved));
    assert!(found.differ() || same);
    lines
}

/// Edits, and every line that is told.
type Case<'t> = (&'t [(&'t str, &'t str)], &'t [&'t str]);

#[test]
fn changes_and_what_is_told() {
    let cases: &[Case] = &[
        (&[], &[]),
        // What gives the same.
        (&[("cite \"(b)\"", "cite \"(z)\"")], &[]),
        (
            &[("rule camp:", "rule summer_camp:")],
            &["promotion: rule camp: always -> -", "promotion: rule summer_camp: - -> always"],
        ),
        (&[("behind and level = low", "level = low and not (score >= limit)")], &["promotion proved"]),
        (&[("score < limit", "not (score >= limit)")], &["promotion proved", "behind proved"]),
        (&[("(count of absences where not excused) <= 5", "gap < 6")], &["present proved"]),
        (&[("fee * 2", "fee + fee")], &["grant proved"]),
        (
            &[
                ("line base = fee * 2\n  line charter", "line charter"),
                ("when school.charter", "when school.charter\n  line base = 2 * fee"),
            ],
            &["grant proved"],
        ),
        // What does not.
        (&[("score < limit", "score <= limit")], &["promotion: promoted -> retained", "behind: no -> yes"]),
        (&[("level = low", "level != high")], &["promotion: promoted -> retained"]),
        (&[("presumed no", "presumed yes")], &["promotion: retained -> promoted"]),
        (&[("<= 5", "<= 4")], &["present: met -> violated"]),
        (&[("fee * 2", "fee * 3")], &["grant: 2 (base 2) -> 3 (base 3)"]),
        (
            &[("line charter = $10", "line charters = $10")],
            &[
                "grant: line charter: always -> -",
                "grant: line charters: - -> always",
                "grant: 10 (charter 10) -> 10 (charters 10)",
            ],
        ),
        // Dates and parameters.
        (
            &[("from 2020-07-01: 10", "from 2020-07-01: 10\n  from 2030-01-01: 12")],
            &["limit: 10 -> 12 from 2030-01-01", "promotion: promoted -> retained", "behind: no -> yes"],
        ),
        (&[("G1: 2", "G1: 4")], &["cut(G1): 2 -> 4 from 2020-07-01"]),
        (&[("G1: 2", "G2: 2")], &["cut(G1): 2 -> 3 from 2020-07-01", "cut(G2): 3 -> 2 from 2020-07-01"]),
        (&[("otherwise: 3", "otherwise: 5")], &["cut(otherwise): 3 -> 5 from 2020-07-01"]),
        (
            &[("effective from 2020-07-01", "effective from 2021-07-01")],
            &[
                "reading: from 2020-07-01 -> from 2021-07-01",
                "promotion: promoted -> not_applicable",
                "present: met -> not_applicable",
                "grant: 0 -> not_applicable",
            ],
        ),
        (
            &[("rule behind_in_reading: retained", "rule behind_in_reading: retained from 2025-07-01")],
            &[
                "promotion: rule behind_in_reading: always -> from 2025-07-01",
                "promotion: retained -> promoted",
            ],
        ),
        // Names.
        (
            &[("requirement present", "requirement attendance")],
            &["renamed: requirement reading.present of Student -> requirement reading.attendance of Student"],
        ),
        (
            &[
                ("requirement present", "requirement attendance"),
                ("(count of absences where not excused) <= 5", "gap <= 5"),
            ],
            &["renamed: requirement reading.present of Student -> requirement reading.attendance of Student"],
        ),
        (
            &[("requirement present", "requirement attendance"), ("<= 5", "<= 4")],
            &[
                "only old: requirement reading.present of Student",
                "only new: requirement reading.attendance of Student",
            ],
        ),
        (&[("policy reading", "policy florida.reading"), ("<= 5", "<= 4")], &["present: met -> violated"]),
        // Another vocabulary.
        (&[("fee: money", "fee: money  extra: flag")], &["Student.extra: - -> flag"]),
        (
            &[("camp: flag?", "camp: flag"), ("camp presumed no", "camp")],
            &["Student.camp: flag? -> flag", "promotion proved"],
        ),
        (
            &[("score: count", "score: number"), ("behind of Student: flag", "behind of Student: flag")],
            &["Student.score: count -> number", "promotion proved", "behind proved"],
        ),
        (
            &[("low, middle, high", "low, middle, high, top")],
            &["category Level: low, middle, high -> low, middle, high, top", "promotion proved"],
        ),
        (
            &[("low, middle, high", "high, middle, low"), ("level = low", "level != high")],
            &["category Level: low, middle, high -> high, middle, low", "promotion: promoted -> retained"],
        ),
        (
            &[("low, middle, high", "low, middle"), ("level = low", "level != middle")],
            &["category Level: low, middle, high -> low, middle", "promotion proved"],
        ),
        (
            &[("camp: flag?", "summer: flag?"), ("camp presumed no", "summer presumed no")],
            &["Student.camp: flag? -> -", "Student.summer: - -> flag?", "promotion: retained -> promoted"],
        ),
        (
            &[("level: Level", "level: text"), ("level = low", "level = \"low\"")],
            &[
                "Student.level: Level -> text",
                "promotion not decided: `Student.level` is `Level` in the old version and `text` in the new",
            ],
        ),
        (
            &[("level: Level", "level: text"), (" and level = low", "")],
            &[
                "Student.level: Level -> text",
                "promotion not decided: `Student.level` is `Level` in the old version and `text` in the new",
            ],
        ),
        // Waivers.
        (
            &[("rule camp: promoted\n", "rule camp: promoted\n    waivable by \"principal\"\n")],
            &["promotion: rule camp: - -> principal", "promotion proved"],
        ),
    ];
    let mut wrong = Vec::new();
    for (edits, expected) in cases {
        let mut new = OLD.to_owned();
        for (from, to) in *edits {
            assert!(new.contains(from), "{from}");
            new = new.replacen(from, to, 1);
        }
        let lines = told(OLD, &new);
        let mut sorted: Vec<&str> = lines.iter().map(String::as_str).collect();
        let mut expected = expected.to_vec();
        sorted.sort_unstable();
        expected.sort_unstable();
        if sorted != expected {
            wrong.push(format!("{edits:?}\n  expected {expected:#?}\n  told {sorted:#?}"));
        }
        // The other way round the same declarations differ, and each test passes.
        told(&new, OLD);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_followed_is_the_same_where_both_read_it() {
    let old = r#"policy p { title "T" cite "§" }
record D { key id: text  region: text  pupils: count  share: percent  open: flag }
amount grant of D {
  cite "(a)"
  line base = $3 when share > 10%
  line more = $5 when open and (percent_rank of pupils among D as other where other.region = region and open) >= 0%
}
"#;
    let rank =
        "open and (percent_rank of pupils among D as other where other.region = region and open) >= 0%";
    assert_eq!(told(old, &old.replace(rank, &format!("not (not ({rank}))"))), ["grant proved"]);
    let found = versions(old, &old.replace("$5", "$6"));
    assert!(
        matches!(&found.results[0].sameness, Sameness::Differs(difference) if difference.old != difference.new),
        "{found:#?}"
    );
}
