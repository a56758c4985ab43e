//! Assertions: what they are about, and what cannot be promised.

use std::fmt::Write as _;

use crate::db::Database;
use crate::diagnostic::Severity;
use crate::plan::{Claim, Fact};

const DECLARED: &str = r#"
    ordered category Level { low, middle, high }
    decision promotion of Student { outcomes promoted, retained cite "c" default retained }
    decision colour of Student { outcomes red, blue in any order cite "c" default red }
    requirement old of Student { cite "c" must gpa > 1 }
    amount pay of Student { cite "c" line base = aid line more = $1 when english_learner }
    define half of Student: number = present / 2
    define tripled(n: number) of Student: number = n * 3
    define nowhere: number = 3
    define diligent of Student: flag = present > 3
"#;

/// The claim and the record of each assertion, or what is wrong with it.
fn said(assertion: &str) -> String {
    let mut db = Database::default();
    let text = format!("{}{DECLARED}{assertion}", super::VOCABULARY);
    let file = db.set_text("test.rubric", Some(&text));
    let mut out = String::new();
    for diagnostic in db.diagnostics(file) {
        if diagnostic.code == "assertion-open" || diagnostic.severity == Severity::Error {
            let at = diagnostic.place().and_then(|place| db.source(place)).unwrap_or_default();
            writeln!(out, "  {} at `{at}`: {}", diagnostic.code, diagnostic.message).unwrap();
            if let Some(help) = diagnostic.help.filter(|_| diagnostic.severity == Severity::Error) {
                writeln!(out, "    help: {help}").unwrap();
            }
        }
    }
    let plan = db.plan();
    let name = |fact: Fact| fact.name(&plan.symbols);
    for assert in &plan.asserts {
        match &assert.claim {
            Claim::NeverDepends { subject, never } => {
                let never: Vec<String> = never.iter().map(|(fact, _)| name(*fact)).collect();
                writeln!(out, "  {} never depends on {}", name(*subject), never.join(", ")).unwrap();
            }
            Claim::NeverWorsens { decision, moved, rises, .. } => {
                let direction = if *rises { "rises" } else { "falls" };
                let decision = name(Fact::Decision(*decision));
                writeln!(out, "  {decision} never worsens as {} {direction}", name(*moved)).unwrap();
            }
            Claim::Holds(promise) => {
                let of = plan.symbols.record(promise.of).map_or("", |record| record.name.as_str());
                let subject = promise.subject.map(name).unwrap_or_default();
                let at = |id| {
                    let place = promise.code.get(id).map(|expr| expr.place);
                    place.and_then(|place| db.source(place)).unwrap_or_default()
                };
                let premise = promise.premise.map(at).unwrap_or_default();
                let sides = promise.sides.map(|(a, b)| format!("{} | {}", at(a), at(b))).unwrap_or_default();
                let holds = at(promise.holds);
                writeln!(out, "  {of}: [{subject}] [{premise}] [{holds}] [{sides}]").unwrap();
            }
        }
    }
    out
}

#[test]
fn assertions_lower_to_what_they_promise() {
    let cases = [
        "assert promotion never depends on present, Result",
        "assert promotion never worsens as present rises",
        "assert promotion never worsens as half falls",
        "assert promotion never worsens as english_learner rises",
        "assert pay is at least $0",
        "assert pay.base is at most aid",
        "assert half is at least 0",
        "assert tripled(half) is at least half",
        "assert diligent implies present > 3",
        "assert (promotion = promoted) implies (old is met)",
        "assert (old is met and gpa > 2) implies diligent",
        "assert (present > 3) implies diligent",
    ];
    let all: String = cases.iter().map(|case| format!("{case}\n{}", said(case))).collect();
    assert!(all.matches(": ").count() >= cases.len() - 1, "{all}");
    insta::assert_snapshot!(all);
}

#[test]
fn mistakes_in_assertions() {
    let cases = [
        "assert colour never worsens as present rises",
        "assert pay never worsens as present rises",
        "assert promotion never worsens as student_id rises",
        "assert promotion never worsens as nothing rises",
        "assert promotion never worsens as results rises",
        "assert promotion never worsens as Result.level rises",
        "assert promotion never worsens as tripled rises",
        "assert promotion is at least promoted",
        "assert pay is at least 3",
        "assert pay is at least promoted",
        "assert nowhere is at least 0",
        "assert nobody is at least 0",
        "assert pay.bas is at least $0",
        "assert half implies diligent",
        "assert diligent implies half",
        "assert (present > 3) implies (gpa > 2)",
        "assert old implies diligent",
    ];
    let mut all = String::new();
    for case in cases {
        let said = said(case);
        let messages = said.lines().filter(|line| !line.starts_with("    ")).count();
        assert_eq!(messages, 1, "{case}: {said}");
        all.push_str(&format!("{case}\n{said}"));
    }
    insta::assert_snapshot!(all);
}
