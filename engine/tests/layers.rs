//! Layers of law: what districts and schools change of a state's law, for their records alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

use rubric_engine::db::Database;
use rubric_engine::diagnostic::Severity;
use rubric_engine::testing;

const STATE: &str = r#"
policy state {
  title "Promotion" authority state "Florida" cite "§ 1" effective from 2014-07-01 school_year starts july 1
}
ordered category Grade { G2, G3 }
category Subject { reading, math }
record District { key district_id: text }
record School { key school_id: text  district: District jurisdiction }
record Student {
  key student_id: text
  school: School jurisdiction
  grade: Grade
  level: count
  english_learner: flag
  attended_camp: flag
  iep: flag
  credits: count
  judged_on: date
}
record Enrollment { key enrollment_id: text  student: Student jurisdiction  days: count }
parameter passing_level: count, districts may raise, schools may raise { cite "(a)" from 2014-07-01: 2 }
parameter share by Subject: percent, districts may set { cite "(b)" from 2014-07-01 { reading: 50%  math: 40% } }
parameter tested: set of Subject, districts may set { cite "(c)" from 2014-07-01: reading }
define reads of Student: flag = level >= passing_level
define pull of Enrollment: percent = share(reading)
define before of Student: count = passing_level on 2025-06-30
define after of Student: count = passing_level on 2025-07-01
decision at_law of Student law on judged_on, districts may tighten {
  outcomes enough_then, not_then
  default not_then cite "(6)"
  rule reads_then: enough_then when level >= passing_level cite "(6)"
}
decision promotion of Student where grade = G3, districts may tighten, schools may tighten {
  outcomes promoted, promoted_for_good_cause, retained
  default retained cite "(5)"
  rule reads_at_level: promoted when reads cite "(5)(b)"
  rule english_learner: promoted_for_good_cause when english_learner subject to reads_at_level cite "(6)1"
  rule test_not_appropriate fixed: promoted_for_good_cause when iep notwithstanding reads_at_level cite "(6)2"
}
requirement enough of Student, districts may tighten, districts may relax {
  cite "§ 7"
  must credits: credits >= 5
}
requirement strict of Student, districts may replace {
  cite "§ 8"
  must credits: credits >= 5
  except camp when attended_camp
}
amount aid of Student, districts may replace {
  cite "§ 9"
  line base = $100
  line extra = $10 when english_learner
}
fixture child {
  as of 2026-06-01
  District dade { }
  District broward { }
  School d1 { district: dade }
  School d2 { district: dade }
  School b1 { district: broward }
  Student ana { school: d1  grade: G3  level: 2  english_learner: no  attended_camp: no  iep: no  credits: 5 }
  Student ben like ana { school: d2 }
  Student cy like ana { school: b1 }
}
"#;

const DADE: &str = r#"
policy dade {
  title "Dade" authority district "dade" under state cite "board policy 1" effective from 2025-07-01
}
amend parameter passing_level { cite "B-1" from 2025-07-01: 3 }
amend parameter share { cite "B-2" from 2025-07-01 { math: 45% } }
amend parameter tested { cite "B-3" from 2025-07-01: reading, math }
amend decision promotion {
  rule no_camp: retained
    when english_learner and not attended_camp
    subject to reads_at_level
    notwithstanding english_learner
    cite "B-4"
}
amend decision at_law {
  rule camp_then: not_then when not attended_camp notwithstanding reads_then from 2026-01-01 cite "B-11"
}
amend requirement enough {
  must camp: attended_camp cite "B-5"
  except iep when iep cite "B-6"
}
amend requirement strict {
  must credits: credits >= 6 cite "B-7"
  except camp when attended_camp and iep cite "B-8"
}
amend amount aid {
  line base = $120 cite "B-9"
  line camp = $5 when attended_camp cite "B-10"
}
"#;

fn database(files: &[(&str, &str)]) -> Database {
    let mut db = Database::default();
    for (path, text) in files {
        db.set_text(path, Some(text));
    }
    db
}

