//! A state with the amendments of three districts, run as one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rubric_tests::Sandbox;
use serde_json::Value;

use crate::sandbox;

const DISTRICTS: [&str; 3] = [
    "districts.brackwater.progression",
    "districts.corbel_point.progression",
    "districts.tern_island.progression",
];

/// Children of grade 3 in four districts and in none: one who reads at level 2, an English learner who was not at the
/// camp, one with a portfolio of the end of May, one who reads at level 1.
fn state() -> Sandbox {
    let mut students = "student_unique_id,birth_date,district,portfolio_submitted,portfolio_at_level_2,us_school_entry,attended_summer_camp,portfolio_received\n".to_owned();
    let mut stays =
        "student_unique_id,school_id,entry_date,entry_grade_level,repeat_grade_indicator\n".to_owned();
    let mut about = "student_unique_id,education_organization_id,limited_english_proficiency\n".to_owned();
    let mut sittings = "assessment_identifier,namespace,student_unique_id,student_assessment_identifier,administration_date\n".to_owned();
    let mut scores = "assessment_identifier,namespace,student_unique_id,student_assessment_identifier,assessment_reporting_method,result\n".to_owned();
    for (place, district) in
        ["brackwater", "corbel_point", "tern_island", "elsewhere", ""].into_iter().enumerate()
    {
        for (kind, more, language, level) in [
            ("reader", "no,,,no,", "Not Limited", 2),
            ("learner", "no,,2023-01-09,no,", "Limited", 1),
            ("portfolio", "yes,yes,,no,2024-05-30", "Not Limited", 1),
            ("retained", "no,,,no,", "Not Limited", 1),
        ] {
            let id = format!("{kind}-{place}");
            let language = language.replace(' ', "");
            let _ = writeln!(students, "{id},2015-03-01,{district},{more}");
            let _ = writeln!(stays, "{id},s1,2023-08-14,03,no");
            let _ = writeln!(about, "{id},e1,{language}");
            let _ = writeln!(sittings, "state,example,{id},1,2024-05-06");
            let _ = writeln!(scores, "state,example,{id},1,Proficiency level,{level}");
        }
    }
    sandbox()
        .with("rubric.toml", "[project]\nname = \"state\"\n")
        .with("data/Student.csv", &students)
        .with("data/StudentSchoolAssociation.csv", &stays)
        .with("data/StudentEducationOrganizationAssociation.csv", &about)
        .with("data/StudentAssessment.csv", &sittings)
        .with("data/StudentAssessmentScoreResult.csv", &scores)
        .with(
            "data/Assessment.csv",
            "assessment_identifier,namespace,assessment_title,assessment_category,academic_subject,assessed_grade_level,alternative_reading_test\n\
             state,example,Reading,State summative assessment 3-8 general,English Language Arts,03,\n",
        )
        .with("data/LocalEducationAgency.csv", "local_education_agency_id,name_of_institution\nbrackwater,B\ncorbel_point,C\ntern_island,T\nelsewhere,E\n")
        .with("data/StudentSpecialEducationProgramAssociation.csv", "student_unique_id,education_organization_id,program_name,program_type,begin_date\n")
        .with(
            "data/StudentSection504ProgramAssociation.csv",
            "student_unique_id,education_organization_id,program_name,program_type,begin_date,section_504_eligibility\n",
        )
        .with("data/StudentReadingIntervention.csv", "student_unique_id,begin_date\n")
}

/// By student: the outcome and by what.
fn promotions(project: &Sandbox, policies: &[&str], more: &[&str]) -> BTreeMap<String, (String, String)> {
    let _ = std::fs::remove_dir_all(project.path().join("out"));
    let mut arguments = vec!["run", "florida.grade_3_promotion"];
    arguments.extend(policies);
    arguments.extend([
        "--data",
        "data",
        "--as-of",
        "2024-06-03",
        "--out",
        "out",
        "--format",
        "jsonl",
        "--quiet",
    ]);
    arguments.extend(more);
    let ran = project.run(&arguments);
    assert_eq!(ran.status, Some(0), "{ran}");
    let text = project.read("out/Student.jsonl");
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        (word("student_unique_id"), (word("promotion"), row["promotion.by"].to_string()))
    };
    text.lines().map(row).collect()
}