/// The files say nothing wrong, and all their tests pass; how many these are.
fn passes(files: &[(&str, &str)]) -> usize {
    let mut db = database(files);
    for (path, text) in files {
        let file = db.set_text(path, Some(text));
        for diagnostic in db.diagnostics(file) {
            let place = diagnostic.place().and_then(|place| db.source(place)).unwrap_or_default();
            assert!(
                diagnostic.severity != Severity::Error,
                "{path}: {} {} at `{place}`: {:?}",
                diagnostic.code,
                diagnostic.message,
                diagnostic.help
            );
        }
    }
    let plan = db.plan();
    for test in &plan.tests {
        let report = testing::run(&plan, test);
        assert!(report.passed, "{}: {:#?}", report.title, report.failures);
    }
    plan.tests.len()
}

/// The errors of all files, each with its code and the text that it stands at.
fn errors(files: &[(&str, &str)]) -> Vec<String> {
    let mut db = database(files);
    let mut found = Vec::new();
    for (path, text) in files {
        let file = db.set_text(path, Some(text));
        let bad = db.diagnostics(file).into_iter().filter(|it| it.severity == Severity::Error);
        found.extend(bad.map(|it| {
            let place = it.place().and_then(|place| db.source(place)).unwrap_or_default();
            format!("{} at `{place}`: {}; {}", it.code, it.message, it.help.unwrap_or_default())
        }));
    }
    found
}

#[test]
fn each_district_has_its_own_law() {
    let dade = format!(
        "{DADE}\n{}",
        r#"
        test "the level is raised in the district alone" from child {
          expect ana.promotion = retained by default
          expect cy.promotion = promoted by reads_at_level
          expect ana.reads = no
          expect cy.reads = yes
          expect passing_level = 3
        }
        test "before the amendment begins nobody's is" from child {
          as of 2025-06-01
          expect ana.promotion = promoted by reads_at_level
          expect cy.promotion = promoted by reads_at_level
          expect passing_level = 2
        }
        test "a rule is added in the district alone" from child {
          Student ana { english_learner: yes }
          Student cy { english_learner: yes  level: 1 }
          expect ana.promotion = retained by no_camp
          expect cy.promotion = promoted_for_good_cause by english_learner
        }
        test "what is fixed decides whatever is added" from child {
          Student ana { english_learner: yes  iep: yes }
          expect ana.promotion = promoted_for_good_cause by test_not_appropriate
        }
        test "whose the child is has to be known where it matters" from child {
          Student ana { school: unknown }
          expect ana.promotion = undetermined needs school
          expect ana.reads = unknown
        }
        test "and only there" from child {
          as of 2025-06-01
          Student ana { school: unknown }
          Student ben { school: unknown  level: 1 }
          expect ana.promotion = promoted by reads_at_level
          expect ben.promotion = retained
        }
        test "a parameter that is fixed is fixed for all" from child {
          given passing_level = 1
          Student ana { level: 1 }
          Student cy { level: 1 }
          expect ana.promotion = promoted
          expect cy.promotion = promoted
        }
        test "musts and excepts are added in the district alone" from child {
          expect ana.enough = violated by camp
          expect cy.enough = met
        }
        test "an except that is added excuses in the district alone" from child {
          Student ana { credits: 4  iep: yes }
          Student cy { credits: 4  iep: yes }
          expect ana.enough = excepted by iep
          expect cy.enough = violated by credits
        }
        test "of one label the district's stands in place of the state's" from child {
          expect ana.strict = violated by credits
          expect cy.strict = met
        }
        test "that of an except too" from child {
          Student ana { credits: 1  attended_camp: yes }
          Student cy { credits: 1  attended_camp: yes }
          expect ana.strict = violated by credits
          expect cy.strict = excepted by camp
        }
        test "lines are replaced and added in the district alone" from child {
          Student ana { attended_camp: yes }
          Student cy { attended_camp: yes }
          expect ana.aid = $125
          expect ana.aid.base = $120
          expect ana.aid.camp = $5
          expect cy.aid = $100
          expect cy.aid.camp = $0
        }
        test "an amendment has its days under the law of any day" from child {
          Student ana { judged_on: 2025-06-30 }
          Student ben { judged_on: 2025-07-01 }
          Student cy { judged_on: 2026-01-01 }
          expect ana.at_law = enough_then by reads_then
          expect ben.at_law = not_then by default
          expect cy.at_law = enough_then
          expect ana.before = 2
          expect ana.after = 3
          expect cy.after = 2
        }
        test "its rules too" from child {
          Student ana { judged_on: 2025-12-31  level: 3 }
          Student ben { judged_on: 2026-01-01  level: 3 }
          expect ana.at_law = enough_then
          expect ben.at_law = not_then by camp_then
        }
        test "a row further away says whose it is" from child {
          Enrollment e { student: ana  days: 1 }
          expect e.pull = 50%
        }
        "#
    );
    assert_eq!(passes(&[("state.rubric", STATE), ("dade.rubric", &dade)]), 15);
}

const SCHOOL: &str = r#"
policy charter {
  title "Charter" authority school "d1" under dade cite "charter" effective from 2025-07-01
}
amend parameter passing_level { cite "C-1" from 2025-08-01: 4 }
amend decision promotion {
  default promoted cite "C-2"
  rule few: retained when credits < 3 subject to reads_at_level notwithstanding no_camp, english_learner cite "C-3"
}
"#;

#[test]
fn a_school_amends_the_law_of_its_district() {
    let state = STATE
        .replace("iep: no  credits: 5 }", "iep: no  credits: 5 }\n  Student dot like ana { school: d2 }");
    let state = state.replace("schools may tighten {", "schools may replace {");
    let charter = format!(
        "{SCHOOL}\n{}",
        r#"
        use state
        test "the level is that of the school, of the district, of the state" from child {
          Student ana { level: 3 }
          Student ben { level: 3 }
          Student cy { level: 2 }
          expect ana.reads = no
          expect ben.reads = yes
          expect cy.reads = yes
          expect passing_level = 4
        }
        test "the default of the school stands in place of the state's" from child {
          Student ana { level: 1 }
          Student dot { level: 1 }
          expect ana.promotion = promoted by default
          expect dot.promotion = retained by default
        }
        test "any rule overrides it" from child {
          Student ana { level: 1  credits: 2 }
          expect ana.promotion = retained by few
        }
        test "those of the district above too" from child {
          Student ana { level: 1  english_learner: yes }
          Student dot { level: 1  english_learner: yes  credits: 1 }
          expect ana.promotion = retained by no_camp
          expect dot.promotion = retained by no_camp
        }
        test "a rule of the school overrides one of the district" from child {
          Student ana { level: 1  english_learner: yes  credits: 1 }
          expect ana.promotion = retained by few
        }
        test "the state's fixed rule still decides" from child {
          Student ana { level: 1  english_learner: yes  credits: 1  iep: yes }
          expect ana.promotion = promoted_for_good_cause by test_not_appropriate
        }
        test "of two policies of one authority chain each begins on its own day" from child {
          as of 2025-07-15
          Student ana { level: 3 }
          expect ana.reads = yes
          expect passing_level = 3
        }
        "#
    );
    let files =
        [("state.rubric", state.as_str()), ("dade.rubric", DADE), ("charter.rubric", charter.as_str())];
    assert_eq!(passes(&files), 7);
}

const DOC: &str = r#"
policy broward {
  title "Broward" authority district "broward" under state cite "C" effective from 2025-07-01
}
amend decision promotion {
  default promoted_for_good_cause cite "C-1"
  rule no_camp: retained when not attended_camp and credits < 5 subject to reads_at_level notwithstanding english_learner cite "C-2"
}
decision award of Student {
  outcomes yes_award, no_award
  default no_award cite "C-3"
  rule reader: yes_award when level >= passing_level cite "C-4"
}
"#;

#[test]
fn labels_of_two_districts_do_not_meet() {
    let broward = format!(
        "{DOC}\n{}",
        r#"
        test "each district's rule has its own name in results" from child {
          Student ana { level: 1  english_learner: yes }
          Student cy { level: 1  credits: 4 }
          expect ana.promotion = retained by no_camp
          expect cy.promotion = retained by no_camp
        }
        test "what a district decides itself is for its own" from child {
          Student cy { level: 1 }
          expect cy.promotion = promoted_for_good_cause by default
          expect cy.award = no_award
          expect ana.award = not_applicable
        }
        "#
    );
    // A default of the district's own promotes, which is no tightening.
    let state = STATE.replace("= G3, districts may tighten, ", "= G3, districts may replace, ");
    let files =
        [("state.rubric", state.as_str()), ("dade.rubric", DADE), ("broward.rubric", broward.as_str())];
    assert_eq!(passes(&files), 2);
    let mut db = database(&files);
    let plan = db.plan();
    let promotion = |plan: &rubric_engine::plan::Plan| {
        let position = plan.symbols.decisions.iter().position(|it| it.name == "promotion").unwrap();
        let body = &plan.decisions[&u32::try_from(position).unwrap()];
        body.rules.iter().map(|rule| rule.label.to_string()).collect::<Vec<String>>()
    };
    let labels = promotion(&plan);
    assert_eq!(
        labels,
        [
            "reads_at_level",
            "english_learner",
            "test_not_appropriate",
            "broward.no_camp",
            "default",
            "dade.no_camp"
        ]
    );
    let without = db.set_text("broward.rubric", None);
    assert!(db.diagnostics(without).is_empty());
    assert_eq!(promotion(&db.plan())[3], "no_camp");
}