#[test]
fn only_the_students_of_a_district_change_and_both_engines_agree() {
    let project = state();
    let before = promotions(&project, &[], &[]);
    assert_eq!(before.len(), 20);
    let after = promotions(&project, &DISTRICTS, &[]);
    assert_eq!(after, promotions(&project, &DISTRICTS, &["--engine", "evaluator"]));
    let changed: BTreeMap<&String, (&str, &str)> = after
        .iter()
        .filter(|(student, result)| before.get(*student) != Some(result))
        .map(|(student, (outcome, by))| (student, (outcome.as_str(), by.as_str())))
        .collect();
    let expected = [
        ("learner-1", "retained", "no_summer_camp"),
        ("portfolio-2", "retained", "portfolio_too_late"),
        ("reader-0", "retained", "default"),
    ];
    assert_eq!(changed.len(), expected.len(), "{changed:?}");
    for (student, outcome, by) in expected {
        let found = changed[&student.to_owned()];
        assert!(found.0 == outcome && found.1.contains(by), "{student}: {found:?}");
    }
    // One district alone changes its own alone.
    let one = promotions(&project, &DISTRICTS[..1], &[]);
    let changed: Vec<&String> = one
        .iter()
        .filter(|(student, result)| before.get(*student) != Some(result))
        .map(|(it, _)| it)
        .collect();
    assert_eq!(changed, ["reader-0"]);
}

#[test]
fn an_explanation_says_whose_rule_decided() {
    let project = state();
    let told = |student: &str, format: &str| {
        let mut arguments = vec!["explain", DISTRICTS[1], student, "--data", "data", "--as-of", "2024-06-03"];
        arguments.extend(["--format", format]);
        let ran = project.run(&arguments);
        assert_eq!(ran.status, Some(0), "{ran}");
        ran.stdout
    };
    let text = told("learner-1", "full");
    assert!(text.contains("rule no_summer_camp: retained: decided"), "{text}");
    assert!(text.contains("by district \"corbel_point\""), "{text}");
    assert!(text.contains("by state \"Florida\""), "{text}");
    // What a district adds is not told of other children, nor by whom it is told where all is the state's.
    let text = told("learner-3", "full");
    assert!(!text.contains("no_summer_camp") && !text.contains("by state"), "{text}");
    let report: Value = serde_json::from_str(&told("learner-1", "json")).unwrap();
    let steps = report["explanations"][0]["steps"].as_array().unwrap();
    let layer = |rule: &str| {
        let step = steps.iter().find(|step| step["text"].as_str().unwrap().starts_with(rule)).unwrap();
        step["layer"].clone()
    };
    assert_eq!(
        layer("rule no_summer_camp"),
        serde_json::json!({ "authority": "district \"corbel_point\"", "policy": DISTRICTS[1] })
    );
    assert_eq!(
        layer("rule portfolio"),
        serde_json::json!({ "authority": "state \"Florida\"", "policy": "florida.grade_3_promotion" })
    );
}

/// Four layers: a federal floor, what a state and a district raise it to, and what a school may still raise.
const FEDERAL: &str = r#"policy nation.minutes {
  title "Minutes of reading"
  authority federal "Nation"
  cite "20 U.S.C. § 1"
  effective from 2020-07-01
}
record State { key state_id: text }
record District { key district_id: text  state: State jurisdiction }
record School { key school_id: text  district: District jurisdiction }
record Student { key student_id: text  school: School jurisdiction  minutes: count }
parameter reading_minutes: count, states may raise { cite "(a)" from 2020-07-01: 60 }
decision reads_enough of Student {
  outcomes enough, too_little
  default too_little cite "(b)"
  rule long_enough: enough when minutes >= reading_minutes cite "(b)"
}
"#;

fn amending(name: &str, authority: &str, under: &str, amend: &str) -> String {
    format!(
        "policy {name} {{\n  title \"{name}\"\n  authority {authority} under {under}\n  cite \"1\"\n  effective from 2020-07-01\n}}\n{amend}\n"
    )
}