#[test]
fn mistakes_are_told_once_and_teach() {
    let header = "policy dade { title \"D\" authority district \"dade\" under state cite \"b\" effective from 2025-07-01 }\n";
    let cases = [
        (
            "amend parameter passing_level { from 2025-07-01: 1 }",
            "wrong-direction at `from 2025-07-01: 1`: districts may raise `passing_level`, and from 2025-07-01 on this lowers it from 2 to 1",
        ),
        (
            "amend parameter passing_level { from 2025-07-01 until 2026-07-01: 3  from 2026-07-01: 1 }",
            "wrong-direction at `from 2026-07-01: 1`: districts may raise `passing_level`, and from 2026-07-01 on this lowers it from 2 to 1",
        ),
        (
            "amend parameter passing_levl { from 2025-07-01: 3 }",
            "amends-nothing at `passing_levl`: no policy above this one declares a parameter `passing_levl`; did you mean `passing_level`?",
        ),
        (
            "amend decision passing_level { }",
            "amends-nothing at `passing_level`: `passing_level` is no decision but a parameter; write `amend parameter passing_level`",
        ),
        ("amend parameter passing_level: number { from 2025-07-01: 3 }", "not-amendable at `number`"),
        ("amend parameter passing_level { from 2025-07-01: 3  from 2025-07-01: 4 }", "parameter-overlap at"),
        (
            "amend parameter passing_level { from 2025-07-01: 3 }\namend parameter passing_level { from 2026-07-01: 4 }",
            "amended-twice at `passing_level`",
        ),
        ("amend parameter share { from 2025-07-01 until 2025-07-01 { math: 45% } }", "bad-interval at"),
        (
            "amend parameter share { from 2020-07-01 until 2025-01-01 { math: 45% } }",
            "bad-interval at `from 2020-07-01 until 2025-01-01`: this is never in force while this policy and `state` are",
        ),
        ("amend decision promotion { outcomes promoted, retained }", "not-amendable at"),
        (
            "amend decision promotion { rule x: retained when iep notwithstanding test_not_appropriate cite \"1\" }",
            "fixed-overridden at `test_not_appropriate`",
        ),
        (
            "amend decision promotion { rule x: retained when iep notwithstanding nothing cite \"1\" }",
            "unknown-label at `nothing`",
        ),
        (
            "amend decision promotion { rule reads_at_level: retained when iep cite \"1\" }",
            "duplicate-label at `reads_at_level`",
        ),
        (
            "amend decision promotion { rule x: retained when iep subject to reads_at_level notwithstanding reads_at_level cite \"1\" }",
            "override-cycle at",
        ),
        (
            "amend decision promotion { rule x: retained when iep cite \"1\" rule y: retained when iep subject to x notwithstanding x cite \"1\" }",
            "override-cycle at",
        ),
        ("amend decision promotion { rule x: kept when iep cite \"1\" }", "unknown-outcome at `kept`"),
        ("amend requirement strict, schools may replace { must more: credits > 7 cite \"1\" }", ""),
        (
            "amend requirement enough, schools may replace { must more: credits > 7 cite \"1\" }",
            "bad-grant at `, schools may replace`",
        ),
        ("amend requirement enough { must credits: credits > 7 cite \"1\" }", "missing-grant at"),
        ("amend requirement enough { must be unique by school }", "not-amendable at"),
        ("amend requirement enough { due as_of must x: iep }", "not-amendable at"),
        (
            "amend amount aid { line base = $1 at most $3 }",
            "not-amendable at `base`: of `base` here and above only one has `at most`",
        ),
        ("amend amount aid { line more = $1 subject to extra }", "not-amendable at `more`"),
        ("amend amount aid = $3", "not-amendable at `$3`"),
    ];
    for (text, expected) in cases {
        let found = errors(&[("state.rubric", STATE), ("dade.rubric", &format!("{header}{text}"))]);
        if expected.is_empty() {
            assert!(found.is_empty(), "{text}: {found:#?}");
            continue;
        }
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:#?}");
    }
    // What is wrong above.
    for (from, to, dade, expected) in [
        (
            ", districts may raise, schools may raise",
            "",
            "amend parameter passing_level { from 2025-07-01: 3 }",
            "missing-grant at `passing_level`: `passing_level` is fixed for districts: nobody granted to change it; it would have to be granted above, in `state`: `, districts may raise` before the `{` of `parameter passing_level`",
        ),
        (
            ", districts may raise, schools may raise",
            "",
            "amend parameter passing_level { from 2025-07-01: 1 }",
            "missing-grant at `passing_level`: `passing_level` is fixed for districts: nobody granted to change it; it would have to be granted above, in `state`: `, districts may lower` before",
        ),
        (
            "districts may tighten, schools may tighten",
            "schools may tighten",
            "amend decision promotion { rule x: retained when iep cite \"1\" }",
            "missing-grant at `promotion`",
        ),
        (
            "districts may raise, schools",
            "districts may tighten, schools",
            "",
            "bad-grant at `, districts may tighten`: nobody can be granted to `tighten` a parameter",
        ),
        (
            "districts may raise, schools",
            "states may raise, schools",
            "",
            "bad-grant at `, states may raise`: `states` do not stand under a state policy",
        ),
        (
            "share by Subject: percent, districts may set",
            "share by Subject: percent, districts may sett",
            "",
            "bad-grant at `, districts may sett`",
        ),
        (
            "set of Subject, districts may set",
            "set of Subject, districts may raise",
            "",
            "bad-grant at `, districts may raise`: the values of `tested` have no order",
        ),
        ("outcomes promoted,", "outcomes in any order promoted,", "", ""),
        (
            "define reads of Student: flag = level >= passing_level",
            "define reads of Student: flag = level >= passing_level define cut: count = passing_level",
            "",
            "no-jurisdiction at `passing_level`: `passing_level` may differ from district to district, and no row is meant here",
        ),
        (
            "credits: count\n",
            "credits: count\n district: District jurisdiction\n",
            "",
            "bad-jurisdiction at `district`: a `Student` says twice whose it is",
        ),
        ("student: Student jurisdiction", "student: Student", "", "no-jurisdiction at `share(reading)`"),
    ] {
        assert!(STATE.contains(from), "{from}");
        let state = STATE.replace(from, to);
        let found = errors(&[("state.rubric", &state), ("dade.rubric", &format!("{header}{dade}"))]);
        if !expected.is_empty() {
            assert!(found.len() == 1 && found[0].starts_with(expected), "{from} -> {to}: {found:#?}");
        }
    }
}

#[test]
fn whom_a_policy_amends_stands_in_its_header() {
    for (header, expected) in [
        (
            "authority district \"dade\"",
            "amends-not-above at `passing_level`: `passing_level` is of `state`, and this policy does not stand under that; say in the header that it does: `authority district \"dade\" under state`, or under a policy that does",
        ),
        (
            "",
            "amends-not-above at `passing_level`: `passing_level` is of `state`, and this policy does not stand under that; say in the header whose this policy is",
        ),
        ("authority district under state", "bad-authority at"),
    ] {
        let text = format!(
            "policy dade {{ title \"D\" {header} cite \"b\" }}\namend parameter passing_level {{ from 2025-07-01: 3 }}"
        );
        let mut found = errors(&[("state.rubric", STATE), ("dade.rubric", &text)]);
        found.dedup();
        assert!(found.len() == 1 && found[0].starts_with(expected), "{header}: {found:#?}");
    }
    let twin = DADE.replace("policy dade", "policy dade_too");
    let found = errors(&[("state.rubric", STATE), ("dade.rubric", DADE), ("dade_too.rubric", &twin)]);
    assert!(found.iter().all(|it| it.starts_with("amended-twice")) && found.len() == 8, "{found:#?}");
}

#[test]
fn an_explanation_says_by_whose_rule() {
    let test = r#"
test "a record" from child {
  Student ana { english_learner: yes  level: 1  attended_camp: no }
  Student cy { english_learner: yes  level: 1 }
  expect ana.promotion = retained
  expect cy.promotion = retained
  expect ana.enough = met
  expect ana.strict = met
  expect cy.strict = met
  expect ana.aid = $130
}"#;
    let dade = format!("{DADE}\n{test}");
    let db = database(&[("state.rubric", STATE), ("dade.rubric", &dade), ("broward.rubric", DOC)]);
    let plan = db.plan();
    let source = |place| db.source(place);
    let mut told = String::new();
    for explanation in testing::explain(&plan, &plan.tests[0], &source).unwrap() {
        told.push_str(&format!("{}: {}\n", explanation.title, explanation.result));
        steps(&explanation.steps, 1, &mut told);
    }
    insta::assert_snapshot!(told);
}