/// A project of the four layers, in which the district and the school set these minutes.
fn four_layers(district: u32, school: &str) -> Sandbox {
    let state = "amend parameter reading_minutes, districts may raise { from 2020-07-01: 75 }";
    let district =
        format!("amend parameter reading_minutes, schools may raise {{ from 2020-07-01: {district} }}");
    sandbox()
        .with("rubric.toml", "[project]\nname = \"layers\"\n")
        .with("nation.rubric", FEDERAL)
        .with("mesa.rubric", &amending("mesa.minutes", "state \"MESA\"", "nation.minutes", state))
        .with("alder.rubric", &amending("alder.minutes", "district \"13\"", "mesa.minutes", &district))
        .with("elm.rubric", &amending("elm.minutes", "school \"elm\"", "alder.minutes", school))
        .with("data/State.csv", "state_id\nMESA\nOTHER\n")
        .with("data/District.csv", "district_id,state\n13,MESA\n06,MESA\n99,OTHER\n")
        .with("data/School.csv", "school_id,district\nelm,13\noak,13\nash,06\nfir,99\n")
        .with(
            "data/Student.csv",
            "student_id,school,minutes\nelm-100,elm,100\nelm-95,elm,95\noak-95,oak,95\noak-80,oak,80\nash-80,ash,80\nash-70,ash,70\nfir-70,fir,70\nfir-59,fir,59\n",
        )
}

#[test]
fn four_layers_each_raise_what_the_one_above_allows() {
    let project = four_layers(90, "amend parameter reading_minutes { from 2020-07-01: 100 }");
    let mut told = BTreeMap::new();
    for engine in ["columns", "evaluator"] {
        let _ = std::fs::remove_dir_all(project.path().join("out"));
        let ran = project.run(&[
            "run",
            "nation.minutes",
            "--data",
            "data",
            "--as-of",
            "2024-06-03",
            "--out",
            "out",
            "--engine",
            engine,
            "--quiet",
        ]);
        assert_eq!(ran.status, Some(0), "{ran}");
        let text = project.read("out/Student.csv");
        let rows = text.lines().skip(1).map(|line| {
            let mut cells = line.split(',').map(str::to_owned);
            (cells.next().unwrap(), cells.next().unwrap())
        });
        told.insert(engine, rows.collect::<Vec<_>>());
    }
    // 60 where nobody raises it, 75 in the state, 90 in the district, 100 in the school.
    let expected = [
        ("elm-100", "enough"),
        ("elm-95", "too_little"),
        ("oak-95", "enough"),
        ("oak-80", "too_little"),
        ("ash-80", "enough"),
        ("ash-70", "too_little"),
        ("fir-70", "enough"),
        ("fir-59", "too_little"),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(student, outcome)| ((*student).to_owned(), (*outcome).to_owned())).collect();
    assert_eq!(told["columns"], expected);
    assert_eq!(told["evaluator"], expected);
}

#[test]
fn a_lower_value_and_one_that_nobody_granted_are_refused_at_every_layer() {
    let check = |project: &Sandbox| {
        let ran = project.run(&["check"]);
        assert_eq!(ran.status, Some(1), "{ran}");
        ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // The district goes below what the state raised it to, which is above the federal floor.
    let lower = check(&four_layers(70, ""));
    assert!(lower.contains("wrong-direction"), "{lower}");
    assert!(lower.contains("districts may raise `reading_minutes`"), "{lower}");
    assert!(lower.contains("from 75 to 70"), "{lower}");
    let school = check(&four_layers(90, "amend parameter reading_minutes { from 2020-07-01: 80 }"));
    assert!(school.contains("wrong-direction"), "{school}");
    assert!(school.contains("schools may raise `reading_minutes`"), "{school}");
    assert!(school.contains("from 90 to 80"), "{school}");
    // The state does not pass on what it was granted.
    let project = four_layers(90, "").with(
        "mesa.rubric",
        &amending(
            "mesa.minutes",
            "state \"MESA\"",
            "nation.minutes",
            "amend parameter reading_minutes { from 2020-07-01: 75 }",
        ),
    );
    let missing = check(&project);
    assert!(missing.contains("missing-grant"), "{missing}");
    assert!(missing.contains("districts may raise"), "{missing}");
}