fn steps(all: &[rubric_engine::evaluate::Step], depth: usize, out: &mut String) {
    for step in all {
        let layer = step.layer.as_ref().map_or_else(String::new, |layer| {
            format!(" by {} in {}", layer.authority.as_deref().unwrap_or("nobody"), layer.policy)
        });
        let cites = step.cites.join(", ");
        out.push_str(&format!("{}{}: {}{layer} [{cites}]\n", "  ".repeat(depth), step.text, step.state));
        steps(&step.steps, depth + 1, out);
    }
}

#[test]
fn the_example_of_the_reference_holds() {
    let reference = include_str!("../../docs/language.md");
    let section = reference.split("\n## Layers: `amend`\n").nth(1).unwrap();
    let blocks: Vec<&str> =
        section.split("```rubric\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [state, district] = *blocks else { panic!("{} examples", blocks.len()) };
    assert_eq!(passes(&[("florida/promotion.rubric", state), ("dade/progression.rubric", district)]), 3);
}

#[test]
fn the_law_of_the_parent_can_be_asked() {
    let test = r#"
test "as the state has it" from child {
  Student ben { level: 1  english_learner: yes }
  expect ana.promotion = promoted by reads_at_level
  expect ben.promotion = promoted_for_good_cause by english_learner
  expect ana.enough = met
}"#;
    let state = STATE.replace("schools may tighten {", "schools may replace {");
    let dade = format!("{DADE}\n{test}");
    let db = database(&[("state.rubric", &state), ("dade.rubric", &dade), ("charter.rubric", SCHOOL)]);
    let plan = db.plan();
    let policy = |name: &str| {
        let position = plan.symbols.policies.iter().position(|it| it.name == name).unwrap();
        rubric_engine::plan::PolicyId(u32::try_from(position).unwrap())
    };
    let report = testing::run(&plan, &plan.tests[0]);
    assert_eq!(report.failures.len(), 3, "{:#?}", report.failures);
    // What a school amends of the district's law goes with it.
    let report = testing::run(&rubric_engine::layer::without(&plan, policy("dade")), &plan.tests[0]);
    assert!(report.passed, "{:#?}", report.failures);
    // Without the school alone the district's law holds for its children: two differ from the state's as above.
    let report = testing::run(&rubric_engine::layer::without(&plan, policy("charter")), &plan.tests[0]);
    assert_eq!(report.failures.len(), 3, "{:#?}", report.failures);
}

#[test]
fn a_must_that_is_added_is_asked_from_its_day_on_in_proofs_too() {
    let promise =
        r#"assert (enough is met and school.district.district_id = "dade") implies attended_camp or iep"#;
    let said =
        |dade: &str| errors(&[("state.rubric", STATE), ("dade.rubric", &format!("{dade}\n{promise}"))]);
    assert_eq!(said(DADE), [""; 0]);
    // Before the amendment begins nobody is asked for the camp.
    let later = DADE.replace("amend requirement enough {", "amend requirement enough {\n  from 2026-01-01");
    assert_ne!(later, DADE);
    let found = said(&later);
    assert!(found.len() == 1 && found[0].starts_with("assertion-fails"), "{found:#?}");
}
